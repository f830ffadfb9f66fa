use serde_json::{Value, json};
use tailproof_reporting::{Check, Outcome, printable};

use super::Verified;

/// A line for every check, then one that says it all.
pub(super) fn table(all: &[Verified], stray: &[Check], outcome: Outcome, key: bool) -> String {
    let mut text = String::new();
    for one in all {
        text.push_str(&format!("{}\n", printable(&one.name)));
        for check in &one.checks {
            text.push_str(&row(check));
        }
        for difference in &one.differences.found {
            text.push_str(&format!("      {}\n", printable(&difference.to_string())));
        }
        if one.differences.more > 0 {
            text.push_str(&format!("      and {} more\n", one.differences.more));
        }
    }
    for check in stray {
        text.push_str(&row(check));
    }
    text.push_str(&format!("{}\n", summary(all, stray, outcome, key)));
    text
}

fn row(check: &Check) -> String {
    let (sign, word) = (check.outcome.sign(), check.outcome.word());
    format!("  {sign} {word:<11}  {:<13}  {}\n", check.what, check.detail)
}

/// The same for machines.
pub(super) fn json(
    all: &[Verified],
    stray: &[Check],
    outcome: Outcome,
    key: bool,
    code: u8,
) -> String {
    let checks = |all: &[Check]| -> Vec<Value> {
        all.iter()
            .map(|c| json!({"check": c.what, "outcome": c.outcome.word(), "detail": c.detail}))
            .collect()
    };
    let files: Vec<Value> = all
        .iter()
        .map(|one| {
            let differences: Vec<Value> = one
                .differences
                .found
                .iter()
                .map(|d| json!({"place": d.place, "what": d.what}))
                .collect();
            json!({
                "evidence": one.name,
                "outcome": one.outcome().word(),
                "signed": one.signed,
                "checks": checks(&one.checks),
                "differences": differences,
                "more_differences": one.differences.more,
                "not_recomputable": one.differences.not_recomputable,
            })
        })
        .collect();
    let value = json!({
        "schema": "tailproof.verification/1",
        "outcome": outcome.word(),
        "exit_code": code,
        "summary": summary(all, stray, outcome, key),
        "files": files,
        "other_files": checks(stray),
    });
    let mut text = serde_json::to_string_pretty(&value).expect("strings and lists");
    text.push('\n');
    text
}

/// What was verified and what not, in plain words, and what to do next.
fn summary(all: &[Verified], stray: &[Check], outcome: Outcome, key: bool) -> String {
    let mut checks = all.iter().flat_map(|v| &v.checks).chain(stray);
    let of = |what: &'static str, outcome: Outcome| {
        all.iter().flat_map(|v| &v.checks).any(|c| c.what == what && c.outcome == outcome)
    };
    let who = match (key, all.iter().all(|v| v.signed)) {
        (true, _) => "signed by the given key",
        (false, true) => "signature not checked (give --key PUB)",
        (false, false) => "unsigned: who made it is not known",
    };
    match outcome {
        Outcome::Verified | Outcome::Told => {
            format!("VERIFIED: whole, and every finding recomputed from the data; {who}")
        }
        Outcome::Open => {
            let next = if of("input", Outcome::Open) {
                "give the data named above to recompute the findings"
            } else {
                "nothing more can be checked; run it anew to compare"
            };
            format!("NOT ALL CHECKED: whole, but the findings were not recomputed; {who}; {next}")
        }
        Outcome::Unreadable => {
            "UNREADABLE: not evidence that this version reads; nothing in it can be relied on; \
             get the file again, or a newer tailproof"
                .to_owned()
        }
        Outcome::Differs => {
            let first =
                checks.find(|c| c.outcome == Outcome::Differs).map_or("something", |c| c.what);
            format!(
                "DIFFERS: do not rely on it ({first}, see above); get evidence and data again from \
                 where they were made, or run it anew"
            )
        }
    }
}
