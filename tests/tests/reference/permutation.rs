//! Permutation tests by other ways.

use tailproof_core::{Sample, Seed};
use tailproof_resampling::{Permutation, permute_any, permute_lattice};
use tailproof_tests::reference::Case;

/// The same p-values from the law of sums on a lattice and from the test of any statistic.
pub(super) fn exact_permutation_by_other_ways(case: &Case<'_>, x: &Sample, y: &Sample) {
    let agrees = |way: &str, key: &str, got: f64| {
        if let Some(want) = case.want(key).and_then(serde_json::Value::as_f64) {
            let off = (got - want).abs();
            assert!(off <= 1e-12 * want, "{} {way} {key}: {got}, want {want}", case.name());
        }
    };
    let all = [x.values(), y.values()].concat();
    let whole = all.iter().all(|v| v.fract() == 0.0 && v.abs() < 1e6);
    let law = permute_lattice(x, y);
    assert!(law.is_some() || !whole || case.name() == "one_outlier", "{}", case.name());
    if let Some(law) = law {
        agrees("lattice", "p_greater", law.p.rise);
        agrees("lattice", "p_less", law.p.fall);
        agrees("lattice", "p_two_sided_abs", law.p.two_sided);
        agrees("lattice", "p_two_sided_doubled", law.p.doubled());
    }
    if whole {
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let any = permute_any(x, y, &Permutation::new(Seed(1)), |x, y| mean(y) - mean(x));
        let counts = any.counts;
        assert!(counts.exhaustive);
        agrees("any", "permutations", counts.total as f64);
        agrees("any", "count_ge", counts.at_least as f64);
        agrees("any", "count_le", counts.at_most as f64);
        agrees("any", "count_abs_ge", counts.abs_at_least as f64);
        agrees("any", "p_two_sided_abs", counts.p_two_sided());
    }
}
