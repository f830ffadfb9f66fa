//! Golden files: values that other software or exact arithmetic gave, and what must be checked.
//!
//! A file holds `{"source", "versions", "cases": [{name, op?, input, expected, …}]}`; `exact`
//! beats `expected` key by key, `null` is NaN, `"inf"` infinity. Every key that a case offers
//! is either checked or listed in
//! [`SKIPPED`] with the reason; anything else fails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tailproof_core::Sample;

use crate::expectations::{REQUIRED, SKIPPED};

/// The folder of golden files: `TAILPROOF_REFERENCE`, or the one in the repository.
#[must_use]
pub fn folder() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    // Relative to the workspace, from which cargo is called; tests run in their package.
    let root = own.parent().expect("the package is in the workspace");
    std::env::var_os("TAILPROOF_REFERENCE").map_or_else(|| own.join("reference"), |f| root.join(f))
}

/// One golden file and what has been checked of it.
#[derive(Debug)]
pub struct Reference {
    /// Name without `.json`.
    pub name: String,
    cases: Vec<Value>,
    /// Values compared so far.
    pub checked: usize,
    /// Values skipped because [`SKIPPED`] lists them.
    pub skipped: usize,
    /// What did not agree.
    pub failures: Vec<String>,
}

/// One case: its input, and the keys not yet compared.
#[derive(Debug)]
pub struct Case<'a> {
    file: &'a str,
    value: &'a Value,
    left: BTreeSet<String>,
    checked: usize,
    skipped: usize,
    failures: Vec<String>,
}

impl Reference {
    /// Reads `name.json`.
    ///
    /// # Panics
    /// The file is missing or not of the schema.
    #[must_use]
    pub fn read(name: &str) -> Self {
        let path = folder().join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("reading {}: {e}", path.display()));
        Self::parse(name, &text)
    }

    /// The same from text.
    ///
    /// # Panics
    /// The text is not of the schema.
    #[must_use]
    pub fn parse(name: &str, text: &str) -> Self {
        let value: Value = serde_json::from_str(text).expect("a golden file is JSON");
        let cases = value["cases"].as_array().expect("a golden file has cases").clone();
        Self { name: name.into(), cases, checked: 0, skipped: 0, failures: Vec::new() }
    }

    /// Runs `check` on every case; keys it does not compare must be listed as skipped.
    pub fn each(&mut self, mut check: impl FnMut(&mut Case<'_>)) {
        let required = || REQUIRED.iter().filter(|r| r.0 == self.name);
        let mut offered: BTreeSet<(String, String)> = BTreeSet::new();
        for value in &self.cases {
            let mut left: BTreeSet<String> = BTreeSet::new();
            for part in ["expected", "exact"] {
                if let Some(map) = value[part].as_object() {
                    left.extend(map.keys().cloned());
                }
            }
            let op = value["op"].as_str().unwrap_or("");
            offered.extend(left.iter().map(|key| (op.to_owned(), key.clone())));
            let mut case = Case {
                file: &self.name,
                value,
                left,
                checked: 0,
                skipped: 0,
                failures: Vec::new(),
            };
            check(&mut case);
            for key in case.left.clone() {
                if case.skips(&key) {
                    case.skipped += 1;
                } else if !required()
                    .any(|r| r.1 == op && r.2.iter().any(|k| k.trim_end_matches('?') == key))
                {
                    case.fail(&format!("{key} of op {op:?} is unknown"));
                } else {
                    case.fail(&format!("{key} was not compared and is not listed as skipped"));
                }
            }
            self.skipped += case.skipped;
            self.checked += case.checked;
            self.failures.append(&mut case.failures);
        }
        let lost: Vec<String> = REQUIRED
            .iter()
            .filter(|r| r.0 == self.name)
            .flat_map(|r| {
                r.2.iter()
                    .filter(|k| !k.ends_with('?'))
                    .map(|key| (r.1.to_owned(), (*key).to_owned()))
            })
            .filter(|wanted| !offered.contains(wanted))
            .map(|(op, key)| format!("{}: no case of op {op:?} offers {key}", self.name))
            .collect();
        self.failures.extend(lost);
    }

    /// `FILE: N cases, K values checked, S skipped`.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "{}: {} cases, {} values checked, {} skipped",
            self.name,
            self.cases.len(),
            self.checked,
            self.skipped
        )
    }
}

impl<'a> Case<'a> {
    /// Name of the case.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.value["name"].as_str().unwrap_or("?")
    }

    /// The procedure, empty in files of one.
    #[must_use]
    pub fn op(&self) -> &'a str {
        self.value["op"].as_str().unwrap_or("")
    }

    /// An input value.
    #[must_use]
    pub fn input(&self, key: &str) -> &'a Value {
        &self.value["input"][key]
    }

    /// An input list as a sample; `None` when it is empty.
    #[must_use]
    pub fn sample(&self, key: &str) -> Option<Sample> {
        Sample::new(numbers(self.input(key))).ok()
    }

    /// Whether the right answer is an error.
    #[must_use]
    pub fn expects_error(&self) -> bool {
        self.value["expected"].is_null()
    }

    /// Counts an error where one is expected.
    pub fn check_error(&mut self, is_error: bool) {
        self.checked += 1;
        if !is_error {
            self.fail("an error was expected");
        }
    }

    /// The wanted value of a key, from `exact` where it stands there.
    #[must_use]
    pub fn want(&self, key: &str) -> Option<&'a Value> {
        let exact = &self.value["exact"];
        exact.get(key).or_else(|| self.value["expected"].get(key))
    }

    /// Compares one number; does nothing when the case does not have the key.
    pub fn check(&mut self, key: &str, got: f64) {
        self.check_list(key, &[got]);
    }

    fn skips(&self, key: &str) -> bool {
        SKIPPED
            .iter()
            .any(|s| s.file == self.file && s.keys.contains(&key) && self.name().contains(s.case))
    }

    /// Compares a list (or one number) element by element.
    pub fn check_list(&mut self, key: &str, got: &[f64]) {
        if self.skips(key) {
            return; // Counted with what nobody compared.
        }
        let Some(want) = self.want(key) else { return };
        self.left.remove(key);
        let want = if want.is_array() { numbers(want) } else { vec![number(want)] };
        if want.len() != got.len() {
            self.fail(&format!("{key}: {} values, want {}", got.len(), want.len()));
        }
        for (i, (&got, &want)) in got.iter().zip(&want).enumerate() {
            self.compare(&format!("{key}[{i}]"), key, got, want);
        }
    }

    /// Compares values by name: `{"0.95": 1.5, …}`.
    pub fn check_map(&mut self, key: &str, got: impl Fn(&str) -> f64) {
        let Some(want) = self.want(key).and_then(Value::as_object) else { return };
        self.left.remove(key);
        for (name, want) in want {
            self.compare(&format!("{key}[{name}]"), key, got(name), number(want));
        }
    }

    /// Counts an error where the file says that one is as good as its values, in place of the
    /// keys not yet compared; fails where it does not say so.
    pub fn check_degenerate(&mut self) {
        self.checked += 1;
        if self.value["degenerate"] == Value::Bool(true) {
            self.left.clear();
        } else {
            self.fail("an error where a value was expected");
        }
    }

    /// Compares lists by name: `{"adjusted": [0.1, …], "reject": [true, …]}`; true is 1.
    pub fn check_lists(&mut self, key: &str, got: impl Fn(&str) -> Vec<f64>) {
        let Some(want) = self.want(key).and_then(Value::as_object) else { return };
        self.left.remove(key);
        for (name, want) in want {
            let (want, got) = (numbers(want), got(name));
            if want.len() != got.len() {
                self.fail(&format!("{key}[{name}]: {} values, want {}", got.len(), want.len()));
            }
            for (i, (&got, &want)) in got.iter().zip(&want).enumerate() {
                self.compare(&format!("{key}[{name}][{i}]"), key, got, want);
            }
        }
    }

    /// A part of the case beside `input` and `expected`, such as `exact_limit`.
    #[must_use]
    pub fn part(&self, key: &str) -> &'a Value {
        &self.value[key]
    }

    /// Compares numbers (a list or one) with a part of the case, up to `rtol` and 1e-10 absolute.
    pub fn check_part(&mut self, label: &str, got: &[f64], want: &Value, rtol: f64) {
        let want = if want.is_array() { numbers(want) } else { vec![number(want)] };
        if want.len() != got.len() {
            self.fail(&format!("{label}: {} values, want {}", got.len(), want.len()));
        }
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            self.checked += 1;
            // A missing part reads as NaN, with which nothing agrees.
            let agrees = (got - want).abs() <= 1e-10 + rtol * want.abs();
            if !agrees {
                self.fail(&format!("{label}[{i}]: got {got:e}, want {want:e} (rtol {rtol:e})"));
            }
        }
    }

    /// Checks that both ends of an interval lie in their brackets `[[lo, hi], [lo, hi]]`.
    pub fn check_inside(&mut self, label: &str, ends: (f64, f64), brackets: &Value) {
        for (end, bracket) in [(ends.0, &brackets[0]), (ends.1, &brackets[1])] {
            self.checked += 1;
            let bracket = numbers(bracket);
            // Ends that are mixtures of two observations may differ in the last place.
            let slack = 1e-12 * end.abs();
            let inside = matches!(bracket[..], [lo, hi] if lo - slack <= end && end <= hi + slack);
            if !inside {
                self.fail(&format!("{label}: {end:e} is not in {bracket:?}"));
            }
        }
    }

    fn compare(&mut self, label: &str, key: &str, got: f64, want: f64) {
        self.checked += 1;
        let exact = self.value["exact"].get(key).is_some();
        let tolerance = |by_key: &str, plain: &str| {
            self.value[by_key][key].as_f64().or_else(|| self.value[plain].as_f64())
        };
        let rtol = if exact { self.value["rtol_exact"].as_f64() } else { None }
            .or_else(|| tolerance("rtol_by_key", "rtol"))
            .unwrap_or(0.0);
        let atol = tolerance("atol_by_key", "atol").unwrap_or(0.0);
        let agrees = if want == 0.0 && got.abs() < f64::MIN_POSITIVE {
            true // A library may flush to zero what is below the normal doubles.
        } else if want.is_nan() {
            !got.is_finite()
        } else if want.is_infinite() {
            got == want
        } else {
            (got - want).abs() <= atol + rtol * want.abs()
        };
        if !agrees {
            self.fail(&format!(
                "{label}: got {got:e}, want {want:e} (rtol {rtol:e}, atol {atol:e})"
            ));
        }
    }

    fn fail(&mut self, what: &str) {
        self.failures.push(format!("{}/{}: {what}", self.file, self.name()));
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(n) => n.as_f64().expect("numbers of golden files fit"),
        Value::String(s) if s == "inf" => f64::INFINITY,
        Value::String(s) if s == "-inf" => f64::NEG_INFINITY,
        Value::Bool(b) => f64::from(u8::from(*b)),
        _ => f64::NAN,
    }
}

/// The numbers of a list; lists of lists are read row by row.
fn numbers(value: &Value) -> Vec<f64> {
    let flat = |v: &Value| if v.is_array() { numbers(v) } else { vec![number(v)] };
    value.as_array().map_or_else(Vec::new, |a| a.iter().flat_map(flat).collect())
}
