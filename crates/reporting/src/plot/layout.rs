//! Where everything in a picture stands.

use plotters::coord::CoordTranslate;
use plotters::coord::cartesian::Cartesian2d;
use plotters::style::text_anchor::HPos;
use tailproof_core::{Place, Plot, Shape};

use super::cover::covered;
use super::extent::{Span, clipped, cumulative, extent, layers, marks, whole};
use super::flags::{Flag, Level, Upright, lay, raise};
use super::ink::Ink;
use super::scale::{CLIPPED, Scale, short, wider};
use super::text::{SIZE, axis, brief, fit, width};

/// Units of a picture from left to right; three are a pixel of a picture on a page.
pub(crate) const WIDTH: i32 = 1_200;
/// From one line of words to the next.
pub(crate) const HEIGHT: i32 = 50;
/// Between the highest and the lowest place of data.
const DEPTH: i32 = 420;
/// Room at the right of data, for half a number at the axis.
const MARGIN: i32 = 60;
/// The sample of a layer before its name.
const KEY: i32 = 64;
/// Most letters of the name of a layer.
const LAYER: usize = 40;
/// Most letters of the name of a mark.
const MARK: usize = 44;
/// Room for a name across the picture.
const ACROSS: i32 = WIDTH - 2 * MARGIN;

/// From one place to another.
pub(crate) type Way = ((i32, i32), (i32, i32));

/// Words at a place: their base line, and the end of them that is there.
pub(crate) struct Words {
    /// What they say.
    pub text: String,
    /// The place.
    pub at: (i32, i32),
    /// Which part of them is at the place.
    pub anchor: HPos,
    /// What they are.
    pub ink: Ink,
}

/// A mark between two places: a line where they share an x or a y.
#[derive(Debug)]
pub(crate) struct Mark {
    /// Upper left.
    pub from: (i32, i32),
    /// Lower right.
    pub to: (i32, i32),
}

/// The part of a picture that shows data.
pub(crate) type Area = Cartesian2d<Scale, Scale>;

/// A plot and where everything of it stands.
pub(crate) struct Layout<'a> {
    /// The plot.
    pub plot: &'a Plot,
    /// From top to bottom.
    pub height: i32,
    /// The part that shows data; `None` when there is none.
    pub area: Option<Area>,
    /// From left to right of that part.
    pub x: (i32, i32),
    /// From top to bottom of that part.
    pub y: (i32, i32),
    /// All words.
    pub words: Vec<Words>,
    /// Where the sample of each layer begins.
    pub keys: Vec<Option<(i32, i32)>>,
    /// All marks that are in sight.
    pub marks: Vec<Mark>,
    /// From marks to their names.
    pub leaders: Vec<Way>,
}

impl<'a> Layout<'a> {
    /// Finds a place for everything; `heading` stands in the picture where there is one.
    pub(crate) fn new(plot: &'a Plot, heading: Option<&str>) -> Self {
        let mut out = Self {
            plot,
            height: 0,
            area: None,
            x: (0, WIDTH - MARGIN),
            y: (0, 0),
            words: Vec::new(),
            keys: Vec::new(),
            marks: Vec::new(),
            leaders: Vec::new(),
        };
        let mut row = 0;
        if let Some(heading) = heading {
            out.say(fit(heading, WIDTH), (0, SIZE), HPos::Left, Ink::Text);
            row = 1;
        }
        let Some((x, y)) = extent(plot) else {
            let at = (WIDTH / 2, (row + 2) * HEIGHT);
            out.say("nothing to draw".into(), at, HPos::Center, Ink::Muted);
            out.height = (row + 4) * HEIGHT;
            return out;
        };
        let (x_whole, y_whole) = whole(plot);
        let y = Scale::new(y, plot.y.log, y_whole, 6);
        let y_labels = y.labels();
        out.x.0 = y_labels.iter().map(|label| width(label)).max().unwrap_or(0) + 20;
        let x = if rises(plot) { wider(x, plot.x.log) } else { x };
        let (x, x_labels) = out.across(x, x_whole);
        row = out.legend(row);
        let uprights = out.uprights(&x);
        let flags = raise(&uprights.iter().collect::<Vec<_>>());
        row += flags.iter().flatten().map(|flag| flag.row + 1).max().unwrap_or(0);
        out.y.0 = row * HEIGHT + 26;
        out.y.1 = out.y.0 + DEPTH;
        out.height = out.y.1 + 2 * HEIGHT + 16;
        let area = Area::new(x, y, (out.x.0..out.x.1, out.y.1..out.y.0));
        out.numbers(&area, x_labels, y_labels);
        let mut left_out = plot.marks.len() - marks(plot).count();
        for (mark, flag) in uprights.into_iter().zip(flags) {
            left_out += usize::from(flag.is_none());
            out.upright(mark, flag);
        }
        left_out += out.levels(&area);
        out.below(left_out);
        out.area = Some(area);
        out
    }

    /// A vertical mark with its name, where it has one.
    fn upright(&mut self, mark: Upright, flag: Option<Flag>) {
        let base = flag.map_or(0, |flag| self.y.0 - 14 - flag.row * HEIGHT);
        let middle = base - SIZE / 3;
        if mark.seen {
            let top = match flag {
                Some(flag) if !flag.over => middle,
                Some(flag) if flag.row > 0 || !mark.band => base + 8,
                _ => self.y.0,
            };
            self.marks.push(Mark { from: (mark.at.0, top), to: (mark.at.1, self.y.1) });
            let leader = flag.and_then(|flag| flag.leader(mark.at));
            self.leaders.extend(leader.map(|(from, to)| ((from, middle), (to, middle))));
        }
        if let Some(flag) = flag {
            self.say(mark.name, (flag.span.0, base), HPos::Left, Ink::Note);
        }
    }

    fn say(&mut self, text: String, at: (i32, i32), anchor: HPos, ink: Ink) {
        if !text.is_empty() {
            self.words.push(Words { text, at, anchor, ink });
        }
    }

    /// The horizontal axis with as many numbers as have room.
    fn across(&self, span: Span, whole: bool) -> (Scale, Vec<String>) {
        let mut most = 6;
        loop {
            let scale = Scale::new(span, self.plot.x.log, whole, most);
            let labels = scale.labels();
            let mut end = f64::MIN;
            let apart = scale.ticks().iter().zip(&labels).all(|(&x, label)| {
                let at = f64::from(self.x.1 - self.x.0) * scale.unit(x);
                let half = f64::from(width(label)) / 2.0;
                let apart = at - half > end + 30.0;
                end = at + half;
                apart
            });
            if apart || most == 2 {
                return (scale, labels);
            }
            most -= 1;
        }
    }

    /// The label of the vertical axis, and behind it what stands for which layer.
    fn legend(&mut self, mut row: i32) -> i32 {
        let label = axis(&self.plot.y, WIDTH);
        let mut x = if label.is_empty() { 0 } else { width(&label) + HEIGHT };
        self.say(label, (0, row * HEIGHT + SIZE), HPos::Left, Ink::Muted);
        if self.plot.layers.len() > 1 {
            for (_, layer) in layers(self.plot) {
                let name = fit(&brief(&layer.name, LAYER), WIDTH - KEY - 14);
                if name.is_empty() {
                    self.keys.push(None);
                    continue;
                }
                let room = KEY + 14 + width(&name);
                if x + room > WIDTH {
                    (x, row) = (0, row + 1);
                }
                let base = row * HEIGHT + SIZE;
                self.keys.push(Some((x, base - 12)));
                self.say(name, (x + KEY + 14, base), HPos::Left, Ink::Text);
                x += room + HEIGHT;
            }
        }
        row + 1
    }

    /// The vertical marks.
    fn uprights(&self, scale: &Scale) -> Vec<Upright> {
        let (left, right) = self.x;
        let at = |unit: f64| left + (unit * f64::from(right - left)).round() as i32;
        let found = marks(self.plot).filter_map(|mark| {
            let (lo, hi, band) = match mark.place {
                Place::X(x) => (x, x, false),
                Place::XBand(a, b) => (a.min(b), a.max(b), true),
                _ => return None,
            };
            let (name, at, seen) = match scale.sight(lo, hi)? {
                Sight::Within(lo, hi) => {
                    (fit(&brief(&mark.name, MARK), ACROSS), (at(lo), at(hi)), true)
                }
                Sight::Below(x) => {
                    (format!("← {}", far(&mark.name, x, ACROSS)), (left, left), false)
                }
                Sight::Above(x) => {
                    (format!("{} →", far(&mark.name, x, ACROSS)), (right, right), false)
                }
            };
            Some(Upright { name, at, band: band && seen, seen })
        });
        found.collect()
    }

    /// Numbers at both axes.
    fn numbers(&mut self, area: &Area, x_labels: Vec<String>, y_labels: Vec<String>) {
        let (left, bottom) = (self.x.0, self.y.1);
        for (&y, label) in area.y_spec().ticks().iter().zip(y_labels) {
            let at = area.translate(&(0.0, y)).1 + SIZE / 3;
            self.say(label, (left - 12, at), HPos::Right, Ink::Muted);
        }
        for (&x, label) in area.x_spec().ticks().iter().zip(x_labels) {
            let half = width(&label) / 2;
            let at =
                area.translate(&(x, 0.0)).0.clamp(half.min(WIDTH / 2), WIDTH - half.min(WIDTH / 2));
            self.say(label, (at, bottom + HEIGHT), HPos::Center, Ink::Muted);
        }
    }

    /// The horizontal marks with their names; how many names found no place.
    fn levels(&mut self, area: &Area) -> usize {
        let (top, bottom) = self.y;
        let at = |unit: f64| bottom - (unit * f64::from(bottom - top)).round() as i32;
        let room = self.x.1 - self.x.0 - 20;
        let mut levels = Vec::new();
        for mark in marks(self.plot) {
            let (lo, hi) = match mark.place {
                Place::Y(y) => (y, y),
                Place::YBand(a, b) => (a.min(b), a.max(b)),
                _ => continue,
            };
            match area.y_spec().sight(lo, hi) {
                Some(Sight::Within(lo, hi)) => {
                    let (lower, upper) = (at(lo), at(hi));
                    self.marks.push(Mark { from: (self.x.0, upper), to: (self.x.1, lower) });
                    let name = fit(&brief(&mark.name, MARK), room);
                    levels.push(Level { name, at: (upper, lower) });
                }
                Some(Sight::Below(y)) => {
                    let name = format!("↓ {}", far(&mark.name, y, room));
                    levels.push(Level { name, at: (bottom, bottom) });
                }
                Some(Sight::Above(y)) => {
                    let name = format!("↑ {}", far(&mark.name, y, room));
                    levels.push(Level { name, at: (top, top) });
                }
                None => {}
            }
        }
        if levels.is_empty() {
            return 0;
        }
        let places = lay(&levels, self.x, self.y, &covered(self.plot, &self.marks, area));
        let left_out = places.iter().filter(|place| place.is_none()).count();
        for (level, place) in levels.into_iter().zip(places) {
            if let Some(seat) = place {
                self.leaders.extend(seat.leader);
                self.say(level.name, seat.at, HPos::Left, Ink::Note);
            }
        }
        left_out
    }

    /// The label of the horizontal axis, how many marks have no name in the picture, and whether
    /// numbers are drawn elsewhere.
    fn below(&mut self, left_out: usize) {
        let base = self.y.1 + 2 * HEIGHT;
        let mut room = WIDTH;
        let mut notes = Vec::new();
        if left_out > 0 {
            let plural = if left_out == 1 { "" } else { "s" };
            notes.push(format!("and {left_out} more mark{plural}"));
        }
        if clipped(self.plot) {
            notes.push(CLIPPED.to_owned());
        }
        if !notes.is_empty() {
            let note = notes.join(", ");
            room -= width(&note) + HEIGHT;
            self.say(note, (0, base), HPos::Left, Ink::Muted);
        }
        let label = axis(&self.plot.x, room);
        let end = self.x.1.max(width(&label));
        self.say(label, (end, base), HPos::Right, Ink::Muted);
    }
}

/// What of a mark is in sight, in shares of the axis, or how far it is beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sight {
    /// From and to.
    Within(f64, f64),
    /// Its upper end.
    Below(f64),
    /// Its lower end.
    Above(f64),
}

/// The name of a mark that is out of sight.
fn far(name: &str, x: f64, most: i32) -> String {
    let place = format!(" at {}", short(x));
    let room = most - width(&place) - width("↑ ");
    format!("{}{place}", fit(&brief(name, MARK), room)).trim_start().to_owned()
}

/// Whether there is a distribution function, which goes on beyond its last x.
fn rises(plot: &Plot) -> bool {
    layers(plot)
        .any(|(_, layer)| matches!(&layer.shape, Shape::Steps(all) if cumulative(plot, all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ecdf() -> Plot {
        let points = (1..=20).map(|i| (100.0 + f64::from(i), f64::from(i) / 20.0)).collect();
        Plot::new("latency, ms", "share").layer("base", Shape::Steps(points))
    }

    fn words(plot: &Plot) -> Vec<String> {
        Layout::new(plot, None).words.into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn all_words_are_inside_the_picture() {
        let long = "very long name ".repeat(700);
        let mut plot = ecdf().layer(&*long, Shape::Line(vec![(100.0, 0.0), (110.0, 1.0)]));
        (plot.x.label, plot.y.label) = (long.clone(), long.clone());
        let plot = plot
            .mark(&*long, Place::X(119.0))
            .mark(&*long, Place::X(9e9))
            .mark(&*long, Place::XBand(101.0, f64::INFINITY))
            .mark(&*long, Place::Y(0.2))
            .mark(&*long, Place::Y(-1e9));
        let layout = Layout::new(&plot, Some(&long));
        for w in &layout.words {
            let wide = width(&w.text);
            let left = match w.anchor {
                HPos::Left => w.at.0,
                HPos::Center => w.at.0 - wide / 2,
                HPos::Right => w.at.0 - wide,
            };
            assert!(left >= -1 && left + wide <= WIDTH + 1, "{left} {wide} {}", w.text);
            assert!(w.at.1 > 20 && w.at.1 < layout.height, "{}", w.text);
        }
    }

    #[test]
    fn marks_out_of_sight_are_arrows() {
        let plot = ecdf().mark("target", Place::X(5e6)).mark("floor", Place::Y(-70.0));
        let words = words(&plot);
        assert!(words.contains(&"target at 5 000 000 →".into()), "{words:?}");
        assert!(words.contains(&"↓ floor at -70".into()), "{words:?}");
        assert!(Layout::new(&plot, None).marks.is_empty());
    }

    #[test]
    fn names_of_layers_wrap_and_are_whole() {
        let names = [
            "95 % interval, each rank by itself",
            "margin, 5 % of the base and 2 ms",
            "range of 2 values, none between them",
        ];
        let plot = names.iter().fold(Plot::new("rank, %", "change, ms"), |plot, name| {
            plot.layer(*name, Shape::Line(vec![(1.0, 1.0), (2.0, 2.0)]))
        });
        let layout = Layout::new(&plot, None);
        let said = |name: &str| layout.words.iter().find(|w| w.text == name).map(|w| w.at.1);
        let rows: Vec<i32> = names.iter().map(|name| said(name).unwrap()).collect();
        assert!(rows.is_sorted() && rows[0] < rows[2], "{rows:?}");
        let long = words(&plot.layer("m".repeat(99), Shape::Line(vec![])));
        assert!(long.iter().any(|w| w.ends_with('…') && w.chars().count() <= 40), "{long:?}");
    }

    #[test]
    fn the_name_of_a_horizontal_mark_is_at_its_line() {
        let all: Vec<_> = (0..64).map(|i| (f64::from(i), f64::from(i * 37 % 64))).collect();
        let plot = Plot::new("run", "p95, ms")
            .layer("", Shape::Line(all))
            .mark("limit 32 ms", Place::Y(32.0))
            .mark("a change", Place::X(30.0));
        let layout = Layout::new(&plot, None);
        let line = layout.marks.iter().find(|m| m.from.1 == m.to.1).unwrap();
        let name = layout.words.iter().find(|w| w.text == "limit 32 ms").unwrap();
        assert!((name.at.1 - line.from.1).abs() < HEIGHT, "{} {line:?}", name.at.1);
        assert_eq!(name.ink, Ink::Note);
        assert_eq!(layout.leaders.len(), 1, "the pole of the change has a tick");
    }

    #[test]
    fn axes_say_that_they_are_logarithmic_and_clipped() {
        let plot = Plot::new("time, s", "share").log_x().layer("", Shape::Line(vec![(1.0, 1e305)]));
        let words = words(&plot);
        for text in ["time, s (log)", "share", "clipped at 1e±300"] {
            assert!(words.iter().any(|w| w == text), "{words:?}");
        }
    }

    #[test]
    fn several_layers_have_a_legend_and_nothing_says_so() {
        let two = ecdf().layer("head", Shape::Points(vec![(105.0, 0.5)]));
        assert_eq!(Layout::new(&two, None).keys.iter().flatten().count(), 2);
        assert!(Layout::new(&ecdf(), None).keys.is_empty());
        assert_eq!(words(&Plot::new("x", "y")), ["nothing to draw"]);
    }
}
