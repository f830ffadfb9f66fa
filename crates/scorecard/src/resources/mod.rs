//! What a host must have: capacity, held against what is there and what is in use.
//!
//! ```toml
//! [[resource]]
//! name = "memory"
//! required = "4..8 GB"      # of a range the upper end must be there
//! available = "24 GB"       # or "host"
//! used = "23 GB"            # or "host", or a share of what is available: "96%"
//! headroom = "30%"          # of what is available, to stay free
//! critical = true           # no release without it; default: a miss is a condition
//! ```

mod config;

pub(crate) use config::ResourceFile;

use tailproof_core::{
    Class, Direction, Finding, Guarantee, Host, Provenance, Quantity, Reason, Subject, Unit,
    UnitError, Verdict, percent,
};

pub use crate::amount::Amount;
use crate::amount::{amounts, with_unit};
use crate::whole::at_most;

/// A resource that must be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// One of [`Host::NAMES`], or a free name.
    pub name: String,
    /// Where it stands in the file.
    pub line: usize,
    /// Whether there is no release without it.
    pub critical: bool,
    /// How much is required; the upper end of a range.
    pub required: Quantity,
    /// The requirement as typed, when it is a range.
    pub range: Option<String>,
    /// How much there is.
    pub available: Amount,
    /// How much of it is in use; `None` when nobody said.
    pub used: Option<Amount>,
    /// Share of what is available that must stay free.
    pub headroom: f64,
}

/// A resource held against what is there; amounts in the unit of the requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOutcome {
    /// Name of the resource.
    pub name: String,
    /// Whether there is no release without it.
    pub critical: bool,
    /// How much is required.
    pub required: f64,
    /// The requirement as typed, when it is a range.
    pub range: Option<String>,
    /// How much there is; `None` when the host does not say.
    pub available: Option<f64>,
    /// How much of it is in use; `None` when it is not known.
    pub used: Option<f64>,
    /// Share of what is available that must stay free.
    pub headroom: f64,
    /// Unit of the amounts.
    pub unit: Option<Unit>,
    /// Whether all of them were read from the machine.
    pub measured: bool,
    /// Whether any was: it is then what it was at that moment.
    pub from_host: bool,
    /// What to be careful about.
    pub warnings: Vec<String>,
}

/// Holds a resource against what is there.
///
/// ```text
/// free = available − used
/// Pass   iff   required ≤ free   and   used + required ≤ (1 − headroom) · available
/// Fail   iff   one of them does not hold; with the use unknown, as if nothing were used
/// ```
/// With the use unknown nothing passes: capacity alone is no free capacity. Amounts that the host
/// does not know are not tested.
///
/// # Errors
/// The amounts are in units that do not convert into that of the requirement.
///
/// # Example
/// ```
/// use tailproof_core::{Quantity, Verdict};
/// use tailproof_scorecard::resources::{Amount, Resource, assess};
///
/// let given = |text: &str| Amount::Given(text.parse().unwrap());
/// let memory = Resource {
///     name: "memory".to_owned(),
///     line: 1,
///     critical: false,
///     required: "8 GB".parse()?,
///     range: None,
///     available: given("24 GB"),
///     used: Some(given("23 GB")),
///     headroom: 0.0,
/// };
/// assert_eq!(assess(&memory, None)?.verdict(), Verdict::Fail); // 1 GB is free.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assess(resource: &Resource, host: Option<&Host>) -> Result<ResourceOutcome, UnitError> {
    let unit = resource.required.unit();
    let name = resource.name.as_str();
    let (available, used) = amounts(name, &resource.available, resource.used.as_ref(), unit, host)?;
    let measured = resource.available == Amount::Host
        && resource.used.as_ref().is_none_or(|used| *used == Amount::Host);
    let from_host =
        resource.available == Amount::Host || resource.used.as_ref() == Some(&Amount::Host);
    let mut warnings = Vec::new();
    if let Some(host) = host.filter(|_| from_host) {
        warnings.extend(host.disturbed());
        warnings.extend(host.limits.iter().map(|limit| format!("container: {limit}")));
    }
    Ok(ResourceOutcome {
        name: resource.name.clone(),
        critical: resource.critical,
        required: resource.required.value(),
        range: resource.range.clone(),
        available,
        used,
        headroom: resource.headroom,
        unit: unit.cloned(),
        measured,
        from_host: from_host && host.is_some(),
        warnings,
    })
}

impl ResourceOutcome {
    /// What is left, when it is known; below zero when more is used than there is.
    #[must_use]
    pub fn free(&self) -> Option<f64> {
        Some(self.available? - self.used?)
    }

    /// Share of what is available that is in use once the requirement is met.
    #[must_use]
    pub fn share_after(&self) -> Option<f64> {
        let available = self.available.filter(|&a| a > 0.0)?;
        Some((self.used? + self.required) / available)
    }

    /// Pass, fail, or not tested where the amounts are not known.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let Some(available) = self.available else {
            return Verdict::Inconclusive(Reason::NotTested);
        };
        let after = self.used.unwrap_or(0.0) + self.required;
        let fits = at_most(after, available) && at_most(after, (1.0 - self.headroom) * available);
        match (fits, self.used) {
            (false, _) => Verdict::Fail,
            (true, Some(_)) => Verdict::Pass,
            (true, None) => Verdict::Inconclusive(Reason::NotTested),
        }
    }

    /// The finding, of a class that does not gate by itself: capacity is no measurement of what
    /// runs there. A decision over all of them takes a miss as a condition, and as *not ready*
    /// when it is critical.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let provenance = match (self.available, self.used, self.measured) {
            (Some(_), Some(_), true) => Provenance::Measured,
            (Some(_), Some(_), false) => Provenance::Estimated,
            _ => Provenance::NotTested,
        };
        // What is typed would hold, and is not shown to.
        let would = self.verdict() == Verdict::Pass && provenance != Provenance::Measured;
        let verdict = if would { Verdict::Inconclusive(Reason::NotTested) } else { self.verdict() };
        let with = |x: f64| self.with_unit(x);
        let headroom = if self.headroom > 0.0 {
            format!(", {} of all stay free", percent(self.headroom))
        } else {
            String::new()
        };
        let mut claim = format!("{} free{headroom}", with(self.required));
        if let Some(range) = &self.range {
            claim.push_str(&format!(" (upper end of {range})"));
        }
        let subject = Subject { metric: self.name.clone(), ..Subject::default() };
        let mut why = self.why(&verdict);
        if would {
            why.push_str("; it would hold if the amounts are right");
        }
        let mut finding = Finding::new(Class::Other, subject, claim, verdict);
        finding.why = why;
        finding.unit.clone_from(&self.unit);
        finding.direction = Direction::Higher;
        finding.estimate = self.free();
        finding.target = Some(self.required);
        finding.guarantee = Guarantee::Approximate;
        finding.provenance = provenance;
        finding.warnings.clone_from(&self.warnings);
        vec![finding]
    }

    fn with_unit(&self, x: f64) -> String {
        with_unit(x, self.unit.as_ref())
    }

    fn why(&self, verdict: &Verdict) -> String {
        let text = self.held(verdict);
        if !self.from_host {
            return text;
        }
        let load = matches!(self.name.as_str(), "cores" | "load") && self.used.is_some();
        let moment = if load { ", and the load is that of this moment" } else { "" };
        format!("{text}; read from this host{moment}")
    }

    /// What is there held against what is required.
    fn held(&self, verdict: &Verdict) -> String {
        let with = |x: f64| self.with_unit(x);
        let (required, word) = (with(self.required), verdict.word());
        let Some(available) = self.available else {
            return format!("{required} required, what is there is not known: {word}");
        };
        let limit = (1.0 - self.headroom) * available;
        let (Some(used), Some(free)) = (self.used, self.free()) else {
            return if *verdict == Verdict::Fail {
                let most = if self.headroom > 0.0 {
                    format!(", of which {} may be used,", with(limit))
                } else {
                    String::new()
                };
                format!("{}{most} where {required} are required: {word}", with(available))
            } else {
                format!("{} against {required}: capacity, use unknown: {word}", with(available))
            };
        };
        let mut text = format!("{} of {} used", with(used), with(available));
        if free < 0.0 {
            text.push_str(&format!(", {} more than there is,", with(-free)));
        } else {
            text.push_str(&format!(" leaves {}", with(free)));
        }
        text.push_str(&format!(" where {required} are required: {word}"));
        if let Some(after) = self.share_after() {
            text.push_str(&format!("; {} in use after", percent(after)));
        }
        if self.headroom > 0.0 {
            let most = percent(1.0 - self.headroom);
            text.push_str(&format!(", at most {most} may be, to keep the headroom"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::config::tests::{MEMORY, parse};
    use super::*;

    fn outcome(text: &str, host: Option<&Host>) -> ResourceOutcome {
        assess(&parse(text).unwrap(), host).unwrap()
    }

    #[test]
    fn capacity_in_use_is_not_free() {
        let full = outcome(&format!("{MEMORY}used = \"23 GB\"\n"), None);
        let finding = &full.findings()[0];
        assert_eq!((finding.verdict.clone(), finding.class), (Verdict::Fail, Class::Other));
        assert!(finding.why.starts_with("23 GB of 24 GB used leaves 1 GB where 8 GB"));
        assert!(finding.claim.contains("upper end of 4..8 GB"), "{}", finding.claim);
        assert_eq!(full.share_after(), Some(31.0 / 24.0));
        assert!(!full.critical && !finding.why.contains("this host"), "{}", finding.why);
        assert!(outcome(&format!("{MEMORY}critical = true\n"), None).critical);
        // Capacity alone proves nothing but that there is too little.
        let unknown = outcome(MEMORY, None);
        assert_eq!(unknown.verdict(), Verdict::Inconclusive(Reason::NotTested));
        assert!(unknown.findings()[0].why.contains("capacity, use unknown"));
        assert_eq!(outcome(&MEMORY.replace("24", "6"), None).verdict(), Verdict::Fail);
    }

    #[test]
    fn headroom_stays_free() {
        let at = |used: &str, headroom: &str| {
            let text = format!("{MEMORY}used = \"{used}\"\nheadroom = \"{headroom}\"\n");
            outcome(&text, None).verdict()
        };
        assert_eq!(at("8800 MB", "30%"), Verdict::Pass); // 16.8 of 24 GB is 70 %, exactly.
        assert_eq!(at("8801 MB", "30%"), Verdict::Fail);
        assert_eq!(at("16 GB", "0%"), Verdict::Pass);
        assert_eq!(at("50%", "10%"), Verdict::Pass);
        assert_eq!(at("96%", "0%"), Verdict::Fail);
        assert_eq!(at("25 GB", "0%"), Verdict::Fail);
    }

    #[test]
    fn the_host_answers() {
        let host = Host {
            cores: Some(10.0),
            machine_cores: Some(10),
            memory_total: Some(24_000_000_000),
            memory_available: Some(1_000_000_000),
            load: Some([11.0, 1.3, 1.0]),
            ..Host::default()
        };
        let text = MEMORY.replace("24 GB", "host") + "used = \"host\"\n";
        let memory = outcome(&text, Some(&host));
        assert_eq!((memory.free(), memory.verdict()), (Some(1.0), Verdict::Fail));
        assert_eq!(memory.findings()[0].provenance, Provenance::Measured);
        let why = &memory.findings()[0].why;
        assert!(why.ends_with("read from this host"), "{why}");
        let text =
            "name = \"cores\"\nrequired = \"2..4 cores\"\navailable = \"host\"\nused = \"host\"\n";
        let cores = outcome(text, Some(&host));
        assert_eq!(cores.verdict(), Verdict::Pass);
        let why = &cores.findings()[0].why;
        assert!(why.ends_with("this host, and the load is that of this moment"), "{why}");
        assert!(cores.warnings[0].contains("disturbed"));
        assert_eq!(outcome(text, None).verdict(), Verdict::Inconclusive(Reason::NotTested));
    }
}
