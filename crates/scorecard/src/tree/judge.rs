use tailproof_core::{Dataset, Finding, Level, Memo, Observations, Sample, Seed, Series};

use super::bootstrap::TreeBootstrap;
use super::config::TreeConfig;
use super::hermetic::Hermetic;
use super::improvement::{Improved, Improvement, improvement};
use super::outcome::TreeOutcome;

/// The tree of a targets file on data: its scores, and the improvement over a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeJudged {
    /// Scores of all nodes.
    pub outcome: TreeOutcome,
    /// Improvement over the baseline, when the file asks for one and there is a baseline.
    pub improved: Option<Improved>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

impl TreeJudged {
    /// The nodes from the root down, then the improvement.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let improved = self.improved.iter().map(Improved::finding);
        self.outcome.findings().into_iter().chain(improved).collect()
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
    let mut notes = Vec::new();
    let improved = match (config.improvement, baseline) {
        (Some((comparison, margin)), Some(baseline)) => {
            let base = leaves(config, baseline).map_err(|e| format!("baseline: {e}"))?;
            let bootstrap = TreeBootstrap::new(seed).level(level).replicates(replicates(level));
            // Which value belongs to which is for the file to say; their order does not.
            let asked = Improvement { comparison, margin, pairing: config.pairing, bootstrap };
            Some(improvement(&config.tree, &base, &samples, &asked).map_err(|e| e.to_string())?)
        }
        (Some(_), None) => {
            notes.push("the improvement was not judged: it needs --baseline DATA".to_owned());
            None
        }
        (None, _) => None,
    };
    Ok(TreeJudged { outcome, improved, notes })
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
