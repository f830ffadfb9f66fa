use tailproof_core::{Class, Finding, Provenance, Reason, Subject, Verdict, number, percent};

use super::file::{Claim, Claims, Factor};
use crate::scaling::amdahl;
use crate::speedup::factor::{Digits, PublishedFactor, factor};

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
