//! What a stroke, an area or a word is, as the colour that plotters carries to a backend.

use plotters::style::{RGBAColor, ShapeStyle};
use plotters_backend::BackendColor;

/// The part something plays in a picture; each backend knows how to paint it.
///
/// A plot says nothing of colours, so plotters' colours carry these names: the first two bytes
/// of a colour are the part and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The horizontal axis with its ticks, and the line at zero.
    Axis,
    /// Horizontal lines behind everything.
    Grid,
    /// Words.
    Text,
    /// Numbers and labels of the axes.
    Muted,
    /// Words on top of data.
    Note,
    /// The line of a mark.
    Target,
    /// The band of a mark.
    Interval,
    /// The line of a layer.
    Line(u8),
    /// The dots of a layer.
    Dot(u8),
    /// The bars of a layer.
    Bar(u8),
    /// The band of a layer.
    Band(u8),
}

impl Ink {
    /// As plotters carries it.
    pub(crate) fn style(self) -> ShapeStyle {
        let (kind, n) = self.code();
        ShapeStyle { color: RGBAColor(kind, n, 0, 1.0), filled: true, stroke_width: 1 }
    }

    /// As plotters carries it for words.
    pub(crate) fn color(self) -> BackendColor {
        let (kind, n) = self.code();
        BackendColor { alpha: 1.0, rgb: (kind, n, 0) }
    }

    /// The part that a colour names.
    pub(crate) fn of(color: BackendColor) -> Self {
        let (kind, n, _) = color.rgb;
        match kind {
            0 => Self::Axis,
            1 => Self::Grid,
            2 => Self::Text,
            3 => Self::Muted,
            4 => Self::Note,
            5 => Self::Target,
            6 => Self::Interval,
            7 => Self::Line(n),
            8 => Self::Dot(n),
            9 => Self::Bar(n),
            _ => Self::Band(n),
        }
    }

    fn code(self) -> (u8, u8) {
        match self {
            Self::Axis => (0, 0),
            Self::Grid => (1, 0),
            Self::Text => (2, 0),
            Self::Muted => (3, 0),
            Self::Note => (4, 0),
            Self::Target => (5, 0),
            Self::Interval => (6, 0),
            Self::Line(n) => (7, n),
            Self::Dot(n) => (8, n),
            Self::Bar(n) => (9, n),
            Self::Band(n) => (10, n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_survives_being_a_colour() {
        let single =
            [Ink::Axis, Ink::Grid, Ink::Text, Ink::Muted, Ink::Note, Ink::Target, Ink::Interval];
        let numbered = (0..8).flat_map(|n| [Ink::Line(n), Ink::Dot(n), Ink::Bar(n), Ink::Band(n)]);
        for ink in single.into_iter().chain(numbered) {
            assert_eq!(Ink::of(ink.color()), ink);
        }
    }
}
