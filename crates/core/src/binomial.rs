//! The binomial distribution where verdicts are made of it: tails to full precision, the
//! ranks of order statistics that bound a percentile, and the samples that a proof needs.
//!
//! Probabilities come from Loader's saddle-point form of the mass function and the
//! continued fraction of the incomplete beta function, so a tail of 10⁻³⁰⁰ has as many
//! digits as one of 0.3. A comparison of a tail with `1 − level` that floating point cannot
//! decide is decided in whole numbers, up to n = 4 096; beyond, a tie is left to rounding.
//!
//! # Source
//! Loader (2000), *Fast and Accurate Computation of Binomial Probabilities*; NIST DLMF 8.17.

use num_bigint::BigUint;

use crate::{Level, Rank, Rational};

/// Stirling error `δ(n) = ln Γ(n+1) − ln(√(2πn)(n/e)ⁿ)`, n real; 0 for n = 0 by convention.
#[must_use]
pub fn stirling_error(n: f64) -> f64 {
    const SMALL: [f64; 17] = [
        0.0,
        0.081_061_466_795_327_26,
        0.041_340_695_955_409_3,
        0.027_677_925_684_998_34,
        0.020_790_672_103_765_093,
        0.016_644_691_189_821_193,
        0.013_876_128_823_070_748,
        0.011_896_709_945_891_77,
        0.010_411_265_261_972_096,
        0.009_255_462_182_712_733,
        0.008_330_563_433_362_87,
        0.007_573_675_487_951_841,
        0.006_942_840_107_209_53,
        0.006_408_994_188_004_207,
        0.005_951_370_112_758_847_5,
        0.005_554_733_551_962_801,
        0.005_207_655_919_609_640_4,
    ];
    if n <= 16.0 {
        if n.fract() == 0.0 {
            return SMALL[n as usize];
        }
        let ln_root_tau = 0.5 * std::f64::consts::TAU.ln();
        return libm::lgamma(n + 1.0) - (n + 0.5) * n.ln() + n - ln_root_tau;
    }
    let r = 1.0 / (n * n);
    let tail = 1.0 / 1_680.0 - r * (1.0 / 1_188.0 - r * (691.0 / 360_360.0 - r / 156.0));
    (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1_260.0 - r * tail))) / n
}

/// Loader's deviance `bd₀(x, m) = x ln(x/m) + m − x`, without cancellation near `x = m`.
#[must_use]
pub fn deviance(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut term = 2.0 * x * v;
        let mut j = 1.0;
        loop {
            term *= v * v;
            let next = sum + term / (2.0 * j + 1.0);
            if next == sum {
                return sum;
            }
            sum = next;
            j += 1.0;
        }
    }
    x * (x / m).ln() + m - x
}

/// `P(Bin(n, p) = k)`; `q = 1 − p` is passed so that neither is formed by cancellation.
///
/// ```text
/// √(n/(2πk(n−k))) · exp(δ(n) − δ(k) − δ(n−k) − bd₀(k, np) − bd₀(n−k, nq))
/// ```
/// # Source
/// Loader (2000).
#[must_use]
pub fn mass(k: u64, n: u64, p: f64, q: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    if p <= 0.0 || q <= 0.0 {
        let sure = if p <= 0.0 { 0 } else { n };
        return f64::from(u8::from(k == sure));
    }
    let (x, m) = (k as f64, n as f64);
    // ln(1−t) where t is the small one.
    let log = |small: f64, large: f64| if large > 0.5 { (-small).ln_1p() } else { large.ln() };
    if k == 0 {
        return (m * log(p, q)).exp();
    }
    if k == n {
        return (m * log(q, p)).exp();
    }
    let y = m - x;
    let exponent = stirling_error(m)
        - stirling_error(x)
        - stirling_error(y)
        - deviance(x, m * p)
        - deviance(y, m * q);
    (m / (std::f64::consts::TAU * x * y)).sqrt() * exponent.exp()
}

/// Both tails around `k`: each is computed, not subtracted, where it is small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// `P(Bin(n, p) < k)`.
    pub below: f64,
    /// `P(Bin(n, p) ≥ k)`.
    pub at_least: f64,
}

/// `P(Bin(n, p) < k)` and `P(Bin(n, p) ≥ k) = I_p(k, n−k+1)`.
///
/// `q = 1 − p`. Relative error about 10⁻¹⁴ for n up to 10⁹ on the small side.
#[must_use]
pub fn tails(k: u64, n: u64, p: f64, q: f64) -> Tails {
    if k == 0 || q <= 0.0 {
        let below = f64::from(u8::from(k > n));
        return Tails { below, at_least: 1.0 - below };
    }
    if k > n || p <= 0.0 {
        return Tails { below: 1.0, at_least: 0.0 };
    }
    let (a, b) = (k as f64, (n - k + 1) as f64);
    if p * (a + b) < a {
        let upper = (mass(k, n, p, q) * q * fraction(a, b, p)).min(1.0);
        Tails { below: 1.0 - upper, at_least: upper }
    } else {
        let lower = (mass(k - 1, n, p, q) * p * fraction(b, a, q)).min(1.0);
        Tails { below: lower, at_least: 1.0 - lower }
    }
}

/// The continued fraction of `I_x(a, b)` by the modified Lentz method (DLMF 8.17.22),
/// to be multiplied by `x^a (1−x)^b / (a B(a, b))`.
pub(crate) fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    // About √max(a, b) steps; the bound is never reached.
    for m in 1..100_000_u32 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}

/// Which tail of the binomial distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// `P(Bin ≥ k)`.
    AtLeast,
    /// `P(Bin < k)`.
    Below,
}

/// Whether the tail is at most `alpha`, in whole numbers where floating point cannot tell.
fn tail_within(side: Side, k: u64, n: u64, p: Rank, alpha: Rational) -> bool {
    let both = tails(k, n, p.to_f64(), p.complement().to_f64());
    let tail = if side == Side::AtLeast { both.at_least } else { both.below };
    let limit = alpha.to_f64();
    // Above this n a tie cannot be told from rounding, and costs nothing either way.
    if (tail - limit).abs() > 1e-9 * limit || n > 4_096 {
        return tail <= limit;
    }
    let (a, b) = (p.value().num(), p.value().den());
    let range = if side == Side::AtLeast { k..=n } else { 0..=k.saturating_sub(1) };
    if side == Side::Below && k == 0 {
        return true;
    }
    let power = |base: u64, e: u64| BigUint::from(base).pow(e as u32);
    let mut choose = BigUint::from(1_u32);
    let mut sum = BigUint::ZERO;
    for j in 0..=*range.end() {
        if j > 0 {
            choose = choose * (n - j + 1) / j;
        }
        if range.contains(&j) {
            sum += &choose * power(a, j) * power(b - a, n - j);
        }
    }
    sum * alpha.den() <= power(b, n) * alpha.num()
}

/// Rank `r` of the order statistic that bounds the `p`-quantile from above at `level`.
///
/// ```text
/// r = min{ r : P(Bin(n, p) ≥ r) ≤ 1 − level }
/// ```
/// `None` when `pⁿ > 1 − level`: no order statistic does. With independent observations of
/// one distribution, X₍r₎ lies below the quantile with probability at most `1 − level`,
/// whatever the distribution, ties included.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2.
#[must_use]
pub fn upper_rank(n: u64, p: Rank, level: Level) -> Option<u64> {
    let alpha = level.alpha();
    if n == 0 || !tail_within(Side::AtLeast, n, n, p, alpha) {
        return None;
    }
    // Invariant: `hi` satisfies the condition, `lo` does not (P(Bin ≥ 0) = 1).
    let (mut lo, mut hi) = (0, n);
    while hi - lo > 1 {
        let mid = lo + (hi - lo) / 2;
        if tail_within(Side::AtLeast, mid, n, p, alpha) { hi = mid } else { lo = mid }
    }
    Some(hi)
}

/// Rank `s` of the order statistic that bounds the `p`-quantile from below at `level`.
///
/// ```text
/// s = max{ s : P(Bin(n, p) < s) ≤ 1 − level }
/// ```
/// `None` when `(1−p)ⁿ > 1 − level`, or n = 1.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2.
#[must_use]
pub fn lower_rank(n: u64, p: Rank, level: Level) -> Option<u64> {
    let alpha = level.alpha();
    if n < 2 || !tail_within(Side::Below, 1, n, p, alpha) {
        return None;
    }
    let (mut lo, mut hi) = (1, n + 1);
    while hi - lo > 1 {
        let mid = lo + (hi - lo) / 2;
        if tail_within(Side::Below, mid, n, p, alpha) { lo = mid } else { hi = mid }
    }
    Some(lo)
}

/// Smallest n with which `misses` observations beyond the target still prove that the
/// `p`-quantile meets it: the smallest n with `P(Bin(n, 1−p) ≤ misses) ≤ 1 − level`.
///
/// `None` for p = 1, which no sample proves.
#[must_use]
pub fn samples_to_pass(p: Rank, level: Level, misses: u64) -> Option<u64> {
    if p.complement().num() == 0 {
        return None;
    }
    let passes = |n: u64| n > misses && tail_within(Side::AtLeast, n - misses, n, p, level.alpha());
    let mut hi = misses + 1;
    while !passes(hi) {
        hi = hi.checked_mul(2)?;
        if hi > 1 << 52 {
            return None;
        }
    }
    let mut lo = hi / 2;
    while hi - lo > 1 {
        let mid = lo + (hi - lo) / 2;
        if passes(mid) { hi = mid } else { lo = mid }
    }
    Some(hi)
}

/// One-sided Clopper–Pearson lower bound of a proportion: the `q` with
/// `P(Bin(n, q) ≥ good) = 1 − level`.
///
/// 0 when `good` is 0. Solved for the share of misses on a logarithmic scale, so that
/// 0.999 93 has as many digits as 0.5.
///
/// # Panics
/// `good > total` or `total` is zero.
///
/// # Source
/// Clopper & Pearson (1934), *Biometrika* 26(4), 404–413.
#[must_use]
pub fn proportion_lower(good: u64, total: u64, level: Level) -> f64 {
    1.0 - misses_upper(good, total, level)
}

/// One-sided Clopper–Pearson upper bound of a proportion; 1 when `good` equals `total`.
///
/// # Panics
/// `good > total` or `total` is zero.
#[must_use]
pub fn proportion_upper(good: u64, total: u64, level: Level) -> f64 {
    misses_upper(total - good, total, level)
}

/// Upper bound of the share of misses when `good` of `total` were none.
fn misses_upper(good: u64, total: u64, level: Level) -> f64 {
    assert!(good <= total && total > 0, "{good} of {total}");
    let alpha = level.alpha().to_f64();
    let misses = total - good;
    if good == 0 {
        return 1.0;
    }
    if misses == 0 {
        return -((alpha.ln() / total as f64).exp_m1());
    }
    // P(Bin(total, u) ≤ misses) falls with u; bisection on ln u.
    let too_small = |u: f64| tails(misses + 1, total, u, 1.0 - u).below > alpha;
    let (mut lo, mut hi) = ((misses as f64 / total as f64).ln(), 0.0_f64);
    for _ in 0..60 {
        let mid = f64::midpoint(lo, hi);
        if too_small(mid.exp()) { lo = mid } else { hi = mid }
    }
    hi.exp()
}

/// Observations that would probably settle a claim that the sample leaves open.
///
/// `share` is the observed share of good observations, `p` the share promised. With
/// probability 0.9 a sample of the returned size, whose share of good observations really is
/// `share`, decides at `level`. The normal approximation
/// `((z_γ√(p(1−p)) + z₀.₉√(π(1−π)))/(π−p))²` is the starting point; the result is refined on
/// the binomial. `None` when the share is so near `p` that more than 10⁹ would be needed.
#[must_use]
pub fn samples_to_settle(share: f64, p: Rank, level: Level) -> Option<u64> {
    let p0 = p.to_f64();
    let gap = (share - p0).abs();
    if gap == 0.0 {
        return None;
    }
    // Power at n: how often does a sample with this share reach the deciding count?
    let decided = |n: u64| {
        let probability = if share > p0 {
            upper_rank(n, p, level).map_or(0.0, |r| tails(r, n, share, 1.0 - share).at_least)
        } else {
            lower_rank(n, p, level).map_or(0.0, |s| tails(s, n, share, 1.0 - share).below)
        };
        probability >= 0.9
    };
    let z = |tail: f64| (-2.0 * tail.ln()).sqrt(); // An upper bound of the normal quantile.
    let spread = z(level.alpha().to_f64()) * (p0 * (1.0 - p0)).sqrt()
        + z(0.1) * (share * (1.0 - share)).sqrt();
    let guess = (spread / gap).powi(2).max(2.0);
    if guess > 1e9 {
        return None;
    }
    let mut hi = guess as u64;
    while !decided(hi) {
        hi = hi.checked_mul(2).filter(|&n| n < 4_000_000_000)?;
    }
    let mut lo = 1;
    while hi - lo > (hi / 10_000).max(1) {
        let mid = lo + (hi - lo) / 2;
        if decided(mid) { hi = mid } else { lo = mid }
    }
    Some(hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(text: &str) -> Rank {
        text.parse().unwrap()
    }

    #[test]
    fn tails_agree_with_plain_summation() {
        for n in [1_u64, 2, 5, 17, 60, 333] {
            for p in [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999] {
                let mut below = 0.0;
                let mut choose = 1.0;
                for k in 0..=n {
                    let got = tails(k, n, p, 1.0 - p);
                    assert!((got.below - below).abs() < 1e-12, "{k} {n} {p}: {got:?} {below}");
                    assert!((got.at_least - (1.0 - below)).abs() < 1e-12);
                    let term = choose * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32);
                    let exact = mass(k, n, p, 1.0 - p);
                    assert!(
                        (exact - term).abs() <= 1e-11 * term || exact < 1e-200,
                        "{k} {n} {p}: {exact} {term}"
                    );
                    below += term;
                    choose *= (n - k) as f64 / (k + 1) as f64;
                }
            }
        }
    }

    #[test]
    fn proofs_need_the_samples_that_the_theory_says() {
        // n for 0, 1 and 2 misses at 99.9 %.
        for (p, need) in [
            ("0.95", [135, 181, 220]),
            ("0.99", [688, 920, 1_119]),
            ("0.999", [6_905, 9_230, 11_225]),
            ("0.9999", [69_075, 92_331, 112_285]),
        ] {
            for (misses, n) in need.into_iter().enumerate() {
                assert_eq!(samples_to_pass(rank(p), Level::P999, misses as u64), Some(n), "{p}");
            }
        }
    }

    #[test]
    fn a_tie_with_the_level_is_decided_in_whole_numbers() {
        // 0.1³ = 1 − 0.999 exactly; 0.1·0.1·0.1 is larger in binary.
        assert_eq!(upper_rank(3, rank("0.1"), Level::P999), Some(3));
        assert_eq!(lower_rank(3, rank("0.9"), Level::P999), Some(1));
        assert_eq!(samples_to_pass(rank("0.1"), Level::P999, 0), Some(3));
    }

    #[test]
    fn ranks_bracket_the_quantile() {
        assert_eq!(upper_rank(134, Rank::P95, Level::P999), None);
        assert_eq!(upper_rank(135, Rank::P95, Level::P999), Some(135));
        assert_eq!(lower_rank(1, Rank::P95, Level::P999), None);
        // (1 − 0.95)³ ≤ 0.001: three values over the target disprove p95.
        assert_eq!(lower_rank(2, Rank::P95, Level::P999), None);
        assert_eq!(lower_rank(3, Rank::P95, Level::P999), Some(1));
    }

    #[test]
    fn proportions_are_bounded_exactly() {
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} {b}");
        near(proportion_lower(69_075, 69_075, Level::P999), (0.001_f64.ln() / 69_075.0).exp());
        near(proportion_upper(0, 10, Level::P95), 1.0 - 0.05_f64.powf(0.1));
        assert_eq!(proportion_lower(0, 10, Level::P95), 0.0);
        assert_eq!(proportion_upper(10, 10, Level::P95), 1.0);
        let u = proportion_upper(3, 20, Level::P95);
        near(tails(4, 20, u, 1.0 - u).below, 0.05);
    }

    #[test]
    fn the_projected_n_matches_the_formula() {
        // By the normal approximation about 35 282.
        let n = samples_to_settle(0.955, Rank::P95, Level::P999).unwrap();
        assert!((34_500..36_500).contains(&n), "{n}");
        assert_eq!(samples_to_settle(0.95, Rank::P95, Level::P999), None);
    }
}
