use rand_distr::{Beta, Distribution};
use rayon::prelude::*;
use tailproof_core::quantile::position;
use tailproof_core::{QuantileType, Rank, Sample};

use crate::bootstrap::{Bootstrap, Replicates};
use crate::stream::stream;

/// Joint bootstrap replicates of several quantiles of one sample: replicate `b` of each is of the
/// same resample, drawn in constant time from the law of its order statistics.
///
/// ```text
/// k₁ < k₂ < … the order statistics that the quantiles need
/// U₍k₁₎ ~ Beta(k₁, n−k₁+1)      U₍k₂₎ | U₍k₁₎ = u  ~  u + (1−u)·Beta(k₂−k₁, n−k₂+1)
/// X*₍k₎ = X₍⌈nU₎⌉
/// ```
/// One [`Replicates`] for each of `ranks`, in their order; replicate `b` uses
/// [`stream`]`(seed, b)`. For what depends on several at once, such as p99/p50. Each by itself is a
/// draw from [`crate::QuantileBootstrap`]. Equal values give equal replicates.
///
/// # Source
/// The Markov property of order statistics: David & Nagaraja (2003), *Order Statistics*, §2.5.
///
/// # Example
/// ```
/// use tailproof_core::{QuantileType, Rank, Sample, Seed};
/// use tailproof_resampling::{Bootstrap, joint_quantiles};
///
/// let latency = Sample::new((1..=400).map(|i| f64::from(i * i) / 100.0).collect())?;
/// let ranks = [Rank::P99, Rank::MEDIAN];
/// let both = joint_quantiles(&latency, &ranks, QuantileType::Linear, &Bootstrap::new(Seed(42)));
/// let tail = both[0].over(&both[1]).expect("no median is zero"); // p99/p50
/// assert!(tail.values().iter().all(|&ratio| ratio > 1.0));
/// # Ok::<(), tailproof_core::SampleError>(())
/// ```
#[must_use]
pub fn joint_quantiles(
    sample: &Sample,
    ranks: &[Rank],
    kind: QuantileType,
    settings: &Bootstrap,
) -> Vec<Replicates> {
    let (sorted, n) = (sample.sorted(), sample.len() as u64);
    let places: Vec<_> = ranks.iter().map(|&p| position(n, p, kind)).collect();
    let mut needed: Vec<u64> = places.iter().flat_map(|at| [at.lower, at.upper]).collect();
    needed.sort_unstable();
    needed.dedup();
    // Of 1 − U, which is the small one in the tail that matters: each factor is a Beta.
    let laws: Vec<Beta<f64>> = needed
        .iter()
        .scan(0, |before, &k| {
            let law = Beta::new((n - k + 1) as f64, (k - *before) as f64);
            *before = k;
            Some(law.expect("ranks rise from 1 to n, so both shapes are at least 1"))
        })
        .collect();
    let rows: Vec<Vec<f64>> = (0..settings.count())
        .into_par_iter()
        .with_min_len(64)
        .map(|replicate| {
            let mut rng = stream(settings.seed(), u64::from(replicate));
            let mut upper = 1.0;
            let drawn: Vec<f64> = laws
                .iter()
                .map(|law| {
                    upper *= law.sample(&mut rng);
                    let rank = n - (n as f64 * upper) as u64;
                    sorted[rank.clamp(1, n) as usize - 1]
                })
                .collect();
            let value = |k: u64| drawn[needed.partition_point(|&r| r < k)];
            places.iter().map(|at| at.interpolate(value(at.lower), value(at.upper))).collect()
        })
        .collect();
    (0..ranks.len()).map(|i| Replicates::new(rows.iter().map(|row| row[i]).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::QuantileBootstrap;
    use crate::stream::uniform;
    use std::num::NonZeroU32;
    use tailproof_core::{Seed, quantile};

    fn sample(n: usize) -> Sample {
        let mut rng = stream(Seed(3), 0);
        Sample::new((0..n).map(|_| -uniform(&mut rng).ln()).collect()).unwrap()
    }

    fn settings() -> Bootstrap {
        Bootstrap::new(Seed(5)).replicates(NonZeroU32::new(20_000).unwrap())
    }

    #[test]
    fn each_has_its_own_law_and_both_that_of_resamples() {
        let x = sample(80);
        let ranks = [Rank::P95, Rank::MEDIAN];
        let kind = QuantileType::Linear;
        let both = joint_quantiles(&x, &ranks, kind, &settings());
        for (drawn, p) in both.iter().zip(ranks) {
            let law = QuantileBootstrap::of(&x, p, kind);
            for q in [0.1, 0.5, 0.9] {
                let t = law.quantile(q);
                let (got, want) = (drawn.share_at_most(t), law.cdf(t));
                assert!((got - want).abs() < 0.015, "{p} {q}: {got} {want}");
            }
        }
        // The difference of both, against plain resamples.
        let plain = crate::bootstrap(&x, &settings(), |v| {
            let v = Sample::new(v.to_vec()).expect("finite");
            quantile(&v, Rank::P95, kind) - quantile(&v, Rank::MEDIAN, kind)
        });
        let gap: Vec<f64> =
            both[0].values().iter().zip(both[1].values()).map(|(a, b)| a - b).collect();
        let gap = Replicates::new(gap);
        assert!((gap.mean() / plain.mean() - 1.0).abs() < 0.01);
        assert!((gap.sd() / plain.sd() - 1.0).abs() < 0.03, "{} {}", gap.sd(), plain.sd());
    }

    #[test]
    fn equal_values_and_no_ranks_have_answers() {
        let flat = Sample::new(vec![2.0; 5]).unwrap();
        let drawn = joint_quantiles(&flat, &[Rank::P95], QuantileType::Hazen, &settings());
        assert!(drawn[0].values().iter().all(|&v| v == 2.0));
        assert!(joint_quantiles(&flat, &[], QuantileType::Linear, &settings()).is_empty());
        let zero = Sample::new(vec![0.0; 5]).unwrap();
        let zero = joint_quantiles(&zero, &[Rank::MEDIAN], QuantileType::Hazen, &settings());
        assert_eq!(drawn[0].over(&zero[0]), None);
    }
}
