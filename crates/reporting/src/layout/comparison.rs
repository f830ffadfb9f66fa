//! Comparisons as a table: what was, what is, the change with its interval, the verdict.

use std::collections::BTreeMap;

use tailproof_core::{
    Class, Direction, Effect, Finding, Interval, Labels, Reason, Verdict, number, qualified,
};

use crate::layout::grid::Grid;
use crate::layout::notes::Notes;

/// Whether a finding is a row of such a table.
pub(crate) fn is_row(f: &Finding) -> bool {
    f.subject.statistic.is_some() && (f.base.is_some() || f.class == Class::Regression)
}

/// A table for each metric and unit, in the order in which they come, of the rows that are shown;
/// each ends in the geometric mean of all when it has several rows of one statistic.
pub(crate) fn grids(findings: &[&Finding], shown: &dyn Fn(&Finding) -> bool) -> Vec<Grid> {
    let mut titles: Vec<String> = Vec::new();
    let mut groups: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for f in findings {
        let title = match &f.unit {
            Some(unit) => format!("{}, {unit}", f.subject.metric),
            None => f.subject.metric.clone(),
        };
        let at = titles.iter().position(|t| *t == title).unwrap_or_else(|| {
            titles.push(title);
            titles.len() - 1
        });
        groups.entry(at).or_default().push(f);
    }
    groups
        .into_iter()
        .filter(|(_, rows)| rows.iter().any(|f| shown(f)))
        .map(|(at, rows)| grid(&titles[at], &rows, shown))
        .collect()
}

fn grid(title: &str, findings: &[&Finding], shown: &dyn Fn(&Finding) -> bool) -> Grid {
    let mut notes = Notes::default();
    let common = common_labels(findings);
    let rows = findings.iter().filter(|f| shown(f));
    let mut rows: Vec<Vec<String>> = rows.map(|f| row(f, &common, &mut notes)).collect();
    rows.extend(geometric_means(findings));
    let levels: Vec<String> = {
        let mut all: Vec<String> = findings
            .iter()
            .filter_map(|f| f.interval.as_ref())
            .map(|i| i.level.to_string())
            .collect();
        all.dedup();
        all
    };
    let interval = match levels.as_slice() {
        [one] => format!("{one} interval"),
        _ => "interval".to_owned(),
    };
    let header = ["", "n", "base", "head", "change", &interval, "δ", "verdict"];
    let title = if common.is_empty() { title.to_owned() } else { qualified(title, &common) };
    Grid { title, header: header.map(str::to_owned).to_vec(), rows, words: 1, notes: notes.lines() }
}

/// The labels that all rows share, which stand in the title instead.
fn common_labels(findings: &[&Finding]) -> Labels {
    let [first, rest @ ..] = findings else { return Labels::new() };
    let named = |f: &Finding| f.subject.benchmark.is_some();
    let mut common = first.subject.labels.clone();
    if rest.is_empty() && !named(first) {
        return Labels::new();
    }
    common.retain(|k, v| rest.iter().all(|f| f.subject.labels.get(k) == Some(v)));
    common
}

fn row(f: &Finding, common: &Labels, notes: &mut Notes) -> Vec<String> {
    vec![
        name(f, common),
        counts(f),
        side(f, "base", f.base, notes),
        side(f, "candidate", f.estimate, notes),
        change(f),
        interval(f),
        delta(f),
        verdict(f, notes),
    ]
}

/// `hash/fold/1000 p50`: benchmark and labels, or the metric when it has neither.
fn name(f: &Finding, common: &Labels) -> String {
    let s = &f.subject;
    let mut words: Vec<String> = s.benchmark.iter().cloned().collect();
    let mut labels = s.labels.clone();
    labels.retain(|k, _| !common.contains_key(k));
    if !labels.is_empty() {
        words.push(qualified("", &labels));
    }
    if words.is_empty() {
        words.push(s.metric.clone());
    }
    words.extend(s.statistic.clone());
    words.join(" ")
}

fn counts(f: &Finding) -> String {
    let join = |all: &[u64]| {
        let all: Vec<String> = all.iter().map(|&n| number(n as f64)).collect();
        if all.windows(2).all(|w| w[0] == w[1]) {
            all.first().cloned().unwrap_or_default()
        } else {
            all.join("+")
        }
    };
    let n = join(&f.n);
    if f.runs.iter().any(|&r| r > 1) { format!("{n} in {} runs", join(&f.runs)) } else { n }
}

/// `4.13 ± 2%`: the estimate of a side and half of its interval.
fn side(f: &Finding, which: &str, value: Option<f64>, notes: &mut Notes) -> String {
    let Some(value) = value else { return "?".to_owned() };
    let effect = f.effects.iter().find(|e: &&Effect| e.name == which);
    let Some(i) = effect.and_then(|e| e.interval.as_ref()) else { return number(value) };
    let half = (i.hi - value).max(value - i.lo) / value.abs();
    if half.is_finite() {
        return format!("{} ± {:.0}%", number(value), 100.0 * half);
    }
    let note = format!("too few observations for an interval of it at {}", i.level);
    format!("{} ± ∞ {}", number(value), notes.of(note))
}

/// Whether the interval of the change excludes none at all.
fn moved(f: &Finding) -> bool {
    f.interval.as_ref().is_some_and(|i| i.lo > 0.0 || i.hi < 0.0)
}

fn change(f: &Finding) -> String {
    match (&f.verdict, f.base.zip(f.estimate)) {
        (Verdict::Inconclusive(_), _) => "?".to_owned(),
        (Verdict::NoDetectableChange { .. }, _) if !moved(f) => "~".to_owned(),
        (_, Some((base, estimate))) if base == estimate => signed(0.0),
        (_, Some((base, estimate))) => {
            let change = f.effects.iter().find(|e| e.name == "relative_change");
            signed(change.map_or(estimate / base - 1.0, |e| e.value))
        }
        (_, None) => String::new(),
    }
}

/// `+12.9%`, with as many digits as a share of this size needs; a factor from ten times on.
fn signed(share: f64) -> String {
    if share.is_nan() {
        return "?".to_owned();
    }
    if !share.is_finite() {
        return if share > 0.0 { "+∞" } else { "-∞" }.to_owned();
    }
    if share >= 9.0 {
        return format!("×{}", number(share + 1.0));
    }
    let percent = 100.0 * share;
    let digits = if percent.abs() < 1.0 { 2 } else { 1 };
    format!("{percent:+.digits$}%")
}

/// The interval of the change; where there is no ratio that of the difference, in its unit.
fn interval(f: &Finding) -> String {
    let difference = f.effects.iter().find(|e| e.name == "difference");
    if let Some(i) = difference.and_then(|e| e.interval.as_ref()) {
        let sign = |x: f64| if x > 0.0 { "+" } else { "" };
        let unit = f.suffix();
        return format!("[{}{}, {}{}]{unit}", sign(i.lo), number(i.lo), sign(i.hi), number(i.hi));
    }
    f.interval.as_ref().map_or_else(String::new, |i| {
        if i.lo == f64::NEG_INFINITY && i.hi == f64::INFINITY {
            return String::new();
        }
        format!("[{}, {}]", signed(i.lo), signed(i.hi))
    })
}

fn delta(f: &Finding) -> String {
    let middle = matches!(f.subject.statistic.as_deref(), Some("p50" | "mean" | "shift"));
    let found = f.effects.iter().find(|e| e.name == "cliffs_delta").filter(|_| middle);
    found.map_or_else(|| "·".to_owned(), |e| format!("{:+.2}", e.value))
}

fn verdict(f: &Finding, notes: &mut Notes) -> String {
    let better = |i: &Interval| match f.direction {
        Direction::Lower => i.hi < 0.0,
        Direction::Higher => i.lo > 0.0,
        Direction::Unknown => false,
    };
    match &f.verdict {
        // What somebody has accepted no longer gates.
        Verdict::Fail if f.class == Class::Other => "worse, accepted".to_owned(),
        Verdict::Fail => match f.p {
            Some(p) if p < 0.001 => "regressed (p<0.001)".to_owned(),
            Some(p) => format!("regressed (p={p:.3})"),
            None => "regressed".to_owned(),
        },
        Verdict::Pass if f.interval.as_ref().is_some_and(better) => "improved".to_owned(),
        Verdict::Pass => "not worse".to_owned(),
        // It changed; that it did by more than the margin is not shown.
        Verdict::NoDetectableChange { .. } if moved(f) => "changed, within margin?".to_owned(),
        Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
            format!("would have shown ≥ {}", signed(*w).trim_start_matches('+'))
        }
        Verdict::NoDetectableChange { would_have_shown: None } => "no change shown".to_owned(),
        Verdict::Inconclusive(Reason::NotTested) => "not tested".to_owned(),
        Verdict::Inconclusive(reason) => {
            let text = reason.to_string();
            // The n that it needs stands in the row itself, the words below.
            match reason {
                Reason::TooFew { need } | Reason::Underpowered { need } if *need < u64::MAX => {
                    format!(
                        "needs n ≥ {} {}",
                        number(*need as f64),
                        notes.of("inconclusive: too few observations for this question".to_owned())
                    )
                }
                _ => format!("inconclusive {}", notes.of(text)),
            }
        }
    }
}

/// A row for each statistic that several benchmarks have: the geometric means of both sides
/// and of the change.
fn geometric_means(findings: &[&Finding]) -> Vec<Vec<String>> {
    let mut by_statistic: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for f in findings {
        let mut statistic = f.subject.statistic.clone().unwrap_or_default();
        // Several candidates are not one mean.
        if let Some(head) = f.subject.labels.get("head") {
            statistic = format!("{statistic} {{head={head}}}");
        }
        let positive = |(b, e): &(f64, f64)| *b > 0.0 && *e > 0.0 && b.is_finite() && e.is_finite();
        let Some(pair) = f.base.zip(f.estimate).filter(positive) else { continue };
        match by_statistic.iter_mut().find(|s| s.0 == statistic) {
            Some(known) => known.1.push(pair),
            None => by_statistic.push((statistic, vec![pair])),
        }
    }
    by_statistic
        .into_iter()
        .filter(|(_, pairs)| pairs.len() > 1)
        .map(|(statistic, pairs)| {
            let mean = |f: fn(&(f64, f64)) -> f64| {
                (pairs.iter().map(|p| f(p).ln()).sum::<f64>() / pairs.len() as f64).exp()
            };
            let (base, head) = (mean(|p| p.0), mean(|p| p.1));
            let row = [
                format!("geomean {statistic}"),
                String::new(),
                number(base),
                number(head),
                signed(head / base - 1.0),
                String::new(),
                String::new(),
                String::new(),
            ];
            row.to_vec()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Level, Subject, Unit};

    fn finding(benchmark: &str, base: f64, head: f64, verdict: Verdict) -> Finding {
        let subject = Subject {
            metric: "time".to_owned(),
            benchmark: Some(benchmark.to_owned()),
            statistic: Some("p50".to_owned()),
            ..Subject::default()
        };
        let mut f = Finding::new(Class::Regression, subject, "", verdict);
        (f.base, f.estimate, f.n) = (Some(base), Some(head), vec![10, 10]);
        f.unit = Unit::known("ns");
        let method = String::new();
        f.interval = Some(Interval { lo: 0.1, hi: 0.3, level: Level::P95, method });
        f
    }

    #[test]
    fn rows_name_the_benchmark_and_end_in_the_geometric_mean() {
        let worse = finding("a", 100.0, 120.0, Verdict::Fail);
        let open = finding("b", 100.0, 100.0, Verdict::Inconclusive(Reason::TooFew { need: 6 }));
        let mut same =
            finding("c", 8.0, 8.0, Verdict::NoDetectableChange { would_have_shown: Some(0.061) });
        if let Some(i) = &mut same.interval {
            (i.lo, i.hi) = (-0.02, 0.03);
        }
        let grids = grids(&[&worse, &open, &same], &|_| true);
        assert_eq!((grids.len(), grids[0].title.as_str()), (1, "time, ns"));
        let rows = &grids[0].rows;
        assert_eq!(rows[0][..6], ["a p50", "10", "100", "120", "+20.0%", "[+10.0%, +30.0%]"]);
        assert!(rows[1][4] == "?" && rows[1][7].starts_with("needs n ≥ 6 ¹"));
        assert!(rows[2][4] == "~" && rows[2][7] == "would have shown ≥ 6.1%");
        assert_eq!(rows[3][..5], ["geomean p50", "", "43.09", "45.79", "+6.3%"]);
        assert!(grids[0].notes[0].starts_with("¹ inconclusive"));
        // The mean is of all rows, however few are shown.
        let few = super::grids(&[&worse, &open, &same], &|f| f.verdict == Verdict::Fail);
        assert_eq!((few[0].rows.len(), &few[0].rows[1]), (2, &rows[3]));
        assert!(super::grids(&[&worse], &|_| false).is_empty());
    }

    #[test]
    fn changes_keep_their_digits() {
        for (x, text) in [
            (0.129, "+12.9%"),
            (-0.0005, "-0.05%"),
            (0.0, "+0.00%"),
            (99.0, "×100"),
            (f64::INFINITY, "+∞"),
        ] {
            assert_eq!(signed(x), text);
        }
    }
}
