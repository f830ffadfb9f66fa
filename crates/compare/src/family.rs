use tailproof_core::descriptive::Moments;
use tailproof_core::{
    Class, Direction, Effect, Finding, Guarantee, Interval, Level, Loop, Reason, Sample, Verdict,
    number, p_value, percent, signed_percent,
};
use tailproof_hypothesis::{Attainable, attainable, fcr_level, power_factor};

use crate::change::{Beyond, Change};
use crate::row::{BEYOND, Pair, Row};
use crate::settings::{Margins, Settings, Test};

/// A row that tests something.
pub(crate) struct Tested {
    change: Change,
    direction: Direction,
    margins: Margins,
    /// The step of the clock, for rows that are single observations.
    clock: f64,
    /// Whether a mean of the same values is judged as well.
    beside_mean: bool,
    /// Judged by the difference: there is no ratio to a baseline of nothing.
    by_difference: bool,
}

impl Tested {
    /// What a row tests, or why it cannot.
    pub(crate) fn of(pair: &Pair<'_>, row: Row, settings: &Settings) -> Result<Self, Reason> {
        if pair.two.one_run() {
            return Err(Reason::OneRun);
        }
        let margins = pair.two.margins(&row.name(), settings);
        if not_carried(pair, row).is_some() {
            return Err(open(&margins, settings));
        }
        let change = pair.change(row).map_err(|_| Reason::BaseNearZero)?;
        let clock = match row {
            Row::Quantile(_) if !pair.by_run() => pair.clock(),
            _ => 0.0,
        };
        Ok(Self { clock, beside_mean: true, ..Self::new(change, pair.two.direction, margins)? })
    }

    /// A change with the direction that a limit gives, or else the metric.
    ///
    /// Without a ratio it is judged by the difference alone: from a baseline of exactly nothing
    /// any change is beyond a relative margin, and an absolute margin needs no ratio.
    ///
    /// # Errors
    /// The baseline is near zero, and not exactly zero, and there is no absolute margin.
    pub(crate) fn new(
        change: Change,
        direction: Direction,
        margins: Margins,
    ) -> Result<Self, Reason> {
        let direction = margins.direction.unwrap_or(direction);
        let by_difference = !change.is_relative();
        if by_difference && margins.absolute <= 0.0 && !change.begins_at_nothing() {
            return Err(Reason::BaseNearZero);
        }
        Ok(Self { change, direction, margins, clock: 0.0, beside_mean: false, by_difference })
    }

    /// The interval shown: of the relative change, or of the difference.
    fn interval(&self, level: Level) -> Option<(f64, f64)> {
        if self.by_difference {
            return Some(self.change.difference(level));
        }
        self.change.interval(level).ok().map(|(lo, hi)| (lo - 1.0, hi - 1.0))
    }

    /// The smallest α at which the interval lies beyond both margins on the worse side, and the
    /// smallest that data of these sizes could show; `None` when no side is worse. A margin of
    /// the row's own takes the place of the one given.
    pub(crate) fn p(&self, margin: f64) -> Option<(f64, f64)> {
        let (beyond, sign) = match self.direction {
            Direction::Lower => (Beyond::Above, 1.0),
            Direction::Higher => (Beyond::Below, -1.0),
            Direction::Unknown => return None,
        };
        let margin = if self.margins.own { self.margins.relative } else { margin };
        if self.by_difference {
            let p = self.change.p_of_difference(sign * self.margins.absolute, beyond);
            return Some((p, self.change.smallest_p(beyond)));
        }
        let mut p = self.change.p(1.0 + sign * margin, beyond);
        if self.margins.absolute > 0.0 {
            // Both margins must be exceeded.
            p = p.max(self.change.p_of_difference(sign * self.margins.absolute, beyond));
        }
        Some((p, self.change.smallest_p(beyond)))
    }

    /// Whether the change is less than two steps of a coarse clock.
    pub(crate) fn below_clock(&self) -> bool {
        (self.change.candidate - self.change.base).abs() < 2.0 * self.clock
    }
}

/// Whether an adjusted p is rejected at q; rounding of q·k/m is forgiven.
pub(crate) fn rejected(adjusted: f64, q: f64) -> bool {
    adjusted <= q * (1.0 + 1e-12)
}

/// A row that dependent observations do not carry is open when a proof or a power is asked of
/// it; by default it is only listed.
pub(crate) fn open(margins: &Margins, settings: &Settings) -> Reason {
    let asked = margins.proof || settings.require_power.is_some();
    if asked { Reason::Dependent } else { Reason::NotTested }
}

/// A row before its family is known.
pub(crate) enum Assessed {
    /// To be judged with all others.
    Open(Box<Open>),
    /// Judged already, by itself.
    Judged(Box<Finding>),
}

/// A row that waits for its family.
pub(crate) struct Open {
    finding: Finding,
    sides: String,
    /// Runs a side where they are the unit, else observations.
    n: [usize; 2],
    by_run: bool,
    margins: Margins,
    tested: Option<Tested>,
    /// The smallest α at which the interval lies beyond the margin on the worse side, and the
    /// smallest that any data of this size could show. `None` for rows that test nothing.
    p: Option<(f64, f64)>,
}

/// A row with all that is known but how it is judged: base and estimate are those of the data.
pub(crate) struct Draft {
    pub(crate) finding: Finding,
    /// `mean`, `p99`.
    pub(crate) name: String,
    pub(crate) margins: Margins,
    /// Runs a side where they are the unit, else observations.
    pub(crate) n: [usize; 2],
    pub(crate) by_run: bool,
}

impl Draft {
    /// Adds the claim, and what was found out.
    pub(crate) fn assess(self, tested: Result<Tested, Reason>, settings: &Settings) -> Assessed {
        let Self { mut finding, name, margins, n, by_run } = self;
        finding.subject.statistic = Some(name.clone());
        finding.claim = claim(&name, &margins, &finding.suffix());
        if let Some(direction) = margins.direction {
            finding.direction = direction;
        }
        let tested = match tested {
            Ok(tested) => {
                // By run, the statistic is the mean over runs.
                let change = &tested.change;
                (finding.base, finding.estimate) = (Some(change.base), Some(change.candidate));
                // One run a side speaks of that run alone.
                let alone = finding.runs.contains(&1);
                finding.guarantee = if alone { Guarantee::Approximate } else { change.guarantee };
                Some(tested)
            }
            Err(reason) => {
                finding.verdict = Verdict::Inconclusive(reason);
                None
            }
        };
        let sides = sides(&name, &finding);
        let p = tested.as_ref().and_then(|t| t.p(settings.margin()));
        Assessed::Open(Box::new(Open { finding, sides, n, by_run, margins, tested, p }))
    }
}

/// `mean not worse by more than 1 % and 50 us`.
pub(crate) fn claim(name: &str, margins: &Margins, suffix: &str) -> String {
    let share = percent(margins.relative);
    match (margins.proof, margins.absolute > 0.0) {
        (true, _) => format!("{name} no worse than {share}, proven"),
        (false, false) => format!("{name} not worse by more than {share}"),
        (false, true) => {
            let absolute = number(margins.absolute);
            format!("{name} not worse by more than {share} and {absolute}{suffix}")
        }
    }
}

/// `mean 12.1 ms -> 12.4 ms`.
pub(crate) fn sides(name: &str, finding: &Finding) -> String {
    let suffix = finding.suffix();
    let text = |side: Option<f64>| {
        side.map_or_else(
            || "?".to_owned(),
            |x| {
                if finding.is_share() { percent(x) } else { format!("{}{suffix}", number(x)) }
            },
        )
    };
    format!("{name} {} -> {}", text(finding.base), text(finding.estimate))
}

/// The rows of one metric, not judged yet; `sources` are the kinds of load of both sides.
pub(crate) fn assess(
    pair: &Pair<'_>,
    sources: [Option<Loop>; 2],
    settings: &Settings,
) -> Vec<Assessed> {
    let rows = pair.rows(settings).into_iter().map(|row| assess_row(pair, row, settings));
    warned(rows.collect(), &pair.two.pathologies(sources))
}

/// The rows of one metric with what is wrong with how it was measured.
pub(crate) fn warned(mut rows: Vec<Assessed>, warnings: &[String]) -> Vec<Assessed> {
    for row in &mut rows {
        let finding = match row {
            Assessed::Open(open) => &mut open.finding,
            Assessed::Judged(finding) => finding,
        };
        finding.warnings.extend(warnings.iter().cloned());
    }
    rows
}

fn assess_row(pair: &Pair<'_>, row: Row, settings: &Settings) -> Assessed {
    let mut finding = pair.blank(Class::Regression, String::new());
    (finding.base, finding.estimate) = (Some(row.of(pair.x)), Some(row.of(pair.y)));
    finding.effects = pair.columns(row, settings.level);
    let by_run = pair.by_run();
    if row == Row::Mean {
        finding.seed = Some(settings.seed);
        if !by_run {
            finding.warnings.extend([pair.x, pair.y].into_iter().filter_map(heavy_tail));
        }
    }
    let n = if by_run { pair.runs().map(|r| r as usize) } else { [pair.x.len(), pair.y.len()] };
    let tested = Tested::of(pair, row, settings);
    if tested.is_err()
        && let Some(worth) = not_carried(pair, row)
    {
        finding.warnings.push(format!(
            "successive observations depend on each other: for {} they are worth {} \
             independent ones, of which fewer than ten lie beyond; about {} observations \
             a side would carry it",
            row.name(),
            number(worth.floor()),
            number((enough(row) / worth * n[0].min(n[1]) as f64).ceil()),
        ));
    }
    let margins = pair.two.margins(&row.name(), settings);
    Draft { finding, name: row.name(), margins, n, by_run }.assess(tested, settings)
}

/// Independent observations with which ten lie beyond a percentile.
fn enough(row: Row) -> f64 {
    let Row::Quantile(p) = row else { return 1.0 };
    BEYOND / p.complement().to_f64()
}

/// What a tail percentile is worth that dependent observations do not carry.
fn not_carried(pair: &Pair<'_>, row: Row) -> Option<f64> {
    let Row::Quantile(p) = row else { return None };
    let tail = p.complement().to_f64();
    let worth = pair.worth(p);
    (tail < 0.5 && worth * tail < BEYOND).then_some(worth)
}

/// The share of the sum of squares that one observation supplies.
pub(crate) fn heaviest(sample: &Sample) -> f64 {
    let moments = Moments::of(sample);
    let (mean, (lo, hi)) = (moments.mean(), sample.range());
    let far = (hi - mean).max(mean - lo) / (moments.sd(0) * moments.n().sqrt());
    if moments.n() < 3.0 || far.is_nan() { 0.0 } else { far * far }
}

/// A mean of which one observation makes most is no basis.
fn heavy_tail(sample: &Sample) -> Option<String> {
    let share = heaviest(sample);
    // Of a few observations one always makes much.
    (share > (10.0 / sample.len() as f64).max(0.2)).then(|| {
        format!(
            "one observation supplies {} of the sum of squares: do not rest on the mean, see \
             the percentiles",
            percent(share)
        )
    })
}

/// What a family of rows shares.
struct Family {
    level: Level,
    alpha: f64,
    /// Level at which a row would have to be significant by itself.
    alone: Level,
    m: usize,
}

/// Judges all rows together.
///
/// The p of a row is the smallest α at which its two-sided interval lies beyond the margin on
/// the worse side. The correction works on these; intervals of all rows are shown at the level
/// that it leaves, so that interval and verdict cannot disagree.
pub(crate) fn conclude(rows: Vec<Assessed>, settings: &Settings) -> Vec<Finding> {
    let tested: Vec<(usize, (f64, f64))> = rows
        .iter()
        .enumerate()
        .filter_map(|(i, row)| match row {
            Assessed::Open(open) => Some((i, open.p?)),
            Assessed::Judged(_) => None,
        })
        .collect();
    let pick =
        |f: fn((f64, f64)) -> f64| -> Vec<f64> { tested.iter().map(|&(_, p)| f(p)).collect() };
    let q = settings.level.alpha().to_f64();
    let adjusted = settings.correction.adjust(&pick(|p| p.0));
    let reach = attainable(&pick(|p| p.1), q, settings.correction);
    let found = adjusted.iter().filter(|&&p| rejected(p, q)).count();
    let m = tested.len().max(1);
    let at = |r: usize| level_of(fcr_level(settings.correction, q, m, r), settings.level);
    let level = at(found);
    let family = Family { level, alpha: level.alpha().to_f64(), alone: at(0), m };
    let mut outcome = tested.iter().zip(adjusted.into_iter().zip(reach)).peekable();
    rows.into_iter()
        .enumerate()
        .map(|(i, row)| {
            let mine = outcome.next_if(|(at, _)| at.0 == i).map(|(_, shown)| shown);
            match row {
                Assessed::Open(open) => judge(*open, mine, &family, settings),
                Assessed::Judged(finding) => *finding,
            }
        })
        .collect()
}

/// `1 − alpha` as a level; the level itself when nothing was corrected.
fn level_of(alpha: f64, whole: Level) -> Level {
    if alpha == whole.alpha().to_f64() {
        return whole;
    }
    Level::with_alpha(alpha).unwrap_or(whole)
}

fn judge(
    row: Open,
    outcome: Option<(f64, Attainable)>,
    family: &Family,
    settings: &Settings,
) -> Finding {
    let Open { mut finding, sides, n, by_run, margins, tested, p } = row;
    let Some((tested, (lo, hi))) =
        tested.and_then(|t| t.interval(family.level).map(|ends| (t, ends)))
    else {
        if finding.verdict == Verdict::Inconclusive(Reason::Absent) {
            finding.verdict = Verdict::Inconclusive(Reason::BaseNearZero);
        }
        finding.why = match &finding.verdict {
            Verdict::Inconclusive(Reason::NotTested) => format!("{sides}: NOT TESTED"),
            Verdict::Inconclusive(reason) => format!("{sides}: INCONCLUSIVE, {reason}"),
            _ => sides,
        };
        return finding;
    };
    let change = &tested.change;
    let by_difference = tested.by_difference;
    let shown = if by_difference { change.candidate - change.base } else { change.ratio() - 1.0 };
    let method = change.method.to_owned();
    let interval = Interval { lo, hi, level: family.level, method };
    let name = if by_difference { "difference" } else { "relative_change" };
    finding.effects.push(Effect {
        name: name.to_owned(),
        value: shown,
        interval: Some(interval.clone()),
        note: None,
    });
    if !by_difference {
        finding.interval = Some(interval);
    }
    finding.p = p.map(|p| p.0);
    finding.adjusted_p = outcome.map(|o| o.0);
    // A percentile that the family is too large for is left to the mean beside it.
    let spare = settings.test == Test::Auto
        && settings.require_power.is_none()
        && !margins.proof
        && matches!(finding.subject.statistic.as_deref(), Some(s) if s.starts_with('p'))
        && tested.beside_mean;
    finding.verdict = match outcome {
        None => Verdict::Inconclusive(Reason::UnknownDirection),
        Some((adjusted, _)) if rejected(adjusted, settings.level.alpha().to_f64()) => {
            if tested.below_clock() {
                Verdict::Inconclusive(Reason::BelowClock)
            } else {
                Verdict::Fail
            }
        }
        Some((_, reach)) => match not_rejected(&tested, (lo, hi), reach, n, family, settings) {
            Verdict::Inconclusive(Reason::TooFew { need }) if spare => {
                finding.warnings.push(format!(
                    "some percentiles need n >= {need} a side in a family of {}; the means are \
                         judged",
                    family.m
                ));
                Verdict::Inconclusive(Reason::NotTested)
            }
            verdict => verdict,
        },
    };
    if outcome.is_some_and(|o| o.1 == Attainable::OnlyInFamily) {
        finding.warnings.push(format!(
            "too few observations to be significant alone in a family of {}",
            family.m
        ));
    }
    let margin = if margins.absolute > 0.0 {
        let absolute = number(margins.absolute);
        format!("{} and {absolute}{}", percent(margins.relative), finding.suffix())
    } else {
        percent(margins.relative)
    };
    let mut detail = describe(&finding, (lo, hi), &margin);
    if by_run {
        detail = detail.replace("n >= ", "runs >= ").replace("about n = ", "about runs = ");
    }
    let detail =
        detail.replace("needs ", "needs, a side, ").replace("would settle", "a side would settle");
    let suffix = finding.suffix();
    let signed = |x: f64| {
        if by_difference {
            format!("{}{}{suffix}", if x > 0.0 { "+" } else { "" }, number(x))
        } else {
            signed_percent(x)
        }
    };
    let runs = match finding.runs[..] {
        [a, b] if a.min(b) > 1 => format!(" in {a} + {b} runs"),
        _ => String::new(),
    };
    finding.why = format!(
        "{sides}, {} [{}, {}] at {} ({}; n = {} + {}{runs}): {detail}",
        signed(shown),
        signed(lo),
        signed(hi),
        family.level,
        change.method,
        number(finding.n[0] as f64),
        number(finding.n[1] as f64),
    );
    finding
}

/// Wholly within the margin is a pass; else what the row cannot say.
fn not_rejected(
    tested: &Tested,
    (lo, hi): (f64, f64),
    reach: Attainable,
    n: [usize; 2],
    family: &Family,
    settings: &Settings,
) -> Verdict {
    let Tested { change, direction, margins, by_difference, .. } = tested;
    let absolute = margins.absolute;
    if change.unchanged() && n[0].min(n[1]) > 1 {
        // Too few equal values prove nothing, but they show no change either.
        return match reach {
            Attainable::Never => Verdict::NoDetectableChange { would_have_shown: None },
            _ => Verdict::Pass,
        };
    }
    // What a change has to exceed, as a share of the baseline.
    let margin = margins.relative.max(absolute / change.base.abs());
    // Positive is worse from here on. For "higher is better" a fall is worse.
    let worse =
        |(lo, hi): (f64, f64)| if *direction == Direction::Lower { (lo, hi) } else { (-hi, -lo) };
    let (low, high) = worse((lo, hi));
    let within = absolute > 0.0 && worse(change.difference(family.level)).1 < absolute;
    if !by_difference && high < margins.relative || within {
        return Verdict::Pass;
    }
    if reach == Attainable::Never {
        return Verdict::Inconclusive(Reason::TooFew { need: change.need(family.alone) });
    }
    if !(low.is_finite() && high.is_finite()) {
        let need = change.need(family.level);
        if (n[0].min(n[1]) as u64) < need {
            return Verdict::Inconclusive(Reason::TooFew { need });
        }
        // There are enough: what bounds the change lies among failures or in an open bucket.
        let asked = margins.proof || settings.require_power.is_some();
        return match change.hidden() {
            reason if asked => Verdict::Inconclusive(reason),
            _ => Verdict::NoDetectableChange { would_have_shown: None },
        };
    }
    if *by_difference {
        return Verdict::NoDetectableChange { would_have_shown: None };
    }
    let half = (high - low) / 2.0;
    let grown = |by: f64| {
        let need = n[0].max(n[1]) as f64 * by * by;
        (need < 1e9).then_some(need.ceil() as u64)
    };
    if margins.proof {
        let gap = margin - f64::midpoint(low, high);
        let projected = if gap > 0.0 { grown(half / gap) } else { None };
        return Verdict::Inconclusive(Reason::Straddles { projected });
    }
    let would_have_shown = detectable((lo, hi), *direction, margin, family.alpha, change.noisy());
    let detectable = would_have_shown - margin;
    if let Some(wish) = settings.require_power
        && would_have_shown > wish
    {
        let need =
            grown(detectable / (wish - margin)).filter(|_| wish > margin).unwrap_or(u64::MAX);
        return Verdict::Inconclusive(Reason::Underpowered { need });
    }
    if *direction == Direction::Higher && would_have_shown >= 1.0 {
        // A fall ends at nothing: this many cannot show one.
        let need = grown(detectable / (1.0 - margin)).unwrap_or(u64::MAX);
        return Verdict::Inconclusive(Reason::TooFew { need });
    }
    Verdict::NoDetectableChange { would_have_shown: Some(would_have_shown) }
}

/// The change that would have been shown with power 0.8: the margin, and as far beyond it as
/// the interval is wide on either side, times what the power takes. Where the interval is one
/// of ratios its width grows with the candidate, so that it is taken on the log scale.
fn detectable(
    (lo, hi): (f64, f64),
    direction: Direction,
    margin: f64,
    alpha: f64,
    noisy: bool,
) -> f64 {
    // The width of buckets is no noise that more power would have to overcome.
    let factor = if noisy { power_factor(alpha / 2.0, 0.8) } else { 1.0 };
    let (low, high) = (1.0 + lo, 1.0 + hi);
    if low <= 0.0 {
        return margin + factor * (hi - lo) / 2.0;
    }
    let reach = factor * (high / low).ln() / 2.0;
    match direction {
        Direction::Higher => 1.0 - (1.0 - margin) * (-reach).exp(),
        Direction::Lower | Direction::Unknown => (1.0 + margin) * reach.exp() - 1.0,
    }
}

fn describe(finding: &Finding, (lo, hi): (f64, f64), margin: &str) -> String {
    let improved = match finding.direction {
        Direction::Lower => hi < 0.0,
        Direction::Higher => lo > 0.0,
        Direction::Unknown => false,
    };
    let p = finding.p.map_or_else(String::new, |p| {
        let adjusted = finding.adjusted_p.unwrap_or(p);
        format!(" (p {}, adjusted {})", p_value(p), p_value(adjusted))
    });
    match &finding.verdict {
        Verdict::NoDetectableChange { would_have_shown: Some(w) } => {
            let changed = if lo > 0.0 || hi < 0.0 {
                "changed, not shown to be beyond the margin; "
            } else {
                ""
            };
            format!(
                "no change beyond {margin} detected; {changed}would have shown >= {}",
                percent(*w)
            )
        }
        Verdict::Fail => format!("REGRESSED{p}"),
        Verdict::Pass if improved => "PASS, improved".to_owned(),
        Verdict::Pass => format!("PASS, not worse by more than {margin}"),
        Verdict::Inconclusive(reason) => format!("INCONCLUSIVE, {reason}"),
        Verdict::NoDetectableChange { .. } => "no change detected".to_owned(),
    }
}
