//! T4 excellence: do 99.99 % of the observations meet the target?

use tailproof_core::binomial::{proportion_lower, samples_to_pass};
use tailproof_core::{
    Aggregate, Comparison, Condition, Dataset, Level, Objective, Observations, Quantity, Rank,
    Rational, Sample, Series,
};

/// The document's threshold: one in ten thousand may miss.
pub const THRESHOLD: Rational = Rational::new(1, 10_000).expect("not zero");

/// T4 of all metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Excellence {
    /// Share of observations that may miss their target.
    pub threshold: Rational,
    /// Every metric judged is compliant; `None` when none was judged.
    pub overall_compliant: Option<bool>,
    /// Metrics with a target.
    pub metrics: Vec<Metric>,
    /// Metrics without one: not tested, never compliant by default.
    pub not_tested: Vec<String>,
}

/// T4 of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Metric with labels.
    pub name: String,
    /// Unit as printed after numbers.
    pub suffix: String,
    /// Target, in the unit of the data.
    pub slo_target: f64,
    /// 95th percentile (type 7).
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p99_9: f64,
    /// Observations at most the target.
    pub compliant: u64,
    /// Observations.
    pub sample_size: u64,
    /// `compliant ≥ (1 − threshold) · sample_size`, in whole numbers.
    pub t4_compliant: bool,
    /// Clopper–Pearson lower bound of the share of compliant observations.
    pub rate_lower_bound: f64,
    /// The lower bound reaches `1 − threshold`: the sample proves it.
    pub t4_proven: bool,
    /// Observations that a proof needs with as many misses as were seen.
    pub proof_needs: Option<u64>,
}

impl Metric {
    /// Share of observations at most the target.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.compliant as f64 / self.sample_size as f64
    }
}

/// One metric to judge: name, unit suffix, sample, target.
pub type Input<'a> = (String, String, &'a Sample, f64);

/// Judges every metric against its target.
///
/// Counts are compared as integers: 9 999 of 10 000 is compliant at 0.0001, 9 998 is not.
/// A point estimate can be compliant by luck, so the exact lower bound at `level` stands
/// beside it: without a miss, a proof of 99.99 % at 99.9 % needs 69 075 observations.
///
/// # Source
/// Clopper & Pearson (1934), *Biometrika* 26(4), 404–413.
#[must_use]
pub fn excellence(
    inputs: &[Input<'_>],
    not_tested: Vec<String>,
    threshold: Rational,
    level: Level,
) -> Excellence {
    let metrics: Vec<Metric> = inputs.iter().map(|i| judge(i, threshold, level)).collect();
    let overall_compliant =
        if metrics.is_empty() { None } else { Some(metrics.iter().all(|m| m.t4_compliant)) };
    Excellence { threshold, overall_compliant, metrics, not_tested }
}

/// A raw series and its target.
pub type Target<'a> = (&'a Series, Option<f64>);

/// The outermost upper target of each raw series, from percentile, extreme and rate objectives;
/// `None` for a series without one.
#[must_use]
pub fn targets<'a>(data: &'a Dataset, objectives: &[Objective]) -> Vec<Target<'a>> {
    let limit = |o: &Objective, s: &Series| -> Option<f64> {
        let unit = s.metric.unit.as_ref();
        match &o.aggregate {
            Aggregate::Rate(op, limit) if op.is_upper() => limit.in_unit(unit).ok(),
            Aggregate::Quantile(_) | Aggregate::Max => o
                .claims(unit)
                .ok()?
                .iter()
                .filter(|c| c.comparison.is_upper())
                .map(|c| c.target)
                .reduce(f64::max),
            _ => None,
        }
    };
    data.series
        .iter()
        .filter(|s| complete(s).is_some())
        .map(|s| {
            let matching = objectives.iter().filter(|o| o.matches(s));
            (s, matching.filter_map(|o| limit(o, s)).reduce(f64::max))
        })
        .collect()
}

/// T4 as objectives, so that it can gate by the same three-valued rule.
#[must_use]
pub fn objectives(targets: &[Target<'_>]) -> Vec<Objective> {
    let share = THRESHOLD.complement().expect("the threshold is below 1").to_f64();
    let stated = |(series, target): &Target<'_>| {
        let limit = Quantity::new((*target)?, series.metric.unit.clone());
        Some(Objective {
            metric: Some(series.metric.name.clone()),
            labels: series.labels.clone(),
            claim: format!("rate(<= {limit}) >= 99.99%"),
            promise: ">= 99.99%".to_owned(),
            aggregate: Aggregate::Rate(Comparison::AtMost, limit),
            condition: Condition::Absolute(Comparison::AtLeast, Quantity::new(share, None)),
            pooled: false,
        })
    };
    targets.iter().filter_map(stated).collect()
}

/// [`excellence`] of the raw series of a data set; every series without a target, and every
/// one that is not raw, is not tested.
#[must_use]
pub fn excellence_of(
    data: &Dataset,
    targets: &[Target<'_>],
    threshold: Rational,
    level: Level,
) -> Excellence {
    let inputs: Vec<Input<'_>> = targets
        .iter()
        .filter_map(|&(s, target)| Some((s.name(), s.metric.suffix(), complete(s)?, target?)))
        .collect();
    let judged =
        |s: &Series| targets.iter().any(|(t, target)| target.is_some() && std::ptr::eq(*t, s));
    let not_tested = data.series.iter().filter(|s| !judged(s)).map(Series::name).collect();
    excellence(&inputs, not_tested, threshold, level)
}

/// The sample of a raw series without censored values.
pub(crate) fn complete(series: &Series) -> Option<&Sample> {
    match &series.observations {
        Observations::Raw(raw) if raw.is_complete() => Some(&raw.sample),
        _ => None,
    }
}

fn judge((name, suffix, sample, target): &Input<'_>, threshold: Rational, level: Level) -> Metric {
    let n = sample.len() as u64;
    let compliant = sample.values().iter().filter(|&&x| x <= *target).count() as u64;
    let misses = n - compliant;
    let t4_compliant = u128::from(misses) * u128::from(threshold.den())
        <= u128::from(n) * u128::from(threshold.num());
    let share = threshold.complement().and_then(|s| Rank::new(s).ok());
    let need = share.and_then(|p| samples_to_pass(p, level, misses));
    Metric {
        name: name.clone(),
        suffix: suffix.clone(),
        slo_target: *target,
        p95: sample.quantile(Rank::P95),
        p99: sample.quantile(Rank::P99),
        p99_9: sample.quantile(Rank::P999),
        compliant,
        sample_size: n,
        t4_compliant,
        rate_lower_bound: proportion_lower(compliant, n, level),
        t4_proven: need.is_some_and(|need| n >= need),
        proof_needs: need,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(good: usize, bad: usize) -> Sample {
        Sample::new([vec![50.0; good], vec![200.0; bad]].concat()).unwrap()
    }

    fn judged(good: usize, bad: usize) -> Metric {
        let s = sample(good, bad);
        let input = [("api".to_owned(), " ms".to_owned(), &s, 100.0)];
        excellence(&input, vec![], THRESHOLD, Level::P999).metrics.remove(0)
    }

    #[test]
    fn counts_are_compared_as_integers() {
        assert!(judged(9_999, 1).t4_compliant);
        assert!(!judged(9_998, 2).t4_compliant);
        assert!(!judged(9_998, 1).t4_compliant); // 1 of 9 999 is above one in 10 000.
    }

    #[test]
    fn luck_is_not_proof() {
        let few = judged(10_000, 0);
        assert!(few.t4_compliant && !few.t4_proven);
        assert_eq!(few.proof_needs, Some(69_075));
        let enough = judged(69_075, 0);
        assert!(enough.t4_proven && enough.rate_lower_bound >= 0.9999);
        assert!(judged(69_074, 0).rate_lower_bound < 0.9999);
    }

    #[test]
    fn nothing_judged_is_not_compliant() {
        let none = excellence(&[], vec!["disk".into()], THRESHOLD, Level::P999);
        assert_eq!(none.overall_compliant, None);
        assert_eq!(none.not_tested, ["disk"]);
    }
}
