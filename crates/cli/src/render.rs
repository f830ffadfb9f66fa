//! Evidence in every form that can be asked for.

use std::path::Path;

use clap::ValueEnum;
use tailproof_reporting::{
    Evidence, Told, csv, github, gitlab, html, junit, markdown, markdown_within, openmetrics,
    sarif, table,
};

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A table and the reasons
    Table,
    /// For pull requests
    Markdown,
    /// Everything, for machines
    Json,
    /// A page with pictures, in one file
    Html,
    /// Test results that CI systems show
    Junit,
    /// A row a finding
    Csv,
    /// Gauges for Prometheus and its kin
    Openmetrics,
    /// For code-scanning pages
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

/// Most bytes of a comment, with room for what scripts put around it: GitHub takes 65 536
/// characters.
const COMMENT: usize = 60_000;

/// Parts of a report in a form; `json` is the document that machines get, `told` what CI systems
/// are told of answers that are open or do not gate, `text` renders a part for people.
pub(crate) fn render(
    kind: Kind,
    parts: &[Evidence],
    json: &str,
    told: Told,
    text: impl Fn(&Evidence) -> String,
) -> String {
    match kind {
        Kind::Table => parts.iter().map(text).collect::<Vec<_>>().join("\n"),
        Kind::Markdown => {
            let whole = parts.iter().map(text).collect::<Vec<_>>().join("\n");
            if whole.len() <= COMMENT { whole } else { markdown_within(parts, COMMENT) }
        }
        Kind::Json => json.to_owned(),
        Kind::Html => html(parts),
        Kind::Junit => junit(parts, told),
        Kind::Csv => csv(parts),
        Kind::Openmetrics => openmetrics(parts),
        Kind::Sarif => sarif(parts),
        Kind::Github => github(parts, told),
        Kind::Gitlab => gitlab(parts, told),
    }
}

/// A part for people, as most verbs show it.
pub(crate) fn text(evidence: &Evidence, kind: Kind, width: Option<u16>) -> String {
    match kind {
        Kind::Markdown => markdown(evidence),
        _ => table(evidence, width),
    }
}

/// Every picture of the parts as a PNG file in a folder.
#[cfg(feature = "png")]
pub(crate) fn pictures(parts: &[Evidence], folder: &Path) -> anyhow::Result<()> {
    use anyhow::Context;
    use tailproof_core::ExhibitKind;
    use tailproof_reporting::{png, write_atomically};

    let mut count = 0;
    for finding in parts.iter().flat_map(|part| &part.findings) {
        for exhibit in &finding.exhibits {
            let ExhibitKind::Plot(plot) = &exhibit.kind else { continue };
            count += 1;
            let title = format!("{}: {}", finding.name(), exhibit.title);
            let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let name: String = title.chars().map(safe).take(80).collect();
            let path = folder.join(format!("{count:03}-{}.png", name.trim_matches('-')));
            let picture = png(plot, &title).with_context(|| format!("drawing {title}"))?;
            write_atomically(&path, &picture)
                .with_context(|| format!("writing {}", path.display()))?;
        }
    }
    anyhow::ensure!(count > 0, "there are no pictures in this evidence");
    eprintln!("{count} pictures: {}", folder.display());
    Ok(())
}

/// Every picture of the parts as a PNG file in a folder: not in this build.
#[cfg(not(feature = "png"))]
pub(crate) fn pictures(_: &[Evidence], _: &Path) -> anyhow::Result<()> {
    anyhow::bail!("this tailproof was built without PNG pictures: build it with --features png")
}
