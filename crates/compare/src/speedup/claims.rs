//! Published speed-ups without samples: does the arithmetic hold?
//!
//! ```toml
//! [[runtimes]]                  # two published times, and what is said of them
//! name = "production grid search"
//! base = "279.48 s"
//! candidate = "69.97 s"
//! claims = ["74.97 % speed-up", "3.99x faster"]
//!
//! [[product]]                   # single speed-ups and the one of all together
//! name = "results"
//! single = ["5.0x", "5.9x", "2.5x"]
//! combined = "40.0x"
//!
//! [[amdahl]]                    # a speed-up by parallelism, and its own parallel share
//! name = "parallel processing"
//! parallel = "0.90"
//! workers = 10
//! claimed = "10x"
//!
//! [[prediction]]                # what a formula says, and what was measured
//! name = "V = n/log n"
//! predicted = "10.2x"
//! measured = "5.9x"
//!
//! [[claim]]                     # a number, or a place kept for one, with nothing behind it
//! name = "asset list caching"
//! text = "[XX.X]%"
//! ```
//! Numbers are texts, so that their digits are known: `40.0x` lies between 39.95 and 40.05.

use serde::Deserialize;
use tailproof_core::{Class, Finding, Provenance, Reason, Subject, Unit, Verdict, number, percent};
use toml::Spanned;

use super::factor::{Digits, PublishedFactor, PublishedFactorError, factor};
use crate::scaling::amdahl;

/// What was published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// In the order: runtimes, products, Amdahl, predictions, single claims.
    claims: Vec<Claim>,
}

/// What is wrong with a file of claims, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ClaimsError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Claim {
    Runtimes {
        name: String,
        sides: [String; 2],
        quotient: PublishedFactor,
        n: Option<u64>,
        claims: Vec<Factor>,
    },
    Product {
        name: String,
        single: Vec<Factor>,
        combined: Factor,
    },
    Amdahl {
        name: String,
        parallel: Digits,
        workers: u32,
        claimed: Factor,
    },
    Prediction {
        name: String,
        predicted: Factor,
        measured: Factor,
    },
    Plain {
        name: String,
        claim: Factor,
    },
}

/// A published factor, or the placeholder in its place.
type Factor = Result<PublishedFactor, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    runtimes: Vec<RuntimesFile>,
    #[serde(default)]
    product: Vec<ProductFile>,
    #[serde(default)]
    amdahl: Vec<AmdahlFile>,
    #[serde(default)]
    prediction: Vec<PredictionFile>,
    #[serde(default)]
    claim: Vec<ClaimFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimesFile {
    name: String,
    base: Spanned<String>,
    candidate: Spanned<String>,
    n: Option<u64>,
    #[serde(default)]
    claims: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductFile {
    name: String,
    single: Vec<Spanned<String>>,
    combined: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmdahlFile {
    name: String,
    parallel: Spanned<String>,
    workers: Spanned<u32>,
    claimed: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PredictionFile {
    name: String,
    predicted: Spanned<String>,
    measured: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimFile {
    name: String,
    text: Spanned<String>,
}

/// Parses the text of a file of claims.
///
/// # Errors
/// Names the line of the first thing that is wrong; unknown keys are wrong, and so is a file
/// without a claim.
pub fn parse(text: &str) -> Result<Claims, ClaimsError> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|e| ClaimsError {
        line: line(e.span().map_or(0, |s| s.start)),
        message: e.message().to_owned(),
    })?;
    let at = |(at, message): (usize, String)| ClaimsError { line: line(at), message };
    let claims = claims_of(file).map_err(at)?;
    if claims.is_empty() {
        let message =
            "no claim; see [[runtimes]], [[product]], [[amdahl]], [[prediction]], [[claim]]";
        return Err(ClaimsError { line: 1, message: message.to_owned() });
    }
    Ok(Claims { claims })
}

fn claims_of(file: File) -> Result<Vec<Claim>, (usize, String)> {
    let mut claims = Vec::new();
    for r in file.runtimes {
        claims.push(runtimes(r)?);
    }
    for p in file.product {
        if p.single.is_empty() {
            return Err((p.combined.span().start, "a product needs single speed-ups".to_owned()));
        }
        let single = p.single.iter().map(published).collect::<Result<_, _>>()?;
        claims.push(Claim::Product { name: p.name, single, combined: published(&p.combined)? });
    }
    for a in file.amdahl {
        let wrong = |at: usize, what: &str, got: &str| (at, format!("{what}, got {got:?}"));
        let share = a.parallel.get_ref();
        let (body, scale) = share.strip_suffix('%').map_or((share.as_str(), 1.0), |b| (b, 100.0));
        let parallel = Digits::read(body)
            .map(|d| Digits { value: d.value / scale, half: d.half / scale })
            .filter(|d| d.value < 1.0)
            .ok_or_else(|| {
                wrong(a.parallel.span().start, "parallel is a share between 0 and 1", share)
            })?;
        if *a.workers.get_ref() == 0 {
            return Err(wrong(a.workers.span().start, "workers is at least 1", "0"));
        }
        let (workers, claimed) = (*a.workers.get_ref(), published(&a.claimed)?);
        claims.push(Claim::Amdahl { name: a.name, parallel, workers, claimed });
    }
    for p in file.prediction {
        let (predicted, measured) = (published(&p.predicted)?, published(&p.measured)?);
        claims.push(Claim::Prediction { name: p.name, predicted, measured });
    }
    for c in file.claim {
        claims.push(Claim::Plain { name: c.name, claim: published(&c.text)? });
    }
    Ok(claims)
}

fn published(text: &Spanned<String>) -> Result<Factor, (usize, String)> {
    match text.get_ref().parse::<PublishedFactor>() {
        Ok(factor) => Ok(Ok(factor)),
        Err(PublishedFactorError::Placeholder(text)) => Ok(Err(text)),
        Err(error) => Err((text.span().start, error.to_string())),
    }
}

fn runtimes(r: RuntimesFile) -> Result<Claim, (usize, String)> {
    let ((base, base_unit), (candidate, candidate_unit)) =
        (amount(&r.base)?, amount(&r.candidate)?);
    let scale = match (&base_unit, &candidate_unit) {
        (Some(a), Some(b)) => {
            b.factor_to(a).map_err(|e| (r.candidate.span().start, e.to_string()))?.to_f64()
        }
        _ => 1.0,
    };
    let candidate = Digits { value: candidate.value * scale, half: candidate.half * scale };
    let sides = [r.base.into_inner(), r.candidate.into_inner()];
    let text = format!("{} -> {}", sides[0], sides[1]);
    let quotient = PublishedFactor::of_quotient(text, base, candidate);
    let claims = r.claims.iter().map(published).collect::<Result<_, _>>()?;
    Ok(Claim::Runtimes { name: r.name, sides, quotient, n: r.n, claims })
}

/// A number above 0 with its digits, and a unit.
fn amount(text: &Spanned<String>) -> Result<(Digits, Option<Unit>), (usize, String)> {
    let body = text.get_ref().trim();
    let wrong = || (text.span().start, format!("{body:?} is no amount above 0 with a unit"));
    let at = body.find(|c: char| !(c.is_ascii_digit() || ".,".contains(c)));
    let (digits, unit) = body.split_at(at.unwrap_or(body.len()));
    let unit = unit.trim();
    let unit = (!unit.is_empty()).then(|| unit.parse::<Unit>()).transpose();
    Ok((Digits::read(digits).ok_or_else(wrong)?, unit.map_err(|_| wrong())?))
}

/// What the arithmetic of published numbers says: findings of class other and provenance
/// estimated, for nothing was measured here.
///
/// A claim passes when some numbers within the printed digits agree with it, fails when none
/// do; a placeholder is not tested.
///
/// ```text
/// product   Π single_i against combined
/// Amdahl    S(p) = 1/((1−α) + α/p), a limit: a claim above it contradicts its own α
/// ```
///
/// # Source
/// Amdahl (1967), *AFIPS Conference Proceedings* 30, 483–485.
///
/// # Example
/// ```
/// use tailproof_compare::speedup::claims;
///
/// let text = "[[product]]\nname = \"all\"\nsingle = [\"5.0x\", \"5.9x\", \"2.5x\"]\ncombined = \"40.0x\"\n";
/// let findings = claims::judge(&claims::parse(text)?);
/// assert!(findings[0].why.contains("single speed-ups multiply to 73.8, 40 was measured: FAIL"));
/// # Ok::<(), claims::ClaimsError>(())
/// ```
#[must_use]
pub fn judge(claims: &Claims) -> Vec<Finding> {
    claims.claims.iter().flat_map(findings).collect()
}

fn findings(claim: &Claim) -> Vec<Finding> {
    match claim {
        Claim::Runtimes { name, sides, quotient, n, claims } => {
            of_runtimes(name, sides, quotient, *n, claims)
        }
        Claim::Product { name, single, combined } => vec![of_product(name, single, combined)],
        Claim::Amdahl { name, parallel, workers, claimed } => {
            vec![of_amdahl(name, *parallel, *workers, claimed)]
        }
        Claim::Prediction { name, predicted, measured } => {
            vec![of_prediction(name, predicted, measured)]
        }
        Claim::Plain { name, claim: Err(placeholder) } => vec![untested(name, placeholder)],
        Claim::Plain { name, claim: Ok(claim) } => {
            let mut finding = untested(name, &claim.text);
            finding.why = format!(
                "{:?} is {}; published without measurements: NOT TESTED",
                claim.text,
                claim.both_ways()
            );
            vec![finding]
        }
    }
}

fn finding(name: &str, claim: String, holds: bool, why: &str) -> Finding {
    let subject = Subject { metric: name.to_owned(), ..Subject::default() };
    let verdict = if holds { Verdict::Pass } else { Verdict::Fail };
    let mut finding = Finding::new(Class::Other, subject, claim, verdict);
    finding.why = format!("{why}: {}", finding.verdict.word());
    finding.provenance = Provenance::Estimated;
    finding
}

fn untested(name: &str, text: &str) -> Finding {
    let why = format!("{text:?} is a placeholder");
    let mut finding = finding(name, format!("{text:?}"), false, &why);
    finding.verdict = Verdict::Inconclusive(Reason::NotTested);
    finding.why = format!("{why}: NOT TESTED");
    finding.provenance = Provenance::NotTested;
    finding
}

fn of_runtimes(
    name: &str,
    sides: &[String; 2],
    quotient: &PublishedFactor,
    n: Option<u64>,
    claims: &[Factor],
) -> Vec<Finding> {
    let measured = format!("{} -> {}: {}", sides[0], sides[1], quotient.both_ways());
    let each = n.map_or_else(
        || "no n, no spread".to_owned(),
        |n| format!("n = {} each, no spread", number(n as f64)),
    );
    let caution = format!("{each} published: no interval, so nobody knows whether it repeats");
    let judged = |claim: &Factor| {
        let claim = match claim {
            Ok(claim) => claim,
            Err(placeholder) => return untested(name, placeholder),
        };
        let holds = claim.agrees(quotient);
        let why =
            format!("{measured}; {:?} is {}", claim.text, claim.narrowed(quotient).both_ways());
        let mut finding = finding(name, format!("{:?}", claim.text), holds, &why);
        finding.estimate = Some(quotient.at);
        finding.warnings.push(caution.clone());
        if claim.misnamed() {
            finding.warnings.push(format!(
                "{:?} is time saved, not a speed-up; a speed-up by that share would be {}",
                claim.text,
                factor(2.0 - 1.0 / claim.at)
            ));
        }
        finding
    };
    if claims.is_empty() {
        let mut finding = finding(name, "published runtimes".to_owned(), true, &measured);
        finding.verdict = Verdict::Inconclusive(Reason::NotTested);
        finding.why = format!("{measured}: NOT TESTED");
        finding.warnings.push(caution);
        return vec![finding];
    }
    claims.iter().map(judged).collect()
}

/// The number of a factor without its sign: `73.8`.
fn bare(x: f64) -> String {
    factor(x).trim_start_matches('×').to_owned()
}

fn span(f: &PublishedFactor) -> String {
    if f.range { format!("{} to {}", bare(f.lo), bare(f.hi)) } else { bare(f.at) }
}

fn of_product(name: &str, single: &[Factor], combined: &Factor) -> Finding {
    let known: Result<Vec<PublishedFactor>, String> = single.iter().cloned().collect();
    let (single, combined) = match (&known, combined) {
        (Ok(single), Ok(combined)) => (single, combined),
        (Err(placeholder), _) | (_, Err(placeholder)) => {
            return untested(name, placeholder);
        }
    };
    let product = PublishedFactor::product(single);
    let texts: Vec<&str> = single.iter().map(|f| f.text.as_str()).collect();
    // A published range has to be the product's; a number only has to lie in it.
    let holds = if combined.range {
        combined.lo >= product.lo && combined.hi <= product.hi
    } else {
        combined.agrees(&product)
    };
    let verb = if combined.range { "is claimed" } else { "was measured" };
    let why = format!(
        "{}: its single speed-ups multiply to {}, {} {verb}",
        texts.join(" · "),
        span(&product),
        span(combined)
    );
    let claim = format!("the product of the single speed-ups is {}", combined.text);
    let mut finding = finding(name, claim, holds, &why);
    (finding.estimate, finding.target) = (Some(combined.at), Some(product.at));
    finding
}

fn of_amdahl(name: &str, parallel: Digits, workers: u32, claimed: &Factor) -> Finding {
    let claimed = match claimed {
        Ok(claimed) => claimed,
        Err(placeholder) => return untested(name, placeholder),
    };
    let limit = |share: f64| amdahl(share, f64::from(workers));
    let (at, most) = (limit(parallel.value), limit((parallel.value + parallel.half).min(1.0)));
    let holds = claimed.hi <= most || claimed.lo <= at;
    let against = if holds { "is within" } else { "contradicts" };
    let why = format!(
        "{}× parallel {against} its own Amdahl {}: with {} serial, {workers} workers reach at most \
         that, any number {}",
        span(claimed),
        bare(at),
        percent(1.0 - parallel.value),
        bare(1.0 / (1.0 - parallel.value)),
    );
    let claim = format!("{} on {workers} workers", claimed.words());
    let mut finding = finding(name, claim, holds, &why);
    (finding.estimate, finding.target) = (Some(claimed.at), Some(at));
    finding
}

fn of_prediction(name: &str, predicted: &Factor, measured: &Factor) -> Finding {
    let (predicted, measured) = match (predicted, measured) {
        (Ok(predicted), Ok(measured)) => (predicted, measured),
        (Err(placeholder), _) | (_, Err(placeholder)) => return untested(name, placeholder),
    };
    let holds = predicted.agrees(measured);
    let word = if holds { "agrees" } else { "is no law" };
    let why =
        format!("{name} {word}: it predicts {}, {} was measured", span(predicted), span(measured));
    let mut finding = finding(name, format!("{name} predicts the speed-up"), holds, &why);
    (finding.estimate, finding.target) = (Some(measured.at), Some(predicted.at));
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whys(text: &str) -> Vec<(Verdict, String)> {
        judge(&parse(text).unwrap()).into_iter().map(|f| (f.verdict, f.why)).collect()
    }

    #[test]
    fn published_arithmetic_is_checked() {
        let found = whys(
            "[[product]]\nname = \"a\"\nsingle = [\"5.0x\", \"5.9x\", \"2.5x\"]\ncombined = \"40.0x\"\n\
             [[product]]\nname = \"b\"\nsingle = [\"10x\", \"5-10x\", \"2-3x\", \"1.5-2x\"]\ncombined = \"100-1500x\"\n\
             [[amdahl]]\nname = \"p\"\nparallel = \"0.90\"\nworkers = 10\nclaimed = \"10x\"\n\
             [[amdahl]]\nname = \"q\"\nparallel = \"90%\"\nworkers = 10\nclaimed = \"5.0x\"\n\
             [[prediction]]\nname = \"V = n/log n\"\npredicted = \"10.2x\"\nmeasured = \"5.9x\"\n",
        );
        let wanted = [
            (Verdict::Fail, "its single speed-ups multiply to 73.8, 40 was measured"),
            (Verdict::Fail, "multiply to 150 to 600, 100 to 1500 is claimed"),
            (Verdict::Fail, "10× parallel contradicts its own Amdahl 5.26"),
            (Verdict::Pass, "5× parallel is within its own Amdahl 5.26"),
            (Verdict::Fail, "V = n/log n is no law: it predicts 10.2, 5.9 was measured"),
        ];
        for ((verdict, why), (want, part)) in found.iter().zip(wanted) {
            assert!(*verdict == want && why.contains(part), "{why}");
        }
    }

    #[test]
    fn runtimes_are_said_both_ways() {
        let text = "[[runtimes]]\nname = \"grid\"\nbase = \"279.48 s\"\ncandidate = \"69.97 s\"\nn = 1\n\
                    claims = [\"74.97 % speed-up\", \"3.99x\", \"5x\", \"[XX.X%]\"]\n";
        let findings = judge(&parse(text).unwrap());
        let why = &findings[0].why;
        assert!(why.contains("\"74.97 % speed-up\" is 74.97 % time saved, ×3.99: PASS"), "{why}");
        assert!(findings[0].warnings.iter().any(|w| w.contains("×1.75")), "{:?}", findings[0]);
        assert_eq!(findings[1].verdict, Verdict::Pass);
        assert_eq!(findings[2].verdict, Verdict::Fail);
        assert_eq!(findings[3].verdict, Verdict::Inconclusive(Reason::NotTested));
        assert!(findings.iter().all(|f| f.provenance != Provenance::Measured));
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            ("", 1, "no claim"),
            ("[[product]]\nname = \"a\"\nsingle = []\ncombined = \"4x\"\n", 4, "needs single"),
            ("[[claim]]\nname = \"a\"\ntext = \"fast\"\n", 3, "no speed-up"),
            (
                "[[amdahl]]\nname = \"a\"\nparallel = \"1.5\"\nworkers = 2\nclaimed = \"2x\"\n",
                3,
                "share",
            ),
            ("[[runtimes]]\nname = \"a\"\nbase = \"1 s\"\ncandidate = \"1 MB\"\n", 4, "convert"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(part), "{error}");
        }
        let unknown = parse("[[claim]]\nname = \"a\"\ntxt = \"3x\"\n").unwrap_err();
        assert!(unknown.message.contains("txt"), "{unknown}");
    }
}
