//! What measured commands say.

use tailproof_core::{
    Class, Direction, Effect, Finding, Guarantee, Interval, Level, Rank, Reason, Subject, Unit,
    Verdict, number, percent,
};
use tailproof_hypothesis::power_factor;
use tailproof_hypothesis::sequential::QuantileSequence;
use tailproof_resampling::pathologies;

use crate::plan::Stop;
use crate::rounds::Measured;

impl Measured {
    /// A finding for each command but the first: not slower than the first by more than the
    /// margin.
    ///
    /// ```text
    /// FAIL lo − 1 > margin    PASS hi − 1 < margin    else no detectable change,
    ///                                                 inconclusive without both ends
    /// ```
    /// for the interval `[lo, hi]` of the median over rounds of the ratio of times, which holds
    /// at every look for rounds that are independent and alike. What would have been shown, with
    /// power 0.8, is the margin and `(z_{1−α/2} + z_{0.8})/z_{1−α/2}` times half the width. Findings are of `class`:
    /// [`Class::Regression`] gates, [`Class::Other`] does not.
    #[must_use]
    pub fn findings(&self, margin: f64, class: Class) -> Vec<Finding> {
        (1..self.commands.len()).map(|i| self.finding(i, margin, class)).collect()
    }

    fn finding(&self, i: usize, margin: f64, class: Class) -> Finding {
        let (lo, hi) = self.intervals[i - 1];
        let (low, high) = (lo.max(0.0) - 1.0, hi - 1.0);
        let verdict = if low > margin {
            Verdict::Fail
        } else if high < margin {
            Verdict::Pass
        } else if lo.is_finite() && hi.is_finite() {
            let factor = power_factor(self.level.alpha().to_f64() / 2.0, 0.8);
            let reach = margin + factor * (high - low) / 2.0;
            Verdict::NoDetectableChange { would_have_shown: Some(reach) }
        } else {
            let need = rounds_needed(self.level).max(self.rounds() as u64 + 1);
            Verdict::Inconclusive(Reason::TooFew { need })
        };
        let [base, candidate] = [0, i].map(|k| self.seconds(k).quantile(Rank::MEDIAN));
        let (name, first) = (&self.commands[i].name, &self.commands[0].name);
        let subject = Subject {
            metric: "time".to_owned(),
            benchmark: Some(name.clone()),
            ..Subject::default()
        };
        let claim = format!("not slower than {first} by more than {}", percent(margin));
        let method = "median over rounds of the ratio, confidence sequence".to_owned();
        let ratio = self.ratio(i);
        let mut finding = Finding::new(class, subject, claim, verdict);
        finding.why = format!(
            "{name} takes {} times as long as {first} [{}, {}] at {} ({method}; {} rounds): {}",
            number(ratio),
            number(lo),
            number(hi),
            self.level,
            number(self.rounds() as f64),
            words(&finding.verdict, high, margin),
        );
        finding.interval = Some(Interval { lo: low, hi: high, level: self.level, method });
        finding.unit = Unit::known("s");
        finding.direction = Direction::Lower;
        finding.guarantee = Guarantee::Exact;
        (finding.base, finding.estimate) = (Some(base), Some(candidate));
        let effect = Effect { name: "ratio".to_owned(), value: ratio, interval: None, note: None };
        finding.effects.push(effect);
        let rounds = self.rounds() as u64;
        finding.n = vec![rounds, rounds];
        finding.seed = Some(self.seed);
        finding.warnings = self.warnings(&[0, i]);
        finding
    }

    /// Median over rounds of the time relative to the first command's.
    fn ratio(&self, i: usize) -> f64 {
        let (x, y) = (self.seconds(0), self.seconds(i));
        let ratios = x.values().iter().zip(y.values()).map(|(a, b)| b / a).collect();
        tailproof_core::Sample::new(ratios).map_or(f64::NAN, |r| r.quantile(Rank::MEDIAN))
    }

    /// What is wrong with how commands were measured: drift, modes, a coarse clock, stalls, and
    /// memory that cannot be told.
    #[must_use]
    pub fn warnings(&self, commands: &[usize]) -> Vec<String> {
        let data = self.dataset();
        let mut warnings = Vec::new();
        for &i in commands {
            let name = &self.commands[i].name;
            let own = |s: &&tailproof_core::Series| {
                s.metric.name == "time" && s.labels.get("benchmark") == Some(name)
            };
            let found = data.series.iter().filter(own).flat_map(|s| pathologies(s, None));
            warnings.extend(found.map(|w| format!("{name}: {w}")));
            let least = self.timings[i].iter().map(|t| t.peak).min().unwrap_or(0);
            if least > 0 && least as f64 <= 1.1 * self.floor as f64 {
                warnings.push(format!(
                    "{name}: its memory is below {} MB, which any process shows here",
                    number(1.1 * self.floor as f64 / 1e6)
                ));
            }
        }
        if self.stop == Stop::Time {
            warnings
                .push("ended by the time limit before the interval was narrow enough".to_owned());
        }
        warnings
    }
}

/// Rounds from which on an interval has both ends.
fn rounds_needed(level: Level) -> u64 {
    let mut sequence = QuantileSequence::new(Rank::MEDIAN, level);
    // Half of the rounds would all have to lie on one side: more than 2 000 for no level.
    (1..2_000_u32)
        .find(|&n| {
            sequence.observe(f64::from(n));
            let (lo, hi) = sequence.interval();
            lo.is_finite() && hi.is_finite()
        })
        .map_or(2_000, u64::from)
}

fn words(verdict: &Verdict, high: f64, margin: f64) -> String {
    match verdict {
        Verdict::Fail => "SLOWER".to_owned(),
        Verdict::Pass if high < 0.0 => "FASTER".to_owned(),
        Verdict::Pass => format!("no slower than {}", percent(margin)),
        Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
            format!(
                "no difference beyond {} detected; would have shown >= {}",
                percent(margin),
                percent(*w)
            )
        }
        Verdict::Inconclusive(Reason::TooFew { need }) => {
            format!(
                "too few rounds to bound the ratio, {} would: INCONCLUSIVE",
                number(*need as f64)
            )
        }
        _ => "INCONCLUSIVE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Plan, measure};
    use tailproof_core::Seed;

    #[test]
    fn slower_commands_fail_and_faster_ones_pass() {
        let sleep = |s: &str| Command::parse(&["sleep".to_owned(), s.to_owned()]).unwrap();
        let plan = Plan { max_rounds: 12, ..Plan::new(Seed(1)) };
        for (a, b, verdict) in [("0.001", "0.03", Verdict::Fail), ("0.03", "0.001", Verdict::Pass)]
        {
            let measured = measure(&[sleep(a), sleep(b)], &plan, |_| {}).unwrap();
            let findings = measured.findings(0.01, Class::Regression);
            assert_eq!(findings[0].verdict, verdict, "{}", findings[0].why);
        }
        // Two rounds bound nothing.
        let few = Plan { max_rounds: 2, ..plan };
        let measured = measure(&[sleep("0"), sleep("0.01")], &few, |_| {}).unwrap();
        let verdict = &measured.findings(0.01, Class::Other)[0].verdict;
        let need = rounds_needed(measured.level);
        assert_eq!(*verdict, Verdict::Inconclusive(Reason::TooFew { need }));
        assert!((6..20).contains(&need), "{need}");
    }

    #[test]
    fn what_would_have_been_shown_has_power() {
        let nothing = |s: &str| Command::parse(&["sleep".to_owned(), s.to_owned()]).unwrap();
        let plan = Plan { max_rounds: 12, ..Plan::new(Seed(1)) };
        let mut measured = measure(&[nothing("0"), nothing("0.0")], &plan, |_| {}).unwrap();
        measured.intervals = vec![(0.9, 1.1)];
        let Verdict::NoDetectableChange { would_have_shown: Some(shown) } =
            measured.findings(0.01, Class::Other)[0].verdict
        else {
            panic!("an interval around 1");
        };
        // (1.960 + 0.842)/1.960 = 1.429
        assert!((shown - 0.01 - 0.142_9).abs() < 1e-4, "{shown}");
    }
}
