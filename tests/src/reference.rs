//! Golden files: values that other software or exact arithmetic gave, and what must be checked.
//!
//! A file holds `{"source", "versions", "cases": [{name, op?, input, expected, …}]}`; `exact`
//! beats `expected` key by key, `null` is NaN, `"inf"` infinity. Every key that a case offers
//! is either checked or listed in [`SKIPPED`] with the reason; anything else fails.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tailproof_core::Sample;

/// What must be checked: `(file, op, keys)`. A file, op or key of a golden file that is not here
/// (or in [`SKIPPED`]) fails, and so does a key here that no case of its file and op offers,
/// unless it ends in `?`: R makes it, and a file may be made without R.
pub const REQUIRED: &[(&str, &str, &[&str])] = &[
    (
        "quantiles",
        "",
        &[
            "inverted_cdf",
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "hazen",
            "weibull",
            "linear",
            "median_unbiased",
            "normal_unbiased",
            "nearest_rank",
        ],
    ),
    (
        "descriptive",
        "",
        &[
            "n",
            "sum",
            "mean",
            "var0",
            "std0",
            "var1",
            "std1",
            "skew_biased",
            "skew_unbiased",
            "kurtosis_excess_biased",
            "kurtosis_excess_unbiased",
            "median",
            "mad_raw",
            "mad_normal",
            "trimmed_mean_5pct",
            "trimmed_mean_10pct",
            "trimmed_mean_25pct",
            "geometric_mean",
            "harmonic_mean",
            "cv0",
            "cv1",
            "sem",
            "iqr_type7",
        ],
    ),
    (
        "mannwhitney",
        "",
        &[
            "u1",
            "u2",
            "pairs_x_gt_y",
            "pairs_equal",
            "pairs_x_lt_y",
            "vargha_delaney_a_xy",
            "vargha_delaney_a_yx",
            "cliffs_delta_xy",
            "rank_biserial_xy",
            "p_asymptotic_two_sided_cc",
            "p_asymptotic_less_cc",
            "p_asymptotic_greater_cc",
            "p_asymptotic_two_sided_nocc",
            "p_asymptotic_less_nocc",
            "p_asymptotic_greater_nocc",
            "p_exact_two_sided",
            "p_exact_less",
            "p_exact_greater",
            "p_auto_two_sided",
            "hodges_lehmann_y_minus_x",
            "hodges_lehmann_ci95_exact?",
        ],
    ),
    (
        "effect_sizes",
        "",
        &[
            "mean_difference_y_minus_x",
            "pooled_sd",
            "cohens_d",
            "cohens_d_avg_sample_var",
            "cohens_d_avg_population_var",
            "hedges_g_exact_gamma",
            "hedges_g_approx",
            "hedges_g_variance_statsmodels",
            "glass_delta_x_control",
            "common_language_normal",
            "vargha_delaney_a_y_over_x",
            "cliffs_delta_y_over_x",
            "cohens_d_ci95_normal",
            "glass_delta_ci95_normal",
            "cohens_d_ci95_noncentral_t",
        ],
    ),
    (
        "exact_bootstrap_quantile",
        "type7",
        &["mean", "sd", "cdf", "quantiles_of_distribution", "probability_min"],
    ),
    ("exact_bootstrap_quantile", "type1", &["mean", "sd", "cdf", "quantiles_of_distribution"]),
    (
        "exact_permutation",
        "",
        &[
            "observed",
            "permutations",
            "count_ge",
            "count_le",
            "count_abs_ge",
            "p_greater",
            "p_less",
            "p_two_sided_abs",
            "p_two_sided_doubled",
            "p_scipy_two_sided",
            "p_scipy_less",
            "p_scipy_greater",
        ],
    ),
];

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
        case: "",
        key: "cdf_points",
        why: "where the cdf is evaluated: an input",
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
