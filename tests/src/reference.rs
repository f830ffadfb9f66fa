//! Golden files: values that other software or exact arithmetic gave, and what must be checked.
//!
//! A file holds `{"source", "versions", "cases": [{name, op?, input, expected, …}]}`; `exact`
//! beats `expected` key by key, `null` is NaN, `"inf"` infinity. Every key that a case offers
//! is either checked or listed in [`SKIPPED`] with the reason; anything else fails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tailproof_core::Sample;

/// A value that is deliberately not compared.
#[derive(Debug)]
pub struct Skip {
    /// File without `.json`.
    pub file: &'static str,
    /// Part of the case's name; empty for every case.
    pub case: &'static str,
    /// Key.
    pub key: &'static str,
    /// Why.
    pub why: &'static str,
}

/// All of them; anything else that a case offers must be compared.
pub const SKIPPED: &[Skip] = &[
    Skip {
        file: "effect_sizes",
        case: "",
        key: "cohens_d_ci95_pingouin",
        why: "the normal interval with a t quantile, a variant of one library; the normal and \
              the exact noncentral-t intervals are checked",
    },
    Skip {
        file: "exact_bootstrap_quantile",
        case: "type7/",
        key: "distinct_atoms_above_1e-40",
        why: "counts atoms of the reference's own list; atoms below 1e-17 are not kept here",
    },
    Skip {
        file: "exact_bootstrap_quantile",
        case: "all_equal",
        key: "sd",
        why: "constant data have sd 0; the reference shows rounding noise of 60-digit \
              arithmetic (2e-60) with no absolute tolerance",
    },
    Skip {
        file: "descriptive",
        case: "n2_opposite_huge",
        key: "sem",
        why: "s/sqrt(n) = 1.49e308 is a double; the library forms s first, which overflows",
    },
    Skip {
        file: "mannwhitney",
        case: "all_equal",
        key: "p_asymptotic_two_sided_nocc",
        why: "0/0 in the library; equal values tell nothing apart, so p = 1, as with correction",
    },
    Skip {
        file: "mannwhitney",
        case: "all_equal",
        key: "p_asymptotic_less_nocc",
        why: "as the two-sided one",
    },
    Skip {
        file: "mannwhitney",
        case: "all_equal",
        key: "p_asymptotic_greater_nocc",
        why: "as the two-sided one",
    },
];

/// The folder of golden files: `TAILPROOF_REFERENCE`, or the one in the repository.
#[must_use]
pub fn folder() -> PathBuf {
    std::env::var_os("TAILPROOF_REFERENCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("reference"), PathBuf::from)
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
        for value in &self.cases {
            let mut left: BTreeSet<String> = BTreeSet::new();
            for part in ["expected", "exact"] {
                if let Some(map) = value[part].as_object() {
                    left.extend(map.keys().cloned());
                }
            }
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
                } else {
                    case.fail(&format!("{key} was not compared and is not listed as skipped"));
                }
            }
            self.skipped += case.skipped;
            self.checked += case.checked;
            self.failures.append(&mut case.failures);
        }
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
        SKIPPED.iter().any(|s| s.file == self.file && s.key == key && self.name().contains(s.case))
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
        let agrees = if want.is_nan() {
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
        _ => f64::NAN,
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map_or_else(Vec::new, |a| a.iter().map(number).collect())
}
