//! Where the time goes: the share of each function in sampled stacks, and how it changed.

mod findings;

use std::collections::{BTreeMap, BTreeSet};

use tailproof_core::Level;
use tailproof_hypothesis::{Correction, Proportion, difference_newcombe, fcr_level, fisher_exact};

/// Largest number of samples of a profile.
const MOST: u64 = 1 << 52;

/// Sampled stacks, as `stackcollapse` tools write them: `main;parse;next 42`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Samples whose stack holds the function anywhere.
    total: BTreeMap<String, u64>,
    /// Samples in which it was running itself.
    own: BTreeMap<String, u64>,
    samples: u64,
}

/// A line that is no stack with a count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ProfileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

/// Which samples count for a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Those in which it, or something that it called, was running.
    #[default]
    Total,
    /// Those in which it was running itself.
    Own,
}

/// A function in two profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareChange {
    /// Its name.
    pub function: String,
    /// Its share before.
    pub before: f64,
    /// Its share after.
    pub after: f64,
    /// Interval of `after − before`.
    pub interval: (f64, f64),
    /// Two-sided p of equal shares.
    pub p: f64,
    /// The same after Benjamini and Hochberg over all functions.
    pub adjusted_p: f64,
    /// Whether the share changed at the level of the family.
    pub changed: bool,
}

/// Functions in two profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareChanges {
    /// The largest change first.
    pub functions: Vec<ShareChange>,
    /// Level of the intervals.
    pub level: Level,
}

impl Profile {
    /// Reads folded stacks; blank lines and lines that begin with `#` are skipped.
    ///
    /// # Errors
    /// A line without a count, with a stack that is empty, or too many samples; no stack.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let mut profile = Self::default();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |problem: String| ProfileError { line: i + 1, problem };
            let shown: String = line.chars().take(60).collect();
            let (stack, count) = line
                .rsplit_once(char::is_whitespace)
                .and_then(|(stack, n)| Some((stack.trim_end(), n.parse::<u64>().ok()?)))
                .filter(|(stack, _)| !stack.is_empty())
                .ok_or_else(|| {
                    wrong(format!("a stack and its count, such as main;parse 42, got {shown:?}"))
                })?;
            // The sum so far is at most that, so that nothing overflows.
            if count > MOST - profile.samples {
                return Err(wrong("more than 2^52 samples".to_owned()));
            }
            profile.samples += count;
            // A function that calls itself is in the stack once.
            let frames: BTreeSet<&str> = stack.split(';').collect();
            for frame in frames {
                *profile.total.entry(frame.to_owned()).or_default() += count;
            }
            let leaf = stack.rsplit(';').next().unwrap_or(stack);
            *profile.own.entry(leaf.to_owned()).or_default() += count;
        }
        if profile.samples == 0 {
            return Err(ProfileError { line: 1, problem: "there is no sampled stack".to_owned() });
        }
        Ok(profile)
    }

    /// Samples in all.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Samples of a function.
    #[must_use]
    pub fn count(&self, function: &str, counted: Counting) -> u64 {
        self.of(counted).get(function).copied().unwrap_or(0)
    }

    fn of(&self, counted: Counting) -> &BTreeMap<String, u64> {
        match counted {
            Counting::Total => &self.total,
            Counting::Own => &self.own,
        }
    }

    /// The share of a function.
    ///
    /// # Panics
    /// Never: a profile has samples, and a function at most all of them.
    #[must_use]
    pub fn share(&self, function: &str, counted: Counting) -> Proportion {
        Proportion::new(self.count(function, counted), self.samples)
            .expect("a function is in at most all samples, of which there is one")
    }

    /// The functions with their shares, the largest first.
    #[must_use]
    pub fn shares(&self, counted: Counting) -> Vec<(&str, Proportion)> {
        let mut all: Vec<(&str, Proportion)> =
            self.of(counted).keys().map(|f| (f.as_str(), self.share(f, counted))).collect();
        all.sort_by(|a, b| b.1.share().total_cmp(&a.1.share()).then_with(|| a.0.cmp(b.0)));
        all
    }
}

/// How the share of every function changed.
///
/// Twice the smaller tail of Fisher's exact test of equal shares, which holds for functions of a
/// few samples and profiles of unequal size, where a normal law has no valid far tail. The p of
/// all functions are a family (Benjamini & Hochberg), and a function counts as changed when its
/// adjusted p is at most q. Newcombe's intervals of the differences are shown at the level that
/// this leaves, `1 − max(R, 1) q / m`; they are asymptotic, and decide nothing.
///
/// Samples of a profiler that follow each other fall into the same calls more often than
/// independent ones: intervals are too narrow by as much, so that a change near the border is
/// none. A function with all or none of the samples on both sides has p = 1.
///
/// # Source
/// Newcombe (1998), *Statistics in Medicine* 17(8), 873–890, method 10.
///
/// # Example
/// ```
/// use tailproof_compare::profile::{Counting, Profile, share_changes};
/// use tailproof_core::Level;
///
/// let before = Profile::parse("main;parse 600\nmain;write 400\n")?;
/// let after = Profile::parse("main;parse 300\nmain;write 700\n")?;
/// let changes = share_changes(&before, &after, Counting::Own, Level::P95);
/// assert!(changes.functions.iter().all(|f| f.changed));
/// # Ok::<(), tailproof_compare::profile::ProfileError>(())
/// ```
#[must_use]
pub fn share_changes(
    before: &Profile,
    after: &Profile,
    counted: Counting,
    level: Level,
) -> ShareChanges {
    let names: BTreeSet<&String> =
        before.of(counted).keys().chain(after.of(counted).keys()).collect();
    let sides = |f: &str| (before.share(f, counted), after.share(f, counted));
    let p: Vec<f64> = names
        .iter()
        .map(|f| {
            let (x, y) = sides(f);
            let p = fisher_exact(x, y).p;
            (2.0 * p.less.min(p.greater)).min(1.0)
        })
        .collect();
    let q = level.alpha().to_f64();
    let correction = Correction::BenjaminiHochberg;
    let adjusted = correction.adjust(&p);
    let found = adjusted.iter().filter(|&&p| p <= q).count();
    let shown = Level::with_alpha(fcr_level(correction, q, p.len().max(1), found)).unwrap_or(level);
    let mut functions: Vec<ShareChange> = names
        .iter()
        .zip(p.iter().zip(&adjusted))
        .map(|(&function, (&p, &adjusted_p))| {
            let (x, y) = sides(function);
            let interval = difference_newcombe(x, y, shown);
            let changed = adjusted_p <= q;
            let (before, after) = (x.share(), y.share());
            let function = function.clone();
            ShareChange { function, before, after, interval, p, adjusted_p, changed }
        })
        .collect();
    let size = |f: &ShareChange| (f.after - f.before).abs();
    functions.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.function.cmp(&b.function)));
    ShareChanges { functions, level: shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Seed;
    use tailproof_resampling::{below, stream};

    #[test]
    fn recursion_counts_once_and_names_may_hold_blanks() {
        let text = "# perf\nmain;f;f;g h 3\nmain;f 2\n\n";
        let profile = Profile::parse(text).unwrap();
        assert_eq!(profile.samples(), 5);
        assert_eq!(
            (profile.count("f", Counting::Total), profile.count("f", Counting::Own)),
            (5, 2)
        );
        assert_eq!(profile.count("g h", Counting::Own), 3);
        assert_eq!(profile.shares(Counting::Total)[0].0, "f");
    }

    #[test]
    fn what_is_no_stack_is_said_with_its_line() {
        for (text, line) in [
            ("a;b 3\na;b x\n", 2),
            ("12\n", 1),
            ("", 1),
            ("a 99999999999999999\n", 1),
            ("a 1\nb 18446744073709551615\n", 2),
        ] {
            assert_eq!(Profile::parse(text).unwrap_err().line, line, "{text:?}");
        }
    }

    #[test]
    fn rare_functions_of_unequal_profiles_are_no_change() {
        // 400 functions of 1 to 50 samples in 100 000, drawn 50 times more often before.
        for seed in 0..5 {
            let profile = |task: u64, samples: u64| {
                let mut rng = stream(Seed(seed), task);
                let mut counts = vec![0_u64; 401];
                for _ in 0..samples {
                    let at = below(&mut rng, 100_000);
                    // Function i has i % 50 + 1 of the 10 200 places.
                    let (round, rest) = (at / 1_275, at % 1_275);
                    let i = (0..50).find(|i| rest < (i + 1) * (i + 2) / 2).unwrap_or(0);
                    counts[if round < 8 { (round * 50 + i) as usize } else { 400 }] += 1;
                }
                let line = |(i, n): (usize, &u64)| format!("main;f{i} {n}\n");
                Profile::parse(&counts.iter().enumerate().map(line).collect::<String>()).unwrap()
            };
            let (before, after) = (profile(0, 150_000), profile(1, 3_000));
            for (x, y) in [(&before, &after), (&after, &before)] {
                let changes = share_changes(x, y, Counting::Own, Level::P95);
                let changed = changes.functions.iter().filter(|f| f.changed).count();
                assert!(changed <= 1, "{changed}");
            }
        }
    }

    #[test]
    fn equal_profiles_show_no_change_and_new_functions_do() {
        let before = Profile::parse("a;b 500\na;c 500\n").unwrap();
        let same = share_changes(&before, &before, Counting::Total, Level::P95);
        assert!(same.functions.iter().all(|f| !f.changed && f.p == 1.0));
        let after = Profile::parse("a;b 500\na;d 500\n").unwrap();
        let changes = share_changes(&before, &after, Counting::Total, Level::P95);
        let changed: Vec<&str> =
            changes.functions.iter().filter(|f| f.changed).map(|f| f.function.as_str()).collect();
        assert_eq!(changed, ["c", "d"]);
        assert!(changes.functions[0].interval.1 < -0.4);
    }
}
