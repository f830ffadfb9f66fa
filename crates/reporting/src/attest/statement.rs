use serde_json::{Map, Value, json};
use tailproof_core::{Class, Finding, Reason, Verdict};

use super::envelope::{Envelope, EnvelopeError};
use super::key::{PrivateKey, PublicKey};
use crate::evidence::Evidence;
use crate::seal::{sha256_hex, strict};
use crate::verify::difference::expectation;

/// Payload type of a statement in an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Type of a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// Type of what is stated: the result of tests.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// Annotation of the subject: the hash that the evidence carries of itself.
const OWN_HASH: &str = "tailproof.evidence.sha256";

/// The in-toto statement about a file of evidence: `name`, its bytes, what it holds, and the hash
/// that it carries of itself.
///
/// Findings are the tests: those that failed and gate in `failedTests`, those that could not be
/// decided or gate nothing in `warnedTests`, the rest in `passedTests`. The result is `FAILED`
/// when something failed, `WARNED` when something tested is open or nothing was tested, `PASSED`
/// otherwise; a decision stands for all others.
#[must_use]
pub fn statement(name: &str, bytes: &[u8], evidence: &Evidence, own: Option<&str>) -> Value {
    let mut subject = json!({"name": name, "digest": {"sha256": sha256_hex(bytes)}});
    if let Some(own) = own {
        subject["annotations"] = json!({OWN_HASH: own});
    }
    let configuration: Vec<Value> = evidence.inputs.iter().map(descriptor).collect();
    let named = |wanted: Outcome| -> Vec<String> {
        let of = |f: &&Finding| outcome(f) == wanted;
        evidence.findings.iter().filter(of).map(expectation).collect()
    };
    json!({
        "_type": STATEMENT_TYPE,
        "subject": [subject],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "result": result(&evidence.findings),
            "configuration": configuration,
            "passedTests": named(Outcome::Passed),
            "warnedTests": named(Outcome::Warned),
            "failedTests": named(Outcome::Failed),
        },
    })
}

/// Signs a file of evidence: the line of its `.intoto.jsonl`.
///
/// `name` is the file's name without its folder, `bytes` are those of the file, `own` is the hash
/// that the evidence carries of itself.
#[must_use]
pub fn sign(
    name: &str,
    bytes: &[u8],
    evidence: &Evidence,
    own: Option<&str>,
    key: &PrivateKey,
) -> String {
    let payload = statement(name, bytes, evidence, own).to_string();
    Envelope::sign(PAYLOAD_TYPE, payload.as_bytes(), key).to_line()
}

/// What an envelope says of a file of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The key that signed it; the keys that are named, when none was given to check.
    pub key: String,
    /// Whether the signature was checked.
    pub checked: bool,
}

impl Signed {
    /// Reads the envelope of a file with these bytes, and checks it with the key when there is
    /// one.
    ///
    /// # Errors
    /// No envelope, a bad signature, another payload, or a statement about another file.
    pub fn read(
        line: &str,
        bytes: &[u8],
        own: Option<&str>,
        key: Option<&PublicKey>,
    ) -> Result<Self, EnvelopeError> {
        let shape = EnvelopeError::Statement;
        let envelope = Envelope::from_line(line)?;
        let payload = match key {
            Some(key) => envelope.check(key)?,
            None => envelope.payload()?,
        };
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(shape("the payload is no in-toto statement"));
        }
        let text = str::from_utf8(&payload).map_err(|_| shape("the statement is not text"))?;
        let statement = strict(text).map_err(|e| EnvelopeError::Shape(e.to_string()))?;
        if statement["_type"] != STATEMENT_TYPE || statement["predicateType"] != PREDICATE_TYPE {
            return Err(shape("the payload is no in-toto statement of a test result"));
        }
        let digest = sha256_hex(bytes);
        let subjects = statement["subject"].as_array().map_or(&[][..], Vec::as_slice);
        let subject = subjects
            .iter()
            .find(|s| s["digest"]["sha256"] == digest.as_str())
            .ok_or_else(|| shape("the statement is about a file with other bytes"))?;
        if subject["annotations"].get(OWN_HASH).is_some_and(|hash| hash.as_str() != own) {
            return Err(shape("the statement names another hash of the evidence"));
        }
        let id = key.map(PublicKey::id);
        let named = || envelope.key_ids().take(3).collect::<Vec<_>>().join(", ");
        Ok(Self { checked: id.is_some(), key: id.unwrap_or_else(named) })
    }
}

/// An input as a resource descriptor.
fn descriptor(input: &crate::evidence::InputRecord) -> Value {
    let mut annotations = Map::new();
    annotations.insert("role".into(), json!(input.role));
    annotations.insert("bytes".into(), json!(input.bytes.to_string()));
    json!({"name": input.name, "digest": {"sha256": input.sha256}, "annotations": annotations})
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Warned,
    Failed,
}

fn outcome(finding: &Finding) -> Outcome {
    match (&finding.verdict, finding.class) {
        (Verdict::Fail, Class::Other) | (Verdict::Inconclusive(_), _) => Outcome::Warned,
        (Verdict::Fail, _) => Outcome::Failed,
        (Verdict::Pass | Verdict::NoDetectableChange { .. }, _) => Outcome::Passed,
    }
}

fn result(findings: &[Finding]) -> &'static str {
    let decided = findings.iter().any(|f| f.class == Class::Decision);
    let counting = || {
        findings
            .iter()
            .filter(|f| !decided || f.class == Class::Decision)
            .filter(|f| f.verdict != Verdict::Inconclusive(Reason::NotTested))
    };
    if counting().any(|f| outcome(f) == Outcome::Failed) {
        "FAILED"
    } else if counting().next().is_none()
        || counting().any(|f| matches!(f.verdict, Verdict::Inconclusive(_)))
    {
        "WARNED"
    } else {
        "PASSED"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Subject;

    fn finding(class: Class, verdict: Verdict) -> Finding {
        let subject = Subject { metric: "latency".into(), ..Subject::default() };
        Finding::new(class, subject, "p95 <= 150 ms", verdict)
    }

    #[test]
    fn results_never_call_open_findings_passed() {
        let open = || finding(Class::Slo, Verdict::Inconclusive(Reason::Absent));
        let (pass, fail) =
            (|class| finding(class, Verdict::Pass), |class| finding(class, Verdict::Fail));
        for (findings, want) in [
            (vec![pass(Class::Slo)], "PASSED"),
            (vec![pass(Class::Slo), open()], "WARNED"),
            (vec![], "WARNED"),
            (vec![open(), fail(Class::Missing)], "FAILED"),
            (vec![pass(Class::Slo), fail(Class::Other)], "PASSED"),
            (vec![pass(Class::Decision), fail(Class::Slo)], "PASSED"),
        ] {
            assert_eq!(result(&findings), want, "{findings:?}");
        }
        let evidence = Evidence::new("a", vec![pass(Class::Slo), open(), fail(Class::Slo)]);
        let of = statement("a.json", b"bytes", &evidence, None)["predicate"].take();
        for list in ["passedTests", "warnedTests", "failedTests"] {
            assert_eq!(of[list], json!(["slo latency: p95 <= 150 ms"]), "{list}");
        }
    }

    #[test]
    fn an_envelope_holds_for_one_file() {
        let key = PrivateKey::from_seed(&[7; 32]);
        let evidence = Evidence::new("a", vec![]);
        let line = sign("a.json", b"bytes", &evidence, Some("abc"), &key);
        let read =
            |bytes: &[u8], own, key: Option<&PublicKey>| Signed::read(&line, bytes, own, key);
        let public = key.public();
        assert!(read(b"bytes", Some("abc"), Some(&public)).unwrap().checked);
        assert!(!read(b"bytes", Some("abc"), None).unwrap().checked);
        for bad in [read(b"Bytes", Some("abc"), None), read(b"bytes", Some("abd"), Some(&public))] {
            assert!(bad.is_err(), "{bad:?}");
        }
        // A good signature of something that is no statement of a test result.
        for (kind, payload) in
            [("text/plain", "{}"), (PAYLOAD_TYPE, "{}"), (PAYLOAD_TYPE, "[{\"subject\": 3}]")]
        {
            let other = Envelope::sign(kind, payload.as_bytes(), &key).to_line();
            assert!(Signed::read(&other, b"bytes", None, Some(&public)).is_err(), "{kind}");
        }
    }
}
