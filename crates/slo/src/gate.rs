//! The gate on a percentile: counting, not resampling.

use tailproof_core::binomial::{lower_rank, samples_to_pass, samples_to_settle, upper_rank};
use tailproof_core::{Comparison, Level, Rank, Reason, Verdict};

/// Observations on the near side of a target, where "near" is below for `<=` and `>=` alike.
///
/// With buckets or censoring only a bracket is known; otherwise both numbers are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Certainly below (or at) the target.
    pub sure: u64,
    /// Possibly below (or at) the target.
    pub possible: u64,
    /// All observations.
    pub n: u64,
}

impl Count {
    /// A count that is fully known.
    #[must_use]
    pub const fn exact(below: u64, n: u64) -> Self {
        Self { sure: below, possible: below, n }
    }
}

/// Decides claims about the `p`-quantile of a distribution from n observations.
///
/// With c observations at or below the target T (below it, for `<` and `>=`):
/// ```text
/// p-quantile ≤ T    Pass iff P(Bin(n,p) ≥ c) ≤ 1−γ      Fail iff P(Bin(n,p) ≤ c) ≤ 1−γ'
/// ```
/// and the reverse for `≥ T`. A wrong verdict then has probability at most `1 − γ` (`1 − γ'`
/// for a wrong failure), whatever the distribution, for independent observations of one
/// distribution and one look at the data. n = 1 decides nothing.
///
/// With several objectives in a run, γ' is [`Level::split`] over them: all passes hold
/// without correction, a false alarm among many failures needs one.
///
/// # Source
/// Hahn & Meeker (1991), *Statistical Intervals*, §5.2–5.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    p: Rank,
    n: u64,
    /// Independent observations that the sample is worth, at most n.
    effective: u64,
    pass: Level,
    fail: Level,
    upper_claim: bool,
    /// `X₍upper₎` bounds the quantile from above.
    upper: Option<u64>,
    /// `X₍lower₎` bounds the quantile from below.
    lower: Option<u64>,
}

impl Gate {
    /// A gate for claims on the side of `comparison`, of `n` independent observations.
    #[must_use]
    pub fn new(p: Rank, n: u64, comparison: Comparison, pass: Level, fail: Level) -> Self {
        Self::with_effective(p, n, n as f64, comparison, pass, fail)
    }

    /// The same for dependent observations that are worth `effective` independent ones.
    ///
    /// Ranks are found for `⌊effective⌋` observations and scaled so that a count decides exactly
    /// when it does after being scaled down, rounded against the claim; approximate.
    #[must_use]
    pub fn with_effective(
        p: Rank,
        n: u64,
        effective: f64,
        comparison: Comparison,
        pass: Level,
        fail: Level,
    ) -> Self {
        let upper_claim = comparison.is_upper();
        let (above, below) = if upper_claim { (pass, fail) } else { (fail, pass) };
        let worth = (effective as u64).clamp(1, n);
        let scale = |rank: u64| u128::from(rank) * u128::from(n);
        let worth_wide = u128::from(worth);
        let (mut upper, mut lower) = (None, None);
        if worth > 1 {
            upper = upper_rank(worth, p, above).map(|r| scale(r).div_ceil(worth_wide) as u64);
            // c < lower exactly when c scaled to `worth`, rounded up, is below s.
            lower = lower_rank(worth, p, below).map(|s| (scale(s - 1) / worth_wide) as u64 + 1);
        }
        Self { p, n, effective: worth, pass, fail, upper_claim, upper, lower }
    }

    /// Rank of the order statistic that bounds the quantile from above, and its level.
    #[must_use]
    pub const fn upper(&self) -> (Option<u64>, Level) {
        (self.upper, if self.upper_claim { self.pass } else { self.fail })
    }

    /// Rank of the order statistic that bounds the quantile from below, and its level.
    #[must_use]
    pub const fn lower(&self) -> (Option<u64>, Level) {
        (self.lower, if self.upper_claim { self.fail } else { self.pass })
    }

    /// The verdict for `count` observations below the target.
    ///
    /// An undecided count names what would decide it: too few observations for any pass, or
    /// a straddled target with the n that would probably settle it.
    #[must_use]
    pub fn verdict(&self, count: Count) -> Verdict {
        let reaches = |c: u64| self.upper.is_some_and(|r| c >= r);
        let stays = |c: u64| self.lower.is_some_and(|s| c < s);
        let (pass, fail) = if self.upper_claim {
            (reaches(count.sure), stays(count.possible))
        } else {
            (stays(count.possible), reaches(count.sure))
        };
        if pass {
            return Verdict::Pass;
        }
        if fail {
            return Verdict::Fail;
        }
        Verdict::Inconclusive(self.reason(count))
    }

    fn reason(&self, count: Count) -> Reason {
        // Would the unknown observations have decided?
        let known =
            |c: u64| !matches!(self.verdict(Count::exact(c, self.n)), Verdict::Inconclusive(_));
        if count.sure != count.possible && (known(count.sure) || known(count.possible)) {
            return Reason::BucketWidth;
        }
        // A claim `≥ T` about p is a claim `≤ T` about 1 − p with misses on the other side.
        let (p, misses) = if self.upper_claim {
            (self.p, self.n - count.sure)
        } else {
            (complement(self.p), count.possible)
        };
        let possible = if self.upper_claim { self.upper } else { self.lower };
        let inflation = self.n as f64 / self.effective as f64;
        let inflated = |n: u64| (n as f64 * inflation).ceil() as u64;
        if self.n < 2 || possible.is_none() {
            // Scaled down to what the misses are worth.
            let misses = (misses as f64 / inflation).ceil() as u64;
            let need = samples_to_pass(p, self.pass, misses).unwrap_or(u64::MAX);
            return Reason::TooFew { need: inflated(need.max(2)) };
        }
        let share = 1.0 - misses as f64 / self.n as f64;
        let level = if share >= p.to_f64() { self.pass } else { self.fail };
        let projected = samples_to_settle(share, p, level).map(inflated);
        Reason::Straddles { projected }
    }
}

/// `1 − p` as a rank.
#[must_use]
pub fn complement(p: Rank) -> Rank {
    Rank::new(p.complement()).expect("the complement of a rank is a rank")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::binomial::tails;

    fn gate(n: u64, op: Comparison) -> Gate {
        Gate::new(Rank::P95, n, op, Level::P999, Level::P999)
    }

    #[test]
    fn verdicts_agree_with_the_tails() {
        for n in [2, 3, 50, 134, 135, 400] {
            for c in 0..=n {
                let t = tails(c, n, 0.95, 0.05);
                let up_to = 1.0 - tails(c + 1, n, 0.95, 0.05).at_least;
                let want = if t.at_least <= 0.001 {
                    "PASS"
                } else if up_to <= 0.001 {
                    "FAIL"
                } else {
                    "INCONCLUSIVE"
                };
                let got = gate(n, Comparison::AtMost).verdict(Count::exact(c, n));
                assert_eq!(got.word(), want, "{c} of {n}");
            }
        }
    }

    #[test]
    fn the_other_direction_is_the_mirror() {
        // p5 >= T with c below is p95 <= T with n − c on the near side.
        let p5 = complement(Rank::P95);
        for n in [3, 135, 400] {
            for c in 0..=n {
                let ge = Gate::new(p5, n, Comparison::AtLeast, Level::P999, Level::P999);
                assert_eq!(
                    ge.verdict(Count::exact(c, n)),
                    gate(n, Comparison::AtMost).verdict(Count::exact(n - c, n)),
                    "{c} of {n}"
                );
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let too_few = |n, c| gate(n, Comparison::AtMost).verdict(Count::exact(c, n));
        assert_eq!(too_few(1, 1), Verdict::Inconclusive(Reason::TooFew { need: 135 }));
        assert_eq!(too_few(134, 134), Verdict::Inconclusive(Reason::TooFew { need: 135 }));
        assert_eq!(too_few(130, 129), Verdict::Inconclusive(Reason::TooFew { need: 181 }));
        let straddles = too_few(1_000, 955);
        let Verdict::Inconclusive(Reason::Straddles { projected: Some(n) }) = straddles else {
            panic!("{straddles:?}")
        };
        assert!((34_500..36_500).contains(&n), "{n}");
        assert_eq!(
            too_few(1_000, 950),
            Verdict::Inconclusive(Reason::Straddles { projected: None })
        );
        // A bucket astride the target: either end would have decided.
        let wide = Count { sure: 900, possible: 1_000, n: 1_000 };
        assert_eq!(
            gate(1_000, Comparison::AtMost).verdict(wide),
            Verdict::Inconclusive(Reason::BucketWidth)
        );
    }

    #[test]
    fn dependence_makes_a_gate_stricter() {
        let plain = gate(10_000, Comparison::AtMost);
        let worth = Gate::with_effective(
            Rank::P95,
            10_000,
            500.0,
            Comparison::AtMost,
            Level::P999,
            Level::P999,
        );
        assert!(worth.upper().0 > plain.upper().0 && worth.lower().0 < plain.lower().0);
    }

    #[test]
    fn the_other_direction_is_the_mirror_under_dependence_too() {
        let p5 = complement(Rank::P95);
        for (n, worth) in [(2_000, 200.0), (1_000, 20.0), (777, 333.0)] {
            let of = |p, op| Gate::with_effective(p, n, worth, op, Level::P999, Level::P999);
            let (le, ge) = (of(Rank::P95, Comparison::AtMost), of(p5, Comparison::AtLeast));
            for c in 0..=n {
                let (a, b) = (le.verdict(Count::exact(n - c, n)), ge.verdict(Count::exact(c, n)));
                assert_eq!(a.word(), b.word(), "{c} of {n}");
            }
        }
    }
}
