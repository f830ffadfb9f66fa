use tailproof_core::{Level, binomial};

use crate::error::TestError;
use tailproof_core::distributions::{beta_quantile, normal_quantile};

/// `k` successes in `n` trials; always `k ≤ n` and `n ≥ 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    k: u64,
    n: u64,
}

impl Proportion {
    /// `successes` of `trials`.
    ///
    /// # Errors
    /// No trial, or more successes than trials.
    ///
    /// # Example
    /// ```
    /// use tailproof_core::Level;
    /// use tailproof_hypothesis::Proportion;
    ///
    /// let good = Proportion::new(81, 263)?; // Of 263 requests.
    /// let (lo, hi) = good.wilson(Level::P95);
    /// assert!((lo - 0.2553).abs() < 5e-5 && (hi - 0.3662).abs() < 5e-5);
    /// # Ok::<(), tailproof_hypothesis::TestError>(())
    /// ```
    pub const fn new(successes: u64, trials: u64) -> Result<Self, TestError> {
        if trials == 0 {
            return Err(TestError::TooFew { need: 1, got: 0 });
        }
        if successes > trials {
            return Err(TestError::Parameter {
                name: "successes",
                must: "at most the number of trials",
                got: successes as f64,
            });
        }
        Ok(Self { k: successes, n: trials })
    }

    /// Successes.
    #[must_use]
    pub const fn successes(self) -> u64 {
        self.k
    }

    /// Trials without success.
    #[must_use]
    pub const fn failures(self) -> u64 {
        self.n - self.k
    }

    /// Trials.
    #[must_use]
    pub const fn trials(self) -> u64 {
        self.n
    }

    /// `k/n`.
    #[must_use]
    pub fn share(self) -> f64 {
        self.k as f64 / self.n as f64
    }

    /// Wilson's score interval: the shares that a normal test at their own variance keeps.
    ///
    /// ```text
    /// (k + z²/2 ± z√(k(n−k)/n + z²/4)) / (n + z²)
    /// ```
    /// Covers the level on average over shares, less near 0 and 1; never leaves `[0, 1]`.
    ///
    /// # Source
    /// Wilson (1927), *Journal of the American Statistical Association* 22(158), 209–212.
    #[must_use]
    pub fn wilson(self, level: Level) -> (f64, f64) {
        let (k, n, z) = (self.k as f64, self.n as f64, two_sided_z(level));
        let half = z * (k * (self.failures() as f64) / n + z * z / 4.0).sqrt();
        let hi =
            if self.k == self.n { 1.0 } else { ((k + z * z / 2.0 + half) / (n + z * z)).min(1.0) };
        // The product of the ends is k²/(n(n + z²)); their difference would cancel.
        (k / n * k / ((n + z * z) * hi), hi)
    }

    /// Clopper and Pearson's interval, which covers at least the level whatever the share.
    ///
    /// ```text
    /// P(Bin(n, lo) ≥ k) = α/2      P(Bin(n, hi) ≤ k) = α/2      lo = 0 at k = 0, hi = 1 at k = n
    /// ```
    /// # Source
    /// Clopper & Pearson (1934), *Biometrika* 26(4), 404–413.
    #[must_use]
    pub fn clopper_pearson(self, level: Level) -> (f64, f64) {
        let each = level.split(2);
        (self.at_least(each), self.at_most(each))
    }

    /// Clopper and Pearson's one-sided lower bound; 0 when nothing succeeded.
    #[must_use]
    pub fn at_least(self, level: Level) -> f64 {
        binomial::proportion_lower(self.k, self.n, level)
    }

    /// Clopper and Pearson's one-sided upper bound; 1 when everything succeeded.
    #[must_use]
    pub fn at_most(self, level: Level) -> f64 {
        binomial::proportion_upper(self.k, self.n, level)
    }

    /// The equal-tailed Bayesian interval under Jeffreys' prior.
    ///
    /// ```text
    /// quantiles α/2 and 1 − α/2 of Beta(k + ½, n − k + ½)
    /// ```
    /// Not set to 0 at k = 0, nor to 1 at k = n: the prior gives these points no mass.
    ///
    /// # Source
    /// Brown, Cai & DasGupta (2001), *Statistical Science* 16(2), 101–133.
    #[must_use]
    pub fn jeffreys(self, level: Level) -> (f64, f64) {
        let tail = level.alpha().to_f64() / 2.0;
        let (a, b) = (self.k as f64 + 0.5, self.failures() as f64 + 0.5);
        (beta_quantile(tail, a, b), 1.0 - beta_quantile(tail, b, a))
    }

    /// Agresti and Coull's interval: Wald's with `z²` trials added, half of them successes.
    ///
    /// ```text
    /// ñ = n + z²      p̃ = (k + z²/2)/ñ      p̃ ± z√(p̃(1−p̃)/ñ)      clipped to [0, 1]
    /// ```
    /// # Source
    /// Agresti & Coull (1998), *The American Statistician* 52(2), 119–126.
    #[must_use]
    pub fn agresti_coull(self, level: Level) -> (f64, f64) {
        let z = two_sided_z(level);
        let n = self.n as f64 + z * z;
        clipped((self.k as f64 + z * z / 2.0) / n, n, z)
    }

    /// Wald's interval `p̂ ± z√(p̂(1−p̂)/n)`, clipped to [0, 1].
    ///
    /// A point at k = 0 and k = n, and far below its level for shares near 0 and 1: for
    /// comparison with texts, not for decisions.
    ///
    /// # Source
    /// Brown, Cai & DasGupta (2001), *Statistical Science* 16(2), 101–133.
    #[must_use]
    pub fn wald(self, level: Level) -> (f64, f64) {
        clipped(self.share(), self.n as f64, two_sided_z(level))
    }
}

/// `z_{1−α/2}`, from the small tail.
pub(crate) fn two_sided_z(level: Level) -> f64 {
    -normal_quantile(level.alpha().to_f64() / 2.0)
}

fn clipped(p: f64, n: f64, z: f64) -> (f64, f64) {
    let half = z * (p * (1.0 - p) / n).sqrt();
    ((p - half).max(0.0), (p + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: u64, n: u64) -> Proportion {
        Proportion::new(k, n).unwrap()
    }

    fn near(got: (f64, f64), want: (f64, f64), by: f64) {
        assert!((got.0 - want.0).abs() < by && (got.1 - want.1).abs() < by, "{got:?} {want:?}");
    }

    #[test]
    fn impossible_counts_are_refused() {
        assert_eq!(Proportion::new(0, 0), Err(TestError::TooFew { need: 1, got: 0 }));
        assert!(matches!(Proportion::new(3, 2), Err(TestError::Parameter { .. })));
    }

    #[test]
    fn intervals_of_newcombes_table() {
        // Newcombe (1998), Statistics in Medicine 17, 857–872, table I.
        near(of(81, 263).wilson(Level::P95), (0.2553, 0.3662), 6e-5);
        near(of(15, 148).clopper_pearson(Level::P95), (0.0578, 0.1617), 6e-5);
        near(of(1, 29).wilson(Level::P95), (0.0061, 0.1718), 6e-5);
        near(of(81, 263).wald(Level::P95), (0.2522, 0.3638), 6e-5);
    }

    #[test]
    fn the_edges() {
        assert_eq!(of(0, 20).wald(Level::P95), (0.0, 0.0));
        assert_eq!(of(0, 20).wilson(Level::P95).0, 0.0);
        assert_eq!(of(20, 20).wilson(Level::P95).1, 1.0);
        assert_eq!(of(20, 20).clopper_pearson(Level::P95).1, 1.0);
        // (α/2)^{1/n}, the textbook's closed form.
        near(of(20, 20).clopper_pearson(Level::P95), (0.025_f64.powf(0.05), 1.0), 1e-12);
        assert!(of(0, 20).jeffreys(Level::P95).0 > 0.0);
    }
}
