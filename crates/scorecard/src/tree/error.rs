use super::definition::Tree;
use super::propagation::CorrelationError;

/// Why nodes make no tree.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// The root is a leaf.
    #[error("{0:?} has no children, so there is nothing to aggregate")]
    Empty(String),
    /// A node without a name.
    #[error("a child of {0:?} has no name")]
    NoName(String),
    /// Two siblings of one name, or two paths that read the same.
    #[error("{0:?} is there twice")]
    Doubled(String),
    /// A weight that is negative, infinite or NaN.
    #[error("the weight of {node:?} must be a number that is not negative, got {weight}")]
    Weight {
        /// Path of the node.
        node: String,
        /// The weight.
        weight: f64,
    },
    /// All children of a node have weight 0.
    #[error("all children of {0:?} have weight 0")]
    ZeroWeights(String),
    /// A penalty with which a better child could lower the score.
    #[error(
        "the penalty of {node:?} must lie between 0 and 0.5, beyond which a rise of one child could lower the score; got {penalty}"
    )]
    Penalty {
        /// Path of the node.
        node: String,
        /// The penalty.
        penalty: f64,
    },
    /// A penalty at a minimum.
    #[error(
        "{0:?} takes the minimum, which a penalty for spread would make fall when another child rises"
    )]
    PenaltyOnMinimum(String),
    /// Correlations that no data can have.
    #[error("the correlation of the children of {node:?}: {source}")]
    Correlation {
        /// Path of the node.
        node: String,
        /// What is wrong.
        source: CorrelationError,
    },
    /// A range of scores that is empty or not finite.
    #[error("scores lie in a range such as 0..1, with ends below 1e150 in size, got {0}..{1}")]
    Range(f64, f64),
    /// A geometric mean of scores that may be negative.
    #[error("{node:?} takes a geometric mean, and scores from {lo} on may be negative")]
    NegativeRange {
        /// Path of the node.
        node: String,
        /// Lower end of the range.
        lo: f64,
    },
    /// Too many levels.
    #[error("a tree has at most {} levels", Tree::MAX_DEPTH)]
    TooDeep,
    /// Too many nodes.
    #[error("a tree has at most {} nodes and leaves", Tree::MAX_NODES)]
    TooMany,
    /// The names on the way to a node are too long together.
    #[error("the path of a node has at most {} bytes", Tree::MAX_PATH)]
    LongPath,
}

impl TreeError {
    /// The path of the node that it speaks of.
    pub(crate) fn node(&self) -> Option<&str> {
        match self {
            Self::Empty(node)
            | Self::NoName(node)
            | Self::Doubled(node)
            | Self::ZeroWeights(node)
            | Self::PenaltyOnMinimum(node)
            | Self::Weight { node, .. }
            | Self::Penalty { node, .. }
            | Self::Correlation { node, .. }
            | Self::NegativeRange { node, .. } => Some(node),
            Self::Range(..) | Self::TooDeep | Self::TooMany | Self::LongPath => None,
        }
    }
}

/// Why scores cannot be aggregated; leaves are named.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoresError {
    /// Not one value for each leaf.
    #[error("the tree has {need} leaves, got {got} values")]
    Count {
        /// Leaves of the tree.
        need: usize,
        /// Values received.
        got: usize,
    },
    /// Scores that are NaN, infinite or outside the range: all of them.
    #[error("scores must lie in {}..{}, got {}", .range.0, .range.1, listed(.bad))]
    Outside {
        /// Where they may lie.
        range: (f64, f64),
        /// Leaf and score.
        bad: Vec<(String, f64)>,
    },
    /// Standard deviations that are negative, infinite or NaN: all of them.
    #[error("standard deviations must not be negative, got {}", listed(.0))]
    Deviation(Vec<(String, f64)>),
}

/// `a = 1, b = NaN`.
fn listed(all: &[(String, f64)]) -> String {
    all.iter().map(|(name, x)| format!("{name} = {x}")).collect::<Vec<_>>().join(", ")
}
