use std::collections::BTreeMap;
use std::fmt;

use super::definition::Tree;

/// Finds leaves by name and checks that scores are complete.
///
/// A leaf answers to its path, such as `cluster/PA01/D1`, and to the end of it from any `/` on,
/// such as `PA01/D1`, where no other leaf does.
#[derive(Clone, Debug)]
pub struct Hermetic<'t> {
    tree: &'t Tree,
    /// `None` where several leaves answer.
    places: BTreeMap<&'t str, Option<usize>>,
}

/// What keeps scores from being complete: all of it at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HermeticityError {
    /// Leaves without a score.
    pub missing: Vec<String>,
    /// Leaves with several scores.
    pub doubled: Vec<String>,
    /// Names that no leaf has.
    pub strange: Vec<String>,
    /// Names that several leaves answer to.
    pub ambiguous: Vec<String>,
    /// Scores that are NaN or infinite.
    pub not_finite: Vec<(String, f64)>,
    /// Scores outside the range.
    pub outside: Vec<(String, f64)>,
    /// Where scores may lie.
    pub range: (f64, f64),
}

impl HermeticityError {
    fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.doubled.is_empty()
            && self.strange.is_empty()
            && self.ambiguous.is_empty()
            && self.not_finite.is_empty()
            && self.outside.is_empty()
    }
}

impl std::error::Error for HermeticityError {}

impl fmt::Display for HermeticityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |all: &[String]| all.join(", ");
        let scores = |all: &[(String, f64)]| {
            all.iter().map(|(name, x)| format!("{name} = {x}")).collect::<Vec<_>>().join(", ")
        };
        let (lo, hi) = self.range;
        let parts = [
            ("missing".to_owned(), names(&self.missing)),
            ("there more than once".to_owned(), names(&self.doubled)),
            ("not in the tree".to_owned(), names(&self.strange)),
            ("not clear which leaf".to_owned(), names(&self.ambiguous)),
            ("not a number".to_owned(), scores(&self.not_finite)),
            (format!("outside {lo}..{hi}"), scores(&self.outside)),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(what, list)| format!("{what}: {list}"))
            .collect();
        write!(f, "the scores do not fit the tree; {}", said.join("; "))
    }
}

impl<'t> Hermetic<'t> {
    /// Of the leaves of a tree.
    #[must_use]
    pub fn new(tree: &'t Tree) -> Self {
        let mut places = BTreeMap::new();
        for (at, path) in tree.leaves().iter().enumerate() {
            for (slash, _) in path.match_indices('/') {
                let end = &path[slash + 1..];
                places.entry(end).and_modify(|place| *place = None).or_insert(Some(at));
            }
        }
        // A whole path comes before the end of another.
        places.extend(tree.leaves().iter().enumerate().map(|(at, path)| (path.as_str(), Some(at))));
        Self { tree, places }
    }

    /// The place of the leaf that answers to a name, when there is exactly one.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied().flatten()
    }

    /// One score for each leaf, in the order of [`Tree::leaves`], from scores with names in any
    /// order.
    ///
    /// # Errors
    /// Lists all leaves that are missing or doubled, all names that no leaf or several answer
    /// to, and all scores that are not finite or outside the range.
    ///
    /// # Example
    /// ```
    /// use tailproof_scorecard::tree::{Combine, Hermetic, Node, Tree};
    ///
    /// let leaves = vec![Node::leaf("D1", 1.0), Node::leaf("D2", 1.0), Node::leaf("D3", 1.0)];
    /// let tree = Tree::new(Node::inner("PA01", 1.0, Combine::WeightedMean, leaves))?;
    /// let hermetic = Hermetic::new(&tree);
    /// assert_eq!(hermetic.scores([("D2", 0.2), ("D1", 0.1), ("D3", 0.3)])?, [0.1, 0.2, 0.3]);
    ///
    /// let error = hermetic.scores([("D2", 0.2), ("D2", 7.0), ("D4", f64::NAN)]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "the scores do not fit the tree; missing: D1, D3; there more than once: D2; \
    ///      not in the tree: D4; not a number: D4 = NaN; outside 0..1: D2 = 7"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::result_large_err, reason = "made once, and lists all that is wrong")]
    pub fn scores<'n>(
        &self,
        named: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<Vec<f64>, HermeticityError> {
        let (lo, hi) = self.tree.range();
        let mut error = HermeticityError { range: (lo, hi), ..HermeticityError::default() };
        let named: Vec<(&str, f64)> = named.into_iter().collect();
        for &(name, score) in &named {
            if !score.is_finite() {
                error.not_finite.push((name.to_owned(), score));
            } else if !(lo..=hi).contains(&score) {
                error.outside.push((name.to_owned(), score));
            }
        }
        let scores = self.collected(named, &mut error);
        if error.is_empty() { Ok(scores.into_iter().flatten().collect()) } else { Err(error) }
    }

    /// The same for anything that leaves may have, such as samples: names are checked only.
    ///
    /// # Errors
    /// Lists all leaves that are missing or doubled, and all names that no leaf or several
    /// answer to.
    #[expect(clippy::result_large_err, reason = "made once, and lists all that is wrong")]
    pub fn arranged<'n, T>(
        &self,
        named: impl IntoIterator<Item = (&'n str, T)>,
    ) -> Result<Vec<T>, HermeticityError> {
        let mut error =
            HermeticityError { range: self.tree.range(), ..HermeticityError::default() };
        let found = self.collected(named, &mut error);
        if error.is_empty() { Ok(found.into_iter().flatten().collect()) } else { Err(error) }
    }

    /// What each leaf has, the first of several; what is wrong with names goes to `error`.
    fn collected<'n, T>(
        &self,
        named: impl IntoIterator<Item = (&'n str, T)>,
        error: &mut HermeticityError,
    ) -> Vec<Option<T>> {
        let leaves = self.tree.leaves();
        let mut found: Vec<Option<T>> = leaves.iter().map(|_| None).collect();
        let mut doubled = vec![false; leaves.len()];
        for (name, value) in named {
            match self.places.get(name) {
                None => error.strange.push(name.to_owned()),
                Some(None) => error.ambiguous.push(name.to_owned()),
                Some(&Some(at)) if found[at].is_some() => doubled[at] = true,
                Some(&Some(at)) => found[at] = Some(value),
            }
        }
        let missing = leaves.iter().zip(&found).filter(|(_, value)| value.is_none());
        error.missing = missing.map(|(name, _)| name.clone()).collect();
        let twice = leaves.iter().zip(&doubled).filter(|(_, doubled)| **doubled);
        error.doubled = twice.map(|(name, _)| name.clone()).collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Combine, Node};
    use super::*;

    fn tree() -> Tree {
        let leaves = || vec![Node::leaf("D1", 1.0), Node::leaf("D2", 1.0)];
        let area = |name: &str| Node::inner(name, 1.0, Combine::WeightedMean, leaves());
        let cluster = |name: &str, areas| Node::inner(name, 1.0, Combine::WeightedMean, areas);
        let clusters =
            vec![cluster("one", vec![area("A"), area("B")]), cluster("two", vec![area("C")])];
        Tree::new(Node::inner("total", 1.0, Combine::WeightedMean, clusters)).unwrap()
    }

    #[test]
    fn leaves_answer_to_the_end_of_their_path() {
        let tree = tree();
        let hermetic = Hermetic::new(&tree);
        assert_eq!(hermetic.place("one/B/D1"), Some(2));
        assert_eq!(hermetic.place("C/D2"), Some(5));
        assert_eq!((hermetic.place("D1"), hermetic.place("x")), (None, None));
        let named = ["A/D1", "A/D2", "one/B/D1", "B/D2", "C/D1", "two/C/D2"];
        let scores = hermetic.scores(named.into_iter().rev().zip([0.6, 0.5, 0.4, 0.3, 0.2, 0.1]));
        assert_eq!(scores.unwrap(), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    }

    #[test]
    fn everything_that_is_wrong_is_listed() {
        let tree = tree();
        let named = [
            ("A/D1", 0.5),
            ("one/A/D1", 0.5),
            ("A/D2", f64::INFINITY),
            ("D1", 0.1),
            ("Z", 0.2),
            ("C/D1", -0.5),
        ];
        let error = Hermetic::new(&tree).scores(named).unwrap_err();
        assert_eq!(error.missing, ["one/B/D1", "one/B/D2", "two/C/D2"]);
        assert_eq!(error.doubled, ["one/A/D1"]);
        assert_eq!((error.strange, error.ambiguous), (vec!["Z".into()], vec!["D1".into()]));
        assert_eq!(error.not_finite, [("A/D2".to_owned(), f64::INFINITY)]);
        assert_eq!(error.outside, [("C/D1".to_owned(), -0.5)]);
    }

    #[test]
    fn the_ends_of_the_range_belong_to_it() {
        let tree = tree();
        let names = ["A/D1", "A/D2", "B/D1", "B/D2", "C/D1", "C/D2"];
        let hermetic = Hermetic::new(&tree);
        assert!(hermetic.scores(names.into_iter().zip([0.0, 1.0, 0.0, 1.0, -0.0, 0.5])).is_ok());
        assert_eq!(hermetic.arranged(names.into_iter().zip(0..)).unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}
