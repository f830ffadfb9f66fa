//! Honest evidence verifies, however it was made, and `verify` touches nothing that it is given.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tailproof_reporting::{seal, strict};
use tailproof_tests::program::{Run, root, run, with_input};
use tailproof_tests::samples;
use tempfile::TempDir;

/// Values modulo 100, in a scrambled order, below a heading.
fn csv(n: usize, step: usize) -> String {
    let rows: String = (0..n).map(|i| format!("{}\n", 100 + i * step % 100)).collect();
    format!("latency_ms\n{rows}")
}

const TARGETS: &str = "[[target]]\nclaim = \"latency: p95 <= 250ms\"\n\n\
                       [[target]]\nclaim = \"latency: mean <= 240ms\"\ndata = \"sub/own.csv\"\n";

/// A folder with `d`, in which there is something for every verb, and an empty one, `w`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("d/a.csv", csv(400, 7_919));
    write("d/b.csv", csv(300, 7_907));
    write("d/sub/own.csv", csv(200, 7_901));
    let history = (0..60).map(|i| format!("{}\n", 100 + i * 37 % 7 + i / 30 * 40));
    write("d/h.csv", format!("latency_ms\n{}", history.collect::<String>()));
    let memory = (0..200).map(|i| format!("{},{}\n", i * 10, 100 + i * 37 % 5));
    write("d/rss.csv", format!("time,rss_MiB\n{}", memory.collect::<String>()));
    let sizes = [10, 20, 40, 80].into_iter().flat_map(|n| (0..5).map(move |i| (n, i)));
    let sizes = sizes.map(|(n, i)| format!("{n},{}\n", 2 * n + 5 + i));
    write("d/s.csv", format!("size,latency_ms\n{}", sizes.collect::<String>()));
    write("d/t.toml", TARGETS.to_owned());
    write("d/slo.toml", "objectives = [\"latency: p95 <= 250ms\"]\n".to_owned());
    write("d/x.folded", "main;a 40\nmain;b 60\nmain;c 5\n".to_owned());
    write("d/y.folded", "main;a 90\nmain;b 60\nmain;c 50\n".to_owned());
    fs::create_dir(folder.path().join("w")).unwrap();
    folder
}

/// A file below the folder, as it is typed.
type Typed<'a> = &'a dyn Fn(&str) -> String;

/// A run of every verb; what reads standard input gets the second part.
fn verbs(f: Typed) -> Vec<(Vec<String>, &'static str)> {
    let owned = |words: &[&str]| words.iter().map(|&w| w.to_owned()).collect::<Vec<String>>();
    let with = |verb: &str, files: &[String], more: &[&str]| {
        [owned(&[verb]), files.to_vec(), owned(more)].concat()
    };
    let (a, b, h) = (f("d/a.csv"), f("d/b.csv"), f("d/h.csv"));
    let (rss, sizes, targets) = (f("d/rss.csv"), f("d/s.csv"), f("d/t.toml"));
    let (x, y, slo) = (f("d/x.folded"), f("d/y.folded"), f("d/slo.toml"));
    let dash = "-".to_owned();
    let limit = ["--limit", "1MiB/h"];
    let objective = ["-o", "latency: p95 <= 250ms"];
    vec![
        (with("validate", std::slice::from_ref(&a), &objective), ""),
        (with("validate", std::slice::from_ref(&a), &["--slo", &slo, "--baseline", &b]), ""),
        (
            with(
                "validate",
                std::slice::from_ref(&a),
                &[&objective[..], &["--junit-open", "error"]].concat(),
            ),
            "",
        ),
        (with("compare", &[a.clone(), format!("new={b}")], &[]), ""),
        (with("changes", &[h], &[]), ""),
        (with("leak", &[rss], &limit), ""),
        (with("scaling", &[sizes], &[]), ""),
        (with("speedup", &[a.clone(), format!("new={b}")], &["--claim", "2x"]), ""),
        (with("score", &[targets.clone(), a.clone()], &["--accept-conditions"]), ""),
        (with("flame", &[x, y], &["--top", "1"]), ""),
        (with("validate", std::slice::from_ref(&dash), &objective), "d/a.csv"),
        (
            with("validate", std::slice::from_ref(&a), &["--slo", &slo, "--baseline", "-"]),
            "d/b.csv",
        ),
        (with("compare", &[a.clone(), dash.clone()], &[]), "d/b.csv"),
        (with("compare", &[a.clone(), "new=-".to_owned()], &[]), "d/b.csv"),
        (with("changes", std::slice::from_ref(&dash), &[]), "d/h.csv"),
        (with("leak", std::slice::from_ref(&dash), &limit), "d/rss.csv"),
        (with("scaling", std::slice::from_ref(&dash), &[]), "d/s.csv"),
        (with("speedup", &[a, dash.clone()], &[]), "d/b.csv"),
        (with("score", &[targets, dash], &[]), "d/a.csv"),
    ]
}

/// Makes evidence in a working folder, and verifies it with everything in `data`.
fn made_and_verified(at: &Path, words: &[String], input: &str, data: &str, secret: &str) {
    let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
    args.extend(["--out", "json=evidence.json"]);
    let made = with_input(at, &args, input);
    assert_ne!(made.code, 2, "{args:?}\n{}", made.stderr);
    let text = fs::read_to_string(at.join("evidence.json")).unwrap();
    assert!(!text.contains(secret), "{args:?} tells {secret}:\n{}", around(&text, secret));
    let verified = run(at, &["verify", "evidence.json", data]);
    assert_eq!(verified.code, 0, "{args:?}\n{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("equal to the bit"), "{args:?}\n{}", verified.stdout);
    fs::remove_file(at.join("evidence.json")).unwrap();
}

fn around<'a>(text: &'a str, secret: &str) -> &'a str {
    text.lines().find(|line| line.contains(secret)).unwrap_or_default()
}

#[test]
fn honest_evidence_of_every_verb_verifies() {
    let folder = folder();
    let (at, secret) = (folder.path(), folder.path().to_string_lossy().into_owned());
    let input = |name: &str| match name {
        "" => String::new(),
        name => fs::read_to_string(at.join(name)).unwrap(),
    };
    for (words, piped) in verbs(&|name| name.to_owned()) {
        made_and_verified(at, &words, &input(piped), "d", &secret);
    }
    for (words, piped) in verbs(&|name| format!("./{name}")) {
        made_and_verified(at, &words, &input(piped), "d", &secret);
    }
    let elsewhere = at.join("w");
    for (words, piped) in verbs(&|name| at.join(name).to_string_lossy().into_owned()) {
        made_and_verified(&elsewhere, &words, &input(piped), "../d", &secret);
    }
    for (words, piped) in verbs(&|name| format!("../{name}")) {
        made_and_verified(&elsewhere, &words, &input(piped), "../d", "../d");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), there).unwrap();
        }
    }
}

#[test]
fn folders_of_criterion_verify() {
    let folder = folder();
    let at = folder.path();
    copy(&samples::folder().join("criterion/v0.8-layout"), &at.join("crit"));
    let secret = at.to_string_lossy().into_owned();
    let outside = at.join("crit").to_string_lossy().into_owned();
    let words = |paths: &[&str]| -> Vec<String> {
        ["compare"].iter().chain(paths).map(|&w| w.to_owned()).collect()
    };
    made_and_verified(at, &words(&["crit"]), "", "crit", &secret);
    made_and_verified(at, &words(&["crit@base", "crit@new"]), "", "crit", &secret);
    let elsewhere = at.join("w");
    made_and_verified(&elsewhere, &words(&[&outside]), "", "../crit", &secret);
    let [base, new] = ["base", "new"].map(|name| format!("{outside}@{name}"));
    made_and_verified(&elsewhere, &words(&[&base, &new]), "", "../crit", &secret);
}

#[test]
fn kept_baselines_with_accepted_changes_verify() {
    let folder = folder();
    let at = folder.path();
    let secret = at.to_string_lossy().into_owned();
    let store = at.join("d/store").to_string_lossy().into_owned();
    for (place, data) in [("d/store", "d"), (store.as_str(), "d")] {
        assert_eq!(run(at, &["baseline", "save", "main", "d/a.csv", "--store", place]).code, 0);
        let accepted = "[[accepted]]\nmetric = \"latency\"\nup_to = \"50%\"\nreason = \"wanted\"\n\
                        expires = \"2999-01-01\"\n";
        // One row that fits, and one that fits nothing, which a note tells with its file.
        let idle = accepted.replace("latency", "elsewhere");
        fs::write(at.join("d/store/accepted.toml"), format!("{accepted}\n{idle}")).unwrap();
        let words = ["compare", "d/b.csv", "--baseline", "main", "--store", place];
        made_and_verified(at, &words.map(str::to_owned), "", data, &secret);
    }
}

#[test]
fn accepted_conditions_verify() {
    let words = ["score", "targets.toml", "requests.csv", "events.csv", "load.csv"];
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    copy(&root().join("examples/release"), at);
    let more = ["--accept-conditions", "--out", "json=e.json"];
    let made = run(at, &[&words[..], &more[..]].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    let text = fs::read_to_string(at.join("e.json")).unwrap();
    assert!(text.contains("a person accepted the conditions"));
    let verified = run(at, &["verify", "e.json", "."]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

/// Evidence with a configuration file, in `e.json`.
fn validated(at: &Path, more: &[&str]) -> Run {
    let words = ["validate", "d/a.csv", "--slo", "d/slo.toml", "--out", "json=e.json"];
    run(at, &[&words[..], more].concat())
}

#[test]
fn nothing_that_is_given_is_written() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(validated(at, &[]).code, 0);
    let slo = at.join("d/slo.toml");
    let before = fs::read(&slo).unwrap();
    let mut only = fs::metadata(&slo).unwrap().permissions();
    only.set_readonly(true);
    fs::set_permissions(&slo, only).unwrap();
    let verified = run(at, &["verify", "e.json", "d/a.csv", "d/slo.toml"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert_eq!(fs::read(&slo).unwrap(), before);
    // A stranger's evidence, whose text is not what the file has: it is not run.
    let mut document = strict(&fs::read_to_string(at.join("e.json")).unwrap()).unwrap();
    let object = document.get_mut("evidence").unwrap();
    object["configuration"]["files"]["d/slo.toml"] = json!("objectives = []\n");
    seal(&mut document).unwrap();
    fs::write(at.join("e.json"), document.to_string()).unwrap();
    let forged = run(at, &["verify", "e.json", "d/a.csv", "d/slo.toml"]);
    assert_eq!(forged.code, 1, "{}", forged.stdout);
    assert_eq!(fs::read(&slo).unwrap(), before);
}

#[test]
fn what_differs_is_not_run_again() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(validated(at, &[]).code, 0);
    let text = fs::read_to_string(at.join("e.json")).unwrap();
    fs::write(at.join("e.json"), text.replacen("\"pass\"", "\"fail\"", 1)).unwrap();
    let changed = run(at, &["verify", "e.json", "d"]);
    assert_eq!(changed.code, 1);
    assert!(changed.stdout.contains("what differs above is not to be run"), "{}", changed.stdout);
    fs::write(at.join("e.json"), text).unwrap();
    let only = run(at, &["verify", "e.json", "d", "--no-recompute"]);
    assert!(only.code == 3 && only.stdout.contains("leave out"), "{}", only.stdout);
    // A stranger's arguments neither read outside, nor write, nor keep the machine busy.
    let whole = strict(&fs::read_to_string(at.join("e.json")).unwrap()).unwrap();
    for words in [
        ["--slo=d/slo.toml", "--", "/no/such/file"],
        ["--slo=../slo.toml", "--", "d/a.csv"],
        ["--resamples=4000000000", "--", "d/a.csv"],
        ["--archive=x", "--", "d/a.csv"],
    ] {
        let mut document = whole.clone();
        document["evidence"]["configuration"]["arguments"] = json!(words);
        seal(&mut document).unwrap();
        fs::write(at.join("e.json"), document.to_string()).unwrap();
        let asked = run(at, &["verify", "e.json", "d"]);
        assert_eq!(asked.code, 3, "{words:?}\n{}", asked.stdout);
    }
}

#[test]
fn the_last_line_says_what_the_evidence_says() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["keygen", "k"]).code, 0);
    let fails = ["validate", "d/a.csv", "-o", "latency: p95 <= 1ms", "--out", "json=e.json"];
    assert_eq!(run(at, &[&fails[..], &["--sign", "k"]].concat()).code, 1);
    let verified = run(at, &["verify", "e.json", "d/a.csv"]);
    let last = verified.stdout.lines().last().unwrap();
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert!(last.starts_with("VERIFIED") && last.contains("FAIL (1 failed), made 20"), "{last}");
    assert!(verified.stdout.contains("claims to be signed by key"), "{}", verified.stdout);
    // Keys and signatures are no inputs, and no lie.
    let files = ["e.json", "e.json.intoto.jsonl", "k.pub", "d/a.csv", "d/b.csv"];
    let more = run(at, &[&["verify"][..], &files[..], &["--key", "k.pub"][..]].concat());
    assert_eq!(more.code, 0, "{}", more.stdout);
    assert!(more.stdout.contains("k.pub: not an input: ignored"), "{}", more.stdout);
}

#[test]
fn a_bad_key_leaves_nothing_written() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["keygen", "k"]).code, 0);
    for (key, words) in [("k.pub", "public key; sign with k"), ("none", "No such file")] {
        let said = validated(at, &["--sign", key, "--artifacts", "out", "--out", "html=e.html"]);
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{}", said.stderr);
        assert!(said.stderr.contains(words), "{}", said.stderr);
        let flame =
            ["flame", "d/x.folded", "--svg", "x.svg", "--out", "json=e.json", "--sign", key];
        assert_eq!(run(at, &flame).code, 2);
        for name in ["e.json", "e.html", "out", "x.svg"] {
            assert!(!at.join(name).exists(), "{name}");
        }
    }
    for (more, words) in [
        (&["--out", "html="][..], "names no file"),
        (&["--out", "html=-"][..], "--output html"),
        (&["--out", "html=./e.json"][..], "twice"),
        (&["--previous", "e.json"][..], "overwrite"),
    ] {
        let said = validated(at, more);
        assert!(said.code == 2 && said.stderr.contains(words), "{more:?}: {}", said.stderr);
    }
    let plain = ["validate", "d/a.csv", "--slo", "d/slo.toml", "--previous", "x.json"];
    let said = run(at, &plain);
    assert!(said.code == 2 && said.stderr.contains("add --out json=FILE"), "{}", said.stderr);
}

#[test]
fn reports_of_several_are_read_again_and_nothing_broken_is_signed() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["keygen", "k"]).code, 0);
    for (name, file) in [("one", "d/a.csv"), ("two", "d/b.csv")] {
        let words = ["validate", file, "-o", "latency: p95 <= 250ms", "--component", name];
        assert_eq!(run(at, &[&words[..], &["--artifacts", "out"]].concat()).code, 0);
    }
    // Evidence of two components is no chain.
    let both =
        ["one", "two"].map(|name| format!("out/{name}_performance_bootstrap_validation.json"));
    let verified = run(at, &["verify", &both[0], &both[1], "d"]);
    assert!(verified.code == 0 && verified.stdout.contains("no chain"), "{}", verified.stdout);
    let report = run(at, &["report", "out", "--out", "json=m.json"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    let again = run(at, &["report", "m.json"]);
    assert_eq!((again.code, again.stdout), (0, report.stdout));
    let verified = run(at, &["verify", "m.json", "d"]);
    assert!(
        verified.code == 0 && verified.stdout.contains("m.json, part 2"),
        "{}",
        verified.stdout
    );
    let signed = run(at, &["report", "out", "--out", "json=s.json", "--sign", "k"]);
    assert!(signed.code == 2 && !at.join("s.json").exists(), "{}", signed.stderr);
    let text = fs::read_to_string(at.join(&both[0])).unwrap();
    fs::write(at.join(&both[0]), text.replacen("\"pass\"", "\"fail\"", 1)).unwrap();
    let signed = run(at, &["report", &both[0], "--out", "json=s.json", "--sign", "k"]);
    assert!(signed.code == 2 && signed.stderr.contains("hash"), "{}", signed.stderr);
    assert!(!at.join("s.json").exists());
}

#[test]
fn evidence_of_another_version_is_not_called_verified_where_texts_changed() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(validated(at, &[]).code, 0);
    let whole = strict(&fs::read_to_string(at.join("e.json")).unwrap()).unwrap();
    let forged = |change: &dyn Fn(&mut Value)| {
        let mut document = whole.clone();
        let object = document.get_mut("evidence").unwrap();
        object["tool"]["version"] = json!("0.0.1");
        change(&mut object["findings"][0]);
        seal(&mut document).unwrap();
        fs::write(at.join("e.json"), document.to_string()).unwrap();
        let verified = run(at, &["verify", "e.json", "d"]);
        (verified.code, verified.stdout)
    };
    assert_eq!(forged(&|_| ()).0, 0);
    let (code, said) = forged(&|f| f["why"] = json!("because"));
    assert!(code == 3 && said.contains("texts were not compared (why)"), "{said}");
    for (key, value) in [
        ("warnings", json!(["a", "b", "c", "d", "e"])),
        ("exhibits", json!([])),
        ("guarantee", json!("asymptotic")),
        ("target_upper", json!(7)),
    ] {
        let (code, said) = forged(&|f| f[key] = value.clone());
        assert_eq!(code, 1, "{key}\n{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(validated(folder.path(), &[]).code, 0);
    let run = run(folder.path(), &["verify", "e.json", "pipe"]);
    assert!(run.code == 2 && run.stderr.contains("not a file"), "{}", run.stderr);
}
