use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailproof_core::{
    Bound, Class, Comparison, Direction, Effect, Finding, Guarantee, Interval, Provenance, Reason,
    Seed, Side, Standing, Subject, Unit, Verdict,
};

use super::number::{Count, Number};
use super::{exhibit, level};

/// A finding in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Finding"))]
pub(super) struct Wire {
    class: WireClass,
    metric: String,
    labels: BTreeMap<String, String>,
    benchmark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statistic: Option<String>,
    claim: String,
    verdict: WireVerdict,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<WireReason>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    would_have_shown: Option<Number>,
    why: String,
    unit: Option<String>,
    direction: WireDirection,
    estimate: Option<Number>,
    interval: Option<WireInterval>,
    bounds: Vec<WireBound>,
    guarantee: WireGuarantee,
    target: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_upper: Option<Number>,
    base: Option<Number>,
    effects: Vec<WireEffect>,
    p: Option<Number>,
    adjusted_p: Option<Number>,
    n: Vec<Count>,
    runs: Vec<Count>,
    seed: Option<Count>,
    provenance: WireProvenance,
    warnings: Vec<String>,
    exhibits: Vec<exhibit::Wire>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    standing: Option<WireStanding>,
}

/// A row of a matrix of targets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Standing"))]
struct WireStanding {
    name: String,
    domain: String,
    weight: Number,
    critical: bool,
    variance: Option<Number>,
    would_meet: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    known: Option<WireKnown>,
}

impl From<&Standing> for WireStanding {
    fn from(s: &Standing) -> Self {
        Self {
            name: s.name.clone(),
            domain: s.domain.clone(),
            weight: Number(s.weight),
            critical: s.critical,
            variance: s.variance.map(Number),
            would_meet: s.would_meet,
            known: s.known.map(Into::into),
        }
    }
}

impl From<WireStanding> for Standing {
    fn from(w: WireStanding) -> Self {
        Self {
            name: w.name,
            domain: w.domain,
            weight: w.weight.0,
            critical: w.critical,
            variance: w.variance.map(|v| v.0),
            would_meet: w.would_meet,
            known: w.known.map(Into::into),
        }
    }
}

/// A fieldless enum of the domain and its JSON words, one line each.
macro_rules! words {
    ($wire:ident = $domain:ident { $($name:ident),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        enum $wire { $($name),+ }

        impl From<$wire> for $domain {
            fn from(w: $wire) -> Self {
                match w { $($wire::$name => Self::$name),+ }
            }
        }

        impl From<$domain> for $wire {
            #[allow(unreachable_patterns, reason = "some of the enums are non_exhaustive")]
            fn from(d: $domain) -> Self {
                match d {
                    $($domain::$name => Self::$name,)+
                    _ => unreachable!("a word that this version does not know"),
                }
            }
        }
    };
}

words!(WireClass = Class { Slo, Regression, Missing, Decision, Other });
words!(WireDirection = Direction { Lower, Higher, Unknown });
words!(WireGuarantee = Guarantee { Exact, Asymptotic, Approximate });
words!(WireProvenance = Provenance { Measured, Simulated, Estimated, Projected, NotTested });
words!(WireSide = Side { Lower, Upper });
words!(WireKnown = Comparison { Below, AtMost, Above, AtLeast });

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Verdict"))]
#[serde(rename_all = "snake_case")]
enum WireVerdict {
    Pass,
    Fail,
    NoDetectableChange,
    Inconclusive,
}

/// Why a finding is inconclusive: a code, and the n it needs where it has one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Reason"))]
struct WireReason {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    need: Option<Count>,
    #[serde(default)]
    text: String,
}

const PLAIN: [(&str, Reason); 14] = [
    ("absent", Reason::Absent),
    ("summary_only", Reason::SummaryOnly),
    ("bucket_width", Reason::BucketWidth),
    ("dependent", Reason::Dependent),
    ("one_run", Reason::OneRun),
    ("unknown_direction", Reason::UnknownDirection),
    ("below_clock", Reason::BelowClock),
    ("censored", Reason::Censored),
    ("heavy_tail", Reason::HeavyTail),
    ("base_near_zero", Reason::BaseNearZero),
    ("not_steady", Reason::NotSteady),
    ("not_tested", Reason::NotTested),
    ("conditions", Reason::Conditions),
    ("lower_level", Reason::LowerLevel),
];

impl From<&Reason> for WireReason {
    fn from(reason: &Reason) -> Self {
        let (code, need) = match reason {
            Reason::TooFew { need } => ("too_few", Some(*need)),
            Reason::Straddles { projected } => ("straddles", *projected),
            Reason::Underpowered { need } => ("underpowered", Some(*need)),
            other => {
                let plain = PLAIN.iter().find(|(_, r)| r == other);
                (plain.expect("every reason without a number is listed").0, None)
            }
        };
        Self { code: code.to_owned(), need: need.map(Count), text: reason.to_string() }
    }
}

impl TryFrom<&WireReason> for Reason {
    type Error = String;

    fn try_from(w: &WireReason) -> Result<Self, String> {
        let need = || w.need.map(|c| c.0).ok_or_else(|| format!("reason {} without need", w.code));
        Ok(match w.code.as_str() {
            "too_few" => Self::TooFew { need: need()? },
            "underpowered" => Self::Underpowered { need: need()? },
            "straddles" => Self::Straddles { projected: w.need.map(|c| c.0) },
            code => PLAIN
                .iter()
                .find(|(c, _)| *c == code)
                .map(|(_, r)| r.clone())
                .ok_or_else(|| format!("unknown reason {code:?}"))?,
        })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Interval"))]
struct WireInterval {
    lo: Number,
    hi: Number,
    level: f64,
    method: String,
}

impl From<&Interval> for WireInterval {
    fn from(i: &Interval) -> Self {
        Self {
            lo: Number(i.lo),
            hi: Number(i.hi),
            level: i.level.to_f64(),
            method: i.method.clone(),
        }
    }
}

impl TryFrom<WireInterval> for Interval {
    type Error = String;

    fn try_from(w: WireInterval) -> Result<Self, String> {
        Ok(Self { lo: w.lo.0, hi: w.hi.0, level: level(w.level)?, method: w.method })
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Bound"))]
struct WireBound {
    side: WireSide,
    value: Number,
    level: f64,
    method: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Effect"))]
struct WireEffect {
    name: String,
    value: Number,
    interval: Option<WireInterval>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
}

impl From<&Finding> for Wire {
    fn from(f: &Finding) -> Self {
        let (verdict, reason, would_have_shown) = match &f.verdict {
            Verdict::Pass => (WireVerdict::Pass, None, None),
            Verdict::Fail => (WireVerdict::Fail, None, None),
            Verdict::NoDetectableChange { would_have_shown } => {
                (WireVerdict::NoDetectableChange, None, would_have_shown.map(Number))
            }
            Verdict::Inconclusive(reason) => {
                (WireVerdict::Inconclusive, Some(WireReason::from(reason)), None)
            }
        };
        Self {
            class: f.class.into(),
            metric: f.subject.metric.clone(),
            labels: f.subject.labels.clone(),
            benchmark: f.subject.benchmark.clone(),
            statistic: f.subject.statistic.clone(),
            claim: f.claim.clone(),
            verdict,
            reason,
            would_have_shown,
            why: f.why.clone(),
            unit: f.unit.as_ref().map(ToString::to_string),
            direction: f.direction.into(),
            estimate: f.estimate.map(Number),
            interval: f.interval.as_ref().map(WireInterval::from),
            bounds: f
                .bounds
                .iter()
                .map(|b| WireBound {
                    side: b.side.into(),
                    value: Number(b.value),
                    level: b.level.to_f64(),
                    method: b.method.clone(),
                })
                .collect(),
            guarantee: f.guarantee.into(),
            target: f.target.map(Number),
            target_upper: f.target_upper.map(Number),
            base: f.base.map(Number),
            effects: f
                .effects
                .iter()
                .map(|e| WireEffect {
                    name: e.name.clone(),
                    value: Number(e.value),
                    interval: e.interval.as_ref().map(WireInterval::from),
                    note: e.note.clone(),
                })
                .collect(),
            p: f.p.map(Number),
            adjusted_p: f.adjusted_p.map(Number),
            n: f.n.iter().copied().map(Count).collect(),
            runs: f.runs.iter().copied().map(Count).collect(),
            seed: f.seed.map(|s| Count(s.0)),
            provenance: f.provenance.into(),
            warnings: f.warnings.clone(),
            exhibits: f.exhibits.iter().map(exhibit::Wire::from).collect(),
            standing: f.standing.as_ref().map(WireStanding::from),
        }
    }
}

impl TryFrom<Wire> for Finding {
    type Error = String;

    fn try_from(w: Wire) -> Result<Self, String> {
        let verdict = match w.verdict {
            WireVerdict::Pass => Verdict::Pass,
            WireVerdict::Fail => Verdict::Fail,
            WireVerdict::NoDetectableChange => {
                Verdict::NoDetectableChange { would_have_shown: w.would_have_shown.map(|n| n.0) }
            }
            WireVerdict::Inconclusive => {
                let reason = w.reason.as_ref().ok_or("inconclusive without a reason")?;
                Verdict::Inconclusive(reason.try_into()?)
            }
        };
        let subject = Subject {
            metric: w.metric,
            labels: w.labels,
            benchmark: w.benchmark,
            statistic: w.statistic,
        };
        let mut f = Self::new(w.class.into(), subject, w.claim, verdict);
        f.why = w.why;
        f.unit = w.unit.map(|u| u.parse().unwrap_or(Unit::Named(u)));
        f.direction = w.direction.into();
        f.estimate = w.estimate.map(|n| n.0);
        f.interval = w.interval.map(Interval::try_from).transpose()?;
        f.bounds = w
            .bounds
            .into_iter()
            .map(|b| {
                Ok(Bound {
                    side: b.side.into(),
                    value: b.value.0,
                    level: level(b.level)?,
                    method: b.method,
                })
            })
            .collect::<Result<_, String>>()?;
        f.guarantee = w.guarantee.into();
        f.target = w.target.map(|n| n.0);
        f.target_upper = w.target_upper.map(|n| n.0);
        f.base = w.base.map(|n| n.0);
        f.effects = w
            .effects
            .into_iter()
            .map(|e| {
                Ok(Effect {
                    name: e.name,
                    value: e.value.0,
                    interval: e.interval.map(Interval::try_from).transpose()?,
                    note: e.note,
                })
            })
            .collect::<Result<_, String>>()?;
        f.p = w.p.map(|n| n.0);
        f.adjusted_p = w.adjusted_p.map(|n| n.0);
        f.n = w.n.into_iter().map(|c| c.0).collect();
        f.runs = w.runs.into_iter().map(|c| c.0).collect();
        f.seed = w.seed.map(|c| Seed(c.0));
        f.provenance = w.provenance.into();
        f.warnings = w.warnings;
        f.exhibits = w.exhibits.into_iter().map(Into::into).collect();
        f.standing = w.standing.map(Into::into);
        Ok(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Cell, Exhibit, ExhibitKind, Level, Place, Plot, Shape, Unit};

    #[test]
    fn every_reason_and_value_survives_the_journey() {
        let reasons = PLAIN.iter().map(|(_, r)| r.clone()).chain([
            Reason::TooFew { need: u64::MAX },
            Reason::Straddles { projected: None },
            Reason::Straddles { projected: Some(35_282) },
            Reason::Underpowered { need: 7 },
        ]);
        let verdicts = reasons.map(Verdict::Inconclusive).chain([
            Verdict::Pass,
            Verdict::Fail,
            Verdict::NoDetectableChange { would_have_shown: Some(0.07) },
            Verdict::NoDetectableChange { would_have_shown: None },
        ]);
        for verdict in verdicts {
            let mut f = Finding::new(Class::Slo, Subject::default(), "p95 <= 1", verdict);
            f.subject.labels.insert("a".into(), "b|<c>\n".into());
            f.unit = Unit::known("ms");
            f.estimate = Some(1.0 / 3.0);
            f.target_upper = Some(2.5);
            f.bounds = vec![Bound {
                side: Side::Upper,
                value: f64::INFINITY,
                level: Level::P999.split(3),
                method: "m".into(),
            }];
            f.n = vec![u64::MAX];
            f.seed = Some(Seed(u64::MAX - 1));
            let rows =
                vec![vec![Cell::Number(0.1)], vec![Cell::Count(3)], vec![Cell::Text("z".into())]];
            let plot = Plot::new("x", "y")
                .log_y()
                .layer("s", Shape::Steps(vec![(0.0, 1.0)]))
                .layer("l", Shape::Line(vec![(0.0, f64::INFINITY)]))
                .layer("p", Shape::Points(vec![(0.5, 1.0)]))
                .layer("b", Shape::Bars(vec![(0.0, 1.0, 2.0)]))
                .layer("", Shape::Band(vec![(0.0, 1.0, 2.0)]))
                .mark("x", Place::X(1.0))
                .mark("y", Place::Y(2.0))
                .mark("xs", Place::XBand(f64::NEG_INFINITY, 2.0))
                .mark("ys", Place::YBand(1.0, 2.0));
            f.exhibits = vec![
                Exhibit::table("t", vec!["c".into()], rows),
                Exhibit::plot("p", plot),
                Exhibit { title: "g".into(), kind: ExhibitKind::Svg("<svg/>".into()) },
            ];
            f.standing = Some(Standing {
                name: "n".into(),
                domain: "d".into(),
                weight: 0.5,
                critical: true,
                variance: Some(-0.94),
                would_meet: Some(false),
                known: Some(Comparison::Below),
            });
            let text = serde_json::to_string(&Wire::from(&f)).unwrap();
            let back: Wire = serde_json::from_str(&text).unwrap();
            assert_eq!(Finding::try_from(back).unwrap(), f, "{text}");
        }
    }
}
