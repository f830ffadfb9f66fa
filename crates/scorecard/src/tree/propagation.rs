use super::combine::{gradient, total};
use super::definition::{Child, Inner, Tree};
use super::error::ScoresError;

/// How the errors of the children of a node hang together.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Correlation {
    /// Not at all.
    #[default]
    Independent,
    /// Every two of them alike.
    Common(f64),
    /// A matrix, a row and a column for each child.
    Matrix(Vec<Vec<f64>>),
}

/// Why correlations are impossible; rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CorrelationError {
    /// A common correlation that no `n` quantities can have.
    #[error("{n} children cannot all be correlated by {rho}, only by {} to 1", number(lowest(*.n)))]
    Common {
        /// Number of children.
        n: usize,
        /// The correlation.
        rho: f64,
    },
    /// Not one row and one column for each child.
    #[error("needs {need} rows and columns, one for each child, got {got} in row {row}")]
    Shape {
        /// Number of children.
        need: usize,
        /// The row; one beyond the last when rows are missing.
        row: usize,
        /// Its length, or the number of rows.
        got: usize,
    },
    /// More children than a matrix may have.
    #[error("a matrix has at most {most} rows, got {0}", most = Correlation::MAX_ROWS)]
    TooLarge(usize),
    /// Not 1 on the diagonal, or beyond −1..1.
    #[error(
        "row {0}, column {1} is {2}: correlations lie between -1 and 1, with 1 on the diagonal"
    )]
    Entry(usize, usize, f64),
    /// Not the same on both sides of the diagonal.
    #[error("row {0}, column {1} differs from row {1}, column {0}")]
    Asymmetric(usize, usize),
    /// A variance would be negative.
    #[error(
        "not positive semi-definite: no data have these correlations, row {0} contradicts those above it"
    )]
    Indefinite(usize),
}

fn number(x: f64) -> String {
    tailproof_core::number(x)
}

/// The lowest correlation that `n` quantities can all have with each other.
fn lowest(n: usize) -> f64 {
    if n < 2 { -1.0 } else { -1.0 / (n - 1) as f64 }
}

impl Correlation {
    /// Most rows of a matrix: it is checked in `O(n³)`.
    pub const MAX_ROWS: usize = 1_000;
    /// Rounding of typed correlations that is forgiven, in entries and in eigenvalues.
    const TOLERANCE: f64 = 1e-9;

    /// Checks, and puts child `order[i]` in row `i`.
    ///
    /// A matrix is symmetric and has 1 on its diagonal to 10⁻⁹, and is positive semi-definite:
    /// `R + 10⁻⁹ n I` has a Cholesky factor, so no eigenvalue lies below `−10⁻⁹ n`.
    pub(crate) fn checked(self, order: &[usize]) -> Result<Self, CorrelationError> {
        let n = order.len();
        match self {
            Self::Independent => Ok(self),
            Self::Common(rho) if (lowest(n) - Self::TOLERANCE..=1.0).contains(&rho) => Ok(self),
            Self::Common(rho) => Err(CorrelationError::Common { n, rho }),
            Self::Matrix(rows) => {
                check(&rows, n)?;
                let row = |i: usize| order.iter().map(|&j| rows[i][j]).collect();
                Ok(Self::Matrix(order.iter().map(|&i| row(i)).collect()))
            }
        }
    }

    /// `aᵀ R a`, never negative.
    fn form(&self, a: &[f64]) -> f64 {
        let squares = || total(a.iter().map(|x| x * x));
        let form = match self {
            Self::Independent => squares(),
            Self::Common(rho) => (1.0 - rho) * squares() + rho * total(a.iter().copied()).powi(2),
            Self::Matrix(rows) => total(
                rows.iter().zip(a).map(|(row, x)| x * total(row.iter().zip(a).map(|(r, y)| r * y))),
            ),
        };
        form.max(0.0)
    }
}

fn check(rows: &[Vec<f64>], n: usize) -> Result<(), CorrelationError> {
    let near = |a: f64, b: f64| (a - b).abs() <= Correlation::TOLERANCE;
    if n > Correlation::MAX_ROWS {
        return Err(CorrelationError::TooLarge(n));
    }
    if rows.len() != n {
        return Err(CorrelationError::Shape { need: n, row: rows.len() + 1, got: rows.len() });
    }
    for (i, row) in rows.iter().enumerate() {
        if row.len() != n {
            return Err(CorrelationError::Shape { need: n, row: i + 1, got: row.len() });
        }
        for (j, &r) in row.iter().enumerate() {
            if !(-1.0..=1.0).contains(&r) || i == j && !near(r, 1.0) {
                return Err(CorrelationError::Entry(i + 1, j + 1, r));
            }
            if j < i && !near(r, rows[j][i]) {
                return Err(CorrelationError::Asymmetric(i + 1, j + 1));
            }
        }
    }
    factor(rows).map_or(Ok(()), |row| Err(CorrelationError::Indefinite(row + 1)))
}

/// The row at which a Cholesky factorisation breaks down, if it does.
fn factor(rows: &[Vec<f64>]) -> Option<usize> {
    let ridge = Correlation::TOLERANCE * rows.len() as f64;
    let mut lower: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    for (i, row) in rows.iter().enumerate() {
        let mut new = Vec::with_capacity(i + 1);
        for j in 0..=i {
            let above = if j < i { &lower[j] } else { &new };
            let known: f64 = new.iter().zip(above).take(j).map(|(a, b)| a * b).sum();
            let rest = row[j] - known;
            if j < i {
                new.push(rest / lower[j][j]);
            } else if rest + ridge > 0.0 {
                new.push((rest + ridge).sqrt());
            } else {
                return Some(i);
            }
        }
        lower.push(new);
    }
    None
}

impl Tree {
    /// Standard deviations of all inner nodes from those of the leaves' scores.
    ///
    /// ```text
    /// independent   σ² = Σ gᵢ² σᵢ²
    /// correlated    σ² = Σᵢ Σⱼ gᵢ gⱼ ρᵢⱼ σᵢ σⱼ
    /// mean          gᵢ = wᵢ                        exact
    /// geometric     gᵢ = wᵢ S / sᵢ                  delta method: the first term of a Taylor series
    /// ```
    /// With a penalty `gᵢ` is the derivative of the score with it (delta method; at a child
    /// that equals the centre, where there is none, that of a sign of zero). Children are
    /// correlated as their parent says; leaves of different parents only through them.
    ///
    /// `None` where there is no closed form: a minimum, a geometric mean of a child at zero,
    /// and whatever stands above them. [`bootstrap`](super::bootstrap()) answers there.
    ///
    /// # Errors
    /// Those of [`Tree::aggregate`]; standard deviations that are negative or not finite.
    ///
    /// # Source
    /// Bevington & Robinson (2003), *Data Reduction and Error Analysis*, 3.1–3.2.
    ///
    /// # Example
    /// ```
    /// use tailproof_scorecard::tree::{Combine, Node, Tree};
    ///
    /// let leaves = vec![Node::leaf("a", 1.0), Node::leaf("b", 1.0)];
    /// let tree = Tree::new(Node::inner("t", 1.0, Combine::WeightedMean, leaves))?;
    /// let sd = tree.deviations(&[0.5, 0.7], &[0.06, 0.08])?; // √(0.03² + 0.04²)
    /// assert!((sd[0].unwrap() - 0.05).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn deviations(&self, scores: &[f64], sds: &[f64]) -> Result<Vec<Option<f64>>, ScoresError> {
        let values = self.aggregate(scores)?;
        self.count(sds.len())?;
        let bad = self.which(sds, |sd| !(0.0..=f64::MAX).contains(&sd));
        if !bad.is_empty() {
            return Err(ScoresError::Deviation(bad));
        }
        let mut found: Vec<Option<f64>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let score = |child| match child {
                Child::Leaf(i) => scores[i],
                Child::Inner(i) => values[i],
            };
            let sd = |child| match child {
                Child::Leaf(i) => Some(sds[i]),
                Child::Inner(i) => found[i],
            };
            let deviation = node.deviation(score, sd);
            found.push(deviation);
        }
        Ok(found)
    }
}

impl Inner {
    /// Its standard deviation from the scores and standard deviations of its children.
    pub(crate) fn deviation(
        &self,
        score: impl Fn(Child) -> f64,
        sd: impl Fn(Child) -> Option<f64>,
    ) -> Option<f64> {
        let parts: Vec<(f64, f64)> =
            self.children.iter().map(|&(child, weight)| (weight, score(child))).collect();
        let slopes = gradient(self.combine, self.penalty, &parts)?;
        let errors: Option<Vec<f64>> = self
            .children
            .iter()
            .zip(slopes)
            .map(
                |(&(child, weight), g)| if weight > 0.0 { Some(g * sd(child)?) } else { Some(0.0) },
            )
            .collect();
        Some(self.correlation.form(&errors?).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Combine, Node, TreeError};
    use super::*;

    fn tree(combine: Combine, correlation: Correlation) -> Result<Tree, TreeError> {
        let leaves = vec![Node::leaf("b", 1.0), Node::leaf("a", 2.0), Node::leaf("c", 1.0)];
        Tree::new(Node { correlation, ..Node::inner("t", 1.0, combine, leaves) })
    }

    fn deviation(combine: Combine, correlation: Correlation, sds: [f64; 3]) -> Option<f64> {
        tree(combine, correlation).unwrap().deviations(&[0.5, 0.6, 0.8], &sds).unwrap()[0]
    }

    #[test]
    fn independent_fully_correlated_and_in_between() {
        let sds = [0.1, 0.2, 0.4]; // a, b, c with weights ½, ¼, ¼
        let of = |correlation| deviation(Combine::WeightedMean, correlation, sds).unwrap();
        let independent = (0.05_f64.powi(2) + 0.05_f64.powi(2) + 0.1_f64.powi(2)).sqrt();
        assert!((of(Correlation::Independent) - independent).abs() < 1e-15);
        assert!((of(Correlation::Common(0.0)) - independent).abs() < 1e-15);
        assert!((of(Correlation::Common(1.0)) - 0.2).abs() < 1e-15);
        // The matrix is in the order written: b, a, c. Only b and c hang together.
        let rows = vec![vec![1.0, 0.0, 0.5], vec![0.0, 1.0, 0.0], vec![0.5, 0.0, 1.0]];
        let want = (independent * independent + 2.0 * 0.5 * 0.05 * 0.1).sqrt();
        assert!((of(Correlation::Matrix(rows)) - want).abs() < 1e-15);
    }

    #[test]
    fn the_delta_method_of_a_geometric_mean_is_relative() {
        // Relative errors of 1 % each: √(¼ + 1/16 + 1/16) %.
        let sds = [0.005, 0.006, 0.008];
        let sd = deviation(Combine::Geometric, Correlation::Independent, sds).unwrap();
        let score = tree(Combine::Geometric, Correlation::Independent)
            .unwrap()
            .aggregate(&[0.5, 0.6, 0.8])
            .unwrap()[0];
        assert!((sd / score - 0.01 * 0.375_f64.sqrt()).abs() < 1e-15);
        assert_eq!(deviation(Combine::Minimum, Correlation::Independent, sds), None);
    }

    #[test]
    fn impossible_correlations_are_refused() {
        let refused = |correlation| match tree(Combine::WeightedMean, correlation) {
            Err(TreeError::Correlation { source, .. }) => source,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            refused(Correlation::Common(-0.6)).to_string(),
            "3 children cannot all be correlated by -0.6, only by -0.5 to 1"
        );
        let square = |a: f64, b: f64, c: f64| {
            Correlation::Matrix(vec![vec![1.0, a, b], vec![a, 1.0, c], vec![b, c, 1.0]])
        };
        assert_eq!(refused(square(0.9, 0.9, -0.9)), CorrelationError::Indefinite(3));
        assert_eq!(refused(square(1.1, 0.0, 0.0)), CorrelationError::Entry(1, 2, 1.1));
        assert!(matches!(refused(square(f64::NAN, 0.0, 0.0)), CorrelationError::Entry(1, 2, _)));
        let short = Correlation::Matrix(vec![vec![1.0; 3]; 2]);
        assert_eq!(refused(short), CorrelationError::Shape { need: 3, row: 3, got: 2 });
        let crooked = vec![vec![1.0, 0.5, 0.0], vec![0.4, 1.0, 0.0], vec![0.0, 0.0, 1.0]];
        assert_eq!(refused(Correlation::Matrix(crooked)), CorrelationError::Asymmetric(2, 1));
        // Just possible: all alike, and one the opposite of another.
        assert!(tree(Combine::WeightedMean, square(1.0, 1.0, 1.0)).is_ok());
        assert!(tree(Combine::WeightedMean, square(-1.0, 1.0, -1.0)).is_ok());
        assert!(tree(Combine::WeightedMean, Correlation::Common(-0.5)).is_ok());
    }

    #[test]
    fn deviations_are_checked() {
        let tree = tree(Combine::WeightedMean, Correlation::Independent).unwrap();
        let wrong = tree.deviations(&[0.5; 3], &[-0.1, 0.0, f64::NAN]).unwrap_err().to_string();
        assert_eq!(wrong, "standard deviations must not be negative, got a = -0.1, c = NaN");
    }
}
