//! A file that is replaced is the old or the new one at every instant.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tailproof_core::Seed;
use tailproof_resampling::{below, stream};

/// Kills a process that keeps rewriting a file, 100 times, at random instants.
#[test]
fn a_kill_leaves_the_old_or_the_new_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evidence.json");
    let mut rng = stream(Seed(2), 0);
    let mut seen = [0, 0];
    for _ in 0..100 {
        let mut writer = Command::new(env!("CARGO_BIN_EXE_rewrite"))
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Wait for some complete writes, so that the kill falls among later ones.
        let mut written = vec![0; 1 + below(&mut rng, 4) as usize];
        std::io::Read::read_exact(writer.stdout.as_mut().unwrap(), &mut written).unwrap();
        sleep(Duration::from_micros(below(&mut rng, 20_000)));
        writer.kill().unwrap(); // SIGKILL on Unix.
        writer.wait().unwrap();
        let text = std::fs::read(&path).unwrap();
        let kind = text[0];
        assert!(kind == b'a' || kind == b'b', "{kind}");
        assert!(text.iter().all(|&b| b == kind), "a mixture of both contents");
        let want = if kind == b'a' { 300_000 } else { 200_000 };
        assert_eq!(text.len(), want, "cut off");
        seen[usize::from(kind == b'b')] += 1;
    }
    assert!(seen.iter().all(|&n| n > 5), "the kills always met the same content: {seen:?}");
}
