//! What benchstat prints of the same measurements: medians, `±`, p and geometric means.
//!
//! benchstat's centre is the median, `±` the larger distance to an end of the interval between
//! two order statistics at 95 %, p that of the exact Mann–Whitney test, ties included, twice
//! the smaller tail. For units with `assume=exact` `±` is the distance to the extremes, and
//! there is no test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tailproof_core::{Dataset, Level, Noise, Observations, Rank, Sample, binomial, descriptive};
use tailproof_hypothesis::{Method, mann_whitney};
use tailproof_ingest::{Input, Options, read};
use tailproof_resampling::permute_lattice;

/// One column of a table: measurements, by benchmark without its prefix.
struct Column {
    samples: BTreeMap<String, (Sample, Noise)>,
}

/// A printed cell.
#[derive(Debug, Default)]
struct Printed {
    centre: Option<(f64, f64)>,
    spread: Option<String>,
    change: Option<String>,
    p: Option<String>,
}

/// How many numbers have been compared.
#[derive(Debug, Default, PartialEq)]
struct Compared {
    centres: u32,
    spreads: u32,
    changes: u32,
    ps: u32,
    geomeans: u32,
}

fn folder() -> PathBuf {
    super::folder().join("go-bench")
}

fn bytes(name: &str, text: String) -> Dataset {
    read(vec![Input::from_bytes(name, text)], &Options::default()).unwrap()
}

/// The measurements that a column's heading names: a file, or the part of the golden file's
/// own source that follows the line `note: HEADING`.
fn measurements(golden: &Path, heading: &str) -> Dataset {
    if heading.contains('.') {
        return read(vec![Input::from_path(folder().join(heading))], &Options::default()).unwrap();
    }
    let source = golden.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(folder().join(format!("{source}.txt"))).unwrap();
    let mut parts = text.split("note: ");
    let declared = parts.next().unwrap_or_default();
    let part = parts.find_map(|part| part.strip_prefix(heading)).unwrap();
    bytes(heading, format!("{declared}{part}"))
}

/// The series of one unit, in the unit that benchstat prints.
fn column(golden: &Path, heading: &str, unit: &str) -> Column {
    let (metric, factor) = match unit {
        "sec/op" => ("time", 1e-9),
        "B/s" => ("throughput", 1e6),
        own => (own, 1.0),
    };
    let data = measurements(golden, heading);
    let samples = data.series.iter().filter(|s| s.metric.name == metric).map(|s| {
        let Observations::Raw(raw) = &s.observations else { panic!("{}", s.name()) };
        let values = raw.sample.values().iter().map(|x| x * factor).collect();
        let name = s.labels["benchmark"].strip_prefix("Benchmark").unwrap().to_owned();
        (name, (Sample::new(values).unwrap(), s.metric.noise))
    });
    Column { samples: samples.collect() }
}

/// `46.55n`: the value, and half a unit of its last digit.
fn scaled(text: &str) -> (f64, f64) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, prefix) = text.split_at(end);
    let scale = match prefix {
        "" => 1.0,
        "n" => 1e-9,
        "µ" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "Ki" => 1_024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        other => panic!("prefix {other:?}"),
    };
    let places = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    (number.parse::<f64>().unwrap() * scale, 0.5 * 10_f64.powi(-(places as i32)) * scale)
}

/// `100.0n ± 0%  -31.48% (p=0.008 n=5) ¹`.
fn printed(cell: &str) -> Printed {
    let mut out = Printed::default();
    let words: Vec<&str> = cell.split_whitespace().collect();
    for (i, &word) in words.iter().enumerate() {
        let after_sign = i > 0 && words[i - 1] == "±";
        if after_sign {
            out.spread = Some(word.to_owned());
        } else if i == 0 && word.starts_with(|c: char| c.is_ascii_digit()) && !word.ends_with('%') {
            out.centre = Some(scaled(word));
        } else if word.ends_with('%') || word == "~" || word == "?" {
            out.change = Some(word.to_owned());
        } else if let Some(p) = word.strip_prefix("(p=") {
            out.p = Some(p.to_owned());
        }
    }
    out
}

/// The exact p-value of the Mann–Whitney test, with ties: all relabellings of the midranks.
fn exact_p(x: &Sample, y: &Sample) -> f64 {
    let midranks = |own: &Sample| {
        let rank = |v: &f64| {
            let count = |f: fn(&f64, &f64) -> bool| {
                x.values().iter().chain(y.values()).filter(|w| f(w, v)).count() as f64
            };
            count(|w, v| w < v) + f64::midpoint(count(|w, v| w == v), 1.0)
        };
        Sample::new(own.values().iter().map(rank).collect()).unwrap()
    };
    permute_lattice(&midranks(x), &midranks(y)).unwrap().p.doubled()
}

/// `±` in percent; `None` where no interval of this level exists.
fn spread(sample: &Sample, noise: Noise) -> Option<f64> {
    let centre = descriptive::median(sample);
    let (lo, hi) = if noise == Noise::Exact {
        sample.range()
    } else {
        let (n, each_end) = (sample.len() as u64, Level::P95.split(2));
        let lo = binomial::lower_rank(n, Rank::MEDIAN, each_end)?;
        let hi = binomial::upper_rank(n, Rank::MEDIAN, each_end)?;
        (sample.order_statistic(lo), sample.order_statistic(hi))
    };
    let flat = lo == hi;
    Some(if flat { 0.0 } else { 100.0 * (hi / centre - 1.0).max(1.0 - lo / centre) })
}

fn close(what: &str, got: f64, want: f64, tolerance: f64) {
    let slack = tolerance * (1.0 + 1e-6) + 1e-12 * want.abs();
    assert!((got - want).abs() <= slack, "{what}: got {got}, benchstat {want} ± {tolerance}");
}

fn percent(text: &str) -> Option<f64> {
    text.strip_suffix('%')?.parse().ok()
}

fn geomean(column: &Column) -> Option<f64> {
    let medians: Vec<f64> = column.samples.values().map(|(s, _)| descriptive::median(s)).collect();
    let sum: f64 = medians.iter().map(|m| m.ln()).sum();
    medians.iter().all(|&m| m > 0.0).then(|| (sum / medians.len() as f64).exp())
}

/// Compares one row of one column, with the first column where there is a change.
fn compare(what: &str, row: &str, own: &Column, base: &Column, cell: &Printed, n: &mut Compared) {
    if row == "geomean" {
        if let Some((want, half)) = cell.centre {
            close(what, geomean(own).unwrap(), want, half);
            n.geomeans += 1;
        }
        let both = geomean(own).zip(geomean(base));
        if let (Some(want), Some((own, base))) = (cell.change.as_deref().and_then(percent), both) {
            close(what, 100.0 * (own / base - 1.0), want, 0.005);
            n.changes += 1;
        }
        return;
    }
    let Some((want, half)) = cell.centre else {
        assert!(!own.samples.contains_key(row), "{what}: nothing is printed");
        return;
    };
    let (sample, noise) = &own.samples[row];
    close(what, descriptive::median(sample), want, half);
    n.centres += 1;
    let text = cell.spread.as_deref().unwrap();
    match spread(sample, *noise) {
        Some(got) => close(&format!("{what} ±"), got, percent(text).unwrap(), 0.5),
        None => assert_eq!(text, "∞", "{what}"),
    }
    n.spreads += 1;
    let Some((before, _)) = base.samples.get(row) else { return };
    if let Some(want) = cell.change.as_deref().and_then(percent) {
        let (old, new) = (descriptive::median(before), descriptive::median(sample));
        let got = if old == new { 0.0 } else { 100.0 * (new / old - 1.0) };
        close(&format!("{what} change"), got, want, 0.005);
        n.changes += 1;
    }
    if let Some(text) = &cell.p {
        let p = exact_p(before, sample);
        close(&format!("{what} p"), p, text.parse().unwrap(), 0.000_5);
        assert_eq!(cell.change.as_deref() == Some("~"), p >= 0.05, "{what}: {p}");
        let test = mann_whitney(before, sample);
        if test.method == Method::Exact {
            close(&format!("{what} Mann-Whitney p"), test.p.two_sided, p, 0.0);
        }
        n.ps += 1;
    }
}

/// The characters of `line` between each bar and the next.
fn regions<'a>(line: &'a str, bars: &[usize]) -> Vec<&'a str> {
    let at = |position: usize| line.char_indices().nth(position).map_or(line.len(), |c| c.0);
    bars.windows(2).map(|w| &line[at(w[0])..at(w[1])]).collect()
}

fn text_tables(golden: &Path) -> Compared {
    let text = std::fs::read_to_string(golden).unwrap();
    let (mut headings, mut bars, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let mut compared = Compared::default();
    for line in text.lines() {
        if line.contains('│') {
            let positions = line.chars().enumerate().filter(|(_, c)| *c == '│').map(|(i, _)| i);
            bars = positions.collect();
            let cells = regions(line, &bars).into_iter().map(|c| c.trim_matches(['│', ' ']));
            let cells: Vec<String> = cells.map(str::to_owned).collect();
            if headings.is_empty() {
                headings = cells;
            } else {
                let unit = |c: &String| c.split_whitespace().next().unwrap().to_owned();
                let both = headings.iter().zip(&cells);
                columns = both.map(|(h, c)| column(golden, h, &unit(c))).collect();
            }
        } else if line.is_empty() {
            (headings, columns) = (Vec::new(), Vec::new());
        } else if !columns.is_empty() && !line.starts_with(['¹', '²', '³']) {
            let row = line.split_whitespace().next().unwrap();
            let cells: Vec<Printed> = regions(line, &bars).into_iter().map(printed).collect();
            for (i, (own, cell)) in columns.iter().zip(&cells).enumerate() {
                let what = format!("{}: {row} in column {i}", golden.display());
                compare(&what, row, own, &columns[0], cell, &mut compared);
            }
        }
    }
    compared
}

#[test]
fn benchstat_agrees() {
    let mut goldens: Vec<PathBuf> = std::fs::read_dir(folder().join("benchstat-golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "stdout"))
        .filter(|path| std::fs::read_to_string(path).unwrap().contains('│'))
        .collect();
    goldens.sort();
    let mut all = Compared::default();
    for golden in &goldens {
        let one = text_tables(golden);
        assert!(one.centres > 0, "{}: nothing was compared", golden.display());
        all.centres += one.centres;
        all.spreads += one.spreads;
        all.ps += one.ps;
        all.changes += one.changes;
        all.geomeans += one.geomeans;
    }
    assert!(all.spreads == all.centres && all.ps > 0 && all.changes > 0 && all.geomeans > 0);
}

/// The one golden file in CSV has medians in full precision.
#[test]
fn benchstat_agrees_in_full_precision() {
    let golden = folder().join("benchstat-golden/csvOldNew.stdout");
    let text = std::fs::read_to_string(&golden).unwrap();
    let rows = || text.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let headings = rows().find(|r| r.len() > 3 && r[0].is_empty()).unwrap();
    let (old, new) =
        (column(&golden, headings[1], "sec/op"), column(&golden, headings[3], "sec/op"));
    let mut n = Compared::default();
    for row in rows().filter(|r| r.len() > 6 && !r[0].is_empty()) {
        let centre = |i: usize| Some((row[i].parse::<f64>().unwrap(), 0.0));
        let filled = |i: usize| Some(row[i].to_owned()).filter(|t| !t.is_empty());
        let p = row[6].split_whitespace().next().and_then(|t| t.strip_prefix("p="));
        let before = Printed { centre: centre(1), spread: filled(2), ..Printed::default() };
        let after = Printed {
            centre: centre(3),
            spread: filled(4),
            change: filled(5),
            p: p.map(str::to_owned),
        };
        compare(row[0], row[0], &old, &old, &before, &mut n);
        compare(row[0], row[0], &new, &old, &after, &mut n);
    }
    let want = Compared { centres: 4, spreads: 4, changes: 2, ps: 2, geomeans: 2 };
    assert_eq!(n, want);
}
