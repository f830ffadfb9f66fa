//! How far a row is from its target, by what is known of its value.

use tailproof_core::{Comparison, number, percent, signed_percent};

use crate::row::Row;

impl Row {
    /// `Some(Below)` when only the upper end of the value is known, and so on.
    pub(crate) fn known(&self) -> Option<Comparison> {
        self.finding.standing.as_ref().and_then(|standing| standing.known)
    }

    /// What a row that passes has to spare at least, as a share of what is allowed; `None`
    /// without a number to say it by.
    ///
    /// ```text
    /// |actual − target| / |target|, and of a share that must be large
    /// (actual − target) / (1 − target): how much of the allowed misses is left
    /// ```
    /// Of a value of which one end is known that end speaks: it is the one that decided.
    #[must_use]
    pub fn slack(&self) -> Option<f64> {
        let variance = self.variance?;
        let (f, target) = (&self.finding, self.finding.target?);
        if f.is_share() && variance > 0.0 && target < 1.0 {
            return Some((f.estimate? - target) / (1.0 - target));
        }
        Some(variance.abs())
    }

    /// How far the value is from the target, in words: `60 /s against >= 1000/s, -94 %`; of a
    /// value of which one end is known `> 10 s against <= 1 s, ≥ +900 %`.
    #[must_use]
    pub fn gap(&self) -> Option<String> {
        let (estimate, f) = (self.finding.estimate?, &self.finding);
        if let Some(base) = f.base {
            let change = signed_percent(estimate / base - 1.0);
            return Some(format!("{change} against {}", self.objective.promise));
        }
        let value = if f.is_share() {
            percent(estimate)
        } else {
            format!("{}{}", number(estimate), f.suffix())
        };
        let known = self.known();
        let value = known.map_or_else(|| value.clone(), |op| format!("{op} {value}"));
        let at = match known {
            None => "",
            Some(op) if op.is_upper() => "≤ ",
            Some(_) => "≥ ",
        };
        let variance =
            self.variance.map_or_else(String::new, |v| format!(", {at}{}", signed_percent(v)));
        Some(format!("{value} against {}{variance}", self.objective.promise))
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::row;

    #[test]
    fn one_known_end_is_said_as_one() {
        for (claim, actual, gap) in [
            ("value <= 1 s", "10 s", "10 s against <= 1 s, +900 %"),
            ("value <= 1 s", "> 10 s", "> 10 s against <= 1 s, ≥ +900 %"),
            ("value <= 1 s", "< 0.5 s", "< 0.5 s against <= 1 s, ≤ -50 %"),
            ("value >= 1000/s", "60/s", "60 /s against >= 1000/s, -94 %"),
            ("value <= 0", "0", "0 against <= 0"),
        ] {
            assert_eq!(row(claim, actual, "measured").gap().as_deref(), Some(gap), "{actual}");
        }
    }

    #[test]
    fn slack_is_of_what_is_allowed() {
        for (claim, actual, slack) in [
            ("value <= 1 s", "0.75 s", Some(0.25)),
            ("value <= 1 s", "< 0.75 s", Some(0.25)),
            ("value >= 100/s", "150/s", Some(0.5)),
            ("value <= 0", "0", None),
        ] {
            assert_eq!(row(claim, actual, "measured").slack(), slack, "{actual}");
        }
        // Three quarters of the allowed misses are left, not 0.075 % of the target.
        let mut share = row("value >= 99.9%", "99.975%", "measured");
        if !share.finding.is_share() {
            share.finding.unit = tailproof_core::Unit::known("ratio");
            share.finding.estimate = Some(0.999_75);
            share.finding.target = Some(0.999);
        }
        assert!((share.slack().unwrap() - 0.75).abs() < 1e-9, "{:?}", share.slack());
    }
}
