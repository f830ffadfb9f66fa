//! Changes that somebody has accepted, with a reason and a day on which that ends.

use serde::Deserialize;
use tailproof_core::{Class, Finding, Verdict, glob, percent, share};
use time::Date;
use time::macros::format_description;
use toml::Spanned;

/// Regressions that do not gate.
///
/// ```toml
/// [[accepted]]
/// benchmark = "hash/*"       # or metric = "…", or both
/// up_to = "15%"              # the change accepted; a larger one gates again
/// commit = "c0ffee1"
/// reason = "checks every input now"
/// expires = "2027-03-31"
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// In the order of the file; the first that fits counts.
    pub changes: Vec<Acceptance>,
}

/// One change that is accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    /// Benchmarks, with `*` and `?`; all without one.
    pub benchmark: Option<String>,
    /// Metrics, with `*` and `?`; all without one.
    pub metric: Option<String>,
    /// Largest relative change for the worse that is accepted.
    pub up_to: f64,
    /// The commit that brought it.
    pub commit: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub expires: Date,
}

/// What is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct AcceptedError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accepted: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    benchmark: Option<String>,
    metric: Option<String>,
    up_to: Spanned<String>,
    commit: Option<String>,
    reason: Spanned<String>,
    expires: Spanned<String>,
}

impl Accepted {
    /// Reads the text of `accepted.toml`.
    ///
    /// # Errors
    /// It is not TOML, or a row lacks its reason, its limit or its day.
    pub fn parse(text: &str) -> Result<Self, AcceptedError> {
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let wrong = |at: usize, message: String| AcceptedError { line: line(at), message };
        let file: File = toml::from_str(text)
            .map_err(|e| wrong(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut changes = Vec::new();
        for row in file.accepted {
            let at = row.span().start;
            let row = row.into_inner();
            if row.benchmark.is_none() && row.metric.is_none() {
                return Err(wrong(at, "say which benchmark or metric".to_owned()));
            }
            if row.reason.get_ref().trim().is_empty() {
                return Err(wrong(row.reason.span().start, "a reason has words".to_owned()));
            }
            let up_to = row.up_to.get_ref();
            let up_to = share(up_to).map_err(|e| wrong(row.up_to.span().start, e.to_string()))?;
            let day = row.expires.get_ref();
            let expires =
                Date::parse(day, format_description!("[year]-[month]-[day]")).map_err(|_| {
                    let message = format!("a day such as 2027-03-31, got {day:?}");
                    wrong(row.expires.span().start, message)
                })?;
            changes.push(Acceptance {
                benchmark: row.benchmark,
                metric: row.metric,
                up_to,
                commit: row.commit,
                reason: row.reason.into_inner(),
                expires,
            });
        }
        Ok(Self { changes })
    }

    /// The rows that speak of none of these findings, counted from 1 in the order of the file:
    /// perhaps a name is misspelt.
    #[must_use]
    pub fn idle(&self, findings: &[Finding]) -> Vec<usize> {
        let idle = |a: &Acceptance| !findings.iter().any(|f| a.speaks_of(f));
        let rows = self.changes.iter().enumerate().filter(|(_, a)| idle(a));
        rows.map(|(i, _)| i + 1).collect()
    }

    /// Takes regressions that are accepted on `today` out of the gate, and says so in their
    /// why-line; one that is larger than accepted, or whose day is over, stays and says so.
    pub fn apply(&self, findings: &mut [Finding], today: Date) {
        let failed = |f: &&mut Finding| f.class == Class::Regression && f.verdict == Verdict::Fail;
        for finding in findings.iter_mut().filter(failed) {
            let Some(accepted) = self.changes.iter().find(|a| a.speaks_of(finding)) else {
                continue;
            };
            let change = finding.base.zip(finding.estimate).map(|(b, e)| (e / b - 1.0).abs());
            let reason = &accepted.reason;
            if today > accepted.expires {
                finding.warnings.push(format!(
                    "was accepted until {} ({reason}); that is over",
                    accepted.expires
                ));
            } else if change.is_none_or(|c| c.is_nan() || c > accepted.up_to) {
                finding
                    .warnings
                    .push(format!("accepted up to {} only ({reason})", percent(accepted.up_to)));
            } else {
                finding.class = Class::Other;
                finding.why.push_str(&format!(
                    "; accepted up to {} until {}: {reason}",
                    percent(accepted.up_to),
                    accepted.expires
                ));
            }
        }
    }
}

impl Acceptance {
    fn speaks_of(&self, finding: &Finding) -> bool {
        let fits = |pattern: &Option<String>, name: &str| {
            pattern.as_ref().is_none_or(|pattern| glob(pattern, name))
        };
        let benchmark = finding.subject.benchmark.as_deref().unwrap_or_default();
        fits(&self.benchmark, benchmark) && fits(&self.metric, &finding.subject.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::Subject;
    use time::macros::date;

    const TEXT: &str = "[[accepted]]\nbenchmark = \"hash/*\"\nup_to = \"15%\"\n\
                        reason = \"checks inputs\"\nexpires = \"2027-03-31\"\n";

    fn regressed(benchmark: &str, by: f64) -> Finding {
        let subject = Subject { benchmark: Some(benchmark.to_owned()), ..Subject::default() };
        let mut f = Finding::new(Class::Regression, subject, "", Verdict::Fail);
        (f.base, f.estimate) = (Some(100.0), Some(100.0 * (1.0 + by)));
        f
    }

    #[test]
    fn only_what_is_accepted_leaves_the_gate() {
        let accepted = Accepted::parse(TEXT).unwrap();
        let mut all = [regressed("hash/1", 0.12), regressed("hash/1", 0.2), regressed("sort", 0.1)];
        accepted.apply(&mut all, date!(2027 - 03 - 31));
        assert_eq!(
            all.each_ref().map(|f| f.class),
            [Class::Other, Class::Regression, Class::Regression]
        );
        assert!(all[0].why.contains("checks inputs") && all[1].warnings[0].contains("15 %"));
        assert_eq!(accepted.idle(&all), Vec::<usize>::new());
        assert_eq!(accepted.idle(&[regressed("sort", 0.1)]), [1]);
        let mut late = [regressed("hash/1", 0.12)];
        accepted.apply(&mut late, date!(2027 - 04 - 01));
        assert!(late[0].class == Class::Regression && late[0].warnings[0].contains("over"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (from, to, line) in [
            ("15%", "a lot", 3),
            ("checks inputs", " ", 4),
            ("2027-03-31", "soon", 5),
            ("benchmark", "bench", 2),
        ] {
            assert_eq!(Accepted::parse(&TEXT.replace(from, to)).unwrap_err().line, line, "{to}");
        }
    }
}
