//! Runs commands side by side and times them.
//!
//! | Question                                          | Item                          |
//! | ------------------------------------------------- | ----------------------------- |
//! | How long do these commands take?                  | [`measure`]                   |
//! | What is run?                                      | [`Command`]                   |
//! | How often, and when is it enough?                 | [`Plan`], [`Stop`]            |
//! | Which one is slower, and how sure is that?        | [`Measured::findings`]        |
//!
//! ```
//! use tailproof_core::Seed;
//! use tailproof_measure::{Command, Plan, measure};
//!
//! let commands = [Command::parse(&["true".into()])?, Command::parse(&["sh".into(), "-c".into(), ":".into()])?];
//! let plan = Plan { max_rounds: 10, ..Plan::new(Seed(1)) };
//! let measured = measure(&commands, &plan, |_| {})?;
//! assert_eq!(measured.rounds(), 10);
//! # Ok::<(), tailproof_measure::MeasureError>(())
//! ```
//!
//! Commands are interleaved in random order, so that a machine that slows down slows all of
//! them. The interval of each ratio holds at every look, so that stopping when it is narrow
//! enough is fair.

mod command;
mod judge;
mod plan;
mod rounds;

pub use command::{Command, MeasureError, Timing};
pub use plan::{Plan, Stop};
pub use rounds::{Measured, Progress, measure};
