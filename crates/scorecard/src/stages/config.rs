use serde::Deserialize;
use tailproof_core::{Aggregate, Level, Quantity, Rank};
use toml::Spanned;

use crate::actual::Value;
use crate::amount::not_below_zero;
use crate::config::{ConfigError, Lines};

/// What a stage's value is a statistic of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean over the passes, or the value of the only one: these add up.
    Mean,
    /// A percentile over the passes: these do not, but they bound one.
    Quantile(Rank),
}

/// A stage of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub value: Value,
    /// What that is a statistic of.
    pub statistic: Statistic,
}

/// Stages, one after the other, against a budget for all.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// Whether there is no release without it.
    pub critical: bool,
    /// What all of them may take together.
    pub budget: Quantity,
    /// The stages.
    pub stages: Vec<Stage>,
    /// Share of the passes that must fit the budget, when the stages are percentiles; without
    /// it, what the percentiles guarantee.
    pub percentile: Option<Rank>,
    /// Whether somebody claims that the means were measured independently of each other. Stages
    /// of the same passes were not: their errors may go together.
    pub independent: bool,
    /// The total that a report claims.
    pub published: Option<Quantity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainFile {
    name: Option<String>,
    budget: Spanned<String>,
    stages: Spanned<Vec<StageFile>>,
    percentile: Option<Spanned<String>>,
    independent: Option<Spanned<bool>>,
    #[serde(default)]
    critical: bool,
    published: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageFile {
    name: Spanned<String>,
    value: Spanned<String>,
    statistic: Option<Spanned<String>>,
    provenance: Option<Spanned<String>>,
    source: Option<String>,
}

impl ChainFile {
    /// Checks what the table in `line` says.
    pub(crate) fn read(self, line: usize, lines: &Lines) -> Result<Chain, ConfigError> {
        let budget = not_below_zero(&self.budget, lines)?;
        let at = self.stages.span().start;
        let mut stages: Vec<Stage> = Vec::new();
        for file in self.stages.into_inner() {
            let (name, value) = (file.name.span().start, file.value.span().start);
            let stage = file.read(lines)?;
            if stages.iter().any(|other| other.name == stage.name) {
                return Err(lines.wrong(name, format!("stage {:?} is there twice", stage.name)));
            }
            check(&budget, &stage, value, lines)?;
            stages.push(stage);
        }
        if stages.is_empty() {
            return Err(lines.wrong(at, "a chain has at least one stage"));
        }
        let quantiles =
            stages.iter().filter(|s| matches!(s.statistic, Statistic::Quantile(_))).count();
        if quantiles > 0 && quantiles < stages.len() {
            let message = "percentiles and means do not add up: give all stages as means, or all as percentiles";
            return Err(lines.wrong(at, message));
        }
        let misses: f64 = stages
            .iter()
            .map(|s| match s.statistic {
                Statistic::Quantile(rank) => rank.complement().to_f64(),
                Statistic::Mean => 0.0,
            })
            .sum();
        if misses >= 1.0 {
            let message = "these percentiles together guarantee nothing of the whole: give higher \
                           ones, such as p99, or means";
            return Err(lines.wrong(at, message));
        }
        let percentile = match &self.percentile {
            Some(text) if quantiles == 0 => {
                let message = "percentile is for stages that are percentiles; these are means";
                return Err(lines.wrong(text.span().start, message));
            }
            Some(text) => Some(rank(text, lines)?),
            None => None,
        };
        if let Some(claim) = self.independent.as_ref().filter(|_| quantiles > 0) {
            let message = "independent is for stages that are means; percentiles are bounded \
                           whatever the dependence";
            return Err(lines.wrong(claim.span().start, message));
        }
        let published = match &self.published {
            Some(text) => {
                let published = not_below_zero(text, lines)?;
                let same = published.in_unit(budget.unit());
                same.map_err(|e| lines.wrong(text.span().start, e))?;
                Some(published)
            }
            None => None,
        };
        Ok(Chain {
            name: self.name.unwrap_or_else(|| "chain".to_owned()),
            line,
            critical: self.critical,
            budget,
            stages,
            percentile,
            independent: self.independent.is_some_and(Spanned::into_inner),
            published,
        })
    }
}

impl Chain {
    /// The level at which a stage is measured so that all bounds of the chain hold together at
    /// `level`: of percentiles it is split over those that are asked for, each of which brings
    /// a bound; means are added up with their intervals at the level itself.
    #[must_use]
    pub fn stage_level(&self, level: Level) -> Level {
        let asks = |stage: &&Stage| {
            matches!(stage.statistic, Statistic::Quantile(_))
                && matches!(stage.value, Value::Asked(_))
        };
        level.split(self.stages.iter().filter(asks).count())
    }
}

impl StageFile {
    fn read(self, lines: &Lines) -> Result<Stage, ConfigError> {
        let at = self.value.span().start;
        let value = lines.value(&self.value, self.provenance.as_ref(), self.source.as_deref())?;
        let statistic = match (&value, &self.statistic) {
            (Value::Typed(_), None) => Statistic::Mean,
            (Value::Typed(_), Some(text)) if text.get_ref() == "mean" => Statistic::Mean,
            (Value::Typed(_), Some(text)) => Statistic::Quantile(rank(text, lines)?),
            (Value::Asked(_), Some(text)) => {
                let message = "the value says already which statistic it is";
                return Err(lines.wrong(text.span().start, message));
            }
            (Value::Asked(asked), None) => match &asked.aggregate {
                Aggregate::Mean | Aggregate::Value => Statistic::Mean,
                Aggregate::Quantile(rank) => Statistic::Quantile(*rank),
                _ => {
                    let text = self.value.get_ref();
                    let message = format!(
                        "{text:?} does not add up over stages: ask for mean, value or a percentile"
                    );
                    return Err(lines.wrong(at, message));
                }
            },
        };
        Ok(Stage { name: self.name.into_inner(), value, statistic })
    }
}

/// A typed stage in a unit that the budget can hold, and not below zero.
fn check(budget: &Quantity, stage: &Stage, at: usize, lines: &Lines) -> Result<(), ConfigError> {
    let Value::Typed(actual) = &stage.value else { return Ok(()) };
    if actual.estimate < 0.0 {
        return Err(lines.wrong(at, "no stage takes less than nothing"));
    }
    match (budget.unit(), &actual.unit) {
        (None, Some(unit)) => {
            let message = format!("the stage is in {unit}, and the budget {budget} has no unit");
            Err(lines.wrong(at, message))
        }
        (unit, _) => actual.in_unit(unit).map(|_| ()).map_err(|e| lines.wrong(at, e)),
    }
}

/// `p95` or `95%`, strictly between 0 and 1.
fn rank(text: &Spanned<String>, lines: &Lines) -> Result<Rank, ConfigError> {
    let typed = text.get_ref().trim();
    // p0.95 would be the 0.95th percentile, and nobody means that.
    let rank = match typed.strip_prefix('p') {
        Some(digits) if digits.starts_with("0.") => None,
        Some(digits) => format!("{digits}%").parse::<Rank>().ok(),
        None => typed.parse::<Rank>().ok(),
    };
    rank.filter(|p| p.value().num() > 0 && p.complement().num() > 0).ok_or_else(|| {
        let message = format!("expected mean or a percentile such as p95, got {typed:?}");
        lines.wrong(text.span().start, message)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The pipeline of the published validation report.
    pub(crate) const REPORT: &str = r#"name = "end to end"
budget = "5 s"
published = "17 ms"
stages = [
    { name = "data collection", value = "1.0 s", provenance = "measured" },
    { name = "feature engineering", value = "< 0.5 s", provenance = "measured" },
    { name = "model inference", value = "17 ms", provenance = "measured" },
    { name = "result delivery", value = "< 0.1 s", provenance = "measured" },
    { name = "dashboard rendering", value = "< 2.0 s", provenance = "measured" },
]
"#;

    pub(crate) fn parse(text: &str) -> Result<Chain, ConfigError> {
        toml::from_str::<ChainFile>(text).unwrap().read(1, &Lines::new(text))
    }

    #[test]
    fn a_chain_is_read() {
        let chain = parse(REPORT).unwrap();
        assert_eq!((chain.stages.len(), chain.independent, chain.critical), (5, false, false));
        let claimed = parse(&format!("critical = true\nindependent = true\n{REPORT}")).unwrap();
        assert!(claimed.independent && claimed.critical);
        assert_eq!(chain.stage_level(Level::P999), Level::P999);
        let text = "budget = \"1 s\"\npercentile = \"p98\"\nstages = [{ name = \"a\", value = \"a: p99\" }, { name = \"b\", value = \"5 ms\", statistic = \"p99\", provenance = \"measured\" }, { name = \"c\", value = \"c: p99\" }]\n";
        let chain = parse(text).unwrap();
        assert!(chain.stages.iter().all(|s| s.statistic == Statistic::Quantile(Rank::P99)));
        assert_eq!(chain.percentile.unwrap().to_string(), "p98");
        assert_eq!(chain.stage_level(Level::P999), Level::P999.split(2), "two are asked for");
    }

    #[test]
    fn mistakes_have_a_line() {
        for (from, to, line, part) in [
            ("\"5 s\"", "\"5\"", 5, "no unit"),
            ("\"5 s\"", "\"-5 s\"", 2, "below zero"),
            ("\"17 ms\",", "\"17 MB\",", 7, "does not convert"),
            ("\"17 ms\",", "\"-17 ms\",", 7, "nothing"),
            ("\"17 ms\",", "\"17 ms\", statistic = \"p99\",", 4, "do not add up"),
            ("\"17 ms\",", "\"17 ms\", statistic = \"p0.99\",", 7, "p0.99"),
            ("\"17 ms\", provenance = \"measured\"", "\"m: stddev\"", 7, "does not add up"),
            ("\"17 ms\", provenance = \"measured\"", "\"17 ms\"", 7, "provenance"),
            ("\"17 ms\"\n", "\"17 MB\"\n", 3, "does not convert"),
            ("result delivery", "model inference", 8, "twice"),
            ("published", "percentile = \"p95\"\npublished", 3, "means"),
        ] {
            let e = parse(&REPORT.replace(from, to)).unwrap_err();
            assert_eq!(e.line, line, "{e}");
            assert!(e.message.contains(part), "{e}");
        }
        let percentiles = "budget = \"1 s\"\nindependent = true\nstages = [{ name = \"a\", value = \"a: p99\" }]\n";
        let e = parse(percentiles).unwrap_err();
        assert!(e.line == 2 && e.message.contains("for stages that are means"), "{e}");
        assert_eq!(parse("budget = \"5 s\"\nstages = []\n").unwrap_err().line, 2);
        let medians = "budget = \"1 s\"\nstages = [{ name = \"a\", value = \"a: p50\" }, { name = \"b\", value = \"b: p50\" }]\n";
        let e = parse(medians).unwrap_err();
        assert!(e.line == 2 && e.message.contains("guarantee nothing"), "{e}");
    }
}
