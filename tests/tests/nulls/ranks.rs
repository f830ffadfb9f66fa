//! Rank tests of two samples.

use tailproof_core::Sample;
use tailproof_hypothesis::{
    ZeroHandling, brunner_munzel, cramer_von_mises, kolmogorov_smirnov, sign_test,
    wilcoxon_signed_rank,
};
use tailproof_resampling::{Stream, below, uniform};

use super::Null;

fn continuous(rng: &mut Stream, n: usize) -> Sample {
    Sample::new((0..n).map(|_| -uniform(rng).ln()).collect()).expect("logarithms are finite")
}

/// Whole numbers 0 to 4: many ties.
fn tied(rng: &mut Stream, n: usize) -> Sample {
    Sample::new((0..n).map(|_| below(rng, 5) as f64).collect()).expect("small numbers")
}

/// Pairs of one law each, so that the differences are symmetric about 0.
fn pair(rng: &mut Stream, n: usize, draw: fn(&mut Stream, usize) -> Sample) -> (Sample, Sample) {
    (draw(rng, n), draw(rng, n))
}

pub(super) const ROWS: &[Null] = &[
    ("wilcoxon, exact, 12 pairs", 0.0, |rng| {
        let (x, y) = pair(rng, 12, continuous);
        wilcoxon_signed_rank(&x, &y).expect("equal lengths").p.two_sided
    }),
    ("wilcoxon, exact, less, 40 pairs", 0.0, |rng| {
        let (x, y) = pair(rng, 40, continuous);
        wilcoxon_signed_rank(&x, &y).expect("equal lengths").p.less
    }),
    ("wilcoxon, sign flips with ties and zeros, 25 pairs", 0.0, |rng| {
        let (x, y) = pair(rng, 25, tied);
        wilcoxon_signed_rank(&x, &y).expect("equal lengths").p.greater
    }),
    ("wilcoxon, normal, 310 pairs", 0.003, |rng| {
        let (x, y) = pair(rng, 310, continuous);
        wilcoxon_signed_rank(&x, &y).expect("equal lengths").p.two_sided
    }),
    ("wilcoxon, normal by Pratt, 60 tied pairs", 0.006, |rng| {
        let (x, y) = pair(rng, 60, tied);
        let test = wilcoxon_signed_rank(&x, &y).expect("equal lengths");
        test.normal(ZeroHandling::Pratt, true).map_or(1.0, |p| p.two_sided)
    }),
    ("sign test, 30 pairs", 0.0, |rng| {
        let (x, y) = pair(rng, 30, continuous);
        sign_test(&x, &y).expect("equal lengths").p.two_sided
    }),
    ("sign test, less, 30 tied pairs", 0.0, |rng| {
        let (x, y) = pair(rng, 30, tied);
        sign_test(&x, &y).expect("equal lengths").p.less
    }),
    ("Brunner–Munzel, 25 v 30", 0.008, |rng| {
        let (x, y) = (continuous(rng, 25), continuous(rng, 30));
        brunner_munzel(&x, &y).map_or(1.0, |test| test.p.two_sided)
    }),
    ("Brunner–Munzel, tied, less, 40 v 40", 0.006, |rng| {
        let (x, y) = (tied(rng, 40), tied(rng, 40));
        brunner_munzel(&x, &y).map_or(1.0, |test| test.p.less)
    }),
    ("Kolmogorov–Smirnov, exact, 11 v 17", 0.0, |rng| {
        let (x, y) = (continuous(rng, 11), continuous(rng, 17));
        kolmogorov_smirnov(&x, &y).p.two_sided
    }),
    ("Kolmogorov–Smirnov, exact, less, 20 v 20", 0.0, |rng| {
        let (x, y) = (continuous(rng, 20), continuous(rng, 20));
        kolmogorov_smirnov(&x, &y).p.less
    }),
    ("Kolmogorov–Smirnov, tied, greater, 30 v 25", 0.0, |rng| {
        let (x, y) = (tied(rng, 30), tied(rng, 25));
        kolmogorov_smirnov(&x, &y).p.greater
    }),
    ("Kolmogorov limit, 80 v 70", 0.0, |rng| {
        let (x, y) = (continuous(rng, 80), continuous(rng, 70));
        kolmogorov_smirnov(&x, &y).limit.two_sided
    }),
    ("Cramér–von Mises, exact, 8 v 9", 0.0, |rng| {
        let (x, y) = (continuous(rng, 8), continuous(rng, 9));
        cramer_von_mises(&x, &y).expect("two values").p
    }),
    ("Cramér–von Mises, exact with ties, 8 v 7", 0.0, |rng| {
        let (x, y) = (tied(rng, 8), tied(rng, 7));
        cramer_von_mises(&x, &y).expect("two values").p
    }),
    ("Cramér–von Mises, limit, 60 v 50", 0.004, |rng| {
        let (x, y) = (continuous(rng, 60), continuous(rng, 50));
        cramer_von_mises(&x, &y).expect("two values").limit
    }),
];
