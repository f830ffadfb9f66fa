use tailproof_core::distributions::{student_quantile, student_two_sided};
use tailproof_core::{
    Class, Direction, Effect, Finding, Guarantee, Interval, Level, Reason, Series, Subject,
    Verdict, number, percent,
};

use super::design::{AblationError, Run, runs};
use super::factor::factor;
use super::least_squares::{Fit, fit};
use super::ratio::SpeedUpSettings;

/// An effect of switching factors on.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// `cache`, or `cache × pool`.
    pub name: String,
    /// A main effect: the speed-up by switching it on. An interaction: by how much the speed-up
    /// of one is multiplied when the other is on.
    pub factor: f64,
    /// Its interval; `None` without residual degrees of freedom.
    pub interval: Option<(f64, f64)>,
    /// Two-sided p of no effect.
    pub p: Option<f64>,
    /// What the design cannot tell from it, with the sign: `cache × pool`, `−(a × b)`.
    pub aliases: Vec<String>,
}

/// Main effects and two-factor interactions.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablation {
    /// Settings that were measured.
    pub settings: usize,
    /// Replicates in all.
    pub n: u64,
    /// Residual degrees of freedom.
    pub df: u64,
    /// The terms that the design estimates: main effects, then interactions.
    pub terms: Vec<Term>,
    /// One a term.
    pub findings: Vec<Finding>,
}

/// Main effects and two-factor interactions of factors that were switched on and off, in a full
/// or a fractional factorial design.
///
/// ```text
/// ln y = β₀ + Σ β_i x_i + Σ β_ij x_i x_j + e      x = −1 off, +1 on; least squares, all replicates
/// main effect   exp(−2β_i): the speed-up by switching i on, averaged over the others
/// interaction   exp(−4β_ij): the speed-up of i with j on over that with j off; 1 if they multiply
/// interval      t with N − rank degrees of freedom; higher interactions count as noise
/// ```
/// Where more is better the signs turn. A column that others make (a fractional design, or single
/// switches only) is an alias: it is not estimated, and named with the terms that carry it.
/// Without replicates and spare settings there is no noise to judge by: estimates only.
///
/// The claims are "faster with it" for main effects, "they multiply" for interactions; findings
/// are of class other.
///
/// # Errors
/// As [`runs`].
///
/// # Source
/// Box, Hunter & Hunter (2005), *Statistics for Experimenters*, 2nd ed., ch. 5 and 6.
///
/// # Example
/// ```
/// use tailproof_compare::speedup::{SpeedUpSettings, ablation};
/// use tailproof_core::*;
///
/// let series = |cache: &str, pool: &str, values: [f64; 3]| Series {
///     metric: Metric::new("time", Unit::known("s")),
///     labels: [("cache", cache), ("pool", pool)].map(|(k, v)| (k.into(), v.into())).into(),
///     observations: Observations::Raw(Raw::complete(Sample::new(values.to_vec()).expect("finite"))),
///     run: None,
///     time: None,
///     marks: None,
/// };
/// let all = [
///     series("off", "off", [80.0, 81.0, 79.0]),
///     series("on", "off", [40.0, 40.5, 39.5]),
///     series("off", "on", [20.0, 20.2, 19.8]),
///     series("on", "on", [10.0, 10.1, 9.9]),
/// ];
/// let all: Vec<&Series> = all.iter().collect();
/// let found = ablation(&all, &["cache".into(), "pool".into()], &SpeedUpSettings::default())?;
/// let factors: Vec<f64> = found.terms.iter().map(|t| t.factor).collect();
/// for (got, want) in factors.iter().zip([2.0, 4.0, 1.0]) {
///     assert!((got - want).abs() < 0.01);
/// }
/// assert!(found.findings.iter().all(|f| f.verdict == Verdict::Pass));
/// # Ok::<(), tailproof_compare::speedup::AblationError>(())
/// ```
pub fn ablation(
    series: &[&Series],
    factors: &[String],
    settings: &SpeedUpSettings,
) -> Result<Ablation, AblationError> {
    let cells = runs(series, factors)?;
    let columns = Columns::of(factors, &cells);
    let weights: Vec<f64> = cells.iter().map(|c| c.logs.len() as f64).collect();
    let mean = |c: &Run| c.logs.iter().sum::<f64>() / c.logs.len() as f64;
    let means: Vec<f64> = cells.iter().map(mean).collect();
    let within: f64 = cells
        .iter()
        .zip(&means)
        .map(|(c, m)| c.logs.iter().map(|x| (x - m).powi(2)).sum::<f64>())
        .sum();
    let fit = fit(&columns.values, &means, &weights);
    let n: usize = cells.iter().map(|c| c.logs.len()).sum();
    let df = n - fit.kept.len();
    // Rounding of exact data is no noise to judge by.
    let noise = within + fit.rss;
    let scale: f64 = means.iter().zip(&weights).map(|(m, w)| w * m * m).sum();
    let variance = (df > 0 && noise > 1e-24 * scale).then(|| noise / df as f64);
    let first = series.iter().find(|s| factors.iter().all(|f| s.labels.contains_key(f)));
    let metric = first.map(|s| s.metric.clone()).unwrap_or_default();
    let sign = if metric.direction == Direction::Higher { 1.0 } else { -1.0 };
    let terms = columns.terms(&fit, variance, df as f64, sign, settings.level);
    let findings = terms
        .iter()
        .map(|t| {
            let mut finding = judged(t, &columns, n as u64, df as u64, settings);
            finding.subject.metric.clone_from(&metric.name);
            finding
        })
        .collect();
    Ok(Ablation { settings: cells.len(), n: n as u64, df: df as u64, terms, findings })
}

/// The columns of the model, intercept first, then main effects, then interactions.
struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
    /// Number of factors.
    main: usize,
}

impl Columns {
    fn of(factors: &[String], cells: &[Run]) -> Self {
        let x = |on: bool| if on { 1.0 } else { -1.0 };
        let (mut names, mut values) = (vec!["mean".to_owned()], vec![vec![1.0; cells.len()]]);
        for (i, factor) in factors.iter().enumerate() {
            names.push(factor.clone());
            values.push(cells.iter().map(|c| x(c.on[i])).collect());
        }
        for (i, a) in factors.iter().enumerate() {
            for (j, b) in factors.iter().enumerate().skip(i + 1) {
                names.push(format!("{a} × {b}"));
                values.push(cells.iter().map(|c| x(c.on[i]) * x(c.on[j])).collect());
            }
        }
        Self { names, values, main: factors.len() }
    }

    fn is_interaction(&self, column: usize) -> bool {
        column > self.main
    }

    fn terms(
        &self,
        fit: &Fit,
        variance: Option<f64>,
        df: f64,
        sign: f64,
        level: Level,
    ) -> Vec<Term> {
        let aliases = |column: usize| -> Vec<String> {
            let part = |(dropped, parts): &(usize, Vec<(usize, f64)>)| {
                let weight = parts.iter().find(|p| p.0 == column)?.1;
                let name = &self.names[*dropped];
                Some(match (weight > 0.0, self.is_interaction(*dropped)) {
                    (true, _) => name.clone(),
                    (false, true) => format!("−({name})"),
                    (false, false) => format!("−{name}"),
                })
            };
            fit.dropped.iter().filter_map(part).collect()
        };
        let term = |kept: &super::least_squares::Kept| {
            let steps = sign * if self.is_interaction(kept.column) { 4.0 } else { 2.0 };
            let log = steps * kept.coefficient;
            let error = variance.map(|v| (v * kept.variance_factor).sqrt() * steps.abs());
            let interval = error.map(|e| {
                let reach = student_quantile(1.0 - level.alpha().to_f64() / 2.0, df) * e;
                ((log - reach).exp(), (log + reach).exp())
            });
            Term {
                name: self.names[kept.column].clone(),
                factor: log.exp(),
                interval,
                p: error.map(|e| student_two_sided(log / e, df)),
                aliases: aliases(kept.column),
            }
        };
        fit.kept.iter().filter(|k| k.column > 0).map(term).collect()
    }
}

fn judged(term: &Term, columns: &Columns, n: u64, df: u64, settings: &SpeedUpSettings) -> Finding {
    let place = columns.names.iter().position(|name| *name == term.name).unwrap_or(0);
    let interaction = columns.is_interaction(place);
    let (margin, inside) =
        (1.0 + settings.margin, |(lo, hi): (f64, f64), m: f64| lo * m > 1.0 && hi < m);
    let verdict = match term.interval {
        None => Verdict::Inconclusive(Reason::TooFew { need: n + 1 }),
        Some((lo, hi)) if interaction => {
            if inside((lo, hi), margin) {
                Verdict::Pass
            } else if lo > 1.0 || hi < 1.0 {
                Verdict::Fail
            } else {
                Verdict::NoDetectableChange { would_have_shown: Some(hi / term.factor - 1.0) }
            }
        }
        Some((lo, _)) if lo > 1.0 => Verdict::Pass,
        Some((_, hi)) if hi < 1.0 => Verdict::Fail,
        Some((_, hi)) => {
            Verdict::NoDetectableChange { would_have_shown: Some(hi / term.factor - 1.0) }
        }
    };
    let claim = if interaction {
        format!("{}: the speed-ups multiply", term.name)
    } else {
        format!("{}: faster with it", term.name)
    };
    let subject = Subject::default();
    let mut finding = Finding::new(Class::Other, subject, claim, verdict);
    let method = format!("least squares on logarithms, t with {df} df");
    let interval = term.interval.map(|(lo, hi)| Interval {
        lo,
        hi,
        level: settings.level,
        method: method.clone(),
    });
    finding.guarantee = Guarantee::Asymptotic;
    (finding.estimate, finding.target, finding.n, finding.p) =
        (Some(term.factor), Some(1.0), vec![n], term.p);
    let name = if interaction { "interaction" } else { "speed_up" };
    // Of the factor, whatever is the better of what was measured; an interaction is to be 1.
    finding.direction = if interaction { Direction::Unknown } else { Direction::Higher };
    finding.interval.clone_from(&interval);
    finding.effects =
        vec![Effect { name: name.to_owned(), value: term.factor, interval, note: None }];
    let range = term.interval.map_or_else(
        || ", no interval: no replicates".to_owned(),
        |(lo, hi)| format!(" [{}, {}] at {}", factor(lo), factor(hi), settings.level),
    );
    let what = match (interaction, &finding.verdict) {
        (false, _) => "speed-up".to_owned(),
        (true, Verdict::Pass) => {
            format!("the same within {} whether the other is on, factor", percent(settings.margin))
        }
        (true, _) => "the speed-up of one with the other on is multiplied by".to_owned(),
    };
    finding.why = format!(
        "{}: {what} {}{range} ({method}; n = {}): {}",
        term.name,
        factor(term.factor),
        number(n as f64),
        finding.verdict.word(),
    );
    if !term.aliases.is_empty() {
        finding.guarantee = Guarantee::Approximate;
        finding.warnings.push(format!(
            "the design does not tell {} from {}: measure the settings that are missing",
            term.name,
            term.aliases.join(", ")
        ));
    }
    finding
}

#[cfg(test)]
mod tests {
    use tailproof_core::{Metric, Observations, Raw, Sample, Unit};

    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    fn series(on: [bool; 3], values: Vec<f64>) -> Series {
        let text = |on: bool| if on { "on" } else { "off" };
        Series {
            metric: Metric::new("time", Unit::known("s")),
            labels: NAMES
                .iter()
                .zip(on)
                .map(|(k, v)| ((*k).to_owned(), text(v).to_owned()))
                .collect(),
            observations: Observations::Raw(Raw::complete(Sample::new(values).unwrap())),
            run: None,
            time: None,
            marks: None,
        }
    }

    /// Speed-ups 2, 3 and 1, and 0.5 more when a and b meet.
    fn measured(on: [bool; 3]) -> Series {
        let both = if on[0] && on[1] { 2.0 } else { 1.0 };
        let time = 60.0 * both / if on[0] { 2.0 } else { 1.0 } / if on[1] { 3.0 } else { 1.0 };
        series(on, (0..4).map(|i| time * (1.0 + f64::from(i) / 1_000.0)).collect())
    }

    fn settings_of(code: u32) -> [bool; 3] {
        [0, 1, 2].map(|i| (code >> i) & 1 == 1)
    }

    fn run(codes: &[u32]) -> Ablation {
        let all: Vec<Series> = codes.iter().map(|&c| measured(settings_of(c))).collect();
        let names: Vec<String> = NAMES.iter().map(|&n| n.to_owned()).collect();
        ablation(&all.iter().collect::<Vec<_>>(), &names, &SpeedUpSettings::default()).unwrap()
    }

    #[test]
    fn a_full_factorial_takes_effects_apart() {
        let found = run(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let term = |name: &str| found.terms.iter().find(|t| t.name == name).unwrap();
        // a alone 2, with b 1: 2^½ on average; b 3 and 1.5.
        for (name, want) in
            [("a", 2.0_f64.sqrt()), ("b", 4.5_f64.sqrt()), ("c", 1.0), ("a × b", 0.5)]
        {
            assert!((term(name).factor / want - 1.0).abs() < 1e-9, "{name} {:?}", term(name));
            assert!(term(name).aliases.is_empty());
        }
        assert_eq!((found.df, found.n, found.settings), (32 - 7, 32, 8));
        let verdict = |i: usize| found.findings[i].verdict.clone();
        assert_eq!(
            (verdict(0), verdict(3), verdict(4)),
            (Verdict::Pass, Verdict::Fail, Verdict::Pass)
        );
        let direction = |i: usize| found.findings[i].direction;
        assert_eq!((direction(0), direction(3)), (Direction::Higher, Direction::Unknown));
    }

    #[test]
    fn a_half_fraction_names_its_aliases() {
        // c = ab: settings with an odd number of switches on.
        let found = run(&[1, 2, 4, 7]);
        let aliases: Vec<(&str, Vec<&str>)> = found
            .terms
            .iter()
            .map(|t| (t.name.as_str(), t.aliases.iter().map(String::as_str).collect()))
            .collect();
        let want = vec![("a", vec!["b × c"]), ("b", vec!["a × c"]), ("c", vec!["a × b"])];
        assert_eq!(aliases, want);
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        let single = [0, 1].map(|c| series(settings_of(c), vec![60.0 / f64::from(c + 1)]));
        let single: Vec<&Series> = single.iter().collect();
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
            ablation(&single, &names, &SpeedUpSettings::default())
        };
        let alone = of(&["a"]).unwrap();
        assert!((alone.terms[0].factor - 2.0).abs() < 1e-12 && alone.terms[0].interval.is_none());
        assert!(matches!(alone.findings[0].verdict, Verdict::Inconclusive(Reason::TooFew { .. })));
        assert_eq!(of(&["a", "b"]), Err(AblationError::NeverSwitched("b".to_owned())));
        assert!(matches!(of(&["d"]), Err(AblationError::NoSeries { .. })));
        assert!(matches!(of(&["a", "a"]), Err(AblationError::Factors(_))));
        assert!(matches!(of(&[]), Err(AblationError::Factors(_))));
    }
}
