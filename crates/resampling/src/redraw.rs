use rayon::prelude::*;
use tailproof_core::Sample;

use crate::bootstrap::{Bootstrap, Replicates};
use crate::stream::{Indices, Stream, stream};

/// Replicate `b` is `statistic` of [`stream`]`(seed, b)`, in parallel.
///
/// `buffer` makes scratch space, one a thread: nothing may pass in it from one replicate to
/// the next.
pub(crate) fn replicates<T>(
    settings: &Bootstrap,
    buffer: impl Fn() -> T + Sync + Send,
    statistic: impl Fn(&mut Stream, &mut T) -> f64 + Sync + Send,
) -> Replicates {
    let values = (0..settings.count())
        .into_par_iter()
        .map_init(buffer, |buffer, replicate| {
            statistic(&mut stream(settings.seed(), u64::from(replicate)), buffer)
        })
        .collect();
    Replicates::new(values)
}

/// Fills `into` with draws from `from`, with replacement.
pub(crate) fn redraw(rng: &mut Stream, from: &[f64], into: &mut [f64]) {
    let indices = Indices::below(from.len());
    let (pairs, last) = into.as_chunks_mut::<2>();
    for [first, second] in pairs {
        let [i, j] = indices.pair(rng);
        (*first, *second) = (from[i], from[j]);
    }
    for slot in last {
        *slot = from[indices.pair(rng)[0]];
    }
}

/// Scratch space of the shape of the groups.
pub(crate) fn like(groups: &[Sample]) -> Vec<Vec<f64>> {
    groups.iter().map(|g| vec![0.0; g.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;

    #[test]
    fn replicates_do_not_depend_on_threads() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let settings = Bootstrap::new(Seed(1));
                replicates(
                    &settings,
                    || vec![0.0; 50],
                    |rng, buffer| {
                        redraw(rng, &x, buffer);
                        buffer.iter().sum::<f64>() / 50.0
                    },
                )
            })
        };
        let one = run(1);
        assert_eq!(one, run(8));
        // The draws of `bootstrap`.
        let sample = Sample::new(x.clone()).unwrap();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / 50.0;
        assert_eq!(one, crate::bootstrap(&sample, &Bootstrap::new(Seed(1)), mean));
    }
}
