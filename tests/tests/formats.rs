//! Input is read as a person means it.

use std::fs;

use tailproof_core::{Dataset, Observations, Order, Series};
use tailproof_ingest::{Input, Options, read};
use tailproof_tests::program::{run, with_input};

fn parse(text: &str) -> Dataset {
    read(vec![Input::from_bytes("a", text)], &Options::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn values(series: &Series) -> Vec<f64> {
    match &series.observations {
        Observations::Raw(raw) => raw.sample.values().to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_measurement_many_spellings() {
    for text in [
        "latency_ms\n3\n1\n2.5\n",
        "latency_ms\r\n3\r\n1\r\n2.5\r\n",
        "latency_ms\r3\r1\r2.5\r",
        "latency_ms\n3\r\n1\n2.5",
        "\u{feff}latency_ms\n3\n1\n2.5\n\n\n",
        "\"latency_ms\"\n\"3\"\n\" 1 \"\n2.5e0\n",
        "latency (ms)\n3\n1\n25e-1\n",
        "host\tlatency_ms\na\t3\na\t1\na\t2.5\n",
        "host;latency_ms\na;3\na;1\na;2.5\n",
        "metric,value,unit\nlatency,3,ms\nlatency,1,ms\nlatency,2.5,ms\n",
        "metric,value\nlatency_ms,3\nlatency_ms,1\nlatency_ms,2.5\n",
        "{\"latency_ms\": [3, 1, 2.5]}",
        "{\"latency_ms\": 3}\n{\"latency_ms\": 1}\n\n{\"latency_ms\": 2.5}\n",
        "[{\"latency_ms\": 3},\n {\"latency_ms\": 1}, {\"latency_ms\": 2.5}]",
        "{\"metric\":\"latency\",\"value\":3,\"unit\":\"ms\"}\n{\"metric\":\"latency\",\"value\":1,\"unit\":\"ms\"}\n{\"metric\":\"latency\",\"value\":2.5,\"unit\":\"ms\"}\n",
    ] {
        let data = parse(text);
        assert_eq!(data.series.len(), 1, "{text:?}");
        let series = &data.series[0];
        assert_eq!(series.metric.name, "latency", "{text:?}");
        assert_eq!(series.metric.unit.as_ref().unwrap().to_string(), "ms", "{text:?}");
        assert_eq!(values(series), [3.0, 1.0, 2.5], "{text:?}");
    }
}

#[test]
fn plain_numbers_take_the_name_that_is_wanted() {
    for text in ["3\n1\n2\n", "# ms\n3\n\n1\n2\n", "[3, 1, 2]", "value\n3\n1\n2\n"] {
        let options = Options { wanted: vec!["latency".into()], ..Options::default() };
        let data = read(vec![Input::from_bytes("a", text)], &options).unwrap();
        assert_eq!(
            (data.series[0].metric.name.as_str(), values(&data.series[0])),
            ("latency", vec![3.0, 1.0, 2.0])
        );
    }
}

#[test]
fn columns_have_roles() {
    let data =
        parse("run,time,endpoint,latency_ms,heap_MiB\n1,30,a,5,100\n1,10,b,6,90\n2,20,a,7,110\n");
    assert_eq!(data.series.len(), 4); // Two metrics, two endpoints.
    let a = data.series.iter().find(|s| s.name() == "latency{endpoint=a}").unwrap();
    // Sorted by time: 20 before 30.
    assert_eq!(values(a), [7.0, 5.0]);
    assert_eq!(a.time.as_deref(), Some(&[20_000_000_000, 30_000_000_000][..]));
    assert_eq!(a.runs(), 2);
    let options = Options { labels: Some(vec![]), ..Options::default() };
    let text = "endpoint,latency_ms\na,5\nb,6\n";
    let plain = read(vec![Input::from_bytes("a", text)], &options).unwrap();
    assert_eq!(plain.series.len(), 1);
}

#[test]
fn several_files_are_runs_without_an_order() {
    let inputs =
        vec![Input::from_bytes("a", "x_ms\n2\n1\n3\n"), Input::from_bytes("b", "x_ms\n5\n4\n")];
    let data = read(inputs, &Options::default()).unwrap();
    assert_eq!(data.series[0].run.as_deref(), Some(&[0, 0, 0, 1, 1][..]));
    let Observations::Raw(raw) = &data.series[0].observations else { panic!() };
    assert_eq!(raw.sample.order(), Order::Unknown);
    let inputs = vec![Input::from_bytes("a", "x_ms\n2\n"), Input::from_bytes("b", "x_s\n5\n")];
    let error = read(inputs, &Options::default()).unwrap_err().to_string();
    assert!(error.contains("x is in s, but another column or input says ms"), "{error}");
}

#[test]
fn sources_are_hashed() {
    let data = parse("x_ms\n1\n");
    let hex: String = data.sources[0].sha256.iter().map(|b| format!("{b:02x}")).collect();
    // printf 'x_ms\n1\n' | sha256sum
    assert_eq!(hex, "1473fe0c51f463e39ce05485d7bf6c6d30d4331b4234cf3d41c6c7fb613eab14");
    assert_eq!(data.sources[0].bytes, 7);
}

#[test]
fn identifiers_are_no_labels() {
    let rows: String = (0..10_001).map(|i| format!("id{i},5\n")).collect();
    let error =
        read(vec![Input::from_bytes("a", format!("request,x_ms\n{rows}"))], &Options::default())
            .unwrap_err()
            .to_string();
    assert!(error.contains("--labels") && error.contains("request"), "{error}");
}

#[test]
fn events_answer_ratios() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("e.csv"), "good,total\n50000,50000\n49990,50000\n").unwrap();
    for (objective, code) in
        [("ratio >= 99.9%", 0), ("ratio >= 99.99%", 3), ("ratio >= 99.999%", 1)]
    {
        let run = run(folder.path(), &["validate", "e.csv", "--objective", objective]);
        assert_eq!(run.code, code, "{objective}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
fn runs_that_differ_are_seen_whatever_the_order() {
    // Two inputs without time: the order is unknown, the difference between them is not.
    let folder = tempfile::tempdir().unwrap();
    let rows = |mean: u32| -> String {
        (0..500_u32)
            .map(|i| format!("{}\n", f64::from(mean) + f64::from(i * 7 % 30) / 10.0))
            .collect()
    };
    fs::write(folder.path().join("a.csv"), format!("latency_ms\n{}", rows(100))).unwrap();
    fs::write(folder.path().join("b.csv"), format!("latency_ms\n{}", rows(110))).unwrap();
    let run = run(folder.path(), &["validate", "a.csv", "b.csv", "-o", "latency: p50 <= 109ms"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("the runs differ"), "{}", run.stdout);
    let twice = run_twice(folder.path());
    assert!(twice.contains("same content"), "{twice}");
}

fn run_twice(folder: &std::path::Path) -> String {
    run(folder, &["validate", "a.csv", "a.csv", "-o", "latency: p50 <= 109ms"]).stderr
}

#[test]
fn thresholds_and_ratios_live_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..1_000).map(|i| format!("{},99,100\n", i * 7 % 100)).collect();
    fs::write(folder.path().join("a.csv"), format!("latency_ms,good,total\n{rows}")).unwrap();
    let args = ["validate", "a.csv", "-o", "latency: p95 <= 150ms", "-o", "requests: ratio >= 98%"];
    let alone = run(folder.path(), &args);
    assert_eq!(alone.code, 0, "{}{}", alone.stdout, alone.stderr);
    // With a baseline the events are compared by their rate.
    let both = run(folder.path(), &[args.as_slice(), &["--baseline", "a.csv"]].concat());
    assert_eq!(both.code, 0, "{}{}", both.stdout, both.stderr);
    assert!(both.stdout.contains("rate 99 % -> 99 %"), "{}", both.stdout);
}

#[test]
fn one_row_is_inconclusive_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["latency_ms\n5\n", "5\n", "{\"latency_ms\": [5]}"] {
        let args = ["validate", "-", "--objective", "latency: p95 <= 150ms"];
        let run = with_input(folder.path(), &args, text);
        assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("needs n >= 135"), "{}", run.stdout);
    }
}

#[test]
fn openslo_and_toml_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let rows: String = (0..1_000).map(|i| format!("{}\n", i * 7 % 100)).collect();
    write("a.csv", &format!("latency_ms\n{rows}"));
    write("tailproof.toml", "objectives = [\"latency: rate(<= 150ms) >= 95%\"]\n");
    write(
        "slo.yaml",
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: fast}\nspec:\n  indicator:\n    spec:\n      thresholdMetric:\n        metricSource: {spec: {metric: latency, unit: ms}}\n  objectives:\n    - {op: lte, value: 150, target: 0.95}\n",
    );
    // The file in the working folder is found by itself.
    let toml = run(folder.path(), &["validate", "a.csv"]);
    let yaml = run(folder.path(), &["validate", "a.csv", "--slo", "slo.yaml"]);
    assert_eq!((toml.code, yaml.code), (0, 0), "{}{}", toml.stderr, yaml.stderr);
    let reason = |s: &str| {
        s.lines()
            .find(|l| l.starts_with("latency: share"))
            .unwrap()
            .split(" vs ")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(reason(&toml.stdout), reason(&yaml.stdout));
}
