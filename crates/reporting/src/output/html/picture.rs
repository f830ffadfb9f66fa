//! A finding in a hundred pixels: the bounds that decide, or an interval, against the target.

use std::fmt::Write;

use tailproof_core::{Class, Direction, Finding, Side, Verdict, percent};

/// Width and height of the picture, in its own units.
const WIDTH: f64 = 120.0;
const HEIGHT: u32 = 16;
/// Space at either end.
const EDGE: f64 = 6.0;

/// Where things are, all in one unit.
#[derive(Debug, Default)]
struct Places {
    estimate: Option<f64>,
    /// What decides: bounds where there are any, else the interval.
    main: Option<(f64, f64)>,
    /// The interval, where bounds decide.
    beside: Option<(f64, f64)>,
    /// Targets, both ends of a range, or margins.
    targets: Vec<f64>,
    /// No change.
    zero: bool,
}

/// The change that a comparison found, relative to the base.
pub(super) fn change(f: &Finding) -> Option<f64> {
    let (base, estimate) = f.base.zip(f.estimate)?;
    let known = f.effects.iter().find(|e| e.name == "relative_change");
    Some(known.map_or(estimate / base - 1.0, |e| e.value)).filter(|x| !x.is_nan())
}

/// Appends the picture, or nothing when there is nothing to see.
///
/// The numbers stand in the other cells of the row, so it is hidden from screen readers.
pub(super) fn push(out: &mut String, f: &Finding, min_effect: Option<f64>) {
    let places = places(f, min_effect);
    // An interval says something only against something.
    if places.targets.is_empty() && !places.zero || places.estimate.is_none() {
        return;
    }
    let Some(scale) = Scale::of(&places) else { return };
    let write = draw(out, &places, &scale);
    write.expect("a String takes every text");
}

fn places(f: &Finding, min_effect: Option<f64>) -> Places {
    let interval = f.interval.as_ref().map(|i| (i.lo, i.hi)).filter(|i| !i.0.is_nan());
    let bounds = bounds(f);
    let (main, beside) = if bounds.is_some() { (bounds, interval) } else { (interval, None) };
    let ends = [f.target, f.target_upper].into_iter().flatten();
    if f.base.is_none() && f.class != Class::Regression {
        let targets = ends.collect();
        return Places { estimate: f.estimate, main, beside, targets, zero: false };
    }
    let targets: Vec<f64> =
        f.base.map_or_else(Vec::new, |base| ends.map(|target| target / base - 1.0).collect());
    // The margin of the run is that of this row only when its claim says so.
    let margin = min_effect.filter(|m| targets.is_empty() && f.claim.contains(&percent(*m)));
    let margins = margin.map_or_else(Vec::new, |m| match f.direction {
        Direction::Lower => vec![m],
        Direction::Higher => vec![-m],
        Direction::Unknown => vec![-m, m],
    });
    let targets = targets.into_iter().chain(margins).collect();
    Places { estimate: change(f), main, beside, targets, zero: true }
}

/// The bounds that decided, or could not.
///
/// A range is judged at both ends, with a bound on either side at each: a pass needs only those
/// at the level of a pass, which are the inner ones; any other verdict, the outer ones.
fn bounds(f: &Finding) -> Option<(f64, f64)> {
    let passes = f.verdict == Verdict::Pass;
    let side = |side: Side| {
        let all = f.bounds.iter().filter(|b| b.side == side && !b.value.is_nan());
        all.map(|b| b.value)
            .reduce(|a, b| if passes == (side == Side::Lower) { a.max(b) } else { a.min(b) })
    };
    let (lower, upper) = (side(Side::Lower), side(Side::Upper));
    (lower.is_some() || upper.is_some())
        .then(|| (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)))
}

/// From values to places in the picture.
struct Scale {
    lo: f64,
    hi: f64,
}

impl Scale {
    /// Spans all that is finite; `None` when there is no such span.
    fn of(p: &Places) -> Option<Self> {
        let pairs = [p.main, p.beside];
        let ends = pairs.into_iter().flatten().flat_map(|(lo, hi)| [lo, hi]);
        let zero = p.zero.then_some(0.0);
        let all = ends.chain(p.estimate).chain(p.targets.iter().copied()).chain(zero);
        let (lo, hi) = all
            .filter(|x| x.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)));
        ((hi - lo).is_finite() && hi > lo).then_some(Self { lo, hi })
    }

    fn at(&self, x: f64) -> f64 {
        if x.is_finite() {
            EDGE + (WIDTH - 2.0 * EDGE) * ((x - self.lo) / (self.hi - self.lo))
        } else if x > 0.0 {
            WIDTH
        } else {
            0.0
        }
    }
}

fn draw(out: &mut String, p: &Places, scale: &Scale) -> std::fmt::Result {
    let finite = |x: &f64| x.is_finite();
    write!(out, "<svg class=iv viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=true>")?;
    if p.zero {
        write!(out, "<path class=z d=\"M{:.1} 0v16\"/>", scale.at(0.0))?;
    }
    if let Some((lo, hi)) = p.main {
        let (from, to) = (scale.at(lo), scale.at(hi));
        let width = (to - from).max(1.0);
        write!(out, "<rect class=b x={from:.1} y=4 width={width:.1} height=8 />")?;
    }
    if let Some((lo, hi)) = p.beside {
        write!(out, "<path class=w d=\"M{:.1} 8H{:.1}", scale.at(lo), scale.at(hi))?;
        for end in [lo, hi].iter().filter(|x| finite(x)) {
            write!(out, "M{:.1} 6v4", scale.at(*end))?;
        }
        out.push_str("\"/>");
    }
    for target in p.targets.iter().filter(|x| finite(x)) {
        write!(out, "<path class=t d=\"M{:.1} 1v14\"/>", scale.at(*target))?;
    }
    if let Some(x) = p.estimate.filter(finite) {
        write!(out, "<circle class=e cx={:.1} cy=8 r=2.5 />", scale.at(x))?;
    }
    out.write_str("</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Bound, Interval, Level, Subject, Verdict};

    fn finding() -> Finding {
        Finding::new(Class::Slo, Subject::default(), "p95 <= 20", Verdict::Pass)
    }

    fn picture(f: &Finding) -> String {
        let mut out = String::new();
        push(&mut out, f, Some(0.01));
        out
    }

    fn bound(side: Side, value: f64) -> Bound {
        Bound { side, value, level: Level::P999, method: String::new() }
    }

    #[test]
    fn the_bounds_that_decide_are_thick_and_open_ends_run_to_the_edge() {
        let mut f = finding();
        (f.estimate, f.target) = (Some(10.0), Some(20.0));
        f.bounds = vec![bound(Side::Lower, 0.0), bound(Side::Upper, f64::INFINITY)];
        let text = picture(&f);
        assert!(text.contains("<rect class=b x=6.0 y=4 width=114.0 height=8 />"), "{text}");
        assert!(text.contains("class=t d=\"M114.0 1v14\""), "{text}");
        assert!(text.contains("cx=60.0") && !text.contains("class=w"), "{text}");
        f.interval = Some(Interval { lo: 5.0, hi: 15.0, level: Level::P95, method: String::new() });
        let text = picture(&f);
        assert!(text.contains("class=w d=\"M33.0 8H87.0M33.0 6v4M87.0 6v4\""), "{text}");
    }

    #[test]
    fn a_range_has_two_targets_and_the_bounds_of_its_verdict() {
        let mut f = finding();
        (f.estimate, f.target, f.target_upper) = (Some(10.0), Some(0.0), Some(20.0));
        f.bounds = vec![
            bound(Side::Lower, 8.0),
            bound(Side::Upper, 13.0),
            bound(Side::Lower, 7.0),
            bound(Side::Upper, 12.0),
        ];
        assert_eq!(bounds(&f), Some((8.0, 12.0)));
        assert_eq!(picture(&f).matches("class=t").count(), 2);
        f.verdict = Verdict::Fail;
        assert_eq!(bounds(&f), Some((7.0, 13.0)));
    }

    #[test]
    fn nothing_and_everything_draw_nothing() {
        let mut f = finding();
        assert_eq!(picture(&f), "");
        f.interval = Some(Interval {
            lo: -f64::MAX,
            hi: f64::MAX,
            level: Level::P95,
            method: String::new(),
        });
        f.target = Some(f64::NAN);
        assert_eq!(picture(&f), "");
        (f.interval, f.estimate, f.target) = (None, Some(1.0), Some(1.0));
        assert_eq!(picture(&f), "");
    }

    #[test]
    fn a_change_stands_against_no_change_and_the_margin_of_its_claim() {
        let mut f = finding();
        (f.class, f.direction) = (Class::Regression, Direction::Lower);
        (f.base, f.estimate) = (Some(100.0), Some(102.0));
        f.interval = Some(Interval { lo: 0.0, hi: 0.04, level: Level::P95, method: String::new() });
        assert!(!picture(&f).contains("class=t"));
        f.claim = "mean not worse by more than 1 %".to_owned();
        let text = picture(&f);
        assert!(text.contains("class=z d=\"M6.0 0v16\""), "{text}");
        assert!(text.contains("class=t d=\"M33.0 1v14\""), "{text}");
    }
}
