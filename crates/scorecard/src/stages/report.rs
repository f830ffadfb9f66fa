use tailproof_core::{
    Bound, Cell, Class, Direction, Exhibit, Finding, Guarantee, Interval, Provenance, Side,
    Subject, Verdict, number, percent,
};

use super::{Kind, Total};
use crate::amount::with_unit;
use crate::whole::at_most;

const INDEPENDENT: &str = "sum of independent means, variances recovered from their intervals";
const DEPENDENT: &str = "sum of means whose errors may go together";
const UNION: &str = "sum of percentiles, union bound";
const ORDER: &str = "order statistics, sum of percentiles, union bound";

impl Total {
    /// The finding: the stages together, held against the budget.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let subject = Subject { metric: self.name.clone(), ..Subject::default() };
        let of = match self.kind {
            Kind::Means => String::new(),
            Kind::Percentiles { asked, .. } => format!(" for {} of all passes", percent(asked)),
        };
        let claim = format!("{} <= {}{of}", self.stages(), self.with_unit(self.budget));
        let mut finding = Finding::new(Class::Slo, subject, claim, self.verdict());
        finding.unit.clone_from(&self.unit);
        finding.direction = Direction::Lower;
        finding.target = Some(self.budget);
        finding.estimate = self.estimate;
        finding.provenance = self.provenance();
        let ((lower, upper), sampled) = match (self.kind, self.level) {
            (Kind::Means, Some(level)) => {
                let (lo, hi) = (self.lower, self.upper);
                let method = self.method().to_owned();
                finding.interval = Some(Interval { lo, hi, level, method });
                ((Some(level.split(2)), Some(level.split(2))), true)
            }
            (Kind::Means, None) => ((None, None), false),
            (Kind::Percentiles { .. }, _) => (self.levels, self.levels.1.is_some()),
        };
        finding.guarantee = if sampled { Guarantee::Asymptotic } else { Guarantee::Approximate };
        let bound = |side, value, level: Option<_>| {
            Some(Bound { side, value, level: level?, method: self.method().to_owned() })
        };
        let lower = bound(Side::Lower, self.lower, lower);
        finding.bounds = lower.into_iter().chain(bound(Side::Upper, self.upper, upper)).collect();
        let n = self.parts.iter().flat_map(|part| &part.value).flat_map(|actual| &actual.n);
        finding.n = n.copied().max().into_iter().collect();
        finding.why = self.why();
        finding.warnings = self.warnings();
        finding.exhibits = vec![self.table()];
        vec![finding]
    }

    fn method(&self) -> &'static str {
        match (self.kind, self.independent, self.levels) {
            (Kind::Percentiles { .. }, _, (None, None)) => UNION,
            (Kind::Percentiles { .. }, ..) => ORDER,
            (Kind::Means, false, _) => DEPENDENT,
            (Kind::Means, true, _) => INDEPENDENT,
        }
    }

    fn with_unit(&self, x: f64) -> String {
        with_unit(x, self.unit.as_ref())
    }

    /// `1 stage`, `5 stages`.
    fn stages(&self) -> String {
        match self.parts.len() {
            1 => "1 stage".to_owned(),
            n => format!("{n} stages"),
        }
    }

    /// `1 stage takes`, `5 stages take`.
    fn take(&self) -> String {
        format!("{} {}", self.stages(), if self.parts.len() == 1 { "takes" } else { "take" })
    }

    fn why(&self) -> String {
        let verdict = self.verdict();
        let mut text = format!(
            "{} vs <= {}: {}",
            self.sum_text(),
            self.with_unit(self.budget),
            verdict.word()
        );
        if let (Verdict::Inconclusive(_), Some((part, reason))) =
            (&verdict, self.undecided().next())
        {
            text.push_str(&format!(", {} is undecided: {reason}", part.name));
        }
        if self.provenance() != Provenance::Measured && self.met() == Some(true) {
            text.push_str(", it would be met if the numbers are right");
        }
        if let Some(part) = self.dominating() {
            let share = percent(part.share.unwrap_or(0.0));
            text.push_str(&format!("; {} takes {share} of it", part.name));
        }
        let slack = self.slack();
        if slack.is_finite() {
            let (amount, word) =
                (self.with_unit(slack.abs()), if slack < 0.0 { "over" } else { "left" });
            text.push_str(&format!("; {amount} {word}"));
        }
        text
    }

    fn sum_text(&self) -> String {
        let (lower, upper) = (self.with_unit(self.lower), self.with_unit(self.upper));
        if let Kind::Percentiles { guaranteed, .. } = self.kind {
            return self.percentiles_text(guaranteed);
        }
        let (take, missing) = (self.take(), self.missing().count());
        if missing > 0 {
            return format!("{take} at least {lower}, {missing} of them not measured");
        }
        let undecided = self.undecided().count();
        if undecided > 0 {
            return format!("{take} at least {lower}, of {undecided} nothing is known");
        }
        let sum = self.with_unit(self.estimate.unwrap_or(self.upper));
        match self.level {
            Some(level) => format!(
                "{take} {sum} [{}, {}] at {level} ({})",
                number(self.lower),
                number(self.upper),
                self.method()
            ),
            None if self.is_bound() && self.upper.is_finite() => {
                format!("{take} at most {upper} and at least {lower} (no interval)")
            }
            None if self.is_bound() => format!("{take} at least {lower} (no interval)"),
            None => format!("{take} {sum} (no interval)"),
        }
    }

    fn percentiles_text(&self, guaranteed: f64) -> String {
        if guaranteed <= 0.0 {
            return format!("the percentiles of {} say nothing of the whole", self.stages());
        }
        let (share, upper) = (percent(guaranteed), self.with_unit(self.upper));
        if self.upper == f64::INFINITY {
            return format!("nothing bounds what {share} of all passes take ({})", self.method());
        }
        let level = self.levels.1.map_or_else(String::new, |level| format!(" at {level}"));
        format!("at least {share} of all passes take at most {upper}{level} ({})", self.method())
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(part) = self.dominating().filter(|part| part.share.unwrap_or(0.0) > 0.5)
            && self.parts.len() > 1
        {
            let share = percent(part.share.unwrap_or(0.0));
            warnings.push(format!("{} alone takes {share}: nothing else helps as much", part.name));
        }
        let names = |parts: Vec<&str>| parts.join(", ");
        let missing: Vec<&str> = self.missing().map(|part| part.name.as_str()).collect();
        if !missing.is_empty() {
            warnings.push(format!("not measured: {}", names(missing)));
        }
        let known = || self.parts.iter().filter_map(|p| Some((p.name.as_str(), p.value.as_ref()?)));
        for weak in [Provenance::Simulated, Provenance::Estimated, Provenance::Projected] {
            let of: Vec<&str> = known().filter(|p| p.1.provenance == weak).map(|p| p.0).collect();
            if !of.is_empty() {
                warnings.push(format!("{}: {}", weak.name(), names(of)));
            }
        }
        for (part, reason) in self.undecided() {
            warnings.push(format!("{} has no interval, {reason}", part.name));
        }
        let with = known().filter(|p| p.1.interval.is_some()).count();
        let typed = known().filter(|p| p.1.interval.is_none() && p.1.known.is_none());
        let typed = typed.filter(|p| p.1.undecided.is_none());
        let typed: Vec<&str> = typed.map(|p| p.0).collect();
        if with > 0 && !typed.is_empty() {
            warnings.push(format!("taken as exact, they have no interval: {}", names(typed)));
        }
        if with > 1 && self.independent {
            warnings.push(
                "the stages are claimed to be measured independently; were they measured on the same passes, the interval is too narrow"
                    .to_owned(),
            );
        }
        if let Kind::Percentiles { guaranteed, asked, covered } = self.kind {
            warnings.push("percentiles of stages do not add up: their sum only bounds".to_owned());
            if !covered {
                warnings.push(format!(
                    "{} of all passes are asked for, the percentiles guarantee {}: measure the whole, or higher percentiles",
                    percent(asked),
                    percent(guaranteed)
                ));
            }
        }
        warnings.extend(self.misquoted());
        warnings
    }

    /// What is wrong with the total that a report claims.
    fn misquoted(&self) -> Option<String> {
        let (typed, published) = self.published.as_ref()?;
        if at_most(self.lower, *published) {
            return None;
        }
        let is_it = |x: f64| at_most(x, *published) && at_most(*published, x);
        let alone = self.parts.iter().find(|p| p.value.as_ref().is_some_and(|v| is_it(v.estimate)));
        let alone =
            alone.map_or_else(String::new, |part| format!("it is {} alone, and ", part.name));
        let lower = self.with_unit(self.lower);
        Some(format!(
            "{typed}, as published, is not the whole: {alone}the stages take at least {lower}"
        ))
    }

    fn table(&self) -> Exhibit {
        // The bootstrap interval of a percentile decides nothing here, so it is not shown.
        let shown = |part: &super::Part, actual: &crate::Actual| match part.statistic {
            super::Statistic::Mean => actual.text(),
            super::Statistic::Quantile(_) => {
                crate::Actual { interval: None, ..actual.clone() }.text()
            }
        };
        let text = Cell::Text;
        let unknown = || Cell::Text("?".to_owned());
        let row = |part: &super::Part| {
            let value = part.value.as_ref();
            vec![
                text(part.name.clone()),
                value.map_or_else(unknown, |actual| text(shown(part, actual))),
                part.share.map_or_else(unknown, |share| text(percent(share))),
                part.may_grow_to.map_or_else(unknown, Cell::Number),
                text(value.map_or(Provenance::NotTested, |v| v.provenance).name().to_owned()),
            ]
        };
        let unit = self.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
        let columns = ["stage", "takes", "share"].map(str::to_owned).into_iter();
        let columns = columns.chain([format!("may grow to{unit}"), "provenance".to_owned()]);
        let rows = self.parts.iter().take(Exhibit::MAX_POINTS).map(row).collect();
        Exhibit::table(format!("Stages of {}", self.name), columns.collect(), rows)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Level, Reason};

    use super::super::add_up;
    use super::super::config::tests::REPORT;
    use super::super::sum::tests::{chain, p99, p99s, seconds, total};
    use super::*;

    #[test]
    fn the_published_pipeline_is_answered() {
        let f = total(REPORT).findings().remove(0);
        assert_eq!((f.verdict.clone(), f.class), (Verdict::Pass, Class::Slo));
        assert_eq!(
            f.why,
            "5 stages take at most 3.617 s and at least 1.017 s (no interval) vs <= 5 s: PASS; \
             dashboard rendering takes 55.29 % of it; 1.383 s left"
        );
        let warned = |part: &str| f.warnings.iter().any(|w| w.contains(part));
        assert!(warned("17 ms, as published, is not the whole: it is model inference alone"));
        assert!(warned("dashboard rendering alone takes 55.29 %"), "{:?}", f.warnings);
        assert_eq!(f.interval, None);
        let ExhibitKind::Table { columns, rows } = &f.exhibits[0].kind else { panic!("a table") };
        assert!(rows.len() == 5 && rows.iter().all(|row| row.len() == columns.len()));
        // The report's other total agrees with its stages.
        let right = total(&REPORT.replace("published = \"17 ms\"", "published = \"3.6 s\""));
        assert!(right.findings()[0].warnings.iter().all(|w| !w.contains("published")));
    }

    #[test]
    fn percentiles_are_worded_as_a_bound() {
        let text = "budget = \"3 s\"\npercentile = \"p99\"\nstages = [{ name = \"a\", value = \"1 s\", statistic = \"p99\", provenance = \"measured\" }, { name = \"b\", value = \"1 s\", statistic = \"p99\", provenance = \"measured\" }]\n";
        let f = total(text).findings().remove(0);
        assert!(f.why.starts_with("at least 98 % of all passes take at most 2 s"), "{}", f.why);
        assert!(f.claim.ends_with("for 99 % of all passes"), "{}", f.claim);
        assert!(f.warnings.iter().any(|w| w.contains("guarantee 98 %")), "{:?}", f.warnings);
        assert_eq!((f.estimate, f.interval), (None, None));
    }

    #[test]
    fn an_undecided_stage_is_named() {
        let reason = Reason::TooFew { need: 30 };
        let few = crate::actual::Actual { undecided: Some(reason), n: vec![3], ..seconds(1.0) };
        let total = add_up(&chain(1, false), &[Some(few)]).unwrap();
        let f = total.findings().remove(0);
        assert_eq!(f.verdict.word(), "INCONCLUSIVE");
        assert!(f.claim.starts_with("1 stage <= 10 s"), "{}", f.claim);
        assert!(
            f.why.starts_with("1 stage takes at least 0 s, of 1 nothing is known"),
            "{}",
            f.why
        );
        assert!(f.why.contains("0 is undecided: too few observations"), "{}", f.why);
        assert!(f.warnings.iter().all(|w| !w.contains("exact")), "{:?}", f.warnings);
    }

    #[test]
    fn order_statistics_and_their_levels_are_recorded() {
        let each = p99s(2).stage_level(Level::P999);
        let values = [Some(p99(4.0, 4.4, each)), Some(p99(5.0, 5.5, each))];
        let f = add_up(&p99s(2), &values).unwrap().findings().remove(0);
        assert!(
            f.why.starts_with("at least 98 % of all passes take at most 9.9 s at 99.9 % (order")
        );
        let [upper] = f.bounds.as_slice() else { panic!("{:?}", f.bounds) };
        assert_eq!((upper.side, upper.level), (Side::Upper, Level::P999));
        assert!(upper.method.starts_with("order statistics"), "{}", upper.method);
        let values = [Some(p99(4.0, f64::INFINITY, each)), Some(p99(5.0, 5.5, each))];
        let f = add_up(&p99s(2), &values).unwrap().findings().remove(0);
        assert!(f.why.contains("0 is undecided: too few observations"), "{}", f.why);
        assert_eq!(f.bounds[0].value, f64::INFINITY);
    }
}
