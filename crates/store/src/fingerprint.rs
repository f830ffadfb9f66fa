//! Whether two measurements were made on the same kind of machine.

use tailproof_core::Environment;

/// What differs between two machines, one line a fact; empty when nothing that is known does.
///
/// The kernel's release is left out: it changes with every update and says little.
///
/// ```
/// use tailproof_core::Environment;
/// use tailproof_store::differences;
///
/// let (old, new) = (Environment { cores: Some(8), ..Environment::default() },
///                   Environment { cores: Some(2), ..Environment::default() });
/// assert_eq!(differences(&old, &new), ["cores: 8, now 2"]);
/// assert!(differences(&old, &Environment::default()).is_empty());
/// ```
#[must_use]
pub fn differences(before: &Environment, now: &Environment) -> Vec<String> {
    let number = |n: Option<u32>| n.map(|n| n.to_string());
    let limits = |e: &Environment| {
        let all: Vec<String> = e.limits.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        // Before and now, "none" is a fact as soon as anything is known of the machine.
        (e.cpu.is_some() || !all.is_empty())
            .then(|| if all.is_empty() { "none".to_owned() } else { all.join(", ") })
    };
    let facts = [
        ("cpu", before.cpu.clone(), now.cpu.clone()),
        ("cores", number(before.cores), number(now.cores)),
        ("os", before.os.clone(), now.os.clone()),
        ("governor", before.governor.clone(), now.governor.clone()),
        ("container limits", limits(before), limits(now)),
    ];
    facts
        .into_iter()
        .filter_map(|(what, before, now)| {
            let (before, now) = (before?, now?);
            (before != now).then(|| format!("{what}: {before}, now {now}"))
        })
        .collect()
}
