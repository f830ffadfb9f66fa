use tailproof_core::Level;

use crate::error::TestError;
use crate::proportion::{Proportion, two_sided_z};

/// A ratio of odds or of risks, second over first, with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableRatio {
    /// The ratio of the counts as they are: 0 or infinite with an empty cell, NaN for 0/0.
    pub estimate: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Whether ½ was added to every cell, because the interval does not exist without.
    pub corrected: bool,
}

/// The odds ratio of the second over the first, with Woolf's interval.
///
/// ```text
/// OR = k₂(n₁−k₁) / (k₁(n₂−k₂))      ln OR ± z√(1/k₁ + 1/(n₁−k₁) + 1/k₂ + 1/(n₂−k₂))
/// ```
/// When a cell is 0, and only then, the interval is centred on the ratio with ½ added to every
/// cell (Haldane & Anscombe); `estimate` stays as it is and can lie outside. Asymptotic.
///
/// # Source
/// Woolf (1955), *Annals of Human Genetics* 19(4), 251–253; Anscombe (1956), *Biometrika*
/// 43(3–4), 461–464.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Proportion, odds_ratio};
///
/// let r = odds_ratio(Proportion::new(10, 100)?, Proportion::new(20, 100)?, Level::P95);
/// assert_eq!(r.estimate, 2.25);
/// assert!(r.lo < 1.0 && r.hi > 5.0 && !r.corrected);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn odds_ratio(first: Proportion, second: Proportion, level: Level) -> TableRatio {
    let cells = [second.successes(), first.failures(), first.successes(), second.failures()];
    let corrected = cells.contains(&0);
    let of = |add: f64| cells.map(|c| c as f64 + add);
    let ratio = |[a, b, c, d]: [f64; 4]| (a * b) / (c * d);
    let used = of(if corrected { 0.5 } else { 0.0 });
    let error = used.iter().map(|c| 1.0 / c).sum::<f64>().sqrt();
    around(ratio(of(0.0)), ratio(used), error, corrected, level)
}

/// The ratio of risks, `p₂/p₁`, with Katz' interval.
///
/// ```text
/// RR = (k₂/n₂)/(k₁/n₁)      ln RR ± z√(1/k₁ − 1/n₁ + 1/k₂ − 1/n₂)
/// ```
/// When a k is 0, or both shares are 1 (the error would be 0), and only then, the interval is
/// formed with ½ added to every cell: k + ½ of n + 1. Asymptotic.
///
/// # Source
/// Katz, Baptista, Azen & Pike (1978), *Biometrics* 34(3), 469–474.
///
/// # Example
/// ```
/// use tailproof_core::Level;
/// use tailproof_hypothesis::{Proportion, risk_ratio};
///
/// let r = risk_ratio(Proportion::new(10, 100)?, Proportion::new(20, 100)?, Level::P95);
/// assert_eq!(r.estimate, 2.0);
/// assert!((r.lo - 0.9865).abs() < 5e-4 && (r.hi - 4.0547).abs() < 5e-3);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[must_use]
pub fn risk_ratio(first: Proportion, second: Proportion, level: Level) -> TableRatio {
    let empty = first.successes() == 0 || second.successes() == 0;
    let corrected = empty || (first.failures() == 0 && second.failures() == 0);
    // (successes, failures) of both.
    let of =
        |add: f64| [first, second].map(|p| (p.successes() as f64 + add, p.failures() as f64 + add));
    let ratio = |[(k1, m1), (k2, m2)]: [(f64, f64); 2]| (k2 * (k1 + m1)) / (k1 * (k2 + m2));
    let used = of(if corrected { 0.5 } else { 0.0 });
    // 1/k − 1/n without cancellation.
    let error = used.iter().map(|(k, m)| m / (k * (k + m))).sum::<f64>().sqrt();
    around(ratio(of(0.0)), ratio(used), error, corrected, level)
}

/// Cohen's h, the difference of two shares on the scale on which its variance is constant.
///
/// ```text
/// h = 2·asin√p₂ − 2·asin√p₁      from −π to π; the variance of each term is 1/n
/// ```
/// # Errors
/// A share outside `[0, 1]`.
///
/// # Source
/// Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, §6.2.
///
/// # Example
/// ```
/// use tailproof_hypothesis::cohens_h;
///
/// assert!((cohens_h(0.0, 1.0)? - std::f64::consts::PI).abs() < 1e-15);
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
pub fn cohens_h(p1: f64, p2: f64) -> Result<f64, TestError> {
    let angle = |p: f64| {
        if (0.0..=1.0).contains(&p) {
            Ok(2.0 * p.sqrt().asin())
        } else {
            Err(TestError::Parameter { name: "share", must: "in [0, 1]", got: p })
        }
    };
    Ok(angle(p2)? - angle(p1)?)
}

fn around(estimate: f64, centre: f64, error: f64, corrected: bool, level: Level) -> TableRatio {
    let factor = (two_sided_z(level) * error).exp();
    TableRatio { estimate, lo: centre / factor, hi: centre * factor, corrected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(k: u64, n: u64) -> Proportion {
        Proportion::new(k, n).unwrap()
    }

    #[test]
    fn woolfs_interval_by_hand() {
        // Cells 20, 90, 10, 80: se² = 1/20 + 1/90 + 1/10 + 1/80.
        let r = odds_ratio(of(10, 100), of(20, 100), Level::P95);
        let half = 1.959_963_984_540_054 * (0.05 + 1.0 / 90.0 + 0.1 + 0.0125_f64).sqrt();
        assert!((r.lo / (2.25 * (-half).exp()) - 1.0).abs() < 1e-9, "{r:?}");
        assert!((r.hi / (2.25 * half.exp()) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn an_empty_cell_adds_one_half() {
        let r = odds_ratio(of(0, 10), of(4, 10), Level::P95);
        assert!(r.estimate == f64::INFINITY && r.corrected && r.hi.is_finite() && r.lo > 0.0);
        let centre = (4.5 * 10.5) / (0.5 * 6.5);
        assert!(((r.lo * r.hi).sqrt() / centre - 1.0).abs() < 1e-12);
        assert!(risk_ratio(of(0, 10), of(0, 10), Level::P95).estimate.is_nan());
        let certain = risk_ratio(of(10, 10), of(20, 20), Level::P95);
        assert!(certain.estimate == 1.0 && certain.lo < 1.0 && certain.hi > 1.0);
    }

    #[test]
    fn h_is_odd_and_refuses_what_is_no_share() {
        assert_eq!(cohens_h(0.2, 0.7).unwrap(), -cohens_h(0.7, 0.2).unwrap());
        assert!(cohens_h(-0.1, 0.5).is_err() && cohens_h(0.1, f64::NAN).is_err());
    }
}
