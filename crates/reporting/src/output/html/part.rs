//! One piece of evidence in a report.

use askama::Template;
use tailproof_core::{Class, Finding, percent};

use super::card::Card;
use super::headline::{Headline, reservations};
use super::text::{Escaped, Plain, escaped, prose, short};
use super::tone::Tone;
use super::{command, document};
use crate::evidence::Evidence;
use crate::layout::page::{Block, Page};
use crate::layout::trend;
use crate::output::table;

/// A part of a report.
#[derive(Debug, Template)]
#[template(path = "part.html")]
pub(super) struct Part<'a> {
    evidence: &'a Evidence,
    /// Begins every id of the part; empty when it is the only one.
    pub(super) prefix: String,
    /// Level of the headings of its sections.
    level: usize,
    pub(super) word: &'a str,
    pub(super) tone: Tone,
    counts: Vec<(usize, &'static str)>,
    /// Which findings there is room to draw.
    pictured: Vec<bool>,
    /// Whether what failed or is open stands unfolded.
    unfolded: bool,
    /// Whether nothing was to pass or fail.
    answers: bool,
    /// Answers with pictures that stand unfolded.
    pictures: Vec<usize>,
}

/// What failed or is open that is told first.
const FIRST: usize = 5;
/// What failed or is open of which each is unfolded.
const FEW: usize = 8;
/// Answers with pictures that are unfolded.
const PICTURES: usize = 3;

impl<'a> Part<'a> {
    /// The part with this number, from 1; `None` when it is the only one.
    pub(super) fn of(evidence: &'a Evidence, number: Option<usize>, pictured: Vec<bool>) -> Self {
        let findings = &evidence.findings;
        let Headline { word, tone, counts, answers } = Headline::of(findings);
        let decision = findings.iter().find(|f| f.class == Class::Decision);
        let said = evidence.page.as_ref().and_then(|p| p.lead.first());
        let tone = decision.map_or(tone, Tone::of);
        let told = findings.iter().filter(|f| matters(f)).count();
        let mut part = Self {
            evidence,
            prefix: number.map_or_else(String::new, |n| format!("p{n}")),
            level: if number.is_some() { 3 } else { 2 },
            word: said.map_or(word, String::as_str),
            tone,
            counts,
            pictured,
            unfolded: told <= FEW,
            answers,
            pictures: Vec::new(),
        };
        if answers {
            let with = part.cards().enumerate().filter(|(_, card)| card.has_pictures());
            part.pictures = with.map(|(i, _)| i).take(PICTURES).collect();
        }
        part
    }

    /// What was tested.
    pub(super) fn title(&self) -> &'a str {
        self.evidence.page.as_ref().map_or(&self.evidence.component, |p| &p.title)
    }

    pub(super) fn name(&self) -> Plain<'a> {
        short(self.title())
    }

    pub(super) fn words(&self) -> Plain<'_> {
        short(self.word)
    }

    pub(super) fn counted(&self) -> String {
        let all: Vec<String> = self.counts.iter().map(|(n, what)| format!("{n} {what}")).collect();
        all.join(", ")
    }

    pub(super) fn when(&self) -> Option<Plain<'a>> {
        self.evidence.created.as_deref().map(short)
    }

    /// What stands below the title.
    pub(super) fn heading(&self) -> String {
        command::heading(self.evidence)
    }

    fn tool(&self) -> Plain<'a> {
        short(&self.evidence.tool.name)
    }

    fn version(&self) -> Plain<'a> {
        short(&self.evidence.tool.version)
    }

    /// Why, in one line that begins with the metric: of the decision, of the only finding, or of
    /// what failed first or is open; else a sentence. A page tells it in its own words.
    fn why(&self) -> Option<Escaped> {
        let e = self.evidence;
        if e.page.as_ref().is_some_and(|p| p.lead.len() > 1) {
            return None;
        }
        let decision = || e.findings.iter().find(|f| f.class == Class::Decision);
        let only = if let [one] = e.findings.as_slice() { Some(one) } else { decision() };
        let told = only.or_else(|| self.telling().next().map(|(_, f)| f));
        if let Some(f) = told.filter(|f| !f.why.is_empty()) {
            let name = table::name(f);
            let named = name.is_empty() || f.why.starts_with(&name);
            let name = if named { String::new() } else { format!("{}: ", short(&name)) };
            return Some(escaped(format!("{name}{}", prose(&f.why))));
        }
        let holds = "Every claim that was decided holds at its stated level";
        Some(escaped(match self.tone {
            _ if e.findings.is_empty() => "Nothing was judged.".to_owned(),
            _ if self.answers => "These are answers: nothing here was to pass or fail.".to_owned(),
            Tone::Pass if self.care().is_some() => {
                format!("{holds}, as far as its assumptions do.")
            }
            Tone::Pass => format!("{holds}."),
            Tone::Fail => "A claim is refuted at its stated level.".to_owned(),
            Tone::Open | Tone::Untested => "The data cannot decide.".to_owned(),
            Tone::Flat => {
                "No change beyond the margin was shown, which is no proof that there is none."
                    .to_owned()
            }
        }))
    }

    /// How much of it carries warnings.
    fn care(&self) -> Option<Escaped> {
        reservations(&self.evidence.findings, self.tone)
    }

    /// `newest of 3 runs`, a link to its trend where that is shown.
    fn newest(&self) -> Option<Escaped> {
        let words = short(self.evidence.notes.iter().find_map(|note| trend::newest_of(note))?);
        let mut telling = self.telling().filter_map(|(i, f)| self.card(i, f).trend());
        let shown = telling.next().or_else(|| self.cards().find_map(|card| card.trend()));
        Some(escaped(match shown {
            Some(id) => format!("<a href=\"#{id}\">{words}</a>"),
            None => words.to_string(),
        }))
    }

    /// The rest of what a page says first, in paragraphs and lists.
    fn lead(&self) -> String {
        let mut out = String::new();
        let Some(page) = &self.evidence.page else { return out };
        let mut items: Vec<String> = Vec::new();
        for line in page.lead.iter().skip(1).filter(|l| !l.trim().is_empty()) {
            if let Some(item) = line.trim().strip_prefix("- ") {
                items.push(item.to_owned());
                continue;
            }
            if !items.is_empty() {
                document::list(&mut out, "ul", &std::mem::take(&mut items));
            }
            document::paragraph(&mut out, line);
        }
        if !items.is_empty() {
            document::list(&mut out, "ul", &items);
        }
        out
    }

    /// Unless the page says so itself.
    fn recommendations(&self) -> &'a [String] {
        let all = self.evidence.recommendations.as_slice();
        let said = |page: &Page| all.first().is_none_or(|first| says(page, first));
        if self.evidence.page.as_ref().is_some_and(said) { &[] } else { all }
    }

    /// The recommendations that are read at once.
    fn urgent(&self) -> &'a [String] {
        let all = self.recommendations();
        &all[..all.len().min(FIRST)]
    }

    /// The rest, folded.
    fn later(&self) -> &'a [String] {
        &self.recommendations()[self.urgent().len()..]
    }

    fn sections(&self) -> String {
        let mut out = String::new();
        if let Some(page) = &self.evidence.page {
            let findings = &self.evidence.findings;
            document::push_sections(&mut out, page, findings, self.level, &self.prefix);
        }
        out
    }

    /// All findings as they stand in the report.
    fn cards(&self) -> impl Iterator<Item = Card<'a>> {
        let findings: &'a [Finding] = &self.evidence.findings;
        findings.iter().enumerate().map(|(i, f)| self.card(i, f))
    }

    /// What made the headline, when it is no pass: all that failed, or all that is open; of
    /// answers what has none.
    fn telling(&self) -> impl Iterator<Item = (usize, &'a Finding)> + use<'a> {
        let findings: &'a [Finding] = &self.evidence.findings;
        let tone = if self.answers { Tone::Open } else { self.tone };
        findings.iter().enumerate().filter(move |(_, f)| matters(f) && Tone::of(f) == tone)
    }

    /// The first of them, unless the headline has said it all.
    fn first(&self) -> Vec<Card<'a>> {
        if self.evidence.page.is_some() || self.evidence.findings.len() < 2 {
            return Vec::new();
        }
        self.telling().take(FIRST).map(|(i, f)| self.card(i, f)).collect()
    }

    fn failed(&self) -> bool {
        self.tone == Tone::Fail
    }

    fn more(&self) -> usize {
        self.telling().count().saturating_sub(FIRST)
    }

    fn card(&self, i: usize, finding: &'a Finding) -> Card<'a> {
        Card {
            finding,
            id: format!("{}f{}", self.prefix, i + 1),
            level: self.level + 1,
            open: (self.unfolded && matters(finding))
                || self.evidence.findings.len() <= 2
                || self.pictures.contains(&i),
            pictures: self.pictured[i],
            min_effect: self.evidence.settings.min_effect,
        }
    }

    /// How many pictures there was no room for.
    fn left_out(&self) -> usize {
        if self.pictured.iter().all(|p| *p) {
            return 0;
        }
        self.cards().map(|c| c.left_out()).sum()
    }

    /// Whether there is anything that nobody tested.
    fn has_untested(&self) -> bool {
        self.kinds()[2] > 0
    }

    /// How many findings failed, are open, were not tested, and the rest.
    fn kinds(&self) -> [usize; 4] {
        let mut kinds = [0; 4];
        for f in &self.evidence.findings {
            kinds[match Tone::of(f) {
                Tone::Fail => 0,
                Tone::Open => 1,
                Tone::Untested => 2,
                Tone::Pass | Tone::Flat => 3,
            }] += 1;
        }
        kinds
    }

    fn notes(&self) -> impl Iterator<Item = Plain<'a>> {
        self.evidence.notes.iter().map(|n| prose(n))
    }

    /// How it was made.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let s = &self.evidence.settings;
        let mut all = Vec::new();
        all.extend(s.level.map(|l| ("Level", l.to_string())));
        all.extend(s.comparison_level.map(|l| ("Level of the comparison", l.to_string())));
        all.extend(s.seed.map(|s| ("Seed", s.to_string())));
        all.extend(s.resamples.map(|r| ("Resamples", r.to_string())));
        all.extend(s.min_effect.map(|m| ("Margin", percent(m))));
        let Some(c) = &s.comparison else { return all };
        all.push(("Test", c.test.clone()));
        all.push(("Correction over all rows", c.correction.clone()));
        all.extend(c.min_effect_abs.clone().map(|m| ("Absolute margin", m)));
        all.extend(c.equivalence.map(|x| ("Slow-down to exclude", percent(x))));
        all.extend(c.require_power.map(|x| ("Change that must be able to show", percent(x))));
        all
    }

    /// The methods by which intervals and bounds were made, each once.
    fn methods(&self) -> Vec<&'a str> {
        let mut all = std::collections::BTreeSet::new();
        for f in &self.evidence.findings {
            all.extend(f.interval.iter().map(|i| i.method.as_str()));
            all.extend(f.bounds.iter().map(|b| b.method.as_str()));
        }
        all.remove("");
        all.into_iter().take(40).collect()
    }

    fn environment(&self) -> Vec<(&'a str, String)> {
        let e = &self.evidence.environment;
        let mut all: Vec<(&str, String)> = Vec::new();
        all.extend(e.cpu.clone().map(|x| ("CPU", x)));
        all.extend(e.cores.map(|x| ("Cores", x.to_string())));
        all.extend(e.os.clone().map(|x| ("System", x)));
        all.extend(e.kernel.clone().map(|x| ("Kernel", x)));
        all.extend(e.governor.clone().map(|x| ("Governor", x)));
        all.extend(e.limits.iter().map(|(k, v)| (k.as_str(), v.clone())));
        all
    }

    fn verify(&self) -> String {
        command::verify(self.evidence)
    }
}

/// Whether a finding has to be told of: it failed, or it is open.
fn matters(f: &Finding) -> bool {
    matches!(Tone::of(f), Tone::Fail | Tone::Open)
}

/// Whether a page holds a text as an item of a list.
fn says(page: &Page, text: &str) -> bool {
    page.sections.iter().flat_map(|s| &s.blocks).any(|block| match block {
        Block::List(items) | Block::Numbered(items) => items.iter().any(|item| item == text),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::page::Section;
    use tailproof_core::{Exhibit, Plot, Reason, Subject, Verdict};

    fn finding(metric: &str, verdict: Verdict) -> Finding {
        let subject = Subject { metric: metric.to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Slo, subject, "p95 <= 1", verdict);
        f.why = format!("{metric} is why");
        f
    }

    fn part(evidence: &Evidence) -> Part<'_> {
        Part::of(evidence, None, vec![true; evidence.findings.len()])
    }

    #[test]
    fn the_headline_is_told_by_what_made_it() {
        let open = || finding("o", Verdict::Inconclusive(Reason::Absent));
        let untested = || finding("u", Verdict::Inconclusive(Reason::NotTested));
        let (pass, fail) = (finding("p", Verdict::Pass), finding("f", Verdict::Fail));
        let warned = || Finding { warnings: vec!["w".to_owned()], ..finding("w", Verdict::Pass) };
        let named = Finding { why: "p95 = 1".to_owned(), ..finding("n", Verdict::Pass) };
        for (findings, why, first) in [
            (vec![open(), pass.clone(), fail], "f is why", 1),
            (vec![open(), pass.clone(), open()], "o is why", 2),
            (
                vec![untested(), pass.clone()],
                "Every claim that was decided holds at its stated level.",
                0,
            ),
            (
                vec![warned(), pass.clone()],
                "Every claim that was decided holds at its stated level, as",
                0,
            ),
            (vec![pass], "p is why", 0),
            (vec![named], "n: p95 = 1", 0),
            (vec![], "Nothing was judged.", 0),
        ] {
            let evidence = Evidence::new("c", findings);
            let part = part(&evidence);
            let said = part.why().expect("no page says it").to_string();
            assert!(said.starts_with(why), "{said}");
            assert_eq!(part.first().len(), first, "{said}");
        }
    }

    #[test]
    fn answers_are_no_passes_and_show_their_pictures() {
        let plot = || Exhibit::plot("speed", Plot::new("x", "y"));
        let answer = || Finding {
            class: Class::Other,
            exhibits: vec![plot()],
            ..finding("a", Verdict::Pass)
        };
        let evidence = Evidence::new("c", vec![answer(), answer(), answer(), answer()]);
        let part = part(&evidence);
        assert_eq!(
            (part.word, part.tone, part.counted().as_str()),
            ("ANSWERED", Tone::Flat, "4 shown")
        );
        let open: Vec<bool> = part.cards().map(|c| c.open).collect();
        assert_eq!(open, [true, true, true, false]);
    }

    #[test]
    fn what_the_page_recommends_is_not_said_twice() {
        let mut evidence = Evidence::new("c", vec![]);
        evidence.recommendations = vec!["fix it".to_owned()];
        assert_eq!(part(&evidence).recommendations().len(), 1);
        let block = Block::Numbered(vec!["fix it".to_owned()]);
        let sections = vec![Section::new("Then", vec![block])];
        evidence.page = Some(Page { sections, ..Page::default() });
        assert!(part(&evidence).recommendations().is_empty());
    }
}
