//! Intervals of a ratio, candidate over baseline.

use tailproof_core::binomial::{lower_rank, samples_to_pass, upper_rank};
use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::student_quantile;
use tailproof_core::{Guarantee, Level, QuantileType, Rank, Sample};
use tailproof_resampling::RatioBootstrap;

/// An interval of the ratio candidate / baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Statistic of the baseline.
    pub base: f64,
    /// Statistic of the candidate.
    pub candidate: f64,
    /// Lower end of the ratio.
    pub lo: f64,
    /// Upper end of the ratio; infinite when there is no bound.
    pub hi: f64,
    /// How it was made.
    pub method: &'static str,
    /// What it rests on.
    pub guarantee: Guarantee,
    /// Observations a side with which both ends would exist.
    pub need: u64,
}

impl Change {
    /// `candidate / base`.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.candidate / self.base
    }

    /// The interval √τ times as wide on a logarithmic scale, for dependent observations.
    #[must_use]
    pub fn widened(self, tau: f64) -> Self {
        if tau <= 1.0 {
            return self;
        }
        let (r, power) = (self.ratio(), tau.sqrt());
        if self.lo <= 0.0 || r <= 0.0 {
            // No logarithm to widen on: nothing is claimed.
            return Self {
                lo: f64::NEG_INFINITY,
                hi: f64::INFINITY,
                guarantee: Guarantee::Approximate,
                ..self
            };
        }
        Self {
            lo: r * (self.lo / r).powf(power),
            hi: r * (self.hi / r).powf(power),
            guarantee: Guarantee::Approximate,
            ..self
        }
    }
}

/// The baseline is not clearly above zero, so that a ratio to it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the baseline is too close to zero for a relative change")]
pub struct BaseNearZero;

/// Interval of the ratio of two means, Fieller's with Welch's degrees of freedom.
///
/// ```text
/// { r : |ȳ − r x̄| ≤ t √(s_y²/n₂ + r² s_x²/n₁) }
/// ```
/// Both samples without spread give the ratio itself when relabelling them could be significant
/// at all, and no bound otherwise. Asymptotic for data that are not normal.
///
/// # Errors
/// The baseline's mean is not significantly above zero, or a sample has one value.
///
/// # Source
/// Fieller (1954), *JRSS B* 16(2), 175–185; Welch (1947), *Biometrika* 34, 28–35.
pub fn of_means(base: &Sample, candidate: &Sample, level: Level) -> Result<Change, BaseNearZero> {
    of_dependent_means(base, candidate, level, [1.0; 2])
}

/// The same when the observations of a side are worth `1/τ` of their number: the squared
/// standard errors are multiplied by `tau`, one a side. Approximate.
///
/// # Errors
/// As [`of_means`].
pub fn of_dependent_means(
    base: &Sample,
    candidate: &Sample,
    level: Level,
    tau: [f64; 2],
) -> Result<Change, BaseNearZero> {
    let (x, y) = (Moments::of(base), Moments::of(candidate));
    let (mx, my) = (x.mean(), y.mean());
    let change = |lo: f64, hi: f64| Change {
        base: mx,
        candidate: my,
        lo,
        hi,
        method: "Welch-studentized ratio of means (Fieller)",
        guarantee: if tau == [1.0; 2] { Guarantee::Asymptotic } else { Guarantee::Approximate },
        need: 2,
    };
    if mx.is_nan() || mx <= 0.0 {
        return Err(BaseNearZero);
    }
    if x.n() < 2.0 || y.n() < 2.0 {
        return Ok(change(f64::NEG_INFINITY, f64::INFINITY));
    }
    let r = my / mx;
    // Relative to the baseline's mean, so that nothing overflows.
    let (nx, ny) = ((x.n() / tau[0]).max(2.0), (y.n() / tau[1]).max(2.0));
    let (a, b) = ((x.sd(1) / mx).powi(2) / nx, (y.sd(1) / mx).powi(2) / ny);
    if a + b == 0.0 {
        // Two constants: only the number of relabellings speaks, 2/C(n₁+n₂, n₁) at best.
        let (n, m) = (x.n().max(y.n()), x.n().min(y.n()));
        let splits = (1..=m as u64).fold(1.0, |c, i| c * (n + i as f64) / i as f64);
        return Ok(if 2.0 / splits <= level.alpha().to_f64() {
            change(r, r)
        } else {
            Change { need: m as u64 + 1, ..change(f64::NEG_INFINITY, f64::INFINITY) }
        });
    }
    let (ra, total) = (r * r * a, r * r * a + b);
    let df = if total == 0.0 {
        nx.min(ny) - 1.0
    } else {
        total * total / (ra * ra / (nx - 1.0) + b * b / (ny - 1.0))
    };
    let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df);
    // (1 − t²a) ρ² − 2rρ + (r² − t²b) ≤ 0
    let lead = 1.0 - t * t * a;
    if lead <= 0.0 {
        return Err(BaseNearZero);
    }
    let root = (t * t * (b * lead + r * r * a)).sqrt();
    Ok(change((r - root) / lead, (r + root) / lead))
}

/// Interval of the ratio of two quantiles of independent samples.
///
/// With at least ten observations beyond the quantile on each side: the exact (B → ∞)
/// bootstrap of the ratio of the inverse-CDF quantiles, asymptotic. With fewer: the box of
/// both order-statistic intervals at `1 − α/2`, which holds at every n and is unbounded when
/// a sample is too small.
///
/// # Errors
/// The baseline's quantile is not clearly above zero.
pub fn of_quantiles(
    base: &Sample,
    candidate: &Sample,
    p: Rank,
    level: Level,
) -> Result<Change, BaseNearZero> {
    let tail = p.to_f64().min(1.0 - p.to_f64());
    let enough = |s: &Sample| s.len() as f64 * tail >= 10.0;
    let (x, y) = (base.quantile(p), candidate.quantile(p));
    let alpha = level.alpha().to_f64();
    if enough(base) && enough(candidate) {
        let law = RatioBootstrap::of_quantiles(base, candidate, p, QuantileType::InvertedCdf)
            .map_err(|_| BaseNearZero)?;
        return Ok(Change {
            base: x,
            candidate: y,
            lo: law.quantile(alpha / 2.0),
            hi: law.quantile(1.0 - alpha / 2.0),
            method: "exact bootstrap of the ratio (B → ∞)",
            guarantee: Guarantee::Asymptotic,
            need: 1,
        });
    }
    // Each two-sided at 1 − α/2, each end at 1 − α/4.
    let end = level.split(4);
    let bounds = |s: &Sample| {
        let n = s.len() as u64;
        (
            lower_rank(n, p, end).map_or(f64::NEG_INFINITY, |r| s.order_statistic(r)),
            upper_rank(n, p, end).map_or(f64::INFINITY, |r| s.order_statistic(r)),
        )
    };
    let ((x_lo, x_hi), (y_lo, y_hi)) = (bounds(base), bounds(candidate));
    if x <= 0.0 || (x_lo.is_finite() && x_lo <= 0.0) {
        return Err(BaseNearZero);
    }
    let over = |y: f64, x: f64| (y.is_finite() && x.is_finite()).then(|| y / x);
    Ok(Change {
        base: x,
        candidate: y,
        lo: over(y_lo, if y_lo < 0.0 { x_lo } else { x_hi }).unwrap_or(f64::NEG_INFINITY),
        hi: over(y_hi, if y_hi < 0.0 { x_hi } else { x_lo }).unwrap_or(f64::INFINITY),
        method: "box of order-statistic intervals",
        guarantee: Guarantee::Exact,
        need: [Some(p), Rank::new(p.complement()).ok()]
            .into_iter()
            .flatten()
            .filter_map(|p| samples_to_pass(p, end, 0))
            .max()
            .unwrap_or(u64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{QuantileBootstrap, below, stream};

    fn skewed(n: usize, scale: f64, task: u64) -> Sample {
        let mut rng = stream(Seed(11), task);
        Sample::new(
            (0..n).map(|_| scale * (1.0 + (below(&mut rng, 1_000) as f64 / 250.0).exp())).collect(),
        )
        .unwrap()
    }

    #[test]
    fn the_ratio_of_quantiles_agrees_with_replicates() {
        let (x, y) = (skewed(400, 1.0, 0), skewed(300, 1.3, 1));
        let change = of_quantiles(&x, &y, Rank::MEDIAN, Level::P95).unwrap();
        let draw = |s: &Sample, seed| {
            let count = std::num::NonZeroU32::new(40_000).unwrap();
            QuantileBootstrap::of(s, Rank::MEDIAN, QuantileType::InvertedCdf)
                .replicates(Seed(seed), count)
        };
        let (a, b) = (draw(&x, 1), draw(&y, 2));
        let mut ratios: Vec<f64> = a.values().iter().zip(b.values()).map(|(a, b)| b / a).collect();
        ratios.sort_by(f64::total_cmp);
        for (got, at) in [(change.lo, 0.025), (change.hi, 0.975)] {
            let share = ratios.partition_point(|&r| r <= got) as f64 / 40_000.0;
            assert!((share - at).abs() < 0.005, "{share} {at}");
        }
    }

    #[test]
    fn the_ratio_of_means_covers_its_truth() {
        let mut covered = 0;
        for task in 0..400 {
            let (x, y) = (skewed(50, 1.0, 2 * task), skewed(60, 1.2, 2 * task + 1));
            let c = of_means(&x, &y, Level::P95).unwrap();
            covered += u32::from(c.lo <= 1.2 && 1.2 <= c.hi);
        }
        assert!((366..=395).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn a_base_near_zero_has_no_ratio() {
        let around_zero = Sample::new(vec![-1.0, 1.0, 0.5, -0.4]).unwrap();
        let plain = Sample::new(vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(of_means(&around_zero, &plain, Level::P95), Err(BaseNearZero));
        let many = Sample::new((-20..20).map(f64::from).collect()).unwrap();
        assert_eq!(of_quantiles(&many, &many, Rank::MEDIAN, Level::P95), Err(BaseNearZero));
        // Four values bound nothing at 95 %, and it is said how many would.
        let few = of_quantiles(&plain, &plain, Rank::MEDIAN, Level::P95).unwrap();
        assert_eq!((few.lo, few.hi, few.need), (f64::NEG_INFINITY, f64::INFINITY, 7));
    }
}
