//! The hash that evidence carries of itself, and JSON that every reader reads alike.

use std::{fmt, io};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::evidence::EvidenceError;

/// The member of the evidence object that holds its own hash.
const OWN: &str = "sha256";
/// The member of an artifact that holds the evidence object.
const INNER: &str = "evidence";
/// The member of the evidence object that says how it was made.
const CONFIGURATION: &str = "configuration";
/// Largest integer that every reader of JSON holds exactly.
const EXACT: u64 = 1 << 53;

/// SHA-256 of bytes, in hexadecimal.
///
/// ```
/// # use tailproof_reporting::sha256_hex;
/// assert!(sha256_hex(b"abc").starts_with("ba7816bf"));
/// ```
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The same of everything that a reader gives, a piece at a time.
///
/// # Errors
/// Whatever the reader says.
pub fn sha256_of(mut reader: impl io::Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(hexadecimal(&hash.finalize())),
            Ok(n) => hash.update(&piece[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Puts into a document the hash of everything else in it, and returns the hash.
///
/// The document is an evidence object, or an artifact with one as its member `evidence`; the
/// hash becomes the member `sha256` of the evidence object. Its configuration, where it has one,
/// gets the hash of itself first, in the same way.
///
/// # Errors
/// There is no evidence object, or [`computed_hash`] fails.
pub fn seal(document: &mut Value) -> Result<String, EvidenceError> {
    let object = evidence_object_mut(document).ok_or_else(no_object)?;
    if let Some(configuration) = object.get_mut(CONFIGURATION).and_then(Value::as_object_mut) {
        let hash = hash_without_own(configuration)?;
        configuration.insert(OWN.to_owned(), Value::String(hash));
    }
    let hash = computed_hash(document)?;
    let object = evidence_object_mut(document).ok_or_else(no_object)?;
    object.insert(OWN.to_owned(), Value::String(hash.clone()));
    Ok(hash)
}

/// Whether the configuration of evidence, where it has one, carries the right hash of itself.
#[cfg(feature = "sign")]
pub(crate) fn is_configuration_whole(document: &Value) -> bool {
    let configuration = evidence_object(document).and_then(|e| e.get(CONFIGURATION)?.as_object());
    configuration.is_none_or(|configuration| {
        let recorded = configuration.get(OWN).and_then(Value::as_str);
        hash_without_own(configuration).is_ok_and(|hash| recorded == Some(&hash))
    })
}

/// The hash of an object without the member that holds it.
fn hash_without_own(object: &Map<String, Value>) -> Result<String, EvidenceError> {
    let bare: std::collections::BTreeMap<&String, &Value> =
        object.iter().filter(|(key, _)| *key != OWN).collect();
    Ok(sha256_hex(&serde_json_canonicalizer::to_vec(&bare)?))
}

fn evidence_object_mut(document: &mut Value) -> Option<&mut Map<String, Value>> {
    let map = document.as_object_mut()?;
    if map.contains_key(INNER) { map.get_mut(INNER)?.as_object_mut() } else { Some(map) }
}

/// The hash that a document should carry: SHA-256, in hexadecimal, of its canonical form
/// (RFC 8785) without the member `sha256` of the evidence object.
///
/// The canonical form knows doubles only: `5`, `5.0` and `5e0` are one number, and so are `0`
/// and `-0`.
///
/// # Errors
/// There is no evidence object; or an integer is beyond 2⁵³, of which the canonical form would
/// not tell neighbours apart.
pub fn computed_hash(document: &Value) -> Result<String, EvidenceError> {
    let object = evidence_object(document).ok_or_else(no_object)?;
    if let Some(number) = inexact(document) {
        return Err(EvidenceError::Value(format!(
            "{number} is beyond 2^53: such integers are decimal strings"
        )));
    }
    let bare =
        Unsealed { object, artifact: document.as_object().filter(|d| d.contains_key(INNER)) };
    Ok(sha256_hex(&serde_json_canonicalizer::to_vec(&bare)?))
}

/// The hash that a document carries, whether it is right or not.
#[must_use]
pub fn recorded_hash(document: &Value) -> Option<&str> {
    evidence_object(document)?.get(OWN)?.as_str()
}

/// Reads a document whose recorded hash is that of its content, and gives the hash: what may be
/// signed, and what may be the link of a chain.
///
/// ```
/// # use tailproof_reporting::{Evidence, whole};
/// let text = Evidence::new("checkout", vec![]).to_json();
/// assert!(whole(&text).is_ok());
/// assert!(whole(&text.replace("checkout", "check-in")).is_err());
/// ```
///
/// # Errors
/// It is not read one way only (see [`strict`]), holds no evidence object, or has another hash
/// than it says.
pub fn whole(text: &str) -> Result<(Value, String), EvidenceError> {
    let document = strict(text)?;
    let hash = computed_hash(&document)?;
    if recorded_hash(&document) == Some(hash.as_str()) {
        return Ok((document, hash));
    }
    let words = "its hash is not that of its content; see `tailproof verify`";
    Err(EvidenceError::Value(words.into()))
}

/// The evidence object of a document: its member `evidence`, or the document itself.
#[must_use]
pub fn evidence_object(document: &Value) -> Option<&Map<String, Value>> {
    let map = document.as_object()?;
    map.get(INNER).map_or(Some(map), Value::as_object)
}

/// Reads JSON of which no two readers could see two values: an object with a key twice, and an
/// integer beyond 2⁵³, are refused.
///
/// ```
/// # use tailproof_reporting::strict;
/// assert!(strict(r#"{"a": 1, "b": {"a": 2}}"#).is_ok());
/// let error = strict("{\"a\": 1,\n \"a\": 2}").unwrap_err().to_string();
/// assert!(error.contains("key \"a\" twice") && error.contains("line 2"), "{error}");
/// ```
///
/// # Errors
/// Not JSON, more than 128 levels deep, a key twice, or an integer beyond 2⁵³; with line and
/// column.
pub fn strict(text: &str) -> Result<Value, EvidenceError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    match long_integer(text) {
        Some((line, column)) => Err(EvidenceError::Value(format!(
            "an integer beyond 2^53 at line {line} column {column}: readers would disagree on it"
        ))),
        None => Ok(value),
    }
}

fn no_object() -> EvidenceError {
    EvidenceError::Value("there is no evidence object".into())
}

/// The first integer that doubles cannot tell from its neighbours.
fn inexact(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(n) => {
            let size = n.as_u64().or_else(|| n.as_i64().map(i64::unsigned_abs));
            size.filter(|s| *s > EXACT).map(|_| n)
        }
        Value::Array(all) => all.iter().find_map(inexact),
        Value::Object(map) => map.values().find_map(inexact),
        _ => None,
    }
}

/// Line and column of the first integer, written without point and exponent, beyond 2⁵³.
fn long_integer(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'0'..=b'9' if !quoted => {
                let part_of_number = |b: &u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                let length = bytes[at..].iter().take_while(|b| part_of_number(b)).count();
                let token = &text[at..at + length];
                let integer = token.bytes().all(|b| b.is_ascii_digit());
                if integer && token.parse::<u64>().map_or(true, |n| n > EXACT) {
                    let before = &text[..at];
                    let line = before.matches('\n').count() + 1;
                    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
                    return Some((line, at - start + 1));
                }
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A document without the hash of its evidence object.
struct Unsealed<'a> {
    object: &'a Map<String, Value>,
    /// What is around the evidence object.
    artifact: Option<&'a Map<String, Value>>,
}

impl Serialize for Unsealed<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        let Some(artifact) = self.artifact else {
            for (key, value) in self.object.iter().filter(|(key, _)| *key != OWN) {
                map.serialize_entry(key, value)?;
            }
            return map.end();
        };
        for (key, value) in artifact {
            if key == INNER {
                map.serialize_entry(key, &Unsealed { object: self.object, artifact: None })?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// Reads any JSON value; refuses a key that comes twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = seq.next_element_seed(Self)? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        /// Longest part of a key in a message.
        const SHOWN: usize = 60;
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(Key)? {
            if map.contains_key(&key) {
                let shown: String = key.chars().take(SHOWN).collect();
                return Err(de::Error::custom(format!("an object has the key {shown:?} twice")));
            }
            let value = access.next_value_seed(Self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<String, D::Error> {
        String::deserialize(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn canonical(text: &str) -> String {
        serde_json_canonicalizer::to_string(&strict(text).unwrap()).unwrap()
    }

    /// The numbers of RFC 8785, appendix B, as bits of a double and canonical text.
    const NUMBERS: [(u64, &str); 22] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];

    #[test]
    fn numbers_are_as_rfc_8785_writes_them() {
        for (bits, want) in NUMBERS {
            let text = serde_json::to_string(&f64::from_bits(bits)).unwrap();
            assert_eq!(canonical(&text), want, "{bits:x}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_utf_16() {
        // RFC 8785, 3.2.3: the emoji is a pair of surrogates, before U+FB33.
        let keys =
            ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"].map(Value::from);
        let map: Map<String, Value> =
            keys.into_iter().map(|k| (k.as_str().unwrap().to_owned(), Value::Null)).collect();
        let text = serde_json_canonicalizer::to_string(&Value::Object(map)).unwrap();
        let want = "{\"\\r\":null,\"1\":null,\"\u{80}\":null,\"\u{f6}\":null,\"\u{20ac}\":null,\
                    \"\u{1f600}\":null,\"\u{fb33}\":null}";
        assert_eq!(text, want);
    }

    #[test]
    fn the_hash_covers_everything_but_itself_and_no_order_of_keys() {
        let mut plain = json!({"schema": "tailproof.evidence/2", "a": [1.5, "x"], "b": {"c": 0}});
        let hash = seal(&mut plain).unwrap();
        assert_eq!(recorded_hash(&plain), Some(hash.as_str()));
        assert_eq!(computed_hash(&plain).unwrap(), hash);
        // Sealed twice is sealed once; other white space and order are the same document.
        assert_eq!(seal(&mut plain).unwrap(), hash);
        let again =
            "{\"b\":{\"c\":0.0},\n\"a\":[1.50,\"\\u0078\"],\"schema\":\"tailproof.evidence/2\"}";
        assert_eq!(computed_hash(&strict(again).unwrap()).unwrap(), hash);
        plain["b"]["c"] = json!(1);
        assert_ne!(computed_hash(&plain).unwrap(), hash);
        // A hash further down is no own hash, and what is around the evidence counts.
        let inner = json!({"schema": "tailproof.evidence/2", "inputs": [{"sha256": "0"}]});
        let mut artifact = json!({"component": "a", "evidence": inner});
        let hash = seal(&mut artifact).unwrap();
        for path in ["/component", "/evidence/inputs/0/sha256", "/evidence/schema"] {
            let mut other = artifact.clone();
            *other.pointer_mut(path).unwrap() = json!("b");
            assert_ne!(computed_hash(&other).unwrap(), hash, "{path}");
        }
    }

    #[test]
    fn what_the_canonical_form_would_blur_is_refused() {
        for n in ["9007199254740993", "-9007199254740993", "18446744073709551615"] {
            let value: Value = serde_json::from_str(&format!("{{\"a\": [{n}]}}")).unwrap();
            assert!(computed_hash(&value).unwrap_err().to_string().contains("2^53"), "{n}");
            assert!(strict(n).unwrap_err().to_string().contains("line 1 column"), "{n}");
        }
        assert!(
            strict("{\n \"a\": 36893488147419103233}").unwrap_err().to_string().contains("line 2")
        );
        for fine in ["9007199254740992", "\"9007199254740993 \\\" 9007199254740993\"", "1e300"] {
            assert!(strict(fine).is_ok(), "{fine}");
        }
        for bad in ["[1] 2", "{\"a\":1,\"\\u0061\":2}", "[{\"a\":1,\"a\":1}]", "1e999", "", "NaN"] {
            assert!(strict(bad).is_err(), "{bad}");
        }
        assert!(computed_hash(&json!([])).is_err() && seal(&mut json!({"evidence": 3})).is_err());
    }

    #[test]
    fn a_file_has_the_hash_of_its_bytes() {
        let bytes = vec![7; 200_000];
        assert_eq!(sha256_of(bytes.as_slice()).unwrap(), sha256_hex(&bytes));
    }

    #[test]
    fn depth_is_limited() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(strict(&deep(127)).is_ok());
        assert!(strict(&deep(100_000)).unwrap_err().to_string().contains("recursion limit"));
    }
}
