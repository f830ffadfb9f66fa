//! Writes small SVG, painted by the style sheet of a page.

use std::fmt::Write as _;

use plotters::style::text_anchor::HPos;
use plotters_backend::BackendCoord;

use super::canvas::Canvas;
use super::ink::Ink;
use super::text::escape;

/// Paints pictures, once for all pictures of a page, from the colours that [`COLOURS`] names.
///
/// Layers differ by dashes as well as by colour.
pub(crate) const STYLE: &str = "\
.tp{display:block;width:100%;height:auto;fill:none}\
.tp text{font:39px system-ui,sans-serif;fill:var(--tp-ink)}\
.tp .k text{fill:var(--tp-muted)}\
.tp .n text{stroke:var(--tp-paper);stroke-width:10px;stroke-linejoin:round;paint-order:stroke}\
.tp .c{text-anchor:middle}.tp .e{text-anchor:end}\
.tp .a,.tp .h{stroke:var(--tp-muted);stroke-width:3}\
.tp .g{stroke:var(--tp-grid);stroke-width:2}\
.tp .t{stroke:var(--tp-target);stroke-width:5;stroke-dasharray:14 8}\
.tp .i{fill:var(--tp-band)}\
.tp [class^=l]{stroke-width:6;stroke-linejoin:round}\
.tp [class^=d]{stroke-width:16;stroke-linecap:round}\
.tp [class^=b]{fill-opacity:.25;stroke-width:0}\
.tp [class*=o]{fill-opacity:.07;stroke-width:4}\
.tp .o2{stroke-dasharray:16 8}.tp .o3{stroke-dasharray:4 8}\
.tp .l0,.tp .l4,.tp .d0,.tp .d4,.tp .b0,.tp .b4{stroke:var(--tp-1)}.tp .r0,.tp .r4,.tp .b0,.tp .b4{fill:var(--tp-1)}\
.tp .l1,.tp .l5,.tp .d1,.tp .d5,.tp .b1,.tp .b5{stroke:var(--tp-2)}.tp .r1,.tp .r5,.tp .b1,.tp .b5{fill:var(--tp-2)}\
.tp .l2,.tp .l6,.tp .d2,.tp .d6,.tp .b2,.tp .b6{stroke:var(--tp-3)}.tp .r2,.tp .r6,.tp .b2,.tp .b6{fill:var(--tp-3)}\
.tp .l3,.tp .l7,.tp .d3,.tp .d7,.tp .b3,.tp .b7{stroke:var(--tp-4)}.tp .r3,.tp .r7,.tp .b3,.tp .b7{fill:var(--tp-4)}\
.tp .l1,.tp .l4{stroke-dasharray:26 10}.tp .l2,.tp .l5{stroke-dasharray:7 9}\
.tp .l3,.tp .l6{stroke-dasharray:26 9 7 9}.tp .l7{stroke-dasharray:50 10}\
.tp .d1,.tp .d3,.tp .d5,.tp .d7{stroke-linecap:square;stroke-width:13}";

/// The colours of pictures, light and dark, safe for colour-blind readers.
///
/// # Source
/// Okabe and Ito (2008), *Color Universal Design*.
pub(crate) const COLOURS: &str = "\
.tp{--tp-paper:#fff;--tp-ink:#1b1f24;--tp-muted:#57606a;--tp-grid:#dde1e6;--tp-1:#0072b2;\
--tp-2:#d55e00;--tp-3:#009e73;--tp-4:#b0568a;--tp-target:#1b1f24;--tp-band:#56b4e955}\
@media(prefers-color-scheme:dark){.tp{--tp-paper:#14181d;--tp-ink:#e6e9ed;--tp-muted:#9aa4af;\
--tp-grid:#2d343c;--tp-1:#56b4e9;--tp-2:#e69f00;--tp-3:#2bbd91;--tp-4:#d98fb8;\
--tp-target:#e6e9ed;--tp-band:#56b4e944}}";

/// What has been begun and not ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Path(Ink),
    Words(Ink, char),
}

/// Writes elements one after the other; parts of equal kind become one element.
pub(crate) struct Vector<'a> {
    out: &'a mut String,
    open: Open,
    pen: BackendCoord,
}

impl<'a> Vector<'a> {
    /// Writes at the end of `out`.
    pub(crate) fn new(out: &'a mut String) -> Self {
        Self { out, open: Open::Nothing, pen: (0, 0) }
    }

    fn switch(&mut self, to: Open) {
        if self.open == to {
            return;
        }
        self.out.push_str(match self.open {
            Open::Nothing => "",
            Open::Path(_) => "\"/>",
            Open::Words(..) => "</g>",
        });
        match to {
            Open::Nothing => {}
            Open::Path(ink) => {
                self.out.push_str("<path class=\"");
                self.class(ink);
                self.out.push_str("\" d=\"");
                self.pen = (0, 0);
            }
            Open::Words(ink, anchor) => {
                self.out.push_str("<g class=\"");
                self.class(ink);
                self.out.push(anchor);
                self.out.push_str("\">");
            }
        }
        self.open = to;
    }

    fn class(&mut self, ink: Ink) {
        let (letter, n) = match ink {
            Ink::Axis => ('a', None),
            Ink::Grid => ('g', None),
            Ink::Target => ('t', None),
            Ink::Leader => ('h', None),
            Ink::Interval => ('i', None),
            Ink::Line(n) => ('l', Some(n)),
            Ink::Dot(n) => ('d', Some(n)),
            Ink::Bar(n) => ('r', Some(n)),
            Ink::Band(n, _) => ('b', Some(n)),
            Ink::Muted => return self.out.push_str("k "),
            Ink::Note => return self.out.push_str("n "),
            Ink::Text => return,
        };
        self.out.push(letter);
        if let Some(n) = n {
            let _ = write!(self.out, "{n}");
        }
        if let Ink::Band(_, kind @ 1..) = ink {
            let _ = write!(self.out, " o{kind}");
        }
    }

    /// A place or a distance; the sign of a number divides it from the one before.
    fn pair(&mut self, letter: char, (x, y): BackendCoord) {
        let _ = write!(self.out, "{letter}{x}{}{y}", if y < 0 { "" } else { " " });
    }

    fn step(&mut self, (x, y): BackendCoord) {
        let _ = match (x, y) {
            (0, 0) => Ok(()),
            (x, 0) => write!(self.out, "h{x}"),
            (0, y) => write!(self.out, "v{y}"),
            both => return self.pair('l', both),
        };
    }
}

impl Canvas for Vector<'_> {
    fn path<I: IntoIterator<Item = BackendCoord>>(&mut self, ink: Ink, path: I, close: bool) {
        let mut path = path.into_iter();
        let Some(start) = path.next() else { return };
        self.switch(Open::Path(ink));
        let far = (start.0 - self.pen.0, start.1 - self.pen.1);
        self.pair('m', far);
        // A run in one direction is one step.
        let (mut at, mut run) = (start, (0, 0));
        for next in path {
            let step = (next.0 - at.0, next.1 - at.1);
            at = next;
            let straight =
                |a: i32, b: i32, c: i32, d: i32| a == 0 && b == 0 && c.signum() * d.signum() >= 0;
            if straight(run.0, step.0, run.1, step.1) || straight(run.1, step.1, run.0, step.0) {
                run = (run.0 + step.0, run.1 + step.1);
            } else {
                self.step(run);
                run = step;
            }
        }
        self.step(run);
        self.pen = at;
        if close {
            self.out.push('z');
            self.pen = start;
        }
    }

    /// A dot is a path of no length with a round end.
    fn dot(&mut self, ink: Ink, at: BackendCoord, _: u32) {
        self.path(ink, [at], false);
        self.out.push_str("h0");
    }

    fn text(&mut self, ink: Ink, anchor: HPos, text: &str, (x, y): BackendCoord) {
        let anchor = match anchor {
            HPos::Left => 's',
            HPos::Center => 'c',
            HPos::Right => 'e',
        };
        self.switch(Open::Words(ink, anchor));
        let _ = write!(self.out, "<text x=\"{x}\" y=\"{y}\">");
        escape(self.out, text);
        self.out.push_str("</text>");
    }

    fn end(&mut self) {
        self.switch(Open::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_become_one_element_of_short_steps() {
        let mut out = String::new();
        let mut vector = Vector::new(&mut out);
        let steps = [(100, 500), (110, 500), (130, 500), (130, 480), (140, 470)];
        vector.path(Ink::Line(1), steps, false);
        vector.path(Ink::Line(1), [(0, 0), (10, -5)], false);
        vector.path(Ink::Bar(0), [(5, 9), (5, 5), (9, 5), (9, 9)], true);
        vector.path(Ink::Band(2, 1), [(5, 9), (5, 5), (9, 9)], true);
        vector.end();
        assert_eq!(
            out,
            "<path class=\"l1\" d=\"m100 500h30v-20l10-10m-140-470l10-5\"/>\
             <path class=\"r0\" d=\"m5 9v-4h4v4z\"/>\
             <path class=\"b2 o1\" d=\"m5 9v-4l4 4z\"/>"
        );
    }

    #[test]
    fn words_are_escaped_and_grouped() {
        let mut out = String::new();
        let mut vector = Vector::new(&mut out);
        vector.text(Ink::Note, HPos::Left, "a < b", (1, 2));
        vector.text(Ink::Note, HPos::Left, "c", (3, 4));
        vector.end();
        let texts = "<text x=\"1\" y=\"2\">a &lt; b</text><text x=\"3\" y=\"4\">c</text>";
        assert_eq!(out, format!("<g class=\"n s\">{texts}</g>"));
    }
}
