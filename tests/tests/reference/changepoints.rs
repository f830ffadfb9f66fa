//! Segmentations and energy statistics.

use serde_json::Value;
use tailproof_compare::history::{
    Kernel, Partition, SegmentCost, SquaredError, binary_segmentation, energy_split,
    energy_split_anywhere, fixed_changes, objective, pelt,
};
use tailproof_tests::reference::Case;

/// The file `changepoints`.
pub(super) fn changepoints(case: &mut Case<'_>) {
    let x = case.sample("x").expect("a series has values");
    let penalty = case.input("penalty_l2").as_f64().expect("a penalty");
    let least = case.input("min_size").as_u64().expect("a count") as usize;
    let cost = SquaredError::new(x.values());
    let best = pelt(&cost, penalty, least);
    case.check_list("optimal_partition_l2", &places(&best));
    case.check("optimal_objective_l2", best.objective);
    case.check_list("pelt_l2", &not_better(case.want("pelt_l2"), &cost, penalty, &best));
    case.check_list("binseg_l2", &places(&binary_segmentation(&cost, penalty, least)));
    for count in 1..=3 {
        if let Some(fixed) = fixed_changes(&cost, count, least) {
            case.check_list(&format!("dynp_l2_{count}"), &places(&fixed));
            case.check(&format!("dynp_l2_{count}_sse"), fixed.objective);
        }
    }
    if let Some(penalty) = case.want("rbf_penalty").and_then(Value::as_f64) {
        let kernel = Kernel::new(x.values());
        case.check("rbf_gamma", kernel.gamma);
        let best = pelt(&kernel, penalty, least);
        case.check_list("pelt_rbf", &not_better(case.want("pelt_rbf"), &kernel, penalty, &best));
    }
    let (Some(split), Some(anywhere)) =
        (energy_split(x.values(), least), energy_split_anywhere(x.values(), least))
    else {
        return;
    };
    case.check_map("energy_split_kappa_n", |key| match key {
        "q" => split.q,
        "tau" => split.index as f64,
        other => panic!("unknown part {other}"),
    });
    case.check_map("energy_split_full", |key| match key {
        "q" => anywhere.q,
        "tau" => anywhere.index as f64,
        "kappa" => anywhere.end as f64,
        other => panic!("unknown part {other}"),
    });
}

fn places(partition: &Partition) -> Vec<f64> {
    partition.changes.iter().map(|&t| t as f64).collect()
}

/// Our changes; those of the reference where they are another segmentation, not better and
/// nearly as good (ruptures drops starts too early, and there are ties).
fn not_better(
    want: Option<&Value>,
    cost: &impl SegmentCost,
    penalty: f64,
    ours: &Partition,
) -> Vec<f64> {
    let theirs: Vec<usize> = want
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(|t| Some(t.as_u64()? as usize)).collect())
        .unwrap_or_default();
    let price = objective(cost, &theirs) + penalty * theirs.len() as f64;
    let best = ours.objective;
    let nearly = best - 1e-9 * best.abs()..=1.02 * best.abs();
    if theirs != ours.changes && nearly.contains(&price) {
        return theirs.iter().map(|&t| t as f64).collect();
    }
    places(ours)
}
