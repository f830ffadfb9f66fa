use tailproof_core::{Class, Finding, Provenance, Subject, Verdict, number, percent};

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

/// A speed-up that somebody states together with the parallel share it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClaimedSpeedUp {
    /// The factor.
    pub speed_up: f64,
    /// The share of the work that is said to be parallel, from 0 to 1.
    pub parallel: f64,
    /// Workers.
    pub workers: f64,
}

impl ClaimedSpeedUp {
    /// What Amdahl's law allows with these workers.
    #[must_use]
    pub fn limit(&self) -> f64 {
        amdahl(self.parallel, self.workers)
    }

    /// Whether the claim contradicts its own premises; what rounding adds does not.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        self.speed_up > self.limit() * (1.0 + 1e-9)
    }

    /// The claim judged by its own arithmetic; nothing was measured, so that a claim within the
    /// limit is possible, not shown.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let claim = format!(
            "{} times with {} workers and {} parallel",
            number(self.speed_up),
            number(self.workers),
            percent(self.parallel),
        );
        let subject = Subject { metric: "claimed speed-up".to_owned(), ..Subject::default() };
        let refuted = self.is_refuted();
        let verdict = if refuted { Verdict::Fail } else { Verdict::Pass };
        let mut finding = Finding::new(Class::Other, subject, claim, verdict);
        finding.estimate = Some(self.speed_up);
        finding.target = Some(self.limit());
        finding.provenance = Provenance::Estimated;
        let ceiling = 1.0 / (1.0 - self.parallel);
        finding.why = format!(
            "Amdahl's law allows {} with {} workers when {} of the work is parallel, and {} with \
             any number of them; {} is claimed: {}",
            number(self.limit()),
            number(self.workers),
            percent(self.parallel),
            number(ceiling),
            number(self.speed_up),
            if refuted { "refuted by its own premises" } else { "possible, not measured" },
        );
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_4_is_above_its_own_limit() {
        // "Parallel Processing 10x", 90 % parallel, 10 areas: the document's own 5.26.
        let claim = ClaimedSpeedUp { speed_up: 10.0, parallel: 0.9, workers: 10.0 };
        assert!((claim.limit() - 1.0 / 0.19).abs() < 1e-12);
        let finding = claim.finding();
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(finding.why.contains("allows 5.263 with 10 workers"), "{}", finding.why);
        // The measured 5.0 of its table is possible.
        assert!(!ClaimedSpeedUp { speed_up: 5.0, ..claim }.is_refuted());
        assert!(!ClaimedSpeedUp { speed_up: claim.limit(), ..claim }.is_refuted());
    }

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
