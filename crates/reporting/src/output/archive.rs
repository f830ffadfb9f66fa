//! Evidence as the files of an archive: results, intervals, tests.

use tailproof_core::{Effect, Finding, Interval, Level, Side, Verdict};

use crate::common::facts::{decimal, guarantee};
use crate::evidence::Evidence;
use crate::output::csv::{rows as csv, text};

/// The files of an archive, as path and content; `date` is that of the run, `2026-01-31`.
///
/// ```text
/// benchmark_results/NAME_results_DATE.json
/// statistical_analysis/confidence_intervals_DATE.csv
/// statistical_analysis/significance_tests_DATE.csv
/// ```
#[must_use]
pub fn archive(evidence: &Evidence, json: &str, date: &str) -> Vec<(String, String)> {
    let name: String = evidence
        .component
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect();
    vec![
        (format!("benchmark_results/{name}_results_{date}.json"), json.to_owned()),
        (
            format!("statistical_analysis/confidence_intervals_{date}.csv"),
            confidence_intervals(&evidence.findings),
        ),
        (
            format!("statistical_analysis/significance_tests_{date}.csv"),
            significance_tests(&evidence.findings),
        ),
    ]
}

/// A row for every interval: of both sides, of the change, of what was judged; and for every
/// one-sided bound, which has one end only.
fn confidence_intervals(findings: &[Finding]) -> String {
    let mut rows = vec![
        [
            "benchmark",
            "metric",
            "labels",
            "statistic",
            "of",
            "unit",
            "estimate",
            "lo",
            "hi",
            "level",
            "method",
            "guarantee",
            "provenance",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for f in findings {
        let unit = f.unit.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut push =
            |of: &str, unit: &str, estimate, ends: [Option<f64>; 2], how: (Level, &str)| {
                let (level, method) = how;
                let mut row = subject(f);
                row.extend([of.to_owned(), unit.to_owned(), optional(estimate)]);
                row.extend(ends.map(optional));
                row.extend([decimal(level.to_f64()), text(method)]);
                row.extend([guarantee(f), f.provenance.name()].map(str::to_owned));
                rows.push(row);
            };
        for Effect { name, value, interval, .. } in &f.effects {
            if let Some(interval) = interval {
                let side = ["base", "candidate"].contains(&name.as_str());
                let unit = if side { unit.as_str() } else { "" };
                push(name, unit, Some(*value), ends(interval), (interval.level, &interval.method));
            }
        }
        let (of, unit, estimate) = match f.base.zip(f.estimate) {
            Some((b, e)) => ("relative change", "ratio", Some(e / b - 1.0)),
            None => ("estimate", unit.as_str(), f.estimate),
        };
        if let Some(interval) = &f.interval {
            push(of, unit, estimate, ends(interval), (interval.level, &interval.method));
        }
        for bound in &f.bounds {
            let (side, ends) = match bound.side {
                Side::Lower => ("lower bound", [Some(bound.value), None]),
                Side::Upper => ("upper bound", [None, Some(bound.value)]),
            };
            let of = format!("{side} of the {of}");
            push(&of, unit, estimate, ends, (bound.level, &bound.method));
        }
    }
    csv(&rows)
}

/// A row for every claim that was judged.
fn significance_tests(findings: &[Finding]) -> String {
    let mut rows = vec![
        [
            "benchmark",
            "metric",
            "labels",
            "statistic",
            "claim",
            "base",
            "estimate",
            "p",
            "adjusted_p",
            "significant",
            "verdict",
            "n",
            "guarantee",
            "provenance",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for f in findings {
        let mut row = subject(f);
        row.extend([text(&f.claim), optional(f.base), optional(f.estimate)]);
        row.extend([optional(f.p), optional(f.adjusted_p)]);
        row.push(match (&f.verdict, f.p) {
            (_, None) => String::new(),
            (verdict, Some(_)) => (*verdict == Verdict::Fail).to_string(),
        });
        row.push(f.verdict.word().to_owned());
        row.push(f.n.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"));
        row.extend([guarantee(f), f.provenance.name()].map(str::to_owned));
        rows.push(row);
    }
    csv(&rows)
}

fn subject(f: &Finding) -> Vec<String> {
    let s = &f.subject;
    let labels: Vec<String> = s.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    vec![
        text(s.benchmark.as_deref().unwrap_or_default()),
        text(&s.metric),
        text(&labels.join(";")),
        text(s.statistic.as_deref().unwrap_or_default()),
    ]
}

fn ends(interval: &Interval) -> [Option<f64>; 2] {
    [Some(interval.lo), Some(interval.hi)]
}

fn optional(x: Option<f64>) -> String {
    x.map_or_else(String::new, decimal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Bound, Class, Subject};

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        let subject = Subject { metric: "=a,\"b".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Regression, subject, "c", Verdict::Fail);
        (f.base, f.estimate, f.p) = (Some(2.0), Some(3.0), Some(0.01));
        f.interval = Some(Interval {
            lo: 0.25,
            hi: f64::INFINITY,
            level: Level::P95,
            method: "m".to_owned(),
        });
        let method = "b".to_owned();
        f.bounds = vec![Bound { side: Side::Upper, value: 0.75, level: Level::P999, method }];
        let files = archive(&Evidence::new("compare", vec![f]), "{}", "2026-01-31");
        assert_eq!(files[0].0, "benchmark_results/compare_results_2026-01-31.json");
        let rows: Vec<&str> = files[1].1.lines().skip(1).collect();
        let interval = "relative change,ratio,0.5,0.25,inf,0.95,m";
        let bound = "upper bound of the relative change,ratio,0.5,,0.75,0.999,b";
        let row = |middle: &str| format!(",\"'=a,\"\"b\",,,{middle},exact,measured");
        assert_eq!(rows, [row(interval), row(bound)]);
        let row = files[2].1.lines().nth(1).unwrap();
        assert_eq!(row, ",\"'=a,\"\"b\",,,c,2,3,0.01,,true,FAIL,,exact,measured");
    }
}
