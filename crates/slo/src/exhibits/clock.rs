use super::edges::rounded;

/// The horizontal axis of what happened one after the other: the number of an observation, or
/// the time since the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock<'a> {
    time: Option<&'a [i64]>,
    first: i64,
    /// Ticks from the first to the last: nanoseconds, or observations.
    span: u64,
    /// Ticks of one on the axis, and what that is called.
    unit: (f64, &'static str),
}

impl<'a> Clock<'a> {
    /// Of `n` observations; times that all are the same, or of another number, do not count.
    pub(crate) fn new(time: Option<&'a [i64]>, n: usize) -> Self {
        let numbered = Self {
            time: None,
            first: 0,
            span: n.saturating_sub(1) as u64,
            unit: (1.0, "observation"),
        };
        let Some(time) = time.filter(|time| time.len() == n) else { return numbered };
        let (first, last) =
            time.iter().fold((i64::MAX, i64::MIN), |(lo, hi), &t| (lo.min(t), hi.max(t)));
        let span = last.abs_diff(first);
        if n < 2 || span == 0 {
            return numbered;
        }
        Self { time: Some(time), first, span, unit: unit(span) }
    }

    /// Whether there are times.
    pub(crate) const fn is_timed(&self) -> bool {
        self.time.is_some()
    }

    /// The unit of time, or what is counted.
    pub(crate) const fn unit(&self) -> &'static str {
        self.unit.1
    }

    /// What the axis is called.
    pub(crate) fn label(&self) -> String {
        if self.is_timed() {
            format!("time from the first, {}", self.unit.1)
        } else {
            self.unit.1.to_owned()
        }
    }

    /// Ticks from the first observation to observation `i`, from 0.
    pub(crate) fn ticks(&self, i: usize) -> u64 {
        self.time.map_or(i as u64, |time| time[i].abs_diff(self.first))
    }

    /// Windows of equal length a tick; below 1.
    pub(crate) fn scale(&self, windows: usize) -> f64 {
        windows as f64 / (self.span as f64 + 1.0)
    }

    /// The place on the axis of the middle between two ticks, in a picture of so many windows.
    pub(crate) fn middle(&self, from: u64, to: u64, windows: usize) -> f64 {
        let at = (from as f64 + (to.saturating_sub(from)) as f64 / 2.0) / self.unit.0;
        if self.is_timed() {
            rounded(at, self.span as f64 / self.unit.0 / windows.max(1) as f64)
        } else {
            at + 1.0
        }
    }
}

/// The largest unit of which a span has at least two.
fn unit(span: u64) -> (f64, &'static str) {
    const UNITS: [(f64, &str); 6] =
        [(86_400e9, "d"), (3_600e9, "h"), (60e9, "min"), (1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    UNITS.into_iter().find(|unit| span as f64 >= 2.0 * unit.0).unwrap_or((1.0, "ns"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_a_unit_that_fits() {
        let label = |span: i64| Clock::new(Some(&[5, 5 + span][..]), 2).label();
        assert_eq!(label(3_000_000_000), "time from the first, s");
        assert_eq!(label(3 * 86_400_000_000_000), "time from the first, d");
        assert_eq!(label(1), "time from the first, ns");
        assert_eq!(label(0), "observation");
        let wide = [i64::MIN, i64::MAX];
        let clock = Clock::new(Some(&wide[..]), 2);
        assert_eq!((clock.ticks(0), clock.ticks(1)), (0, u64::MAX));
    }

    #[test]
    fn places_are_numbers_or_times() {
        let numbered = Clock::new(None, 10);
        assert_eq!((numbered.label().as_str(), numbered.middle(0, 4, 2)), ("observation", 3.0));
        let time: Vec<i64> = (0..10).map(|i| i * 1_000_000_000).collect();
        let timed = Clock::new(Some(time.as_slice()), 10);
        assert_eq!(timed.middle(0, 3_000_000_000, 3), 1.5);
        assert!(!Clock::new(Some(time.as_slice()), 9).is_timed(), "another number of observations");
    }
}
