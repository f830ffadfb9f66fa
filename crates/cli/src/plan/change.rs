//! Plans for finding a change.

use anyhow::bail;
use tailproof_core::{Level, Observations, Rank, Sample, Series, descriptive, number, percent};
use tailproof_hypothesis::{
    PilotNoise, TestError, log_normal_noise, log_normal_superiority, pilot_mean, pilot_quantile,
    pilot_rank_time, pilot_superiority, run_cv, sd_uncertainty,
};

use super::section::{Cell, Column, Section, independent};
use super::statistic::{Kind, Row, Shape};

/// Percentiles whose change is planned, the median first.
const PERCENTILES: [Rank; 3] = [Rank::MEDIAN, Rank::P95, Rank::P99];
/// Observations of a run for which numbers of runs are listed.
const RUN_LENGTHS: [u64; 4] = [10, 100, 1_000, 10_000];

/// A plan for finding a change.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// The rise to be found, as a share.
    pub(super) rise: f64,
    pub(super) level: Level,
    pub(super) power: &'a [f64],
    pub(super) n: Option<u64>,
    pub(super) runs: Option<u64>,
    pub(super) runs_cv: Option<f64>,
}

/// What the rows of a table count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Observations,
    Runs,
}

impl Counted {
    const fn word(self) -> &'static str {
        match self {
            Self::Observations => "observations",
            Self::Runs => "runs",
        }
    }

    const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Observations => ("change", "detectable_change"),
            Self::Runs => ("change_by_run", "detectable_change_by_run"),
        }
    }
}

impl Change<'_> {
    fn alpha(&self) -> f64 {
        self.level.alpha().to_f64()
    }

    /// From coefficients of variation alone.
    pub(super) fn of_cv(&self, cv: Option<f64>) -> Result<Vec<Section>, TestError> {
        let mut all = Vec::new();
        if let Some(cv) = cv {
            let shape = Shape::LogNormal { cv };
            let mut rows = vec![Row::mean(Ok((cv, 1.0)))];
            rows.push(Row::ranks(log_normal_superiority(self.rise, cv), 1.0, shape));
            for p in PERCENTILES {
                rows.push(Row::quantile(p, log_normal_noise(cv, p).map(|noise| (noise, 1.0))));
            }
            let note = format!(
                "All but the mean assume log-normal values that vary by {} of their mean; the \
                 tail of real latencies is often heavier: prefer --pilot FILE.",
                percent(cv)
            );
            all.extend(self.tables("", &rows, self.n, Counted::Observations, &note));
        }
        if let Some(between) = self.runs_cv {
            all.extend(self.by_run(between, cv)?);
        }
        Ok(all)
    }

    /// From a pilot sample, by run when it holds several.
    pub(super) fn of_pilot(&self, series: &Series) -> anyhow::Result<Vec<Section>> {
        let name = series.name();
        let sample = match &series.observations {
            Observations::Raw(raw) if raw.is_complete() => &raw.sample,
            _ => bail!(
                "{name}: a pilot needs the single values, not counts, buckets, summaries or \
                 censored values"
            ),
        };
        let of = format!("{name}: ");
        if let (true, Some(run)) = (series.runs() > 1, &series.run) {
            if self.runs_cv.is_some() {
                bail!("{name}: the pilot holds runs, so --runs-cv is not needed: leave it out");
            }
            if self.n.is_some() {
                bail!("{name}: the pilot holds runs: say --runs N (runs a side) instead of --n");
            }
            return self.of_runs(&of, &sample.split(run));
        }
        if self.runs.is_some() && self.runs_cv.is_none() {
            bail!(
                "{name}: --runs needs --runs-cv 3%, or a pilot with a run column or several files"
            );
        }
        let pair = |found: PilotNoise| (found.noise, found.tau);
        let mean = pilot_mean(sample).map(pair);
        let superiority = pilot_superiority(sample, self.rise);
        let mut rows = vec![Row::mean(mean)];
        rows.push(Row::ranks(superiority, pilot_rank_time(sample), Shape::Pilot(sample)));
        for p in PERCENTILES {
            rows.push(Row::quantile(p, pilot_quantile(sample, p).map(pair)));
        }
        let note = format!(
            "Noise and autocorrelation time are those of {} observations of one run; the \
             numbers are multiplied by the latter already.",
            number(sample.len() as f64),
        );
        let mut all = self.tables(&of, &rows, self.n, Counted::Observations, &note);
        if let Some(between) = self.runs_cv {
            // Dependent observations leave more of their variation in the mean of a run.
            all.extend(self.by_run(between, mean.ok().map(|(cv, tau)| cv * tau.sqrt()))?);
        }
        Ok(all)
    }

    /// From the statistics of several runs.
    fn of_runs(&self, of: &str, runs: &[Sample]) -> anyhow::Result<Vec<Section>> {
        let across = |statistic: &dyn Fn(&Sample) -> f64| {
            let values = runs.iter().map(statistic).collect();
            let values = Sample::new(values).expect("a statistic of finite values is finite");
            pilot_mean(&values).map(|found| (found.noise, 1.0))
        };
        let row = |name: String, found: Result<(f64, f64), TestError>| {
            Row::of(name, found.map(|(cv, tau)| (cv, tau, Kind::Mean { cv })))
        };
        let mean = across(&descriptive::mean);
        let mut rows = vec![row("mean by run".to_owned(), mean)];
        for p in PERCENTILES {
            rows.push(row(format!("{p} by run"), across(&|s| s.quantile(p))));
        }
        let (lo, hi) = sd_uncertainty(runs.len() as u64, Level::P95)?;
        let note = format!(
            "t test on one value a run, runs as long as in the pilot. The noise is that of {} \
             runs, and the true one may be {} to {} times as large (95 %, normal runs): the \
             number of runs goes with its square.",
            runs.len(),
            number(lo),
            number(hi),
        );
        Ok(self.tables(of, &rows, self.runs, Counted::Runs, &note))
    }

    /// Runs a side, by length, when runs differ by `between` and observations by `within`.
    fn by_run(&self, between: f64, within: Option<f64>) -> Result<Vec<Section>, TestError> {
        let mut rows = Vec::new();
        for m in RUN_LENGTHS.into_iter().filter(|_| within.is_some()) {
            let cv = run_cv(between, within.unwrap_or(0.0), m as f64)?;
            let name = format!("mean, {} a run", number(m as f64));
            rows.push(Row::of(name, Ok((cv, 1.0, Kind::Mean { cv }))));
        }
        let name = "mean, however many a run".to_owned();
        rows.push(Row::of(name, Ok((between, 1.0, Kind::Mean { cv: between }))));
        let note = format!(
            "t test on one mean a run; runs differ by {} of the mean by themselves, and longer \
             runs never bring that down. Interleave the runs of both sides.",
            percent(between)
        );
        Ok(self.tables("", &rows, self.runs, Counted::Runs, &note))
    }

    /// n for the change, and the change for n.
    fn tables(
        &self,
        of: &str,
        rows: &[Row<'_>],
        n: Option<u64>,
        counted: Counted,
        note: &str,
    ) -> Vec<Section> {
        let (word, (key, detectable)) = (counted.word(), counted.keys());
        let timed = rows.iter().any(|r| r.tau > 1.0);
        let section = |key, title, columns: Vec<Column>, cell: &dyn Fn(&Row<'_>, f64) -> Cell| {
            let mut head = vec![Column::new("statistic", "statistic")];
            head.push(Column::new("noise", "noise"));
            head.extend(timed.then(|| Column::new("autocorrelation time", "tau")));
            head.extend(columns);
            let line = |row: &Row<'_>| {
                let mut line = vec![Cell::Text(row.name.clone()), row.noise.clone()];
                line.extend(timed.then_some(Cell::Number(row.tau)));
                line.extend(self.power.iter().map(|&power| cell(row, power)));
                line
            };
            Section {
                key,
                title,
                level: self.level,
                columns: head,
                words: 1,
                rows: rows.iter().map(line).collect(),
                notes: self.notes(counted, note),
            }
        };
        let mut all = vec![section(
            key,
            format!(
                "{of}{word} a side that find a change of {} at {}",
                percent(self.rise),
                self.level
            ),
            Column::of_power(self.power, "found ", "n_for_power"),
            &|row, power| Cell::size(row.size(self.rise, self.alpha(), power)),
        )];
        if let Some(n) = n {
            all.push(section(
                detectable,
                format!(
                    "{of}change that {} {word} a side find at {}",
                    number(n as f64),
                    self.level
                ),
                Column::of_power(self.power, "found ", "change_for_power"),
                &|row, power| Cell::share(row.detectable(n, self.alpha(), power)),
            ));
        }
        all
    }

    fn notes(&self, counted: Counted, note: &str) -> Vec<String> {
        let mut notes = vec![format!(
            "found {}: with this probability a two-sided test at {} finds the change when it is \
             there, spread growing with the level of the values. `compare` corrects over \
             its rows and wants a change beyond its margin: give --level 98.75% for four rows (the \
             strictest that its correction can be), \
             and the change less the margin.",
            percent(self.power.first().copied().unwrap_or(0.8)),
            self.level,
        )];
        if counted == Counted::Observations {
            notes.push(
                "noise: standard deviation over the mean; for percentiles √n times the relative \
                 standard error; for Mann-Whitney how often a value after the change exceeds one \
                 before."
                    .to_owned(),
            );
        }
        notes.push(note.to_owned());
        if counted == Counted::Observations {
            notes.push(independent());
        }
        notes
    }
}
