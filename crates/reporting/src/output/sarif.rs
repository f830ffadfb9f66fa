//! SARIF 2.1.0, for pages that show findings beside code.

use serde_json::{Map, Value, json};
use tailproof_core::Finding;

use crate::common::facts::{Fact, facts};
use crate::common::gating::{self, Outcome, outcomes};
use crate::common::location::{self, Fingerprints};
use crate::common::text::printable;
use crate::common::time;
use crate::evidence::{Evidence, Number};
use crate::output::table::headline;

/// Kinds of claim: id, name, what it says, and what to do about it.
const RULES: [[&str; 4]; 4] = [
    [
        "slo",
        "ObjectiveMet",
        "A service level objective is met.",
        "Compare the bound that decided with the target. Where the bounds straddle the target, \
         more observations settle it.",
    ],
    [
        "regression",
        "NoRegression",
        "A benchmark is not worse than its baseline by more than the margin.",
        "Compare base and candidate, find the change, and mend or accept it.",
    ],
    [
        "missing",
        "BenchmarkPresent",
        "A declared benchmark was measured.",
        "Measure it again, or take it out of what is declared.",
    ],
    [
        "decision",
        "ReleaseReady",
        "A release is ready.",
        "See what the decision rests on: the failed and the open rows of the scorecard.",
    ],
];

/// A SARIF 2.1.0 log of one run: a result for every finding that failed (level `error`; `warning`
/// where a decision has weighed it) or could not be decided (kind `open`).
///
/// What passed, showed no change, was not tested or never gates is counted, each for itself, in
/// the properties of the run and is no result: GitHub's code scanning makes an alert of every
/// result, whatever its kind. Open results have no level, since the standard allows none but
/// `none` there; readers that know no kinds take that of the rule, `warning`.
///
/// Results stand in line 1 of the configuration file, or of the first input. Their fingerprints
/// hang on what is claimed, not on the numbers, so that they stay the same over runs.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, sarif};
///
/// let finding = Finding::new(Class::Slo, Subject::default(), "p95 <= 1 ms", Verdict::Fail);
/// let log: serde_json::Value = serde_json::from_str(&sarif(&[Evidence::new("c", vec![finding])]))?;
/// assert_eq!(log["runs"][0]["results"][0]["level"], "error");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn sarif(parts: &[Evidence]) -> String {
    let mut seen = Fingerprints::default();
    let mut results = Vec::new();
    for part in parts {
        for (f, outcome) in outcomes(part) {
            // Counted for all, so that an answer does not change the order.
            let fingerprint = seen.of(part, f);
            results.extend(result(part, f, outcome, &fingerprint));
        }
    }
    let tool = parts.first().map(|p| &p.tool);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Tailproof",
                "version": tool.map_or(env!("CARGO_PKG_VERSION").to_owned(), |t| printable(&t.version)),
                "informationUri": env!("CARGO_PKG_HOMEPAGE"),
                "rules": RULES.map(rule),
            }},
            "invocations": parts.iter().map(invocation).collect::<Vec<_>>(),
            "artifacts": artifacts(parts),
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).expect("maps with string keys");
    text.push('\n');
    text
}

fn rule([id, name, what, help]: [&str; 4]) -> Value {
    json!({
        "id": id,
        "name": name,
        "shortDescription": { "text": what },
        "fullDescription": { "text": format!("{what} Judged with an interval at a stated level.") },
        "help": { "text": help },
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["performance"] },
    })
}

fn result(part: &Evidence, f: &Finding, outcome: Outcome, fingerprint: &str) -> Option<Value> {
    let (kind, level) = match outcome {
        Outcome::Failed => ("fail", Some("error")),
        Outcome::Weighed => ("fail", Some("warning")),
        Outcome::Open => ("open", None),
        Outcome::Passed | Outcome::Unchanged | Outcome::Ungated | Outcome::Untested => return None,
    };
    let class = gating::class(f);
    let index = RULES.iter().position(|rule| rule[0] == class)?;
    let mut all = Map::new();
    all.insert("ruleId".into(), class.into());
    all.insert("ruleIndex".into(), index.into());
    all.insert("kind".into(), kind.into());
    all.extend(level.map(|level| ("level".to_owned(), level.into())));
    all.insert("message".into(), json!({ "text": message(part, f) }));
    let file = location::uri(&location::file(part));
    all.insert(
        "locations".into(),
        json!([{ "physicalLocation": {
            "artifactLocation": { "uri": file },
            "region": { "startLine": 1 },
        }}]),
    );
    all.insert(
        "partialFingerprints".into(),
        json!({
            // What GitHub looks at; of the line it stands in all findings would have the same.
            "primaryLocationLineHash": format!("{}:1", &fingerprint[..16]),
            "tailproofClaim/v1": fingerprint,
        }),
    );
    all.insert("properties".into(), properties(part, f));
    Some(Value::Object(all))
}

/// Component, subject and why; braces and brackets as the standard wants them.
fn message(part: &Evidence, f: &Finding) -> String {
    let text = format!("{}: {}: {}", part.component, gating::subject(f), gating::why(f));
    let text = printable(&text).replace('{', "{{").replace('}', "}}");
    // Only brackets that make a link need it.
    if text.contains("](") {
        return text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    }
    text
}

/// All facts; counts are decimal strings, because they may exceed 2⁵³.
fn properties(part: &Evidence, f: &Finding) -> Value {
    let value = |fact: Fact| match fact {
        Fact::Text(t) => Value::String(printable(&t)),
        Fact::Number(x) => serde_json::to_value(Number(x)).unwrap_or(Value::Null),
        Fact::Count(n) => Value::String(n.to_string()),
    };
    let said = |(name, fact): (&str, Option<Fact>)| Some((name.to_owned(), value(fact?)));
    let all = facts(part, f).into_iter().filter(|(name, _)| *name != "why").filter_map(said);
    Value::Object(all.collect())
}

fn invocation(part: &Evidence) -> Value {
    let mut counts = Map::new();
    for (name, outcome) in [
        ("passed", Outcome::Passed),
        ("noDetectableChange", Outcome::Unchanged),
        ("failed", Outcome::Failed),
        ("weighed", Outcome::Weighed),
        ("refutedOrAccepted", Outcome::Ungated),
        ("open", Outcome::Open),
        ("notTested", Outcome::Untested),
    ] {
        counts.insert(name.into(), outcomes(part).filter(|(_, o)| *o == outcome).count().into());
    }
    let verdict = headline(&part.findings);
    let mut all = Map::new();
    // It ran to its end, whatever it found.
    all.insert("executionSuccessful".into(), true.into());
    let created = part.created.as_ref().filter(|t| t.ends_with('Z') && time::seconds(t).is_some());
    all.extend(created.map(|t| ("endTimeUtc".to_owned(), t.clone().into())));
    let properties = json!({
        "component": printable(&part.component), "verdict": verdict, "findings": counts,
    });
    all.insert("properties".into(), properties);
    Value::Object(all)
}

/// The inputs of all parts, each once.
fn artifacts(parts: &[Evidence]) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    let inputs = parts.iter().flat_map(|part| &part.inputs);
    inputs
        .filter_map(|input| {
            let path = location::inside(&input.name);
            let new = !path.is_empty() && seen.insert((path.clone(), input.sha256.clone()));
            new.then(|| {
                let mut all = Map::new();
                all.insert("location".into(), json!({ "uri": location::uri(&path) }));
                // The reference library reads no file whose lengths do not fit 32 bits.
                let length = i32::try_from(input.bytes).ok();
                all.extend(length.map(|n| ("length".to_owned(), n.into())));
                all.insert("hashes".into(), json!({ "sha-256": printable(&input.sha256) }));
                all.insert("description".into(), json!({ "text": printable(&input.role) }));
                Value::Object(all)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Reason, Subject, Verdict};

    fn finding(class: Class, verdict: Verdict) -> Finding {
        let subject = Subject { metric: "a{b}[c](d)".to_owned(), ..Subject::default() };
        let mut f = Finding::new(class, subject, "p95 <= 1", verdict);
        (f.estimate, f.target) = (Some(f64::INFINITY), Some(1.0));
        f
    }

    fn log(findings: Vec<Finding>) -> Value {
        serde_json::from_str(&sarif(&[Evidence::new("c", findings)])).unwrap()
    }

    #[test]
    fn what_failed_or_is_open_is_a_result() {
        let open = Verdict::Inconclusive(Reason::Absent);
        let run = &log(vec![
            finding(Class::Slo, Verdict::Pass),
            finding(Class::Regression, Verdict::Fail),
            finding(Class::Missing, open),
            finding(Class::Other, Verdict::Fail),
            finding(Class::Regression, Verdict::NoDetectableChange { would_have_shown: None }),
        ])["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        assert_eq!((&results[0]["ruleIndex"], &results[0]["level"]), (&json!(1), &json!("error")));
        assert_eq!((&results[1]["kind"], &results[1]["level"]), (&json!("open"), &Value::Null));
        assert_eq!(results[0]["properties"]["estimate"], "inf");
        assert_eq!(results[0]["message"]["text"], "c: a{{b}}\\[c\\](d): p95 <= 1: FAIL");
        let found = &run["invocations"][0]["properties"]["findings"];
        assert_eq!((&found["passed"], &found["refutedOrAccepted"]), (&json!(1), &json!(1)));
        assert_eq!(found["noDetectableChange"], 1);
        let properties = &results[0]["properties"];
        assert_eq!(
            (&properties["guarantee"], &properties["provenance"]),
            (&json!("exact"), &json!("measured"))
        );
    }

    #[test]
    fn fingerprints_differ_within_a_run_and_not_between_runs() {
        let two = || log(vec![finding(Class::Slo, Verdict::Fail); 2]);
        let print = |log: &Value, i: usize| {
            log["runs"][0]["results"][i]["partialFingerprints"]["primaryLocationLineHash"].clone()
        };
        let (a, b) = (two(), two());
        assert_ne!(print(&a, 0), print(&a, 1));
        assert_eq!(print(&a, 1), print(&b, 1));
        assert_eq!(log(vec![])["runs"][0]["results"], json!([]));
    }
}
