use serde::Deserialize;
use tailproof_core::Unit;
use toml::Spanned;

use crate::speedup::factor::{Digits, PublishedFactor, PublishedFactorError};

/// What was published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// In the order: runtimes, products, Amdahl, predictions, single claims.
    pub(super) claims: Vec<Claim>,
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
pub(super) enum Claim {
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
pub(super) type Factor = Result<PublishedFactor, String>;

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
