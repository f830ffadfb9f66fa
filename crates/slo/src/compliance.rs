//! The compliance report: score, risk, and what to do about it.

use tailproof_core::{Finding, Reason, Side, Verdict, number, percent};

use crate::t4::Excellence;

/// How risky the release is by its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Score at least 0.95.
    Low,
    /// Score at least 0.80.
    Medium,
    /// Anything below, or nothing judged.
    High,
}

impl Risk {
    /// `low`, `medium` or `high`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Score, risk and recommendations.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Compliant metrics among those judged; `None` when none was.
    pub score: Option<f64>,
    /// T4-compliant metrics.
    pub compliant_metrics: usize,
    /// Metrics judged.
    pub total_metrics: usize,
    /// Risk by the score.
    pub risk: Risk,
    /// One line each, most urgent first.
    pub recommendations: Vec<String>,
}

/// Scores the metrics and says what to do about each that did not pass.
///
/// The score counts T4-compliant metrics, as the document does; thresholds are 0.95 and
/// 0.80, compared in whole numbers. With nothing judged there is no score and the risk is
/// high. Recommendations come from the failed and undecided findings and from missed T4,
/// each with its number and the gap.
#[must_use]
pub fn report(excellence: &Excellence, findings: &[Finding]) -> Report {
    let total = excellence.metrics.len();
    let compliant = excellence.metrics.iter().filter(|m| m.t4_compliant).count();
    let risk = if total == 0 {
        Risk::High
    } else if compliant * 100 >= total * 95 {
        Risk::Low
    } else if compliant * 100 >= total * 80 {
        Risk::Medium
    } else {
        Risk::High
    };
    let mut recommendations = recommendations(findings);
    for m in excellence.metrics.iter().filter(|m| !m.t4_compliant) {
        let allowed = u128::from(m.sample_size) * u128::from(excellence.threshold.num())
            / u128::from(excellence.threshold.den());
        recommendations.push(format!(
            "Optimize {}: {} of {} observations exceed {}{} where T4 allows {allowed}; p99.9 is {}{}, {}{} {} the target",
            m.name,
            number((m.sample_size - m.compliant) as f64),
            number(m.sample_size as f64),
            number(m.slo_target),
            m.suffix,
            number(m.p99_9),
            m.suffix,
            number((m.p99_9 - m.slo_target).abs()),
            m.suffix,
            if m.p99_9 > m.slo_target { "above" } else { "below" },
        ));
    }
    for name in &excellence.not_tested {
        recommendations.push(format!("State a target for {name}: T4 was not tested"));
    }
    Report {
        score: (total > 0).then(|| compliant as f64 / total as f64),
        compliant_metrics: compliant,
        total_metrics: total,
        risk,
        recommendations,
    }
}

/// What the findings call for, failures first; T4 left aside.
#[must_use]
pub fn recommendations(findings: &[Finding]) -> Vec<String> {
    let failed = findings.iter().filter(|f| f.verdict == Verdict::Fail).filter_map(fix);
    failed.chain(findings.iter().filter_map(undecided)).collect()
}

fn fix(finding: &Finding) -> Option<String> {
    let (estimate, lower) = (finding.estimate?, finding.target?);
    // Of a range the end that is missed.
    let target = finding.target_upper.filter(|upper| estimate > *upper).unwrap_or(lower);
    let (share, suffix) = (finding.is_share(), finding.suffix());
    let show = |x: f64| if share { percent(x) } else { format!("{}{suffix}", number(x)) };
    let gap = (estimate - target).abs();
    let relative = if target == 0.0 || share {
        String::new()
    } else {
        format!(" ({})", percent(gap / target.abs()))
    };
    let proven = finding
        .bounds
        .iter()
        .find(|b| b.value.is_finite() && (b.side == Side::Lower) == (estimate > target));
    let proven = proven.map_or_else(String::new, |b| {
        let word = if b.side == Side::Lower { "at least" } else { "at most" };
        // Bounds of a relative objective are changes.
        let bound = if finding.base.is_some() { percent(b.value) } else { show(b.value) };
        let what = if finding.base.is_some() { "the change" } else { "it" };
        format!("; {what} is {word} {bound} at {}", b.level)
    });
    Some(format!(
        "Fix {}: {} is missed by {}{relative}, measured {}{proven}",
        finding.name(),
        finding.claim,
        show(gap),
        show(estimate),
    ))
}

fn undecided(finding: &Finding) -> Option<String> {
    let Verdict::Inconclusive(reason) = &finding.verdict else { return None };
    if *reason == Reason::NotTested {
        return None;
    }
    let what = match reason {
        Reason::TooFew { need } | Reason::Underpowered { need } => {
            format!("collect at least {} observations", number(*need as f64))
        }
        Reason::Straddles { projected: Some(n) } => format!(
            "about {} observations would probably settle it, there are {}",
            number(*n as f64),
            number(finding.n.first().copied().unwrap_or(0) as f64)
        ),
        Reason::Straddles { projected: None } => {
            "the value sits on its target; move one of them".to_owned()
        }
        other => other.to_string(),
    };
    Some(format!("Decide {}: {} is open, {what}", finding.name(), finding.claim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::t4::{THRESHOLD, excellence};
    use tailproof_core::{Class, Level, Sample, Subject};

    fn with(compliant: usize, total: usize) -> Report {
        let good = Sample::new(vec![1.0; 10]).unwrap();
        let bad = Sample::new(vec![9.0; 10]).unwrap();
        let inputs: Vec<_> = (0..total)
            .map(|i| {
                let s = if i < compliant { &good } else { &bad };
                (format!("m{i}"), String::new(), s, 5.0)
            })
            .collect();
        report(&excellence(&inputs, vec![], THRESHOLD, Level::P999), &[])
    }

    #[test]
    fn of_a_range_the_end_that_is_missed_is_named() {
        let mut f = Finding::new(Class::Slo, Subject::default(), "p95 in 1..6 ms", Verdict::Fail);
        (f.target, f.target_upper) = (Some(1.0), Some(6.0));
        for (estimate, said) in [(9.0, "missed by 3 (50 %)"), (0.5, "missed by 0.5 (50 %)")] {
            f.estimate = Some(estimate);
            let advice = recommendations(std::slice::from_ref(&f));
            assert!(advice[0].contains(said), "{advice:?}");
        }
    }

    #[test]
    fn risk_follows_the_score() {
        for (compliant, total, risk) in [
            (20, 20, Risk::Low),
            (19, 20, Risk::Low),
            (18, 20, Risk::Medium),
            (16, 20, Risk::Medium),
            (15, 20, Risk::High),
            (0, 0, Risk::High),
        ] {
            assert_eq!(with(compliant, total).risk, risk, "{compliant} of {total}");
        }
        assert_eq!(with(0, 0).score, None);
    }

    #[test]
    fn whatever_failed_is_said_with_the_gap() {
        let report = with(0, 1);
        assert!(report.recommendations[0].contains("10 of 10"), "{:?}", report.recommendations);
        assert!(report.recommendations[0].contains("4 above"), "{:?}", report.recommendations);
    }
}
