//! Published summaries, `mean ± sd (n)` of two sides a line, as data sets that can be compared.
//!
//! ```text
//! # what: base -> candidate
//! Grid Search: 142.17 ± 2.24 ms (10) -> 145.33 ± 3.57 ms (10)
//! Walk Forward: 143.96 +- 0.78 ms (n = 10), 147.96 +- 8.38 ms (n = 10)
//! Total, 279.48 s, 69.97 s
//! ```
//! The name ends at a colon or a tab, the sides are apart by `->`, `→`, a tab, a semicolon or a
//! comma with a space. `±` may be `+-` or `+/-`. Units may stand behind the mean, the deviation,
//! or on one side only. `1,234.5` is a number with thousands apart. Without `± sd` and `(n)` a
//! side is a single measurement, n = 1.

use tailproof_core::{
    Dataset, Dimension, Direction, Labels, Level, Metric, Observations, Series, Summary, Unit,
    number,
};
use tailproof_hypothesis::welch_from_summary;

/// Baseline and candidate as published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Published {
    /// One series of one summary a line.
    pub base: Dataset,
    /// The same for the candidate.
    pub candidate: Dataset,
}

/// What is wrong with a file of published summaries, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct PublishedError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads published summaries; every line is a pair of series of the metric `time` (units of
/// time or none), or `value`, with the name as label `benchmark`.
///
/// A standard deviation is taken with divisor n − 1. Blank lines and what follows ` #` or a
/// leading `#` are skipped.
///
/// # Errors
/// Names the first line that cannot be read: no two sides, no number, a deviation that is
/// negative or comes without n, an n that is no whole number above 0, units that differ, a name
/// that was there before; or that there is no line at all.
///
/// # Example
/// ```
/// use tailproof_compare::published;
///
/// let pairs = published("Grid Search: 142.17 ± 2.24 ms (10) -> 145.33 ± 3.57 ms (10)")?;
/// assert_eq!(pairs.base.series[0].name(), "time{benchmark=Grid Search}");
/// # Ok::<(), tailproof_compare::PublishedError>(())
/// ```
pub fn published(text: &str) -> Result<Published, PublishedError> {
    let mut pairs = Published::default();
    for (index, raw) in text.lines().enumerate() {
        let wrong = |message: String| PublishedError { line: index + 1, message };
        let line = without_comment(raw).trim();
        if line.is_empty() {
            continue;
        }
        let (name, base, candidate) = parts(line).map_err(wrong)?;
        let (base, candidate) = (side(base).map_err(wrong)?, side(candidate).map_err(wrong)?);
        let unit = match (base.unit, candidate.unit) {
            (Some(a), Some(b)) if a != b => {
                return Err(wrong(format!("the sides are in {a} and in {b}: write one unit")));
            }
            (a, b) => a.or(b),
        };
        let (base, candidate) =
            (series(name, unit.clone(), base.summary), series(name, unit, candidate.summary));
        let same = |s: &Series| s.labels == base.labels && s.metric.name == base.metric.name;
        if pairs.base.series.iter().any(same) {
            return Err(wrong(format!("{name:?} is there twice")));
        }
        pairs.base.series.push(base);
        pairs.candidate.series.push(candidate);
    }
    if pairs.base.series.is_empty() {
        let message = "nothing published here; expected lines such as \
                       `Grid Search: 142.17 ± 2.24 ms (10) -> 145.33 ± 3.57 ms (10)`";
        return Err(PublishedError { line: 1, message: message.to_owned() });
    }
    Ok(pairs)
}

/// Welch's test of every pair with mean, sd and n on both sides, a line each, with all three
/// p-values: a one-sided p that was published without saying so can be recognized.
///
/// ```text
/// Grid Search: difference 3.16 ms [0.3215, 5.998] at 95 %, Welch t = 2.371, df 15.1,
/// two-sided p = 0.0314: a slow-down significant at 5 %;
/// one-sided 0.984 for less, 0.0157 for more
/// ```
/// "For less" is the alternative that the candidate's mean is the smaller one: *faster*, for times.
#[must_use]
pub fn replayed(pairs: &Published) -> Vec<String> {
    let parts = |series: &Series| match &series.observations {
        Observations::Summary(all) => {
            let summary = all.first()?;
            Some((summary.mean?, summary.sd?, summary.n? as f64))
        }
        _ => None,
    };
    let line = |(base, candidate): (&Series, &Series)| {
        let test = welch_from_summary(parts(base)?, parts(candidate)?).ok()?;
        let p = test.p();
        let three =
            |x: f64| -> String { format!("{x:.2e}").parse().map_or_else(|_| "?".into(), number) };
        let name = base.labels.get("benchmark").map_or("", String::as_str);
        // `greater`: the first mean, the base's, is the greater one.
        let moved = match (&candidate.metric.direction, test.t() > 0.0) {
            (Direction::Unknown, _) => "a change",
            (Direction::Lower, true) | (Direction::Higher, false) => "a slow-down",
            (Direction::Lower, false) | (Direction::Higher, true) => "a speed-up",
        };
        let (base_mean, candidate_mean) = (parts(base)?.0, parts(candidate)?.0);
        let (lo, hi) = test.interval(Level::P95);
        let unit = candidate.metric.suffix();
        let said = if p.two_sided < 0.05 {
            format!("{moved} significant at 5 %")
        } else {
            "not significant at 5 %, which proves no equivalence either".to_owned()
        };
        Some(format!(
            "{name}: difference {}{unit} [{}, {}] at 95 %, Welch t = {}, df {:.1}, two-sided p = {}: \
             {said}; one-sided {} for less, {} for more",
            number(candidate_mean - base_mean),
            number(lo),
            number(hi),
            number(test.t()),
            test.df,
            three(p.two_sided),
            three(p.greater),
            three(p.less),
        ))
    };
    pairs.base.series.iter().zip(&pairs.candidate.series).filter_map(line).collect()
}

/// One side as written.
struct Side {
    summary: Summary,
    unit: Option<Unit>,
}

fn series(name: &str, unit: Option<Unit>, summary: Summary) -> Series {
    let time = match &unit {
        Some(Unit::Scaled { dimension, .. }) => *dimension == Dimension::Time,
        Some(Unit::Named(_)) => false,
        None => true,
    };
    let mut metric = Metric::new(if time { "time" } else { "value" }, unit);
    if time {
        metric.direction = Direction::Lower;
    }
    Series {
        metric,
        labels: Labels::from([("benchmark".to_owned(), name.to_owned())]),
        observations: Observations::Summary(vec![summary]),
        run: None,
        time: None,
        marks: None,
    }
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.find(" #").map_or(line, |at| &line[..at])
}

/// Name, base and candidate of a line.
fn parts(line: &str) -> Result<(&str, &str, &str), String> {
    let usual = "expected `name: mean ± sd unit (n) -> mean ± sd unit (n)`";
    let (name, rest) = line
        .split_once(": ")
        .or_else(|| line.split_once('\t'))
        .or_else(|| line.split_once(':'))
        .ok_or_else(|| format!("{line:?} has no name: {usual}"))?;
    let name = name.trim().trim_end_matches(':').trim();
    if name.is_empty() {
        return Err(format!("{line:?} has no name: {usual}"));
    }
    let sides = ["->", "→", "\t", ";", ", "]
        .iter()
        .find_map(|apart| rest.trim().split_once(apart))
        .ok_or_else(|| format!("{rest:?} has no two sides: {usual}"))?;
    Ok((name, sides.0.trim(), sides.1.trim()))
}

/// `142.17 ± 2.24 ms (n = 10)`.
fn side(text: &str) -> Result<Side, String> {
    let (values, n) = match text.split_once('(') {
        Some((values, n)) => (values, Some(n.trim().strip_suffix(')').unwrap_or(n))),
        None => match text.split_once("n=").or_else(|| text.split_once("n =")) {
            Some((values, n)) => (values, Some(n)),
            None => (text, None),
        },
    };
    let n = n.map(|n| count(n, text)).transpose()?;
    let values = values.trim().trim_end_matches(',');
    let spread = ["±", "+/-", "+-"].iter().find_map(|sign| values.split_once(sign));
    let (mean, sd) = spread.map_or((values, None), |(mean, sd)| (mean, Some(sd)));
    let (mean, mean_unit) = quantity(mean)?;
    let (sd, sd_unit) = sd.map(quantity).transpose()?.map_or((None, None), |(x, u)| (Some(x), u));
    if let (Some(a), Some(b)) = (&mean_unit, &sd_unit)
        && a != b
    {
        return Err(format!("{text:?} is in {a} and in {b}: write one unit"));
    }
    match (sd, n) {
        (Some(sd), _) if sd < 0.0 => {
            return Err(format!("{text:?} has a negative standard deviation"));
        }
        (Some(_), None) => {
            return Err(format!("{text:?} does not say n: write `(10)` behind it"));
        }
        _ => {}
    }
    let summary = Summary { n: n.or(Some(1)), mean: Some(mean), sd, ..Summary::default() };
    Ok(Side { summary, unit: mean_unit.or(sd_unit) })
}

/// `10`, `n = 10`, `n=10`, `10 runs`.
fn count(text: &str, whole: &str) -> Result<u64, String> {
    let digits = text.trim().trim_start_matches(['n', 'N']).trim().trim_start_matches('=').trim();
    let digits = digits.split_whitespace().next().unwrap_or("");
    digits
        .replace(',', "")
        .parse()
        .ok()
        .filter(|&n| n > 0)
        .ok_or_else(|| format!("{whole:?}: n is a whole number above 0, got {text:?}"))
}

/// A number with thousands apart, and the unit behind it.
fn quantity(text: &str) -> Result<(f64, Option<Unit>), String> {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || "+-.,".contains(c))).unwrap_or(text.len());
    let exponent = text[end..]
        .strip_prefix(['e', 'E'])
        .map(|rest| rest.find(|c: char| !(c.is_ascii_digit() || "+-".contains(c))))
        .map_or(end, |at| at.map_or(text.len(), |at| end + 1 + at));
    // `5e` is no number; nor is the e of a unit an exponent.
    let end = if text[..exponent].replace(',', "").parse::<f64>().is_ok() { exponent } else { end };
    let value: f64 = text[..end]
        .replace(',', "")
        .parse()
        .ok()
        .filter(|x: &f64| x.is_finite())
        .ok_or_else(|| format!("{text:?} is no number with a unit"))?;
    let unit = text[end..].trim();
    let unit =
        if unit.is_empty() { None } else { Some(unit.parse::<Unit>().map_err(|e| e.to_string())?) };
    Ok((value, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(series: &Series) -> &Summary {
        let Observations::Summary(all) = &series.observations else {
            panic!("{:?}", series.observations)
        };
        &all[0]
    }

    #[test]
    fn a_published_p_is_replayed() {
        let pairs = published(
            "# micro scale\n\
             Grid Search: 142.17 ± 2.24 ms (10) -> 145.33 ± 3.57 ms (10)\n\
             Walk Forward: 143.96 ± 0.78 ms (10) -> 147.96 ± 8.38 ms (10)\n",
        )
        .unwrap();
        assert_eq!(
            replayed(&pairs),
            [
                "Grid Search: difference 3.16 ms [0.3215, 5.998] at 95 %, Welch t = 2.371, df 15.1, two-sided p = 0.0314: a slow-down significant at \
                 5 %; one-sided 0.984 for \
                 less, 0.0157 for more",
                "Walk Forward: difference 4 ms [-2.005, 10.01] at 95 %, Welch t = 1.503, df 9.2, two-sided p = 0.167: not significant at 5 %, which \
                 proves no equivalence either; one-sided 0.917 for \
                 less, 0.0833 for more",
            ]
        );
        let wanted = [(2.371, 15.1, 0.031, 0.984), (1.503, 9.2, 0.167, 0.917)];
        for (i, (t, df, p, faster)) in wanted.into_iter().enumerate() {
            let of = |s: &Series| {
                let s = summary(s);
                (s.mean.unwrap(), s.sd.unwrap(), s.n.unwrap() as f64)
            };
            let (x, y) = (of(&pairs.base.series[i]), of(&pairs.candidate.series[i]));
            let test = welch_from_summary(x, y).unwrap();
            assert!((test.t() - t).abs() < 5e-4 && (test.df - df).abs() < 0.05, "{test:?}");
            assert!((test.p().two_sided - p).abs() < 5e-4, "{test:?}");
            // What was published as 0.983 and 0.919 is P(T ≤ t): one-sided for *faster*.
            assert!((test.p().greater - faster).abs() < 5e-4, "{test:?}");
        }
    }

    #[test]
    fn people_write_it_in_many_ways() {
        let want = published("a: 1234.5 ± 2.5 ms (10) -> 1300 ± 3 ms (12)").unwrap();
        for text in [
            "a: 1,234.5 +- 2.5 ms (n=10) -> 1,300 +/- 3 ms (n = 12)",
            "a:1234.5ms ± 2.5ms (10 runs) → 1300 ± 3 (12) # said so",
            "a\t1234.5 ± 2.5 ms n=10\t1300 ± 3 ms n=12",
            "a: 1.2345e3 ± 2.5 ms (10), 1300 ± 3 ms (12)",
        ] {
            assert_eq!(published(text).as_ref(), Ok(&want), "{text}");
        }
        let single = published("Total: 279.48 s -> 69.97 s").unwrap();
        assert_eq!(summary(&single.base.series[0]).n, Some(1));
        assert_eq!(summary(&single.base.series[0]).sd, None);
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            ("", 1, "nothing published"),
            ("\nGrid 142 -> 145", 2, "no name"),
            ("a: 1 ± 2 (10)", 1, "no two sides"),
            ("a: 1 ± 2 -> 3 ± 1 (10)", 1, "does not say n"),
            ("a: 1 ± 2 (0) -> 3 ± 1 (10)", 1, "above 0"),
            ("a: 1 ± -2 (3) -> 3 ± 1 (10)", 1, "negative"),
            ("a: x -> 3", 1, "no number"),
            ("a: 1 ms -> 3 s", 1, "one unit"),
            ("a: 1 -> 3\n#\na: 1 -> 3", 3, "twice"),
            ("a: 1e999 -> 3", 1, "no number"),
        ] {
            let error = published(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(part), "{text}: {error}");
        }
    }
}
