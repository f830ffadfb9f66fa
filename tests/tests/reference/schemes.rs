//! Intervals of bootstraps, block lengths, autocorrelation.

use tailproof_tests::reference::Case;

use std::num::{NonZeroU32, NonZeroUsize};

use tailproof_core::{Level, QuantileType, Rank, Rational, Sample, Seed, quantile};
use tailproof_resampling::{
    Bootstrap, IntervalError, Intervals, QuantileBootstrap, TimeEstimator, autocorrelation,
    autocorrelation_time, bartlett_lag, bca_levels, bias_correction, block_length, bootstrap,
    jackknife, ljung_box,
};

/// As many as the golden file's own intervals are made of.
const REPLICATES: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");

pub(super) fn bca(case: &mut Case<'_>) {
    let x = case.sample("x").unwrap();
    let confidence = Rational::from_f64(case.input("confidence").as_f64().unwrap()).unwrap();
    let level = Level::new(confidence).unwrap();
    let p = match case.op() {
        "mean" => return bca_of_mean(case, &x, level),
        "median" => Rank::MEDIAN,
        "p95" => Rank::P95,
        other => panic!("unknown op {other}"),
    };
    let law = QuantileBootstrap::of(&x, p, QuantileType::Linear);
    let statistic =
        |v: &[f64]| quantile(&Sample::new(v.to_vec()).expect("finite"), p, QuantileType::Linear);
    let a = jackknife(&x, statistic).unwrap().acceleration();
    case.check("estimate", law.sample_quantile());
    case.check("acceleration_jackknife", a.unwrap_or(f64::NAN));

    let limit = case.part("exact_limit").clone();
    let (below, equal) = law.around_estimate().unwrap();
    let z0 = bias_correction(below, equal);
    case.check_part("probability_below", &[below], &limit["probability_below"], 1e-9);
    case.check_part("probability_equal", &[equal], &limit["probability_equal"], 1e-9);
    case.check_part("z0", &[z0], &limit["z0_midpoint_rule"], 1e-8);
    let (lo, hi) = law.interval(level);
    case.check_part("percentile", &[lo, hi], &limit["percentile"], 1e-12);
    let basic = law.basic_interval(level);
    let mirror = |q: f64| law.sample_quantile() + (law.sample_quantile() - q);
    case.check_part("basic", &[mirror(basic.hi), mirror(basic.lo)], &limit["percentile"], 1e-9);

    // Replicates end within the brackets of their own error.
    let drawn = law.replicates(Seed(11), REPLICATES);
    let drawn = Intervals::new(&drawn, law.sample_quantile()).unwrap();
    let percentile = drawn.percentile(level).unwrap();
    let ends = (percentile.lo, percentile.hi);
    case.check_inside("drawn percentile", ends, &limit["percentile_brackets"]);
    let Some(a) = a else { return };
    let (from, to) = bca_levels(z0, a, level);
    case.check_part("bca_levels", &[from, to], &limit["bca_levels"], 1e-7);
    let exact = law.bca_interval(a, level).unwrap();
    case.check_part("bca", &[exact.lo, exact.hi], &limit["bca"], 1e-12);
    match drawn.bca(a, level) {
        Ok(i) => case.check_inside("drawn BCa", (i.lo, i.hi), &limit["bca_brackets"]),
        // A level of 0.999 999 6 is not in 100 000 replicates.
        Err(error) => assert!(
            matches!(error, IntervalError::Beyond { hi, .. } if hi > 1.0 - 1e-4),
            "{}: {error}",
            case.name()
        ),
    }
}

fn bca_of_mean(case: &mut Case<'_>, x: &Sample, level: Level) {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let estimate = mean(x.values());
    let a = jackknife(x, mean).unwrap().acceleration();
    case.check("estimate", estimate);
    case.check("acceleration_jackknife", a.unwrap_or(f64::NAN));
    let drawn = bootstrap(x, &Bootstrap::new(Seed(11)).replicates(REPLICATES), mean);
    let ends = |i: Result<tailproof_core::Interval, IntervalError>| {
        i.map_or([f64::NAN; 2], |i| [i.lo, i.hi])
    };
    let all = Intervals::new(&drawn, estimate);
    case.check_list("scipy_percentile", &ends(all.clone().and_then(|i| i.percentile(level))));
    case.check_list("scipy_basic", &ends(all.clone().and_then(|i| i.basic(level))));
    let bca = all.and_then(|i| i.bca(a.unwrap_or(f64::NAN), level));
    case.check_list("scipy_bca", &ends(bca));
}

pub(super) fn block_lengths(case: &mut Case<'_>) {
    let x = case.sample("x").unwrap();
    let (x, n) = (x.values(), x.len());
    let best = block_length(x);
    if case.expects_error() {
        return case.check_error(best.is_err());
    }
    let best = best.unwrap();
    case.check("stationary", best.stationary);
    case.check("circular", best.circular);
    assert!(best.length().get() >= 1 && best.mean_length().get() >= 1);
    case.check_list("acf_lags_0_to_20", &autocorrelation(x)[..=20.min(n - 1)]);
    let positive = autocorrelation_time(x, TimeEstimator::InitialPositive);
    let monotone = autocorrelation_time(x, TimeEstimator::InitialMonotone);
    let bartlett = autocorrelation_time(x, TimeEstimator::Bartlett);
    for (key, got) in [
        ("tau_geyer_ips", positive.tau),
        ("tau_geyer_ims", monotone.tau),
        ("ess_geyer_ips", positive.effective().unwrap_or(f64::NAN)),
        ("ess_geyer_ims", monotone.effective().unwrap_or(f64::NAN)),
        ("bartlett_lag", bartlett_lag(n) as f64),
        ("ess_bartlett", bartlett.effective().unwrap_or(f64::NAN)),
    ] {
        case.check(key, got);
    }
    let test = ljung_box(x, NonZeroUsize::new(10).unwrap());
    case.check("ljung_box_q10", test.map_or(f64::NAN, |t| t.q));
    case.check("ljung_box_p10", test.map_or(f64::NAN, |t| t.p));
}
