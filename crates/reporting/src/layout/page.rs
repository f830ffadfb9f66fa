use serde::{Deserialize, Serialize};
use tailproof_core::Finding;

use crate::common::text::{escape, printable};
use crate::layout::grid::Grid;
use crate::layout::matrix::Matrix;

/// A document about findings: the verdict first, then sections of text, lists and tables.
///
/// It is kept in evidence, so that a report can be made again without what it was made from.
/// Texts are plain: each way of showing them escapes what it must.
///
/// ```
/// use tailproof_reporting::{Block, Page, Section};
///
/// let page = Page {
///     title: "Release 7".into(),
///     lead: vec!["NOT READY".into()],
///     sections: vec![Section::new("Risks", vec![Block::List(vec!["high: p99".into()])])],
/// };
/// assert_eq!(page.markdown(&[]), "## Release 7\n\n**NOT READY**\n\n### Risks\n\n- high: p99\n\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// Heading.
    pub title: String,
    /// The verdict, then what it rests on; one line each.
    pub lead: Vec<String>,
    /// The rest, in reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
}

/// A part of a [`Page`] under a heading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Section {
    /// Heading.
    pub heading: String,
    /// What stands below it.
    pub blocks: Vec<Block>,
    /// Left out on a terminal, where another section says the same in fewer lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub long: bool,
}

/// What a section is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// A list in order of urgency.
    Numbered(Vec<String>),
    /// A table of words and numbers.
    Table(Grid),
    /// The matrix of findings that belong to a domain: metric, target, actual, status,
    /// variance, provenance.
    Rows {
        /// Only those of this domain; of all, with a column for the domain, when there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    },
}

impl Section {
    /// A section that every report shows.
    #[must_use]
    pub fn new(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { heading: heading.into(), blocks, long: false }
    }

    /// A section that a terminal leaves out.
    #[must_use]
    pub fn long(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { long: true, ..Self::new(heading, blocks) }
    }
}

impl Page {
    /// For a terminal; `width` limits the tables, `None` leaves them as wide as they are.
    #[must_use]
    pub fn table(&self, findings: &[Finding], width: Option<u16>) -> String {
        let matrix = Matrix::of(findings);
        let mut out = format!("{}\n\n", printable(&self.title));
        for line in &self.lead {
            out.push_str(&format!("{}\n", printable(line)));
        }
        for section in self.sections.iter().filter(|s| !s.long) {
            let heading = printable(&section.heading);
            let rule = "─".repeat(heading.chars().count().min(80));
            out.push_str(&format!("\n{heading}\n{rule}\n"));
            for block in &section.blocks {
                out.push_str(&block.table(&matrix, width));
            }
        }
        out
    }

    /// For a pull request; an empty line follows every block.
    #[must_use]
    pub fn markdown(&self, findings: &[Finding]) -> String {
        let matrix = Matrix::of(findings);
        let mut out = format!("## {}\n\n", escape(&self.title));
        for (i, line) in self.lead.iter().filter(|l| !l.trim().is_empty()).enumerate() {
            let line = escape(line.trim());
            out.push_str(&if i == 0 { format!("**{line}**\n\n") } else { format!("{line}\n\n") });
        }
        for section in &self.sections {
            out.push_str(&format!("### {}\n\n", escape(&section.heading)));
            for block in &section.blocks {
                out.push_str(&block.markdown(&matrix));
                out.push('\n');
            }
        }
        out
    }
}

impl Block {
    fn table(&self, matrix: &Matrix<'_>, width: Option<u16>) -> String {
        match self {
            Self::Text(text) => format!("{}\n", printable(text)),
            Self::List(items) => {
                items.iter().map(|item| format!("  - {}\n", printable(item))).collect()
            }
            Self::Numbered(items) => {
                let line =
                    |(i, item): (usize, &String)| format!("{:>3}. {}\n", i + 1, printable(item));
                items.iter().enumerate().map(line).collect()
            }
            Self::Table(grid) if grid.title.is_empty() => grid.ruled(width),
            Self::Table(grid) => format!("{}\n{}", printable(&grid.title), grid.ruled(width)),
            Self::Rows { domain } => matrix.table(domain.as_deref(), width),
        }
    }

    fn markdown(&self, matrix: &Matrix<'_>) -> String {
        match self {
            Self::Text(text) => format!("{}\n", escape(text.trim())),
            Self::List(items) => {
                items.iter().map(|item| format!("- {}\n", escape(item.trim()))).collect()
            }
            Self::Numbered(items) => {
                let line =
                    |(i, item): (usize, &String)| format!("{}. {}\n", i + 1, escape(item.trim()));
                items.iter().enumerate().map(line).collect()
            }
            Self::Table(grid) if grid.title.is_empty() => grid.piped(),
            Self::Table(grid) => format!("**{}**\n\n{}", escape(grid.title.trim()), grid.piped()),
            Self::Rows { domain } => matrix.markdown(domain.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, markdown, table};
    use tailproof_core::{Class, Standing, Subject, Unit, Verdict};

    fn row(domain: &str, name: &str) -> Finding {
        let subject = Subject { metric: name.to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "value >= 1000/s", Verdict::Fail);
        (f.estimate, f.unit) = (Some(60.0), Unit::known("/s"));
        f.standing = Some(Standing {
            name: name.to_owned(),
            domain: domain.to_owned(),
            weight: 1.0,
            variance: Some(-0.94),
            ..Standing::default()
        });
        f
    }

    fn page() -> Page {
        let text = |cells: &[&str]| cells.iter().map(|&c| c.to_owned()).collect::<Vec<_>>();
        let grid = Grid {
            header: text(&["domain", "n"]),
            rows: vec![text(&["a|b", "7"]), text(&["too", "8", "long"])],
            words: 1,
            ..Grid::default()
        };
        Page {
            title: "<script>x\n|y".to_owned(),
            lead: text(&["NOT READY", "one row fails"]),
            sections: vec![
                Section::new("Summary", vec![Block::Text("all".into()), Block::Table(grid)]),
                Section::long("load", vec![Block::Rows { domain: Some("load".into()) }]),
                Section::new("Matrix", vec![Block::Rows { domain: None }]),
                Section::new(
                    "Then",
                    vec![Block::List(text(&["x <b>"])), Block::Numbered(text(&["fix", "test"]))],
                ),
            ],
        }
    }

    #[test]
    fn markdown_is_the_document() {
        let findings = [row("load", "batch|throughput"), row("db", "writes")];
        let text = page().markdown(&findings);
        let want = "\
## &lt;script&gt;x⏎\\|y

**NOT READY**

one row fails

### Summary

all

| domain | n |
| --- | ---: |
| a\\|b | 7 |
| too | 8 | long |

### load

| metric | target | actual | status | variance | provenance |
| --- | --- | --- | --- | ---: | --- |
| batch\\|throughput | &gt;= 1000/s | 60 /s ¹ | ❌ FAIL | -94 % | measured |

¹ no interval: one value, not a sample

### Matrix

| domain | metric | target | actual | status | variance | provenance |
| --- | --- | --- | --- | --- | ---: | --- |
| load | batch\\|throughput | &gt;= 1000/s | 60 /s ¹ | ❌ FAIL | -94 % | measured |
| db | writes | &gt;= 1000/s | 60 /s ¹ | ❌ FAIL | -94 % | measured |

¹ no interval: one value, not a sample

variance: (actual - target) / target; + is more";
        assert!(text.starts_with(want), "{text}");
        assert!(text.ends_with("### Then\n\n- x &lt;b&gt;\n\n1. fix\n2. test\n\n"), "{text}");
    }

    #[test]
    fn a_terminal_leaves_long_sections_out() {
        let text = page().table(&[row("load", "a\u{1b}[2Jb")], None);
        assert!(
            text.starts_with("<script>x\u{fffd}|y\n\nNOT READY\none row fails\n\nSummary\n───")
        );
        assert!(!text.contains("\nload\n────") && text.contains("\nMatrix\n──────\n"), "{text}");
        assert!(text.contains("a\u{fffd}[2Jb") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("  - x <b>\n  1. fix\n  2. test\n"), "{text}");
    }

    #[test]
    fn a_page_survives_the_journey_and_an_unknown_block_does_not() {
        let mut evidence = Evidence::new("score", vec![row("load", "x")]);
        evidence.page = Some(page());
        let text = evidence.to_json();
        let back = Evidence::from_json(&text).unwrap();
        assert_eq!(Evidence { sha256: None, ..back.clone() }, evidence);
        assert_eq!(markdown(&back), markdown(&evidence));
        assert!(markdown(&back).starts_with("## &lt;script&gt;"));
        assert!(table(&back, None).starts_with("<script>"));
        let newer = text.replace("\"numbered\":", "\"chart\":");
        let error = Evidence::from_json(&newer).unwrap_err().to_string();
        assert!(error.contains("unknown variant `chart`"), "{error}");
    }

    #[test]
    fn a_page_may_have_no_sections_and_evidence_no_page() {
        let page = Page { title: "t".to_owned(), ..Page::default() };
        assert_eq!(
            (page.markdown(&[]), page.table(&[], None)),
            ("## t\n\n".into(), "t\n\n".into())
        );
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(text, r#"{"title":"t","lead":[]}"#);
        assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
        assert!(!Evidence::new("a", vec![]).to_json().contains("page"));
    }
}
