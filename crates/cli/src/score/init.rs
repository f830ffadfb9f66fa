//! A targets file to begin with: commented, valid as it is, and about the user's own data when
//! there are any.

use tailproof_core::{
    Condition, Dataset, Direction, Objective, Observations, Rank, Rational, Raw, Series, number,
    percent,
};

/// The commented example.
const TEMPLATE: &str = include_str!("init.toml");
/// The line before the targets.
const TARGETS: &str = "# ---- targets ----\n";
/// The beginning of the line after them.
const MORE: &str = "# ---- more";
/// Rows of the user's own data; more only get in the way.
const MOST: usize = 40;

/// The example for nobody's data.
pub(super) fn generic() -> String {
    TEMPLATE.to_owned()
}

/// The example with a row for each series of these data; its limits are such that the data meet
/// them.
pub(super) fn of(data: &Dataset) -> String {
    let (head, rest) = TEMPLATE.split_once(TARGETS).expect("the template marks its targets");
    let (own, more) = rest.find(MORE).map_or((rest, ""), |at| rest.split_at(at));
    let (mut told, mut rows) = (String::new(), 0);
    for series in &data.series {
        let text = if rows < MOST { row(series) } else { Err("more than fit here") };
        match text {
            Ok(text) => {
                rows += 1;
                told.push_str(&format!("\n{text}"));
            }
            Err(why) => told.push_str(&format!("\n# {}: {why}\n", comment(&series.name()))),
        }
    }
    // A file without a target would say nothing.
    let begin = if rows == 0 {
        own
    } else {
        "\n# From the data: every limit is one that they meet today. Put there what you promise.\n"
    };
    format!("{head}{TARGETS}{}\n{told}\n{more}", begin.trim_end())
}

/// A promise that the data keep.
struct Promise {
    /// `p95 <= 150 ms`.
    text: String,
    /// What is behind the limit.
    remark: String,
}

/// The table of a series, or why it gets none.
fn row(series: &Series) -> Result<String, &'static str> {
    let promise = match &series.observations {
        Observations::Raw(raw) => of_values(series, raw)?,
        Observations::Events(events) => of_events(events)?,
        Observations::Pairs(_) => return Err("pairs: claim mape, rmse, f1, … of them"),
        _ => return Err("not samples: claim a percentile that they hold, such as p95 <= LIMIT"),
    };
    let claim = format!("{}: {}", series.name(), promise.text);
    let read: Objective = claim.parse().map_err(|_| "its name does not fit a claim")?;
    if !read.matches(series) || matches!(read.condition, Condition::Relative(..)) {
        return Err("its name or unit does not fit a claim");
    }
    let statistic = promise.text.split(' ').next().unwrap_or_default();
    let name = format!("{} {statistic}", series.name());
    Ok(format!(
        "[[target]]\ndomain = \"performance\"    # edit: any name\nname = {}\nclaim = {}    # edit \
         the limit; {}\n",
        quoted(&name),
        quoted(&claim),
        comment(&promise.remark)
    ))
}

/// A numerator and a denominator.
type Fraction = (u64, u64);

/// Which percentile is asked for, from how many observations on, and where the limit lies that
/// leaves room for it.
const PERCENTILES: [(usize, Fraction, Fraction); 3] =
    [(920, (99, 100), (999, 1_000)), (181, (95, 100), (99, 100)), (20, (50, 100), (95, 100))];

fn rank((num, den): (u64, u64), low: bool) -> Rank {
    let num = if low { den - num } else { num };
    Rational::new(num, den).and_then(|r| Rank::new(r).ok()).unwrap_or(Rank::MEDIAN)
}

fn of_values(series: &Series, raw: &Raw) -> Result<Promise, &'static str> {
    let sample = &raw.sample;
    if !raw.is_complete() {
        return Err("some observations failed: claim a rate, such as rate(<= LIMIT) >= 99%");
    }
    let unit = series.metric.suffix();
    let known = PERCENTILES.iter().find(|p| sample.len() >= p.0);
    let (percentile, limit) = known.map_or(((50, 100), None), |p| (p.1, Some(p.2)));
    let name = |low: bool| match (percentile.0, low) {
        (50, _) => "median".to_owned(),
        (p, false) => format!("p{p}"),
        (p, true) => format!("p{}", 100 - p),
    };
    // Beyond the percentile itself; too few observations leave only the ends.
    let far = |low: bool| match (limit, low) {
        (Some(limit), _) => sample.quantile(rank(limit, low)),
        (None, true) => sample.range().0,
        (None, false) => sample.range().1,
    };
    let low = series.metric.direction == Direction::Higher;
    let now = number(sample.quantile(rank(percentile, low)));
    let n = number(sample.len() as f64);
    let remark = format!("it is {now}{unit} now, n = {n}");
    let text = match series.metric.direction {
        Direction::Lower => format!("{} <= {}{unit}", name(false), outwards(far(false), true)),
        Direction::Higher => format!("{} >= {}{unit}", name(true), outwards(far(true), false)),
        Direction::Unknown => {
            let (lo, hi) = sample.range();
            return Ok(Promise {
                text: format!("median in {}..{}{unit}", outwards(lo, false), outwards(hi, true)),
                remark: format!("is less better, or more? then say <= or >=; n = {n}"),
            });
        }
    };
    Ok(Promise { text, remark })
}

/// The strictest share of these that so few misses leave plenty of room for.
fn of_events(events: &[(u64, u64)]) -> Result<Promise, &'static str> {
    let good: u128 = events.iter().map(|e| u128::from(e.0)).sum();
    let total: u128 = events.iter().map(|e| u128::from(e.1)).sum();
    if total == 0 {
        return Err("no event at all");
    }
    let (total, misses) = (total as f64, total.saturating_sub(good) as f64);
    let room = |allowed: &f64| total * allowed >= 3.0 * misses + 10.0;
    let allowed = [1e-4, 1e-3, 1e-2, 5e-2, 0.1, 0.5].into_iter().find(room);
    let share = 1.0 - allowed.ok_or("most events are bad, or there are too few")?;
    Ok(Promise {
        text: format!("ratio >= {}", percent(share).replace(' ', "")),
        remark: format!("it is {} now", percent(1.0 - misses / total)),
    })
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
    let text = |steps: f64| format!("{:.decimals$}", steps * step);
    let beyond = |text: &str| text.parse::<f64>().is_ok_and(|t| if up { t >= x } else { t <= x });
    let first = text(steps);
    if beyond(&first) { first } else { text(if up { steps + 1.0 } else { steps - 1.0 }) }
}

/// A string of TOML: the escapes of JSON are all escapes of it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Text that stays in its comment.
fn comment(text: &str) -> String {
    tailproof_reporting::printable(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Sample, Unit};
    use tailproof_scorecard::config;

    fn series(name: &str, unit: Option<&str>, values: Vec<f64>) -> Series {
        let metric = Metric::new(name, unit.and_then(Unit::known));
        Series::new(metric, Observations::Raw(Raw::complete(Sample::new(values).unwrap())))
    }

    fn many() -> Vec<f64> {
        (1..=1_000).map(|i| 100.0 + f64::from(i) / 10.0).collect()
    }

    #[test]
    fn the_example_is_a_targets_file() {
        let targets = config::parse(&generic()).unwrap();
        assert_eq!(targets.targets.len(), 3);
        // So is what it leaves to be uncommented.
        let more = TEMPLATE.split_once(MORE).unwrap().1.split_once('\n').unwrap().1;
        let is_toml = |l: &&str| l.starts_with("# [") || l.contains(" = ");
        let lines: Vec<&str> =
            more.lines().filter(is_toml).map(|l| l.trim_start_matches("# ")).collect();
        config::parse(&lines.join("\n")).unwrap();
    }

    #[test]
    fn rows_name_the_data_and_are_met_by_them() {
        let mut named = series("latency", Some("ms"), many());
        named.labels.insert("endpoint".to_owned(), "search".to_owned());
        let data = Dataset {
            series: vec![
                named,
                series("speed", Some("/s"), many()[..200].to_vec()),
                series("odd", None, vec![3.0, -4.0]),
                series("bad \"name\"\n: {", None, vec![3.0]),
                Series::new(Metric::new("ok", None), Observations::Events(vec![(9_995, 10_000)])),
            ],
            ..Dataset::default()
        };
        let text = of(&data);
        let targets = config::parse(&text).unwrap().targets;
        let claims: Vec<&str> = targets.iter().map(|t| t.objective.claim.as_str()).collect();
        let want = ["p99 <= 200 ms", "p5 >= 100 /s", "median in -4.0..3.0", "ratio >= 99%"];
        assert_eq!(claims, want, "{text}");
        for (target, series) in targets.iter().zip([0, 1, 2, 4].map(|i| &data.series[i])) {
            assert!(target.objective.matches(series), "{text}");
        }
        assert!(text.contains("its name") && text.contains("[published]"), "{text}");
        assert!(config::parse(&of(&Dataset::default())).is_ok());
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
        assert_eq!(outwards(0.0, true), "0");
    }
}
