use super::definition::Combine;

/// A sum that carries its rounding error along (Neumaier 1974), so that it hardly depends on
/// the scale and the order of its terms.
pub(crate) fn total(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for x in terms {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    sum + lost
}

/// The score of a node from weights that sum to 1 and the scores of its children.
///
/// Rounding never takes it beyond the smallest and the largest child that has a weight; equal
/// children give exactly their score.
pub(crate) fn combined(
    combine: Combine,
    penalty: f64,
    parts: impl Iterator<Item = (f64, f64)> + Clone,
) -> f64 {
    let parts = parts.filter(|part| part.0 > 0.0);
    let scores = parts.clone().map(|part| part.1);
    let lowest = scores.clone().fold(f64::INFINITY, f64::min);
    let score = match combine {
        Combine::WeightedMean => penalised(penalty, parts),
        Combine::Geometric if lowest > 0.0 => penalised(penalty, parts.map(logarithm)).exp(),
        Combine::Geometric | Combine::Minimum => return lowest,
    };
    score.max(lowest).min(scores.fold(f64::NEG_INFINITY, f64::max))
}

fn logarithm((weight, score): (f64, f64)) -> (f64, f64) {
    (weight, score.ln())
}

/// `Σ wᵢ xᵢ − λ Σ wᵢ |xᵢ − Σ wⱼ xⱼ|`.
fn penalised(penalty: f64, parts: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let mean = centre(parts.clone());
    if penalty == 0.0 { mean } else { mean - penalty * spread(mean, parts) }
}

/// `Σ wᵢ xᵢ`.
fn centre(parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    total(parts.map(|(w, x)| w * x))
}

/// `Σ wᵢ |xᵢ − centre|`: the weighted mean absolute deviation.
fn spread(centre: f64, parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    total(parts.map(|(w, x)| w * (x - centre).abs()))
}

/// What the penalty took from the score of a node: the score without it minus the score.
pub(crate) fn taken(
    combine: Combine,
    penalty: f64,
    parts: impl Iterator<Item = (f64, f64)> + Clone,
) -> f64 {
    combined(combine, 0.0, parts.clone()) - combined(combine, penalty, parts)
}

/// The derivatives of a node's score by its children's, in their order: those of
/// [`combined`], with `sgn(0) = 0` at the kink of the penalty.
///
/// ```text
/// mean       gⱼ = wⱼ (1 − λ (sgn(sⱼ − m) − Σ wᵢ sgn(sᵢ − m)))      m = Σ wᵢ sᵢ
/// geometric  gⱼ = (S / sⱼ) times the same of ln s
/// ```
/// `None` for a minimum, and for a geometric mean of a child at zero, where there are none.
pub(crate) fn gradient(combine: Combine, penalty: f64, parts: &[(f64, f64)]) -> Option<Vec<f64>> {
    let lowest = parts.iter().filter(|p| p.0 > 0.0).map(|p| p.1).fold(f64::INFINITY, f64::min);
    match combine {
        Combine::WeightedMean => Some(slopes(penalty, parts)),
        Combine::Geometric if lowest > 0.0 => {
            let score = combined(combine, penalty, parts.iter().copied());
            // A child without a weight may be zero: any logarithm will do for it.
            let logs: Vec<(f64, f64)> =
                parts.iter().map(|&(w, s)| (w, if w > 0.0 { s.ln() } else { 0.0 })).collect();
            let by_log = slopes(penalty, &logs);
            let by_score = by_log
                .iter()
                .zip(parts)
                .map(|(g, part)| if part.0 > 0.0 { g * score / part.1 } else { 0.0 });
            Some(by_score.collect())
        }
        Combine::Geometric | Combine::Minimum => None,
    }
}

fn slopes(penalty: f64, parts: &[(f64, f64)]) -> Vec<f64> {
    let mean = centre(parts.iter().copied());
    let sign = |x: f64| if x == mean { 0.0 } else { (x - mean).signum() };
    let balance = centre(parts.iter().map(|&(w, x)| (w, sign(x))));
    parts.iter().map(|&(w, x)| w * (1.0 - penalty * (sign(x) - balance))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(combine: Combine, penalty: f64, parts: &[(f64, f64)]) -> f64 {
        combined(combine, penalty, parts.iter().copied())
    }

    #[test]
    fn textbook_values() {
        let parts = [(0.25, 0.2), (0.75, 0.8)];
        assert!((score(Combine::WeightedMean, 0.0, &parts) - 0.65).abs() < 1e-15);
        let geometric = 0.2_f64.powf(0.25) * 0.8_f64.powf(0.75);
        assert!((score(Combine::Geometric, 0.0, &parts) - geometric).abs() < 1e-15);
        assert_eq!(score(Combine::Minimum, 0.0, &parts), 0.2);
        // Deviations 0.45 and 0.15: D = 0.225.
        assert!((score(Combine::WeightedMean, 0.4, &parts) - (0.65 - 0.09)).abs() < 1e-15);
        let took = taken(Combine::WeightedMean, 0.4, parts.iter().copied());
        assert!((took - 0.09).abs() < 1e-15);
    }

    #[test]
    fn zeros_and_equal_children() {
        assert_eq!(score(Combine::Geometric, 0.3, &[(0.5, 0.0), (0.5, 1.0)]), 0.0);
        // A child without a weight does not count.
        assert!((score(Combine::Geometric, 0.0, &[(0.0, 0.0), (1.0, 0.7)]) - 0.7).abs() < 1e-16);
        assert_eq!(score(Combine::Minimum, 0.0, &[(0.0, 0.1), (1.0, 0.7)]), 0.7);
        let equal = [(0.1, 0.3), (0.2, 0.3), (0.7, 0.3)];
        for combine in [Combine::WeightedMean, Combine::Geometric, Combine::Minimum] {
            assert_eq!(
                score(combine, if combine == Combine::Minimum { 0.0 } else { 0.5 }, &equal),
                0.3
            );
        }
    }

    #[test]
    fn a_penalty_on_variation_is_not_monotone_and_this_one_is() {
        // Four children: the best one rises from 0.5 to 1.
        let parts = |best: f64| [(0.25, 0.4), (0.25, 0.4), (0.25, 0.4), (0.25, best)];
        let by_variation = |best: f64| {
            let p = parts(best);
            let mean = centre(p.iter().copied());
            let sd = total(p.iter().map(|(w, x)| w * (x - mean).powi(2))).sqrt();
            mean * (1.0 - sd / mean)
        };
        assert!(by_variation(1.0) < by_variation(0.5));
        let here = |best| score(Combine::WeightedMean, 0.5, &parts(best));
        assert!(here(1.0) > here(0.5));
        // At λ = ½ it is just so: beyond, a light child can lower the score.
        let light = |x: f64| score(Combine::WeightedMean, 0.6, &[(0.99, 0.4), (0.01, x)]);
        assert!(light(0.9) <= light(0.5));
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let parts = [(0.2, 0.3), (0.5, 0.55), (0.3, 0.9)];
        for combine in [Combine::WeightedMean, Combine::Geometric] {
            for penalty in [0.0, 0.2, 0.5] {
                let slopes = gradient(combine, penalty, &parts).unwrap();
                for (j, slope) in slopes.iter().enumerate() {
                    let at = |h: f64| {
                        let mut moved = parts;
                        moved[j].1 += h;
                        score(combine, penalty, &moved)
                    };
                    let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!((difference - slope).abs() < 1e-8, "{combine:?} {penalty} {j}");
                    assert!(*slope >= 0.0);
                }
            }
        }
        assert_eq!(gradient(Combine::Minimum, 0.0, &parts), None);
        assert_eq!(gradient(Combine::Geometric, 0.0, &[(0.5, 0.0), (0.5, 1.0)]), None);
    }

    #[test]
    fn sums_carry_their_rounding_error() {
        assert_eq!(total([1.0, 1e100, 1.0, -1e100].into_iter()), 2.0);
        assert_eq!(total(std::iter::empty()), 0.0);
    }
}
