use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::attest::{PublicKey, Signed};
use crate::common::text::printable;
use crate::evidence::{Evidence, EvidenceError, InputRecord};
use crate::output::table::headline;
use crate::seal::{
    computed_hash, evidence_object, is_configuration_whole, recorded_hash, seal, sha256_hex, strict,
};
use crate::verify::artifact;
use crate::verify::difference::{Differences, differences, expectations};

/// How a check came out, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is right.
    Verified,
    /// Nothing was to check here; it is said so that nobody believes it was.
    Told,
    /// It could not be checked.
    Open,
    /// The file cannot be read, so that nothing else could be checked.
    Unreadable,
    /// It is wrong.
    Differs,
}

impl Outcome {
    /// A sign for the terminal, which never stands alone.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Verified => '✓',
            Self::Told => '·',
            Self::Open => '?',
            Self::Unreadable => '!',
            Self::Differs => '✗',
        }
    }

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Told => "note",
            Self::Open => "not checked",
            Self::Unreadable => "unreadable",
            Self::Differs => "differs",
        }
    }

    /// How bad it is: 0 verified, then not checked, unreadable, and wrong.
    const fn rank(self) -> u8 {
        match self {
            Self::Verified | Self::Told => 0,
            Self::Open => 1,
            Self::Unreadable => 2,
            Self::Differs => 3,
        }
    }

    /// The worst of several: `Differs`, then `Unreadable`, then `Open`; `Verified` otherwise.
    #[must_use]
    pub fn worst(outcomes: impl IntoIterator<Item = Self>) -> Self {
        let worst = outcomes.into_iter().max_by_key(|o| o.rank());
        worst.filter(|o| o.rank() > 0).unwrap_or(Self::Verified)
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What: `own hash`.
    pub what: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

impl Check {
    /// A check, with control characters of its words made visible.
    #[must_use]
    pub fn new(what: &'static str, outcome: Outcome, detail: impl AsRef<str>) -> Self {
        Self { what, outcome, detail: printable(detail.as_ref()) }
    }
}

/// A file of evidence, and what stands beside it.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceFile<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The bytes of its `.intoto.jsonl`, when there is one.
    pub envelope: Option<&'a [u8]>,
}

/// What looking at a file of evidence gave.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The checks in the order made.
    pub checks: Vec<Check>,
    /// The evidence, when it can be read.
    pub evidence: Option<Evidence>,
    /// The evidence object as it stands in the file.
    pub recorded: Value,
    /// The hash that the content has, whatever it says.
    pub hash: Option<String>,
}

/// Checks of a file of evidence everything that needs no other file: that it is JSON and
/// evidence, its hash, what an artifact says around it, the findings it is to hold, and the
/// signature.
///
/// ```
/// # use tailproof_reporting::{Evidence, EvidenceFile, Outcome, examine, seal};
/// let mut document = Evidence::new("checkout", vec![]).to_value();
/// seal(&mut document)?;
/// let text = document.to_string();
/// let file = EvidenceFile { bytes: text.as_bytes(), envelope: None };
/// assert_eq!(examine(&file, None).outcome(), Outcome::Verified);
/// # Ok::<(), tailproof_reporting::EvidenceError>(())
/// ```
#[must_use]
pub fn examine(file: &EvidenceFile, key: Option<&PublicKey>) -> Examined {
    let mut checks = Vec::new();
    let (document, evidence) = match readable(file.bytes) {
        Ok(read) => read,
        Err(error) => {
            checks.push(Check::new("readable", Outcome::Unreadable, error));
            return Examined { checks, evidence: None, recorded: Value::Null, hash: None };
        }
    };
    let object = evidence_object(&document);
    let recorded = object.cloned().map_or(Value::Null, Value::Object);
    let schema = recorded["schema"].as_str().unwrap_or_default();
    checks.push(Check::new("readable", Outcome::Verified, format!("{schema}, no key twice")));
    let (own, hash) = own_hash(&document);
    checks.push(own);
    if !is_configuration_whole(&document) {
        let words = "its hash is not that of what it says";
        checks.push(Check::new("configuration", Outcome::Differs, words));
    }
    if document.get("evidence").is_some() {
        checks.push(match artifact::inconsistency(&document, &recorded, &evidence) {
            None => {
                let words = "what the artifact says around the evidence follows from it";
                Check::new("artifact", Outcome::Verified, words)
            }
            Some(wrong) => Check::new("artifact", Outcome::Differs, wrong),
        });
    }
    checks.push(expected(&evidence));
    checks.extend(embedded(&evidence));
    checks.push(signature(file, recorded_hash(&document), key));
    Examined { checks, evidence: Some(evidence), recorded, hash }
}

impl Examined {
    /// The worst of the checks.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        Outcome::worst(self.checks.iter().map(|c| c.outcome))
    }

    /// What the evidence says, true or not: `checkout: FAIL (3 failed), made 2026-01-31T…`.
    #[must_use]
    pub fn says(&self) -> Option<String> {
        let evidence = self.evidence.as_ref()?;
        let made = match &evidence.created {
            Some(time) => format!("made {}", clipped(time)),
            None => "without a date".to_owned(),
        };
        let (component, headline) = (clipped(&evidence.component), headline(&evidence.findings));
        Some(printable(&format!("{component}: {headline}, {made}")))
    }
}

/// A file that is given beside evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenFile {
    /// Its name, with or without folders.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Which given file, by its place among them, is which input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// A check for every input.
    pub checks: Vec<Check>,
    /// The given file of each input that was found, by the recorded name.
    pub files: BTreeMap<String, usize>,
    /// Whether every input is there, in a given file or in the evidence itself.
    pub complete: bool,
}

/// Finds the inputs of evidence among given files: by content, and by name to say what differs.
#[must_use]
pub fn match_inputs(evidence: &Evidence, given: &[GivenFile]) -> Matched {
    let mut out = Matched { complete: true, ..Matched::default() };
    let places = Places::of(evidence, given);
    let embedded = |name: &str| evidence.configuration.as_ref().and_then(|c| c.files.get(name));
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for input in &evidence.inputs {
        let (name, shown) = (input.name.as_str(), format!("{} {}", input.role, input.name));
        let mut check = |outcome, words: String| {
            out.complete &= outcome == Outcome::Verified;
            out.checks.push(Check::new("input", outcome, words));
        };
        if names.insert(name, &input.sha256).is_some_and(|other| other != input.sha256) {
            let words = format!("two inputs of different content are called {name}");
            check(Outcome::Open, words);
        } else if let Some(at) = places.same(input, given) {
            let words = format!("{shown}: SHA-256 {}", head(&input.sha256));
            check(Outcome::Verified, words);
            out.files.insert(name.to_owned(), at);
        } else if let Some(at) = places.changed(name) {
            let (was, is) = (head(&input.sha256), head(&given[at].sha256));
            let words = format!("{shown}: recorded SHA-256 {was}, given {is}");
            check(Outcome::Differs, words);
        } else if embedded(name).is_some_and(|text| sha256_hex(text.as_bytes()) == input.sha256) {
            check(Outcome::Verified, format!("{shown}: its text is in the evidence"));
        } else {
            let words = format!("{shown}: not given (SHA-256 {})", head(&input.sha256));
            check(Outcome::Open, words);
        }
    }
    out
}

/// Given files by what they are looked for.
struct Places<'a> {
    hashes: BTreeMap<&'a str, Vec<usize>>,
    /// The first of a whole name.
    names: BTreeMap<&'a str, usize>,
    /// The first of a name without folders that is no input as it is.
    files: BTreeMap<&'a str, usize>,
}

impl<'a> Places<'a> {
    fn of(evidence: &Evidence, given: &'a [GivenFile]) -> Self {
        let recorded: BTreeSet<&str> = evidence.inputs.iter().map(|i| i.sha256.as_str()).collect();
        let mut places =
            Self { hashes: BTreeMap::new(), names: BTreeMap::new(), files: BTreeMap::new() };
        for (at, file) in given.iter().enumerate() {
            places.hashes.entry(&file.sha256).or_default().push(at);
            places.names.entry(&file.name).or_insert(at);
            if !recorded.contains(file.sha256.as_str()) {
                places.files.entry(file_name(&file.name)).or_insert(at);
            }
        }
        places
    }

    /// The file with the content of an input, of its name where there is one.
    fn same(&self, input: &InputRecord, given: &[GivenFile]) -> Option<usize> {
        let all = self.hashes.get(input.sha256.as_str())?;
        let named = |&&at: &&usize| file_name(&given[at].name) == file_name(&input.name);
        // Of many equal files one is as good as another.
        all.iter().take(100).find(named).or(all.first()).copied()
    }

    /// The file with the name of an input and another content: of many files with one name, such
    /// as those of a folder of results, one that is no input.
    fn changed(&self, name: &str) -> Option<usize> {
        self.names.get(name).or_else(|| self.files.get(file_name(name))).copied()
    }
}

/// Compares evidence with what making it again gave.
///
/// Everything is equal to the bit when the same version made both. Otherwise numbers are within
/// 1e-9 of each other, and texts that changed are named: they were not compared.
#[must_use]
pub fn compare_again(examined: &Examined, again: &Evidence) -> (Vec<Check>, Differences) {
    const TOLERANCE: f64 = 1e-9;
    let Some(evidence) = &examined.evidence else { return Default::default() };
    let mut checks = Vec::new();
    let (was, is) = (&evidence.tool, &again.tool);
    let same = was.name == is.name && was.version == is.version;
    if !same {
        let words = format!(
            "made by {} {}, recomputed by {} {}: numbers are compared to 1e-9",
            was.name, was.version, is.name, is.version
        );
        checks.push(Check::new("version", Outcome::Told, words));
    }
    let mut made = again.to_value();
    // Puts the hash of the configuration in; evidence is an object of finite numbers.
    let _ = seal(&mut made);
    let found = differences(&examined.recorded, &made, (!same).then_some(TOLERANCE));
    let count = found.found.len() + found.more;
    checks.push(if count == 0 && !found.texts.is_empty() {
        let texts: Vec<&str> = found.texts.iter().map(String::as_str).collect();
        let words = format!(
            "numbers agree to 1e-9; texts were not compared ({}), made by version {}",
            clipped(&texts.join(", ")),
            was.version
        );
        Check::new("recomputed", Outcome::Open, words)
    } else if count == 0 {
        let n = evidence.findings.len();
        let how = if same { "to the bit" } else { "to 1e-9" };
        let words = format!("{n} {} recomputed, equal {how}", plural(n, "finding", "findings"));
        Check::new("recomputed", Outcome::Verified, words)
    } else {
        let words = format!("{count} {}", plural(count, "difference", "differences"));
        Check::new("recomputed", Outcome::Differs, words)
    });
    if !found.not_recomputable.is_empty() {
        let names: Vec<&str> = found.not_recomputable.iter().map(String::as_str).collect();
        let words = format!("cannot come out alike, not compared: {}", names.join(", "));
        checks.push(Check::new("recomputed", Outcome::Told, words));
    }
    (checks, found)
}

fn readable(bytes: &[u8]) -> Result<(Value, Evidence), String> {
    let text = str::from_utf8(bytes).map_err(|e| format!("not UTF-8: {e}"))?;
    let document = strict(text).map_err(|e| match e {
        EvidenceError::Shape(e) => format!("not JSON that is read one way only: {e}"),
        other => other.to_string(),
    })?;
    let evidence = Evidence::from_json(text).map_err(|e| e.to_string())?;
    Ok((document, evidence))
}

fn own_hash(document: &Value) -> (Check, Option<String>) {
    let check = |outcome, words: String| Check::new("own hash", outcome, words);
    let computed = match computed_hash(document) {
        Ok(hash) => hash,
        Err(error) => return (check(Outcome::Differs, error.to_string()), None),
    };
    let own = match recorded_hash(document) {
        Some(hash) if hash == computed => {
            check(Outcome::Verified, format!("SHA-256 {}", head(&computed)))
        }
        Some(hash) => check(
            Outcome::Differs,
            format!(
                "recorded SHA-256 {}, the content has {}: something was changed",
                head(hash),
                head(&computed)
            ),
        ),
        None => check(Outcome::Differs, "the evidence carries no hash of itself".into()),
    };
    (own, Some(computed))
}

/// Whether the findings are those that the configuration lists.
fn expected(evidence: &Evidence) -> Check {
    let Some(configuration) = &evidence.configuration else {
        let words = "the evidence does not say which findings are to be there";
        return Check::new("findings", Outcome::Told, words);
    };
    let found = expectations(&evidence.findings);
    let wanted = &configuration.expects;
    let n = found.len();
    if found == *wanted {
        let words = format!("{n} of {n} expected {}", plural(n, "finding is", "findings are"));
        return Check::new("findings", Outcome::Verified, format!("{words} there"));
    }
    let at = found.iter().zip(wanted).position(|(a, b)| a != b);
    let at = at.unwrap_or(found.len().min(wanted.len()));
    let line = |all: &[String]| all.get(at).map_or("nothing", |l| clipped(l)).to_owned();
    let words = format!(
        "{n} found, {} expected; number {}: found {}, expected {}",
        wanted.len(),
        at + 1,
        line(&found),
        line(wanted)
    );
    Check::new("findings", Outcome::Differs, words)
}

/// Whether configuration texts have the hashes that the inputs say.
fn embedded(evidence: &Evidence) -> Vec<Check> {
    let Some(configuration) = &evidence.configuration else { return Vec::new() };
    let mut checks = Vec::new();
    for (name, text) in &configuration.files {
        let hash = sha256_hex(text.as_bytes());
        let mut of_name = evidence.inputs.iter().filter(|i| i.name == *name).peekable();
        let name = clipped(name);
        let (outcome, words) = if of_name.peek().is_none() {
            (Outcome::Differs, format!("{name} is in the evidence, and not among its inputs"))
        } else if of_name.any(|i| i.sha256 == hash) {
            (Outcome::Verified, format!("{name}: the text has SHA-256 {}", head(&hash)))
        } else {
            let words =
                format!("{name}: the text has SHA-256 {}, inputs say otherwise", head(&hash));
            (Outcome::Differs, words)
        };
        checks.push(Check::new("configuration", outcome, words));
    }
    checks
}

fn signature(file: &EvidenceFile, own: Option<&str>, key: Option<&PublicKey>) -> Check {
    let check = |outcome, words: String| Check::new("signature", outcome, words);
    let Some(envelope) = file.envelope else {
        return match key {
            Some(_) => check(Outcome::Differs, "unsigned, and a key was given to check it".into()),
            None => check(
                Outcome::Told,
                "unsigned: the hash shows accidents, but anybody can make evidence with a right \
                 hash"
                    .into(),
            ),
        };
    };
    let Ok(line) = str::from_utf8(envelope) else {
        return check(Outcome::Differs, "the file beside it is not text".into());
    };
    match Signed::read(line, file.bytes, own, key) {
        Ok(signed) if signed.checked => {
            check(Outcome::Verified, format!("signed by key {}", signed.key))
        }
        Ok(signed) => check(
            Outcome::Told,
            format!("claims to be signed by key {}: give --key PUB to check", clipped(&signed.key)),
        ),
        Err(error) => check(Outcome::Differs, clipped(&error.to_string()).to_owned()),
    }
}

/// The beginning of a hash, enough to tell two apart.
pub(super) fn head(hash: &str) -> &str {
    match hash.char_indices().nth(16) {
        Some((end, _)) => &hash[..end],
        None => hash,
    }
}

/// The beginning of a text of strangers.
fn clipped(text: &str) -> &str {
    match text.char_indices().nth(400) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn file_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn plural(n: usize, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{PrivateKey, sign};
    use crate::seal::seal;

    fn sealed(change: impl FnOnce(&mut Evidence)) -> (String, String) {
        let mut evidence = Evidence::new("a", vec![]);
        change(&mut evidence);
        let mut document = evidence.to_value();
        let hash = seal(&mut document).unwrap();
        (document.to_string(), hash)
    }

    fn outcome(text: &str, envelope: Option<&str>, key: Option<&PublicKey>) -> Outcome {
        let envelope = envelope.map(str::as_bytes);
        examine(&EvidenceFile { bytes: text.as_bytes(), envelope }, key).outcome()
    }

    #[test]
    fn a_key_wants_a_signature_of_its_own() {
        let (text, hash) = sealed(|_| ());
        let (own, other) = (PrivateKey::from_seed(&[1; 32]), PrivateKey::from_seed(&[2; 32]));
        let evidence = Evidence::from_json(&text).unwrap();
        let line = sign("a.json", text.as_bytes(), &evidence, Some(&hash), &own);
        let (own, other) = (own.public(), other.public());
        assert_eq!(outcome(&text, Some(&line), Some(&own)), Outcome::Verified);
        assert_eq!(outcome(&text, Some(&line), None), Outcome::Verified);
        assert_eq!(outcome(&text, Some(&line), Some(&other)), Outcome::Differs);
        assert_eq!(outcome(&text, None, Some(&own)), Outcome::Differs);
        assert_eq!(outcome(&text, Some("{}"), None), Outcome::Differs);
        assert_eq!(outcome(&format!("{text} "), Some(&line), Some(&own)), Outcome::Differs);
    }

    #[test]
    fn hashes_and_what_is_unreadable() {
        let (text, _) = sealed(|_| ());
        assert_eq!(outcome(&text, None, None), Outcome::Verified);
        assert_eq!(outcome(&text.replace("\"a\"", "\"b\""), None, None), Outcome::Differs);
        let plain = Evidence::new("a", vec![]).to_value().to_string();
        assert_eq!(outcome(&plain, None, None), Outcome::Differs);
        for bad in ["", "{}", "[]", "{\"schema\": \"tailproof.evidence/99\"}", "\u{1}"] {
            assert_eq!(outcome(bad, None, None), Outcome::Unreadable, "{bad}");
        }
        let twice = text.replacen('{', "{\"component\":\"x\",", 1);
        assert_eq!(outcome(&twice, None, None), Outcome::Unreadable);
    }

    #[test]
    fn what_evidence_says_is_told_whether_it_is_true_or_not() {
        let (text, _) = sealed(|e| e.created = Some("2026-01-31T00:00:00Z".into()));
        let file = EvidenceFile { bytes: text.as_bytes(), envelope: None };
        let said = examine(&file, None).says().unwrap();
        assert!(said.starts_with("a: ") && said.ends_with("made 2026-01-31T00:00:00Z"), "{said}");
        assert_eq!(examine(&EvidenceFile { bytes: b"", envelope: None }, None).says(), None);
    }

    #[test]
    fn inputs_are_known_by_content_then_names() {
        let input = |name: &str, sha: &str| InputRecord {
            role: "data".into(),
            name: name.into(),
            sha256: sha.into(),
            bytes: 1,
            format: "csv".into(),
        };
        let given = |name: &str, sha: &str| GivenFile { name: name.into(), sha256: sha.into() };
        let mut evidence = Evidence::new("a", vec![]);
        evidence.inputs = vec![input("x/a.csv", "1")];
        let of = |given: &[GivenFile]| {
            let matched = match_inputs(&evidence, given);
            (Outcome::worst(matched.checks.iter().map(|c| c.outcome)), matched.complete)
        };
        assert_eq!(of(&[given("a.csv", "1")]), (Outcome::Verified, true));
        assert_eq!(of(&[given("renamed.csv", "1")]), (Outcome::Verified, true));
        assert_eq!(of(&[given("y/a.csv", "2")]), (Outcome::Differs, false));
        assert_eq!(of(&[given("b.csv", "2")]), (Outcome::Open, false));
        assert_eq!(of(&[]), (Outcome::Open, false));
    }
}
