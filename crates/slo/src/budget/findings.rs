use tailproof_core::{
    Bound, Cell, Class, Direction, Exhibit, Finding, Guarantee, Interval, Period, Provenance,
    Reason, Side, Unit, Verdict, moment, number, percent, span,
};

use super::{Counted, Forecast, Spending, Spent, TierNow, TierPast, TierState};

const METHOD: &str = "Clopper-Pearson";
/// How many times its lower end the upper end of an interval may be, to be worth its numbers.
const WIDE: f64 = 10.0;

impl Spending {
    /// The answers: whether the budget is not exhausted by now (class slo), whether it lasts to
    /// the end of the window (projected; while the window lasts), and each alert that fires at
    /// the end of the data (these never gate).
    ///
    /// How much is used is a fact about the events counted, and the why-line states it; the
    /// verdict speaks of the service behind them. A budget overspent by a few events may be
    /// overspent by chance: `Inconclusive`, and never a pass. Counts that were not measured are
    /// not tested, whatever they would mean.
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

    /// What a verdict on the counts is worth: nothing, unless they were measured.
    fn judged(&self, verdict: &Verdict) -> Verdict {
        match self.provenance {
            Provenance::Measured => verdict.clone(),
            _ => Verdict::Inconclusive(Reason::NotTested),
        }
    }

    /// What it would mean, were the counts measured.
    fn would(&self, verdict: &Verdict) -> &'static str {
        match (self.provenance, verdict) {
            (Provenance::Measured, _) => "",
            (_, Verdict::Pass) => ", it would hold if the counts are right",
            (_, Verdict::Fail) => ", and even so it would not hold",
            _ => ", and it could not be decided",
        }
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
        format!("error budget of {share} over {}", self.budget.window())
    }

    fn exhausted(&self) -> Finding {
        let by_now = if self.elapsed < self.budget.window() { " by now" } else { "" };
        let claim = format!("{} not exhausted{by_now}", self.what());
        let mut finding = self.finding(Class::Slo, claim, self.judged(&self.verdict));
        (finding.unit, finding.target) = (Unit::known("ratio"), Some(1.0));
        finding.warnings.clone_from(&self.warnings);
        finding.exhibits = self.table().into_iter().chain(self.burn_down()).collect();
        let Some(spent) = &self.spent else {
            let word = finding.verdict.word();
            finding.why = format!("no {} in {}: {word}", self.counted.noun(), self.elapsed);
            return finding;
        };
        let gone = self.gone();
        finding.estimate = Some(spent.consumed);
        finding.interval = Some(Interval {
            lo: spent.burn_interval.0 * gone,
            hi: spent.burn_interval.1 * gone,
            level: self.level,
            method: METHOD.to_owned(),
        })
        .filter(|_| !self.is_vague(spent));
        let bound = |side, value, level| Bound { side, value, level, method: METHOD.to_owned() };
        if !self.certain {
            finding.bounds = vec![
                bound(Side::Lower, spent.bounds.0, self.fail),
                bound(Side::Upper, spent.bounds.1, self.level),
            ];
        }
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

    /// Whether nothing is decided, and what the service may use spans more than a factor of ten:
    /// two numbers that far apart say less than a word.
    fn is_vague(&self, spent: &Spent) -> bool {
        let (lo, hi) = spent.bounds;
        matches!(self.verdict, Verdict::Inconclusive(_)) && hi > WIDE * lo
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
        format!(
            "{} of the allowance for errors of {window} is used{gone} ({} bad of {} {noun}{slice}, \
             {} allowed{counted}); {}; {}; {}",
            percent(spent.consumed),
            number(self.counts.bad() as f64),
            number(self.counts.total() as f64),
            number(spent.allowed),
            self.inference(spent),
            self.burning(spent),
            self.pace(spent),
        )
    }

    /// What the counts say of the service behind them, and the verdict.
    fn inference(&self, spent: &Spent) -> String {
        let noun = self.counted.noun();
        let verdict = format!("{}{}", self.judged(&self.verdict).word(), self.would(&self.verdict));
        if self.certain {
            return format!(
                "by arithmetic and whatever the service does, not even a total outage of {} \
                 exhausts it: {verdict}",
                self.elapsed
            );
        }
        if self.is_vague(spent) {
            let missing = self.missing().map_or_else(String::new, |text| format!(" ({text})"));
            return format!(
                "too few bad {noun} to say what such a service uses vs <= 100 %: {verdict}{missing}"
            );
        }
        let assumption = match self.guarantee {
            _ if self.assumed => format!(", if {noun} are independent"),
            Guarantee::Approximate => ", approximate".to_owned(),
            _ => String::new(),
        };
        let levels = if self.fail == self.level {
            format!("{} each", self.level)
        } else {
            format!("{} and {}", self.fail, self.level)
        };
        let reason = match &self.verdict {
            Verdict::Inconclusive(reason) if spent.overspent => {
                format!(", that many may be chance: {reason}")
            }
            Verdict::Inconclusive(reason) => format!(", {reason}"),
            _ => String::new(),
        };
        format!(
            "what such a service uses lies between {} and {} at {levels} ({METHOD}, \
             one-sided{assumption}) vs <= 100 %: {verdict}{reason}",
            percent(spent.bounds.0),
            percent(spent.bounds.1),
        )
    }

    /// How many more would decide, where that is known; slices with the time that they take.
    fn missing(&self) -> Option<String> {
        let Verdict::Inconclusive(Reason::TooFew { need }) = self.verdict else { return None };
        let needed = number(need as f64);
        Some(match self.counted {
            Counted::Events => format!("a pass takes {needed} events"),
            Counted::Slices { slices, .. } => {
                let time = span(slices.length().seconds() * need as f64);
                format!("a pass takes {needed} slices, which are {time}")
            }
        })
    }

    fn burning(&self, spent: &Spent) -> String {
        let burn = number(spent.burn);
        if self.is_vague(spent) {
            return format!("burn rate {burn}");
        }
        let (lo, hi) = spent.burn_interval;
        format!("burn rate {burn} [{}, {}] at {}", number(lo), number(hi), self.level)
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
        let range = if soonest == latest || self.is_vague(spent) {
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
        let mut finding = self.finding(Class::Other, claim, self.judged(&forecast.verdict));
        (finding.unit, finding.target) = (Unit::known("ratio"), Some(1.0));
        finding.provenance = Provenance::Projected;
        if self.certain {
            finding.guarantee = Guarantee::Approximate; // What is to come is no arithmetic.
        }
        finding.estimate = Some(forecast.consumed);
        let method = "binomial, from Clopper-Pearson bounds of the rate".to_owned();
        let level = self.level.doubled();
        let undecided = matches!(forecast.verdict, Verdict::Inconclusive(_));
        let vague = undecided && forecast.hi > WIDE * forecast.lo;
        finding.interval =
            Some(Interval { lo: forecast.lo, hi: forecast.hi, level, method }).filter(|_| !vague);
        let rest = match &forecast.verdict {
            Verdict::Inconclusive(Reason::Straddles { .. }) => ", the end of the window will tell",
            _ => "",
        };
        let between = if vague {
            format!("too few bad {} to say how sure", self.counted.noun())
        } else {
            let (lo, hi) = (percent(forecast.lo), percent(forecast.hi));
            format!("between {lo} and {hi} at {} each", self.level)
        };
        finding.why = format!(
            "projected: if traffic and errors go on as they did, {} of the allowance is used at the \
             end of {window} ({between}) vs <= 100 %: {}{}{rest}; {}",
            percent(forecast.consumed),
            finding.verdict.word(),
            self.would(&forecast.verdict),
            self.pace(spent),
        );
        finding
    }

    fn fires(&self, state: &TierState, now: TierNow) -> Finding {
        let (tier, burn) = (state.tier, state.tier.burn().to_f64());
        let claim = format!("{} does not fire", tier.name());
        let mut finding = self.finding(Class::Other, claim, Verdict::Fail);
        // A fact about the data.
        finding.guarantee = Guarantee::Exact;
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
            "burn rate {} over the last {} and {} over the last {}, both at least {}: fires at the \
             end of the data{}{rest}",
            rate(now.long),
            tier.long(),
            rate(now.short),
            tier.short(),
            number(burn),
            self.end.map_or_else(String::new, |end| format!(", {}", moment(end))),
        );
        if state.is_noisy() {
            finding.warnings.push(format!(
                "by chance alone, with errors just as frequent as allowed, it fires up to {} of \
                 the time",
                percent(state.chance),
            ));
        }
        finding
    }

    /// The alerts: what they spend, how soon they see what, what they say at the end of the data,
    /// and whether they would have fired before.
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
            "fired in the data",
        ];
        let text = Cell::Text;
        let period = |period: Period| text(period.to_string());
        let after = |t: Option<f64>| text(t.map_or_else(|| "never".to_owned(), span));
        let rate = |now: Option<f64>| text(now.map_or_else(|| "-".to_owned(), number));
        let row = |state: &TierState| {
            let fires = match state.now {
                None => "not evaluated",
                Some(now) if !now.covered => "not covered",
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
                text(state.past.map_or_else(|| "-".to_owned(), fired)),
            ]
        };
        let rows: Vec<Vec<Cell>> = self.tiers.iter().take(Exhibit::MAX_POINTS).map(row).collect();
        let title = match self.end {
            Some(end) => format!("{}: alerts at the end of the data, {}", self.name, moment(end)),
            None => format!("{}: alerts on the burn rate", self.name),
        };
        let columns = Vec::from(columns.map(str::to_owned));
        (!rows.is_empty()).then(|| Exhibit::table(title, columns, rows))
    }
}

/// When an alert would have fired, and the worst that it saw.
fn fired(past: TierPast) -> String {
    let Some((burn, at)) = past.worst else { return "not covered".to_owned() };
    let worst = format!("worst {} on {}", number(burn), moment(at));
    match (past.first, past.times) {
        (None, _) => format!("no, {worst}"),
        (Some(first), 1) => format!("on {}, {worst}", moment(first)),
        (Some(first), n) => format!("{n} times, first on {}, {worst}", moment(first)),
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{ExhibitKind, Level, Metric, Observations, Series};

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
        assert_eq!(first.claim, "error budget of 0.1 % over 30 d not exhausted by now");
        assert_eq!((first.name(), &*second.name()), ("availability".to_owned(), "availability"));
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
        assert_eq!((none.estimate, none.why.as_str()), (None, "no events in 30 d: INCONCLUSIVE"));
        assert!(one.claim.ends_with("not exhausted"), "the window is over: {}", one.claim);
        assert!(one.why.contains("one-sided, if events are independent"), "{}", one.why);
    }

    #[test]
    fn what_is_certain_is_a_fact_and_no_bound() {
        // After half an hour of nothing but errors not even 43.2 min of outage are reached.
        let outage = findings("30min", 500, 500);
        let now = &outage[0];
        assert_eq!((&now.verdict, now.guarantee), (&Verdict::Pass, Guarantee::Exact));
        assert!(now.claim.ends_with("not exhausted by now") && now.bounds.is_empty());
        assert!(now.why.contains("by arithmetic"), "{}", now.why);
        assert!(!now.why.contains("what such a service uses"), "{}", now.why);
        assert_eq!(outage[1].verdict, Verdict::Fail);
    }

    #[test]
    fn counts_that_nobody_measured_do_not_pass() {
        let account = Account::new("availability", month("99.9%"));
        let account = account.elapsed("18d".parse().unwrap()).unwrap();
        let of = |bad: u64| {
            let counts = Counts::new(1_000_000 - bad, 1_000_000).unwrap();
            let mut spending = account.of_counts(counts, Level::P999, Level::P999).unwrap();
            spending.provenance = Provenance::Estimated;
            spending.findings()
        };
        for (bad, said) in [(500, "it would hold"), (3_000, "it would not hold")] {
            let found = of(bad);
            assert!(found.iter().all(|f| f.verdict == Verdict::Inconclusive(Reason::NotTested)));
            assert!(found.iter().all(|f| f.why.contains(said)), "{}", found[0].why);
        }
    }

    #[test]
    fn an_interval_of_all_and_nothing_is_not_printed() {
        let vague = findings("18d", 1, 1_000).remove(0);
        assert!(vague.why.contains("too few bad events to say"), "{}", vague.why);
        assert!(!vague.why.contains("lies between") && vague.interval.is_none());
        assert!(vague.why.contains("a pass takes"), "{}", vague.why);
        // What passes may be as vague as it likes: the upper end is within.
        let good = findings("18d", 0, 1_000_000).remove(0);
        assert!(good.why.contains("lies between 0 % and"), "{}", good.why);
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
        // Two hours of data say nothing of six hours, or of three days.
        assert_eq!(firing.len(), 1);
        assert!(firing[0].why.starts_with("burn rate 66.67 over the last 1 h and 200 over"));
        assert!(firing[0].why.contains("1970-01-01 02:00 UTC"), "{}", firing[0].why);
        assert_eq!(found[0].exhibits.len(), 2);
        assert_eq!(found[0].exhibits[1].title, "availability: budget left over time");
        let exhibit = &found[0].exhibits[0];
        assert!(exhibit.title.ends_with("alerts at the end of the data, 1970-01-01 02:00 UTC"));
        let ExhibitKind::Table { columns, rows } = &exhibit.kind else { panic!("a table") };
        assert!(rows.iter().all(|row| row.len() == columns.len()));
        let last = |row: usize| &rows[row][columns.len() - 2..];
        let text = |text: &str| Cell::Text(text.to_owned());
        let fast = "on 1970-01-01 01:45 UTC, worst 66.67 on 1970-01-01 02:00 UTC";
        assert_eq!(last(0), [text("yes"), text(fast)]);
        assert_eq!(last(2), [text("not covered"), text("not covered")]);
    }
}
