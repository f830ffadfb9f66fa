use tailproof_core::{Class, Finding, Labels, Metric, Reason, Sample, Verdict, qualified};

use super::ScalingError;
use crate::two::subject_of;

/// What was measured at one size or with one number of workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Size, or number of workers.
    pub x: f64,
    /// Run means where the data have several runs, the observations where they have not.
    pub values: Sample,
}

/// Measurements over sizes or workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What was measured.
    pub metric: Metric,
    /// Labels that all points share.
    pub labels: Labels,
    /// Name of x.
    pub axis: String,
    /// The points, x rising.
    pub points: Vec<Point>,
    /// Whether the values are those of whole runs.
    pub by_run: bool,
}

impl Curve {
    /// The metric with its labels.
    #[must_use]
    pub fn name(&self) -> String {
        qualified(&self.metric.name, &self.labels)
    }

    /// Observations of all points.
    #[must_use]
    pub fn n(&self) -> usize {
        self.points.iter().map(|p| p.values.len()).sum()
    }

    /// The smallest and the largest x; zeros without points.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let ends = self.points.first().zip(self.points.last());
        ends.map_or((0.0, 0.0), |(a, b)| (a.x, b.x))
    }

    /// At least so many points and observations.
    pub(crate) fn needs(&self, points: usize, observations: usize) -> Result<(), ScalingError> {
        let (got, n) = (self.points.len(), self.n());
        if got < points {
            let (name, axis) = (self.name(), self.axis.clone());
            return Err(ScalingError::FewPoints { name, axis, got, need: points });
        }
        if n < observations {
            let name = self.name();
            return Err(ScalingError::FewObservations { name, got: n, need: observations });
        }
        Ok(())
    }

    /// Only values above zero.
    pub(crate) fn positive(&self) -> Result<(), ScalingError> {
        for point in &self.points {
            let value = point.values.range().0;
            if value <= 0.0 {
                let (name, axis) = (self.name(), self.axis.clone());
                return Err(ScalingError::NotPositive { name, axis, x: point.x, value });
            }
        }
        Ok(())
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, claim: String) -> Finding {
        let subject = subject_of(&self.metric, &self.labels);
        let mut finding =
            Finding::new(Class::Other, subject, claim, Verdict::Inconclusive(Reason::Absent));
        finding.direction = self.metric.direction;
        finding.n = vec![self.n() as u64];
        if !self.by_run {
            finding.warnings.push(format!(
                "one run at each {}: the intervals say nothing about other runs (a run column \
                 with several would)",
                self.axis
            ));
        }
        finding
    }
}
