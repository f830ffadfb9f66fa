use tailproof_core::{Direction, Effect, Finding, Interval, Level, Series, percent};
use tailproof_hypothesis::{
    EffectError, HodgesLehmann, MannWhitney, PerformanceClass, cliffs_delta, cohens_d,
    cohens_d_document, hodges_lehmann, mann_whitney, vargha_delaney,
};
use tailproof_resampling::{Permutation, Permuted, permute_means};

use crate::family::{assess, conclude};
use crate::row::Pair;
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
/// The rows (mean, p50, p95 and p99 where ten observations lie beyond) are a family of their
/// own: see [`crate::compare`] for how they are judged. Beside them stand the tests and effect
/// sizes of document 0.
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
    let pair = Pair::new(base, candidate)?;
    let findings = conclude(assess(&pair, [None; 2], settings), settings);
    let mut regression = tests(&pair, candidate.name(), settings);
    let effects = effects(&pair, Some(&regression), settings);
    regression.findings = with_effects(findings, &effects);
    Ok(regression)
}

/// Adds the effect sizes, which are those of the samples, to every row.
pub(crate) fn with_effects(mut findings: Vec<Finding>, effects: &[Effect]) -> Vec<Finding> {
    for finding in &mut findings {
        finding.effects.extend(effects.iter().cloned());
    }
    findings
}

/// Everything but the rows.
pub(crate) fn tests(pair: &Pair<'_>, name: String, settings: &Settings) -> Regression {
    let (x, y) = (pair.x, pair.y);
    let direction = pair.two.direction;
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
    Regression { name, mean, latency, permutation, mann_whitney: mw, shift, findings: Vec::new() }
}

/// The effect sizes of two samples; the shift only with the document's tests, because its exact
/// interval takes as long as they do.
pub(crate) fn effects(
    pair: &Pair<'_>,
    regression: Option<&Regression>,
    settings: &Settings,
) -> Vec<Effect> {
    let (x, y) = (pair.x, pair.y);
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
    let delta = cliffs_delta(y, x);
    let a = regression.map_or_else(|| vargha_delaney(x, y), |r| r.latency.effect_size);
    let shift = regression.map(|r| {
        let hl = &r.shift;
        let method = format!("order statistics of differences, achieves {}", percent(hl.achieved));
        let interval = Interval { lo: hl.lo, hi: hl.hi, level: settings.level, method };
        Effect { interval: Some(interval), ..plain("hodges_lehmann_shift", hl.shift) }
    });
    shift
        .into_iter()
        .chain([
            plain("vargha_delaney_a", a),
            plain("cliffs_delta", delta),
            standardized("cohens_d", cohens_d(x, y)),
            standardized("cohens_d_document", cohens_d_document(x, y)),
        ])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Labels, Metric, Observations, Raw, Reason, Sample, Seed, Unit, Verdict};

    fn series(unit: &str, values: Vec<f64>, run: Option<Vec<u32>>) -> Series {
        Series {
            metric: Metric::new("m", Unit::known(unit)),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run,
            time: None,
            marks: None,
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
