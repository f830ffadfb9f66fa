use serde_json::{Value, json};
use tailproof_reporting::{Check, Outcome, printable};

use super::Verified;

/// A line for every check, then one that says it all.
pub(super) fn table(all: &[Verified], stray: &[Check], outcome: Outcome, key: bool) -> String {
    let mut text = String::new();
    for one in all {
        let says = one.says.as_ref().map(|says| format!(": {says}")).unwrap_or_default();
        text.push_str(&format!("{}{says}\n", printable(&one.name)));
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
                "says": one.says,
                "outcome": one.outcome().word(),
                "signed": one.signed,
                "checks": checks(&one.checks),
                "differences": differences,
                "more_differences": one.differences.more,
                "not_recomputable": one.differences.not_recomputable,
                "texts_not_compared": one.differences.texts,
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
        Outcome::Verified | Outcome::Told => format!(
            "VERIFIED: whole, and every finding recomputed from the data; {who}. {}",
            said(all)
        ),
        Outcome::Open => {
            let texts = all.iter().any(|v| !v.differences.texts.is_empty());
            let (what, next) = if texts {
                (
                    "the numbers agree, but texts were not compared",
                    "look at them with the version that made them",
                )
            } else if of("input", Outcome::Open) {
                (
                    "the findings were not recomputed",
                    "give the data named above to recompute the findings",
                )
            } else if all.iter().flat_map(|v| &v.checks).any(|c| c.detail == "no: --no-recompute") {
                ("the findings were not recomputed", "leave out --no-recompute to do so")
            } else if of("chain", Outcome::Open) {
                ("a link of the chain is missing", "give the evidence named above")
            } else {
                (
                    "the findings were not recomputed",
                    "nothing more can be checked; run it anew to compare",
                )
            };
            format!("NOT ALL CHECKED: whole, but {what}; {who}; {next}. {}", said(all))
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

/// What the evidence says, so that nobody takes "verified" for "passed".
fn said(all: &[Verified]) -> String {
    /// Most pieces of evidence that are told.
    const MOST: usize = 5;
    let says: Vec<&str> = all.iter().filter_map(|one| one.says.as_deref()).collect();
    let more = match says.len().saturating_sub(MOST) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let it = if says.len() == 1 { "It says" } else { "They say" };
    format!("{it}: {}{more}", says[..says.len().min(MOST)].join("; "))
}
