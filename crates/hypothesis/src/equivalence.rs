use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::student_cdf;

use crate::error::TestError;
use crate::mann_whitney::{Method, mann_whitney};
use crate::paired::paired;
use crate::t_test::{TTest, common_exponent, student};
use crate::welch::{satterthwaite, welch};

/// Outcome of two one-sided t tests of equivalence.
///
/// Equivalence is shown at level α when both `lower` and `upper` are at most α, that is when
/// `p` is: no correction is needed, as both claims must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// p-value of the claim that the effect is above `low`.
    pub lower: f64,
    /// p-value of the claim that the effect is below `high`.
    pub upper: f64,
    /// Statistic against `low`; large when the effect is above it.
    pub t_low: f64,
    /// Statistic against `high`; small (negative) when the effect is below it.
    pub t_high: f64,
    /// Degrees of freedom; where the sides differ ([`tost_ratio`]), those of the larger p.
    pub df: f64,
    /// The larger of `lower` and `upper`.
    pub p: f64,
}

impl Equivalence {
    /// Judges the difference of a t test: the claim `low < difference < high`.
    ///
    /// ```text
    /// t_low = (difference − low)/error      lower = P(T ≥ t_low)
    /// t_high = (difference − high)/error    upper = P(T ≤ t_high)      p = max(lower, upper)
    /// ```
    /// At level α the claim holds exactly when the `1 − 2α` interval of the test lies strictly
    /// within the margins. For one sample the difference is `mean − mu`.
    ///
    /// # Errors
    /// Margins that are not finite, or `low` not below `high`.
    ///
    /// # Source
    /// Schuirmann (1987), *J. Pharmacokinetics and Biopharmaceutics* 15(6), 657–680.
    pub fn of(test: &TTest, low: f64, high: f64) -> Result<Self, TestError> {
        check_margins(low, high)?;
        Ok(Self::from_sides((test.t_against(low), test.df), (test.t_against(high), test.df)))
    }

    fn from_sides((t_low, df_low): (f64, f64), (t_high, df_high): (f64, f64)) -> Self {
        let lower = student_cdf(-t_low, df_low);
        let upper = student_cdf(t_high, df_high);
        let df = if lower > upper { df_low } else { df_high };
        Self { lower, upper, t_low, t_high, df, p: lower.max(upper) }
    }
}

/// Equivalence of means, variances apart: `low < mean(y) − mean(x) < high` by [`welch`].
///
/// Margins are in the unit of the samples and come from what matters, never from the data.
///
/// # Errors
/// As [`welch`] and [`Equivalence::of`].
///
/// # Source
/// Schuirmann (1987), *J. Pharmacokinetics and Biopharmaceutics* 15(6), 657–680; with Welch's
/// error: Dannenberg, Dette & Munk (1994), *Biometrical Journal* 36(1), 91–101.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::tost_welch;
///
/// let x = Sample::new(vec![10.1, 9.9, 10.0, 10.2, 9.8])?; // ms
/// let y = Sample::new(vec![10.0, 10.1, 9.9, 10.3, 9.9])?;
/// assert!(tost_welch(&x, &y, -0.5, 0.5)?.p < 0.01); // within half a millisecond
/// assert!(tost_welch(&x, &y, -0.1, 0.1)?.p > 0.2); // not shown to a tenth
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tost_welch(x: &Sample, y: &Sample, low: f64, high: f64) -> Result<Equivalence, TestError> {
    Equivalence::of(&welch(x, y)?, low, high)
}

/// Equivalence of means with one pooled variance: [`tost_welch`] by [`student`].
///
/// # Errors
/// As [`student`] and [`Equivalence::of`].
///
/// # Source
/// Schuirmann (1987), *J. Pharmacokinetics and Biopharmaceutics* 15(6), 657–680.
pub fn tost_pooled(x: &Sample, y: &Sample, low: f64, high: f64) -> Result<Equivalence, TestError> {
    Equivalence::of(&student(x, y)?, low, high)
}

/// Equivalence of pairs: `low < mean(yᵢ − xᵢ) < high` by [`paired`].
///
/// # Errors
/// As [`paired`] and [`Equivalence::of`].
///
/// # Source
/// Schuirmann (1987), *J. Pharmacokinetics and Biopharmaceutics* 15(6), 657–680.
pub fn tost_paired(x: &Sample, y: &Sample, low: f64, high: f64) -> Result<Equivalence, TestError> {
    Equivalence::of(&paired(x, y)?, low, high)
}

/// Outcome of two one-sided rank tests of equivalence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankEquivalence {
    /// p-value of the claim that the shift is above `low`.
    pub lower: f64,
    /// p-value of the claim that the shift is below `high`.
    pub upper: f64,
    /// The larger of both.
    pub p: f64,
    /// Exact when both are.
    pub method: Method,
}

/// Equivalence of two samples by ranks: `low < shift < high`, the shift from `x` to `y`.
///
/// ```text
/// lower = p of "x tends to be smaller than y − low"
/// upper = p of "x tends to be larger than y − high"      each by Mann–Whitney
/// ```
/// A test of a shift when the distributions differ by nothing else; otherwise each side says
/// only that one sample tends to exceed the other moved by the margin. `y − low` is rounded,
/// so that values meant to tie after the shift may not.
///
/// # Errors
/// Margins that are not finite, `low` not below `high`, or so large that a shifted value is
/// not finite.
///
/// # Source
/// Hauschke, Steinijans & Diletti (1990), *Int. J. Clinical Pharmacology* 28(2), 72–78.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::tost_mann_whitney;
///
/// let x = Sample::new(vec![1.0, 2.0, 3.0, 4.0])?;
/// let y = Sample::new(vec![1.5, 2.5, 3.5, 4.5])?;
/// let test = tost_mann_whitney(&x, &y, -9.0, 9.0)?;
/// assert_eq!(test.p, 1.0 / 70.0); // both sides separate the samples: 1 of C(8, 4)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tost_mann_whitney(
    x: &Sample,
    y: &Sample,
    low: f64,
    high: f64,
) -> Result<RankEquivalence, TestError> {
    check_margins(low, high)?;
    let against = |name: &'static str, margin: f64| {
        Sample::new(y.values().iter().map(|v| v - margin).collect())
            .map(|moved| mann_whitney(x, &moved))
            .map_err(|_| TestError::Parameter {
                name,
                must: "small enough to shift the samples by",
                got: margin,
            })
    };
    let (one, two) = (against("low", low)?, against("high", high)?);
    let exact = one.method == Method::Exact && two.method == Method::Exact;
    let (lower, upper) = (one.p.less, two.p.greater);
    Ok(RankEquivalence {
        lower,
        upper,
        p: lower.max(upper),
        method: if exact { Method::Exact } else { Method::Normal },
    })
}

/// Equivalence of means as a ratio: `low < mean(y)/mean(x) < high`, for a positive `mean(x)`.
///
/// ```text
/// t(θ) = (ȳ − θx̄)/√(s_y²/n₂ + θ²s_x²/n₁)      lower = P(T ≥ t(low))      upper = P(T ≤ t(high))
/// ```
/// with Welch–Satterthwaite degrees of freedom for each θ. Margins of 0.8 and 1.25 are the
/// customary ones; no logarithm is taken, so that the claim is about means. If `x̄ ≤ 0` the
/// claim is never shown: both sides together imply a positive mean of `x`.
///
/// # Errors
/// A sample of one value, no spread in both, or margins that are not finite, positive and in
/// order.
///
/// # Source
/// Sasabuchi (1988), *Communications in Statistics – Theory and Methods* 17(9); Hauschke, Kieser
/// & Hothorn (1999), *Biometrical Journal* 41(3), 295–304; unequal variances: Hasler, Vonk &
/// Hothorn (2008), *Statistics in Medicine* 27(4), 490–503.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::tost_ratio;
///
/// let x = Sample::new(vec![100.0, 104.0, 98.0, 101.0])?;
/// let y = Sample::new(vec![101.0, 99.0, 103.0, 102.0])?;
/// assert!(tost_ratio(&x, &y, 0.8, 1.25)?.p < 0.001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tost_ratio(x: &Sample, y: &Sample, low: f64, high: f64) -> Result<Equivalence, TestError> {
    if low <= 0.0 {
        return Err(TestError::Parameter { name: "low", must: "positive", got: low });
    }
    check_margins(low, high)?;
    let got = x.len().min(y.len());
    if got < 2 {
        return Err(TestError::TooFew { need: 2, got });
    }
    let (a, b) = (Moments::of(x), Moments::of(y));
    let e = common_exponent(&[&a, &b]);
    let part = |m: &Moments, weight: f64| (weight * m.sd_in(1, e) / m.n().sqrt(), m.n() - 1.0);
    let side = |ratio: f64| {
        // ȳ − θx̄, without subtracting two rounded means.
        let difference = b.mean_minus(&a, e) - (ratio - 1.0) * a.mean_in(e);
        satterthwaite([part(&a, ratio), part(&b, 1.0)]).map(|(error, df)| (difference / error, df))
    };
    Ok(Equivalence::from_sides(side(low)?, side(high)?))
}

/// Outcome of a test of non-inferiority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NonInferiority {
    /// `(difference − margin)/error`; small (negative) when the difference is below the margin.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// p-value of the claim that the difference is below the margin.
    pub p: f64,
}

/// Not worse by the margin: the claim `mean(y) − mean(x) < margin`, by [`welch`].
///
/// ```text
/// t = (ȳ − x̄ − margin)/se      p = P(T ≤ t)
/// ```
/// For metrics where lower is better; for others swap `x` and `y`. At level α the claim holds
/// exactly when the one-sided `1 − α` upper bound of the difference is below the margin.
///
/// # Errors
/// As [`welch`], or a margin that is not finite.
///
/// # Source
/// Wellek (2010), *Testing Statistical Hypotheses of Equivalence and Noninferiority*, §2.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_hypothesis::non_inferiority_welch;
///
/// let x = Sample::new(vec![10.1, 9.9, 10.0, 10.2, 9.8])?; // ms
/// let y = Sample::new(vec![10.0, 10.1, 9.9, 10.3, 9.9])?;
/// assert!(non_inferiority_welch(&x, &y, 0.5)?.p < 0.01); // slower by less than 0.5 ms
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn non_inferiority_welch(
    x: &Sample,
    y: &Sample,
    margin: f64,
) -> Result<NonInferiority, TestError> {
    if !margin.is_finite() {
        return Err(TestError::Parameter { name: "margin", must: "finite", got: margin });
    }
    let test = welch(x, y)?;
    let t = test.t_against(margin);
    Ok(NonInferiority { t, df: test.df, p: student_cdf(t, test.df) })
}

fn check_margins(low: f64, high: f64) -> Result<(), TestError> {
    for (name, got) in [("low", low), ("high", high)] {
        if !got.is_finite() {
            return Err(TestError::Parameter { name, must: "finite", got });
        }
    }
    if low >= high {
        return Err(TestError::Parameter { name: "high", must: "above low", got: high });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tailproof_core::Level;

    use super::*;

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    fn data() -> (Sample, Sample) {
        (sample(&[5.1, 4.7, 6.0, 5.5, 5.2]), sample(&[5.3, 5.9, 4.9, 5.6, 5.0, 6.1]))
    }

    #[test]
    fn equivalence_is_an_interval_within_the_margins() {
        // At 5 % by the 90 % interval, for margins on both sides of its ends.
        let (x, y) = data();
        let test = welch(&x, &y).unwrap();
        let (lo, hi) = test.interval("0.9".parse::<Level>().unwrap());
        for (d_lo, d_hi) in [(0.01, 0.01), (0.01, -0.01), (-0.01, 0.01)] {
            let tost = tost_welch(&x, &y, lo - d_lo, hi + d_hi).unwrap();
            assert_eq!(tost.p < 0.05, d_lo > 0.0 && d_hi > 0.0, "{tost:?}");
        }
        let at_end = tost_welch(&x, &y, lo, hi).unwrap();
        assert!((at_end.lower - 0.05).abs() < 1e-10 && (at_end.upper - 0.05).abs() < 1e-10);
        let bound = test.upper(Level::P95);
        let p = non_inferiority_welch(&x, &y, bound).unwrap().p;
        assert!((p - 0.05).abs() < 1e-10, "{p}");
    }

    #[test]
    fn a_ratio_of_one_is_a_difference_of_zero() {
        let (x, y) = data();
        let tost = tost_ratio(&x, &y, 1.0, 1.25).unwrap();
        let test = welch(&x, &y).unwrap();
        assert!((tost.t_low - test.t()).abs() < 1e-12 && tost.t_high < tost.t_low);
        assert!((tost.lower - test.p().less).abs() < 1e-12);
        // Below 0 nothing is shown, whatever the ratio.
        let minus = |s: &Sample| sample(&s.values().iter().map(|v| -v).collect::<Vec<_>>());
        assert!(tost_ratio(&minus(&x), &minus(&y), 0.5, 2.0).unwrap().p > 0.5);
    }

    #[test]
    fn ranks_are_compared_with_the_shifted_sample() {
        let (x, y) = data();
        let tost = tost_mann_whitney(&x, &y, -0.5, 1.0).unwrap();
        let moved = |by: f64| sample(&y.values().iter().map(|v| v + by).collect::<Vec<_>>());
        assert_eq!(tost.lower, mann_whitney(&x, &moved(0.5)).p.less);
        assert_eq!(tost.upper, mann_whitney(&x, &moved(-1.0)).p.greater);
        assert_eq!(tost.p, tost.lower.max(tost.upper));
        assert!(tost_mann_whitney(&sample(&[1e308]), &sample(&[-1e308]), 0.0, 1e308).is_err());
    }

    #[test]
    fn an_offset_costs_no_digits() {
        let (x, y) = ([0.5, 0.25, -0.75, 1.0], [0.125, 1.5, 0.75, 2.0, -0.25]);
        let moved = |v: &[f64], by: f64| sample(&v.iter().map(|v| v + by).collect::<Vec<_>>());
        let near = tost_welch(&moved(&x, 0.0), &moved(&y, 0.0), -1.0, 1.5).unwrap();
        let far = tost_welch(&moved(&x, 1e9), &moved(&y, 1e9), -1.0, 1.5).unwrap();
        for (a, b) in [(near.t_low, far.t_low), (near.t_high, far.t_high), (near.p, far.p)] {
            assert!((a / b - 1.0).abs() < 1e-13, "{a} {b}");
        }
    }

    #[test]
    fn margins_must_make_sense() {
        let (x, y) = data();
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert!(tost_welch(&x, &y, low, high).is_err(), "{low} {high}");
        }
        assert!(tost_ratio(&x, &y, 0.0, 1.0).is_err());
        assert!(non_inferiority_welch(&x, &y, f64::NAN).is_err());
        let c = sample(&[0.1; 5]);
        assert_eq!(tost_welch(&c, &c, -1.0, 1.0), Err(TestError::NoSpread));
    }
}
