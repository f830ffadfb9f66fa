use tailproof_core::{
    Direction, Effect, Exhibit, Finding, Guarantee, Level, Plot, Shape, Verdict, number,
};

use super::exhibit::{fitted, medians};
use super::robust_line::Line;
use super::{Curve, Estimate, LackOfFit, ScalingError, state};
use crate::exhibits::axis;

const METHOD: &str = "robust regression (bisquare, relative noise; HC3 and Satterthwaite's t)";

/// What work of size 0 would cost, and what each further unit costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// `a`, in the unit of the data.
    pub overhead: Estimate,
    /// `b`, in the unit of the data for one more unit of size.
    pub marginal: Estimate,
    /// Whether sizes lie on a line as well as their replicates scatter; `None` without
    /// replicates.
    pub lack_of_fit: Option<LackOfFit>,
    /// Level of the intervals.
    pub level: Level,
    line: Line,
    curve: Curve,
}

/// Overhead and marginal cost: a robust line through measurements over sizes.
///
/// ```text
/// y = (a + b x)(1 + ε)      Σ ρ((y − a − b x)/(s m)) least,  m = a + b x,  ρ Tukey's bisquare (4.685)
/// ```
/// Starts from the line through two medians with the least sum of relative distances, with s
/// from the median residual there, so that a minority of outliers does not lead it away. The
/// variances are sandwiches (HC3), so that noise need not be relative: beside the constant that
/// a clock adds they stay valid. Degrees of freedom are those of the influences on each
/// parameter (Satterthwaite), fewer than N − 2 when a few sizes decide.
///
/// Skewed noise moves a and b by a common factor (by half of its squared coefficient of
/// variation, between median and mean). When the replicates refute the line, both variances
/// take the misses for noise (times F, sizes − 2 degrees of freedom) and are approximate, and
/// the findings warn.
///
/// The intervals are asymptotic; a test of 300 simulated curves holds those at 95 % to at least
/// 89 %. Data without noise have an interval of one point.
///
/// # Errors
/// Fewer than three sizes or four observations; a value that is not positive; a metric of which
/// more is better.
///
/// # Source
/// Beaton & Tukey (1974), *Technometrics* 16(2), 147–185; Huber & Ronchetti (2009), *Robust
/// Statistics*, ch. 7; MacKinnon & White (1985), *Journal of Econometrics* 29(3), 305–325;
/// Satterthwaite (1946), *Biometrics Bulletin* 2(6), 110–114.
pub fn cost(curve: &Curve, level: Level) -> Result<Cost, ScalingError> {
    curve.needs(3, 4)?;
    curve.positive()?;
    if curve.metric.direction == Direction::Higher {
        return Err(ScalingError::NotACost(curve.name()));
    }
    let line = Line::through(curve, level).ok_or_else(|| ScalingError::Degenerate(curve.name()))?;
    Ok(Cost {
        overhead: line.estimate(1.0, 0.0, level),
        marginal: line.estimate(0.0, 1.0, level),
        lack_of_fit: line.lack_of_fit,
        level,
        curve: curve.clone(),
        line,
    })
}

impl Cost {
    /// The curve that was fitted.
    #[must_use]
    pub const fn curve(&self) -> &Curve {
        &self.curve
    }

    pub(super) const fn line(&self) -> &Line {
        &self.line
    }

    /// The cost expected at a size: of its line, not of a single measurement.
    #[must_use]
    pub fn at(&self, x: f64) -> Estimate {
        self.line.estimate(1.0, x, self.level)
    }

    /// Whether a size lies beyond those measured.
    #[must_use]
    pub fn projects(&self, x: f64) -> bool {
        let (from, to) = self.curve.range();
        x < from || x > to
    }

    /// Whether the replicates refute the line.
    #[must_use]
    pub fn is_bent(&self) -> bool {
        self.line.widened
    }

    /// `cost rises with size`, with the overhead as an effect, and predictions at sizes.
    #[must_use]
    pub fn findings(&self, at: &[f64]) -> Vec<Finding> {
        let (b, axis, level) = (&self.marginal, &self.curve.axis, self.level);
        let mut finding = self.curve.blank(format!("{} rises with {axis}", self.curve.metric.name));
        // The unit of a slope is one over another; a finding has no words for it.
        state(&mut finding, b, level, METHOD);
        finding.guarantee =
            if self.is_bent() { Guarantee::Approximate } else { Guarantee::Asymptotic };
        finding.verdict = if b.lo > 0.0 {
            Verdict::Pass
        } else if b.hi < 0.0 {
            Verdict::Fail
        } else {
            Verdict::NoDetectableChange { would_have_shown: None }
        };
        finding.why = format!("{}: {}", self.sentence(), finding.verdict.word());
        if let Some(warning) = self.warning() {
            finding.warnings.push(warning);
        }
        finding.effects = vec![effect("overhead", &self.overhead, level, METHOD, None)];
        for &x in at {
            let note = self.projects(x).then(|| self.projection());
            finding.effects.push(effect(&format!("at_{x}"), &self.at(x), level, METHOD, note));
        }
        finding.exhibits = vec![self.exhibit()];
        vec![finding]
    }

    /// `overhead 5.1 [4.9, 5.3] ms, then 0.2 [0.19, 0.21] ms for each further size (…)`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let unit = self.curve.metric.suffix();
        format!(
            "overhead {}{unit}, then {}{unit} for each further unit of {} at {} (n = {} over {} \
             values of {})",
            self.overhead.text(),
            self.marginal.text(),
            self.curve.axis,
            self.level,
            number(self.curve.n() as f64),
            self.curve.points.len(),
            self.curve.axis,
        )
    }

    /// That the cost is not a line, or that nobody could tell.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let Some(lack) = self.lack_of_fit else {
            let exact = self.line.v == [0.0; 3];
            return (!exact && self.curve.n() == self.curve.points.len()).then(|| {
                "one value at each size: whether the cost is a line was not tested".into()
            });
        };
        self.is_bent().then(|| {
            format!(
                "not a line: the means miss it by {} times what their replicates scatter \
                 (F = {} on {} and {} degrees of freedom, p = {}); the intervals take the misses \
                 for noise; see the exponent",
                number(lack.f.sqrt()),
                number(lack.f),
                lack.df.0,
                lack.df.1,
                number(lack.p),
            )
        })
    }

    fn projection(&self) -> String {
        let (from, to) = self.curve.range();
        format!("projected: measured from {} to {}", number(from), number(to))
    }

    /// The line with its band among the medians.
    fn exhibit(&self) -> Exhibit {
        let curve = &self.curve;
        let label = axis(&curve.metric.name, curve.metric.unit.as_ref());
        let plot = Plot::new(curve.axis.as_str(), label);
        let plot = fitted(plot, "line", self.level, curve.range(), |x| self.at(x));
        let plot = plot.layer("medians", Shape::Points(medians(curve)));
        Exhibit::plot(format!("Cost over {}", curve.axis), plot)
    }
}

pub(super) fn effect(
    name: &str,
    e: &Estimate,
    level: Level,
    method: &str,
    note: Option<String>,
) -> Effect {
    let interval = Some(e.interval(level, method));
    Effect { name: name.to_owned(), value: e.value, interval, note }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::noisy;
    use super::*;

    const SIZES: [f64; 5] = [10.0, 25.0, 50.0, 100.0, 200.0];

    #[test]
    fn overhead_and_marginal_cost_are_covered() {
        // 300 curves; 95 % intervals of this design cover 94 to 96 % in NumPy.
        let (mut hits, curves) = ([0, 0, 0], 300);
        for task in 0..curves {
            let curve = noisy(&SIZES, 5, 0.05, task, |x| 5.0 + 0.2 * x);
            let fit = cost(&curve, Level::P95).unwrap();
            let covers = |e: Estimate, x: f64| u64::from(e.lo <= x && x <= e.hi);
            hits[0] += covers(fit.overhead, 5.0);
            hits[1] += covers(fit.marginal, 0.2);
            hits[2] += covers(fit.at(47.0), 14.4);
        }
        // Four standard deviations of a share of 0.945 are 16.
        assert!(hits.iter().all(|&h| (267..=curves).contains(&h)), "{hits:?}");
    }

    #[test]
    fn a_curve_that_is_no_line_is_told() {
        let curve = noisy(&SIZES, 5, 0.02, 1, |x| 0.01 * x * x);
        let fit = cost(&curve, Level::P95).unwrap();
        assert!(fit.is_bent());
        assert!(fit.findings(&[])[0].warnings[0].starts_with("not a line"));
        let line = cost(&noisy(&SIZES, 5, 0.02, 1, |x| 3.0 + x), Level::P95).unwrap();
        assert!(!line.is_bent() && line.findings(&[])[0].warnings.is_empty());
    }

    #[test]
    fn sizes_beyond_the_measured_are_projected() {
        let fit = cost(&noisy(&SIZES, 3, 0.02, 4, |x| 3.0 + x), Level::P95).unwrap();
        let finding = &fit.findings(&[100.0, 500.0])[0];
        assert_eq!(finding.verdict, Verdict::Pass);
        assert_eq!(finding.effects[1].note, None);
        assert_eq!(finding.effects[2].note.as_deref(), Some("projected: measured from 10 to 200"));
        assert!((finding.effects[2].value / 503.0 - 1.0).abs() < 0.05);
    }

    #[test]
    fn what_is_no_cost_is_refused() {
        let mut curve = noisy(&SIZES, 2, 0.02, 5, |x| x);
        curve.metric.direction = Direction::Higher;
        assert!(matches!(cost(&curve, Level::P95), Err(ScalingError::NotACost(_))));
        let few = noisy(&SIZES[..2], 9, 0.02, 5, |x| x);
        let error = cost(&few, Level::P95).unwrap_err().to_string();
        assert_eq!(error, "time: 2 different values of size, 3 are needed");
    }
}
