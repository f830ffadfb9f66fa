//! Tests of counts.

use tailproof_hypothesis::{
    Discordant, Proportion, binomial_test, chi_square_table, fisher_exact, mcnemar, sample_ratio,
    two_proportions_z,
};
use tailproof_resampling::{Stream, uniform};

use super::Null;

/// Successes among `n` trials of share `p`.
fn draw(rng: &mut Stream, n: u64, p: f64) -> u64 {
    (0..n).filter(|_| uniform(rng) < p).count() as u64
}

fn proportion(rng: &mut Stream, n: u64, p: f64) -> Proportion {
    let k = draw(rng, n, p);
    Proportion::new(k, n).expect("k is at most n")
}

pub(super) const ROWS: &[Null] = &[
    ("binomial_test", 0.0, |rng| {
        binomial_test(proportion(rng, 60, 0.3), 0.3).expect("0.3 is a share").two_sided
    }),
    ("binomial_test less", 0.0, |rng| {
        binomial_test(proportion(rng, 60, 0.3), 0.3).expect("0.3 is a share").less
    }),
    ("fisher_exact", 0.0, |rng| {
        let (a, b) = (proportion(rng, 25, 0.2), proportion(rng, 40, 0.2));
        fisher_exact(a, b).p.two_sided
    }),
    ("fisher_exact greater", 0.0, |rng| {
        let (a, b) = (proportion(rng, 25, 0.2), proportion(rng, 40, 0.2));
        fisher_exact(a, b).p.greater
    }),
    ("mcnemar exact", 0.0, |rng| {
        let n = 40;
        let only_first = draw(rng, n, 0.5);
        mcnemar(Discordant { only_first, only_second: n - only_first }).exact.two_sided
    }),
    ("mcnemar chi_square", 0.006, |rng| {
        let n = 80;
        let only_first = draw(rng, n, 0.5);
        mcnemar(Discordant { only_first, only_second: n - only_first }).chi_square.p
    }),
    ("mcnemar mid", 0.006, |rng| {
        let n = 80;
        let only_first = draw(rng, n, 0.5);
        mcnemar(Discordant { only_first, only_second: n - only_first }).mid.two_sided
    }),
    ("two_proportions_z", 0.006, |rng| {
        let (a, b) = (proportion(rng, 400, 0.4), proportion(rng, 500, 0.4));
        two_proportions_z(a, b).map_or(1.0, |t| t.p.two_sided)
    }),
    ("chi_square_table", 0.006, |rng| {
        let mut row = |n: u64| {
            let first = draw(rng, n, 0.5);
            let second = draw(rng, n - first, 0.5);
            [first, second, n - first - second]
        };
        let rows = [row(300), row(200)];
        chi_square_table(&[&rows[0], &rows[1]], false).map_or(1.0, |t| t.p)
    }),
    ("sample_ratio", 0.006, |rng| {
        let first = draw(rng, 1_000, 0.5);
        sample_ratio(&[first, 1_000 - first], &[1.0, 1.0]).map_or(1.0, |s| s.test.p)
    }),
];
