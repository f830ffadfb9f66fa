//! Adjusted p-values of a family of tests, and the levels at which its intervals are shown.

use std::fmt;

/// Bonferroni's adjustment `min(1, m·p)`: family-wise error, any dependence.
///
/// # Source
/// Dunn (1961), *Journal of the American Statistical Association* 56(293), 52–64.
#[must_use]
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    p.iter().map(|&p| (m * p).min(1.0)).collect()
}

/// Holm's step-down adjustment: family-wise error, any dependence, never above Bonferroni's.
///
/// ```text
/// p̃₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1)·p₍ⱼ₎)
/// ```
/// # Source
/// Holm (1979), *Scandinavian Journal of Statistics* 6(2), 65–70.
///
/// # Example
/// ```
/// use tailproof_hypothesis::holm;
///
/// assert_eq!(holm(&[0.25, 0.125, 0.5]), [0.5, 0.375, 0.5]);
/// ```
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    step_down(p, |p, left| left * p)
}

/// Hochberg's step-up adjustment: family-wise error for independent or positively dependent p.
///
/// ```text
/// p̃₍ᵢ₎ = min over j ≥ i of min(1, (m − j + 1)·p₍ⱼ₎)
/// ```
/// # Source
/// Hochberg (1988), *Biometrika* 75(4), 800–802.
#[must_use]
pub fn hochberg(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    step_up(p, |p, rank| (m - rank + 1) as f64 * p)
}

/// Hommel's adjustment, the closed test of Simes' hypotheses: family-wise error for
/// independent or positively dependent p, never above Hochberg's.
///
/// ```text
/// p̃ᵢ = max over the sets J that hold i of min over j in J of |J|·p₍ⱼ₎/rank of j in J
/// ```
/// By Wright's recursion over |J|, time `O(m²)`.
///
/// # Source
/// Hommel (1988), *Biometrika* 75(2), 383–386; Wright (1992), *Biometrics* 48(4), 1005–1013.
#[must_use]
pub fn hommel(p: &[f64]) -> Vec<f64> {
    let order = ascending(p);
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let mut adjusted = sorted.clone();
    let n = p.len();
    for size in (2..=n).rev() {
        // The worst set of this size that holds one of the `size` largest: all of these.
        let (small, large) = sorted.split_at(n - size);
        let simes = (1..=size)
            .zip(large)
            .map(|(rank, p)| size as f64 * p / rank as f64)
            .fold(f64::INFINITY, f64::min);
        // A smaller one takes the place of the smallest of these.
        let rest = (2..=size)
            .zip(&large[1..])
            .map(|(rank, p)| size as f64 * p / rank as f64)
            .fold(f64::INFINITY, f64::min);
        let (low, high) = adjusted.split_at_mut(n - size);
        for (a, p) in low.iter_mut().zip(small) {
            *a = a.max(rest.min(size as f64 * p));
        }
        for a in high {
            *a = a.max(simes);
        }
    }
    unsorted(&order, &adjusted)
}

/// Šidák's adjustment `1 − (1 − p)^m`: family-wise error for independent p.
///
/// # Source
/// Šidák (1967), *Journal of the American Statistical Association* 62(318), 626–633.
#[must_use]
pub fn sidak(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    p.iter().map(|&p| any_of(p, m)).collect()
}

/// Šidák's adjustment, step-down: `p̃₍ᵢ₎ = max over j ≤ i of 1 − (1 − p₍ⱼ₎)^{m−j+1}`.
///
/// # Source
/// Holland & Copenhaver (1987), *Biometrics* 43(2), 417–423.
#[must_use]
pub fn holm_sidak(p: &[f64]) -> Vec<f64> {
    step_down(p, any_of)
}

/// Benjamini and Hochberg's adjustment: the false discovery rate, for independent or
/// positively dependent p.
///
/// ```text
/// p̃₍ᵢ₎ = min over j ≥ i of min(1, m·p₍ⱼ₎/j)
/// ```
/// # Source
/// Benjamini & Hochberg (1995), *Journal of the Royal Statistical Society B* 57(1), 289–300.
///
/// # Example
/// ```
/// use tailproof_hypothesis::benjamini_hochberg;
///
/// // The second is carried along by the third.
/// assert_eq!(benjamini_hochberg(&[0.25, 0.5, 0.5, 1.0]), [2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 1.0]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    step_up(p, |p, rank| m * p / rank as f64)
}

/// Benjamini and Yekutieli's adjustment: the false discovery rate, any dependence.
///
/// ```text
/// p̃₍ᵢ₎ = min over j ≥ i of min(1, m·p₍ⱼ₎/j · Σ_{k=1..m} 1/k)
/// ```
/// # Source
/// Benjamini & Yekutieli (2001), *Annals of Statistics* 29(4), 1165–1188.
#[must_use]
pub fn benjamini_yekutieli(p: &[f64]) -> Vec<f64> {
    let factor = p.len() as f64 * harmonic(p.len());
    step_up(p, |p, rank| factor * p / rank as f64)
}

/// How a family of tests is corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Correction {
    /// Not at all.
    None,
    /// [`bonferroni`].
    Bonferroni,
    /// [`holm`].
    Holm,
    /// [`hochberg`].
    Hochberg,
    /// [`hommel`].
    Hommel,
    /// [`sidak`].
    Sidak,
    /// [`holm_sidak`].
    HolmSidak,
    /// [`benjamini_hochberg`].
    #[default]
    BenjaminiHochberg,
    /// [`benjamini_yekutieli`].
    BenjaminiYekutieli,
}

impl Correction {
    /// Every correction with its name on the command line.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Bonferroni,
        Self::Holm,
        Self::Hochberg,
        Self::Hommel,
        Self::Sidak,
        Self::HolmSidak,
        Self::BenjaminiHochberg,
        Self::BenjaminiYekutieli,
    ];

    /// The adjusted p-values, in the order of `p`; empty for an empty family.
    ///
    /// Each lies in [p, 1], and a test is rejected at q when its adjusted p is at most q.
    /// Values of `p` must be probabilities; NaN sorts last.
    #[must_use]
    pub fn adjust(self, p: &[f64]) -> Vec<f64> {
        match self {
            Self::None => p.to_vec(),
            Self::Bonferroni => bonferroni(p),
            Self::Holm => holm(p),
            Self::Hochberg => hochberg(p),
            Self::Hommel => hommel(p),
            Self::Sidak => sidak(p),
            Self::HolmSidak => holm_sidak(p),
            Self::BenjaminiHochberg => benjamini_hochberg(p),
            Self::BenjaminiYekutieli => benjamini_yekutieli(p),
        }
    }

    /// `bh`, `by`, `holm`, … as the command line and reports say.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bonferroni => "bonferroni",
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Hommel => "hommel",
            Self::Sidak => "sidak",
            Self::HolmSidak => "holm-sidak",
            Self::BenjaminiHochberg => "bh",
            Self::BenjaminiYekutieli => "by",
        }
    }

    /// The correction of that [`name`](Self::name).
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

impl fmt::Display for Correction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order
}

fn unsorted(order: &[usize], sorted: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; sorted.len()];
    for (&i, &value) in order.iter().zip(sorted) {
        out[i] = value;
    }
    out
}

/// From the smallest p on: the running maximum of `of(p, hypotheses left)`, at most 1.
fn step_down(p: &[f64], of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let order = ascending(p);
    let mut running = 0.0_f64;
    let adjusted: Vec<f64> = (0..order.len())
        .map(|i| {
            running = running.max(of(p[order[i]], (order.len() - i) as f64)).min(1.0);
            running
        })
        .collect();
    unsorted(&order, &adjusted)
}

/// From the largest p on: the running minimum of `of(p, rank)`, at most 1.
fn step_up(p: &[f64], of: impl Fn(f64, usize) -> f64) -> Vec<f64> {
    let order = ascending(p);
    let mut running = 1.0_f64;
    let mut adjusted = vec![0.0; order.len()];
    for (i, slot) in adjusted.iter_mut().enumerate().rev() {
        running = running.min(of(p[order[i]], i + 1));
        *slot = running;
    }
    unsorted(&order, &adjusted)
}

/// `1 − (1 − p)^m` without cancellation.
fn any_of(p: f64, m: f64) -> f64 {
    -(m * (-p).ln_1p()).exp_m1()
}

/// `Σ_{k=1..m} 1/k`, the small terms first.
pub(crate) fn harmonic(m: usize) -> f64 {
    (1..=m).rev().map(|k| 1.0 / k as f64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_family_and_a_family_of_one() {
        for correction in Correction::ALL {
            assert!(correction.adjust(&[]).is_empty());
            let one = correction.adjust(&[0.03]);
            assert!((one[0] - 0.03).abs() < 1e-15, "{correction}");
            assert_eq!(correction.adjust(&[0.0, 1.0])[1], 1.0, "{correction}");
            assert_eq!(Correction::by_name(correction.name()), Some(correction));
        }
        assert_eq!(Correction::by_name("BH"), None);
    }

    /// The largest Simes p of all sets that hold `i`.
    fn closed_simes(p: &[f64], i: usize) -> f64 {
        let simes = |set: u32| {
            let mut of: Vec<f64> =
                (0..p.len()).filter(|j| (set >> j) & 1 == 1).map(|j| p[j]).collect();
            of.sort_by(f64::total_cmp);
            let size = of.len() as f64;
            of.iter().zip(1_u32..).map(|(p, r)| size * p / f64::from(r)).fold(1.0, f64::min)
        };
        (0..1_u32 << p.len()).filter(|set| (set >> i) & 1 == 1).map(simes).fold(0.0, f64::max)
    }

    #[test]
    fn hommel_is_the_closed_test_of_simes() {
        for p in [
            vec![0.01, 0.02, 0.03, 0.04],
            vec![0.011, 0.5, 0.02, 0.024, 0.7, 0.03],
            vec![0.04, 0.045, 0.049, 0.0495, 0.0499, 0.2, 0.0001],
            vec![0.3, 0.3, 0.01],
        ] {
            for (i, got) in hommel(&p).into_iter().enumerate() {
                let want = closed_simes(&p, i);
                assert!((got - want).abs() < 1e-14, "{p:?} {i}: {got} {want}");
            }
        }
    }

    #[test]
    fn tiny_p_keep_their_digits() {
        let p = sidak(&[1e-300; 4]);
        assert!((p[0] / 4e-300 - 1.0).abs() < 1e-12);
        assert!((holm_sidak(&[1e-300, 0.5])[0] / 2e-300 - 1.0).abs() < 1e-12);
    }
}
