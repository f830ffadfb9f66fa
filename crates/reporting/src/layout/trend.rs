//! Runs of one component, put together as a trend of each finding.

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::{
    Cell, Exhibit, Finding, Interval, Labels, Level, Place, Plot, Shape, number, signed_percent,
};

use crate::common::time::seconds;
use crate::evidence::Evidence;
use crate::output::table::{tally, value};

/// Puts runs of one component together: of each only the newest is kept, and each of its
/// findings gets its trend over the runs, a picture and a table, before its other exhibits.
///
/// Evidence is of one component when its name is the same and, where it is known, the verb that
/// made it. The same document given twice counts once. Runs are ordered by the time at which they
/// were made; where one does not tell, as they were given. At most the 64 newest take part.
/// Findings of the run before that the newest no longer has are named in a note.
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

/// Begins the headings of all trends.
const TITLE: &str = "Trend over";
/// Begins the note that tells the runs.
const NEWEST: &str = "newest of";

/// Whether an exhibit is a trend.
#[cfg(feature = "html")]
pub(crate) fn is_trend(exhibit: &Exhibit) -> bool {
    exhibit.title.starts_with(TITLE)
}

/// `newest of 3 runs`, of the note that says so.
#[cfg(feature = "html")]
pub(crate) fn newest_of(note: &str) -> Option<&str> {
    note.split_once(':').map(|(words, _)| words).filter(|words| words.starts_with(NEWEST))
}

/// The newest run of a component with the trend; `None` of none.
fn newest(mut runs: Vec<Evidence>) -> Option<Evidence> {
    let given = runs.len();
    let mut seen = BTreeSet::new();
    runs.retain(|r| r.sha256.as_ref().is_none_or(|hash| seen.insert(hash.clone())));
    let twice = given - runs.len();
    let times: Option<Vec<f64>> =
        runs.iter().map(|r| r.created.as_deref().and_then(seconds)).collect();
    if let Some(times) = times {
        let mut timed: Vec<(f64, Evidence)> = times.into_iter().zip(runs).collect();
        timed.sort_by(|a, b| a.0.total_cmp(&b.0));
        runs = timed.into_iter().map(|(_, run)| run).collect();
    }
    let older = runs.len().saturating_sub(Exhibit::MAX_POINTS);
    runs.drain(..older);
    let mut last = runs.pop()?;
    let mut notes = Vec::new();
    if !runs.is_empty() {
        notes.push(span(&runs, &last, older));
        notes.extend(runs.last().and_then(|before| vanished(before, &last)));
        let trends = trends(&runs, &last);
        for (finding, exhibits) in last.findings.iter_mut().zip(trends) {
            finding.exhibits.splice(0..0, exhibits);
        }
    }
    notes.extend((twice > 0).then(|| format!("given more than once, counted once: {twice}")));
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
    let drawn: Vec<&Point<'_>> = points.iter().filter(|p| comparable(p.finding, last)).collect();
    // The base of each run may be the run before it.
    let moved = drawn.iter().any(|p| p.finding.base != last.base);
    let rest = if moved { ", the base is not the same in all" } else { "" };
    let title = format!("{TITLE} {runs} runs{rest}");
    let mut all = Vec::with_capacity(2);
    let estimates = course(&drawn, last, |f| f.estimate);
    if estimates.len() > 1 {
        let mut plot = Plot::new("run", label(last));
        if last.base.is_some() {
            plot = layer(plot, "base", course(&drawn, last, |f| f.base));
            plot = layer(plot, "candidate", estimates);
        } else {
            plot = bands(plot, &drawn);
            plot = layer(plot, "estimate", estimates);
        }
        let targets = [last.target, last.target_upper].into_iter().flatten().filter(|_| !moved);
        for target in targets.map(|t| factor(last) * t).filter(|t| t.is_finite()) {
            plot = plot.mark(last.claim.clone(), Place::Y(target));
        }
        all.push(Exhibit::plot(title.clone(), plot));
    }
    let columns = ["run", "date", "estimate", "interval", "level", "n", "verdict", "tool"];
    let rows = points.iter().map(row).collect();
    all.push(Exhibit::table(title, columns.map(str::to_owned).to_vec(), rows));
    all
}

/// A number of each run that has it, by the number of the run.
fn course(
    drawn: &[&Point<'_>],
    last: &Finding,
    of: impl Fn(&Finding) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let at = |p: &&Point<'_>| Some((p.run as f64, factor(last) * of(p.finding)?));
    drawn.iter().filter_map(at).filter(|(_, y)| y.is_finite()).collect()
}

/// A line through runs that follow one another; only points where one is missing between them.
fn layer(plot: Plot, name: &str, course: Vec<(f64, f64)>) -> Plot {
    let whole = course.windows(2).all(|w| w[1].0 - w[0].0 == 1.0);
    plot.layer(name, if whole { Shape::Line(course) } else { Shape::Points(course) })
}

/// The intervals as a band over each stretch of runs that follow one another; none where there
/// are more stretches than layers. An interval with a gap on either side is in the table only.
fn bands(plot: Plot, drawn: &[&Point<'_>]) -> Plot {
    let mut stretches: Vec<Vec<(f64, f64, f64)>> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    for p in drawn {
        let Some(i) = &p.finding.interval else { continue };
        let (run, (lo, hi)) = (p.run as f64, ends(p.finding, i));
        if !lo.is_finite() || !hi.is_finite() {
            continue;
        }
        levels.push(i.level);
        match stretches.last_mut() {
            Some(stretch) if stretch.last().is_some_and(|before| run - before.0 == 1.0) => {
                stretch.push((run, lo, hi));
            }
            _ => stretches.push(vec![(run, lo, hi)]),
        }
    }
    stretches.retain(|stretch| stretch.len() > 1);
    if stretches.len() >= Exhibit::MAX_LAYERS {
        return plot;
    }
    let name = match levels.first() {
        Some(first) if levels.iter().all(|level| level == first) => format!("{first} interval"),
        _ => "interval, levels as in the table".to_owned(),
    };
    // One name for all of them.
    let names = std::iter::once(name).chain(std::iter::repeat(String::new()));
    stretches
        .into_iter()
        .zip(names)
        .fold(plot, |plot, (stretch, name)| plot.layer(name, Shape::Band(stretch)))
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
    let level = f.interval.as_ref().map(|i| i.level.to_string());
    let n: Vec<String> = f.n.iter().map(|&n| number(n as f64)).collect();
    let tool = &p.evidence.tool;
    vec![
        Cell::Count(p.run as u64),
        Cell::Text(p.evidence.created.clone().unwrap_or_default()),
        Cell::Text(value(f)),
        Cell::Text(interval.unwrap_or_default()),
        Cell::Text(level.unwrap_or_default()),
        Cell::Text(n.join(" + ")),
        Cell::Text(crate::output::table::verdict(f)),
        Cell::Text(format!("{} {}", tool.name, tool.version)),
    ]
}

/// Whether two findings can stand on one axis.
fn comparable(a: &Finding, b: &Finding) -> bool {
    a.base.is_some() == b.base.is_some() && a.unit == b.unit
}

/// What shares are multiplied by, to be percentages.
fn factor(f: &Finding) -> f64 {
    if f.is_share() { 100.0 } else { 1.0 }
}

/// The ends of an interval that is no change.
fn ends(f: &Finding, i: &Interval) -> (f64, f64) {
    (factor(f) * i.lo, factor(f) * i.hi)
}

fn suffix(f: &Finding) -> String {
    if f.is_share() { " %".to_owned() } else { f.suffix() }
}

/// What stands at the vertical axis: `latency, ms`.
fn label(f: &Finding) -> String {
    let what = f.subject.statistic.as_deref().map_or_else(String::new, |s| format!("{s} of "));
    let metric = &f.subject.metric;
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
    format!("{NEWEST} {} runs: {}{rest}", all.len(), all.join(", "))
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
    use tailproof_core::{Class, ExhibitKind, Layer, Subject, Unit, Verdict};

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
        match &plot.layers.last().unwrap().shape {
            Shape::Line(points) | Shape::Points(points) => points.clone(),
            _ => panic!("{plot:?}"),
        }
    }

    fn layers(f: &Finding) -> Vec<(&str, &str, usize)> {
        let ExhibitKind::Plot(plot) = &f.exhibits[0].kind else { panic!("{f:?}") };
        let one = |layer: &Layer| match &layer.shape {
            Shape::Line(points) => ("line", points.len()),
            Shape::Points(points) => ("points", points.len()),
            Shape::Band(points) => ("band", points.len()),
            _ => panic!("{layer:?}"),
        };
        let named = plot.layers.iter().map(|l| (l.name.as_str(), one(l)));
        named.map(|(name, (shape, n))| (name, shape, n)).collect()
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
    fn gaps_are_not_bridged() {
        let one = |x: Option<f64>| run("a", None, x.map(|x| finding("x", x)).into_iter().collect());
        let mut runs: Vec<Evidence> =
            [Some(1.0), Some(2.0), None, Some(4.0), Some(5.0), Some(6.0)].map(one).into();
        runs[4].findings[0].interval = None;
        let all = together(runs.clone());
        let name = "99.9 % interval";
        assert_eq!(layers(&all[0].findings[0]), [(name, "band", 2), ("estimate", "points", 5)]);
        runs[4].findings[0].interval = runs[5].findings[0].interval.clone();
        runs[0].findings[0].interval.as_mut().unwrap().level = Level::P95;
        let all = together(runs);
        let name = "interval, levels as in the table";
        let want = [(name, "band", 2), ("", "band", 3), ("estimate", "points", 5)];
        assert_eq!(layers(&all[0].findings[0]), want);
    }

    #[test]
    fn the_same_document_counts_once_and_times_are_no_texts() {
        let one = |created: &str, x: f64, hash: &str| {
            let mut e = run("a", Some(created), vec![finding("x", x)]);
            e.findings[0].exhibits = vec![Exhibit::plot("ECDF", Plot::new("", ""))];
            e.sha256 = Some(hash.to_owned());
            e
        };
        let (early, late) = ("2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00Z");
        let runs = vec![one(late, 2.0, "b"), one(early, 1.0, "a"), one(late, 2.0, "b")];
        let all = together(runs);
        assert_eq!(line(&all[0].findings[0]), [(1.0, 1.0), (2.0, 2.0)]);
        assert_eq!(all[0].findings[0].exhibits[2].title, "ECDF");
        assert_eq!(all[0].notes[1], "given more than once, counted once: 1");
    }

    #[test]
    fn comparisons_show_both_sides_and_say_that_the_base_moves() {
        let compared = |base: f64, estimate: f64| {
            let mut f = finding("x", estimate);
            f.base = Some(base);
            run("a", None, vec![f])
        };
        let all = together(vec![compared(10.0, 11.0), compared(10.0, 5.0)]);
        let f = &all[0].findings[0];
        assert_eq!(layers(f), [("base", "line", 2), ("candidate", "line", 2)]);
        assert_eq!(line(f), [(1.0, 11.0), (2.0, 5.0)]);
        assert_eq!(f.exhibits[0].title, "Trend over 2 runs");
        let all = together(vec![compared(10.0, 11.0), compared(11.0, 5.0)]);
        let title = &all[0].findings[0].exhibits[0].title;
        assert_eq!(title, "Trend over 2 runs, the base is not the same in all");
        assert!(together(Vec::new()).is_empty());
    }
}
