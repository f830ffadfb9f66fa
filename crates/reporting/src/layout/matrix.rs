//! Findings of domains as rows: metric, target, actual, status, variance, provenance.
//!
//! A finding is a row when it has a [`Standing`].

use std::collections::BTreeMap;

use tailproof_core::{Effect, Finding, Reason, Standing, Verdict, number, percent, signed_percent};

use crate::common::text::{escape, printable};
use crate::layout::grid::{piped, ruled};
use crate::layout::notes::Notes;
use crate::output::table::{value, verdict};

/// Whether a finding is a row of the matrix.
pub(crate) fn is_row(f: &Finding) -> bool {
    f.standing.is_some()
}

/// The rows, found once for all domains.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    all: Vec<Row<'a>>,
    domains: BTreeMap<&'a str, Vec<Row<'a>>>,
}

/// A finding and its place among all.
type Row<'a> = (usize, &'a Finding);

/// How statuses are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    Words,
    Signs,
}

/// A matrix before it is drawn; its texts are plain.
#[derive(Debug)]
#[cfg_attr(not(feature = "html"), expect(dead_code, reason = "only a page has links"))]
pub(crate) struct Drawn {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// Place among all findings of what each row is of; for pages with links.
    pub(crate) findings: Vec<usize>,
    /// Column of the names.
    pub(crate) name: usize,
    /// Column of the status.
    pub(crate) status: usize,
    /// Columns of numbers.
    pub(crate) numbers: std::ops::Range<usize>,
    pub(crate) notes: Vec<String>,
}

impl<'a> Matrix<'a> {
    pub(crate) fn of(findings: &'a [Finding]) -> Self {
        let all: Vec<Row<'_>> = findings.iter().enumerate().filter(|(_, f)| is_row(f)).collect();
        let mut domains: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
        for &(at, f) in &all {
            domains.entry(standing(f).domain.as_str()).or_default().push((at, f));
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
            out.push_str(&format!("\n{}\n", escape(&note)));
        }
        out
    }

    /// The rows of a domain, or all, for whoever draws them; `None` without a row.
    pub(crate) fn draw(&self, domain: Option<&str>, marks: Marks) -> Option<Drawn> {
        let findings: &[Row<'_>] = match domain {
            Some(name) => self.domains.get(name)?,
            None => &self.all,
        };
        if findings.is_empty() {
            return None;
        }
        let whole = domain.is_none();
        let weighted = findings.iter().any(|(_, f)| standing(f).weight != 1.0);
        let mut header = Vec::new();
        header.extend(whole.then_some("domain"));
        let name = header.len();
        header.extend(["metric", "target", "actual", "status"]);
        let from = header.len();
        header.extend(weighted.then_some("weight"));
        header.push("variance");
        let numbers = from..header.len();
        header.push("provenance");
        let mut notes = Notes::default();
        let mut row = |f: &Finding| {
            let mut cells = Vec::with_capacity(header.len());
            cells.extend(whole.then(|| standing(f).domain.clone()));
            cells.extend([standing(f).name.clone(), target(f), actual(f, &mut notes)]);
            cells.push(status(f, marks, &mut notes));
            cells.extend(weighted.then(|| number(standing(f).weight)));
            cells.push(variance(standing(f)));
            cells.push(f.provenance.name().to_owned());
            cells
        };
        let rows: Vec<Vec<String>> = findings.iter().map(|(_, f)| row(f)).collect();
        let mut notes = notes.lines();
        if whole {
            notes.push(SIGN.to_owned());
        }
        Some(Drawn {
            header: header.into_iter().map(str::to_owned).collect(),
            rows,
            findings: findings.iter().map(|(at, _)| *at).collect(),
            name,
            status: from - 1,
            numbers,
            notes,
        })
    }
}

/// What stands in place of a matrix without rows.
pub(crate) const NOTHING: &str = "no row\n";

/// The sign, explained once.
const SIGN: &str = "variance: (actual - target) / target; + is more of the metric than the \
                        target, which is better or worse as the target says";

fn effect(f: &Finding, name: &str) -> Option<f64> {
    f.effects.iter().find(|e: &&Effect| e.name == name).map(|e| e.value)
}

/// The standing of a row.
fn standing(f: &Finding) -> &Standing {
    f.standing.as_ref().expect("only findings with a standing are rows")
}

/// The claim; of a value its condition alone.
fn target(f: &Finding) -> String {
    f.claim.strip_prefix("value ").unwrap_or(&f.claim).to_owned()
}

/// `131.2 ms [128.9, 133.4]`, `12 -> 12.4 ms, +3.3 % [+1 %, +5 %]`, `< 0.5 s`.
fn actual(f: &Finding, notes: &mut Notes) -> String {
    let Some(estimate) = f.estimate else { return "-".to_owned() };
    let plain = value(f);
    if let Some(known) = standing(f).known {
        return format!("{known} {plain}");
    }
    let Some(i) = &f.interval else {
        return format!("{plain} {}", notes.of(format!("no interval: {}", alone(f))));
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

/// Why a value has no interval.
fn alone(f: &Finding) -> String {
    match &f.verdict {
        // Typed, or a sample of one.
        _ if f.n.is_empty() || f.n == [1] => "one value, not a sample".to_owned(),
        Verdict::Inconclusive(reason) if *reason != Reason::NotTested => reason.to_string(),
        _ => "of this sample only".to_owned(),
    }
}

/// `-47.11 %`; `≤ -50 %` when the value is known to be at most so much.
fn variance(standing: &Standing) -> String {
    let Some(variance) = standing.variance else { return "-".to_owned() };
    let end = match standing.known {
        None => "",
        Some(known) if known.is_upper() => "≤ ",
        Some(_) => "≥ ",
    };
    format!("{end}{}", signed_percent(variance))
}

/// The verdict, never as a sign alone; of an untested value what it would do.
fn status(f: &Finding, marks: Marks, notes: &mut Notes) -> String {
    /// Warnings that get a note here; all stand with the reasons.
    const MOST: usize = 12;
    let mut text = verdict(f);
    if f.verdict == Verdict::Inconclusive(Reason::NotTested)
        && let Some(would) = standing(f).would_meet.filter(|_| f.estimate.is_some())
    {
        text.push_str(if would { " (would meet it)" } else { " (would miss it)" });
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
        let subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p99 <= 100 ms", verdict);
        (f.estimate, f.unit) = (Some(17.0), Unit::known("ms"));
        f.standing = Some(Standing {
            name: "latency".to_owned(),
            domain: domain.to_owned(),
            weight: 1.0,
            ..Standing::default()
        });
        f
    }

    fn with(mut f: Finding, change: impl Fn(&mut Standing)) -> Finding {
        change(f.standing.as_mut().unwrap());
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
        let f = with(finding("a", Verdict::Pass), |s| {
            s.known = Some(tailproof_core::Comparison::Below);
        });
        assert_eq!(actual(&f, &mut notes), "< 17 ms");
        let nothing = Finding { estimate: None, ..finding("a", Verdict::Pass) };
        assert_eq!(actual(&nothing, &mut notes), "-");
        assert_eq!(notes.lines(), ["¹ no interval: one value, not a sample"]);
    }

    #[test]
    fn a_missing_interval_is_explained() {
        let with_n = |n: &[u64], verdict| Finding { n: n.to_vec(), ..finding("a", verdict) };
        let too_few = || Verdict::Inconclusive(Reason::TooFew { need: 135 });
        for (f, want) in [
            (with_n(&[], Verdict::Pass), "one value, not a sample"),
            (with_n(&[1], too_few()), "one value, not a sample"),
            (with_n(&[5], too_few()), "too few observations, needs n >= 135"),
            (with_n(&[200], Verdict::Pass), "of this sample only"),
            (with_n(&[200], Verdict::Inconclusive(Reason::NotTested)), "of this sample only"),
        ] {
            let mut notes = Notes::default();
            assert_eq!(actual(&f, &mut notes), "17 ms ¹");
            assert_eq!(notes.lines(), [format!("¹ no interval: {want}")]);
        }
    }

    #[test]
    fn the_variance_of_an_end_is_an_end() {
        use tailproof_core::Comparison::{Above, AtLeast, AtMost, Below};
        for (known, want) in [
            (None, "-50 %"),
            (Some(Below), "≤ -50 %"),
            (Some(AtMost), "≤ -50 %"),
            (Some(Above), "≥ -50 %"),
            (Some(AtLeast), "≥ -50 %"),
        ] {
            let standing = Standing { variance: Some(-0.5), known, ..Standing::default() };
            assert_eq!(variance(&standing), want);
        }
        assert_eq!(variance(&Standing::default()), "-");
        let row = with(finding("a", Verdict::Pass), |s| {
            (s.variance, s.known) = (Some(-0.5), Some(Below));
        });
        let text = Matrix::of(&[row]).markdown(Some("a"));
        assert!(text.contains("| ≤ -50 % |"), "{text}");
    }

    #[test]
    fn untested_values_say_what_they_would_do() {
        let open = || finding("a", Verdict::Inconclusive(Reason::NotTested));
        let mut notes = Notes::default();
        let would = with(open(), |s| s.would_meet = Some(true));
        assert_eq!(status(&would, Marks::Words, &mut notes), "NOT TESTED (would meet it)");
        let mut wont = with(open(), |s| s.would_meet = Some(false));
        wont.warnings = vec!["a mean is no p99".to_owned()];
        assert_eq!(status(&wont, Marks::Signs, &mut notes), "◻ NOT TESTED (would miss it) ¹");
        wont.estimate = None;
        assert_eq!(status(&wont, Marks::Words, &mut notes), "NOT TESTED ¹");
    }

    #[test]
    fn rows_are_those_of_their_domain() {
        let mut second = with(finding("b", Verdict::Fail), |s| s.weight = 2.0);
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
        assert!(matrix.table(None, None).ends_with(&format!("{SIGN}\n")));
        assert_eq!(matrix.table(Some("c"), None), NOTHING);
        assert_eq!(Matrix::of(&[]).markdown(None), NOTHING);
    }
}
