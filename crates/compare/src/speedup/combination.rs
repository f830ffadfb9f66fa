use tailproof_core::binomial::{lower_rank, upper_rank};
use tailproof_core::descriptive::Moments;
use tailproof_core::distributions::student_quantile;
use tailproof_core::{
    Class, Effect, Finding, Guarantee, Interval, Level, Rank, Reason, Sample, Series, Verdict,
    number, percent,
};

use super::factor::factor;
use super::ratio::{SpeedUpSettings, Statistic};
use crate::row::{Pair, complete};
use crate::settings::CompareError;

/// Single speed-ups against the speed-up of all together.
#[derive(Clone, Debug, PartialEq)]
pub struct Combination {
    /// Speed-up of each single change over the base.
    pub single: Vec<f64>,
    /// Their product.
    pub product: f64,
    /// Speed-up of all changes together over the base.
    pub combined: f64,
    /// `combined/product`: below 1 the changes take from one another.
    pub interaction: f64,
    /// Its interval; `(0, ∞)` where the data bound nothing.
    pub interval: (f64, f64),
    /// The verdict on "the product of the single speed-ups holds".
    pub finding: Finding,
}

/// An estimate on the log scale with its interval.
struct Contrast {
    estimate: f64,
    ends: Option<(f64, f64)>,
    method: &'static str,
    guarantee: Guarantee,
}

/// Whether single speed-ups multiply to the one that was measured with all changes together.
///
/// ```text
/// D = ln(combined) − Σ ln(single_i) = (1−k) ln b + Σ ln c_i − ln c_all       i = 1..k
/// mean      D ± t·√(Σ w² s²/(n m²)), Welch–Satterthwaite degrees of freedom, w the weight
/// quantile  the box of the order-statistic intervals of all k+2 sides, each at 1−α/(k+2)
/// ```
/// The base enters every single speed-up, and is counted so. The claim is that the product
/// holds: `Pass` when the interval of `exp D` lies within the margin around 1, `Fail` when it
/// excludes 1, else open, with the n that would probably settle it. Where more is better the
/// signs turn. A side with one value has no interval: open.
///
/// # Errors
/// Different units, observations that are not raw values, a metric without direction, or no
/// single change.
///
/// # Source
/// Delta method on logarithms; Satterthwaite (1946), *Biometrics Bulletin* 2(6), 110–114.
pub fn combination(
    base: &Series,
    single: &[&Series],
    all: &Series,
    settings: &SpeedUpSettings,
) -> Result<Combination, CompareError> {
    let pair = Pair::new(base, all)?;
    let raw = |s: &Series| complete(s).cloned().ok_or_else(|| CompareError::NotRaw(s.name()));
    for one in single {
        Pair::new(base, one)?; // Units agree.
    }
    let sign = match pair.two.direction {
        tailproof_core::Direction::Lower => 1.0,
        tailproof_core::Direction::Higher => -1.0,
        tailproof_core::Direction::Unknown => return Err(CompareError::Direction(all.name())),
    };
    let mut terms = vec![(sign * (1.0 - single.len() as f64), raw(base)?)];
    for one in single {
        terms.push((sign, raw(one)?));
    }
    terms.push((-sign, raw(all)?));
    let mut finding = pair.blank(Class::Other, "the product of the single speed-ups holds".into());
    finding.warnings.clear();
    finding.n = terms.iter().map(|t| t.1.len() as u64).collect();
    finding.runs = Vec::new();
    let at = |s: &Sample| match settings.statistic {
        Statistic::Mean => Moments::of(s).mean(),
        Statistic::Quantile(p) => s.quantile(p),
    };
    if terms.iter().any(|t| at(&t.1) <= 0.0) {
        finding.verdict = Verdict::Inconclusive(Reason::BaseNearZero);
        "a side is not above zero: INCONCLUSIVE".clone_into(&mut finding.why);
        let (product, combined) = (f64::NAN, f64::NAN);
        let interval = (0.0, f64::INFINITY);
        return Ok(Combination {
            single: vec![],
            product,
            combined,
            interaction: product,
            interval,
            finding,
        });
    }
    let over = |s: &Sample| (at(&terms[0].1) / at(s)).powf(sign);
    let factors: Vec<f64> = terms[1..=single.len()].iter().map(|t| over(&t.1)).collect();
    let combined = over(&terms[terms.len() - 1].1);
    let contrast = match settings.statistic {
        Statistic::Mean => of_means(&terms, settings.level),
        Statistic::Quantile(p) => of_quantiles(&terms, p, settings.level),
    };
    Ok(judged(finding, factors, combined, &contrast, settings))
}

fn judged(
    mut finding: Finding,
    single: Vec<f64>,
    combined: f64,
    contrast: &Contrast,
    settings: &SpeedUpSettings,
) -> Combination {
    let product: f64 = single.iter().product();
    let interaction = contrast.estimate.exp();
    let margin = settings.margin.ln_1p();
    finding.verdict = match contrast.ends {
        None => Verdict::Inconclusive(Reason::TooFew { need: 2 }),
        Some((lo, hi)) if lo > -margin && hi < margin => Verdict::Pass,
        Some((lo, hi)) if lo > 0.0 || hi < 0.0 => Verdict::Fail,
        Some((lo, hi)) => {
            let far = contrast.estimate.abs().max(margin - contrast.estimate.abs());
            let n = finding.n.iter().copied().min().unwrap_or(1) as f64;
            let projected = n * ((hi - lo) / 2.0 / far).powi(2);
            let projected = projected.is_finite().then(|| projected.ceil() as u64);
            Verdict::Inconclusive(Reason::Straddles { projected })
        }
    };
    finding.guarantee = contrast.guarantee;
    let interval = contrast.ends.map_or((0.0, f64::INFINITY), |(lo, hi)| (lo.exp(), hi.exp()));
    let shown = contrast.ends.map(|_| Interval {
        lo: interval.0,
        hi: interval.1,
        level: settings.level,
        method: contrast.method.to_owned(),
    });
    let scaled = |by: f64| shown.clone().map(|i| Interval { lo: i.lo * by, hi: i.hi * by, ..i });
    let effect = |name: &str, value: f64, interval: Option<Interval>| Effect {
        name: name.to_owned(),
        value,
        interval,
        note: None,
    };
    finding.effects = vec![
        effect("product_of_speed_ups", product, None),
        effect("combined_speed_up", combined, None),
        effect("combined_over_product", interaction, shown.clone()),
    ];
    let list: Vec<String> = single.iter().map(|&s| factor(s)).collect();
    let n: Vec<String> = finding.n.iter().map(|&n| number(n as f64)).collect();
    let range = scaled(product).map_or_else(
        || ", no interval".to_owned(),
        |i| format!(" [{}, {}] at {}", factor(i.lo), factor(i.hi), settings.level),
    );
    let part = if interaction < 1.0 {
        format!("{} less than the product", percent(1.0 - interaction))
    } else {
        format!("{} more than the product", percent(interaction - 1.0))
    };
    finding.why = format!(
        "{} multiply to {}; measured together {}{range}, {part} ({}; n = {}): {}{}",
        list.join(" and "),
        factor(product),
        factor(combined),
        contrast.method,
        n.join(" + "),
        finding.verdict.word(),
        match &finding.verdict {
            Verdict::Inconclusive(reason) => format!(", {reason}"),
            Verdict::Pass => format!(", the same within {}", percent(settings.margin)),
            _ => String::new(),
        }
    );
    // Estimate and interval of the finding are the ratio, which has no unit and is to be 1.
    (finding.unit, finding.target) = (None, Some(1.0));
    finding.direction = tailproof_core::Direction::Unknown;
    (finding.estimate, finding.interval) = (Some(interaction), shown);
    Combination { single, product, combined, interaction, interval, finding }
}

/// `Σ w ln mean` with its Welch–Satterthwaite interval.
fn of_means(terms: &[(f64, Sample)], level: Level) -> Contrast {
    let (mut estimate, mut variance, mut shares) = (0.0, 0.0, 0.0);
    for (weight, sample) in terms.iter().filter(|t| t.0 != 0.0) {
        let moments = Moments::of(sample);
        estimate += weight * moments.mean().ln();
        let error = weight * moments.standard_error() / moments.mean();
        variance += error * error;
        shares += error.powi(4) / (moments.n() - 1.0);
    }
    let alone = terms.iter().any(|t| t.0 != 0.0 && t.1.len() < 2);
    let bounded = !alone && variance > 0.0 && shares > 0.0;
    let ends = bounded.then(|| {
        let df = variance * variance / shares;
        let reach = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df) * variance.sqrt();
        (estimate - reach, estimate + reach)
    });
    let method = "Welch–Satterthwaite t of log means";
    Contrast { estimate, ends, method, guarantee: Guarantee::Asymptotic }
}

/// `Σ w ln quantile` with the box of order-statistic intervals.
fn of_quantiles(terms: &[(f64, Sample)], p: Rank, level: Level) -> Contrast {
    let used: Vec<&(f64, Sample)> = terms.iter().filter(|t| t.0 != 0.0).collect();
    let end = level.split(2 * used.len());
    let mut ends = Some((0.0, 0.0));
    let mut estimate = 0.0;
    for (weight, sample) in used {
        estimate += weight * sample.quantile(p).ln();
        let n = sample.len() as u64;
        let bounds = lower_rank(n, p, end).zip(upper_rank(n, p, end)).map(|(lo, hi)| {
            (sample.order_statistic(lo).ln() * weight, sample.order_statistic(hi).ln() * weight)
        });
        ends = ends.zip(bounds).map(|(sum, b)| (sum.0 + b.0.min(b.1), sum.1 + b.0.max(b.1)));
    }
    let ends = ends.filter(|(lo, hi): &(f64, f64)| lo.is_finite() && hi.is_finite());
    let method = "box of order-statistic intervals";
    Contrast { estimate, ends, method, guarantee: Guarantee::Exact }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Labels, Metric, Observations, Raw, Unit};

    use super::*;

    fn series(scale: f64, n: i32) -> Series {
        let values = (0..n).map(|i| scale * (1.0 + f64::from(i * 7 % 10 - 5) / 200.0)).collect();
        Series {
            metric: Metric::new("time", Unit::known("ms")),
            labels: Labels::new(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: None,
            marks: None,
        }
    }

    #[test]
    fn a_product_that_holds_passes_and_one_that_does_not_fails() {
        let base = series(50.0, 30);
        let single = [series(10.0, 30), series(8.5, 30), series(20.0, 30)];
        let single: Vec<&Series> = single.iter().collect();
        for statistic in [Statistic::Mean, Statistic::Quantile(Rank::MEDIAN)] {
            let settings = SpeedUpSettings { statistic, ..SpeedUpSettings::default() };
            let run = |all: f64| combination(&base, &single, &series(all, 30), &settings).unwrap();
            let document = run(1.25);
            assert!((document.product - 73.529).abs() < 1e-2, "{document:?}");
            assert!((document.combined - 40.0).abs() < 1e-9);
            assert_eq!(document.finding.verdict, Verdict::Fail);
            assert!(document.finding.why.contains("measured together ×40"));
            assert_eq!(run(0.68).finding.verdict, Verdict::Pass);
            // The logarithm of the interaction is what the definition says.
            let slow = (50.0_f64 / 1.25).ln() - document.single.iter().map(|s| s.ln()).sum::<f64>();
            assert!((document.interaction.ln() - slow).abs() < 1e-9);
        }
    }

    #[test]
    fn single_runs_leave_it_open() {
        let (base, one) = (series(4.0, 1), series(2.0, 1));
        let settings = SpeedUpSettings::default();
        let c = combination(&base, &[&one, &one], &series(1.0, 1), &settings).unwrap();
        assert_eq!(c.finding.verdict, Verdict::Inconclusive(Reason::TooFew { need: 2 }));
        assert_eq!((c.product, c.combined), (4.0, 4.0));
    }
}
