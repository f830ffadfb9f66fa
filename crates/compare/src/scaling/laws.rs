use tailproof_core::{
    Direction, Exhibit, Finding, Guarantee, Level, Place, Plot, Provenance, Shape, Verdict,
    descriptive, number, percent,
};

use super::cost::effect;
use super::exhibit::{fitted, perfect, picked};
use super::likelihood::{Data, MOST};
use super::{Curve, Estimate, LackOfFit, ScalingError, gustafson, state, usl};

const METHOD: &str = "profile likelihood";
/// Worker counts with replicates below which a fit is an estimate.
const ENOUGH: usize = 6;

/// A law of the speed-up by workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A serial share σ of work of fixed size.
    Amdahl,
    /// A serial share of the time, the work growing with the workers.
    Gustafson,
    /// Contention σ, and κ for keeping every pair of workers consistent.
    Usl,
}

impl Law {
    /// `Amdahl`, `Gustafson`, `USL`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amdahl => "Amdahl",
            Self::Gustafson => "Gustafson",
            Self::Usl => "USL",
        }
    }

    /// Parameters, the rate of one worker among them.
    pub(super) const fn parameters(self) -> usize {
        match self {
            Self::Amdahl | Self::Gustafson => 2,
            Self::Usl => 3,
        }
    }

    /// The largest σ that means something.
    pub(super) const fn most(self) -> f64 {
        match self {
            Self::Amdahl | Self::Gustafson => 1.0,
            Self::Usl => MOST,
        }
    }

    /// Speed-up over one worker.
    pub(super) fn speed_up(self, sigma: f64, kappa: f64, n: f64) -> f64 {
        match self {
            Self::Amdahl => usl(sigma, 0.0, n),
            Self::Gustafson => gustafson(sigma, n),
            Self::Usl => usl(sigma, kappa, n),
        }
    }
}

/// A law fitted to measurements over worker counts.
#[derive(Clone, Debug, PartialEq)]
pub struct LawFit {
    /// The law.
    pub law: Law,
    /// σ: the serial share, or contention.
    pub serial: Estimate,
    /// κ, of the universal scalability law.
    pub coherency: Option<Estimate>,
    /// `1/σ` of Amdahl's law: the speed-up that no number of workers exceeds. Its upper end is
    /// infinite ("no ceiling") when the interval of σ reaches 0.
    pub ceiling: Option<Estimate>,
    /// `√((1 − σ)/κ)` of the universal law: the workers beyond which it gets slower. Its upper
    /// end is infinite ("no upper bound") when the region reaches κ = 0.
    pub peak: Option<Estimate>,
    /// The test of the law against the scatter of replicates.
    pub lack_of_fit: Option<LackOfFit>,
    /// `Estimated` below six worker counts with replicates.
    pub provenance: Provenance,
    /// Level of the intervals.
    pub level: Level,
    /// Degrees of freedom of the noise.
    pub df: f64,
    region: Vec<(f64, f64)>,
    curve: Curve,
}

/// Fits a law by maximum likelihood, with profile-likelihood intervals.
///
/// ```text
/// ln Xᵢⱼ = ln λ + ln S(nᵢ; σ, κ) + εᵢⱼ      σ, κ ≥ 0 (σ ≤ 1 for a share); X = 1/T for times
/// {θ : S(θ) ≤ S(θ̂) (1 + t²_{N−p}/(N − p))}  S(θ) the least sum of squares with θ given
/// ```
/// Noise is log-normal. λ, the rate of one worker, is a parameter: one worker need not have
/// been measured. Intervals of ceiling, peak and predictions are the ranges of those over the
/// region of (σ, κ). Where the replicates refute the law, its misses are the noise (k − p
/// degrees of freedom), which is approximate, and the findings warn. An interval that reaches 0
/// is on the cautious side. Without any noise the intervals are points.
///
/// # Errors
/// Fewer than two worker counts (three for the universal law), no observation more than
/// parameters, counts below 1, values that are not positive, an unknown direction.
///
/// # Source
/// Amdahl (1967), *AFIPS* 30, 483–485; Gustafson (1988), *CACM* 31(5), 532–533; Gunther (2007),
/// *Guerrilla Capacity Planning*, ch. 4–5; Bates & Watts (1988), *Nonlinear Regression Analysis*,
/// ch. 6.
pub fn fit(curve: &Curve, law: Law, level: Level) -> Result<LawFit, ScalingError> {
    let parameters = law.parameters();
    curve.needs(parameters, parameters + 1)?;
    check(curve)?;
    let data = Data::of(curve, law);
    let best = data.best();
    let (limit, df, lack_of_fit) = data.limit(best.2, level);
    let serial = data.interval(best.0, limit, law.most(), |s| data.over_kappa(s).1);
    let coherency =
        (law == Law::Usl).then(|| data.interval(best.1, limit, MOST, |k| data.over_sigma(k).1));
    let region = data.region(&serial, best, limit);
    let replicated = curve.points.iter().filter(|p| p.values.len() >= 2).count();
    let mut fit = LawFit {
        law,
        serial,
        coherency,
        ceiling: None,
        peak: None,
        lack_of_fit,
        provenance: if replicated < ENOUGH { Provenance::Estimated } else { Provenance::Measured },
        level,
        df,
        region,
        curve: curve.clone(),
    };
    if law == Law::Amdahl {
        let e = fit.serial;
        fit.ceiling = Some(Estimate { value: 1.0 / e.value, lo: 1.0 / e.hi, hi: 1.0 / e.lo });
    }
    if law == Law::Usl {
        fit.peak = Some(fit.range(peak));
    }
    Ok(fit)
}

/// What speed-ups need: worker counts, positive values, and a direction.
pub(super) fn check(curve: &Curve) -> Result<(), ScalingError> {
    if let Some(point) = curve.points.iter().find(|p| p.x < 1.0) {
        return Err(ScalingError::Workers { name: curve.name(), x: point.x });
    }
    curve.positive()?;
    match curve.metric.direction {
        Direction::Unknown => Err(ScalingError::Direction(curve.name())),
        _ => Ok(()),
    }
}

/// Workers beyond which the universal law falls; at least one.
fn peak(sigma: f64, kappa: f64) -> f64 {
    ((1.0 - sigma).max(0.0) / kappa).sqrt().max(1.0)
}

impl LawFit {
    /// Whether the replicates refute the law.
    #[must_use]
    pub fn is_bent(&self) -> bool {
        self.lack_of_fit.is_some_and(|l| l.refutes(self.level))
    }

    /// κ, 0 where the law has none.
    fn kappa(&self) -> f64 {
        self.coherency.map_or(0.0, |k| k.value)
    }

    /// A function of σ and κ with its range over the region.
    fn range(&self, f: impl Fn(f64, f64) -> f64) -> Estimate {
        let value = f(self.serial.value, self.kappa());
        let (lo, hi) = self
            .region
            .iter()
            .map(|&(s, k)| f(s, k))
            .fold((value, value), |(lo, hi), x| (lo.min(x), hi.max(x)));
        Estimate { value, lo, hi }
    }

    /// The speed-up over one worker that the law predicts for `n` workers.
    #[must_use]
    pub fn at(&self, n: f64) -> Estimate {
        self.range(|sigma, kappa| self.law.speed_up(sigma, kappa, n))
    }

    /// The largest speed-up of the universal law, at its peak.
    #[must_use]
    pub fn best(&self) -> Option<Estimate> {
        let top = |s: f64, k: f64| if k > 0.0 { usl(s, k, peak(s, k)) } else { 1.0 / s };
        self.peak.map(|_| self.range(top))
    }

    /// Whether a count lies beyond those measured.
    #[must_use]
    pub fn projects(&self, n: f64) -> bool {
        let (from, to) = self.curve.range();
        n < from || n > to
    }

    /// `Amdahl: serial share σ = 5 % [4.6 %, 5.4 %], ceiling 20 [18.5, 21.7] times`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let share =
            |e: &Estimate| format!("{} [{}, {}]", percent(e.value), percent(e.lo), percent(e.hi));
        let s = share(&self.serial);
        match self.law {
            Law::Amdahl => {
                let ceiling = self.ceiling.unwrap_or(self.serial);
                let end = if ceiling.hi.is_finite() {
                    format!("ceiling {} times", ceiling.text())
                } else {
                    format!("no ceiling shown (at least {} times)", number(ceiling.lo))
                };
                format!("Amdahl: serial share {s}, {end}")
            }
            Law::Gustafson => format!("Gustafson: serial share of the time {s}"),
            Law::Usl => {
                let kappa = self.coherency.unwrap_or(self.serial);
                let peak = self.peak.unwrap_or(self.serial);
                let end = if peak.hi.is_finite() {
                    format!("peak at {} workers", peak.text())
                } else if peak.value.is_finite() {
                    let (at, lo) = (number(peak.value), number(peak.lo));
                    format!("peak at {at} workers, at least {lo}, no upper bound")
                } else {
                    format!("no peak before {} workers, no upper bound", number(peak.lo))
                };
                format!("USL: contention {s}, coherency κ = {}, {end}", kappa.text())
            }
        }
    }

    /// One finding: that the speed-up is limited, and where; predictions are its effects. Of a law
    /// that does not fit, that it does not.
    #[must_use]
    pub fn findings(&self, at: &[f64]) -> Vec<Finding> {
        let (law, level) = (self.law, self.level);
        let limit = self.coherency.as_ref().filter(|_| law == Law::Usl).unwrap_or(&self.serial);
        let claim = match law {
            Law::Amdahl => "a serial share limits the speed-up (Amdahl)",
            Law::Gustafson => "a serial share slows the growing work (Gustafson)",
            Law::Usl => "more workers make it slower in the end (USL)",
        };
        // A law that the replicates refute says nothing of its ceiling.
        let bent = self.is_bent();
        let claim = if bent {
            format!("the speed-up follows the law ({})", law.name())
        } else {
            claim.to_owned()
        };
        let mut finding = self.curve.blank(claim);
        // What is estimated slows the workers, whatever is the better of what was measured.
        finding.direction = Direction::Lower;
        state(&mut finding, limit, level, METHOD);
        finding.guarantee = if bent { Guarantee::Approximate } else { Guarantee::Asymptotic };
        finding.provenance = self.provenance;
        finding.verdict = if bent {
            Verdict::Fail
        } else if limit.lo > 0.0 {
            Verdict::Pass
        } else {
            Verdict::NoDetectableChange { would_have_shown: None }
        };
        finding.why = format!(
            "{} at {level} (profile likelihood, t on {} degrees of freedom; n = {} over {} worker \
             counts): {}",
            self.sentence(),
            number(self.df),
            number(self.curve.n() as f64),
            self.curve.points.len(),
            if bent { "DOES NOT FIT" } else { finding.verdict.word() },
        );
        finding.effects.push(effect("sigma", &self.serial, level, METHOD, None));
        let named = [
            ("kappa", self.coherency),
            ("ceiling", self.ceiling),
            ("peak_workers", self.peak),
            ("peak_speed_up", self.best()),
        ];
        for (name, e) in named.iter().filter_map(|(name, e)| Some((name, e.as_ref()?))) {
            finding.effects.push(effect(name, e, level, METHOD, None));
        }
        for &n in at {
            let (from, to) = self.curve.range();
            let note = self
                .projects(n)
                .then(|| format!("projected: measured from {} to {}", number(from), number(to)));
            finding.effects.push(effect(
                &format!("speed_up_at_{n}"),
                &self.at(n),
                level,
                METHOD,
                note,
            ));
        }
        finding.warnings.extend(self.warnings());
        finding.exhibits = vec![self.exhibit()];
        vec![finding]
    }

    /// What the numbers rest on, where that is weak.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let name = self.law.name();
        let mut all = Vec::new();
        if self.provenance == Provenance::Estimated {
            all.push(format!(
                "estimated: {ENOUGH} worker counts with replicates are needed for a fit to count \
                 as measured"
            ));
        }
        if let Some(lack) = self.lack_of_fit.filter(|_| self.is_bent()) {
            all.push(format!(
                "{name} does not fit: the means miss it by {} times what their replicates \
                 scatter (p = {}); the intervals take the misses for noise",
                number(lack.f.sqrt()),
                number(lack.p),
            ));
        }
        all
    }

    /// The measured speed-ups over one worker, and what they are called: over its mean, as in
    /// [`super::speed_ups`], where it was measured, else over the rate that the fit gives it.
    fn measured(&self) -> (&'static str, Vec<(f64, f64)>) {
        let points = &self.curve.points;
        let Some(one) = points.iter().find(|p| p.x == 1.0) else {
            return ("measured / fitted rate of one", self.over_fitted());
        };
        let (base, times) =
            (descriptive::mean(&one.values), self.curve.metric.direction == Direction::Lower);
        let over = |i: usize| {
            let mean = descriptive::mean(&points[i].values);
            (points[i].x, if times { base / mean } else { mean / base })
        };
        let all = picked(points.len()).map(over);
        ("measured", all.filter(|p| p.1.is_finite()).collect())
    }

    /// The measured rates over that of one worker in the fit.
    fn over_fitted(&self) -> Vec<(f64, f64)> {
        let sign = if self.curve.metric.direction == Direction::Lower { -1.0 } else { 1.0 };
        let log = |x: f64| self.law.speed_up(self.serial.value, self.kappa(), x).ln();
        let rates: Vec<(f64, f64, f64)> = self
            .curve
            .points
            .iter()
            .map(|p| {
                let n = p.values.len() as f64;
                (p.x, n, sign * p.values.values().iter().map(|v| v.ln()).sum::<f64>() / n)
            })
            .collect();
        let n: f64 = rates.iter().map(|r| r.1).sum();
        let one = rates.iter().map(|&(x, n, rate)| n * (rate - log(x))).sum::<f64>() / n;
        let points = picked(rates.len()).map(|i| (rates[i].0, (rates[i].2 - one).exp()));
        points.filter(|p| p.1.is_finite()).collect()
    }

    /// The law with its band among the measured speed-ups, and its limit where that is near.
    fn exhibit(&self) -> Exhibit {
        let (from, to) = self.curve.range();
        let (name, measured) = self.measured();
        let most = measured.iter().map(|p| p.1).fold(1.0, f64::max);
        let plot = Plot::new(self.curve.axis.as_str(), "speed-up over one worker");
        let plot = fitted(plot, self.law.name(), self.level, (from, to), |n| self.at(n));
        let mut plot = perfect(plot, 1.0, to, &measured).layer(name, Shape::Points(measured));
        if let Some(ceiling) = self.ceiling.filter(|c| c.value <= 2.0 * most) {
            let name = format!("ceiling, {} times", number(ceiling.value));
            plot = plot.mark(name, Place::Y(ceiling.value));
        }
        if let Some(peak) = self.peak.filter(|p| p.value <= to) {
            let name = format!("peak at {}", number(peak.value));
            plot = plot.mark(name, Place::X(peak.value));
        }
        Exhibit::plot(format!("Speed-up by {}", self.law.name()), plot)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::Class;

    use super::super::fixture::noisy;
    use super::*;

    const WORKERS: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0];

    fn times(task: u64, noise: f64, law: Law, sigma: f64, kappa: f64) -> Curve {
        noisy(&WORKERS, 5, noise, task, |n| 800.0 / law.speed_up(sigma, kappa, n))
    }

    #[test]
    fn laws_without_noise_are_recovered() {
        for (law, sigma, kappa) in
            [(Law::Amdahl, 0.05, 0.0), (Law::Gustafson, 0.2, 0.0), (Law::Usl, 0.03, 0.002)]
        {
            let fit = fit(&times(0, 0.0, law, sigma, kappa), law, Level::P95).unwrap();
            assert!((fit.serial.value / sigma - 1.0).abs() < 1e-4, "{fit:?}");
            assert!((fit.kappa() - kappa).abs() < 1e-6, "{fit:?}");
            let (name, measured) = fit.measured();
            assert_eq!((name, measured[0]), ("measured", (1.0, 1.0)));
            for (n, measured) in measured.into_iter().chain(fit.over_fitted()) {
                let expected = law.speed_up(sigma, kappa, n);
                assert!((measured / expected - 1.0).abs() < 1e-3, "{n}: {measured} {expected}");
            }
        }
    }

    #[test]
    fn what_is_divided_by_a_fitted_rate_is_called_so() {
        let late = noisy(&WORKERS[1..], 5, 0.01, 4, |n| 800.0 / usl(0.05, 0.0, n));
        let (name, measured) = fit(&late, Law::Amdahl, Level::P95).unwrap().measured();
        assert_eq!(name, "measured / fitted rate of one");
        assert!((measured[0].1 - usl(0.05, 0.0, 2.0)).abs() < 0.2, "{measured:?}");
    }

    #[test]
    fn intervals_cover_what_made_the_data() {
        // 60 curves each; 95 % intervals.
        let (mut hits, curves) = ([0, 0, 0, 0], 60);
        for task in 0..curves {
            let covers = |e: Estimate, x: f64| u64::from(e.lo <= x && x <= e.hi);
            let amdahl = fit(&times(task, 0.03, Law::Amdahl, 0.05, 0.0), Law::Amdahl, Level::P95);
            let ceiling = amdahl.unwrap().ceiling.unwrap();
            hits[0] += covers(ceiling, 20.0);
            let usl = fit(&times(task, 0.03, Law::Usl, 0.03, 0.002), Law::Usl, Level::P95).unwrap();
            hits[1] += covers(usl.serial, 0.03);
            hits[2] += covers(usl.coherency.unwrap(), 0.002);
            hits[3] += covers(usl.peak.unwrap(), (0.97_f64 / 0.002).sqrt());
        }
        // Four standard deviations of a share of 0.95 are 7.
        assert!(hits.iter().all(|&h| h >= 50), "{hits:?}");
    }

    #[test]
    fn no_limit_is_claimed_that_was_not_shown() {
        let ideal = times(1, 0.05, Law::Usl, 0.0, 0.0);
        let amdahl = fit(&ideal, Law::Amdahl, Level::P95).unwrap();
        assert_eq!(amdahl.ceiling.unwrap().hi, f64::INFINITY);
        assert!(amdahl.sentence().contains("no ceiling shown"), "{}", amdahl.sentence());
        let usl = fit(&ideal, Law::Usl, Level::P95).unwrap();
        assert_eq!(usl.peak.unwrap().hi, f64::INFINITY);
        assert!(usl.sentence().ends_with("no upper bound"), "{}", usl.sentence());
        assert!(matches!(usl.findings(&[])[0].verdict, Verdict::NoDetectableChange { .. }));
    }

    #[test]
    fn few_counts_are_an_estimate_and_other_laws_do_not_fit() {
        let few = noisy(&WORKERS[..4], 5, 0.02, 2, |n| 800.0 / usl(0.05, 0.0, n));
        let few = fit(&few, Law::Amdahl, Level::P95).unwrap();
        assert_eq!(few.provenance, Provenance::Estimated);
        let falling = times(3, 0.01, Law::Usl, 0.02, 0.01);
        let amdahl = fit(&falling, Law::Amdahl, Level::P95).unwrap();
        assert!(amdahl.is_bent() && amdahl.warnings()[0].starts_with("Amdahl does not fit"));
        let refuted = &amdahl.findings(&[])[0];
        assert_eq!((refuted.class, &refuted.verdict), (Class::Other, &Verdict::Fail));
        assert_eq!(refuted.claim, "the speed-up follows the law (Amdahl)");
        assert!(refuted.why.ends_with("DOES NOT FIT"), "{}", refuted.why);
        assert!(!fit(&falling, Law::Usl, Level::P95).unwrap().is_bent());
        assert!(amdahl.projects(32.0) && !amdahl.projects(16.0));
    }
}
