//! Error budgets of a targets file: the tables `[[budget]]` and `[[budget.tier]]`.

use serde::Deserialize;
use tailproof_core::{
    Class, Dataset, Finding, Level, Objective, Period, Provenance, Quantity, Rational, Reason,
    Series, Subject, Verdict,
};
use tailproof_slo::budget::{Account, Budget, BudgetError, Counts, Slices, Spending, Tier};
use toml::Spanned;

use crate::config::{ConfigError, Lines, Number};

/// `[[budget]]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetFile {
    name: Spanned<String>,
    objective: Spanned<Number>,
    window: Spanned<String>,
    metric: Option<Spanned<String>>,
    good: Option<Spanned<u64>>,
    total: Option<Spanned<u64>>,
    elapsed: Option<Spanned<String>>,
    slice: Option<Spanned<String>>,
    slice_target: Option<Spanned<Number>>,
    provenance: Option<Spanned<String>>,
    source: Option<String>,
    #[serde(default)]
    critical: bool,
    #[serde(default)]
    tier: Vec<TierFile>,
}

/// `[[budget.tier]]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierFile {
    burn: Spanned<Number>,
    long: Spanned<String>,
    short: Spanned<String>,
}

/// Where the events of a budget come from.
#[derive(Clone, Debug, PartialEq)]
enum Events {
    /// Counts that somebody typed.
    Typed(Counts),
    /// The series of the data that this names.
    Asked(Box<Objective>),
}

/// An error budget that a targets file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetTarget {
    /// Its name.
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// Whether there is no release without it.
    pub critical: bool,
    account: Account,
    events: Events,
    provenance: Provenance,
    source: Option<String>,
}

/// What became of one budget.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedBudget {
    /// Its name.
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// Whether there is no release without it.
    pub critical: bool,
    /// What was spent, one for each series that the metric names.
    pub spendings: Vec<Spending>,
    /// Why there is none.
    missing: Option<Finding>,
}

impl BudgetFile {
    /// Checks what the table says.
    ///
    /// # Errors
    /// Names the line of the first thing that is wrong.
    pub(crate) fn read(self, lines: &Lines) -> Result<BudgetTarget, ConfigError> {
        let at = self.name.span().start;
        let wrong = |at: usize| move |e: BudgetError| lines.wrong(at, e);
        let objective = exact_share(&self.objective, lines)?;
        let window: Period = lines.parse(&self.window)?;
        let budget = Budget::new(objective, window).map_err(wrong(self.objective.span().start))?;
        let name = self.name.get_ref().clone();
        let mut account = Account::new(name.clone(), budget);
        if let Some(elapsed) = &self.elapsed {
            account =
                account.elapsed(lines.parse(elapsed)?).map_err(wrong(elapsed.span().start))?;
        }
        account = match (&self.slice, &self.slice_target) {
            (Some(slice), Some(target)) => {
                let (length, share) = (lines.parse(slice)?, exact_share(target, lines)?);
                let slices = Slices::new(length, share).map_err(wrong(target.span().start))?;
                account.slices(slices).map_err(wrong(slice.span().start))?
            }
            (None, None) => account,
            (Some(slice), None) => {
                let message = "slice needs slice_target, the share of good events from which on \
                               a slice is good";
                return Err(lines.wrong(slice.span().start, message));
            }
            (None, Some(target)) => {
                let message = "slice_target needs slice, the length of a slice";
                return Err(lines.wrong(target.span().start, message));
            }
        };
        if !self.tier.is_empty() {
            let mut tiers = Vec::with_capacity(self.tier.len());
            for tier in &self.tier {
                tiers.push(tier.read(budget, lines)?);
            }
            account = account.tiers(tiers).map_err(wrong(at))?;
        }
        let (events, provenance) = self.events(lines)?;
        let (line, critical, source) = (lines.line(at), self.critical, self.source);
        Ok(BudgetTarget { name, line, critical, account, events, provenance, source })
    }

    /// Where the events come from, and what they are worth.
    fn events(&self, lines: &Lines) -> Result<(Events, Provenance), ConfigError> {
        let at = self.name.span().start;
        match (&self.metric, &self.good, &self.total) {
            (Some(metric), None, None) => {
                if let Some(given) = &self.provenance {
                    let message = "provenance goes with typed good and total; data are measured";
                    return Err(lines.wrong(given.span().start, message));
                }
                let text = format!("{}: ratio >= 50%", metric.get_ref());
                let objective = text.parse::<Objective>().map_err(|_| {
                    let message = format!(
                        "metric is a name with or without labels, such as requests{{region=eu}}, \
                         got {:?}",
                        metric.get_ref()
                    );
                    lines.wrong(metric.span().start, message)
                })?;
                Ok((Events::Asked(Box::new(objective)), Provenance::Measured))
            }
            (None, Some(good), Some(total)) => {
                if let Some(slice) = &self.slice {
                    let message = "slices of time are cut from data with times; type the good \
                                   and all slices as good and total, without slice";
                    return Err(lines.wrong(slice.span().start, message));
                }
                let counts = Counts::new(*good.get_ref(), *total.get_ref());
                let counts = counts.map_err(|e| lines.wrong(good.span().start, e))?;
                Ok((Events::Typed(counts), self.typed_provenance(good, lines)?))
            }
            (Some(metric), ..) => {
                let message = "a budget has either metric, or good and total";
                Err(lines.wrong(metric.span().start, message))
            }
            _ => {
                let message = "a budget needs metric, or good and total";
                Err(lines.wrong(at, message))
            }
        }
    }

    /// Where typed counts come from, which has to be said.
    fn typed_provenance(
        &self,
        good: &Spanned<u64>,
        lines: &Lines,
    ) -> Result<Provenance, ConfigError> {
        let Some(text) = &self.provenance else {
            let message = "say where good and total come from: provenance = \"measured\", \
                           \"simulated\", \"estimated\" or \"projected\"";
            return Err(lines.wrong(good.span().start, message));
        };
        match lines.parse::<Provenance>(text)? {
            Provenance::NotTested => {
                let message = "what nobody tested has no good and total";
                Err(lines.wrong(text.span().start, message))
            }
            provenance => Ok(provenance),
        }
    }
}

impl TierFile {
    fn read(&self, budget: Budget, lines: &Lines) -> Result<Tier, ConfigError> {
        let at = self.burn.span().start;
        let burn = self.burn.get_ref().text().trim().parse::<Rational>();
        let burn = burn.map_err(|e| lines.wrong(at, format!("burn: {e}")))?;
        let (long, short) = (lines.parse(&self.long)?, lines.parse(&self.short)?);
        let tier =
            Tier::new(burn, long, short).map_err(|e| lines.wrong(self.short.span().start, e))?;
        tier.check(budget).map_err(|e| lines.wrong(at, e))?;
        Ok(tier)
    }
}

/// A share to the last digit: `"99.9%"`, `"0.999"`, `0.999`.
fn exact_share(number: &Spanned<Number>, lines: &Lines) -> Result<Rational, ConfigError> {
    let text = number.get_ref().text();
    let share = text.parse::<Quantity>().ok().and_then(|quantity| quantity.share());
    share.ok_or_else(|| {
        let message = format!("expected a share such as \"99.9%\" or 0.999, got {text:?}");
        lines.wrong(number.span().start, message)
    })
}

impl BudgetTarget {
    /// The metric whose events it is charged with, as a ratio objective for readers of data; its
    /// condition means nothing. `None` for typed counts.
    #[must_use]
    pub fn asks(&self) -> Option<&Objective> {
        match &self.events {
            Events::Typed(_) => None,
            Events::Asked(objective) => Some(objective),
        }
    }

    fn matches(&self, series: &Series) -> bool {
        self.asks().is_some_and(|objective| objective.matches(series))
    }

    fn judge(
        &self,
        data: &Dataset,
        level: Level,
        fail: Level,
    ) -> Result<JudgedBudget, BudgetError> {
        let (name, line, critical) = (self.name.clone(), self.line, self.critical);
        let mut spendings = Vec::new();
        if let Events::Typed(counts) = self.events {
            let mut spending = self.account.of_counts(counts, level, fail)?;
            spending.provenance = self.provenance;
            if let Some(source) = &self.source {
                spending.warnings.push(format!("typed counts; source: {source}"));
            }
            spendings.push(spending);
        }
        let matching: Vec<&Series> = data.series.iter().filter(|s| self.matches(s)).collect();
        let several = matching.iter().any(|s| s.metric.name != matching[0].metric.name);
        for series in matching {
            let mut spending = self.account.of_series(series, level, fail)?;
            if several {
                let metric = series.metric.name.clone();
                spending.subject.labels.insert("metric".to_owned(), metric);
            }
            spendings.push(spending);
        }
        let missing = spendings.is_empty().then(|| self.missing(data));
        Ok(JudgedBudget { name, line, critical, spendings, missing })
    }

    /// How many claims it makes: one for each series that it is charged with.
    fn claims(&self, data: &Dataset) -> usize {
        match &self.events {
            Events::Typed(_) => 1,
            Events::Asked(_) => data.series.iter().filter(|series| self.matches(series)).count(),
        }
    }

    /// A budget without events is not tested, and never passes.
    fn missing(&self, data: &Dataset) -> Finding {
        let metric = self.asks().and_then(|objective| objective.metric.clone());
        let metric = metric.unwrap_or_else(|| self.name.clone());
        let have: Vec<String> = data.series.iter().map(Series::name).collect();
        let have = if have.is_empty() { "no data".to_owned() } else { have.join(", ") };
        let subject = Subject {
            metric: self.name.clone(),
            statistic: Some("error budget".to_owned()),
            ..Subject::default()
        };
        let claim = "error budget not exhausted";
        let verdict = Verdict::Inconclusive(Reason::NotTested);
        let mut finding = Finding::new(Class::Slo, subject, claim, verdict);
        finding.provenance = Provenance::NotTested;
        finding.why = format!("not tested: no series {metric} in the data; there is: {have}");
        finding
    }
}

impl JudgedBudget {
    /// All findings: of each series first the budget, then what is projected of it, then the
    /// alerts that fire.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let spent = self.spendings.iter().flat_map(Spending::findings);
        self.missing.iter().cloned().chain(spent).collect()
    }
}

/// How many claims [`judge`] judges, which is what failures elsewhere in the run are corrected
/// for.
pub(crate) fn claims(targets: &[BudgetTarget], data: &Dataset) -> usize {
    targets.iter().map(|target| target.claims(data)).sum()
}

/// Charges the events of the data, and typed ones, to the budgets.
///
/// A metric that the data lack gives `not tested`. Failures are corrected for the number of
/// budgets and series judged here and for `beside` claims judged elsewhere in the run.
/// Typed counts that were not measured are not tested, whatever they would mean.
///
/// # Errors
/// Data that are no event counts, or slices of data without times; the line is that of the
/// budget.
///
/// # Source
/// Beyer et al. (2018), *The Site Reliability Workbook*, chapters 2 and 5.
pub fn judge(
    targets: &[BudgetTarget],
    data: &Dataset,
    level: Level,
    beside: usize,
) -> Result<Vec<JudgedBudget>, ConfigError> {
    let fail = level.split(claims(targets, data) + beside);
    targets
        .iter()
        .map(|target| {
            let wrong = |e: BudgetError| ConfigError {
                line: target.line,
                message: format!("budget {:?}: {e}", target.name),
            };
            target.judge(data, level, fail).map_err(wrong)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Metric, Observations};

    use super::*;

    #[derive(Deserialize)]
    struct File {
        budget: Vec<BudgetFile>,
    }

    fn read(text: &str) -> Result<Vec<BudgetTarget>, ConfigError> {
        let file: File = toml::from_str(text).unwrap();
        file.budget.into_iter().map(|budget| budget.read(&Lines::new(text))).collect()
    }

    const TYPED: &str = "[[budget]]\nname = \"availability\"\nobjective = \"99.9%\"\n\
                         window = \"30d\"\ngood = 998700\ntotal = 1000000\nelapsed = \"18d\"\n\
                         provenance = \"measured\"\n";
    const ASKED: &str = "[[budget]]\nname = \"availability\"\nobjective = 0.99\n\
                         window = \"4w\"\nmetric = \"requests\"\n";

    #[test]
    fn typed_counts_are_charged() {
        let targets = read(TYPED).unwrap();
        let judged = judge(&targets, &Dataset::default(), Level::P999, 0).unwrap();
        let findings = judged[0].findings();
        assert_eq!(findings[0].verdict, Verdict::Pass);
        assert!(findings[0].why.starts_with("78 % of the allowance"), "{}", findings[0].why);
        assert_eq!(findings[1].provenance, Provenance::Projected);
        assert_eq!(findings[0].name(), "availability");
        let estimated = TYPED.replace("measured", "estimated") + "critical = true\n";
        let judged = judge(&read(&estimated).unwrap(), &Dataset::default(), Level::P999, 0);
        let judged = judged.unwrap().remove(0);
        assert!(judged.critical);
        for finding in judged.findings() {
            assert_eq!(finding.verdict, Verdict::Inconclusive(Reason::NotTested));
        }
        let finding = judged.findings().remove(0);
        assert_eq!(finding.provenance, Provenance::Estimated);
        assert!(finding.why.contains("it would hold if the counts are right"), "{}", finding.why);
    }

    #[test]
    fn failures_are_corrected_for_all_that_is_claimed() {
        let series = |region: &str| {
            let events = Observations::Events(vec![(100_000, 100_000)]);
            let mut series = Series::new(Metric::new("requests", None), events);
            series.labels.insert("region".to_owned(), region.to_owned());
            series
        };
        let data = Dataset { series: vec![series("eu"), series("us")], ..Dataset::default() };
        let targets = read(&format!("{ASKED}{TYPED}")).unwrap();
        assert_eq!((claims(&targets, &data), claims(&targets, &Dataset::default())), (3, 1));
        let judged = judge(&targets, &data, Level::P999, 7).unwrap();
        let names: Vec<String> =
            judged[0].spendings.iter().map(|s| s.findings()[0].name()).collect();
        assert_eq!(names, ["availability{region=eu}", "availability{region=us}"]);
        for spending in judged.iter().flat_map(|j| &j.spendings) {
            assert_eq!((spending.level, spending.fail), (Level::P999, Level::P999.split(10)));
        }
    }

    #[test]
    fn data_are_charged_and_absent_ones_are_not_tested() {
        let targets = read(ASKED).unwrap();
        let of = |name: &str, observations: Observations| {
            let series = Series::new(Metric::new(name, None), observations);
            let data = Dataset { series: vec![series], ..Dataset::default() };
            judge(&targets, &data, Level::P999, 0)
        };
        let found = of("requests", Observations::Events(vec![(100_000, 100_000)])).unwrap();
        assert_eq!(found[0].findings()[0].verdict, Verdict::Pass);
        let absent = of("other", Observations::Events(vec![(1, 1)])).unwrap();
        let finding = absent[0].findings().remove(0);
        assert_eq!(finding.verdict, Verdict::Inconclusive(Reason::NotTested));
        assert!(finding.why.contains("there is: other"), "{}", finding.why);
        let error = of("requests", Observations::Pairs(vec![(1.0, 1.0)])).unwrap_err();
        assert!(error.line == 2 && error.message.contains("event counts"), "{error}");
    }

    #[test]
    fn mistakes_have_a_line() {
        for (from, to, line, part) in [
            ("0.99", "1.0", 3, "strictly between"),
            ("0.99", "\"99 ms\"", 3, "a share"),
            ("4w", "4 moons", 4, "a time above 0"),
            ("metric = \"requests\"", "good = 1", 2, "needs metric"),
            ("metric = \"requests\"", "good = 2\ntotal = 1", 5, "cannot be among"),
            ("metric = \"requests\"", "metric = \"a\"\ngood = 2", 5, "either metric"),
            ("metric = \"requests\"", "good = 1\ntotal = 2", 5, "say where good"),
            (
                "metric = \"requests\"",
                "good = 1\ntotal = 2\nprovenance = \"not tested\"",
                7,
                "nobody tested",
            ),
            ("metric = \"requests\"", "metric = \"a: p95\"", 5, "a name with or without"),
            ("\"requests\"", "\"requests\"\nelapsed = \"5w\"", 6, "cannot have elapsed"),
            ("\"requests\"", "\"requests\"\nslice = \"1min\"", 6, "needs slice_target"),
            ("\"requests\"", "\"requests\"\nslice_target = \"9%\"", 6, "needs slice"),
            (
                "\"requests\"",
                "\"requests\"\n[[budget.tier]]\nburn = 101\nlong = \"1h\"\nshort = \"5min\"",
                7,
                "can never fire",
            ),
            (
                "\"requests\"",
                "\"requests\"\n[[budget.tier]]\nburn = 2\nlong = \"1h\"\nshort = \"1h\"",
                9,
                "shorter than its long one",
            ),
        ] {
            let text = ASKED.replacen(from, to, 1);
            assert_ne!(text, ASKED);
            let e = read(&text).unwrap_err();
            assert!(e.line == line && e.message.contains(part), "{to}: {e}");
        }
    }
}
