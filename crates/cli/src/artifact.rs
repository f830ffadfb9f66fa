//! Result objects of the analyses as JSON, with document 0's field names.

use serde_json::{Map, Value, json};
use tailproof_compare::Regression;
use tailproof_reporting::{Evidence, Number};
use tailproof_resampling::Counts;
use tailproof_slo::SloCompliance;
use tailproof_slo::compliance::Report;
use tailproof_slo::t4::Excellence;

fn num(x: f64) -> Value {
    json!(Number(x))
}

/// `percentile`, then the fields of the document's first class.
pub(crate) fn slo_compliance(results: &[SloCompliance]) -> Value {
    results
        .iter()
        .map(|r| {
            let mut map = Map::new();
            let key = r.rank.to_string().replace('.', "_");
            map.insert("metric".into(), json!(r.metric));
            map.insert("percentile".into(), json!(r.rank.to_string()));
            map.insert("slo_target".into(), num(r.slo_target));
            map.insert(format!("{key}_estimate"), num(r.estimate));
            map.insert(format!("{key}_of_sample"), num(r.sample_quantile));
            let (lo, hi) = r.confidence_interval;
            map.insert("confidence_interval".into(), json!([Number(lo), Number(hi)]));
            map.insert("confidence_level".into(), num(r.confidence_level.to_f64()));
            map.insert("slo_compliant".into(), json!(r.slo_compliant));
            map.insert("compliance_probability".into(), num(r.compliance_probability));
            map.insert("bootstrap_samples".into(), json!(r.bootstrap_samples));
            if let Some(c) = &r.replicates {
                let (lo, hi) = c.confidence_interval;
                map.insert(
                    "replicates".into(),
                    json!({
                        "seed": c.seed.to_string(),
                        "estimate": Number(c.estimate),
                        "confidence_interval": [Number(lo), Number(hi)],
                        "compliance_probability": Number(c.compliance_probability),
                        "agrees_with_exact": c.agrees,
                    }),
                );
            }
            Value::Object(map)
        })
        .collect()
}

/// The document's T4 result object, and beside each field what proves it.
pub(crate) fn t4_excellence(t4: &Excellence) -> Value {
    let metrics: Map<String, Value> = t4
        .metrics
        .iter()
        .map(|m| {
            let value = json!({
                "slo_target": Number(m.slo_target),
                "p95": Number(m.p95),
                "p99": Number(m.p99),
                "p99_9": Number(m.p99_9),
                "excellence_compliance_rate": Number(m.rate()),
                "compliant": m.compliant.to_string(),
                "sample_size": m.sample_size,
                "t4_compliant": m.t4_compliant,
                "rate_lower_bound": Number(m.rate_lower_bound),
                "t4_proven": m.t4_proven,
                "proof_needs": m.proof_needs.map(|n| n.to_string()),
            });
            (m.name.clone(), value)
        })
        .collect();
    json!({
        "overall_t4_compliant": t4.overall_compliant,
        "excellence_threshold": Number(t4.threshold.to_f64()),
        "metrics": metrics,
        "not_tested": t4.not_tested,
    })
}

/// The document's compliance report.
pub(crate) fn compliance_report(report: &Report, t4: &Excellence, timestamp: &str) -> Value {
    json!({
        "report_timestamp": timestamp,
        "overall_compliance": {
            "score": report.score.map(Number),
            "compliant_metrics": report.compliant_metrics,
            "total_metrics": report.total_metrics,
            "risk_level": report.risk.word(),
        },
    "validation_results": t4_excellence(t4),
        "recommendations": report.recommendations,
    })
}

/// The document's two regression result objects per metric, and the tests behind them.
pub(crate) fn add_regressions(evidence: &mut Evidence, regressions: &[Regression]) {
    evidence.results.insert("regression".into(), regressions.iter().map(regression).collect());
}

fn regression(r: &Regression) -> Value {
    let (m, l) = (&r.mean, &r.latency);
    json!({
        "metric": r.name,
        "mean": {
            "baseline_mean": Number(m.baseline_mean),
            "current_mean": Number(m.current_mean),
            "difference": Number(m.difference),
            "p_value": Number(m.p_value),
            "significant": m.significant,
            "regression_detected": m.regression_detected,
            "effect_size_cohens_d": Number(m.effect_size_cohens_d),
            "confidence_level": Number(m.confidence_level.to_f64()),
        },
        "latency": {
            "historical_median": Number(l.historical_median),
            "current_median": Number(l.current_median),
            "median_difference": Number(l.median_difference),
            "p_value": Number(l.p_value),
            "significant_change": l.significant_change,
            "regression_detected": l.regression_detected,
            "effect_size": Number(l.effect_size),
            "performance_class": l.performance_class.word(),
            "sample_sizes": {
                "historical": l.sample_sizes.0,
                "current": l.sample_sizes.1,
            },
        },
        "permutation": {
            "raw": counts(&r.permutation.raw),
            "studentized": r.permutation.studentized.as_ref().map(counts),
            "t": r.permutation.t.map(Number),
        },
        "mann_whitney": {
            "u": Number(r.mann_whitney.u),
            "p_two_sided": Number(r.mann_whitney.p.two_sided),
            "p_candidate_smaller": Number(r.mann_whitney.p.less),
            "p_candidate_larger": Number(r.mann_whitney.p.greater),
            "method": format!("{:?}", r.mann_whitney.method).to_lowercase(),
        },
        "hodges_lehmann": {
            "shift": Number(r.shift.shift),
            "interval": [Number(r.shift.lo), Number(r.shift.hi)],
            "achieved_level": Number(r.shift.achieved),
        },
    })
}

fn counts(c: &Counts) -> Value {
    json!({
        "p_two_sided": Number(c.p_two_sided()),
        "p_candidate_larger": Number(c.p_greater()),
        "p_candidate_smaller": Number(c.p_less()),
        "relabellings": c.total.to_string(),
        "exhaustive": c.exhaustive,
    })
}
