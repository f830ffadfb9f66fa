//! Minima and crossings of functions of one number that is not negative.

/// Where a function of `x ≥ 0` is least, and its value there.
///
/// Looks at 0 and at 60 points from `least` to `most` that are equally far apart in logarithms,
/// then narrows by golden sections around the best of them.
pub(super) fn lowest(f: impl Fn(f64) -> f64, least: f64, most: f64) -> (f64, f64) {
    const POINTS: usize = 60;
    let (from, to) = (least.ln(), most.ln());
    let step = (to - from) / (POINTS - 1) as f64;
    let at = |ln: f64| f(ln.exp().clamp(least, most));
    let mut best = (0, f64::INFINITY);
    for i in 0..POINTS {
        let value = at(from + step * i as f64);
        if value < best.1 {
            best = (i, value);
        }
    }
    let middle = from + step * best.0 as f64;
    let ln = golden(at, (middle - step).max(from), (middle + step).min(to));
    let found = (ln.exp().clamp(least, most), at(ln));
    let zero = f(0.0);
    if zero <= found.1 { (0.0, zero) } else { found }
}

/// Where a function with one valley between two ends is least.
pub(super) fn golden(f: impl Fn(f64) -> f64, mut lo: f64, mut hi: f64) -> f64 {
    const SHARE: f64 = 0.618_033_988_749_894_9;
    let mut a = hi - SHARE * (hi - lo);
    let mut b = lo + SHARE * (hi - lo);
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..70 {
        if fa <= fb {
            (hi, b, fb) = (b, a, fa);
            a = hi - SHARE * (hi - lo);
            fa = f(a);
        } else {
            (lo, a, fa) = (a, b, fb);
            b = lo + SHARE * (hi - lo);
            fb = f(b);
        }
    }
    f64::midpoint(lo, hi)
}

/// The ends of `{x ≥ 0 : f(x) ≤ limit}` around a point in it, for a function that rises away
/// from it: 0 when it reaches down to 0, `None` above when it still holds at `most`.
pub(super) fn reach(
    f: impl Fn(f64) -> f64,
    inside: f64,
    limit: f64,
    (least, most): (f64, f64),
) -> (f64, Option<f64>) {
    let below =
        if inside == 0.0 || f(0.0) <= limit { 0.0 } else { bisect(|x| f(x) <= limit, 0.0, inside) };
    let mut from = inside;
    let mut step = inside.max(least);
    loop {
        let to = (from + step).min(most);
        if f(to) > limit {
            // Ends are swapped: the condition holds at `from`.
            return (below, Some(bisect(|x| f(x) > limit, from, to)));
        }
        if to >= most {
            return (below, None);
        }
        (from, step) = (to, 2.0 * step);
    }
}

/// Where a condition that does not hold at `no` and holds at `yes` begins to.
pub(super) fn bisect(holds: impl Fn(f64) -> bool, mut no: f64, mut yes: f64) -> f64 {
    for _ in 0..60 {
        let middle = f64::midpoint(no, yes);
        if holds(middle) { yes = middle } else { no = middle }
    }
    yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valleys_and_their_rims_are_found() {
        let f = |x: f64| (x - 0.03) * (x - 0.03);
        let (x, value) = lowest(f, 1e-9, 10.0);
        assert!((x - 0.03).abs() < 1e-7 && value < 1e-13, "{x}");
        let (lo, hi) = reach(f, x, 1e-4, (1e-9, 10.0));
        assert!((lo - 0.02).abs() < 1e-7 && (hi.unwrap() - 0.04).abs() < 1e-7, "{lo} {hi:?}");
        assert_eq!(reach(f, x, 1.0, (1e-9, 0.5)), (0.0, None));
    }

    #[test]
    fn the_edge_may_be_the_lowest() {
        assert_eq!(lowest(|x| 1.0 + x, 1e-9, 1.0), (0.0, 1.0));
        assert!((lowest(|x| -x, 1e-9, 1.0).0 - 1.0).abs() < 1e-9);
    }
}
