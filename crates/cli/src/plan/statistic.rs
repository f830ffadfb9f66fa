//! What a row of a plan for a change counts on.

use tailproof_core::{Rank, Sample};
use tailproof_hypothesis::{
    TestError, log_normal_change, mann_whitney_detectable, mann_whitney_sample_size,
    mean_change_detectable, mean_change_sample_size, pilot_change, quantile_change_detectable,
    quantile_change_sample_size,
};

use super::section::Cell;

/// How one statistic varies, and so what finds its change.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) name: String,
    pub(super) noise: Cell,
    /// Observations that are worth one.
    pub(super) tau: f64,
    kind: Result<Kind<'a>, TestError>,
}

/// The statistic and its noise.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    Mean { cv: f64 },
    Quantile { p: Rank, noise: f64 },
    Ranks { superiority: f64, shape: Shape<'a> },
}

/// Where the shape of the distribution comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape<'a> {
    LogNormal { cv: f64 },
    Pilot(&'a Sample),
}

impl<'a> Row<'a> {
    /// The noise of a statistic and its autocorrelation time, or why there is none.
    pub(super) fn of(name: String, found: Result<(f64, f64, Kind<'a>), TestError>) -> Self {
        match found {
            Ok((noise, tau, kind)) => Self { name, noise: Cell::Share(noise), tau, kind: Ok(kind) },
            Err(e) => Self { name, noise: Cell::Missing(e.to_string()), tau: 1.0, kind: Err(e) },
        }
    }

    pub(super) fn mean(found: Result<(f64, f64), TestError>) -> Self {
        let kind = found.map(|(cv, tau)| (cv, tau, Kind::Mean { cv }));
        Self::of("mean (Welch)".to_owned(), kind)
    }

    pub(super) fn quantile(p: Rank, found: Result<(f64, f64), TestError>) -> Self {
        let kind = found.map(|(noise, tau)| (noise, tau, Kind::Quantile { p, noise }));
        Self::of(format!("{p} (asymptotic)"), kind)
    }

    pub(super) fn ranks(superiority: Result<f64, TestError>, tau: f64, shape: Shape<'a>) -> Self {
        let kind = superiority.map(|superiority| {
            let kind = Kind::Ranks { superiority, shape };
            (superiority, tau, kind)
        });
        Self::of("whole sample (Mann-Whitney)".to_owned(), kind)
    }

    pub(super) fn size(&self, change: f64, alpha: f64, power: f64) -> Result<f64, TestError> {
        let n = match *self.kind.as_ref().map_err(|&e| e)? {
            Kind::Mean { cv } => mean_change_sample_size(change, cv, alpha, power)?,
            Kind::Quantile { p, noise } => {
                quantile_change_sample_size(change, noise, p, alpha, power)?
            }
            Kind::Ranks { superiority, .. } => {
                mann_whitney_sample_size(superiority, alpha, power, 1.0)?.n1
            }
        };
        Ok(n * self.tau)
    }

    pub(super) fn detectable(&self, n: u64, alpha: f64, power: f64) -> Result<f64, TestError> {
        let n = n as f64 / self.tau;
        match *self.kind.as_ref().map_err(|&e| e)? {
            Kind::Mean { cv } => mean_change_detectable(n, cv, alpha, power),
            Kind::Quantile { p, noise } => quantile_change_detectable(n, noise, p, alpha, power),
            Kind::Ranks { shape, .. } => {
                let superiority = mann_whitney_detectable(n, alpha, power)?;
                match shape {
                    Shape::LogNormal { cv } => log_normal_change(superiority, cv),
                    Shape::Pilot(pilot) => pilot_change(pilot, superiority),
                }
            }
        }
    }
}
