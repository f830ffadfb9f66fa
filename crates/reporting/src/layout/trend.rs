//! Runs of one component, put together as a trend of each finding.

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::{
    Cell, Exhibit, Finding, Interval, Labels, Place, Plot, Shape, Unit, number, signed_percent,
};

use crate::evidence::Evidence;
use crate::output::table::{tally, value};

/// Puts runs of one component together: of each only the newest is kept, and each of its
/// findings gets its trend over the runs, a picture and a table.
///
/// Evidence is of one component when its name is the same and, where it is known, the verb that
/// made it. Runs are ordered by the time at which they were made; where one does not tell,
/// as they were given. At most the 64 newest take part. Findings of the run before that the newest
/// no longer has are named in a note.
///
/// ```
/// use tailproof_reporting::{Evidence, together};
///
/// let run = |when: &str| {
///     let mut evidence = Evidence::new("checkout", vec![]);
///     evidence.created = Some(when.into());
///     evidence
/// };
/// let runs = together(vec![run("2026-02-02T10:00:00Z"), run("2026-02-01T10:00:00Z")]);
/// assert_eq!(runs.len(), 1);
/// assert!(runs[0].notes[0].starts_with("newest of 2 runs"));
/// ```
#[must_use]
pub fn together(parts: Vec<Evidence>) -> Vec<Evidence> {
    let mut verbs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for part in &parts {
        let known = verbs.entry(part.component.clone()).or_default();
        known.extend(part.configuration.as_ref().map(|c| c.verb.clone()));
    }
    let mut groups: Vec<Vec<Evidence>> = Vec::new();
    let mut places: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for part in parts {
        // Older evidence does not tell its verb; where only one is known, it is that.
        let known = &verbs[&part.component];
        let only = known.first().filter(|_| known.len() == 1);
        let verb = part.configuration.as_ref().map(|c| &c.verb).or(only).cloned();
        let at = *places.entry((part.component.clone(), verb)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(part);
    }
    groups.into_iter().filter_map(newest).collect()
}

/// The newest run of a component with the trend; `None` of none.
fn newest(mut runs: Vec<Evidence>) -> Option<Evidence> {
    if runs.iter().all(|r| r.created.is_some()) {
        runs.sort_by(|a, b| a.created.cmp(&b.created));
    }
    let older = runs.len().saturating_sub(Exhibit::MAX_POINTS);
    runs.drain(..older);
    let mut last = runs.pop()?;
    if runs.is_empty() {
        return Some(last);
    }
    let mut notes = vec![span(&runs, &last, older)];
    notes.extend(runs.last().and_then(|before| vanished(before, &last)));
    let trends = trends(&runs, &last);
    for (finding, exhibits) in last.findings.iter_mut().zip(trends) {
        finding.exhibits.extend(exhibits);
    }
    notes.append(&mut last.notes);
    last.notes = notes;
    Some(last)
}

/// What a finding is of, whatever came out; the number tells equal ones apart.
type Key<'a> = (&'a str, &'a Labels, Option<&'a str>, Option<&'a str>, &'a str, usize);

/// The findings of a run by what they are of.
fn by_key(findings: &[Finding]) -> BTreeMap<Key<'_>, &Finding> {
    keys(findings).into_iter().zip(findings).collect()
}

fn keys(findings: &[Finding]) -> Vec<Key<'_>> {
    let mut seen: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(findings.len());
    for f in findings {
        let s = &f.subject;
        let (benchmark, statistic) = (s.benchmark.as_deref(), s.statistic.as_deref());
        let mut key: Key<'_> = (&s.metric, &s.labels, benchmark, statistic, &f.claim, 0);
        let count = seen.entry(key).or_default();
        key.5 = *count;
        *count += 1;
        all.push(key);
    }
    all
}

/// One run of a finding.
struct Point<'a> {
    run: usize,
    evidence: &'a Evidence,
    finding: &'a Finding,
}

/// The exhibits of each finding of the last run.
fn trends(runs: &[Evidence], last: &Evidence) -> Vec<Vec<Exhibit>> {
    let before: Vec<BTreeMap<Key<'_>, &Finding>> =
        runs.iter().map(|r| by_key(&r.findings)).collect();
    keys(&last.findings)
        .into_iter()
        .zip(&last.findings)
        .map(|(key, f)| {
            let mut points: Vec<Point<'_>> = Vec::new();
            for (i, (evidence, findings)) in runs.iter().zip(&before).enumerate() {
                if let Some(&finding) = findings.get(&key) {
                    points.push(Point { run: i + 1, evidence, finding });
                }
            }
            points.push(Point { run: runs.len() + 1, evidence: last, finding: f });
            if points.len() > 1 { exhibits(&points, f, runs.len() + 1) } else { Vec::new() }
        })
        .collect()
}

fn exhibits(points: &[Point<'_>], last: &Finding, runs: usize) -> Vec<Exhibit> {
    let title = format!("Trend over {runs} runs");
    let mut line = Vec::new();
    let mut band = Vec::new();
    for p in points.iter().filter(|p| comparable(p.finding, last)) {
        let run = p.run as f64;
        line.extend(level(p.finding).filter(|y| y.is_finite()).map(|y| (run, y)));
        let interval = p.finding.interval.as_ref().map(|i| ends(p.finding, i));
        let finite = |(lo, hi): &(f64, f64)| lo.is_finite() && hi.is_finite();
        band.extend(interval.filter(finite).map(|(lo, hi)| (run, lo, hi)));
    }
    let mut all = Vec::with_capacity(2);
    if line.len() > 1 {
        let mut plot = Plot::new("run", label(last));
        if let Some(i) = last.interval.as_ref().filter(|_| !band.is_empty()) {
            plot = plot.layer(format!("{} interval", i.level), Shape::Band(band));
        }
        plot = plot.layer("estimate", Shape::Line(line));
        if last.base.is_some() {
            plot = plot.mark("no change", Place::Y(0.0));
        }
        if let Some(target) = target(last).filter(|t| t.is_finite()) {
            plot = plot.mark(last.claim.clone(), Place::Y(target));
        }
        all.push(Exhibit::plot(title.clone(), plot));
    }
    let columns = ["run", "date", "estimate", "interval", "verdict", "tool"];
    let rows = points.iter().map(row).collect();
    all.push(Exhibit::table(title, columns.map(str::to_owned).to_vec(), rows));
    all
}

fn row(p: &Point<'_>) -> Vec<Cell> {
    let f = p.finding;
    let interval = f.interval.as_ref().map(|i| {
        if f.base.is_some() {
            format!("[{}, {}]", signed_percent(i.lo), signed_percent(i.hi))
        } else {
            let (lo, hi) = ends(f, i);
            format!("[{}, {}]{}", number(lo), number(hi), suffix(f))
        }
    });
    let tool = &p.evidence.tool;
    vec![
        Cell::Count(p.run as u64),
        Cell::Text(p.evidence.created.clone().unwrap_or_default()),
        Cell::Text(value(f)),
        Cell::Text(interval.unwrap_or_default()),
        Cell::Text(crate::output::table::verdict(f)),
        Cell::Text(format!("{} {}", tool.name, tool.version)),
    ]
}

/// Whether two findings can stand on one axis.
fn comparable(a: &Finding, b: &Finding) -> bool {
    let unit = |f: &Finding| -> Option<Unit> { f.unit.clone() };
    a.base.is_some() == b.base.is_some() && (a.base.is_some() || unit(a) == unit(b))
}

/// What shares and changes are multiplied by, to be percentages.
fn factor(f: &Finding) -> f64 {
    if f.base.is_some() || f.is_share() { 100.0 } else { 1.0 }
}

/// The estimate, or the change of a comparison.
fn level(f: &Finding) -> Option<f64> {
    let estimate = f.estimate?;
    let known = f.effects.iter().find(|e| e.name == "relative_change").map(|e| e.value);
    let level = f.base.map_or(estimate, |base| known.unwrap_or(estimate / base - 1.0));
    Some(factor(f) * level)
}

fn ends(f: &Finding, i: &Interval) -> (f64, f64) {
    (factor(f) * i.lo, factor(f) * i.hi)
}

fn target(f: &Finding) -> Option<f64> {
    let target = f.target?;
    Some(factor(f) * f.base.map_or(target, |base| target / base - 1.0))
}

fn suffix(f: &Finding) -> String {
    if f.is_share() { " %".to_owned() } else { f.suffix() }
}

/// What stands at the vertical axis: `latency, ms`.
fn label(f: &Finding) -> String {
    let what = f.subject.statistic.as_deref().map_or_else(String::new, |s| format!("{s} of "));
    let metric = &f.subject.metric;
    if f.base.is_some() {
        return format!("change of {what}{metric}, %");
    }
    match suffix(f).trim() {
        "" => format!("{what}{metric}"),
        unit => format!("{what}{metric}, {unit}"),
    }
}

/// `newest of 3 runs: 1 2026-01-01T… PASS, 2 …`.
fn span(runs: &[Evidence], last: &Evidence, older: usize) -> String {
    let all: Vec<String> = runs
        .iter()
        .chain([last])
        .enumerate()
        .map(|(i, run)| {
            let when = run.created.as_deref().unwrap_or("without a date");
            format!("{} {when} {}", i + 1, tally(&run.findings).0)
        })
        .collect();
    let rest = if older > 0 { format!("; {older} older runs are left out") } else { String::new() };
    format!("newest of {} runs: {}{rest}", all.len(), all.join(", "))
}

/// Names what the run before had and the last has not.
fn vanished(before: &Evidence, last: &Evidence) -> Option<String> {
    /// Names that somebody reads.
    const MOST: usize = 10;
    let now = by_key(&last.findings);
    let gone: Vec<String> = keys(&before.findings)
        .iter()
        .zip(&before.findings)
        .filter(|(key, _)| !now.contains_key(*key))
        .map(|(_, f)| format!("{}: {}", f.name(), f.claim))
        .collect();
    let rest = gone.len().saturating_sub(MOST);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let named = gone.iter().take(MOST).cloned().collect::<Vec<_>>().join("; ");
    (!gone.is_empty()).then(|| format!("in the run before and not in this one: {named}{more}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, ExhibitKind, Level, Subject, Verdict};

    fn finding(metric: &str, estimate: f64) -> Finding {
        let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p95 <= 9 ms", Verdict::Pass);
        (f.estimate, f.target, f.unit) = (Some(estimate), Some(9.0), Unit::known("ms"));
        let (lo, hi) = (estimate - 1.0, estimate + 1.0);
        f.interval = Some(Interval { lo, hi, level: Level::P999, method: String::new() });
        f
    }

    fn run(component: &str, created: Option<&str>, findings: Vec<Finding>) -> Evidence {
        let mut evidence = Evidence::new(component, findings);
        evidence.created = created.map(str::to_owned);
        evidence
    }

    fn line(f: &Finding) -> Vec<(f64, f64)> {
        let ExhibitKind::Plot(plot) = &f.exhibits[0].kind else { panic!("{f:?}") };
        let Shape::Line(points) = &plot.layers.last().unwrap().shape else { panic!("{plot:?}") };
        points.clone()
    }

    #[test]
    fn runs_are_ordered_by_time_and_the_newest_is_kept() {
        let runs = vec![
            run("a", Some("2026-03-01T00:00:00Z"), vec![finding("x", 3.0)]),
            run("b", None, vec![finding("x", 7.0)]),
            run("a", Some("2026-01-01T00:00:00Z"), vec![finding("x", 1.0)]),
            run("a", Some("2026-02-01T00:00:00Z"), vec![finding("x", 2.0), finding("y", 5.0)]),
        ];
        let all = together(runs);
        assert_eq!(all.iter().map(|e| e.component.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(line(&all[0].findings[0]), [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
        assert_eq!(all[0].findings[0].exhibits[0].title, "Trend over 3 runs");
        assert_eq!(all[0].notes[1], "in the run before and not in this one: y: p95 <= 9 ms");
        assert!(all[1].findings[0].exhibits.is_empty() && all[1].notes.is_empty());
    }

    #[test]
    fn without_a_date_runs_stay_as_given() {
        let runs = vec![
            run("a", Some("2026-03-01T00:00:00Z"), vec![finding("x", 3.0)]),
            run("a", None, vec![finding("x", f64::INFINITY)]),
            run("a", Some("2026-01-01T00:00:00Z"), vec![finding("x", 1.0)]),
        ];
        let all = together(runs);
        assert_eq!(line(&all[0].findings[0]), [(1.0, 3.0), (3.0, 1.0)]);
        assert!(all[0].notes[0].contains("2 without a date PASS"), "{:?}", all[0].notes);
    }

    #[test]
    fn of_many_runs_the_newest_64_are_shown() {
        let created = |i: u32| format!("2026-01-01T00:{:02}:{:02}Z", i / 60, i % 60);
        let one = |i: u32| {
            let twice = vec![finding("x", f64::from(i)), finding("x", 100.0)];
            run("a", Some(&created(i)), twice)
        };
        let all = together((0..70).rev().map(one).collect());
        let points = line(&all[0].findings[0]);
        assert_eq!((points.len(), points[0], points[63]), (64, (1.0, 6.0), (64.0, 69.0)));
        assert!(line(&all[0].findings[1]).iter().all(|p| p.1 == 100.0));
        assert!(all[0].notes[0].ends_with("; 6 older runs are left out"));
    }

    #[test]
    fn verbs_are_kept_apart_where_they_are_known() {
        let of = |verb: Option<&str>| {
            let mut evidence = run("a", None, vec![finding("x", 1.0)]);
            evidence.configuration =
                verb.map(|v| crate::Configuration { verb: v.to_owned(), ..Default::default() });
            evidence
        };
        assert_eq!(together(vec![of(Some("validate")), of(None)]).len(), 1);
        assert_eq!(together(vec![of(Some("validate")), of(Some("score")), of(None)]).len(), 3);
    }

    #[test]
    fn comparisons_show_their_change_in_percent() {
        let compared = |estimate: f64| {
            let mut f = finding("x", estimate);
            f.base = Some(10.0);
            f
        };
        let runs = vec![run("a", None, vec![compared(11.0)]), run("a", None, vec![compared(5.0)])];
        let all = together(runs);
        let points = line(&all[0].findings[0]);
        assert!((points[0].1 - 10.0).abs() < 1e-9 && points[1] == (2.0, -50.0), "{points:?}");
        assert!(together(Vec::new()).is_empty());
    }
}
