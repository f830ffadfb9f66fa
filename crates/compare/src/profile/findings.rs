//! Shares of functions in findings.

use tailproof_core::{
    Cell, Class, Effect, Exhibit, Finding, Guarantee, Interval, Labels, Level, Subject, Unit,
    Verdict, number, percent, signed_percent,
};
use tailproof_hypothesis::Proportion;

use super::{Counting, Profile, ShareChange, ShareChanges};

/// How the interval of a difference of two shares is made.
const NEWCOMBE: &str = "Newcombe's interval";
const WARNING: &str = "samples that follow each other are taken as independent, which makes the \
                       intervals too narrow";

impl Counting {
    /// Which samples count, in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Own => "own",
        }
    }
}

impl Profile {
    /// One finding about a profile by itself, which claims nothing: the largest share, and a
    /// table of the others.
    #[must_use]
    pub fn finding(&self, counted: Counting, level: Level) -> Finding {
        let shares = self.shares(counted);
        let mut finding = blank(counted, None, "shares of the samples", Verdict::Pass);
        let samples = number(self.samples() as f64);
        finding.n = vec![self.samples()];
        finding.why = format!("{samples} samples of {} functions", number(shares.len() as f64));
        if let Some((function, share)) = shares.first() {
            let (lo, hi) = share.wilson(level);
            finding.estimate = Some(share.share());
            let method = "Wilson's interval".to_owned();
            finding.interval = Some(Interval { lo, hi, level, method });
            finding.why.push_str(&format!(
                "; the largest share is that of {function}: {} [{}, {}] at {level}",
                percent(share.share()),
                percent(lo),
                percent(hi)
            ));
        }
        let row = |(function, share): &(&str, Proportion)| {
            let (lo, hi) = share.wilson(level);
            vec![
                Cell::Text((*function).to_owned()),
                Cell::Count(share.successes()),
                Cell::Number(share.share()),
                Cell::Number(lo),
                Cell::Number(hi),
            ]
        };
        let rows = shares.iter().take(Exhibit::MAX_POINTS).map(row).collect();
        let from = format!("from, at {level}");
        let columns = ["function", "samples", "share", &from, "to"].map(str::to_owned).to_vec();
        finding.exhibits = vec![Exhibit::table("Shares of the samples", columns, rows)];
        finding
    }
}

impl ShareChanges {
    /// One finding for each function that takes another share, the `most` largest changes at
    /// most; where there is none, one that says so. Shares are not times, so that none of them
    /// is a regression. The first carries a table of the largest changes.
    ///
    /// `samples` are those of both profiles.
    #[must_use]
    pub fn findings(&self, samples: [u64; 2], counted: Counting, most: usize) -> Vec<Finding> {
        let changed = self.functions.iter().filter(|f| f.changed).take(most.max(1));
        let mut findings: Vec<Finding> =
            changed.map(|f| self.finding(f, samples, counted)).collect();
        if findings.is_empty() {
            let verdict = Verdict::NoDetectableChange { would_have_shown: None };
            let claim = "some function takes another share of the samples";
            let mut finding = blank(counted, None, claim, verdict);
            finding.n = samples.to_vec();
            finding.why = format!(
                "none of {} functions is shown to take another share: {}",
                number(self.functions.len() as f64),
                finding.verdict.word(),
            );
            findings.push(finding);
        }
        findings[0].exhibits = vec![self.table()];
        findings
    }

    fn finding(&self, f: &ShareChange, samples: [u64; 2], counted: Counting) -> Finding {
        let claim = "takes another share of the samples";
        let mut finding = blank(counted, Some(&f.function), claim, Verdict::Pass);
        finding.n = samples.to_vec();
        // From nothing there is no change in percent.
        finding.base = Some(f.before).filter(|&share| share > 0.0);
        finding.estimate = Some(f.after);
        (finding.p, finding.adjusted_p) = (Some(f.p), Some(f.adjusted_p));
        let (lo, hi) = f.interval;
        let (value, method) = (f.after - f.before, NEWCOMBE.to_owned());
        // In points: beside a base, the interval of a finding is that of a relative change.
        finding.effects = vec![Effect {
            name: "share_difference".to_owned(),
            value,
            interval: Some(Interval { lo, hi, level: self.level, method }),
            note: None,
        }];
        finding.why = format!(
            "{}: {} -> {} of the samples, {} [{}, {}] in points at {}: CHANGED",
            f.function,
            percent(f.before),
            percent(f.after),
            signed_percent(value),
            signed_percent(lo),
            signed_percent(hi),
            self.level,
        );
        finding
    }

    fn table(&self) -> Exhibit {
        let row = |f: &ShareChange| {
            let numbers = [f.before, f.after, f.after - f.before, f.interval.0, f.interval.1];
            let mut row = vec![
                Cell::Text(f.function.clone()),
                Cell::Text(if f.changed { "changed" } else { "~" }.to_owned()),
            ];
            row.extend(numbers.map(Cell::Number));
            row
        };
        let rows = self.functions.iter().take(Exhibit::MAX_POINTS).map(row).collect();
        let from = format!("from, at {}", self.level);
        let columns = ["function", "verdict", "before", "after", "change", &from, "to"];
        let columns = columns.map(str::to_owned).to_vec();
        Exhibit::table("Largest changes of shares", columns, rows)
    }
}

fn blank(counted: Counting, function: Option<&str>, claim: &str, verdict: Verdict) -> Finding {
    let labels: Labels =
        function.map(|f| ("function".to_owned(), f.to_owned())).into_iter().collect();
    let subject = Subject {
        metric: "share of samples".to_owned(),
        labels,
        benchmark: None,
        statistic: Some(counted.name().to_owned()),
    };
    let mut finding = Finding::new(Class::Other, subject, claim, verdict);
    finding.unit = Unit::known("ratio");
    finding.guarantee = Guarantee::Approximate;
    finding.warnings = vec![WARNING.to_owned()];
    finding
}

#[cfg(test)]
mod tests {
    use tailproof_core::ExhibitKind;

    use super::super::share_changes;
    use super::*;

    fn profile(text: &str) -> Profile {
        Profile::parse(text).unwrap()
    }

    #[test]
    fn every_changed_function_is_a_finding_and_the_first_has_the_table() {
        let (before, after) = (profile("a;b 500\na;c 500\n"), profile("a;b 500\na;d 500\n"));
        let changes = share_changes(&before, &after, Counting::Total, Level::P95);
        let samples = [before.samples(), after.samples()];
        let found = changes.findings(samples, Counting::Total, 20);
        let names: Vec<&str> =
            found.iter().map(|f| f.subject.labels["function"].as_str()).collect();
        assert_eq!(names, ["c", "d"]);
        assert_eq!((found[0].base, found[0].estimate), (Some(0.5), Some(0.0)));
        assert!(found[0].interval.is_none() && found[0].effects[0].value == -0.5);
        // A new function has grown from nothing by no number of percent.
        assert_eq!((found[1].base, found[1].estimate), (None, Some(0.5)));
        assert!(found[1].is_share() && found[1].effects[0].value == 0.5);
        let ExhibitKind::Table { rows, columns } = &found[0].exhibits[0].kind else {
            panic!("a table")
        };
        assert_eq!((rows.len(), columns.len()), (4, rows[0].len()));
        assert_eq!(changes.findings(samples, Counting::Total, 0).len(), 1);
    }

    #[test]
    fn equal_profiles_are_one_finding_of_no_change() {
        let before = profile("a;b 500\na;c 500\n");
        let changes = share_changes(&before, &before, Counting::Own, Level::P95);
        let found = changes.findings([1_000; 2], Counting::Own, 20);
        assert_eq!(found.len(), 1);
        assert!(matches!(found[0].verdict, Verdict::NoDetectableChange { .. }));
        assert_eq!(found[0].exhibits.len(), 1);
    }

    #[test]
    fn a_profile_alone_shows_its_shares() {
        let found = profile("main;parse 600\nmain;write 400\n").finding(Counting::Own, Level::P95);
        assert_eq!((found.estimate, found.n.as_slice()), (Some(0.6), [1_000].as_slice()));
        assert!(found.why.contains("parse: 60 %"), "{}", found.why);
    }
}
