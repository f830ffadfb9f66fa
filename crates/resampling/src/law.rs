use tailproof_core::Level;

/// A distribution of a statistic: the bootstrap's for B → ∞, or an approximation that says so.
pub trait Law {
    /// `P(θ* ≤ t)`, right-continuous.
    fn cdf(&self, t: f64) -> f64;

    /// The smallest `t` with `P(θ* ≤ t) ≥ q`; the ends of the support for `q ≤ 0` and `q ≥ 1`.
    fn quantile(&self, q: f64) -> f64;

    /// Mean of the distribution.
    fn mean(&self) -> f64;

    /// Standard deviation of the distribution: the bootstrap standard error.
    fn sd(&self) -> f64;

    /// Equal-tailed percentile interval: the quantiles at `α/2` and `1 − α/2`.
    fn interval(&self, level: Level) -> (f64, f64) {
        let half = level.alpha().to_f64() / 2.0;
        (self.quantile(half), self.quantile(1.0 - half))
    }
}

/// A law with finitely many values.
#[derive(Clone, Debug, PartialEq)]
pub struct Discrete {
    /// Ascending, no two closer than the tolerance.
    values: Vec<f64>,
    /// `P(θ* ≤ value)`; the last is 1.
    cumulative: Vec<f64>,
    masses: Vec<f64>,
    /// How far below a value it is reached: sums that are equal on paper differ by rounding.
    tolerance: f64,
}

impl Discrete {
    /// From values and masses in any order; values within `tolerance` of the first of their
    /// group are merged. Masses are normalised. `None` when nothing has mass.
    #[must_use]
    pub fn new(mut atoms: Vec<(f64, f64)>, tolerance: f64) -> Option<Self> {
        atoms.retain(|a| a.1 > 0.0);
        atoms.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut values: Vec<f64> = Vec::with_capacity(atoms.len());
        let mut masses: Vec<f64> = Vec::with_capacity(atoms.len());
        for (value, mass) in atoms {
            match values.last() {
                Some(&last) if value - last <= tolerance || value == last => {
                    *masses.last_mut().expect("as many masses as values") += mass;
                }
                _ => {
                    values.push(value);
                    masses.push(mass);
                }
            }
        }
        let total: f64 = masses.iter().sum();
        for mass in &mut masses {
            *mass /= total;
        }
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = masses
            .iter()
            .map(|m| {
                sum += m;
                sum
            })
            .collect();
        *cumulative.last_mut()? = 1.0;
        // Rounding only: far less than what apart values may differ by.
        let largest = values[0].abs().max(values[values.len() - 1].abs());
        let tolerance = tolerance.min(1e-13 * largest);
        Some(Self { values, cumulative, masses, tolerance })
    }

    /// All mass on one value.
    #[must_use]
    pub fn point(value: f64) -> Self {
        Self { values: vec![value], cumulative: vec![1.0], masses: vec![1.0], tolerance: 0.0 }
    }

    /// Values in ascending order and their probabilities.
    pub fn atoms(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.values.iter().copied().zip(self.masses.iter().copied())
    }

    /// Smallest and largest value.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.values[0], self.values[self.values.len() - 1])
    }

    /// The smallest of `value(θ*, η*)` with `θ* ≥ limit(η*)`, both within their laws: what a
    /// combination of the two really attains from a point on.
    pub(crate) fn least_from(
        &self,
        other: &Self,
        limit: impl Fn(f64) -> f64,
        value: impl Fn(f64, f64) -> f64,
    ) -> Option<f64> {
        other
            .values
            .iter()
            .filter_map(|&v| {
                let from = limit(v) - self.tolerance;
                let own = self.values.get(self.values.partition_point(|&u| u < from))?;
                Some(value(*own, v))
            })
            .min_by(f64::total_cmp)
    }

    /// `P(θ* ≤ limit(η*))` for an independent `η*` of law `other`, in one pass over both;
    /// `limit` is monotone.
    pub(crate) fn at_most(&self, other: &Self, limit: impl Fn(f64) -> f64) -> f64 {
        let (first, last) = other.range();
        let pairs = other.values.iter().zip(&other.masses);
        if limit(first) > limit(last) {
            self.reached(pairs.rev(), limit)
        } else {
            self.reached(pairs, limit)
        }
    }

    /// `Σ mass · P(θ* ≤ limit(value))` over pairs whose limits rise.
    fn reached<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a f64, &'a f64)>,
        limit: impl Fn(f64) -> f64,
    ) -> f64 {
        let (mut at, mut total) = (0, 0.0);
        for (&value, &mass) in pairs {
            let most = limit(value) + self.tolerance;
            while at < self.values.len() && self.values[at] <= most {
                at += 1;
            }
            if at > 0 {
                total += mass * self.cumulative[at - 1];
            }
        }
        total
    }
}

impl Law for Discrete {
    fn cdf(&self, t: f64) -> f64 {
        let inside = self.values.partition_point(|&v| v <= t + self.tolerance);
        if inside == 0 { 0.0 } else { self.cumulative[inside - 1] }
    }

    fn quantile(&self, q: f64) -> f64 {
        self.values[self.cumulative.partition_point(|&c| c < q).min(self.values.len() - 1)]
    }

    fn mean(&self) -> f64 {
        let centre = self.quantile(0.5);
        centre + self.atoms().map(|(v, m)| m * (v - centre)).sum::<f64>()
    }

    fn sd(&self) -> f64 {
        let (mean, (lo, hi)) = (self.mean(), self.range());
        let scale = (hi / 2.0 - lo / 2.0) * 2.0;
        if scale == 0.0 {
            return 0.0;
        }
        scale * self.atoms().map(|(v, m)| m * ((v - mean) / scale).powi(2)).sum::<f64>().sqrt()
    }
}

/// The smallest `t` in `[lo, hi]` at which a rising condition holds, to the last bit.
pub(crate) fn first_true(mut lo: f64, mut hi: f64, holds: impl Fn(f64) -> bool) -> f64 {
    if holds(lo) {
        return lo;
    }
    if lo < 0.0 && hi > 0.0 {
        // Zero first: bisection would creep towards it through all magnitudes.
        if holds(0.0) {
            hi = 0.0;
        } else {
            lo = 0.0;
        }
    }
    for _ in 0..200 {
        let mid = lo + (hi - lo) / 2.0;
        if mid <= lo || mid >= hi {
            break;
        }
        if holds(mid) { hi = mid } else { lo = mid }
    }
    hi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_die_is_a_law() {
        let die = Discrete::new((1..=6).map(|v| (f64::from(v), 1.0)).collect(), 0.0).unwrap();
        assert_eq!((die.cdf(2.9), die.cdf(3.0), die.cdf(7.0)), (2.0 / 6.0, 0.5, 1.0));
        assert_eq!((die.quantile(0.5), die.quantile(0.51)), (3.0, 4.0));
        assert!((die.mean() - 3.5).abs() < 1e-15 && (die.sd().powi(2) - 35.0 / 12.0).abs() < 1e-14);
        // Two dice: P(X + Y ≤ 4) = 6/36.
        assert!((die.at_most(&die, |x| 4.0 - x) - 6.0 / 36.0).abs() < 1e-15);
    }

    #[test]
    fn sums_that_differ_by_rounding_are_one_value() {
        let law = Discrete::new(vec![(0.1 + 0.2, 1.0), (0.3, 1.0), (1.0, 2.0)], 1e-12).unwrap();
        assert_eq!((law.atoms().count(), law.cdf(0.3)), (2, 0.5));
        assert_eq!(Discrete::new(vec![(1.0, 0.0)], 0.0), None);
    }

    #[test]
    fn a_point_has_no_spread() {
        let p = Discrete::point(7.0);
        assert_eq!((p.sd(), p.mean(), p.interval(Level::P95)), (0.0, 7.0, (7.0, 7.0)));
    }
}
