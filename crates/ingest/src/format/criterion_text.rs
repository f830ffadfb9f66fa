//! Criterion's console output: an estimate with its interval a benchmark.
//!
//! ```text
//! hash/fold/1000          time:   [936.07 ns 976.35 ns 1.0316 µs]
//!                         change: [-11.1% -3.1% +6.1%] (p = 0.49 > 0.05)
//! Found 6 outliers among 40 measurements (15.00%)
//! ```
//! The middle number is the time an iteration takes in the mean: the slope of total time over
//! iterations in linear mode, the mean in flat mode. The interval is a percentile bootstrap's
//! at criterion's `confidence_level`, which the text does not state: 95 % unless configured.
//! Times are scaled for people, so they are brought to nanoseconds. `thrpt` says the same
//! again, and criterion's own comparison is counted in a note. Lines of the test harness in
//! between are read as `libtest.rs` does.

use tailproof_core::{Level, Metric, Summary, Unit};

use crate::builder::{Builder, Kind, When};
use crate::error::IngestError;
use crate::format::libtest::Harness;
use crate::format::scaled::{nanosecond, nanoseconds};
use crate::format::{Head, lines};
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.text.lines().any(|line| estimate(line).is_some())
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut state = State::default();
    lines::each(input, builder, |builder, line, text| state.line(builder, line, text))?;
    state.flush(builder)?;
    if state.compared {
        builder.note(format!(
            "{}: by criterion's comparison with its previous run, {} regressed and {} improved",
            builder.file(),
            state.regressed,
            state.improved
        ));
    }
    state.harness.finish(builder);
    Ok(())
}

/// A `time:` line: the name, empty when it stands on a line before, and three times.
struct Estimate<'a> {
    name: &'a str,
    unit: Option<Unit>,
    /// Lower end, estimate and upper end.
    values: [f64; 3],
}

fn estimate(line: &str) -> Option<Estimate<'_>> {
    let (before, rest) = line.rsplit_once('[')?;
    let name = before.trim_end().strip_suffix("time:")?;
    // `…_time:` would be another word.
    let apart = name.is_empty() || name.ends_with(char::is_whitespace);
    let fields: Vec<&str> = rest.split_once(']').filter(|_| apart)?.0.split_whitespace().collect();
    let &[a, unit_a, b, unit_b, c, unit_c] = fields.as_slice() else { return None };
    let pairs = [(a, unit_a), (b, unit_b), (c, unit_c)];
    let mut values = [0.0; 3];
    let times = pairs.iter().map(|(number, unit)| nanoseconds(number, unit));
    if let Some(times) = times.collect::<Option<Vec<f64>>>() {
        values.copy_from_slice(&times);
        return Some(Estimate { name: name.trim(), unit: nanosecond(), values });
    }
    // Another measurement than time, such as cycles, which is not scaled.
    if unit_a != unit_b || unit_b != unit_c {
        return None;
    }
    for (slot, (number, _)) in values.iter_mut().zip(pairs) {
        *slot = number.parse().ok()?;
    }
    Some(Estimate { name: name.trim(), unit: Some(Unit::Named(unit_a.to_owned())), values })
}

#[derive(Default)]
struct State {
    /// The last line that may be a name too long to share its line with the times.
    name: String,
    /// Samples that are being collected.
    samples: Option<u64>,
    /// A series whose number of samples may still follow.
    open: Option<(usize, Summary, u64)>,
    harness: Harness,
    compared: bool,
    regressed: u64,
    improved: u64,
}

impl State {
    fn line(
        &mut self,
        builder: &mut Builder<'_>,
        line: u64,
        text: &str,
    ) -> Result<(), IngestError> {
        // A terminal shows what follows the last carriage return.
        let text = text.rsplit('\r').next().unwrap_or(text);
        let bare = text.trim();
        if let Some(found) = estimate(text) {
            self.add(builder, line, &found)?;
        } else if let Some(rest) = bare.strip_prefix("Benchmarking ") {
            self.benchmarking(builder, rest)?;
        } else if bare.starts_with("Found ") {
            let n = after(bare, " among ").and_then(|n| n.parse().ok());
            if let (Some((_, summary, _)), Some(n)) = (&mut self.open, n) {
                summary.n = Some(n);
            }
        } else if bare.starts_with("Performance has ") {
            self.regressed += u64::from(bare.contains("regressed"));
            self.improved += u64::from(bare.contains("improved"));
        } else if bare.starts_with("change:") {
            self.compared = true;
        } else if !self.harness.line(builder, line, text)? && !bare.is_empty() {
            bare.clone_into(&mut self.name);
        }
        Ok(())
    }

    /// `Benchmarking NAME: Collecting 100 samples in estimated 5.0000 s (15B iterations)`.
    fn benchmarking(&mut self, builder: &mut Builder<'_>, rest: &str) -> Result<(), IngestError> {
        if let Some(n) = after(rest, ": Collecting ") {
            self.flush(builder)?;
            self.samples = n.parse().ok();
        }
        let phases = [": Warming up for ", ": Collecting ", ": Analyzing"];
        let name = phases.iter().find_map(|phase| rest.rsplit_once(phase)).map_or(rest, |r| r.0);
        name.clone_into(&mut self.name);
        Ok(())
    }

    fn add(
        &mut self,
        builder: &mut Builder<'_>,
        line: u64,
        found: &Estimate<'_>,
    ) -> Result<(), IngestError> {
        self.flush(builder)?;
        let name = if found.name.is_empty() { self.name.as_str() } else { found.name };
        if name.is_empty() {
            return Err(builder.line_error(line, "a time without the name of a benchmark"));
        }
        let metric = Metric::new("time", found.unit.clone());
        let target = self.harness.target(builder, name);
        let mut labels = vec![("benchmark", name)];
        labels.extend(target.as_deref().map(|t| ("target", t)));
        let series = builder.described(metric, &labels, Kind::Summary, line)?;
        let [lo, mean, hi] = found.values;
        let summary = Summary {
            n: self.samples.take(),
            mean: Some(mean),
            interval: Some((lo, hi, Some(Level::P95))),
            ..Summary::default()
        };
        self.open = series.map(|series| (series, summary, line));
        Ok(())
    }

    fn flush(&mut self, builder: &mut Builder<'_>) -> Result<(), IngestError> {
        match self.open.take() {
            Some((series, summary, line)) => {
                builder.push_summary(series, summary, When::default(), line)
            }
            None => Ok(()),
        }
    }
}

/// The word behind the last `key`.
fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.rsplit_once(key)?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Dataset, Observations};

    use super::*;
    use crate::{Input, Options};

    fn summaries(text: &str) -> (Dataset, Vec<Summary>) {
        let input = Input::from_bytes("a.txt", text);
        let data = crate::read(vec![input], &Options::default()).unwrap();
        let Observations::Summary(all) = &data.series[0].observations else { panic!("summary") };
        let all = all.clone();
        (data, all)
    }

    #[test]
    fn an_estimate_has_an_interval_and_a_number_of_samples() {
        let (data, all) = summaries(
            "a/b   time:   [936.07 ns 976.35 ns 1.0316 µs]\n       change:\n\
             \x20  time:   [−11.1% −3.1% +6.1%] (p = 0.49 > 0.05)\n  Performance has improved.\n\
             Found 6 outliers among 40 measurements (15.00%)\n",
        );
        let interval = Some((936.07, 1031.6, Some(Level::P95)));
        let want = Summary { n: Some(40), mean: Some(976.35), interval, ..Summary::default() };
        assert_eq!(all, [want]);
        assert_eq!(data.series[0].name(), "time{benchmark=a/b}");
        assert!(data.notes.iter().any(|n| n.contains("0 regressed and 1 improved")));
    }

    #[test]
    fn a_long_name_stands_on_its_own_line() {
        let (data, all) = summaries(
            "Benchmarking g/a: b: Collecting 50 samples in estimated 5 s (1 iterations)\n\
             Benchmarking g/a: b: Analyzing\n   time:   [1.0 s 2.0 s 3.0 s]\n\
             other/long name\n   time:   [1.0 cycles 2.0 cycles 3.0 cycles]\n",
        );
        assert_eq!(all[0].n, Some(50));
        assert_eq!(data.series[0].labels["benchmark"], "g/a: b");
        assert_eq!(data.series[1].labels["benchmark"], "other/long name");
        assert_eq!(data.series[1].metric.unit, Some(Unit::Named("cycles".into())));
    }

    #[test]
    fn other_brackets_are_no_times() {
        for line in [
            "x  time: [1 ns 2 ns]",
            "x  time: [1 a 2 b 3 c]",
            "x  thrpt: [1 MiB/s 2 MiB/s 3 MiB/s]",
            "uptime: [1 s 2 s 3 s]",
            "str [ 4.4 us ... 4.5 us ] +0.87%",
        ] {
            assert!(estimate(line).is_none(), "{line}");
        }
    }
}
