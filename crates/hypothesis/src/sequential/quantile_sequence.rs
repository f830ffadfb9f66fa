use tailproof_core::binomial::{mass, tails};
use tailproof_core::{Level, Rank};

/// Whether a share of observations lies within a target, at any look.
///
/// The gate of a percentile with repeated looks: `pNN ≤ T` says that at least the share `p` of
/// all observations lies within `T`. With `c` of `n` within, the likelihood ratio mixed
/// uniformly over the shares above `p` is
///
/// ```text
/// M_n = ∫ₚ¹ (θ/p)^c ((1−θ)/(1−p))^{n−c} dθ/(1−p)
///     = P(Bin(n+1, p) ≤ c) / ( (1−p)(n+1) P(Bin(n, p) = c) )
/// p_n = min(1, min_{k ≤ n} 1/M_k)
/// ```
/// and likewise below `p`. While the share is at most `p`, `M` is a supermartingale and
/// P(p_n ≤ α at any n) ≤ α (Ville), whatever the distribution and however one stops: for
/// independent observations, or whenever the share given the past is at most `p`. Without a
/// miss at 99.9 %, p95 takes 178 observations (135 at a size fixed beforehand), p99 907
/// (688), p99.9 9 114 (6 905).
///
/// # Source
/// Robbins (1970), *Annals of Mathematical Statistics* 41(5), 1397–1409; Howard & Ramdas
/// (2022), *Bernoulli* 28(3), 1704–1728, with the beta mixture cut at `p`.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::sequential::BinomialMixture;
///
/// let mut within = BinomialMixture::new(Rank::P95);
/// for i in 0..2_000 {
///     within.observe(i % 10 != 0); // 90 % within the target
/// }
/// assert!(within.p_share_below() < 1e-9 && within.p_share_above() == 1.0);
/// assert!(within.share_lower(Level::P999) < 0.9 && within.share_upper(Level::P999) < 0.95);
/// ```
#[derive(Clone, Debug)]
pub struct BinomialMixture {
    p: Rank,
    n: u64,
    within: u64,
    above: f64,
    below: f64,
}

impl BinomialMixture {
    /// A test of the share `p`.
    #[must_use]
    pub const fn new(p: Rank) -> Self {
        Self { p, n: 0, within: 0, above: 1.0, below: 1.0 }
    }

    /// Adds an observation: whether it lies within the target.
    pub fn observe(&mut self, within: bool) {
        self.n += 1;
        self.within += u64::from(within);
        let (p, q) = (self.p.to_f64(), self.p.complement().to_f64());
        // A hit adds evidence for more and takes from the evidence for less.
        if within {
            self.above = self.above.min(excess(self.within, self.n, p, q, self.above));
        } else {
            let misses = self.n - self.within;
            self.below = self.below.min(excess(misses, self.n, q, p, self.below));
        }
    }

    /// Observations so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Those within the target.
    #[must_use]
    pub const fn within(&self) -> u64 {
        self.within
    }

    /// Always-valid p-value of "the share is at most `p`": a small one shows that more lie
    /// within the target, and the objective is met.
    #[must_use]
    pub const fn p_share_above(&self) -> f64 {
        self.above
    }

    /// Always-valid p-value of "the share is at least `p`": a small one shows that fewer lie
    /// within the target, and the objective is missed.
    #[must_use]
    pub const fn p_share_below(&self) -> f64 {
        self.below
    }

    /// Lower bound of the share at this n, one-sided at `level`, valid for all n together; 0
    /// when nothing is within the target yet.
    #[must_use]
    pub fn share_lower(&self, level: Level) -> f64 {
        lower(self.within, self.n, level.alpha().to_f64())
    }

    /// Upper bound of the share at this n, one-sided at `level`, valid for all n together; 1
    /// when everything is within the target so far.
    #[must_use]
    pub fn share_upper(&self, level: Level) -> f64 {
        1.0 - lower(self.n - self.within, self.n, level.alpha().to_f64())
    }
}

/// A confidence sequence of a quantile: an interval that holds at every look.
///
/// ```text
/// [X₍r₎, X₍s₎]   r = min{c : M⁻(c, n) < 2/α}        −∞ when r = 0
///                s = 1 + max{c : M⁺(c, n) < 2/α}    +∞ when s > n
/// ```
/// with the mixtures `M` of [`BinomialMixture`] below and above `p`, for `c` observations at
/// or below the unknown quantile. All intervals hold together with probability at least
/// `level` for independent observations of any one distribution, ties included. Keeps all
/// observations; an interval costs O(n).
///
/// # Source
/// Howard & Ramdas (2022), *Bernoulli* 28(3), 1704–1728: the beta-binomial mixture, here cut
/// at `p` on either side.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Rank};
/// use tailproof_hypothesis::sequential::QuantileSequence;
///
/// let mut median = QuantileSequence::new(Rank::MEDIAN, Level::P95);
/// for i in 0..1_000 {
///     median.observe(f64::from(i * 7 % 1_000));
/// }
/// let (lo, hi) = median.interval();
/// assert!(lo > 430.0 && lo < 499.5 && hi > 499.5 && hi < 570.0);
/// ```
#[derive(Clone, Debug)]
pub struct QuantileSequence {
    p: Rank,
    alpha: f64,
    values: Vec<f64>,
}

impl QuantileSequence {
    /// A sequence for the quantile of rank `p`, two-sided at `level`.
    #[must_use]
    pub fn new(p: Rank, level: Level) -> Self {
        Self { p, alpha: level.split(2).alpha().to_f64(), values: Vec::new() }
    }

    /// Adds an observation; one that was cut off at a limit is infinite.
    ///
    /// # Panics
    /// `x` is NaN.
    pub fn observe(&mut self, x: f64) {
        assert!(!x.is_nan(), "an observation is a number");
        self.values.push(x);
    }

    /// Observations so far.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.values.len() as u64
    }

    /// The interval at this n; an end that nothing bounds yet is infinite.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let n = self.n();
        let (p, q) = (self.p.to_f64(), self.p.complement().to_f64());
        let from_below = fewest(n, p, q, self.alpha);
        let from_above = fewest(n, q, p, self.alpha);
        let mut values = self.values.clone();
        let mut at = |index: u64| {
            let (_, x, _) = values.select_nth_unstable_by(index as usize, f64::total_cmp);
            *x
        };
        let lo = if from_below == 0 { f64::NEG_INFINITY } else { at(from_below - 1) };
        let hi = if from_above == 0 { f64::INFINITY } else { at(n - from_above) };
        (lo, hi)
    }
}

/// `1/M_n` for `c` hits of `n` against shares above `p`, at most 1; 1 also where it is known
/// to be at least `limit`, without the tail.
fn excess(c: u64, n: u64, p: f64, q: f64, limit: f64) -> f64 {
    if c as f64 <= n as f64 * p {
        return 1.0; // The ratio falls from 1 over all shares above p.
    }
    let top = q * (n as f64 + 1.0) * mass(c, n, p, q);
    if top >= limit {
        return 1.0; // The tail is at most 1.
    }
    (top / tails(c + 1, n + 1, p, q).below).min(1.0)
}

/// The smallest number of hits of `n` that does not show a share below `p`:
/// `min{c : 1/M⁻(c, n) > alpha}`.
fn fewest(n: u64, p: f64, q: f64, alpha: f64) -> u64 {
    let (mut lo, mut hi) = (0, n);
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if excess(n - mid, n, q, p, 1.0) > alpha { hi = mid } else { lo = mid + 1 }
    }
    lo
}

/// The smallest share that `c` hits of `n` do not show to be exceeded. Solved for the share of
/// misses on a logarithmic scale.
fn lower(c: u64, n: u64, alpha: f64) -> f64 {
    if c == 0 {
        return 0.0;
    }
    let exceeded = |misses: f64| excess(c, n, 1.0 - misses, misses, 1.0) <= alpha;
    let observed = ((n - c) as f64).max(1e-9) / n as f64;
    let (mut lo, mut hi) = (observed.ln(), 0.0);
    for _ in 0..60 {
        let mid = f64::midpoint(lo, hi);
        if exceeded(mid.exp()) { hi = mid } else { lo = mid }
    }
    1.0 - hi.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    #[test]
    fn the_closed_form_is_the_integral() {
        // Simpson's rule on the mixture, above and below.
        for (c, n, p) in [(17, 20, 0.7), (20, 20, 0.95), (3, 20, 0.05), (60, 100, 0.5)] {
            let q = 1.0 - p;
            let ratio = |t: f64| (t / p).powi(c) * ((1.0 - t) / q).powi(n - c);
            let steps = 2_000;
            let sum: f64 = (0..=steps)
                .map(|i| {
                    let weight =
                        if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                    weight * ratio(p + q * f64::from(i) / f64::from(steps))
                })
                .sum();
            let want = 3.0 * f64::from(steps) / sum;
            let got = excess(c as u64, n as u64, p, q, 1.0);
            assert!((got / want.min(1.0) - 1.0).abs() < 1e-9, "{c} {n} {p}: {got} {want}");
        }
    }

    #[test]
    fn a_gate_that_is_looked_at_always_keeps_its_error_rate() {
        let (runs, alpha) = (2_000, 0.05);
        let (mut passed, mut failed, mut missed) = (0, 0, 0);
        for run in 0..runs {
            let mut rng = stream(Seed(21), run);
            let mut gate = BinomialMixture::new(Rank::P95);
            let mut outside = false;
            for i in 1..=1_000 {
                gate.observe(uniform(&mut rng) < 0.95); // Exactly at the boundary.
                outside |= i % 50 == 0 && gate.share_lower(Level::P95) > 0.95;
            }
            passed += u32::from(gate.p_share_above() <= alpha);
            failed += u32::from(gate.p_share_below() <= alpha);
            missed += u32::from(outside);
        }
        // 4 sd above 5 % of 2 000 is 139; a gate that never decides would be wrong too.
        assert!((20..=139).contains(&passed), "{passed}");
        assert!((10..=139).contains(&failed), "{failed}");
        assert!(missed <= passed, "{missed} {passed}");
    }

    #[test]
    fn a_quantile_is_covered_at_every_look() {
        let p90: Rank = "0.9".parse().unwrap();
        let missed = (0..500)
            .filter(|&run| {
                let mut rng = stream(Seed(22), run);
                let mut quantile = QuantileSequence::new(p90, Level::P95);
                (1..=600).any(|i| {
                    quantile.observe(uniform(&mut rng));
                    let (lo, hi) = if i % 6 == 0 { quantile.interval() } else { (0.0, 1.0) };
                    lo > 0.9 || hi < 0.9
                })
            })
            .count();
        assert!(missed <= 45, "{missed} of 500"); // 4 sd above 5 %.
    }

    #[test]
    fn bounds_turn_where_the_test_does() {
        for (c, n) in [(9_u64, 10_u64), (999, 1_000), (5, 5), (1, 40)] {
            let at = lower(c, n, 1e-3);
            let (inside, outside) = (1.0 - (1.0 - at) * 0.999, 1.0 - (1.0 - at) * 1.001);
            assert!(excess(c, n, inside, 1.0 - inside, 1.0) > 1e-3, "{c} {n}");
            assert!(outside <= 0.0 || excess(c, n, outside, 1.0 - outside, 1.0) <= 1e-3);
        }
        assert_eq!(lower(0, 10, 0.05), 0.0);
    }

    #[test]
    fn little_data_bound_nothing() {
        let mut few = QuantileSequence::new(Rank::P95, Level::P95);
        assert_eq!(few.interval(), (f64::NEG_INFINITY, f64::INFINITY));
        few.observe(3.0);
        assert_eq!(few.interval(), (f64::NEG_INFINITY, f64::INFINITY));
        // p100 is above everything, and one miss disproves it.
        let mut all = BinomialMixture::new(Rank::from_f64(1.0).unwrap());
        all.observe(true);
        assert_eq!((all.p_share_above(), all.p_share_below()), (1.0, 1.0));
        all.observe(false);
        assert_eq!((all.p_share_above(), all.p_share_below()), (1.0, 0.0));
    }
}
