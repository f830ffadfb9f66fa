//! The bootstrap law of a linear combination of means, `Σ_g c_g x̄*_g`, for B → ∞.

use std::f64::consts::{PI, TAU};
use std::ops::RangeInclusive;

use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use tailproof_core::binomial::mass;
use tailproof_core::{Ecdf, Sample, Seed};

use crate::bootstrap::Replicates;
use crate::law::{Discrete, Law, first_true};
use crate::stream::{Stream, below, stream};

/// How an exact law was found, in the order in which the ways are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Branch {
    /// No spread: all mass on one value.
    Point,
    /// Every resample, with its multinomial weight.
    Enumerated,
    /// A discrete Fourier transform over the lattice on which the values lie.
    Lattice,
    /// The cosine expansion of the density from the characteristic function.
    Cosine,
    /// Seeded replicates: the characteristic function falls too slowly. Not exact.
    Replicates,
}

impl Branch {
    /// `exact (B → ∞)`, or that it is not.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Point | Self::Enumerated | Self::Lattice | Self::Cosine => "exact (B → ∞)",
            Self::Replicates => "seeded replicates",
        }
    }
}

/// Mass that may lie outside of the window, and the size at which a characteristic function
/// has died.
const NEGLIGIBLE: f64 = 1e-12;
/// Most resamples that are enumerated.
const MOST_RESAMPLES: f64 = 1e6;
/// Most points of a lattice's transform.
const MOST_POINTS: usize = 1 << 22;
/// Most terms of the cosine expansion.
const MOST_TERMS: usize = 1 << 16;
/// Most sines and cosines that an expansion may cost.
const MOST_WORK: usize = 1 << 26;
/// Replicates of the last resort, and the draws that they may take in all.
const REPLICATES: RangeInclusive<f64> = 1_000.0..=100_000.0;
const MOST_DRAWS: f64 = 2e9;
/// Draws that one binomial count is worth.
const COUNT: f64 = 20.0;

/// Observations whose mean is resampled.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    n: u64,
    /// Values are divided by this power of two, so that squares neither over- nor underflow.
    unit: f64,
    /// Mean of the observations, in units.
    centre: f64,
    /// Distinct values minus the mean, ascending, in units, with their shares.
    deviations: Vec<(f64, f64)>,
    /// The distinct values themselves, with their counts.
    atoms: Vec<(f64, u64)>,
    /// Mean square of the deviations.
    variance: f64,
    /// Deviations beyond the bulk, which the power moments do not cover.
    bulk: Bulk,
}

/// One mean and its coefficient: `c · x̄*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term<'a> {
    pub(crate) c: f64,
    pub(crate) group: &'a Group,
}

/// Central power moments of deviations within a bound; the rest are summed one by one.
#[derive(Clone, Debug)]
struct Bulk {
    bound: f64,
    /// `Σ share · (z/bound)^j / j!` for j = 0, 1, ….
    moments: [f64; Bulk::TERMS],
    rest: Vec<(f64, f64)>,
}

impl Bulk {
    const TERMS: usize = 20;

    fn new(deviations: &[(f64, f64)], bound: f64) -> Self {
        let mut moments = [0.0; Self::TERMS];
        let mut rest = Vec::new();
        for &(z, share) in deviations {
            if z.abs() > bound {
                rest.push((z, share));
                continue;
            }
            let mut term = share;
            for (j, moment) in moments.iter_mut().enumerate() {
                *moment += term;
                term *= z / bound / (j + 1) as f64;
            }
        }
        Self { bound, moments, rest }
    }
}

/// `Σ share · (e^{ivz} − 1)`, each term without cancellation.
fn directly(terms: &[(f64, f64)], v: f64) -> (f64, f64) {
    let (mut re, mut im) = (0.0, 0.0);
    for &(z, share) in terms {
        let (s, c) = (v * z / 2.0).sin_cos();
        re -= share * 2.0 * s * s;
        im += share * 2.0 * s * c;
    }
    (re, im)
}

/// Distinct values of a sample in ascending order, with their counts.
pub(crate) fn atoms_of(sample: &Sample) -> Vec<(f64, u64)> {
    sample.sorted().chunk_by(|a, b| a == b).map(|g| (g[0], g.len() as u64)).collect()
}

/// The same of a weighted distribution; `None` when observations are censored.
pub(crate) fn atoms_of_ecdf(ecdf: &Ecdf) -> Option<Vec<(f64, u64)>> {
    (ecdf.below() == 0 && ecdf.above() == 0).then(|| ecdf.atoms().to_vec())
}

/// A power of two next to the widest range of the groups; 1 when none has a width.
pub(crate) fn unit_of(groups: &[&[(f64, u64)]]) -> f64 {
    let width = |g: &[(f64, u64)]| g[g.len() - 1].0 / 2.0 - g[0].0 / 2.0;
    let widest = groups.iter().map(|g| width(g)).fold(0.0, f64::max);
    if widest == 0.0 { 1.0 } else { widest.log2().round().clamp(-1_020.0, 1_020.0).exp2() }
}

impl Group {
    /// From distinct values in ascending order.
    pub(crate) fn new(atoms: Vec<(f64, u64)>, unit: f64) -> Self {
        let n: u64 = atoms.iter().map(|a| a.1).sum();
        let size = n as f64;
        // From a value in the middle, twice, so that an offset costs no digits.
        let start = atoms[atoms.len() / 2].0;
        let near = |x: f64| (x / unit) - start / unit;
        let average = |f: &dyn Fn(f64) -> f64| -> f64 {
            atoms.iter().map(|&(x, w)| f(x) * (w as f64 / size)).sum()
        };
        let shift = average(&near);
        let slip = average(&|x| near(x) - shift);
        let deviations: Vec<(f64, f64)> =
            atoms.iter().map(|&(x, w)| ((near(x) - shift) - slip, w as f64 / size)).collect();
        let variance =
            if atoms.len() == 1 { 0.0 } else { deviations.iter().map(|d| d.1 * d.0 * d.0).sum() };
        let bulk = Bulk::new(&deviations, (variance * size).sqrt() / 40.0);
        let centre = start / unit + shift;
        Self { n, unit, centre, deviations, atoms, variance, bulk }
    }

    /// A resample as counts of the distinct values, by conditional binomials.
    fn recount(&self, rng: &mut Stream) -> f64 {
        let (mut left, mut rest, mut sum) = (self.n, self.n, 0.0);
        for (&(_, count), &(z, _)) in self.atoms.iter().zip(&self.deviations) {
            let share = count as f64 / rest as f64;
            let hits = if rest == count {
                left
            } else {
                Binomial::new(left, share).expect("a share is a probability").sample(rng)
            };
            sum += hits as f64 * z;
            left -= hits;
            rest -= count;
        }
        self.centre + sum / self.n as f64
    }

    /// Smallest and largest value, in units.
    pub(crate) fn range(&self) -> (f64, f64) {
        (self.atoms[0].0 / self.unit, self.atoms[self.atoms.len() - 1].0 / self.unit)
    }

    /// Draws that a resample takes: one a value, or a count for each distinct one.
    fn draws(&self) -> f64 {
        (self.n as f64).min(COUNT * self.atoms.len() as f64)
    }

    fn redraw(&self, rng: &mut Stream, cumulative: &[u64]) -> f64 {
        if self.draws() < self.n as f64 {
            return self.recount(rng);
        }
        let all_distinct = cumulative.len() as u64 == self.n;
        let mut sum = 0.0;
        for _ in 0..self.n {
            let at = below(rng, self.n);
            let i =
                if all_distinct { at as usize } else { cumulative.partition_point(|&c| c <= at) };
            sum += self.deviations[i].0;
        }
        self.centre + sum / self.n as f64
    }
}

impl Term<'_> {
    /// Variance of `c · x̄*`.
    fn variance_of_mean(&self) -> f64 {
        self.c * self.c * self.group.variance / self.group.n as f64
    }

    /// Ends of `c (x̄* − x̄)`.
    fn reach(&self) -> (f64, f64) {
        let (a, b) = (
            self.c * self.group.deviations[0].0,
            self.c * self.group.deviations[self.group.deviations.len() - 1].0,
        );
        (a.min(b), a.max(b))
    }

    /// `ln E exp(iu c(x̄* − x̄))` as modulus and argument, with relative precision.
    fn ln_characteristic(&self, u: f64) -> (f64, f64) {
        let v = u * self.c / self.group.n as f64;
        let step = v * self.group.bulk.bound;
        let (mut re, mut im);
        if step.abs() <= 1.0 {
            // e^{ivz} − 1 by powers of i·step; the odd first one is zero up to rounding.
            (re, im) = directly(&self.group.bulk.rest, v);
            let mut power = 1.0;
            for (j, moment) in self.group.bulk.moments.iter().enumerate().skip(1) {
                power *= step;
                let term = power * moment;
                match j % 4 {
                    0 => re += term,
                    1 => im += term,
                    2 => re -= term,
                    _ => im -= term,
                }
            }
        } else {
            (re, im) = directly(&self.group.deviations, v);
        }
        let size = self.group.n as f64;
        let modulus = 0.5 * (2.0 * re + re * re + im * im).max(-1.0).ln_1p();
        (size * modulus, size * im.atan2(1.0 + re))
    }

    /// Sines and cosines that one value of the characteristic function costs.
    fn cost(&self, u: f64) -> usize {
        let step = u * self.c / self.group.n as f64 * self.group.bulk.bound;
        if step.abs() <= 1.0 { self.group.bulk.rest.len() + 8 } else { self.group.deviations.len() }
    }

    /// The law of `c · x̄*` where it has few enough values.
    pub(crate) fn discrete(&self) -> Option<(Discrete, Branch)> {
        if self.group.atoms.len() == 1 || self.c == 0.0 {
            return Some((Discrete::point(self.c * self.group.centre), Branch::Point));
        }
        if let Some(law) = self.enumerated() {
            return Some((law, Branch::Enumerated));
        }
        Some((self.on_lattice()?, Branch::Lattice))
    }

    fn tolerance(&self) -> f64 {
        let (lo, hi) = self.reach();
        1e-12 * (hi - lo)
    }

    /// All multisets of n draws, by conditional binomials.
    pub(crate) fn enumerated(&self) -> Option<Discrete> {
        let (n, m) = (self.group.n, self.group.atoms.len() as u64);
        let mut multisets = 1.0;
        for i in 1..m {
            multisets *= (n + i) as f64 / i as f64;
            if multisets > MOST_RESAMPLES {
                return None;
            }
        }
        // Partial sums: how many draws are left, Σ k z, and the probability so far.
        let mut states = vec![(n, 0.0, 1.0)];
        let mut left = 1.0;
        let size = n as f64;
        for (j, &(z, share)) in self.group.deviations.iter().enumerate() {
            let last = j + 1 == self.group.deviations.len();
            let mut next = Vec::with_capacity(states.len() * 2);
            for &(draws, sum, p) in &states {
                if last {
                    next.push((0, sum + draws as f64 * z / size, p));
                    continue;
                }
                let (hit, miss) = (share / left, (left - share).max(0.0) / left);
                for k in 0..=draws {
                    let q = p * mass(k, draws, hit, miss);
                    if q > 0.0 {
                        next.push((draws - k, sum + k as f64 * z / size, q));
                    }
                }
            }
            left -= share;
            states = next;
        }
        let offset = self.c * self.group.centre;
        let atoms = states.into_iter().map(|(_, s, p)| (offset + self.c * s, p)).collect();
        Discrete::new(atoms, self.tolerance())
    }

    /// The transform over a lattice `x₀ + jd`, when the values lie on one coarse enough.
    pub(crate) fn on_lattice(&self) -> Option<Discrete> {
        let (x0, d, steps) = lattice(&self.group.atoms)?;
        let (x0, d) = (x0 / self.group.unit, d / self.group.unit);
        let window = window(&[Term { c: 1.0, ..*self }]);
        let spacing = d / self.group.n as f64;
        let points = (2.0 * window / spacing + 4.0).max(8.0);
        if points > MOST_POINTS as f64 {
            return None;
        }
        let size = (points as usize).next_power_of_two();
        // Deviations in steps, from the lattice point next to the mean.
        let mean = (self.group.centre - x0) / d;
        let middle = mean.round();
        let mut draw = vec![Complex::new(0.0, 0.0); size];
        for (&j, &(_, share)) in steps.iter().zip(&self.group.deviations) {
            let at = (j as i64 - middle as i64).rem_euclid(size as i64) as usize;
            draw[at].re += share;
        }
        let mut planner = FftPlanner::new();
        planner.plan_fft_forward(size).process(&mut draw);
        let n = self.group.n as f64;
        let scaled: Vec<(f64, f64)> = steps
            .iter()
            .zip(&self.group.deviations)
            .map(|(&j, &(_, share))| (j as f64 - middle, share))
            .collect();
        let mut total: Vec<Complex<f64>> = draw
            .par_iter()
            .enumerate()
            .map(|(k, phi)| {
                if n * phi.norm().max(1e-300).ln() < -45.0 {
                    return Complex::new(0.0, 0.0);
                }
                // Few survive; their logarithms are taken without cancellation.
                let angle = if 2 * k > size { k as f64 - size as f64 } else { k as f64 };
                let (re, im) = directly(&scaled, -TAU * angle / size as f64);
                let modulus = 0.5 * (2.0 * re + re * re + im * im).max(-1.0).ln_1p();
                Complex::from_polar((n * modulus).exp(), n * im.atan2(1.0 + re))
            })
            .collect();
        planner.plan_fft_inverse(size).process(&mut total);
        // Entry s holds the sum of steps ≡ s; the window is around n(mean − middle).
        let expected = n * (mean - middle);
        let first = expected.round() as i64 - size as i64 / 2;
        let (lo, hi) =
            (n * (steps[0] as f64 - middle), n * (steps[steps.len() - 1] as f64 - middle));
        let atoms = (0..size as i64)
            .filter_map(|i| {
                let s = first + i;
                let p = total[s.rem_euclid(size as i64) as usize].re / size as f64;
                let inside = (lo..=hi).contains(&(s as f64));
                (inside && p > 1e-17).then(|| (self.c * (x0 + d * (middle + s as f64 / n)), p))
            })
            .collect();
        Discrete::new(atoms, self.c.abs() * spacing / 4.0)
    }
}

/// Bernstein: `P(|S − ES| ≥ W) ≤ 2 exp(−W²/2/(σ² + M W/3))`, W from 10 standard errors on.
fn window(terms: &[Term<'_>]) -> f64 {
    let variance: f64 = terms.iter().map(Term::variance_of_mean).sum();
    let largest = terms
        .iter()
        .map(|t| {
            let (lo, hi) = t.reach();
            hi.max(-lo) / t.group.n as f64
        })
        .fold(0.0, f64::max);
    let mut w = 10.0 * variance.sqrt();
    while w > 0.0 && 2.0 * (-w * w / 2.0 / (variance + largest * w / 3.0)).exp() > NEGLIGIBLE {
        w *= 2.0;
    }
    w
}

/// `x₀`, `d` and the steps of values that lie on a lattice of decimals.
fn lattice(atoms: &[(f64, u64)]) -> Option<(f64, f64, Vec<u64>)> {
    let mut scale = 1.0;
    for _ in 0..10 {
        let whole = |x: f64| {
            let v = x * scale;
            (v.abs() < 9e15 && (v - v.round()).abs() <= 1e-9 * v.abs().clamp(1e-3, 1e3))
                .then(|| v.round() as i64)
        };
        if let Some(values) = atoms.iter().map(|a| whole(a.0)).collect::<Option<Vec<i64>>>() {
            let steps: Vec<u64> = values.iter().map(|v| v.abs_diff(values[0])).collect();
            let gcd = steps.iter().fold(0, |a, &b| gcd(a, b));
            if gcd == 0 {
                return None;
            }
            let steps = steps.iter().map(|s| s / gcd).collect();
            return Some((atoms[0].0, gcd as f64 / scale, steps));
        }
        scale *= 10.0;
    }
    None
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The law of a sum of independent groups.
#[derive(Clone, Debug)]
pub(crate) enum Sum {
    Discrete(Discrete),
    /// Two discrete laws, added on demand.
    Convolved(Discrete, Discrete),
    Cosine(Cosine),
    Replicates(Replicates),
}

/// Runs the cascade of ways.
pub(crate) fn sum(terms: &[Term<'_>], seed: Seed) -> (Sum, Branch) {
    let discrete: Option<Vec<(Discrete, Branch)>> =
        if terms.len() <= 2 { terms.iter().map(Term::discrete).collect() } else { None };
    if let Some(mut laws) = discrete {
        let branch = laws.iter().map(|l| l.1).max().expect("at least one group");
        let last = laws.pop().expect("at least one group").0;
        return match laws.pop() {
            None => (Sum::Discrete(last), branch),
            Some((first, _)) => (Sum::Convolved(first, last), branch),
        };
    }
    if let Some(expansion) = Cosine::of(terms) {
        return (Sum::Cosine(expansion), Branch::Cosine);
    }
    (Sum::Replicates(replicated(terms, seed)), Branch::Replicates)
}

fn replicated(terms: &[Term<'_>], seed: Seed) -> Replicates {
    let cumulative: Vec<Vec<u64>> = terms
        .iter()
        .map(|t| {
            let mut seen = 0;
            t.group
                .atoms
                .iter()
                .map(|a| {
                    seen += a.1;
                    seen
                })
                .collect()
        })
        .collect();
    let draws: f64 = terms.iter().map(|t| t.group.draws()).sum();
    let count = (MOST_DRAWS / draws).clamp(*REPLICATES.start(), *REPLICATES.end()) as u32;
    let values = (0..count)
        .into_par_iter()
        .map(|replicate| {
            let mut rng = stream(seed, u64::from(replicate));
            terms.iter().zip(&cumulative).map(|(t, c)| t.c * t.group.redraw(&mut rng, c)).sum()
        })
        .collect();
    Replicates::new(values)
}

/// A density expanded in cosines on a finite range.
///
/// # Source
/// Fang & Oosterlee (2008), *SIAM J. Scientific Computing* 31(2), 826–848, (8)–(11).
#[derive(Clone, Debug)]
pub(crate) struct Cosine {
    /// Where deviations are measured from.
    centre: f64,
    lo: f64,
    hi: f64,
    /// `A_k · (b − a)/(kπ)` for k ≥ 1: coefficients of the sines of the distribution function.
    sines: Vec<f64>,
}

impl Cosine {
    fn of(sum: &[Term<'_>]) -> Option<Self> {
        let w = window(sum);
        let (lo, hi) =
            sum.iter().map(Term::reach).fold((0.0, 0.0), |(a, b), (l, h)| (a + l, b + h));
        let (lo, hi) = (lo.max(-w), hi.min(w));
        let width = hi - lo;
        let frequency = |k: usize| k as f64 * PI / width;
        let mut coefficients: Vec<Complex<f64>> = Vec::new();
        let mut terms = 64;
        loop {
            let cost: usize = sum.iter().map(|g| g.cost(frequency(terms))).sum();
            if terms > MOST_TERMS || cost.saturating_mul(terms) > MOST_WORK {
                return None;
            }
            let more: Vec<Complex<f64>> = (coefficients.len() + 1..=terms)
                .into_par_iter()
                .map(|k| {
                    let (modulus, argument) = sum
                        .iter()
                        .map(|g| g.ln_characteristic(frequency(k)))
                        .fold((0.0, 0.0), |(a, b), (m, arg)| (a + m, b + arg));
                    Complex::from_polar(modulus.exp(), argument)
                })
                .collect();
            coefficients.extend(more);
            let largest = coefficients[terms / 2..].iter().map(|c| c.norm()).fold(0.0, f64::max);
            if largest < NEGLIGIBLE {
                break;
            }
            terms *= 2;
        }
        let sines = coefficients
            .iter()
            .enumerate()
            .map(|(i, phi)| {
                let k = (i + 1) as f64;
                let turned = phi * Complex::from_polar(1.0, -k * PI * lo / width);
                2.0 / (k * PI) * turned.re
            })
            .collect();
        let centre = sum.iter().map(|t| t.c * t.group.centre).sum();
        Some(Self { centre, lo, hi, sines })
    }

    fn cdf(&self, t: f64) -> f64 {
        let z = t - self.centre;
        if z <= self.lo || z >= self.hi {
            return f64::from(u8::from(z >= self.hi));
        }
        let share = (z - self.lo) / (self.hi - self.lo);
        // sin(kθ) by rotation: fewer than 2¹⁶ steps cost no more than 10⁻¹¹.
        let turn = Complex::from_polar(1.0, PI * share);
        let mut at = Complex::new(1.0, 0.0);
        let mut sum = share;
        for s in &self.sines {
            at *= turn;
            sum += s * at.im;
        }
        sum.clamp(0.0, 1.0)
    }
}

impl Sum {
    pub(crate) fn cdf(&self, t: f64) -> f64 {
        match self {
            Self::Discrete(law) => law.cdf(t),
            Self::Convolved(x, y) => y.at_most(x, |v| t - v),
            Self::Cosine(expansion) => expansion.cdf(t),
            Self::Replicates(r) => r.share_at_most(t),
        }
    }

    pub(crate) fn range(&self) -> (f64, f64) {
        match self {
            Self::Discrete(law) => law.range(),
            Self::Convolved(x, y) => (x.range().0 + y.range().0, x.range().1 + y.range().1),
            Self::Cosine(c) => (c.centre + c.lo, c.centre + c.hi),
            Self::Replicates(r) => r
                .values()
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v))),
        }
    }

    pub(crate) fn quantile(&self, q: f64) -> f64 {
        if let Self::Discrete(law) = self {
            return law.quantile(q);
        }
        let (lo, hi) = self.range();
        if let Self::Cosine(c) = self {
            // On deviations, so that an offset costs no digits.
            return c.centre + first_true(c.lo, c.hi, |z| c.cdf(c.centre + z) >= q);
        }
        let t = first_true(lo, hi, |t| self.cdf(t) >= q);
        match self {
            Self::Convolved(x, y) => y.least_from(x, |v| t - v, |u, v| u + v).unwrap_or(t),
            _ => t,
        }
    }
}

/// Mean and standard deviation of the law of a sum; exact in every branch.
pub(crate) fn moments(terms: &[Term<'_>]) -> (f64, f64) {
    let mean = terms.iter().map(|t| t.c * t.group.centre).sum();
    (mean, terms.iter().map(Term::variance_of_mean).sum::<f64>().sqrt())
}
