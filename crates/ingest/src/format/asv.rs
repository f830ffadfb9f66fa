//! asv's result files: one commit, one environment, one value (or samples) a benchmark and
//! combination of parameters; `benchmarks.json` beside the machines gives units and names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tailproof_core::{Labels, Level, Metric, Rational, Source, Summary, Unit};

use super::{Head, json, values};
use crate::builder::{Builder, When};
use crate::error::{IngestError, listed};
use crate::input::{Beside, COMPANION, Opened, companion};

/// The file that describes the benchmarks of all results.
const DESCRIPTION: &str = "benchmarks.json";
/// The file that makes a folder that of a machine.
const MACHINE: &str = "machine.json";
/// Largest result file.
const LARGEST: u64 = 64 << 20;
/// Most combinations of parameters of a benchmark.
const MOST_COMBINATIONS: usize = 10_000;

pub(crate) fn matches(head: &Head<'_>) -> bool {
    let has = |key: &str| head.text.contains(key);
    let result = has("\"commit_hash\"") && has("\"results\"");
    let described = has("\"param_names\"") && has("\"code\"") && has("\"timeout\"");
    head.first.starts_with('{') && (result || described)
}

/// Reads one result file. Nothing that is `null` or NaN (failed, skipped) has a value.
pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let mut bytes = Vec::new();
    let taken = input.reader.by_ref().take(LARGEST).read_to_end(&mut bytes);
    taken.map_err(|e| input.io(e))?;
    if bytes.len() as u64 == LARGEST {
        return Err(builder.line_error(1, "a result file has at most 64 MiB"));
    }
    let document: Map<String, Value> = json::parse(&without_nan(&bytes), builder)?;
    let Some(results) = document.get("results").and_then(Value::as_object) else {
        let version = document.get("version").map_or_else(|| "?".to_owned(), values::text);
        let n = document.keys().filter(|key| *key != "version").count();
        return Err(builder.line_error(
            1,
            format!(
                "describes {n} benchmarks (version {version}) and holds no results: name the \
                 result files, or their folder"
            ),
        ));
    };
    let path = PathBuf::from(&input.name);
    let commit = document.get("commit_hash").and_then(Value::as_str).unwrap_or_default();
    let mark = Some(builder.mark(commit)?);
    let beside = input.beside();
    let none = Map::new();
    let file = ResultFile {
        known: beside.as_ref().map_or(&none, |beside| &beside.document),
        columns: strings(document.get("result_columns")),
        versions: document.get("benchmark_version").and_then(Value::as_object).cloned(),
        environment: environment(&document, &path),
        when: When { time: nanoseconds(&document), mark, ..When::default() },
    };
    let mut missing = Vec::new();
    for (name, value) in results {
        if !file.benchmark(name, value, builder)? {
            missing.push(name.as_str());
        }
    }
    if !missing.is_empty() {
        let list = listed(missing);
        builder.note(format!("{}: failed or skipped: {list}", builder.file()));
    }
    Ok(())
}

/// Result files of a results folder or of one machine, in the order of their commits, with
/// labels; what could not be read; and the files that make it a folder of asv.
pub(crate) fn folder(path: &Path) -> Result<(Vec<Found>, Vec<Source>), IngestError> {
    let machines = machines(path)?;
    let mut companions: Vec<Source> = companion(&path.join(DESCRIPTION)).into_iter().collect();
    companions.extend(machines.iter().filter_map(|m| companion(&m.join(MACHINE))));
    let several = machines.len() > 1;
    let mut found = Vec::new();
    // One for all machines, unless a machine has its own.
    let shared = described_in(&path.ancestors().take(2).collect::<Vec<_>>());
    for machine in &machines {
        let own = if machine == path { None } else { described_in(&[machine.as_path()]) };
        let beside = own.or_else(|| shared.clone());
        let name = machine.file_name().map(|n| n.to_string_lossy().into_owned());
        for file in entries(machine)? {
            let json = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
            if !json || file.file_name().is_some_and(|n| n == MACHINE) {
                continue;
            }
            let document = load(&file);
            let time = document.as_ref().and_then(nanoseconds);
            let usable = document.is_some_and(|d| d.contains_key("results"));
            let note = (!usable)
                .then(|| format!("{}: is no result file of asv, it is ignored", file.display()));
            if note.is_some() {
                companions.extend(companion(&file));
            }
            let machine = name.clone().filter(|_| several).map(|m| ("machine".to_owned(), m));
            let (labels, beside) = (machine.into_iter().collect(), beside.clone());
            found.push(Found { path: file, time, labels, note, beside });
        }
    }
    found.sort_by(|a, b| (a.time, &a.path).cmp(&(b.time, &b.path)));
    Ok((found, companions))
}

/// The folders of machines: this one, or those in it.
fn machines(path: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let mut machines = vec![path.to_owned()];
    machines.extend(entries(path)?.into_iter().filter(|p| p.is_dir()));
    machines.retain(|p| p.join(MACHINE).is_file());
    Ok(machines)
}

/// Whether a folder holds asv's results: of one machine, or of several beside `benchmarks.json`.
pub(crate) fn is_folder(path: &Path) -> bool {
    let machine = |p: &Path| p.join(MACHINE).is_file();
    let below = || entries(path).is_ok_and(|all| all.iter().any(|p| machine(p)));
    machine(path) || path.join(DESCRIPTION).is_file() && below()
}

/// A file of a folder: read it under these labels, or tell the note instead.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Nanoseconds since 1970 of its commit.
    pub(crate) time: Option<i64>,
    pub(crate) labels: Vec<(String, String)>,
    /// Why the file is not read.
    pub(crate) note: Option<String>,
    /// What `benchmarks.json` says of it.
    pub(crate) beside: Option<Arc<Beside>>,
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let io = |source| IngestError::Io { file: folder.display().to_string(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        paths.push(entry.map_err(io)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn load(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_slice(&without_nan(&bytes(path)?)).ok()
}

fn bytes(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Replaces `NaN` and `Infinity`, which are no JSON, by `null` outside of strings.
fn without_nan(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    let (mut inside, mut escaped) = (false, false);
    while let Some((&byte, tail)) = rest.split_first() {
        if inside {
            inside = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else {
            inside = byte == b'"';
            let words: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
            if let Some(after) = words.iter().find_map(|word| rest.strip_prefix(*word)) {
                out.extend_from_slice(b"null");
                rest = after;
                continue;
            }
        }
        out.push(byte);
        rest = tail;
    }
    out
}

/// `benchmarks.json` beside a result file that is named by itself, or beside its folder.
pub(crate) fn described(path: &Path) -> Option<Arc<Beside>> {
    let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if !json || path.ends_with(DESCRIPTION) || !path.is_file() {
        return None;
    }
    described_in(&path.ancestors().skip(1).take(2).collect::<Vec<_>>())
}

/// The first `benchmarks.json` in these folders.
fn described_in(folders: &[&Path]) -> Option<Arc<Beside>> {
    folders.iter().map(|folder| folder.join(DESCRIPTION)).find_map(|path| {
        let bytes = bytes(&path)?;
        let document = serde_json::from_slice(&without_nan(&bytes)).ok()?;
        let source = Source {
            name: path.display().to_string(),
            sha256: Sha256::digest(&bytes).into(),
            bytes: bytes.len() as u64,
            format: COMPANION.to_owned(),
        };
        Some(Arc::new(Beside { source, document }))
    })
}

/// The name of the environment: stated, or what follows the commit in the file's name.
fn environment(document: &Map<String, Value>, path: &Path) -> Option<String> {
    if let Some(name) = document.get("env_name").and_then(Value::as_str) {
        return Some(name.to_owned());
    }
    let commit = document.get("commit_hash")?.as_str()?;
    let (start, rest) = path.file_stem()?.to_str()?.split_once('-')?;
    (!start.is_empty() && commit.starts_with(start)).then(|| rest.to_owned())
}

/// The commit's date, which is in milliseconds.
fn nanoseconds(document: &Map<String, Value>) -> Option<i64> {
    document.get("date")?.as_i64()?.checked_mul(1_000_000).filter(|&t| t >= 0)
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().map(values::text).collect()
}

/// What all benchmarks of a result file share.
struct ResultFile<'a> {
    /// What `benchmarks.json` says.
    known: &'a Map<String, Value>,
    columns: Vec<String>,
    versions: Option<Map<String, Value>>,
    environment: Option<String>,
    when: When,
}

/// The fields of one benchmark's result, whichever way the file writes them.
struct Fields<'a> {
    value: &'a Value,
    columns: &'a [String],
}

impl<'a> Fields<'a> {
    /// The field of this name: of an object, of a row under the file's columns, or the
    /// result itself.
    fn get(&self, name: &str) -> Option<&'a Value> {
        let found = match self.value {
            Value::Object(map) => map.get(name),
            Value::Array(row) if !self.columns.is_empty() => {
                self.columns.iter().position(|c| c == name).and_then(|i| row.get(i))
            }
            plain => (name == "result").then_some(plain),
        };
        found.filter(|v| !v.is_null())
    }

    /// Element `i` of a field that has one a combination; the field itself when it has one.
    fn element(&self, name: &str, i: usize) -> Option<&'a Value> {
        match self.get(name)? {
            Value::Array(list) => list.get(i).filter(|v| !v.is_null()),
            single => (i == 0).then_some(single),
        }
    }

    /// A statistic of combination `i`, in the older or the newer layout.
    fn statistic(&self, name: &str, i: usize) -> Option<f64> {
        let new = self.element(&format!("stats_{name}"), i);
        let old = || match (self.element("stats", i)?, name) {
            (stats, "ci_99_a") => stats.get("ci_99")?.get(0),
            (stats, "ci_99_b") => stats.get("ci_99")?.get(1),
            (stats, name) => stats.get(name),
        };
        values::number(new.or_else(old)?)
    }
}

impl ResultFile<'_> {
    /// Adds the values of a benchmark; false when it has none.
    fn benchmark(
        &self,
        name: &str,
        value: &Value,
        builder: &mut Builder<'_>,
    ) -> Result<bool, IngestError> {
        let fields = Fields { value, columns: &self.columns };
        let description = self.known.get(name);
        let names = strings(description.and_then(|d| d.get("param_names")));
        let params: Vec<Vec<String>> = fields
            .get("params")
            .or_else(|| description.and_then(|d| d.get("params")))
            .and_then(Value::as_array)
            .map(|axes| axes.iter().map(|axis| strings(Some(axis))).collect())
            .unwrap_or_default();
        let size = params.iter().try_fold(1_usize, |n, axis| n.checked_mul(axis.len()));
        let Some(size) = size.filter(|&n| n <= MOST_COMBINATIONS) else {
            let problem = format!("{name} has more than {MOST_COMBINATIONS} combinations");
            return Err(builder.line_error(1, problem));
        };
        let metric = metric(name, description);
        let mut any = false;
        for i in 0..size {
            let mut labels = values::benchmark(name);
            self.label(name, description, &fields, &mut labels);
            combination(&params, &names, i, &mut labels);
            let samples = fields.element("samples", i).and_then(Value::as_array);
            let samples: Vec<f64> =
                samples.into_iter().flatten().filter_map(values::number).collect();
            if !samples.is_empty() {
                values::raw(builder, metric.clone(), &labels, &samples, self.when)?;
                any = true;
            } else if let Some(summary) = summary(&fields, i) {
                values::summary(builder, metric.clone(), &labels, summary, self.when, 0)?;
                any = true;
            }
        }
        Ok(any)
    }

    /// The environment, and the version of a benchmark that is no longer the described one.
    fn label(
        &self,
        name: &str,
        description: Option<&Value>,
        fields: &Fields<'_>,
        labels: &mut Labels,
    ) {
        if let Some(environment) = &self.environment {
            labels.insert("env".to_owned(), environment.clone());
        }
        let listed = self.versions.as_ref().and_then(|v| v.get(name));
        let own = listed.or_else(|| fields.get("version"));
        let current = description.and_then(|d| d.get("version"));
        if let (Some(own), Some(current)) = (own, current)
            && own != current
        {
            labels.insert("version".to_owned(), values::text(own));
        }
    }
}

/// Labels of combination `i` of the product of all parameters, the last running fastest.
fn combination(params: &[Vec<String>], names: &[String], i: usize, labels: &mut Labels) {
    let mut rest = i;
    for (axis, list) in params.iter().enumerate().rev() {
        if list.is_empty() {
            return;
        }
        let value = &list[rest % list.len()];
        rest /= list.len();
        let name = names.get(axis).cloned().unwrap_or_else(|| format!("param{}", axis + 1));
        labels.entry(name).or_insert_with(|| value.clone());
    }
}

/// A printed result; with statistics it is the median of samples that the file does not hold.
fn summary(fields: &Fields<'_>, i: usize) -> Option<Summary> {
    let value = values::number(fields.element("result", i)?)?;
    let (q1, q3) = (fields.statistic("q_25", i), fields.statistic("q_75", i));
    if q1.is_none() && q3.is_none() {
        return Some(values::printed(value));
    }
    let level = Rational::new(99, 100).and_then(|r| Level::new(r).ok());
    let bounds = fields.statistic("ci_99_a", i).zip(fields.statistic("ci_99_b", i));
    Some(Summary {
        quantiles: values::quantiles([("25%", q1), ("50%", Some(value)), ("75%", q3)]),
        interval: bounds.and_then(|(lo, hi)| values::interval(value, lo, hi, level)),
        ..Summary::default()
    })
}

/// Name and unit as described, else by asv's naming rule.
pub(super) fn metric(name: &str, description: Option<&Value>) -> Metric {
    let stated = |key: &str| description.and_then(|d| d.get(key)).and_then(Value::as_str);
    let last = name.rsplit('.').next().unwrap_or(name);
    let prefix = last.split('_').next().unwrap_or("").to_ascii_lowercase();
    let kind = stated("type").unwrap_or(match prefix.as_str() {
        "time" | "timeraw" => "time",
        "mem" => "memory",
        "peakmem" => "peakmemory",
        _ => "track",
    });
    let unit = match (stated("unit"), kind) {
        (Some("unit"), _) => None,
        (Some(unit), _) => values::unit(unit),
        (None, "time") => Unit::known("s"),
        (None, "memory" | "peakmemory") => Unit::known("B"),
        (None, _) => None,
    };
    Metric::new(kind, unit)
}

#[cfg(test)]
mod tests {
    use tailproof_core::Observations;

    use super::*;
    use crate::{Input, Options};

    #[test]
    fn nan_is_replaced_outside_of_strings_only() {
        let text = r#"{"a": NaN, "NaN \" NaN": [-Infinity, "\\"], "b": NaN}"#;
        let want = r#"{"a": null, "NaN \" NaN": [null, "\\"], "b": null}"#;
        assert_eq!(without_nan(text.as_bytes()), want.as_bytes());
    }

    #[test]
    fn both_layouts_are_read() {
        let text = r#"{"commit_hash": "abcdef", "date": 1000, "version": 2, "env_name": "py3",
            "result_columns": ["result", "params", "version", "stats_q_25", "stats_q_75", "samples"],
            "results": {
                "m.time_a": [[1.5, null, 3.5, NaN], [["1", "2"], ["x", "y"]], "v",
                    [1.0, null, 3.0, null], [2.0, null, 4.0, null]],
                "m.mem_b": 42,
                "m.time_c": {"result": [2.0], "samples": [[1.0, 2.0, 3.0]]},
                "m.time_d": null
            }}"#;
        let data = crate::read(vec![Input::from_bytes("x.json", text)], &Options::default());
        let data = data.unwrap();
        let names: Vec<String> = data.series.iter().map(tailproof_core::Series::name).collect();
        assert_eq!(
            names,
            [
                "time{benchmark=m.time_a,env=py3,param1=1,param2=x}",
                "time{benchmark=m.time_a,env=py3,param1=2,param2=x}",
                "memory{benchmark=m.mem_b,env=py3}",
                "time{benchmark=m.time_c,env=py3}"
            ]
        );
        let Observations::Summary(all) = &data.series[1].observations else { panic!() };
        assert_eq!((all[0].mean, all[0].quantiles[1].1), (None, 3.5));
        assert_eq!(data.series[3].observations.len(), 3);
        assert_eq!(data.series[0].time, Some(vec![1_000_000_000]));
        assert_eq!(data.series[0].marks, Some(vec!["abcdef".to_owned()]));
        assert!(data.notes.iter().any(|n| n.ends_with("failed or skipped: m.time_d")));
    }
}
