use tailproof_core::descriptive::{mad, median};
use tailproof_core::{
    Class, Direction, Effect, Finding, Guarantee, Interval, Level, Rank, Reason, Sample, Series,
    Verdict, number,
};

use super::factor::{PublishedFactor, factor, saying};
use crate::change::Change;
use crate::row::{Pair, Row, complete};
use crate::settings::CompareError;

/// Runs a side below which document 3's method asks for more.
const ENOUGH: u64 = 10;

/// Which statistic a speed-up is of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Statistic {
    /// The mean.
    #[default]
    Mean,
    /// A quantile, such as the median.
    Quantile(Rank),
}

impl Statistic {
    pub(crate) const fn row(self) -> Row {
        match self {
            Self::Mean => Row::Mean,
            Self::Quantile(p) => Row::Quantile(p),
        }
    }

    /// `mean`, `median`, `p95`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Quantile(Rank::MEDIAN) => "median".to_owned(),
            other => other.row().name(),
        }
    }
}

/// How speed-ups are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeedUpSettings {
    /// Of what.
    pub statistic: Statistic,
    /// Two-sided level of every interval.
    pub level: Level,
    /// Two factors are the same when they differ by less than this share.
    pub margin: f64,
}

impl Default for SpeedUpSettings {
    /// Means at 95 %; factors within 10 % of one another count as the same.
    fn default() -> Self {
        Self { statistic: Statistic::Mean, level: Level::P95, margin: 0.1 }
    }
}

/// Median and median absolute deviation of one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MedianSpread {
    /// Observations.
    pub n: u64,
    /// Median.
    pub median: f64,
    /// Median absolute deviation, unscaled.
    pub mad: f64,
}

impl MedianSpread {
    fn of(sample: &Sample) -> Self {
        Self { n: sample.len() as u64, median: median(sample), mad: mad(sample) }
    }
}

/// How much faster a candidate is than its base.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedUp {
    /// `base/candidate`, or `candidate/base` where more is better: above 1 is faster.
    pub factor: f64,
    /// Its interval; `(0, ∞)` where the data bound nothing.
    pub interval: (f64, f64),
    /// What is saved (or gained, where more is better), in the unit of the data.
    pub saved: f64,
    /// Its interval; infinite ends where the data bound nothing.
    pub saved_interval: (f64, f64),
    /// Median ± MAD of base and candidate, where values are there.
    pub spread: Option<[MedianSpread; 2]>,
    /// The judgement "faster".
    pub finding: Finding,
}

impl SpeedUp {
    /// The verdict on a speed-up that somebody claims: `Pass` when the whole interval is at least
    /// the claim (to the digits in which it was made) or within the margin around it, `Fail` when
    /// it lies below the claim, open otherwise.
    #[must_use]
    pub fn against(&self, claim: &PublishedFactor, settings: &SpeedUpSettings) -> Finding {
        let mut finding = self.finding.clone();
        let ((lo, hi), more) = (self.interval, 1.0 + settings.margin);
        finding.claim = format!("{} speed-up of {}", settings.statistic.name(), claim.words());
        finding.verdict = if !(lo > 0.0 && hi < f64::INFINITY) {
            match &self.finding.verdict {
                Verdict::Inconclusive(reason) => Verdict::Inconclusive(reason.clone()),
                _ => Verdict::Inconclusive(Reason::TooFew { need: 2 }),
            }
        } else if lo >= claim.lo || (lo * more >= claim.lo && hi <= claim.hi * more) {
            Verdict::Pass
        } else if hi < claim.lo {
            Verdict::Fail
        } else {
            Verdict::Inconclusive(Reason::Straddles { projected: None })
        };
        let reading = if claim.saved {
            format!("{:?} is {}", claim.text, claim.both_ways())
        } else {
            format!("{:?} claimed", claim.text)
        };
        finding.why = format!(
            "{reading}; measured {}, speed-up [{}, {}] at {}: {}",
            saying(self.factor, finding.direction, finding.unit.as_ref()),
            factor(lo),
            factor(hi),
            settings.level,
            finding.verdict.word(),
        );
        finding
    }
}

/// The speed-up of a candidate over a base, with an interval.
///
/// ```text
/// less is better   S = base/candidate    interval [1/(1+hi), 1/(1+lo)]   of the change [lo, hi]
/// more is better   S = candidate/base    interval [1+lo, 1+hi]
/// ```
/// The change interval is that of [`Change::of_means`] or [`Change::of_quantiles`] (runs are the
/// unit where both sides have several), so a comparison and a speed-up cannot disagree. The
/// claim is "faster": `Pass` when the interval lies above 1, `Fail` when it lies below 1, no
/// detectable change otherwise. Too few values for any interval (a single run a side) leave the
/// factor without one, and the verdict open; below ten runs a side there is a warning.
///
/// # Errors
/// Different units, not comparable observations, or a metric without direction.
///
/// # Source
/// Fieller (1954), *JRSS B* 16(2), 175–185; Kalibera & Jones (2013), *ISMM '13*, 63–74, for
/// ratios of means as speed-ups.
///
/// # Example
/// ```
/// use tailproof_compare::speedup::{SpeedUpSettings, speed_up};
/// use tailproof_core::*;
///
/// let series = |scale: f64| Series {
///     metric: Metric::new("time", Unit::known("s")),
///     labels: Labels::new(),
///     observations: Observations::Raw(Raw::complete(
///         Sample::new((0..12).map(|i| scale * (100.0 + f64::from(i * 5 % 12))).collect())
///             .expect("finite"),
///     )),
///     run: None,
///     time: None,
///     marks: None,
/// };
/// let up = speed_up(&series(4.0), &series(1.0), &SpeedUpSettings::default())?;
/// assert!((up.factor - 4.0).abs() < 1e-12 && up.interval.0 > 3.8 && up.interval.1 < 4.2);
/// assert_eq!(up.finding.verdict, Verdict::Pass);
/// assert!(up.finding.why.contains("×4") && up.finding.why.contains("75 % less time"));
/// # Ok::<(), tailproof_compare::CompareError>(())
/// ```
pub fn speed_up(
    base: &Series,
    candidate: &Series,
    settings: &SpeedUpSettings,
) -> Result<SpeedUp, CompareError> {
    let pair = Pair::new(base, candidate)?;
    if pair.two.direction == Direction::Unknown {
        return Err(CompareError::Direction(candidate.name()));
    }
    let name = settings.statistic.name();
    let mut finding = pair.blank(Class::Regression, format!("{name} faster than the base"));
    let [rx, ry] = pair.runs();
    let change = if pair.two.one_run() {
        Err(Reason::OneRun)
    } else {
        pair.change(settings.statistic.row()).map_err(|_| Reason::BaseNearZero)
    };
    let spread = complete(base)
        .zip(complete(candidate))
        .map(|(x, y)| [MedianSpread::of(x), MedianSpread::of(y)]);
    let units =
        if pair.by_run() { rx.min(ry) } else { finding.n.iter().copied().min().unwrap_or(0) };
    if units < ENOUGH {
        finding.warnings.push(format!(
            "fewer than {ENOUGH} runs a side ({}): measure more before the number is quoted",
            number(units as f64)
        ));
    }
    let change = match change.and_then(|c| positive(c, settings.level)) {
        Ok(change) => change,
        Err(reason) => return Ok(refused(finding, reason, spread)),
    };
    finding.guarantee = if rx.min(ry) == 1 { Guarantee::Approximate } else { change.0.guarantee };
    Ok(judged(finding, &change, spread, settings))
}

/// A change whose candidate is above zero, with its interval.
fn positive(change: Change, level: Level) -> Result<(Change, (f64, f64)), Reason> {
    let interval = change.interval(level).map_err(|_| Reason::BaseNearZero)?;
    if change.candidate > 0.0 { Ok((change, interval)) } else { Err(Reason::BaseNearZero) }
}

fn refused(mut finding: Finding, reason: Reason, spread: Option<[MedianSpread; 2]>) -> SpeedUp {
    finding.why = format!("no speed-up can be formed: {reason}: INCONCLUSIVE");
    finding.verdict = Verdict::Inconclusive(reason);
    let (interval, saved_interval) = ((0.0, f64::INFINITY), (f64::NEG_INFINITY, f64::INFINITY));
    SpeedUp { factor: f64::NAN, interval, saved: f64::NAN, saved_interval, spread, finding }
}

/// `1/x` of both ends, swapped; what is not above zero bounds nothing.
pub(crate) fn inverted((lo, hi): (f64, f64)) -> (f64, f64) {
    let over = |x: f64| if x > 0.0 { 1.0 / x } else { f64::INFINITY };
    (over(hi), over(lo))
}

fn judged(
    mut finding: Finding,
    (change, ends): &(Change, (f64, f64)),
    spread: Option<[MedianSpread; 2]>,
    settings: &SpeedUpSettings,
) -> SpeedUp {
    let (level, higher) = (settings.level, finding.direction == Direction::Higher);
    let (lo, hi) = change.difference(level);
    let (factor, interval, saved, saved_interval) = if higher {
        let gain = change.candidate - change.base;
        (change.ratio(), (ends.0.max(0.0), ends.1), gain, (lo, hi))
    } else {
        (1.0 / change.ratio(), inverted(*ends), change.base - change.candidate, (-hi, -lo))
    };
    let bounded = interval.0 > 0.0 && interval.1 < f64::INFINITY;
    finding.verdict = if interval.0 > 1.0 {
        Verdict::Pass
    } else if interval.1 < 1.0 {
        Verdict::Fail
    } else if bounded {
        // A speed-up is seen with power 0.8 from about this far above 1 on.
        let alpha = level.alpha().to_f64() / 2.0;
        let reach = (interval.1 / factor).ln() * tailproof_hypothesis::power_factor(alpha, 0.8);
        Verdict::NoDetectableChange { would_have_shown: Some(reach.exp_m1()) }
    } else {
        Verdict::Inconclusive(Reason::TooFew { need: change.need(level) })
    };
    (finding.base, finding.estimate) = (Some(change.base), Some(change.candidate));
    let of = |(lo, hi): (f64, f64)| Interval { lo, hi, level, method: change.method.to_owned() };
    finding.interval = bounded.then(|| of((ends.0 - 1.0, ends.1 - 1.0)));
    let effect = |name: &str, value: f64, interval: Option<Interval>| Effect {
        name: name.to_owned(),
        value,
        interval,
        note: None,
    };
    finding.effects = vec![
        effect("speed_up", factor, bounded.then(|| of(interval))),
        effect(if higher { "gained" } else { "saved" }, saved, bounded.then(|| of(saved_interval))),
    ];
    for (side, s) in ["base", "candidate"].into_iter().zip(spread.iter().flatten()) {
        finding.effects.push(effect(&format!("{side}_median"), s.median, None));
        finding.effects.push(effect(&format!("{side}_mad"), s.mad, None));
    }
    let mut up = SpeedUp { factor, interval, saved, saved_interval, spread, finding };
    up.finding.why = why(&up, change, settings);
    up
}

fn why(up: &SpeedUp, change: &Change, settings: &SpeedUpSettings) -> String {
    let f = &up.finding;
    let suffix = f.suffix();
    let show = |x: f64| format!("{}{suffix}", number(x));
    let sides = format!(
        "{} {} -> {}: {}",
        settings.statistic.name(),
        show(change.base),
        show(change.candidate),
        saying(up.factor, f.direction, f.unit.as_ref())
    );
    let verb = match (f.direction == Direction::Higher, up.saved >= 0.0) {
        (true, true) => "gained",
        (_, false) => "lost",
        (false, true) => "saved",
    };
    // An amount is said without a sign: the ends turn with it.
    let (a, b) = up.saved_interval;
    let (amount, lo, hi) = if up.saved < 0.0 { (-up.saved, -b, -a) } else { (up.saved, a, b) };
    let spread = up.spread.map_or_else(String::new, |s| {
        let [x, y] = s.map(|s| format!("{} ± {}", number(s.median), number(s.mad)));
        format!("; median ± MAD {x} -> {y}{suffix}")
    });
    let n: Vec<String> = f.n.iter().map(|&n| number(n as f64)).collect();
    let n = n.join(" + ");
    let word = f.verdict.word();
    let end = match &f.verdict {
        Verdict::Inconclusive(reason) => {
            return format!(
                "{sides}, {} {verb}, no interval (n = {n}){spread}: {word}, {reason}",
                show(amount)
            );
        }
        Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
            format!("{word}, would have shown a speed-up of {}", factor(1.0 + w))
        }
        _ => word.to_owned(),
    };
    format!(
        "{sides}; speed-up [{}, {}], {} [{}, {}]{suffix} {verb} at {} ({}; n = {n}){spread}: {end}",
        factor(up.interval.0),
        factor(up.interval.1),
        show(amount),
        number(lo),
        number(hi),
        settings.level,
        change.method,
    )
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Labels, Metric, Observations, Raw, Unit};

    use super::*;

    fn series(unit: &str, values: Vec<f64>) -> Series {
        Series {
            metric: Metric::new("time", Unit::known(unit)),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: None,
            marks: None,
        }
    }

    fn noise(n: i32, scale: f64) -> Vec<f64> {
        (0..n).map(|i| scale * (1.0 + f64::from(i * 7 % 10) / 100.0)).collect()
    }

    #[test]
    fn it_is_the_change_inverted() {
        let (a, b) = (series("s", noise(30, 8.0)), series("s", noise(30, 2.0)));
        for statistic in [Statistic::Mean, Statistic::Quantile(Rank::MEDIAN)] {
            let settings = SpeedUpSettings { statistic, ..SpeedUpSettings::default() };
            let up = speed_up(&a, &b, &settings).unwrap();
            let (x, y) = (complete(&a).unwrap(), complete(&b).unwrap());
            let change = match statistic {
                Statistic::Mean => Change::of_means(x, y, [1.0; 2]),
                Statistic::Quantile(p) => Change::of_quantiles(x, y, p, [1.0; 2]),
            };
            let (lo, hi) = change.unwrap().interval(Level::P95).unwrap();
            assert!((up.interval.0 * hi - 1.0).abs() < 1e-12, "{up:?}");
            assert!((up.interval.1 * lo - 1.0).abs() < 1e-12, "{up:?}");
            assert_eq!(up.finding.verdict, Verdict::Pass);
            // Both directions give the same answer.
            let back = speed_up(&b, &a, &settings).unwrap();
            assert!((back.factor * up.factor - 1.0).abs() < 1e-12);
            assert_eq!(back.finding.verdict, Verdict::Fail);
        }
    }

    #[test]
    fn single_runs_have_no_interval() {
        let (a, b) = (series("s", vec![279.48]), series("s", vec![69.97]));
        let up = speed_up(&a, &b, &SpeedUpSettings::default()).unwrap();
        assert!(matches!(up.finding.verdict, Verdict::Inconclusive(Reason::TooFew { .. })));
        assert!(up.finding.why.contains("×3.99, 74.96 % less time"), "{}", up.finding.why);
        assert!(up.finding.why.contains("no interval (n = 1 + 1)"), "{}", up.finding.why);
        assert!(up.finding.warnings.iter().any(|w| w.contains("fewer than 10 runs")));
    }

    #[test]
    fn more_is_better_for_throughput() {
        let (a, b) = (series("req/s", noise(20, 100.0)), series("req/s", noise(20, 150.0)));
        let up = speed_up(&a, &b, &SpeedUpSettings::default()).unwrap();
        assert!((up.factor - 1.5).abs() < 1e-12 && up.finding.verdict == Verdict::Pass);
        assert!(up.finding.why.contains("×1.5, 50 % more"), "{}", up.finding.why);
    }

    #[test]
    fn a_claim_is_judged_by_the_interval() {
        let (a, b) = (series("s", noise(30, 8.0)), series("s", noise(30, 2.0)));
        let settings = SpeedUpSettings { margin: 0.01, ..SpeedUpSettings::default() };
        let up = speed_up(&a, &b, &settings).unwrap();
        let verdict = |claim: &str| up.against(&claim.parse().unwrap(), &settings).verdict;
        assert_eq!(verdict("3x"), Verdict::Pass);
        assert_eq!(verdict("5x"), Verdict::Fail);
        assert!(matches!(verdict("4.01x"), Verdict::Inconclusive(Reason::Straddles { .. })));
    }
}
