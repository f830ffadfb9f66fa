//! A finding judged again: by its bounds, against a promise that may be another one.

use tailproof_core::{Bound, Claim, Finding, Level, Reason, Side, Verdict};

/// What a finding says of a promise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Again {
    pub(crate) verdict: Verdict,
    /// Whether the promise is met; `None` when that is open.
    pub(crate) would: Option<bool>,
    /// One-sided level of the bounds that decided; `None` without any, as for a largest value.
    pub(crate) level: Option<Level>,
}

/// One end of what a quantity may be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    value: f64,
    /// Its one-sided level, when it is a bound.
    level: Option<Level>,
}

/// Judges a finding by its bounds; `same` says that it judged this very promise already, so that
/// its verdict stands.
///
/// ```text
/// pass           every claim holds at both ends
/// fail           a claim holds at neither end
/// inconclusive   otherwise; for the reason of the finding, where it has one of its own
/// ```
/// An end is the loosest bound on its side, else that of the interval (a two-sided level
/// `1 − α` is one of `1 − α/2` at each end), else infinite. Without bounds and interval only a
/// finding that was decided, such as a largest value, is judged by its estimate: one that was
/// inconclusive stays so, for the same reason.
pub(crate) fn again(found: &Finding, claims: &[Claim], same: bool) -> Again {
    let open =
        |reason: Reason| Again { verdict: Verdict::Inconclusive(reason), would: None, level: None };
    let own = match &found.verdict {
        Verdict::Inconclusive(reason) => Some(reason),
        _ => None,
    };
    if let Some(reason) = own.filter(|reason| same || !by_bounds(found, reason)) {
        return open(reason.clone());
    }
    let Some([lo, hi]) = ends(found) else {
        return if same { kept(found, None) } else { open(Reason::Absent) };
    };
    let holds = |c: &Claim| {
        (c.comparison.holds(lo.value, c.target), c.comparison.holds(hi.value, c.target))
    };
    // Of a claim the end that must hold, and the one that refutes it.
    let level = |c: &Claim, pass: bool| {
        if c.comparison.is_upper() == pass { hi.level } else { lo.level }
    };
    let least = |levels: &mut dyn Iterator<Item = Level>| {
        levels.min_by(|a, b| a.to_f64().total_cmp(&b.to_f64()))
    };
    let passed = || least(&mut claims.iter().filter_map(|c| level(c, true)));
    let failed = || {
        let refuted = claims.iter().filter(|c| holds(c) == (false, false));
        let levels = refuted.filter_map(|c| level(c, false));
        levels.max_by(|a, b| a.to_f64().total_cmp(&b.to_f64()))
    };
    if same {
        let level = match found.verdict {
            Verdict::Pass => passed(),
            _ => failed().or_else(|| least(&mut claims.iter().filter_map(|c| level(c, false)))),
        };
        return kept(found, level);
    }
    if claims.iter().any(|c| holds(c) == (false, false)) {
        Again { verdict: Verdict::Fail, would: Some(false), level: failed() }
    } else if claims.iter().all(|c| holds(c) == (true, true)) {
        Again { verdict: Verdict::Pass, would: Some(true), level: passed() }
    } else {
        // What n would settle it was said of another target.
        let own = own.filter(|r| !matches!(r, Reason::Straddles { .. } | Reason::LowerLevel));
        open(own.cloned().unwrap_or(Reason::Straddles { projected: None }))
    }
}

/// The verdict as it is.
fn kept(found: &Finding, level: Option<Level>) -> Again {
    let would = match found.verdict {
        Verdict::Pass => Some(true),
        Verdict::Fail => Some(false),
        _ => None,
    };
    Again { verdict: found.verdict.clone(), would, level }
}

/// Whether a finding that was inconclusive has bounds that may decide another target.
fn by_bounds(found: &Finding, reason: &Reason) -> bool {
    match reason {
        Reason::Straddles { .. } | Reason::LowerLevel => {
            !found.bounds.is_empty() || found.interval.is_some()
        }
        Reason::TooFew { .. }
        | Reason::Underpowered { .. }
        | Reason::BucketWidth
        | Reason::Censored => !found.bounds.is_empty(),
        _ => false,
    }
}

/// Both ends; `None` without a number to judge by.
fn ends(found: &Finding) -> Option<[End; 2]> {
    let ends = if found.bounds.is_empty() && found.interval.is_none() {
        let value = point(found)?;
        [End { value, level: None }; 2]
    } else {
        [end(found, false), end(found, true)]
    };
    ends.iter().all(|end| !end.value.is_nan()).then_some(ends)
}

fn end(found: &Finding, upper: bool) -> End {
    let side = if upper { Side::Upper } else { Side::Lower };
    // Of several the loosest, which all of them allow.
    let looser = |a: &&Bound, b: &&Bound| {
        let order = a.value.total_cmp(&b.value);
        let order = if upper { order } else { order.reverse() };
        order.then(a.level.to_f64().total_cmp(&b.level.to_f64()))
    };
    if let Some(bound) = found.bounds.iter().filter(|b| b.side == side).max_by(looser) {
        return End { value: bound.value, level: Some(bound.level) };
    }
    let unknown = if upper { f64::INFINITY } else { f64::NEG_INFINITY };
    found.interval.as_ref().map_or(End { value: unknown, level: None }, |i| End {
        value: if upper { i.hi } else { i.lo },
        level: Some(i.level.split(2)),
    })
}

/// The estimate; with a base the relative change.
fn point(found: &Finding) -> Option<f64> {
    let estimate = found.estimate?;
    match found.base {
        None => Some(estimate),
        Some(base) => {
            let said = found.effects.iter().find(|e| e.name == "relative_change");
            said.map(|e| e.value).or((base != 0.0).then(|| estimate / base - 1.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Comparison, Interval, Subject};

    fn finding(verdict: Verdict) -> Finding {
        let mut f = Finding::new(Class::Slo, Subject::default(), "mean <= 100ms", verdict);
        f.estimate = Some(50.0);
        f
    }

    fn at_most(target: f64) -> Vec<Claim> {
        vec![Claim { comparison: Comparison::AtMost, target }]
    }

    #[test]
    fn an_estimate_decides_nothing_that_was_open() {
        for reason in [
            Reason::TooFew { need: 30 },
            Reason::HeavyTail,
            Reason::BelowClock,
            Reason::Straddles { projected: None },
            Reason::NotTested,
        ] {
            let found = finding(Verdict::Inconclusive(reason.clone()));
            for target in [60.0, 40.0] {
                let judged = again(&found, &at_most(target), false);
                assert_eq!(judged.verdict, Verdict::Inconclusive(reason.clone()));
            }
        }
        // A largest value was decided as it is.
        let found = finding(Verdict::Pass);
        assert_eq!(again(&found, &at_most(40.0), false).verdict, Verdict::Fail);
        let nothing = Finding { estimate: None, ..finding(Verdict::Pass) };
        let open = again(&nothing, &at_most(40.0), false).verdict;
        assert_eq!(open, Verdict::Inconclusive(Reason::Absent));
        assert_eq!(again(&nothing, &at_most(40.0), true).verdict, Verdict::Pass);
    }

    #[test]
    fn a_single_bound_does_not_make_the_estimate_the_other() {
        let mut found = finding(Verdict::Pass);
        found.bounds = vec![Bound {
            side: Side::Upper,
            value: 60.0,
            level: Level::P999,
            method: String::new(),
        }];
        let open = Verdict::Inconclusive(Reason::Straddles { projected: None });
        assert_eq!(again(&found, &at_most(40.0), false).verdict, open);
        let pass = again(&found, &at_most(70.0), false);
        assert_eq!((pass.verdict, pass.level), (Verdict::Pass, Some(Level::P999)));
    }

    #[test]
    fn the_level_is_one_sided_and_of_what_decided() {
        let mut found = finding(Verdict::Pass);
        let interval = Interval { lo: 45.0, hi: 55.0, level: Level::P95, method: String::new() };
        found.interval = Some(interval);
        for target in [60.0, 40.0] {
            let level = again(&found, &at_most(target), false).level.unwrap();
            assert_eq!(level.to_f64(), 0.975, "{target}");
        }
        assert_eq!(again(&found, &at_most(100.0), true).level.unwrap().to_f64(), 0.975);
    }

    #[test]
    fn a_change_is_judged_as_a_change() {
        let mut found = finding(Verdict::Pass);
        found.base = Some(40.0); // 25 % more.
        assert_eq!(again(&found, &at_most(0.1), false).verdict, Verdict::Fail);
        assert_eq!(again(&found, &at_most(0.3), false).verdict, Verdict::Pass);
    }
}
