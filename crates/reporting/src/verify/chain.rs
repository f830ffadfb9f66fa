use std::collections::BTreeMap;

use super::examine::{Check, Examined, Outcome, head};

/// The place of a file of evidence among several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which of the files.
    pub at: usize,
    /// What its place in a chain gave; nothing for evidence that names none before it.
    pub check: Option<Check>,
}

/// Puts files of evidence into the order of the chains that they are, whatever the order given,
/// and checks the links.
///
/// Evidence that names the hash of another is behind it. A predecessor that was not given is
/// told; where other evidence of the same component was made earlier, a link is missing. Two
/// files behind one, of one component, contradict each other. Files that name no predecessor
/// are no chain and stay as they are.
///
/// ```
/// # use tailproof_reporting::{Evidence, EvidenceFile, examine, links};
/// let first = Evidence::new("checkout", vec![]);
/// let mut second = first.clone();
/// second.previous = Some(first.sealed().1);
/// let texts = [second.to_json(), first.to_json()];
/// let all = texts.each_ref().map(|t| {
///     examine(&EvidenceFile { bytes: t.as_bytes(), envelope: None }, None)
/// });
/// let order: Vec<usize> = links(&all).iter().map(|link| link.at).collect();
/// assert_eq!(order, [1, 0]);
/// ```
#[must_use]
pub fn links(all: &[Examined]) -> Vec<Link> {
    let mut by_hash: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, one) in all.iter().enumerate() {
        if let Some(hash) = &one.hash {
            by_hash.entry(hash).or_insert(i);
        }
    }
    let before: Vec<Option<usize>> = (0..all.len())
        .map(|i| by_hash.get(previous(&all[i])?).copied().filter(|&at| at != i))
        .collect();
    let chain = Chain { all, ways: (0..all.len()).map(|i| way(&before, i)).collect(), before };
    // A chain stands where the first of its files was given.
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, &(root, _)) in chain.ways.iter().enumerate() {
        first.entry(root).or_insert(i);
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&i| (first[&chain.ways[i].0], chain.ways[i].1, i));
    order.into_iter().map(|at| Link { at, check: chain.check(at) }).collect()
}

/// The file that a chain begins with, and how many links are between.
fn way(before: &[Option<usize>], from: usize) -> (usize, usize) {
    let (mut at, mut steps) = (from, 0);
    while let Some(next) = before[at].filter(|_| steps < before.len()) {
        (at, steps) = (next, steps + 1);
    }
    (at, steps)
}

fn previous(examined: &Examined) -> Option<&str> {
    examined.evidence.as_ref()?.previous.as_deref()
}

fn component(examined: &Examined) -> Option<&str> {
    examined.evidence.as_ref().map(|evidence| evidence.component.as_str())
}

struct Chain<'a> {
    all: &'a [Examined],
    before: Vec<Option<usize>>,
    /// The beginning of the chain of each file, and its distance from there.
    ways: Vec<(usize, usize)>,
}

impl Chain<'_> {
    fn check(&self, at: usize) -> Option<Check> {
        let check = |outcome, words: String| Some(Check::new("chain", outcome, words));
        let named = head(previous(&self.all[at])?);
        if self.before[at].is_some() {
            return if self.others(at).any(|i| self.before[i] == self.before[at]) {
                check(
                    Outcome::Differs,
                    format!("two files follow evidence {named}: a chain has one"),
                )
            } else {
                check(Outcome::Verified, format!("follows evidence {named}"))
            };
        }
        let earlier = |i: usize| {
            let created = |i: usize| self.all[i].evidence.as_ref().map(|e| &e.created);
            self.ways[i].0 != self.ways[at].0 && created(i) <= created(at)
        };
        if self.others(at).any(earlier) {
            let words = format!(
                "follows evidence {named}, which was not given, and is not the first of its \
                 component: a link is missing"
            );
            return check(Outcome::Open, words);
        }
        check(
            Outcome::Told,
            format!("follows evidence {named}: the evidence before it was not given"),
        )
    }

    /// Other evidence of the same component.
    fn others(&self, at: usize) -> impl Iterator<Item = usize> {
        let own = &self.all[at];
        let other = move |i: &usize| {
            let one = &self.all[*i];
            one.hash != own.hash && component(one) == component(own)
        };
        (0..self.all.len()).filter(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Evidence;
    use crate::verify::examine::{EvidenceFile, examine};

    fn made(component: &str, day: u32, previous: Option<&str>) -> (Examined, String) {
        let mut evidence = Evidence::new(component, vec![]);
        evidence.created = Some(format!("2026-01-{day:02}T00:00:00Z"));
        evidence.previous = previous.map(str::to_owned);
        let (text, hash) = evidence.sealed();
        let file = EvidenceFile { bytes: text.as_bytes(), envelope: None };
        (examine(&file, None), hash)
    }

    fn told(all: &[Examined]) -> Vec<(usize, Option<Outcome>)> {
        links(all).into_iter().map(|l| (l.at, l.check.map(|c| c.outcome))).collect()
    }

    #[test]
    fn a_chain_is_in_the_order_of_its_links() {
        let (one, first) = made("a", 1, None);
        let (two, second) = made("a", 2, Some(&first));
        let (three, _) = made("a", 3, Some(&second));
        let linked = Some(Outcome::Verified);
        let all = [three.clone(), one.clone(), two.clone()];
        assert_eq!(told(&all), [(1, None), (2, linked), (0, linked)]);
        // The last one alone, and with a hole before it.
        assert_eq!(told(std::slice::from_ref(&three)), [(0, Some(Outcome::Told))]);
        assert_eq!(told(&[one.clone(), three.clone()]), [(0, None), (1, Some(Outcome::Open))]);
        // One was made anew: nothing follows it any more.
        let (forged, _) = made("a", 2, Some("0"));
        let found = told(&[one.clone(), forged, three]);
        assert!(found.iter().any(|(_, o)| *o == Some(Outcome::Open)), "{found:?}");
        let (fork, _) = made("a", 4, Some(&first));
        let found = told(&[one, two, fork]);
        assert_eq!(found[1].1, Some(Outcome::Differs));
    }

    #[test]
    fn unrelated_evidence_is_no_chain() {
        let (a, first) = made("a", 1, None);
        let (b, _) = made("b", 2, None);
        assert_eq!(told(&[b.clone(), a.clone()]), [(0, None), (1, None)]);
        assert_eq!(told(&[a.clone(), a.clone()]), [(0, None), (1, None)]);
        // Ends of two chains, and two components behind one.
        let (c, _) = made("c", 3, Some("1"));
        let (d, _) = made("d", 3, Some("2"));
        assert_eq!(told(&[c, d]), [(0, Some(Outcome::Told)), (1, Some(Outcome::Told))]);
        let (b, _) = made("b", 2, Some(&first));
        let (c, _) = made("c", 2, Some(&first));
        let found = told(&[a, b, c]);
        assert!(found.iter().all(|(_, o)| *o != Some(Outcome::Differs)), "{found:?}");
    }
}
