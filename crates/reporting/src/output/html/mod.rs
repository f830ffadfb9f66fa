//! A report as one HTML file that needs nothing else: no network, no framework, no storage.

mod card;
mod command;
mod document;
mod figure;
mod headline;
mod part;
mod picture;
mod text;
mod tone;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tailproof_core::Finding;

use crate::evidence::Evidence;
use part::Part;
use text::{Plain, short};
use tone::Tone;

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

/// Most bytes of pictures and their numbers on a page; the rest of it is small.
const ROOM: usize = 6_000_000;

/// A report for a browser: the verdict first, what to do, a table that sorts and filters, and
/// the numbers and pictures of every finding, folded.
///
/// It is one file without references to outside, shows text of strangers as text only, and can
/// be read without its script, on a phone, on paper and by a screen reader. Several pieces of
/// evidence make a section each under a common overview. Where pictures and their numbers would
/// take more than 6 MB, those of findings that hold are left out first.
///
/// ```
/// use tailproof_reporting::{Evidence, html};
///
/// let page = html(&[Evidence::new("checkout <3", vec![])]);
/// assert!(page.starts_with("<!doctype html>"));
/// assert!(page.contains("<h1><bdi>checkout &lt;3</bdi></h1>"));
/// ```
#[must_use]
pub fn html(parts: &[Evidence]) -> String {
    let report = Report::of(parts);
    let mut out = String::with_capacity(64 * 1024);
    report.render_into(&mut out).expect("a String takes every text");
    out
}

#[derive(Debug, Template)]
#[template(path = "report.html")]
struct Report<'a> {
    style: &'static str,
    /// The style of pictures.
    pictures: &'static str,
    script: &'static str,
    /// What a browser checks the script against.
    hash: String,
    version: &'static str,
    /// The worst verdict of all parts.
    word: &'a str,
    tone: Tone,
    parts: Vec<Part<'a>>,
}

impl<'a> Report<'a> {
    fn of(evidence: &'a [Evidence]) -> Self {
        let pictured = pictured(evidence);
        let several = evidence.len() != 1;
        let parts: Vec<Part<'_>> = evidence
            .iter()
            .zip(pictured)
            .enumerate()
            .map(|(i, (e, pictured))| Part::of(e, several.then_some(i + 1), pictured))
            .collect();
        let worst = parts.iter().min_by_key(|p| p.tone);
        Self {
            style: STYLE,
            pictures: crate::plot::STYLE,
            script: SCRIPT,
            hash: STANDARD.encode(Sha256::digest(SCRIPT)),
            version: env!("CARGO_PKG_VERSION"),
            word: worst.map_or("NOTHING TO SHOW", |p| p.word),
            tone: worst.map_or(Tone::Flat, |p| p.tone),
            parts,
        }
    }

    fn several(&self) -> bool {
        self.parts.len() != 1
    }

    fn title(&self) -> Plain<'_> {
        match self.parts.as_slice() {
            [one] => short(one.title()),
            _ => short("Evidence report"),
        }
    }
}

/// Which findings of each part there is room to draw; failed ones first, then open ones.
fn pictured(evidence: &[Evidence]) -> Vec<Vec<bool>> {
    let weight = |f: &Finding| {
        let large = f.exhibits.iter().filter(|e| !figure::is_small(e));
        large.map(figure::weight).sum::<usize>()
    };
    let mut shown: Vec<Vec<bool>> = evidence.iter().map(|e| vec![true; e.findings.len()]).collect();
    let mut order: Vec<(Tone, usize, usize)> = Vec::new();
    for (part, e) in evidence.iter().enumerate() {
        order.extend(e.findings.iter().enumerate().map(|(i, f)| (Tone::of(f), part, i)));
    }
    order.sort_unstable();
    let mut room = ROOM;
    for (_, part, i) in order {
        match room.checked_sub(weight(&evidence[part].findings[i])) {
            Some(rest) => room = rest,
            None => shown[part][i] = false,
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{ComparisonSettings, Configuration, InputRecord};
    use crate::layout::grid::Grid;
    use crate::layout::page::{Block, Page, Section};
    use tailproof_core::{
        Bound, Cell, Class, Effect, Exhibit, ExhibitKind, Interval, Level, Place, Plot, Shape,
        Side, Standing, Subject, Unit, Verdict,
    };

    const EVIL: &str = "<script>alert('x')</script>\"\u{202e}\n& http://x.test";

    fn finding(text: &str, x: f64) -> Finding {
        let t = || text.to_owned();
        let subject = Subject {
            metric: t(),
            labels: [(t(), t())].into(),
            benchmark: Some(t()),
            statistic: Some(t()),
        };
        let mut f = Finding::new(Class::Slo, subject, text, Verdict::Fail);
        let interval = || Interval { lo: -x, hi: x, level: Level::P999, method: t() };
        (f.why, f.unit, f.warnings) = (t(), Some(Unit::Named(t())), vec![t()]);
        (f.estimate, f.target, f.interval) = (Some(x), Some(-x), Some(interval()));
        f.bounds = vec![Bound { side: Side::Upper, value: x, level: Level::P999, method: t() }];
        f.effects =
            vec![Effect { name: t(), value: x, interval: Some(interval()), note: Some(t()) }];
        (f.p, f.n, f.runs) = (Some(x), vec![u64::MAX, u64::MAX], vec![0]);
        let standing = Standing { name: t(), domain: t(), weight: x, ..Standing::default() };
        f.standing = Some(Standing { variance: Some(x), ..standing });
        let plot = Plot::new(text, text)
            .layer(text, Shape::Steps(vec![(x, x), (0.0, f64::NAN)]))
            .layer(text, Shape::Bars(vec![(x, x, x)]))
            .layer(text, Shape::Band(vec![(x, x, x)]))
            .mark(text, Place::XBand(-x, x));
        f.exhibits = vec![
            Exhibit::plot(text, plot),
            Exhibit::plot(text, Plot::new("", "")),
            Exhibit::table(text, vec![t()], vec![vec![Cell::Text(t()), Cell::Number(x)]]),
            Exhibit { title: t(), kind: ExhibitKind::Svg(t()) },
        ];
        f
    }

    fn evidence(text: &str, x: f64) -> Evidence {
        let t = || text.to_owned();
        let mut e = Evidence::new(text, vec![finding(text, x), finding(text, x)]);
        (e.created, e.previous) = (Some(t()), Some(t()));
        (e.tool.name, e.tool.version) = (t(), t());
        e.tool.dependencies.insert(t(), t());
        let input = InputRecord { role: t(), name: t(), sha256: t(), bytes: 1, format: t() };
        e.inputs = vec![input];
        e.environment.cpu = Some(t());
        e.environment.limits = vec![(t(), t())];
        e.settings.min_effect = Some(x);
        e.settings.comparison =
            Some(ComparisonSettings { test: t(), correction: t(), ..Default::default() });
        (e.recommendations, e.notes) = (vec![t()], vec![t()]);
        e.configuration =
            Some(Configuration { verb: t(), arguments: vec![t()], ..Configuration::default() });
        e
    }

    fn page(text: &str) -> Page {
        let t = || text.to_owned();
        let grid = Grid {
            title: t(),
            header: vec![t()],
            rows: vec![vec![t(), t()]],
            notes: vec![t()],
            ..Grid::default()
        };
        let blocks = vec![
            Block::Text(t()),
            Block::List(vec![t()]),
            Block::Numbered(vec![t()]),
            Block::Table(grid),
            Block::Rows { domain: None },
        ];
        Page {
            title: t(),
            lead: vec![t(), t(), format!("- {text}")],
            sections: vec![Section::new(text, blocks)],
        }
    }

    /// All evidence that a stranger could think of: one part, several, none, with a page.
    fn all() -> Vec<String> {
        let mut with_page = evidence(EVIL, 1.0);
        with_page.page = Some(page(EVIL));
        let parts = [
            with_page,
            evidence(EVIL, f64::INFINITY),
            evidence(&"<".repeat(10_000), f64::MAX),
            evidence("", f64::NAN),
            Evidence::new("", vec![]),
        ];
        let mut all: Vec<String> = parts.iter().map(|e| html(std::slice::from_ref(e))).collect();
        all.extend([html(&parts), html(&[])]);
        all
    }

    #[test]
    fn text_of_strangers_stays_text() {
        for text in all() {
            assert_eq!(text.matches("<script").count(), 1, "only ours");
            assert!(!text.contains('\u{202e}'), "a mark that turns text around");
            assert!(!text.contains("&amp;lt;"), "escaped twice");
            assert!(!text.contains(&"&lt;".repeat(2_001)), "a long name is not cut");
        }
        assert!(
            all()[0]
                .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;[U+202E]⏎&amp;")
        );
    }

    #[test]
    fn nothing_is_loaded_from_outside() {
        for text in all() {
            // The text of strangers holds an address, which is no link.
            for attribute in ["src=", "href=", "action=", "srcset=", "@import", "url("] {
                for (at, _) in text.match_indices(attribute) {
                    let value = text[at + attribute.len()..].trim_start_matches(['"', '\'']);
                    assert!(value.starts_with('#') || value.starts_with("data:"), "{attribute}");
                }
            }
        }
    }

    #[test]
    fn ids_are_unique_and_links_lead_somewhere() {
        for text in all() {
            let ids: Vec<&str> = text.split(" id=").skip(1).map(word).collect();
            let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), unique.len(), "{ids:?}");
            for link in text.split("href=\"#").skip(1).map(word) {
                assert!(unique.contains(link), "{link:?}");
            }
        }
    }

    /// The value of an attribute, with quotation marks or without.
    fn word(text: &str) -> &str {
        let text = text.trim_start_matches('"');
        text.split(['"', ' ', '>']).next().unwrap_or_default()
    }

    #[test]
    fn the_policy_allows_our_script_and_no_other() {
        let text = html(&[]);
        let script = text.split("<script>").nth(1).and_then(|t| t.split("</script>").next());
        let hash = STANDARD.encode(Sha256::digest(script.unwrap()));
        let policy = format!("script-src 'sha256-{hash}'");
        assert!(text.contains(&policy) && text.contains("default-src 'none'"), "{text}");
        assert!(!text.contains(" onclick") && !text.contains("javascript:"));
    }

    #[test]
    fn the_verdict_comes_first_and_what_failed_is_unfolded() {
        let mut pass = finding("fast", 1.0);
        pass.verdict = Verdict::Pass;
        let text = html(&[Evidence::new("shop", vec![pass.clone(), finding("slow", 1.0), pass])]);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(at("</i> FAIL</p>") < at("What failed"));
        assert!(at("What failed") < at("id=\"summary\""));
        assert!(at("id=\"summary\"") < at("<details class=\"f good\" id=f1>"));
        at("<details class=\"f bad\" id=f2 open>");
        at("<b>2</b> passed");
        assert_eq!(text.matches("<h1>").count(), 1);
    }

    #[test]
    fn the_newest_run_leads_to_its_trend() {
        let run = |when: &str| {
            let mut run = Evidence::new("shop", vec![finding("slow", 1.0)]);
            run.created = Some(when.to_owned());
            run
        };
        let runs = vec![run("2026-02-02T10:00:00Z"), run("2026-02-01T10:00:00Z")];
        let text = html(&crate::layout::trend::together(runs));
        assert!(text.contains("<a href=\"#f1x1\">newest of 2 runs</a>"), "{text}");
        assert!(text.contains("id=f1x1"), "{text}");
    }

    #[test]
    fn pictures_of_what_holds_make_room_first() {
        let mut pass = finding("p", 1.0);
        pass.verdict = Verdict::Pass;
        let svg = || Exhibit { title: "t".into(), kind: ExhibitKind::Svg("x".repeat(200_000)) };
        pass.exhibits = (0..10).map(|_| svg()).collect();
        let fail = Finding { verdict: Verdict::Fail, ..pass.clone() };
        let text = html(&[Evidence::new("c", vec![pass.clone(), pass, fail])]);
        assert!(text.len() < ROOM + 200_000, "{}", text.len());
        assert!(text.contains("10 pictures are left out to keep this file small"));
        assert!(text.contains("id=f3x10") && !text.contains("id=f2x1"));
    }
}
