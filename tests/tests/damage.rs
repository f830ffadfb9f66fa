//! Hundreds of kinds of damage to evidence, its signature and its data: `verify` finds all of
//! them, and none makes it panic.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tailproof_reporting::{
    Envelope, Evidence, EvidenceFile, Outcome, PAYLOAD_TYPE, PrivateKey, PublicKey, compare_again,
    examine, seal, sign, strict,
};
use tailproof_tests::program::run;

const NAME: &str = "demo_performance_bootstrap_validation.json";
const OBJECTIVES: &str = "objectives = [\"latency: p95 <= 98ms\", \"latency: p50 <= 90ms\"]\n";

/// Values modulo 100, in a scrambled order.
fn csv(n: usize, step: usize) -> String {
    let rows: String = (0..n).map(|i| format!("{}\n", i * step % 100)).collect();
    format!("latency_ms\n{rows}")
}

/// A folder with data, objectives and evidence of them in `out`.
fn folder(more: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", csv(400, 7_919));
    write("b.csv", csv(300, 7_907));
    write("t.toml", OBJECTIVES.to_owned());
    let mut args = vec!["validate", "a.csv", "--slo", "t.toml", "--baseline", "b.csv"];
    args.extend(["--component", "demo", "--artifacts", "out"]);
    args.extend(more);
    let made = run(folder.path(), &args);
    assert_ne!(made.code, 2, "{}", made.stderr);
    folder
}

/// Real evidence, signed.
struct Made {
    text: String,
    document: Value,
    evidence: Evidence,
    envelope: String,
    private: PrivateKey,
    public: PublicKey,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = folder(&[]);
        let text = fs::read_to_string(folder.path().join("out").join(NAME)).unwrap();
        let document = strict(&text).unwrap();
        let evidence = Evidence::from_json(&text).unwrap();
        let private = PrivateKey::from_seed(&[5; 32]);
        let own = document["evidence"]["sha256"].as_str();
        let envelope = sign(NAME, text.as_bytes(), &evidence, own, &private);
        let public = private.public();
        Made { text, document, evidence, envelope, private, public }
    })
}

fn outcome(bytes: &[u8], envelope: Option<&[u8]>, key: Option<&PublicKey>) -> Outcome {
    examine(&EvidenceFile { bytes, envelope }, key).outcome()
}

/// Whether damage was found, however.
fn found(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Differs | Outcome::Unreadable)
}

/// Damaged evidence is found with a key, and without one as well where a reader would see
/// another document.
fn must_be_found(kind: &str, bytes: &[u8]) {
    let made = made();
    let signed = outcome(bytes, Some(made.envelope.as_bytes()), Some(&made.public));
    assert!(found(signed), "{kind}: {signed:?} with a key");
    let same = |text: &str| strict(text).is_ok_and(|document| document == made.document);
    if !str::from_utf8(bytes).is_ok_and(same) {
        let unsigned = outcome(bytes, None, None);
        assert!(found(unsigned), "{kind}: {unsigned:?} without a key");
    }
}

/// A way to every value of a document, as a JSON pointer.
fn paths(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(value, &format!("{at}/{key}"), all);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                paths(value, &format!("{at}/{i}"), all);
            }
        }
        _ => {}
    }
}

/// A path with its places in lists left out: `/evidence/findings/#/estimate`.
fn pattern(path: &str) -> String {
    let part = |part: &str| if part.parse::<usize>().is_ok() { "#" } else { part }.to_owned();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What may be done to a value.
fn edits(value: &Value) -> Vec<(&'static str, Value)> {
    let mut all = match value {
        Value::Null => vec![("filled", json!(1.5))],
        Value::Bool(b) => vec![("negated", json!(!b))],
        Value::Number(n) => {
            let x = n.as_f64().unwrap();
            let mut all = vec![("more by one", json!(x + 1.0)), ("as text", json!(x.to_string()))];
            if n.is_f64() {
                all.push(("nudged by an ulp", json!(x.next_up())));
                all.push(("of the other sign", json!(if x == 0.0 { 7.0 } else { -x })));
            }
            all
        }
        Value::String(text) => {
            let mut all = vec![("longer", json!(format!("{text}x"))), ("empty", json!(""))];
            for word in ["pass", "fail", "9"] {
                all.push(("another word", json!(word)));
            }
            if let Ok(n) = text.parse::<u64>() {
                all.push(("counted one more", json!((n.wrapping_add(1)).to_string())));
            }
            all
        }
        Value::Array(list) => {
            let mut all = vec![("emptied", json!([]))];
            if let [first, ..] = list.as_slice() {
                let twice: Vec<&Value> = [first].into_iter().chain(list).collect();
                all.push(("first twice", json!(twice)));
                all.push(("without its last", json!(list[..list.len() - 1])));
                all.push(("reversed", list.iter().rev().cloned().collect()));
            }
            all
        }
        Value::Object(map) => {
            let mut more = map.clone();
            more.insert("extra".to_owned(), json!("news"));
            vec![("with a member more", Value::Object(more)), ("emptied", json!({}))]
        }
    };
    all.push(("null", Value::Null));
    all.retain(|(_, new)| new != value);
    all
}

/// Every edit of every kind of place: its name, path and document; at most two places of a kind.
fn edited(document: &Value) -> Vec<(String, String, Value)> {
    let mut all_paths = Vec::new();
    paths(document, "", &mut all_paths);
    let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut out = Vec::new();
    for path in all_paths.iter().filter(|p| !p.is_empty()) {
        let place = pattern(path);
        let count = seen.entry(place.clone()).or_default();
        *count += 1;
        if *count > 2 {
            continue;
        }
        for (what, new) in edits(document.pointer(path).unwrap()) {
            let mut other = document.clone();
            *other.pointer_mut(path).unwrap() = new;
            out.push((format!("{place} {what}"), path.clone(), other));
        }
        let (parent, key) = path.rsplit_once('/').unwrap();
        let mut other = document.clone();
        let dropped = other.pointer_mut(parent).and_then(Value::as_object_mut);
        if dropped
            .and_then(|map| map.shift_remove(&key.replace("~1", "/").replace("~0", "~")))
            .is_some()
        {
            out.push((format!("{place} dropped"), path.clone(), other));
        }
    }
    out
}

#[test]
fn two_hundred_kinds_of_damage_to_a_file_are_found() {
    let made = made();
    assert_eq!(
        outcome(made.text.as_bytes(), Some(made.envelope.as_bytes()), Some(&made.public)),
        Outcome::Verified
    );
    assert_eq!(outcome(made.text.as_bytes(), None, None), Outcome::Verified);
    let mut kinds = BTreeSet::new();
    for (kind, _, document) in edited(&made.document) {
        let text = serde_json::to_string_pretty(&document).unwrap();
        must_be_found(&kind, text.as_bytes());
        kinds.insert(kind);
    }
    for (kind, bytes) in texts(&made.text) {
        must_be_found(&kind, &bytes);
        kinds.insert(kind);
    }
    assert!(kinds.len() >= 200, "only {} kinds of damage", kinds.len());
}

/// Damage to the text, whatever it means.
fn texts(text: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut push = |kind: String, bytes: Vec<u8>| all.push((kind, bytes));
    for at in 0..64 {
        for bit in 0..8 {
            let mut other = bytes.to_vec();
            // A prime apart, so that not always the same kind of place is hit.
            let place = (at * bytes.len() / 64 + bit * 13) % bytes.len();
            other[place] ^= 1 << bit;
            push(format!("bit {bit} flipped"), other);
        }
        let end = at * bytes.len() / 64;
        push("truncated".into(), bytes[..end].to_vec());
    }
    let changed = |from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    push("schema of before".into(), changed("tailproof.evidence/2", "tailproof.evidence/1"));
    push("schema of later".into(), changed("tailproof.evidence/2", "tailproof.evidence/3"));
    push("no schema".into(), changed("tailproof.evidence/2", "tailproof"));
    push("key twice, first".into(), changed("{", "{\"component\": \"demo\","));
    push("key twice, inside".into(), changed("\"verdict\"", "\"verdict\": \"pass\", \"verdict\""));
    push("key twice, escaped".into(), changed("\"claim\"", "\"cl\\u0061im\": \"\", \"claim\""));
    push("text appended".into(), [bytes, b"x"].concat());
    push("object appended".into(), [bytes, b"{}"].concat());
    push("NUL appended".into(), [bytes, b"\0"].concat());
    push("twice".into(), [bytes, bytes].concat());
    push("byte-order mark".into(), [b"\xef\xbb\xbf", bytes].concat());
    push("in UTF-16".into(), text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    push("in a list".into(), [b"[", bytes, b"]"].concat());
    push("deep".into(), "[".repeat(200_000).into_bytes());
    push("empty".into(), Vec::new());
    push("reversed".into(), bytes.iter().rev().copied().collect());
    push("white space".into(), [bytes, b"\n"].concat());
    push("line ends".into(), text.replace('\n', "\r\n").into_bytes());
    push("large number".into(), changed("\"claim\"", "\"n2\": 1e999, \"claim\""));
    push("large integer".into(), changed("\"claim\"", "\"n2\": 9007199254740993, \"claim\""));
    all
}

#[test]
fn damaged_signatures_are_found() {
    let made = made();
    let with = |envelope: &[u8]| outcome(made.text.as_bytes(), Some(envelope), Some(&made.public));
    let mut kinds = BTreeSet::new();
    for (kind, envelope) in envelopes(made) {
        let result = with(&envelope);
        assert!(found(result), "{kind}: {result:?}");
        kinds.insert(kind);
    }
    let line = made.envelope.as_bytes();
    for place in (0..line.len() - 1).step_by(7) {
        for bit in 0..8 {
            let mut other = line.to_vec();
            other[place] ^= 1 << bit;
            assert!(found(with(&other)), "bit {bit} of byte {place} of the envelope");
        }
        assert!(found(with(&line[..place])), "truncated at {place}");
    }
    assert!(found(outcome(made.text.as_bytes(), None, Some(&made.public))), "no signature");
    assert!(kinds.len() >= 20, "{kinds:?}");
}

fn envelopes(made: &Made) -> Vec<(&'static str, Vec<u8>)> {
    let good: Value = serde_json::from_str(&made.envelope).unwrap();
    let edit = |change: &dyn Fn(&mut Value)| {
        let mut other = good.clone();
        change(&mut other);
        other.to_string().into_bytes()
    };
    let payload = |change: &dyn Fn(&mut Value)| {
        edit(&|e| {
            let bytes = STANDARD.decode(e["payload"].as_str().unwrap()).unwrap();
            let mut statement: Value = serde_json::from_slice(&bytes).unwrap();
            change(&mut statement);
            e["payload"] = json!(STANDARD.encode(statement.to_string()));
        })
    };
    let signature = |change: &dyn Fn(&mut Vec<u8>)| {
        edit(&|e| {
            let sig = &mut e["signatures"][0]["sig"];
            let mut bytes = STANDARD.decode(sig.as_str().unwrap()).unwrap();
            change(&mut bytes);
            *sig = json!(STANDARD.encode(bytes));
        })
    };
    let other_key = PrivateKey::from_seed(&[6; 32]);
    let (text, own) = (made.text.as_bytes(), made.document["evidence"]["sha256"].as_str());
    let other_text = made.text.replace("demo", "omed");
    let of_other = sign(NAME, other_text.as_bytes(), &made.evidence, None, &made.private);
    let others: Value = serde_json::from_str(&of_other).unwrap();
    let by_other: Value =
        serde_json::from_str(&sign(NAME, text, &made.evidence, own, &other_key)).unwrap();
    let plain = |kind: &str, payload: &[u8]| {
        Envelope::sign(kind, payload, &made.private).to_line().into_bytes()
    };
    vec![
        ("of other evidence", of_other.clone().into_bytes()),
        ("of another key", by_other.to_string().into_bytes()),
        ("signature of other evidence", edit(&|e| e["signatures"] = others["signatures"].clone())),
        ("payload of other evidence", edit(&|e| e["payload"] = others["payload"].clone())),
        ("signature of another key", edit(&|e| e["signatures"] = by_other["signatures"].clone())),
        (
            "signature of another key under this name",
            edit(&|e| e["signatures"][0]["sig"] = by_other["signatures"][0]["sig"].clone()),
        ),
        (
            "another key named",
            edit(&|e| e["signatures"][0]["keyid"] = json!(other_key.public().id())),
        ),
        ("no key named", edit(&|e| e["signatures"][0]["keyid"] = json!(""))),
        ("no signature", edit(&|e| e["signatures"] = json!([]))),
        ("empty signature", edit(&|e| e["signatures"][0]["sig"] = json!(""))),
        ("other payload type", edit(&|e| e["payloadType"] = json!("application/json"))),
        (
            "payload type in capitals",
            edit(&|e| e["payloadType"] = json!(PAYLOAD_TYPE.to_uppercase())),
        ),
        ("no payload", edit(&|e| e["payload"] = json!(""))),
        (
            "statement with another result",
            payload(&|s| s["predicate"]["result"] = json!("CHANGED")),
        ),
        (
            "statement with other failures",
            payload(&|s| s["predicate"]["failedTests"] = json!(["x"])),
        ),
        (
            "statement of another file",
            payload(&|s| s["subject"][0]["digest"]["sha256"] = json!("0")),
        ),
        (
            "statement with a file more",
            payload(&|s| {
                let first = s["subject"][0].clone();
                s["subject"].as_array_mut().unwrap().push(first);
            }),
        ),
        ("statement of another type", payload(&|s| s["predicateType"] = json!("x"))),
        ("statement with other white space", payload(&|s| s["x"] = json!(1))),
        ("R changed", signature(&|s| s[0] ^= 1)),
        ("S changed", signature(&|s| s[32] ^= 1)),
        ("S plus the order of the group", signature(&|s| add_order(s))),
        ("R and S swapped", signature(&|s| s.rotate_left(32))),
        ("signature of zeros", signature(&|s| s.fill(0))),
        ("signature cut", signature(&|s| s.truncate(63))),
        ("signature longer", signature(&|s| s.push(0))),
        // The right key signed something else.
        ("no statement", plain("text/plain", b"{}")),
        ("an empty statement", plain(PAYLOAD_TYPE, b"{}")),
        ("the evidence itself", plain(PAYLOAD_TYPE, text)),
        ("two lines", format!("{}{}", made.envelope, made.envelope).into_bytes()),
        ("a key twice", made.envelope.replacen('{', "{\"payload\":\"\",", 1).into_bytes()),
        ("a list", format!("[{}]", made.envelope.trim()).into_bytes()),
        ("empty", Vec::new()),
        ("not text", vec![0xff, 0xfe]),
    ]
}

/// S + L, the same number modulo the order L of the group.
fn add_order(signature: &mut [u8]) {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (s, l) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        (*s, carry) = (sum as u8, sum >> 8);
    }
}

/// Parts that may be rehashed without anybody noticing: what does not follow from the data.
fn free(path: &str) -> bool {
    let inside = ["created", "environment", "tool", "previous", "schema", "sha256"];
    let own = path.strip_prefix("/evidence/").unwrap_or_default();
    inside.iter().any(|part| own == *part || own.starts_with(&format!("{part}/")))
        || path.ends_with("_ms")
        || path.ends_with("_ms_reason")
        || path.ends_with("timestamp")
}

#[test]
fn rehashed_forgeries_are_found_by_signature_and_by_making_evidence_again() {
    let made = made();
    let mut kinds = BTreeSet::new();
    for (kind, path, mut document) in edited(&made.document) {
        if seal(&mut document).is_err() {
            continue; // No evidence is left in it.
        }
        let text = document.to_string();
        let signed = outcome(text.as_bytes(), Some(made.envelope.as_bytes()), Some(&made.public));
        assert!(found(signed), "{kind}: {signed:?} with a key");
        let file = EvidenceFile { bytes: text.as_bytes(), envelope: None };
        let examined = examine(&file, None);
        let says = examined.checks.iter().any(|c| c.detail.contains("unsigned"));
        let unreadable = examined.evidence.is_none();
        assert!(says || unreadable, "{kind}: not called unsigned");
        let nothing = made.document.pointer(&path).is_some_and(Value::is_null);
        if free(&path) || document == made.document || (nothing && kind.ends_with("dropped")) {
            continue; // No member is a member without a value.
        }
        // Made again from the same data, evidence is what it was.
        let (checks, _) = compare_again(&examined, &made.evidence);
        let again = Outcome::worst(checks.iter().map(|c| c.outcome));
        assert!(found(examined.outcome()) || found(again), "{kind}: {again:?}");
        kinds.insert(kind);
    }
    assert!(kinds.len() >= 200, "only {} kinds of forgeries", kinds.len());
}

fn verify(folder: &Path, args: &[&str]) -> (i32, String) {
    let mut all = vec!["verify"];
    all.extend(args);
    let run = run(folder, &all);
    (run.code, format!("{}{}", run.stdout, run.stderr))
}

#[test]
fn verify_as_a_program_answers_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["keygen", "other.key"]).code, 0);
    let keyed = self::folder(&[]);
    let at = keyed.path();
    assert_eq!(run(at, &["keygen", "own.key"]).code, 0);
    assert_eq!(run(at, &["keygen", "own.key"]).code, 2, "a key is never overwritten");
    fs::copy(folder.path().join("other.key.pub"), at.join("other.key.pub")).unwrap();
    let evidence = format!("out/{NAME}");
    let (ev, key) = (evidence.as_str(), ["--key", "own.key.pub"]);
    let with = |more: &[&str]| {
        let mut args = vec![ev];
        args.extend(more);
        verify(at, &args)
    };
    // Unsigned.
    for (args, code) in [
        (vec!["a.csv", "b.csv"], 0),
        (vec!["a.csv"], 3),
        (vec![], 3),
        (vec!["a.csv", "b.csv", key[0], key[1]], 1),
        (vec!["none.csv"], 2),
    ] {
        let (got, said) = with(&args);
        assert_eq!(got, code, "{args:?}\n{said}");
    }
    // Signed.
    let args =
        ["validate", "a.csv", "--slo", "t.toml", "--baseline", "b.csv", "--component", "demo"];
    let signed = [&args[..], &["--artifacts", "out", "--sign", "own.key"]].concat();
    assert_ne!(run(at, &signed).code, 2);
    let other = ["a.csv", "b.csv", "--key", "other.key.pub"];
    let full = ["a.csv", "b.csv", key[0], key[1]];
    assert_eq!(with(&full).0, 0, "{}", with(&full).1);
    assert_eq!(with(&other).0, 1);
    assert_eq!(with(&[".", key[0], key[1]]).0, 0, "{}", with(&[".", key[0], key[1]]).1);
    damaged_data(at, &with, &full);
    damaged_files(at, ev, &with, &full);
}

/// Data that is not what it was.
fn damaged_data(at: &Path, with: &dyn Fn(&[&str]) -> (i32, String), full: &[&str]) {
    let [a, b] = ["a.csv", "b.csv"].map(|name| fs::read_to_string(at.join(name)).unwrap());
    let mut cut = a.clone();
    cut.truncate(a.len() / 2);
    for (kind, new_a, new_b) in [
        ("a value changed", a.replacen("19", "91", 1), b.clone()),
        ("a row more", format!("{a}5\n"), b.clone()),
        ("truncated", cut, b.clone()),
        ("emptied", String::new(), b.clone()),
        ("a heading changed", a.replacen("ms", "us", 1), b.clone()),
        ("binary", "\0\u{1}".to_owned(), b.clone()),
        ("the baseline replaced", a.clone(), a.clone()),
        ("swapped and changed", b.clone(), format!("{a}1\n")),
    ] {
        fs::write(at.join("a.csv"), new_a).unwrap();
        fs::write(at.join("b.csv"), new_b).unwrap();
        let (code, said) = with(full);
        assert!([1, 2].contains(&code), "{kind}: {code}\n{said}");
    }
    fs::write(at.join("a.csv"), a).unwrap();
    fs::write(at.join("b.csv"), b).unwrap();
    assert_eq!(with(full).0, 0);
}

/// Evidence and signatures that are not what they were.
fn damaged_files(at: &Path, ev: &str, with: &dyn Fn(&[&str]) -> (i32, String), full: &[&str]) {
    let beside = format!("{ev}.intoto.jsonl");
    let [text, line] = [ev, beside.as_str()].map(|name| fs::read_to_string(at.join(name)).unwrap());
    for (kind, new_text, new_line) in [
        ("truncated", text[..text.len() / 2].to_owned(), line.clone()),
        ("empty", String::new(), line.clone()),
        ("a byte more", format!("{text} "), line.clone()),
        ("another verdict", text.replacen("\"pass\"", "\"fail\"", 1), line.clone()),
        ("a key twice", text.replacen('{', "{\"component\":\"demo\",", 1), line.clone()),
        ("an empty signature", text.clone(), String::new()),
        ("a signature cut", text.clone(), line[..line.len() / 2].to_owned()),
    ] {
        fs::write(at.join(ev), &new_text).unwrap();
        fs::write(at.join(&beside), &new_line).unwrap();
        let (code, said) = with(full);
        assert!([1, 2].contains(&code), "{kind}: {code}\n{said}");
    }
    // A forgery with a right hash, and no signature: made again it differs.
    let mut forged = strict(&text).unwrap();
    let estimate = &mut forged["evidence"]["findings"][0]["estimate"];
    *estimate = json!(estimate.as_f64().unwrap() - 1.0);
    seal(&mut forged).unwrap();
    fs::write(at.join(ev), forged.to_string()).unwrap();
    fs::remove_file(at.join(&beside)).unwrap();
    let (code, said) = with(&["a.csv", "b.csv"]);
    assert!(code == 1 && said.contains("unsigned") && said.contains("estimate recorded"), "{said}");
    assert_eq!(with(full).0, 1);
    fs::write(at.join(ev), text).unwrap();
    fs::write(at.join(&beside), line).unwrap();
    assert_eq!(with(full).0, 0);
    // What the program says for machines.
    let (code, said) = with(&["--output", "json"]);
    let said: Map<String, Value> = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["exit_code"], &said["outcome"]), (3, &json!(3), &json!("not checked")));
}

#[test]
fn a_chain_is_checked_whatever_the_order_given() {
    let folder = folder(&[]);
    let at = folder.path();
    let file = |name: &str| format!("{name}/{NAME}");
    let link = |from: &str, to: &str| {
        let args = ["validate", "a.csv", "--slo", "t.toml", "--baseline", "b.csv"];
        let before = file(from);
        let more = ["--component", "demo", "--artifacts", to, "--previous", &before];
        run(at, &[&args[..], &more[..]].concat())
    };
    assert_ne!(link("out", "two").code, 2);
    assert_ne!(link("two", "three").code, 2);
    let [first, second, third] = ["out", "two", "three"].map(file);
    let (first, second, third) = (first.as_str(), second.as_str(), third.as_str());
    for (files, code) in [
        (vec![first, second, third], 0),
        (vec![third, first, second], 0),
        (vec![second], 0),
        (vec![first, first], 0),
        // A link is missing.
        (vec![first, third], 3),
    ] {
        let (got, said) = verify(at, &[&files[..], &["a.csv", "b.csv"]].concat());
        assert_eq!(got, code, "{files:?}\n{said}");
    }
    // Made anew with a right hash, the second is no longer what the third follows.
    let mut document = strict(&fs::read_to_string(at.join(second)).unwrap()).unwrap();
    document["evidence"]["created"] = json!("2000-01-01T00:00:00Z");
    document["validation_timestamp"] = json!("2000-01-01T00:00:00Z");
    seal(&mut document).unwrap();
    fs::write(at.join(second), document.to_string()).unwrap();
    let (code, said) = verify(at, &[first, second, third, "a.csv", "b.csv"]);
    assert!(code == 3 && said.contains("a link is missing"), "{code}\n{said}");
    // The evidence before is never overwritten.
    let over = link("three", "three");
    assert!(over.code == 2 && over.stderr.contains("overwrite"), "{}", over.stderr);
}
