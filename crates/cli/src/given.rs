use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use tailproof_core::{Cell, Environment, Exhibit, ExhibitKind, Finding, Host, Source};
use tailproof_reporting::{Evidence, expectations};
use time::OffsetDateTime;

use crate::invocation::Invocation;

/// What a run is given beside its files: what was typed, the time, and the machine.
///
/// `verify` gives what evidence says, so that a run is the same on another day and elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    invocation: Invocation,
    now: OffsetDateTime,
    environment: Option<Environment>,
    host: Option<Host>,
    again: bool,
}

/// A verb that makes findings.
pub(crate) trait Analysis {
    /// Everything that is found; [`Nothing`] when there is nothing to judge.
    fn evidence(&self, given: &Given) -> anyhow::Result<Evidence>;
}

/// Why there is nothing to judge: no fault, and no answer.
#[derive(Clone, Debug)]
pub(crate) struct Nothing(pub(crate) String);

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Nothing {}

impl Given {
    /// Here and now.
    pub(crate) fn now(invocation: Invocation) -> Self {
        let now = OffsetDateTime::now_utc();
        Self { invocation, now, environment: None, host: None, again: false }
    }

    /// Then and there, as evidence says.
    pub(crate) fn again(
        invocation: Invocation,
        now: OffsetDateTime,
        environment: Environment,
        host: Option<Host>,
    ) -> Self {
        Self { invocation, now, environment: Some(environment), host, again: true }
    }

    /// Whether this is a run again, which computes everything that evidence may hold.
    pub(crate) fn is_again(&self) -> bool {
        self.again
    }

    /// The time of the run.
    pub(crate) fn time(&self) -> OffsetDateTime {
        self.now
    }

    /// Where the run was made.
    pub(crate) fn environment(&self) -> Environment {
        self.environment.clone().unwrap_or_else(tailproof_ingest::environment)
    }

    /// What the host has.
    pub(crate) fn host(&self) -> Host {
        self.host.clone().unwrap_or_else(tailproof_ingest::host)
    }

    /// Notes inputs of a run under a role, by names that say nothing about the machine.
    pub(crate) fn record(&self, evidence: &mut Evidence, role: &str, sources: &[Source]) {
        let public = |source: &Source| Source {
            name: self.invocation.public(&source.name),
            ..source.clone()
        };
        let sources: Vec<Source> = sources.iter().map(public).collect();
        evidence.add_sources(role, &sources);
    }

    /// Notes a configuration file, with its text.
    pub(crate) fn configured(
        &self,
        evidence: &mut Evidence,
        path: &Path,
        format: &str,
    ) -> anyhow::Result<()> {
        let source = tailproof_ingest::source(path, format)?;
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let name = self.invocation.public(&source.name);
        self.record(evidence, "configuration", &[source]);
        evidence.configuration.get_or_insert_default().files.insert(name, text);
        Ok(())
    }

    /// Completes evidence with how it was made, and tells paths that were typed by their public
    /// names.
    pub(crate) fn complete(&self, evidence: &mut Evidence) {
        if !self.invocation.names.is_plain() {
            tell(evidence, &|text| self.invocation.names.told(text));
        }
        evidence.tool.dependencies = dependencies();
        let configuration = evidence.configuration.get_or_insert_default();
        configuration.verb.clone_from(&self.invocation.verb);
        configuration.arguments.clone_from(&self.invocation.arguments);
        configuration.expects = expectations(&evidence.findings);
    }

    /// Keeps what the host has in the configuration of evidence.
    pub(crate) fn keep_host(evidence: &mut Evidence, host: &Host) {
        evidence.configuration.get_or_insert_default().host = Some(host.into());
    }
}

/// Says every text for people in evidence in another way.
fn tell(evidence: &mut Evidence, told: &dyn Fn(&str) -> String) {
    for text in evidence.notes.iter_mut().chain(&mut evidence.recommendations) {
        *text = told(text);
    }
    for finding in &mut evidence.findings {
        tell_finding(finding, told);
    }
    evidence.results.values_mut().for_each(|value| tell_value(value, told));
    if let Some(page) = &evidence.page {
        let mut value = serde_json::to_value(page).expect("a page is texts and lists");
        tell_value(&mut value, told);
        evidence.page = serde_json::from_value(value).expect("its texts are texts");
    }
}

fn tell_finding(finding: &mut Finding, told: &dyn Fn(&str) -> String) {
    finding.why = told(&finding.why);
    let notes = finding.effects.iter_mut().filter_map(|effect| effect.note.as_mut());
    for text in finding.warnings.iter_mut().chain(notes) {
        *text = told(text);
    }
    for Exhibit { title, kind } in &mut finding.exhibits {
        *title = told(title);
        match kind {
            ExhibitKind::Svg(svg) => *svg = told(svg),
            ExhibitKind::Table { rows, .. } => {
                for cell in rows.iter_mut().flatten() {
                    if let Cell::Text(text) = cell {
                        *text = told(text);
                    }
                }
            }
            _ => {}
        }
    }
}

fn tell_value(value: &mut Value, told: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = told(text),
        Value::Array(all) => all.iter_mut().for_each(|one| tell_value(one, told)),
        Value::Object(map) => map.values_mut().for_each(|one| tell_value(one, told)),
        _ => {}
    }
}

/// The libraries that numbers rest on, by name.
fn dependencies() -> BTreeMap<String, String> {
    let listed = env!("TAILPROOF_DEPENDENCIES").split(';').filter_map(|one| one.split_once(' '));
    listed.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}
