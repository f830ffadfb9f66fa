use tailproof_core::{Binned, Ecdf, Sample, Seed};

use crate::law::Law;
use crate::linear::{Branch, Group, Sum, Term, atoms_of, atoms_of_ecdf, moments, sum, unit_of};

/// The bootstrap distribution of a mean, a sum, or a difference of two independent means,
/// for B → ∞: without resampling.
///
/// ```text
/// E exp(iu x̄*) = φ(u/n)ⁿ      φ(u) = (1/n) Σ exp(iu xⱼ)
/// ```
/// The ways are tried in this order: no spread is a point mass; up to 10⁶ multisets of draws
/// are enumerated; values on a decimal lattice go through a Fourier transform of at most 2²²
/// points; else the density is expanded in cosines between bounds outside which Bernstein's
/// inequality leaves less than 10⁻¹², with terms doubled until the characteristic function is
/// below 10⁻¹². Where more than 2¹⁶ terms would be needed, as with a dozen values in general
/// position or one far outlier, 100 000 seeded replicates take their place (fewer above 20 000
/// values, 1 000 at least) and
/// [`MeanBootstrap::branch`] says so.
///
/// "Exact" means free of Monte-Carlo error; it is not coverage. A percentile interval of a mean
/// of skewed data undercovers (see `docs/calibration.md`); no distribution-free bound of an
/// unbounded mean exists (Bahadur & Savage 1956).
///
/// # Source
/// Fang & Oosterlee (2008), *SIAM J. Scientific Computing* 31(2), 826–848; Bernstein's
/// inequality: Boucheron, Lugosi & Massart (2013), Corollary 2.11.
///
/// # Example
/// ```
/// use tailproof_core::{Level, Sample, Seed};
/// use tailproof_resampling::{Law, MeanBootstrap};
///
/// let x = Sample::new(vec![1.0, 2.0])?; // means 1, 1.5, 2 with probabilities ¼, ½, ¼
/// let law = MeanBootstrap::of(&x, Seed(42));
/// assert_eq!((law.cdf(1.0), law.cdf(1.5)), (0.25, 0.75));
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MeanBootstrap {
    /// The law of values divided by `unit`.
    law: Sum,
    unit: f64,
    branch: Branch,
    mean: f64,
    sd: f64,
}

/// Censored observations have no mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} censored observations: a mean of them does not exist")]
pub struct CensoredMean(pub u64);

impl MeanBootstrap {
    /// The law of the mean of a resample. `seed` serves the last resort only.
    #[must_use]
    pub fn of(sample: &Sample, seed: Seed) -> Self {
        Self::new(vec![(atoms_of(sample), 1.0)], seed)
    }

    /// The law of the sum of a resample.
    #[must_use]
    pub fn sum(sample: &Sample, seed: Seed) -> Self {
        Self::new(vec![(atoms_of(sample), sample.len() as f64)], seed)
    }

    /// The law of the mean of a weighted distribution, of up to 10⁹ observations and more.
    ///
    /// # Errors
    /// Censored observations.
    pub fn of_ecdf(ecdf: &Ecdf, seed: Seed) -> Result<Self, CensoredMean> {
        Ok(Self::new(vec![(uncensored(ecdf)?, 1.0)], seed))
    }

    /// The laws at both ends of what buckets leave open: with every observation at the lower
    /// and at the upper edge of its bucket.
    ///
    /// # Errors
    /// Observations in a bucket without an edge.
    pub fn of_binned(binned: &Binned, seed: Seed) -> Result<(Self, Self), CensoredMean> {
        Ok((Self::of_ecdf(&binned.lower(), seed)?, Self::of_ecdf(&binned.upper(), seed)?))
    }

    /// The law of `ȳ* − x̄*` of two independent samples.
    #[must_use]
    pub fn difference(x: &Sample, y: &Sample, seed: Seed) -> Self {
        Self::new(vec![(atoms_of(x), -1.0), (atoms_of(y), 1.0)], seed)
    }

    /// The law of `ȳ* − x̄*` of two weighted distributions.
    ///
    /// # Errors
    /// Censored observations.
    pub fn difference_of_ecdfs(x: &Ecdf, y: &Ecdf, seed: Seed) -> Result<Self, CensoredMean> {
        Ok(Self::new(vec![(uncensored(x)?, -1.0), (uncensored(y)?, 1.0)], seed))
    }

    fn new(parts: Vec<(Vec<(f64, u64)>, f64)>, seed: Seed) -> Self {
        let unit = unit_of(&parts.iter().map(|p| p.0.as_slice()).collect::<Vec<_>>());
        let groups: Vec<(f64, Group)> =
            parts.into_iter().map(|(a, c)| (c, Group::new(a, unit))).collect();
        let terms: Vec<Term<'_>> = groups.iter().map(|(c, group)| Term { c: *c, group }).collect();
        let (law, branch) = sum(&terms, seed);
        let (mean, sd) = moments(&terms);
        Self { law, unit, branch, mean: unit * mean, sd: unit * sd }
    }

    /// How the law was found; all but [`Branch::Replicates`] are exact.
    #[must_use]
    pub const fn branch(&self) -> Branch {
        self.branch
    }
}

fn uncensored(ecdf: &Ecdf) -> Result<Vec<(f64, u64)>, CensoredMean> {
    atoms_of_ecdf(ecdf).ok_or(CensoredMean(ecdf.below() + ecdf.above()))
}

impl Law for MeanBootstrap {
    fn cdf(&self, t: f64) -> f64 {
        self.law.cdf(t / self.unit)
    }

    fn quantile(&self, q: f64) -> f64 {
        self.unit * self.law.quantile(q)
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn sd(&self) -> f64 {
        self.sd
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::Level;

    fn exponential(n: usize, task: u64) -> Vec<f64> {
        let mut rng = stream(Seed(5), task);
        (0..n).map(|_| -uniform(&mut rng).ln()).collect()
    }

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    /// All nⁿ resamples, the slow obvious way.
    fn enumerate(values: &[f64]) -> Vec<f64> {
        let n = values.len();
        let mut means: Vec<f64> = (0..n.pow(n as u32))
            .map(|code| {
                let mut rest = code;
                let draws = (0..n).map(|_| {
                    let x = values[rest % n];
                    rest /= n;
                    x
                });
                draws.sum::<f64>() / n as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        means
    }

    #[test]
    fn small_samples_agree_with_all_resamples() {
        for values in [vec![3.0, 1.0, 4.0, 1.0, 5.5], vec![0.1, 0.2, 0.3, 0.7], vec![2.0; 4]] {
            let law = MeanBootstrap::of(&sample(&values), Seed(1));
            let all = enumerate(&values);
            for &t in &all {
                let share = all.iter().filter(|&&m| m <= t + 1e-12).count() as f64;
                assert!((law.cdf(t) - share / all.len() as f64).abs() < 1e-13, "{values:?} {t}");
            }
        }
    }

    #[test]
    fn each_branch_is_reached_and_agrees_with_another() {
        // Values on a coarse lattice: transform and cosine expansion see the same law but for
        // the steps, which the expansion smooths.
        let mut rng = stream(Seed(9), 0);
        let coarse: Vec<f64> =
            (0..400).map(|_| (uniform(&mut rng) * 40.0).floor() / 10.0).collect();
        let lattice = MeanBootstrap::of(&sample(&coarse), Seed(1));
        assert_eq!(lattice.branch(), Branch::Lattice);
        let jittered: Vec<f64> = coarse
            .iter()
            .enumerate()
            .map(|(i, x)| x + 1e-9 * ((i * i) as f64).sqrt().sin())
            .collect();
        let cosine = MeanBootstrap::of(&sample(&jittered), Seed(1));
        assert_eq!(cosine.branch(), Branch::Cosine);
        for q in [0.001, 0.025, 0.3, 0.5, 0.9, 0.999] {
            let (a, b) = (lattice.quantile(q), cosine.quantile(q));
            assert!((a - b).abs() <= 0.6 * 0.1 / 400.0, "{q}: {a} {b}");
        }
        assert!((lattice.mean() - cosine.mean()).abs() < 1e-8);
        // Two points: binomial.
        let coin = sample(&[&[0.0; 70][..], &[1.0; 30]].concat());
        let law = MeanBootstrap::of(&coin, Seed(1));
        assert_eq!(law.branch(), Branch::Enumerated);
        let below = tailproof_core::binomial::tails(26, 100, 0.3, 0.7).below;
        assert!((law.cdf(0.25) - below).abs() < 1e-12);
        // A dozen values in general position: too many resamples, too slow a decay.
        let dozen = MeanBootstrap::of(&sample(&exponential(13, 3)), Seed(1));
        assert_eq!(dozen.branch(), Branch::Replicates);
        assert_eq!(MeanBootstrap::of(&sample(&[4.0; 9]), Seed(1)).branch(), Branch::Point);
    }

    #[test]
    fn a_lattice_agrees_with_enumeration() {
        // 6 distinct values, 25 draws: 142 506 multisets; the transform must say the same.
        let values: Vec<f64> = (0..25).map(|i| f64::from(i * i % 11)).collect();
        let atoms = atoms_of(&sample(&values));
        let unit = unit_of(&[&atoms]);
        let group = Group::new(atoms, unit);
        let group = Term { c: 1.0, group: &group };
        let (all, lattice) = (group.enumerated().unwrap(), group.on_lattice().unwrap());
        for q in [1e-9, 0.01, 0.5, 0.975] {
            assert!((all.quantile(q) - lattice.quantile(q)).abs() < 1e-12, "{q}");
        }
        for (t, _) in all.atoms() {
            assert!((all.cdf(t) - lattice.cdf(t)).abs() < 1e-11, "{t}");
        }
    }

    #[test]
    fn the_expansion_agrees_with_replicates() {
        let x = sample(&exponential(200, 1));
        let law = MeanBootstrap::of(&x, Seed(1));
        assert_eq!(law.branch(), Branch::Cosine);
        let count = std::num::NonZeroU32::new(40_000).unwrap();
        let drawn = crate::bootstrap(&x, &crate::Bootstrap::new(Seed(2)).replicates(count), |v| {
            v.iter().sum::<f64>() / v.len() as f64
        });
        for q in [0.001, 0.025, 0.5, 0.975, 0.999] {
            let share = drawn.share_at_most(law.quantile(q));
            let chance = 5.0 * (q * (1.0 - q) / 40_000.0).sqrt();
            assert!((share - q).abs() < chance, "{q} {share}");
        }
    }

    #[test]
    fn offsets_and_scales_cost_no_digits() {
        let values = exponential(60, 7);
        let plain = MeanBootstrap::of(&sample(&values), Seed(1)).interval(Level::P95);
        for (scale, shift) in [(1e-200, 0.0), (1e200, 0.0), (1.0, 1e9)] {
            let moved: Vec<f64> = values.iter().map(|x| x * scale + shift).collect();
            let (lo, hi) = MeanBootstrap::of(&sample(&moved), Seed(1)).interval(Level::P95);
            assert!(((lo - shift) / scale / plain.0 - 1.0).abs() < 1e-6, "{scale} {shift}");
            assert!(((hi - shift) / scale / plain.1 - 1.0).abs() < 1e-6, "{scale} {shift}");
        }
    }

    #[test]
    fn a_difference_is_a_law_of_both() {
        // Lattices: 0/1 coins of 10 and 20 tosses.
        let x = sample(&[&[0.0; 5][..], &[1.0; 5]].concat());
        let y = sample(&[&[0.0; 10][..], &[1.0; 10]].concat());
        let law = MeanBootstrap::difference(&x, &y, Seed(1));
        assert!(
            (law.cdf(0.0) + MeanBootstrap::difference(&y, &x, Seed(1)).cdf(-1e-9) - 1.0).abs()
                < 1e-12
        );
        // One far outlier: the mean jumps with its count, and nothing dies.
        let mut far = exponential(500, 8);
        far[0] = 1e6;
        let law = MeanBootstrap::of(&sample(&far), Seed(1));
        let never = (1.0_f64 - 1.0 / 500.0).powi(500);
        assert!((law.cdf(1_000.0) - never).abs() < 0.006, "{} {never}", law.cdf(1_000.0));
        let z = MeanBootstrap::difference(&sample(&far), &sample(&exponential(300, 9)), Seed(1));
        assert!(
            (z.mean()
                - (MeanBootstrap::of(&sample(&exponential(300, 9)), Seed(1)).mean() - law.mean()))
            .abs()
                < 1e-9
        );
    }

    #[test]
    fn a_billion_observations_are_a_histogram() {
        let ecdf =
            Ecdf::new(vec![(1.0, 600_000_000), (2.0, 300_000_000), (10.0, 100_000_000)], 0, 0)
                .unwrap();
        let law = MeanBootstrap::of_ecdf(&ecdf, Seed(1)).unwrap();
        let se = (6.96_f64 / 1e9).sqrt(); // E x² − 2.2² = 11.8 − 4.84
        assert!((law.sd() / se - 1.0).abs() < 1e-9);
        let (lo, hi) = law.interval(Level::P95);
        assert!(((hi - 2.2) / se - 1.96).abs() < 1e-3 && ((2.2 - lo) / se - 1.96).abs() < 1e-3);
        // Off any lattice, with a far outlier: counts are drawn, not a billion values.
        let far = vec![(0.123_456_789_1, 999_999_990), (1.0 / 3.0, 9), (1e9 / 7.0, 1)];
        let law = MeanBootstrap::of_ecdf(&Ecdf::new(far, 0, 0).unwrap(), Seed(1)).unwrap();
        assert_eq!(law.branch(), Branch::Replicates);
        let never = (-1.0_f64).exp(); // of drawing the outlier
        assert!((law.cdf(0.13) - never).abs() < 0.006, "{}", law.cdf(0.13));
        let censored = Ecdf::new(vec![(1.0, 3)], 0, 2).unwrap();
        assert_eq!(MeanBootstrap::of_ecdf(&censored, Seed(1)).unwrap_err(), CensoredMean(2));
        // A difference of histograms is that of their samples.
        let coin = |ones: usize| [vec![0.0; 20], vec![1.0; ones]].concat();
        let weighted = |ones: u64| Ecdf::new(vec![(0.0, 20), (1.0, ones)], 0, 0).unwrap();
        let one = MeanBootstrap::difference(&sample(&coin(9)), &sample(&coin(15)), Seed(1));
        let two = MeanBootstrap::difference_of_ecdfs(&weighted(9), &weighted(15), Seed(1)).unwrap();
        assert_eq!((one.quantile(0.3), one.sd()), (two.quantile(0.3), two.sd()));
    }
}
