//! Whether the sections of document 0's artifact say what the evidence inside them says.

use serde_json::{Map, Value, json};
use tailproof_core::{Class, Finding, Verdict};

use crate::evidence::Evidence;

/// The first thing in an artifact that does not follow from its evidence; `recorded` is the
/// evidence object as it stands in the document.
///
/// Times are only checked to be times: how long something took follows from nothing.
pub(crate) fn inconsistency(
    document: &Value,
    recorded: &Value,
    evidence: &Evidence,
) -> Option<String> {
    let none = Map::new();
    let artifact = document.as_object()?;
    let wanted = sections(recorded, evidence);
    for key in artifact.keys().filter(|k| *k != "evidence") {
        if !wanted.iter().any(|(name, _)| name == key) {
            return Some(format!("unknown section {key:?}"));
        }
    }
    for (name, want) in &wanted {
        let is = artifact.get(*name).unwrap_or(&Value::Null);
        let Some(section) = want.as_object() else {
            if is != want {
                return Some(format!("{name} is {is}, the evidence says {want}"));
            }
            continue;
        };
        let found = is.as_object().unwrap_or(&none);
        for (key, want) in section {
            match found.get(key) {
                Some(is) if alike(is, want) => {}
                Some(is) => return Some(format!("{name}.{key} is {is}, the evidence says {want}")),
                None => return Some(format!("{name}.{key} is missing")),
            }
        }
        if let Some(wrong) = times(name, found, section) {
            return Some(wrong);
        }
    }
    None
}

/// Every section as it follows from the evidence, without times.
fn sections(recorded: &Value, evidence: &Evidence) -> Vec<(&'static str, Value)> {
    let results = &recorded["results"];
    let objectives: Vec<&Finding> =
        evidence.findings.iter().filter(|f| f.class == Class::Slo).collect();
    let validated = !objectives.is_empty()
        && objectives.iter().all(|f| !matches!(f.verdict, Verdict::Inconclusive(_)));
    let drawn = results["slo_compliance"].as_array().into_iter().flatten();
    let samples = drawn.filter_map(|r| r["bootstrap_samples"].as_u64()).max().unwrap_or(0);
    let level = evidence.settings.level;
    let compared = results.get("regression").is_some();
    let t4 = &results["t4_excellence"];
    let filled = |value: &Value| match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => false,
    };
    let report = &results["compliance_report"];
    vec![
        ("component", json!(evidence.component)),
        ("validation_timestamp", json!(evidence.created)),
        (
            "bootstrap_validation",
            json!({
                "samples": samples,
                "confidence_level": level.map(tailproof_core::Level::to_f64),
                "slo_compliance_validated": validated,
            }),
        ),
        (
            "statistical_testing",
            json!({
                "regression_detection": compared,
                "significance_level": level.map(|l| l.alpha().to_f64()),
                "effect_size_calculated": compared,
            }),
        ),
        (
            "t4_excellence",
            json!({
                "threshold": t4["excellence_threshold"],
                "compliance_validated": filled(&t4["metrics"]) && !filled(&t4["not_tested"]),
                "overall_compliant": t4["overall_t4_compliant"] == true,
            }),
        ),
        (
            "reporting",
            json!({
                "automated_reports": !evidence.findings.is_empty(),
                "compliance_scoring": !report["overall_compliance"]["score"].is_null(),
                "recommendations_generated": filled(&report["recommendations"]),
            }),
        ),
    ]
}

/// Numbers by value: `1` is `1.0`.
fn alike(is: &Value, want: &Value) -> bool {
    is == want || matches!((is.as_f64(), want.as_f64()), (Some(a), Some(b)) if a == b)
}

/// Whether the rest of a section is a time, or the reason why there is none.
fn times(name: &str, found: &Map<String, Value>, section: &Map<String, Value>) -> Option<String> {
    for (key, value) in found.iter().filter(|(key, _)| !section.contains_key(*key)) {
        let fine = match key.as_str() {
            "performance_ms" => value.is_null() || value.as_f64().is_some_and(|ms| ms >= 0.0),
            "performance_ms_reason" => value.is_string() && found["performance_ms"].is_null(),
            _ => false,
        };
        if !fine {
            return Some(format!("{name}.{key} is {value}, which is not one of its members"));
        }
    }
    let timeless = !section.is_empty() && !found.contains_key("performance_ms");
    timeless.then(|| format!("{name}.performance_ms is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(evidence: &Evidence) -> Value {
        let recorded = evidence.to_value();
        let mut document = json!({"evidence": recorded.clone()});
        for (name, mut section) in sections(&recorded, evidence) {
            if section.is_object() {
                section["performance_ms"] = json!(0.5);
            }
            document[name] = section;
        }
        document
    }

    #[test]
    fn every_member_is_checked() {
        let evidence = Evidence::new("a", vec![]);
        let good = artifact(&evidence);
        let wrong = |document: &Value| inconsistency(document, &document["evidence"], &evidence);
        assert_eq!(wrong(&good), None);
        for (section, key) in [
            ("bootstrap_validation", "samples"),
            ("bootstrap_validation", "slo_compliance_validated"),
            ("statistical_testing", "regression_detection"),
            ("t4_excellence", "overall_compliant"),
            ("reporting", "automated_reports"),
            ("reporting", "performance_ms"),
            ("reporting", "news"),
        ] {
            let mut other = good.clone();
            other[section][key] = json!("7");
            assert!(wrong(&other).is_some_and(|w| w.contains(key)), "{section}.{key}");
            other[section].as_object_mut().unwrap().remove(key);
            assert_eq!(wrong(&other).is_none(), key == "news", "{section}.{key}");
        }
        for (key, value) in [("component", json!("b")), ("reporting", json!(3)), ("news", json!(1))]
        {
            let mut other = good.clone();
            other[key] = value;
            assert!(wrong(&other).is_some(), "{key}");
        }
    }
}
