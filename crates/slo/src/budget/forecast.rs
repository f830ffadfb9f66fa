use tailproof_core::binomial::tails;
use tailproof_core::{Level, Reason, Verdict};

use super::spending::Charge;
use super::tier::burn_rate;

/// What of the budget will be used at the end of the window, if traffic and errors go on as
/// they did.
///
/// ```text
/// m = n·(W − t)/t events are to come
/// hi = (bad + min{c : P(Bin(m, p̄) ≤ c) ≥ 1 − α/2})/allowed     p̄ the upper bound at 1 − α/2
/// lo = (bad + max{c : P(Bin(m, p) < c) ≤ α/2})/allowed          p the lower bound at 1 − α/2
/// ```
/// Each end holds with probability at least `1 − α` for independent events whose share of bad
/// ones stays. That it stays is an assumption: the result is projected, never measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Share of the budget that is used at the end; the burn rate.
    pub consumed: f64,
    /// Lower end, at the level of a failure.
    pub lo: f64,
    /// Upper end, at the level of a pass.
    pub hi: f64,
    /// Whether the budget lasts: `Pass` when the upper end is within it, `Fail` when the lower
    /// end is beyond.
    pub verdict: Verdict,
}

impl Forecast {
    /// `None` at the end of the window, and without events.
    pub(super) fn new(charge: &Charge<'_>) -> Option<Self> {
        let (gone, counts) = (charge.account.gone(), charge.counts);
        let consumed = burn_rate(charge.account.budget(), counts).filter(|_| gone < 1.0)?;
        let n = counts.total() as f64;
        // Dependent events are worth fewer, each of which stands for several.
        let each = n / charge.effective.clamp(1.0, n);
        let come = (n * (1.0 - gone) / gone / each).round() as u64;
        let (low, high) = (charge.fail.split(2), charge.level.split(2));
        let (lower, upper) = charge.bad_bounds(low, high);
        let used = |draws: u64| (counts.bad() as f64 + each * draws as f64) / charge.allowed();
        let lo = used(fewest(come, lower, low));
        let hi = used(most(come, upper, high));
        let verdict = if hi <= 1.0 {
            Verdict::Pass
        } else if lo > 1.0 {
            Verdict::Fail
        } else {
            // At the end of the window it is known.
            let projected = Some((n / gone).round() as u64);
            Verdict::Inconclusive(Reason::Straddles { projected })
        };
        Some(Self { consumed, lo, hi, verdict })
    }
}

/// Smallest c with `P(Bin(m, p) ≤ c) ≥ level`.
fn most(m: u64, p: f64, level: Level) -> u64 {
    let alpha = level.alpha().to_f64();
    let (mut lo, mut hi) = (0, m);
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if tails(mid + 1, m, p, 1.0 - p).at_least <= alpha { hi = mid } else { lo = mid + 1 }
    }
    lo
}

/// Largest c with `P(Bin(m, p) < c) ≤ 1 − level`.
fn fewest(m: u64, p: f64, level: Level) -> u64 {
    let alpha = level.alpha().to_f64();
    let (mut lo, mut hi) = (0, m);
    while lo < hi {
        let mid = lo + (hi - lo).div_ceil(2);
        if tails(mid, m, p, 1.0 - p).below <= alpha { lo = mid } else { hi = mid - 1 }
    }
    lo
}

#[cfg(test)]
mod tests {
    use super::super::tests::month;
    use super::super::{Account, Counts};
    use super::*;

    #[test]
    fn quantiles_of_the_binomial() {
        // R: qbinom(0.95, 100, 0.1) = 15; P(Bin < 5) = 0.0237 <= 0.05 < P(Bin < 6) = 0.0576.
        assert_eq!((most(100, 0.1, Level::P95), fewest(100, 0.1, Level::P95)), (15, 5));
        assert_eq!((most(100, 0.0, Level::P95), fewest(100, 0.0, Level::P95)), (0, 0));
        assert_eq!((most(100, 1.0, Level::P95), fewest(100, 1.0, Level::P95)), (100, 100));
        assert_eq!((most(0, 0.5, Level::P95), fewest(0, 0.5, Level::P95)), (0, 0));
    }

    #[test]
    fn a_forecast_is_wide_early_and_absent_at_the_end() {
        let at = |elapsed: &str, bad: u64, total: u64| {
            let account = Account::new("a", month("99.9%"));
            let account = account.elapsed(elapsed.parse().unwrap()).unwrap();
            let counts = Counts::new(total - bad, total).unwrap();
            account.of_counts(counts, Level::P999, Level::P999).unwrap().forecast
        };
        assert_eq!(at("30d", 100, 100_000), None);
        assert_eq!(at("15d", 0, 0), None);
        let early = at("1d", 8, 10_000).unwrap();
        let late = at("29d", 232, 290_000).unwrap();
        assert!(early.lo < late.lo && late.hi < early.hi);
        assert!(matches!(early.verdict, Verdict::Inconclusive(_)) && late.verdict == Verdict::Pass);
        assert_eq!(at("15d", 1_500, 1_000_000).unwrap().verdict, Verdict::Fail);
    }
}
