//! The two example tests of document 0, with the right answers and the reasons.

use std::num::NonZeroU32;

use tailproof_core::*;
use tailproof_slo::{Settings, judge, t4};

fn dataset(sample: Sample) -> Dataset {
    let series = Series {
        metric: Metric::new("latency", Unit::known("ms")),
        labels: Labels::new(),
        observations: Observations::Raw(Raw::complete(sample)),
        run: None,
        time: None,
        marks: None,
    };
    Dataset { series: vec![series], ..Dataset::default() }
}

/// The document: Exp(50), n = 500, seed 42, "meets p95 <= 150 ms at 99.9 %".
///
/// It does not. The true p95 is 50·ln 20 = 149.79 ms, a hair below the target, and with the
/// document's own seed the sample's p95 is 153.9. The data leave the question open: the
/// bootstrap holds P(Q* ≤ 150) = 0.26, not > 0.99, and the order statistics straddle.
#[test]
fn bootstrap_slo_validation_is_inconclusive() {
    let text = include_str!("../data/document0_exponential.csv");
    let values: Vec<f64> = text.lines().skip(1).map(|l| l.parse().unwrap()).collect();
    assert_eq!(values.len(), 500);
    let data = dataset(Sample::new(values).unwrap());
    let objective: Objective = "latency: p95 <= 150ms".parse().unwrap();
    let settings = Settings::new(Seed(42)).resamples(NonZeroU32::new(1_000).unwrap());
    let judged = judge(&data, &[objective], &settings).unwrap();
    let (finding, result) = (&judged.findings[0], &judged.compliance[0]);

    assert!(matches!(finding.verdict, Verdict::Inconclusive(Reason::Straddles { .. })));
    assert!((result.sample_quantile - 153.9).abs() < 0.05, "{}", result.sample_quantile);
    let (lo, hi) = result.confidence_interval;
    assert!((122.0..=127.0).contains(&lo) && (174.0..=176.0).contains(&hi), "{lo} {hi}");
    assert!((result.compliance_probability - 0.26).abs() < 0.01);
    assert!(!result.slo_compliant);
    assert_eq!(result.confidence_level, Level::P999);
    let bound = |side| finding.bounds.iter().find(|b| b.side == side).unwrap().value;
    assert!((bound(Side::Lower) - 131.8).abs() < 0.05, "{}", bound(Side::Lower));
    assert!((bound(Side::Upper) - 180.6).abs() < 0.05, "{}", bound(Side::Upper));
    assert!(result.replicates.as_ref().unwrap().agrees);
}

/// The document: one outlier in 10 000 and two in 10 000 are both 99.99 % compliant.
///
/// They are not. 9 999 of 10 000 is exactly 0.9999; 9 998 is 0.9998 < 0.9999, so the overall
/// answer is false. Neither is proven: without a miss a proof at 99.9 % needs 69 075.
#[test]
fn t4_excellence_counts_in_whole_numbers() {
    let sample = |good: f64, n: usize, bad: &[f64]| {
        Sample::new([vec![good; n], bad.to_vec()].concat()).unwrap()
    };
    let api = sample(50.0, 9_999, &[200.0]);
    let db = sample(30.0, 9_998, &[180.0, 190.0]);
    let inputs = [
        ("api_latency".to_owned(), " ms".to_owned(), &api, 100.0),
        ("db_query".to_owned(), " ms".to_owned(), &db, 150.0),
    ];
    let result = t4::excellence(&inputs, vec![], t4::THRESHOLD, Level::P999);
    assert!(result.metrics[0].t4_compliant);
    assert!(!result.metrics[1].t4_compliant);
    assert_eq!(result.overall_compliant, Some(false));
    assert!(result.metrics.iter().all(|m| !m.t4_proven));
    assert_eq!(result.metrics[0].proof_needs, Some(92_331));
}

/// `slo_compliant` asks the two-sided bootstrap interval, the verdict asks for proof.
///
/// Of 100 values none exceeds the target, so no resample can either: the bootstrap interval
/// ends below it. But 100 values without a miss occur with probability 0.99¹⁰⁰ = 0.37 even
/// when p99 lies above the target; no verdict at 99.9 % exists below n = 688.
#[test]
fn slo_compliant_and_the_verdict_can_differ() {
    let data = dataset(Sample::new((1..=100).map(f64::from).collect()).unwrap());
    let objective: Objective = "latency: p99 <= 100.5ms".parse().unwrap();
    let judged = judge(&data, &[objective], &Settings::new(Seed(42))).unwrap();
    assert!(judged.compliance[0].slo_compliant);
    assert_eq!(judged.compliance[0].compliance_probability, 1.0);
    assert_eq!(judged.findings[0].verdict, Verdict::Inconclusive(Reason::TooFew { need: 688 }));
}
