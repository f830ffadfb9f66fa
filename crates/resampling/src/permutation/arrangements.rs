use rayon::prelude::*;

use super::counts::{Counts, Relabelled};
use super::settings::Permutation;
use crate::stream::{Stream, below, stream};

/// Observations in strata, each divided into groups among which a relabelling exchanges them.
pub(super) struct Design {
    /// Stratum by stratum, and in it group by group.
    values: Vec<f64>,
    /// Group sizes of each stratum.
    strata: Vec<Vec<usize>>,
}

impl Design {
    /// # Panics
    /// The sizes do not add up to the values.
    pub(super) fn new(values: Vec<f64>, strata: Vec<Vec<usize>>) -> Self {
        assert_eq!(values.len(), strata.iter().flatten().sum::<usize>(), "sizes of groups");
        Self { values, strata }
    }

    /// Tests `statistic`, which sees the observations in the order of the design: over all
    /// labellings when there are few, otherwise over random ones, one stream each.
    pub(super) fn test<F>(&self, settings: &Permutation, statistic: F) -> Relabelled
    where
        F: Fn(&[f64]) -> f64 + Sync,
    {
        let observed = statistic(&self.values);
        let few = self.labellings().is_some_and(|all| all <= settings.enumerate_up_to);
        let statistics =
            if few { self.enumerate(&statistic) } else { self.draw(settings, &statistic) };
        Relabelled { observed, counts: Counts::of(observed, &statistics, few) }
    }

    /// Number of labellings, the product of multinomial coefficients; `None` beyond 64 bits.
    fn labellings(&self) -> Option<u64> {
        self.strata.iter().try_fold(1_u64, |all, sizes| {
            let mut placed = 0;
            sizes.iter().try_fold(all, |all, &size| {
                placed += size;
                all.checked_mul(choose(placed as u64, size as u64)?)
            })
        })
    }

    /// The statistics of all labellings, the observed one first.
    fn enumerate<F>(&self, statistic: &F) -> Vec<f64>
    where
        F: Fn(&[f64]) -> f64 + Sync,
    {
        let n = self.values.len();
        // Labellings evaluated at a time; does not affect the result.
        let batch = (65_536 / n).max(1);
        let mut labels: Vec<Vec<usize>> = self
            .strata
            .iter()
            .map(|sizes| {
                sizes.iter().enumerate().flat_map(|(g, &n)| std::iter::repeat_n(g, n)).collect()
            })
            .collect();
        let mut statistics = Vec::new();
        let mut placed = Vec::with_capacity(batch * n);
        let mut more = true;
        while more {
            placed.clear();
            for _ in 0..batch {
                self.place(&labels, &mut placed);
                // The last stratum counts up; one that is through starts again and carries.
                more = labels.iter_mut().rev().any(|own| next_labelling(own));
                if !more {
                    break;
                }
            }
            statistics.par_extend(placed.par_chunks(n).map(statistic));
        }
        statistics
    }

    /// Appends the observations as labelled, group by group.
    fn place(&self, labels: &[Vec<usize>], placed: &mut Vec<f64>) {
        let mut from = 0;
        for (sizes, labels) in self.strata.iter().zip(labels) {
            let own = &self.values[from..from + labels.len()];
            for group in 0..sizes.len() {
                let members = own.iter().zip(labels).filter(|(_, label)| **label == group);
                placed.extend(members.map(|(value, _)| *value));
            }
            from += labels.len();
        }
    }

    /// The statistics of random labellings, in the order of their tasks.
    fn draw<F>(&self, settings: &Permutation, statistic: &F) -> Vec<f64>
    where
        F: Fn(&[f64]) -> f64 + Sync,
    {
        (0..settings.replicates.get())
            .into_par_iter()
            .map_init(
                // Only a buffer: nothing passes from one replicate to the next.
                || self.values.clone(),
                |buffer, replicate| {
                    let mut rng = stream(settings.seed, u64::from(replicate));
                    buffer.copy_from_slice(&self.values);
                    let mut from = 0;
                    for sizes in &self.strata {
                        let to = from + sizes.iter().sum::<usize>();
                        divide(&mut rng, &mut buffer[from..to], sizes);
                        from = to;
                    }
                    statistic(buffer)
                },
            )
            .collect()
    }
}

/// Divides `values` uniformly at random into groups of these sizes: Fisher–Yates, stopped
/// before the largest of the outer groups, which takes what is left.
fn divide(rng: &mut Stream, values: &mut [f64], sizes: &[usize]) {
    let n = values.len();
    let (first, last) = (sizes[0], sizes[sizes.len() - 1]);
    if first <= last {
        for i in 0..n - last {
            values.swap(i, i + below(rng, (n - i) as u64) as usize);
        }
    } else {
        for i in (first..n).rev() {
            values.swap(i, below(rng, (i + 1) as u64) as usize);
        }
    }
}

/// The next arrangement in lexicographic order; after the last one the first, and `false`.
fn next_labelling(labels: &mut [usize]) -> bool {
    let Some(i) = labels.windows(2).rposition(|pair| pair[0] < pair[1]) else {
        labels.reverse();
        return false;
    };
    let j = labels.iter().rposition(|&label| label > labels[i]).expect("labels[i + 1] is larger");
    labels.swap(i, j);
    labels[i + 1..].reverse();
    true
}

/// C(n, k), or `None` beyond 64 bits.
pub(super) fn choose(n: u64, k: u64) -> Option<u64> {
    (0..k.min(n - k))
        .try_fold(1_u128, |c, i| {
            let next = c * u128::from(n - i) / u128::from(i + 1);
            u64::try_from(next).ok().map(u128::from)
        })
        .map(|c| c as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;
    use tailproof_core::Seed;

    /// A number per arrangement.
    fn code(values: &[f64]) -> f64 {
        values.iter().fold(0.0, |code, v| 10.0 * code + v)
    }

    #[test]
    fn every_labelling_occurs_once() {
        // 4!/(2!·1!·1!) · C(3, 1) = 36, each with members in the order of the data.
        let values = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let design = Design::new(values, vec![vec![2, 1, 1], vec![1, 2]]);
        assert_eq!(design.labellings(), Some(36));
        let mut all: Vec<u64> = design.enumerate(&code).iter().map(|&c| c as u64).collect();
        assert_eq!(all[0], 1_234_567);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 36);
    }

    #[test]
    fn every_division_is_as_likely() {
        for sizes in [[1, 2, 2], [2, 2, 1]] {
            let mut seen = BTreeMap::new();
            for task in 0..30_000 {
                let mut values = [1.0, 2.0, 3.0, 4.0, 5.0];
                divide(&mut stream(Seed(3), task), &mut values, &sizes);
                let mut rest = &mut values[..];
                for &size in &sizes {
                    let (own, tail) = rest.split_at_mut(size);
                    own.sort_by(f64::total_cmp);
                    rest = tail;
                }
                *seen.entry(code(&values) as u64).or_insert(0_u32) += 1;
            }
            assert_eq!(seen.len(), 30, "{sizes:?}");
            let chi2: f64 = seen.values().map(|&c| (f64::from(c) - 1e3).powi(2) / 1e3).sum();
            assert!(chi2 < 29.0 + 6.0 * 58.0_f64.sqrt(), "{sizes:?} {chi2}");
        }
    }

    #[test]
    fn threads_do_not_matter() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 101)).collect();
        let design = Design::new(values, vec![vec![10, 12], vec![9, 9]]);
        let settings =
            Permutation::new(Seed(5)).replicates(NonZeroU32::new(300).expect("not zero"));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| design.draw(&settings, &code))
        };
        assert_eq!(run(1), run(8));
    }
}
