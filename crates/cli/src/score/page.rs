//! A scorecard as a document: what was decided and why, then domain by domain.

use std::collections::BTreeMap;

use tailproof_core::{Finding, Reason, Verdict, number, percent};
use tailproof_reporting::{Block, Grid, Page, Section};
use tailproof_scorecard::{
    Domain, PublishedClaim, Readiness, Recommendation, Risk, RiskLevel, Row, Scorecard, When,
};

use super::parts;

/// Lines of a list before the rest is only counted.
const MOST: usize = 40;

/// The document of a scorecard.
pub(super) fn page(card: &Scorecard) -> Page {
    let domains = card.domains();
    let mut sections = Vec::new();
    if !card.rows.is_empty() {
        sections.push(summary(&domains));
        sections.extend(by_domain(card, &domains));
        sections.push(Section::new("Compliance matrix", vec![Block::Rows { domain: None }]));
    }
    sections.extend(parts::sections(card));
    sections.extend(published(&card.claims));
    sections.push(readiness(card));
    sections.extend(risks(&card.risks));
    sections.extend(recommendations(&card.recommendations));
    sections.push(conclusion(card));
    Page { title: card.title.clone(), lead: lead(card), sections }
}

/// The decision, why, the rate and the score.
fn lead(card: &Scorecard) -> Vec<String> {
    let mut lines = vec![card.decision.readiness.to_string().to_uppercase()];
    lines.extend(short(&card.decision.because, 6).into_iter().map(|b| format!("- {b}")));
    if card.rows.is_empty() {
        return lines;
    }
    lines.push(card.success.to_string());
    let left_out = &card.success.left_out;
    if !left_out.is_empty() {
        lines.push(format!("not counted: {}", short(left_out, 6).join(", ")));
    }
    lines.push(format!(
        "weighted score: {}{}",
        card.score,
        if card.score.at_least < card.score.at_most {
            ", from all that is open missed to all of it met"
        } else {
            ""
        }
    ));
    lines
}

fn text(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&c| c.to_owned()).collect()
}

/// The first lines, and how many more there are.
fn short(lines: &[String], most: usize) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().take(most).cloned().collect();
    if lines.len() > most {
        shown.push(format!("{} more", number((lines.len() - most) as f64)));
    }
    shown
}

/// `2 of 3 decided, 1 open`.
fn compliance(domain: &Domain) -> String {
    let open = domain.rows.saturating_sub(domain.decided);
    let decided = if domain.decided == 0 {
        "none decided".to_owned()
    } else {
        format!(
            "{} of {} decided ({})",
            domain.passed,
            domain.decided,
            percent(domain.passed as f64 / domain.decided as f64)
        )
    };
    if open > 0 { format!("{decided}, {open} open") } else { decided }
}

fn summary(domains: &[Domain]) -> Section {
    let row =
        |d: &Domain| vec![d.name.clone(), d.status.word().to_owned(), d.key.clone(), compliance(d)];
    let grid = Grid {
        header: text(&["domain", "status", "key finding", "targets met"]),
        rows: domains.iter().map(row).collect(),
        words: 4,
        ..Grid::default()
    };
    Section::long("Validation summary", vec![Block::Table(grid)])
}

/// A section a domain: its rows, and what stands out. A terminal shows the whole matrix instead.
fn by_domain(card: &Scorecard, domains: &[Domain]) -> Vec<Section> {
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &card.rows {
        rows.entry(row.domain.as_str()).or_default().push(row);
    }
    domains
        .iter()
        .map(|domain| {
            let mut blocks = vec![Block::Rows { domain: Some(domain.name.clone()) }];
            let rows = rows.get(domain.name.as_str()).map_or(&[][..], Vec::as_slice);
            let told: Vec<String> = rows.iter().filter_map(|row| outstanding(row)).collect();
            if !told.is_empty() {
                blocks.push(Block::List(short(&told, MOST)));
            }
            Section::long(domain.name.clone(), blocks)
        })
        .collect()
}

/// What a reader of the domain must not overlook; nothing of a row that passed.
fn outstanding(row: &Row) -> Option<String> {
    let critical = if row.critical { " (critical)" } else { "" };
    let said = match (&row.finding.verdict, row.would) {
        (Verdict::Pass, _) => return None,
        (Verdict::Inconclusive(Reason::NotTested), Some(would)) => format!(
            "{} {} would {} it, and nobody measured it",
            row.finding.provenance,
            amount(&row.finding),
            if would { "meet" } else { "miss" }
        ),
        (Verdict::Fail, _) => row
            .gap()
            .map_or_else(|| row.finding.why.clone(), |gap| format!("misses its target: {gap}")),
        _ => row.finding.why.clone(),
    };
    Some(format!("{}{critical}: {said}", row.name))
}

/// The value of a row in its unit.
fn amount(f: &Finding) -> String {
    match f.estimate {
        None => "?".to_owned(),
        Some(x) if f.is_share() => percent(x),
        Some(x) => format!("{}{}", number(x), f.suffix()),
    }
}

/// What is shown, and what must be done before it is ready.
fn readiness(card: &Scorecard) -> Section {
    let named = |row: &Row| format!("{}: {}", row.domain, row.name);
    let shown: Vec<String> = card
        .rows
        .iter()
        .filter(|r| r.finding.verdict == Verdict::Pass)
        .map(|r| row_line(&named(r), r.gap()))
        .collect();
    let mut blocks = Vec::new();
    blocks.push(Block::Text(if shown.is_empty() {
        "No target has been shown to be met.".to_owned()
    } else {
        "Shown to be met:".to_owned()
    }));
    if !shown.is_empty() {
        blocks.push(Block::List(short(&shown, MOST)));
    }
    if card.decision.readiness == Readiness::Ready {
        blocks.push(Block::Text("Nothing more has to be done.".to_owned()));
    } else {
        blocks.push(Block::Text("What stands between this and `ready`:".to_owned()));
        blocks.push(Block::List(short(&card.decision.because, MOST)));
    }
    Section::long("Readiness", blocks)
}

fn row_line(name: &str, gap: Option<String>) -> String {
    gap.map_or_else(|| name.to_owned(), |gap| format!("{name}: {gap}"))
}

/// High first.
fn risks(risks: &[Risk]) -> Option<Section> {
    let mut rows = Vec::new();
    for (level, name) in
        [(RiskLevel::High, "high"), (RiskLevel::Medium, "medium"), (RiskLevel::Low, "low")]
    {
        let of_level = risks.iter().filter(|r| r.level == level);
        rows.extend(of_level.map(|r| vec![name.to_owned(), r.what.clone(), r.because.clone()]));
    }
    if rows.is_empty() {
        return None;
    }
    let header = text(&["risk", "what", "because"]);
    let grid = Grid { header, rows, words: 3, ..Grid::default() };
    Some(Section::long("Risks", vec![Block::Table(grid)]))
}

fn recommendations(all: &[Recommendation]) -> Option<Section> {
    let mut blocks = Vec::new();
    for (when, title) in [(When::Now, "Fix now"), (When::Next, "Next"), (When::Later, "Later")] {
        let items: Vec<String> = all.iter().filter(|r| r.when == when).map(recommended).collect();
        if !items.is_empty() {
            blocks.push(Block::Text(title.to_owned()));
            blocks.push(Block::Numbered(short(&items, MOST)));
        }
    }
    (!blocks.is_empty()).then(|| Section::new("Recommendations", blocks))
}

/// A recommendation in one line that begins with its row.
pub(super) fn recommended(r: &Recommendation) -> String {
    if r.row.is_empty() || r.text.starts_with(&r.row) {
        return r.text.clone();
    }
    format!("{}: {}", r.row, r.text)
}

/// The decision once more, what its rate leaves out, and which published claims do not hold.
/// What a report says of itself, against what was found.
fn published(claims: &[PublishedClaim]) -> Option<Section> {
    let row = |c: &PublishedClaim| {
        let holds = if c.holds { "holds" } else { "does not hold" };
        vec![c.what.clone(), c.said.clone(), c.found.clone(), holds.to_owned()]
    };
    let grid = Grid {
        header: text(&["what", "published", "found", "verdict"]),
        rows: claims.iter().map(row).collect(),
        words: 4,
        ..Grid::default()
    };
    (!claims.is_empty()).then(|| Section::new("What was published", vec![Block::Table(grid)]))
}

fn conclusion(card: &Scorecard) -> Section {
    let success = &card.success;
    let rate = if card.rows.is_empty() { String::new() } else { format!(" {success}.") };
    let decided = format!("{}: {}.{rate}", card.title, card.decision.readiness);
    let mut blocks = vec![Block::Text(decided)];
    if !success.left_out.is_empty() {
        blocks.push(Block::Text("Not counted in the rate:".to_owned()));
        blocks.push(Block::List(short(&success.left_out, MOST)));
    }
    let (would, valued) = success.of_all;
    if valued > success.decided {
        blocks.push(Block::Text(format!(
            "Counting every number, however it came about, {would} of {valued} would meet their \
             target; that is no success rate."
        )));
    }
    Section::long("Conclusion", blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Dataset, Level, Seed};
    use tailproof_scorecard::{Settings, Supplied, config, score};

    fn card(text: &str) -> Scorecard {
        let (data, files) = (Dataset::default(), BTreeMap::new());
        let supplied = Supplied {
            data: &data,
            baseline: None,
            evidence: &[],
            files: &files,
            host: None,
            memo: &tailproof_core::NoMemo,
        };
        let settings = Settings { level: Level::P999, seed: Seed(42) };
        score(&config::parse(text).unwrap(), &supplied, &settings).unwrap()
    }

    const CARD: &str = r#"
        title = "phase <3>"
        [published]
        success_rate = "91%"
        [[target]]
        domain = "load"
        name = "batch|throughput"
        claim = "value >= 1000/s"
        actual = "60/s"
        provenance = "measured"
        critical = true
        [[target]]
        domain = "load"
        name = "bulk"
        claim = "value >= 50/s"
        actual = "60/s"
        provenance = "measured"
        [[target]]
        domain = "model"
        name = "inference"
        claim = "value < 100 ms"
        actual = "17 ms"
        provenance = "estimated"
    "#;

    #[test]
    fn the_verdict_comes_first_and_every_section_has_its_place() {
        let card = card(CARD);
        let page = page(&card);
        assert_eq!((page.title.as_str(), page.lead[0].as_str()), ("phase <3>", "NOT READY"));
        assert!(page.lead.iter().any(|l| l.starts_with("1 of 2 measured targets met: 50 %")));
        let headings: Vec<&str> = page.sections.iter().map(|s| s.heading.as_str()).collect();
        let want =
            ["Validation summary", "load", "model", "Compliance matrix", "What was published"];
        assert_eq!(headings[..5], want);
        assert_eq!(headings.last(), Some(&"Conclusion"));
        let Block::Table(summary) = &page.sections[0].blocks[0] else { unreachable!() };
        assert_eq!(summary.rows[0][0..2], ["load", "FAIL"]);
        assert_eq!(summary.rows[0][3], "1 of 2 decided (50 %)");
        assert_eq!(
            summary.rows[1][1..],
            ["NOT TESTED", "inference: 17 ms against < 100 ms, -83 %", "none decided, 1 open"]
        );
    }

    #[test]
    fn what_nobody_measured_and_what_does_not_hold_is_said() {
        let text = page(&card(CARD)).markdown(&card(CARD).findings());
        for part in [
            "inference: estimated 17 ms would meet it, and nobody measured it",
            "batch\\|throughput (critical): misses its target",
            "| does not hold |",
            "Not counted in the rate:\n\n- inference (estimated)",
            "2 of 3 would meet their target; that is no success rate",
            "## phase &lt;3&gt;",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn long_lists_say_how_much_they_leave_out() {
        let lines: Vec<String> = (0..1_234).map(|i| i.to_string()).collect();
        assert_eq!(short(&lines, 2), ["0", "1", "1232 more"]);
        assert_eq!(short(&lines[..2], 2), ["0", "1"]);
    }
}
