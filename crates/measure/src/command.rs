//! A command and one run of it.

use std::io;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// A command to be timed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// How it is called in results.
    pub name: String,
    program: String,
    arguments: Vec<String>,
}

/// One run of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From its start to its end.
    pub wall: Duration,
    /// Processor time of it and its children, user and system.
    pub cpu: Duration,
    /// Largest resident set in bytes; 0 where the system does not tell.
    pub peak: u64,
}

/// Why commands could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// There is none.
    #[error("no command: tailproof run -- COMMAND -- COMMAND")]
    Empty,
    /// Two commands of the same name would be one series.
    #[error("{0:?} is there twice; name one with NAME= in front of the other")]
    Twice(String),
    /// It cannot be started.
    #[error("{name}: cannot be started: {source}")]
    Start {
        /// The command.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It failed.
    #[error("{name}: {status}{}; --ignore-failure measures it all the same", said(output))]
    Failed {
        /// The command.
        name: String,
        /// How it ended.
        status: process::ExitStatus,
        /// The last line that it wrote to standard error.
        output: String,
    },
}

fn said(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(", saying {output:?}") }
}

impl Command {
    /// A program and its arguments; a single argument with blanks goes through `sh -c`. With
    /// `NAME=` in front it has a name of its own.
    ///
    /// # Errors
    /// There is no word.
    pub fn parse(words: &[String]) -> Result<Self, MeasureError> {
        let (mut words, mut name) = (words.to_vec(), None);
        let first = words.first().ok_or(MeasureError::Empty)?.clone();
        // `LC_ALL=C sort` sets a variable, as in a shell: names of ours have a small letter.
        let plain = |n: &str| {
            n.chars().any(char::is_lowercase)
                && n.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
        };
        if let Some((label, rest)) = first.split_once('=').filter(|(n, _)| plain(n)) {
            name = Some(label.to_owned());
            rest.clone_into(&mut words[0]);
            if rest.is_empty() {
                words.remove(0);
            }
        }
        let name = name.unwrap_or_else(|| words.join(" "));
        match words.as_slice() {
            [] => Err(MeasureError::Empty),
            [line] if line.contains(char::is_whitespace) => {
                let arguments = vec!["-c".to_owned(), line.clone()];
                Ok(Self { name, program: "sh".to_owned(), arguments })
            }
            [program, arguments @ ..] => {
                Ok(Self { name, program: program.clone(), arguments: arguments.to_vec() })
            }
        }
    }

    /// A command that does nothing.
    pub(crate) fn nothing() -> Self {
        Self { name: "true".to_owned(), program: "true".to_owned(), arguments: Vec::new() }
    }

    fn process(&self) -> process::Command {
        let mut process = process::Command::new(&self.program);
        process.args(&self.arguments).stdin(Stdio::null());
        process
    }

    /// Runs it once without timing it and says what it complains of.
    pub(crate) fn try_out(&self, ignore_failure: bool) -> Result<(), MeasureError> {
        let output = self.process().stdout(Stdio::null()).output().map_err(|e| self.start(e))?;
        if output.status.success() || ignore_failure {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
        Err(self.failed(output.status, last.chars().take(200).collect()))
    }

    /// Runs it once, its output thrown away.
    pub(crate) fn time(&self, ignore_failure: bool) -> Result<Timing, MeasureError> {
        let mut process = self.process();
        process.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let child = process.spawn().map_err(|e| self.start(e))?;
        let used = child.wait4().map_err(|e| self.start(e))?;
        let wall = start.elapsed();
        if !used.status.success() && !ignore_failure {
            return Err(self.failed(used.status, String::new()));
        }
        let (cpu, peak) = (used.rusage.utime + used.rusage.stime, used.rusage.maxrss);
        Ok(Timing { wall, cpu, peak })
    }

    fn start(&self, source: io::Error) -> MeasureError {
        MeasureError::Start { name: self.name.clone(), source }
    }

    fn failed(&self, status: process::ExitStatus, output: String) -> MeasureError {
        MeasureError::Failed { name: self.name.clone(), status, output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &[&str]) -> Vec<String> {
        text.iter().map(|&w| w.to_owned()).collect()
    }

    #[test]
    fn words_are_a_command_and_one_line_goes_through_the_shell() {
        let plain = Command::parse(&words(&["ls", "-l"])).unwrap();
        assert_eq!((plain.name.as_str(), plain.program.as_str()), ("ls -l", "ls"));
        let named = Command::parse(&words(&["old=ls -l | wc"])).unwrap();
        assert_eq!((named.name.as_str(), named.program.as_str()), ("old", "sh"));
        assert_eq!(named.arguments, ["-c", "ls -l | wc"]);
        assert!(matches!(Command::parse(&[]), Err(MeasureError::Empty)));
        assert!(matches!(Command::parse(&words(&["old="])), Err(MeasureError::Empty)));
        let shell = Command::parse(&words(&["LC_ALL=C sort x"])).unwrap();
        assert_eq!((shell.name.as_str(), shell.program.as_str()), ("LC_ALL=C sort x", "sh"));
        // A variable is no name of ours when it has no plain letters before the sign.
        assert_eq!(Command::parse(&words(&["./a b=1"])).unwrap().name, "./a b=1");
    }

    #[test]
    fn a_command_that_fails_is_no_measurement() {
        let fails = Command::parse(&words(&["echo so >&2; exit 3"])).unwrap();
        let error = fails.try_out(false).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("so"), "{error}");
        assert!(fails.time(false).is_err() && fails.time(true).is_ok());
        let absent = Command::parse(&words(&["no-such-program-here"])).unwrap();
        assert!(matches!(absent.time(true), Err(MeasureError::Start { .. })));
    }
}
