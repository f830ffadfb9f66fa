//! How much faster: speed-ups with intervals, layer by layer, claimed and measured.
//!
//! | Question                                              | Item                      |
//! | ----------------------------------------------------- | ------------------------- |
//! | How much faster is one configuration than another?    | [`speed_up`]              |
//! | What does each layer of a list bring, and all so far? | [`layers`]                |
//! | Do the single speed-ups multiply to the combined one? | [`combination`]           |
//! | What does a published speed-up say?                   | [`PublishedFactor`]       |
//! | Does a published table of speed-ups add up?           | [`claims::parse`], [`claims::judge`] |
//! | Which factors matter, and which interact?             | [`ablation`]              |
//!
//! A speed-up is a factor, base over candidate for what should be small: ×3.99. The time that it
//! saves, 74.96 %, is another number, and neither is ever called by the other's name.

mod ablation;
pub mod claims;
mod combination;
mod design;
mod exhibit;
mod factor;
mod layers;
mod least_squares;
mod ratio;

pub use ablation::{Ablation, Term, ablation};
pub use combination::{Combination, combination};
pub use design::{AblationError, Run, runs};
pub use factor::{Digits, PublishedFactor, PublishedFactorError, factor, saying};
pub use layers::{Configuration, Questions, layers};
pub use ratio::{MedianSpread, SpeedUp, SpeedUpSettings, Statistic, speed_up};
