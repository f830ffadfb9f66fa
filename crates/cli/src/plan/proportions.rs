//! Plans for two proportions.

use tailproof_core::{Level, number, percent};
use tailproof_hypothesis::{
    ProportionPlan, TestError, two_proportion_power, two_proportion_sample_size,
};

use super::section::{Cell, Column, Section, independent};

/// Trials a group that tell two shares apart, and the power of `n`.
pub(super) fn proportions(
    (p1, p2): (f64, f64),
    n: Option<u64>,
    level: Level,
    power: &[f64],
) -> Result<Vec<Section>, TestError> {
    let alpha = level.alpha().to_f64();
    let plans = [
        ("z test, pooled variance", ProportionPlan::Pooled),
        ("z test, separate variances", ProportionPlan::Unpooled),
        ("arcsine", ProportionPlan::Arcsine),
    ];
    let mut columns = vec![Column::new("test", "test")];
    columns.extend(Column::of_power(power, "found ", "n_for_power"));
    columns
        .extend(n.map(|n| Column::new(format!("found with {}", number(n as f64)), "power_at_n")));
    let mut rows = Vec::new();
    for (name, plan) in plans {
        let mut row = vec![Cell::Text(name.to_owned())];
        for &power in power {
            let n = two_proportion_sample_size(p1, p2, alpha, power, plan)?;
            row.push(Cell::size(Ok(n)));
        }
        if let Some(n) = n {
            let power = two_proportion_power(p1, p2, n as f64, alpha, plan)?;
            row.push(Cell::Probability(power));
        }
        rows.push(row);
    }
    Ok(vec![Section {
        key: "proportions",
        title: format!(
            "Observations a group that tell {} from {} at {level}",
            percent(p1),
            percent(p2)
        ),
        level,
        columns,
        words: 1,
        rows,
        notes: vec![
            "found: with this probability a two-sided test finds the difference when the shares \
             are these. Normal approximations: where fewer than ten events are expected in a \
             group, take more."
                .to_owned(),
            independent(),
        ],
    }])
}
