use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use super::key::{PrivateKey, PublicKey};
use super::pae::pae;
use crate::seal::strict;

/// A DSSE envelope: a payload, its type, and signatures of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The payload in base64.
    payload: String,
    /// What the payload is.
    pub payload_type: String,
    /// Signatures of payload type and payload.
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// Why a text is no envelope, or its signature not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not an envelope in one line.
    #[error("not a DSSE envelope: {0}")]
    Shape(String),
    /// The payload is not what is wanted, whoever signed it.
    #[error("{0}")]
    Statement(&'static str),
    /// No signature is of the key.
    #[error("signed by key {by}, and not by key {wanted}")]
    OtherKey {
        /// Keys that the envelope names.
        by: String,
        /// The key that was given.
        wanted: String,
    },
    /// The key is named, but its signature is not of this payload.
    #[error("the signature is not that of key {0}: payload, payload type or signature was changed")]
    BadSignature(String),
}

impl Envelope {
    /// Signs a payload.
    #[must_use]
    pub fn sign(payload_type: &str, payload: &[u8], key: &PrivateKey) -> Self {
        let signature = Signature {
            keyid: key.public().id(),
            sig: STANDARD.encode(key.sign(&pae(payload_type, payload))),
        };
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![signature],
        }
    }

    /// The envelope in one line, as a `.intoto.jsonl` file holds it.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("an envelope is strings");
        line.push('\n');
        line
    }

    /// Reads an envelope in one line.
    ///
    /// # Errors
    /// Not one envelope, several lines, or base64 that is none.
    pub fn from_line(text: &str) -> Result<Self, EnvelopeError> {
        let shape = |e: String| EnvelopeError::Shape(e);
        let line = text.strip_suffix('\n').unwrap_or(text);
        if line.contains('\n') {
            return Err(shape("more than one line".into()));
        }
        let value = strict(line).map_err(|e| shape(e.to_string()))?;
        let envelope: Self = serde_json::from_value(value).map_err(|e| shape(e.to_string()))?;
        if envelope.signatures.is_empty() {
            return Err(shape("no signature".into()));
        }
        envelope.payload()?;
        Ok(envelope)
    }

    /// The payload; nothing says that it is genuine before [`check`](Self::check) does.
    ///
    /// # Errors
    /// It is not base64.
    pub fn payload(&self) -> Result<Vec<u8>, EnvelopeError> {
        decode(&self.payload)
            .ok_or_else(|| EnvelopeError::Shape("the payload is not base64".into()))
    }

    /// The keys that the envelope names; nothing says that they signed it before
    /// [`check`](Self::check) does.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|s| s.keyid.as_str())
    }

    /// The payload, once a key is known to have signed it and its type.
    ///
    /// # Errors
    /// No signature names the key, or none that does is right.
    pub fn check(&self, key: &PublicKey) -> Result<Vec<u8>, EnvelopeError> {
        let payload = self.payload()?;
        let id = key.id();
        let own = || self.signatures.iter().filter(|s| s.keyid == id);
        if own().next().is_none() {
            let by = self.key_ids().take(3).collect::<Vec<_>>().join(", ");
            return Err(EnvelopeError::OtherKey { by, wanted: id });
        }
        let message = pae(&self.payload_type, &payload);
        if own().any(|s| decode(&s.sig).is_some_and(|sig| key.verifies(&message, &sig))) {
            Ok(payload)
        } else {
            Err(EnvelopeError::BadSignature(id))
        }
    }
}

/// Base64 of either alphabet, as the specification asks.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> PrivateKey {
        PrivateKey::from_seed(&[n; 32])
    }

    #[test]
    fn what_was_signed_comes_back() {
        let envelope = Envelope::sign("text/plain", b"payload \xff", &key(1));
        let line = envelope.to_line();
        assert_eq!(line.matches('\n').count(), 1);
        let again = Envelope::from_line(&line).unwrap();
        assert_eq!(again.check(&key(1).public()).unwrap(), b"payload \xff");
        let other = again.check(&key(2).public()).unwrap_err();
        assert!(matches!(other, EnvelopeError::OtherKey { .. }), "{other}");
    }

    #[test]
    fn changes_of_any_part_are_found() {
        let envelope = Envelope::sign("text/plain", b"payload", &key(1));
        let public = key(1).public();
        let mut payload = envelope.clone();
        payload.payload = STANDARD.encode("Payload");
        let mut of_type = envelope.clone();
        of_type.payload_type = "text/plain ".into();
        let mut sig = envelope.clone();
        sig.signatures[0].sig = STANDARD.encode(key(1).sign(b"payload"));
        for bad in [payload, of_type, sig] {
            assert!(matches!(bad.check(&public), Err(EnvelopeError::BadSignature(_))), "{bad:?}");
        }
        // A second signature of somebody else takes nothing from the first.
        let mut two = Envelope::sign("text/plain", b"payload", &key(2));
        two.signatures.extend(envelope.signatures);
        assert!(two.check(&public).is_ok());
    }

    #[test]
    fn other_texts_are_no_envelopes() {
        let good = Envelope::sign("t", b"p", &key(1)).to_line();
        let twice = format!("{good}{good}");
        let none = r#"{"payload": "cA==", "payloadType": "t", "signatures": []}"#;
        let base = good.replace("cA==", "c*==");
        let padding = good.replace("cA==", "cB=="); // Bits behind the end.
        for bad in ["", "{}", "[]", twice.as_str(), none, &base, &padding] {
            assert!(Envelope::from_line(bad).is_err(), "{bad}");
        }
    }
}
