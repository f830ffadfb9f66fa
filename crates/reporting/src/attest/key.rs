use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    self, DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::seal::sha256_hex;

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Something else, or broken. What the file holds is not told.
    #[error("not {wanted} in PEM, {hint}")]
    Shape {
        /// What was expected.
        wanted: &'static str,
        /// What it looks like, and what to do.
        hint: &'static str,
    },
    /// A public key with which anything verifies.
    #[error("a weak key (of small order): anybody could sign for it")]
    Weak,
}

/// An Ed25519 key to sign with. It is wiped from memory when it is dropped, and never shown.
pub struct PrivateKey(SigningKey);

/// An Ed25519 key to check signatures with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PrivateKey {
    /// The key of 32 random bytes; the caller takes them from the operating system, and wipes
    /// them.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads PKCS#8 in PEM, `-----BEGIN PRIVATE KEY-----`, as `tailproof keygen` and
    /// `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    /// Anything else; the message holds nothing of the text.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let wanted = "an Ed25519 private key";
        let shape = |hint| KeyError::Shape { wanted, hint };
        let other = [
            ("PUBLIC KEY", "this is the public key, and signing needs the private one"),
            ("ENCRYPTED", "encrypted keys are not read; keep the file with mode 0600 instead"),
            ("OPENSSH", "this is OpenSSH's form; make a key with tailproof keygen"),
            ("RSA", "this is an RSA key; make a key with tailproof keygen"),
            ("EC PRIVATE KEY", "this is an EC key; make a key with tailproof keygen"),
        ];
        if let Some(hint) = hint(pem, &other) {
            return Err(shape(hint));
        }
        SigningKey::from_pkcs8_pem(pem.trim_start()).map(Self).map_err(|e| {
            shape(match e {
                pkcs8::Error::PublicKey(pkcs8::spki::Error::OidUnknown { .. }) => {
                    "this key is of another algorithm; make a key with tailproof keygen"
                }
                _ => "-----BEGIN PRIVATE KEY-----; make a key with tailproof keygen",
            })
        })
    }

    /// PKCS#8 in PEM, of the first version, which every tool reads; wiped when it is dropped.
    #[must_use]
    pub fn to_pem(&self) -> impl std::ops::Deref<Target = String> + use<> {
        // Without the public key: with it, it is version 2, which OpenSSL 3.0 does not read.
        KeypairBytes { secret_key: self.0.to_bytes(), public_key: None }
            .to_pkcs8_pem(LineEnding::LF)
            .expect("32 bytes have a PKCS#8 form")
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of a message.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public().id()).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads SubjectPublicKeyInfo in PEM, `-----BEGIN PUBLIC KEY-----`, as `tailproof keygen` and
    /// `openssl pkey -pubout` write it.
    ///
    /// # Errors
    /// Anything else, and a key of small order.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let wanted = "an Ed25519 public key";
        let shape = |hint| KeyError::Shape { wanted, hint };
        let other = [
            ("PRIVATE KEY", "this is a private key: keep it secret, and give its .pub file"),
            ("RSA", "this is an RSA key"),
            ("CERTIFICATE", "this is a certificate"),
        ];
        if let Some(hint) = hint(pem, &other) {
            return Err(shape(hint));
        }
        let key = VerifyingKey::from_public_key_pem(pem.trim_start()).map_err(|e| {
            shape(match e {
                pkcs8::spki::Error::OidUnknown { .. } => "this key is of another algorithm",
                _ => "-----BEGIN PUBLIC KEY-----",
            })
        })?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// SubjectPublicKeyInfo in PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("32 bytes have an SPKI form")
    }

    /// What names the key: SHA-256, in hexadecimal, of its SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn id(&self) -> String {
        let der = self.0.to_public_key_der().expect("32 bytes have an SPKI form");
        sha256_hex(der.as_bytes())
    }

    /// Whether a signature is of this message and of the private key that belongs to this one.
    ///
    /// Strict: of all the forms that a signature could be given without the key, only the one
    /// that was made is accepted.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|s| self.0.verify_strict(message, &s).is_ok())
    }
}

/// What to say to the first line of a PEM file that is something else.
fn hint(pem: &str, known: &[(&'static str, &'static str)]) -> Option<&'static str> {
    let head = pem.lines().find(|line| line.starts_with("-----BEGIN "))?;
    known.iter().find(|(label, _)| head.contains(label)).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, 7.1, test 2.
    const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    fn key() -> PrivateKey {
        PrivateKey::from_seed(&bytes(SEED).try_into().unwrap())
    }

    #[test]
    fn signs_as_rfc_8032_does() {
        let signature = key().sign(&[0x72]);
        assert_eq!(signature.to_vec(), bytes(SIGNATURE));
        assert_eq!(key().public().0.to_bytes().to_vec(), bytes(PUBLIC));
        assert!(key().public().verifies(&[0x72], &signature));
        assert!(!key().public().verifies(&[0x73], &signature));
        assert!(!key().public().verifies(&[0x72], &signature[..63]));
    }

    #[test]
    fn malleated_signatures_are_refused() {
        // S + L is the same number modulo the order L of the group.
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut signature = key().sign(&[0x72]);
        let mut carry = 0;
        for (s, l) in signature[32..].iter_mut().zip(order) {
            let sum = u16::from(*s) + u16::from(l) + carry;
            (*s, carry) = (sum as u8, sum >> 8);
        }
        assert!(!key().public().verifies(&[0x72], &signature));
    }

    #[test]
    fn keys_survive_their_files_and_are_never_shown() {
        let pem = key().to_pem().clone();
        assert_eq!(pem.lines().count(), 3);
        let again = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(again.public(), key().public());
        assert_eq!(PublicKey::from_pem(&key().public().to_pem()).unwrap(), key().public());
        let shown = format!("{again:?}");
        assert!(shown.contains(&again.public().id()) && !shown.contains(&SEED[..8]), "{shown}");
        assert!(!shown.contains("76, 205"), "{shown}");
    }

    #[test]
    fn what_is_no_key_is_named_and_not_quoted() {
        let (private, public) = (key().to_pem().clone(), key().public().to_pem());
        let said = |e: KeyError| e.to_string();
        assert!(said(PrivateKey::from_pem(&public).unwrap_err()).contains("private one"));
        assert!(said(PublicKey::from_pem(&private).unwrap_err()).contains(".pub"));
        for bad in
            ["", "secret", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n"]
        {
            let error = said(PrivateKey::from_pem(bad).unwrap_err());
            assert!(error.contains("Ed25519 private key") && !error.contains("secret"), "{error}");
            assert!(PublicKey::from_pem(bad).is_err());
        }
        // The neutral point, of order 1.
        let mut point = [0; 32];
        point[0] = 1;
        let weak = PublicKey(VerifyingKey::from_bytes(&point).unwrap()).to_pem();
        assert_eq!(PublicKey::from_pem(&weak), Err(KeyError::Weak));
    }
}
