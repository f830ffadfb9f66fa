/// Amdahl's law: the speed-up of work of a fixed size when a share of it runs on `n` workers.
///
/// ```text
/// S(n) = 1 / ((1 − p) + p/n)        p the parallel share in [0, 1], n ≥ 1
/// ```
/// 1 for one worker or nothing parallel; `n` when all of it is; never above `1/(1 − p)`.
///
/// # Source
/// Amdahl (1967), *AFIPS Spring Joint Computer Conference* 30, 483–485.
///
/// # Example
/// ```
/// use tailproof_compare::scaling::amdahl;
///
/// assert!((amdahl(0.9, 10.0) - 5.263).abs() < 0.001); // not 10
/// assert_eq!(amdahl(1.0, 10.0), 10.0);
/// ```
#[must_use]
pub fn amdahl(p: f64, n: f64) -> f64 {
    1.0 / ((1.0 - p) + p / n)
}

/// Gustafson's law: how much more work `n` workers do in the time of one when the work grows
/// with them.
///
/// ```text
/// S(n) = n − s(n − 1)        s the serial share of the time in [0, 1], n ≥ 1
/// ```
/// # Source
/// Gustafson (1988), *Communications of the ACM* 31(5), 532–533.
///
/// # Example
/// ```
/// use tailproof_compare::scaling::gustafson;
///
/// assert!((gustafson(0.1, 10.0) - 9.1).abs() < 1e-12);
/// ```
#[must_use]
pub fn gustafson(s: f64, n: f64) -> f64 {
    n - s * (n - 1.0)
}

/// The universal scalability law: contention as in Amdahl's law, and the cost of keeping every
/// pair of workers consistent.
///
/// ```text
/// S(n) = n / (1 + σ(n − 1) + κ n(n − 1))        σ, κ ≥ 0, n ≥ 1
/// ```
/// `κ = 0` is Amdahl's law with `p = 1 − σ`; otherwise the speed-up falls again beyond
/// `√((1 − σ)/κ)` workers.
///
/// # Source
/// Gunther (2007), *Guerrilla Capacity Planning*, Springer, ch. 4.
///
/// # Example
/// ```
/// use tailproof_compare::scaling::{amdahl, usl};
///
/// assert!((usl(0.1, 0.0, 10.0) - amdahl(0.9, 10.0)).abs() < 1e-12);
/// assert!(usl(0.1, 0.01, 20.0) < usl(0.1, 0.01, 9.0));
/// ```
#[must_use]
pub fn usl(sigma: f64, kappa: f64, n: f64) -> f64 {
    n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_agree_at_their_edges() {
        for n in [1.0, 2.0, 64.0] {
            assert_eq!(amdahl(0.0, n), 1.0);
            assert_eq!(gustafson(0.0, n), n);
            assert_eq!(gustafson(1.0, n), 1.0);
            assert_eq!(usl(0.0, 0.0, n), n);
        }
        // The peak is at √((1 − σ)/κ) = 9.49.
        let near = |n: f64| usl(0.1, 0.01, n);
        assert!(near(9.49) > near(9.0) && near(9.49) > near(10.0));
    }
}
