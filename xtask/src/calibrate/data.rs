//! Data whose truth is known: independent, in time order, and in runs.

use tailproof_core::distributions::normal_quantile;
use tailproof_core::{Dataset, Labels, Metric, Observations, Rank, Raw, Sample, Series, Unit};
use tailproof_resampling::{Stream, uniform};

/// Data have a name in the tables.
pub(super) trait Named {
    /// The name.
    fn name(&self) -> String;
}

/// A distribution of independent observations, and its truth.
#[derive(Clone, Copy)]
pub(super) struct Law {
    name: &'static str,
    draw: fn(&mut Stream) -> f64,
    pub(super) mean: f64,
    pub(super) median: f64,
    pub(super) p95: f64,
    /// Smallest and largest value, when there are such.
    pub(super) range: Option<(f64, f64)>,
}

impl Named for Law {
    fn name(&self) -> String {
        self.name.to_owned()
    }
}

impl Law {
    /// One observation.
    pub(super) fn draw(&self, rng: &mut Stream) -> f64 {
        (self.draw)(rng)
    }

    /// `n` independent observations.
    pub(super) fn sample(&self, n: u64, rng: &mut Stream) -> Sample {
        sample((0..n).map(|_| self.draw(rng)).collect())
    }

    /// The median or p95.
    pub(super) fn quantile(&self, p: Rank) -> f64 {
        if p == Rank::MEDIAN { self.median } else { self.p95 }
    }
}

/// The laws of independent data: skewed, very skewed, heavy-tailed with a variance but without
/// a third moment, and of two modes (and bounded).
pub(super) fn laws() -> [Law; 4] {
    let alpha = 2.5_f64;
    [
        Law {
            name: "exponential",
            draw: |rng| -uniform(rng).ln(),
            mean: 1.0,
            median: 2.0_f64.ln(),
            p95: 20.0_f64.ln(),
            range: None,
        },
        Law {
            name: "log-normal (σ = 1)",
            draw: |rng| normal(rng).exp(),
            mean: 0.5_f64.exp(),
            median: 1.0,
            p95: normal_quantile(0.95).exp(),
            range: None,
        },
        Law {
            name: "Pareto (α = 2.5)",
            draw: |rng| uniform(rng).powf(-1.0 / 2.5),
            mean: alpha / (alpha - 1.0),
            median: 2.0_f64.powf(1.0 / alpha),
            p95: 20.0_f64.powf(1.0 / alpha),
            range: None,
        },
        // F(x) = 0.9 (x−8)/4 in the first mode, 0.9 + 0.1 (x−40)/20 in the second.
        Law {
            name: "bimodal (0.9 on 8..12, 0.1 on 40..60)",
            draw: |rng| {
                if uniform(rng) < 0.9 {
                    8.0 + 4.0 * uniform(rng)
                } else {
                    40.0 + 20.0 * uniform(rng)
                }
            },
            mean: 14.0,
            median: 8.0 + 4.0 * 5.0 / 9.0,
            p95: 50.0,
            range: Some((8.0, 60.0)),
        },
    ]
}

/// A standard normal number (Box & Muller 1958).
pub(super) fn normal(rng: &mut Stream) -> f64 {
    let r = (-2.0 * uniform(rng).ln()).sqrt();
    r * (std::f64::consts::TAU * uniform(rng)).cos()
}

/// What a normal number z is turned into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Margin {
    /// `10 + z`
    Normal,
    /// `exp(z)`
    LogNormal,
}

impl Margin {
    /// Both of them.
    pub(super) const ALL: [Self; 2] = [Self::Normal, Self::LogNormal];

    const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::LogNormal => "log-normal",
        }
    }

    fn of(self, z: f64) -> f64 {
        match self {
            Self::Normal => 10.0 + z,
            Self::LogNormal => z.exp(),
        }
    }

    fn mean(self, variance: f64) -> f64 {
        match self {
            Self::Normal => 10.0,
            Self::LogNormal => (variance / 2.0).exp(),
        }
    }

    fn quantile(self, p: Rank, variance: f64) -> f64 {
        self.of(variance.sqrt() * normal_quantile(p.to_f64()))
    }
}

/// A stationary AR(1) series, `z_t = ρ z_{t−1} + √(1−ρ²) ε_t`, of unit variance.
pub(super) struct Process {
    margin: Margin,
    rho: f64,
}

impl Named for Process {
    fn name(&self) -> String {
        format!("AR(1) ρ = {}, {}", self.rho, self.margin.name())
    }
}

impl Process {
    /// Both margins with ρ = 0.5 and 0.9.
    pub(super) fn all() -> Vec<Self> {
        [0.5, 0.9].iter().flat_map(|&rho| Margin::ALL.map(|margin| Self { margin, rho })).collect()
    }

    /// `n` successive observations.
    pub(super) fn series(&self, n: u64, rng: &mut Stream) -> Sample {
        let innovation = (1.0 - self.rho * self.rho).sqrt();
        let mut z = normal(rng);
        let values = (0..n).map(|_| {
            let x = self.margin.of(z);
            z = self.rho * z + innovation * normal(rng);
            x
        });
        sample(values.collect()).in_time_order()
    }

    /// The true mean.
    pub(super) fn mean(&self) -> f64 {
        self.margin.mean(1.0)
    }

    /// The true quantile.
    pub(super) fn quantile(&self, p: Rank) -> f64 {
        self.margin.quantile(p, 1.0)
    }
}

/// Runs whose levels differ by a normal number of standard deviation `between`; within a run
/// observations are independent, of standard deviation 1. Both before the margin is applied.
pub(super) struct Design {
    pub(super) margin: Margin,
    between: f64,
}

impl Named for Design {
    fn name(&self) -> String {
        format!("{}, runs ± {}", self.margin.name(), self.between)
    }
}

impl Design {
    /// Both margins with runs that are alike and runs that are not.
    pub(super) fn all() -> Vec<Self> {
        [0.0, 0.5]
            .iter()
            .flat_map(|&between| Margin::ALL.map(|margin| Self { margin, between }))
            .collect()
    }

    /// `runs` runs of `each` observations.
    pub(super) fn runs(&self, runs: u64, each: u64, rng: &mut Stream) -> Vec<Sample> {
        (0..runs)
            .map(|_| {
                let level = self.between * normal(rng);
                sample((0..each).map(|_| self.margin.of(level + normal(rng))).collect())
            })
            .collect()
    }

    /// The true mean over runs and observations.
    pub(super) fn mean(&self) -> f64 {
        self.margin.mean(self.variance())
    }

    /// The true quantile of an observation of a random run; for the median also the median over
    /// runs of the medians of runs.
    pub(super) fn quantile(&self, p: Rank) -> f64 {
        self.margin.quantile(p, self.variance())
    }

    fn variance(&self) -> f64 {
        1.0 + self.between * self.between
    }
}

/// The observations of all runs, and the run of each.
pub(super) fn pooled(runs: &[Sample]) -> (Sample, Vec<u32>) {
    let values = runs.iter().flat_map(|r| r.values().iter().copied()).collect();
    let ids = (0_u32..).zip(runs).flat_map(|(id, r)| vec![id; r.len()]).collect();
    (sample(values), ids)
}

/// Finite values as a sample.
pub(super) fn sample(values: Vec<f64>) -> Sample {
    Sample::new(values).expect("simulated values are finite, and there is at least one")
}

/// A latency in ms.
pub(super) fn series(name: &str, sample: Sample, run: Option<Vec<u32>>) -> Series {
    Series {
        metric: Metric::new(name, Unit::known("ms")),
        labels: Labels::new(),
        observations: Observations::Raw(Raw::complete(sample)),
        run,
        time: None,
        marks: None,
    }
}

/// A data set of these series.
pub(super) fn dataset(series: Vec<Series>) -> Dataset {
    Dataset { series, ..Dataset::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_core::descriptive::mean;
    use tailproof_resampling::stream;

    const N: u64 = 200_000;

    fn check(what: &str, sample: &Sample, truth: (f64, f64, f64)) {
        let got = mean(sample);
        assert!((got / truth.0 - 1.0).abs() < 0.06, "{what}: mean {got}, not {}", truth.0);
        for (q, share) in [(truth.1, 0.5), (truth.2, 0.95)] {
            let below = sample.values().iter().filter(|&&x| x <= q).count() as f64 / N as f64;
            assert!((below - share).abs() < 0.025, "{what}: {below} lie up to {q}, not {share}");
        }
    }

    #[test]
    fn the_truth_is_true() {
        for (task, law) in (0..).zip(laws()) {
            let drawn = law.sample(N, &mut stream(Seed(1), task));
            check(&law.name(), &drawn, (law.mean, law.median, law.p95));
            if let Some((lo, hi)) = law.range {
                assert!(lo <= drawn.range().0 && drawn.range().1 <= hi);
            }
        }
        for (task, p) in (10..).zip(Process::all()) {
            let series = p.series(N, &mut stream(Seed(1), task));
            check(&p.name(), &series, (p.mean(), p.quantile(Rank::MEDIAN), p.quantile(Rank::P95)));
        }
        for (task, d) in (20..).zip(Design::all()) {
            let (all, ids) = pooled(&d.runs(N / 4, 4, &mut stream(Seed(1), task)));
            assert_eq!((ids[3], ids[4], ids.len()), (0, 1, all.len()));
            check(&d.name(), &all, (d.mean(), d.quantile(Rank::MEDIAN), d.quantile(Rank::P95)));
        }
    }
}
