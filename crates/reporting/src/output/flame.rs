//! Flame graphs of folded stacks, as SVG.

use std::io;

use inferno::differential;
use inferno::flamegraph::{self, Options};

/// A flame graph: the width of a frame is its share of the samples.
///
/// `folded` are lines such as `main;parse;next 42`. The same stacks give the same bytes.
///
/// # Errors
/// There is no stack with a count.
pub fn flame_graph(folded: &str, title: &str) -> io::Result<String> {
    draw(folded, title, Options::default())
}

/// A differential flame graph: frames are as wide as after, red where they grew and blue where
/// they shrank against before.
///
/// Counts of before are scaled to as many samples as after, so that what is compared are shares.
///
/// # Errors
/// There is no stack with a count on either side.
///
/// # Source
/// Gregg (2016), *Communications of the ACM* 59(6), 48–57.
pub fn differential_flame_graph(before: &str, after: &str, title: &str) -> io::Result<String> {
    draw(&difference(before, after)?, title, Options::default())
}

/// The same graphs as a still picture for evidence, of at most so many bytes: without a script,
/// and without frames too narrow to be seen; `None` when only its widest frames would fit.
///
/// # Errors
/// There is no stack with a count.
pub fn flame_picture(
    before: &str,
    after: Option<&str>,
    title: &str,
    most: usize,
) -> io::Result<Option<String>> {
    // Percent of the width; a pixel of the usual width is 0.08 %.
    const NARROWEST: [f64; 4] = [0.1, 0.3, 1.0, 3.0];
    let both = after.map(|after| difference(before, after)).transpose()?;
    let folded = both.as_deref().unwrap_or(before);
    for min_width in NARROWEST {
        let mut options = Options::default();
        (options.min_width, options.image_width) = (min_width, Some(1_200));
        let picture = still(&draw(folded, title, options)?);
        if picture.len() <= most {
            return Ok(Some(picture));
        }
    }
    Ok(None)
}

fn difference(before: &str, after: &str) -> io::Result<String> {
    let mut both = Vec::new();
    let options = differential::Options { normalize: true, strip_hex: false };
    differential::from_readers(options, before.as_bytes(), after.as_bytes(), &mut both)?;
    String::from_utf8(both).map_err(io::Error::other)
}

fn draw(folded: &str, title: &str, mut options: Options<'_>) -> io::Result<String> {
    title.clone_into(&mut options.title);
    // Colours follow from names, so that two graphs of the same stacks are equal.
    options.hash = true;
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.lines(), &mut svg)?;
    String::from_utf8(svg).map_err(io::Error::other)
}

/// The element alone, without script; names of functions are escaped, so that only the graph's
/// own script is one.
fn still(svg: &str) -> String {
    const END: &str = "</script>";
    let element = svg.find("<svg").map_or(svg, |at| &svg[at..]);
    let mut rest = element.replacen(" onload=\"init(evt)\"", "", 1);
    if let Some(from) = rest.find("<script")
        && let Some(to) = rest[from..].find(END)
    {
        rest.replace_range(from..from + to + END.len(), "");
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_are_svg_with_escaped_names_and_the_same_every_time() {
        let folded = "main;<script>alert(1)</script> 60\nmain;b 40\n";
        let svg = flame_graph(folded, "t & u").unwrap();
        assert!(svg.contains("<svg") && svg.contains("60.00%"));
        assert!(!svg.contains("<script>alert"));
        assert_eq!(svg, flame_graph(folded, "t & u").unwrap());
        let both =
            differential_flame_graph("main;a 60\nmain;b 40\n", "main;a 30\nmain;b 70\n", "d");
        let both = both.unwrap();
        assert!(both.contains("<svg") && both.contains("30.00%"), "{both}");
        assert!(flame_graph("", "t").is_err());
    }

    #[test]
    fn pictures_hold_no_script() {
        let folded = "main;<script>alert(1)</script> 60\nmain;b 40\n";
        let picture = flame_picture(folded, Some(folded), "t", 200_000).unwrap().unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        assert!(!picture.contains("<script") && !picture.contains("onload"), "{picture}");
        assert!(picture.contains("60.00%"));
    }

    #[test]
    fn large_profiles_lose_narrow_frames_before_they_lose_the_picture() {
        let folded: String = (0..3_000).map(|i| format!("main;f{};g{i} 1\n", i / 30)).collect();
        let size = |most| flame_picture(&folded, None, "t", most).unwrap().map(|p| p.len());
        let all = size(10_000_000).unwrap();
        let some = size(all - 1).unwrap();
        assert!(some < all);
        assert_eq!(size(100), None);
    }
}
