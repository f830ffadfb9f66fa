//! What stands beside the matrix: resources, error budgets, stages, capacity, aggregation.
//!
//! Each part gives findings; its section is drawn from them and from the tables that they carry.

use tailproof_core::{
    Cell, Exhibit, ExhibitKind, Provenance, Reason, Verdict, number, percent, signed_percent,
};
use tailproof_reporting::{Block, Grid, Section};
use tailproof_scorecard::tree::{NodeScore, TreeJudged};
use tailproof_scorecard::{Part, PartKind, Scorecard};

/// Sections of the parts that the targets file has.
pub(super) fn sections(card: &Scorecard) -> Vec<Section> {
    use PartKind::{Alert, Budget, Capacity, Projection, Resource, Stages};
    let all = card.parts.all();
    let of = |kinds: &[PartKind]| -> Vec<&Part> {
        all.iter().filter(|part| kinds.contains(&part.kind)).collect()
    };
    [
        section("Resources", RESOURCES, &of(&[Resource])),
        section("Error budgets", BUDGETS, &of(&[Budget, Projection, Alert])),
        section("Stages", STAGES, &of(&[Stages])),
        section("Capacity", CAPACITY, &of(&[Capacity])),
        card.parts.tree.as_ref().map(|tree| aggregation(tree, &of(&[PartKind::Improvement]))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const RESOURCES: &str = "What the host has, against what is required. Capacity is no measurement \
                         of what runs there, and does not count towards the success rate.";
const BUDGETS: &str = "An objective of 99.9 % allows 1 in 1 000 to fail: that is the budget. A \
                       burn rate of 1 spends it in exactly its window, 2 in half of it.";
const STAGES: &str = "Stages in a row take as long as all of them together.";
const AGGREGATION: &str = "Scores of parts, combined by their weights up to one.";
const CAPACITY: &str = "How many replicas the target takes, from what one is known to carry at \
                        least, and what there is no room for first.";

/// The scores from the root down, and the improvement over the baseline.
fn aggregation(tree: &TreeJudged, improvement: &[&Part]) -> Section {
    // By bootstrap siblings vary independently; a correlation shows in the propagated error.
    let differs = |node: &NodeScore| {
        node.propagated.zip(node.sd).is_some_and(|(a, b)| (a - b).abs() > 0.1 * b)
    };
    let propagated = tree.outcome.nodes.iter().any(differs);
    let row = |node: &NodeScore| {
        let interval = node.interval.as_ref();
        let dash = || "-".to_owned();
        let mut cells = vec![
            node.name.clone(),
            node.combine.name().to_owned(),
            number(node.score),
            interval.map_or_else(dash, |i| format!("[{}, {}]", number(i.lo), number(i.hi))),
            node.sd.map_or_else(dash, number),
            node.quality.clone().unwrap_or_else(dash),
        ];
        if propagated {
            cells.insert(5, node.propagated.map_or_else(dash, number));
        }
        cells
    };
    let mut header = vec!["node", "combined by", "score", "interval", "sd", "level"];
    if propagated {
        header.insert(5, "sd, correlated");
    }
    let mut blocks = vec![
        Block::Text(AGGREGATION.to_owned()),
        Block::Table(Grid {
            header: header.into_iter().map(str::to_owned).collect(),
            rows: tree.outcome.nodes.iter().rev().map(row).collect(),
            words: 2,
            ..Grid::default()
        }),
    ];
    let mut lines: Vec<String> = improvement.iter().map(|part| part.finding.why.clone()).collect();
    if let Some(interval) = &tree.outcome.root().interval {
        lines.push(format!("intervals at {}: {}", interval.level, interval.method));
    }
    lines.extend(tree.outcome.warnings.iter().map(|w| format!("warning: {w}")));
    if !lines.is_empty() {
        blocks.push(Block::List(lines));
    }
    Section::new("Aggregation", blocks)
}

/// A table of findings, what each means in words, and the tables that they carry; `None` for a
/// part that is not there.
fn section(heading: &str, lead: &str, parts: &[&Part]) -> Option<Section> {
    if parts.is_empty() {
        return None;
    }
    let header = ["what", "required", "found", "status"].map(str::to_owned).to_vec();
    let rows = parts.iter().map(|part| row(part)).collect();
    let mut blocks = vec![
        Block::Text(lead.to_owned()),
        Block::Table(Grid { header, rows, words: 4, ..Grid::default() }),
    ];
    let told = told(parts);
    if !told.is_empty() {
        blocks.push(Block::List(told));
    }
    let exhibits = parts.iter().flat_map(|part| &part.finding.exhibits);
    blocks.extend(exhibits.filter_map(table).map(Block::Table));
    Some(Section::new(heading, blocks))
}

/// Why, of each finding, and what to be careful about; of many only what is not a pass.
fn told(parts: &[&Part]) -> Vec<String> {
    /// Findings of which each is explained.
    const FEW: usize = 8;
    let many = parts.len() > FEW;
    let mut lines = Vec::new();
    for part in parts.iter().filter(|p| !many || p.finding.verdict != Verdict::Pass) {
        lines.push(format!("{}: {}", part.name, part.finding.why));
        for warning in &part.finding.warnings {
            let line = format!("warning: {warning}");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn row(part: &Part) -> Vec<String> {
    let f = &part.finding;
    let show = |x: f64| if f.is_share() { percent(x) } else { number(x) };
    let unit = if f.is_share() { String::new() } else { f.suffix() };
    let found = match (f.estimate, f.base) {
        (None, _) => "-".to_owned(),
        (Some(x), Some(base)) => signed_percent(x / base - 1.0),
        (Some(x), None) => format!("{}{unit}", show(x)),
    };
    let interval = f.interval.as_ref().filter(|_| f.base.is_none());
    let interval =
        interval.map_or_else(String::new, |i| format!(" [{}, {}]", show(i.lo), show(i.hi)));
    let critical =
        if part.critical && part.kind != PartKind::Projection { " (critical)" } else { "" };
    vec![
        format!("{}{critical}", part.name),
        f.claim.clone(),
        format!("{found}{interval}"),
        status(part),
    ]
}

/// The verdict; with where the numbers are from, and what they would mean, unless they were
/// measured.
fn status(part: &Part) -> String {
    let f = &part.finding;
    let word = f.verdict.word();
    let how = f.provenance;
    if matches!(how, Provenance::Measured | Provenance::NotTested) {
        return word.to_owned();
    }
    let untested = matches!(f.verdict, Verdict::Inconclusive(Reason::NotTested));
    let kept = part.kind == PartKind::Projection || f.verdict == Verdict::Fail;
    match part.would {
        _ if kept => format!("{word} ({how})"),
        Some(true) => format!("NOT TESTED ({how}, would hold)"),
        Some(false) if untested => format!("NOT TESTED ({how}, would not hold)"),
        _ => format!("{word} ({how})"),
    }
}

/// A table that a finding carries.
fn table(exhibit: &Exhibit) -> Option<Grid> {
    let ExhibitKind::Table { columns, rows } = &exhibit.kind else { return None };
    let is_text = |column: usize| {
        rows.iter().all(|row| row.get(column).is_none_or(|c| matches!(c, Cell::Text(_))))
    };
    let words = (0..columns.len()).take_while(|&c| is_text(c)).count();
    let cell = |cell: &Cell| match cell {
        Cell::Number(x) => number(*x),
        Cell::Count(n) => number(*n as f64),
        Cell::Text(text) => text.clone(),
    };
    Some(Grid {
        title: exhibit.title.clone(),
        header: columns.clone(),
        rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        words,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use tailproof_core::{Dataset, Level, Seed};
    use tailproof_scorecard::{Settings, Supplied, config, score};

    fn card(text: &str) -> Scorecard {
        let (data, files) = (Dataset::default(), BTreeMap::new());
        let supplied = Supplied::new(&data, &files);
        let settings = Settings { level: Level::P999, seed: Seed(42) };
        score(&config::parse(text).unwrap(), &supplied, &settings).unwrap()
    }

    #[test]
    fn a_part_is_drawn_from_its_findings() {
        assert_eq!(section("Stages", STAGES, &[]), None);
        let card = card(
            "[[chain]]\nname = \"end to end\"\nbudget = \"5 s\"\nstages = [\
             { name = \"collect\", value = \"1 s\", provenance = \"measured\" }, \
             { name = \"show\", value = \"2.5 s\", provenance = \"measured\" }]\n",
        );
        let sections = sections(&card);
        assert_eq!((sections.len(), sections[0].heading.as_str()), (1, "Stages"));
        let [Block::Text(_), Block::Table(all), Block::List(why), Block::Table(own)] =
            sections[0].blocks.as_slice()
        else {
            unreachable!("{:?}", sections[0].blocks)
        };
        assert_eq!(all.header, ["what", "required", "found", "status"]);
        assert_eq!((all.rows[0][0].as_str(), all.rows[0][3].as_str()), ("end to end", "PASS"));
        assert!(all.rows[0][2].starts_with("3.5 s"), "{:?}", all.rows);
        assert!(why[0].starts_with("end to end: "), "{why:?}");
        assert_eq!((own.words > 0, own.rows[0][0].as_str()), (true, "collect"));
    }

    #[test]
    fn what_is_not_measured_is_no_pass_here_either() {
        let memory = "[[resource]]\nname = \"memory\"\nrequired = \"8 GB\"\n\
                      available = \"24 GB\"\ncritical = true\n";
        for (used, status) in
            [("1 GB", "NOT TESTED (estimated, would hold)"), ("23 GB", "FAIL (estimated)")]
        {
            let card = card(&format!("{memory}used = \"{used}\"\n"));
            let sections = sections(&card);
            let Block::Table(grid) = &sections[0].blocks[1] else { unreachable!() };
            assert_eq!((&*grid.rows[0][0], &*grid.rows[0][3]), ("memory (critical)", status));
        }
    }
}
