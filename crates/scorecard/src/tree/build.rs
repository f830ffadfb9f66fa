//! From nodes as written to nodes in order, without recursion.

use super::combine::total;
use super::definition::{Child, Combine, Inner, Node, Tree};
use super::error::TreeError;
use super::propagation::Correlation;

/// A node out of its tree.
pub(super) struct Flat {
    /// From the root, names joined by `/`.
    path: String,
    /// Bytes of the path before the name.
    before: usize,
    parent: Option<usize>,
    /// Place among the siblings as written.
    place: usize,
    weight: f64,
    combine: Combine,
    penalty: f64,
    correlation: Correlation,
}

impl Flat {
    fn name(&self) -> &str {
        &self.path[self.before..]
    }
}

/// Takes a tree apart, parents before children, without recursion: even a tree that is too
/// deep is freed node by node.
pub(super) fn flatten(root: Node) -> Result<Vec<Flat>, TreeError> {
    let mut flat: Vec<Flat> = Vec::new();
    let mut error = None;
    let mut open = vec![(root, None, 0, 1)];
    while let Some((mut node, parent, place, depth)) = open.pop() {
        let at = flat.len();
        let children = std::mem::take(&mut node.children).into_iter().enumerate();
        open.extend(children.map(|(i, child)| (child, Some(at), i, depth + 1)));
        if error.is_some() {
            continue;
        }
        if depth > Tree::MAX_DEPTH {
            error = Some(TreeError::TooDeep);
        } else if at >= Tree::MAX_NODES {
            error = Some(TreeError::TooMany);
        } else {
            match Flat::new(node, parent, place, &flat) {
                Ok(node) => flat.push(node),
                Err(wrong) => error = Some(wrong),
            }
        }
    }
    error.map_or(Ok(flat), Err)
}

impl Flat {
    fn new(
        node: Node,
        parent: Option<usize>,
        place: usize,
        flat: &[Self],
    ) -> Result<Self, TreeError> {
        let above = parent.map(|p| flat[p].path.as_str());
        if node.name.is_empty() {
            return Err(TreeError::NoName(above.unwrap_or_default().to_owned()));
        }
        let before = above.map_or(0, |path| path.len() + 1);
        if before + node.name.len() > Tree::MAX_PATH {
            return Err(TreeError::LongPath);
        }
        let path = above.map_or_else(|| node.name.clone(), |p| format!("{p}/{}", node.name));
        if parent.is_some() && !(node.weight.is_finite() && node.weight >= 0.0) {
            return Err(TreeError::Weight { node: path, weight: node.weight });
        }
        let Node { weight, combine, penalty, correlation, .. } = node;
        Ok(Self { path, before, parent, place, weight, combine, penalty, correlation })
    }
}

/// The children of every node, in the order of their names.
pub(super) fn order(flat: &[Flat]) -> Result<Vec<Vec<usize>>, TreeError> {
    let mut children = vec![Vec::new(); flat.len()];
    for (at, node) in flat.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(at);
        }
    }
    if children[0].is_empty() {
        return Err(TreeError::Empty(flat[0].path.clone()));
    }
    for siblings in &mut children {
        siblings.sort_by(|&a, &b| flat[a].name().cmp(flat[b].name()));
        if let Some(pair) = siblings.windows(2).find(|p| flat[p[0]].name() == flat[p[1]].name()) {
            return Err(TreeError::Doubled(flat[pair[0]].path.clone()));
        }
    }
    Ok(children)
}

/// Leaves and nodes in the order of a walk that enters children by name.
pub(super) fn assemble(
    flat: &mut [Flat],
    children: &[Vec<usize>],
) -> Result<(Vec<String>, Vec<Inner>), TreeError> {
    let root = flat[0].path.len() + 1;
    let (mut leaves, mut nodes) = (Vec::new(), Vec::new());
    let mut found = vec![Child::Leaf(0); flat.len()];
    let mut open = vec![(0, 0)];
    while let Some((at, next)) = open.pop() {
        match children[at].get(next) {
            Some(&child) if children[child].is_empty() => {
                open.push((at, next + 1));
                found[child] = Child::Leaf(leaves.len());
                leaves.push(flat[child].path[root..].to_owned());
            }
            Some(&child) => open.extend([(at, next + 1), (child, 0)]),
            None => {
                found[at] = Child::Inner(nodes.len());
                nodes.push(inner(flat, at, &children[at], &found)?);
            }
        }
    }
    Ok((leaves, nodes))
}

fn inner(
    flat: &mut [Flat],
    at: usize,
    siblings: &[usize],
    found: &[Child],
) -> Result<Inner, TreeError> {
    let name = flat[at].path.clone();
    let weights: Vec<f64> = siblings.iter().map(|&i| flat[i].weight).collect();
    let Some(weights) = normalised(&weights) else { return Err(TreeError::ZeroWeights(name)) };
    let (combine, penalty) = (flat[at].combine, flat[at].penalty);
    if !(0.0..=Tree::MAX_PENALTY).contains(&penalty) {
        return Err(TreeError::Penalty { node: name, penalty });
    }
    if penalty > 0.0 && combine == Combine::Minimum {
        return Err(TreeError::PenaltyOnMinimum(name));
    }
    let places: Vec<usize> = siblings.iter().map(|&i| flat[i].place).collect();
    let correlation = std::mem::take(&mut flat[at].correlation)
        .checked(&places)
        .map_err(|source| TreeError::Correlation { node: name.clone(), source })?;
    let children = siblings.iter().map(|&i| found[i]).zip(weights).collect();
    Ok(Inner { name, combine, children, penalty, correlation })
}

/// Weights over their sum; `None` when all are zero.
fn normalised(weights: &[f64]) -> Option<Vec<f64>> {
    // Over the largest first, so that no sum overflows.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return None;
    }
    let sum = total(weights.iter().map(|w| w / largest));
    Some(weights.iter().map(|w| w / largest / sum).collect())
}
