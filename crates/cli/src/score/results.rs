//! A scorecard in JSON, beside its findings: `results.scorecard` of the evidence.

use serde_json::{Value, json};
use tailproof_scorecard::{Scorecard, domains};

/// The decision and what led to it, for machines.
pub(super) fn results(card: &Scorecard) -> Value {
    let success = &card.success;
    json!({
        "decision": if card.decision.asked {
            card.decision.readiness.to_string()
        } else {
            "nothing to decide".to_owned()
        },
        "because": card.decision.because,
        "judged": card.decision.judged,
        "success": {
            "passed": success.passed,
            "decided": success.decided,
            "undecided": success.undecided,
            "unmeasured": success.unmeasured,
            "rate": success.rate(),
            "wilson_95": success.interval.map(|(lo, hi)| [lo, hi]),
            "left_out": success.left_out,
            "would_meet": success.would_meet,
            "with_a_value": success.with_a_value,
        },
        "weighted_score": {
            "at_least": card.score.at_least,
            "at_most": card.score.at_most,
            "open": card.score.open(),
        },
        "domains": domains(&card.rows).iter().map(|d| json!({
            "name": d.name,
            "status": d.status.word(),
            "passed": d.passed,
            "decided": d.decided,
            "rows": d.rows,
        })).collect::<Vec<_>>(),
        "risks": card.risks.iter().map(|r| json!({
            "level": r.level.to_string(),
            "row": r.what,
            "because": r.because,
        })).collect::<Vec<_>>(),
        "recommendations": card.recommendations.iter().map(|r| json!({
            "when": r.when.to_string(),
            "row": r.row,
            "text": r.text,
        })).collect::<Vec<_>>(),
        "published": card.claims.iter().map(|c| json!({
            "what": c.what,
            "said": c.said,
            "found": c.found,
            "holds": c.holds,
        })).collect::<Vec<_>>(),
    })
}
