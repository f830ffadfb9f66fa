//! What a stroke, an area or a word is, as the colour that plotters carries to a backend.

use plotters::style::{RGBAColor, ShapeStyle};
use plotters_backend::BackendColor;

/// The part something plays in a picture; each backend knows how to paint it.
///
/// A plot says nothing of colours, so plotters' colours carry these names: the first two bytes
/// of a colour are the part and its number, the third is the kind of a band.
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
    /// From the line of a mark to its name.
    Leader,
    /// The band of a mark.
    Interval,
    /// The line of a layer.
    Line(u8),
    /// The dots of a layer.
    Dot(u8),
    /// The bars of a layer.
    Bar(u8),
    /// The band of a layer, and its kind: plain, or with an outline of one of three kinds.
    Band(u8, u8),
}

impl Ink {
    /// As plotters carries it.
    pub(crate) fn style(self) -> ShapeStyle {
        let (part, n, kind) = self.code();
        ShapeStyle { color: RGBAColor(part, n, kind, 1.0), filled: true, stroke_width: 1 }
    }

    /// As plotters carries it for words.
    pub(crate) fn color(self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: self.code() }
    }

    /// The part that a colour names.
    pub(crate) fn of(color: BackendColor) -> Self {
        let (part, n, kind) = color.rgb;
        match part {
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
            10 => Self::Leader,
            _ => Self::Band(n, kind),
        }
    }

    fn code(self) -> (u8, u8, u8) {
        match self {
            Self::Axis => (0, 0, 0),
            Self::Grid => (1, 0, 0),
            Self::Text => (2, 0, 0),
            Self::Muted => (3, 0, 0),
            Self::Note => (4, 0, 0),
            Self::Target => (5, 0, 0),
            Self::Interval => (6, 0, 0),
            Self::Line(n) => (7, n, 0),
            Self::Dot(n) => (8, n, 0),
            Self::Bar(n) => (9, n, 0),
            Self::Leader => (10, 0, 0),
            Self::Band(n, kind) => (11, n, kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_survives_being_a_colour() {
        let single = [
            Ink::Axis,
            Ink::Grid,
            Ink::Text,
            Ink::Muted,
            Ink::Note,
            Ink::Target,
            Ink::Leader,
            Ink::Interval,
        ];
        let numbered = (0..8).flat_map(|n| {
            [Ink::Line(n), Ink::Dot(n), Ink::Bar(n), Ink::Band(n, 0), Ink::Band(n, 3)]
        });
        for ink in single.into_iter().chain(numbered) {
            assert_eq!(Ink::of(ink.color()), ink);
        }
    }
}
