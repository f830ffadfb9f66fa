//! Signatures beside evidence: an in-toto statement in a DSSE envelope, signed with Ed25519.

mod envelope;
mod key;
mod pae;
mod statement;

pub use envelope::{Envelope, EnvelopeError};
pub use key::{KeyError, PrivateKey, PublicKey};
pub use pae::pae;
pub use statement::{PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, Signed, sign, statement};
