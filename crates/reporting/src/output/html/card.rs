//! One finding: its row in the summary, and its folded details.

use askama::Template;
use tailproof_core::{
    Bound, Comparison, Direction, Effect, Exhibit, ExhibitKind, Finding, Guarantee, Interval, Side,
    number, percent, signed_percent,
};

use super::text::{Escaped, Plain, escaped, prose, short};
use super::tone::{self, Tone};
use super::{figure, picture};
use crate::layout::trend;
use crate::output::table;

/// A finding as it stands in a report.
#[derive(Clone, Debug, Template)]
#[template(path = "finding.html")]
pub(super) struct Card<'a> {
    pub(super) finding: &'a Finding,
    /// Of the element, and what those of its parts begin with.
    pub(super) id: String,
    /// Of its heading.
    pub(super) level: usize,
    pub(super) open: bool,
    /// Whether there is room for its pictures.
    pub(super) pictures: bool,
    /// Margin of the run.
    pub(super) min_effect: Option<f64>,
}

impl Card<'_> {
    pub(super) fn tone(&self) -> Tone {
        Tone::of(self.finding)
    }

    pub(super) fn word(&self) -> &'static str {
        tone::word(self.finding)
    }

    fn rest(&self) -> Option<String> {
        tone::rest(self.finding)
    }

    /// Metric, labels and benchmark; of a row of the matrix what people call it.
    pub(super) fn name(&self) -> Escaped {
        cut(&table::name(self.finding))
    }

    pub(super) fn claim(&self) -> Plain<'_> {
        short(&self.finding.claim)
    }

    pub(super) fn why(&self) -> Plain<'_> {
        prose(&self.finding.why)
    }

    pub(super) fn value(&self) -> Escaped {
        cut(&table::value(self.finding))
    }

    /// `+37.94 %`, of a comparison.
    pub(super) fn change(&self) -> Option<String> {
        picture::change(self.finding).filter(|_| !self.finding.is_share()).map(signed_percent)
    }

    pub(super) fn bound(&self) -> Escaped {
        cut(&table::bound(self.finding))
    }

    /// Value and bound as they are said: `7.85 ms, at least 6.3 ms`.
    pub(super) fn told(&self) -> Escaped {
        let value = table::value(self.finding);
        let value = match value.split_once(" -> ") {
            Some((base, candidate)) => format!("from {base} to {candidate}"),
            None => value,
        };
        let parts = [Some(value), self.change(), in_words(&table::bound(self.finding))];
        cut(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    pub(super) fn n(&self) -> String {
        joined(&self.finding.n)
    }

    pub(super) fn picture(&self) -> Escaped {
        let mut out = String::new();
        picture::push(&mut out, self.finding, self.min_effect);
        escaped(out)
    }

    /// What the table sorts the value by.
    pub(super) fn value_key(&self) -> Option<String> {
        self.finding.estimate.and_then(key)
    }

    pub(super) fn n_key(&self) -> u64 {
        self.finding.n.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// What the table sorts the verdict by: the worst first.
    pub(super) fn rank(&self) -> u8 {
        self.tone() as u8
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        facts(self.finding)
    }

    fn effects(&self) -> Vec<[String; 4]> {
        self.finding.effects.iter().map(|e| effect(self.finding, e)).collect()
    }

    fn figures(&self) -> Escaped {
        let mut out = String::new();
        for (i, exhibit) in self.finding.exhibits.iter().enumerate() {
            if self.shows(exhibit) {
                figure::push(&mut out, exhibit, &self.figure_id(i));
            }
        }
        escaped(out)
    }

    /// Whether there is room for an exhibit.
    fn shows(&self, exhibit: &Exhibit) -> bool {
        self.pictures || figure::is_small(exhibit)
    }

    /// Of the figure of an exhibit.
    fn figure_id(&self, exhibit: usize) -> String {
        format!("{}x{}", self.id, exhibit + 1)
    }

    /// The figure of the trend, when it is shown.
    pub(super) fn trend(&self) -> Option<String> {
        let mut exhibits = self.finding.exhibits.iter();
        let at = exhibits.position(|e| trend::is_trend(e) && self.shows(e))?;
        Some(self.figure_id(at))
    }

    /// Whether there is something to see, and room for it.
    pub(super) fn has_pictures(&self) -> bool {
        let is_table = |e: &Exhibit| matches!(e.kind, ExhibitKind::Table { .. });
        self.pictures && self.finding.exhibits.iter().any(|e| !is_table(e))
    }

    /// How many pictures there was no room for.
    pub(super) fn left_out(&self) -> usize {
        let exhibits = self.finding.exhibits.iter();
        exhibits.filter(|e| !self.shows(e)).count()
    }
}

/// Text that names something, when it does not live long enough to be borrowed.
fn cut(text: &str) -> Escaped {
    escaped(short(text).to_string())
}

/// `at least 6.3 ms` for `>= 6.3 ms`, `between 1 ms and 2 ms` for `[1 ms, 2 ms]`.
fn in_words(bound: &str) -> Option<String> {
    let between = |(lo, hi): (&str, &str)| format!("between {lo} and {hi}");
    if bound.is_empty() {
        None
    } else if let Some(end) = bound.strip_prefix(">= ") {
        Some(format!("at least {end}"))
    } else if let Some(end) = bound.strip_prefix("<= ") {
        Some(format!("at most {end}"))
    } else {
        let inside = bound.strip_prefix('[').and_then(|b| b.strip_suffix(']'));
        let ends = inside.and_then(|b| b.split_once(", ")).or_else(|| bound.split_once(" .. "));
        Some(ends.map_or_else(|| bound.to_owned(), between))
    }
}

/// A number as JavaScript reads it.
fn key(x: f64) -> Option<String> {
    if x.is_nan() {
        None
    } else if x.is_infinite() {
        Some(if x > 0.0 { "Infinity" } else { "-Infinity" }.to_owned())
    } else {
        Some(format!("{x:e}"))
    }
}

/// `16 085 + 16 087`.
fn joined(counts: &[u64]) -> String {
    counts.iter().map(|&n| number(n as f64)).collect::<Vec<_>>().join(" + ")
}

/// A value in the unit of the finding.
fn in_unit(f: &Finding, x: f64) -> String {
    if f.is_share() { percent(x) } else { format!("{}{}", number(x), f.suffix()) }
}

/// An end of interval or bound, which are of the relative change when there is a base.
fn end(f: &Finding, x: f64) -> String {
    if f.base.is_some() { signed_percent(x) } else { in_unit(f, x) }
}

fn facts(f: &Finding) -> Vec<(&'static str, String)> {
    let mut all = Vec::with_capacity(16);
    let unit = |x| in_unit(f, x);
    all.extend(f.estimate.map(|x| ("Estimate", unit(x))));
    all.extend(f.base.map(|x| ("Base", unit(x))));
    all.extend(picture::change(f).map(|x| ("Change", signed_percent(x))));
    all.extend(f.target.map(|x| match f.target_upper {
        Some(upper) => ("Target", format!("{} to {}", unit(x), unit(upper))),
        None => ("Target", unit(x)),
    }));
    all.extend(f.interval.as_ref().map(|i| {
        let of = if f.base.is_some() { "Interval of the change" } else { "Interval" };
        (of, interval(i, |x| end(f, x)))
    }));
    all.extend(f.bounds.iter().map(|b| bound(f, b)));
    let guarantee = match f.guarantee {
        Guarantee::Exact => "exact for independent observations at every n",
        Guarantee::Asymptotic => "asymptotic: holds as n grows",
        Guarantee::Approximate => "approximate: assumptions are known to be violated",
    };
    all.push(("Guarantee", guarantee.to_owned()));
    all.extend(f.p.map(|p| ("p", small(p))));
    all.extend(f.adjusted_p.map(|p| ("Adjusted p", small(p))));
    all.extend((!f.n.is_empty()).then(|| ("n", joined(&f.n))));
    all.extend((!f.runs.is_empty()).then(|| ("Runs", joined(&f.runs))));
    all.extend(f.seed.map(|s| ("Seed", s.to_string())));
    all.push(("Provenance", f.provenance.name().to_owned()));
    let better = match f.direction {
        Direction::Lower => Some("less is better"),
        Direction::Higher => Some("more is better"),
        Direction::Unknown => None,
    };
    all.extend(better.map(|b| ("Direction", b.to_owned())));
    let Some(s) = &f.standing else { return all };
    all.push(("Domain", s.domain.clone()));
    all.push(("Weight", number(s.weight)));
    all.extend(s.critical.then(|| ("Critical", "no release without it".to_owned())));
    all.extend(s.variance.map(|v| ("Against target", variance(v, s.known))));
    all
}

fn variance(share: f64, known: Option<Comparison>) -> String {
    let end = match known {
        None => "",
        Some(known) if known.is_upper() => "≤ ",
        Some(_) => "≥ ",
    };
    format!("{end}{}", signed_percent(share))
}

fn interval(i: &Interval, show: impl Fn(f64) -> String) -> String {
    let method = if i.method.is_empty() { String::new() } else { format!(" ({})", i.method) };
    format!("[{}, {}] at {}{method}", show(i.lo), show(i.hi), i.level)
}

/// A p, without the digits that nobody reads.
fn small(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { number(p) }
}

fn bound(f: &Finding, b: &Bound) -> (&'static str, String) {
    let (title, word) = match b.side {
        Side::Lower => ("Lower bound", "at least"),
        Side::Upper => ("Upper bound", "at most"),
    };
    let method = if b.method.is_empty() { String::new() } else { format!(" ({})", b.method) };
    if b.value.is_finite() {
        (title, format!("{word} {} at {}{method}", end(f, b.value), b.level))
    } else {
        (title, format!("none at {}{method}", b.level))
    }
}

/// Name, value, interval, and what else is to say.
fn effect(f: &Finding, e: &Effect) -> [String; 4] {
    let show = |x: f64| match e.name.as_str() {
        "base" | "candidate" | "difference" | "hodges_lehmann_shift" => in_unit(f, x),
        "relative_change" => signed_percent(x),
        _ => number(x),
    };
    let ends = e.interval.as_ref().map(|i| format!("[{}, {}]", show(i.lo), show(i.hi)));
    let how = e.interval.as_ref().map(|i| format!("{}, {}", i.level, i.method));
    let rest: Vec<String> = how.into_iter().chain(e.note.clone()).collect();
    let name = match e.name.as_str() {
        "cohens_d" => "Cohen's d".to_owned(),
        "cohens_d_document" => "Cohen's d (document 0's form)".to_owned(),
        "vargha_delaney_a" => "Vargha-Delaney A".to_owned(),
        "cliffs_delta" => "Cliff's delta".to_owned(),
        "hodges_lehmann_shift" => "Hodges-Lehmann shift".to_owned(),
        "cochran_q" => "Cochran's Q".to_owned(),
        name => name.replace('_', " "),
    };
    [name, show(e.value), ends.unwrap_or_default(), rest.join("; ")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Class, Level, Subject, Unit, Verdict};

    fn finding() -> Finding {
        let subject = Subject { metric: "latency".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p95 <= 2 ms", Verdict::Pass);
        (f.estimate, f.unit) = (Some(1.5), Unit::known("ms"));
        f
    }

    fn fact(f: &Finding, title: &str) -> Option<String> {
        facts(f).into_iter().find(|(t, _)| *t == title).map(|(_, text)| text)
    }

    #[test]
    fn facts_have_units_levels_and_methods() {
        let mut f = finding();
        let method = "order statistic".to_owned();
        f.bounds = vec![
            Bound { side: Side::Upper, value: 1.75, level: Level::P999, method: method.clone() },
            Bound { side: Side::Lower, value: f64::NEG_INFINITY, level: Level::P999, method },
        ];
        let want = "at most 1.75 ms at 99.9 % (order statistic)";
        assert_eq!(fact(&f, "Upper bound").as_deref(), Some(want));
        assert_eq!(fact(&f, "Lower bound").as_deref(), Some("none at 99.9 % (order statistic)"));
        assert_eq!((fact(&f, "Target"), fact(&f, "Seed")), (None, None));
    }

    #[test]
    fn intervals_of_comparisons_are_of_the_change() {
        let mut f = finding();
        f.base = Some(1.0);
        f.interval = Some(Interval {
            lo: -0.5,
            hi: f64::INFINITY,
            level: Level::P95,
            method: String::new(),
        });
        let text = fact(&f, "Interval of the change").unwrap();
        assert_eq!(text, "[-50 %, +∞ %] at 95 %");
        assert_eq!(fact(&f, "Change").as_deref(), Some("+50 %"));
    }

    #[test]
    fn bounds_are_said_in_words() {
        for (bound, want) in [
            (">= 6.3 ms", Some("at least 6.3 ms")),
            ("<= -2 %", Some("at most -2 %")),
            ("1 ms .. 2 ms", Some("between 1 ms and 2 ms")),
            ("[-1 %, +∞ %]", Some("between -1 % and +∞ %")),
            ("?", Some("?")),
            ("", None),
        ] {
            assert_eq!(in_words(bound).as_deref(), want);
        }
    }

    #[test]
    fn effects_have_names_in_words() {
        let name = |name: &str| {
            let (name, interval, note) = (name.to_owned(), None, None);
            effect(&finding(), &Effect { name, value: 1.0, interval, note })[0].clone()
        };
        assert_eq!(name("cohens_d_document"), "Cohen's d (document 0's form)");
        assert_eq!(name("share_difference"), "share difference");
    }

    #[test]
    fn keys_are_numbers_for_a_script() {
        assert_eq!(key(f64::NEG_INFINITY).as_deref(), Some("-Infinity"));
        assert_eq!(key(1e300).as_deref(), Some("1e300"));
        assert_eq!(key(f64::NAN), None);
    }
}
