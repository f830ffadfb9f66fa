//! All tests that need more than one crate, in one binary.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop at the first surprise")]

mod reference;
