use tailproof_core::{Class, Direction, Effect, Level, Loop, Rank, Reason, Sample, Unit};
use tailproof_hypothesis::Proportion;

use crate::change::{Change, Counted, Spread};
use crate::family::{Assessed, Draft, Tested, open, warned};
use crate::row::{BEYOND, ON_RUNS, ONE_RUN, Row, rows};
use crate::settings::{Settings, Test};
use crate::side::{Digest, Parts, Side, time};
use crate::two::{SIDES, Two, column};

/// Two series of the same metric that are not both complete samples, in the form that both
/// sides have.
pub(crate) struct Mixed<'a> {
    two: Two<'a>,
    kind: Kind,
}

/// What both sides hold: of two kinds the weaker.
enum Kind {
    Counts([Parts<Counted>; 2]),
    Digests([Parts<Digest>; 2]),
    Rates([Parts<Proportion>; 2]),
}

/// A row before its claim.
struct Found {
    name: String,
    n: [u64; 2],
    values: [Option<f64>; 2],
    columns: Vec<Effect>,
    change: Result<Change, Reason>,
    by_run: bool,
    /// Where it is not that of the metric.
    direction: Option<Direction>,
}

/// The row of the events that are not good, and that of the observations that failed.
const MISSES: &str = "misses";
const FAILED: &str = "failed";

impl<'a> Mixed<'a> {
    /// `None` when the sides have nothing in common.
    pub(crate) fn new(two: Two<'a>) -> Option<Self> {
        let kind = match (Side::of(two.base)?, Side::of(two.candidate)?) {
            (Side::Counts(a), Side::Counts(b)) => Kind::Counts([a, b]),
            (Side::Rates(a), Side::Rates(b)) => Kind::Rates([a, b]),
            (Side::Digest(a), Side::Digest(b)) => Kind::Digests([a, b]),
            (Side::Digest(a), Side::Counts(b)) => Kind::Digests([a, digests(&b)]),
            (Side::Counts(a), Side::Digest(b)) => Kind::Digests([digests(&a), b]),
            _ => return None,
        };
        Some(Self { two, kind })
    }

    /// The rows, not judged yet; `sources` are the kinds of load of both sides.
    pub(crate) fn assess(&self, sources: [Option<Loop>; 2], settings: &Settings) -> Vec<Assessed> {
        let found = match &self.kind {
            Kind::Counts(sides) => self.counts(sides, settings),
            Kind::Digests(sides) => vec![self.digests(sides, settings)],
            Kind::Rates(sides) => self.rates(sides, settings.level),
        };
        let rows = found.into_iter().map(|found| self.row(found, settings)).collect();
        warned(rows, &self.two.pathologies(sources))
    }

    fn row(&self, found: Found, settings: &Settings) -> Assessed {
        let Found { name, n, values, columns, change, by_run, direction } = found;
        let direction = direction.unwrap_or(self.two.direction);
        let margins = self.two.margins(&name, settings);
        let mut finding = self.two.blank(Class::Regression, String::new(), n);
        [finding.base, finding.estimate] = values;
        if n.contains(&0) {
            finding.n.clear(); // A summary does not always say.
        }
        finding.effects = columns;
        finding.direction = direction;
        if name == FAILED || finding.unit.is_none() && matches!(self.kind, Kind::Rates(_)) {
            finding.unit = Unit::known("ratio");
        }
        if finding.runs.contains(&1) {
            finding.warnings.push(ONE_RUN.to_owned());
        } else if !by_run {
            finding.warnings.push("runs are pooled: their scatter is not allowed for".to_owned());
        }
        let change = if self.two.one_run() { Err(Reason::OneRun) } else { change };
        let tested = change.and_then(|change| Tested::new(change, direction, margins));
        let n = if by_run { self.two.runs() } else { n }.map(|n| n as usize);
        Draft { finding, name, margins, n, by_run }.assess(tested, settings)
    }

    fn counts(&self, sides: &[Parts<Counted>; 2], settings: &Settings) -> Vec<Found> {
        let least = sides[0].whole.n().min(sides[1].whole.n());
        let known = sides.iter().all(|s| s.whole.is_known());
        // Buckets have no mean: its row is only there when nothing else is asked for.
        rows(least as f64, false, settings)
            .into_iter()
            .filter(|&row| row != Row::Mean || known || settings.test == Test::Welch)
            .map(|row| self.count_row(row, sides, known, settings))
            .chain(self.failures(sides, settings.level))
            .collect()
    }

    fn count_row(
        &self,
        row: Row,
        sides: &[Parts<Counted>; 2],
        known: bool,
        settings: &Settings,
    ) -> Found {
        let statistic = |counted: &Counted| match row {
            Row::Mean => counted.spread().map(|s| s.mean),
            Row::Quantile(p) => Some(counted.quantile(p)),
            Row::Shift => Some(counted.quantile(Rank::MEDIAN)),
        };
        let n = sides.each_ref().map(|s| s.whole.n());
        let name = row.name();
        if known && row != Row::Shift && self.two.by_run() {
            let runs = sides.each_ref().map(|s| s.runs.iter().map(statistic).collect());
            return by_runs(name, n, runs, settings.level);
        }
        let change = match row {
            Row::Mean => match sides.each_ref().map(|s| s.whole.spread()) {
                [Some(x), Some(y)] => Ok(Change::spreads(x, y).called(crate::change::FIELLER)),
                // A mean among failures is refused; the percentiles and the failures judge.
                _ if known && settings.test == Test::Auto => Err(Reason::NotTested),
                _ if known => Err(Reason::Censored),
                _ => Err(Reason::SummaryOnly),
            },
            Row::Quantile(p) => self.quantile_change(p, sides, settings),
            Row::Shift => Err(Reason::SummaryOnly),
        };
        let ends = |counted: &Counted| match row {
            Row::Mean => counted.spread().map(|s| (s.mean, s.interval(settings.level))),
            Row::Quantile(p) => Some((counted.quantile(p), counted.interval(p, settings.level))),
            Row::Shift => None,
        };
        let method = if row == Row::Mean { "Student's t" } else { "order statistics" };
        let columns = columns(sides.each_ref().map(|s| ends(&s.whole)), settings.level, method);
        let values = sides.each_ref().map(|s| statistic(&s.whole));
        Found { name, n, values, columns, change, by_run: false, direction: None }
    }

    fn quantile_change(
        &self,
        p: Rank,
        [x, y]: &[Parts<Counted>; 2],
        settings: &Settings,
    ) -> Result<Change, Reason> {
        let tau = [
            time(self.two.base, x.whole.quantile(p)),
            time(self.two.candidate, y.whole.quantile(p)),
        ];
        let worth = (x.whole.n() as f64 / tau[0]).min(y.whole.n() as f64 / tau[1]);
        let tail = p.complement().to_f64();
        if tail < 0.5 && worth * tail < BEYOND {
            return Err(open(&self.two.margins(&p.to_string(), settings), settings));
        }
        let change = Change::counts(&x.whole, &y.whole, p, tau);
        if change.base.is_infinite() && change.candidate.is_infinite() {
            // Both lie among failures, which have a row of their own.
            return Err(open(&self.two.margins(&p.to_string(), settings), settings));
        }
        Ok(change)
    }

    fn digests(&self, sides: &[Parts<Digest>; 2], settings: &Settings) -> Found {
        let [x, y] = sides.each_ref().map(|s| &s.whole);
        let n = [x.n.unwrap_or(0), y.n.unwrap_or(0)];
        let means = [x.mean, y.mean];
        let only = |name: String, values, reason| Found {
            name,
            n,
            values,
            columns: Vec::new(),
            change: Err(reason),
            by_run: false,
            direction: None,
        };
        if means.contains(&None) {
            // A percentile that both printed, the median if there is one.
            let shared =
                |&&(p, a): &&(Rank, f64)| y.quantiles.iter().any(|q| q.0 == p && !a.is_nan());
            let mut both: Vec<(Rank, f64)> = x.quantiles.iter().filter(shared).copied().collect();
            both.sort_by_key(|q| q.0 != Rank::MEDIAN);
            let lack = [x, y].into_iter().find(|d| d.spread.is_none()).map_or(&x.lack, |d| &d.lack);
            return match both.first() {
                Some(&(p, a)) => {
                    let b = y.quantiles.iter().find(|q| q.0 == p).map(|q| q.1);
                    only(p.to_string(), [Some(a), b], lack.clone())
                }
                None => only("mean".to_owned(), means, lack.clone()),
            };
        }
        if matches!(settings.test, Test::Quantiles | Test::MannWhitney) {
            return only("mean".to_owned(), means, Reason::SummaryOnly);
        }
        if self.two.by_run() {
            let runs = sides.each_ref().map(|s| s.runs.iter().map(|r| r.mean).collect());
            let n = [0, 1].map(|i| if n[i] == 0 { self.two.runs()[i] } else { n[i] });
            return by_runs("mean".to_owned(), n, runs, settings.level);
        }
        let (Some(a), Some(b)) = (x.spread, y.spread) else {
            let lack = if x.spread.is_none() { &x.lack } else { &y.lack };
            return only("mean".to_owned(), means, lack.clone());
        };
        let change = Ok(Change::spreads(a, b));
        let ends = [a, b].map(|s| Some((s.mean, s.interval(settings.level))));
        let columns = columns(ends, settings.level, "Student's t from the summary");
        Found { columns, change, ..only("mean".to_owned(), means, Reason::SummaryOnly) }
    }

    /// The share of good events, and where most are good that of the others: a hundredth more or
    /// less of 99.9 % is nothing, of the rest it is everything.
    fn rates(&self, sides: &[Parts<Proportion>; 2], level: Level) -> Vec<Found> {
        let rate = self.rate("rate", sides, level);
        let mostly = sides.iter().all(|s| s.whole.share() > 0.5);
        if !mostly || self.two.direction != Direction::Higher {
            return vec![rate];
        }
        let bad = sides.each_ref().map(|s| Parts {
            whole: opposite(s.whole),
            runs: s.runs.iter().map(|&r| opposite(r)).collect(),
        });
        vec![rate, Found { direction: Some(Direction::Lower), ..self.rate(MISSES, &bad, level) }]
    }

    fn rate(&self, name: &str, sides: &[Parts<Proportion>; 2], level: Level) -> Found {
        let [x, y] = sides.each_ref().map(|s| s.whole);
        let (name, n) = (name.to_owned(), [x.trials(), y.trials()]);
        if self.two.by_run() {
            let runs = sides.each_ref().map(|s| s.runs.iter().map(|r| Some(r.share())).collect());
            return by_runs(name, n, runs, level);
        }
        let change = Ok(Change::rates(x, y));
        let ends = [x, y].map(|p| Some((p.share(), p.wilson(level))));
        let values = [x, y].map(|p| Some(p.share()));
        let columns = columns(ends, level, "Wilson");
        Found { name, n, values, columns, change, by_run: false, direction: None }
    }

    /// The share of observations that failed, when either side has some.
    fn failures(&self, sides: &[Parts<Counted>; 2], level: Level) -> Option<Found> {
        let failed = |c: &Counted| Proportion::new(c.failed(), c.n()).ok();
        let parts = |p: &Parts<Counted>| {
            let runs = p.runs.iter().map(failed).collect::<Option<Vec<_>>>()?;
            Some(Parts { whole: failed(&p.whole)?, runs })
        };
        let [a, b] = sides.each_ref().map(parts);
        let sides = [a?, b?];
        if sides.iter().all(|s| s.whole.successes() == 0) {
            return None;
        }
        let found = self.rate(FAILED, &sides, level);
        Some(Found { direction: Some(Direction::Lower), ..found })
    }
}

/// The events that are not good.
fn opposite(good: Proportion) -> Proportion {
    Proportion::new(good.failures(), good.trials()).expect("a share has trials")
}

/// The moments of counts, whole and by run.
fn digests(parts: &Parts<Counted>) -> Parts<Digest> {
    Parts {
        whole: Digest::of_counts(&parts.whole),
        runs: parts.runs.iter().map(Digest::of_counts).collect(),
    }
}

/// Statistics of runs by Student's t; a run without one, or with an infinite one, hides among
/// failures what is asked for.
fn by_runs(name: String, n: [u64; 2], runs: [Vec<Option<f64>>; 2], level: Level) -> Found {
    let samples = runs.map(|each| {
        let all = each.into_iter().collect::<Option<Vec<f64>>>()?;
        Sample::new(all).ok()
    });
    let [Some(x), Some(y)] = samples else {
        let (values, columns) = ([None, None], Vec::new());
        return Found {
            name,
            n,
            values,
            columns,
            change: Err(Reason::Censored),
            by_run: true,
            direction: None,
        };
    };
    let change = Ok(Change::means(&x, &y, [1.0; 2]).called(ON_RUNS));
    let spreads = [Spread::of(&x), Spread::of(&y)];
    let columns = columns(spreads.map(|s| Some((s.mean, s.interval(level)))), level, ON_RUNS);
    let values = spreads.map(|s| Some(s.mean));
    Found { name, n, values, columns, change, by_run: true, direction: None }
}

/// A statistic with its interval.
type Ends = (f64, (f64, f64));

fn columns(sides: [Option<Ends>; 2], level: Level, method: &str) -> Vec<Effect> {
    SIDES
        .into_iter()
        .zip(sides)
        .filter_map(|(name, side)| {
            side.map(|(value, ends)| column(name, value, ends, level, method))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::conclude;
    use tailproof_core::{
        Binned, Closed, Ecdf, Finding, Labels, Metric, Observations, Raw, Seed, Series, Summary,
        Verdict,
    };

    fn series(observations: Observations) -> Series {
        let metric = Metric::new("latency", Unit::known("ms"));
        Series { metric, labels: Labels::new(), observations, run: None, time: None, marks: None }
    }

    fn judged(base: &Series, candidate: &Series) -> Vec<Finding> {
        let settings = Settings::new(Seed(1));
        let two = Two::new(base, candidate).unwrap();
        conclude(Mixed::new(two).unwrap().assess([None; 2], &settings), &settings)
    }

    fn values(n: u32, scale: f64) -> Vec<f64> {
        (0..n).map(|i| scale * (100.0 + f64::from(i * 31 % 40) / 10.0)).collect()
    }

    fn summary(n: Option<u64>, mean: f64, sd: Option<f64>) -> Series {
        let summary = Summary { n, mean: Some(mean), sd, ..Summary::default() };
        series(Observations::Summary(vec![summary]))
    }

    #[test]
    fn summaries_are_compared_by_welch() {
        let f = judged(&summary(Some(50), 10.0, Some(1.0)), &summary(Some(40), 12.0, Some(1.5)));
        assert_eq!((f.len(), &f[0].verdict), (1, &Verdict::Fail));
        assert!(f[0].why.contains("Fieller") && f[0].effects[0].name == "base");
        let f = judged(&summary(Some(50), 10.0, Some(1.0)), &summary(None, 12.0, Some(1.5)));
        assert_eq!(f[0].verdict, Verdict::Inconclusive(Reason::SummaryOnly));
        assert_eq!((f[0].base, f[0].estimate), (Some(10.0), Some(12.0)));
        // A sample beside a summary gives its moments.
        let raw = series(Observations::Raw(Raw::complete(Sample::new(values(80, 0.1)).unwrap())));
        let f = judged(&raw, &summary(Some(40), 12.0, Some(0.5)));
        assert_eq!((f.len(), &f[0].verdict), (1, &Verdict::Fail));
    }

    #[test]
    fn failures_forbid_the_mean_and_count_in_quantiles() {
        let whole =
            series(Observations::Raw(Raw::complete(Sample::new(values(400, 1.0)).unwrap())));
        let failed =
            Raw::censored(Sample::new(values(400, 1.0)).unwrap(), (0..60).collect(), vec![]);
        let f = judged(&whole, &series(Observations::Raw(failed.unwrap())));
        // The percentiles and the failures judge in place of the mean.
        assert_eq!(f[0].verdict, Verdict::Inconclusive(Reason::NotTested));
        let share = f.last().unwrap();
        assert_eq!(share.subject.statistic.as_deref(), Some("failed"));
        assert!(share.verdict == Verdict::Fail && share.base == Some(0.0), "{}", share.why);
        assert!(f[1].claim.starts_with("p50") && f[2].claim.starts_with("p95"));
        assert_eq!(f[2].verdict, Verdict::Fail, "{}", f[2].why);
        assert_eq!(f[2].estimate, Some(f64::INFINITY));
    }

    #[test]
    fn a_few_failures_on_both_sides_show_no_change() {
        let some = |task| {
            let raw =
                Raw::censored(Sample::new(values(200, task)).unwrap(), (0..4).collect(), vec![]);
            series(Observations::Raw(raw.unwrap()))
        };
        for f in judged(&some(1.0), &some(1.0)) {
            let open = matches!(f.verdict, Verdict::Inconclusive(ref r) if *r != Reason::NotTested);
            assert!(!open && f.verdict != Verdict::Fail, "{}", f.why);
        }
    }

    #[test]
    fn a_first_bucket_that_begins_at_zero_can_regress() {
        let edges = || vec![0.0, 5.0, 10.0, 25.0, 50.0, 100.0, f64::INFINITY];
        let binned = |counts: Vec<u64>| {
            series(Observations::Binned(vec![Binned::new(edges(), counts, Closed::Upper).unwrap()]))
        };
        let (low, high) = (vec![1_000, 0, 0, 0, 0, 0], vec![0, 0, 0, 0, 1_000, 0]);
        let f = judged(&binned(low.clone()), &binned(high));
        assert!(f.iter().all(|f| f.verdict == Verdict::Fail), "{}", f[0].why);
        // The same buckets twice are no change, and their width is no noise.
        for f in judged(&binned(low.clone()), &binned(low)) {
            assert!(matches!(f.verdict, Verdict::NoDetectableChange { .. }), "{}", f.why);
        }
    }

    #[test]
    fn buckets_have_quantiles_and_no_mean() {
        let binned = |counts: Vec<u64>| {
            let edges = (0..=counts.len()).map(|i| 10.0 * (i as f64 + 1.0)).collect();
            series(Observations::Binned(vec![Binned::new(edges, counts, Closed::Upper).unwrap()]))
        };
        let f = judged(&binned(vec![500, 400, 100, 0, 0]), &binned(vec![0, 0, 100, 500, 400]));
        assert!(f.iter().all(|f| !f.claim.starts_with("mean")));
        assert_eq!(f[0].verdict, Verdict::Fail, "{}", f[0].why);
        let same = judged(&binned(vec![500, 400, 100]), &binned(vec![500, 400, 100]));
        assert!(matches!(same[0].verdict, Verdict::NoDetectableChange { .. }));
    }

    #[test]
    fn rates_and_atoms() {
        let events = |good| series(Observations::Events(vec![(good, 1_000)]));
        let plain = |good: u64| {
            let mut hits = Series { metric: Metric::new("hits", None), ..events(good.min(1_000)) };
            hits.metric.direction = Direction::Higher;
            hits
        };
        let f = judged(&plain(950), &plain(800));
        assert!(f[0].verdict == Verdict::Fail && f[0].is_share(), "{}", f[0].why);
        // Ten times the failures are a hundredth of the successes.
        let many = |good| Series {
            observations: Observations::Events(vec![(good, 10_000)]),
            ..plain(good)
        };
        let f = judged(&many(9_990), &many(9_950));
        assert!(f[0].verdict != Verdict::Fail && f[1].verdict == Verdict::Fail, "{}", f[1].why);
        // Nobody knows whether events without a direction are good.
        let unknown = |good| Series { metric: Metric::new("errors", None), ..events(good) };
        let f = judged(&unknown(10), &unknown(100));
        assert_eq!(f[0].verdict, Verdict::Inconclusive(Reason::UnknownDirection));
        let atoms = |scale: f64| {
            let atoms = values(300, scale).into_iter().map(|x| (x, 3)).collect();
            series(Observations::Atoms(vec![Ecdf::new(atoms, 0, 0).unwrap()]))
        };
        let f = judged(&atoms(1.0), &atoms(1.2));
        assert!(f.len() == 3 && f.iter().all(|f| f.verdict == Verdict::Fail));
        // Counts and rates have nothing in common.
        let (a, b) = (atoms(1.0), events(1));
        assert!(Mixed::new(Two::new(&a, &b).unwrap()).is_none());
    }
}
