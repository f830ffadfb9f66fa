//! The rows of a matrix, domain by domain.

use std::collections::BTreeMap;

use tailproof_core::{Reason, Verdict};

use crate::row::Row;

/// The rows of one domain in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// The gravest status of its rows.
    pub status: Status,
    /// Measured rows that passed.
    pub passed: usize,
    /// Measured rows that passed or failed.
    pub decided: usize,
    /// All rows.
    pub rows: usize,
    /// The row that speaks most, in words.
    pub key: String,
}

/// The status of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Every row passed.
    Pass,
    /// Something was not tested, nothing failed.
    NotTested,
    /// Something could not be decided, nothing failed.
    Inconclusive,
    /// A row failed.
    Fail,
}

impl Status {
    const fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive(Reason::NotTested) => Self::NotTested,
            // No change shown is no proof that there is none.
            Verdict::Inconclusive(_) | Verdict::NoDetectableChange { .. } => Self::Inconclusive,
        }
    }

    /// In a word, as for verdicts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => Verdict::Pass.word(),
            Self::Fail => Verdict::Fail.word(),
            Self::NotTested => Verdict::Inconclusive(Reason::NotTested).word(),
            Self::Inconclusive => Verdict::Inconclusive(Reason::Absent).word(),
        }
    }
}

/// The domains of rows, in the order in which they appear.
///
/// The gravest row speaks for its domain; among equals the one with the largest weight, then the
/// first.
#[must_use]
pub fn domains(rows: &[Row]) -> Vec<Domain> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut domains: Vec<(Domain, &Row)> = Vec::new();
    for row in rows {
        let verdict = &row.finding.verdict;
        let index = *names.entry(row.domain.as_str()).or_insert_with(|| {
            let (name, key, status) = (row.domain.clone(), String::new(), Status::of(verdict));
            domains.push((Domain { name, status, passed: 0, decided: 0, rows: 0, key }, row));
            domains.len() - 1
        });
        let (domain, loudest) = &mut domains[index];
        domain.rows += 1;
        domain.passed += usize::from(*verdict == Verdict::Pass);
        domain.decided += usize::from(matches!(verdict, Verdict::Pass | Verdict::Fail));
        let status = Status::of(verdict);
        let louder = status.cmp(&domain.status).then(row.weight.total_cmp(&loudest.weight));
        if louder.is_gt() {
            (domain.status, *loudest) = (status, row);
        }
    }
    let spoken = |(domain, row): (Domain, &Row)| {
        let gap = row.gap().map_or_else(String::new, |gap| format!(": {gap}"));
        Domain { key: format!("{}{gap}", row.name), ..domain }
    };
    domains.into_iter().map(spoken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::judged;

    #[test]
    fn the_gravest_row_speaks_then_the_heaviest() {
        let open = || Verdict::Inconclusive(Reason::OneRun);
        let untested = || Verdict::Inconclusive(Reason::NotTested);
        // No weight, however large, makes a pass louder than a failure.
        let rows: Vec<Row> = [
            ("x", "light", 1.0, Verdict::Fail),
            ("x", "heavy", 1e300, Verdict::Pass),
            ("x", "heavier", 2.0, Verdict::Fail),
            ("x", "equal", 2.0, Verdict::Fail),
            ("y", "untested", 9.0, untested()),
            ("y", "open", 0.0, open()),
            ("z", "met", 1.0, Verdict::Pass),
        ]
        .into_iter()
        .map(|(domain, name, weight, verdict)| {
            let mut row = judged(name, false, verdict);
            (row.domain, row.weight) = (domain.to_owned(), weight);
            row
        })
        .collect();
        let found = domains(&rows);
        let short: Vec<(&str, Status, usize, usize, usize)> =
            found.iter().map(|d| (&*d.name, d.status, d.passed, d.decided, d.rows)).collect();
        assert_eq!(
            short,
            [
                ("x", Status::Fail, 1, 4, 4),
                ("y", Status::Inconclusive, 0, 0, 2),
                ("z", Status::Pass, 1, 1, 1),
            ]
        );
        let speaks: Vec<bool> = found
            .iter()
            .zip(["heavier", "open", "met"])
            .map(|(d, name)| d.key.starts_with(name))
            .collect();
        assert_eq!(speaks, [true; 3], "{found:?}");
        assert!(domains(&[]).is_empty());
    }

    #[test]
    fn words_are_those_of_verdicts() {
        let unchanged = Verdict::NoDetectableChange { would_have_shown: None };
        for (verdict, word) in [
            (Verdict::Pass, "PASS"),
            (Verdict::Fail, "FAIL"),
            (Verdict::Inconclusive(Reason::NotTested), "NOT TESTED"),
            (Verdict::Inconclusive(Reason::OneRun), "INCONCLUSIVE"),
            (unchanged, "INCONCLUSIVE"),
        ] {
            assert_eq!(Status::of(&verdict).word(), word);
        }
    }
}
