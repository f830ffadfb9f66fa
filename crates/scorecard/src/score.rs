use tailproof_core::{Finding, Level, Seed};

use crate::budgets;
use crate::capacity::plan;
use crate::config::{ConfigError, Targets};
use crate::judge::Judge;
use crate::parts::Parts;
use crate::published::{PublishedClaim, published};
use crate::readiness::{Decision, decide};
use crate::recommend::{Recommendation, recommend};
use crate::resources::assess;
use crate::risk::{Risk, risks};
use crate::row::Row;
use crate::stages::add_up;
use crate::success::{Success, WeightedScore};
use crate::supplied::Supplied;
use crate::tree;

/// How rows are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Level of the intervals made here, when the file says none.
    pub level: Level,
    /// Seed of everything random.
    pub seed: Seed,
}

/// The matrix, judged, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// What was judged.
    pub title: String,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Targets met among those decided.
    pub success: Success,
    /// Share of the weights that passed.
    pub score: WeightedScore,
    /// Whether to release.
    pub decision: Decision,
    /// The gravest first.
    pub risks: Vec<Risk>,
    /// The most urgent first.
    pub recommendations: Vec<Recommendation>,
    /// What a report says of itself, against what was found.
    pub claims: Vec<PublishedClaim>,
    /// What stands beside the rows.
    pub parts: Parts,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// Judges every target and decides.
///
/// A value that the file types is taken as typed. Otherwise the row's own data, then the data,
/// then the evidence answer, one row for each series or finding that matches; the weight of the
/// target is shared by them, and by series that a change finds on one side only. A target that
/// nothing answers is `not tested`, and its row says what there is instead.
///
/// Failures on data are corrected for all claims that are judged in the run, those of error
/// budgets too, as in [`tailproof_slo::judge`]. Evidence is judged again by its bounds; at a
/// lower level than asked for it decides nothing. Event counts answer a ratio under any name
/// while no series has that name and all counts go by one.
///
/// # Errors
/// Names the line of the target: units that do not convert, data of another kind, a relative
/// target on data without a baseline that no evidence answers.
pub fn score(
    targets: &Targets,
    supplied: &Supplied<'_>,
    settings: &Settings,
) -> Result<Scorecard, ConfigError> {
    let level = targets.level.unwrap_or(settings.level);
    let judge = Judge::new(supplied, level, settings);
    let judged = judge.rows(targets)?;
    let rows = judged.rows;
    let parts = beside(targets, supplied, &judge, judged.claims)?;
    let success = Success::of(&rows);
    let weighted = WeightedScore::of(&rows);
    let each = parts.all();
    let decision = decide(&rows, &each, &weighted, &targets.rules, targets.draft);
    Ok(Scorecard {
        title: targets.title.clone().unwrap_or_else(|| "scorecard".to_owned()),
        risks: risks(&rows, &each),
        recommendations: recommend(&rows, &each),
        claims: published(&targets.published, &rows, &success, &decision),
        success,
        score: weighted,
        decision,
        notes: judge.notes(&rows),
        parts,
        rows,
    })
}

impl Scorecard {
    /// The rows as findings, then the parts, then the decision.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let rows = self.rows.iter().map(|r| r.finding.clone());
        rows.chain(self.parts.findings()).chain([self.decision.finding(&self.title)]).collect()
    }
}

/// What stands beside the rows; `claims` are those of the rows that were judged on data.
fn beside(
    targets: &Targets,
    supplied: &Supplied<'_>,
    judge: &Judge<'_>,
    claims: usize,
) -> Result<Parts, ConfigError> {
    let at = |line: usize| move |message: String| ConfigError { line, message };
    let resources = targets
        .resources
        .iter()
        .map(|r| assess(r, supplied.host).map_err(|e| at(r.line)(format!("{:?}: {e}", r.name))));
    let chains = targets.chains.iter().map(|chain| {
        let values =
            chain.stages.iter().map(|s| judge.value(&s.value, chain.stage_level(judge.level)));
        let values = values.collect::<Result<Vec<_>, _>>().map_err(at(chain.line))?;
        add_up(chain, &values).map_err(|e| at(chain.line)(e.to_string()))
    });
    let capacity = targets.capacity.as_ref().map(|capacity| {
        let one = judge.value(&capacity.one, judge.level).map_err(at(capacity.line))?;
        plan(capacity, one.as_ref(), supplied.host).map_err(|e| at(capacity.line)(e.to_string()))
    });
    let tree = targets.tree.as_ref().map(|tree| {
        let Supplied { data, baseline, memo, .. } = *supplied;
        tree::judge(tree, data, baseline, (judge.level, judge.seed), memo).map_err(at(tree.line))
    });
    Ok(Parts {
        resources: resources.collect::<Result<_, _>>()?,
        budgets: budgets::judge(&targets.budgets, supplied.data, judge.level, claims)?,
        chains: chains.collect::<Result<_, _>>()?,
        capacity: capacity.transpose()?,
        tree: tree.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Readiness;
    use crate::config::parse;
    use crate::domain::{Status, domains};
    use tailproof_core::{Dataset, Labels, Metric, Observations, Raw, Sample, Series, Unit};

    fn latency(n: u32, labels: &[(&str, &str)]) -> Series {
        let values = (0..n).map(|i| f64::from(i % 100)).collect();
        let labels: Labels =
            labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let observations = Observations::Raw(Raw::complete(Sample::new(values).unwrap()));
        Series { labels, ..Series::new(Metric::new("latency", Unit::known("ms")), observations) }
    }

    fn run(text: &str, data: &Dataset, evidence: &[(String, Vec<Finding>)]) -> Scorecard {
        let files = BTreeMap::new();
        let supplied = Supplied { evidence, ..Supplied::new(data, &files) };
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        score(&parse(text).unwrap(), &supplied, &settings).unwrap()
    }

    const TYPED: &str = "
[published]
success_rate = \"91%\"
domains = 9
[[target]]
domain = \"load\"
name = \"throughput\"
claim = \"throughput: value >= 1000/s\"
actual = \"60/s\"
provenance = \"measured\"
[[target]]
domain = \"model\"
name = \"accuracy\"
claim = \"accuracy: value > 85%\"
actual = \"91.6%\"
provenance = \"measured\"
[[target]]
domain = \"model\"
name = \"uptime\"
claim = \"uptime: value >= 99.9%\"
actual = \"99.9%\"
provenance = \"projected\"
";

    #[test]
    fn only_what_was_measured_counts() {
        let card = run(TYPED, &Dataset::default(), &[]);
        assert_eq!((card.success.passed, card.success.decided), (1, 2));
        assert_eq!((card.success.would_meet, card.success.with_a_value), (2, 3));
        assert_eq!(card.success.left_out, ["uptime (projected)"]);
        let (lo, hi) = card.success.interval.unwrap();
        assert!(lo < 0.5 && hi > 0.5);
        assert_eq!(card.score, WeightedScore { at_least: 1.0 / 3.0, at_most: 2.0 / 3.0 });
        assert_eq!(card.decision.readiness, Readiness::NotReady, "{:?}", card.decision);
        let variances: Vec<String> =
            card.rows.iter().map(|r| tailproof_core::signed_percent(r.variance.unwrap())).collect();
        assert_eq!(variances, ["-94 %", "+7.765 %", "0 %"]);
        assert_eq!(card.rows[2].status(), "NOT TESTED (would meet it)");
        let claims: Vec<(&str, bool)> =
            card.claims.iter().map(|c| (c.what.as_str(), c.holds)).collect();
        assert_eq!(claims, [("success rate", false), ("domains", false)]);
        let domains = domains(&card.rows);
        assert_eq!((domains.len(), domains[1].passed, domains[1].rows), (2, 1, 2));
        assert_eq!(domains[1].status, Status::NotTested);
    }

    #[test]
    fn data_are_judged_with_intervals_and_share_the_weight() {
        let text = "[[target]]\nclaim = \"latency: p95 <= 120ms\"\nweight = 3\n\
                    [[target]]\nclaim = \"latency{zone=a}: p99.9 <= 120ms\"\n\
                    [[target]]\nclaim = \"memory: max <= 1 GiB\"\n";
        let series = vec![latency(1_000, &[("zone", "a")]), latency(1_000, &[("zone", "b")])];
        let card = run(text, &Dataset { series, ..Dataset::default() }, &[]);
        let words: Vec<&str> = card.rows.iter().map(|r| r.finding.verdict.word()).collect();
        assert_eq!(words, ["PASS", "PASS", "INCONCLUSIVE", "NOT TESTED"]);
        assert_eq!(card.rows.iter().map(|r| r.weight).sum::<f64>(), 5.0);
        assert!(card.rows[0].finding.bounds.iter().any(|b| b.value.is_finite()));
        assert_eq!(card.decision.readiness, Readiness::Conditions);
    }

    #[test]
    fn mistakes_name_the_line_of_the_target() {
        let data = Dataset { series: vec![latency(100, &[])], ..Dataset::default() };
        let files = BTreeMap::new();
        let supplied = Supplied::new(&data, &files);
        let settings = Settings { level: Level::P999, seed: Seed(1) };
        for (claim, part) in [
            ("latency: p95 <= 120", "no unit"),
            ("latency: p95 <= 120 MB", "convert"),
            ("latency: ratio >= 0.5", "needs"),
            ("latency: value <= 120ms", "single value"),
            ("latency: mean <= +5%", "baseline"),
        ] {
            let text = format!("\n[[target]]\nclaim = \"{claim}\"\n");
            let error = score(&parse(&text).unwrap(), &supplied, &settings).unwrap_err();
            assert!(error.message.contains(part), "{claim}: {error}");
            assert_eq!(error.line, 3, "{claim}");
        }
    }
}
