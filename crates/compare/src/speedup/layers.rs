use tailproof_core::{Class, Dataset, Finding, Provenance, Reason, Series, Verdict};

use super::combination::combination;
use super::exhibit::{Step, exhibits};
use super::factor::PublishedFactor;
use super::ratio::{SpeedUp, SpeedUpSettings, speed_up};
use crate::settings::CompareError;
use crate::two::subject;

/// A configuration with its measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// What it is called.
    pub label: String,
    /// What was measured; `None` when nobody did.
    pub data: Option<Dataset>,
}

/// What is asked about configurations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Questions {
    /// Whether each configuration is a layer on the one before it: its own speed-up over that
    /// one and the cumulative speed-up over the first are both judged. Otherwise each is judged
    /// over the first.
    pub layered: bool,
    /// The label of the configuration that has the changes of all others together: the claim
    /// that single speed-ups multiply is judged.
    pub combined: Option<String>,
    /// What is claimed of the last configuration over the first.
    pub claims: Vec<PublishedFactor>,
}

/// Speed-ups of an ordered list of configurations, the first of which is the base.
///
/// For every series of the base: the findings of [`speed_up`], named by the configurations. A
/// configuration without data, or without the series, is a row "not tested"; the layer after it
/// is judged over the last that has data, and says so. The first finding of a series carries the
/// picture and the table of its speed-ups.
///
/// # Errors
/// The base has no data, a label is not there, nothing is common to base and candidates, or a
/// pair that cannot be compared.
pub fn layers(
    configurations: &[Configuration],
    questions: &Questions,
    settings: &SpeedUpSettings,
) -> Result<Vec<Finding>, CompareError> {
    let missing = |what: &str| CompareError::NothingInCommon {
        base: what.to_owned(),
        candidate: configurations.iter().map(|c| c.label.as_str()).collect::<Vec<_>>().join(", "),
    };
    let [base, rest @ ..] = configurations else { return Err(missing("nothing")) };
    let Some(data) = &base.data else { return Err(missing("nothing")) };
    if let Some(label) = &questions.combined
        && !rest.iter().any(|c| c.label == *label)
    {
        return Err(missing(&format!("no configuration {label}")));
    }
    let mut findings = Vec::new();
    for series in &data.series {
        let stack: Vec<(&str, Option<&Series>)> = rest
            .iter()
            .map(|c| (c.label.as_str(), c.data.as_ref().and_then(|d| same(d, series))))
            .collect();
        let (mut found, steps) = stacked((&base.label, series), &stack, questions, settings)?;
        if let Some(first) = found.first_mut() {
            first.exhibits = exhibits(&base.label, &steps, settings.level);
        }
        findings.extend(found);
        if let Some(label) = &questions.combined {
            findings.push(combined(series, &stack, label, settings)?);
        }
    }
    if findings.iter().all(|f| f.verdict == Verdict::Inconclusive(Reason::NotTested))
        && rest.iter().any(|c| c.data.is_some())
    {
        let names: Vec<String> = data.series.iter().map(Series::name).collect();
        return Err(missing(&names.join(", ")));
    }
    Ok(findings)
}

/// The series of a data set that measures the same.
fn same<'a>(data: &'a Dataset, series: &Series) -> Option<&'a Series> {
    data.series.iter().find(|s| s.metric.name == series.metric.name && s.labels == series.labels)
}

fn stacked(
    (base_label, base): (&str, &Series),
    stack: &[(&str, Option<&Series>)],
    questions: &Questions,
    settings: &SpeedUpSettings,
) -> Result<(Vec<Finding>, Vec<Step>), CompareError> {
    let (mut findings, mut steps) = (Vec::new(), Vec::new());
    let mut before = (base_label, base);
    for (place, &(label, series)) in stack.iter().enumerate() {
        let Some(series) = series else {
            findings.push(untested(base, &format!("{label} over {base_label}")));
            steps.push(step(None, label, base_label, true));
            continue;
        };
        // The combination is no layer.
        let layer = questions.layered && questions.combined.as_deref() != Some(label);
        if layer && before.0 != base_label {
            let own = speed_up(before.1, series, settings)?;
            steps.push(step(Some(&own), label, before.0, false));
            let mut finding = titled(own, label, before.0, settings, "");
            if place > 0 && stack[place - 1].0 != before.0 {
                finding.warnings.push(format!(
                    "{} was not measured: the step from {} to {label} holds both",
                    stack[place - 1].0,
                    before.0
                ));
            }
            findings.push(finding);
        }
        let whole = speed_up(base, series, settings)?;
        let note = if layer && before.0 != base_label { ", cumulative" } else { "" };
        let last = place + 1 == stack.len();
        let claimed: Vec<Finding> = questions
            .claims
            .iter()
            .filter(|_| last)
            .map(|claim| {
                let mut finding = whole.against(claim, settings);
                finding.claim = format!("{label} over {base_label}: {}", finding.claim);
                finding
            })
            .collect();
        steps.push(step(Some(&whole), label, base_label, true));
        findings.push(titled(whole, label, base_label, settings, note));
        findings.extend(claimed);
        if layer {
            before = (label, series);
        }
    }
    Ok((findings, steps))
}

/// What a picture shows of a speed-up, or of one that nobody measured.
fn step(up: Option<&SpeedUp>, label: &str, over: &str, whole: bool) -> Step {
    let bounded = |(lo, hi): &(f64, f64)| *lo > 0.0 && hi.is_finite();
    Step {
        label: label.to_owned(),
        over: over.to_owned(),
        whole,
        factor: up.map(|u| u.factor).filter(|f| f.is_finite()),
        interval: up.map(|u| u.interval).filter(bounded),
    }
}

fn titled(up: SpeedUp, label: &str, over: &str, settings: &SpeedUpSettings, note: &str) -> Finding {
    let mut finding = up.finding;
    let name = settings.statistic.name();
    finding.claim = format!("{label} over {over}: {name} faster{note}");
    finding.why = format!("{label} over {over}{note}: {}", finding.why);
    finding
}

fn untested(base: &Series, what: &str) -> Finding {
    let subject = subject(base);
    let verdict = Verdict::Inconclusive(Reason::NotTested);
    let mut finding = Finding::new(Class::Other, subject, format!("{what}: faster"), verdict);
    finding.why = format!("{what}: nobody measured it: NOT TESTED");
    finding.provenance = Provenance::NotTested;
    finding
}

fn combined(
    base: &Series,
    stack: &[(&str, Option<&Series>)],
    label: &str,
    settings: &SpeedUpSettings,
) -> Result<Finding, CompareError> {
    let all = stack.iter().find(|s| s.0 == label).and_then(|s| s.1);
    let single: Option<Vec<&Series>> = stack.iter().filter(|s| s.0 != label).map(|s| s.1).collect();
    match (all, single) {
        (Some(all), Some(single)) if !single.is_empty() => {
            Ok(combination(base, &single, all, settings)?.finding)
        }
        _ => Ok(untested(base, "the product of the single speed-ups")),
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Labels, Metric, Observations, Raw, Sample, Unit};

    use super::*;

    fn configuration(label: &str, scale: Option<f64>) -> Configuration {
        let series = |scale: f64| Series {
            metric: Metric::new("time", Unit::known("s")),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(
                Sample::new(
                    (0..20).map(|i| scale * (100.0 + f64::from(i * 7 % 20) / 10.0)).collect(),
                )
                .unwrap(),
            )),
            run: None,
            time: None,
            marks: None,
        };
        let data = scale.map(|s| Dataset { series: vec![series(s)], ..Dataset::default() });
        Configuration { label: label.to_owned(), data }
    }

    #[test]
    fn layers_have_their_own_and_the_cumulative_speed_up() {
        let list = [
            configuration("base", Some(8.0)),
            configuration("cache", Some(4.0)),
            configuration("arrays", None),
            configuration("pool", Some(2.0)),
        ];
        let questions = Questions {
            layered: true,
            claims: vec!["4x".parse().unwrap(), "9x".parse().unwrap()],
            ..Questions::default()
        };
        let found = layers(&list, &questions, &SpeedUpSettings::default()).unwrap();
        let claims: Vec<&str> = found.iter().map(|f| f.claim.as_str()).collect();
        assert_eq!(
            claims,
            [
                "cache over base: mean faster",
                "arrays over base: faster",
                "pool over cache: mean faster",
                "pool over base: mean faster, cumulative",
                "pool over base: mean speed-up of ×4",
                "pool over base: mean speed-up of ×9",
            ]
        );
        assert_eq!(found[1].verdict, Verdict::Inconclusive(Reason::NotTested));
        assert!(found[2].warnings.iter().any(|w| w.contains("arrays was not measured")));
        assert_eq!((&found[4].verdict, &found[5].verdict), (&Verdict::Pass, &Verdict::Fail));
        assert_eq!(found[0].exhibits.len(), 2);
        assert!(found[1..].iter().all(|f| f.exhibits.is_empty()));
    }

    #[test]
    fn the_product_is_judged_against_the_combination() {
        let list = [
            configuration("base", Some(8.0)),
            configuration("a", Some(4.0)),
            configuration("b", Some(2.0)),
            configuration("all", Some(1.0)),
        ];
        let questions = Questions { combined: Some("all".to_owned()), ..Questions::default() };
        let settings = SpeedUpSettings::default();
        let found = layers(&list, &questions, &settings).unwrap();
        let product = found.last().unwrap();
        assert_eq!((found.len(), &product.verdict), (4, &Verdict::Pass), "{}", product.why);
        let wrong = Questions { combined: Some("none".to_owned()), ..Questions::default() };
        assert!(layers(&list, &wrong, &settings).is_err());
        assert!(layers(&list[..1], &questions, &settings).is_err());
    }
}
