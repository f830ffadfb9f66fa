//! Plots as pictures: SVG for pages, PNG for chats, both by [`draw::draw`].
//!
//! plotters gives coordinates, mesh and elements, and takes a backend of ours and axes of ours:
//! it builds in 2 s, but its SVG backend writes colours and fonts into every element, which no
//! page could make dark, and its logarithmic axes have no ticks within a decade. In poloto 19,
//! which builds in 1 s, we found no logarithmic axis; kuva 0.6 takes 48 s and writes the colours of
//! one theme into every element. Pixels are tiny-skia's, with dashes and smooth edges for the 11 s
//! that plotters' bitmaps with a font take as well; resvg on our SVG would take 83 s.
//!
//! Numbers beyond 1e300 are drawn at 1e300, and the picture then says `clipped`.

mod canvas;
mod cover;
mod draw;
mod extent;
mod flags;
mod ink;
mod layout;
#[cfg(feature = "png")]
mod raster;
mod scale;
mod summary;
mod text;
mod vector;

use tailproof_core::Plot;

use canvas::Backend;
use layout::{Layout, WIDTH};
#[cfg(feature = "png")]
pub use raster::PngError;
pub(crate) use vector::STYLE;
use vector::{COLOURS, Vector};

/// A picture for a page that holds the style of pictures; `title` is for those who do not see it.
///
/// ```
/// use tailproof_core::{Place, Plot, Shape};
///
/// let plot = Plot::new("latency, ms", "share of requests")
///     .layer("", Shape::Steps(vec![(98.0, 0.25), (104.0, 0.5), (120.0, 0.75), (131.0, 1.0)]))
///     .mark("target <= 150 ms", Place::X(150.0));
/// let svg = tailproof_reporting::svg(&plot, "checkout");
/// assert!(svg.starts_with("<svg class=\"tp\"") && svg.contains("target &lt;= 150 ms"));
/// ```
#[must_use]
pub fn svg(plot: &Plot, title: &str) -> String {
    let layout = Layout::new(plot, None);
    let mut out = String::with_capacity(2_048);
    open(&mut out, &layout, title, 0, "");
    write(out, &layout)
}

/// A picture that stands alone: the style is in it, and the title above it.
#[must_use]
pub fn svg_document(plot: &Plot, title: &str) -> String {
    let layout = Layout::new(plot, Some(title));
    let mut out = String::with_capacity(6_144);
    open(&mut out, &layout, title, 24, " xmlns=\"http://www.w3.org/2000/svg\"");
    out.push_str(&format!("<style>{COLOURS}{STYLE}.tp{{background:var(--tp-paper)}}</style>"));
    write(out, &layout)
}

/// A picture in pixels, on white, with the title above it.
///
/// # Errors
/// There is no memory for the pixels.
#[cfg(feature = "png")]
pub fn png(plot: &Plot, title: &str) -> Result<Vec<u8>, PngError> {
    let layout = Layout::new(plot, Some(title));
    let edge = 2 * raster::EDGE;
    let (width, height) = (WIDTH as u32 + edge, layout.height as u32 + edge);
    let mut pixels = tiny_skia::Pixmap::new(width, height).ok_or(PngError::Size(width, height))?;
    let canvas = raster::Raster::new(&mut pixels);
    draw::draw(Backend { canvas, size: (width, height) }, &layout)
        .map_err(|e| PngError::Encode(e.to_string()))?;
    pixels.encode_png().map_err(|e| PngError::Encode(e.to_string()))
}

fn open(out: &mut String, layout: &Layout<'_>, title: &str, edge: i32, namespace: &str) {
    let (width, height) = (WIDTH + 2 * edge, layout.height + 2 * edge);
    out.push_str(&format!("<svg class=\"tp\" viewBox=\"{0} {0} {width} {height}\"", -edge));
    out.push_str(namespace);
    out.push_str(" role=\"img\" aria-label=\"");
    text::escape(out, &summary::summary(layout.plot, title));
    out.push_str("\">");
}

fn write(mut out: String, layout: &Layout<'_>) -> String {
    let size = (WIDTH as u32, layout.height as u32);
    draw::draw(Backend { canvas: Vector::new(&mut out), size }, layout)
        .expect("writing to a string cannot fail, and nothing else uses the backend");
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Place, Shape};

    fn ecdf() -> Plot {
        let steps = (1..=64).map(|i| {
            let share = f64::from(i) / 64.0;
            (40.0 + 90.0 * (share / (1.02 - share)).powf(0.4), share)
        });
        Plot::new("latency, ms", "share of requests")
            .layer("", Shape::Steps(steps.collect()))
            .mark("target p95 <= 150 ms", Place::X(150.0))
            .mark("99.9 % interval of p95", Place::XBand(146.2, 158.9))
    }

    #[test]
    fn a_picture_is_small_and_always_the_same() {
        let picture = svg(&ecdf(), "latency of checkout");
        assert!(picture.len() <= 2_200, "{}", picture.len());
        assert_eq!(picture, svg(&ecdf(), "latency of checkout"));
        assert!(!picture.contains('#') && !picture.contains("style"), "colours are the page's");
        assert!(svg_document(&ecdf(), "t").contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn one_observation_can_be_seen() {
        let one = Plot::new("latency, ms", "share").layer("", Shape::Steps(vec![(5.0, 1.0)]));
        let picture = svg(&one, "");
        let path = picture.split("class=\"l0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(path.matches('h').count() == 2 && path.matches('v').count() == 1, "{path}");
        let bar = svg(&Plot::new("x", "n").layer("", Shape::Bars(vec![(5.0, 5.0, 3.0)])), "");
        let path = bar.split("class=\"r0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(path.contains("h6"), "{path}");
        assert!(!STYLE.contains("[class^=r]"), "bars have no edge of paper");
    }

    #[test]
    fn text_from_data_is_never_markup() {
        let mut plot = ecdf().layer("</svg><script>", Shape::Points(vec![(1.0, 0.1)]));
        plot.x.label = "\"><img src=x>\u{202e}\n\u{1}".repeat(900);
        for picture in [svg(&plot, "<b>&\""), svg_document(&plot, "<b>&\"")] {
            assert!(!picture.contains("<script") && !picture.contains("<img"), "{picture}");
            assert!(!picture.contains(['\u{202e}', '\u{1}', '\n']));
            assert!(picture.len() < 9_000, "{}", picture.len());
        }
    }

    /// Every shape, axis and place with every nasty number.
    #[test]
    fn nothing_makes_it_panic() {
        const NASTY: [f64; 13] = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            5e-324,
            -5e-324,
            0.0,
            -0.0,
            1.0,
            1.000_000_000_000_000_2,
            -1e-12,
            1e17,
        ];
        for a in NASTY {
            for b in NASTY {
                for c in [f64::NEG_INFINITY, -3.0, 0.0, 7.0, 1e308] {
                    let shapes = [
                        Shape::Steps(vec![(a, b), (b, c)]),
                        Shape::Line(vec![(a, b), (c, a), (b, b)]),
                        Shape::Points(vec![(a, a), (b, c)]),
                        Shape::Bars(vec![(a, b, c), (c, a, b)]),
                        Shape::Band(vec![(a, b, c), (c, b, a)]),
                    ];
                    let mut plot = Plot::new("x", "y")
                        .mark("x", Place::X(a))
                        .mark("xs", Place::XBand(b, c))
                        .mark("y", Place::Y(c))
                        .mark("ys", Place::YBand(a, b));
                    for (i, shape) in shapes.into_iter().enumerate() {
                        plot = plot.layer(i.to_string(), shape);
                    }
                    for (x, y) in [(false, false), (true, true)] {
                        (plot.x.log, plot.y.log) = (x, y);
                        let picture = svg(&plot, "t");
                        assert!(picture.ends_with("</svg>"));
                        assert!(!picture.contains("NaN") && picture.len() < 6_000, "{picture}");
                    }
                }
            }
        }
    }

    #[test]
    fn layers_and_marks_without_end_are_cut() {
        let mut plot = Plot::new("", "");
        for i in 0..300 {
            let all = (0..3_000).map(|x| (f64::from(x), f64::from(x * i % 977))).collect();
            plot = plot.layer("l", Shape::Line(all)).mark("m", Place::X(f64::from(i)));
        }
        assert!(svg(&plot, "").len() < 90_000);
    }

    #[cfg(feature = "png")]
    #[test]
    fn pixels_are_a_png_that_is_always_the_same() {
        let picture = png(&ecdf(), "latency of checkout, µs ≤ 1 漢").unwrap();
        assert_eq!(&picture[1..4], b"PNG");
        assert_eq!(picture, png(&ecdf(), "latency of checkout, µs ≤ 1 漢").unwrap());
        assert!(png(&Plot::new("", ""), "").is_ok());
    }
}
