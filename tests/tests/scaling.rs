//! `tailproof scaling`: what other software finds in the examples, what made them, and what is
//! refused.

use std::fs;

use serde_json::Value;
use tailproof_compare::scaling::{Curve, Estimate, Point, cost};
use tailproof_core::{Labels, Level, Metric, Sample, Seed, Unit};
use tailproof_resampling::{stream, uniform};
use tailproof_tests::program::{Run, root, run};

fn scaling(args: &[&str]) -> Run {
    run(root(), &[&["scaling"], args].concat())
}

fn findings(args: &[&str]) -> Vec<Value> {
    let run = scaling(&[args, &["--output", "json"]].concat());
    assert_eq!(run.code, 0, "{args:?}: {}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    json["findings"].as_array().unwrap().clone()
}

/// Value, lower and upper end of an effect.
fn effect(finding: &Value, name: &str) -> [f64; 3] {
    let effects = finding["effects"].as_array().unwrap();
    let effect = effects.iter().find(|e| e["name"] == name).unwrap_or_else(|| panic!("{name}"));
    let number = |v: &Value| v.as_f64().unwrap_or_else(|| panic!("{name}: {v}"));
    [&effect["value"], &effect["interval"]["lo"], &effect["interval"]["hi"]].map(number)
}

fn close(got: [f64; 3], want: [f64; 3], tolerance: f64) {
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * w.abs(), "got {got:?}, want {want:?}");
    }
}

#[test]
fn the_universal_law_agrees_with_scipy() {
    let all = findings(&["examples/scaling/workers.csv", "--at", "32"]);
    let by = |word: &str| {
        all.iter().find(|f| f["claim"].as_str().unwrap().contains(word)).unwrap().clone()
    };
    let usl = by("USL");
    // scipy.optimize.least_squares on the logarithms; brentq on the profiles, t on 37 df.
    close(effect(&usl, "sigma"), [0.035_523_02, 0.028_143_03, 0.043_064_92], 1e-4);
    close(effect(&usl, "kappa"), [0.001_451_74, 0.000_985_616, 0.001_911_17], 1e-4);
    let [peak, lo, hi] = effect(&usl, "peak_workers");
    assert!((peak - 25.775).abs() < 0.01, "{peak}");
    // What made the data: √(0.96/0.0012).
    assert!(lo < 28.28 && 28.28 < hi, "{lo} {hi}");
    let at = usl["effects"].as_array().unwrap().iter().find(|e| e["name"] == "speed_up_at_32");
    assert!(at.unwrap()["note"].as_str().unwrap().starts_with("projected"));
    // Amdahl's law does not fit these, and says so.
    let warnings = by("Amdahl")["warnings"].to_string();
    assert!(warnings.contains("Amdahl does not fit"), "{warnings}");
    let speed_up = by("16 workers are faster")["estimate"].as_f64().unwrap();
    assert!((speed_up - 8.4702).abs() < 0.001, "{speed_up}");
}

#[test]
fn the_break_even_is_near_47() {
    let args = ["examples/scaling/break_even.csv", "--over", "backtests", "--variant", "variant"];
    let all = findings(&args);
    let first = &all[0];
    let number = |v: &Value| v.as_f64().unwrap();
    let interval = &first["interval"];
    // The same estimator in NumPy.
    let got = [&first["estimate"], &interval["lo"], &interval["hi"]].map(number);
    close(got, [46.150, 42.932, 49.911], 1e-3);
    let why = first["why"].as_str().unwrap();
    assert!(
        why.starts_with("use cache from 46.15 [42.93, 49.91] backtests on, plain below"),
        "{why}"
    );
    let cache = all.iter().find(|f| f["labels"]["variant"] == "cache").unwrap();
    close(effect(cache, "overhead"), [97.988, 94.263, 101.713], 1e-3);
    assert!(!scaling(&args).stdout.contains("warning: not a line"));
}

#[test]
fn names_give_sizes_and_predictions_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = [10, 100, 1_000, 10_000]
        .iter()
        .flat_map(|n| (0..4).map(move |i| (n, f64::from(20 + 3 * n) * (1.0 + 0.01 * f64::from(i)))))
        .map(|(n, y)| format!("hash/fold/{n},{y}\n"))
        .collect();
    fs::write(folder.path().join("a.csv"), format!("benchmark,time_ns\n{rows}")).unwrap();
    let run = run(folder.path(), &["scaling", "a.csv", "--at", "500,20000"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("benchmark=hash/fold"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("(projected)").count(), 1, "{}", run.stdout);
}

#[test]
fn what_cannot_be_judged_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "latency_ms\n1\n2\n").unwrap();
    fs::write(folder.path().join("b.csv"), "size,kind,t_ms\n1,a,1\n2,a,2\n3,a,3\n3,b,4\n").unwrap();
    for (args, want) in [
        (&["a.csv"][..], "no series says its size"),
        (&["b.csv", "--over", "colour"][..], "looked for the labels colour"),
        (&["b.csv", "--variant", "shade"][..], "shade has the values none"),
        (&["b.csv", "--at", "-5"][..], "not negative"),
    ] {
        let run = run(folder.path(), &[&["scaling"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}", run.stdout);
        assert!(run.stderr.contains(want), "{args:?}: {}", run.stderr);
    }
}

/// Coverage of 95 % intervals of overhead and marginal cost: 400 curves of five sizes with five
/// replicates each, noise of 20 %, or of 5 % with a tenth of the values tripled.
#[test]
fn coverage_of_overhead_and_marginal_cost() {
    // NumPy, 600 curves: 0.937 and 0.947; with wild values 0.967 and 0.957.
    for (wild, want) in [(0.0, [0.937, 0.947]), (0.1, [0.967, 0.957])] {
        let noise = if wild > 0.0 { 0.05 } else { 0.2 };
        let mut hits = [0.0, 0.0];
        for task in 0..400 {
            let curve = simulated(task, noise, wild);
            let fit = cost(&curve, Level::P95).unwrap();
            let covers = |e: Estimate, x: f64| f64::from(u8::from(e.lo <= x && x <= e.hi));
            hits[0] += covers(fit.overhead, 5.0);
            hits[1] += covers(fit.marginal, 0.2);
        }
        for (hits, want) in hits.iter().zip(want) {
            let got = hits / 400.0;
            let sd = (want * (1.0 - want) * (1.0 / 400.0 + 1.0 / 600.0_f64)).sqrt();
            assert!((got - want).abs() <= 4.0 * sd, "covered {got}, want {want}");
        }
    }
}

fn simulated(task: u64, noise: f64, wild: f64) -> Curve {
    let mut rng = stream(Seed(2_026), task);
    let mut value = |x: f64| {
        let (u, v) = (uniform(&mut rng), uniform(&mut rng));
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        let factor = if uniform(&mut rng) < wild { 3.0 } else { 1.0 };
        (5.0 + 0.2 * x) * (noise * normal).exp() * factor
    };
    let points = [10.0, 25.0, 50.0, 100.0, 200.0]
        .map(|x| Point { x, values: Sample::new((0..5).map(|_| value(x)).collect()).unwrap() });
    Curve {
        metric: Metric::new("time", Unit::known("ms")),
        labels: Labels::new(),
        axis: "size".to_owned(),
        points: points.to_vec(),
        by_run: true,
    }
}
