//! Claims about predictions: how far forecasts are off, how often labels are right.

use tailproof_core::accuracy::{Confusion, mape, mase, naive_error, rmse, smape, symmetric_error};
use tailproof_core::binomial::samples_to_pass;
use tailproof_core::{
    AccuracyMeasure, Claim, Dataset, Direction, Finding, Interval, Objective, Observations, Rank,
    Rational, Reason, Sample, Series, Unit, Verdict, number, percent,
};
use tailproof_resampling::Dependence;

use crate::gate::Count;
use crate::judge::{Context, SloError, diagnose, full_text, kind};
use crate::moment;
use crate::share::{binomial_interval, decide, shares, why, worst};

/// Values before which the naive forecast has none: it predicts each by the one before.
const SEASON: usize = 1;
/// Why there is no scale for `mase`.
const NO_HISTORY: &str = "no training values: rows with an actual value and an empty prediction \
                          (null in JSON)";
const FLAT_HISTORY: &str = "the training values are fewer than two, or all equal: no error can \
                            be measured by theirs";

/// One objective on the predictions of one series.
///
/// ```text
/// mape, smape, mase   mean of the errors of the pairs       studentized bootstrap, asymptotic
/// rmse                root of the mean of squared errors    the same, bounds under the root
/// precision           tp of tp + fp                         binomial count, exact
/// recall              tp of tp + fn                         binomial count, exact
/// accuracy            equal labels of all pairs             binomial count, exact
/// f1 = 2J/(1 + J)     J = tp of tp + fp + fn                binomial count of J, exact
/// ```
/// Given how many pairs stand in the denominator, the numerator of each share is binomial for
/// independent pairs, so that its bounds hold given that number and therefore always; F1 rises
/// with J, so its bounds are those of J, carried over.
///
/// A share of nothing, an actual value 0 under `mape` and a `mase` without training values
/// are inconclusive, and the reason is said.
pub(crate) struct Task<'a> {
    pub(crate) objective: &'a Objective,
    pub(crate) measure: AccuracyMeasure,
    pub(crate) series: &'a Series,
    pub(crate) claims: &'a [Claim],
}

impl Task<'_> {
    /// Judges the objective; `data` hold the values that the predictions were trained on.
    pub(crate) fn judge(
        &self,
        context: &Context,
        data: &Dataset,
        finding: &mut Finding,
    ) -> Result<(), SloError> {
        let Observations::Pairs(pairs) = &self.series.observations else {
            let needs = "actual and predicted values (columns such as actual,predicted)";
            return Err(kind(self.objective, self.series, needs, &self.series.observations));
        };
        finding.n = vec![pairs.len() as u64];
        finding.direction =
            if self.measure.is_rate() { Direction::Higher } else { Direction::Lower };
        finding.unit = match self.measure {
            AccuracyMeasure::Rmse => self.series.metric.unit.clone(),
            AccuracyMeasure::Mase => None,
            _ => Unit::known("ratio"),
        };
        if self.measure.is_rate() {
            return self.labels(context, pairs, finding);
        }
        self.errors(context, data, pairs, finding);
        Ok(())
    }

    /// Ends a finding that cannot be decided, in the words of `problem`.
    fn stop(&self, finding: &mut Finding, reason: Reason, problem: &str) {
        finding.verdict = Verdict::Inconclusive(reason);
        finding.why = format!("{}: {}, {problem}", self.objective.claim, finding.verdict.word());
    }

    fn errors(
        &self,
        context: &Context,
        data: &Dataset,
        pairs: &[(f64, f64)],
        finding: &mut Finding,
    ) {
        let values: Vec<f64> = match self.measure {
            AccuracyMeasure::Mape => {
                let zeros = pairs.iter().filter(|pair| pair.0 == 0.0).count();
                if zeros > 0 {
                    let problem = format!(
                        "{} of {} actual values are 0, of which no error is a percentage; ask for \
                         smape, mase or rmse",
                        number(zeros as f64),
                        number(pairs.len() as f64)
                    );
                    return self.stop(finding, Reason::BaseNearZero, &problem);
                }
                finding.estimate = mape(pairs);
                pairs.iter().map(|&(a, f)| ((a - f) / a).abs()).collect()
            }
            AccuracyMeasure::Smape => {
                finding.estimate = smape(pairs);
                pairs.iter().map(|&(a, f)| symmetric_error(a, f)).collect()
            }
            AccuracyMeasure::Mase => {
                let training = self.training(data);
                let scaled = training.and_then(|all| Some((all, naive_error(all, SEASON)?)));
                let Some((training, scale)) = scaled else {
                    let problem = if training.is_none() { NO_HISTORY } else { FLAT_HISTORY };
                    return self.stop(finding, Reason::Absent, problem);
                };
                finding.estimate = mase(pairs, training, SEASON);
                finding.warnings.push(format!(
                    "errors are divided by {}, how much each of the {} training values differs \
                     from the one before, on average; that is taken as known",
                    number(scale),
                    number(training.len() as f64)
                ));
                pairs.iter().map(|&(a, f)| (a - f).abs() / scale).collect()
            }
            _ => {
                finding.estimate = rmse(pairs);
                pairs.iter().map(|&(a, f)| (a - f).powi(2)).collect()
            }
        };
        if pairs.is_empty() {
            return self.stop(finding, Reason::TooFew { need: 1 }, "there are no pairs");
        }
        let Ok(sample) = Sample::new(values) else {
            let problem = "an error is too large for a number";
            return self.stop(finding, Reason::HeavyTail, problem);
        };
        // Rows of predictions are in no order unless they have times.
        let sample = if self.series.time.is_some() { sample.in_time_order() } else { sample };
        moment::judge_smooth(context, self.objective, self.series, &sample, self.claims, finding);
        if finding.verdict == Verdict::Inconclusive(Reason::BelowClock) {
            let problem = "all pairs have the same error, which leaves no spread to judge by";
            self.stop(finding, Reason::BelowClock, problem);
        }
    }

    /// The values that the predictions were trained on: the series `<prediction>.history`.
    fn training<'a>(&self, data: &'a Dataset) -> Option<&'a [f64]> {
        let name = format!("{}.history", self.series.metric.name);
        let own = |s: &&Series| s.metric.name == name && s.labels == self.series.labels;
        match &data.series.iter().find(own)?.observations {
            Observations::Raw(raw) if raw.is_complete() => Some(raw.sample.values()),
            _ => None,
        }
    }

    fn labels(
        &self,
        context: &Context,
        pairs: &[(f64, f64)],
        finding: &mut Finding,
    ) -> Result<(), SloError> {
        self.check_labels(pairs)?;
        let (whole, none) = self.words();
        let (good, n) = self.count(pairs);
        finding.n = vec![n];
        let of_claims = shares(&self.objective.condition);
        finding.target = of_claims.first().map(|share| share.to_f64());
        finding.target_upper = of_claims.get(1).map(|share| share.to_f64());
        if n == 0 {
            let level = context.settings.level;
            let need =
                of_claims.first().and_then(|&q| samples_to_pass(self.count_rank(q), level, 0));
            let reason = Reason::TooFew { need: need.unwrap_or(1) };
            self.stop(finding, reason, &format!("{none}, so that {} does not exist", self.name()));
            return Ok(());
        }
        let dependence = self.dependence(pairs, finding);
        let (share, level) = (good as f64 / n as f64, context.settings.level);
        let (lo, hi) = binomial_interval(n, share, level);
        let method =
            format!("exact percentile bootstrap (B → ∞), given {} {whole}", number(n as f64));
        let f1 = self.measure == AccuracyMeasure::F1;
        finding.estimate = Some(if f1 { 2.0 * good as f64 / (good + n) as f64 } else { share });
        finding.interval = Some(Interval { lo: self.shown(lo), hi: self.shown(hi), level, method });
        let ranks: Vec<Rank> = of_claims.iter().map(|&q| self.count_rank(q)).collect();
        let count = Count::exact(good, n);
        let verdicts = decide(context, self.claims, &ranks, count, dependence, finding);
        for bound in &mut finding.bounds {
            bound.value = self.shown(bound.value);
        }
        finding.verdict = worst(verdicts);
        let method = format!(
            "{}{} of {} {whole}, Clopper-Pearson",
            if f1 { "Jaccard index " } else { "" },
            number(good as f64),
            number(n as f64)
        );
        finding.why = why(finding, self.objective, self.name(), percent, &method);
        Ok(())
    }

    fn name(&self) -> &'static str {
        self.measure.name()
    }

    /// Refuses labels of which none is known to be the positive one, where one is needed.
    fn check_labels(&self, pairs: &[(f64, f64)]) -> Result<(), SloError> {
        if self.measure == AccuracyMeasure::Accuracy {
            return Ok(());
        }
        let odd = |x: f64| x != 0.0 && x != 1.0;
        let found = pairs.iter().position(|&(actual, predicted)| odd(actual) || odd(predicted));
        found.map_or(Ok(()), |i| {
            let (actual, predicted) = pairs[i];
            Err(SloError::Labels {
                objective: full_text(self.objective),
                series: self.series.name(),
                pair: i + 1,
                value: if odd(actual) { actual } else { predicted },
            })
        })
    }

    /// What is counted as good, and of how many.
    fn count(&self, pairs: &[(f64, f64)]) -> (u64, u64) {
        let seen = Confusion::of(pairs, 1.0);
        let good = seen.true_positives;
        match self.measure {
            AccuracyMeasure::Precision => (good, good + seen.false_positives),
            AccuracyMeasure::Recall => (good, good + seen.false_negatives),
            AccuracyMeasure::F1 => (good, good + seen.false_positives + seen.false_negatives),
            // Of any number of labels.
            _ => {
                let equal = pairs.iter().filter(|pair| pair.0 == pair.1).count();
                (equal as u64, pairs.len() as u64)
            }
        }
    }

    /// What the denominator counts, and what it means that there is none.
    fn words(&self) -> (&'static str, &'static str) {
        match self.measure {
            AccuracyMeasure::Precision => ("predicted positives", "no positive was predicted"),
            AccuracyMeasure::Recall => ("positives", "there is no positive"),
            AccuracyMeasure::F1 => {
                ("positives, real or predicted", "no positive is there or predicted")
            }
            _ => ("pairs", "there are no pairs"),
        }
    }

    /// The measure, from the share that is counted: F1 from the Jaccard index.
    fn shown(&self, share: f64) -> f64 {
        if self.measure == AccuracyMeasure::F1 { 2.0 * share / (1.0 + share) } else { share }
    }

    /// The target of the share that is counted, exactly: J = F/(2 − F).
    fn count_rank(&self, target: Rank) -> Rank {
        if self.measure != AccuracyMeasure::F1 {
            return target;
        }
        let (num, den) = (target.value().num(), target.value().den());
        let whole = den.checked_mul(2).map(|twice| twice - num);
        let exact = whole.and_then(|whole| Rank::new(Rational::new(num, whole)?).ok());
        // Only a target of 19 digits is rounded.
        let rounded = || Rank::from_f64(target.to_f64() / (2.0 - target.to_f64())).ok();
        exact.or_else(rounded).unwrap_or(target)
    }

    /// Whether what is counted depends on what was counted before, or differs between runs.
    fn dependence(&self, pairs: &[(f64, f64)], finding: &mut Finding) -> Option<Dependence> {
        // A pair alone is in the denominator or not.
        let counted = |(i, pair): (usize, &(f64, f64))| match self.count(&[*pair]) {
            (_, 0) => None,
            (good, _) => Some((i, good as f64)),
        };
        let (places, values): (Vec<usize>, Vec<f64>) =
            pairs.iter().enumerate().filter_map(counted).unzip();
        let sample = Sample::new(values).expect("zeros and ones, one at least");
        let sample = if self.series.time.is_some() { sample.in_time_order() } else { sample };
        let part = Series {
            metric: self.series.metric.clone(),
            labels: self.series.labels.clone(),
            observations: Observations::Pairs(Vec::new()),
            run: self.series.run.as_ref().map(|run| places.iter().map(|&i| run[i]).collect()),
            time: None,
            marks: None,
        };
        diagnose(&part, &sample, |i| sample.values()[i], finding)
    }
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Labels, Metric, Raw, Seed};

    use super::*;
    use crate::{Settings, judge};

    fn series(name: &str, observations: Observations) -> Series {
        Series {
            metric: Metric::new(name, None),
            labels: Labels::new(),
            observations,
            run: None,
            time: None,
            marks: None,
        }
    }

    fn all(series: Vec<Series>, objective: &str) -> Result<Finding, SloError> {
        let data = Dataset { series, ..Dataset::default() };
        let settings = Settings::new(Seed(1));
        Ok(judge(&data, &[objective.parse().unwrap()], &settings)?.findings.remove(0))
    }

    fn found(pairs: Vec<(f64, f64)>, objective: &str) -> Finding {
        all(vec![series("forecast", Observations::Pairs(pairs))], objective).unwrap()
    }

    /// So many pairs of each kind: tp, fp, fn, tn.
    fn labelled(counts: [usize; 4]) -> Vec<(f64, f64)> {
        let kinds = [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
        kinds.iter().zip(counts).flat_map(|(&kind, n)| std::iter::repeat_n(kind, n)).collect()
    }

    fn forecasts(n: u32) -> Vec<(f64, f64)> {
        let pair = |i: u32| (f64::from(100 + i % 7), f64::from(97 + i * 5 % 11));
        (0..n).map(pair).collect()
    }

    #[test]
    fn rates_count_within_their_denominators() {
        let pairs = || labelled([480, 10, 10, 500]);
        for (objective, n, verdict) in [
            ("precision >= 90%", 490, Verdict::Pass),
            ("recall >= 99.9%", 490, Verdict::Fail),
            ("accuracy >= 95%", 1_000, Verdict::Pass),
            ("accuracy < 99.9%", 1_000, Verdict::Pass),
            ("f1 >= 95%", 500, Verdict::Pass),
            ("f1 >= 99.9%", 500, Verdict::Fail),
        ] {
            let finding = found(pairs(), objective);
            assert_eq!((&finding.verdict, &finding.n[..]), (&verdict, &[n][..]), "{objective}");
        }
        let range = found(pairs(), "recall in 0.9..0.99");
        assert_eq!((range.target, range.target_upper), (Some(0.9), Some(0.99)));
        let finding = found(pairs(), "f1 >= 95%");
        assert_eq!(finding.estimate, Some(960.0 / 980.0));
        let bounds: Vec<f64> = finding.bounds.iter().map(|b| b.value).collect();
        assert!(0.95 < bounds[0] && bounds[0] < 0.9796 && 0.9796 < bounds[1], "{bounds:?}");
        assert!(matches!(
            found(pairs(), "f1 >= 98%").verdict,
            Verdict::Inconclusive(Reason::Straddles { .. })
        ));
    }

    #[test]
    fn the_target_of_f1_is_carried_over_exactly() {
        let pairs = Observations::Pairs(labelled([1, 1, 1, 1]));
        let objective: Objective = "f1 >= 0.9".parse().unwrap();
        let own = series("forecast", pairs);
        let task =
            Task { objective: &objective, measure: AccuracyMeasure::F1, series: &own, claims: &[] };
        // 0.9/(2 - 0.9) = 9/11.
        let j = task.count_rank("0.9".parse().unwrap());
        assert_eq!(j.value(), Rational::new(9, 11).unwrap());
        assert!((task.shown(j.to_f64()) - 0.9).abs() < 1e-15);
    }

    #[test]
    fn rmse_is_the_root_of_a_mean_of_squares() {
        let pairs = forecasts(200);
        let squares = pairs.iter().map(|&(a, f)| (a - f).powi(2)).collect();
        let raw = Observations::Raw(Raw::complete(Sample::new(squares).unwrap()));
        let mean = all(vec![series("squares", raw)], "mean <= 36").unwrap();
        let rmse = found(pairs, "rmse <= 6");
        assert_eq!(rmse.verdict, mean.verdict);
        assert!((rmse.estimate.unwrap().powi(2) - mean.estimate.unwrap()).abs() < 1e-9);
        for (root, plain) in rmse.bounds.iter().zip(&mean.bounds) {
            assert!((root.value.powi(2) - plain.value).abs() < 1e-9);
        }
    }

    #[test]
    fn what_does_not_exist_is_inconclusive_and_says_why() {
        let mut zero = forecasts(100);
        zero[7].0 = 0.0;
        for (pairs, objective, reason, part) in [
            (zero, "mape <= 15%", Reason::BaseNearZero, "1 of 100 actual values are 0"),
            (forecasts(100), "mase <= 1", Reason::Absent, "no training values"),
            (forecasts(29), "mape <= 15%", Reason::TooFew { need: 30 }, "30"),
            (vec![(5.0, 5.0); 50], "smape <= 5%", Reason::BelowClock, "same error"),
            (
                labelled([0, 0, 4, 9]),
                "precision >= 95%",
                Reason::TooFew { need: 135 },
                "no positive was predicted",
            ),
        ] {
            let finding = found(pairs, objective);
            assert_eq!(finding.verdict, Verdict::Inconclusive(reason), "{objective}");
            assert!(finding.why.contains(part), "{}", finding.why);
        }
        let history = Raw::complete(Sample::new(vec![1.0, 11.0, 1.0, 11.0]).unwrap());
        let both = vec![
            series("forecast", Observations::Pairs(forecasts(200))),
            series("forecast.history", Observations::Raw(history)),
        ];
        let finding = all(both, "mase <= 1").unwrap();
        assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.why);
    }

    #[test]
    fn a_positive_label_is_1_or_nothing() {
        let pairs = vec![(2.0, 2.0), (3.0, 2.0), (3.0, 3.0)];
        let of =
            |objective| all(vec![series("label", Observations::Pairs(pairs.clone()))], objective);
        let error = of("recall >= 90%").unwrap_err().to_string();
        assert!(error.contains("pair 1 holds 2") && error.contains("write 1"), "{error}");
        assert_eq!(of("accuracy >= 90%").unwrap().estimate, Some(2.0 / 3.0));
    }

    #[test]
    fn what_is_counted_is_what_the_measure_is() {
        let pairs = labelled([7, 2, 3, 11]);
        let seen = Confusion::of(&pairs, 1.0);
        for (text, n, want) in [
            ("precision >= 5%", 9, seen.precision()),
            ("recall >= 5%", 10, seen.recall()),
            ("f1 >= 5%", 12, seen.f1()),
            ("accuracy >= 5%", 23, seen.accuracy()),
        ] {
            let finding = found(pairs.clone(), text);
            assert_eq!(finding.n, [n], "{text}");
            assert!((finding.estimate.unwrap() - want.unwrap()).abs() < 1e-15, "{text}");
        }
    }
}
