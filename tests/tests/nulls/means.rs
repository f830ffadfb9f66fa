//! t tests and equivalence.

use tailproof_core::Sample;
use tailproof_core::distributions::normal_quantile;
use tailproof_hypothesis::{
    non_inferiority_welch, one_sample, paired, student, tost_mann_whitney, tost_paired,
    tost_pooled, tost_ratio, tost_welch, welch, welch_anova, yuen_welch,
};
use tailproof_resampling::{Stream, uniform};

fn normal(rng: &mut Stream, n: usize, mean: f64, sd: f64) -> Sample {
    Sample::new((0..n).map(|_| mean + sd * normal_quantile(uniform(rng))).collect()).unwrap()
}

use super::Null;

pub(super) const ROWS: &[Null] = &[
    ("student", 0.0, |rng| {
        student(&normal(rng, 8, 5.0, 1.0), &normal(rng, 12, 5.0, 1.0)).unwrap().p().two_sided
    }),
    ("student less", 0.0, |rng| {
        student(&normal(rng, 4, 5.0, 1.0), &normal(rng, 9, 5.0, 1.0)).unwrap().p().less
    }),
    ("paired", 0.0, |rng| {
        let x = normal(rng, 10, 5.0, 3.0);
        let noise = normal(rng, 10, 0.0, 1.0);
        let y = x.values().iter().zip(noise.values()).map(|(x, e)| x + e).collect();
        paired(&x, &Sample::new(y).unwrap()).unwrap().p().two_sided
    }),
    ("one_sample", 0.0, |rng| one_sample(&normal(rng, 7, 2.0, 1.0), 2.0).unwrap().p().two_sided),
    ("one_sample greater", 0.0, |rng| {
        one_sample(&normal(rng, 7, 2.0, 1.0), 2.0).unwrap().p().greater
    }),
    // Degrees of freedom are approximate.
    ("welch", 0.005, |rng| {
        welch(&normal(rng, 8, 5.0, 1.0), &normal(rng, 12, 5.0, 3.0)).unwrap().p().two_sided
    }),
    ("yuen_welch", 0.005, |rng| {
        yuen_welch(&normal(rng, 15, 5.0, 1.0), &normal(rng, 20, 5.0, 3.0), 0.2)
            .unwrap()
            .p()
            .two_sided
    }),
    ("welch_anova", 0.005, |rng| {
        let groups =
            [normal(rng, 8, 5.0, 1.0), normal(rng, 12, 5.0, 3.0), normal(rng, 10, 5.0, 2.0)];
        welch_anova(&groups).unwrap().p
    }),
    ("non_inferiority_welch at the margin", 0.005, |rng| {
        non_inferiority_welch(&normal(rng, 10, 5.0, 1.0), &normal(rng, 10, 6.0, 1.0), 1.0)
            .unwrap()
            .p
    }),
    // The larger of two sides: never above its level but for those.
    ("tost_welch at high", 0.003, |rng| {
        tost_welch(&normal(rng, 10, 5.0, 1.0), &normal(rng, 12, 6.0, 1.5), -1.0, 1.0).unwrap().p
    }),
    ("tost_pooled at low", 0.003, |rng| {
        tost_pooled(&normal(rng, 10, 5.0, 1.0), &normal(rng, 12, 4.0, 1.0), -1.0, 1.0).unwrap().p
    }),
    ("tost_paired at high", 0.003, |rng| {
        let x = normal(rng, 10, 5.0, 3.0);
        let noise = normal(rng, 10, 1.0, 1.0);
        let y = x.values().iter().zip(noise.values()).map(|(x, e)| x + e).collect();
        tost_paired(&x, &Sample::new(y).unwrap(), -1.0, 1.0).unwrap().p
    }),
    ("tost_ratio at high", 0.003, |rng| {
        tost_ratio(&normal(rng, 10, 10.0, 1.0), &normal(rng, 10, 12.5, 1.0), 0.8, 1.25).unwrap().p
    }),
    ("tost_mann_whitney at low", 0.003, |rng| {
        tost_mann_whitney(&normal(rng, 8, 5.0, 1.0), &normal(rng, 8, 4.0, 1.0), -1.0, 1.0)
            .unwrap()
            .p
    }),
];
