use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tailproof_core::{Class, Level, Rank, Sample, Seed, descriptive, number, percent};
use tailproof_ingest::write;
use tailproof_measure::{Command, Measured, Plan, Stop, measure};
use tailproof_reporting::{Evidence, Grid, markdown, printable};

use crate::exit::{FailOn, Gate};
use crate::given::Given;
use crate::inputs;
use crate::output::{self, Output};
use crate::render::Kind;

/// Time commands side by side until the answer is precise
///
/// Rounds run every command once, in random order, so that a machine that slows down slows all
/// of them alike. The interval of the median ratio to the first command holds at every look,
/// so that ending when it is narrow enough is fair. Output of the commands is thrown away.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tailproof run -- gzip -k -f big.txt -- zstd -q -f big.txt\n  \
    tailproof run --save runs.ndjson -- 'old=grep -c a < big.txt' -- 'new=rg -c a big.txt'\n\n\
    A command that is one word with blanks goes through the shell; NAME= names it.")]
pub(crate) struct Run {
    /// Commands, each after its own --; the first is the one that others are compared with
    #[arg(last = true, required = true, value_name = "COMMAND")]
    commands: Vec<String>,
    /// Runs of each command that do not count
    #[arg(long, default_value_t = 1, value_name = "N")]
    warm_up: u32,
    /// Rounds at least
    #[arg(long, default_value_t = 10, value_name = "N")]
    min_rounds: u32,
    /// Rounds at most
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_rounds: u32,
    /// No further round begins after so many seconds
    #[arg(long, default_value_t = 60.0, value_name = "SECONDS")]
    time_limit: f64,
    /// Enough when the interval is within this share on either side
    #[arg(long, default_value = "1%", value_parser = inputs::share, value_name = "SHARE")]
    precision: f64,
    /// A command is slower when it takes longer by more than this share
    #[arg(long, default_value = "1%", value_parser = inputs::share, value_name = "SHARE")]
    min_effect: f64,
    /// Confidence level of all intervals together
    #[arg(long, default_value = "0.95", value_parser = inputs::level)]
    level: Level,
    /// Seed of the orders within rounds
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Runs that fail are measurements all the same
    #[arg(long)]
    ignore_failure: bool,
    /// What makes the run fail with exit code 1: regression when a command is slower than the
    /// first [default: nothing]
    #[arg(long, value_delimiter = ',', value_name = "KINDS", hide_possible_values = true)]
    fail_on: Vec<FailOn>,
    /// Write every run as NDJSON that the other commands read
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Run {
    pub(crate) fn run(self, given: &Given) -> anyhow::Result<ExitCode> {
        self.output.prepare(false)?;
        let commands = self
            .commands
            .split(|word| word == "--")
            .map(Command::parse)
            .collect::<Result<Vec<_>, _>>()?;
        anyhow::ensure!(
            self.time_limit.is_finite() && self.time_limit > 0.0 && self.time_limit < 1e9,
            "--time-limit is a positive number of seconds"
        );
        let plan = Plan {
            warm_up: self.warm_up,
            min_rounds: self.min_rounds,
            max_rounds: self.max_rounds,
            limit: Duration::from_secs_f64(self.time_limit),
            precision: self.precision,
            level: self.level,
            seed: Seed(self.seed),
            ignore_failure: self.ignore_failure,
        };
        let bar = spinner();
        let measured = measure(&commands, &plan, |p| {
            let within =
                if p.precision.is_finite() { percent(p.precision) } else { "?".to_owned() };
            bar.set_message(format!("{} rounds, within {within}", p.rounds));
            bar.tick();
        });
        bar.finish_and_clear();
        let measured = measured?;
        if let Some(path) = &self.save {
            let mut text = Vec::new();
            write(&measured.dataset(), &mut text)?;
            output::save(path, &String::from_utf8(text)?)?;
        }
        // Without a gate a slower command is an answer, not a failure.
        let gated = !self.fail_on.is_empty();
        let class = if gated { Class::Regression } else { Class::Other };
        let gate = Gate::on(self.fail_on.clone());
        let mut evidence = Evidence::new("run", measured.findings(self.min_effect, class));
        evidence.settings = tailproof_reporting::Settings {
            level: Some(self.level),
            seed: Some(Seed(self.seed)),
            min_effect: Some(self.min_effect),
            ..tailproof_reporting::Settings::default()
        };
        let grid = table(&measured);
        evidence.notes.extend(grid.notes.iter().cloned());
        self.output.finish_by(evidence, &gate, given, |evidence, kind, width| match kind {
            Kind::Markdown if evidence.findings.is_empty() => grid.markdown(),
            Kind::Markdown => format!("{}\n{}", grid.markdown(), markdown(evidence)),
            _ => format!("{}{}", grid.table(width), reasons(evidence)),
        })
    }
}

fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
    ProgressBar::new_spinner().with_style(style.expect("the template is right"))
}

/// A row a command.
fn table(measured: &Measured) -> Grid {
    let rows = (0..measured.commands.len()).map(|i| row(measured, i)).collect();
    let stop = match measured.stop {
        Stop::Precise => "precise enough",
        Stop::Rounds => "the most rounds allowed",
        Stop::Time => "the time limit",
    };
    let mut notes = vec![format!("{} rounds, ended by: {stop}", measured.rounds())];
    if measured.commands.len() == 1 {
        let (lo, hi) = measured.intervals[0];
        notes.push(format!(
            "median between {} and {} s at {} (confidence sequence, valid at any look)",
            number(lo.max(0.0)),
            number(hi),
            measured.level
        ));
        notes.extend(measured.warnings(&[0]).into_iter().map(|w| format!("warning: {w}")));
    }
    let header = ["command", "median ± MAD, s", "mean", "min", "max", "cpu", "peak MB", "ratio"];
    Grid {
        title: "run".to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows,
        words: 1,
        notes,
    }
}

fn row(measured: &Measured, i: usize) -> Vec<String> {
    let runs = &measured.timings[i];
    let of = |f: &dyn Fn(&tailproof_measure::Timing) -> f64| {
        Sample::new(runs.iter().map(f).collect()).expect("a round was run")
    };
    let wall = of(&|t| t.wall.as_secs_f64());
    let cpu = of(&|t| t.cpu.as_secs_f64()).quantile(Rank::MEDIAN);
    let peak = of(&|t| t.peak as f64).range().1;
    let (min, max) = wall.range();
    let ratio = if i == 0 {
        if measured.commands.len() > 1 { "1".to_owned() } else { String::new() }
    } else {
        let (lo, hi) = measured.intervals[i - 1];
        format!("[{}, {}]", number(lo.max(0.0)), number(hi))
    };
    vec![
        measured.commands[i].name.clone(),
        format!("{} ± {}", number(wall.quantile(Rank::MEDIAN)), number(descriptive::mad(&wall))),
        number(descriptive::mean(&wall)),
        number(min),
        number(max),
        number(cpu),
        if peak > 0.0 { number(peak / 1e6) } else { "?".to_owned() },
        ratio,
    ]
}

fn reasons(evidence: &Evidence) -> String {
    let mut text = String::new();
    for finding in &evidence.findings {
        text.push_str(&format!("\n{}\n", printable(&finding.why)));
        for warning in &finding.warnings {
            text.push_str(&format!("  warning: {}\n", printable(warning)));
        }
    }
    text
}
