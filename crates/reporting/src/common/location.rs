//! Where a finding is shown, and by what it is known again, on pages made for lines of code.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tailproof_core::Finding;

use crate::common::gating;
use crate::evidence::Evidence;

/// The file that findings are shown at: the configuration, the first input, or the file that
/// would configure it. Relative, with slashes, without steps up.
pub(crate) fn file(evidence: &Evidence) -> String {
    const USUAL: &str = "tailproof.toml";
    configuration(evidence).or_else(|| first(evidence, "")).unwrap_or_else(|| USUAL.to_owned())
}

/// The configuration file alone, when there is one: what a change of the code may show.
pub(crate) fn configuration(evidence: &Evidence) -> Option<String> {
    first(evidence, "configuration")
}

/// The first input of a role, or of any.
fn first(evidence: &Evidence, role: &str) -> Option<String> {
    let mut inputs = evidence.inputs.iter().filter(|i| role.is_empty() || i.role == role);
    inputs.find_map(|i| Some(inside(&i.name)).filter(|name| !name.is_empty()))
}

/// A path below the working folder; nothing for standard input.
pub(crate) fn inside(name: &str) -> String {
    let parts = name.split(['/', '\\']);
    let real = |part: &&str| !["", ".", "..", "-"].contains(part) && !part.ends_with(':');
    parts.filter(real).collect::<Vec<_>>().join("/")
}

/// A relative path as a URI reference.
pub(crate) fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Fingerprints of findings: of what is claimed of what, not of the answer, so that the same
/// finding of the next run has the same one.
#[derive(Debug, Default)]
pub(crate) struct Fingerprints(BTreeMap<String, u64>);

impl Fingerprints {
    /// The fingerprint of a finding, 64 hexadecimal digits; of several alike each has its own,
    /// by their order.
    pub(crate) fn of(&mut self, evidence: &Evidence, f: &Finding) -> String {
        let s = &f.subject;
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for text in [&evidence.component, gating::class(f), &s.metric, &f.claim] {
            part(text);
        }
        for text in [&s.benchmark, &s.statistic] {
            part(text.as_deref().unwrap_or_default());
        }
        for (name, value) in &s.labels {
            part(name);
            part(value);
        }
        let hex = |hash: Sha256| -> String {
            hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
        };
        let first = hex(hash.clone());
        let seen = self.0.entry(first.clone()).or_default();
        *seen += 1;
        if *seen == 1 {
            return first;
        }
        hash.update(seen.to_be_bytes());
        hex(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InputRecord;
    use tailproof_core::{Class, Subject, Verdict};

    #[test]
    fn findings_are_shown_at_the_configuration() {
        let mut evidence = Evidence::new("c", vec![]);
        assert_eq!(file(&evidence), "tailproof.toml");
        let input = |role: &str, name: &str| InputRecord {
            role: role.to_owned(),
            name: name.to_owned(),
            sha256: String::new(),
            bytes: 0,
            format: String::new(),
        };
        evidence.inputs = vec![input("data", "-"), input("data", "a b.csv")];
        assert_eq!((file(&evidence), configuration(&evidence)), ("a b.csv".to_owned(), None));
        evidence.inputs.push(input("configuration", "..\\ci/./slo.toml"));
        assert_eq!(file(&evidence), "ci/slo.toml");
        assert_eq!(configuration(&evidence), Some(file(&evidence)));
        assert_eq!((inside("C:\\x"), inside("//x")), ("x".to_owned(), "x".to_owned()));
        assert_eq!(uri("a b/ü%.csv"), "a%20b/%C3%BC%25.csv");
    }

    #[test]
    fn fingerprints_do_not_hang_on_the_answer() {
        let evidence = Evidence::new("c", vec![]);
        let subject = |metric: &str| Subject { metric: metric.to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject("a"), "p95 <= 1", Verdict::Pass);
        let pass = Fingerprints::default().of(&evidence, &f);
        (f.verdict, f.estimate) = (Verdict::Fail, Some(2.0));
        let mut seen = Fingerprints::default();
        assert_eq!(seen.of(&evidence, &f), pass);
        assert!(pass.len() == 64 && seen.of(&evidence, &f) != pass);
        f.subject = subject("b");
        assert_ne!(seen.of(&evidence, &f), pass);
    }
}
