//! What is known of a change from a baseline to a candidate: intervals of the ratio and of the
//! difference at any level, and the smallest level at which they lie beyond a limit.

mod means;
mod quantiles;
mod ranks;
mod shift;

use std::borrow::Cow;

use tailproof_core::{Guarantee, Level, Rank, Sample};

use means::Means;
use quantiles::Quantiles;
use ranks::Ranks;
use shift::Shift;

/// Which side of a limit an interval lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The whole interval is above the limit.
    Above,
    /// The whole interval is below the limit.
    Below,
}

/// A change of one statistic from a baseline to a candidate.
#[derive(Clone, Debug)]
pub struct Change {
    /// Statistic of the baseline.
    pub base: f64,
    /// Statistic of the candidate.
    pub candidate: f64,
    /// How intervals are made.
    pub method: &'static str,
    /// What they rest on.
    pub guarantee: Guarantee,
    way: Way,
    /// Observations that one independent observation takes.
    worth: f64,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one a row")]
enum Way {
    Means(Means),
    Quantiles(Quantiles),
    Ranks(Ranks),
    Shift(Shift),
}

/// The baseline is not clearly above zero, so that a ratio to it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the baseline is too close to zero for a relative change")]
pub struct BaseNearZero;

impl Change {
    /// The change of the mean: Fieller's set with Welch's degrees of freedom.
    ///
    /// ```text
    /// { r : |ȳ − r x̄| ≤ t √(τ_y s_y²/n₂ + r² τ_x s_x²/n₁) }
    /// ```
    /// `tau` are the autocorrelation times of both sides, 1 for independent observations; with
    /// others the interval is approximate. Both samples without spread give the ratio itself
    /// when relabelling them could be significant at all, and no bound otherwise. Asymptotic
    /// for data that are not normal.
    ///
    /// # Errors
    /// The baseline's mean is not positive.
    ///
    /// # Source
    /// Fieller (1954), *JRSS B* 16(2), 175–185; Welch (1947), *Biometrika* 34, 28–35.
    pub fn of_means(x: &Sample, y: &Sample, tau: [f64; 2]) -> Result<Self, BaseNearZero> {
        let means = Means::new(x, y, tau)?;
        Ok(Self {
            base: means.x,
            candidate: means.y,
            method: "Welch-studentized ratio of means (Fieller)",
            guarantee: Guarantee::Asymptotic,
            way: Way::Means(means),
            worth: 1.0,
        }
        .worth(tau))
    }

    /// The change of a quantile.
    ///
    /// With at least ten observations beyond the quantile on each side: the exact (B → ∞)
    /// bootstrap of the ratio of the inverse-CDF quantiles, asymptotic. With fewer: the box of
    /// both order-statistic intervals, each two-sided at `1 − α/2`, which holds at every n for
    /// independent observations and is unbounded when a sample is too small.
    ///
    /// Observations with autocorrelation time `τ > 1` are judged from every τ-th of them in
    /// order of size, which has their distribution and as many values as they are worth;
    /// approximate.
    ///
    /// # Errors
    /// The baseline's quantile is not clearly above zero.
    pub fn of_quantiles(
        x: &Sample,
        y: &Sample,
        p: Rank,
        tau: [f64; 2],
    ) -> Result<Self, BaseNearZero> {
        let tail = p.to_f64().min(1.0 - p.to_f64());
        let (thin_x, thin_y) = (thinned(x, tau[0]), thinned(y, tau[1]));
        let enough = |s: &Sample| s.len() as f64 * tail >= crate::row::BEYOND;
        let (method, guarantee, way) = if enough(&thin_x) && enough(&thin_y) {
            let way = Way::Quantiles(Quantiles::new(&thin_x, &thin_y, p)?);
            ("exact bootstrap of the ratio (B → ∞)", Guarantee::Asymptotic, way)
        } else {
            let way = Way::Ranks(Ranks::new(&thin_x, &thin_y, p)?);
            ("box of order-statistic intervals", Guarantee::Exact, way)
        };
        let (base, candidate) = (x.quantile(p), y.quantile(p));
        Ok(Self { base, candidate, method, guarantee, way, worth: 1.0 }.worth(tau))
    }

    /// The factor between the two samples, by the Mann–Whitney test: the Hodges–Lehmann
    /// estimate of logarithms with its interval. Dependent observations as for quantiles.
    ///
    /// # Errors
    /// A value on either side is not positive.
    ///
    /// # Source
    /// Hodges & Lehmann (1963), *Annals of Mathematical Statistics* 34(2), 598–611.
    pub fn of_shift(x: &Sample, y: &Sample, tau: [f64; 2]) -> Result<Self, BaseNearZero> {
        let shift = Shift::new(&thinned(x, tau[0]), &thinned(y, tau[1]))?;
        let base = x.quantile(Rank::MEDIAN);
        Ok(Self {
            base,
            candidate: base * shift.ratio,
            method: "Hodges–Lehmann ratio (Mann–Whitney)",
            guarantee: shift.guarantee(),
            way: Way::Shift(shift),
            worth: 1.0,
        }
        .worth(tau))
    }

    /// Notes that observations are worth `1/τ` of their number.
    fn worth(self, tau: [f64; 2]) -> Self {
        let worth = tau[0].max(tau[1]).max(1.0);
        let guarantee = if worth > 1.0 { Guarantee::Approximate } else { self.guarantee };
        Self { guarantee, worth, ..self }
    }

    /// The same under another name.
    #[must_use]
    pub fn called(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// `candidate / base`.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.candidate / self.base
    }

    /// Two-sided interval of the ratio; ends are infinite where there is no bound.
    ///
    /// # Errors
    /// At this level the baseline is not clearly above zero.
    pub fn interval(&self, level: Level) -> Result<(f64, f64), BaseNearZero> {
        match &self.way {
            Way::Means(w) => w.ratio(level),
            Way::Quantiles(w) => w.ratio(level),
            Way::Ranks(w) => w.ratio(level),
            Way::Shift(w) => Ok(w.interval(level)),
        }
    }

    /// The smallest α at which the two-sided `1 − α` interval of the ratio lies beyond
    /// `limit`; 1 when none does.
    #[must_use]
    pub fn p(&self, limit: f64, beyond: Beyond) -> f64 {
        match &self.way {
            Way::Means(w) => w.p(limit, beyond),
            Way::Quantiles(w) => w.p(limit, beyond),
            Way::Ranks(w) => w.p(limit, beyond),
            Way::Shift(w) => w.p(limit, beyond),
        }
    }

    /// Two-sided interval of the difference `candidate − base`, in the unit of the data.
    #[must_use]
    pub fn difference(&self, level: Level) -> (f64, f64) {
        match &self.way {
            Way::Means(w) => w.difference(level),
            Way::Quantiles(w) => w.difference(level),
            Way::Ranks(w) => w.difference(level),
            Way::Shift(w) => w.difference(level),
        }
    }

    /// The smallest α at which the two-sided `1 − α` interval of the difference lies beyond
    /// `limit`; 1 when none does.
    #[must_use]
    pub fn p_of_difference(&self, limit: f64, beyond: Beyond) -> f64 {
        match &self.way {
            Way::Means(w) => w.p_of_difference(limit, beyond),
            Way::Quantiles(w) => w.p_of_difference(limit, beyond),
            Way::Ranks(w) => w.p_of_difference(limit, beyond),
            Way::Shift(w) => w.p_of_difference(limit, beyond),
        }
    }

    /// The smallest p that any data of these sizes could show.
    #[must_use]
    pub fn smallest_p(&self, beyond: Beyond) -> f64 {
        match &self.way {
            Way::Means(w) => w.smallest_p(),
            Way::Quantiles(_) => 0.0,
            Way::Ranks(w) => w.smallest_p(beyond),
            Way::Shift(w) => w.smallest_p(),
        }
    }

    /// Observations (or runs) a side with which both ends of the interval would exist.
    #[must_use]
    pub fn need(&self, level: Level) -> u64 {
        let need = match &self.way {
            Way::Means(w) => w.need(level),
            Way::Quantiles(_) => 1,
            Way::Ranks(w) => w.need(level),
            Way::Shift(w) => w.need(level),
        };
        (need as f64 * self.worth).ceil() as u64
    }
}

/// Every τ-th observation in order of size; the sample itself for `τ ≤ 1`.
fn thinned(sample: &Sample, tau: f64) -> Cow<'_, Sample> {
    if tau <= 1.0 {
        return Cow::Borrowed(sample);
    }
    let sorted = sample.sorted();
    let kept = ((sorted.len() as f64 / tau) as usize).max(1);
    let step = sorted.len() as f64 / kept as f64;
    let values = (0..kept).map(|i| sorted[((i as f64 + 0.5) * step) as usize]).collect();
    Cow::Owned(Sample::new(values).expect("some of a sample's values"))
}

/// The smallest α in (0, 1] at which a condition that holds from some α on does; 1 when it
/// does not hold below 1.
fn smallest_alpha(holds: impl Fn(Level) -> bool) -> f64 {
    let level = |ln: f64| Level::with_alpha(ln.exp()).ok();
    let (mut no, mut yes) = (-27.0_f64, 0.0_f64); // 2·10⁻¹² … 1
    if level(no).is_some_and(&holds) {
        return no.exp();
    }
    for _ in 0..40 {
        let mid = f64::midpoint(no, yes);
        if level(mid).is_some_and(&holds) { yes = mid } else { no = mid }
    }
    yes.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};

    fn skewed(n: usize, scale: f64, task: u64) -> Sample {
        let mut rng = stream(Seed(11), task);
        Sample::new(
            (0..n).map(|_| scale * (1.0 + (below(&mut rng, 1_000) as f64 / 250.0).exp())).collect(),
        )
        .unwrap()
    }

    fn all_ways(x: &Sample, y: &Sample) -> Vec<Change> {
        vec![
            Change::of_means(x, y, [1.0; 2]).unwrap(),
            Change::of_means(x, y, [3.0, 2.0]).unwrap(),
            Change::of_quantiles(x, y, Rank::MEDIAN, [1.0; 2]).unwrap(),
            Change::of_quantiles(x, y, Rank::MEDIAN, [1.0, 1.7]).unwrap(),
            Change::of_quantiles(x, y, "0.9".parse().unwrap(), [1.0; 2]).unwrap(),
            Change::of_shift(x, y, [1.0, 2.0]).unwrap(),
        ]
    }

    #[test]
    fn p_is_the_level_at_which_the_interval_leaves_the_limit() {
        let level = |alpha: f64| Level::with_alpha(alpha).unwrap();
        for (n, m, task) in [(60, 50, 0), (60, 80, 1), (25, 30, 2)] {
            let (x, y) = (skewed(n, 1.0, 2 * task), skewed(m, 1.25, 2 * task + 1));
            for change in all_ways(&x, &y) {
                for (limit, beyond) in [
                    (0.7, Beyond::Above),
                    (1.0, Beyond::Above),
                    (1.1, Beyond::Above),
                    (1.5, Beyond::Below),
                    (2.5, Beyond::Below),
                ] {
                    let p = change.p(limit, beyond);
                    let is_beyond = |alpha: f64| {
                        let (lo, hi) = change.interval(level(alpha)).unwrap();
                        if beyond == Beyond::Above { lo > limit } else { hi < limit }
                    };
                    let text = format!("{} {limit} {beyond:?} {p}", change.method);
                    if p < 0.98 {
                        assert!(is_beyond((p * 1.01 + 1e-9).min(0.999)), "{text}");
                    }
                    if p > 1e-9 {
                        assert!(!is_beyond((p * 0.99).min(0.97)), "{text}");
                    }
                }
                let gap = change.candidate - change.base;
                for (limit, beyond) in [(0.5 * gap, Beyond::Above), (2.0 * gap, Beyond::Below)] {
                    let p = change.p_of_difference(limit, beyond);
                    let is_beyond = |alpha: f64| {
                        let (lo, hi) = change.difference(level(alpha));
                        if beyond == Beyond::Above { lo > limit } else { hi < limit }
                    };
                    let text = format!("{} {limit} {beyond:?} {p}", change.method);
                    if p < 0.98 {
                        assert!(is_beyond((p * 1.01 + 1e-9).min(0.999)), "{text}");
                    }
                    if p > 1e-9 {
                        assert!(!is_beyond((p * 0.99).min(0.97)), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_zero_in_the_baseline_hides_no_change() {
        for n in [15, 25] {
            let base = (0..n).map(|i| if i == 0 { 0.0 } else { 10.0 + f64::from(i) / 100.0 });
            let x = Sample::new(base.collect()).unwrap();
            let y = Sample::new((0..n).map(|i| 20.0 + f64::from(i) / 100.0).collect()).unwrap();
            let change = Change::of_quantiles(&x, &y, Rank::MEDIAN, [1.0; 2]).unwrap();
            assert!(change.p(1.01, Beyond::Above) < 0.01, "{n}");
            assert!(change.interval(Level::P95).unwrap().0 > 1.9, "{n}");
        }
    }

    #[test]
    fn the_ratio_of_means_covers_its_truth() {
        let mut covered = 0;
        for task in 0..400 {
            let (x, y) = (skewed(50, 1.0, 2 * task), skewed(60, 1.2, 2 * task + 1));
            let (lo, hi) =
                Change::of_means(&x, &y, [1.0; 2]).unwrap().interval(Level::P95).unwrap();
            covered += u32::from(lo <= 1.2 && 1.2 <= hi);
        }
        assert!((366..=395).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn a_base_near_zero_has_no_ratio() {
        let around_zero = Sample::new(vec![-1.0, 1.0, 0.5, -0.4]).unwrap();
        let plain = Sample::new(vec![1.0, 2.0, 3.0]).unwrap();
        let means = |x: &Sample| {
            Change::of_means(x, &plain, [1.0; 2]).and_then(|c| c.interval(Level::P95)).err()
        };
        assert_eq!(means(&around_zero), Some(BaseNearZero));
        let many = Sample::new((-20..20).map(f64::from).collect()).unwrap();
        assert!(Change::of_quantiles(&many, &many, Rank::MEDIAN, [1.0; 2]).is_err());
        assert!(Change::of_shift(&many, &plain, [1.0; 2]).is_err());
        // Three values bound nothing at 95 %, and it is said how many would.
        let few = Change::of_quantiles(&plain, &plain, Rank::MEDIAN, [1.0; 2]).unwrap();
        assert_eq!(few.interval(Level::P95), Ok((f64::NEG_INFINITY, f64::INFINITY)));
        assert_eq!(few.need(Level::P95), 7);
        assert!((few.smallest_p(Beyond::Above) - 0.5).abs() < 1e-12);
    }
}
