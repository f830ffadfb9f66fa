use tailproof_core::{
    Class, Direction, Effect, Finding, Guarantee, Interval, Level, Observations, Order, Rank,
    Reason, Sample, Series, Subject, Verdict, number, percent,
};
use tailproof_hypothesis::{
    EffectError, HodgesLehmann, MannWhitney, PerformanceClass, cliffs_delta, cohens_d,
    cohens_d_document, hodges_lehmann, mann_whitney, power_factor, vargha_delaney,
};
use tailproof_resampling::{Permutation, Permuted, dependence_by, permute_means};

use crate::change::{BaseNearZero, Change, of_dependent_means, of_means, of_quantiles};
use crate::settings::{CompareError, Settings};

/// The document's bootstrap regression result, field by field.
///
/// `p_value`, `significant` and `regression_detected` keep the document's test (raw
/// difference, no margin, p as (1+b)/(1+B)) and can differ from the verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanRegression {
    /// Mean of the baseline.
    pub baseline_mean: f64,
    /// Mean of the candidate.
    pub current_mean: f64,
    /// `current_mean − baseline_mean`.
    pub difference: f64,
    /// Two-sided permutation p of the raw difference.
    pub p_value: f64,
    /// `p_value < 1 − confidence_level`.
    pub significant: bool,
    /// Significant, and for the worse.
    pub regression_detected: bool,
    /// Cohen's d in the document's form; ±∞ between two different constants.
    pub effect_size_cohens_d: f64,
    /// Level of the test.
    pub confidence_level: Level,
}

/// The document's latency regression result, field by field, the right way round.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyRegression {
    /// Median of the baseline.
    pub historical_median: f64,
    /// Median of the candidate.
    pub current_median: f64,
    /// `current_median − historical_median`.
    pub median_difference: f64,
    /// Two-sided Mann–Whitney p.
    pub p_value: f64,
    /// `p_value < sensitivity`.
    pub significant_change: bool,
    /// Significant, and the median moved for the worse.
    pub regression_detected: bool,
    /// Vargha–Delaney A: P(current > historical) + ½P(=).
    pub effect_size: f64,
    /// Class by 0.44 and 0.56, in the direction of the metric.
    pub performance_class: PerformanceClass,
    /// Observations of baseline and candidate.
    pub sample_sizes: (u64, u64),
}

/// Everything about one metric in two data sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Metric with labels.
    pub name: String,
    /// The document's first class.
    pub mean: MeanRegression,
    /// The document's third class.
    pub latency: LatencyRegression,
    /// The permutation test, raw and studentized.
    pub permutation: Permuted,
    /// The Mann–Whitney test, U counting pairs candidate > baseline.
    pub mann_whitney: MannWhitney,
    /// Shift from baseline to candidate.
    pub shift: HodgesLehmann,
    /// One per statistic: mean, p50, and the percentiles that both samples carry.
    pub findings: Vec<Finding>,
}

/// Compares one metric of a baseline and a candidate.
///
/// The verdict of each row (mean, p50, p95 and p99 where ten observations lie beyond) comes
/// from an interval of the ratio at [`Settings::level`], split over the rows (Bonferroni):
/// worse by more than the margin throughout is `Fail`, below the margin throughout `Pass`,
/// anything else no detectable change, with the change that would have been detected.
/// Beside it stand the tests and effect sizes of document 0.
///
/// Where both sides have runs, rows are judged by run (t on run statistics); one run a side
/// is judged from its observations, with a warning.
///
/// # Errors
/// Different units, or anything but raw values.
pub fn regression(
    base: &Series,
    candidate: &Series,
    settings: &Settings,
) -> Result<Regression, CompareError> {
    judge(base, candidate, settings, 1)
}

/// The same within a family of `metrics` comparisons.
pub(crate) fn judge(
    base: &Series,
    candidate: &Series,
    settings: &Settings,
    metrics: usize,
) -> Result<Regression, CompareError> {
    let pair = Pair::new(base, candidate)?;
    let (x, y) = (pair.x, pair.y);
    let direction = pair.direction;
    let permutation =
        permute_means(x, y, &Permutation::new(settings.seed).replicates(settings.resamples));
    let mw = mann_whitney(y, x);
    let shift = hodges_lehmann(x, y, settings.level);
    let worse = |d: f64| match direction {
        Direction::Lower => d > 0.0,
        Direction::Higher => d < 0.0,
        Direction::Unknown => false,
    };
    let p_value = permutation.raw.p_two_sided();
    let significant = p_value < settings.mean_level.alpha().to_f64();
    let effect = |d: Result<f64, EffectError>| d.unwrap_or_else(|e| e.limit());
    let mean = MeanRegression {
        baseline_mean: tailproof_core::descriptive::mean(x),
        current_mean: tailproof_core::descriptive::mean(y),
        difference: permutation.difference,
        p_value,
        significant,
        regression_detected: significant && worse(permutation.difference),
        effect_size_cohens_d: effect(cohens_d_document(x, y)),
        confidence_level: settings.mean_level,
    };
    let (hm, cm) = (tailproof_core::descriptive::median(x), tailproof_core::descriptive::median(y));
    let a = vargha_delaney(x, y);
    let significant_change = mw.p.two_sided < settings.sensitivity;
    let latency = LatencyRegression {
        historical_median: hm,
        current_median: cm,
        median_difference: cm - hm,
        p_value: mw.p.two_sided,
        significant_change,
        regression_detected: significant_change && worse(cm - hm),
        effect_size: a,
        performance_class: PerformanceClass::of(a, direction),
        sample_sizes: (x.len() as u64, y.len() as u64),
    };
    let effects = effects(x, y, a, &shift, settings.level);
    let rows = pair.rows();
    let level = settings.level.split(rows.len() * metrics);
    let mut findings = Vec::new();
    for row in rows {
        let mut finding = pair.finding(row, level, settings);
        finding.effects.extend(effects.iter().cloned());
        if row == Row::Mean {
            finding.seed = Some(settings.seed);
        }
        findings.push(finding);
    }
    Ok(Regression {
        name: candidate.name(),
        mean,
        latency,
        permutation,
        mann_whitney: mw,
        shift,
        findings,
    })
}

fn effects(x: &Sample, y: &Sample, a: f64, hl: &HodgesLehmann, level: Level) -> Vec<Effect> {
    let plain = |name: &str, value: f64| Effect {
        name: name.to_owned(),
        value,
        interval: None,
        note: None,
    };
    let standardized = |name: &str, d: Result<f64, EffectError>| Effect {
        note: d.err().map(|e| e.to_string()),
        ..plain(name, d.unwrap_or_else(|e| e.limit()))
    };
    let method = format!("order statistics of differences, achieves {}", percent(hl.achieved));
    let interval = Some(Interval { lo: hl.lo, hi: hl.hi, level, method });
    vec![
        Effect { interval, ..plain("hodges_lehmann_shift", hl.shift) },
        plain("vargha_delaney_a", a),
        plain("cliffs_delta", cliffs_delta(y, x)),
        standardized("cohens_d", cohens_d(x, y)),
        standardized("cohens_d_document", cohens_d_document(x, y)),
    ]
}

/// What a row compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Row {
    Mean,
    Quantile(Rank),
}

impl Row {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Quantile(p) => p.to_string(),
        }
    }

    fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Mean => tailproof_core::descriptive::mean(sample),
            Self::Quantile(p) => sample.quantile(p),
        }
    }
}

/// Two series of the same metric.
pub(crate) struct Pair<'a> {
    base: &'a Series,
    candidate: &'a Series,
    pub(crate) x: &'a Sample,
    pub(crate) y: &'a Sample,
    pub(crate) direction: Direction,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(base: &'a Series, candidate: &'a Series) -> Result<Self, CompareError> {
        let raw = |s: &'a Series| match &s.observations {
            Observations::Raw(raw) if raw.is_complete() => Ok(&raw.sample),
            _ => Err(CompareError::NotRaw(s.name())),
        };
        if base.metric.unit != candidate.metric.unit {
            let text = |s: &Series| {
                s.metric.unit.as_ref().map_or_else(|| "no unit".to_owned(), ToString::to_string)
            };
            return Err(CompareError::Units {
                metric: base.name(),
                base: text(base),
                candidate: text(candidate),
            });
        }
        let direction = match candidate.metric.direction {
            Direction::Unknown => base.metric.direction,
            known => known,
        };
        Ok(Self { base, candidate, x: raw(base)?, y: raw(candidate)?, direction })
    }

    /// Mean, median, and the percentiles with ten observations beyond them on both sides.
    fn rows(&self) -> Vec<Row> {
        let least = self.x.len().min(self.y.len()) as f64;
        let mut rows = vec![Row::Mean, Row::Quantile(Rank::MEDIAN)];
        for p in [Rank::P95, Rank::P99] {
            if least * p.complement().to_f64() >= 10.0 {
                rows.push(Row::Quantile(p));
            }
        }
        rows
    }

    pub(crate) fn runs(&self) -> [u64; 2] {
        [self.base.runs(), self.candidate.runs()]
    }

    /// Interval of the ratio, by run where both sides have several.
    pub(crate) fn change(&self, row: Row, level: Level) -> Result<Change, BaseNearZero> {
        if self.runs().iter().all(|&r| r >= 2) {
            let (x, y) = (by_run(self.base, self.x, row), by_run(self.candidate, self.y, row));
            return of_means(&x, &y, level).map(|c| Change { method: "t on run statistics", ..c });
        }
        match row {
            Row::Mean => {
                let tau = [self.x, self.y].map(|s| time(s, |x| x));
                of_dependent_means(self.x, self.y, level, tau)
            }
            Row::Quantile(p) => {
                let tau = [self.x, self.y].map(|s| {
                    let q = s.quantile(p);
                    time(s, |x| f64::from(u8::from(x <= q)))
                });
                of_quantiles(self.x, self.y, p, level).map(|c| c.widened(tau[0].max(tau[1])))
            }
        }
    }

    /// A finding with everything but verdict and wording.
    pub(crate) fn blank(&self, class: Class, claim: String) -> Finding {
        let metric = &self.candidate.metric;
        let subject = Subject {
            metric: metric.name.clone(),
            labels: self.candidate.labels.clone(),
            benchmark: None,
        };
        let mut finding =
            Finding::new(class, subject, claim, Verdict::Inconclusive(Reason::Absent));
        finding.unit = metric.unit.clone().or_else(|| self.base.metric.unit.clone());
        finding.direction = self.direction;
        finding.n = vec![self.x.len() as u64, self.y.len() as u64];
        finding.runs = self.runs().to_vec();
        if self.runs().iter().all(|&r| r > 1) {
            finding.warnings.push(
                "judged by run; the permutation and Mann-Whitney results in the evidence treat \
                 observations as independent of their runs"
                    .to_owned(),
            );
        }
        if self.runs().contains(&1) {
            finding.warnings.push(
                "one run a side: says nothing about other runs (a run column with several would)"
                    .to_owned(),
            );
            let tau = [self.x, self.y].map(|s| time(s, |x| x));
            if tau != [1.0; 2] {
                finding.warnings.push(format!(
                    "successive observations depend on each other (autocorrelation times {} and \
                     {}): the interval is widened for it, approximately; p-values are not",
                    number(tau[0]),
                    number(tau[1]),
                ));
            }
        }
        finding
    }

    fn finding(&self, row: Row, level: Level, settings: &Settings) -> Finding {
        let margin = settings.min_effect;
        let claim = format!("{} not worse by more than {}", row.name(), percent(margin));
        let mut finding = self.blank(Class::Regression, claim);
        finding.estimate = Some(row.of(self.y));
        finding.base = Some(row.of(self.x));
        let suffix = finding.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"));
        let text = |x: f64, y: f64| {
            format!("{} {}{suffix} -> {}{suffix}", row.name(), number(x), number(y))
        };
        let sides = text(row.of(self.x), row.of(self.y));
        let [rx, ry] = self.runs();
        if rx.min(ry) == 1 && rx.max(ry) > 1 {
            finding.verdict = Verdict::Inconclusive(Reason::OneRun);
            finding.why = format!("{sides}: INCONCLUSIVE, {}", Reason::OneRun);
            return finding;
        }
        let Ok(change) = self.change(row, level) else {
            finding.verdict = Verdict::Inconclusive(Reason::BaseNearZero);
            finding.why = format!("{sides}: INCONCLUSIVE, {}", Reason::BaseNearZero);
            return finding;
        };
        // By run, the statistic is the mean over runs.
        let sides = text(change.base, change.candidate);
        (finding.base, finding.estimate) = (Some(change.base), Some(change.candidate));
        // One run a side speaks of that run alone.
        finding.guarantee = if rx.min(ry) == 1 { Guarantee::Approximate } else { change.guarantee };
        let (lo, hi) = (change.lo - 1.0, change.hi - 1.0);
        let shown = change.ratio() - 1.0;
        let method = change.method.to_owned();
        finding.effects.push(Effect {
            name: "relative_change".to_owned(),
            value: shown,
            interval: Some(Interval { lo, hi, level, method: method.clone() }),
            note: None,
        });
        finding.interval = Some(Interval { lo, hi, level, method });
        finding.verdict = verdict(self.direction, (lo, hi), margin, level, change.need);
        let detail = match &finding.verdict {
            Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
                let changed = if lo > 0.0 || hi < 0.0 {
                    "changed, not shown to be beyond the margin; "
                } else {
                    ""
                };
                format!(
                    "no change beyond {} detected; {changed}would have shown >= {}",
                    percent(margin),
                    percent(*w)
                )
            }
            Verdict::Fail => "REGRESSED".to_owned(),
            Verdict::Pass if improved(self.direction, lo, hi) => "PASS, improved".to_owned(),
            Verdict::Pass => format!("PASS, no worse than {}", percent(margin)),
            Verdict::Inconclusive(reason) => format!("INCONCLUSIVE, {reason}"),
            Verdict::NoDetectableChange { .. } => "no change detected".to_owned(),
        };
        let signed = |x: f64| format!("{}{}", if x > 0.0 { "+" } else { "" }, percent(x));
        finding.why = format!(
            "{sides}, {} [{}, {}] at {} ({}; n = {} + {}{}): {detail}",
            signed(shown),
            signed(lo),
            signed(hi),
            level,
            change.method,
            number(self.x.len() as f64),
            number(self.y.len() as f64),
            if rx.min(ry) > 1 { format!(" in {rx} + {ry} runs") } else { String::new() },
        );
        finding
    }
}

/// Worse throughout is a failure, below the margin throughout a pass.
fn verdict(
    direction: Direction,
    (lo, hi): (f64, f64),
    margin: f64,
    level: Level,
    need: u64,
) -> Verdict {
    // Positive is worse from here on. For "higher is better" a fall is worse.
    let (lo, hi) = match direction {
        Direction::Lower => (lo, hi),
        Direction::Higher => (-hi, -lo),
        Direction::Unknown => return Verdict::Inconclusive(Reason::UnknownDirection),
    };
    if lo > margin {
        Verdict::Fail
    } else if hi < margin {
        Verdict::Pass
    } else if !(lo.is_finite() && hi.is_finite()) {
        Verdict::Inconclusive(Reason::TooFew { need })
    } else {
        let reach = (hi - lo) / 2.0 * power_factor(level.alpha().to_f64() / 2.0, 0.8);
        Verdict::NoDetectableChange { would_have_shown: Some(margin + reach) }
    }
}

fn improved(direction: Direction, lo: f64, hi: f64) -> bool {
    match direction {
        Direction::Lower => hi < 0.0,
        Direction::Higher => lo > 0.0,
        Direction::Unknown => false,
    }
}

/// Autocorrelation time of numbers derived from a sample in time order; 1 without an order, or
/// when it is not above 1 beyond chance.
fn time(sample: &Sample, derived: impl Fn(f64) -> f64) -> f64 {
    if sample.order() != Order::Time {
        return 1.0;
    }
    let found = dependence_by(sample.len(), |i| derived(sample.values()[i]));
    if found.significant { found.tau } else { 1.0 }
}

/// The statistic of each run.
fn by_run(series: &Series, sample: &Sample, row: Row) -> Sample {
    let run = series.run.as_deref().expect("a series with several runs has a run column");
    let mut groups: std::collections::BTreeMap<u32, Vec<f64>> = std::collections::BTreeMap::new();
    for (&r, &x) in run.iter().zip(sample.values()) {
        groups.entry(r).or_default().push(x);
    }
    let statistics = groups
        .into_values()
        .map(|values| row.of(&Sample::new(values).expect("finite, from a sample")))
        .collect();
    Sample::new(statistics).expect("a statistic of finite values is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Labels, Metric, Raw, Seed, Unit};

    fn series(unit: &str, values: Vec<f64>, run: Option<Vec<u32>>) -> Series {
        Series {
            metric: Metric::new("m", Unit::known(unit)),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run,
            time: None,
        }
    }

    fn noise(n: usize, shift: f64) -> Vec<f64> {
        (0..n).map(|i| 100.0 + shift + (i * 31 % 40) as f64 / 10.0).collect()
    }

    #[test]
    fn direction_decides_what_is_worse() {
        let s = Settings::new(Seed(1));
        for (unit, shift, detected) in [
            ("ms", 10.0, true),
            ("ms", -10.0, false),
            ("req/s", 10.0, false),
            ("req/s", -10.0, true),
        ] {
            let (a, b) =
                (series(unit, noise(300, 0.0), None), series(unit, noise(300, shift), None));
            let r = regression(&a, &b, &s).unwrap();
            assert_eq!(r.mean.regression_detected, detected, "{unit} {shift}");
            assert_eq!(r.latency.regression_detected, detected, "{unit} {shift}");
            let want = if detected { Verdict::Fail } else { Verdict::Pass };
            assert!(r.findings.iter().all(|f| f.verdict == want), "{unit} {shift}");
        }
    }

    #[test]
    fn equal_data_show_no_change_and_prove_nothing() {
        let a = series("ms", vec![100.0, 140.0, 95.0, 120.0, 104.0, 111.0, 99.0, 131.0], None);
        let r = regression(&a, &a, &Settings::new(Seed(1))).unwrap();
        assert!(!r.mean.significant && !r.latency.significant_change);
        assert_eq!(r.latency.performance_class, PerformanceClass::NoChange);
        let Verdict::NoDetectableChange { would_have_shown: Some(w) } = r.findings[0].verdict
        else {
            panic!("{:?}", r.findings[0].verdict)
        };
        assert!(w > 0.01);
    }

    #[test]
    fn runs_are_the_unit_where_there_are_runs() {
        let runs = |shift: &[f64]| {
            let values: Vec<f64> = shift.iter().flat_map(|s| noise(50, *s)).collect();
            let run = (0..shift.len() as u32).flat_map(|r| [r; 50]).collect();
            series("ms", values, Some(run))
        };
        let s = Settings::new(Seed(1));
        // Runs scatter by more than the change: observations alone would call it significant.
        let (a, b) = (runs(&[0.0, 9.0, -8.0]), runs(&[3.0, 11.0, -4.0]));
        let by_run = regression(&a, &b, &s).unwrap();
        assert!(matches!(by_run.findings[0].verdict, Verdict::NoDetectableChange { .. }));
        assert!(by_run.findings[0].why.contains("t on run statistics"));
        let one = regression(&a, &runs(&[3.0]), &s).unwrap();
        assert_eq!(one.findings[0].verdict, Verdict::Inconclusive(Reason::OneRun));
    }

    #[test]
    fn different_units_are_refused() {
        let (a, b) = (series("ms", noise(9, 0.0), None), series("s", noise(9, 0.0), None));
        assert!(matches!(
            regression(&a, &b, &Settings::new(Seed(1))),
            Err(CompareError::Units { .. })
        ));
    }
}
