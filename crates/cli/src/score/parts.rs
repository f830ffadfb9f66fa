//! What stands beside the matrix: resources, error budgets, stages, capacity, aggregation.
//!
//! Each part gives findings; its section is drawn from them and from the tables that they carry.

use tailproof_core::{Cell, Exhibit, ExhibitKind, Finding, Verdict, number, percent};
use tailproof_reporting::{Block, Grid, Section};
use tailproof_scorecard::Scorecard;
use tailproof_scorecard::tree::{NodeScore, TreeJudged};

/// Sections of the parts that the targets file has.
pub(super) fn sections(card: &Scorecard) -> Vec<Section> {
    let resources: Vec<Finding> = card
        .resources
        .iter()
        .flat_map(tailproof_scorecard::resources::ResourceOutcome::findings)
        .collect();
    let budgets: Vec<Finding> = card
        .budgets
        .iter()
        .flat_map(tailproof_scorecard::budgets::JudgedBudget::findings)
        .collect();
    let chains: Vec<Finding> =
        card.chains.iter().flat_map(tailproof_scorecard::stages::Total::findings).collect();
    let capacity: Vec<Finding> = card
        .capacity
        .iter()
        .flat_map(tailproof_scorecard::capacity::CapacityPlan::findings)
        .collect();
    [
        section("Resources", RESOURCES, &resources),
        section("Error budgets", BUDGETS, &budgets),
        section("Stages", STAGES, &chains),
        section("Capacity", CAPACITY, &capacity),
        card.tree.as_ref().map(aggregation),
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
fn aggregation(tree: &TreeJudged) -> Section {
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
    let mut lines: Vec<String> = tree.improved.iter().map(|i| i.finding().why).collect();
    if let Some(interval) = &tree.outcome.root().interval {
        lines.push(format!("intervals at {}: {}", interval.level, interval.method));
    }
    let warnings = tree.outcome.warnings.iter().map(|w| format!("warning: {w}"));
    lines.extend(warnings.chain(tree.notes.iter().cloned()));
    if !lines.is_empty() {
        blocks.push(Block::List(lines));
    }
    Section::new("Aggregation", blocks)
}

/// A table of findings, what each means in words, and the tables that they carry; `None` for a
/// part that is not there.
fn section(heading: &str, lead: &str, findings: &[Finding]) -> Option<Section> {
    if findings.is_empty() {
        return None;
    }
    let header = ["what", "promised", "found", "status"].map(str::to_owned).to_vec();
    let rows = findings.iter().map(row).collect();
    let mut blocks = vec![
        Block::Text(lead.to_owned()),
        Block::Table(Grid { header, rows, words: 4, ..Grid::default() }),
        Block::List(told(findings)),
    ];
    let exhibits = findings.iter().flat_map(|f| &f.exhibits);
    blocks.extend(exhibits.filter_map(table).map(Block::Table));
    Some(Section::new(heading, blocks))
}

/// Why, of each finding, and what to be careful about; of many only what is not a pass.
fn told(findings: &[Finding]) -> Vec<String> {
    /// Findings of which each is explained.
    const FEW: usize = 8;
    let many = findings.len() > FEW;
    let mut lines = Vec::new();
    for f in findings.iter().filter(|f| !many || f.verdict != Verdict::Pass) {
        lines.push(format!("{}: {}", f.name(), f.why));
        for warning in &f.warnings {
            let line = format!("warning: {warning}");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn row(f: &Finding) -> Vec<String> {
    let show = |x: f64| if f.is_share() { percent(x) } else { number(x) };
    let unit = if f.is_share() { String::new() } else { f.suffix() };
    let found = f.estimate.map_or_else(|| "-".to_owned(), |x| format!("{}{unit}", show(x)));
    let interval = f.interval.as_ref().filter(|_| f.base.is_none());
    let interval =
        interval.map_or_else(String::new, |i| format!(" [{}, {}]", show(i.lo), show(i.hi)));
    vec![f.name(), f.claim.clone(), format!("{found}{interval}"), f.verdict.word().to_owned()]
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
    use tailproof_core::{Class, Subject, Unit, Verdict};

    #[test]
    fn a_part_is_drawn_from_its_findings() {
        assert_eq!(section("Stages", STAGES, &[]), None);
        let subject = Subject { metric: "end to end".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "value <= 5 s", Verdict::Pass);
        (f.estimate, f.unit) = (Some(3.617), Unit::known("s"));
        f.why = "dashboard dominates".to_owned();
        f.exhibits = vec![Exhibit {
            title: "stages".to_owned(),
            x: String::new(),
            y: String::new(),
            kind: ExhibitKind::Table {
                columns: vec!["stage".to_owned(), "s".to_owned()],
                rows: vec![vec![Cell::Text("collect".to_owned()), Cell::Number(1.0)]],
            },
        }];
        let section = section("Stages", STAGES, &[f]).unwrap();
        let [Block::Text(_), Block::Table(all), Block::List(why), Block::Table(own)] =
            section.blocks.as_slice()
        else {
            unreachable!("{:?}", section.blocks)
        };
        assert_eq!(all.rows[0], ["end to end", "value <= 5 s", "3.617 s", "PASS"]);
        assert_eq!(why[0], "end to end: dashboard dominates");
        assert_eq!((own.words, own.rows[0].as_slice()), (1, &["collect".into(), "1".into()][..]));
    }
}
