//! An axis: its range, its ticks and what stands at them.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use tailproof_core::number;

use super::layout::Sight;

/// Numbers beyond this, or its inverse, are drawn at this; a note in the picture says so.
const MOST: f64 = 1e300;

/// The note in a picture with such numbers.
pub(crate) const CLIPPED: &str = "clipped at 1e±300";

/// The range of an axis, linear or logarithmic, with ticks at round numbers.
///
/// plotters' own coordinates give no tick in ranges such as 130 to 170 on a logarithmic axis,
/// and do not end for some ranges below 1e-16, hence this one.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    log: bool,
    ticks: Vec<f64>,
}

/// The number as it can stand on an axis, if it can.
pub(crate) fn usable(x: f64, log: bool) -> Option<f64> {
    if !x.is_finite() || (log && x <= 0.0) {
        return None;
    }
    if log {
        return Some(x.clamp(1.0 / MOST, MOST));
    }
    Some(if x.abs() < 1.0 / MOST { 0.0 } else { x.clamp(-MOST, MOST) })
}

/// Whether a number cannot be drawn where it is; on a linear axis the smallest are as good as 0.
pub(crate) fn beyond(x: f64, log: bool) -> bool {
    x.is_finite() && (x.abs() > MOST || (log && x > 0.0 && x < 1.0 / MOST))
}

/// Where a usable number is, before the axis is stretched to a picture.
pub(crate) fn place(x: f64, log: bool) -> f64 {
    if log { x.log10() } else { x }
}

/// A range with a little room at its upper end.
pub(crate) fn wider((lo, hi): (f64, f64), log: bool) -> (f64, f64) {
    const ROOM: f64 = 0.03;
    let end = if log { hi * (hi / lo).powf(ROOM) } else { hi + (hi - lo) * ROOM };
    (lo, usable(end, log).unwrap_or(hi))
}

impl Scale {
    /// The axis that shows `lo` to `hi`, which are usable, with at most `most` ticks, at whole
    /// numbers only where there are no others.
    pub(crate) fn new((lo, hi): (f64, f64), log: bool, whole: bool, most: i32) -> Self {
        let (mut from, mut to) = (place(lo, log), place(hi, log));
        let size = from.abs().max(to.abs());
        let (least, room) = if log {
            (1e-6, 0.05)
        } else {
            (size * 1e-9, if size > 0.0 { size * 0.1 } else { 1.0 })
        };
        if to - from <= least {
            (from, to) = (from - room, to + room);
        }
        if !log && from > 0.0 && from <= to * 0.25 {
            from = 0.0;
        }
        let least = if whole { 1.0 } else { 0.0 };
        let step = if log { 1.0 } else { step(to - from, least, most).2 };
        let round = |x: f64| (x / step - (x / step).round()).abs() < 1e-6;
        let pad = (to - from) * 0.04;
        if !round(from) {
            from = if !log && from > 0.0 { (from - pad).max(0.0) } else { from - pad };
        }
        if !round(to) {
            to += pad;
        }
        let ticks =
            if log { decades(from, to, least, most) } else { linear(from, to, least, most) };
        Self { from, to, log, ticks }
    }

    /// Where `x` is between 0 and 1; the nearer end for what is beyond.
    pub(crate) fn unit(&self, x: f64) -> f64 {
        let at = if self.log { x.max(0.0).log10() } else { x };
        let share = (at - self.from) / (self.to - self.from);
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    /// What of `lo` to `hi` is in sight; `None` when there is no such place.
    pub(crate) fn sight(&self, lo: f64, hi: f64) -> Option<Sight> {
        let room = (self.to - self.from) * 1e-9;
        let at = |x: f64| if self.log { x.max(0.0).log10() } else { x };
        if lo.is_nan() || hi.is_nan() {
            return None;
        }
        Some(if at(hi) < self.from - room {
            Sight::Below(hi)
        } else if at(lo) > self.to + room {
            Sight::Above(lo)
        } else {
            Sight::Within(self.unit(lo), self.unit(hi))
        })
    }

    /// The ticks, in rising order.
    pub(crate) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// What stands at the ticks.
    pub(crate) fn labels(&self) -> Vec<String> {
        let small = |x: f64| x == 0.0 || (1e-4..1e7).contains(&x.abs());
        let power = |x: f64| if x == 0.0 { "0".to_owned() } else { format!("{x:e}") };
        if self.log {
            let label = |&x: &f64| if small(x) { plain(x) } else { power(x) };
            return self.ticks.iter().map(label).collect();
        }
        let plain: Vec<_> = self.ticks.iter().map(|&x| plain(x)).collect();
        if self.ticks.iter().all(|&x| small(x)) {
            return plain;
        }
        let powers: Vec<_> = self.ticks.iter().map(|&x| power(x)).collect();
        let length = |labels: &[String]| labels.iter().map(String::len).sum::<usize>();
        if length(&powers) < length(&plain) { powers } else { plain }
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        start + (self.unit(*value) * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        let back = |x: f64| if self.log { 10_f64.powf(x) } else { x };
        back(self.from)..back(self.to)
    }
}

/// The distance of ticks as 1, 2 or 5 times a power of ten, and not below `least`: factor,
/// exponent, value.
fn step(span: f64, least: f64, most: i32) -> (f64, i32, f64) {
    let raw = (span / f64::from((most - 1).max(1))).max(least);
    let exponent = raw.log10().floor() as i32;
    let power = 10_f64.powi(exponent);
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= raw * (1.0 - 1e-9));
    factor.map_or((1.0, exponent + 1, power * 10.0), |f| (f, exponent, f * power))
}

fn linear(from: f64, to: f64, least: f64, most: i32) -> Vec<f64> {
    let (factor, exponent, step) = step(to - from, least, most);
    let (first, last) = ((from / step - 1e-6).ceil(), (to / step + 1e-6).floor());
    let count = (last - first).clamp(0.0, 12.0) as u32;
    (0..=count).map(|i| exact((first + f64::from(i)) * factor, exponent)).collect()
}

/// Ticks between two powers of ten: every decade or each few; within few decades also parts.
fn decades(from: f64, to: f64, least: f64, most: i32) -> Vec<f64> {
    let (first, last) = ((from - 1e-6).ceil() as i32, (to + 1e-6).floor() as i32);
    let count = last - first + 1;
    let whole = |stride: i32| -> Vec<f64> {
        (first..=last).step_by(stride.max(1) as usize).map(|k| exact(1.0, k)).collect()
    };
    if count >= 3 {
        return whole((count + most - 1) / most.max(1));
    }
    for parts in [[1.0, 3.0].as_slice(), &[1.0, 2.0, 5.0]] {
        let ticks: Vec<f64> = (first - 1..=last)
            .flat_map(|k| parts.iter().map(move |&part| exact(part, k)))
            .filter(|x| (from - 1e-6..=to + 1e-6).contains(&x.log10()))
            .collect();
        if (3..=most.max(3) as usize).contains(&ticks.len()) {
            return ticks;
        }
    }
    if count == 2 {
        return whole(1);
    }
    let (from, to) = (10_f64.powf(from), 10_f64.powf(to));
    linear(from, to, least, most).into_iter().filter(|x| *x > 0.0).collect()
}

/// `n` times a power of ten, as near as a number can be.
fn exact(n: f64, exponent: i32) -> f64 {
    if n == 0.0 { 0.0 } else { format!("{n:.0}e{exponent}").parse().unwrap_or(0.0) }
}

/// Four digits at most, and powers of ten without needless noughts: `131.2`, `1e9`.
pub(crate) fn short(x: f64) -> String {
    let text = number(x);
    match text.split_once('e') {
        Some((digits, power)) if digits.contains('.') => {
            format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// With blanks between thousands: `12 500`, `0.5`.
fn plain(x: f64) -> String {
    let text = x.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    let sign = usize::from(x < 0.0);
    let mut out = String::with_capacity(text.len() + 4);
    for (i, c) in text.char_indices() {
        if i > sign && i < whole && (whole - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(if c == '-' { '−' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lo: f64, hi: f64, log: bool) -> String {
        Scale::new((lo, hi), log, false, 6).labels().join("|")
    }

    #[test]
    fn ticks_are_round_numbers_in_few_letters() {
        assert_eq!(labels(0.016, 1.0, false), "0|0.2|0.4|0.6|0.8|1");
        assert_eq!(labels(97.0, 163.0, false), "100|120|140|160");
        assert_eq!(labels(-1.0, 4_300.0, false), "0|1 000|2 000|3 000|4 000");
        assert_eq!(labels(1.1e-7, 8.3e-7, false), "0|2e-7|4e-7|6e-7|8e-7");
        assert_eq!(labels(-0.3, 0.3, false), "−0.2|0|0.2");
        assert_eq!(labels(131.2, 131.2, false), "120|130|140");
    }

    #[test]
    fn short_numbers_have_no_needless_noughts() {
        assert_eq!(
            [1e9, 1.25e-7, 131.26, f64::INFINITY].map(short),
            ["1e9", "1.25e-7", "131.3", "∞"]
        );
    }

    #[test]
    fn logarithmic_axes_have_ticks_in_any_range() {
        assert_eq!(labels(1.0, 1e6, true), "1|100|10 000|1 000 000");
        assert_eq!(labels(3.0, 400.0, true), "3|10|30|100|300");
        assert_eq!(labels(20.0, 180.0, true), "20|50|100");
        assert_eq!(labels(130.0, 170.0, true), "130|140|150|160|170");
        assert_eq!(labels(1e-9, 1e9, true), "1e-9|1e-5|0.1|1 000|1e7");
    }

    #[test]
    fn a_little_room_is_never_too_much() {
        assert_eq!(wider((0.0, 100.0), false), (0.0, 103.0));
        assert_eq!(wider((5.0, 5.0), true), (5.0, 5.0));
        assert_eq!(wider((-MOST, MOST), false), (-MOST, MOST));
        assert_eq!(wider((1.0 / MOST, MOST), true), (1.0 / MOST, MOST));
    }

    #[test]
    fn whole_numbers_have_whole_ticks() {
        let labels = |lo, hi, log| Scale::new((lo, hi), log, true, 6).labels().join("|");
        assert_eq!(labels(1.0, 3.0, false), "1|2|3");
        assert_eq!(labels(1.0, 2.0, false), "1|2");
        assert_eq!(labels(1.0, 1.0, false), "1");
        assert_eq!(labels(0.0, 64.0, false), "0|20|40|60");
        assert_eq!(labels(5.0, 7.0, true), "5|6|7");
    }

    #[test]
    fn any_range_has_a_place_for_any_number() {
        let ends = [0.0, -1.0, 1e-300, 5e-324, 1.0, 1.0 + f64::EPSILON, 1e16, 1e300, f64::MAX];
        for lo in ends {
            for hi in ends {
                for (log, whole) in [(false, false), (true, false), (false, true), (true, true)] {
                    let (Some(a), Some(b)) = (usable(lo, log), usable(hi, log)) else { continue };
                    let scale = Scale::new((a.min(b), a.max(b)), log, whole, 6);
                    assert!(scale.ticks().len() <= 13, "{lo} {hi} {log} {scale:?}");
                    assert!(scale.ticks().iter().all(|x| x.is_finite()), "{scale:?}");
                    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, hi] {
                        assert!((10..=500).contains(&scale.map(&x, (500, 10))));
                    }
                }
            }
        }
    }
}
