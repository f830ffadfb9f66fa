//! Paints pixels, with a font of its own.

use plotters::style::text_anchor::HPos;
use plotters_backend::BackendCoord;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash,
    Transform,
};
use ttf_parser::{Face, OutlineBuilder};

use super::canvas::Canvas;
use super::ink::Ink;
use super::text::SIZE;

/// Letters of pictures: a part of DejaVu Sans, whose licence is beside it.
static FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");

/// Why there is no PNG picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// No memory for a picture of this size.
    #[error("cannot make a picture of {0} by {1} pixels")]
    Size(u32, u32),
    /// The pixels could not be encoded.
    #[error("cannot encode the picture: {0}")]
    Encode(String),
}

/// White around a picture.
pub(crate) const EDGE: u32 = 24;

/// Paints on white.
pub(crate) struct Raster<'a> {
    pixels: &'a mut Pixmap,
    face: Face<'static>,
}

impl<'a> Raster<'a> {
    /// Paints on `pixels`.
    pub(crate) fn new(pixels: &'a mut Pixmap) -> Self {
        pixels.fill(Color::WHITE);
        Self { pixels, face: Face::parse(FONT, 0).expect("the font of this crate is sound") }
    }

    fn fill(&mut self, path: &Path, color: Color) {
        let paint = solid(color);
        self.pixels.fill_path(
            path,
            &paint,
            FillRule::Winding,
            Transform::from_translate(EDGE as f32, EDGE as f32),
            None,
        );
    }

    fn stroke(&mut self, path: &Path, color: Color, stroke: &Stroke) {
        self.pixels.stroke_path(
            path,
            &solid(color),
            stroke,
            Transform::from_translate(EDGE as f32, EDGE as f32),
            None,
        );
    }

    /// The outlines of `text` from the left end of its base line, and how wide it is.
    fn outline(&self, text: &str) -> (Option<Path>, f32) {
        let scale = SIZE as f32 / f32::from(self.face.units_per_em());
        let mut pen = Pen { path: PathBuilder::new(), x: 0.0, scale };
        for c in text.chars() {
            let glyph = self.face.glyph_index(c).unwrap_or_default();
            self.face.outline_glyph(glyph, &mut pen);
            pen.x += f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        }
        (pen.path.finish(), pen.x)
    }
}

/// The same colours as a light page.
fn paint(ink: Ink) -> Color {
    const LAYERS: [(u8, u8, u8); 4] =
        [(0x00, 0x72, 0xb2), (0xd5, 0x5e, 0x00), (0x00, 0x9e, 0x73), (0xb0, 0x56, 0x8a)];
    let layer = |n: u8| LAYERS[usize::from(n % 4)];
    let ((r, g, b), alpha) = match ink {
        Ink::Text | Ink::Note | Ink::Target => ((0x1b, 0x1f, 0x24), 255),
        Ink::Axis | Ink::Muted | Ink::Leader => ((0x57, 0x60, 0x6a), 255),
        Ink::Grid => ((0xdd, 0xe1, 0xe6), 255),
        Ink::Interval => ((0x56, 0xb4, 0xe9), 0x55),
        Ink::Line(n) | Ink::Dot(n) | Ink::Bar(n) => (layer(n), 255),
        Ink::Band(n, 0) => (layer(n), 64),
        Ink::Band(n, _) => (layer(n), 18),
    };
    Color::from_rgba8(r, g, b, alpha)
}

fn solid(color: Color) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color);
    paint
}

fn stroke(width: f32, dash: &[f32]) -> Stroke {
    Stroke {
        width,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash: StrokeDash::new(dash.to_vec(), 0.0),
        ..Stroke::default()
    }
}

/// Draws letters one after the other.
struct Pen {
    path: PathBuilder,
    x: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

impl Canvas for Raster<'_> {
    fn path<I: IntoIterator<Item = BackendCoord>>(&mut self, ink: Ink, path: I, close: bool) {
        let mut builder = PathBuilder::new();
        for (i, (x, y)) in path.into_iter().enumerate() {
            let (x, y) = (x as f32, y as f32);
            if i == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
        }
        if close {
            builder.close();
        }
        let Some(path) = builder.finish() else { return };
        if matches!(ink, Ink::Bar(_) | Ink::Band(..) | Ink::Interval) {
            self.fill(&path, paint(ink));
        }
        let stroke = match ink {
            Ink::Bar(_) | Ink::Interval | Ink::Band(_, 0) => return,
            Ink::Band(_, 1) => stroke(4.0, &[]),
            Ink::Band(_, 2) => stroke(4.0, &[16.0, 8.0]),
            Ink::Band(..) => stroke(4.0, &[4.0, 8.0]),
            Ink::Grid => stroke(2.0, &[]),
            Ink::Target => stroke(5.0, &[14.0, 8.0]),
            Ink::Line(1 | 4) => stroke(6.0, &[26.0, 10.0]),
            Ink::Line(2 | 5) => stroke(6.0, &[7.0, 9.0]),
            Ink::Line(3 | 6) => stroke(6.0, &[26.0, 9.0, 7.0, 9.0]),
            Ink::Line(7) => stroke(6.0, &[50.0, 10.0]),
            Ink::Line(_) => stroke(6.0, &[]),
            _ => stroke(3.0, &[]),
        };
        let color = if let Ink::Band(n, _) = ink { paint(Ink::Line(n)) } else { paint(ink) };
        self.stroke(&path, color, &stroke);
    }

    /// Round for even layers, square for odd ones.
    fn dot(&mut self, ink: Ink, (x, y): BackendCoord, radius: u32) {
        let (x, y, r) = (x as f32, y as f32, radius as f32);
        let path = if matches!(ink, Ink::Dot(n) if n % 2 == 1) {
            let side = r * 1.6;
            tiny_skia::Rect::from_xywh(x - side / 2.0, y - side / 2.0, side, side)
                .map(PathBuilder::from_rect)
        } else {
            PathBuilder::from_circle(x, y, r)
        };
        if let Some(path) = path {
            self.fill(&path, paint(ink));
        }
    }

    fn text(&mut self, ink: Ink, anchor: HPos, text: &str, (x, y): BackendCoord) {
        let (path, width) = self.outline(text);
        let left = match anchor {
            HPos::Left => 0.0,
            HPos::Center => width / 2.0,
            HPos::Right => width,
        };
        let shift = Transform::from_translate(x as f32 - left, y as f32);
        if let Some(path) = path.and_then(|path| path.transform(shift)) {
            if ink == Ink::Note {
                self.stroke(&path, Color::WHITE, &stroke(10.0, &[]));
            }
            self.fill(&path, paint(ink));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The colour at a place of a small picture of one path.
    fn painted(ink: Ink, at: (u32, u32)) -> (u8, u8, u8) {
        let mut pixels = Pixmap::new(100, 100).unwrap();
        let mut raster = Raster::new(&mut pixels);
        raster.path(ink, [(0, 50), (0, 0), (8, 0), (8, 50)], true);
        let color = pixels.pixel(at.0 + EDGE, at.1 + EDGE).unwrap();
        (color.red(), color.green(), color.blue())
    }

    #[test]
    fn bars_are_painted_up_to_their_edges() {
        let blue = (0x00, 0x72, 0xb2);
        for x in [0, 4, 7] {
            assert_eq!(painted(Ink::Bar(0), (x, 20)), blue, "{x}");
        }
        assert_eq!(painted(Ink::Bar(0), (8, 20)), (255, 255, 255));
    }

    #[test]
    fn bands_differ_by_tint_and_outline() {
        assert_ne!(painted(Ink::Band(0, 0), (4, 20)), painted(Ink::Band(0, 1), (4, 20)));
        assert_ne!(painted(Ink::Band(0, 0), (0, 20)), painted(Ink::Band(0, 1), (0, 20)));
    }
}
