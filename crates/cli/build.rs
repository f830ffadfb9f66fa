//! Tells the program the versions of the libraries that its numbers rest on.

use std::path::PathBuf;
use std::{env, fs};

/// Libraries that compute, draw random numbers, or read and write numbers.
const COMPUTING: [&str; 11] = [
    "libm",
    "ndarray",
    "ndarray-stats",
    "num-bigint",
    "rand",
    "rand_distr",
    "rand_pcg",
    "rayon",
    "rustfft",
    "serde_json",
    "serde_json_canonicalizer",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // Beside the package when it is installed by itself, else at the root of the workspace.
    let lock = [here.join("Cargo.lock"), here.join("../../Cargo.lock")];
    let Some(path) = lock.into_iter().find(|p| p.is_file()) else {
        println!("cargo::rustc-env=TAILPROOF_DEPENDENCIES=");
        return;
    };
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut found = Vec::new();
    for package in text.split("[[package]]") {
        let field = |key: &str| {
            let line = package.lines().find_map(|l| l.strip_prefix(key))?;
            Some(line.trim_matches([' ', '=', '"']).to_owned())
        };
        if let (Some(name), Some(version)) = (field("name"), field("version"))
            && COMPUTING.contains(&name.as_str())
        {
            found.push(format!("{name} {version}"));
        }
    }
    println!("cargo::rustc-env=TAILPROOF_DEPENDENCIES={}", found.join(";"));
}
