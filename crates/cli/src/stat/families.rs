//! Many tests at once.

use tailproof_hypothesis::{
    Attainable, attainable, fcr_level, smallest_p_permutation, smallest_p_signed,
};

use super::catalogue::{Entry, Group, Needs, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

const FAMILY: &[Flag] = &[Flag::Correction, Flag::Alpha];

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "adjust",
        Group::Families,
        Needs::PValues,
        FAMILY,
        "Adjusted p-values, how many count, and the level of their intervals",
        |i| Ok(adjust(i)),
    ),
    entry(
        "attainable",
        Group::Families,
        Needs::Designs,
        FAMILY,
        "Can permutation tests of these sizes reach significance at all?",
        |i| Ok(reachable(i)),
    ),
];

fn adjust(input: &Input) -> Report {
    let (correction, alpha) = (input.parameters.correction(), input.parameters.alpha());
    let adjusted = correction.adjust(&input.p_values);
    let rejected = adjusted.iter().filter(|&&p| p <= alpha).count();
    let shown = fcr_level(correction, alpha, adjusted.len(), rejected);
    Report::new()
        .list("adjusted", adjusted)
        .count("rejected", rejected as u64)
        .number("alpha of intervals", shown)
}

fn reachable(input: &Input) -> Report {
    let smallest: Vec<f64> = input
        .rows
        .iter()
        .map(|design| match design.as_slice() {
            [n] => smallest_p_signed(*n as usize),
            design => smallest_p_permutation(design[0] as usize, design[1] as usize),
        })
        .collect();
    let rows = attainable(&smallest, input.parameters.alpha(), input.parameters.correction());

    rows.iter().zip(&smallest).enumerate().fold(Report::new(), |report, (i, (row, smallest))| {
        let word = match row {
            Attainable::Alone => "alone",
            Attainable::OnlyInFamily => "only with others",
            Attainable::Never => "never",
        };
        let name = format!("design {}", i + 1);
        report.number(format!("{name} smallest p"), *smallest).text(name, word)
    })
}
