//! What is known of a change from a baseline to a candidate: intervals of the ratio and of the
//! difference at any level, and the smallest level at which they lie beyond a limit.

mod counted;
mod known;
mod means;
mod quantiles;
mod ranks;
mod rates;
mod shift;
mod spread;
mod steps;

use std::borrow::Cow;

use tailproof_core::{Guarantee, Level, Rank, Reason, Sample};
use tailproof_hypothesis::Proportion;

pub use counted::Counted;
use means::Means;
use quantiles::Quantiles;
use ranks::Ranks;
use rates::Rates;
use shift::Shift;
pub use spread::Spread;
use steps::{Bracket, Steps};

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
    Rates(Rates),
    Shift(Shift),
}

pub(crate) const FIELLER: &str = "Welch-studentized ratio of means (Fieller)";
const BOOTSTRAP: &str = "exact bootstrap of the ratio (B → ∞)";
const BOX: &str = "box of order-statistic intervals";
const BUCKETS: &str = "box of order-statistic intervals, outer ends of buckets";

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
        Self::means(x, y, tau).checked()
    }

    /// The same, whether or not there is a ratio.
    pub(crate) fn means(x: &Sample, y: &Sample, tau: [f64; 2]) -> Self {
        Self::from_means(Means::new(x, y, tau)).worth(tau)
    }

    /// The same from what a summary tells: observations, mean and standard deviation of both
    /// sides, which are taken to be independent.
    ///
    /// # Errors
    /// The baseline's mean is not positive.
    pub fn of_spreads(x: Spread, y: Spread) -> Result<Self, BaseNearZero> {
        Self::spreads(x, y).checked()
    }

    /// The same, whether or not there is a ratio.
    pub(crate) fn spreads(x: Spread, y: Spread) -> Self {
        let method = "Welch-studentized ratio of means (Fieller), from the summaries";
        Self::from_means(Means::of(x, y, [1.0; 2])).called(method)
    }

    /// An error where the baseline is not clearly above zero.
    fn checked(self) -> Result<Self, BaseNearZero> {
        if self.is_relative() { Ok(self) } else { Err(BaseNearZero) }
    }

    /// Whether the baseline is above zero, so that there is a ratio to it.
    pub(crate) fn is_relative(&self) -> bool {
        match &self.way {
            Way::Means(w) => w.relative(),
            Way::Quantiles(w) => w.relative(),
            Way::Ranks(w) => w.relative(),
            Way::Rates(w) => w.relative(),
            Way::Shift(_) => true,
        }
    }

    fn from_means(means: Means) -> Self {
        Self {
            base: means.x,
            candidate: means.y,
            method: FIELLER,
            guarantee: Guarantee::Asymptotic,
            way: Way::Means(means),
            worth: 1.0,
        }
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
        Self::quantiles(x, y, p, tau).checked()
    }

    /// The same, whether or not there is a ratio.
    pub(crate) fn quantiles(x: &Sample, y: &Sample, p: Rank, tau: [f64; 2]) -> Self {
        let tail = p.to_f64().min(1.0 - p.to_f64());
        let (thin_x, thin_y) = (thinned(x, tau[0]), thinned(y, tau[1]));
        let enough = |s: &Sample| s.len() as f64 * tail >= crate::row::BEYOND;
        let (method, guarantee, way) = if enough(&thin_x) && enough(&thin_y) {
            let way = Way::Quantiles(Quantiles::new(&thin_x, &thin_y, p));
            (BOOTSTRAP, Guarantee::Asymptotic, way)
        } else {
            let bracket = |s: &Sample| Bracket::known(Steps::of(s));
            let ranks = Ranks::new(bracket(&thin_x), bracket(&thin_y), p, thin_x.quantile(p));
            (BOX, Guarantee::Exact, Way::Ranks(ranks))
        };
        let (base, candidate) = (x.quantile(p), y.quantile(p));
        Self { base, candidate, method, guarantee, way, worth: 1.0 }.worth(tau)
    }

    /// The change of a quantile of observations that come as counts.
    ///
    /// As for samples where all values that matter are known. Else, with buckets or limits,
    /// the box of both order-statistic intervals, whose ends are the outer ends of buckets and
    /// infinite where only limits are known; it holds at every n.
    ///
    /// # Errors
    /// The baseline's quantile is not clearly above zero.
    pub fn of_counts(
        x: &Counted,
        y: &Counted,
        p: Rank,
        tau: [f64; 2],
    ) -> Result<Self, BaseNearZero> {
        Self::counts(x, y, p, tau).checked()
    }

    /// The same, whether or not there is a ratio.
    pub(crate) fn counts(x: &Counted, y: &Counted, p: Rank, tau: [f64; 2]) -> Self {
        let tail = p.to_f64().min(1.0 - p.to_f64());
        let enough =
            |c: &Counted, tau: f64| tau <= 1.0 && c.n() as f64 * tail >= crate::row::BEYOND;
        let laws =
            if enough(x, tau[0]) && enough(y, tau[1]) { x.law(p).zip(y.law(p)) } else { None };
        let (base, candidate) = (x.quantile(p), y.quantile(p));
        let (method, guarantee, way) = if let Some((a, b)) = laws {
            (BOOTSTRAP, Guarantee::Asymptotic, Way::Quantiles(Quantiles::of(a, b)))
        } else {
            let ranks = Ranks::new(x.bracket(tau[0]), y.bracket(tau[1]), p, base);
            let method = if x.is_known() && y.is_known() { BOX } else { BUCKETS };
            (method, Guarantee::Exact, Way::Ranks(ranks))
        };
        Self { base, candidate, method, guarantee, way, worth: 1.0 }.worth(tau)
    }

    /// The change of a share of good events, by the score test of the ratio of two shares.
    ///
    /// ```text
    /// { r : |p̂₂ − r p̂₁| ≤ z √(N/(N−1)·(p̃₂(1−p̃₂)/n₂ + r² p̃₁(1−p̃₁)/n₁)) }
    /// ```
    /// p̃₁ and p̃₂ are the most likely shares with ratio r. Asymptotic, events independent.
    ///
    /// # Errors
    /// The baseline has no good event.
    ///
    /// # Source
    /// Miettinen & Nurminen (1985), *Statistics in Medicine* 4(2), 213–226.
    pub fn of_rates(x: Proportion, y: Proportion) -> Result<Self, BaseNearZero> {
        Self::rates(x, y).checked()
    }

    /// The same, whether or not there is a ratio.
    pub(crate) fn rates(x: Proportion, y: Proportion) -> Self {
        Self {
            base: x.share(),
            candidate: y.share(),
            method: "score interval of the ratio of rates (Miettinen–Nurminen)",
            guarantee: Guarantee::Asymptotic,
            way: Way::Rates(Rates::new(x, y)),
            worth: 1.0,
        }
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
            Way::Rates(w) => w.ratio(level),
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
            Way::Rates(w) => w.p(limit, beyond),
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
            Way::Rates(w) => w.difference(level),
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
            Way::Rates(w) => w.p_of_difference(limit, beyond),
            Way::Shift(w) => w.p_of_difference(limit, beyond),
        }
    }

    /// The smallest p that any data of these sizes could show.
    #[must_use]
    pub fn smallest_p(&self, beyond: Beyond) -> f64 {
        match &self.way {
            Way::Means(w) => w.smallest_p(),
            Way::Quantiles(_) | Way::Rates(_) => 0.0,
            Way::Ranks(w) => w.smallest_p(beyond),
            Way::Shift(w) => w.smallest_p(),
        }
    }

    /// Whether the baseline is nothing but zeros, so that any other value is infinitely more.
    pub(crate) fn begins_at_nothing(&self) -> bool {
        match &self.way {
            Way::Means(w) => w.begins_at_nothing(),
            Way::Quantiles(w) => w.begins_at_nothing(),
            Way::Ranks(w) => w.begins_at_nothing(),
            Way::Rates(w) => !w.relative(),
            Way::Shift(_) => false,
        }
    }

    /// Why an end of the interval does not exist although there are enough observations.
    pub(crate) fn hidden(&self) -> Reason {
        match &self.way {
            Way::Ranks(w) if w.is_censored() => Reason::Censored,
            _ => Reason::BucketWidth,
        }
    }

    /// Whether the width of the interval is noise, and not that of buckets.
    pub(crate) fn noisy(&self) -> bool {
        self.method != BUCKETS
    }

    /// Whether both sides are one and the same constant.
    pub(crate) fn unchanged(&self) -> bool {
        match &self.way {
            Way::Means(w) => w.unchanged(),
            // A law, or bounds, of one point each.
            Way::Quantiles(_) | Way::Ranks(_) => {
                self.base == self.candidate && self.difference(Level::P999) == (0.0, 0.0)
            }
            Way::Rates(_) => self.base == self.candidate && [0.0, 1.0].contains(&self.base),
            Way::Shift(_) => false,
        }
    }

    /// Observations (or runs) a side with which both ends of the interval would exist.
    #[must_use]
    pub fn need(&self, level: Level) -> u64 {
        let need = match &self.way {
            Way::Means(w) => w.need(level),
            Way::Quantiles(_) | Way::Rates(_) => 1,
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

/// The order-statistic interval of a quantile of one sample, whatever its distribution; infinite
/// where the sample is too small. Dependent observations as in [`Change::of_quantiles`].
pub(crate) fn quantile_interval(sample: &Sample, p: Rank, tau: f64, level: Level) -> (f64, f64) {
    let (thin, end) = (thinned(sample, tau), level.split(2));
    let (low, high) = known::ranks(thin.len() as u64, p, end);
    (
        low.map_or(f64::NEG_INFINITY, |r| thin.order_statistic(r)),
        high.map_or(f64::INFINITY, |r| thin.order_statistic(r)),
    )
}

fn is_beyond((lo, hi): (f64, f64), limit: f64, beyond: Beyond) -> bool {
    match beyond {
        Beyond::Above => lo > limit,
        Beyond::Below => hi < limit,
    }
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
    use tailproof_core::{Ecdf, Seed};
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
            Change::of_spreads(Spread::of(x), Spread::of(y)).unwrap(),
            Change::of_counts(&buckets(x), &buckets(y), Rank::MEDIAN, [1.0; 2]).unwrap(),
            Change::of_rates(rate(x, 30.0), rate(y, 30.0)).unwrap(),
        ]
    }

    /// Buckets of width 2.
    fn buckets(sample: &Sample) -> Counted {
        let moved = |by: f64| {
            let atoms = sample.values().iter().map(|x| (2.0 * (x / 2.0).floor() + by, 1));
            Ecdf::new(atoms.collect(), 0, 0).unwrap()
        };
        Counted::between(moved(0.0), moved(2.0))
    }

    fn rate(sample: &Sample, limit: f64) -> Proportion {
        let good = sample.values().iter().filter(|x| **x <= limit).count();
        Proportion::new(good as u64, sample.len() as u64).unwrap()
    }

    fn values(sample: &Sample, above: u64) -> Counted {
        let atoms = sample.values().iter().map(|x| (*x, 1)).collect();
        Counted::known(Ecdf::new(atoms, 0, above).unwrap())
    }

    #[test]
    fn counts_of_known_values_are_the_sample() {
        let (x, y) = (skewed(60, 1.0, 0), skewed(50, 1.25, 1));
        for p in [Rank::MEDIAN, Rank::P95] {
            let counted = Change::of_counts(&values(&x, 0), &values(&y, 0), p, [1.0; 2]).unwrap();
            let sample = Change::of_quantiles(&x, &y, p, [1.0; 2]).unwrap();
            assert_eq!(counted.interval(Level::P95), sample.interval(Level::P95), "{p}");
            assert_eq!(counted.p(1.1, Beyond::Above), sample.p(1.1, Beyond::Above), "{p}");
        }
        let welch = Change::of_spreads(Spread::of(&x), Spread::of(&y)).unwrap();
        let sample = Change::of_means(&x, &y, [1.0; 2]).unwrap();
        assert_eq!(welch.interval(Level::P95), sample.interval(Level::P95));
    }

    #[test]
    fn failures_count_above_everything() {
        let (x, y) = (skewed(200, 1.0, 0), skewed(180, 1.0, 1));
        let failed = values(&y, 40);
        let at = |p: Rank| Change::of_counts(&values(&x, 0), &failed, p, [1.0; 2]).unwrap();
        // The median does not see them but for its rank; p95 lies among them.
        assert!(at(Rank::MEDIAN).interval(Level::P95).unwrap().1.is_finite());
        let tail = at(Rank::P95);
        let (lo, hi) = tail.interval(Level::P95).unwrap();
        assert!(tail.candidate == f64::INFINITY && hi == f64::INFINITY && lo > 0.5, "{lo}");
        assert!(tail.p(1.01, Beyond::Above) < 0.01);
    }

    #[test]
    fn buckets_never_claim_more_than_their_values() {
        let (x, y) = (skewed(300, 1.0, 0), skewed(300, 2.0, 1));
        let wide = Change::of_counts(&buckets(&x), &buckets(&y), Rank::MEDIAN, [1.0; 2]).unwrap();
        let (lo, hi) = wide.interval(Level::P95).unwrap();
        let (l, h) = Change::of_quantiles(&x, &y, Rank::MEDIAN, [1.0; 2])
            .unwrap()
            .interval(Level::P95)
            .unwrap();
        assert!(lo <= l && h <= hi, "{lo} {l} {h} {hi}");
    }

    #[test]
    fn hit_rates_change_by_their_ratio() {
        let of = |k, n| Proportion::new(k, n).unwrap();
        let change = Change::of_rates(of(90, 100), of(60, 100)).unwrap();
        let (lo, hi) = change.interval(Level::P95).unwrap();
        assert!(lo > 0.55 && hi < 0.80 && change.p(0.99, Beyond::Below) < 1e-5, "{lo} {hi}");
        assert!(Change::of_rates(of(0, 100), of(1, 100)).is_err());
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
