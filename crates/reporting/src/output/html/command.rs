//! What was typed to make evidence, and what to type to check it.

use super::text::{plain, short};
use crate::evidence::{Evidence, InputRecord};

/// What stands below the title: what was typed, and what was compared with what.
pub(super) fn heading(evidence: &Evidence) -> String {
    /// Characters of a command that somebody reads.
    const LINE: usize = 300;
    let mut out = String::new();
    if let Some(command) = command(evidence) {
        let text = plain(&command).at_most(LINE);
        out.push_str(&format!("<p class=cmd><code>{text}</code></p>"));
    }
    let sides = side(evidence, "baseline").zip(side(evidence, "candidate"));
    if let Some((baseline, candidate)) = sides {
        out.push_str(&format!("<p>Baseline {baseline}, candidate {candidate}</p>"));
    }
    out
}

/// `tailproof verify EVIDENCE base.csv 'my data.csv'`.
pub(super) fn verify(evidence: &Evidence) -> String {
    /// Names that somebody reads.
    const MOST: usize = 6;
    let inputs = &evidence.inputs;
    let files = inputs.iter().filter(|i| i.role != "configuration" && i.name != "-");
    let mut words = vec!["tailproof verify EVIDENCE".to_owned()];
    words.extend(files.clone().take(MOST).map(|i| file(&i.name)));
    words.extend((files.count() > MOST).then(|| "…".to_owned()));
    words.join(" ")
}

/// What was typed, as far as it bears on findings.
fn command(evidence: &Evidence) -> Option<String> {
    /// Arguments that somebody reads.
    const MOST: usize = 100;
    let c = evidence.configuration.as_ref()?;
    let mut words = vec!["tailproof".to_owned(), quoted(&c.verb)];
    words.extend(c.arguments.iter().take(MOST).map(|argument| quoted(argument)));
    words.extend((c.arguments.len() > MOST).then(|| "…".to_owned()));
    Some(words.join(" "))
}

/// The inputs of one side of a comparison.
fn side(evidence: &Evidence, role: &str) -> Option<String> {
    /// Names of a side that somebody reads.
    const MOST: usize = 3;
    let of = evidence.inputs.iter().filter(|i| i.role == role);
    let name = |i: &InputRecord| format!("<bdi>{}</bdi>", short(&i.name));
    let mut names: Vec<String> = of.clone().take(MOST).map(name).collect();
    let more = of.count().saturating_sub(MOST);
    names.extend((more > 0).then(|| format!("{more} more")));
    (!names.is_empty()).then(|| names.join(", "))
}

/// The name of a file as a word of a shell.
fn file(name: &str) -> String {
    // A name that looks like an option is a path to it.
    if name.starts_with('-') { quoted(&format!("./{name}")) } else { quoted(name) }
}

/// A word of a shell that is nothing but a word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-+=@:,%".contains(c);
    if word.chars().all(plain) && !word.is_empty() {
        return word.to_owned();
    }
    let safe: String = word.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    format!("'{}'", safe.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Configuration;

    fn input(role: &str, name: &str) -> InputRecord {
        InputRecord {
            role: role.to_owned(),
            name: name.to_owned(),
            sha256: String::new(),
            bytes: 0,
            format: String::new(),
        }
    }

    #[test]
    fn the_command_and_the_sides_stand_below_the_title() {
        let mut evidence = Evidence::new("c", vec![]);
        assert_eq!(heading(&evidence), "");
        let arguments = ["--min-effect=5%", "--", "<a>.csv"].map(str::to_owned).to_vec();
        let verb = "compare".to_owned();
        evidence.configuration = Some(Configuration { verb, arguments, ..Default::default() });
        let want = "<p class=cmd><code>tailproof compare --min-effect=5% -- \
                    &#39;&lt;a&gt;.csv&#39;</code></p>";
        assert_eq!(heading(&evidence), want);
        evidence.inputs = vec![input("baseline", "<a>.csv")];
        assert_eq!(heading(&evidence), want);
        evidence.inputs.extend(["b", "c", "d", "e", "f"].map(|name| input("candidate", name)));
        let sides = "<p>Baseline <bdi>&lt;a&gt;.csv</bdi>, candidate <bdi>b</bdi>, <bdi>c</bdi>, \
                     <bdi>d</bdi>, 2 more</p>";
        assert_eq!(heading(&evidence), format!("{want}{sides}"));
    }

    #[test]
    fn names_of_files_are_single_words_of_a_shell() {
        let mut evidence = Evidence::new("c", vec![]);
        let names = ["a/b-1.csv", "it's $(here).csv", "-rf", "-", "e", "f", "g", "h"];
        evidence.inputs = names.map(|name| input("data", name)).into();
        let want = r"tailproof verify EVIDENCE a/b-1.csv 'it'\''s $(here).csv' ./-rf e f g …";
        assert_eq!(verify(&evidence), want);
    }
}
