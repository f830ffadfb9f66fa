//! Segmentations with the least cost: penalized, with a fixed number of changes, and greedy.

/// The cost of treating `x[a..b]` as one segment.
pub trait SegmentCost {
    /// Cost of a segment of at least one value.
    fn of(&self, a: usize, b: usize) -> f64;
    /// Values of the series.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Squared deviations from the segment's mean: a change of the mean.
///
/// ```text
/// C(a, b) = Σ_{a≤i<b} (xᵢ − x̄)²
/// ```
#[derive(Clone, Debug)]
pub struct SquaredError {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl SquaredError {
    /// Prepares a series in `O(n)`.
    #[must_use]
    pub fn new(series: &[f64]) -> Self {
        let first = series.first().copied().unwrap_or(0.0);
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        let (mut sum, mut square) = (0.0, 0.0);
        for x in series {
            let d = x - first;
            sum += d;
            square += d * d;
            sums.push(sum);
            squares.push(square);
        }
        Self { sums, squares }
    }
}

impl SegmentCost for SquaredError {
    fn of(&self, a: usize, b: usize) -> f64 {
        let sum = self.sums[b] - self.sums[a];
        (self.squares[b] - self.squares[a] - sum * sum / (b - a) as f64).max(0.0)
    }

    fn len(&self) -> usize {
        self.sums.len() - 1
    }
}

/// Distance from the segment's mean in the space of a Gaussian kernel: a change of anything.
///
/// ```text
/// C(a, b) = (b − a) − 1/(b − a) Σ_{a≤i,j<b} exp(−γ(xᵢ − xⱼ)²)     γ = 1/median (xᵢ − xⱼ)²
/// ```
/// with the exponents off the diagonal kept within 0.01 and 100. Space and time `O(n²)`.
///
/// # Source
/// Harchaoui & Cappé (2007), *IEEE/SP Workshop on Statistical Signal Processing*, 768–772.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// `γ`; 1 when most pairs are equal.
    pub gamma: f64,
    /// Sums of the kernel over the rows and columns before, row by row.
    sums: Vec<f64>,
    n: usize,
}

impl Kernel {
    /// Prepares a series.
    #[must_use]
    pub fn new(series: &[f64]) -> Self {
        let n = series.len();
        let square = |i: usize, j: usize| (series[i] - series[j]).powi(2);
        let pairs: Vec<f64> = (0..n).flat_map(|j| (0..j).map(move |i| square(i, j))).collect();
        let middle = tailproof_core::Sample::new(pairs)
            .map_or(0.0, |p| tailproof_core::descriptive::median(&p));
        let gamma = if middle == 0.0 { 1.0 } else { 1.0 / middle };
        let wide = n + 1;
        let mut sums = vec![0.0; wide * wide];
        for i in 0..n {
            let mut row = 0.0;
            for j in 0..n {
                row +=
                    if i == j { 1.0 } else { (-(gamma * square(i, j)).clamp(0.01, 100.0)).exp() };
                sums[(i + 1) * wide + j + 1] = sums[i * wide + j + 1] + row;
            }
        }
        Self { gamma, sums, n }
    }
}

impl SegmentCost for Kernel {
    fn of(&self, a: usize, b: usize) -> f64 {
        let at = |i: usize, j: usize| self.sums[i * (self.n + 1) + j];
        let size = (b - a) as f64;
        size - (at(b, b) - at(a, b) - at(b, a) + at(a, a)) / size
    }

    fn len(&self) -> usize {
        self.n
    }
}

/// Changes of a segmentation and its objective.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partition {
    /// First value of every segment but the first, ascending.
    pub changes: Vec<usize>,
    /// Cost of the segments, plus the penalty of each change where there is one.
    pub objective: f64,
}

/// The segmentation with the least penalized cost, by PELT.
///
/// ```text
/// min over 0 = t₀ < t₁ < … < t_{k+1} = n of  Σ C(tᵢ, tᵢ₊₁) + β k,   tᵢ₊₁ − tᵢ ≥ min_segment
/// F(t) = min_s F(s) + C(s, t) + β;   s is dropped once F(s) + C(s, t) ≥ F(t) for a t that
/// lies min_segment or more before the values to come
/// ```
/// Exact for costs that splitting never raises, as both here: the answer is that of optimal
/// partitioning, the earliest of equals. `O(n)` when changes are many, `O(n²)` when there are none. A
/// series shorter than `min_segment` is one segment.
///
/// # Source
/// Killick, Fearnhead & Eckley (2012), *JASA* 107(500), 1590–1598; Jackson et al. (2005), *IEEE
/// Signal Processing Letters* 12(2), 105–108.
///
/// # Example
/// ```
/// use tailproof_compare::history::{SquaredError, pelt};
///
/// let cost = SquaredError::new(&[1.0, 2.0, 1.0, 9.0, 8.0, 9.0]);
/// assert_eq!(pelt(&cost, 4.0, 2).changes, [3]);
/// assert!(pelt(&cost, 90.0, 2).changes.is_empty());
/// ```
#[must_use]
pub fn pelt(cost: &impl SegmentCost, penalty: f64, min_segment: usize) -> Partition {
    let (n, least) = (cost.len(), min_segment.max(1));
    if n < least {
        return one_segment(cost);
    }
    let mut best = vec![f64::INFINITY; n + 1];
    let mut last = vec![0; n + 1];
    best[0] = -penalty;
    // Starts that can still begin the last segment, and from which end on each cannot.
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for t in least..=n {
        // A start must itself end a segmentation.
        let entering = t - least;
        if best[entering].is_finite() {
            starts.push((entering, usize::MAX));
        }
        for &(s, _) in &starts {
            let value = best[s] + cost.of(s, t) + penalty;
            if value < best[t] {
                best[t] = value;
                last[t] = s;
            }
        }
        // Rounding must not drop the best one.
        let bound = best[t] + 1e-9 * best[t].abs();
        for start in &mut starts {
            if start.1 == usize::MAX && best[start.0] + cost.of(start.0, t) > bound {
                start.1 = t + least;
            }
        }
        starts.retain(|&(_, until)| t + 1 < until);
    }
    Partition { changes: changes(n, |t| last[t]), objective: best[n] }
}

/// The segmentation with the least cost among those with exactly `count` changes, the earliest of
/// equals; `None` when the series is too short for it. Time `O(count · n²)`.
///
/// # Source
/// Auger & Lawrence (1989), *Bulletin of Mathematical Biology* 51(1), 39–54.
#[must_use]
pub fn fixed_changes(
    cost: &impl SegmentCost,
    count: usize,
    min_segment: usize,
) -> Option<Partition> {
    let (n, least) = (cost.len(), min_segment.max(1));
    if n / least <= count {
        return None;
    }
    let first = |t: usize| if t >= least { cost.of(0, t) } else { f64::INFINITY };
    let mut best: Vec<f64> = (0..=n).map(first).collect();
    let mut tables: Vec<Vec<usize>> = Vec::new();
    for segments in 1..=count {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut last = vec![0; n + 1];
        for t in least * (segments + 1)..=n {
            let starts = least * segments..=t - least;
            for (s, before) in starts.clone().zip(&best[starts]) {
                let value = before + cost.of(s, t);
                if value < next[t] {
                    next[t] = value;
                    last[t] = s;
                }
            }
        }
        best = next;
        tables.push(last);
    }
    let mut at = n;
    let mut changes: Vec<usize> = tables
        .iter()
        .rev()
        .map(|last| {
            at = last[at];
            at
        })
        .collect();
    changes.reverse();
    Some(Partition { changes, objective: best[n] })
}

/// Binary segmentation: the split that saves most, then those of its parts, as long as each
/// saves more than the penalty.
///
/// # Source
/// Scott & Knott (1974), *Biometrics* 30(3), 507–512.
#[must_use]
pub fn binary_segmentation(cost: &impl SegmentCost, penalty: f64, min_segment: usize) -> Partition {
    let (n, least) = (cost.len(), min_segment.max(1));
    let mut changes = Vec::new();
    let mut open = vec![(0, n)];
    while let Some((a, b)) = open.pop() {
        if (b - a) / 2 < least {
            continue;
        }
        let whole = cost.of(a, b);
        let saves = |t: usize| whole - cost.of(a, t) - cost.of(t, b);
        let (mut most, mut at) = (f64::NEG_INFINITY, a);
        for t in a + least..=b - least {
            // The latest of equals.
            if saves(t) >= most {
                (most, at) = (saves(t), t);
            }
        }
        if most > penalty {
            changes.push(at);
            open.extend([(a, at), (at, b)]);
        }
    }
    changes.sort_unstable();
    let objective = objective(cost, &changes) + penalty * changes.len() as f64;
    Partition { changes, objective }
}

/// The cost of the segments between changes.
#[must_use]
pub fn objective(cost: &impl SegmentCost, changes: &[usize]) -> f64 {
    let ends = changes.iter().copied().chain([cost.len()]);
    let starts = [0].into_iter().chain(changes.iter().copied());
    starts.zip(ends).filter(|(a, b)| a < b).map(|(a, b)| cost.of(a, b)).sum()
}

fn one_segment(cost: &impl SegmentCost) -> Partition {
    Partition { changes: Vec::new(), objective: objective(cost, &[]) }
}

fn changes(n: usize, last: impl Fn(usize) -> usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut t = last(n);
    while t > 0 {
        found.push(t);
        t = last(t);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};

    fn steps(seed: u64) -> Vec<f64> {
        let mut rng = stream(Seed(seed), 0);
        (0..60).map(|i| below(&mut rng, 9) as f64 + f64::from(i / 13 % 3) * 6.0).collect()
    }

    /// Optimal partitioning without dropping anything.
    fn slow(cost: &impl SegmentCost, penalty: f64, least: usize) -> f64 {
        let n = cost.len();
        let mut best = vec![f64::INFINITY; n + 1];
        best[0] = -penalty;
        for t in least..=n {
            for s in 0..=t - least {
                best[t] = best[t].min(best[s] + cost.of(s, t) + penalty);
            }
        }
        best[n]
    }

    #[test]
    fn dropping_starts_loses_nothing() {
        for seed in 0..30 {
            let x = steps(seed);
            let (squares, kernel) = (SquaredError::new(&x), Kernel::new(&x));
            for least in [1, 2, 5] {
                let (a, b) = (pelt(&squares, 40.0, least), pelt(&kernel, 4.0, least));
                assert!((a.objective - slow(&squares, 40.0, least)).abs() < 1e-9);
                assert!((b.objective - slow(&kernel, 4.0, least)).abs() < 1e-9);
                let again = objective(&squares, &a.changes) + 40.0 * a.changes.len() as f64;
                assert!((again - a.objective).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_fixed_number_is_kept() {
        let cost = SquaredError::new(&[1.0, 1.0, 5.0, 5.0, 2.0, 2.0]);
        let two = fixed_changes(&cost, 2, 2).unwrap();
        assert_eq!((two.changes, two.objective), (vec![2, 4], 0.0));
        assert_eq!(fixed_changes(&cost, 3, 2), None);
        assert_eq!(fixed_changes(&cost, 0, 2).unwrap().changes, Vec::<usize>::new());
    }

    #[test]
    fn short_series_are_one_segment() {
        for x in [vec![], vec![1.0]] {
            let cost = SquaredError::new(&x);
            assert_eq!(pelt(&cost, 1.0, 2), Partition::default());
            assert_eq!(binary_segmentation(&cost, 1.0, 2), Partition::default());
        }
    }
}
