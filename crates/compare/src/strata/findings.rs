use tailproof_core::{
    Class, Effect, Finding, Guarantee, Interval, Level, Reason, Series, Verdict, number, p_value,
    percent, qualified,
};

use super::{Category, Group, Grouping, Reversal};
use crate::two::{column, subject};

/// What the categories of one metric say.
pub(super) fn findings(
    group: &Group,
    series: &Series,
    grouping: &Grouping,
    level: Level,
) -> Vec<Finding> {
    let by = grouping.by.join(", ");
    let mut shared = subject(series);
    shared.labels.retain(|k, _| !grouping.by.contains(k));
    let blank = |claim: String, verdict: Verdict| {
        let mut finding = Finding::new(Class::Other, shared.clone(), claim, verdict);
        finding.direction = series.metric.direction;
        finding.guarantee = Guarantee::Asymptotic;
        finding
    };
    let mut found = vec![agreement(group, &by, level, &blank)];
    // A reversal in the estimates alone is what chance makes of equal sides.
    if group.reversal == Reversal::Shown {
        found.push(simpson(group, &by, level, &blank));
    }
    for category in &group.categories {
        if let Some(need) = category.short {
            let claim = format!("at least {} cases a side", number(need as f64));
            let mut short = blank(claim, Verdict::Inconclusive(Reason::TooFew { need }));
            short.subject = category.subject.clone();
            short.n = category.n.to_vec();
            let [a, b] = category.n.map(|n| number(n as f64));
            short.why = format!(
                "{}: n = {a} + {b} of the {} cases a side that a category needs: INCONCLUSIVE",
                qualified(&group.name, &category.labels),
                number(need as f64)
            );
            found.push(short);
        }
    }
    found
}

/// Whether the categories change alike.
fn agreement(
    group: &Group,
    by: &str,
    level: Level,
    blank: &dyn Fn(String, Verdict) -> Finding,
) -> Finding {
    let claim = format!("categories of {by} change alike");
    let Some(h) = &group.heterogeneity else {
        let mut finding = blank(claim, Verdict::Inconclusive(Reason::NotTested));
        finding.why = format!(
            "{}: fewer than two categories of {by} have enough cases and a mean with an error: \
             NOT TESTED",
            group.name
        );
        return finding;
    };
    let differ = h.p <= level.alpha().to_f64();
    let verdict =
        if differ { Verdict::Fail } else { Verdict::NoDetectableChange { would_have_shown: None } };
    let mut finding = blank(claim, verdict);
    let (lo, hi) = h.interval(level);
    let method = "inverse-variance pooled ratio of means (fixed effect, delta method)".to_owned();
    let interval = Interval { lo: lo.exp_m1(), hi: hi.exp_m1(), level, method };
    finding.p = Some(h.p);
    finding.effects = vec![
        Effect {
            name: "pooled_change".to_owned(),
            value: h.pooled.exp_m1(),
            interval: Some(interval.clone()),
            note: None,
        },
        column("i_squared", h.i_squared, h.i_squared_interval, level, "Q-profile"),
        Effect { name: "cochran_q".to_owned(), value: h.q, interval: None, note: None },
        Effect { name: "crude_change".to_owned(), value: group.crude, interval: None, note: None },
    ];
    finding.interval = Some(interval);
    let (i_lo, i_hi) = h.i_squared_interval;
    finding.why = format!(
        "{}: {} categories of {by}, pooled change {} [{}, {}] at {level}, crude {}; Cochran's Q = {} \
         on {} degrees of freedom, p {}, I² = {} [{}, {}]: {}",
        group.name,
        number(h.df + 1.0),
        percent(h.pooled.exp_m1()),
        percent(lo.exp_m1()),
        percent(hi.exp_m1()),
        percent(group.crude),
        number(h.q),
        number(h.df),
        p_value(h.p),
        percent(h.i_squared),
        percent(i_lo),
        percent(i_hi),
        if differ { "the categories DIFFER" } else { "no difference between categories shown" },
    );
    if h.left_out > 0 {
        finding
            .warnings
            .push(format!("{} of the categories do not vary at all and are left out", h.left_out));
    }
    finding
}

/// Simpson's reversal, named.
fn simpson(
    group: &Group,
    by: &str,
    level: Level,
    blank: &dyn Fn(String, Verdict) -> Finding,
) -> Finding {
    let pooled = group.heterogeneity.as_ref().map_or(0.0, |h| h.pooled.exp_m1());
    let claim = format!("the change within {by} and the crude change point the same way");
    let mut finding = blank(claim, Verdict::Fail);
    let same = |c: &Category| c.change.is_none_or(|change| change * pooled > 0.0);
    let who =
        if group.categories.iter().all(same) { "every category" } else { "the pooled change" };
    finding.why = format!(
        "{}: Simpson's reversal: {who} of {by} goes the other way (pooled {}) than everything \
         together (crude {}), because the mix of categories differs; intervals of both exclude no change, at {level}",
        group.name,
        percent(pooled),
        percent(group.crude),
    );
    finding
}
