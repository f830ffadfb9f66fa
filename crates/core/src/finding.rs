use crate::series::qualified;
use crate::{Comparison, Direction, Exhibit, Labels, Level, Seed, Unit, Verdict};

/// What a finding is about; decides whether it gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// An objective.
    Slo,
    /// A comparison with a baseline.
    Regression,
    /// A declared benchmark that vanished.
    Missing,
    /// A decision over all the others, which then do not gate by themselves.
    Decision,
    /// Anything else; never gates.
    Other,
}

/// What a guarantee rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Holds at every n for independent, identically distributed observations.
    Exact,
    /// Holds as n grows.
    Asymptotic,
    /// Assumptions are known to be violated; a best effort.
    Approximate,
}

/// How a number came about; only measured ones count towards a success rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It was measured.
    Measured,
    /// A simulation gave it.
    Simulated,
    /// Somebody estimated it.
    Estimated,
    /// It extrapolates measurements.
    Projected,
    /// Nobody looked.
    NotTested,
}

impl Provenance {
    /// All of them, the firmest first.
    pub const ALL: [Self; 5] =
        [Self::Measured, Self::Simulated, Self::Estimated, Self::Projected, Self::NotTested];

    /// In a word: `measured`, `not tested`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Simulated => "simulated",
            Self::Estimated => "estimated",
            Self::Projected => "projected",
            Self::NotTested => "not tested",
        }
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is no [`Provenance`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("provenance is measured, simulated, estimated, projected or not tested, got {0:?}")]
pub struct ProvenanceError(pub String);

impl std::str::FromStr for Provenance {
    type Err = ProvenanceError;

    fn from_str(text: &str) -> Result<Self, ProvenanceError> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == text.trim())
            .ok_or_else(|| ProvenanceError(text.to_owned()))
    }
}

/// What a finding speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Name of the metric.
    pub metric: String,
    /// Labels of the series.
    pub labels: Labels,
    /// Benchmark id, when it has one.
    pub benchmark: Option<String>,
    /// Which statistic of the metric: `p99`, `mean`; when a subject has several.
    pub statistic: Option<String>,
}

/// An interval with its level and method; ends may be infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Two-sided level.
    pub level: Level,
    /// How it was made.
    pub method: String,
}

/// Which side a one-sided bound is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The quantity is at least this.
    Lower,
    /// The quantity is at most this.
    Upper,
}

/// A one-sided bound that decided, or could have; infinite when it does not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Which side.
    pub side: Side,
    /// The bound.
    pub value: f64,
    /// Its one-sided level.
    pub level: Level,
    /// How it was made.
    pub method: String,
}

/// An effect size.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Name, such as `cohens_d`.
    pub name: String,
    /// Value; infinite where documented.
    pub value: f64,
    /// Interval, when there is one.
    pub interval: Option<Interval>,
    /// Why the value is what it is, in degenerate cases.
    pub note: Option<String>,
}

/// A row of a matrix of targets: what a scorecard says of a finding beside the finding itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// What people call it.
    pub name: String,
    /// Which part of the whole it belongs to.
    pub domain: String,
    /// How much it weighs in the score.
    pub weight: f64,
    /// Whether there is no release without it.
    pub critical: bool,
    /// `(actual − target) / |target|`; `None` without a value, for a target of zero and inside
    /// a range.
    pub variance: Option<f64>,
    /// Whether the value would meet the target, however it came about; `None` without a value,
    /// or when it cannot tell.
    pub would_meet: Option<bool>,
    /// `Some(Below)` when only an upper end of the value is known, and so on.
    pub known: Option<Comparison>,
}

/// One judged claim with everything needed to defend it.
///
/// The hinge between analysis and output: judging crates make findings, `reporting` draws
/// them, neither knows the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub class: Class,
    /// Of what it speaks.
    pub subject: Subject,
    /// The claim in words: `p95 <= 150 ms`.
    pub claim: String,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in one line.
    pub why: String,
    /// Unit of estimate, target and base, and of interval and bounds when there is no base.
    /// With a base, interval and bounds are of the relative change: 0.12 is 12 % more.
    pub unit: Option<Unit>,
    /// Whether less is better.
    pub direction: Direction,
    /// Point estimate.
    pub estimate: Option<f64>,
    /// Interval shown.
    pub interval: Option<Interval>,
    /// Bounds that decide.
    pub bounds: Vec<Bound>,
    /// What the verdict rests on.
    pub guarantee: Guarantee,
    /// What was promised, in the unit of the data; of a range its lower end.
    pub target: Option<f64>,
    /// The upper end of a target that is a range.
    pub target_upper: Option<f64>,
    /// Estimate of the baseline.
    pub base: Option<f64>,
    /// Effect sizes.
    pub effects: Vec<Effect>,
    /// p-value of the claim.
    pub p: Option<f64>,
    /// p-value after correction for the family.
    pub adjusted_p: Option<f64>,
    /// Observations per side: one number, or base and candidate.
    pub n: Vec<u64>,
    /// Runs per side.
    pub runs: Vec<u64>,
    /// Seed of the random parts, when there are any.
    pub seed: Option<Seed>,
    /// How the numbers came about.
    pub provenance: Provenance,
    /// What to be careful about.
    pub warnings: Vec<String>,
    /// What a report draws.
    pub exhibits: Vec<Exhibit>,
    /// Its row, when it is one of a matrix of targets.
    pub standing: Option<Standing>,
}

impl Finding {
    /// A finding with everything optional left empty: measured, exact, not tested yet.
    #[must_use]
    pub fn new(class: Class, subject: Subject, claim: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            class,
            subject,
            claim: claim.into(),
            verdict,
            why: String::new(),
            unit: None,
            direction: Direction::Unknown,
            estimate: None,
            interval: None,
            bounds: Vec::new(),
            guarantee: Guarantee::Exact,
            target: None,
            target_upper: None,
            base: None,
            effects: Vec::new(),
            p: None,
            adjusted_p: None,
            n: Vec::new(),
            runs: Vec::new(),
            seed: None,
            provenance: Provenance::Measured,
            warnings: Vec::new(),
            exhibits: Vec::new(),
            standing: None,
        }
    }

    /// The unit as it is printed after a number: `" ms"`, or nothing.
    #[must_use]
    pub fn suffix(&self) -> String {
        self.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"))
    }

    /// Whether estimate, bounds and target are shares, shown as percentages.
    #[must_use]
    pub fn is_share(&self) -> bool {
        self.unit == Unit::known("ratio")
    }

    /// The subject as it is printed: metric, labels, benchmark.
    #[must_use]
    pub fn name(&self) -> String {
        let metric = qualified(&self.subject.metric, &self.subject.labels);
        match &self.subject.benchmark {
            Some(benchmark) => format!("{benchmark} {metric}"),
            None => metric,
        }
    }
}
