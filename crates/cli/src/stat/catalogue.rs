//! Every statistic by name, as data.

use super::flag::Flag;
use super::input::Input;
use super::report::Report;
use super::{
    change, counts, effects, equivalence, families, groups, one, paired, permuted, resampled,
    sequential, series, shape, two,
};

/// A statistic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) needs: Needs,
    pub(crate) parameters: &'static [Flag],
    pub(crate) about: &'static str,
    pub(crate) run: Run,
}

/// Calls the libraries and labels what they return.
pub(crate) type Run = fn(&Input) -> anyhow::Result<Report>;

/// An entry; tables of them read better without field names.
pub(super) const fn entry(
    name: &'static str,
    group: Group,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    Entry { name, group, needs, parameters, about, run }
}

/// The question that a statistic answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Describe,
    Certainty,
    Time,
    Shape,
    Two,
    Change,
    Effect,
    Equivalence,
    Paired,
    Several,
    Counts,
    Families,
    AnyTime,
}

impl Group {
    pub(crate) const ALL: [Self; 13] = [
        Self::Describe,
        Self::Certainty,
        Self::Time,
        Self::Shape,
        Self::Two,
        Self::Change,
        Self::Effect,
        Self::Equivalence,
        Self::Paired,
        Self::Several,
        Self::Counts,
        Self::Families,
        Self::AnyTime,
    ];

    pub(crate) const fn question(self) -> &'static str {
        match self {
            Self::Describe => "What does a sample look like?",
            Self::Certainty => "How sure is it?",
            Self::Time => "Does it depend on time?",
            Self::Shape => "What is its shape, and how finely was it measured?",
            Self::Two => "Do two samples differ?",
            Self::Change => "How sure is the change?",
            Self::Effect => "How large is the effect?",
            Self::Equivalence => "Are they the same, within margins?",
            Self::Paired => "Did paired measurements change?",
            Self::Several => "Do several groups differ?",
            Self::Counts => "What do counts say?",
            Self::Families => "Which of many tests count?",
            Self::AnyTime => "What can be said at any look?",
        }
    }

    /// Whether its p-values and intervals take observations for independent.
    pub(crate) const fn assumes_independence(self) -> bool {
        !matches!(self, Self::Describe | Self::Time | Self::Counts | Self::Families)
    }
}

/// What a statistic is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// One sample.
    One,
    /// One sample in time order.
    Series,
    /// One sample with a time column.
    Times,
    /// Two samples.
    Two,
    /// Two samples, paired by position.
    Pairs,
    /// So many samples, each with a run column.
    Runs(usize),
    /// At least so many samples.
    Groups(usize),
    /// At least so many samples of equal length, a block at each position.
    Blocks(usize),
    /// Pairs of samples, `x1 y1 x2 y2 …`.
    Strata,
    /// So many shares, `k/n`.
    Shares(usize),
    /// Rows of counts, `12,30 5,7`.
    Table,
    /// At least and at most so many counts.
    Counts(usize, usize),
    /// Designs `n1,n2`, or `n` for pairs.
    Designs,
    /// Numbers from 0 to 1.
    PValues,
}

impl Needs {
    pub(crate) fn describe(self) -> String {
        match self {
            Self::One => "1 sample".to_owned(),
            Self::Series => "1 sample in time order".to_owned(),
            Self::Times => "1 sample with times".to_owned(),
            Self::Two => "2 samples".to_owned(),
            Self::Pairs => "2 samples, paired".to_owned(),
            Self::Runs(1) => "1 sample with runs".to_owned(),
            Self::Runs(n) => format!("{n} samples with runs"),
            Self::Groups(n) => format!("{n} samples or more"),
            Self::Blocks(n) => format!("{n} samples or more, in blocks"),
            Self::Strata => "samples x1 y1 x2 y2 …".to_owned(),
            Self::Shares(1) => "a share k/n".to_owned(),
            Self::Shares(n) => format!("{n} shares k/n"),
            Self::Table => "rows of counts a,b c,d".to_owned(),
            Self::Counts(least, most) if least == most => format!("{least} counts"),
            Self::Counts(least, _) => format!("{least} counts or more"),
            Self::Designs => "designs n1,n2 (n for pairs)".to_owned(),
            Self::PValues => "p-values, or a file of them".to_owned(),
        }
    }

    /// Whether the data are files.
    pub(crate) const fn reads_files(self) -> bool {
        !matches!(
            self,
            Self::Shares(_) | Self::Table | Self::Counts(..) | Self::Designs | Self::PValues
        )
    }
}

/// Every statistic, in the order of the tables.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        one::ENTRIES,
        resampled::ENTRIES,
        series::ENTRIES,
        shape::ENTRIES,
        two::ENTRIES,
        permuted::ENTRIES,
        change::ENTRIES,
        effects::ENTRIES,
        equivalence::ENTRIES,
        paired::ENTRIES,
        groups::ENTRIES,
        counts::ENTRIES,
        families::ENTRIES,
        sequential::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// The statistic of this name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    entries().find(|e| e.name == name)
}

/// The name that is most like this one: it contains it, or few letters differ.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace(['_', ' '], "-");
    let rank = |known: &str| {
        let letters = distance(known, &name);
        let part = name.len() > 2 && (known.starts_with(&name) || name.starts_with(known));
        let inside = name.len() > 2 && known.contains(&name);
        let close = letters <= (name.len() / 3).max(2);
        (part || inside || close).then_some((letters > 1, !part, letters))
    };
    entries()
        .filter_map(|e| Some((rank(e.name)?, e.name)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, name)| name)
}

/// Letters to insert, delete or replace to get from one name to the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut seen = BTreeSet::new();
        for e in entries() {
            assert!(seen.insert(e.name), "{} twice", e.name);
            let letters = |part: &str| {
                !part.is_empty()
                    && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            assert!(e.name.split('-').all(letters), "{}", e.name);
            assert!(!e.about.is_empty() && !e.about.ends_with('.'), "{}", e.name);
        }
    }

    #[test]
    fn every_group_has_statistics() {
        for group in Group::ALL {
            assert!(entries().any(|e| e.group == group), "{group:?}");
        }
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        for (typed, want) in [
            ("welsh", Some("welch")),
            ("mann-whitny", Some("mann-whitney")),
            ("Mann_Whitney", Some("mann-whitney")),
            ("hodges", Some("hodges-lehmann")),
            ("ljung", Some("ljung-box")),
            ("kruskal", Some("kruskal-wallis")),
            ("bootstrap-quant", Some("bootstrap-quantile")),
            ("qqqqqqqqqq", None),
        ] {
            assert_eq!(nearest(typed), want, "{typed}");
        }
        for e in entries() {
            let dropped = &e.name[..e.name.len() - 1];
            let found = nearest(dropped).expect("one letter is missing");
            assert!(find(dropped).is_some() || distance(found, dropped) == 1, "{dropped}: {found}");
        }
        assert_eq!((distance("", "abc"), distance("kitten", "sitting")), (3, 3));
    }
}
