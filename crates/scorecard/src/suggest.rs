//! Targets to begin with: what data show of themselves today.

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::accuracy::{Confusion, mape, rmse};
use tailproof_core::binomial::samples_to_pass;
use tailproof_core::{
    Condition, Dataset, Direction, Level, Objective, Observations, Rank, Rational, Raw, Seed,
    Series, Verdict, number, percent,
};
use tailproof_slo::{Settings, judge};

/// What may be asked of a series, or why nothing is.
#[derive(Clone, Debug, PartialEq)]
pub enum Suggestion {
    /// A promise that the data keep.
    Row(Promise),
    /// Scores of leaves, too few of each to promise anything, that can be aggregated.
    Tree(Leaves),
    /// Nothing.
    Nothing {
        /// Metric and labels.
        series: String,
        /// Why.
        why: String,
    },
}

/// A promise that the data keep, as shown by judging it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// A word for what it is about: `performance`, `availability`, `model`.
    pub domain: &'static str,
    /// Metric, labels that tell it from others, and statistic: `latency search p99`.
    pub name: String,
    /// In the grammar of objectives: `latency{endpoint=search}: p99 <= 150 ms`.
    pub claim: String,
    /// What is behind the limit: `it is 131 ms now, n = 1000`.
    pub remark: String,
}

/// Series of one metric that are leaves of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaves {
    /// The metric.
    pub metric: String,
    /// Labels whose values name a leaf.
    pub labels: Vec<String>,
    /// Where the scores lie: 0..1 where they fit into it.
    pub range: (String, String),
    /// Leaves by the values of all labels but the last, joined by `/`; one group without a name
    /// when there is one label.
    pub nodes: Vec<(String, Vec<String>)>,
}

/// Series that are judged; more only get in the way of who begins.
const MOST: usize = 40;
/// The level that targets are judged at when nobody says another.
const LEVEL: Level = Level::P999;

/// What may be asked of data, series by series.
///
/// The largest percentile is asked for that the sample can carry with a miss to spare, with a
/// limit where the data lie within: the claim is judged, at 99.9 %, and suggested only when it
/// passes.
///
/// ```text
/// values     p99, p95 or the median, from samples_to_pass(p, 99.9 %, 1) observations on
/// events     the strictest ratio that leaves room
/// pairs      f1 of labels 0 and 1, else mape (rmse where an actual value is 0)
/// leaves     a tree, of at least three series of a metric that are all too short for a median
/// ```
///
/// # Example
/// ```
/// use tailproof_core::{Dataset, Metric, Observations, Raw, Sample, Series, Unit};
/// use tailproof_scorecard::suggest::{Suggestion, suggest};
///
/// let values = (1..=1_000).map(|i| 100.0 + f64::from(i * 7 % 1_000) / 10.0).collect();
/// let raw = Observations::Raw(Raw::complete(Sample::new(values)?));
/// let series = vec![Series::new(Metric::new("latency", Unit::known("ms")), raw)];
/// let Suggestion::Row(row) = &suggest(&Dataset { series, ..Dataset::default() })[0] else {
///     panic!("a row")
/// };
/// assert_eq!(row.name, "latency p99");
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn suggest(data: &Dataset) -> Vec<Suggestion> {
    let trees = leaves(data);
    let leaf = |series: &Series| trees.iter().any(|tree| tree.metric == series.metric.name);
    let mut found: Vec<Suggestion> = Vec::new();
    let mut names = BTreeSet::new();
    for series in data.series.iter().filter(|series| !leaf(series)) {
        let promise = if found.len() < MOST {
            promise(data, series)
        } else {
            Err("more than fit here".to_owned())
        };
        found.push(match promise {
            Ok(mut promise) => {
                if !names.insert(promise.name.clone()) {
                    promise.name = format!("{} {}", series.name(), statistic(&promise.claim));
                }
                Suggestion::Row(promise)
            }
            Err(why) => Suggestion::Nothing { series: series.name(), why },
        });
    }
    found.extend(trees.into_iter().map(Suggestion::Tree));
    found
}

/// The first word of a claim after metric and labels.
fn statistic(claim: &str) -> &str {
    claim.rsplit_once(": ").map_or(claim, |(_, promise)| promise).split(' ').next().unwrap_or("")
}

fn promise(data: &Dataset, series: &Series) -> Result<Promise, String> {
    let asked =
        Asked { series, data: Dataset { series: vec![series.clone()], ..Dataset::default() } };
    let (domain, (text, remark)) = match &series.observations {
        Observations::Raw(_) if trained(data, series) => {
            return Err("what the predictions were trained on".to_owned());
        }
        Observations::Raw(raw) => ("performance", of_values(&asked, raw)?),
        Observations::Events(events) => ("availability", of_events(&asked, events)?),
        Observations::Pairs(pairs) => ("model", of_pairs(&asked, pairs)?),
        _ => {
            let why = "not samples: claim a percentile that they hold, such as p95 <= LIMIT";
            return Err(why.to_owned());
        }
    };
    let claim = format!("{}: {text}", series.name());
    let name = format!("{} {}", short(data, series), statistic(&claim));
    Ok(Promise { domain, name, claim, remark })
}

/// Whether these are the values before predictions: `forecast.history` of `forecast`.
fn trained(data: &Dataset, series: &Series) -> bool {
    let predicted = series.metric.name.strip_suffix(".history");
    data.series.iter().any(|other| {
        Some(other.metric.name.as_str()) == predicted
            && matches!(other.observations, Observations::Pairs(_))
    })
}

/// The metric, and what its labels say that those of its other series do not.
fn short(data: &Dataset, series: &Series) -> String {
    let all = data.series.iter().filter(|other| other.metric.name == series.metric.name);
    let tells = |label: &str, value: &str| {
        all.clone().any(|other| other.labels.get(label).is_none_or(|own| own != value))
    };
    let alone = all.clone().nth(1).is_none();
    let told = series.labels.iter().filter(|(label, value)| !alone && tells(label, value));
    told.fold(series.metric.name.clone(), |name, (_, value)| format!("{name} {value}"))
}

/// A series, and data that hold it alone.
struct Asked<'a> {
    series: &'a Series,
    data: Dataset,
}

impl Asked<'_> {
    /// The first promise that the data keep, or why they do not keep the last.
    fn first(&self, promises: impl IntoIterator<Item = String>) -> Result<String, String> {
        let mut why = "there is nothing to promise".to_owned();
        for promise in promises {
            match self.kept(&promise) {
                Ok(()) => return Ok(promise),
                Err(problem) => why = problem,
            }
        }
        Err(why)
    }

    fn kept(&self, promise: &str) -> Result<(), String> {
        let claim = format!("{}: {promise}", self.series.name());
        let odd = || "its name or unit does not fit a claim".to_owned();
        let objective: Objective = claim.parse().map_err(|_| odd())?;
        if !objective.matches(self.series) || matches!(objective.condition, Condition::Relative(..))
        {
            return Err(odd());
        }
        let judged = judge(&self.data, &[objective], &Settings::new(Seed(42)).level(LEVEL));
        let judged = judged.map_err(|e| e.to_string())?;
        match judged.findings.as_slice() {
            [finding] if finding.verdict == Verdict::Pass => Ok(()),
            [finding] => Err(finding.why.clone()),
            _ => Err(odd()),
        }
    }
}

/// A percentile: its number, where its limit lies (another one), and the misses that it bears.
type Percentile = ((u64, u64), (u64, u64), u64);

/// The larger percentile first; the last has its limit at the end of the data.
const PERCENTILES: [Percentile; 4] = [
    ((99, 100), (999, 1_000), 1),
    ((95, 100), (99, 100), 1),
    ((50, 100), (95, 100), 1),
    ((50, 100), (1, 1), 0),
];

/// The rank of a fraction, or of what is left of 1.
fn rank((num, den): (u64, u64), low: bool) -> Option<Rank> {
    let num = if low { den - num } else { num };
    Rational::new(num, den).and_then(|r| Rank::new(r).ok())
}

/// Observations from which on a percentile can be shown, with so many beyond the limit.
fn need(percentile: (u64, u64), misses: u64) -> Option<u64> {
    samples_to_pass(rank(percentile, false)?, LEVEL, misses)
}

fn of_values(asked: &Asked, raw: &Raw) -> Result<(String, String), String> {
    let (sample, metric) = (&raw.sample, &asked.series.metric);
    if !raw.is_complete() {
        let why = "some observations failed: claim a rate, such as rate(<= LIMIT) >= 99%";
        return Err(why.to_owned());
    }
    let (unit, n) = (metric.suffix(), sample.len() as u64);
    let least = need((50, 100), 0).unwrap_or(u64::MAX);
    if n < least {
        return Err(format!(
            "{} of {least} values that show a median at {LEVEL}; claim what you need, and measure",
            number(n as f64)
        ));
    }
    let low = metric.direction == Direction::Higher;
    let at = |fraction: (u64, u64)| match rank(fraction, low) {
        Some(rank) if fraction.0 < fraction.1 => sample.quantile(rank),
        _ if low => sample.range().0,
        _ => sample.range().1,
    };
    let carried = PERCENTILES.iter().filter(|p| need(p.0, p.2).is_some_and(|need| n >= need));
    let promises = carried.map(|&(percentile, limit, _)| {
        let name = match (percentile.0, low) {
            (50, _) => "median".to_owned(),
            (p, false) => format!("p{p}"),
            (p, true) => format!("p{}", 100 - p),
        };
        let limit = at(limit);
        match metric.direction {
            Direction::Lower => format!("{name} <= {}{unit}", outwards(limit, true)),
            Direction::Higher => format!("{name} >= {}{unit}", outwards(limit, false)),
            Direction::Unknown => {
                let (lo, hi) = sample.range();
                format!("median in {}..{}{unit}", outwards(lo, false), outwards(hi, true))
            }
        }
    });
    let promise = asked.first(promises)?;
    let n = number(n as f64);
    let name = statistic(&promise);
    let percentile = PERCENTILES.iter().map(|p| p.0).find(|p| {
        let p = if low { 100 - p.0 } else { p.0 };
        format!("p{p}") == name
    });
    let remark = if metric.direction == Direction::Unknown {
        format!("is less better, or more? then say <= or >=; n = {n}")
    } else {
        let now = at(percentile.unwrap_or((50, 100)));
        format!("it is {}{unit} now, n = {n}", number(now))
    };
    Ok((promise, remark))
}

/// The strictest share that so few misses leave plenty of room for.
fn of_events(asked: &Asked, events: &[(u64, u64)]) -> Result<(String, String), String> {
    let good: u128 = events.iter().map(|e| u128::from(e.0)).sum();
    let total: u128 = events.iter().map(|e| u128::from(e.1)).sum();
    if total == 0 {
        return Err("no event at all".to_owned());
    }
    let (total, misses) = (total as f64, total.saturating_sub(good) as f64);
    let room = |allowed: &f64| total * allowed >= 3.0 * misses;
    let allowed = [1e-4, 1e-3, 1e-2, 5e-2, 0.1, 0.5].into_iter().filter(room);
    let promises =
        allowed.map(|share| format!("ratio >= {}", percent(1.0 - share).replace(' ', "")));
    let promise = asked.first(promises)?;
    Ok((promise, format!("it is {} now, n = {}", percent(1.0 - misses / total), number(total))))
}

/// How far predictions are off, or how often labels are right.
fn of_pairs(asked: &Asked, pairs: &[(f64, f64)]) -> Result<(String, String), String> {
    let label = |x: f64| x == 0.0 || x == 1.0;
    let n = number(pairs.len() as f64);
    let share = |x: f64| format!("{}%", outwards(100.0 * x, true));
    if pairs.iter().all(|&(actual, predicted)| label(actual) && label(predicted)) {
        let none = "no positive label (1) is there or predicted";
        let now = Confusion::of(pairs, 1.0).f1().ok_or(none)?;
        let lower = [0.98, 0.95, 0.9, 0.8, 0.6, 0.4, 0.2].map(|part| 100.0 * part * now);
        let promises = lower.map(|limit| format!("f1 >= {}%", outwards(limit, false)));
        return Ok((asked.first(promises)?, format!("it is {} now, n = {n}", percent(now))));
    }
    let wider = [1.1, 1.25, 1.5, 2.0, 3.0, 5.0];
    let unit = asked.series.metric.suffix();
    if pairs.iter().all(|pair| pair.0 != 0.0) {
        let now = mape(pairs).ok_or("there are no pairs")?;
        let promise = asked.first(wider.map(|part| format!("mape <= {}", share(part * now))))?;
        return Ok((promise, format!("it is {} now, n = {n}", percent(now))));
    }
    let now = rmse(pairs).ok_or("there are no pairs")?;
    let limits = wider.map(|part| outwards(part * now, true));
    let promise = asked.first(limits.map(|limit| format!("rmse <= {limit}{unit}")))?;
    Ok((promise, format!("it is {}{unit} now, n = {n}", number(now))))
}

/// Metrics whose series all have the same labels and too few values for a row.
fn leaves(data: &Dataset) -> Vec<Leaves> {
    /// Fewest series that make a tree worth it.
    const FEWEST: usize = 3;
    /// Most leaves that are written out.
    const LARGEST: usize = 1_000;
    let least = need((50, 100), 0).unwrap_or(u64::MAX) as usize;
    let mut metrics: BTreeMap<&str, Vec<&Series>> = BTreeMap::new();
    for series in &data.series {
        metrics.entry(&series.metric.name).or_default().push(series);
    }
    let few = |series: &&Series| match &series.observations {
        Observations::Raw(raw) => raw.is_complete() && raw.sample.len() < least,
        _ => false,
    };
    let fits = |(_, all): &(&str, Vec<&Series>)| {
        let labels: Vec<&String> = all[0].labels.keys().collect();
        (FEWEST..=LARGEST).contains(&all.len())
            && !labels.is_empty()
            && all.iter().all(|s| few(s) && s.labels.keys().eq(labels.iter().copied()))
    };
    metrics.into_iter().filter(fits).map(|(metric, all)| of_leaves(metric, &all)).collect()
}

fn of_leaves(metric: &str, all: &[&Series]) -> Leaves {
    let (mut lo, mut hi) = (0.0_f64, 1.0_f64);
    let mut nodes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for series in all {
        if let Observations::Raw(raw) = &series.observations {
            let (least, most) = raw.sample.range();
            (lo, hi) = (lo.min(least), hi.max(most));
        }
        let mut values: Vec<&str> = series.labels.values().map(String::as_str).collect();
        let leaf = values.pop().unwrap_or_default().to_owned();
        nodes.entry(values.join("/")).or_default().push(leaf);
    }
    Leaves {
        metric: metric.to_owned(),
        labels: all.first().map_or_else(Vec::new, |s| s.labels.keys().cloned().collect()),
        range: (outwards(lo, false), outwards(hi, true)),
        nodes: nodes.into_iter().collect(),
    }
}

/// Two significant digits, rounded away from the data: up, or down.
fn outwards(x: f64, up: bool) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let exponent = x.abs().log10().floor().clamp(-300.0, 300.0) as i32;
    let decimals = usize::try_from(1 - exponent).unwrap_or(0).min(320);
    let step = 10_f64.powi(exponent - 1);
    let steps = if up { (x / step).ceil() } else { (x / step).floor() };
    let text = |steps: f64| {
        let text = format!("{:.decimals$}", steps * step);
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    let beyond = |text: &str| text.parse::<f64>().is_ok_and(|t| if up { t >= x } else { t <= x });
    let first = text(steps);
    if beyond(&first) { first } else { text(if up { steps + 1.0 } else { steps - 1.0 }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Sample, Unit};

    fn series(name: &str, unit: Option<&str>, values: Vec<f64>) -> Series {
        let metric = Metric::new(name, unit.and_then(Unit::known));
        Series::new(metric, Observations::Raw(Raw::complete(Sample::new(values).unwrap())))
    }

    /// Distinct values from 100.1 to 200 without order.
    fn values(n: u32) -> Vec<f64> {
        (1..=n).map(|i| 100.0 + f64::from(i * 377 % 1_000 + 1) / 10.0).collect()
    }

    fn of(all: Vec<Series>) -> Vec<Suggestion> {
        suggest(&Dataset { series: all, ..Dataset::default() })
    }

    fn claim(suggestion: &Suggestion) -> &str {
        match suggestion {
            Suggestion::Row(promise) => &promise.claim,
            Suggestion::Nothing { why, .. } => why,
            Suggestion::Tree(tree) => &tree.metric,
        }
    }

    #[test]
    fn as_much_is_asked_as_the_sample_carries() {
        for (n, statistic) in [(1_000, "p99"), (250, "p95"), (30, "median"), (10, "median")] {
            let found = of(vec![series("latency", Some("ms"), values(n))]);
            assert!(
                claim(&found[0]).starts_with(&format!("latency: {statistic} <= ")),
                "{found:?}"
            );
        }
        let found = of(vec![series("speed", Some("/s"), values(250))]);
        assert!(claim(&found[0]).starts_with("speed: p5 >= 10"), "{found:?}");
        let found = of(vec![series("odd", None, values(30))]);
        assert!(claim(&found[0]).starts_with("odd: median in 1"), "{found:?}");
        let found = of(vec![series("latency", Some("ms"), values(9))]);
        assert!(claim(&found[0]).starts_with("9 of 10 values"), "{found:?}");
        let found = of(vec![series("bad \"name\"\n: {", None, values(30))]);
        assert!(claim(&found[0]).contains("does not fit"), "{found:?}");
    }

    #[test]
    fn names_say_what_tells_series_apart() {
        let labelled = |route: &str, name: &str| {
            let mut series = series(name, Some("ms"), values(30));
            series.labels.insert("route".to_owned(), route.to_owned());
            series.labels.insert("zone".to_owned(), "eu".to_owned());
            series
        };
        let found =
            of(vec![labelled("a", "latency"), labelled("b", "latency"), labelled("c", "size")]);
        let names: Vec<&str> = found
            .iter()
            .map(|s| if let Suggestion::Row(p) = s { p.name.as_str() } else { "" })
            .collect();
        assert_eq!(names, ["latency a median", "latency b median", "size median"]);
        assert!(claim(&found[0]).starts_with("latency{route=a,zone=eu}: "));
    }

    #[test]
    fn predictions_are_asked_for_their_errors() {
        let pairs = |pairs: Vec<(f64, f64)>| {
            let history = series("forecast.history", None, values(30));
            let own = Series::new(Metric::new("forecast", None), Observations::Pairs(pairs));
            of(vec![own, history])
        };
        let off = |i: u32| (f64::from(100 + i % 7), f64::from(97 + i * 5 % 11));
        let found = pairs((0..200).map(off).collect());
        assert!(claim(&found[0]).starts_with("forecast: mape <= "), "{found:?}");
        assert!(claim(&found[1]).contains("trained on"), "{found:?}");
        let found = pairs((0..200).map(off).chain([(0.0, 1.0)]).collect());
        assert!(claim(&found[0]).starts_with("forecast: rmse <= "), "{found:?}");
        let label = |i: u32| {
            (
                f64::from(u8::from(i.is_multiple_of(2))),
                f64::from(u8::from(i.is_multiple_of(2) || i % 50 == 1)),
            )
        };
        let found = pairs((0..1_000).map(label).collect());
        assert!(claim(&found[0]).starts_with("forecast: f1 >= "), "{found:?}");
        // Fewer than thirty show no mean.
        assert!(claim(&pairs((0..20).map(off).collect())[0]).contains("30"));
    }

    #[test]
    fn events_leave_room() {
        let events = Observations::Events(vec![(9_995, 10_000)]);
        let found = of(vec![Series::new(Metric::new("ok", None), events)]);
        assert_eq!(claim(&found[0]), "ok: ratio >= 99%");
        let none = Observations::Events(vec![(0, 0)]);
        assert_eq!(
            claim(&of(vec![Series::new(Metric::new("ok", None), none)])[0]),
            "no event at all"
        );
    }

    #[test]
    fn many_short_series_are_leaves() {
        let leaf = |area: &str, part: &str, score: f64| {
            let mut series = series("score", None, vec![score]);
            series.labels.insert("area".to_owned(), area.to_owned());
            series.labels.insert("part".to_owned(), part.to_owned());
            series
        };
        let found = of(vec![leaf("A", "x", 0.5), leaf("A", "y", 0.75), leaf("B", "x", 0.25)]);
        let [Suggestion::Tree(tree)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (tree.metric.as_str(), &tree.labels[..]),
            ("score", &["area", "part"].map(String::from)[..])
        );
        let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let nodes = [("A".to_owned(), names(&["x", "y"])), ("B".to_owned(), names(&["x"]))];
        assert_eq!(tree.nodes, nodes);
        assert_eq!(tree.range, ("0".to_owned(), "1".to_owned()));
    }

    #[test]
    fn limits_lie_beyond_the_data() {
        for x in [131.2, 0.001_234, 1e-12, 7e15, 0.3, 99.6, -2.51, -0.07] {
            let (up, down) = (outwards(x, true), outwards(x, false));
            assert!(up.parse::<f64>().unwrap() >= x, "{x} {up}");
            assert!(down.parse::<f64>().unwrap() <= x, "{x} {down}");
        }
        assert_eq!(outwards(131.2, true), "140");
        assert_eq!(outwards(0.001_234, false), "0.0012");
        assert_eq!((outwards(0.0, true), outwards(3.0, true)), ("0".into(), "3".into()));
    }
}
