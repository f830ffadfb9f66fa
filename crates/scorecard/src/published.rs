//! What a report says of itself, recomputed.

use tailproof_core::percent;

use crate::domain::domains;
use crate::readiness::Decision;
use crate::row::Row;
use crate::success::Success;
use crate::target::Published;

/// A claim of a report about itself, recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedClaim {
    /// What it is about.
    pub what: String,
    /// What was said.
    pub said: String,
    /// What was found.
    pub found: String,
    /// Whether they agree.
    pub holds: bool,
}

/// Holds what a report says of itself against what was found.
///
/// ```text
/// success rate    |found − said| ≤ half a unit of the last digit that is printed
/// the others      equal
/// ```
pub(crate) fn published(
    said: &Published,
    rows: &[Row],
    success: &Success,
    decision: &Decision,
) -> Vec<PublishedClaim> {
    let mut claims = Vec::new();
    let mut add = |what: &str, said: String, found: String, holds: bool| {
        claims.push(PublishedClaim { what: what.to_owned(), said, found, holds });
    };
    if let Some((rate, text)) = &said.success_rate {
        let of_all = success.would_meet as f64 / success.with_a_value.max(1) as f64;
        let found = format!(
            "{success}; {} of all {} rows with a value would meet theirs, {}",
            success.would_meet,
            success.with_a_value,
            percent(of_all)
        );
        // All of them is no rounding.
        let all = *rate < 1.0 || success.passed == success.decided;
        // A relative 1e-9, so that 87.5 % is 88 % in binary too.
        let most = half_unit(text) * (1.0 + 1e-9);
        let holds = all && success.rate().is_some_and(|found| (found - rate).abs() <= most);
        add("success rate", text.clone(), found, holds);
    }
    let mut count = |what: &str, said: Option<u64>, found: u64| {
        if let Some(said) = said {
            add(what, said.to_string(), found.to_string(), said == found);
        }
    };
    count("domains", said.domains, domains(rows).len() as u64);
    count("rows", said.rows, rows.len() as u64);
    count("rows passed", said.passed, success.passed);
    if let Some(said) = said.decision {
        let found = decision.readiness;
        add("decision", said.to_string(), found.to_string(), said == found);
    }
    claims
}

/// Half a unit of the last digit of a share as it is printed, half a percentage point at most:
/// 0.005 of `91%` and of `0.91`, 0.0005 of `91.0%`.
fn half_unit(text: &str) -> f64 {
    let text = text.trim();
    let (digits, unit) = text.strip_suffix('%').map_or((text, 1.0), |body| (body.trim(), 0.01));
    let (digits, exponent) = digits
        .split_once(['e', 'E'])
        .map_or((digits, 0_i32), |(digits, exponent)| (digits, exponent.parse().unwrap_or(0)));
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let places = f64::from(exponent) - decimals as f64;
    (0.5 * unit * 10_f64.powf(places)).min(0.005)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::card;

    /// Seven of eight measured rows are met, 87.5 %.
    fn seven_of_eight(published: &str) -> Vec<(String, bool)> {
        let mut text = format!("[published]\n{published}");
        for i in 0..8 {
            let actual = if i == 0 { "60/s" } else { "200/s" };
            text.push_str(&format!(
                "[[target]]\ndomain = \"d{}\"\nname = \"n{i}\"\nclaim = \"value >= 100/s\"\n\
                 actual = \"{actual}\"\nprovenance = \"measured\"\n",
                i % 3
            ));
        }
        card(&text).claims.into_iter().map(|c| (c.what, c.holds)).collect()
    }

    #[test]
    fn a_rate_holds_to_its_last_digit() {
        for (said, holds) in [
            ("88%", true),
            ("87%", true), // 87.5 rounds to both.
            ("87.5%", true),
            ("87.50 %", true),
            ("87.4%", false),
            ("87.9%", false),
            ("0.875", true),
            ("0.88", true),
            ("0.9", false),
            ("91%", false),
        ] {
            let claims = seven_of_eight(&format!("success_rate = \"{said}\"\n"));
            assert_eq!(claims, [("success rate".to_owned(), holds)], "{said}");
        }
    }

    #[test]
    fn counts_and_the_decision_are_compared() {
        let claims = seven_of_eight(
            "domains = 3\nrows = 9\npassed = 7\ndecision = \"ready with conditions\"\n",
        );
        let holds: Vec<bool> = claims.iter().map(|c| c.1).collect();
        assert_eq!(holds, [true, false, true, true], "{claims:?}");
    }

    #[test]
    fn digits_are_counted() {
        for (text, half) in [
            ("91%", 0.005),
            ("91.0 %", 0.0005),
            ("0.91", 0.005),
            ("0.910", 0.0005),
            ("9.1e1%", 0.005),
            ("9.10e1%", 0.0005),
            ("0", 0.005),
            ("0.9", 0.005),
        ] {
            assert!((half_unit(text) - half).abs() < 1e-12, "{text}: {}", half_unit(text));
        }
    }
}
