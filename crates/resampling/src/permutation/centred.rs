/// A power of two near the largest value, by which values are divided before anything else.
pub(super) fn scale(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest > 0.0 {
        2.0_f64.powi(largest.log2().floor().clamp(-1_021.0, 1_022.0) as i32)
    } else {
        1.0
    }
}

/// `values/scale − mean` and the scale, a power of two near the largest value.
///
/// Squares of the result are in range and an offset costs no digits; values without spread
/// give exact zeros. A statistic of the result is in units of the scale.
pub(super) fn centred(values: &[f64]) -> (Vec<f64>, f64) {
    let scale = scale(values);
    let reference = values[0] / scale;
    let shifted: Vec<f64> = values.iter().map(|v| v / scale - reference).collect();
    let mean = shifted.iter().sum::<f64>() / values.len() as f64;
    let constant = shifted.iter().all(|&v| v == 0.0);
    (shifted.iter().map(|v| if constant { 0.0 } else { v - mean }).collect(), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_in_range_and_constants_vanish() {
        let (z, scale) = centred(&[1e300, 3e300]);
        assert!(z[0] == -z[1] && ((z[1] * scale) / 1e300 - 1.0).abs() < 1e-15);
        assert_eq!(centred(&[0.1; 7]).0, [0.0; 7]);
        let (z, scale) = centred(&[1e9, 1e9 + 1.0, 1e9 + 2.0]);
        assert_eq!([z[0] * scale, z[1] * scale, z[2] * scale], [-1.0, 0.0, 1.0]);
    }
}
