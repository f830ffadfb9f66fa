//! A targets file to begin with: commented, a draft until somebody has looked at its limits, and
//! about the user's own data when there are any.

use tailproof_core::Dataset;
use tailproof_scorecard::suggest::{Leaves, Promise, Suggestion, suggest};

/// The commented example.
const TEMPLATE: &str = include_str!("init.toml");
/// The line before the targets.
const TARGETS: &str = "# ---- targets ----\n";
/// The beginning of the line after them.
const MORE: &str = "# ---- more";

/// The example for nobody's data.
pub(super) fn generic() -> String {
    TEMPLATE.to_owned()
}

/// The example with a row for each series of these files that carries one; its limits are such
/// that the data meet them. Of several files every row names its own, so that no column of one
/// is taken for that of another.
pub(super) fn of(files: &[(String, Dataset)]) -> String {
    let (head, rest) = TEMPLATE.split_once(TARGETS).expect("the template marks its targets");
    let (own, more) = rest.find(MORE).map_or((rest, ""), |at| rest.split_at(at));
    let several = files.len() > 1;
    let found: Vec<(Option<&str>, Vec<Suggestion>)> = files
        .iter()
        .map(|(file, data)| (several.then_some(file.as_str()), suggest(data)))
        .collect();
    let is_row = |s: &Suggestion| matches!(s, Suggestion::Row(_));
    let rows = found.iter().flat_map(|file| &file.1).filter(|s| is_row(s)).count();
    let mut told = String::new();
    let mut trees = 0;
    for (file, suggestions) in &found {
        for suggestion in suggestions {
            told.push('\n');
            told.push_str(&match suggestion {
                Suggestion::Row(promise) => row(promise, *file),
                Suggestion::Nothing { series, why } => {
                    format!("# {}: {}\n", comment(series), comment(why))
                }
                Suggestion::Tree(leaves) => {
                    trees += 1;
                    // A file has one tree at most, and one without rows lives by it.
                    let live = rows == 0 && trees == 1 && !several;
                    if live { tree(leaves) } else { commented(&tree(leaves)) }
                }
            });
        }
    }
    let begin = if rows > 0 {
        "\n# From the data: every limit is one that they meet today. Put there what you promise.\n"
    } else if trees == 1 && !several {
        "\n# From the data: scores, to be aggregated.\n"
    } else {
        // A file without a target would say nothing.
        own
    };
    format!("{head}{TARGETS}{}\n{told}\n{more}", begin.trim_end())
}

/// The table of a promise.
fn row(promise: &Promise, file: Option<&str>) -> String {
    let name = match file {
        Some(file) => format!("{}, {file}", promise.name),
        None => promise.name.clone(),
    };
    let mut row = format!(
        "[[target]]\ndomain = {}    # edit: any name\nname = {}\nclaim = {}    # edit the limit; {}\n",
        quoted(promise.domain),
        quoted(&name),
        quoted(&promise.claim),
        comment(&promise.remark)
    );
    if let Some(file) = file {
        row += &format!("data = {}\n", quoted(file));
    }
    row
}

/// The tables of a tree and its nodes.
fn tree(leaves: &Leaves) -> String {
    let list = |names: &[String]| {
        format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
    };
    // The root is named unlike its nodes.
    let taken = |name: &&str| leaves.nodes.iter().any(|node| node.0 == *name);
    let name = ["total", "all", "tree"].into_iter().find(|name| !taken(name)).unwrap_or("root");
    let mut text = format!(
        "[tree]    # weights, levels of quality, minima: docs/aggregation.md\nname = {}\nmetric = {}\n\
         labels = {}    # whose values name a leaf\nrange = {}    # where scores may lie\n\
         # improvement = \"> 15%\"    # over --baseline DATA\n",
        quoted(name),
        quoted(&leaves.metric),
        list(&leaves.labels),
        quoted(&format!("{}..{}", leaves.range.0, leaves.range.1)),
    );
    for (node, names) in &leaves.nodes {
        if leaves.labels.len() > 1 {
            text += &format!("\n[[node]]\nname = {}\n", quoted(node));
        }
        text += &format!("leaves = {}\n", list(names));
    }
    text
}

/// Lines that do not count.
fn commented(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("# ") {
        _ if line.is_empty() => "#\n".to_owned(),
        Some(comment) => format!("# # {comment}\n"),
        None => format!("# {line}\n"),
    };
    text.lines().map(line).collect()
}

/// A string of TOML: the escapes of JSON are all escapes of it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Text that stays in its comment.
fn comment(text: &str) -> String {
    tailproof_reporting::printable(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailproof_core::{Metric, Observations, Raw, Sample, Series, Unit};
    use tailproof_scorecard::config;

    fn series(name: &str, unit: Option<&str>, values: Vec<f64>) -> Series {
        let metric = Metric::new(name, unit.and_then(Unit::known));
        Series::new(metric, Observations::Raw(Raw::complete(Sample::new(values).unwrap())))
    }

    fn values(n: u32) -> Vec<f64> {
        (1..=n).map(|i| 100.0 + f64::from(i * 377 % 1_000 + 1) / 10.0).collect()
    }

    fn data(series: Vec<Series>) -> Dataset {
        Dataset { series, ..Dataset::default() }
    }

    fn file(name: &str, series: Vec<Series>) -> (String, Dataset) {
        (name.to_owned(), data(series))
    }

    #[test]
    fn the_example_is_a_targets_file_and_a_draft() {
        let targets = config::parse(&generic()).unwrap();
        assert_eq!(targets.targets.len(), 3);
        assert!(targets.draft);
        // So is what it leaves to be uncommented, every table that there is.
        let more = TEMPLATE.split_once(MORE).unwrap().1.split_once('\n').unwrap().1;
        let is_toml = |l: &&str| l.starts_with("# [") || l.contains(" = ");
        let lines: Vec<&str> =
            more.lines().filter(is_toml).map(|l| l.trim_start_matches("# ")).collect();
        let more = config::parse(&lines.join("\n")).unwrap();
        assert!(more.resources.len() == 1 && more.budgets.len() == 1 && more.chains.len() == 1);
        assert!(more.capacity.is_some() && more.tree.is_some());
    }

    #[test]
    fn rows_name_the_data() {
        let mut named = series("latency", Some("ms"), values(1_000));
        named.labels.insert("endpoint".to_owned(), "search".to_owned());
        let data = vec![
            named,
            series("speed", Some("/s"), values(250)),
            series("odd", None, vec![3.0, -4.0]),
            series("bad \"name\"\n: {", None, values(30)),
            Series::new(Metric::new("ok", None), Observations::Events(vec![(9_995, 10_000)])),
        ];
        let text = of(&[file("a.csv", data.clone())]);
        let targets = config::parse(&text).unwrap();
        let claims: Vec<&str> =
            targets.targets.iter().map(|t| t.objective.claim.as_str()).collect();
        assert_eq!(claims, ["p99 <= 200 ms", "p5 >= 100 /s", "ratio >= 99%"], "{text}");
        for (target, series) in targets.targets.iter().zip([0, 1, 4].map(|i| &data[i])) {
            assert!(target.objective.matches(series) && target.data.is_none(), "{text}");
        }
        assert!(targets.draft && text.contains("does not fit") && text.contains("[published]"));
        assert!(config::parse(&of(&[file("none.csv", Vec::new())])).is_ok());
    }

    #[test]
    fn rows_of_several_files_name_their_own() {
        let latency = || vec![series("latency", Some("ms"), values(30))];
        let text = of(&[file("a.csv", latency()), file("b \"2\".csv", latency())]);
        let targets = config::parse(&text).unwrap().targets;
        let files: Vec<Option<&str>> = targets.iter().map(|t| t.data.as_deref()).collect();
        assert_eq!(files, [Some("a.csv"), Some("b \"2\".csv")], "{text}");
        assert_ne!(targets[0].name, targets[1].name);
    }

    #[test]
    fn scores_become_a_tree() {
        let leaf = |area: &str, part: &str| {
            let mut series = series("score", None, vec![0.5]);
            series.labels.insert("area".to_owned(), area.to_owned());
            series.labels.insert("part".to_owned(), part.to_owned());
            series
        };
        let scores = || vec![leaf("total", "x"), leaf("total", "y"), leaf("B", "x")];
        let text = of(&[file("a.csv", scores())]);
        let targets = config::parse(&text).unwrap();
        assert!(targets.targets.is_empty(), "{text}");
        let tree = targets.tree.unwrap().tree;
        assert_eq!(tree.leaves(), ["B/x", "total/x", "total/y"]);
        // Beside rows it is there to be uncommented.
        let mut all = scores();
        all.push(series("latency", Some("ms"), values(30)));
        let text = of(&[file("a.csv", all)]);
        let targets = config::parse(&text).unwrap();
        assert!(targets.tree.is_none() && targets.targets.len() == 1, "{text}");
        assert!(text.contains("# leaves = [\"x\", \"y\"]"), "{text}");
    }
}
