//! Weighted least squares that says which columns it cannot tell apart.

/// A fit of some columns.
pub(super) struct Fit {
    /// Coefficient and `(XᵀX)⁻¹` diagonal of every column that was kept.
    pub(super) kept: Vec<Kept>,
    /// Columns that are combinations of earlier ones: index, and the columns with their weights.
    pub(super) dropped: Vec<(usize, Vec<(usize, f64)>)>,
    /// Weighted sum of squared residuals.
    pub(super) rss: f64,
}

/// A coefficient.
pub(super) struct Kept {
    pub(super) column: usize,
    pub(super) coefficient: f64,
    pub(super) variance_factor: f64,
}

/// Fits `y` by columns with weights, taking columns in order; one that earlier ones already
/// make, to 1e-9 of its length, is dropped and the combination told.
///
/// Modified Gram–Schmidt, twice: the columns are ±1, so nothing is near the limit by chance.
pub(super) fn fit(columns: &[Vec<f64>], y: &[f64], weights: &[f64]) -> Fit {
    let scaled =
        |v: &[f64]| -> Vec<f64> { v.iter().zip(weights).map(|(x, w)| x * w.sqrt()).collect() };
    let mut q: Vec<Vec<f64>> = Vec::new();
    // Column j of R, over the columns kept before it and itself.
    let mut r: Vec<Vec<f64>> = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    let mut dropped = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let mut rest = scaled(column);
        let size = norm(&rest);
        let along = project(&mut rest, &q);
        let left = norm(&rest);
        if left <= 1e-9 * size || left == 0.0 {
            let weights = back_substitute(&r, &along);
            let parts = order.iter().copied().zip(weights).filter(|(_, w)| w.abs() > 1e-6);
            dropped.push((index, parts.collect()));
            continue;
        }
        q.push(rest.iter().map(|x| x / left).collect());
        r.push(along.into_iter().chain([left]).collect());
        order.push(index);
    }
    let mut rest = scaled(y);
    let along = project(&mut rest, &q);
    let coefficients = back_substitute(&r, &along);
    let kept = order
        .iter()
        .zip(coefficients)
        .enumerate()
        .map(|(place, (&column, coefficient))| Kept {
            column,
            coefficient,
            variance_factor: inverse_row(&r, place).iter().map(|x| x * x).sum(),
        })
        .collect();
    Fit { kept, dropped, rss: rest.iter().map(|x| x * x).sum() }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Takes what lies along orthonormal vectors out of `v`, in two passes; returns how much.
fn project(v: &mut [f64], q: &[Vec<f64>]) -> Vec<f64> {
    let mut along = vec![0.0; q.len()];
    for _ in 0..2 {
        for (total, unit) in along.iter_mut().zip(q) {
            let dot: f64 = v.iter().zip(unit).map(|(a, b)| a * b).sum();
            for (x, u) in v.iter_mut().zip(unit) {
                *x -= dot * u;
            }
            *total += dot;
        }
    }
    along
}

/// Solves `R x = b` for upper triangular R, given by columns.
fn back_substitute(r: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x = b.to_vec();
    for j in (0..r.len()).rev() {
        let (before, at) = x.split_at_mut(j);
        at[0] /= r[j][j];
        for (x, r) in before.iter_mut().zip(&r[j]) {
            *x -= r * at[0];
        }
    }
    x
}

/// Row `i` of `R⁻¹`, from its own diagonal on.
fn inverse_row(r: &[Vec<f64>], i: usize) -> Vec<f64> {
    // Solves Rᵀ z = e_i.
    let mut z = vec![0.0; r.len()];
    for (j, column) in r.iter().enumerate().skip(i) {
        let known: f64 = column[..j].iter().zip(&z).map(|(r, z)| r * z).sum();
        z[j] = (f64::from(u8::from(i == j)) - known) / column[j];
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_its_alias() {
        let one = vec![1.0; 4];
        let x = vec![0.0, 1.0, 2.0, 3.0];
        let twice: Vec<f64> = x.iter().map(|x| 2.0 * x - 1.0).collect();
        let y = [1.0, 3.0, 4.0, 8.0];
        let fit = fit(&[one, x, twice], &y, &[1.0; 4]);
        // Slope 2.2, intercept 0.7; Σ(x−x̄)² = 5, so factors 1/5 and 1/4 + 1.5²/5.
        let got: Vec<f64> =
            fit.kept.iter().flat_map(|k| [k.coefficient, k.variance_factor]).collect();
        for (got, want) in got.iter().zip([0.7, 0.7, 2.2, 0.2]) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        assert!((fit.rss - 1.8).abs() < 1e-12, "{}", fit.rss);
        let (index, parts) = &fit.dropped[0];
        assert_eq!((*index, parts.len()), (2, 2));
        assert!((parts[0].1 + 1.0).abs() < 1e-12 && (parts[1].1 - 2.0).abs() < 1e-12);
    }

    #[test]
    fn weights_are_repetitions() {
        let columns = [vec![1.0; 3], vec![-1.0, 1.0, 1.0]];
        let repeated = [vec![1.0; 4], vec![-1.0, 1.0, 1.0, 1.0]];
        let a = fit(&columns, &[1.0, 3.0, 5.0], &[1.0, 2.0, 1.0]);
        let b = fit(&repeated, &[1.0, 3.0, 3.0, 5.0], &[1.0; 4]);
        for (a, b) in a.kept.iter().zip(&b.kept) {
            assert!((a.coefficient - b.coefficient).abs() < 1e-12);
            assert!((a.variance_factor - b.variance_factor).abs() < 1e-12);
        }
        assert!((a.rss - b.rss).abs() < 1e-12);
    }
}
