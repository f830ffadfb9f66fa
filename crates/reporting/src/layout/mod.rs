//! What people read, before it is drawn: tables of comparisons, the matrix of targets, pages of
//! sections, trends over runs.

pub(crate) mod comparison;
pub(crate) mod grid;
pub(crate) mod matrix;
pub(crate) mod notes;
pub(crate) mod page;
pub(crate) mod trend;
