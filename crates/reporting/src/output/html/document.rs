//! The page of evidence, such as a scorecard: its sections as HTML.

use tailproof_core::Finding;

use super::text::{plain, prose, push, short};
use super::tone::Tone;
use crate::layout::grid::Grid;
use crate::layout::matrix::{Drawn, Marks, Matrix, NOTHING};
use crate::layout::page::{Block, Page, Section};

/// Appends the sections of a page; `prefix` begins the ids of its findings.
pub(super) fn push_sections(
    out: &mut String,
    page: &Page,
    findings: &[Finding],
    level: usize,
    prefix: &str,
) {
    let matrix = Matrix::of(findings);
    let of = |s: &Section| {
        findings.iter().filter_map(|f| f.standing.as_ref()).any(|f| f.domain == s.heading)
    };
    for section in &page.sections {
        // What is said of a domain belongs to the summary before it, unless its rows are there.
        let small = of(section) && !section.blocks.iter().any(is_table);
        if let (true, [Block::Text(text)]) = (small, section.blocks.as_slice()) {
            out.push_str("<p class=line><b>");
            push(out, short(&section.heading));
            out.push_str("</b> ");
            push(out, prose(text.trim()));
            out.push_str("</p>");
            continue;
        }
        let level = level + usize::from(small);
        out.push_str(&format!("<section><h{level}>"));
        push(out, short(&section.heading));
        out.push_str(&format!("</h{level}>"));
        for block in &section.blocks {
            push_block(out, block, &section.heading, findings, &matrix, prefix);
        }
        out.push_str("</section>");
    }
}

fn is_table(block: &Block) -> bool {
    matches!(block, Block::Table(_) | Block::Rows { .. })
}

fn push_block(
    out: &mut String,
    block: &Block,
    heading: &str,
    findings: &[Finding],
    matrix: &Matrix<'_>,
    prefix: &str,
) {
    match block {
        Block::Text(text) => paragraph(out, text),
        Block::List(items) => list(out, "ul", items),
        Block::Numbered(items) => list(out, "ol", items),
        Block::Table(grid) => push_grid(out, grid, heading),
        Block::Rows { domain } => match matrix.draw(domain.as_deref(), Marks::Words) {
            Some(drawn) => push_matrix(out, &drawn, heading, findings, prefix),
            None => paragraph(out, NOTHING),
        },
    }
}

/// Appends a paragraph.
pub(super) fn paragraph(out: &mut String, text: &str) {
    out.push_str("<p>");
    push(out, prose(text.trim()));
    out.push_str("</p>");
}

/// Appends a list.
pub(super) fn list(out: &mut String, tag: &str, items: &[String]) {
    out.push_str(&format!("<{tag}>"));
    for item in items {
        out.push_str("<li>");
        push(out, prose(item.trim()));
    }
    out.push_str(&format!("</{tag}>"));
}

fn head(out: &mut String, header: &[String], numbers: &std::ops::Range<usize>) {
    out.push_str("<thead><tr>");
    for (i, cell) in header.iter().enumerate() {
        out.push_str(if numbers.contains(&i) {
            "<th scope=col class=r>"
        } else {
            "<th scope=col>"
        });
        push(out, short(cell));
    }
    out.push_str("<tbody>");
}

/// Begins a table in a box that scrolls by itself; it is called what its heading says.
fn begin(out: &mut String, name: &str, table: &str) {
    out.push_str("<div class=scroll tabindex=0 role=group aria-label=\"Table: ");
    push(out, short(name));
    out.push_str("\">");
    out.push_str(table);
}

fn end(out: &mut String, notes: &[String]) {
    out.push_str("</table></div>");
    for note in notes {
        out.push_str("<p class=note>");
        push(out, prose(note));
        out.push_str("</p>");
    }
}

fn push_grid(out: &mut String, grid: &Grid, heading: &str) {
    begin(out, if grid.title.is_empty() { heading } else { &grid.title }, "<table>");
    if !grid.title.is_empty() {
        out.push_str("<caption>");
        push(out, plain(&grid.title));
        out.push_str("</caption>");
    }
    let numbers = grid.words..grid.header.len();
    head(out, &grid.header, &numbers);
    for row in &grid.rows {
        out.push_str("<tr>");
        for (i, cell) in row.iter().take(grid.header.len()).enumerate() {
            out.push_str(if numbers.contains(&i) { "<td class=r>" } else { "<td>" });
            push(out, prose(cell));
        }
    }
    end(out, &grid.notes);
}

fn push_matrix(out: &mut String, drawn: &Drawn, heading: &str, findings: &[Finding], prefix: &str) {
    // On a phone its rows become cards, in which each cell says what it is.
    begin(out, heading, "<table class=mx>");
    head(out, &drawn.header, &drawn.numbers);
    for (row, &at) in drawn.rows.iter().zip(&drawn.findings) {
        let tone = Tone::of(&findings[at]);
        out.push_str(&format!("<tr class={}>", tone.class()));
        for (i, (cell, what)) in row.iter().zip(&drawn.header).enumerate() {
            if i == drawn.name {
                out.push_str(&format!("<th scope=row><a href=\"#{prefix}f{}\">", at + 1));
                push(out, short(cell));
                out.push_str("</a>");
                continue;
            }
            if i == drawn.status {
                let sign = tone.sign();
                out.push_str(&format!(
                    "<td class=s><span class=\"v {}\"><i aria-hidden=true>{sign}</i> ",
                    tone.class()
                ));
                push(out, plain(cell));
                out.push_str("</span>");
                continue;
            }
            out.push_str(if drawn.numbers.contains(&i) { "<td class=r" } else { "<td" });
            out.push_str(&format!(" data-l=\"{}\">", short(what)));
            push(out, plain(cell));
        }
    }
    end(out, &drawn.notes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Standing, Subject, Verdict};

    #[test]
    fn blocks_are_escaped_and_rows_link_to_their_findings() {
        let row = |name: &str, verdict| {
            let mut f = Finding::new(Class::Slo, Subject::default(), "p99 <= 1", verdict);
            f.standing = Some(Standing {
                name: name.to_owned(),
                domain: "a".to_owned(),
                weight: 1.0,
                ..Standing::default()
            });
            f
        };
        let other = Finding::new(Class::Other, Subject::default(), "", Verdict::Pass);
        let findings = [other, row("<i>", Verdict::Fail)];
        let grid = Grid {
            header: vec!["<h>".to_owned(), "n".to_owned()],
            rows: vec![vec!["x".to_owned(), "7".to_owned(), "too".to_owned()]],
            words: 1,
            ..Grid::default()
        };
        let blocks = vec![
            Block::Text("<t>".to_owned()),
            Block::Numbered(vec!["<l>".to_owned()]),
            Block::Table(grid),
            Block::Rows { domain: None },
            Block::Rows { domain: Some("none".to_owned()) },
        ];
        let text = |t: &str| vec![Block::Text(t.to_owned())];
        let list = vec![Block::Text("FAIL".to_owned()), Block::List(vec!["x".to_owned()])];
        let sections = vec![
            Section::new("A & B", blocks),
            Section::new("a", text("PASS: `all`")),
            Section::new("a", list),
            Section::new("Conclusion", text("ready")),
        ];
        let page = Page { sections, ..Page::default() };
        let mut out = String::new();
        push_sections(&mut out, &page, &findings, 2, "p1");
        assert!(
            out.starts_with("<section><h2>A &amp; B</h2><p>&lt;t&gt;</p><ol><li>&lt;l&gt;</ol>")
        );
        assert!(out.contains("<th scope=col>&lt;h&gt;<th scope=col class=r>n<tbody><tr><td>x<td class=r>7</table>"), "{out}");
        assert!(out.contains("<a href=\"#p1f2\">&lt;i&gt;</a>"), "{out}");
        assert!(out.contains("class=\"v bad\"><i aria-hidden=true>✕</i> FAIL</span>"), "{out}");
        assert!(out.contains("<p>no row</p>"), "{out}");
        assert!(out.contains("<p class=line><b>a</b> PASS: <code>all</code></p>"), "{out}");
        assert!(out.contains("<section><h3>a</h3><p>FAIL</p><ul><li>x</ul>"), "{out}");
        assert!(out.contains("<section><h2>Conclusion</h2><p>ready</p>"), "{out}");
        assert!(out.contains("<td data-l=\"target\">p99 &lt;= 1"), "{out}");
    }
}
