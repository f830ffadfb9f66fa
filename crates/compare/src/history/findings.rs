//! A history in findings.

use tailproof_core::{Class, Finding, Guarantee, Reason, Verdict, number, percent, signed_percent};

use super::{ChangePoint, History, Since, Turn};

impl History {
    /// One finding a change point, and one for the newest points when none of them is worse.
    ///
    /// A change for the worse among the points that the verdict is about is a regression that
    /// fails; where it is not known which way is worse, it is inconclusive. Changes for the
    /// better and older ones are told, and pass. So are those of which the interval of the median
    /// does not exclude 0 ([`ChangePoint::shown`]): the search looks for a change of anything.
    /// The first that fails carries the picture of the history, else the first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.points.iter().map(|p| self.finding(p)).collect();
        if findings.iter().all(|f| f.class != Class::Regression) {
            findings.push(self.nothing());
        }
        let failed = findings.iter().position(|f| f.verdict == Verdict::Fail);
        if let Some(shown) = findings.get_mut(failed.unwrap_or(0)) {
            shown.exhibits = vec![self.exhibit()];
        }
        findings
    }

    fn finding(&self, point: &ChangePoint) -> Finding {
        let (class, verdict, word) = match (point.recent, point.turn) {
            _ if !point.shown => (
                Class::Other,
                Verdict::NoDetectableChange { would_have_shown: None },
                "the distribution changed (spread); no change of the median shown",
            ),
            (true, Turn::Worse) => (Class::Regression, Verdict::Fail, "REGRESSED"),
            (true, Turn::Unknown) => (
                Class::Regression,
                Verdict::Inconclusive(Reason::UnknownDirection),
                "changed; say --direction lower or higher",
            ),
            (_, Turn::Better) => (Class::Other, Verdict::Pass, "improved"),
            (false, Turn::Worse) => (Class::Other, Verdict::Pass, "worse, but not recent"),
            (false, Turn::Unknown) => (Class::Other, Verdict::Pass, "changed, not recent"),
        };
        let mut finding = self.blank(class, format!("level since {}", point.label()), verdict);
        finding.why = format!("{}: {word}", self.describe(point));
        finding.estimate = Some(point.after.median);
        finding.base = Some(point.before.median);
        finding.interval.clone_from(&point.interval);
        finding.p = Some(point.p);
        finding.n = [point.before, point.after].map(|s| (s.end - s.start) as u64).to_vec();
        finding
    }

    /// `since 5f3a1c2 (2024-03-01): median 28.67 -> 21.4 ms (-25 % [-26 %, -24 %]), p = 0.001`.
    fn describe(&self, point: &ChangePoint) -> String {
        let when =
            point.time.map_or_else(String::new, |t| format!(" ({})", tailproof_core::day(t)));
        let interval = point.interval.as_ref().filter(|i| i.hi.is_finite());
        let interval = interval.map_or_else(String::new, |i| {
            format!(" [{}, {}]", signed_percent(i.lo), signed_percent(i.hi))
        });
        let (first, last) = point.location;
        let place = if first == last {
            String::new()
        } else {
            format!(", begun between points {first} and {last}")
        };
        format!(
            "since {}{when}: median {} -> {}{} ({}{interval}), p = {} by {}{place}",
            point.label(),
            number(point.before.median),
            number(point.after.median),
            self.metric.suffix(),
            signed_percent(point.effect),
            number(point.p),
            self.settings.method.name(),
        )
    }

    /// What is said when nothing among the newest points is worse.
    fn nothing(&self) -> Finding {
        let n = self.values.len();
        let asked = match &self.settings.since {
            Since::Newest(count) => {
                format!("no change for the worse in {} points", (*count).min(n))
            }
            Since::Mark(mark) => format!("no change for the worse since {mark}"),
        };
        if n < self.need {
            let need = self.need as u64;
            let mut finding = self.blank(
                Class::Regression,
                asked,
                Verdict::Inconclusive(Reason::TooFew { need }),
            );
            finding.why = format!(
                "{n} points; no order of fewer than {need} is rare enough at {}: INCONCLUSIVE",
                self.settings.split
            );
            return finding;
        }
        let verdict = Verdict::NoDetectableChange { would_have_shown: None };
        let mut finding = self.blank(Class::Regression, asked, verdict);
        let small = match self.small {
            0 => String::new(),
            small => {
                format!(", {small} smaller than {} not counted", percent(self.settings.min_effect))
            }
        };
        finding.why = format!(
            "no change for the worse shown from point {} on, {} of {n} points{small}: NO CHANGE \
             SHOWN",
            self.since,
            n - self.since,
        );
        finding
    }

    fn blank(&self, class: Class, claim: String, verdict: Verdict) -> Finding {
        let mut finding = Finding::new(class, self.subject.clone(), claim, verdict);
        finding.unit.clone_from(&self.metric.unit);
        finding.direction = self.metric.direction;
        // That neighbours do not depend on each other is itself an estimate.
        finding.guarantee = Guarantee::Approximate;
        finding.n = vec![self.values.len() as u64];
        finding.seed = Some(self.settings.seed);
        finding.warnings.clone_from(&self.warnings);
        if !self.points.is_empty() {
            finding.warnings.push(
                "effects are of change points found in the same data, and so too large on average"
                    .to_owned(),
            );
        }
        finding
    }
}

impl ChangePoint {
    /// The mark, else the index: `5f3a1c2`, `point 71`.
    #[must_use]
    pub fn label(&self) -> String {
        self.mark.clone().unwrap_or_else(|| format!("point {}", self.index))
    }
}
