//! How far numbers of different origin carry together.

use tailproof_core::Provenance;

use crate::actual::Actual;

/// Between what a value may lie: its interval, or the typed number. Nothing is known of one that
/// was measured and could not be decided, whatever its estimate.
pub(crate) fn ends(actual: &Actual) -> (f64, f64) {
    match actual.undecided {
        Some(_) => (f64::NEG_INFINITY, f64::INFINITY),
        None => (actual.lower(), actual.upper()),
    }
}

/// What a number made of others is: as weak as the weakest of them. Nothing at all was not
/// tested.
pub(crate) fn weakest(all: impl IntoIterator<Item = Provenance>) -> Provenance {
    let rank = |p: &Provenance| match p {
        Provenance::Measured => 0,
        Provenance::Simulated => 1,
        Provenance::Estimated => 2,
        Provenance::Projected => 3,
        Provenance::NotTested => 4,
    };
    all.into_iter().max_by_key(rank).unwrap_or(Provenance::NotTested)
}

/// Observations with which an interval that reaches `half` beyond its estimate would probably end
/// at `gap` from it: it shrinks with the root of their number. `None` at the target itself, and
/// when nobody says how many observations there were.
pub(crate) fn settles(n: impl IntoIterator<Item = u64>, half: f64, gap: f64) -> Option<u64> {
    let most = n.into_iter().max()?;
    let factor = half / gap;
    let needed = (most as f64 * factor * factor).ceil();
    (gap > 0.0 && needed.is_finite()).then_some((needed as u64).max(most.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use tailproof_core::Reason;

    use super::*;

    #[test]
    fn a_chain_is_as_strong_as_its_weakest_link() {
        use Provenance::{Estimated, Measured, NotTested, Projected, Simulated};
        assert_eq!(weakest([Measured, Estimated, Simulated]), Estimated);
        assert_eq!(weakest([Projected, NotTested, Measured]), NotTested);
        assert_eq!((weakest([Measured]), weakest([])), (Measured, NotTested));
    }

    #[test]
    fn an_estimate_that_decides_nothing_is_no_exact_number() {
        let typed = Actual::typed("60/s", Provenance::Measured, "").unwrap();
        assert_eq!(ends(&typed), (60.0, 60.0));
        let undecided = Actual { undecided: Some(Reason::TooFew { need: 6 }), ..typed };
        assert_eq!(ends(&undecided), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn half_the_width_takes_four_times_the_observations() {
        assert_eq!(settles([100, 50], 2.0, 1.0), Some(400));
        assert_eq!(settles([100], 1.0, 2.0), Some(101));
        assert_eq!(settles([100], 1.0, 0.0), None);
        assert_eq!(settles([100], f64::INFINITY, 1.0), None);
        assert_eq!(settles([], 1.0, 1.0), None);
    }
}
