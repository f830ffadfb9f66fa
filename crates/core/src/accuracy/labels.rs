/// How often a positive label was there, and how often it was predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Positive, and predicted so.
    pub true_positives: u64,
    /// Not positive, but predicted so: a false alarm.
    pub false_positives: u64,
    /// Positive, but not predicted so: a miss.
    pub false_negatives: u64,
    /// Not positive, and not predicted so.
    pub true_negatives: u64,
}

/// `part/whole`, which does not exist when the whole is 0.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl Confusion {
    /// Counts pairs `(actual, predicted)`; every value but `positive` is negative.
    ///
    /// ```
    /// use tailproof_core::accuracy::Confusion;
    ///
    /// let pairs = [(1.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)];
    /// let seen = Confusion::of(&pairs, 1.0);
    /// assert_eq!(seen.precision(), Some(2.0 / 3.0));
    /// assert_eq!(seen.accuracy(), Some(0.6));
    /// assert_eq!(Confusion::of(&pairs, 7.0).precision(), None); // Never predicted.
    /// ```
    #[must_use]
    pub fn of(pairs: &[(f64, f64)], positive: f64) -> Self {
        let mut seen = Self::default();
        for &(actual, predicted) in pairs {
            *match (actual == positive, predicted == positive) {
                (true, true) => &mut seen.true_positives,
                (false, true) => &mut seen.false_positives,
                (true, false) => &mut seen.false_negatives,
                (false, false) => &mut seen.true_negatives,
            } += 1;
        }
        seen
    }

    /// The four counts as numbers: tp, fp, fn, tn.
    fn counts(&self) -> [f64; 4] {
        [self.true_positives, self.false_positives, self.false_negatives, self.true_negatives]
            .map(|count| count as f64)
    }

    /// Predicted positives that are positive, `tp/(tp + fp)`; `None` when none was predicted.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let [tp, fp, ..] = self.counts();
        share(tp, tp + fp)
    }

    /// Positives that were predicted, `tp/(tp + fn)`; `None` when there is none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let [tp, _, missed, _] = self.counts();
        share(tp, tp + missed)
    }

    /// Harmonic mean of precision and recall, `2tp/(2tp + fp + fn)`; `None` when no positive is
    /// there or predicted.
    ///
    /// With the Jaccard index J it is `2J/(1 + J)`, which rises with J.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let [tp, fp, missed, _] = self.counts();
        share(2.0 * tp, 2.0 * tp + fp + missed)
    }

    /// Right predictions, `(tp + tn)/n`; `None` without pairs.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let [tp, fp, missed, tn] = self.counts();
        share(tp + tn, tp + fp + missed + tn)
    }

    /// Negatives that were predicted positive, `fp/(fp + tn)`; `None` when there is no negative.
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        let [_, fp, _, tn] = self.counts();
        share(fp, fp + tn)
    }

    /// Negatives that were predicted so, `tn/(fp + tn)`; `None` when there is no negative.
    #[must_use]
    pub fn specificity(&self) -> Option<f64> {
        let [_, fp, _, tn] = self.counts();
        share(tn, fp + tn)
    }

    /// Matthews correlation: 1 when all is right, −1 when all is wrong, about 0 for guesses.
    ///
    /// ```text
    /// MCC = (tp·tn − fp·fn) / √((tp+fp)(tp+fn)(tn+fp)(tn+fn))
    /// ```
    /// `None` when a factor is 0: only one label is there, or only one predicted.
    ///
    /// # Source
    /// Matthews (1975), *Biochimica et Biophysica Acta* 405(2), 442–451.
    #[must_use]
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, missed, tn] = self.counts();
        let product = (tp + fp) * (tp + missed) * (tn + fp) * (tn + missed);
        (product > 0.0).then(|| (tp * tn - fp * missed) / product.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(tp: u64, fp: u64, missed: u64, tn: u64) -> Confusion {
        Confusion {
            true_positives: tp,
            false_positives: fp,
            false_negatives: missed,
            true_negatives: tn,
        }
    }

    #[test]
    fn rates_by_hand() {
        let seen = seen(6, 2, 3, 9);
        assert_eq!((seen.precision(), seen.recall()), (Some(0.75), Some(6.0 / 9.0)));
        assert_eq!(seen.f1(), Some(12.0 / 17.0));
        assert_eq!((seen.accuracy(), seen.specificity()), (Some(0.75), Some(9.0 / 11.0)));
        assert_eq!(seen.false_positive_rate(), Some(2.0 / 11.0));
        let mcc = (54.0 - 6.0) / (8.0 * 9.0 * 11.0 * 12.0_f64).sqrt();
        assert!((seen.mcc().unwrap() - mcc).abs() < 1e-15);
        let j = 6.0_f64 / 11.0;
        assert!((seen.f1().unwrap() - 2.0 * j / (1.0 + j)).abs() < 1e-15);
    }

    #[test]
    fn a_share_of_nothing_does_not_exist() {
        let quiet = seen(0, 0, 4, 8);
        assert_eq!((quiet.precision(), quiet.recall()), (None, Some(0.0)));
        assert_eq!((quiet.f1(), quiet.mcc()), (Some(0.0), None));
        assert_eq!(seen(0, 0, 0, 5).f1(), None);
        assert_eq!(seen(1, 0, 0, 0).specificity(), None);
        assert_eq!(Confusion::of(&[], 1.0).accuracy(), None);
    }

    #[test]
    fn any_value_can_be_the_positive_one() {
        let pairs = [(2.0, 2.0), (2.0, 3.0), (3.0, 3.0), (1.0, 2.0)];
        assert_eq!(Confusion::of(&pairs, 2.0), seen(1, 1, 1, 1));
        assert_eq!(Confusion::of(&pairs, 3.0), seen(1, 1, 0, 2));
    }
}
