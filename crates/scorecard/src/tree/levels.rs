/// Named levels of quality, each from its threshold on.
///
/// A level is closed at its lower end: with `good = 0.7`, 0.7 is good. The lowest level starts
/// at the lower end of the range or below it, so that every score has a level.
///
/// # Example
/// ```
/// use tailproof_scorecard::tree::Levels;
///
/// let named = [("poor", 0.0), ("good", 0.7), ("excellent", 0.85)];
/// let levels = Levels::new(named.map(|(name, from)| (name.to_owned(), from)), (0.0, 1.0))?;
/// assert_eq!([0.69, 0.7, 1.0].map(|score| levels.of(score)), ["poor", "good", "excellent"]);
/// # Ok::<(), tailproof_scorecard::tree::LevelsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Ascending by threshold.
    levels: Vec<(String, f64)>,
}

/// Why thresholds make no levels.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LevelsError {
    /// None at all.
    #[error("needs at least one level")]
    None,
    /// A level without a name.
    #[error("the level from {0} on has no name")]
    NoName(f64),
    /// A threshold that is NaN or above the range, so that no score reaches it.
    #[error("no score from {lo} to {hi} reaches the level {name:?}, which starts at {from}")]
    Unreachable {
        /// Name of the level.
        name: String,
        /// Its threshold.
        from: f64,
        /// Lowest score.
        lo: f64,
        /// Highest score.
        hi: f64,
    },
    /// Two levels of one name or one threshold.
    #[error("the levels {0:?} and {1:?} have the same name or threshold")]
    Doubled(String, String),
    /// Scores below the lowest threshold.
    #[error("scores from {lo} to {from} have no level: {name:?}, the lowest, starts at {from}")]
    Gap {
        /// Name of the lowest level.
        name: String,
        /// Its threshold.
        from: f64,
        /// Lowest score.
        lo: f64,
    },
}

impl Levels {
    /// Levels by name and threshold, in any order, for scores of a range.
    ///
    /// # Errors
    /// No levels; names that are empty or doubled; thresholds that are not numbers, doubled or
    /// above the range; a lowest threshold inside the range.
    pub fn new(
        levels: impl IntoIterator<Item = (String, f64)>,
        (lo, hi): (f64, f64),
    ) -> Result<Self, LevelsError> {
        let mut levels: Vec<(String, f64)> = levels.into_iter().collect();
        for (name, from) in &levels {
            let from = *from;
            if name.is_empty() {
                return Err(LevelsError::NoName(from));
            }
            if from.is_nan() || from > hi {
                return Err(LevelsError::Unreachable { name: name.clone(), from, lo, hi });
            }
        }
        levels.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut names: Vec<&str> = levels.iter().map(|level| level.0.as_str()).collect();
        names.sort_unstable();
        let name = names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| (pair[0], pair[1]));
        let threshold = levels.windows(2).find(|pair| pair[0].1 == pair[1].1);
        if let Some((a, b)) = name.or(threshold.map(|pair| (&*pair[0].0, &*pair[1].0))) {
            return Err(LevelsError::Doubled(a.to_owned(), b.to_owned()));
        }
        let Some((name, from)) = levels.first() else { return Err(LevelsError::None) };
        if *from > lo {
            return Err(LevelsError::Gap { name: name.clone(), from: *from, lo });
        }
        Ok(Self { levels })
    }

    /// The level of a score; the lowest for what lies below all thresholds.
    #[must_use]
    pub fn of(&self, score: f64) -> &str {
        let at = self.levels.partition_point(|level| level.1 <= score);
        &self.levels[at.saturating_sub(1)].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(all: &[(&str, f64)]) -> Result<Levels, LevelsError> {
        Levels::new(all.iter().map(|(name, from)| ((*name).to_owned(), *from)), (0.0, 1.0))
    }

    #[test]
    fn levels_are_closed_below() {
        let levels = levels(&[("excellent", 0.85), ("poor", -1.0), ("good", 0.7)]).unwrap();
        for (score, want) in [
            (0.0, "poor"),
            (0.7_f64.next_down(), "poor"),
            (0.7, "good"),
            (0.85_f64.next_down(), "good"),
            (0.85, "excellent"),
            (1.0, "excellent"),
        ] {
            assert_eq!(levels.of(score), want, "{score}");
        }
        assert_eq!(levels.of(-2.0), "poor");
    }

    #[test]
    fn every_score_has_one_level() {
        for (all, want) in [
            (&[][..], "at least one"),
            (&[("", 0.0)][..], "has no name"),
            (&[("a", 0.0), ("b", 1.1)][..], "no score from 0 to 1 reaches"),
            (&[("a", 0.0), ("b", f64::NAN)][..], "no score"),
            (&[("a", 0.0), ("a", 0.5)][..], "the same name"),
            (&[("a", 0.0), ("b", 0.5), ("c", 0.5)][..], "\"b\" and \"c\""),
            (&[("a", 0.2), ("b", 0.5)][..], "scores from 0 to 0.2 have no level"),
        ] {
            let message = levels(all).unwrap_err().to_string();
            assert!(message.contains(want), "{message}");
        }
    }
}
