use std::cell::RefCell;
use std::num::NonZeroU32;

use rand_distr::{Beta, Distribution};
use rayon::prelude::*;
use tailproof_core::binomial::{deviance, mass, stirling_error, tails};
use tailproof_core::quantile::{Position, position};
use tailproof_core::{Binned, Ecdf, Level, QuantileType, Rank, Sample, Seed};

use crate::bootstrap::Replicates;
use crate::law::{Discrete, Law};
use crate::stream::{stream, uniform};

/// Probability that may be missing on each side of the window of atoms.
const NEGLIGIBLE: f64 = 1e-17;

/// The bootstrap distribution of a sample quantile for B → ∞: exact, without resampling.
///
/// With distinct values `v₁ < … < v_m`, cumulative fractions `F_i`, and the quantile
/// `Q* = (1−f)X*₍k₎ + f X*₍k+1₎` of a resample of size n:
/// ```text
/// P(X*₍k₎ ≤ v_i)                = P(Bin(n, F_i) ≥ k)
/// P(X*₍k₎ ≤ v_i, X*₍k+1₎ > v_j) = C(n,k) F_i^k (1−F_j)^{n−k}                     i ≤ j
/// P(Q* ≤ t) = Σ_{v_i ≤ t} [ P(X*₍k₎ = v_i) − C(n,k)(F_i^k − F_{i−1}^k)(1−F_{j(i)})^{n−k} ]
///             j(i) = max{ j : (1−f)v_i + f v_j ≤ t }
/// ```
/// "Exact" means free of Monte-Carlo error; it is not coverage. The interval it gives is a
/// percentile-bootstrap interval and undercovers in small samples and far tails; verdicts
/// rest on order statistics instead ([`tailproof_core::binomial::upper_rank`]).
///
/// Only the atoms that carry probability are kept, about `18 √(np(1−p))` of them, found by
/// selection; building takes O(n), a probability or quantile microseconds. A sample of one
/// value, or of equal values, gives a point mass.
///
/// # Source
/// Derived from the multinomial law of a resample; for the median see Maritz & Jarrett
/// (1978), *JASA* 73(361), 194–196. Probabilities after Loader (2000).
#[derive(Clone, Debug)]
pub struct QuantileBootstrap {
    n: u64,
    /// Rank of the lower order statistic.
    k: u64,
    /// Weight `f` of the upper one.
    weight: f64,
    /// Ranks `first..=last` are kept.
    first: u64,
    last: u64,
    atoms: Vec<Atom>,
    /// `ln` of the factor that all joint probabilities share.
    lead: f64,
}

/// A distinct value and what is needed to weigh it.
#[derive(Clone, Copy, Debug)]
struct Atom {
    value: f64,
    /// `P(X*₍k₎ = value)` and `P(X*₍k₎ ≤ value)`.
    mass: f64,
    cumulative: f64,
    /// Observations at most `value`.
    count: f64,
    /// `−bd₀(k, n F)` and `−bd₀(n−k, n(1−F))`.
    low: f64,
    high: f64,
    /// `1 − (F_{i−1}/F_i)^k`.
    step: f64,
}

impl Atom {
    fn new(value: f64, count: f64) -> Self {
        Self { value, mass: 0.0, cumulative: 0.0, count, low: 0.0, high: 0.0, step: 1.0 }
    }
}

/// `P(Bin(n, count/n) ≥ k)`, kept per thread for one small n and k: a gate weighs thousands of
/// samples of one size.
fn reached(k: u64, n: u64, count: f64) -> f64 {
    const SMALL: u64 = 1_024;
    thread_local! {
        static KNOWN: RefCell<((u64, u64), Vec<f64>)> = RefCell::default();
    }
    let size = n as f64;
    let tail = || tails(k, n, count / size, (size - count) / size).at_least;
    if n > SMALL {
        return tail();
    }
    KNOWN.with_borrow_mut(|(of, known)| {
        if *of != (k, n) {
            *of = (k, n);
            known.clear();
            known.resize(n as usize + 1, f64::NAN);
        }
        let kept = &mut known[count as usize];
        if kept.is_nan() {
            *kept = tail();
        }
        *kept
    })
}

impl QuantileBootstrap {
    /// The distribution of the `p`-quantile of `sample`, of any quantile type.
    #[must_use]
    pub fn of(sample: &Sample, p: Rank, kind: QuantileType) -> Self {
        let n = sample.len() as u64;
        let at = position(n, p, kind);
        let (first, last) = window(n, at.lower, at.upper);
        let values = sample.order_statistics(first as usize, last as usize);
        let mut atoms: Vec<Atom> = Vec::new();
        for (i, &value) in values.iter().enumerate() {
            let count = (first + i as u64) as f64;
            match atoms.last_mut() {
                Some(atom) if atom.value == value => atom.count = count,
                _ => atoms.push(Atom::new(value, count)),
            }
        }
        Self::from_atoms(n, atoms, (first, last), at)
    }

    /// The same for a weighted distribution, of up to 10⁹ observations and more.
    ///
    /// Censored observations count: their atoms lie at −∞ and ∞, and so may an end of an
    /// interval. A quantile type that interpolates between a value and a censored one gives
    /// the censored side. Mean and standard deviation are then infinite or NaN.
    #[must_use]
    pub fn of_ecdf(ecdf: &Ecdf, p: Rank, kind: QuantileType) -> Self {
        let n = ecdf.n();
        let at = position(n, p, kind);
        let (first, last) = window(n, at.lower, at.upper);
        let censored = |value: f64, count: u64| (count > 0).then_some((value, count));
        let all = censored(f64::NEG_INFINITY, ecdf.below())
            .into_iter()
            .chain(ecdf.atoms().iter().copied())
            .chain(censored(f64::INFINITY, ecdf.above()));
        let mut atoms = Vec::new();
        let mut seen = 0;
        for (value, count) in all {
            let before = seen;
            seen += count;
            if seen >= first && before < last {
                atoms.push(Atom::new(value, seen.min(last) as f64));
            }
        }
        Self::from_atoms(n, atoms, (first, last), at)
    }

    /// The laws at both ends of what buckets leave open: with every observation at the lower
    /// and at the upper edge of its bucket. The truth lies between.
    #[must_use]
    pub fn of_binned(binned: &Binned, p: Rank, kind: QuantileType) -> (Self, Self) {
        (Self::of_ecdf(&binned.lower(), p, kind), Self::of_ecdf(&binned.upper(), p, kind))
    }

    fn from_atoms(n: u64, atoms: Vec<Atom>, (first, last): (u64, u64), at: Position) -> Self {
        let (k, weight) = (at.lower, at.weight);
        let mut dist = Self { n, k, weight, first, last, atoms, lead: 0.0 };
        dist.weigh();
        if weight > 0.0 {
            dist.prepare_pairs();
        }
        dist
    }

    /// Fills the marginal law of the lower order statistic.
    fn weigh(&mut self) {
        let (n, k, size) = (self.n, self.k, self.n as f64);
        let sd = (k as f64 * (n - k + 1) as f64 / size).sqrt();
        let at_least = |count: f64| reached(k, n, count);
        let mut cumulative = 0.0;
        let mut previous = 0.0;
        let last = self.atoms.len() - 1;
        for (i, atom) in self.atoms.iter_mut().enumerate() {
            // A short step is integrated over the Beta density, a long one subtracted.
            let short = i > 0 && (atom.count - previous) * 8.0 <= sd;
            atom.mass = if i == last {
                1.0 - cumulative
            } else if short {
                beta_mass(n, k, previous, atom.count)
            } else {
                at_least(atom.count) - cumulative
            }
            .max(0.0);
            cumulative = if i == last { 1.0 } else { cumulative + atom.mass };
            atom.cumulative = cumulative;
            previous = atom.count;
        }
    }

    /// Fills what the joint law of the two order statistics needs.
    fn prepare_pairs(&mut self) {
        let (n, k) = (self.n as f64, self.k as f64);
        let rest = n - k;
        self.lead = 0.5 * (n / (std::f64::consts::TAU * k * rest)).ln() + stirling_error(n)
            - stirling_error(k)
            - stirling_error(rest);
        let mut previous = 0.0;
        for atom in &mut self.atoms {
            atom.low = -deviance(k, atom.count);
            atom.high = -deviance(rest, n - atom.count);
            atom.step = -(k * (-(atom.count - previous) / atom.count).ln_1p()).exp_m1();
            previous = atom.count;
        }
    }

    /// `C(n,k) F_i^k (1−F_j)^{n−k}`.
    fn joint(&self, i: usize, j: usize) -> f64 {
        let (a, b) = (&self.atoms[i], &self.atoms[j]);
        (self.lead + a.low + b.high - (b.count - a.count)).exp()
    }

    fn mix(&self, i: usize, j: usize) -> f64 {
        self.between(self.atoms[i].value, self.atoms[j].value)
    }

    fn between(&self, a: f64, b: f64) -> f64 {
        if a == b || a.is_infinite() {
            a
        } else if b.is_infinite() {
            b
        } else {
            (1.0 - self.weight) * a + self.weight * b
        }
    }

    /// The kept observations in order of rank.
    fn by_rank(&self) -> Vec<f64> {
        let mut table = Vec::with_capacity((self.last - self.first + 1) as usize);
        for atom in &self.atoms {
            let up_to = (atom.count as u64).min(self.last);
            let len = (up_to + 1).saturating_sub(self.first) as usize;
            table.resize(len.max(table.len()), atom.value);
        }
        table
    }

    /// The kept observation of rank `r`, or the nearest one kept.
    fn ranked(&self, r: u64) -> f64 {
        let at = self.atoms.partition_point(|a| a.count < r as f64);
        self.atoms[at.min(self.atoms.len() - 1)].value
    }

    /// `P(Q* ≤ t)`, right-continuous.
    #[must_use]
    pub fn cdf(&self, t: f64) -> f64 {
        let inside = self.atoms.partition_point(|a| a.value <= t);
        if inside == 0 {
            return 0.0;
        }
        let marginal = self.atoms[inside - 1].cumulative;
        if self.weight == 0.0 {
            return marginal;
        }
        // Pairs whose lower member is inside and whose mixture is not.
        let mut outside = 0.0;
        let mut j = inside - 1;
        for i in (0..inside).rev() {
            while j + 1 < self.atoms.len() && self.mix(i, j + 1) <= t {
                j += 1;
            }
            let pair = self.joint(i, j);
            outside += pair * self.atoms[i].step;
            if self.joint(i, inside - 1) < NEGLIGIBLE {
                break;
            }
        }
        (marginal - outside).clamp(0.0, 1.0)
    }

    /// The smallest `t` with `P(Q* ≤ t) ≥ q`, one of the values that `Q*` can take.
    ///
    /// `q ≤ 0` gives the smallest value of the window, `q ≥ 1` the largest.
    #[must_use]
    pub fn quantile(&self, q: f64) -> f64 {
        let last = self.atoms.len() - 1;
        if self.weight == 0.0 {
            return self.atoms[self.atoms.partition_point(|a| a.cumulative < q).min(last)].value;
        }
        if q <= 0.0 {
            return self.atoms[0].value;
        }
        // The first atom that reaches q; Q* ≤ v is rarer than X*₍k₎ ≤ v.
        let (mut lo, mut hi) = (self.atoms.partition_point(|a| a.cumulative < q), last);
        while lo < hi {
            let mid = lo + (hi - lo) / 2;
            if self.cdf(self.atoms[mid].value) >= q { hi = mid } else { lo = mid + 1 }
        }
        let to = self.atoms[lo.min(last)].value;
        if lo == 0 {
            return to;
        }
        // Between two atoms lie mixtures; bisect over the doubles until one is left.
        let (mut below, mut reached) = (self.atoms[lo - 1].value, to);
        if below.is_infinite() || reached.is_infinite() {
            return to; // A mixture with a censored value is censored.
        }
        loop {
            let mid = below + (reached - below) / 2.0;
            if mid <= below || mid >= reached {
                return reached;
            }
            if self.cdf(mid) >= q {
                reached = self.largest_value_at_most(lo - 1, mid);
            } else {
                below = mid;
            }
        }
    }

    /// The largest mixture at most `t`, which lies between atoms `at` and `at + 1`.
    fn largest_value_at_most(&self, at: usize, t: f64) -> f64 {
        let mut best = self.atoms[at].value;
        let mut j = at;
        for i in (0..=at).rev() {
            while j + 1 < self.atoms.len() && self.mix(i, j + 1) <= t {
                j += 1;
            }
            best = best.max(self.mix(i, j));
            if self.joint(i, at) < NEGLIGIBLE {
                break;
            }
        }
        best
    }

    /// Equal-tailed interval: the quantiles at `α/2` and `1 − α/2`.
    ///
    /// Both ends are observations or mixtures of two neighbours; for n = 1 they are equal.
    #[must_use]
    pub fn interval(&self, level: Level) -> (f64, f64) {
        let half = level.alpha().to_f64() / 2.0;
        (self.quantile(half), self.quantile(1.0 - half))
    }

    /// Mean of the distribution.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let (centre, scale) = self.centre_and_scale();
        centre + scale * self.moments(centre, scale).0
    }

    /// Standard deviation of the distribution: the bootstrap standard error.
    ///
    /// With `D = X*₍k+1₎ − X*₍k₎` split into the gaps it spans, `E D²` and `E X*₍k₎D` are
    /// sums over single gaps with a two-term recursion, O(m) in all.
    #[must_use]
    pub fn sd(&self) -> f64 {
        let (centre, scale) = self.centre_and_scale();
        let (mean, square) = self.moments(centre, scale);
        scale * (square - mean * mean).max(0.0).sqrt()
    }

    /// The atom in the middle, and the largest distance from it (1 when there is none).
    fn centre_and_scale(&self) -> (f64, f64) {
        let middle = self.atoms.partition_point(|a| a.cumulative < 0.5).min(self.atoms.len() - 1);
        let centre = self.atoms[middle].value;
        let scale =
            self.atoms.iter().map(|a| (a.value / 2.0 - centre / 2.0).abs()).fold(0.0, f64::max);
        (centre, if scale > 0.0 { 2.0 * scale } else { 1.0 })
    }

    /// First two moments of `(Q* − centre)/scale`.
    fn moments(&self, centre: f64, scale: f64) -> (f64, f64) {
        let u = |i: usize| (self.atoms[i].value / scale) - centre / scale;
        let (mut first, mut second) = (0.0, 0.0);
        for (i, atom) in self.atoms.iter().enumerate() {
            first += u(i) * atom.mass;
            second += u(i) * u(i) * atom.mass;
        }
        let f = self.weight;
        if f == 0.0 {
            return (first, second);
        }
        // Gap l lies between atoms l and l+1 and is spanned with probability joint(l, l).
        let rest = (self.n - self.k) as f64;
        let gap = |l: usize| u(l + 1) - u(l);
        let (mut spanned, mut product, mut square) = (0.0, 0.0, 0.0);
        // Mean of X*₍k₎ given that it is at most atom l, weighted by powers of F.
        let mut given = 0.0;
        for l in 0..self.atoms.len() - 1 {
            given = given * (1.0 - self.atoms[l].step) + u(l) * self.atoms[l].step;
            let p = self.joint(l, l);
            spanned += gap(l) * p;
            product += gap(l) * p * given;
        }
        let mut beyond = 0.0; // Σ of later gaps, each weighted by being spanned too.
        for l in (0..self.atoms.len() - 1).rev() {
            if l + 2 < self.atoms.len() {
                let (c, d) = (self.atoms[l].count, self.atoms[l + 1].count);
                let both = (rest * (-(d - c) / (self.n as f64 - c)).ln_1p()).exp();
                beyond = both * (gap(l + 1) + beyond);
            }
            square += gap(l) * self.joint(l, l) * (gap(l) + 2.0 * beyond);
        }
        (first + f * spanned, second + 2.0 * f * product + f * f * square)
    }

    /// Replicates of the quantile, each drawn in constant time from the law of its order
    /// statistics instead of from a resample.
    ///
    /// ```text
    /// X*₍k₎ = X₍⌈nU⌉₎,  U ~ Beta(k, n−k+1),   U₍k+1₎ = 1 − (1−U₍k₎)V^{1/(n−k)}
    /// ```
    /// Replicate `b` uses [`stream`]`(seed, b)`. Their distribution is the one of this value;
    /// they differ from it by Monte-Carlo error only.
    #[must_use]
    pub fn replicates(&self, seed: Seed, count: NonZeroU32) -> Replicates {
        let (n, k) = (self.n as f64, self.k as f64);
        let rest = n - k;
        // Values by rank, unless the window is that of a huge histogram.
        let table = if self.last - self.first < 1 << 20 { self.by_rank() } else { Vec::new() };
        // 1 − U is drawn: for p > 1/2 it is the small one, and ⌈nU⌉ = n − ⌊n(1−U)⌋.
        let law = Beta::new(rest + 1.0, k).expect("both shapes are at least 1");
        let value = |upper: f64| {
            let rank = (self.n - (n * upper) as u64).clamp(self.first, self.last);
            match table.get((rank - self.first) as usize) {
                Some(&value) => value,
                None => self.ranked(rank),
            }
        };
        let values = (0..count.get())
            .into_par_iter()
            .with_min_len(256)
            .map(|replicate| {
                let mut rng = stream(seed, u64::from(replicate));
                let upper = law.sample(&mut rng);
                let lower = value(upper);
                if self.weight == 0.0 {
                    return lower;
                }
                let next = value(upper * uniform(&mut rng).powf(1.0 / rest));
                self.between(lower, next)
            })
            .collect();
        Replicates::new(values)
    }

    /// The whole law as values and probabilities.
    ///
    /// With interpolation, every pair of a lower and an upper order statistic is a value:
    /// ```text
    /// P(X*₍k₎ = v_i, X*₍k+1₎ = v_j) = C(n,k)(F_i^k − F_{i−1}^k)[(1−F_{j−1})^{n−k} − (1−F_j)^{n−k}]   i < j
    /// ```
    #[must_use]
    pub fn law(&self) -> Discrete {
        let mut pairs: Vec<(f64, f64)> = Vec::with_capacity(self.atoms.len());
        for (i, atom) in self.atoms.iter().enumerate() {
            if self.weight == 0.0 {
                pairs.push((atom.value, atom.mass));
                continue;
            }
            // P(X*₍k₎ = v_i, X*₍k+1₎ > v_j), which falls as j rises.
            let beyond = |j: usize| self.joint(i, j) * atom.step;
            let mut rest = beyond(i);
            pairs.push((atom.value, (atom.mass - rest).max(0.0)));
            for j in i + 1..self.atoms.len() {
                let next = beyond(j);
                pairs.push((self.mix(i, j), (rest - next).max(0.0)));
                rest = next;
                if rest < NEGLIGIBLE {
                    break;
                }
            }
        }
        Discrete::new(pairs, 0.0).expect("the atoms carry all mass")
    }

    /// Sample size.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The quantile of the sample itself.
    #[must_use]
    pub fn sample_quantile(&self) -> f64 {
        let lower = self.ranked(self.k);
        if self.weight == 0.0 { lower } else { self.between(lower, self.ranked(self.k + 1)) }
    }

    /// The sample's order statistic of rank `r`, when it lies in the window that carries the
    /// probability; saves another pass over the data.
    #[must_use]
    pub fn order_statistic(&self, r: u64) -> Option<f64> {
        (self.first <= r && r <= self.last).then(|| self.ranked(r))
    }
}

impl Law for QuantileBootstrap {
    fn cdf(&self, t: f64) -> f64 {
        Self::cdf(self, t)
    }

    fn quantile(&self, q: f64) -> f64 {
        Self::quantile(self, q)
    }

    fn mean(&self) -> f64 {
        Self::mean(self)
    }

    fn sd(&self) -> f64 {
        Self::sd(self)
    }
}

/// Ranks outside which `X*₍k₎` and `X*₍upper₎` fall with negligible probability.
fn window(n: u64, k: u64, upper: u64) -> (u64, u64) {
    let size = n as f64;
    let share = |c: u64| (c as f64 / size, (n - c) as f64 / size);
    // The largest c with P(X*₍k₎ ≤ x₍c₎) negligible; 0 qualifies.
    let (mut lo, mut hi) = (0, k);
    while hi - lo > 1 {
        let mid = lo + (hi - lo) / 2;
        let (p, q) = share(mid);
        if tails(k, n, p, q).at_least < NEGLIGIBLE { lo = mid } else { hi = mid }
    }
    let first = lo + 1;
    // The smallest c with P(X*₍upper₎ > x₍c₎) negligible; n qualifies.
    let (mut lo, mut hi) = (upper.saturating_sub(1), n);
    while hi - lo > 1 {
        let mid = lo + (hi - lo) / 2;
        let (p, q) = share(mid);
        if tails(upper, n, p, q).below < NEGLIGIBLE { hi = mid } else { lo = mid }
    }
    (first, hi)
}

/// `P(from < nU ≤ to)` for U ~ Beta(k, n−k+1), by four-point Gauss–Legendre quadrature.
///
/// The caller keeps the step below an eighth of the standard deviation, where the rule is
/// good to the last digits.
fn beta_mass(n: u64, k: u64, from: f64, to: f64) -> f64 {
    const NODES: [(f64, f64); 4] = [
        (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
        (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
        (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
        (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    ];
    let size = n as f64;
    let half = (to - from) / 2.0;
    let middle = from + half;
    NODES
        .iter()
        .map(|&(x, w)| {
            let c = middle + half * x;
            // The density of nU at c is the mass of k − 1 under Bin(n − 1, c/n).
            w * mass(k - 1, n - 1, c / size, (size - c) / size)
        })
        .sum::<f64>()
        * half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    /// All nⁿ resamples, the slow obvious way.
    fn enumerate(values: &[f64], p: Rank, kind: QuantileType) -> Vec<f64> {
        let n = values.len();
        let mut out = Vec::new();
        for code in 0..n.pow(n as u32) {
            let mut rest = code;
            let resample: Vec<f64> = (0..n)
                .map(|_| {
                    let x = values[rest % n];
                    rest /= n;
                    x
                })
                .collect();
            out.push(tailproof_core::quantile(&sample(&resample), p, kind));
        }
        out.sort_by(f64::total_cmp);
        out
    }

    #[test]
    fn it_is_the_law_of_all_resamples() {
        let p = |x| Rank::from_f64(x).unwrap();
        for values in [&[3.0, 1.0, 4.0, 1.5, 9.0][..], &[1.0, 2.0, 2.0, 2.0, 5.0], &[7.0; 4]] {
            for kind in [QuantileType::Linear, QuantileType::InvertedCdf, QuantileType::Weibull] {
                for rank in [p(0.2), p(0.5), p(0.63), p(0.95)] {
                    let all = enumerate(values, rank, kind);
                    let total = all.len() as f64;
                    let dist = QuantileBootstrap::of(&sample(values), rank, kind);
                    for t in all.iter().flat_map(|&t| [t, t + 1e-9, t - 1e-9]) {
                        let share = all.partition_point(|&x| x <= t) as f64 / total;
                        assert!((dist.cdf(t) - share).abs() < 1e-13, "{kind:?} {rank} {t}");
                    }
                    let mean = all.iter().sum::<f64>() / total;
                    let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / total;
                    assert!((dist.mean() - mean).abs() < 1e-12, "{kind:?} {rank}");
                    assert!((dist.sd() - variance.sqrt()).abs() < 1e-7, "{kind:?} {rank}");
                    for q in [0.001, 0.1, 0.5, 0.77, 0.999] {
                        let want = all[((q * total).ceil() as usize - 1).min(all.len() - 1)];
                        assert_eq!(dist.quantile(q), want, "{kind:?} {rank} {q}");
                    }
                }
            }
        }
    }

    #[test]
    fn replicates_follow_the_law() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i * i % 397)).collect();
        let dist = QuantileBootstrap::of(&sample(&values), Rank::P95, QuantileType::Linear);
        let count = NonZeroU32::new(20_000).unwrap();
        let replicates = dist.replicates(Seed(7), count);
        let mut sorted = replicates.values().to_vec();
        sorted.sort_by(f64::total_cmp);
        // Dvoretzky–Kiefer–Wolfowitz at 1e-9: this seed passes, and so would nearly any.
        let allowed = ((2e9_f64).ln() / (2.0 * 20_000.0)).sqrt();
        for (i, &x) in sorted.iter().enumerate() {
            let above = (i + 1) as f64 / 20_000.0;
            assert!(above <= dist.cdf(x) + allowed);
        }
        assert!((replicates.mean() - dist.mean()).abs() < 5.0 * dist.sd() / 141.0);
    }

    #[test]
    fn a_weighted_distribution_is_its_sample() {
        let values: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17)).collect();
        let mut atoms: Vec<(f64, u64)> = Vec::new();
        for &x in &values {
            atoms.push((x, 1));
        }
        let ecdf = Ecdf::new(atoms, 0, 0).unwrap();
        for kind in [QuantileType::Linear, QuantileType::InvertedCdf, QuantileType::Hazen] {
            for p in [Rank::MEDIAN, Rank::P95] {
                let one = QuantileBootstrap::of(&sample(&values), p, kind);
                let two = QuantileBootstrap::of_ecdf(&ecdf, p, kind);
                assert_eq!(one.interval(Level::P95), two.interval(Level::P95));
                assert_eq!((one.mean(), one.sd()), (two.mean(), two.sd()));
                assert_eq!(one.sample_quantile(), two.sample_quantile());
                // The law as atoms is the law as a function.
                let law = one.law();
                for (t, _) in law.atoms() {
                    assert!((law.cdf(t) - one.cdf(t)).abs() < 1e-12, "{p} {t}");
                }
            }
        }
    }

    #[test]
    fn censored_observations_lie_beyond_all_values() {
        // 6 of 100 timed out: p95 is among them in most resamples.
        let ecdf = Ecdf::new((0..94).map(|i| (f64::from(i), 1)).collect(), 0, 6).unwrap();
        let law = QuantileBootstrap::of_ecdf(&ecdf, Rank::P95, QuantileType::Linear);
        assert_eq!((law.quantile(0.9), law.sample_quantile()), (f64::INFINITY, f64::INFINITY));
        let (lo, hi) = law.interval(Level::P95);
        assert!(lo.is_finite() && hi == f64::INFINITY);
        // X*₍95₎ is a value when at least 95 draws are, and then so is a mixture only when
        // X*₍96₎ is one too.
        let values = tailproof_core::binomial::tails(96, 100, 0.94, 0.06).at_least;
        assert!((law.cdf(93.0) - values).abs() < 1e-12, "{} {values}", law.cdf(93.0));
        let median = QuantileBootstrap::of_ecdf(&ecdf, Rank::MEDIAN, QuantileType::Linear);
        assert!(median.interval(Level::P999).1.is_finite());
    }

    #[test]
    fn a_billion_observations_in_buckets_bracket_the_truth() {
        let counts = vec![600_000_000_u64, 350_000_000, 49_000_000, 1_000_000];
        let edges = vec![0.0, 10.0, 20.0, 50.0, 100.0];
        let binned = Binned::new(edges, counts, tailproof_core::Closed::Upper).unwrap();
        let (low, high) = QuantileBootstrap::of_binned(&binned, Rank::P95, QuantileType::Linear);
        assert_eq!(low.n(), 1_000_000_000);
        let ((a, _), (_, b)) = (low.interval(Level::P999), high.interval(Level::P999));
        // p95 sits at the edge between two buckets.
        assert!((10.0..=20.0).contains(&a) && (20.0..=50.0).contains(&b), "{a} {b}");
        let p999 = QuantileBootstrap::of_binned(&binned, Rank::P999, QuantileType::Linear);
        assert!(p999.0.sd().is_finite() && p999.1.quantile(0.5) >= p999.0.quantile(0.5));
    }
}
