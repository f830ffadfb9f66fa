use tailproof_core::distributions::{f_upper, student_quantile};
use tailproof_core::{Exhibit, Finding, Guarantee, Level, Plot, Shape, Verdict, number};

use super::exhibit::medians;
use super::search::{lowest, reach};
use super::{Curve, Estimate, ScalingError, state};
use crate::exhibits::axis;

/// Exponents that are looked at.
const EXPONENTS: (f64, f64) = (0.02, 8.0);

/// With which power of the size a cost grows.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerLaw {
    /// Slope of the logarithms of the medians: `y = b xᶜ`.
    pub exponent: Estimate,
    /// `y = a + b xᶜ`, from four sizes on and for costs that rise.
    pub with_overhead: Option<WithOverhead>,
    /// Level of the intervals and of the test of the overhead.
    pub level: Level,
    curve: Curve,
}

/// A power law that begins at an overhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithOverhead {
    /// `a ≥ 0`, in the unit of the data.
    pub overhead: f64,
    /// `c`, by profile likelihood.
    pub exponent: Estimate,
    /// p of the F test of `a = 0`.
    pub p: f64,
}

/// The exponent of growth over sizes.
///
/// ```text
/// ln y = ln b + c ln x + ε           c ± t_{k−2} se         medians of k sizes
/// ln y = ln(a + b xᶜ) + ε            {c : S(c) ≤ S(ĉ)(1 + t²_{k−3}/(k − 3))}
/// a = 0:  F = (S₀ − S)/(S/(k − 3)) on 1 and k − 3 degrees of freedom
/// ```
/// An overhead makes the log–log slope too low. From four sizes on it is tested first; where it
/// is significant, the exponent beside it is the one reported ([`PowerLaw::reported`]) and the
/// findings name both. Since a ≥ 0 the test is on the cautious side. Not found significant is
/// no proof of none: with a warning about that when the fit moves the exponent by more than its
/// interval.
///
/// # Errors
/// Fewer than three sizes, or a size or value that is not positive.
///
/// # Source
/// Seber & Wild (1989), *Nonlinear Regression*, ch. 5 (profile intervals).
pub fn power_law(curve: &Curve, level: Level) -> Result<PowerLaw, ScalingError> {
    curve.needs(3, 3)?;
    curve.positive()?;
    if let Some(x) = curve.points.iter().map(|p| p.x).find(|&x| x <= 0.0) {
        let (name, axis) = (curve.name(), curve.axis.clone());
        return Err(ScalingError::NotPositive { name, axis, x, value: x });
    }
    let logs = Logs::of(curve);
    let (exponent, plain) = logs.slope(level);
    let with_overhead =
        (logs.k >= 4.0 && exponent.value > 0.0).then(|| logs.with_overhead(plain, level)).flatten();
    Ok(PowerLaw { exponent, with_overhead, level, curve: curve.clone() })
}

/// Logarithms of sizes, centred, and of medians.
struct Logs {
    u: Vec<f64>,
    z: Vec<f64>,
    k: f64,
}

impl Logs {
    fn of(curve: &Curve) -> Self {
        let median = tailproof_core::descriptive::median;
        let u: Vec<f64> = curve.points.iter().map(|p| p.x.ln()).collect();
        let z = curve.points.iter().map(|p| median(&p.values).ln()).collect();
        let k = u.len() as f64;
        let centre = u.iter().sum::<f64>() / k;
        Self { u: u.iter().map(|u| u - centre).collect(), z, k }
    }

    /// The least-squares slope with its t interval, and the sum of squares around the line.
    fn slope(&self, level: Level) -> (Estimate, f64) {
        let mean = self.z.iter().sum::<f64>() / self.k;
        let spread: f64 = self.u.iter().map(|u| u * u).sum();
        let c = self.u.iter().zip(&self.z).map(|(u, z)| u * (z - mean)).sum::<f64>() / spread;
        let rest: f64 = self.u.iter().zip(&self.z).map(|(u, z)| (z - mean - c * u).powi(2)).sum();
        let df = self.k - 2.0;
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df);
        let half = t * (rest / df / spread).sqrt();
        (Estimate { value: c, lo: c - half, hi: c + half }, rest)
    }

    /// Sum of squares of `ln y − ln b − ln(q + eᶜᵘ)` with the best b, and `ln b`.
    fn rest(&self, c: f64, q: f64) -> (f64, f64) {
        let off = |i: usize| self.z[i] - (q + (c * self.u[i]).exp()).ln();
        let ln_b = (0..self.u.len()).map(off).sum::<f64>() / self.k;
        ((0..self.u.len()).map(|i| (off(i) - ln_b).powi(2)).sum(), ln_b)
    }

    /// The best overhead, in units of b, for an exponent.
    fn overhead(&self, c: f64) -> (f64, f64) {
        let ends = [self.u[0], self.u[self.u.len() - 1]].map(|u| (c * u).exp());
        lowest(|q| self.rest(c, q).0, 1e-4 * ends[0], 1e3 * ends[1])
    }

    fn with_overhead(&self, plain: f64, level: Level) -> Option<WithOverhead> {
        // Nothing is left to explain but rounding.
        if plain <= 1e-20 * self.k {
            return None;
        }
        let profile = |c: f64| self.overhead(c).1;
        let (c, least) = lowest(profile, EXPONENTS.0, EXPONENTS.1);
        let q = self.overhead(c).0;
        let df = self.k - 3.0;
        let f = ((plain - least) / (least / df)).max(0.0);
        let p = if f.is_finite() { f_upper(f, 1.0, df) } else { 0.0 };
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df);
        // A fit without noise keeps its place in spite of rounding.
        let limit = least * (1.0 + t * t / df) + 1e-24;
        let (lo, hi) = reach(profile, c, limit, EXPONENTS);
        let exponent = Estimate { value: c, lo, hi: hi.unwrap_or(f64::INFINITY) };
        Some(WithOverhead { overhead: q * self.rest(c, q).1.exp(), exponent, p })
    }
}

impl PowerLaw {
    /// Whether an overhead was shown, so that the plain slope is too low.
    #[must_use]
    pub fn has_overhead(&self) -> bool {
        self.with_overhead.is_some_and(|w| w.p < self.level.alpha().to_f64())
    }

    /// The exponent to go by: beside the overhead where one was shown, the slope otherwise.
    #[must_use]
    pub fn reported(&self) -> Estimate {
        self.with_overhead.filter(|_| self.has_overhead()).map_or(self.exponent, |w| w.exponent)
    }

    /// `grows with size to the power 1.02 [0.97, 1.07]`, and what an overhead does to it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (reported, axis) = (self.reported().text(), &self.curve.axis);
        let unit = self.curve.metric.suffix();
        let name = &self.curve.metric.name;
        match self.with_overhead.filter(|_| self.has_overhead()) {
            Some(w) => format!(
                "{name} grows with {axis} to the power {reported} beside an overhead of {}{unit} \
                 (p = {}); the log-log slope {} leaves it out and is too low",
                number(w.overhead),
                number(w.p),
                self.exponent.text(),
            ),
            None => format!("{name} grows with {axis} to the power {reported}"),
        }
    }

    /// One finding: that the cost depends on the size, and how.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let (curve, reported, sizes) = (&self.curve, self.reported(), self.curve.points.len());
        let claim = format!("{} grows with a power of {}", curve.metric.name, curve.axis);
        let mut finding = curve.blank(claim);
        let (method, df) = if self.has_overhead() {
            ("profile likelihood of a + b x^c on medians", sizes - 3)
        } else {
            ("log-log slope of medians", sizes - 2)
        };
        state(&mut finding, &reported, self.level, method);
        finding.guarantee = Guarantee::Asymptotic;
        finding.verdict = if reported.lo > 0.0 {
            Verdict::Pass
        } else if reported.hi < 0.0 {
            Verdict::Fail
        } else {
            Verdict::NoDetectableChange { would_have_shown: None }
        };
        finding.why = format!(
            "{} at {} ({method}, t on {df} degrees of freedom; {sizes} values of {}): {}",
            self.sentence(),
            self.level,
            curve.axis,
            finding.verdict.word(),
        );
        let moved = self.with_overhead.filter(|w| w.exponent.value > self.exponent.hi);
        if let Some(w) = moved.filter(|_| !self.has_overhead()) {
            finding.warnings.push(format!(
                "an overhead cannot be excluded; with one the power would be {}",
                w.exponent.text()
            ));
        }
        if self.with_overhead.is_none() && sizes < 4 {
            finding.warnings.push(format!(
                "{sizes} values of {} leave no room to test for an overhead, which makes the \
                 power too low",
                curve.axis
            ));
        }
        finding.exhibits = vec![self.exhibit()];
        vec![finding]
    }

    /// The medians and the fitted powers on logarithmic axes, where a power is a straight line.
    fn exhibit(&self) -> Exhibit {
        const LAST: usize = Exhibit::MAX_POINTS - 1;
        let (curve, logs) = (&self.curve, Logs::of(&self.curve));
        let (first, last) = (logs.u[0], logs.u[logs.u.len() - 1]);
        let centre = curve.range().0.ln() - first;
        let mean = logs.z.iter().sum::<f64>() / logs.k;
        let line = |ln_y: &dyn Fn(f64) -> f64| {
            let place = |i: usize| first + (last - first) * i as f64 / LAST as f64;
            let points = (0..=LAST).map(|i| ((place(i) + centre).exp(), ln_y(place(i)).exp()));
            Shape::Line(points.filter(|p| p.0.is_finite() && p.1.is_finite()).collect())
        };
        let label = axis(&curve.metric.name, curve.metric.unit.as_ref());
        let mut plot = Plot::new(curve.axis.as_str(), label).log_x().log_y();
        let plain = line(&|u| mean + self.exponent.value * u);
        if let Some(w) = self.with_overhead.filter(|_| self.has_overhead()) {
            let c = w.exponent.value;
            let q = logs.overhead(c).0;
            let ln_b = logs.rest(c, q).1;
            let name = format!("power {} beside an overhead", number(c));
            plot = plot.layer(name, line(&|u| ln_b + (q + (c * u).exp()).ln()));
        }
        let name = format!("power {}", number(self.exponent.value));
        plot = plot.layer(name, plain).layer("medians", Shape::Points(medians(curve)));
        Exhibit::plot(format!("Growth with {}", curve.axis), plot)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::ExhibitKind;

    use super::super::fixture::noisy;
    use super::*;

    const SIZES: [f64; 7] = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

    #[test]
    fn powers_are_recovered() {
        for (task, c) in [(0, 0.5), (1, 1.0), (2, 2.0)] {
            let fit =
                power_law(&noisy(&SIZES, 9, 0.02, task, |x| 3.0 * x.powf(c)), Level::P95).unwrap();
            let got = fit.reported();
            assert!((got.value - c).abs() < 0.03 && got.hi - got.lo < 0.2, "{c}: {got:?}");
        }
    }

    #[test]
    fn the_slope_is_that_of_least_squares() {
        // scipy.stats.linregress(log([1, 2, 4, 8]), log([1, 3, 5, 11])): 1.1115 ± 0.1131·4.303.
        let mut curve = noisy(&[1.0, 2.0, 4.0, 8.0], 1, 0.0, 0, |x| x);
        for (point, y) in curve.points.iter_mut().zip([1.0, 3.0, 5.0, 11.0]) {
            point.values = tailproof_core::Sample::new(vec![y]).unwrap();
        }
        let e = power_law(&curve, Level::P95).unwrap().exponent;
        assert!((e.value - 1.111_526_045_008).abs() < 1e-9, "{e:?}");
        assert!((e.hi - e.value - 0.486_783_589_885).abs() < 1e-8, "{e:?}");
    }

    #[test]
    fn an_overhead_is_found_before_the_slope_is_believed() {
        let curve = noisy(&SIZES, 9, 0.01, 3, |x| 40.0 + 0.5 * x);
        let fit = power_law(&curve, Level::P95).unwrap();
        assert!(fit.exponent.hi < 0.95, "{fit:?}");
        assert!(fit.has_overhead());
        let c = fit.reported();
        assert!(c.lo < 1.0 && 1.0 < c.hi && (c.value - 1.0).abs() < 0.1, "{c:?}");
        assert!((fit.with_overhead.unwrap().overhead / 40.0 - 1.0).abs() < 0.1);
        let finding = fit.findings().remove(0);
        assert!(finding.why.contains("is too low"));
        let ExhibitKind::Plot(plot) = &finding.exhibits[0].kind else { panic!("a plot") };
        assert!(plot.x.log && plot.y.log && plot.layers.len() == 3);
        let Shape::Line(points) = &plot.layers[0].shape else { panic!("a line") };
        // The curve goes through what made the data.
        assert!(points.iter().all(|p| (p.1 / (40.0 + 0.5 * p.0) - 1.0).abs() < 0.05), "{points:?}");
    }

    #[test]
    fn exact_powers_have_no_overhead() {
        let fit = power_law(&noisy(&SIZES, 1, 0.0, 0, |x| 2.0 * x * x), Level::P95).unwrap();
        assert!((fit.reported().value - 2.0).abs() < 1e-9 && !fit.has_overhead(), "{fit:?}");
        let at_zero = noisy(&[0.0, 1.0, 2.0], 1, 0.0, 0, |x| 1.0 + x);
        assert!(matches!(
            power_law(&at_zero, Level::P95),
            Err(ScalingError::NotPositive { x: 0.0, .. })
        ));
    }
}
