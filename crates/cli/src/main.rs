//! `tailproof`: turns performance measurements into verdicts that can be defended.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 judged and
//! acceptable, 1 a check failed, 2 bad usage or input, 3 could not tell.

mod artifact;
mod baseline;
mod calibrate;
mod changes;
mod compare;
mod comparison;
mod exit;
mod flame;
mod given;
mod import;
mod inputs;
mod invocation;
mod keygen;
mod leak;
mod names;
mod output;
mod plan;
mod render;
mod replay;
mod report;
mod run;
mod scaling;
mod score;
mod sides;
mod signing;
mod speedup;
mod stat;
mod tables;
mod validate;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use given::Given;
use invocation::Invocation;

#[derive(Debug, Parser)]
#[command(name = "tailproof", version, about, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 judged and acceptable, 1 a check failed, 2 bad usage or \
                        input, 3 could not tell (too few samples, a target inside the bounds, \
                        nothing to compare with).")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge objectives on measurements
    Validate(Box<validate::Validate>),
    /// Compare a candidate with a baseline
    Compare(Box<compare::Compare>),
    /// Time commands side by side until the answer is precise
    Run(Box<run::Run>),
    /// Say how much faster, with intervals: layer by layer, claimed and measured
    Speedup(Box<speedup::Speedup>),
    /// Say how cost grows with the size of the work, or speed with the workers
    Scaling(Box<scaling::Scaling>),
    /// Find when a metric changed
    Changes(Box<changes::Changes>),
    /// Say whether memory grows by less than a limit
    Leak(Box<leak::Leak>),
    /// Draw folded stacks as a flame graph, and say which functions changed
    Flame(flame::Flame),
    /// Show what files hold, or write it in the canonical form
    Import(import::Import),
    /// Keep measurements to compare with
    Baseline(baseline::Baselines),
    /// Measure a gate's false-positive rate on your own data
    Calibrate(Box<calibrate::Calibrate>),
    /// Say how many observations are needed, before measuring
    Plan(Box<plan::Plan>),
    /// Compute any statistic of samples, counts or p-values
    Stat(Box<stat::Stat>),
    /// Judge a file of targets, and say whether to release
    Score(Box<score::Score>),
    /// Render evidence that earlier runs wrote
    Report(report::Report),
    /// Check evidence, and make it again from the data
    Verify(verify::Verify),
    /// Make a key to sign evidence with
    Keygen(keygen::Keygen),
}

fn main() -> ExitCode {
    let program = Cli::command();
    let matches = program.clone().get_matches();
    let given = Given::now(Invocation::of(&program, &matches));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit());
    let given = &given;
    let outcome = match cli.command {
        Command::Validate(c) => c.run(given),
        Command::Compare(c) => c.run(given),
        Command::Calibrate(c) => c.run(),
        Command::Run(c) => c.run(given),
        Command::Speedup(c) => c.run(given),
        Command::Scaling(c) => c.run(given),
        Command::Changes(c) => c.run(given),
        Command::Leak(c) => c.run(given),
        Command::Import(c) => c.run(),
        Command::Flame(c) => c.run(given),
        Command::Baseline(c) => c.run(),
        Command::Plan(c) => c.run(),
        Command::Report(c) => c.run(),
        Command::Verify(c) => c.run(),
        Command::Keygen(c) => c.run(),
        Command::Score(c) => c.run(given),
        Command::Stat(c) => c.run(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {}", one_line(&error));
        ExitCode::from(exit::ERROR)
    })
}

/// The whole chain on one line: what was done, then what was wrong; a cause that the message
/// before it already tells is left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}
