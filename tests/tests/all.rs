//! All tests that need more than one crate, in one binary.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop at the first surprise")]

mod artifact;
mod atomicity;
mod bad_input;
mod bits;
mod changes;
#[cfg(unix)]
mod ci;
mod cli;
mod coverage;
mod damage;
mod document0;
mod dsse;
mod formats;
mod gate;
mod memory;
mod nulls;
mod oracle;
mod outputs;
mod plan;
mod predictions;
mod properties;
mod readme;
mod reference;
mod replay;
mod samples;
mod scaling;
mod score;
mod verify;
mod versions;
