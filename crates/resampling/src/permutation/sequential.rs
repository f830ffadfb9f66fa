use std::num::NonZeroU64;

use tailproof_core::Level;

/// The outcome of [`besag_clifford`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BesagClifford {
    /// The p-value; valid, also when drawing stopped early.
    pub p: f64,
    /// Null statistics drawn.
    pub draws: u64,
    /// Those at least as large as the observed one.
    pub exceeding: u64,
    /// Whether drawing stopped at the `h`-th of them.
    pub stopped: bool,
}

/// What the full run of `B` draws would have decided at one fixed α, from [`curtailed`].
///
/// There is no p-value on purpose: only a bound of it is known, and it must not enter
/// a correction for multiple tests such as Benjamini–Hochberg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurtailedDecision {
    /// Whether the full run would have had `p ≤ α`.
    pub significant: bool,
    /// What is known of the full run's p-value.
    pub bound: Bound,
    /// Null statistics drawn.
    pub draws: u64,
    /// Those at least as large as the observed one.
    pub exceeding: u64,
}

/// A bound of a p-value that was not computed to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The p-value is at most this, which is at most α.
    AtMost(f64),
    /// The p-value is at least this, which is above α.
    AtLeast(f64),
}

/// The sequential Monte-Carlo p-value of Besag & Clifford: `h` is fixed beforehand, and
/// drawing stops at the `h`-th null statistic that is at least the observed one.
///
/// ```text
/// p = h/L            when the h-th exceedance is draw L ≤ max
/// p = (1 + b)/(1 + B) when B = max draws gave b < h
/// ```
/// A valid p-value for every α: `P(p ≤ α) ≤ α` under the null. A large p costs few draws, h = 10
/// keeps its relative error near 1/√10. `draw(task)` says whether the null statistic of this
/// task (0, 1, …) is at least the observed one; give every task its own
/// [`crate::stream`].
///
/// It is *not* allowed to watch a running `(1 + b)/(1 + B)` and stop once it crosses α: that
/// rejects 7.3 % of true nulls at 5 %. Here the stopping rule looks at b alone and h does not
/// depend on the data.
///
/// # Source
/// Besag & Clifford (1991), *Biometrika* 78(2), 301–304.
///
/// # Example
/// ```
/// use std::num::NonZeroU64;
/// use tailproof_resampling::besag_clifford;
///
/// let (h, max) = (NonZeroU64::new(10).unwrap(), NonZeroU64::new(9_999).unwrap());
/// let test = besag_clifford(h, max, |task| task % 4 == 3); // Every fourth exceeds.
/// assert_eq!((test.p, test.draws), (0.25, 40));
/// assert_eq!(besag_clifford(h, max, |_| false).p, 1e-4);
/// ```
pub fn besag_clifford(
    h: NonZeroU64,
    max: NonZeroU64,
    mut draw: impl FnMut(u64) -> bool,
) -> BesagClifford {
    let mut exceeding = 0;
    for task in 0..max.get() {
        exceeding += u64::from(draw(task));
        if exceeding == h.get() {
            let draws = task + 1;
            let p = exceeding as f64 / draws as f64;
            return BesagClifford { p, draws, exceeding, stopped: true };
        }
    }
    let p = (1 + exceeding) as f64 / (1 + max.get()) as f64;
    BesagClifford { p, draws: max.get(), exceeding, stopped: false }
}

/// Whether a Monte-Carlo test of `replicates` draws is significant at `1 − level`, drawing only
/// until the rest cannot change the answer.
///
/// ```text
/// significant iff (1 + b)/(1 + B) ≤ α = 1 − level
/// stop when (1 + b)/(1 + B) > α already, or (1 + b + draws left)/(1 + B) ≤ α for sure
/// ```
/// The decision is that of the full run, draw for draw, and so has its level. It serves one α
/// fixed beforehand; the p-value is only bounded, so the outcome never enters
/// Benjamini–Hochberg or another correction (use [`besag_clifford`] there). α is compared as an
/// exact fraction. With `1/(1 + B) > α` nothing is drawn: significance is out of reach.
///
/// Stopping when a running p-value crosses α is another rule, and forbidden: it rejects 7.3 %
/// of true nulls at 5 %.
///
/// # Source
/// Curtailed sampling: Lan, Simon & Halperin (1982), *Sequential Analysis* 1(3), 207–219.
///
/// # Example
/// ```
/// use std::num::NonZeroU64;
/// use tailproof_core::Level;
/// use tailproof_resampling::{Bound, curtailed};
///
/// // At 5 % of 9 999 draws 499 may exceed; the 500th settles it.
/// let b = NonZeroU64::new(9_999).unwrap();
/// let test = curtailed(Level::P95, b, |task| task % 2 == 0);
/// assert!(!test.significant && test.draws == 999);
/// assert_eq!(test.bound, Bound::AtLeast(0.0501));
/// ```
pub fn curtailed(
    level: Level,
    replicates: NonZeroU64,
    mut draw: impl FnMut(u64) -> bool,
) -> CurtailedDecision {
    let total = replicates.get();
    let alpha = level.alpha();
    // Most exceedances, plus one, with which (1 + b)/(1 + B) ≤ α still holds.
    let allowed = u128::from(alpha.num()) * (1 + u128::from(total)) / u128::from(alpha.den());
    let share = |b: u64| (1 + b) as f64 / (1 + total) as f64;
    let (mut exceeding, mut draws) = (0, 0);
    loop {
        let left = total - draws;
        if 1 + u128::from(exceeding) > allowed {
            let bound = Bound::AtLeast(share(exceeding));
            return CurtailedDecision { significant: false, bound, draws, exceeding };
        }
        if 1 + u128::from(exceeding) + u128::from(left) <= allowed {
            let bound = Bound::AtMost(share(exceeding + left));
            return CurtailedDecision { significant: true, bound, draws, exceeding };
        }
        exceeding += u64::from(draw(draws));
        draws += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{stream, uniform};
    use tailproof_core::Seed;

    fn count(n: u64) -> NonZeroU64 {
        NonZeroU64::new(n).unwrap()
    }

    /// Null statistics of a test whose exceedance probability is the seed's own number.
    fn nulls(seed: u64) -> impl FnMut(u64) -> bool {
        let exceeds = uniform(&mut stream(Seed(seed), u64::MAX));
        move |task| uniform(&mut stream(Seed(seed), task)) < exceeds
    }

    #[test]
    fn curtailing_never_changes_the_decision() {
        for level in [Level::P95, "0.6".parse().unwrap()] {
            let alpha = level.alpha().to_f64();
            for seed in 0..400 {
                let full: u64 = (0..199).map(nulls(seed)).map(u64::from).sum();
                let p = (1 + full) as f64 / 200.0;
                let test = curtailed(level, count(199), nulls(seed));
                assert_eq!(test.significant, p <= alpha, "{seed}");
                assert!(test.draws <= 199);
                match test.bound {
                    Bound::AtMost(bound) => assert!(p <= bound && bound <= alpha),
                    Bound::AtLeast(bound) => assert!(p >= bound && bound > alpha),
                }
            }
        }
        // 19 draws never reach 1 %: nothing is drawn.
        let hopeless = curtailed("0.99".parse().unwrap(), count(19), |_| unreachable!());
        assert_eq!((hopeless.significant, hopeless.draws), (false, 0));
        // 1/20 ≤ 5 % exactly.
        assert!(curtailed(Level::P95, count(19), |_| false).significant);
    }

    #[test]
    fn the_sequential_p_is_valid() {
        let runs = 4_000;
        let p: Vec<f64> =
            (0..runs).map(|seed| besag_clifford(count(5), count(199), nulls(seed)).p).collect();
        for alpha in [0.01, 0.05, 0.1, 0.5] {
            let rejected = p.iter().filter(|&&p| p <= alpha).count() as f64 / runs as f64;
            let error = (alpha * (1.0 - alpha) / runs as f64).sqrt();
            assert!(rejected <= alpha + 4.0 * error, "{alpha}: {rejected}");
        }
    }

    #[test]
    fn drawing_stops_at_the_hth_exceedance() {
        let all = besag_clifford(count(3), count(100), |_| true);
        assert_eq!((all.p, all.draws, all.stopped), (1.0, 3, true));
        let none = besag_clifford(count(3), count(99), |task| task < 2);
        assert_eq!((none.p, none.draws, none.exceeding, none.stopped), (0.03, 99, 2, false));
    }
}
