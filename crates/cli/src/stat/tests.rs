use std::collections::BTreeSet;

use serde_json::Value as Json;
use tailproof_core::Sample;

use super::catalogue::{self, Entry, Needs};
use super::input::{Input, Named};
use super::parameters::Parameters;
use super::render::{self, Outcome};

/// `n` values with one decimal, out of order, the higher `shift` the larger; ten runs.
fn named(shift: u32, n: u32) -> Named {
    let value = |i: u32| f64::from(100 + (i * 7_919 + shift * 31) % 97 + shift) / 10.0;
    let values: Vec<f64> = (0..n).map(value).collect();
    Named {
        name: format!("sample {shift}"),
        sample: Sample::new(values).unwrap().in_time_order(),
        unit: Some("ms".parse().unwrap()),
        time: Some((0..n).map(|i| i64::from(i) * 1_000_000).collect()),
        run: Some((0..n).map(|i| i / (n / 10)).collect()),
    }
}

/// A small input that suits any statistic with this need.
fn suitable(needs: Needs, parameters: Parameters) -> Input {
    let samples = match needs {
        Needs::One | Needs::Series | Needs::Times => 1,
        Needs::Two | Needs::Pairs => 2,
        Needs::Runs(n) | Needs::Groups(n) | Needs::Blocks(n) => n as u32,
        Needs::Strata => 4,
        _ => 0,
    };
    let rows = match needs {
        Needs::Shares(n) => [vec![12, 1_000], vec![30, 900]][..n].to_vec(),
        Needs::Table => vec![vec![12, 30], vec![5, 7]],
        Needs::Counts(..) => vec![vec![9, 4]],
        Needs::Designs => vec![vec![5, 5], vec![8]],
        _ => Vec::new(),
    };
    let p_values = if needs == Needs::PValues { vec![0.001, 0.02, 0.5] } else { Vec::new() };
    // A warm-up shows from 150 values on; two samples of 60 keep the exact tests fast.
    let n = if samples == 1 { 200 } else { 60 };
    let samples = (0..samples).map(|shift| named(shift, n)).collect();
    Input { samples, rows, p_values, parameters }
}

/// Values above their median as 1, the others as 0.
fn rates(mut input: Input) -> Input {
    for named in &mut input.samples {
        let middle = named.sample.quantile(tailproof_core::Rank::MEDIAN);
        let ones = named.sample.values().iter().map(|&v| f64::from(u8::from(v > middle)));
        named.sample = Sample::new(ones.collect()).unwrap().in_time_order();
    }
    input
}

fn compute(entry: &'static Entry, parameters: Parameters) -> Outcome {
    let of_rates = entry.name == "msprt-proportions"
        || (matches!(entry.name, "sprt" | "cusum") && parameters.sd().is_err());
    let input = suitable(entry.needs, parameters);
    let input = if of_rates { rates(input) } else { input };
    let report = (entry.run)(&input).unwrap_or_else(|e| panic!("{}: {e:#}", entry.name));
    Outcome { entry, input, report }
}

/// Parameters that this statistic can do with.
fn parameters(entry: &Entry) -> Parameters {
    let all = Parameters::for_tests();
    match entry.name {
        "tost-ratio" => all.with_ratios(),
        "sprt" | "cusum" => all.with_means(),
        _ => all,
    }
}

#[test]
fn every_statistic_runs_and_has_labels_of_its_own() {
    for entry in catalogue::entries() {
        let outcome = compute(entry, parameters(entry));
        assert!(!outcome.report.rows.is_empty(), "{}", entry.name);
        let mut keys = BTreeSet::new();
        for row in &outcome.report.rows {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b" -".contains(&b);
            assert!(row.label.bytes().all(plain), "{}: {}", entry.name, row.label);
            assert!(keys.insert(render::key(&row.label)), "{}: {} twice", entry.name, row.label);
        }
    }
}

#[test]
fn every_statistic_is_shown_in_three_ways() {
    for entry in catalogue::entries() {
        let outcome = compute(entry, parameters(entry));
        let line = render::line(&outcome);
        assert!(line.starts_with(&format!("{}: ", entry.name)) && line.lines().count() == 1);
        assert!(render::table(&outcome).starts_with(&format!("{}: {}\n", entry.name, entry.about)));
        let json: Json = serde_json::from_str(&render::json(&outcome)).unwrap();
        assert_eq!(json["statistic"], entry.name);
        let results = json["results"].as_object().unwrap();
        assert_eq!(results.len(), outcome.report.rows.len(), "{}", entry.name);
    }
}

#[test]
fn means_become_quantiles_and_means_rates_where_that_is_offered() {
    use super::flag::Flag;
    for entry in catalogue::entries() {
        if entry.parameters.contains(&Flag::OptionalP) {
            compute(entry, parameters(entry).with_rank());
        }
    }
    for name in ["sprt", "cusum"] {
        compute(catalogue::find(name).unwrap(), Parameters::for_tests().with_rates());
    }
}

#[test]
fn the_list_names_every_statistic() {
    let list = render::list();
    let json: Json = serde_json::from_str(&render::list_json()).unwrap();
    for entry in catalogue::entries() {
        assert!(list.contains(&format!("\n  {} ", entry.name)), "{}", entry.name);
    }
    assert_eq!(json.as_array().unwrap().len(), catalogue::entries().count());
}

#[test]
fn a_flag_without_use_is_refused() {
    let refuse = |name: &str| {
        let entry = catalogue::find(name).unwrap();
        super::refuse_unused(entry, &Parameters::default().with_rank()).err().map(|e| e.to_string())
    };
    assert_eq!(refuse("quantile"), None);
    assert_eq!(refuse("mean").unwrap(), "mean does not use --p; it uses no parameter");
    assert_eq!(refuse("yuen").unwrap(), "yuen does not use --p; it uses --trim, --level");
}

#[test]
fn an_unknown_name_is_an_error_that_helps() {
    let error = |name: &str| super::known(name).unwrap_err().to_string();
    assert!(error("welsh").contains("did you mean welch?"), "{}", error("welsh"));
    assert!(error("qqqqqqqqqq").contains("--list"), "{}", error("qqqqqqqqqq"));
}
