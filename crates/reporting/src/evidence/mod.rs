//! The versioned JSON form of a run.

pub(crate) mod artifact;
mod configuration;
mod exhibit;
mod finding;
mod number;
mod pretty;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tailproof_core::{Environment, Finding, Level, Rational, Seed};

use crate::layout::page::Page;
use crate::seal::{hexadecimal, seal};
pub use configuration::{Configuration, HostRecord};
use number::Count;
pub use number::Number;
pub(crate) use pretty::pretty;

/// Schema of the evidence that this version writes.
pub const SCHEMA: &str = "tailproof.evidence/2";
/// Schemas that this version reads.
const READS: [&str; 2] = ["tailproof.evidence/1", SCHEMA];

/// Everything that is kept of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What was tested.
    pub component: String,
    /// When the evidence was made, RFC 3339 UTC.
    pub created: Option<String>,
    /// What made it.
    pub tool: Tool,
    /// What it was made from.
    pub inputs: Vec<InputRecord>,
    /// Where it was made.
    pub environment: Environment,
    /// How it was made.
    pub settings: Settings,
    /// How to make it again.
    pub configuration: Option<Configuration>,
    /// SHA-256 of the evidence before it, where evidence is kept as a chain.
    pub previous: Option<String>,
    /// SHA-256 of the document that it was read from, or last written to, as that document
    /// says; see [`seal`]. A new document gets its own.
    pub sha256: Option<String>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Result objects of the analyses, by name.
    pub results: Map<String, Value>,
    /// Urgent first.
    pub recommendations: Vec<String>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// The document that people read; without one, findings are listed.
    pub page: Option<Page>,
}

/// The program that made evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The libraries that its numbers rest on, and their versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<String, String>,
}

/// An input of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InputRecord {
    /// `data`, `baseline`, `candidate` or `configuration`.
    pub role: String,
    /// File name, relative to the working folder or without its folder.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Format it was read as.
    pub format: String,
}

/// How two sides were compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparisonSettings {
    /// What was compared.
    pub test: String,
    /// What is held over all rows.
    pub correction: String,
    /// Absolute margin, as typed.
    pub min_effect_abs: Option<String>,
    /// The slow-down that was to be excluded.
    pub equivalence: Option<f64>,
    /// The change that rows had to be able to show.
    pub require_power: Option<f64>,
}

/// Settings of a run; `None` where they played no part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Level of objectives, or of a comparison.
    pub level: Option<Level>,
    /// Seed.
    pub seed: Option<Seed>,
    /// Replicates or relabellings.
    pub resamples: Option<u32>,
    /// Margin of a comparison.
    pub min_effect: Option<f64>,
    /// Level of a comparison beside objectives.
    pub comparison_level: Option<Level>,
    /// How two sides were compared.
    pub comparison: Option<ComparisonSettings>,
}

/// Why a text is not evidence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Not JSON, or not of the schema.
    #[error("not evidence of Tailproof: {0}")]
    Shape(#[from] serde_json::Error),
    /// Made by a newer version.
    #[error(
        "evidence of schema {0:?}; this version reads up to {SCHEMA:?}, a newer tailproof wrote it"
    )]
    Schema(String),
    /// A value that the domain does not allow.
    #[error("not evidence of Tailproof: {0}")]
    Value(String),
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Evidence"))]
struct Wire {
    schema: String,
    component: String,
    created: Option<String>,
    tool: Tool,
    inputs: Vec<InputRecord>,
    environment: WireEnvironment,
    settings: WireSettings,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    configuration: Option<Configuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    findings: Vec<finding::Wire>,
    #[serde(default)]
    results: Map<String, Value>,
    #[serde(default)]
    recommendations: Vec<String>,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<Page>,
    /// SHA-256 of the document in canonical JSON (RFC 8785) without this member.
    #[serde(default, skip_serializing)]
    sha256: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Environment"))]
struct WireEnvironment {
    cpu: Option<String>,
    cores: Option<u32>,
    os: Option<String>,
    kernel: Option<String>,
    governor: Option<String>,
    #[serde(default)]
    limits: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Settings"))]
struct WireSettings {
    level: Option<f64>,
    seed: Option<Count>,
    resamples: Option<u32>,
    min_effect: Option<f64>,
    #[serde(default)]
    comparison_level: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comparison: Option<ComparisonSettings>,
}

/// The JSON Schema of evidence: what [`Evidence::to_json`] writes.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> Value {
    titled(schemars::schema_for!(Wire), "Evidence of Tailproof")
}

/// The JSON Schema of the [`Artifact`](crate::Artifact) that `validate` writes around evidence.
#[cfg(feature = "schema")]
#[must_use]
pub fn artifact_schema() -> Value {
    titled(schemars::schema_for!(crate::Artifact), "Artifact of Tailproof")
}

#[cfg(feature = "schema")]
fn titled(schema: schemars::Schema, title: &str) -> Value {
    let mut schema = schema.to_value();
    schema["title"] = title.into();
    schema
}

/// For the member of an artifact that holds evidence.
#[cfg(feature = "schema")]
pub(crate) fn evidence_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Wire>()
}

impl Evidence {
    /// Evidence of findings, everything else empty.
    #[must_use]
    pub fn new(component: impl Into<String>, findings: Vec<Finding>) -> Self {
        Self {
            component: component.into(),
            created: None,
            tool: Tool {
                name: "tailproof".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                dependencies: BTreeMap::new(),
            },
            inputs: Vec::new(),
            environment: Environment::default(),
            settings: Settings::default(),
            configuration: None,
            previous: None,
            sha256: None,
            findings,
            results: Map::new(),
            recommendations: Vec::new(),
            notes: Vec::new(),
            page: None,
        }
    }

    /// Notes the inputs of a data set under a role; folders outside the working folder are
    /// not told.
    pub fn add_sources(&mut self, role: &str, sources: &[tailproof_core::Source]) {
        self.inputs.extend(sources.iter().map(|source| InputRecord {
            role: role.to_owned(),
            name: public_name(&source.name),
            sha256: hexadecimal(&source.sha256),
            bytes: source.bytes,
            format: source.format.clone(),
        }));
    }

    fn wire(&self) -> Wire {
        let e = &self.environment;
        Wire {
            schema: SCHEMA.to_owned(),
            component: self.component.clone(),
            created: self.created.clone(),
            tool: self.tool.clone(),
            inputs: self.inputs.clone(),
            environment: WireEnvironment {
                cpu: e.cpu.clone(),
                cores: e.cores,
                os: e.os.clone(),
                kernel: e.kernel.clone(),
                governor: e.governor.clone(),
                limits: e.limits.iter().cloned().collect(),
            },
            settings: WireSettings {
                level: self.settings.level.map(Level::to_f64),
                seed: self.settings.seed.map(|s| Count(s.0)),
                resamples: self.settings.resamples,
                min_effect: self.settings.min_effect,
                comparison_level: self.settings.comparison_level.map(Level::to_f64),
                comparison: self.settings.comparison.clone(),
            },
            configuration: self.configuration.clone(),
            previous: self.previous.clone(),
            findings: self.findings.iter().map(finding::Wire::from).collect(),
            results: self.results.clone(),
            recommendations: self.recommendations.clone(),
            notes: self.notes.clone(),
            page: self.page.clone(),
            sha256: None,
        }
    }

    /// The evidence as a JSON value, without its hash: what it is put into has one.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self.wire()).expect("strings, numbers and maps with string keys")
    }

    /// The evidence as indented JSON that carries its hash.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.sealed().0
    }

    /// The evidence as indented JSON, and the hash that it carries.
    #[must_use]
    pub fn sealed(&self) -> (String, String) {
        let mut document = self.to_value();
        let hash = seal(&mut document).expect("an object of finite numbers");
        (pretty(&document), hash)
    }

    /// Reads evidence, or the `evidence` object of an artifact.
    ///
    /// # Errors
    /// Not JSON, not evidence, or of a newer schema.
    pub fn from_json(text: &str) -> Result<Self, EvidenceError> {
        let mut value: Value = serde_json::from_str(text)?;
        if let Some(inner) = value.get_mut("evidence") {
            value = inner.take();
        }
        let schema = value.get("schema").and_then(Value::as_str).unwrap_or("");
        if schema.starts_with("tailproof.evidence/") && !READS.contains(&schema) {
            return Err(EvidenceError::Schema(schema.to_owned()));
        }
        if !READS.contains(&schema) {
            return Err(EvidenceError::Value("there is no evidence object with a schema".into()));
        }
        let wire: Wire = serde_json::from_value(value)?;
        let findings = wire
            .findings
            .into_iter()
            .map(Finding::try_from)
            .collect::<Result<_, _>>()
            .map_err(EvidenceError::Value)?;
        let e = wire.environment;
        Ok(Self {
            component: wire.component,
            created: wire.created,
            tool: wire.tool,
            inputs: wire.inputs,
            environment: Environment {
                cpu: e.cpu,
                cores: e.cores,
                os: e.os,
                kernel: e.kernel,
                governor: e.governor,
                limits: e.limits.into_iter().collect(),
            },
            settings: Settings {
                level: wire.settings.level.map(level).transpose().map_err(EvidenceError::Value)?,
                seed: wire.settings.seed.map(|c| Seed(c.0)),
                resamples: wire.settings.resamples,
                min_effect: wire.settings.min_effect,
                comparison_level: wire
                    .settings
                    .comparison_level
                    .map(level)
                    .transpose()
                    .map_err(EvidenceError::Value)?,
                comparison: wire.settings.comparison,
            },
            configuration: wire.configuration,
            previous: wire.previous,
            sha256: wire.sha256,
            findings,
            results: wire.results,
            recommendations: wire.recommendations,
            notes: wire.notes,
            page: wire.page,
        })
    }
}

/// A level from its decimal form.
fn level(value: f64) -> Result<Level, String> {
    // Written as the nearest double, read as the simplest number that rounds to it.
    Rational::simplest(value)
        .map_err(|e| e.to_string())
        .and_then(|r| Level::new(r).map_err(|e| e.to_string()))
}

/// A path without folders that say something about the machine.
fn public_name(name: &str) -> String {
    let path = std::path::Path::new(name);
    let inside = path.is_relative()
        && !path.components().any(|c| matches!(c, std::path::Component::ParentDir));
    if inside {
        return name.to_owned();
    }
    path.file_name().map_or_else(|| name.to_owned(), |n| n.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_schemas_and_other_files_are_refused() {
        let newer = Evidence::new("a", vec![]).to_json().replace("evidence/2", "evidence/3");
        assert!(matches!(Evidence::from_json(&newer), Err(EvidenceError::Schema(_))));
        assert!(matches!(Evidence::from_json("{}"), Err(EvidenceError::Value(_))));
        assert!(matches!(Evidence::from_json("{"), Err(EvidenceError::Shape(_))));
    }

    #[test]
    fn paths_outside_are_not_told() {
        assert_eq!(public_name("data/a.csv"), "data/a.csv");
        assert_eq!(public_name("-"), "-");
        assert_eq!(public_name("../secret/a.csv"), "a.csv");
        assert_eq!(public_name(&format!("{}srv/a.csv", std::path::MAIN_SEPARATOR)), "a.csv");
    }
}
