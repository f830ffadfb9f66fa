use tailproof_core::{
    Class, Direction, Effect, Finding, Noise, Observations, Reason, Series, Summary, Verdict,
    percent, signed_percent,
};

use crate::family::{Assessed, claim, sides};
use crate::settings::Settings;
use crate::two::Two;

/// How exact metrics are judged.
const METHOD: &str = "exact counts, compared as they are";

/// What a metric that does not scatter can be compared by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Exactness {
    /// It does scatter, as far as anybody said.
    Random,
    /// The value of both sides.
    Values([f64; 2]),
    /// Said to be exact, and yet the values of a side differ.
    Differs,
}

/// Whether two series are exact, such as instruction counts.
pub(crate) fn exactness(two: &Two<'_>) -> Exactness {
    if two.candidate.metric.noise != Noise::Exact && two.base.metric.noise != Noise::Exact {
        return Exactness::Random;
    }
    match (value(two.base), value(two.candidate)) {
        (Some(x), Some(y)) => Exactness::Values([x, y]),
        _ => Exactness::Differs,
    }
}

/// The one value of a series.
fn value(series: &Series) -> Option<f64> {
    let values: Vec<f64> = match &series.observations {
        Observations::Raw(raw) if raw.is_complete() => raw.sample.values().to_vec(),
        Observations::Atoms(all) => {
            if all.iter().any(|e| e.below() > 0 || e.above() > 0) {
                return None;
            }
            all.iter().flat_map(|e| e.atoms().iter().map(|a| a.0)).collect()
        }
        Observations::Summary(all) => all.iter().map(printed).collect::<Option<_>>()?,
        _ => return None,
    };
    let first = *values.first()?;
    values.iter().all(|&x| x == first).then_some(first)
}

/// The mean of a summary that shows no spread.
fn printed(summary: &Summary) -> Option<f64> {
    let mean = summary.mean?;
    let spread = summary.sd.is_some_and(|sd| sd > 0.0);
    let ends = [summary.min, summary.max].into_iter().flatten().all(|x| x == mean);
    (!spread && ends).then_some(mean)
}

/// The row of an exact metric: worse by more than the margin fails, anything else passes. No
/// interval, no p, and no part in the family of rows.
pub(crate) fn judged(two: &Two<'_>, [x, y]: [f64; 2], settings: &Settings) -> Assessed {
    let margins = two.margins("value", settings);
    let n = [two.base, two.candidate].map(|s| s.observations.len() as u64);
    let mut finding = two.blank(Class::Regression, String::new(), n);
    finding.subject.statistic = Some("value".to_owned());
    finding.claim = claim("value", &margins, &finding.suffix());
    finding.direction = margins.direction.unwrap_or(two.direction);
    (finding.base, finding.estimate) = (Some(x), Some(y));
    let change = if x == y { 0.0 } else { (y - x) / x.abs() };
    let worse = match finding.direction {
        Direction::Lower => Some((change, y - x)),
        Direction::Higher => Some((-change, x - y)),
        Direction::Unknown => None,
    };
    finding.verdict = match worse {
        Some((share, gap)) if share > margins.relative && gap > margins.absolute => Verdict::Fail,
        None if x != y => Verdict::Inconclusive(Reason::UnknownDirection),
        _ => Verdict::Pass,
    };
    let plain = |name: &str, value: f64| Effect {
        name: name.to_owned(),
        value,
        interval: None,
        note: Some(METHOD.to_owned()),
    };
    finding.effects =
        vec![plain("base", x), plain("candidate", y), plain("relative_change", change)];
    finding.why = why(&finding, change, worse.map(|w| w.0), &percent(margins.relative));
    Assessed::Judged(Box::new(finding))
}

fn why(finding: &Finding, change: f64, worse: Option<f64>, margin: &str) -> String {
    let sides = sides("value", finding);
    let verdict = match &finding.verdict {
        Verdict::Fail => "REGRESSED".to_owned(),
        Verdict::Inconclusive(reason) => format!("INCONCLUSIVE, {reason}"),
        _ if change == 0.0 => "PASS, unchanged".to_owned(),
        _ if worse.is_some_and(|w| w < 0.0) => "PASS, improved".to_owned(),
        _ => format!("PASS, not worse by more than {margin}"),
    };
    format!("{sides}, {} ({METHOD}): {verdict}", signed_percent(change))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::conclude;
    use tailproof_core::{Labels, Metric, Raw, Sample, Seed, Unit};

    fn series(values: Vec<f64>) -> Series {
        let mut metric = Metric::new("instructions", "instructions".parse::<Unit>().ok());
        (metric.direction, metric.noise) = (Direction::Lower, Noise::Exact);
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        Series { metric, labels: Labels::new(), observations, run: None, time: None, marks: None }
    }

    fn verdict(x: f64, y: f64) -> Verdict {
        let (a, b) = (series(vec![x]), series(vec![y, y]));
        let two = Two::new(&a, &b).unwrap();
        assert_eq!(exactness(&two), Exactness::Values([x, y]));
        let settings = Settings::new(Seed(1));
        let found = conclude(vec![judged(&two, [x, y], &settings)], &settings);
        assert!(found[0].p.is_none() && found[0].why.contains(METHOD), "{}", found[0].why);
        found[0].verdict.clone()
    }

    #[test]
    fn one_count_suffices() {
        for (x, y, want) in [
            (1_000.0, 1_000.0, Verdict::Pass),
            (1_000.0, 1_010.0, Verdict::Pass),
            (1_000.0, 1_011.0, Verdict::Fail),
            (1_000.0, 500.0, Verdict::Pass),
            (0.0, 1.0, Verdict::Fail),
            (0.0, 0.0, Verdict::Pass),
        ] {
            assert_eq!(verdict(x, y), want, "{x} {y}");
        }
    }

    #[test]
    fn counts_that_differ_are_not_exact() {
        let (a, b) = (series(vec![5.0, 6.0]), series(vec![5.0]));
        assert_eq!(exactness(&Two::new(&a, &b).unwrap()), Exactness::Differs);
        let mut random = a.clone();
        random.metric.noise = Noise::Random;
        assert_eq!(exactness(&Two::new(&random, &random).unwrap()), Exactness::Random);
    }
}
