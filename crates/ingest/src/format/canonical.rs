//! Tailproof's own form, which `import` and baselines write: see [`crate::canonical`].

use serde::Deserialize;
use tailproof_core::{Direction, Loop, Metric, Noise, Unit};

use crate::builder::{At, Builder, Kind, When};
use crate::canonical::{Better, Elements, Line, SCHEMA};
use crate::error::IngestError;
use crate::format::{Head, json};
use crate::input::Opened;

/// The first line.
#[derive(Deserialize)]
struct Heading {
    tailproof: String,
    #[serde(default)]
    generator: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
}

pub(crate) fn matches(head: &Head<'_>) -> bool {
    head.first.starts_with("{\"tailproof\":")
}

pub(crate) fn read(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    let (mut buffer, mut line) = (Vec::new(), 0);
    let mut begun = false;
    while input.line(&mut buffer)? {
        line += 1;
        if buffer.trim_ascii().is_empty() {
            continue;
        }
        if begun {
            elements(json::parse_line(&buffer, line, builder)?, line, builder)?;
        } else {
            heading(json::parse_line(&buffer, line, builder)?, line, builder)?;
            begun = true;
        }
    }
    Ok(())
}

fn heading(heading: Heading, line: u64, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    if heading.tailproof != SCHEMA {
        let problem = format!("written as {:?}, this version reads {SCHEMA:?}", heading.tailproof);
        return Err(builder.line_error(line, problem));
    }
    match heading.generator.as_deref() {
        Some("open") => builder.generator(Loop::Open),
        Some("closed") => builder.generator(Loop::Closed),
        None => {}
        Some(other) => {
            let problem = format!("a generator is open or closed, got {other:?}");
            return Err(builder.line_error(line, problem));
        }
    }
    for note in heading.notes {
        builder.note(note);
    }
    Ok(())
}

/// Adds the elements of a line to their series.
fn elements(text: Line, line: u64, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    whole(&text).map_err(|problem| builder.line_error(line, problem))?;
    let unit = text.unit.map(|u| u.parse::<Unit>().unwrap_or(Unit::Named(u)));
    let mut metric = Metric::new(text.metric, unit);
    metric.direction = match text.better {
        Some(Better::Lower) => Direction::Lower,
        Some(Better::Higher) => Direction::Higher,
        None => Direction::Unknown,
    };
    metric.noise = if text.exact { Noise::Exact } else { Noise::Random };
    let name = metric.name.clone();
    let labels: Vec<(&str, &str)> =
        text.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let kind = match &text.elements {
        Elements::Values(_) => Kind::Raw,
        Elements::Events(_) => Kind::Events,
        Elements::Pairs(_) => Kind::Pairs,
        Elements::Summaries(_) => Kind::Summary,
        Elements::Histograms(_) => Kind::Binned,
        Elements::Counted(_) => Kind::Atoms,
    };
    let Some(series) = builder.described(metric, &labels, kind, line)? else { return Ok(()) };
    let runs =
        text.run.iter().map(|r| builder.run(&r.to_string())).collect::<Result<Vec<_>, _>>()?;
    let marks = text.marks.iter().map(|m| builder.mark(m)).collect::<Result<Vec<_>, _>>()?;
    let times = text
        .time
        .iter()
        .map(|t| t.parse::<i64>().map_err(|_| format!("a time is nanoseconds, got {t:?}")))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|problem| builder.line_error(line, problem))?;
    let when = |i: usize| When {
        run: runs.get(i).copied(),
        time: times.get(i).copied(),
        mark: marks.get(i).copied(),
    };
    let wrong = |builder: &Builder<'_>, problem: String| builder.line_error(line, problem);
    match text.elements {
        Elements::Values(values) => {
            let above: std::collections::BTreeSet<u32> = text.above.into_iter().collect();
            for (i, value) in values.into_iter().enumerate() {
                if above.contains(&(i as u32)) {
                    let at = At { line, column: &name, text: &value.to_string() };
                    builder.push_above(series, value, when(i), at)?;
                } else {
                    let told = || (name.clone(), value.to_string());
                    builder.push_told(series, value, when(i), line, told)?;
                }
            }
        }
        Elements::Events(events) => {
            for (i, (good, total)) in events.into_iter().enumerate() {
                let cell = format!("{good} of {total}");
                let at = At { line, column: &name, text: &cell };
                builder.push_events(series, good, total, when(i), at)?;
            }
        }
        Elements::Pairs(all) => {
            for (i, pair) in all.into_iter().enumerate() {
                let cell = format!("{}, {}", pair.0, pair.1);
                let at = At { line, column: &name, text: &cell };
                builder.push_pair(series, pair, when(i), at)?;
            }
        }
        Elements::Summaries(all) => {
            for (i, one) in all.into_iter().enumerate() {
                let summary = one.summary().map_err(|p| wrong(builder, p))?;
                builder.push_summary(series, summary, when(i), line)?;
            }
        }
        Elements::Histograms(all) => {
            for (i, one) in all.into_iter().enumerate() {
                let binned = one.binned().map_err(|p| wrong(builder, p))?;
                builder.push_binned(series, binned, when(i), line)?;
            }
        }
        Elements::Counted(all) => {
            for (i, one) in all.into_iter().enumerate() {
                let ecdf = one.ecdf().map_err(|p| wrong(builder, p))?;
                builder.push_atoms(series, ecdf, when(i), line)?;
            }
        }
    }
    Ok(())
}

/// Whether everything that is told of the elements is told of each of them.
fn whole(text: &Line) -> Result<(), String> {
    let (n, raw) = match &text.elements {
        Elements::Values(all) => (all.len(), true),
        Elements::Events(all) => (all.len(), false),
        Elements::Pairs(all) => (all.len(), false),
        Elements::Summaries(all) => (all.len(), false),
        Elements::Histograms(all) => (all.len(), false),
        Elements::Counted(all) => (all.len(), false),
    };
    for (what, len) in
        [("run", text.run.len()), ("time", text.time.len()), ("marks", text.marks.len())]
    {
        if len != 0 && len != n {
            return Err(format!("{what} has {len} entries for {n} elements"));
        }
    }
    match text.above.iter().find(|&&i| !raw || i as usize >= n) {
        None => Ok(()),
        Some(i) if raw => Err(format!("above names the value {i} of {n}, counted from 0")),
        Some(_) => Err("above is told of values only".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Input, Options, read, write};

    #[test]
    fn what_is_told_of_too_many_or_too_few_is_refused() {
        let head = "{\"tailproof\":\"dataset/1\"}\n";
        let all = |text: String| read(vec![Input::from_bytes("a", text)], &Options::default());
        for (line, want) in [
            (r#"{"metric":"m","values":[1.0],"above":[1]}"#, "above names the value 1 of 1"),
            (r#"{"metric":"m","events":[[1,2]],"above":[0]}"#, "above is told of values only"),
            (r#"{"metric":"m","values":[1.0,2.0],"run":[1]}"#, "run has 1 entries for 2"),
            (r#"{"metric":"m","values":[1.0],"time":["1","2"]}"#, "time has 2 entries for 1"),
            (r#"{"metric":"m","values":[1.0],"marks":["a","b"]}"#, "marks has 2 entries for 1"),
        ] {
            let error = all(format!("{head}{line}\n")).unwrap_err().to_string();
            assert!(error.contains(want) && error.contains("line 2"), "{error}");
        }
        let odd = head.replace('}', ",\"generator\":\"bursts\"}");
        let error = all(format!("{odd}{{\"metric\":\"m\",\"values\":[1.0]}}\n")).unwrap_err();
        assert!(error.to_string().contains("bursts"), "{error}");
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let text = "{\"tailproof\":\"dataset/1\",\"generator\":\"closed\",\"notes\":[\"x\"]}\n\
            {\"metric\":\"latency\",\"unit\":\"ms\",\"better\":\"lower\",\"labels\":{\"a\":\"b\"},\
             \"values\":[1.5,0.1,3.0],\"above\":[1],\"run\":[1,1,2],\"time\":[\"5\",\"6\",\"7\"]}\n\
            {\"metric\":\"ops\",\"exact\":true,\"values\":[9.0],\"marks\":[\"c0ffee\"]}\n\
            {\"metric\":\"h\",\"histograms\":[{\"edges\":[0.0,1.0,\"inf\"],\"counts\":[2,1],\
             \"closed\":\"upper\"}]}\n\
            {\"metric\":\"s\",\"summaries\":[{\"n\":10,\"mean\":1.0,\"quantiles\":[[\"p95\",2.0]],\
             \"interval\":[0.5,1.5],\"level\":\"95 %\"}]}\n\
            {\"metric\":\"c\",\"counted\":[{\"values\":[[1.0,2]],\"below\":0,\"above\":1}]}\n\
            {\"metric\":\"e\",\"events\":[[9,10]]}\n\
            {\"metric\":\"forecast\",\"pairs\":[[1.5,2.0],[0.0,-1.0]],\"time\":[\"5\",\"6\"]}\n";
        let options = Options::default();
        let first = read(vec![Input::from_bytes("a", text)], &options).unwrap();
        assert_eq!(first.series.len(), 7);
        let mut out = Vec::new();
        write(&first, &mut out).unwrap();
        let again = read(vec![Input::from_bytes("a", out)], &options).unwrap();
        assert_eq!((first.series, first.notes), (again.series, again.notes));
        assert_eq!(first.generator, again.generator);
        let newer = text.replace("dataset/1", "dataset/2");
        let error = read(vec![Input::from_bytes("a", newer)], &options).unwrap_err();
        assert!(error.to_string().contains("dataset/2"));
    }
}
