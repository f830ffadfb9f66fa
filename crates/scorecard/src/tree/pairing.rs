use tailproof_core::Sample;
use tailproof_core::descriptive::Moments;
use tailproof_resampling::{Stream, below};

use super::combine::gradient;
use super::definition::{Child, Tree};
use super::redraw::Means;
use super::settings::BootstrapError;

/// What the values of two variants have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairing {
    /// Nothing: every leaf of either variant is resampled by itself.
    #[default]
    Independent,
    /// Value `i` of a leaf belongs to value `i` of the same leaf of the other variant, such as
    /// the same query; leaves are resampled by themselves.
    ByValue,
    /// Value `i` of all leaves of both variants comes from run `i`: runs are resampled whole.
    ByRun,
}

impl Pairing {
    /// As it stands before `bootstrap`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Independent => "two independent samples",
            Self::ByValue => "paired",
            Self::ByRun => "paired by run",
        }
    }
}

/// Why a text is no [`Pairing`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "pairing is \"independent\", \"by value\" (value i of a leaf belongs to value i of the \
     baseline's) or \"by run\" (value i of all leaves comes from run i), got {0:?}"
)]
pub struct PairingError(pub String);

impl std::str::FromStr for Pairing {
    type Err = PairingError;

    fn from_str(text: &str) -> Result<Self, PairingError> {
        match text.trim() {
            "independent" => Ok(Self::Independent),
            "by value" => Ok(Self::ByValue),
            "by run" => Ok(Self::ByRun),
            _ => Err(PairingError(text.to_owned())),
        }
    }
}

/// A way to draw the means of all leaves of both variants.
pub(crate) enum Design {
    Independent(Means<1>, Means<1>),
    Paired(Means<2>),
    Runs(Runs),
}

/// Runs resampled whole.
pub(crate) struct Runs {
    means: [Vec<f64>; 2],
    /// A row a run: the stretched deviations of all leaves of both variants, over n.
    rows: Vec<Vec<f64>>,
}

impl Design {
    /// Of `[base, candidate]`, a sample a leaf each.
    ///
    /// # Errors
    /// Names the leaves whose samples have not the length that the pairing needs.
    pub(crate) fn new(
        tree: &Tree,
        sides: [&[Sample]; 2],
        pairing: Pairing,
    ) -> Result<Self, BootstrapError> {
        let runs = sides[0][0].len();
        let unlike = |(x, y): (&Sample, &Sample)| match pairing {
            Pairing::Independent => false,
            Pairing::ByValue => x.len() != y.len(),
            Pairing::ByRun => x.len() != runs || y.len() != runs,
        };
        let both = tree.leaves().iter().zip(sides[0].iter().zip(sides[1]));
        let wrong: Vec<String> =
            both.filter(|(_, pair)| unlike(*pair)).map(|(name, _)| name.clone()).collect();
        if !wrong.is_empty() {
            return Err(BootstrapError::Unpaired(wrong));
        }
        Ok(match pairing {
            Pairing::Independent => {
                Self::Independent(Means::new([sides[0]]), Means::new([sides[1]]))
            }
            Pairing::ByValue => Self::Paired(Means::new(sides)),
            Pairing::ByRun => Self::Runs(Runs::new(sides, runs)),
        })
    }

    /// Observed means of both variants.
    pub(crate) fn observed(&self) -> [Vec<f64>; 2] {
        match self {
            Self::Independent(x, y) => [x.observed(0), y.observed(0)],
            Self::Paired(means) => [means.observed(0), means.observed(1)],
            Self::Runs(runs) => runs.means.clone(),
        }
    }

    /// Draws that a replicate takes.
    pub(crate) fn work(&self) -> usize {
        match self {
            Self::Independent(x, y) => x.work() + y.work(),
            Self::Paired(means) => 2 * means.work(),
            Self::Runs(runs) => runs.rows.iter().map(Vec::len).sum(),
        }
    }

    /// The means of a resample, cut to a range.
    pub(crate) fn redraw(&self, rng: &mut Stream, range: (f64, f64), [x, y]: [&mut [f64]; 2]) {
        match self {
            Self::Independent(base, candidate) => {
                base.redraw(rng, range, [x]);
                candidate.redraw(rng, range, [y]);
            }
            Self::Paired(means) => means.redraw(rng, range, [x, y]),
            Self::Runs(runs) => runs.redraw(rng, range, [x, y]),
        }
    }
}

impl Runs {
    fn new(sides: [&[Sample]; 2], n: usize) -> Self {
        let means = sides
            .map(|side| side.iter().map(|sample| Moments::of(sample).mean()).collect::<Vec<_>>());
        // One run has no spread: its deviations are 0.
        let share = 1.0 / (n as f64 * n.saturating_sub(1).max(1) as f64).sqrt();
        let deviation = |run: usize| {
            let both = sides.iter().zip(&means).flat_map(|(side, means)| side.iter().zip(means));
            both.map(|(sample, mean)| (sample.values()[run] - mean) * share).collect()
        };
        let rows = (0..n).map(deviation).collect();
        Self { means, rows }
    }

    fn redraw(&self, rng: &mut Stream, (lo, hi): (f64, f64), [x, y]: [&mut [f64]; 2]) {
        x.copy_from_slice(&self.means[0]);
        y.copy_from_slice(&self.means[1]);
        for _ in 0..self.rows.len() {
            let row = &self.rows[below(rng, self.rows.len() as u64) as usize];
            for (mean, deviation) in x.iter_mut().chain(y.iter_mut()).zip(row) {
                *mean += deviation;
            }
        }
        for mean in x.iter_mut().chain(y) {
            *mean = mean.clamp(lo, hi);
        }
    }
}

/// Degrees of freedom of a change `C/B − 1` (Welch & Satterthwaite), linearised in the means of
/// the leaves.
///
/// ```text
/// ν = (Σ v)² / Σ v²/(n−1)          v = g² s²/n, one term a leaf and variant, pair or run
/// ```
/// `Σ (n−1)` when nothing varies, 0 when the base is so near zero that nothing can be said.
pub(crate) fn freedom(tree: &Tree, sides: [&[Sample]; 2], pairing: Pairing) -> f64 {
    let [x, y] = sides.map(|side| slopes(tree, side));
    // B ∂(C/B) = ∂C − (C/B) ∂B.
    let ratio = y.score / x.score;
    let scaled =
        |sample: &Sample, g: f64| -> Vec<f64> { sample.values().iter().map(|v| g * v).collect() };
    let mut terms: Vec<Vec<f64>> = Vec::new();
    for (leaf, (a, b)) in sides[0].iter().zip(sides[1]).enumerate() {
        let (a, b) = (scaled(a, -x.slopes[leaf] * ratio), scaled(b, y.slopes[leaf]));
        if pairing == Pairing::Independent {
            terms.extend([a, b]);
            continue;
        }
        let both: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        if pairing == Pairing::ByRun && leaf > 0 {
            terms[0].iter_mut().zip(both).for_each(|(sum, x)| *sum += x);
        } else {
            terms.push(both);
        }
    }
    let varying = terms.iter().filter(|values| values.len() > 1).map(|values| {
        let moments = Moments::of_values(values);
        (moments.standard_error().powi(2), moments.n() - 1.0)
    });
    let (mut sum, mut squares, mut all) = (0.0, 0.0, 0.0);
    for (v, df) in varying {
        (sum, squares, all) = (sum + v, squares + v * v / df, all + df);
    }
    let df = if squares == 0.0 { all } else { sum * sum / squares };
    if df.is_finite() { df } else { 0.0 }
}

/// The root's score, and how it changes with the mean of each leaf.
struct Slopes {
    score: f64,
    slopes: Vec<f64>,
}

fn slopes(tree: &Tree, samples: &[Sample]) -> Slopes {
    let (lo, hi) = tree.range();
    let leaves: Vec<f64> =
        samples.iter().map(|sample| Moments::of(sample).mean().clamp(lo, hi)).collect();
    let mut values = vec![0.0; tree.nodes().len()];
    tree.evaluate(&leaves, &mut values);
    let mut slopes = vec![0.0; leaves.len()];
    let mut inner = vec![0.0; values.len()];
    let root = values.len() - 1;
    inner[root] = 1.0;
    for (at, node) in tree.nodes().iter().enumerate().rev() {
        let score = |child| match child {
            Child::Leaf(i) => leaves[i],
            Child::Inner(i) => values[i],
        };
        let parts: Vec<(f64, f64)> =
            node.children.iter().map(|&(child, weight)| (weight, score(child))).collect();
        let by_child = gradient(node.combine, node.penalty, &parts)
            .unwrap_or_else(|| all_on_the_lowest(&parts));
        for (&(child, _), slope) in node.children.iter().zip(by_child) {
            match child {
                Child::Leaf(i) => slopes[i] = inner[at] * slope,
                Child::Inner(i) => inner[i] = inner[at] * slope,
            }
        }
    }
    Slopes { score: values[root], slopes }
}

/// A minimum changes with its smallest child.
fn all_on_the_lowest(parts: &[(f64, f64)]) -> Vec<f64> {
    let weighted = parts.iter().enumerate().filter(|(_, part)| part.0 > 0.0);
    let lowest = weighted.min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(at, _)| at);
    (0..parts.len()).map(|at| f64::from(u8::from(Some(at) == lowest))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Combine, Node};
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::stream;

    fn tree() -> Tree {
        let leaves = vec![Node::leaf("a", 1.0), Node::leaf("b", 1.0)];
        Tree::new(Node::inner("t", 1.0, Combine::WeightedMean, leaves)).unwrap()
    }

    fn sample(values: &[f64]) -> Sample {
        Sample::new(values.to_vec()).unwrap()
    }

    #[test]
    fn what_runs_share_cancels() {
        // Every run is as much better or worse on all leaves of both variants.
        let run = [0.0, 0.125, 0.25, 0.0625, 0.1875];
        let shifted = |by: f64| sample(&run.map(|x| x + by));
        let (x, y) = ([shifted(0.25), shifted(0.5)], [shifted(0.375), shifted(0.5)]);
        let design = Design::new(&tree(), [&x, &y], Pairing::ByRun).unwrap();
        let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
        let mut rng = stream(Seed(2), 0);
        for _ in 0..100 {
            design.redraw(&mut rng, (0.0, 1.0), [&mut a, &mut b]);
            for (gap, want) in [(a[1] - a[0], 0.25), (b[0] - a[0], 0.125), (b[1] - a[1], 0.0)] {
                assert!((gap - want).abs() < 1e-14);
            }
        }
        assert!((freedom(&tree(), [&x, &y], Pairing::ByRun) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn equal_leaves_add_their_degrees_of_freedom() {
        let values = sample(&[0.25, 0.5, 0.75, 0.375, 0.625]);
        let side = [values.clone(), values];
        let df = freedom(&tree(), [&side, &side], Pairing::Independent);
        assert!((df - 16.0).abs() < 1e-9, "{df}");
        let constant = [sample(&[0.5; 4]), sample(&[0.5; 3])];
        assert_eq!(freedom(&tree(), [&constant, &constant], Pairing::Independent), 10.0);
    }

    #[test]
    fn pairs_need_equal_lengths() {
        let (x, y) =
            ([sample(&[0.5; 3]), sample(&[0.5; 4])], [sample(&[0.5; 3]), sample(&[0.5; 5])]);
        let unlike = |pairing| match Design::new(&tree(), [&x, &y], pairing) {
            Err(BootstrapError::Unpaired(leaves)) => leaves,
            _ => Vec::new(),
        };
        assert_eq!(unlike(Pairing::Independent), Vec::<String>::new());
        assert_eq!(unlike(Pairing::ByValue), ["b"]);
        assert_eq!(unlike(Pairing::ByRun), ["b"]);
    }
}
