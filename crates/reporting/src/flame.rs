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
    draw(folded.lines(), title)
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
    let mut both = Vec::new();
    let options = differential::Options { normalize: true, strip_hex: false };
    differential::from_readers(options, before.as_bytes(), after.as_bytes(), &mut both)?;
    let both = String::from_utf8(both).map_err(io::Error::other)?;
    draw(both.lines(), title)
}

fn draw<'a>(lines: impl Iterator<Item = &'a str>, title: &str) -> io::Result<String> {
    let mut options = Options::default();
    title.clone_into(&mut options.title);
    // Colours follow from names, so that two graphs of the same stacks are equal.
    options.hash = true;
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines, &mut svg)?;
    String::from_utf8(svg).map_err(io::Error::other)
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
}
