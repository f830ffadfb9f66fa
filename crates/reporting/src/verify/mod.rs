//! What can be checked of evidence without reading files or computing anything again.

#[cfg(feature = "sign")]
mod artifact;
#[cfg(feature = "sign")]
pub(crate) mod chain;
pub(crate) mod difference;
#[cfg(feature = "sign")]
pub(crate) mod examine;
