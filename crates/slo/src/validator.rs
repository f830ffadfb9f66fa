use tailproof_core::binomial::tails;
use tailproof_core::{Level, Rank, Seed};
use tailproof_resampling::{QuantileBootstrap, Replicates};

use crate::Settings;

/// The result object of the bootstrap SLO validator, field by field.
///
/// These are *bootstrap* answers. [`SloCompliance::slo_compliant`] asks whether the two-sided
/// bootstrap interval lies below the target; the verdict of the finding asks whether an order
/// statistic proves it. Both are kept, and they can differ.
#[derive(Clone, Debug, PartialEq)]
pub struct SloCompliance {
    /// Metric with labels.
    pub metric: String,
    /// Which percentile.
    pub rank: Rank,
    /// Target, in the unit of the data.
    pub slo_target: f64,
    /// Mean of the bootstrap distribution of the percentile, exact.
    pub estimate: f64,
    /// The percentile of the sample itself.
    pub sample_quantile: f64,
    /// Exact two-sided percentile-bootstrap interval at `confidence_level`.
    pub confidence_interval: (f64, f64),
    /// Two-sided level of the interval.
    pub confidence_level: Level,
    /// Upper end of the interval ≤ target.
    pub slo_compliant: bool,
    /// `P(Q* ≤ target)` under the bootstrap, exact. Not the probability that the service
    /// complies.
    pub compliance_probability: f64,
    /// Replicates really drawn; 0 when none were asked for.
    pub bootstrap_samples: u32,
    /// How the replicates compare with the exact answers, when they were drawn.
    pub replicates: Option<ReplicateCheck>,
}

/// Replicates beside the exact bootstrap, and whether they tell the same.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicateCheck {
    /// Seed of the replicates.
    pub seed: Seed,
    /// Their mean.
    pub estimate: f64,
    /// Their percentile interval.
    pub confidence_interval: (f64, f64),
    /// Share of them at most the target.
    pub compliance_probability: f64,
    /// Whether they agree with the exact distribution as well as chance allows: false in one
    /// of 10⁹ runs, or when something is wrong.
    pub agrees: bool,
}

impl SloCompliance {
    /// Everything about one percentile and one upper target.
    pub(crate) fn new(
        metric: String,
        rank: Rank,
        slo_target: f64,
        law: &QuantileBootstrap,
        settings: &Settings,
    ) -> Self {
        let level = settings.level;
        let confidence_interval = law.interval(level);
        let replicates = settings.resamples.map(|count| {
            let drawn = law.replicates(settings.seed, count);
            ReplicateCheck {
                seed: settings.seed,
                estimate: drawn.mean(),
                confidence_interval: drawn.percentile_interval(level),
                compliance_probability: drawn.share_at_most(slo_target),
                agrees: agrees(law, &drawn, confidence_interval),
            }
        });
        Self {
            metric,
            rank,
            slo_target,
            estimate: law.mean(),
            sample_quantile: law.sample_quantile(),
            confidence_interval,
            confidence_level: level,
            slo_compliant: confidence_interval.1 <= slo_target,
            compliance_probability: law.cdf(slo_target),
            bootstrap_samples: settings.resamples.map_or(0, std::num::NonZeroU32::get),
            replicates,
        }
    }
}

/// Whether counts of replicates at and below the exact ends and median are what the exact
/// distribution gives, at 10⁻⁹ in all.
fn agrees(law: &QuantileBootstrap, drawn: &Replicates, interval: (f64, f64)) -> bool {
    /// Six counts, two tails each.
    const EACH: f64 = 1e-9 / 12.0;
    let n = drawn.values().len() as u64;
    [interval.0, law.quantile(0.5), interval.1].iter().all(|&q| {
        let at_most = drawn.values().iter().filter(|&&x| x <= q).count() as u64;
        let below = drawn.values().iter().filter(|&&x| x < q).count() as u64;
        [(at_most, law.cdf(q)), (below, law.cdf(q.next_down()))].iter().all(|&(c, p)| {
            let p = p.clamp(0.0, 1.0);
            tails(c, n, p, 1.0 - p).at_least > EACH && tails(c + 1, n, p, 1.0 - p).below > EACH
        })
    })
}
