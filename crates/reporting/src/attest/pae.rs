/// What is signed: payload type and payload with their lengths in front, so that no byte can be
/// moved from one to the other.
///
/// ```text
/// "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body
/// ```
/// `SP` is a space, `LEN` the number of bytes in decimal.
///
/// # Source
/// Dead Simple Signing Envelope 1.0.0, Pre-Authentication Encoding.
///
/// ```
/// # use tailproof_reporting::pae;
/// let encoded = pae("http://example.com/HelloWorld", b"hello world");
/// assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
/// ```
#[must_use]
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), body.len());
    all.reserve_exact(body.len());
    let mut all = all.into_bytes();
    all.extend_from_slice(body);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_bytes_and_keep_type_and_body_apart() {
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
        assert_eq!(pae("é", b"\x00\xff"), b"DSSEv1 2 \xc3\xa9 2 \x00\xff");
        assert_ne!(pae("a 1", b"b"), pae("a", b"1 b"));
    }
}
