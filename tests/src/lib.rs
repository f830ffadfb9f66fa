//! What the tests of the workspace share: golden files, and the program under test.

pub mod expectations;
pub mod oracle;
pub mod program;
pub mod reference;
pub mod samples;
