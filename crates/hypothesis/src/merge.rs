use tailproof_core::Sample;

use crate::dominance::Pairs;

/// Samples that hold this many values together are sorted side by side.
const PARALLEL: usize = 50_000;

/// What one pass over two sorted samples tells: how their values compare, and how they tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merge {
    n1: u64,
    n2: u64,
    /// Pairs with `x > y` and with `x = y`.
    greater: u64,
    equal: u64,
    /// `Σ(t³ − t)` over the groups of `t` tied values of the pooled samples.
    ties: u128,
}

impl Merge {
    /// Sorts both samples, large ones in parallel, and merges them: `O(n + m)` after sorting.
    pub(crate) fn of(x: &Sample, y: &Sample) -> Self {
        let own = |s: &Sample| own_ties(s.sorted());
        let (ties_x, ties_y) = if x.len() + y.len() < PARALLEL {
            (own(x), own(y))
        } else {
            rayon::join(|| own(x), || own(y))
        };
        let (a, b) = (x.sorted(), y.sorted());
        // Two merges in turn, below and from the middle of x on: while one waits for its
        // comparison, the processor works on the other.
        let middle = a[a.len() / 2];
        let (i, j) = (a.partition_point(|v| *v < middle), b.partition_point(|v| *v < middle));
        let (mut low, mut high) = (Walk::new(&a[..i], &b[..j]), Walk::new(&a[i..], &b[j..]));
        while low.is_open() && high.is_open() {
            low.step();
            high.step();
        }
        while low.is_open() {
            low.step();
        }
        while high.is_open() {
            high.step();
        }
        Self {
            n1: a.len() as u64,
            n2: b.len() as u64,
            // Every value of x from the middle on exceeds every value of y below it.
            greater: low.greater() + high.greater() + (a.len() - i) as u64 * j as u64,
            equal: low.equal + high.equal,
            ties: ties_x + ties_y + low.ties + high.ties,
        }
    }

    /// How the pairs compare.
    pub(crate) const fn pairs(&self) -> Pairs {
        let (greater, equal) = (self.greater, self.equal);
        Pairs { greater, equal, less: self.n1 * self.n2 - greater - equal }
    }

    /// Whether a value occurs twice in the pooled samples.
    pub(crate) const fn has_ties(&self) -> bool {
        self.ties > 0
    }

    /// Variance of U under the null, corrected for ties; 0 when all values are equal.
    pub(crate) fn null_variance(&self) -> f64 {
        let all = u128::from(self.n1 + self.n2);
        if self.ties == all * (all * all - 1) {
            return 0.0;
        }
        let (n1, n2, n) = (self.n1 as f64, self.n2 as f64, all as f64);
        n1 * n2 / 12.0 * (n + 1.0 - self.ties as f64 / (n * (n - 1.0)))
    }
}

/// A merge of two sorted slices, under way.
struct Walk<'a> {
    x: &'a [f64],
    y: &'a [f64],
    /// Values passed on both sides; all of them are below those to come.
    i: usize,
    j: usize,
    greater: u64,
    equal: u64,
    /// `3rs(r + s)` for each value that x holds r times and y s times: what such a group adds
    /// to `r³ − r + s³ − s`.
    ties: u128,
}

impl<'a> Walk<'a> {
    const fn new(x: &'a [f64], y: &'a [f64]) -> Self {
        Self { x, y, i: 0, j: 0, greater: 0, equal: 0, ties: 0 }
    }

    const fn is_open(&self) -> bool {
        self.i < self.x.len() && self.j < self.y.len()
    }

    /// Passes the smaller of the two next values, or all of both that are equal.
    #[inline]
    fn step(&mut self) {
        let (p, q) = (self.x[self.i], self.y[self.j]);
        if p == q {
            let (r, s) = shared(&self.x[self.i..], &self.y[self.j..]);
            self.greater += (r * self.j) as u64;
            self.equal += (r * s) as u64;
            self.ties += 3 * (r as u128 * s as u128) * (r + s) as u128;
            self.i += r;
            self.j += s;
        } else {
            // Which one is smaller is a coin: counted, not branched on.
            let below = p < q;
            self.greater += u64::from(below) * self.j as u64;
            self.i += usize::from(below);
            self.j += usize::from(!below);
        }
    }

    /// Pairs with `x > y`, after the last step: what is left of x exceeds all of y.
    const fn greater(&self) -> u64 {
        self.greater + (self.x.len() - self.i) as u64 * self.j as u64
    }
}

/// How often the first value, the same on both sides, occurs on each.
#[cold]
fn shared(x: &[f64], y: &[f64]) -> (usize, usize) {
    let count = |side: &[f64]| side.iter().take_while(|v| **v == x[0]).count();
    (count(x), count(y))
}

/// `Σ(t³ − t)` over the groups of `t` equal values of a sorted slice.
fn own_ties(sorted: &[f64]) -> u128 {
    let (mut t, mut sum) = (1_u128, 0);
    for pair in sorted.windows(2) {
        if pair[0] == pair[1] {
            sum += 3 * t * (t + 1); // From t to t + 1 equal values.
            t += 1;
        } else {
            t = 1;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranks::tie_sum;
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};

    fn sample(values: Vec<f64>) -> Sample {
        Sample::new(values).unwrap()
    }

    /// `n` whole numbers below `kinds`, of either sign, `shift` added.
    fn integers(n: usize, kinds: u64, shift: f64, task: u64) -> Vec<f64> {
        let mut rng = stream(Seed(8), task);
        (0..n).map(|_| below(&mut rng, kinds) as f64 - kinds as f64 / 2.0 + shift).collect()
    }

    #[test]
    fn one_merge_agrees_with_all_pairs() {
        let cases = (0..300).map(|task| {
            let (n, m) = (1 + task as usize % 17, 1 + task as usize % 13);
            let kinds = [2, 7, 1_000_000][task as usize % 3];
            // Overlapping, interleaved, and apart on either side.
            let shift = [0.0, 0.5, 1e7, -1e7][task as usize % 4];
            (integers(n, kinds, 0.0, 2 * task), integers(m, kinds, shift, 2 * task + 1))
        });
        let zeros = (vec![-0.0, 0.0, 1.0], vec![0.0, -0.0, -1.0, 0.0]);
        for (x, y) in cases.chain([zeros]) {
            let merge = Merge::of(&sample(x.clone()), &sample(y.clone()));
            let count = |holds: fn(f64, f64) -> bool| -> u64 {
                x.iter().map(|a| y.iter().filter(|b| holds(*a, **b)).count() as u64).sum()
            };
            let pairs = Pairs {
                greater: count(|a, b| a > b),
                equal: count(|a, b| a == b),
                less: count(|a, b| a < b),
            };
            assert_eq!(merge.pairs(), pairs, "{x:?} {y:?}");
            assert_eq!(merge.ties as f64, tie_sum(&[x, y].concat()));
        }
    }

    #[test]
    fn samples_sorted_side_by_side_give_the_same() {
        let (x, y) = (integers(40_000, 30_000, 0.0, 1), integers(30_000, 30_000, 0.5, 2));
        let together = Merge::of(&sample(x.clone()), &sample(y.clone()));
        let (a, b) = (sample(x), sample(y));
        let _ = (a.sorted(), b.sorted());
        assert_eq!(together, Merge::of(&a, &b));
        let slow: u64 =
            a.values().iter().map(|v| b.sorted().partition_point(|w| w < v) as u64).sum();
        let equal = Pairs { greater: slow, equal: 0, less: 1_200_000_000 - slow };
        assert_eq!(together.pairs(), equal); // Halves never equal whole numbers.
    }

    #[test]
    fn values_that_are_all_equal_have_no_variance() {
        let four = sample(vec![4.0; 20]);
        assert_eq!(Merge::of(&four, &four).null_variance(), 0.0);
        let (x, y) = (sample(vec![1.0, 2.0]), sample(vec![3.0]));
        let merge = Merge::of(&x, &y);
        assert!(!merge.has_ties());
        assert_eq!(merge.null_variance(), 2.0 / 12.0 * 4.0);
    }
}
