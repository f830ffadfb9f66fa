use super::log_likelihood::LogLikelihood;
use super::positive;
use crate::error::TestError;

/// Page's cumulative sum: an alarm soon after a rate or a mean has shifted.
///
/// ```text
/// S_n = max(0, S_{n−1} + ln(f₁(x_n)/f₀(x_n)))      S_0 = 0      alarm when S_n ≥ h
/// ```
/// `f₀` is how observations are distributed while all is well, `f₁` the shift to be found. It
/// is no test with an error probability: it always alarms some day. What `h` fixes is how long
/// that takes on average while all is well ([`Cusum::run_length`]), and among all charts with
/// that length it finds the stated shift soonest in the worst case. An alarm stays until
/// [`Cusum::reset`].
///
/// # Source
/// Page (1954), *Biometrika* 41(1–2), 100–115; optimality and `run length ≥ e^h`: Lorden
/// (1971), *Annals of Mathematical Statistics* 42(6), 1897–1908.
///
/// # Example
/// ```
/// use tailproof_hypothesis::sequential::Cusum;
///
/// // Errors: 1 % is usual, 5 % must be found; one false alarm in 10 000 requests.
/// let mut errors = Cusum::bernoulli(0.01, 0.05, 1.0)?.for_run_length(10_000.0)?;
/// let first = (1..=400).find(|i| errors.observe(f64::from(u8::from(*i > 200 && i % 10 == 0))));
/// assert!(first.is_some_and(|i| (210..300).contains(&i)), "{first:?}");
/// # Ok::<(), tailproof_hypothesis::TestError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cusum {
    ratio: LogLikelihood,
    usual: Usual,
    threshold: f64,
    n: u64,
    since: u64,
    sum: f64,
    alarm: bool,
}

/// What the average run length depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Usual {
    Bernoulli {
        p0: f64,
        p1: f64,
    },
    /// `|θ₁ − θ₀|/σ`.
    Normal {
        shift: f64,
    },
}

impl Cusum {
    /// A chart for an event rate that shifts from `p0` to `p1`; observe 1 for an event and 0
    /// for none.
    ///
    /// # Errors
    /// A rate outside (0, 1), equal rates, or a `threshold` that is not positive and finite.
    pub fn bernoulli(p0: f64, p1: f64, threshold: f64) -> Result<Self, TestError> {
        let ratio = LogLikelihood::bernoulli(p0, p1)?;
        Self::new(ratio, Usual::Bernoulli { p0, p1 }, threshold)
    }

    /// A chart for a mean that shifts from `theta0` to `theta1`, with variance `sigma2`.
    ///
    /// # Errors
    /// `sigma2` or `threshold` is not positive and finite, a mean is not finite, or the means
    /// are equal.
    pub fn normal(
        theta0: f64,
        theta1: f64,
        sigma2: f64,
        threshold: f64,
    ) -> Result<Self, TestError> {
        let ratio = LogLikelihood::normal(theta0, theta1, sigma2)?;
        let shift = (theta1 - theta0).abs() / sigma2.sqrt();
        Self::new(ratio, Usual::Normal { shift }, threshold)
    }

    fn new(ratio: LogLikelihood, usual: Usual, threshold: f64) -> Result<Self, TestError> {
        let threshold = positive("threshold", threshold)?;
        Ok(Self { ratio, usual, threshold, n: 0, since: 0, sum: 0.0, alarm: false })
    }

    /// The same chart with the threshold at which false alarms are `run_length` observations
    /// apart on average; `ln(run_length)`, which is never too low, where that cannot be computed.
    ///
    /// # Errors
    /// `run_length` is not above 1 and finite.
    pub fn for_run_length(self, run_length: f64) -> Result<Self, TestError> {
        if !(run_length > 1.0 && run_length.is_finite()) {
            let (name, must) = ("run_length", "above 1 and finite");
            return Err(TestError::Parameter { name, must, got: run_length });
        }
        // The run length is at least e^h.
        let mut hi = run_length.ln();
        if self.usual.run_length(hi).is_some() {
            let mut lo = 0.0;
            for _ in 0..30 {
                let mid = f64::midpoint(lo, hi);
                let enough = self.usual.run_length(mid).is_none_or(|l| l >= run_length);
                if enough { hi = mid } else { lo = mid }
            }
        }
        Ok(Self { threshold: hi, ..self })
    }

    /// Adds an observation; whether there is an alarm, now or since before. For rates every
    /// value but 0 is an event.
    ///
    /// # Panics
    /// `x` is not finite.
    pub fn observe(&mut self, x: f64) -> bool {
        let step = self.ratio.of(x);
        self.n += 1;
        if !self.alarm {
            self.sum = (self.sum + step).max(0.0);
            self.since = if self.sum > 0.0 { self.since + 1 } else { 0 };
            self.alarm = self.sum >= self.threshold;
        }
        self.alarm
    }

    /// Whether there has been an alarm since the start or the last reset.
    #[must_use]
    pub const fn alarm(&self) -> bool {
        self.alarm
    }

    /// Starts again at `S = 0`, without an alarm.
    pub const fn reset(&mut self) {
        self.sum = 0.0;
        self.since = 0;
        self.alarm = false;
    }

    /// The cumulative sum `S_n`; it stands still from an alarm on.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.sum
    }

    /// Observations since `S` was last 0, up to the alarm: at an alarm, how long ago the
    /// shift most likely began.
    #[must_use]
    pub const fn since(&self) -> u64 {
        self.since
    }

    /// Observations so far.
    #[must_use]
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The threshold `h`.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Average number of observations to a false alarm, at least `e^h`.
    ///
    /// ```text
    /// rates:  (I − Q)L = 1, Q the chain of S below h on a lattice of about 1 000 states
    /// means:  2(e^B − B − 1)/δ²,   B = h + 1.166δ,   δ = |θ₁ − θ₀|/σ
    /// ```
    /// For rates both steps are rounded to the lattice, which costs about two percent of the run
    /// length; usual rates below 0.2 % are computed at 0.2 %, with the ratio kept, and scaled.
    /// `None` when the chain would be too large, as for rare events whose rates differ by a few
    /// percent. For means it is Siegmund's corrected diffusion approximation, good to a few
    /// percent for δ up to about 2.
    ///
    /// # Source
    /// Brook & Evans (1972), *Biometrika* 59(3), 539–549; Siegmund (1985), *Sequential
    /// Analysis*.
    #[must_use]
    pub fn run_length(&self) -> Option<f64> {
        self.usual.run_length(self.threshold)
    }
}

impl Usual {
    fn run_length(self, h: f64) -> Option<f64> {
        match self {
            Self::Bernoulli { p0, p1 } => {
                // How much rarer than 0.2 % events are, as long as the other rate stays small.
                let rarer = (p0 / 0.002).max(p1 / 0.05).min(1.0);
                let chain = Chain::of(p0 / rarer, p1 / rarer, h)?;
                Some(chain.steps_to_leave() / rarer)
            }
            Self::Normal { shift } => {
                let b = h + 1.166 * shift;
                Some(2.0 * (b.exp_m1() - b) / (shift * shift))
            }
        }
    }
}

/// A walk on `0..states` that starts at 0, is held at 0, and leaves at the top.
#[derive(Clone, Copy, Debug)]
struct Chain {
    states: usize,
    up: usize,
    down: usize,
    /// Probability of a step up.
    rises: f64,
    /// Probability of a step down.
    falls: f64,
}

impl Chain {
    fn of(p0: f64, p1: f64, h: f64) -> Option<Self> {
        const STATES: f64 = 1_000.0;
        const CELLS: f64 = 2e7;
        let (event, none) = (((p1 - p0) / p0).ln_1p(), ((p0 - p1) / (1.0 - p0)).ln_1p());
        let (up, down, rises, falls) =
            if event > 0.0 { (event, -none, p0, 1.0 - p0) } else { (none, -event, 1.0 - p0, p0) };
        // The smaller step is a whole number of units.
        let small = up.min(down);
        let unit = small / (STATES * small / h).ceil().max(1.0);
        let whole = |x: f64| (x / unit).round().max(1.0);
        let states = (h / unit - 1e-9).ceil().max(1.0);
        // A step beyond the range ends at its end.
        let (up, down) = (whole(up).min(states), whole(down).min(states));
        if states * (up + down + 1.0) > CELLS || states * up * down > 100.0 * CELLS {
            return None;
        }
        let (states, up, down) = (states as usize, up as usize, down as usize);
        Some(Self { states, up, down, rises, falls })
    }

    /// Average number of steps from 0 until the walk leaves: Gaussian elimination on the band
    /// of `I − Q`, which needs no pivoting since it is diagonally dominant.
    fn steps_to_leave(self) -> f64 {
        let (n, up, down) = (self.states, self.up, self.down);
        let width = up + down + 1;
        // Row i holds the columns i−down ..= i+up.
        let at = |row: usize, column: usize| row * width + column + down - row;
        let mut band = vec![0.0; n * width];
        let mut right = vec![1.0; n];
        for i in 0..n {
            band[at(i, i)] += 1.0;
            band[at(i, i.saturating_sub(down))] -= self.falls;
            if i + up < n {
                band[at(i, i + up)] -= self.rises;
            }
        }
        for i in 0..n {
            let last = (i + up).min(n - 1);
            for row in i + 1..=(i + down).min(n - 1) {
                let factor = band[at(row, i)] / band[at(i, i)];
                if factor == 0.0 {
                    continue;
                }
                for column in i..=last {
                    band[at(row, column)] -= factor * band[at(i, column)];
                }
                right[row] -= factor * right[i];
            }
        }
        for i in (0..n).rev() {
            let last = (i + up).min(n - 1);
            let known: f64 = (i + 1..=last).map(|c| band[at(i, c)] * right[c]).sum();
            right[i] = (right[i] - known) / band[at(i, i)];
        }
        right[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{stream, uniform};

    #[test]
    fn the_run_length_of_rates_is_what_simulation_shows() {
        for (p0, p1, h) in [(0.3, 0.5, 2.0), (0.2, 0.1, 2.0), (0.01, 0.03, 2.0)] {
            let chart = Cusum::bernoulli(p0, p1, h).unwrap();
            let runs = 4_000;
            let mut total = 0;
            for run in 0..runs {
                let mut rng = stream(Seed(5), run);
                let mut chart = chart.clone();
                while !chart.observe(f64::from(u8::from(uniform(&mut rng) < p0))) {}
                total += chart.n();
            }
            let (got, want) = (chart.run_length().unwrap(), total as f64 / runs as f64);
            // A run length is nearly exponential: the simulation is good to 1.6 %.
            assert!((got / want - 1.0).abs() < 0.08, "{p0} {p1}: {got} {want}");
            assert!(got >= h.exp());
        }
    }

    #[test]
    fn the_run_length_of_means_is_the_published_one() {
        // Half a standard deviation as reference, h = 4 and 5: 168 and 465 two-sided (Montgomery,
        // Table 9.3), so 336 and 930 one-sided. In likelihood ratios of a shift of 1, h is h.
        for (h, want) in [(4.0, 336.0), (5.0, 930.0)] {
            let got = Cusum::normal(0.0, 1.0, 1.0, h).unwrap().run_length().unwrap();
            assert!((got / want - 1.0).abs() < 0.02, "{got} {want}");
        }
    }

    #[test]
    fn rare_events_are_scaled() {
        let at = |p: f64| Cusum::bernoulli(p, 2.0 * p, 3.0).unwrap().run_length().unwrap() * p;
        assert!((at(1e-6) / at(0.002) - 1.0).abs() < 1e-9);
        assert!((at(0.002) / at(0.004) - 1.0).abs() < 0.03);
        // Rates too close for the chain: the guaranteed threshold.
        let close = Cusum::bernoulli(0.1, 0.100_000_01, 1.0).unwrap();
        assert_eq!(close.run_length(), None);
        assert_eq!(close.for_run_length(100.0).unwrap().threshold(), 100.0_f64.ln());
    }

    #[test]
    fn an_alarm_stays_until_it_is_reset() {
        let mut chart = Cusum::normal(0.0, 1.0, 1.0, 4.0).unwrap();
        assert!(!chart.observe(-5.0) && chart.value() == 0.0);
        assert!(!chart.observe(3.0) && chart.observe(3.0));
        assert!(chart.observe(-100.0) && chart.since() == 2 && chart.n() == 4);
        chart.reset();
        assert!(!chart.alarm() && !chart.observe(0.0));
    }
}
