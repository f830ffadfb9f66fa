//! What the tests of the workspace share: golden files, and the program under test.

pub mod reference;
