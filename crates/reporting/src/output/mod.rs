//! One file a form of a report. Copy `csv.rs` to begin with another.

pub(crate) mod annotations;
pub(crate) mod archive;
pub(crate) mod csv;
#[cfg(feature = "flame")]
pub(crate) mod flame;
#[cfg(feature = "html")]
pub(crate) mod html;
#[cfg(feature = "junit")]
pub(crate) mod junit;
pub(crate) mod markdown;
#[cfg(feature = "openmetrics")]
pub(crate) mod openmetrics;
pub(crate) mod sarif;
pub(crate) mod table;
