/// The longest time without an arrival, against the usual one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stalls {
    /// The longest interval between successive times, in nanoseconds.
    pub longest_ns: u64,
    /// The median interval; of those above zero when most are zero.
    pub median_ns: u64,
    /// `longest/median`.
    pub ratio: f64,
    /// Index of the time at which the longest interval begins.
    pub at_index: usize,
    /// Intervals longer than ten medians.
    pub count: usize,
}

/// An interval longer than this many medians is a stall.
const STALL: u64 = 10;

/// Whether a load generator that waits for its answers stood still: coordinated omission.
///
/// ```text
/// intervals dᵢ = tᵢ₊₁ − tᵢ      stall when dᵢ > 10·median(d)
/// ```
/// A closed-loop source sends nothing while it waits for a slow answer, so the requests that
/// would have been slow as well are missing. Arrivals that are meant to be random (a Poisson
/// process) have such intervals without any fault: from about 1 000 arrivals on the longest is
/// usually above ten medians. Ask this of closed loops.
///
/// `times` are in nanoseconds and in ascending order. `None` when no interval is a stall, and
/// for fewer than three times. When most intervals are zero (time stamps coarser than the
/// arrivals) the median is that of the others.
///
/// # Source
/// Tene (2013), *How not to measure latency*; the factor 10 is this program's.
///
/// # Example
/// ```
/// use tailproof_resampling::stalls;
///
/// let mut times: Vec<i64> = (0..100).map(|i| i * 1_000_000).collect(); // every millisecond
/// assert_eq!(stalls(&times), None);
/// times.extend((0..100).map(|i| 1_099_000_000 + i * 1_000_000)); // a second of silence
/// let found = stalls(&times).expect("a second is a thousand milliseconds");
/// assert_eq!((found.longest_ns, found.at_index, found.count), (1_000_000_000, 99, 1));
/// ```
#[must_use]
pub fn stalls(times: &[i64]) -> Option<Stalls> {
    if times.len() < 3 {
        return None;
    }
    let intervals: Vec<u64> = times.windows(2).map(|w| w[1].abs_diff(w[0])).collect();
    let mut median_ns = lower_median(intervals.clone());
    if median_ns == 0 {
        let moving: Vec<u64> = intervals.iter().copied().filter(|&d| d > 0).collect();
        if moving.is_empty() {
            return None;
        }
        median_ns = lower_median(moving);
    }
    let limit = median_ns.saturating_mul(STALL);
    let count = intervals.iter().filter(|&&d| d > limit).count();
    let (mut at_index, mut longest_ns) = (0, 0);
    for (i, &d) in intervals.iter().enumerate() {
        if d > longest_ns {
            (at_index, longest_ns) = (i, d);
        }
    }
    let ratio = longest_ns as f64 / median_ns as f64;
    (count > 0).then_some(Stalls { longest_ns, median_ns, ratio, at_index, count })
}

/// Latencies with those added that a stalled generator did not send: an *estimate*, to be
/// shown beside the raw values and named so.
///
/// ```text
/// each v, and v − k·interval for k = 1, 2, … while it is at least the interval
/// ```
/// While one request took `v`, others were due every `expected_interval`; each of them would
/// have waited for the rest of `v`. The result holds the values in their order, each followed
/// by what it adds; both arguments have the same unit. With an interval that is not positive
/// nothing is added. `None` when the result would hold more than 10⁸ values: the interval is
/// then not that of these latencies.
///
/// # Source
/// Tene, *HdrHistogram*, `recordValueWithExpectedInterval` (the rule, not the code).
///
/// # Example
/// ```
/// use tailproof_resampling::coordinated_omission_corrected;
///
/// let seen = [1.0, 5.0, 1.0]; // ms, one request due every 2 ms
/// assert_eq!(coordinated_omission_corrected(&seen, 2.0), Some(vec![1.0, 5.0, 3.0, 1.0]));
/// ```
#[must_use]
pub fn coordinated_omission_corrected(values: &[f64], expected_interval: f64) -> Option<Vec<f64>> {
    const MOST: f64 = 1e8;
    if expected_interval.is_nan() || expected_interval <= 0.0 {
        return Some(values.to_vec());
    }
    let expected: f64 = values.iter().map(|v| 1.0 + (v / expected_interval).max(0.0)).sum();
    if expected > MOST {
        return None;
    }
    let mut all = Vec::with_capacity(values.len());
    for &v in values {
        all.push(v);
        let missing = (1..)
            .map(|k: u32| v - f64::from(k) * expected_interval)
            .take_while(|&m| m >= expected_interval);
        all.extend(missing);
    }
    Some(all)
}

/// The median, the lower one of two.
fn lower_median(mut values: Vec<u64>) -> u64 {
    let middle = (values.len() - 1) / 2;
    *values.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_time_stamps_are_no_stall() {
        // A hundred arrivals in each second, stamped in whole seconds.
        let times: Vec<i64> = (0..1_000).map(|i| i / 100 * 1_000_000_000).collect();
        assert_eq!(stalls(&times), None);
        assert_eq!(stalls(&[5; 10]), None);
        assert_eq!(stalls(&[1, 2]), None);
    }

    #[test]
    fn ten_medians_are_allowed() {
        let at = |gap: i64| stalls(&[0, 1, 2, 3, 3 + gap]);
        assert_eq!(at(10), None);
        let found = at(11).unwrap();
        assert_eq!((found.ratio, found.at_index, found.count), (11.0, 3, 1));
        // The whole range of an i64 does not overflow.
        assert!(stalls(&[i64::MIN, i64::MIN + 1, i64::MIN + 2, i64::MAX]).is_some());
    }

    #[test]
    fn a_stall_fills_up_with_what_was_due() {
        let all = coordinated_omission_corrected(&[100.0], 10.0).unwrap();
        let want: Vec<f64> = (1..=10).rev().map(|i| f64::from(i) * 10.0).collect();
        assert_eq!(all, want);
        assert_eq!(coordinated_omission_corrected(&[3.0], 0.0), Some(vec![3.0]));
        assert_eq!(coordinated_omission_corrected(&[1e30], 1e-3), None);
    }
}
