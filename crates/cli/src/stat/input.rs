//! What a statistic gets: samples from files, or counts and p-values from arguments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail, ensure};
use tailproof_core::{Labels, Metric, Observations, Order, Raw, Sample, Series, Unit, glob};
use tailproof_hypothesis::Proportion;

use super::catalogue::Needs;
use super::parameters::Parameters;
use crate::inputs::{Columns, Reading};

/// A sample and where it is from.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) sample: Sample,
    pub(crate) unit: Option<Unit>,
    /// Nanoseconds, ascending.
    pub(crate) time: Option<Vec<i64>>,
    pub(crate) run: Option<Vec<u32>>,
}

/// Everything that a statistic is computed from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    pub(crate) samples: Vec<Named>,
    pub(crate) rows: Vec<Vec<u64>>,
    pub(crate) p_values: Vec<f64>,
    pub(crate) parameters: Parameters,
}

impl Input {
    /// Reads what is needed from the arguments or the files that they name.
    pub(super) fn collect(
        needs: Needs,
        data: &[String],
        metrics: &[String],
        reading: &Reading,
        parameters: Parameters,
    ) -> anyhow::Result<Self> {
        let mut input = Self { parameters, ..Self::default() };
        let numbers = data.iter().all(|d| d.parse::<f64>().is_ok());
        if needs == Needs::PValues && !numbers {
            let files = read(data, metrics, reading)?;
            check_number(Needs::One, &files)?;
            input.p_values = files[0].sample.values().to_vec();
        } else if needs.reads_files() {
            input.samples = read(data, metrics, reading)?;
            check(needs, &input.samples)?;
        } else {
            ensure!(metrics.is_empty(), "takes {}, so --metric has no use", needs.describe());
            ensure!(!data.is_empty(), "needs {}", needs.describe());
            if needs == Needs::PValues {
                input.p_values = data.iter().filter_map(|d| d.parse().ok()).collect();
            } else {
                input.rows = counts(needs, data)?;
            }
        }
        for (i, p) in input.p_values.iter().enumerate() {
            ensure!((0.0..=1.0).contains(p), "p-value {} is {p}, not from 0 to 1", i + 1);
        }
        Ok(input)
    }

    /// The only sample.
    pub(super) fn one(&self) -> &Sample {
        &self.samples[0].sample
    }

    /// The values of the only sample, in their order.
    pub(super) fn values(&self) -> &[f64] {
        self.one().values()
    }

    pub(super) fn two(&self) -> (&Sample, &Sample) {
        (&self.samples[0].sample, &self.samples[1].sample)
    }

    pub(super) fn groups(&self) -> Vec<Sample> {
        self.samples.iter().map(|s| s.sample.clone()).collect()
    }

    /// Samples two by two.
    pub(super) fn strata(&self) -> Vec<(Sample, Sample)> {
        self.groups().chunks_exact(2).map(|c| (c[0].clone(), c[1].clone())).collect()
    }

    /// The share in argument `i`.
    pub(super) fn share(&self, i: usize) -> anyhow::Result<Proportion> {
        let (k, n) = (self.rows[i][0], self.rows[i][1]);
        Proportion::new(k, n).with_context(|| format!("{k}/{n}"))
    }

    pub(super) fn shares(&self) -> anyhow::Result<(Proportion, Proportion)> {
        Ok((self.share(0)?, self.share(1)?))
    }

    /// Warnings about data that fit the statistic only if people know more than the program.
    pub(super) fn warnings(&self, needs: Needs) -> Vec<String> {
        let unordered = |s: &Named| s.sample.len() > 2 && s.sample.order() == Order::Unknown;
        let mut warnings = Vec::new();
        match needs {
            Needs::Series => {
                warnings.extend(self.samples.iter().filter(|s| unordered(s)).map(|s| {
                    format!(
                        "{} is sorted: its order is hardly that of time, which is what counts here",
                        s.name
                    )
                }));
            }
            Needs::Pairs | Needs::Blocks(_) if self.samples.iter().all(unordered) => {
                warnings.push("all samples are sorted: positions hardly pair them".to_owned());
            }
            _ => {}
        }
        let units = self.samples.iter().filter(|s| s.unit.is_some()).count();
        if units > 0 && units < self.samples.len() {
            warnings
                .push("some samples have no unit: taken to be in that of the others".to_owned());
        }
        warnings
    }
}

impl Named {
    pub(super) fn of(file: &str, series: Series) -> anyhow::Result<Self> {
        let name = format!("{file}: {}", series.name());
        let Series { metric, observations, run, time, .. } = series;
        match observations {
            Observations::Raw(raw) if raw.is_complete() => {
                Ok(Self { name, sample: raw.sample, unit: metric.unit, time, run })
            }
            Observations::Raw(_) => bail!("{name}: some observations are only limits"),
            _ => bail!("{name}: holds counts or summaries, not one value an observation"),
        }
    }

    /// As the data set had it, for functions that take a series.
    pub(super) fn series(&self) -> Series {
        Series {
            metric: Metric::new(self.name.clone(), self.unit.clone()),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(self.sample.clone())),
            run: self.run.clone(),
            time: self.time.clone(),
            marks: None,
        }
    }

    /// The observations of each run, by the number of the run.
    pub(super) fn runs(&self) -> Vec<Sample> {
        let mut runs: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (run, x) in self.run.iter().flatten().zip(self.sample.values()) {
            runs.entry(*run).or_default().push(*x);
        }
        let sample = |values| Sample::new(values).expect("parts of a sample are finite");
        runs.into_values().map(sample).collect()
    }
}

/// One sample a file, or all that a single file holds.
fn read(files: &[String], metrics: &[String], reading: &Reading) -> anyhow::Result<Vec<Named>> {
    ensure!(!files.is_empty(), "no data: name a file, or - for standard input");
    ensure!(
        files.iter().filter(|f| *f == "-").count() < 2,
        "standard input (-) can be read once only"
    );
    let mut samples = Vec::new();
    for file in files {
        let series = series(file, metrics, reading)?;
        if files.len() > 1 && series.len() > 1 {
            let names: Vec<String> = series.iter().map(Series::name).collect();
            bail!(
                "{file} holds {}; of several files each gives one sample: choose with --metric",
                names.join(", ")
            );
        }
        for series in series {
            samples.push(Named::of(file, series)?);
        }
    }
    Ok(samples)
}

/// The series of a file that match a pattern, by metric or, with `{`, by metric and labels.
fn series(file: &str, metrics: &[String], reading: &Reading) -> anyhow::Result<Vec<Series>> {
    let wanted: Vec<String> =
        metrics.iter().map(|m| m.split('{').next().unwrap_or(m).to_owned()).collect();
    let data = reading.read(&[PathBuf::from(file)], Columns::matching(&wanted))?;
    let names: Vec<String> = data.series.iter().map(Series::name).collect();
    let labels = metrics.iter().any(|m| m.contains('{'));
    let named = |s: &Series| metrics.iter().any(|m| glob(m, &s.name()) || glob(m, &s.metric.name));
    let kept: Vec<Series> = data.series.into_iter().filter(|s| !labels || named(s)).collect();
    ensure!(
        !kept.is_empty(),
        "{file}: nothing matches {}; there is: {}",
        metrics.join(", "),
        names.join(", ")
    );
    Ok(kept)
}

/// Whether the samples are what the statistic needs.
fn check(needs: Needs, samples: &[Named]) -> anyhow::Result<()> {
    check_number(needs, samples)?;
    let mut units = samples.iter().filter_map(|s| s.unit.as_ref().map(|u| (u, s)));
    if let Some((unit, first)) = units.next()
        && let Some((other, second)) = units.find(|(u, _)| *u != unit)
    {
        bail!("{} is in {unit}, but {} in {other}: one unit is needed", first.name, second.name);
    }
    let first = &samples[0];
    match needs {
        Needs::Pairs | Needs::Blocks(_) => {
            let other = samples.iter().find(|s| s.sample.len() != first.sample.len());
            if let Some(other) = other {
                bail!(
                    "{} has {} values and {} {}: pairs need equal numbers",
                    first.name,
                    first.sample.len(),
                    other.name,
                    other.sample.len()
                );
            }
        }
        Needs::Times => ensure!(first.time.is_some(), "{}: has no time column", first.name),
        Needs::Runs(_) => {
            if let Some(s) = samples.iter().find(|s| s.run.is_none()) {
                bail!("{}: has no run column", s.name);
            }
        }
        _ => {}
    }
    Ok(())
}

fn check_number(needs: Needs, samples: &[Named]) -> anyhow::Result<()> {
    let n = samples.len();
    let fits = match needs {
        Needs::Two | Needs::Pairs => n == 2,
        Needs::Runs(want) => n == want,
        Needs::Groups(least) | Needs::Blocks(least) => n >= least,
        Needs::Strata => n >= 2 && n.is_multiple_of(2),
        _ => n == 1,
    };
    let names = || samples.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join("; ");
    let hint = if n == 1 { "name another file or column" } else { "choose with --metric" };
    ensure!(fits, "needs {}, got {n} ({}): {hint}", needs.describe(), names());
    Ok(())
}

/// Counts from arguments, a row each; shares are rows of two.
fn counts(needs: Needs, data: &[String]) -> anyhow::Result<Vec<Vec<u64>>> {
    let wrong = |text: &str| anyhow!("needs {}, got {text:?}", needs.describe());
    let row = |text: &String, separator: char| -> anyhow::Result<Vec<u64>> {
        text.split(separator).map(|n| n.trim().parse().map_err(|_| wrong(text))).collect()
    };
    let separator = if matches!(needs, Needs::Shares(_)) { '/' } else { ',' };
    let mut rows = data.iter().map(|d| row(d, separator)).collect::<anyhow::Result<Vec<_>>>()?;
    let all = data.join(" ");
    let fits = match needs {
        Needs::Shares(n) => rows.len() == n && rows.iter().all(|r| r.len() == 2),
        Needs::Counts(least, most) => {
            rows = vec![rows.concat()];
            (least..=most).contains(&rows[0].len())
        }
        Needs::Designs => rows.iter().all(|r| r.len() <= 2),
        _ => rows.len() > 1,
    };
    if fits { Ok(rows) } else { Err(wrong(&all)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shares_rows_or_numbers() {
        let parse = |needs, text: &str| {
            let data: Vec<String> = text.split(' ').map(str::to_owned).collect();
            counts(needs, &data).ok()
        };
        assert_eq!(parse(Needs::Shares(1), "12/1000"), Some(vec![vec![12, 1_000]]));
        assert_eq!(parse(Needs::Shares(2), "12/1000"), None);
        assert_eq!(parse(Needs::Shares(1), "12"), None);
        assert_eq!(parse(Needs::Table, "12,30 5,7"), Some(vec![vec![12, 30], vec![5, 7]]));
        assert_eq!(parse(Needs::Table, "12,30"), None);
        assert_eq!(parse(Needs::Counts(2, 2), "1 7"), Some(vec![vec![1, 7]]));
        assert_eq!(parse(Needs::Counts(2, 2), "1,7"), Some(vec![vec![1, 7]]));
        assert_eq!(parse(Needs::Counts(2, 2), "1,7,9"), None);
        assert_eq!(parse(Needs::Designs, "5,5 8"), Some(vec![vec![5, 5], vec![8]]));
        assert_eq!(parse(Needs::Table, "1,-2 3,4"), None);
    }
}
