//! Tests that may be looked at any time, and the dip.

use tailproof_core::distributions::normal_quantile;
use tailproof_core::{Rank, Sample, Seed};
use tailproof_hypothesis::sequential::{BinomialMixture, Msprt, MsprtProportions};
use tailproof_resampling::{Stream, dip, uniform};

use super::Null;

pub(super) const ROWS: &[Null] = &[
    ("msprt", 0.0, |rng| {
        let mut test = Msprt::new(4.0, 1.0, 1.0).expect("parameters are positive");
        for _ in 0..200 {
            test.observe(1.0 + 2.0 * normal_quantile(uniform(rng)));
        }
        test.p()
    }),
    ("msprt of proportions (asymptotic)", 0.01, |rng| {
        let mut test = MsprtProportions::new(0.01).expect("parameters are positive");
        for _ in 0..200 {
            let (x, y) = (uniform(rng) < 0.2, uniform(rng) < 0.2);
            test.observe(x, y);
        }
        test.p()
    }),
    ("binomial mixture above", 0.0, |rng| binomial_mixture(rng).p_share_above()),
    ("binomial mixture below", 0.0, |rng| binomial_mixture(rng).p_share_below()),
    ("dip of uniform values", 0.0, |rng| {
        let values = (0..50).map(|_| uniform(rng)).collect();
        dip(&Sample::new(values).expect("finite"), Seed(1)).p
    }),
];

fn binomial_mixture(rng: &mut Stream) -> BinomialMixture {
    let mut test = BinomialMixture::new(Rank::P95);
    for _ in 0..300 {
        test.observe(uniform(rng) < 0.95);
    }
    test
}
