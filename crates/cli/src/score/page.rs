//! A scorecard as a document: what was decided and why, then domain by domain.

use std::collections::BTreeMap;

use tailproof_core::{Finding, Reason, Verdict, number, percent};
use tailproof_reporting::{Block, Grid, Page, Section};
use tailproof_scorecard::{
    Domain, PublishedClaim, Readiness, Recommendation, Risk, RiskLevel, Row, Scorecard, When,
    domains,
};

use super::parts;

/// Lines of a list before the rest is only counted.
const MOST: usize = 40;
/// Reasons and names above everything else before the rest is only counted.
const LEAD: usize = 12;

/// The document of a scorecard.
pub(super) fn page(card: &Scorecard) -> Page {
    let domains = domains(&card.rows);
    let mut sections = Vec::new();
    if !card.rows.is_empty() {
        sections.push(summary(&domains));
        sections.extend(by_domain(card, &domains));
        sections.push(Section::new("Compliance matrix", vec![Block::Rows { domain: None }]));
    }
    sections.extend(parts::sections(card));
    sections.extend(published(&card.claims));
    sections.push(readiness(card));
    sections.extend(risks(card));
    sections.extend(recommendations(&card.recommendations));
    sections.push(conclusion(card));
    Page { title: card.title.clone(), lead: lead(card), sections }
}

/// The decision, why, the rate and the score.
fn lead(card: &Scorecard) -> Vec<String> {
    let headline = card.decision.headline();
    // In capitals only the decision itself: NOT READY, nothing was measured.
    let (word, rest) = headline.split_once(',').unwrap_or((&headline, ""));
    let comma = if rest.is_empty() { "" } else { "," };
    let mut lines = vec![format!("{}{comma}{rest}", word.to_uppercase())];
    lines.extend(short(card.decision.reasons(), LEAD).into_iter().map(|b| format!("- {b}")));
    if card.rows.is_empty() {
        return lines;
    }
    lines.push(card.success.to_string());
    let left_out = &card.success.left_out;
    if !left_out.is_empty() {
        lines.push(format!("not counted: {}", short(left_out, LEAD).join(", ")));
    }
    lines.push(format!(
        "weighted score: {}{}{}",
        card.score,
        if card.score.at_least < card.score.at_most {
            ", from all that is open missed to all of it met"
        } else {
            ""
        },
        weightless(&card.rows)
    ));
    lines
}

/// Misses that the weighted score cannot show.
fn weightless(rows: &[Row]) -> String {
    let missed = |row: &&Row| row.weight == 0.0 && row.finding.verdict == Verdict::Fail;
    match rows.iter().filter(missed).count() {
        0 => String::new(),
        1 => "; 1 row of weight 0 misses its target".to_owned(),
        n => format!("; {n} rows of weight 0 miss their targets"),
    }
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

/// A section a domain: how many of its targets are met, and what stands out. All rows are in the
/// matrix, which a terminal shows instead.
fn by_domain(card: &Scorecard, domains: &[Domain]) -> Vec<Section> {
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &card.rows {
        rows.entry(row.domain.as_str()).or_default().push(row);
    }
    domains
        .iter()
        .map(|domain| {
            let met = format!("{}: {}.", domain.status.word(), compliance(domain));
            let mut blocks = vec![Block::Text(met)];
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

/// High first; of what is met only how much there is.
fn risks(card: &Scorecard) -> Option<Section> {
    let of = |level| card.risks.iter().filter(move |r: &&Risk| r.level == level);
    let row = |r: &Risk| vec![r.level.to_string(), r.what.clone(), r.because.clone()];
    let rows: Vec<Vec<String>> =
        of(RiskLevel::High).chain(of(RiskLevel::Medium)).map(row).collect();
    let low = of(RiskLevel::Low).count();
    let mut blocks = Vec::new();
    if !rows.is_empty() {
        let header = text(&["risk", "what", "because"]);
        blocks.push(Block::Table(Grid { header, rows, words: 3, ..Grid::default() }));
    }
    if low > 0 {
        let rows = match (card.risks.len() > card.rows.len(), low) {
            (true, _) => "of the rows and parts",
            (false, 1) => "row",
            (false, _) => "rows",
        };
        let are = if low == 1 { "is" } else { "are" };
        blocks.push(Block::Text(format!("{} {rows} {are} met: low.", number(low as f64))));
    }
    (!blocks.is_empty()).then(|| Section::long("Risks", blocks))
}

fn recommendations(all: &[Recommendation]) -> Option<Section> {
    let mut blocks = Vec::new();
    for (when, title) in [(When::Now, "Fix now"), (When::Next, "Next"), (When::Later, "Later")] {
        let items: Vec<String> =
            all.iter().filter(|r| r.when == when).map(|r| r.text.clone()).collect();
        if !items.is_empty() {
            blocks.push(Block::Text(title.to_owned()));
            blocks.push(Block::Numbered(short(&items, MOST)));
        }
    }
    (!blocks.is_empty()).then(|| Section::new("Recommendations", blocks))
}

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

/// The decision once more, what its rate leaves out, and what counting everything would give.
fn conclusion(card: &Scorecard) -> Section {
    let success = &card.success;
    let rate = if card.rows.is_empty() { String::new() } else { format!(" {success}.") };
    let decided = format!("{}: {}.{rate}", card.title, card.decision.headline());
    let mut blocks = vec![Block::Text(decided)];
    if !success.left_out.is_empty() {
        blocks.push(Block::Text("Not counted in the rate:".to_owned()));
        blocks.push(Block::List(short(&success.left_out, MOST)));
    }
    let (would, valued) = (success.would_meet, success.with_a_value);
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
        let supplied = Supplied::new(&data, &files);
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
        let rate = "3 targets: 1 met, 1 missed, 0 measured but undecided, 1 not measured. Of those \
                    decided 1 of 2: 50 % [";
        assert!(page.lead.iter().any(|l| l.starts_with(rate)), "{:?}", page.lead);
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
    fn no_row_is_printed_twice() {
        let card = card(CARD);
        let page = page(&card);
        let load = page.sections.iter().find(|s| s.heading == "load").unwrap();
        let [Block::Text(met), Block::List(told)] = load.blocks.as_slice() else {
            unreachable!("{:?}", load.blocks)
        };
        assert_eq!(met, "FAIL: 1 of 2 decided (50 %).");
        assert!(told.len() == 1 && told[0].starts_with("batch|throughput"), "{told:?}");
        let text = page.markdown(&card.findings());
        assert_eq!(text.matches("| bulk |").count(), 1, "{text}");
        let risks = page.sections.iter().find(|s| s.heading == "Risks").unwrap();
        let [Block::Table(grid), Block::Text(low)] = risks.blocks.as_slice() else {
            unreachable!("{:?}", risks.blocks)
        };
        assert_eq!((grid.rows.len(), low.as_str()), (2, "1 row is met: low."));
        // Markdown shows it; the list itself keeps all.
        assert_eq!(card.risks.len(), 3);
    }

    #[test]
    fn misses_without_weight_and_runs_without_measurements_are_said() {
        let row = |name: &str, weight: u32, actual: &str, provenance: &str| {
            format!(
                "[[target]]\nname = \"{name}\"\nclaim = \"value >= 100/s\"\nweight = {weight}\n\
                 actual = \"{actual}\"\nprovenance = \"{provenance}\"\n"
            )
        };
        let text = row("a", 1, "200/s", "measured") + &row("b", 0, "60/s", "measured");
        let lines = lead(&card(&text));
        let score = "weighted score: 100 %; 1 row of weight 0 misses its target";
        assert!(lines.iter().any(|l| l == score), "{lines:?}");
        let lines = lead(&card(&row("a", 1, "200/s", "estimated")));
        assert_eq!(lines[..2], ["NOT READY, nothing was measured", "- a: estimated, not measured"]);
    }

    #[test]
    fn long_lists_say_how_much_they_leave_out() {
        let lines: Vec<String> = (0..1_234).map(|i| i.to_string()).collect();
        assert_eq!(short(&lines, 2), ["0", "1", "1232 more"]);
        assert_eq!(short(&lines[..2], 2), ["0", "1"]);
    }
}
