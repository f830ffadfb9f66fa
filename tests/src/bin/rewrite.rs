//! Rewrites a file with two contents in turn until it is killed; for the test of atomicity.
#![expect(clippy::print_stdout, reason = "a dot tells the test that a write is done")]

use std::io::Write;
use std::path::PathBuf;

use tailproof_reporting::write_atomically;

fn main() -> std::io::Result<()> {
    let path = PathBuf::from(std::env::args_os().nth(1).expect("a path"));
    loop {
        for (letter, size) in [(b'a', 300_000), (b'b', 200_000)] {
            write_atomically(&path, &vec![letter; size])?;
            print!(".");
            std::io::stdout().flush()?;
        }
    }
}
