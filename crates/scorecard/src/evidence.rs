//! Findings of evidence as rows: judged again by their bounds, at the level that is asked for.

use tailproof_core::{
    Claim, Condition, Finding, Level, Provenance, Reason, Side, Verdict, number, percent,
    signed_percent,
};

use crate::bounds::{Again, again};
use crate::config::ConfigError;
use crate::judge::{claimed, claims, wrong};
use crate::row::Row;
use crate::supplied::Known;
use crate::target::Target;

/// A row of a finding that answers the target.
///
/// Evidence at a lower level than asked for decides nothing; what was not measured is not tested.
///
/// # Errors
/// Units that do not convert.
pub(crate) fn row(
    target: &Target,
    known: &Known<'_>,
    weight: f64,
    asked: Level,
) -> Result<Row, ConfigError> {
    let mut finding = known.finding.clone();
    let unit = finding.unit.as_ref().filter(|_| finding.base.is_none());
    if let Some(message) = target.unit_problem(unit) {
        return Err(ConfigError { line: target.line, message });
    }
    let same = known.objective.as_ref().is_some_and(|o| {
        o.condition == target.objective.condition && o.aggregate == target.objective.aggregate
    });
    let claims = match target.objective.condition {
        Condition::Relative(comparison, limit) => vec![Claim { comparison, target: limit }],
        _ => claims(target, finding.unit.as_ref()).map_err(|e| wrong(target, e))?,
    };
    let judged = again(&finding, &claims, same);
    let low = judged.level.filter(|level| level.to_f64() + 1e-12 < asked.to_f64());
    let (verdict, would, said) = match (finding.provenance, low) {
        (Provenance::Measured, None) => {
            let said = said(&judged);
            (judged.verdict, judged.would, said)
        }
        (Provenance::Measured, Some(level)) => {
            let said = format!(
                "INCONCLUSIVE, the evidence has {level}, the file asks for {}: judge the \
                 data, or say level = \"{}\"",
                asked,
                plain(level)
            );
            (Verdict::Inconclusive(Reason::LowerLevel), None, said)
        }
        _ => {
            let verdict = Verdict::Inconclusive(Reason::NotTested);
            let met = match judged.would {
                Some(true) => ", it would meet the target if it is right",
                Some(false) => ", and even so it would miss the target",
                None => "",
            };
            (verdict, judged.would, format!("NOT TESTED{met}"))
        }
    };
    finding.why = told(&finding, known.source, target, &said);
    finding.verdict = verdict;
    finding.exhibits.clear();
    // Of a change the target is a value, and that of the evidence is of its own promise.
    let promised = |c: &Claim| match (target.is_relative(), finding.base) {
        (true, Some(base)) => base * (1.0 + c.target),
        _ => c.target,
    };
    let (lower, upper) = (claims.first().map(promised), claims.get(1).map(promised));
    (finding.target, finding.target_upper) = (lower, upper);
    claimed(target, &mut finding);
    Ok(Row::new(target, weight, finding, would))
}

/// The verdict in words, with its reason.
fn said(judged: &Again) -> String {
    match &judged.verdict {
        Verdict::Inconclusive(Reason::NotTested) => judged.verdict.word().to_owned(),
        Verdict::Inconclusive(reason) => format!("{}, {reason}", judged.verdict.word()),
        verdict => verdict.word().to_owned(),
    }
}

/// The largest level with few digits that another one reaches: `98.12 %` is `98%`.
fn plain(level: Level) -> String {
    let percentage = level.to_f64() * 100.0;
    let steps = match percentage {
        p if p >= 99.9 => 100.0,
        p if p >= 99.0 => 10.0,
        _ => 1.0,
    };
    format!("{}%", (percentage * steps + 1e-9).floor() / steps)
}

/// A row of evidence in one line: value, interval, level, n, source, promise, verdict.
fn told(f: &Finding, source: &str, target: &Target, said: &str) -> String {
    let share = f.is_share();
    let show = |x: f64| if share { percent(x) } else { number(x) };
    let change = f.base.is_some();
    let end = |x: f64| if change { signed_percent(x) } else { show(x) };
    let suffix = if share { String::new() } else { f.suffix() };
    let mut parts = vec![match (f.estimate, f.base) {
        (Some(estimate), Some(base)) => {
            let change = signed_percent(estimate / base - 1.0);
            format!("{} -> {}{suffix}, {change}", show(base), show(estimate))
        }
        (Some(estimate), None) => format!("{}{suffix}", show(estimate)),
        (None, _) => "no value".to_owned(),
    }];
    if let Some(i) = &f.interval {
        parts[0].push_str(&format!(" [{}, {}]", end(i.lo), end(i.hi)));
        parts.push(i.level.to_string());
    } else if let Some(bound) = f.bounds.iter().find(|b| b.value.is_finite()) {
        let side = if bound.side == Side::Upper { "at most" } else { "at least" };
        parts.push(format!("{side} {} at {}", end(bound.value), bound.level));
    }
    if !f.n.is_empty() {
        let n: Vec<String> = f.n.iter().map(|&n| number(n as f64)).collect();
        parts.push(format!("n = {}", n.join(" and ")));
    }
    parts.push(format!("{}, {source}", f.provenance));
    format!("{} vs {}: {said}", parts.join(", "), target.objective.claim)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Scorecard;
    use crate::config::parse;
    use crate::score::{Settings, score};
    use crate::supplied::Supplied;
    use tailproof_core::{
        Class, Dataset, Interval, Metric, Objective, Observations, Raw, Sample, Seed, Series,
        Subject, Unit,
    };

    fn judged(n: u32, objective: &str, level: Level) -> Vec<Finding> {
        let values = (0..n).map(|i| f64::from(i * 7 % 100)).collect();
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        let series = Series::new(Metric::new("latency", Unit::known("ms")), observations);
        let data = Dataset { series: vec![series], ..Dataset::default() };
        let objective: Objective = objective.parse().unwrap();
        let settings = tailproof_slo::Settings::new(Seed(1)).level(level);
        tailproof_slo::judge(&data, &[objective], &settings).unwrap().findings
    }

    fn card(text: &str, findings: Vec<Finding>) -> Scorecard {
        let (data, files) = (Dataset::default(), BTreeMap::new());
        let evidence = [("run.json".to_owned(), findings)];
        let supplied = Supplied { evidence: &evidence, ..Supplied::new(&data, &files) };
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        score(&parse(text).unwrap(), &supplied, &settings).unwrap()
    }

    fn target(claim: &str) -> String {
        format!("[[target]]\nclaim = \"{claim}\"\n")
    }

    #[test]
    fn evidence_is_judged_again_by_its_bounds() {
        let findings = judged(1_000, "latency: p95 <= 150ms", Level::P999);
        for (limit, word) in
            [("150ms", "PASS"), ("0.12 s", "PASS"), ("94.5ms", "INCONCLUSIVE"), ("50ms", "FAIL")]
        {
            let card = card(&target(&format!("latency: p95 <= {limit}")), findings.clone());
            assert_eq!(card.rows[0].finding.verdict.word(), word, "{limit}");
            let why = &card.rows[0].finding.why;
            // One verdict a line: that of this row.
            assert_eq!(why.matches(": ").count(), 1, "{why}");
            assert!(why.contains("n = 1000, measured, run.json vs p95 <= "), "{why}");
        }
        let card = card(&target("latency: p99 <= 150ms"), findings);
        let why = &card.rows[0].finding.why;
        assert!(why.contains("run.json holds latency p95; none is latency p99"), "{why}");
    }

    #[test]
    fn the_targets_are_those_of_the_row() {
        let findings = judged(1_000, "latency: p50 in 20..90 ms", Level::P999);
        for (claim, want) in [
            ("latency: p50 <= 80ms", (Some(80.0), None)),
            ("latency: p50 in 0.03..0.07 s", (Some(30.0), Some(70.0))),
        ] {
            let card = card(&target(claim), findings.clone());
            let row = &card.rows[0].finding;
            assert_eq!((row.target, row.target_upper), want, "{claim}");
        }
    }

    #[test]
    fn five_values_pass_nothing() {
        let findings = judged(5, "latency: mean <= 150ms", Level::P999);
        for limit in ["150ms", "200ms", "1ms"] {
            let card = card(&target(&format!("latency: mean <= {limit}")), findings.clone());
            let verdict = &card.rows[0].finding.verdict;
            assert!(
                matches!(verdict, Verdict::Inconclusive(Reason::TooFew { .. })),
                "{limit}: {verdict:?}"
            );
            // Five values are a sample that is too small, and no single number.
            assert!(card.notes.is_empty(), "{:?}", card.notes);
        }
    }

    #[test]
    fn evidence_of_a_lower_level_does_not_pass_for_a_higher_one() {
        let findings = judged(1_000, "latency: p95 <= 150ms", Level::P95);
        for limit in ["150ms", "160ms", "20ms"] {
            let text = target(&format!("latency: p95 <= {limit}"));
            let low = card(&text, findings.clone());
            let row = &low.rows[0];
            assert_eq!(row.finding.verdict, Verdict::Inconclusive(Reason::LowerLevel), "{limit}");
            assert!(row.finding.why.contains("the evidence has 95 %, the file asks for 99.9 %"));
            assert!(row.finding.why.contains("level = \"95%\""), "{}", row.finding.why);
            let named = card(&format!("level = \"95%\"\n{text}"), findings.clone());
            assert_ne!(named.rows[0].finding.verdict.word(), "INCONCLUSIVE", "{limit}");
        }
    }

    #[test]
    fn levels_are_proposed_in_few_digits() {
        for (level, want) in [("98.12%", "98%"), ("99.57%", "99.5%"), ("99.9%", "99.9%")] {
            assert_eq!(plain(level.parse().unwrap()), want);
        }
    }

    #[test]
    fn evidence_that_was_not_measured_is_no_pass() {
        let subject = Subject { metric: "speed".to_owned(), ..Subject::default() };
        let mut finding = Finding::new(Class::Other, subject, "value >= 2", Verdict::Pass);
        finding.estimate = Some(4.0);
        finding.provenance = Provenance::Estimated;
        let card = card(&target("speed: value >= 3"), vec![finding]);
        assert_eq!(card.rows[0].status(), "NOT TESTED (would meet it)");
    }

    #[test]
    fn a_change_in_evidence_is_no_value() {
        let subject = Subject {
            metric: "latency".to_owned(),
            statistic: Some("mean".to_owned()),
            ..Subject::default()
        };
        let mut finding = Finding::new(Class::Regression, subject, "not worse", Verdict::Fail);
        (finding.estimate, finding.base) = (Some(112.0), Some(100.0));
        finding.unit = Unit::known("ms");
        finding.why = "REGRESSED by 12 %".to_owned();
        let method = "m".to_owned();
        finding.interval = Some(Interval { lo: 0.1, hi: 0.14, level: Level::P999, method });
        let text = target("latency: mean <= +20%") + &target("latency: mean <= 150ms");
        let card = card(&text, vec![finding]);
        assert_eq!(card.rows[0].finding.verdict, Verdict::Pass);
        let why = &card.rows[0].finding.why;
        assert!(why.starts_with("100 -> 112 ms, +12 % [+10 %, +14 %]"), "{why}");
        assert!(!why.contains("REGRESSED"), "{why}");
        assert_eq!(card.rows[1].finding.verdict.word(), "NOT TESTED");
    }

    #[test]
    fn the_evidence_of_a_scorecard_gives_the_same_rows() {
        let text = target("latency: p95 <= 150ms")
            + "[[resource]]\nname = \"memory\"\nrequired = \"8 GB\"\navailable = \"24 GB\"\n\
               used = \"1 GB\"\n";
        let first = card(&text, judged(1_000, "latency: p95 <= 150ms", Level::P999));
        let again = card(&text, first.findings());
        assert_eq!(again.rows[0].finding.verdict, Verdict::Pass);
        assert_eq!(again.rows[0].finding.subject, first.rows[0].finding.subject);
        // Parts and the decision are no values of metrics.
        for claim in ["memory: value >= 1 GB", "readiness: value >= 1"] {
            let other = card(&target(claim), first.findings());
            assert_eq!(other.rows[0].finding.verdict.word(), "NOT TESTED", "{claim}");
        }
    }
}
