use tailproof_core::{
    Bound, Cell, Class, Direction, Exhibit, ExhibitKind, Finding, Guarantee, Interval, Period,
    Provenance, Reason, Side, Unit, Verdict, number, percent, span,
};

use super::{Counted, Forecast, Spending, Spent, TierNow, TierState};

const METHOD: &str = "Clopper-Pearson";

impl Spending {
    /// The answers: whether the budget is not exhausted (class slo), whether it lasts to the end
    /// of the window (projected; while the window lasts), and each alert that fires now (these
    /// never gate).
    ///
    /// How much is used is a fact about the events counted, and the why-line states it; the
    /// verdict speaks of the service behind them. A budget overspent by a few events may be
    /// overspent by chance: `Inconclusive`, and never a pass.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![self.exhausted()];
        if let (Some(forecast), Some(spent)) = (&self.forecast, &self.spent) {
            findings.push(self.lasts(forecast, spent));
        }
        let firing = |state: &TierState| {
            let now = state.now.filter(|now| now.fires)?;
            Some(self.fires(state, now))
        };
        findings.extend(self.tiers.iter().filter_map(firing));
        findings
    }

    /// A finding with what all of them share.
    fn finding(&self, class: Class, claim: String, verdict: Verdict) -> Finding {
        let mut finding = Finding::new(class, self.subject.clone(), claim, verdict);
        finding.direction = Direction::Lower;
        finding.guarantee = self.guarantee;
        finding.n = vec![self.counts.total()];
        finding.runs = vec![self.runs];
        finding.provenance = self.provenance;
        finding
    }

    /// What the budget is: `error budget of 0.1 % over 30 d`.
    fn what(&self) -> String {
        let share = percent(self.budget.share().to_f64());
        format!("{}: error budget of {share} over {}", self.name, self.budget.window())
    }

    fn exhausted(&self) -> Finding {
        let claim = format!("{} not exhausted", self.what());
        let mut finding = self.finding(Class::Slo, claim, self.verdict.clone());
        (finding.unit, finding.target) = (Unit::known("ratio"), Some(1.0));
        finding.warnings.clone_from(&self.warnings);
        finding.exhibits = self.table().into_iter().collect();
        let Some(spent) = &self.spent else {
            finding.why = format!("no {} in {}", self.counted.noun(), self.elapsed);
            return finding;
        };
        let gone = self.gone();
        finding.estimate = Some(spent.consumed);
        finding.interval = Some(Interval {
            lo: spent.burn_interval.0 * gone,
            hi: spent.burn_interval.1 * gone,
            level: self.level,
            method: METHOD.to_owned(),
        });
        let bound = |side, value, level| Bound { side, value, level, method: METHOD.to_owned() };
        finding.bounds = vec![
            bound(Side::Lower, spent.bounds.0, self.fail),
            bound(Side::Upper, spent.bounds.1, self.level),
        ];
        finding.why = self.why(spent);
        if let Counted::Slices { empty, .. } = self.counted
            && empty > 0
        {
            finding.warnings.push(format!(
                "{} slices without events count neither as good nor as bad",
                number(empty as f64)
            ));
        }
        finding
    }

    /// The share of the window that is gone.
    fn gone(&self) -> f64 {
        self.elapsed.over(self.budget.window()).to_f64()
    }

    fn why(&self, spent: &Spent) -> String {
        let (window, noun) = (self.budget.window(), self.counted.noun());
        let running = self.elapsed < window;
        let gone = if running {
            format!(" with {} of the time gone", percent(self.gone()))
        } else {
            String::new()
        };
        let slice = match self.counted {
            Counted::Events => String::new(),
            Counted::Slices { slices, .. } => format!(
                " of {} (good from {} good events on)",
                slices.length(),
                percent(slices.target().to_f64())
            ),
        };
        let counted = match (running, spent.overspent) {
            (true, false) => " at this traffic",
            (true, true) => " at this traffic: overspent as counted",
            (false, true) => ": overspent as counted",
            (false, false) => "",
        };
        let reason = match &self.verdict {
            Verdict::Inconclusive(reason) if spent.overspent => {
                format!(", that many may be chance: {reason}")
            }
            Verdict::Inconclusive(reason) => format!(", {reason}"),
            _ => String::new(),
        };
        let approximate =
            if self.guarantee == Guarantee::Approximate { ", approximate" } else { "" };
        let (lo, hi) = spent.burn_interval;
        let levels = if self.fail == self.level {
            format!("{} each", self.level)
        } else {
            format!("{} and {}", self.fail, self.level)
        };
        format!(
            "{} of the allowance for errors of {window} is used{gone} ({} bad of {} {noun}{slice}, \
             {} allowed{counted}); what such a service uses lies between {} and {} at {levels} \
             ({METHOD}, one-sided{approximate}) vs <= 100 %: {}{reason}; burn rate {} \
             [{}, {}] at {}; {}",
            percent(spent.consumed),
            number(self.counts.bad() as f64),
            number(self.counts.total() as f64),
            number(spent.allowed),
            percent(spent.bounds.0),
            percent(spent.bounds.1),
            self.verdict.word(),
            number(spent.burn),
            number(lo),
            number(hi),
            self.level,
            self.pace(spent),
        )
    }

    /// When nothing is left.
    fn pace(&self, spent: &Spent) -> String {
        if spent.overspent {
            return "nothing is left".to_owned();
        }
        if spent.left == Some(0.0) {
            return "it is used up exactly".to_owned();
        }
        if self.elapsed >= self.budget.window() {
            return format!("{} is left", percent(spent.remaining));
        }
        let end = |left: Option<f64>| {
            left.map_or_else(|| "the end of the window".to_owned(), |left| self.moment(left))
        };
        let (soonest, latest) = (end(spent.left_interval.0), end(spent.left_interval.1));
        let range = if soonest == latest {
            String::new()
        } else {
            format!(" (between {soonest} and {latest})")
        };
        match spent.left {
            None => format!("at this pace it lasts to the end of the window{range}"),
            Some(left) => format!(
                "at this pace it ends on {}, {} from now{range}",
                self.moment(left),
                span(left)
            ),
        }
    }

    /// The moment `left` seconds from now: `day 24` of windows of days, else the time since the
    /// window began.
    fn moment(&self, left: f64) -> String {
        const DAY: f64 = 86_400.0;
        let at = self.elapsed.seconds() + left;
        if self.budget.window().seconds() >= 2.0 * DAY {
            format!("day {}", number((at / DAY).ceil()))
        } else {
            format!("its {} mark", span(at))
        }
    }

    fn lasts(&self, forecast: &Forecast, spent: &Spent) -> Finding {
        let window = self.budget.window();
        let claim = format!("{} lasts to the end", self.what());
        let mut finding = self.finding(Class::Other, claim, forecast.verdict.clone());
        (finding.unit, finding.target) = (Unit::known("ratio"), Some(1.0));
        finding.provenance = Provenance::Projected;
        finding.estimate = Some(forecast.consumed);
        let method = "binomial, from Clopper-Pearson bounds of the rate".to_owned();
        let level = self.level.doubled();
        finding.interval = Some(Interval { lo: forecast.lo, hi: forecast.hi, level, method });
        let rest = match &forecast.verdict {
            Verdict::Inconclusive(Reason::Straddles { .. }) => ", the end of the window will tell",
            _ => "",
        };
        finding.why = format!(
            "projected: if traffic and errors go on as they did, {} of the allowance is used at the \
             end of {window} (between {} and {} at {} each) vs <= 100 %: {}{rest}; {}",
            percent(forecast.consumed),
            percent(forecast.lo),
            percent(forecast.hi),
            self.level,
            forecast.verdict.word(),
            self.pace(spent),
        );
        finding
    }

    fn fires(&self, state: &TierState, now: TierNow) -> Finding {
        let (tier, burn) = (state.tier, state.tier.burn().to_f64());
        let claim = format!("{}: {} does not fire", self.name, tier.name());
        let mut finding = self.finding(Class::Other, claim, Verdict::Fail);
        (finding.estimate, finding.target) = (now.long, Some(burn));
        let rate = |burn: Option<f64>| burn.map_or_else(|| "none".to_owned(), number);
        let rest = match (&self.spent, now.long) {
            (Some(spent), Some(long)) if spent.remaining > 0.0 && long > 0.0 => {
                let left = spent.remaining * self.budget.window().seconds() / long;
                format!(
                    "; at the pace of the last {} nothing is left in {}",
                    tier.long(),
                    span(left)
                )
            }
            _ => String::new(),
        };
        finding.why = format!(
            "burn rate {} over the last {} and {} over the last {}, both at least {}: fires now{rest}",
            rate(now.long),
            tier.long(),
            rate(now.short),
            tier.short(),
            number(burn),
        );
        if state.is_noisy() {
            finding.warnings.push(format!(
                "about {} bad events in {} are enough for it: noise fires it too (up to {} of the \
                 time when errors are just as frequent as allowed)",
                number(state.expected),
                tier.short(),
                percent(state.chance),
            ));
        }
        finding
    }

    /// The alerts: what they spend, how soon they see what, and what they say now.
    fn table(&self) -> Option<Exhibit> {
        let columns = [
            "burn rate",
            "long window",
            "short window",
            "budget spent",
            "total outage seen after",
            "10 x budget seen after",
            "burn, long",
            "burn, short",
            "fires",
        ];
        let text = Cell::Text;
        let period = |period: Period| text(period.to_string());
        let after = |t: Option<f64>| text(t.map_or_else(|| "never".to_owned(), span));
        let rate = |now: Option<f64>| text(now.map_or_else(|| "-".to_owned(), number));
        let row = |state: &TierState| {
            let fires = match state.now {
                None => "not evaluated",
                Some(now) if now.fires => "yes",
                Some(_) => "no",
            };
            vec![
                Cell::Number(state.tier.burn().to_f64()),
                period(state.tier.long()),
                period(state.tier.short()),
                text(percent(state.spends)),
                after(state.outage),
                after(state.tenfold),
                rate(state.now.and_then(|now| now.long)),
                rate(state.now.and_then(|now| now.short)),
                text(fires.to_owned()),
            ]
        };
        let rows: Vec<Vec<Cell>> = self.tiers.iter().take(Exhibit::MAX_POINTS).map(row).collect();
        (!rows.is_empty()).then(|| Exhibit {
            title: format!("{}: alerts on the burn rate", self.name),
            x: String::new(),
            y: String::new(),
            kind: ExhibitKind::Table { columns: Vec::from(columns.map(str::to_owned)), rows },
        })
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Level, Metric, Observations, Series};

    use super::super::tests::month;
    use super::super::{Account, Counts};
    use super::*;

    fn findings(elapsed: &str, bad: u64, total: u64) -> Vec<Finding> {
        let account = Account::new("availability", month("99.9%"));
        let account = account.elapsed(elapsed.parse().unwrap()).unwrap();
        let counts = Counts::new(total - bad, total).unwrap();
        account.of_counts(counts, Level::P999, Level::P999).unwrap().findings()
    }

    #[test]
    fn a_manager_can_read_it() {
        let both = findings("18d", 1_300, 1_000_000);
        assert_eq!(both.len(), 2);
        let [first, second] = [&both[0], &both[1]];
        assert_eq!(first.claim, "availability: error budget of 0.1 % over 30 d not exhausted");
        assert!(first.why.starts_with(
            "78 % of the allowance for errors of 30 d is used with 60 % of the time gone \
             (1300 bad of 1 000 000 events, 1667 allowed at this traffic)"
        ));
        assert!(first.why.contains("at this pace it ends on day 24, 5.077 d from now"));
        assert_eq!((first.class, &first.verdict), (Class::Slo, &Verdict::Pass));
        assert_eq!((second.class, &second.verdict), (Class::Other, &Verdict::Fail));
        assert_eq!(second.provenance, Provenance::Projected);
        assert!(second.why.contains("130 % of the allowance"), "{}", second.why);
    }

    #[test]
    fn facts_and_chance_are_kept_apart() {
        let one = findings("30d", 1_001, 1_000_000).remove(0);
        assert_eq!(one.verdict.word(), "INCONCLUSIVE");
        assert!(one.why.contains("1000 allowed: overspent as counted)"), "{}", one.why);
        assert!(one.why.contains("may be chance") && one.why.ends_with("nothing is left"));
        // At the end of the window nothing is projected.
        assert_eq!(findings("30d", 500, 1_000_000).len(), 1);
        let none = findings("30d", 0, 0).remove(0);
        assert_eq!((none.estimate, none.why.as_str()), (None, "no events in 30 d"));
    }

    #[test]
    fn a_firing_alert_is_a_finding() {
        const MINUTE: i64 = 60_000_000_000;
        let events = (1..=120).map(|i| if i > 100 { (800, 1_000) } else { (1_000, 1_000) });
        let events = Observations::Events(events.collect());
        let mut series = Series::new(Metric::new("requests", None), events);
        series.time = Some((1..=120).map(|i| i * MINUTE).collect());
        let account = Account::new("availability", month("99.9%"));
        let found = account.of_series(&series, Level::P999, Level::P999).unwrap().findings();
        let firing: Vec<&Finding> = found.iter().filter(|f| f.claim.contains("fire")).collect();
        assert_eq!(firing.len(), 3);
        assert!(firing[0].why.starts_with("burn rate 66.67 over the last 1 h and 200 over"));
        assert!(found[0].exhibits.iter().any(|e| matches!(e.kind, ExhibitKind::Table { .. })));
    }
}
