//! JMH's console output: one value an iteration, forks are runs, warm-ups are no measurements.

use tailproof_core::Labels;

use super::{Head, jmh, lines, values};
use crate::builder::{At, Builder, Kind, When};
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let begins = |text: &str| head.text.lines().any(|line| line.trim_start().starts_with(text));
    begins("# Benchmark mode: ") || begins("# JMH version: ")
}

/// What the lines before an iteration said.
#[derive(Default)]
struct State {
    mode: String,
    benchmark: String,
    labels: Labels,
    threads: Option<String>,
    parameters: String,
    fork: String,
    warmup_fork: bool,
    warmups: usize,
    unread: usize,
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut state = State::default();
    lines::each(input, builder, |builder: &mut Builder<'_>, line: u64, text: &str| {
        match text.trim().strip_prefix('#') {
            Some(comment) => {
                state.comment(comment.trim());
                Ok(())
            }
            None => state.line(text.trim(), line, builder),
        }
    })?;
    if state.warmups > 0 {
        let n = state.warmups;
        builder.note(format!("{}: {n} warm-up iterations are left out", builder.file()));
    }
    if state.unread > 0 {
        let n = state.unread;
        builder.note(format!("{}: {n} iterations have no single value", builder.file()));
    }
    Ok(())
}

impl State {
    fn comment(&mut self, text: &str) {
        let Some((key, value)) = text.split_once(':') else { return };
        let value = value.trim();
        match key.trim() {
            // Lines of one benchmark begin with its settings.
            "Warmup" | "JMH version" => {
                self.parameters.clear();
                self.threads = None;
                self.fork.clear();
                self.warmup_fork = false;
            }
            "Benchmark mode" => mode(value).clone_into(&mut self.mode),
            "Threads" => self.threads = value.split(' ').next().map(str::to_owned),
            "Benchmark" => value.clone_into(&mut self.benchmark),
            "Parameters" => value.clone_into(&mut self.parameters),
            "Fork" | "Warmup Fork" => {
                self.warmup_fork = key.trim() == "Warmup Fork";
                value.split(' ').next().unwrap_or("").clone_into(&mut self.fork);
            }
            key if key.starts_with("Warmup Iteration") => self.warmups += 1,
            _ => {}
        }
        self.labels = self.labelled();
    }

    fn labelled(&self) -> Labels {
        let mut labels = values::benchmark(&self.benchmark);
        let inner = self.parameters.trim_start_matches('(').trim_end_matches(')');
        for part in inner.split(", ") {
            if let Some((name, value)) = part.split_once(" = ") {
                labels.entry(name.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
            }
        }
        if let Some(threads) = self.threads.as_ref().filter(|n| *n != "1") {
            labels.entry("threads".to_owned()).or_insert_with(|| threads.clone());
        }
        jmh::mode_label(&self.mode, &mut labels);
        labels
    }

    fn line(
        &mut self,
        text: &str,
        line: u64,
        builder: &mut Builder<'_>,
    ) -> Result<(), IngestError> {
        if text.starts_with("Warmup Iteration") {
            self.warmups += 1;
            return Ok(());
        }
        let Some(found) = iteration(text) else { return Ok(()) };
        if self.warmup_fork {
            self.warmups += 1;
            return Ok(());
        }
        let Some((number, unit)) = value(found) else {
            self.unread += 1;
            return Ok(());
        };
        let at = At { line, column: "iteration", text: number };
        let Ok(x) = number.parse::<f64>() else {
            return Err(builder.cell(at, "text where a number belongs"));
        };
        let (metric, _) = jmh::primary(&self.mode, unit);
        let pairs = values::pairs(&self.labels);
        let Some(series) = builder.described(metric, &pairs, Kind::Raw, line)? else {
            return Ok(());
        };
        let key = format!("{} {} {}", self.benchmark, self.parameters, self.fork);
        let run = Some(builder.run(&key)?);
        builder.push(series, x, When { run, ..When::default() }, at)
    }
}

fn mode(text: &str) -> &'static str {
    match text.split([',', ' ']).next().unwrap_or("") {
        "Throughput" => "thrpt",
        "Sampling" => "sample",
        "Single" => "ss",
        _ => "avgt",
    }
}

/// What stands behind `Iteration   1:`.
fn iteration(text: &str) -> Option<&str> {
    let (number, found) = text.strip_prefix("Iteration")?.split_once(':')?;
    number.trim().parse::<u32>().ok()?;
    Some(found.trim())
}

/// Value and unit of `3.5 ±(99.9%) 0.2 ms/op`.
fn value(found: &str) -> Option<(&str, &str)> {
    let mut words = found.split_whitespace();
    let number = words.next()?;
    let unit = match words.next()? {
        error if error.starts_with('±') => words.nth(1)?,
        unit => unit,
    };
    (number.starts_with(|c: char| c.is_ascii_digit() || "≈-".contains(c)) && words.next().is_none())
        .then_some((number.trim_start_matches('≈'), unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Options};

    #[test]
    fn warm_ups_are_left_out_and_forks_are_runs() {
        let text = "# Warmup: 1 iterations\n# Threads: 4 threads\n\
            # Benchmark mode: Average time, time/op\n# Benchmark: a.B.c\n\
            # Parameters: (n = 10)\n\n# Fork: 1 of 2\n# Warmup Iteration   1: 9.000 ms/op\n\
            Iteration   1: 3.500 ±(99.9%) 0.200 ms/op\nIteration   2: <failure>\n\
            # Fork: 2 of 2\nIteration   1: 3.600 ms/op\n\nResult: 3.550 ms/op [Average]\n";
        let data = crate::read(vec![Input::from_bytes("j.txt", text)], &Options::default());
        let data = data.unwrap();
        let series = &data.series[0];
        assert_eq!(series.name(), "time{benchmark=a.B.c,n=10,threads=4}");
        assert_eq!((series.observations.len(), series.runs()), (2, 2));
        assert_eq!(data.notes.len(), 2, "{:?}", data.notes);
    }

    #[test]
    fn only_plain_values_are_values() {
        assert_eq!(value("861926.105 ops/ms"), Some(("861926.105", "ops/ms")));
        assert_eq!(value("n = 12, mean = 3 us/op, p{0.00} = 1"), None);
        assert_eq!(value("<failure>"), None);
        assert_eq!(iteration("Iteration   7: 3 s/op"), Some("3 s/op"));
        assert_eq!(iteration("Iterations: 3"), None);
    }
}
