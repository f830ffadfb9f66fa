//! Which outcomes of a unimodal distribution are no more likely than the observed one.

/// How much more likely an outcome may be and still count, relative: sums of masses that are
/// equal in exact arithmetic differ by rounding.
const SLACK: f64 = 1e-7;

/// The outcomes that a two-sided test counts as at least as extreme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlikely {
    /// All of them: the observed outcome is a mode.
    All,
    /// Those up to `.0` and those from `.1` on.
    Beyond(Option<u64>, Option<u64>),
}

/// The outcomes of `lo..=hi` with `mass ≤ mass(seen)·(1 + 10⁻⁷)`, found by bisection on either
/// side of `mode`, where `mass` is monotone.
pub(crate) fn no_more_likely(
    mass: impl Fn(u64) -> f64,
    seen: u64,
    (lo, mode, hi): (u64, u64, u64),
) -> Unlikely {
    let limit = mass(seen) * (1.0 + SLACK);
    if mass(mode) <= limit {
        return Unlikely::All;
    }
    if seen < mode {
        // Invariant: `likely` is above the limit, `rare` is not (or beyond the range).
        let (mut likely, mut rare) = (mode, hi + 1);
        while rare - likely > 1 {
            let mid = likely + (rare - likely) / 2;
            if mass(mid) <= limit { rare = mid } else { likely = mid }
        }
        return Unlikely::Beyond(Some(seen), (rare <= hi).then_some(rare));
    }
    // Counted from `lo`: the first `rare` outcomes are not above the limit.
    let (mut rare, mut likely) = (0, mode - lo);
    while rare < likely {
        let mid = rare + (likely - rare) / 2;
        if mass(lo + mid) <= limit { rare = mid + 1 } else { likely = mid }
    }
    Unlikely::Beyond((rare > 0).then(|| lo + rare - 1), Some(seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bisection_agrees_with_looking_at_every_outcome() {
        let masses = [0.01, 0.05, 0.2, 0.3, 0.3, 0.1, 0.04];
        let mass = |j: u64| masses[j as usize];
        for seen in 0..7_u64 {
            let listed: Vec<u64> =
                (0..7).filter(|&j| mass(j) <= mass(seen) * (1.0 + SLACK)).collect();
            let found = match no_more_likely(mass, seen, (0, 3, 6)) {
                Unlikely::All => (0..7).collect(),
                Unlikely::Beyond(low, high) => (0..7)
                    .filter(|&j| low.is_some_and(|l| j <= l) || high.is_some_and(|h| j >= h))
                    .collect::<Vec<u64>>(),
            };
            assert_eq!(found, listed, "{seen}");
        }
    }
}
