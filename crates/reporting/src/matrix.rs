//! Findings of domains as rows: metric, target, actual, status, variance, provenance.
//!
//! | Of a finding                   | What it says                                             |
//! | ------------------------------ | -------------------------------------------------------- |
//! | label `domain`                 | that it is a row, and of which domain                    |
//! | effect `variance`              | (actual − target) / target                               |
//! | effect `weight`                | its weight, when it is not 1                             |
//! | effect `would_meet`            | 1 or 0: an untested value would meet its target, or not  |
//! | effect `known_side`            | −1 or 1: the estimate is only an upper or a lower limit  |

use std::collections::BTreeMap;

use tailproof_core::{
    Effect, Finding, Reason, Verdict, number, percent, qualified, signed_percent,
};

use crate::grid::{piped, ruled};
use crate::notes::Notes;
use crate::table::{printable, value, verdict};

/// The label that makes a finding a row.
pub(crate) const DOMAIN: &str = "domain";

/// Whether a finding is a row of the matrix.
pub(crate) fn is_row(f: &Finding) -> bool {
    f.subject.labels.contains_key(DOMAIN)
}

/// The rows, found once for all domains.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    all: Vec<&'a Finding>,
    domains: BTreeMap<&'a str, Vec<&'a Finding>>,
}

/// How statuses are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    Words,
    Signs,
}

/// A matrix before it is drawn.
struct Drawn {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    numbers: std::ops::Range<usize>,
    notes: Vec<String>,
}

impl<'a> Matrix<'a> {
    pub(crate) fn of(findings: &'a [Finding]) -> Self {
        let all: Vec<&Finding> = findings.iter().filter(|f| is_row(f)).collect();
        let mut domains: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for &f in &all {
            domains.entry(f.subject.labels[DOMAIN].as_str()).or_default().push(f);
        }
        Self { all, domains }
    }

    /// The rows of a domain, or all, for a terminal.
    pub(crate) fn table(&self, domain: Option<&str>, width: Option<u16>) -> String {
        let Some(drawn) = self.draw(domain, Marks::Words) else { return NOTHING.to_owned() };
        let clean = |row: &Vec<String>| row.iter().map(|c| printable(c)).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = drawn.rows.iter().map(clean).collect();
        let mut out = ruled(&drawn.header, &rows, drawn.numbers, width);
        out.push('\n');
        for note in drawn.notes {
            out.push_str(&format!("{}\n", printable(&note)));
        }
        out
    }

    /// The rows of a domain, or all, for a pull request.
    pub(crate) fn markdown(&self, domain: Option<&str>) -> String {
        let Some(drawn) = self.draw(domain, Marks::Signs) else { return NOTHING.to_owned() };
        let mut out = piped(&drawn.header, &drawn.rows, drawn.numbers);
        for note in drawn.notes {
            out.push_str(&format!("\n{}\n", crate::markdown::escape(&note)));
        }
        out
    }

    fn draw(&self, domain: Option<&str>, marks: Marks) -> Option<Drawn> {
        let findings: &[&Finding] = match domain {
            Some(name) => self.domains.get(name)?,
            None => &self.all,
        };
        if findings.is_empty() {
            return None;
        }
        let whole = domain.is_none();
        let weighted = findings.iter().any(|f| effect(f, "weight").is_some_and(|w| w != 1.0));
        let mut header = Vec::new();
        header.extend(whole.then_some("domain"));
        header.extend(["metric", "target", "actual", "status"]);
        let from = header.len();
        header.extend(weighted.then_some("weight"));
        header.push("variance");
        let numbers = from..header.len();
        header.push("provenance");
        let mut notes = Notes::default();
        let mut row = |f: &Finding| {
            let mut cells = Vec::with_capacity(header.len());
            cells.extend(whole.then(|| f.subject.labels[DOMAIN].clone()));
            cells.extend([name(f), target(f), actual(f, &mut notes)]);
            cells.push(status(f, marks, &mut notes));
            cells.extend(weighted.then(|| number(effect(f, "weight").unwrap_or(1.0))));
            cells.push(effect(f, "variance").map_or_else(|| "-".to_owned(), signed_percent));
            cells.push(f.provenance.name().to_owned());
            cells
        };
        let rows: Vec<Vec<String>> = findings.iter().map(|f| row(f)).collect();
        let mut notes = notes.lines();
        if whole {
            notes.push(VARIANCE.to_owned());
        }
        Some(Drawn {
            header: header.into_iter().map(str::to_owned).collect(),
            rows,
            numbers,
            notes,
        })
    }
}

/// What stands in place of a matrix without rows.
const NOTHING: &str = "no row\n";

/// The sign, explained once.
const VARIANCE: &str = "variance: (actual - target) / target; + is more of the metric than the \
                        target, which is better or worse as the target says";

fn effect(f: &Finding, name: &str) -> Option<f64> {
    f.effects.iter().find(|e: &&Effect| e.name == name).map(|e| e.value)
}

/// The name of the row, with labels that are not its domain.
fn name(f: &Finding) -> String {
    if f.subject.labels.len() == 1 {
        return f.subject.metric.clone();
    }
    let mut labels = f.subject.labels.clone();
    labels.remove(DOMAIN);
    qualified(&f.subject.metric, &labels)
}

/// The claim; of a value its condition alone.
fn target(f: &Finding) -> String {
    f.claim.strip_prefix("value ").unwrap_or(&f.claim).to_owned()
}

/// `131.2 ms [128.9, 133.4]`, `12 -> 12.4 ms, +3.3 % [+1 %, +5 %]`, `< 0.5 s`.
fn actual(f: &Finding, notes: &mut Notes) -> String {
    let Some(estimate) = f.estimate else { return "-".to_owned() };
    let plain = value(f);
    if let Some(side) = effect(f, "known_side") {
        return format!("{} {plain}", if side < 0.0 { "<" } else { ">" });
    }
    let Some(i) = &f.interval else {
        let note = "no interval: one value, not a sample".to_owned();
        return format!("{plain} {}", notes.of(note));
    };
    match f.base {
        Some(base) => {
            let change = effect(f, "relative_change").unwrap_or(estimate / base - 1.0);
            let (lo, hi) = (signed_percent(i.lo), signed_percent(i.hi));
            format!("{plain}, {} [{lo}, {hi}]", signed_percent(change))
        }
        None if f.is_share() => format!("{plain} [{}, {}]", percent(i.lo), percent(i.hi)),
        None => format!("{plain} [{}, {}]", number(i.lo), number(i.hi)),
    }
}

/// The verdict, never as a sign alone; of an untested value what it would do.
fn status(f: &Finding, marks: Marks, notes: &mut Notes) -> String {
    /// Warnings that get a note here; all stand with the reasons.
    const MOST: usize = 12;
    let mut text = verdict(f);
    if f.verdict == Verdict::Inconclusive(Reason::NotTested)
        && let Some(would) = effect(f, "would_meet").filter(|_| f.estimate.is_some())
    {
        text.push_str(if would > 0.0 { " (would meet it)" } else { " (would miss it)" });
    }
    for warning in &f.warnings {
        if notes.len() < MOST {
            text.push_str(&format!(" {}", notes.of(warning.clone())));
        }
    }
    if marks == Marks::Words {
        return text;
    }
    let sign = match f.verdict {
        Verdict::Pass => "✅",
        Verdict::Fail => "❌",
        Verdict::Inconclusive(Reason::NotTested) => "◻",
        Verdict::Inconclusive(_) | Verdict::NoDetectableChange { .. } => "❔",
    };
    format!("{sign} {text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Interval, Level, Provenance, Subject, Unit};

    fn finding(domain: &str, verdict: Verdict) -> Finding {
        let mut subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        subject.labels.insert(DOMAIN.to_owned(), domain.to_owned());
        let mut f = Finding::new(Class::Slo, subject, "p99 <= 100 ms", verdict);
        (f.estimate, f.unit) = (Some(17.0), Unit::known("ms"));
        f
    }

    fn with(mut f: Finding, name: &str, value: f64) -> Finding {
        f.effects.push(Effect { name: name.to_owned(), value, interval: None, note: None });
        f
    }

    fn interval(lo: f64, hi: f64) -> Interval {
        Interval { lo, hi, level: Level::P999, method: "m".to_owned() }
    }

    #[test]
    fn actual_values_say_how_sure_they_are() {
        let mut notes = Notes::default();
        let mut f = finding("a", Verdict::Pass);
        assert_eq!(actual(&f, &mut notes), "17 ms ¹");
        f.interval = Some(interval(15.0, 19.5));
        assert_eq!(actual(&f, &mut notes), "17 ms [15, 19.5]");
        f.base = Some(16.0);
        f.interval = Some(interval(0.01, 0.12));
        assert_eq!(actual(&f, &mut notes), "16 -> 17 ms, +6.25 % [+1 %, +12 %]");
        let f = with(finding("a", Verdict::Pass), "known_side", -1.0);
        assert_eq!(actual(&f, &mut notes), "< 17 ms");
        let nothing = Finding { estimate: None, ..finding("a", Verdict::Pass) };
        assert_eq!(actual(&nothing, &mut notes), "-");
        assert_eq!(notes.lines(), ["¹ no interval: one value, not a sample"]);
    }

    #[test]
    fn untested_values_say_what_they_would_do() {
        let open = || finding("a", Verdict::Inconclusive(Reason::NotTested));
        let mut notes = Notes::default();
        let would = with(open(), "would_meet", 1.0);
        assert_eq!(status(&would, Marks::Words, &mut notes), "NOT TESTED (would meet it)");
        let mut wont = with(open(), "would_meet", 0.0);
        wont.warnings = vec!["a mean is no p99".to_owned()];
        assert_eq!(status(&wont, Marks::Signs, &mut notes), "◻ NOT TESTED (would miss it) ¹");
        wont.estimate = None;
        assert_eq!(status(&wont, Marks::Words, &mut notes), "NOT TESTED ¹");
    }

    #[test]
    fn rows_are_those_of_their_domain() {
        let mut second = with(finding("b", Verdict::Fail), "weight", 2.0);
        second.provenance = Provenance::Projected;
        let all = [finding("a", Verdict::Pass), second, finding("a", Verdict::Fail)];
        let matrix = Matrix::of(&all);
        let a = matrix.markdown(Some("a"));
        assert!(a.starts_with("| metric | target | actual | status | variance | provenance |\n"));
        assert_eq!(a.matches("| latency |").count(), 2);
        assert!(!a.contains("variance: "), "{a}");
        let b = matrix.markdown(Some("b"));
        assert!(b.contains("| status | weight | variance |"), "{b}");
        assert!(b.contains("| ❌ FAIL | 2 | - | projected |"), "{b}");
        assert!(matrix.table(None, None).ends_with(&format!("{VARIANCE}\n")));
        assert_eq!(matrix.table(Some("c"), None), NOTHING);
        assert_eq!(Matrix::of(&[]).markdown(None), NOTHING);
    }
}
