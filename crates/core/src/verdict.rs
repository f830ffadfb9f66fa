use std::fmt;

/// The answer to a claim; never two-valued.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The claim holds at the stated level.
    Pass,
    /// The claim is refuted at the stated level.
    Fail,
    /// A comparison found no change beyond the margin. Not a proof that there is none.
    NoDetectableChange {
        /// Smallest relative change that this n and noise would have shown with power 0.8.
        would_have_shown: Option<f64>,
    },
    /// The data cannot decide.
    Inconclusive(Reason),
}

/// Why a claim could not be decided.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Fewer observations than any decision needs.
    TooFew {
        /// Smallest count with which a pass becomes possible.
        need: u64,
    },
    /// The interval contains the target.
    Straddles {
        /// Observations that would probably settle it; `None` when the estimate is at the target.
        projected: Option<u64>,
    },
    /// The design could not have shown the change asked for.
    Underpowered {
        /// Observations that could.
        need: u64,
    },
    /// Nothing to compare with.
    Absent,
    /// Only a summary is there, and the question needs samples.
    SummaryOnly,
    /// The buckets are too wide around the target.
    BucketWidth,
    /// The observations depend on each other too strongly.
    Dependent,
    /// One side has runs, the other only one.
    OneRun,
    /// It is not known whether more or less is better.
    UnknownDirection,
    /// The effect is below the resolution of the clock.
    BelowClock,
    /// The answer lies among censored observations.
    Censored,
    /// A few values supply most of the spread.
    HeavyTail,
    /// The base is too close to zero for a relative change.
    BaseNearZero,
    /// The measurements have not settled.
    NotSteady,
    /// Nobody measured it.
    NotTested,
    /// Ready with conditions: a person has to decide.
    Conditions,
    /// The evidence holds at a lower level than asked for.
    LowerLevel,
}

impl Verdict {
    /// One word for tables: `PASS`, `FAIL`, `NO CHANGE SHOWN`, `INCONCLUSIVE`, `NOT TESTED`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::NoDetectableChange { .. } => "NO CHANGE SHOWN",
            Self::Inconclusive(Reason::NotTested) => "NOT TESTED",
            Self::Inconclusive(_) => "INCONCLUSIVE",
        }
    }
}

/// A count with its thousands apart.
fn count(n: u64) -> String {
    crate::number(n as f64)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { need } => write!(f, "too few observations, needs n >= {}", count(*need)),
            Self::Straddles { projected: Some(n) } => {
                write!(f, "the bounds straddle the target; about n = {} would settle it", count(*n))
            }
            Self::Straddles { projected: None } => f.write_str(
                "the bounds straddle the target and the estimate sits on it; no n is in sight",
            ),
            Self::Underpowered { need } => write!(f, "underpowered, needs n >= {}", count(*need)),
            Self::Absent => f.write_str("nothing to compare with"),
            Self::SummaryOnly => f.write_str("only a summary is there, not the samples"),
            Self::BucketWidth => f.write_str("the target lies inside a bucket"),
            Self::Dependent => f.write_str("the observations depend on each other"),
            Self::OneRun => f.write_str("one side has a single run"),
            Self::UnknownDirection => f.write_str(
                "it is not known whether more or less is better; say --direction lower or higher",
            ),
            Self::BelowClock => f.write_str("below clock resolution"),
            Self::Censored => f.write_str("the answer lies among censored observations"),
            Self::HeavyTail => f.write_str("a few values supply most of the spread"),
            Self::BaseNearZero => {
                f.write_str("the base is too close to zero for a relative change")
            }
            Self::NotSteady => f.write_str("the measurements have not settled"),
            Self::NotTested => f.write_str("not tested"),
            Self::LowerLevel => f.write_str("the evidence is of a lower level than asked for"),
            Self::Conditions => f.write_str("ready with conditions: a person decides"),
        }
    }
}
