use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;
use tailproof_core::{Class, Finding, Level, Verdict};

use crate::evidence::{Evidence, pretty};
use crate::seal::seal;

/// The artifact of document 0, `{component}_performance_bootstrap_validation.json`: its four
/// sections to the letter, and one `evidence` object with everything behind them.
///
/// Every boolean is derived, every time measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    /// What was tested.
    pub component: String,
    /// When, RFC 3339 UTC.
    pub validation_timestamp: String,
    /// Bootstrap SLO validation.
    pub bootstrap_validation: BootstrapValidation,
    /// Regression detection.
    pub statistical_testing: StatisticalTesting,
    /// T4 excellence.
    pub t4_excellence: T4Excellence,
    /// Reports made in this run.
    pub reporting: Reporting,
    /// The evidence.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::evidence::evidence_schema"))]
    pub evidence: Value,
}

/// Section `bootstrap_validation`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootstrapValidation {
    /// Replicates really drawn.
    pub samples: u32,
    /// Level of the objectives.
    pub confidence_level: f64,
    /// Every objective could be judged: no verdict is inconclusive.
    pub slo_compliance_validated: bool,
    /// Time to judge all objectives.
    pub performance_ms: f64,
}

/// Section `statistical_testing`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatisticalTesting {
    /// A baseline was given and compared with.
    pub regression_detection: bool,
    /// α of the document's permutation test.
    pub significance_level: f64,
    /// Effect sizes were computed.
    pub effect_size_calculated: bool,
    /// Time of the comparison; `None` without a baseline.
    pub performance_ms: Option<f64>,
    /// Why there is no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_ms_reason: Option<String>,
}

/// Section `t4_excellence`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct T4Excellence {
    /// Share of observations that may miss.
    pub threshold: f64,
    /// At least one metric was judged, and none was left without a target.
    pub compliance_validated: bool,
    /// All metrics judged are compliant; false when none was.
    pub overall_compliant: bool,
    /// Time of the check.
    pub performance_ms: f64,
}

/// Section `reporting`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reporting {
    /// A report for people was made in this run.
    pub automated_reports: bool,
    /// A score was computed: something was judged.
    pub compliance_scoring: bool,
    /// There were recommendations to make, and they were made.
    pub recommendations_generated: bool,
    /// Time to make the reports.
    pub performance_ms: f64,
}

impl BootstrapValidation {
    /// The section of findings whose objectives drew `samples` replicates.
    #[must_use]
    pub fn of(findings: &[Finding], samples: u32, level: Level, performance_ms: f64) -> Self {
        let mut objectives = findings.iter().filter(|f| f.class == Class::Slo).peekable();
        let any = objectives.peek().is_some();
        Self {
            samples,
            confidence_level: level.to_f64(),
            slo_compliance_validated: any
                && objectives.all(|f| !matches!(f.verdict, Verdict::Inconclusive(_))),
            performance_ms,
        }
    }
}

impl Reporting {
    /// The section of a run that reported these findings.
    #[must_use]
    pub fn of(findings: &[Finding], scored: bool, recommended: bool, performance_ms: f64) -> Self {
        Self {
            automated_reports: !findings.is_empty(),
            compliance_scoring: scored,
            recommendations_generated: recommended,
            performance_ms,
        }
    }
}

impl Artifact {
    /// Puts evidence into the artifact.
    pub fn set_evidence(&mut self, evidence: &Evidence) {
        self.evidence = evidence.to_value();
    }

    /// Indented JSON, and the hash of all of it, which the evidence carries.
    #[must_use]
    pub fn sealed(&self) -> (String, String) {
        let mut document =
            serde_json::to_value(self).expect("strings, numbers and maps with string keys");
        let hash = seal(&mut document).expect("an object of finite numbers");
        (pretty(&document), hash)
    }
}

/// A component name that is safe in a file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component(String);

/// Why a text is not a [`Component`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a component is 1 to 100 letters, digits, '-', '_' and '.', beginning with a letter or digit; got {0:?}"
)]
pub struct ComponentError(pub String);

impl Component {
    /// `{component}_performance_bootstrap_validation.json`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_performance_bootstrap_validation.json", self.0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Component {
    type Err = ComponentError;

    fn from_str(text: &str) -> Result<Self, ComponentError> {
        let safe = (1..=100).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && text.as_bytes()[0].is_ascii_alphanumeric();
        if safe { Ok(Self(text.to_owned())) } else { Err(ComponentError(text.to_owned())) }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_findings_made_no_report() {
        let section = Reporting::of(&[], true, true, 1.0);
        assert!(!section.automated_reports && section.compliance_scoring);
        assert!(!BootstrapValidation::of(&[], 0, Level::P999, 1.0).slo_compliance_validated);
    }

    #[test]
    fn components_stay_inside_their_folder() {
        let long = "a".repeat(101);
        for bad in ["", "..", ".hidden", "a/b", "a\\b", "a b", "ü", long.as_str()] {
            assert!(bad.parse::<Component>().is_err(), "{bad:?}");
        }
        let ok: Component = "check-out_1.2".parse().unwrap();
        assert_eq!(ok.file_name(), "check-out_1.2_performance_bootstrap_validation.json");
    }
}
