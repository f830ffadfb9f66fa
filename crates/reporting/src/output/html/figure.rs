//! Exhibits as figures, each picture with its numbers folded below it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tailproof_core::{Cell, Exhibit, ExhibitKind, Mark, Place, Plot, Shape, number};

use super::text::{digits, plain, push as push_text, short};

/// Whether an exhibit is shown however many there are: tables are small and say much.
pub(super) fn is_small(exhibit: &Exhibit) -> bool {
    const FEW: usize = 12;
    matches!(&exhibit.kind, ExhibitKind::Table { rows, .. } if rows.len() <= FEW)
}

/// About how many bytes a figure takes.
pub(super) fn weight(exhibit: &Exhibit) -> usize {
    match &exhibit.kind {
        ExhibitKind::Plot(plot) => 1_200 + 38 * plot.layers.iter().map(points).sum::<usize>(),
        ExhibitKind::Table { rows, .. } => 300 + 15 * rows.iter().map(Vec::len).sum::<usize>(),
        ExhibitKind::Svg(svg) => 300 + svg.len() / 3 * 4,
        _ => 300,
    }
}

fn points(layer: &tailproof_core::Layer) -> usize {
    match &layer.shape {
        Shape::Steps(p) | Shape::Line(p) | Shape::Points(p) => p.len(),
        Shape::Bars(p) | Shape::Band(p) => p.len(),
    }
}

/// Appends a figure.
pub(super) fn push(out: &mut String, exhibit: &Exhibit, id: &str) {
    match &exhibit.kind {
        ExhibitKind::Plot(plot) => {
            out.push_str(&format!("<figure id={id}>"));
            caption(out, &exhibit.title);
            out.push_str(&crate::plot::svg(plot, &exhibit.title));
            out.push_str("<details class=nums><summary>Numbers</summary>");
            scroll(out, "Numbers", &exhibit.title);
            numbers(out, plot);
            out.push_str("</div></details></figure>");
        }
        ExhibitKind::Table { columns, rows } => {
            out.push_str(&format!("<figure class=wide id={id}>"));
            caption(out, &exhibit.title);
            scroll(out, "Table", &exhibit.title);
            table(out, columns, rows);
            out.push_str("</div></figure>");
        }
        ExhibitKind::Svg(svg) => picture(out, &exhibit.title, svg, id),
        _ => {
            out.push_str(&format!("<figure id={id}>"));
            caption(out, &exhibit.title);
            out.push_str("<p>This version cannot show it.</figure>");
        }
    }
}

fn caption(out: &mut String, title: &str) {
    out.push_str("<figcaption>");
    push_text(out, short(title));
    out.push_str("</figcaption>");
}

/// Begins a box that scrolls by itself, also by keyboard.
fn scroll(out: &mut String, what: &str, title: &str) {
    out.push_str("<div class=scroll tabindex=0 role=group aria-label=\"");
    out.push_str(what);
    out.push_str(": ");
    push_text(out, short(title));
    out.push_str("\">");
}

/// A ready-made picture; it is text of strangers, so it is shown where no script of it runs.
fn picture(out: &mut String, title: &str, svg: &str, id: &str) {
    out.push_str(&format!("<figure class=\"wide large\" id={id}>"));
    caption(out, title);
    out.push_str(&format!("<p class=ctl><a class=grow href=\"#{id}\">Open large</a><a class=shrink href=\"#{id}c\">Close</a></p>"));
    scroll(out, "Picture", title);
    out.push_str(&format!("<img id={id}c loading=lazy alt=\""));
    push_text(out, short(title));
    out.push_str("\" src=\"data:image/svg+xml;base64,");
    STANDARD.encode_string(svg, out);
    out.push_str("\"></div></figure>");
}

fn table(out: &mut String, columns: &[String], rows: &[Vec<Cell>]) {
    out.push_str("<table><thead><tr>");
    for column in columns {
        out.push_str("<th scope=col>");
        push_text(out, short(column));
    }
    out.push_str("<tbody>");
    // Evidence of strangers may hold more than it should.
    for row in rows.iter().take(Exhibit::MAX_POINTS) {
        out.push_str("<tr>");
        for cell in row.iter().take(columns.len()) {
            match cell {
                Cell::Number(x) => {
                    out.push_str("<td class=r>");
                    out.push_str(&number(*x));
                }
                Cell::Count(n) => {
                    out.push_str("<td class=r>");
                    out.push_str(&number(*n as f64));
                }
                Cell::Text(text) => {
                    out.push_str("<td>");
                    push_text(out, plain(text));
                }
            }
        }
    }
    out.push_str("</table>");
}

/// All layers of a picture in one table, the marks last.
fn numbers(out: &mut String, plot: &Plot) {
    out.push_str("<table>");
    for layer in plot.layers.iter().take(Exhibit::MAX_LAYERS) {
        match &layer.shape {
            Shape::Steps(p) | Shape::Line(p) | Shape::Points(p) => {
                header(out, plot, &layer.name, [0, 1, 2], &["", ""]);
                rows(out, p.iter().map(|p| [p.0, p.1]));
            }
            Shape::Bars(p) => {
                header(out, plot, &layer.name, [0, 0, 1], &["from", "to", ""]);
                rows(out, p.iter().map(|p| [p.0, p.1, p.2]));
            }
            Shape::Band(p) => {
                header(out, plot, &layer.name, [0, 1, 1], &["", "from", "to"]);
                rows(out, p.iter().map(|p| [p.0, p.1, p.2]));
            }
        }
    }
    if !plot.marks.is_empty() {
        out.push_str("<tbody>");
        for mark in plot.marks.iter().take(Exhibit::MAX_POINTS) {
            mark_row(out, plot, mark);
        }
    }
    out.push_str("</table>");
}

/// The headings of a layer's columns: its name where values stand, and the axis (0 is x).
fn header(out: &mut String, plot: &Plot, name: &str, axes: [u8; 3], words: &[&str]) {
    out.push_str("<tbody><tr>");
    for (&axis, word) in axes.iter().zip(words) {
        let label = if axis == 0 { &plot.x.label } else { &plot.y.label };
        out.push_str("<th scope=col>");
        if axis == 1 && !name.is_empty() {
            push_text(out, short(name));
            out.push_str(": ");
        }
        push_text(out, short(label));
        if !word.is_empty() {
            out.push_str(", ");
            out.push_str(word);
        }
    }
}

fn rows<const N: usize>(out: &mut String, points: impl Iterator<Item = [f64; N]>) {
    for point in points.take(Exhibit::MAX_POINTS) {
        out.push_str("<tr>");
        for x in point {
            out.push_str("<td>");
            digits(out, x);
        }
    }
}

fn mark_row(out: &mut String, plot: &Plot, mark: &Mark) {
    let (axis, values): (_, &[f64]) = match &mark.place {
        Place::X(x) => (&plot.x, &[*x]),
        Place::Y(y) => (&plot.y, &[*y]),
        Place::XBand(lo, hi) => (&plot.x, &[*lo, *hi]),
        Place::YBand(lo, hi) => (&plot.y, &[*lo, *hi]),
    };
    out.push_str("<tr><th scope=row>");
    push_text(out, short(&mark.name));
    out.push_str(", ");
    push_text(out, short(&axis.label));
    for x in values {
        out.push_str("<td>");
        digits(out, *x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(exhibit: &Exhibit) -> String {
        let mut out = String::new();
        push(&mut out, exhibit, "f1x1");
        out
    }

    #[test]
    fn pictures_carry_their_numbers() {
        let plot = Plot::new("latency, ms", "share")
            .layer("base", Shape::Steps(vec![(1.0, 0.5), (2.25, 1.0)]))
            .layer("", Shape::Band(vec![(1.0, f64::NEG_INFINITY, f64::NAN)]))
            .mark("target <= 2 ms", Place::X(2.0));
        let text = drawn(&Exhibit::plot("ECDF", plot));
        assert!(text.contains("<th scope=col>latency, ms<th scope=col>base: share"), "{text}");
        assert!(text.contains("<tr><td>1<td>0.5<tr><td>2.25<td>1<tbody>"), "{text}");
        assert!(text.contains("share, from<th scope=col>share, to<tr><td>1<td>-∞<td>?"), "{text}");
        assert!(text.contains("<th scope=row>target &lt;= 2 ms, latency, ms<td>2</table>"));
    }

    #[test]
    fn pictures_of_strangers_are_data() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let kind = ExhibitKind::Svg(svg.to_owned());
        let text = drawn(&Exhibit { title: "\"><script>".to_owned(), kind });
        assert!(!text.contains("<script") && !text.contains("alert"), "{text}");
        let data = text.split("base64,").nth(1).and_then(|t| t.split('"').next()).unwrap();
        assert_eq!(STANDARD.decode(data).unwrap(), svg.as_bytes());
    }

    #[test]
    fn tables_are_as_wide_as_their_headings() {
        let row = vec![Cell::Count(3), Cell::Number(f64::INFINITY), Cell::Text("too".into())];
        let columns = vec!["a".to_owned(), "<b>".to_owned()];
        let text = drawn(&Exhibit::table("t", columns, vec![row; 100]));
        assert!(text.contains("<th scope=col>&lt;b&gt;<tbody>"), "{text}");
        let rows = text.matches("<tr><td class=r>3<td class=r>∞").count();
        assert_eq!((rows, text.contains("too")), (Exhibit::MAX_POINTS, false));
    }
}
