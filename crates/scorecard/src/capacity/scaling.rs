use tailproof_compare::scaling::usl;

use crate::whole::{MOST, times_to_reach};

/// How the throughput grows with the number of replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scaling {
    /// Nobody said: every replica is taken to add as much as the first.
    Perfect,
    /// Every replica of several delivers this share of what one alone does, in (0, 1].
    Efficiency(f64),
    /// The universal scalability law.
    Usl {
        /// Contention, in [0, 1].
        sigma: f64,
        /// Cost of keeping every pair consistent, not below zero.
        kappa: f64,
    },
}

impl Scaling {
    /// What `n` replicas deliver together when one alone delivers `x`.
    ///
    /// ```text
    /// X(0) = 0      X(1) = x
    /// X(n) = n·x                                  perfect
    /// X(n) = n·x·e                                efficiency e
    /// X(n) = n·x / (1 + σ(n − 1) + κ n(n − 1))    universal scalability law
    /// ```
    ///
    /// # Source
    /// Gunther (2007), *Guerrilla Capacity Planning*, Springer, ch. 4.
    ///
    /// # Example
    /// ```
    /// use tailproof_scorecard::capacity::Scaling;
    ///
    /// assert_eq!(Scaling::Perfect.throughput(60.0, 16), 960.0); // 1 000 was wanted.
    /// assert_eq!(Scaling::Efficiency(0.5).throughput(60.0, 16), 480.0);
    /// ```
    #[must_use]
    pub fn throughput(self, x: f64, n: u64) -> f64 {
        if n == 0 {
            return 0.0; // Also of a throughput without an upper end.
        }
        let n = n as f64;
        match self {
            Self::Efficiency(e) if n > 1.0 => n * x * e,
            Self::Perfect | Self::Efficiency(_) => n * x,
            Self::Usl { sigma, kappa } => x * usl(sigma, kappa, n),
        }
    }

    /// The number of at most `n` replicas that delivers most; the law may fall again.
    #[must_use]
    pub fn best(self, n: u64) -> u64 {
        match self {
            Self::Perfect => n,
            Self::Efficiency(e) if e * n as f64 >= 1.0 => n,
            Self::Efficiency(_) => n.min(1),
            Self::Usl { sigma, kappa } => n.min(peak(sigma, kappa)),
        }
    }

    /// The number of replicas beyond which more deliver less; `None` when more always deliver
    /// more.
    #[must_use]
    pub fn peak(self) -> Option<u64> {
        let Self::Usl { sigma, kappa } = self else { return None };
        (kappa > 0.0 || sigma >= 1.0).then(|| peak(sigma, kappa))
    }

    /// The smallest number of replicas that deliver `target` together when one alone delivers
    /// `x`; `None` when none up to a billion does.
    ///
    /// Exact for typed numbers: 960/s needs 16 of 60/s, 1000/s needs 17. Under the universal
    /// scalability law a relative 16 ε counts as reached, twice what its operations round by.
    /// Nothing reaches a target with an `x` that is not above zero.
    #[must_use]
    pub fn replicas(self, target: f64, x: f64) -> Option<u64> {
        if x.is_nan() || x <= 0.0 {
            return None;
        }
        if x >= target {
            return Some(1);
        }
        match self {
            Self::Perfect => times_to_reach(target, &[x]),
            Self::Efficiency(e) => times_to_reach(target, &[x, e]),
            Self::Usl { sigma, kappa } if sigma == 0.0 && kappa == 0.0 => {
                times_to_reach(target, &[x])
            }
            Self::Usl { sigma, kappa } => {
                let enough = target * (1.0 - 16.0 * f64::EPSILON);
                let (mut below, mut reached) = (1, peak(sigma, kappa));
                if self.throughput(x, reached) < enough {
                    return None;
                }
                // Up to the peak the law rises.
                while reached - below > 1 {
                    let middle = below + (reached - below) / 2;
                    let enough = self.throughput(x, middle) >= enough;
                    (below, reached) = if enough { (below, middle) } else { (middle, reached) };
                }
                Some(reached)
            }
        }
    }
}

/// The number of replicas, at most [`MOST`], with the highest throughput.
fn peak(sigma: f64, kappa: f64) -> u64 {
    let top = ((1.0 - sigma).max(0.0) / kappa).sqrt();
    // 0/0 without growth and without cost of consistency: one does as well as many.
    let n = if top.is_nan() { 1 } else { top.clamp(1.0, MOST as f64).floor() as u64 };
    let at = |n: u64| usl(sigma, kappa, n as f64);
    if at(n + 1) > at(n) { (n + 1).min(MOST) } else { n }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_agree_with_trying_them_all() {
        for scaling in [
            Scaling::Perfect,
            Scaling::Efficiency(0.9),
            Scaling::Efficiency(0.3),
            Scaling::Usl { sigma: 0.0, kappa: 0.0 },
            Scaling::Usl { sigma: 0.05, kappa: 0.0 },
            Scaling::Usl { sigma: 0.02, kappa: 0.000_5 },
            Scaling::Usl { sigma: 1.0, kappa: 0.1 },
            Scaling::Usl { sigma: 1.0, kappa: 0.0 },
        ] {
            for target in [1.0, 59.0, 60.0, 61.0, 120.0, 600.0, 960.0, 1_000.0] {
                let tried = (1..=400).find(|&n| scaling.throughput(60.0, n) >= target);
                assert_eq!(scaling.replicas(target, 60.0), tried, "{scaling:?} {target}");
            }
        }
    }

    #[test]
    fn the_law_peaks_and_then_falls() {
        // √((1 − 0.1)/0.01) = 9.49: of 9 and 10 the one that delivers more.
        let law = Scaling::Usl { sigma: 0.1, kappa: 0.01 };
        let peak = law.peak().unwrap();
        let most = (1..100).map(|n| law.throughput(1.0, n)).fold(0.0, f64::max);
        assert_eq!(law.throughput(1.0, peak), most);
        assert_eq!((law.best(5), law.best(50)), (5, peak));
        assert_eq!(law.replicas(most * 1.01, 1.0), None);
        assert_eq!(Scaling::Perfect.peak(), None);
        assert_eq!(Scaling::Efficiency(0.2).best(3), 1);
        assert_eq!(Scaling::Perfect.throughput(f64::INFINITY, 0), 0.0);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        for x in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(Scaling::Perfect.replicas(1.0, x), None);
        }
        assert_eq!(Scaling::Perfect.replicas(1.0, f64::INFINITY), Some(1));
    }
}
