use std::num::NonZeroU32;

use tailproof_core::{
    Class, Comparison, Direction, Finding, Guarantee, Interval, Level, Provenance, Reason, Sample,
    Seed, Subject, Verdict, number, p_value, percent, signed_percent,
};
use tailproof_hypothesis::power_factor;

use super::bootstrap::check;
use super::corners::Corners;
use super::definition::Tree;
use super::pairing::{Design, Pairing, freedom};
use super::replicates::{column, ends, evaluate, rows};
use super::settings::{BootstrapError, TreeBootstrap};

/// What is asked of an improvement, and how it is judged; higher scores are better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Improvement {
    /// `>` or `>=` the margin.
    pub comparison: Comparison,
    /// Smallest relative improvement asked for: 0.15 is 15 %.
    pub margin: f64,
    /// What the two variants have in common.
    pub pairing: Pairing,
    /// Replicates, seed and level of the interval.
    pub bootstrap: TreeBootstrap,
}

impl Improvement {
    /// Any improvement at all, two independent samples, 10 000 replicates, 95 %.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        const REPLICATES: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");
        Self {
            comparison: Comparison::Above,
            margin: 0.0,
            pairing: Pairing::Independent,
            bootstrap: TreeBootstrap::new(seed).replicates(REPLICATES),
        }
    }
}

/// What [`improvement()`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Improved {
    /// Name of the root.
    pub name: String,
    /// Composite score of the base.
    pub base: f64,
    /// Composite score of the candidate.
    pub candidate: f64,
    /// Interval of the relative change, and how it was made; `None` when the base may be zero.
    pub interval: Option<Interval>,
    /// The smallest α at which the interval lies beyond the margin; `None` without an interval,
    /// and where boxes decide.
    pub p: Option<f64>,
    /// Degrees of freedom of the change; below 29, those of 30 observations, nothing is judged.
    pub freedom: f64,
    /// Whether the improvement beyond the margin is shown.
    pub verdict: Verdict,
    /// Values of both variants, over all leaves.
    pub n: [u64; 2],
    /// What was asked.
    pub asked: Improvement,
}

/// Judges whether one variant's composite score is better than another's by more than a margin.
///
/// ```text
/// Δ = C/B − 1                           B, C: the root's scores of base and candidate
/// Δ*_b from resampled leaves            interval [Δ*₍k₎, Δ*₍R+1−k₎], k = ⌊α/2·(R+1)⌋
/// Pass          the interval lies above the margin
/// Fail          it lies at or below the margin
/// p = 2 (1 + #{Δ*_b ≤ margin}) / (1 + R), at most 1: p ≤ α exactly when Pass
/// ```
/// `Inconclusive` when the interval straddles the margin; when a leaf has a single value or the
/// change has fewer than 29 degrees of freedom (as a mean of fewer than 30 observations); and
/// when the base's score, or a replicate of it, is not above zero, where a percentage means
/// nothing. Leaves are resampled as in [`bootstrap`](super::bootstrap()). The guarantee is
/// asymptotic.
///
/// A root with a minimum or a penalty at it or below is biased downward by noise, the noisier
/// variant more, and replicates repeat that. There the boxes of [`bootstrap`](super::bootstrap())
/// decide, of both variants at α/2 each, which is conservative whatever the variants share:
///
/// ```text
/// [C_lo/B_hi − 1, C_hi/B_lo − 1]        for C_lo ≥ 0; `Inconclusive` unless B_lo > 0
/// ```
/// By run, when leaves hang together too, every leaf is a part of its box.
///
/// # Errors
/// Those of [`bootstrap`](super::bootstrap()), and pairs whose samples differ in length.
///
/// # Source
/// Efron & Tibshirani (1993), *An Introduction to the Bootstrap*, 13.3 and 15.4; degrees of
/// freedom: Satterthwaite (1946), *Biometrics Bulletin* 2(6), 110–114.
///
/// # Example
/// ```
/// use tailproof_core::{Sample, Seed, Verdict};
/// use tailproof_scorecard::tree::{Combine, Improvement, Node, Tree, improvement};
///
/// let leaves = vec![Node::leaf("speed", 1.0), Node::leaf("quality", 1.0)];
/// let tree = Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, leaves))?;
/// let side = |better: f64| {
///     [0.5, 0.6].map(|score| {
///         let values = (0..40).map(|i| score * better + f64::from(i % 8) / 100.0).collect();
///         Sample::new(values).expect("finite")
///     })
/// };
/// let asked = Improvement { margin: 0.15, ..Improvement::new(Seed(42)) };
/// let found = improvement(&tree, &side(1.0), &side(1.3), &asked)?;
/// assert_eq!(found.verdict, Verdict::Pass);
/// assert!(found.p.unwrap() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn improvement(
    tree: &Tree,
    base: &[Sample],
    candidate: &[Sample],
    asked: &Improvement,
) -> Result<Improved, BootstrapError> {
    check(tree, base)?;
    check(tree, candidate)?;
    let tail = asked.bootstrap.tail()?;
    let sides = [base, candidate];
    let design = Design::new(tree, sides, asked.pairing)?;
    let (root, range) = (tree.nodes().len() - 1, tree.range());
    let means = design
        .observed()
        .map(|means| means.iter().map(|x| x.clamp(range.0, range.1)).collect::<Vec<f64>>());
    let [x, y] = [&means[0], &means[1]].map(|means| {
        let mut values = vec![0.0; root + 1];
        tree.evaluate(means, &mut values);
        values[root]
    });
    let mut improved = Improved {
        name: tree.root().name.clone(),
        base: x,
        candidate: y,
        interval: None,
        p: None,
        freedom: freedom(tree, sides, asked.pairing),
        verdict: Verdict::Inconclusive(Reason::BaseNearZero),
        n: sides.map(|side| side.iter().map(|sample| sample.len() as u64).sum()),
        asked: *asked,
    };
    let merged = asked.pairing != Pairing::ByRun;
    let of = |side: usize| Corners::new(tree, sides[side], &means[side], merged);
    let boxes = [of(0), of(1)];
    if boxes[0].bent(root) {
        let alpha = asked.bootstrap.level.alpha().to_f64() / 2.0;
        if let Some(ends) = ratio(boxes[0].interval(root, alpha), boxes[1].interval(root, alpha)) {
            let method = format!("ratio, either score a {}", boxes[1].method(root));
            improved.judge(ends, method, sides);
        }
        return Ok(improved);
    }
    let (bases, candidates) = replicates(tree, &design, asked)?;
    if x > 0.0 && bases.iter().all(|&base| base > 0.0) {
        let mut changes: Vec<f64> =
            candidates.iter().zip(&bases).map(|(y, x)| y / x - 1.0).collect();
        improved.p = Some(asked.p(&changes));
        let (how, count) = (asked.pairing.name(), asked.bootstrap.count());
        let method = format!("percentile bootstrap, {how}, {count} replicates");
        improved.judge(ends(&mut changes, tail), method, sides);
    }
    Ok(improved)
}

/// The root's scores of base and candidate, replicate by replicate.
fn replicates(
    tree: &Tree,
    design: &Design,
    asked: &Improvement,
) -> Result<(Vec<f64>, Vec<f64>), BootstrapError> {
    let (leaves, nodes) = (tree.leaves().len(), tree.nodes().len());
    let all = rows(
        &asked.bootstrap,
        (2, design.work()),
        || (vec![0.0; leaves], vec![0.0; leaves], vec![0.0; nodes]),
        |rng, (x, y, values), row| {
            design.redraw(rng, tree.range(), [x, y]);
            for (score, leaves) in row.iter_mut().zip([x, y]) {
                evaluate(tree, leaves, values);
                *score = values[nodes - 1];
            }
        },
    )?;
    Ok((column(&all, 2, 0), column(&all, 2, 1)))
}

/// Where `C/B − 1` lies for `B` and `C` in their intervals; `None` when `B` may be zero.
fn ratio(base: (f64, f64), candidate: (f64, f64)) -> Option<(f64, f64)> {
    if base.0 <= 0.0 {
        return None;
    }
    // A negative candidate is least over a small base.
    let lo = (candidate.0 / base.0).min(candidate.0 / base.1);
    let hi = (candidate.1 / base.0).max(candidate.1 / base.1);
    Some((lo - 1.0, hi - 1.0))
}

impl Improvement {
    /// `2 (1 + #{Δ* ≤ margin})/(1 + R)`, at most 1.
    fn p(&self, changes: &[f64]) -> f64 {
        let short = changes.iter().filter(|&&x| !self.comparison.holds(x, self.margin)).count();
        (2.0 * (1 + short) as f64 / (1 + changes.len()) as f64).min(1.0)
    }
}

/// `improvement of total > 15 %`.
fn claim(name: &str, comparison: Comparison, margin: f64) -> String {
    format!("improvement of {name} {comparison} {}", percent(margin))
}

fn subject(name: &str) -> Subject {
    Subject {
        metric: name.to_owned(),
        statistic: Some("improvement".to_owned()),
        ..Subject::default()
    }
}

/// The finding of an improvement that was asked for and that nothing was there to judge by.
pub(crate) fn untested(name: &str, comparison: Comparison, margin: f64) -> Finding {
    let verdict = Verdict::Inconclusive(Reason::NotTested);
    let claim = claim(name, comparison, margin);
    let why = format!("{claim}: {}, needs --baseline DATA", verdict.word());
    let mut finding = Finding::new(Class::Slo, subject(name), claim, verdict);
    finding.direction = Direction::Higher;
    finding.provenance = Provenance::NotTested;
    finding.why = why;
    finding
}

impl Improved {
    /// Fewest degrees of freedom that are judged: those of 30 observations.
    const FREEDOM: f64 = 29.0;

    /// Relative change of the composite score: 0.15 is 15 % more.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.candidate / self.base - 1.0
    }

    fn judge(&mut self, (lo, hi): (f64, f64), method: String, sides: [&[Sample]; 2]) {
        let (comparison, margin) = (self.asked.comparison, self.asked.margin);
        let level = self.asked.bootstrap.level;
        self.interval = Some(Interval { lo, hi, level, method });
        let lengths = || sides.into_iter().flatten().map(Sample::len);
        let (shortest, longest) = (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0));
        self.verdict = if shortest < 2 {
            Verdict::Inconclusive(Reason::TooFew { need: 2 })
        } else if self.freedom < Self::FREEDOM {
            let need = (longest - 1) as f64 * Self::FREEDOM / self.freedom.max(1.0);
            Verdict::Inconclusive(Reason::TooFew { need: need.ceil() as u64 + 1 })
        } else if comparison.holds(lo, margin) {
            Verdict::Pass
        } else if !comparison.holds(hi, margin) {
            Verdict::Fail
        } else {
            let projected = self.projected((lo, hi), longest, level);
            Verdict::Inconclusive(Reason::Straddles { projected })
        };
    }

    /// Values of a leaf at which an interval shrinking as 1/√n would probably leave the margin out.
    fn projected(&self, (lo, hi): (f64, f64), n: usize, level: Level) -> Option<u64> {
        let gap = self.change() - self.asked.margin;
        let reach = if gap > 0.0 { self.change() - lo } else { hi - self.change() };
        let factor = power_factor(level.alpha().to_f64() / 2.0, 0.9);
        let need = n as f64 * (reach * factor / gap).powi(2);
        (need < 1e9).then(|| need.ceil() as u64)
    }

    /// The finding: an objective, since somebody asked for it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let asked = &self.asked;
        let claim = claim(&self.name, asked.comparison, asked.margin);
        let mut finding =
            Finding::new(Class::Slo, subject(&self.name), claim, self.verdict.clone());
        finding.direction = Direction::Higher;
        finding.guarantee = Guarantee::Asymptotic;
        finding.base = Some(self.base);
        finding.estimate = Some(self.candidate);
        finding.target = Some(self.base * (1.0 + asked.margin));
        finding.interval.clone_from(&self.interval);
        finding.p = self.p;
        finding.n = self.n.to_vec();
        finding.seed = Some(asked.bootstrap.seed());
        finding.why = self.why();
        finding
    }

    fn why(&self) -> String {
        let asked = &self.asked;
        let mut why = format!("{} {} -> {}", self.name, number(self.base), number(self.candidate));
        if let Some(interval) = &self.interval {
            let p = self.p.map_or_else(String::new, |p| format!("; p {}", p_value(p)));
            why += &format!(
                ", {} [{}, {}] at {} ({}{p})",
                signed_percent(self.change()),
                signed_percent(interval.lo),
                signed_percent(interval.hi),
                interval.level,
                interval.method,
            );
        }
        why += &format!(
            " vs {} {}: {}",
            asked.comparison,
            signed_percent(asked.margin),
            self.verdict.word()
        );
        if let Verdict::Inconclusive(reason) = &self.verdict {
            why += &match reason {
                Reason::TooFew { need } => {
                    format!(", too few observations, needs about n >= {need} of each leaf")
                }
                other => format!(", {other}"),
            };
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Combine, Node};
    use super::*;
    use tailproof_resampling::{stream, uniform};

    fn tree() -> Tree {
        let leaves = vec![Node::leaf("a", 1.0), Node::leaf("b", 1.0)];
        Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, leaves))
            .and_then(|tree| tree.with_range(-10.0, 10.0))
            .unwrap()
    }

    /// Two leaves of n values around a mean, with a spread of its own.
    fn side(mean: f64, n: u32, step: u32) -> Vec<Sample> {
        let leaf = |k: u32| {
            let values = (0..n).map(|i| mean + f64::from((i * step + k) % n) / f64::from(n) - 0.5);
            Sample::new(values.collect()).unwrap()
        };
        vec![leaf(0), leaf(3)]
    }

    fn judged(base: &[Sample], candidate: &[Sample], margin: f64, pairing: Pairing) -> Improved {
        let asked = Improvement { margin, pairing, ..Improvement::new(Seed(1)) };
        improvement(&tree(), base, candidate, &asked).unwrap()
    }

    #[test]
    fn three_verdicts_agree_with_interval_and_p() {
        let base = side(2.0, 50, 7);
        for (mean, want) in [(2.6, "PASS"), (2.0, "FAIL"), (2.3, "INCONCLUSIVE")] {
            let found = judged(&base, &side(mean, 50, 11), 0.15, Pairing::Independent);
            assert_eq!(found.verdict.word(), want, "{}", found.why());
            let interval = found.interval.as_ref().unwrap();
            assert_eq!(found.p.unwrap() <= 0.05, interval.lo > 0.15);
            assert!(interval.lo < found.change() && found.change() < interval.hi);
            let finding = found.finding();
            assert!(finding.why.contains(want) && finding.base.is_some(), "{}", finding.why);
        }
    }

    #[test]
    fn pairs_take_out_what_the_variants_share() {
        // The same values, each a tenth better.
        let base = side(2.0, 50, 7);
        let tenth = |s: &Sample| Sample::new(s.values().iter().map(|x| x * 1.1).collect()).unwrap();
        let candidate: Vec<Sample> = base.iter().map(tenth).collect();
        let width = |pairing| {
            let interval = judged(&base, &candidate, 0.05, pairing).interval.unwrap();
            interval.hi - interval.lo
        };
        let independent = width(Pairing::Independent);
        assert!(width(Pairing::ByValue) < 1e-12 && width(Pairing::ByRun) < 1e-12);
        assert!(independent > 0.05);
        assert_eq!(judged(&base, &candidate, 0.05, Pairing::ByValue).verdict, Verdict::Pass);
    }

    #[test]
    fn too_little_is_not_judged() {
        let one = |x| vec![Sample::new(vec![x]).unwrap(), Sample::new(vec![x]).unwrap()];
        let found = judged(&one(1.0), &one(2.0), 0.15, Pairing::Independent);
        assert_eq!(found.verdict, Verdict::Inconclusive(Reason::TooFew { need: 2 }));
        let found = judged(&side(2.0, 5, 3), &side(4.0, 5, 2), 0.15, Pairing::Independent);
        assert!(matches!(found.verdict, Verdict::Inconclusive(Reason::TooFew { need: 3.. })));
        let found = judged(&side(0.0, 50, 7), &side(2.0, 50, 7), 0.15, Pairing::Independent);
        assert_eq!(found.verdict, Verdict::Inconclusive(Reason::BaseNearZero));
        assert_eq!((found.interval.is_none(), found.p), (true, None));
    }

    /// How many of 200 comparisons with equal true scores pass `improvement > 0`: four leaves of
    /// thirty values a variant, the base's six times as noisy.
    fn wrong_passes(combine: Combine, penalty: f64) -> usize {
        let leaves = (0..4).map(|i| Node::leaf(i.to_string(), 1.0)).collect();
        let tree = Tree::new(Node { penalty, ..Node::inner("t", 1.0, combine, leaves) }).unwrap();
        let passes = |task: &u64| {
            let mut rng = stream(Seed(21), *task);
            let mut side = |spread: f64| -> Vec<Sample> {
                let mut value = || 0.5 + spread * (uniform(&mut rng) - 0.5);
                let mut leaf = || Sample::new((0..30).map(|_| value()).collect()).unwrap();
                (0..4).map(|_| leaf()).collect()
            };
            let (base, candidate) = (side(0.6), side(0.1));
            let found = improvement(&tree, &base, &candidate, &Improvement::new(Seed(*task)));
            found.unwrap().verdict == Verdict::Pass
        };
        (0..200).filter(passes).count()
    }

    #[test]
    fn noise_below_a_kink_is_no_improvement() {
        assert!(wrong_passes(Combine::Minimum, 0.0) <= 10);
        assert!(wrong_passes(Combine::WeightedMean, 0.5) <= 10);
    }

    #[test]
    fn a_minimum_that_is_better_passes_and_has_no_p() {
        let leaves = vec![Node::leaf("a", 1.0), Node::leaf("b", 1.0)];
        let tree = Tree::new(Node::inner("total", 1.0, Combine::Minimum, leaves))
            .and_then(|tree| tree.with_range(-10.0, 10.0))
            .unwrap();
        let of = |pairing| {
            let asked = Improvement { margin: 0.15, pairing, ..Improvement::new(Seed(1)) };
            improvement(&tree, &side(2.0, 50, 7), &side(3.0, 50, 11), &asked).unwrap()
        };
        for pairing in [Pairing::Independent, Pairing::ByValue, Pairing::ByRun] {
            let found = of(pairing);
            assert_eq!((&found.verdict, found.p), (&Verdict::Pass, None), "{}", found.why());
            assert!(found.why().contains("box of the intervals of 2 parts"), "{}", found.why());
        }
        assert_eq!(ratio((0.0, 1.0), (1.0, 2.0)), None);
        assert_eq!(ratio((1.0, 2.0), (-1.0, 4.0)), Some((-2.0, 3.0)));
    }

    #[test]
    fn without_a_baseline_it_is_not_tested() {
        let finding = untested("total", Comparison::Above, 0.15);
        assert_eq!(finding.verdict, Verdict::Inconclusive(Reason::NotTested));
        assert_eq!(finding.claim, "improvement of total > 15 %");
        assert!(finding.why.ends_with("needs --baseline DATA"), "{}", finding.why);
    }
}
