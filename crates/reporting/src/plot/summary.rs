//! A plot in a sentence, for those who do not see it.

use tailproof_core::{Place, Plot};

use super::extent::{clipped, extent, layers, marks};
use super::scale::{CLIPPED, short};
use super::text::{axis, fit};

/// The title, the axes, how far they reach, and the marks.
pub(crate) fn summary(plot: &Plot, title: &str) -> String {
    let title = fit(title, 2_000);
    let (x, y) = (axis(&plot.x, 1_000), axis(&plot.y, 1_000));
    let mut out = if title.is_empty() { String::new() } else { format!("{title}: ") };
    let Some((across, up)) = extent(plot) else { return out + "nothing to draw" };
    let range = |(lo, hi)| format!("{} to {}", short(lo), short(hi));
    out.push_str(&format!("{y} {} against {x} {}", range(up), range(across)));
    let names: Vec<_> =
        layers(plot).map(|(_, layer)| fit(&layer.name, 1_200)).filter(|n| !n.is_empty()).collect();
    if names.len() > 1 {
        out.push_str(&format!("; {}", names.join(", ")));
    }
    for mark in marks(plot) {
        let place = match mark.place {
            Place::X(x) | Place::Y(x) => format!("at {}", short(x)),
            Place::XBand(lo, hi) | Place::YBand(lo, hi) => range((lo, hi)),
        };
        out.push_str(&format!("; {} {place}", fit(&mark.name, 1_200)));
    }
    if clipped(plot) {
        out.push_str("; ");
        out.push_str(CLIPPED);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Shape;

    #[test]
    fn a_sentence_says_what_is_to_be_seen() {
        let plot = Plot::new("latency, ms", "share")
            .layer("", Shape::Line(vec![(1.0, 0.0), (2.5, 1.0)]))
            .mark("target", Place::X(2.0))
            .mark("interval", Place::XBand(1.5, f64::INFINITY));
        assert_eq!(
            summary(&plot, "ECDF"),
            "ECDF: share 0 to 1 against latency, ms 1 to 2.5; target at 2; interval 1.5 to ∞"
        );
        assert_eq!(summary(&Plot::new("x", "y"), "t"), "t: nothing to draw");
        let far = Plot::new("x", "y").log_y().layer("", Shape::Line(vec![(1.0, 1e-305)]));
        let text = "y (log) 1e-300 to 1e-300 against x 1 to 1; clipped at 1e±300";
        assert_eq!(summary(&far, ""), text);
    }
}
