use tailproof_core::distributions::student_quantile;
use tailproof_core::{Level, Sample, descriptive};

use super::{Curve, Estimate, LackOfFit};

/// Beyond this many scales an observation has no weight: 95 % efficiency for normal noise.
const BISQUARE: f64 = 4.685;
/// Sizes from which the starting line is chosen; two of them give a line.
const STARTS: usize = 40;

/// `a + b x` through replicates whose noise is relative to their value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) a: f64,
    pub(super) b: f64,
    /// Variances of a and b with their covariance: `aa`, `ab`, `bb`.
    pub(super) v: [f64; 3],
    pub(super) lack_of_fit: Option<LackOfFit>,
    /// Whether the lack of fit has widened the variances.
    pub(super) widened: bool,
    n: f64,
    sizes: f64,
    /// Largest x, the unit of `second` and `fourth`.
    unit: f64,
    /// `Σp²`, `Σpq`, `Σq²` of the influences p on a and q on b.
    second: [f64; 3],
    /// `Σp⁴`, `Σp³q`, `Σp²q²`, `Σpq³`, `Σq⁴`.
    fourth: [f64; 5],
}

/// A size: x, the median there, and the observations, in units of the largest.
struct Group {
    x: f64,
    median: f64,
    values: Vec<f64>,
}

/// An observation as the regression sees it: `(1/m, x/m)` and its relative residual.
struct Row {
    z: [f64; 2],
    residual: f64,
    group: usize,
}

impl Line {
    /// The robust line of a curve with at least three sizes; `None` when the numbers defy
    /// arithmetic. The cost module says how it is made.
    pub(super) fn through(curve: &Curve, level: Level) -> Option<Self> {
        let unit = curve.range().1;
        let medians: Vec<f64> =
            curve.points.iter().map(|p| descriptive::median(&p.values)).collect();
        let height = medians.iter().copied().fold(0.0, f64::max);
        let scaled = |s: &Sample| -> Vec<f64> { s.values().iter().map(|y| y / height).collect() };
        let groups: Vec<Group> = curve
            .points
            .iter()
            .zip(&medians)
            .map(|(p, m)| Group { x: p.x / unit, median: m / height, values: scaled(&p.values) })
            .collect();
        let (a, b) = start(&groups);
        let scale = scale(&rows(&groups, a, b));
        let (a, b) = reweighted(&groups, (a, b), scale)?;
        let mut line = Self::at(&groups, (a, b), scale)?;
        line.widen(level);
        line.a *= height;
        line.b *= height / unit;
        let square = height * height;
        line.v =
            [line.v[0] * square, line.v[1] * square / unit, line.v[2] * square / (unit * unit)];
        line.unit = unit;
        let finite = [line.a, line.b, line.v[0], line.v[1], line.v[2]];
        finite.iter().all(|x| x.is_finite()).then_some(line)
    }

    /// Sandwich variances, influences and lack of fit at the final line.
    fn at(groups: &[Group], (a, b): (f64, f64), scale: f64) -> Option<Self> {
        let rows = rows(groups, a, b);
        let n = rows.len() as f64;
        let mut bread = [0.0; 3];
        let mut weighted = [0.0; 3];
        let mut plain = [0.0; 3];
        for row in &rows {
            let (w, slope) = weight(row.residual, scale);
            outer(&mut weighted, row.z, w);
            outer(&mut bread, row.z, slope);
            outer(&mut plain, row.z, 1.0);
        }
        let leverage = inverse(weighted)?;
        // The second derivative may fail where outliers abound; its majorant does not.
        let bread = inverse(bread).unwrap_or(leverage);
        let plain = inverse(plain)?;
        let (mut meat, mut second, mut fourth) = ([0.0; 3], [0.0; 3], [0.0; 5]);
        for row in &rows {
            let w = weight(row.residual, scale).0;
            let own = w * quadratic(leverage, row.z);
            let push = w * row.residual / (1.0 - own).max(1e-9);
            outer(&mut meat, row.z, push * push);
            let [p, q] = apply(plain, row.z);
            outer(&mut second, [p, q], 1.0);
            for (k, sum) in fourth.iter_mut().enumerate() {
                *sum += p.powi(4 - k as i32) * q.powi(k as i32);
            }
        }
        let [maa, mab, mbb] = meat;
        let [baa, bab, bbb] = bread;
        let v = [
            baa * baa * maa + 2.0 * baa * bab * mab + bab * bab * mbb,
            baa * (maa * bab + mab * bbb) + bab * (mab * bab + mbb * bbb),
            bab * bab * maa + 2.0 * bab * bbb * mab + bbb * bbb * mbb,
        ];
        let lack_of_fit = lack_of_fit(groups, &rows, scale);
        let sizes = groups.len() as f64;
        Some(Self { a, b, v, lack_of_fit, widened: false, n, sizes, unit: 1.0, second, fourth })
    }

    /// Where the replicates refute the line, its misses are the noise.
    fn widen(&mut self, level: Level) {
        if let Some(lack) = self.lack_of_fit.filter(|l| l.refutes(level)) {
            self.widened = true;
            for v in &mut self.v {
                *v *= lack.f.max(1.0);
            }
        }
    }

    /// Variance of `a + b x`.
    pub(super) fn variance(&self, x: f64) -> f64 {
        (self.v[0] + 2.0 * x * self.v[1] + x * x * self.v[2]).max(0.0)
    }

    /// Degrees of freedom of `f·a + g·b`: those of its influences (Satterthwaite), at most
    /// N − 2, and sizes − 2 where the misses are the noise.
    pub(super) fn df(&self, f: f64, g: f64) -> f64 {
        let most = if self.widened { self.sizes - 2.0 } else { self.n - 2.0 };
        // One of them may be zero, not both.
        let (f, g) = (f, g / self.unit);
        let size = f.abs().max(g.abs());
        let (f, g) = (f / size, g / size);
        let [pp, pq, qq] = self.second;
        let second = f * f * pp + 2.0 * f * g * pq + g * g * qq;
        let binomial = [1.0, 4.0, 6.0, 4.0, 1.0];
        let fourth: f64 = (0..5)
            .map(|k| binomial[k] * self.fourth[k] * f.powi(4 - k as i32) * g.powi(k as i32))
            .sum();
        let df = second * second / fourth;
        // A slope of a few sizes is never worth less than one observation.
        if df.is_finite() { df.min(most).max(1.0) } else { most.max(1.0) }
    }

    /// `f·a + g·b` with its t interval.
    pub(super) fn estimate(&self, f: f64, g: f64, level: Level) -> Estimate {
        let value = f * self.a + g * self.b;
        let v = f * f * self.v[0] + 2.0 * f * g * self.v[1] + g * g * self.v[2];
        let t = student_quantile(1.0 - level.alpha().to_f64() / 2.0, self.df(f, g));
        let reach = t * v.max(0.0).sqrt();
        Estimate { value, lo: value - reach, hi: value + reach }
    }
}

/// The line through two medians with the least sum of relative distances from all of them: the
/// least-absolute-deviations line, which always passes through two points.
fn start(groups: &[Group]) -> (f64, f64) {
    let count = groups.len().min(STARTS);
    let pick = |i: usize| &groups[i * (groups.len() - 1) / (count - 1).max(1)];
    let mut best = (f64::INFINITY, (0.0, 0.0));
    for j in 1..count {
        for i in 0..j {
            let (p, q) = (pick(i), pick(j));
            let b = (q.median - p.median) / (q.x - p.x);
            let a = p.median - b * p.x;
            let far = |g: &Group| (1.0 - (a + b * g.x) / g.median).abs();
            let total: f64 = (0..count).map(|k| far(pick(k))).sum();
            if total < best.0 {
                best = (total, (a, b));
            }
        }
    }
    best.1
}

/// Every observation, divided by what the line expects of it; by the median where the line is
/// far below.
fn rows(groups: &[Group], a: f64, b: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    for (group, g) in groups.iter().enumerate() {
        let mean = a + b * g.x;
        let m = if mean > g.median / 2.0 { mean } else { g.median };
        let z = [1.0 / m, g.x / m];
        rows.extend(g.values.iter().map(|y| Row { z, residual: (y - mean) / m, group }));
    }
    rows
}

/// The spread of relative residuals: their median size, as a standard deviation.
fn scale(rows: &[Row]) -> f64 {
    let sizes = rows.iter().map(|r| r.residual.abs()).collect();
    let Ok(sizes) = Sample::new(sizes) else { return 0.0 };
    let n = rows.len() as f64;
    descriptive::MAD_TO_SIGMA * descriptive::median(&sizes) * n / (n - 2.0)
}

/// Tukey's bisquare weight of a residual and the derivative of its influence; 1 without a scale.
fn weight(residual: f64, scale: f64) -> (f64, f64) {
    if scale == 0.0 {
        return (1.0, 1.0);
    }
    let u = residual / (BISQUARE * scale);
    let rest = 1.0 - u * u;
    if rest <= 0.0 { (0.0, 0.0) } else { (rest * rest, rest * (1.0 - 5.0 * u * u)) }
}

fn reweighted(groups: &[Group], start: (f64, f64), scale: f64) -> Option<(f64, f64)> {
    let (mut a, mut b) = start;
    for _ in 0..100 {
        let (mut gram, mut right) = ([0.0; 3], [0.0; 2]);
        for row in rows(groups, a, b) {
            let w = weight(row.residual, scale).0;
            outer(&mut gram, row.z, w);
            right[0] += w * row.z[0] * row.residual;
            right[1] += w * row.z[1] * row.residual;
        }
        let [da, db] = apply(inverse(gram)?, right);
        (a, b) = (a + da, b + db);
        if da.abs() + db.abs() <= 1e-12 * (a.abs() + b.abs()) {
            break;
        }
    }
    Some((a, b))
}

/// Weighted misses of the means against the weighted scatter of the replicates.
fn lack_of_fit(groups: &[Group], rows: &[Row], scale: f64) -> Option<LackOfFit> {
    let mut sums = vec![[0.0; 3]; groups.len()];
    for row in rows {
        let (w, r) = (weight(row.residual, scale).0, row.residual);
        let [count, first, square] = &mut sums[row.group];
        *count += w;
        *first += w * r;
        *square += w * r * r;
    }
    let (mut misses, mut scatter, mut all) = (0.0, 0.0, 0.0);
    for [count, first, square] in sums.iter().filter(|s| s[0] > 0.0) {
        misses += first * first / count;
        scatter += (square - first * first / count).max(0.0);
        all += square;
    }
    // Equal replicates differ by rounding only.
    let scatter = if scatter <= 1e-20 * all { 0.0 } else { scatter };
    let (k, n) = (groups.len() as f64, rows.len() as f64);
    LackOfFit::new((misses, k - 2.0), (scatter, n - k))
}

fn outer(sum: &mut [f64; 3], z: [f64; 2], w: f64) {
    sum[0] += w * z[0] * z[0];
    sum[1] += w * z[0] * z[1];
    sum[2] += w * z[1] * z[1];
}

/// The inverse of a symmetric 2 × 2 matrix; `None` when it is not clearly positive.
fn inverse([aa, ab, bb]: [f64; 3]) -> Option<[f64; 3]> {
    let determinant = aa * bb - ab * ab;
    let clear = aa > 0.0 && bb > 0.0 && determinant > 1e-13 * aa * bb;
    if clear { Some([bb / determinant, -ab / determinant, aa / determinant]) } else { None }
}

fn apply([aa, ab, bb]: [f64; 3], z: [f64; 2]) -> [f64; 2] {
    [aa * z[0] + ab * z[1], ab * z[0] + bb * z[1]]
}

fn quadratic(m: [f64; 3], z: [f64; 2]) -> f64 {
    let [p, q] = apply(m, z);
    p * z[0] + q * z[1]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::noisy;
    use super::*;

    #[test]
    fn a_line_without_noise_is_found_exactly() {
        let curve = noisy(&[1.0, 10.0, 1_000.0], 2, 0.0, 0, |x| 8.0 + 0.25 * x);
        let line = Line::through(&curve, Level::P95).unwrap();
        assert!((line.a - 8.0).abs() < 1e-9 && (line.b - 0.25).abs() < 1e-12);
        assert!(line.variance(10.0).sqrt() < 1e-9);
    }

    #[test]
    fn a_tenth_of_wild_values_moves_little() {
        let xs = [10.0, 25.0, 50.0, 100.0, 200.0];
        let mut curve = noisy(&xs, 10, 0.03, 1, |x| 5.0 + 0.2 * x);
        for point in &mut curve.points {
            let mut values = point.values.values().to_vec();
            values[0] *= 4.0;
            point.values = Sample::new(values).unwrap();
        }
        let line = Line::through(&curve, Level::P95).unwrap();
        assert!((line.a / 5.0 - 1.0).abs() < 0.05, "{line:?}");
        assert!((line.b / 0.2 - 1.0).abs() < 0.05, "{line:?}");
    }

    #[test]
    fn degrees_of_freedom_are_those_of_few_sizes() {
        let xs = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];
        let curve = noisy(&xs, 5, 0.01, 2, |x| 5.0 + 0.2 * x);
        let line = Line::through(&curve, Level::P95).unwrap();
        // NumPy, without noise: 9.57 for a and 14.9 for b, among 23.
        assert!((line.df(1.0, 0.0) - 9.57).abs() < 0.3, "{}", line.df(1.0, 0.0));
        assert!((line.df(0.0, 1.0) - 14.9).abs() < 0.3, "{}", line.df(0.0, 1.0));
    }
}
