//! Rank tests of two samples.

use tailproof_core::Sample;
use tailproof_hypothesis::{
    Method, PValues, ZeroHandling, brunner_munzel, cramer_von_mises, kolmogorov_smirnov, sign_test,
    vargha_delaney, wilcoxon_signed_rank,
};
use tailproof_tests::reference::Case;

/// Ops of `rank_tests` on two samples.
pub(super) fn rank_tests_two(case: &mut Case<'_>) {
    let (Some(x), Some(y)) = (case.sample("x"), case.sample("y")) else {
        return case.check_error(case.expects_error());
    };
    match case.op() {
        "wilcoxon_signed_rank" => wilcoxon_case(case, &x, &y),
        "sign_test" => sign_case(case, &x, &y),
        "brunner_munzel" => brunner_munzel_case(case, &x, &y),
        "ks_2samp" => kolmogorov_smirnov_case(case, &x, &y),
        "cramer_von_mises_2samp" => cramer_von_mises_case(case, &x, &y),
        other => panic!("unknown op {other}"),
    }
}

/// Checks `prefix` + `two_sided`, `less` and `greater`; no p-values stand for NaN.
fn check_p(case: &mut Case<'_>, prefix: &str, p: Option<PValues>) {
    let of = |part: fn(PValues) -> f64| p.map_or(f64::NAN, part);
    case.check(&format!("{prefix}two_sided"), of(|p| p.two_sided));
    case.check(&format!("{prefix}less"), of(|p| p.less));
    case.check(&format!("{prefix}greater"), of(|p| p.greater));
}

fn wilcoxon_case(case: &mut Case<'_>, x: &Sample, y: &Sample) {
    let test = wilcoxon_signed_rank(x, y).expect("pairs");
    // The file's differences are x − y, ours y − x.
    case.check("w_plus", test.w_minus);
    case.check("w_minus", test.w_plus);
    case.check("n_nonzero", (test.positive + test.negative) as f64);
    case.check("n_zero", test.zero as f64);
    for (name, zeros) in [
        ("wilcox", ZeroHandling::Wilcox),
        ("pratt", ZeroHandling::Pratt),
        ("zsplit", ZeroHandling::ZSplit),
    ] {
        check_p(case, &format!("p_approx_{name}_nocc_"), test.normal(zeros, false));
        check_p(case, &format!("p_approx_{name}_cc_"), test.normal(zeros, true));
    }
    check_p(case, "p_exact_", test.exact());
    check_p(case, "p_signflip_", test.sign_flip);
    // SciPy enumerates up to 13 pairs, 50 without ties and zeros, and does not correct beyond.
    let enumerated = x.len() <= 13 || (x.len() <= 50 && test.exact().is_some());
    let auto = if enumerated { test.sign_flip } else { test.normal(ZeroHandling::Wilcox, false) };
    case.check("p_auto_two_sided", auto.map_or(f64::NAN, |p| p.two_sided));
    let own = test.sign_flip.or_else(|| test.normal(ZeroHandling::Wilcox, true));
    assert_eq!(Some(test.p), own, "{}", case.name());
    assert_eq!(test.method == Method::Exact, test.sign_flip.is_some(), "{}", case.name());
}

fn sign_case(case: &mut Case<'_>, x: &Sample, y: &Sample) {
    let test = sign_test(x, y).expect("pairs");
    case.check("n_pos", test.negative as f64); // Of x − y.
    case.check("n_neg", test.positive as f64);
    case.check("n_zero", test.zero as f64);
    check_p(case, "p_", Some(test.p));
}

fn brunner_munzel_case(case: &mut Case<'_>, x: &Sample, y: &Sample) {
    let Ok(test) = brunner_munzel(x, y) else {
        // The effect exists all the same: Vargha–Delaney's A of y over x.
        case.check("relative_effect_p_x_lt_y", vargha_delaney(x, y));
        return case.check_degenerate(); // New in the harness, see below.
    };
    case.check("statistic", test.statistic);
    case.check("relative_effect_p_x_lt_y", test.effect);
    check_p(case, "p_t_", Some(test.p));
    check_p(case, "p_normal_", Some(test.normal));
}

fn kolmogorov_smirnov_case(case: &mut Case<'_>, x: &Sample, y: &Sample) {
    let test = kolmogorov_smirnov(x, y);
    // The file's `less` says that the distribution function is less: that x is *larger*.
    let swapped = |p: PValues| PValues { less: p.greater, greater: p.less, ..p };
    case.check("d_two_sided", test.d);
    case.check("d_less", test.d_greater);
    case.check("d_greater", test.d_less);
    check_p(case, "p_exact_", test.exact.map(swapped));
    case.check("p_kolmogorov_limit_two_sided", test.limit.two_sided);
    case.check("p_asymp_scipy_less", test.limit.greater);
    case.check("p_asymp_scipy_greater", test.limit.less);
}

fn cramer_von_mises_case(case: &mut Case<'_>, x: &Sample, y: &Sample) {
    let test = cramer_von_mises(x, y).expect("two values on either side");
    case.check("statistic", test.t);
    case.check("p_asymptotic", test.limit);
    case.check("p_exact", test.exact.unwrap_or(f64::NAN));
}
