use tailproof_core::{Host, Provenance, Quantity, Rational, Reason, Unit, UnitError, Verdict};

use super::{Capacity, Scaling};
use crate::actual::Actual;
use crate::amount::amounts;
use crate::strength::{ends, settles};
use crate::whole::times_that_fit;

/// How many replicas one constraint allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Name of the constraint.
    pub name: String,
    /// Most replicas; `None` when the host does not say.
    pub replicas: Option<u64>,
}

/// What reaches a throughput, and what stops it; throughputs in one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityPlan {
    /// Whether there is no release without it.
    pub critical: bool,
    /// Throughput wanted.
    pub target: f64,
    /// Unit of the throughputs: that of the one replica.
    pub unit: Option<Unit>,
    /// Throughput of one replica; `None` when nobody measured it.
    pub one: Option<Actual>,
    /// How it grows with their number; nobody measured that.
    pub scaling: Scaling,
    /// Replicas needed by the lower end of the throughput of one; `None` when none are enough.
    pub need: Option<u64>,
    /// Replicas needed by its estimate.
    pub need_by_estimate: Option<u64>,
    /// Replicas needed by its upper end.
    pub need_at_best: Option<u64>,
    /// What the number of replicas is limited by.
    pub limits: Vec<Limit>,
    /// Cost of a replica in a month.
    pub cost: Option<Quantity>,
    /// Replicas that a report claims to be enough.
    pub published: Option<u64>,
}

/// How many times the target can be reached until something stops it.
#[derive(Clone, Debug, PartialEq)]
pub struct Headroom {
    /// Throughput reached over the target, by the lower end of one replica's.
    pub factor: f64,
    /// Replicas that reach it.
    pub replicas: u64,
    /// What stops there.
    pub by: String,
}

/// Plans how many replicas a throughput needs.
///
/// ```text
/// N    = min { n : X(n) ≥ target }      X as in Scaling::throughput, of the lower end of one
/// max  = min(replicas_max, ⌊(available − used) / each⌋ for each constraint)
/// met      iff  N ≤ max
/// not met  iff  even the upper end of one replica needs more than max
/// ```
/// A target that is met passes only when it is no projection: one replica reaches it, and that
/// was measured. How several share a load is typed, without an interval and without evidence:
/// more than one replica are `not tested`, whatever they would reach.
///
/// `one` is the throughput of one replica as measured or typed; `None`, or one that is not
/// tested, is judged `not tested`, and one that was measured and could not be decided is
/// inconclusive for the same reason, whatever its estimate. A typed value is its own lower and upper end: nothing is known
/// of how sure it is. Counts are exact for typed numbers. Without any limit `max` is a billion,
/// and a target that the scaling never reaches fails.
///
/// # Errors
/// Target and throughput, or a constraint's amounts, are in units that do not convert.
///
/// # Example
/// ```
/// use tailproof_core::{Provenance, Verdict};
/// use tailproof_scorecard::capacity::{Capacity, Scaling, plan};
/// use tailproof_scorecard::{Actual, Value};
///
/// let one = Actual::typed("60/s", Provenance::Measured, "load test")?;
/// let capacity = Capacity {
///     line: 1,
///     critical: false,
///     target: "1000/s".parse()?,
///     one: Value::Typed(one.clone()),
///     scaling: Scaling::Perfect,
///     replicas_max: Some(10),
///     cost: Some("45 usd".parse()?),
///     published: None,
///     constraints: Vec::new(),
/// };
/// let plan = plan(&capacity, Some(&one), None)?;
/// assert_eq!(plan.need, Some(17)); // 16 reach 960 a second.
/// assert_eq!(plan.cost_of(17).map(|cost| cost.value()), Some(765.0));
/// assert_eq!(plan.verdict(), Verdict::Fail); // 10 reach 600.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(
    capacity: &Capacity,
    one: Option<&Actual>,
    host: Option<&Host>,
) -> Result<CapacityPlan, UnitError> {
    let one = one.filter(|actual| actual.provenance != Provenance::NotTested);
    let said = one.and_then(|actual| actual.unit.as_ref());
    if let (None, Some(unit)) = (capacity.target.unit(), said) {
        let from = format!("{}, a target without a unit,", capacity.target);
        return Err(UnitError::Incompatible { from, to: unit.to_string() });
    }
    let unit = said.or(capacity.target.unit());
    let target = capacity.target.in_unit(unit)?;
    let need = |x: Option<f64>| x.and_then(|x| capacity.scaling.replicas(target, x));
    let (lower, upper) = one.map(ends).unzip();
    Ok(CapacityPlan {
        critical: capacity.critical,
        target,
        unit: unit.cloned(),
        one: one.cloned(),
        scaling: capacity.scaling,
        need: need(lower),
        need_by_estimate: need(one.map(|actual| actual.estimate)),
        need_at_best: need(upper),
        limits: limits(capacity, host)?,
        cost: capacity.cost.clone(),
        published: capacity.published,
    })
}

fn limits(capacity: &Capacity, host: Option<&Host>) -> Result<Vec<Limit>, UnitError> {
    let named = |n: u64| Limit { name: "replicas_max".to_owned(), replicas: Some(n) };
    let mut limits: Vec<Limit> = capacity.replicas_max.map(named).into_iter().collect();
    for constraint in &capacity.constraints {
        let (name, each) = (constraint.name.as_str(), &constraint.each);
        let used = constraint.used.as_ref();
        let (all, in_use) = amounts(name, &constraint.available, used, each.unit(), host)?;
        // Nobody said what is in use: nothing. The host was asked and does not know: unknown.
        let in_use = if used.is_none() { Some(0.0) } else { in_use };
        let fit = |(all, in_use)| times_that_fit(all, in_use, each.value());
        limits.push(Limit { name: name.to_owned(), replicas: all.zip(in_use).map(fit) });
    }
    Ok(limits)
}

impl CapacityPlan {
    /// The limit that binds first, of those that are known.
    #[must_use]
    pub fn binding(&self) -> Option<&Limit> {
        self.limits.iter().filter(|l| l.replicas.is_some()).min_by_key(|l| l.replicas)
    }

    /// Most replicas that may run; `None` without a known limit.
    #[must_use]
    pub fn most(&self) -> Option<u64> {
        self.binding().and_then(|limit| limit.replicas)
    }

    /// Replicas whose throughput is held against the target: of those that may run the number
    /// that delivers most; without a limit as many as are needed, or the peak of the scaling.
    #[must_use]
    pub fn judged(&self) -> Option<u64> {
        match self.most() {
            Some(most) => Some(self.scaling.best(most)),
            None => self.need.or(self.need_by_estimate).or(self.scaling.peak()),
        }
    }

    /// What `n` replicas deliver together, by the lower end of one replica's throughput.
    #[must_use]
    pub fn reaches(&self, n: u64) -> Option<f64> {
        Some(self.scaling.throughput(ends(self.one.as_ref()?).0, n))
    }

    /// What `n` replicas cost in a month.
    #[must_use]
    pub fn cost_of(&self, n: u64) -> Option<Quantity> {
        let cost = self.cost.as_ref()?;
        let exact = Rational::from_f64(cost.value())
            .ok()
            .and_then(|each| each.checked_mul(Rational::new(n, 1)?));
        let total = exact.map_or(cost.value() * n as f64, Rational::to_f64);
        Some(Quantity::new(total, cost.unit().cloned()))
    }

    /// How many times the target is reached until the first limit, or the peak of the scaling,
    /// stops it; `None` when nothing does, or nothing is known of one replica.
    #[must_use]
    pub fn headroom(&self) -> Option<Headroom> {
        let peak = self.scaling.peak();
        let replicas = match (self.most(), peak) {
            (Some(most), _) => self.scaling.best(most),
            (None, peak) => peak?,
        };
        let by = match (self.binding(), peak) {
            (Some(limit), peak) if limit.replicas <= peak.or(Some(u64::MAX)) => limit.name.clone(),
            _ => "the peak of the scaling".to_owned(),
        };
        let reached = self.reaches(replicas).filter(|x| x.is_finite() && *x >= 0.0)?;
        Some(Headroom { factor: reached / self.target, replicas, by })
    }

    /// Whether the target is reached with the replicas that may run, if the numbers are right;
    /// `None` when they cannot say.
    #[must_use]
    pub fn met(&self) -> Option<bool> {
        self.one.as_ref()?;
        if !self.fits(self.need_at_best) {
            return Some(false);
        }
        let known = self.limits.iter().all(|limit| limit.replicas.is_some());
        (known && self.fits(self.need)).then_some(true)
    }

    fn fits(&self, need: Option<u64>) -> bool {
        need.is_some_and(|n| self.most().is_none_or(|most| n <= most))
    }

    /// The verdict: [`CapacityPlan::met`] as far as it was measured.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let untested = Verdict::Inconclusive(Reason::NotTested);
        let measured = |one: &&Actual| one.provenance == Provenance::Measured;
        let Some(one) = self.one.as_ref().filter(measured) else { return untested };
        match self.met() {
            Some(false) => Verdict::Fail,
            Some(true) if self.provenance() == Provenance::Measured => Verdict::Pass,
            Some(true) => untested,
            None if self.fits(self.need) => untested, // A limit is not known.
            None => Verdict::Inconclusive(self.undecided(one)),
        }
    }

    /// Why the interval of one replica's throughput does not decide.
    fn undecided(&self, one: &Actual) -> Reason {
        if let Some(reason) = &one.undecided {
            return reason.clone();
        }
        let Some(interval) = &one.interval else { return Reason::Censored }; // `< 60/s`
        let enough = self.fits(self.need_by_estimate);
        let half = if enough { one.estimate - interval.lo } else { interval.hi - one.estimate };
        // What one replica had to deliver.
        let share = self.judged().map_or(0.0, |n| self.scaling.throughput(1.0, n));
        let gap = (one.estimate - self.target / share).abs();
        Reason::Straddles { projected: settles(one.n.iter().copied(), half, gap) }
    }

    /// Measured only when one replica's throughput is, and the verdict rests on a single one,
    /// which needs no scaling. Anything else is projected.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        let Some(one) = &self.one else { return Provenance::NotTested };
        let judged = self.judged().unwrap_or(u64::MAX);
        let rests_on = self.need.map_or(judged, |need| need.min(judged));
        match one.provenance {
            Provenance::Measured if rests_on <= 1 => Provenance::Measured,
            _ => Provenance::Projected,
        }
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Interval, Level};

    use super::super::config::tests::{REPORT, parse};
    use super::*;
    use crate::actual::Value;

    fn planned(text: &str) -> CapacityPlan {
        let capacity = parse(text).unwrap();
        let Value::Typed(one) = capacity.one.clone() else { panic!("it is typed") };
        plan(&capacity, Some(&one), None).unwrap()
    }

    #[test]
    fn sixteen_replicas_are_one_too_few() {
        let plan = planned(REPORT);
        assert_eq!((plan.need, plan.need_by_estimate), (Some(17), Some(17)));
        assert_eq!(plan.reaches(16), Some(960.0));
        assert_eq!(plan.cost_of(16), Some(Quantity::new(720.0, Some("usd".parse().unwrap()))));
        assert_eq!(plan.cost_of(17).unwrap().value(), 765.0);
        assert_eq!((plan.verdict(), plan.judged()), (Verdict::Fail, Some(10)));
        let headroom = plan.headroom().unwrap();
        assert_eq!((headroom.factor, headroom.by.as_str()), (0.6, "replicas_max"));
        assert_eq!(plan.provenance(), Provenance::Projected);
        assert_eq!(planned(&REPORT.replace("1000/s", "960/s")).need, Some(16));
        assert_eq!(planned(&REPORT.replace("60/s", "3600/min")).need, Some(17));
    }

    #[test]
    fn the_first_constraint_binds() {
        let limit = |more: &str| {
            let memory = "name = \"memory\", each = \"4 GB\", available = \"24 GB\"";
            let cores = "{ name = \"cores\", each = \"2 cores\", available = \"10 cores\" }";
            planned(&format!("{REPORT}constraints = [ {{ {memory}{more} }}, {cores} ]\n"))
        };
        let plan = limit("");
        assert_eq!(plan.binding().unwrap().name, "cores");
        assert_eq!((plan.most(), plan.headroom().unwrap().factor), (Some(5), 0.3));
        // With 23 of 24 GB in use, not a single replica fits.
        let full = limit(", used = \"23 GB\"");
        assert_eq!((full.binding().unwrap().name.as_str(), full.most()), ("memory", Some(0)));
        assert_eq!((full.reaches(0), full.verdict()), (Some(0.0), Verdict::Fail));
        // A host that does not answer allows no pass.
        let text = REPORT.replace("1000/s", "100/s")
            + "constraints = [ { name = \"disk\", each = \"1 GB\", available = \"host\" } ]\n";
        assert_eq!(planned(&text).verdict(), Verdict::Inconclusive(Reason::NotTested));
    }

    #[test]
    fn scaling_that_peaks_below_the_target_fails() {
        let plan = planned(
            "target = \"1000/s\"\none = \"60/s\"\nprovenance = \"measured\"\nsigma = 0.1\nkappa = 0.01\n",
        );
        assert_eq!((plan.need, plan.verdict()), (None, Verdict::Fail));
        assert_eq!(plan.headroom().unwrap().by, "the peak of the scaling");
    }

    #[test]
    fn scaling_that_nobody_measured_is_a_projection() {
        let text = REPORT.replace("= 10", "= 20");
        let plan = planned(&format!("{text}efficiency = \"90%\"\n"));
        assert_eq!((plan.need, plan.met()), (Some(19), Some(true)));
        assert_eq!(plan.provenance(), Provenance::Projected);
        assert_eq!(plan.verdict(), Verdict::Inconclusive(Reason::NotTested));
        // One replica is what was measured.
        let one = planned(&format!("{}efficiency = \"90%\"\n", text.replace("1000/s", "60/s")));
        assert_eq!((one.need, one.verdict()), (Some(1), Verdict::Pass));
        assert_eq!(one.provenance(), Provenance::Measured);
    }

    #[test]
    fn a_throughput_that_could_not_be_decided_decides_nothing() {
        let reason = Reason::TooFew { need: 30 };
        for (target, most) in [("1000/s", 10), ("50/s", 10), ("1000/s", 100)] {
            let text = REPORT.replace("1000/s", target).replace("= 10", &format!("= {most}"));
            let typed = Actual::typed("60/s", Provenance::Measured, "").unwrap();
            let one = Actual { undecided: Some(reason.clone()), n: vec![3], ..typed };
            let plan = plan(&parse(&text).unwrap(), Some(&one), None).unwrap();
            assert_eq!(plan.verdict(), Verdict::Inconclusive(reason.clone()), "{target} {most}");
            assert_eq!((plan.need, plan.met(), plan.headroom()), (None, None, None));
        }
    }

    #[test]
    fn the_interval_decides() {
        let capacity = parse(REPORT).unwrap();
        let judge = |lo: f64, hi: f64| {
            let interval = Interval { lo, hi, level: Level::P95, method: "Student t".to_owned() };
            let one = Actual {
                interval: Some(interval),
                n: vec![100],
                ..Actual::typed("98/s", Provenance::Measured, "load test").unwrap()
            };
            plan(&capacity, Some(&one), None).unwrap()
        };
        // Enough, were the scaling perfect; nobody measured that.
        let enough = judge(100.0, 110.0);
        assert_eq!((enough.met(), enough.need), (Some(true), Some(10)));
        assert_eq!(enough.verdict(), Verdict::Inconclusive(Reason::NotTested));
        assert_eq!(judge(90.0, 99.9).verdict(), Verdict::Fail);
        // 98 a second is 2 short of a tenth of the target, the interval reaches 4 beyond it.
        let straddles = judge(94.0, 102.0);
        let reason = Reason::Straddles { projected: Some(400) };
        assert_eq!(straddles.verdict(), Verdict::Inconclusive(reason));
        assert_eq!((straddles.need, straddles.need_by_estimate), (Some(11), Some(11)));
        assert_eq!(judge(-1.0, 102.0).need, None);
        let unknown = plan(&capacity, None, None).unwrap();
        assert_eq!(unknown.verdict(), Verdict::Inconclusive(Reason::NotTested));
        let typed = |text: &str, provenance| {
            let one = Actual::typed(text, provenance, "").unwrap();
            plan(&capacity, Some(&one), None).unwrap()
        };
        let below = typed("< 120/s", Provenance::Measured);
        assert_eq!(below.verdict(), Verdict::Inconclusive(Reason::Censored));
        // A guess neither passes nor fails.
        let guess = typed("60/s", Provenance::Estimated);
        assert_eq!((guess.met(), guess.provenance()), (Some(false), Provenance::Projected));
        assert_eq!(guess.verdict(), Verdict::Inconclusive(Reason::NotTested));
    }
}
