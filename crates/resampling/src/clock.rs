use tailproof_core::Sample;

/// How finely a sample was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockResolution {
    /// The smallest difference of two values that are not equal; `None` when all are.
    pub smallest_gap: Option<f64>,
    /// Share of observations that repeat a value: `1 − distinct/n`.
    pub ties: f64,
}

/// Ties beyond this share say that the clock is coarse.
const TIES: f64 = 0.2;

impl ClockResolution {
    /// The step of a clock that shows: the smallest gap when over 20 % of the observations
    /// repeat a value, else 0.
    ///
    /// Many observations of a fine clock repeat values as well: with 10⁶ of them most do, and
    /// the step is then tiny beside their spread.
    #[must_use]
    pub fn step(&self) -> f64 {
        if self.ties > TIES { self.smallest_gap.unwrap_or(0.0) } else { 0.0 }
    }

    /// Whether an effect of this size is below what the clock can show: smaller than two of
    /// its steps.
    #[must_use]
    pub fn below(&self, effect: f64) -> bool {
        effect.abs() < 2.0 * self.step()
    }
}

/// The resolution of the clock behind a sample.
///
/// ```text
/// δ = min{ x₍i+1₎ − x₍i₎ : not equal }      ties = 1 − distinct/n
/// ```
/// Neighbours that differ by rounding of the arithmetic only (four units in the last place)
/// count as equal. A few values say little: δ is an upper bound of the clock's step. One value
/// has neither gap nor ties.
///
/// # Source
/// The rule of this program, see `docs/methods.md`.
///
/// # Example
/// ```
/// use tailproof_core::Sample;
/// use tailproof_resampling::clock_resolution;
///
/// let clock = clock_resolution(&Sample::new(vec![12.0, 12.5, 12.5, 13.5, 13.5, 16.0])?); // ms
/// assert_eq!((clock.smallest_gap, clock.ties), (Some(0.5), 2.0 / 6.0));
/// assert!(clock.below(0.9) && !clock.below(1.0));
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn clock_resolution(sample: &Sample) -> ClockResolution {
    let (mut smallest_gap, mut repeats) = (None::<f64>, 0_usize);
    for pair in sample.sorted().windows(2) {
        let gap = pair[1] - pair[0];
        if gap <= 4.0 * f64::EPSILON * pair[0].abs().max(pair[1].abs()) {
            repeats += 1;
        } else {
            smallest_gap = Some(smallest_gap.map_or(gap, |least| least.min(gap)));
        }
    }
    ClockResolution { smallest_gap, ties: repeats as f64 / sample.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> ClockResolution {
        clock_resolution(&Sample::new(values.to_vec()).unwrap())
    }

    #[test]
    fn rounding_is_no_resolution() {
        let clock = of(&[0.1 + 0.2, 0.3, 0.7, 1.1]);
        assert!((clock.smallest_gap.unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(clock.ties, 0.25);
        assert!(clock.below(0.7) && !clock.below(0.9));
    }

    #[test]
    fn degenerate_samples_have_answers() {
        assert_eq!(of(&[5.0]), ClockResolution { smallest_gap: None, ties: 0.0 });
        assert!(!of(&[5.0]).below(0.0));
        let equal = of(&[0.0; 10]);
        assert_eq!(equal, ClockResolution { smallest_gap: None, ties: 0.9 });
        assert!(!equal.below(1e-9)); // No step is known.
        // A fifth is still allowed.
        assert!(!of(&[1.0, 1.0, 2.0, 3.0, 4.0]).below(5.0));
    }
}
