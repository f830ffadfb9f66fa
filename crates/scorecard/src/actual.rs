use tailproof_core::{
    Bound, Claim, Comparison, Interval, Objective, Provenance, Quantity, QuantityError, Reason,
    Unit, UnitError, number,
};

/// What is known of a quantity: a number with its interval, or a number that somebody typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Actual {
    /// Point estimate, or the number as typed.
    pub estimate: f64,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Its interval, in `unit`; a typed number has none.
    pub interval: Option<Interval>,
    /// One-sided bounds, in `unit`, where it was judged by some; of a percentile they hold where
    /// an interval of the bootstrap is too narrow.
    pub bounds: Vec<Bound>,
    /// `Some(Below)` for a number typed as `< 0.5 s`: only this end is known.
    pub known: Option<Comparison>,
    /// Observations behind it, when they are known.
    pub n: Vec<u64>,
    /// How it came about.
    pub provenance: Provenance,
    /// Where it is from, for people.
    pub source: String,
    /// Why a measured value has no interval: what it was read from was inconclusive.
    pub undecided: Option<Reason>,
}

/// Why a text is no actual value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActualError {
    /// It is no number with a unit.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It says "about".
    #[error("{0:?}: write the number alone and say provenance = \"estimated\"")]
    About(String),
}

impl Actual {
    /// A number as typed: `60/s`, or `< 0.5 s` where only one end is known.
    ///
    /// # Errors
    /// No number, no unit, or a number that is "about" something.
    ///
    /// # Example
    /// ```
    /// use tailproof_core::Provenance;
    /// use tailproof_scorecard::Actual;
    ///
    /// let typed = Actual::typed("< 0.5 s", Provenance::Estimated, "section 6")?;
    /// assert_eq!((typed.lower(), typed.upper()), (f64::NEG_INFINITY, 0.5));
    /// # Ok::<(), tailproof_scorecard::ActualError>(())
    /// ```
    pub fn typed(text: &str, provenance: Provenance, source: &str) -> Result<Self, ActualError> {
        let text = text.trim();
        if text.starts_with(['~', '≈', '±']) {
            return Err(ActualError::About(text.to_owned()));
        }
        let known = [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Below),
            (">", Comparison::Above),
        ];
        let known = known.into_iter().find_map(|(sign, op)| Some((text.strip_prefix(sign)?, op)));
        let quantity: Quantity = known.map_or(text, |k| k.0).parse()?;
        Ok(Self {
            estimate: quantity.value(),
            unit: quantity.unit().cloned(),
            interval: None,
            bounds: Vec::new(),
            known: known.map(|k| k.1),
            n: Vec::new(),
            provenance,
            source: source.to_owned(),
            undecided: None,
        })
    }

    /// Lower end: of the interval, or the number itself; `−∞` when only the upper end is known.
    #[must_use]
    pub fn lower(&self) -> f64 {
        match (&self.interval, self.known) {
            (_, Some(op)) if op.is_upper() => f64::NEG_INFINITY,
            (Some(interval), _) => interval.lo,
            (None, _) => self.estimate,
        }
    }

    /// Upper end: of the interval, or the number itself; `+∞` when only the lower end is known.
    #[must_use]
    pub fn upper(&self) -> f64 {
        match (&self.interval, self.known) {
            (_, Some(op)) if !op.is_upper() => f64::INFINITY,
            (Some(interval), _) => interval.hi,
            (None, _) => self.estimate,
        }
    }

    /// The same in another unit; without one on either side, as it is.
    ///
    /// # Errors
    /// The units measure different things.
    pub fn in_unit(&self, unit: Option<&Unit>) -> Result<Self, UnitError> {
        let (Some(from), Some(to)) = (&self.unit, unit) else { return Ok(self.clone()) };
        // Through `Quantity`, which converts exactly and rounds once.
        let convert = |x: f64| {
            if x.is_finite() {
                Quantity::new(x, Some(from.clone())).in_unit(Some(to))
            } else {
                from.factor_to(to).map(|_| x)
            }
        };
        let interval = match &self.interval {
            Some(i) => Some(Interval { lo: convert(i.lo)?, hi: convert(i.hi)?, ..i.clone() }),
            None => None,
        };
        let bounds =
            self.bounds.iter().map(|b| Ok(Bound { value: convert(b.value)?, ..b.clone() }));
        Ok(Self {
            estimate: convert(self.estimate)?,
            unit: Some(to.clone()),
            interval,
            bounds: bounds.collect::<Result<_, UnitError>>()?,
            ..self.clone()
        })
    }

    /// Whether a claim in the unit of the value holds at all that the value may be; `None` when
    /// it holds at some of it only.
    #[must_use]
    pub fn meets(&self, claim: &Claim) -> Option<bool> {
        let (op, target) = (claim.comparison, claim.target);
        let holds = |x: f64| op.holds(x, target);
        // An end that is left out itself may sit on the target.
        let all = match (op.is_upper(), self.known) {
            (true, Some(Comparison::Below)) => self.upper() <= target,
            (false, Some(Comparison::Above)) => self.lower() >= target,
            (upper, _) => holds(if upper { self.upper() } else { self.lower() }),
        };
        let none = match (op.is_upper(), self.known) {
            (true, Some(Comparison::Above)) => self.lower() >= target,
            (false, Some(Comparison::Below)) => self.upper() <= target,
            (upper, _) => !holds(if upper { self.lower() } else { self.upper() }),
        };
        match (all, none) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// As it is printed: `60 /s`, `< 0.5 s`, `131.2 ms [128.9, 133.4]`.
    #[must_use]
    pub fn text(&self) -> String {
        let unit = self.unit.as_ref().map_or_else(String::new, |u| format!(" {u}"));
        let known = self.known.map_or_else(String::new, |op| format!("{op} "));
        let interval = self
            .interval
            .as_ref()
            .map_or_else(String::new, |i| format!(" [{}, {}]", number(i.lo), number(i.hi)));
        format!("{known}{}{unit}{interval}", number(self.estimate))
    }
}

/// A value that somebody typed, or that the data or an evidence file give.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// As typed.
    Typed(Actual),
    /// To be found: the metric, labels and aggregate of an objective, whose condition plays no
    /// part.
    Asked(Box<Objective>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Actual {
        Actual::typed(text, Provenance::Measured, "").unwrap()
    }

    fn claim(comparison: Comparison, target: f64) -> Claim {
        Claim { comparison, target }
    }

    #[test]
    fn typed_numbers_are_read() {
        assert_eq!(typed("60/s").unit, Unit::known("/s"));
        assert_eq!((typed("> 95 %").lower(), typed("> 95 %").upper()), (95.0, f64::INFINITY));
        assert_eq!(typed("17 ms").in_unit(Unit::known("s").as_ref()).unwrap().estimate, 0.017);
        assert!(typed("17 ms").in_unit(Unit::known("GB").as_ref()).is_err());
        for text in ["~17 ms", "fast", "", "TB"] {
            assert!(Actual::typed(text, Provenance::Measured, "").is_err(), "{text}");
        }
    }

    #[test]
    fn interval_and_bounds_go_along_into_another_unit() {
        let level = tailproof_core::Level::P999;
        let method = String::new;
        let bounds =
            vec![Bound { side: tailproof_core::Side::Upper, value: 21.0, level, method: method() }];
        let interval = Some(Interval { lo: 15.0, hi: 20.0, level, method: method() });
        let actual = Actual { interval, bounds, ..typed("17 ms") };
        let seconds = actual.in_unit(Unit::known("s").as_ref()).unwrap();
        assert_eq!((seconds.lower(), seconds.upper()), (0.015, 0.02));
        assert_eq!(seconds.bounds[0].value, 0.021);
    }

    #[test]
    fn what_is_known_at_one_end_decides_only_there() {
        use Comparison::{Above, AtLeast, AtMost, Below};
        for (text, op, target, want) in [
            ("4", AtMost, 5.0, Some(true)),
            ("6", AtMost, 5.0, Some(false)),
            ("< 5", Below, 10.0, Some(true)),
            ("< 5", Below, 5.0, Some(true)),
            ("<= 5", Below, 5.0, None),
            ("< 5", AtMost, 4.0, None),
            ("< 5", AtLeast, 5.0, Some(false)),
            ("<= 5", AtLeast, 5.0, None),
            ("< 5", AtLeast, 6.0, Some(false)),
            ("< 5", AtLeast, 4.0, None),
            ("> 5", Above, 5.0, Some(true)),
            ("> 5", AtMost, 5.0, Some(false)),
            ("> 95", AtLeast, 90.0, Some(true)),
        ] {
            assert_eq!(typed(text).meets(&claim(op, target)), want, "{text} {op} {target}");
        }
    }
}
