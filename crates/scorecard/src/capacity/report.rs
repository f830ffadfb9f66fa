use tailproof_core::{
    Bound, Cell, Class, Direction, Exhibit, Finding, Guarantee, Interval, Provenance, Quantity,
    Side, Subject, Verdict, number, percent,
};

use super::{CapacityPlan, Scaling};
use crate::amount::with_unit;

impl CapacityPlan {
    /// The finding: the throughput that the allowed replicas reach, held against the target.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let subject = Subject { metric: "capacity".to_owned(), ..Subject::default() };
        let allowed = self
            .binding()
            .and_then(|limit| Some(format!(" with at most {} replicas", limit.replicas?)))
            .unwrap_or_default();
        let claim = format!("throughput >= {}{allowed}", self.with_unit(self.target));
        let mut finding = Finding::new(Class::Slo, subject, claim, self.verdict());
        finding.unit.clone_from(&self.unit);
        finding.direction = Direction::Higher;
        finding.target = Some(self.target);
        finding.provenance = self.provenance();
        finding.guarantee = Guarantee::Approximate;
        finding.why = self.why();
        finding.warnings = self.warnings();
        if let (Some(one), Some(n)) = (&self.one, self.judged()) {
            let scaled = |x: f64| self.scaling.throughput(x, n);
            finding.estimate = Some(scaled(one.estimate)).filter(|x| x.is_finite());
            finding.n.clone_from(&one.n);
            if let Some(interval) = &one.interval {
                let method = format!("{}, of one replica, scaled to {n}", interval.method);
                let (lo, hi) = (scaled(interval.lo), scaled(interval.hi));
                let bound = |side, value| {
                    let level = interval.level.split(2);
                    Bound { side, value, level, method: method.clone() }
                };
                finding.bounds = vec![bound(Side::Lower, lo), bound(Side::Upper, hi)];
                let level = interval.level;
                finding.interval = Some(Interval { lo, hi, level, method });
            }
            finding.exhibits = vec![self.table()];
        }
        vec![finding]
    }

    fn with_unit(&self, x: f64) -> String {
        with_unit(x, self.unit.as_ref())
    }

    /// How much is missing with at most `n` replicas, or how many times the target is reached.
    fn against(&self, n: u64) -> String {
        let n = self.scaling.best(n);
        let reached = self.reaches(n).unwrap_or(0.0).max(0.0);
        let scaled = self.with_unit(reached);
        if self.need.is_some_and(|need| need <= n) {
            return format!("{scaled}, {} times the target", number(reached / self.target));
        }
        format!("{scaled}, {} short", self.with_unit(self.target - reached))
    }

    fn why(&self) -> String {
        let verdict = self.verdict();
        let target = self.with_unit(self.target);
        let Some(one) = &self.one else {
            return format!("one replica was not measured vs {target}: {}", verdict.word());
        };
        let sure = if one.interval.is_none() { ", no interval" } else { "" };
        let one_text = format!("one replica {}{sure}", one.text());
        let mut text = match (self.need, self.need_by_estimate) {
            (Some(n), by) => {
                let by = match by {
                    Some(m) if m != n => format!(" ({m} by the estimate)"),
                    _ => String::new(),
                };
                let are = if n == 1 { "replica is" } else { "replicas are" };
                format!("{n} {are} needed{by}, {one_text}, {}", self.scaling.text())
            }
            (None, Some(m)) => format!(
                "no number of replicas is known to reach it, {m} would by the estimate, {one_text}, {}",
                self.scaling.text()
            ),
            (None, None) => format!(
                "no number of replicas reaches it, {one_text}, {}{}",
                self.scaling.text(),
                self.at_peak()
            ),
        };
        if let Some(limit) = self.binding().filter(|_| one.undecided.is_none()) {
            let most = limit.replicas.unwrap_or(0);
            text.push_str(&format!("; {} allows {most}: {}", limit.name, self.against(most)));
        }
        text.push_str(&format!(" vs >= {target}: {}", verdict.word()));
        if let (Some(undecided), Verdict::Inconclusive(_)) = (&one.undecided, &verdict) {
            text.push_str(&format!(", the throughput of one replica is undecided: {undecided}"));
        }
        if self.met() == Some(true) && self.provenance() == Provenance::Projected {
            text.push_str(", it would be reached if the projection is right");
        }
        if let Some((n, cost)) = self.need.and_then(|n| Some((n, self.cost_of(n)?))) {
            text.push_str(&format!("; {n} cost {}", monthly(&cost)));
        }
        text
    }

    fn at_peak(&self) -> String {
        let peak = self.scaling.peak().and_then(|n| Some((n, self.reaches(n)?)));
        match peak.filter(|(_, x)| *x > 0.0) {
            Some((n, x)) => format!(", most is {} with {n}", self.with_unit(x)),
            None => String::new(),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let Some(one) = &self.one else { return warnings };
        if one.provenance != Provenance::Measured {
            let name = one.provenance.name();
            warnings.push(format!("the throughput of one replica is {name}, so the rest is too"));
        }
        if one.interval.is_none() && one.undecided.is_none() {
            let text = "the throughput of one replica has no interval, so the number of replicas has none either";
            warnings.push(text.to_owned());
        }
        let judged = self.judged().unwrap_or(1);
        let most = self.need.map_or(judged, |need| need.max(1).min(judged));
        if most > 1 {
            let how = if self.scaling == Scaling::Perfect {
                "as if each added as much as the first: measure the efficiency"
            } else {
                "by a scaling that is typed, without an interval: measure that many"
            };
            warnings.push(format!("extrapolated from one replica to {most} {how}"));
        }
        for limit in self.limits.iter().filter(|limit| limit.replicas.is_none()) {
            warnings.push(format!("{}: this host does not say how much there is", limit.name));
        }
        if let Some(n) = self.published
            && one.undecided.is_none()
            && self.need.is_none_or(|need| need > n)
        {
            let against = self.against(n);
            warnings.push(format!("{n} replicas, as published, are not enough: {against}"));
        }
        if let Some(headroom) = self.headroom() {
            warnings.push(format!(
                "{} times the target is reached with {} replicas, then {} binds",
                number(headroom.factor),
                headroom.replicas,
                headroom.by
            ));
        }
        warnings
    }

    /// What each number of replicas that matters delivers and costs.
    fn table(&self) -> Exhibit {
        let mut rows: Vec<(u64, String)> = vec![(1, "one replica".to_owned())];
        rows.extend(self.published.map(|n| (n, "published".to_owned())));
        let by_estimate = self.need_by_estimate.filter(|_| self.need_by_estimate != self.need);
        rows.extend(by_estimate.map(|n| (n, "needed by the estimate".to_owned())));
        rows.extend(self.need.map(|n| (n, "needed".to_owned())));
        rows.extend(self.scaling.peak().map(|n| (n, "peak of the scaling".to_owned())));
        let limits = self.limits.iter();
        rows.extend(limits.filter_map(|l| Some((l.replicas?, format!("allowed by {}", l.name)))));
        rows.sort_by_key(|row| row.0);
        // One row for each number, with all that it is.
        rows.dedup_by(|again, first| {
            let same = again.0 == first.0;
            if same {
                first.1 = format!("{}, {}", first.1, again.1);
            }
            same
        });
        rows.truncate(Exhibit::MAX_POINTS);
        let cost = |n: u64| {
            self.cost_of(n).map_or_else(|| Cell::Text("–".into()), |c| Cell::Number(c.value()))
        };
        let rows = rows
            .into_iter()
            .map(|(n, what)| {
                let reached = self.reaches(n).filter(|x| x.is_finite());
                let reached = reached.map_or_else(|| Cell::Text("?".into()), Cell::Number);
                vec![Cell::Count(n), reached, cost(n), Cell::Text(what)]
            })
            .collect();
        let unit = self.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
        let money = self.cost.as_ref().and_then(Quantity::unit);
        let money = money.map_or_else(String::new, |unit| format!(", {unit} a month"));
        let columns = ["replicas".to_owned(), format!("at least{unit}"), format!("cost{money}")];
        let columns = columns.into_iter().chain(["which".to_owned()]).collect();
        Exhibit::table("Replicas", columns, rows)
    }
}

impl Scaling {
    /// In words.
    fn text(self) -> String {
        match self {
            Self::Perfect => "perfect scaling assumed".to_owned(),
            Self::Efficiency(e) => format!("efficiency {}", percent(e)),
            Self::Usl { sigma, kappa } => {
                format!("sigma {}, kappa {}", number(sigma), number(kappa))
            }
        }
    }
}

/// An amount of money a month, unless its unit says so already.
fn monthly(cost: &Quantity) -> String {
    let amount = number(cost.value());
    match cost.unit() {
        Some(unit) if unit.to_string().contains('/') => format!("{amount} {unit}"),
        Some(unit) => format!("{amount} {unit} a month"),
        None => format!("{amount} a month"),
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Verdict};

    use super::super::config::tests::{REPORT, parse};
    use super::super::plan;
    use super::*;
    use crate::actual::Value;

    fn finding(text: &str) -> Finding {
        let capacity = parse(text).unwrap();
        let Value::Typed(one) = capacity.one.clone() else { panic!("it is typed") };
        plan(&capacity, Some(&one), None).unwrap().findings().remove(0)
    }

    #[test]
    fn the_published_report_is_answered() {
        let f = finding(REPORT);
        assert_eq!((f.verdict.clone(), f.class), (Verdict::Fail, Class::Slo));
        assert_eq!((f.estimate, f.target), (Some(600.0), Some(1_000.0)));
        assert_eq!(
            f.why,
            "17 replicas are needed, one replica 60 /s, no interval, perfect scaling assumed; \
             replicas_max allows 10: 600 /s, 400 /s short vs >= 1000 /s: FAIL; \
             17 cost 765 usd a month"
        );
        let warned = |part: &str| f.warnings.iter().any(|w| w.contains(part));
        assert!(warned("16 replicas, as published, are not enough: 960 /s, 40 /s short"));
        assert!(warned("0.6 times the target") && warned("no interval"));
        assert!(warned("extrapolated"), "{:?}", f.warnings);
        let ExhibitKind::Table { columns, rows } = &f.exhibits[0].kind else { panic!("a table") };
        assert!(rows.iter().all(|row| row.len() == columns.len()) && rows.len() == 4);
    }

    #[test]
    fn equal_numbers_of_replicas_are_one_row() {
        let f = finding(&REPORT.replace("= 10", "= 17").replace("= 16", "= 17"));
        let ExhibitKind::Table { rows, .. } = &f.exhibits[0].kind else { panic!("a table") };
        let text = "published, needed, allowed by replicas_max".to_owned();
        assert_eq!(
            (rows.len(), &rows[1][0], &rows[1][3]),
            (2, &Cell::Count(17), &Cell::Text(text))
        );
    }

    #[test]
    fn an_undecided_throughput_is_named() {
        let capacity = parse(REPORT).unwrap();
        let Value::Typed(typed) = capacity.one.clone() else { panic!("it is typed") };
        let undecided = Some(tailproof_core::Reason::TooFew { need: 30 });
        let one = crate::actual::Actual { undecided, n: vec![3], ..typed };
        let f = plan(&capacity, Some(&one), None).unwrap().findings().remove(0);
        assert!(f.why.contains("one replica is undecided: too few observations"), "{}", f.why);
        assert!(!f.why.contains("short") && f.warnings.iter().all(|w| !w.contains("published")));
        assert_eq!(f.verdict.word(), "INCONCLUSIVE");
    }

    #[test]
    fn a_peak_below_the_target_is_said() {
        let text = "target = \"1000/s\"\none = \"60/s\"\nprovenance = \"measured\"\nsigma = 0.1\nkappa = 0.01\ncost = \"45 usd/month\"\n";
        let f = finding(text);
        assert!(f.why.starts_with("no number of replicas reaches it"), "{}", f.why);
        assert!(f.why.contains("most is 214.3 /s with"), "{}", f.why);
        let enough = finding(&text.replace("1000/s", "200/s"));
        assert!(enough.why.ends_with("cost 270 usd/month"), "{}", enough.why);
        assert!(enough.why.contains("NOT TESTED, it would be reached"), "{}", enough.why);
    }

    #[test]
    fn nothing_measured_is_not_tested() {
        let capacity = parse(REPORT).unwrap();
        let f = plan(&capacity, None, None).unwrap().findings().remove(0);
        assert_eq!(f.provenance, Provenance::NotTested);
        assert!(f.why.ends_with("vs 1000 /s: NOT TESTED"), "{}", f.why);
        assert_eq!((f.estimate, f.exhibits.len()), (None, 0));
    }
}
