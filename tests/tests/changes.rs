//! Change points against series whose changes are known.

use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::Value;
use tailproof_compare::history::{History, HistorySettings, SearchMethod, energy, history};
use tailproof_core::distributions::{normal_quantile, student_quantile};
use tailproof_core::{Level, Metric, Observations, Raw, Sample, Seed, Series};
use tailproof_resampling::{stream, uniform};

/// The folder of change-point series.
fn samples() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = own.parent().unwrap();
    std::env::var_os("TAILPROOF_SAMPLES").map_or_else(|| own.join("samples"), |f| root.join(f))
}

fn json(name: &str) -> Value {
    let path = samples().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn expected(file: &str, key: &str) -> Value {
    json("expected.json")[format!("change-points/{file}")][key].clone()
}

/// Values of a Talos history in order of time, and the indices of some times.
fn talos(file: &str) -> (Vec<f64>, Vec<usize>) {
    let text = json(&format!("change-points/{file}"));
    let mut runs: Vec<(i64, f64)> = text["test_runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run[2].as_i64().unwrap(), run[3].as_f64().unwrap()))
        .collect();
    runs.sort_by_key(|run| run.0);
    let place = |time: &Value| runs.iter().position(|r| Some(r.0) == time.as_i64()).unwrap();
    let changes =
        expected(file, "change_timestamps").as_array().unwrap().iter().map(place).collect();
    (runs.iter().map(|r| r.1).collect(), changes)
}

/// Values of a series of TCPD; a missing one is the one before it.
fn tcpd(file: &str) -> Vec<f64> {
    let text = json(&format!("change-points/{file}"));
    let mut last = 0.0;
    text["series"][0]["raw"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| {
            last = x.as_f64().unwrap_or(last);
            last
        })
        .collect()
}

fn search(values: &[f64], settings: &HistorySettings) -> History {
    let sample = Sample::new(values.to_vec()).unwrap().in_time_order();
    let observations = Observations::Raw(Raw::complete(sample));
    history(&Series::new(Metric::new("value", None), observations), settings).unwrap()
}

fn changes(values: &[f64], min_effect: f64) -> Vec<usize> {
    let settings = HistorySettings { min_effect, ..HistorySettings::new(Seed(1)) };
    search(values, &settings).points.iter().map(|p| p.index).collect()
}

fn near(found: &[usize], want: usize, margin: usize) -> bool {
    found.iter().any(|f| f.abs_diff(want) <= margin)
}

#[test]
fn tigerbeetle_changes_where_its_origin_says() {
    let values = numbers(&json("change-points/tigerbeetle.json")["series"]);
    let want: Vec<usize> = numbers(&expected("tigerbeetle.json", "change_points"))
        .iter()
        .map(|&t| t as usize)
        .collect();
    // Its origin asserts them for changes of 5 % or more.
    assert_eq!(changes(&values, 0.05), want);
    println!("tigerbeetle: {:?}", changes(&values, 0.01));
}

#[test]
fn talos_alerts_are_found() {
    for (file, most) in [("runs1", 2), ("runs3", 2), ("runs5", 0), ("a11y", 16)] {
        let (values, want) = talos(&format!("mozilla/{file}.json"));
        let found = changes(&values, 0.01);
        println!("{file}: {found:?} of {want:?}, {:?} of 5 %", changes(&values, 0.05));
        for change in want {
            assert!(near(&found, change, 3), "{file}: {change} is not in {found:?}");
        }
        assert!(found.len() <= most, "{file}: {found:?}");
    }
}

#[test]
fn the_statistic_is_that_of_mongodb() {
    let series = numbers(&json("change-points/mongodb/robust_series.json"));
    let want =
        numbers(&json("change-points/mongodb/expected_result_robust_series_proper_division.json"));
    let got = energy(&series);
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        assert!((got - want).abs() <= 1e-9 * want.abs(), "{i}: {got} {want}");
    }
}

#[test]
fn mongodb_series_change_as_often_as_their_origin_says() {
    let long = numbers(&json("change-points/mongodb/long_series.json"));
    let found = changes(&long, 0.01);
    // Upstream finds four changes, and the data were made with one every 200 points.
    println!("long_series: {found:?}");
    assert_eq!(found.len(), 4, "{found:?}");
    assert!([200, 400, 600, 800].iter().all(|&t| near(&found, t, 10)), "{found:?}");
    // Outliers below, but one level.
    let real = numbers(&json("change-points/mongodb/real_series.json"));
    assert_eq!(changes(&real, 0.0), Vec::<usize>::new());
}

#[test]
fn outliers_move_no_change() {
    let series = numbers(&json("change-points/mongodb/robust_series.json"));
    let found = changes(&series, 0.03);
    println!("robust_series: {:?}, {:?} of 5 %", changes(&series, 0.01), changes(&series, 0.05));
    assert!(near(&found, 114, 2), "{found:?}");
    for first in [4, 30, 47] {
        let mut spoilt = series.clone();
        for i in (first..series.len()).step_by(37).filter(|i| i.abs_diff(114) > 5) {
            spoilt[i] *= if i % 2 == 0 { 3.0 } else { 0.2 };
        }
        let then = changes(&spoilt, 0.03);
        assert!(near(&then, 114, 2), "{first}: {then:?}");
    }
}

#[test]
fn people_see_much_the_same() {
    for (file, least) in [
        ("well_log", 0.75),
        ("quality_control_1", 0.6),
        ("quality_control_4", 0.5),
        ("quality_control_5", 1.0),
    ] {
        let file = format!("tcpd/{file}.json");
        let values = tcpd(&file);
        let found = changes(&values, 0.01);
        let people = expected(&file, "annotated");
        let people: Vec<Vec<usize>> = people
            .as_object()
            .unwrap()
            .values()
            .map(|marks| numbers(marks).iter().map(|&t| t as usize).collect())
            .collect();
        let score = f1(&people, &found);
        let cover = covering(&people, &found, values.len());
        println!("{file}: F1 {score:.3}, covering {cover:.3} of {found:?}");
        assert!(score >= least, "{file}: {score} of {found:?}");
    }
}

/// F1 of van den Burg & Williams (2020), margin 5: precision against what anybody marked,
/// recall averaged over people; the beginning counts as found.
fn f1(people: &[Vec<usize>], found: &[usize]) -> f64 {
    let with_start = |marks: &[usize]| {
        let mut all: Vec<usize> = [0].into_iter().chain(marks.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let found = with_start(found);
    let hits = |truth: &[usize]| {
        let mut open = found.clone();
        let mut count = 0.0;
        for t in truth {
            let nearest = (0..open.len()).min_by_key(|&i| open[i].abs_diff(*t));
            if let Some(i) = nearest.filter(|&i| open[i].abs_diff(*t) <= 5) {
                open.remove(i);
                count += 1.0;
            }
        }
        count
    };
    let anybody = with_start(&people.concat());
    let precision = hits(&anybody) / found.len() as f64;
    let each = people.iter().map(|marks| {
        let truth = with_start(marks);
        hits(&truth) / truth.len() as f64
    });
    let recall = each.sum::<f64>() / people.len() as f64;
    2.0 * precision * recall / (precision + recall)
}

#[test]
fn old_changes_stay_as_points_are_added() {
    let robust = numbers(&json("change-points/mongodb/robust_series.json"));
    let (talos, _) = talos("mozilla/runs3.json");
    for values in [robust, talos] {
        let all = changes(&values, 0.0);
        for end in (40..values.len()).step_by(7) {
            let then = changes(&values[..end], 0.0);
            for change in all.iter().filter(|&&t| t + 20 <= end) {
                assert!(near(&then, *change, 3), "{end}: {change} is not in {then:?}");
            }
        }
    }
}

#[test]
fn pelt_finds_the_large_changes_too() {
    let values = numbers(&json("change-points/tigerbeetle.json")["series"]);
    let settings = HistorySettings {
        method: SearchMethod::Pelt,
        min_effect: 0.05,
        ..HistorySettings::new(Seed(1))
    };
    let found: Vec<usize> = search(&values, &settings).points.iter().map(|p| p.index).collect();
    assert!(near(&found, 15, 1) && near(&found, 71, 1), "{found:?}");
}

#[test]
fn threads_change_nothing() {
    let values = numbers(&json("change-points/tigerbeetle.json")["series"]);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| search(&values, &HistorySettings::new(Seed(3))))
    };
    assert_eq!(run(1), run(8));
}

/// Series of each kind that are simulated; the page's figures are of 400.
fn simulated() -> u64 {
    std::env::var("TAILPROOF_CHANGES_SERIES").map_or(20, |n| n.parse().unwrap())
}

/// `n` values of an AR(1) with marginal variance 1.
fn ar1(n: usize, rho: f64, seed: u64) -> Vec<f64> {
    let mut rng = stream(Seed(seed), 77);
    let mut x = normal_quantile(uniform(&mut rng));
    (0..n)
        .map(|_| {
            let then = x;
            x = rho * x + (1.0 - rho * rho).sqrt() * normal_quantile(uniform(&mut rng));
            then
        })
        .collect()
}

/// A series of a seed.
type Simulation = dyn Fn(u64) -> Vec<f64> + Sync;

/// Change points of every one of `count` series.
fn alarms(
    count: u64,
    settings: &HistorySettings,
    series: impl Fn(u64) -> Vec<f64> + Sync,
) -> Vec<usize> {
    (0..count).into_par_iter().map(|seed| search(&series(seed), settings).points.len()).collect()
}

#[test]
fn series_without_a_change_rarely_alarm() {
    let count = simulated();
    for method in [SearchMethod::Divisive, SearchMethod::Pelt] {
        for n in [100, 500] {
            let settings =
                HistorySettings { method, min_effect: 0.0, ..HistorySettings::new(Seed(1)) };
            let shares = [0.0, 0.3, 0.5, 0.7, 0.9].map(|rho| {
                let of = |seed| ar1(n, rho, seed).iter().map(|x| 100.0 + 5.0 * x).collect();
                let found = alarms(count, &settings, of);
                found.iter().filter(|&&c| c > 0).count() as f64 / count as f64
            });
            println!("{} n = {n}: series with an alarm {shares:.3?}", method.name());
            assert!(shares[0] <= 0.2 && shares[4] <= 0.5, "{} {n}: {shares:?}", method.name());
            assert!(shares[1..4].iter().all(|&s| s <= 0.3), "{} {n}: {shares:?}", method.name());
        }
    }
}

#[test]
fn false_alarms_are_counted() {
    let count = simulated() / 4;
    let kinds: [(&str, &Simulation); 6] = [
        ("normal", &|s| ar1(500, 0.0, s).iter().map(|z| 100.0 + 5.0 * z).collect()),
        ("log-normal", &|s| ar1(500, 0.0, s).iter().map(|z| 100.0 * (0.3 * z).exp()).collect()),
        ("t 2.5", &|s| {
            let mut rng = stream(Seed(s), 78);
            (0..500).map(|_| 100.0 + 5.0 * student_quantile(uniform(&mut rng), 2.5)).collect()
        }),
        ("whole numbers", &|s| ar1(500, 0.0, s).iter().map(|z| (20.0 + z).round()).collect()),
        ("AR(1) 0.3", &|s| ar1(500, 0.3, s).iter().map(|z| 100.0 + 5.0 * z).collect()),
        ("AR(1) 0.7", &|s| ar1(500, 0.7, s).iter().map(|z| 100.0 + 5.0 * z).collect()),
    ];
    let plain = HistorySettings::new(Seed(1));
    let any = HistorySettings { min_effect: 0.0, ..plain.clone() };
    let strict = HistorySettings { split: Level::P999, ..any.clone() };
    for (name, series) in kinds {
        let each = [&any, &plain, &strict].map(|settings| {
            alarms(count, settings, series).iter().sum::<usize>() as f64 / (count as f64 * 0.5)
        });
        println!("{name}: alarms per 1 000 points {each:.2?}");
        assert!(each[0] <= 4.0 && each[2] <= each[0], "{name}: {each:?}");
    }
}

/// Covering of the segments that people see by those found (Arbelaez et al. 2010).
fn covering(people: &[Vec<usize>], found: &[usize], n: usize) -> f64 {
    let segments = |changes: &[usize]| -> Vec<(usize, usize)> {
        let ends = changes.iter().copied().chain([n]);
        [0].into_iter().chain(changes.iter().copied()).zip(ends).collect()
    };
    let ours = segments(found);
    let of = |marks: &Vec<usize>| {
        let best = |&(a, b): &(usize, usize)| {
            let overlap = |&(c, d): &(usize, usize)| {
                let common = b.min(d).saturating_sub(a.max(c)) as f64;
                common / (b.max(d) - a.min(c)) as f64
            };
            (b - a) as f64 * ours.iter().map(overlap).fold(0.0, f64::max)
        };
        segments(marks).iter().map(best).sum::<f64>() / n as f64
    };
    people.iter().map(of).sum::<f64>() / people.len() as f64
}

#[test]
fn few_changes_come_and_go() {
    let mongodb = |name: &str| numbers(&json(&format!("change-points/mongodb/{name}.json")));
    let step = if simulated() < 100 { 28 } else { 7 };
    for (name, values, most) in [
        ("mongodb/robust_series", mongodb("robust_series"), 0.1),
        ("mongodb/long_series", mongodb("long_series"), 0.1),
        ("mozilla/runs1", talos("mozilla/runs1.json").0, 0.1),
        ("mozilla/runs3", talos("mozilla/runs3.json").0, 0.1),
        ("tcpd/well_log", tcpd("tcpd/well_log.json"), 0.1),
        ("tigerbeetle", numbers(&json("change-points/tigerbeetle.json")["series"]), 0.3),
    ] {
        let all = changes(&values, 0.01);
        let (mut asked, mut missing, mut gone) = (0_u32, 0_u32, 0_u32);
        for end in (40..values.len()).step_by(step) {
            let then = changes(&values[..end], 0.01);
            for &change in all.iter().filter(|&&t| t + 20 <= end) {
                asked += 1;
                missing += u32::from(!near(&then, change, 3));
            }
            gone += then.iter().filter(|&&t| t + 20 <= end && !near(&all, t, 3)).count() as u32;
        }
        println!("{name}: {asked} looked for, {missing} missing, {gone} found then and gone later");
        assert!(f64::from(missing) <= most * f64::from(asked), "{name}: {missing} of {asked}");
    }
}
