//! Envelopes against a second implementation: what it made, we read, and make to the byte.

use serde_json::Value;
use tailproof_reporting::{Envelope, PrivateKey, PublicKey, pae, strict};
use tailproof_tests::program::root;

fn golden() -> Value {
    let text = std::fs::read_to_string(root().join("tests/reference/dsse.json")).unwrap();
    strict(&text).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

#[test]
fn keys_are_read_and_written_as_others_do() {
    let golden = golden();
    let key = &golden["key"];
    let text = |name: &str| key[name].as_str().unwrap();
    let seed: [u8; 32] = bytes(&key["seed_hex"]).try_into().unwrap();
    let private = PrivateKey::from_pem(text("private_pem")).unwrap();
    assert_eq!(private.public(), PrivateKey::from_seed(&seed).public());
    assert_eq!(private.to_pem().as_str(), text("private_pem"));
    let public = PublicKey::from_pem(text("public_pem")).unwrap();
    assert_eq!(public, private.public());
    assert_eq!(public.to_pem(), text("public_pem"));
    assert_eq!(public.id(), text("keyid"));
}

#[test]
fn encoding_and_envelope_are_those_of_a_second_implementation() {
    let golden = golden();
    let private = PrivateKey::from_pem(golden["key"]["private_pem"].as_str().unwrap()).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 5);
    for case in cases {
        let (name, kind) = (&case["name"], case["payload_type"].as_str().unwrap());
        let payload = bytes(&case["payload_hex"]);
        assert_eq!(pae(kind, &payload), bytes(&case["pae_hex"]), "{name}");
        let theirs = Envelope::from_line(case["envelope"].as_str().unwrap()).unwrap();
        assert_eq!(theirs.check(&private.public()).unwrap(), payload, "{name}");
        assert_eq!(theirs.payload_type, kind, "{name}");
        // Ed25519 signs without chance: ours is the same envelope.
        assert_eq!(Envelope::sign(kind, &payload, &private), theirs, "{name}");
    }
}
