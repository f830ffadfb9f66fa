//! What plotters draws on: one backend over the few things that a picture is made of.

use std::convert::Infallible;

use plotters::style::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::ink::Ink;
use super::text::width;

/// Something that strokes, dots and words can be put on.
pub(crate) trait Canvas {
    /// A polygon; `close` joins its end to its start.
    fn path<I: IntoIterator<Item = BackendCoord>>(&mut self, ink: Ink, path: I, close: bool);

    /// A dot around a place.
    fn dot(&mut self, ink: Ink, at: BackendCoord, radius: u32);

    /// Words at a place of their base line; `anchor` is the part of them that is there.
    fn text(&mut self, ink: Ink, anchor: HPos, text: &str, at: BackendCoord);

    /// Nothing follows.
    fn end(&mut self) {}
}

/// A canvas and its size, as plotters takes them.
pub(crate) struct Backend<C> {
    /// What is drawn on.
    pub canvas: C,
    /// Its width and height.
    pub size: (u32, u32),
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl<C: Canvas> DrawingBackend for Backend<C> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }

    fn present(&mut self) -> Done {
        self.canvas.end();
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Done {
        self.canvas.path(Ink::of(color), [at, (at.0 + 1, at.1)], false);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, s: &S) -> Done {
        self.canvas.path(Ink::of(s.color()), [a, b], false);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.canvas.path(Ink::of(style.color()), path, false);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        _: bool,
    ) -> Done {
        let corners = [(x0, y1), (x0, y0), (x1, y0), (x1, y1)];
        self.canvas.path(Ink::of(style.color()), corners, true);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, r: u32, s: &S, _: bool) -> Done {
        self.canvas.dot(Ink::of(s.color()), at, r);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Done {
        self.canvas.path(Ink::of(style.color()), path, true);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, s: &T, at: BackendCoord) -> Done {
        self.canvas.text(Ink::of(s.color()), s.anchor().h_pos, text, at);
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((width(text) as u32, style.size() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers what it was asked for.
    #[derive(Default)]
    struct Notes(Vec<String>);

    impl Canvas for Notes {
        fn path<I: IntoIterator<Item = BackendCoord>>(&mut self, ink: Ink, path: I, close: bool) {
            let path: Vec<_> = path.into_iter().collect();
            self.0.push(format!("{ink:?} {path:?} {close}"));
        }

        fn dot(&mut self, ink: Ink, at: BackendCoord, radius: u32) {
            self.0.push(format!("{ink:?} {at:?} {radius}"));
        }

        fn text(&mut self, ink: Ink, _: HPos, text: &str, at: BackendCoord) {
            self.0.push(format!("{ink:?} {text} {at:?}"));
        }

        fn end(&mut self) {
            self.0.push("end".to_owned());
        }
    }

    #[test]
    fn whatever_plotters_asks_for_is_one_of_three_things() {
        let mut backend = Backend { canvas: Notes::default(), size: (3, 4) };
        backend.draw_line((0, 1), (2, 3), &Ink::Line(1).color()).unwrap();
        backend.draw_rect((0, 0), (2, 3), &Ink::Bar(0).color(), false).unwrap();
        backend.fill_polygon([(0, 0), (1, 1)], &Ink::Band(1, 2).color()).unwrap();
        backend.draw_circle((5, 6), 7, &Ink::Dot(3).color(), true).unwrap();
        backend.present().unwrap();
        assert_eq!(backend.get_size(), (3, 4));
        assert_eq!(
            backend.canvas.0,
            [
                "Line(1) [(0, 1), (2, 3)] false",
                "Bar(0) [(0, 3), (0, 0), (2, 0), (2, 3)] true",
                "Band(1, 2) [(0, 0), (1, 1)] true",
                "Dot(3) (5, 6) 7",
                "end"
            ]
        );
    }
}
