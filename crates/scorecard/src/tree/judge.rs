use tailproof_core::{
    Comparison, Dataset, Finding, Level, Memo, Observations, Sample, Seed, Series,
};

use super::config::TreeConfig;
use super::hermetic::Hermetic;
use super::improvement::{Improved, Improvement, improvement, untested};
use super::outcome::TreeOutcome;
use super::settings::TreeBootstrap;

/// The tree of a targets file on data: its scores, and the improvement over a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeJudged {
    /// Scores of all nodes.
    pub outcome: TreeOutcome,
    /// The improvement that the file asks for: `> 15%`.
    pub asked: Option<(Comparison, f64)>,
    /// Improvement over the baseline, when one is asked for and there is a baseline.
    pub improved: Option<Improved>,
    /// Whether nothing is released without the improvement.
    pub critical: bool,
}

impl TreeJudged {
    /// The nodes from the root down, then the improvement.
    ///
    /// What is said of nodes is a fact, that every leaf is there once, and no judgement of the
    /// score; only the improvement is something to decide by.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.outcome.findings().into_iter().chain(self.improvement()).collect()
    }

    /// The improvement, when the file asks for one: not tested without a baseline.
    #[must_use]
    pub fn improvement(&self) -> Option<Finding> {
        let (comparison, margin) = self.asked?;
        let judged = self.improved.as_ref().map(Improved::finding);
        Some(judged.unwrap_or_else(|| untested(&self.outcome.root().name, comparison, margin)))
    }
}

/// Takes the leaves of a tree from data and aggregates them.
///
/// A series is the leaf that its labels name: the values of the labels that the file lists,
/// joined by `/`. Leaves of one value have no spread; with more, every node is bootstrapped.
///
/// # Errors
/// Says what is wrong: leaves that are missing, doubled or strange, scores outside the range,
/// data of another kind, variants that cannot be compared.
pub(crate) fn judge(
    config: &TreeConfig,
    data: &Dataset,
    baseline: Option<&Dataset>,
    (level, seed): (Level, Seed),
    memo: &dyn Memo,
) -> Result<TreeJudged, String> {
    let samples = leaves(config, data)?;
    let levels = config.levels.as_ref();
    let single = samples.iter().all(|s| s.len() == 1);
    let outcome = if single {
        let scores: Vec<f64> = samples.iter().map(|s| s.values()[0]).collect();
        TreeOutcome::of_scores(&config.tree, &scores, None, levels).map_err(|e| e.to_string())?
    } else {
        let settings = TreeBootstrap::new(seed).level(level).replicates(replicates(level));
        TreeOutcome::of_samples(&config.tree, &samples, &settings, levels, memo)
            .map_err(|e| e.to_string())?
    };
    let improved = match (config.improvement, baseline) {
        (Some((comparison, margin)), Some(baseline)) => {
            let base = leaves(config, baseline).map_err(|e| format!("baseline: {e}"))?;
            let bootstrap = TreeBootstrap::new(seed).level(level).replicates(replicates(level));
            // Which value belongs to which is for the file to say; their order does not.
            let asked = Improvement { comparison, margin, pairing: config.pairing, bootstrap };
            Some(improvement(&config.tree, &base, &samples, &asked).map_err(|e| e.to_string())?)
        }
        _ => None,
    };
    Ok(TreeJudged { outcome, asked: config.improvement, improved, critical: config.critical })
}

/// Replicates that leave ten beyond either end of an interval, at least 10 000.
fn replicates(level: Level) -> std::num::NonZeroU32 {
    let count = (20.0 / level.alpha().to_f64()).clamp(10_000.0, 1e6) as u32;
    std::num::NonZeroU32::new(count).expect("at least 10 000")
}

/// A sample for each leaf, in the order of the tree.
fn leaves(config: &TreeConfig, data: &Dataset) -> Result<Vec<Sample>, String> {
    let named: Vec<(String, Sample)> = data
        .series
        .iter()
        .filter(|s| config.metric.as_ref().is_none_or(|metric| s.metric.name == *metric))
        .map(|series| Ok((leaf(config, series)?, sample(series)?)))
        .collect::<Result<_, String>>()?;
    let hermetic = Hermetic::new(&config.tree);
    // By the value that is furthest out, so that all that is wrong is said at once.
    let lo = config.tree.range().0;
    let furthest = named.iter().map(|(name, sample)| {
        let (least, most) = sample.range();
        (name.as_str(), if least < lo { least } else { most })
    });
    hermetic.scores(furthest).map_err(|e| e.to_string())?;
    hermetic
        .arranged(named.iter().map(|(name, sample)| (name.as_str(), sample.clone())))
        .map_err(|e| e.to_string())
}

fn leaf(config: &TreeConfig, series: &Series) -> Result<String, String> {
    if config.labels.is_empty() {
        let values: Vec<&str> = series.labels.values().map(String::as_str).collect();
        return Ok(if values.is_empty() { series.metric.name.clone() } else { values.join("/") });
    }
    let values: Vec<&str> = config
        .labels
        .iter()
        .map(|label| {
            series.labels.get(label).map(String::as_str).ok_or_else(|| {
                format!("{} has no label {label:?}, which names the leaf", series.name())
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(values.join("/"))
}

fn sample(series: &Series) -> Result<Sample, String> {
    match &series.observations {
        Observations::Raw(raw) if raw.is_complete() => Ok(raw.sample.clone()),
        _ => Err(format!("{} holds no plain scores", series.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Combine, Node, Pairing, Tree};
    use super::*;
    use tailproof_core::{Metric, NoMemo, Raw, Reason, Verdict};

    fn config(improvement: Option<(Comparison, f64)>) -> TreeConfig {
        let leaves = vec![Node::leaf("x", 1.0), Node::leaf("y", 1.0)];
        TreeConfig {
            tree: Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, leaves)).unwrap(),
            metric: None,
            labels: vec!["leaf".to_owned()],
            levels: None,
            improvement,
            pairing: Pairing::Independent,
            critical: true,
            line: 3,
        }
    }

    fn data(scores: [f64; 2]) -> Dataset {
        let series = |(leaf, score): (&str, f64)| {
            let sample = Sample::new(vec![score]).unwrap();
            let mut series =
                Series::new(Metric::new("score", None), Observations::Raw(Raw::complete(sample)));
            series.labels.insert("leaf".to_owned(), leaf.to_owned());
            series
        };
        let series = ["x", "y"].into_iter().zip(scores).map(series).collect();
        Dataset { series, ..Dataset::default() }
    }

    #[test]
    fn an_improvement_without_a_baseline_is_not_tested() {
        let of = |improvement, baseline| {
            let (data, settings) = (data([0.5, 0.75]), (Level::P95, Seed(1)));
            super::judge(&config(improvement), &data, baseline, settings, &NoMemo).unwrap()
        };
        let asked = Some((Comparison::Above, 0.15));
        let found = of(asked, None);
        assert!(found.critical && found.improved.is_none());
        let last = found.findings().pop().unwrap();
        assert_eq!(last.verdict, Verdict::Inconclusive(Reason::NotTested));
        assert!(last.why.contains("--baseline"), "{}", last.why);
        assert_eq!(of(None, None).findings().len(), 1);
        let base = data([0.5, 0.5]);
        let judged = of(asked, Some(&base)).improvement().unwrap();
        assert_eq!(judged.verdict, Verdict::Inconclusive(Reason::TooFew { need: 2 }));
    }
}
