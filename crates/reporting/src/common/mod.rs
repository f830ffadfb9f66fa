//! What several outputs share: safe text, flat facts, how a finding gates, places and times.

pub(crate) mod facts;
pub(crate) mod gating;
pub(crate) mod location;
pub(crate) mod text;
pub(crate) mod time;
