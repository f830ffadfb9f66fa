//! All tests that need more than one crate, in one binary.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop at the first surprise")]

mod artifact;
mod atomicity;
mod bad_input;
mod bits;
mod changes;
mod cli;
mod coverage;
mod document0;
mod formats;
mod gate;
mod memory;
mod nulls;
mod oracle;
mod plan;
mod predictions;
mod properties;
mod readme;
mod reference;
mod replay;
mod samples;
mod scaling;
mod score;
