//! The names by which files are told to others.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Public names of the files and folders outside of the working folder that were typed.
///
/// A folder says something about a machine and its user; what is told is the last part of the
/// path, behind a number where two are called the same. Files below a folder that was typed, or
/// beside a file that was, keep their way from there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    outside: Vec<(PathBuf, String)>,
    /// Folders of files that were typed, and what stands before the names of what is in them.
    folders: Vec<(PathBuf, String)>,
    taken: BTreeSet<String>,
}

/// A path without `.` and `..`; `None` when it leaves the folder that it is named from.
pub(crate) fn within(path: &Path) -> Option<PathBuf> {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => short.push(name),
            Component::CurDir => {}
            Component::ParentDir if short.pop() => {}
            _ => return None,
        }
    }
    Some(short)
}

impl Names {
    /// Keeps the name of a file inside of the working folder from those outside.
    pub(crate) fn reserve(&mut self, text: &str) {
        let path = text.split_once('=').map_or(text, |(_, path)| path);
        for name in [text, path] {
            if let Some(short) = within(Path::new(name)) {
                self.taken.insert(slashed(&short));
            }
        }
    }

    /// An argument, with the path that it may be or hold (`label=path`, `folder@baseline`)
    /// under its public name.
    pub(crate) fn argument(&mut self, text: &str) -> String {
        if let Some(public) = self.path(text) {
            return public;
        }
        if let Some((label, path)) = text.split_once('=')
            && let Some(public) = self.path(path)
        {
            return format!("{label}={public}");
        }
        text.to_owned()
    }

    /// The name of an input: as it is inside of the working folder.
    pub(crate) fn public(&self, name: &str) -> String {
        let path = Path::new(name);
        let climbs = path.components().any(|part| part == Component::ParentDir);
        match (self.known(path), within(path)) {
            (Some(public), _) => public,
            (None, Some(short)) if climbs => slashed(&short),
            (None, Some(_)) => name.to_owned(),
            (None, None) => last_part(path),
        }
    }

    /// Gives a path another name from here on.
    pub(crate) fn rename(&mut self, path: &str, public: &str) {
        self.outside.push((PathBuf::from(path), public.to_owned()));
    }

    /// Whether every path is told as it was typed.
    pub(crate) fn is_plain(&self) -> bool {
        self.outside.is_empty()
    }

    /// A text for people, with the paths that were typed under their public names.
    pub(crate) fn told(&self, text: &str) -> String {
        let needles = self.needles();
        // What may end before a path: a letter there makes it part of another one.
        let joins = |c: char| c.is_alphanumeric() || "/._-".contains(c);
        let (mut out, mut rest, mut before) = (String::new(), text, None);
        while let Some(first) = rest.chars().next() {
            let begins = !before.is_some_and(joins);
            let found = needles
                .iter()
                .filter(|_| begins)
                .find_map(|(path, public)| Some((rest.strip_prefix(path.as_str())?, path, public)));
            if let Some((after, path, public)) = found {
                out.push_str(public);
                (rest, before) = (after, path.chars().next_back());
            } else {
                out.push(first);
                (rest, before) = (&rest[first.len_utf8()..], Some(first));
            }
        }
        out
    }

    /// Paths as they stand in texts, the longest first, and what is told instead.
    fn needles(&self) -> Vec<(String, String)> {
        let named = |path: &Path| path.components().any(|p| matches!(p, Component::Normal(_)));
        let typed = |path: &Path| path.display().to_string().trim_end_matches('/').to_owned();
        let mut all = Vec::new();
        for (path, public) in &self.outside {
            if named(path) {
                all.push((typed(path), public.clone()));
            } else if path.is_relative() {
                all.push((format!("{}/", typed(path)), format!("{public}/")));
            }
        }
        let folders = self.folders.iter().filter(|(f, _)| named(f) || f.is_relative());
        all.extend(folders.map(|(folder, before)| (format!("{}/", typed(folder)), before.clone())));
        all.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        all
    }

    /// The public name of a path outside; `None` for anything else.
    fn path(&mut self, text: &str) -> Option<String> {
        if within(Path::new(text)).is_some() {
            return None;
        }
        if Path::new(text).exists() {
            return Some(self.add(Path::new(text)));
        }
        let (folder, baseline) = text.rsplit_once('@')?;
        let exists = Path::new(folder).exists();
        exists.then(|| format!("{}@{baseline}", self.add(Path::new(folder))))
    }

    fn add(&mut self, path: &Path) -> String {
        if let Some((_, public)) = self.outside.iter().find(|(known, _)| known == path) {
            return public.clone();
        }
        let last = last_part(path);
        let numbered = (2..).map(|i| format!("{i}/{last}"));
        let mut free = self.known(path).into_iter().chain([last.clone()]).chain(numbered);
        let public = free.find(|name| !self.taken.contains(name)).unwrap_or_else(|| last.clone());
        if let Some(folder) = path.parent().filter(|_| path.is_file()) {
            let before = public.strip_suffix(&last).unwrap_or_default().to_owned();
            self.folders.push((folder.to_owned(), before));
            // Of folders in one another the outer one knows the way to both.
            self.folders.sort_by_key(|(folder, _)| folder.components().count());
        }
        self.taken.insert(public.clone());
        self.outside.push((path.to_owned(), public.clone()));
        public
    }

    /// The name of what was typed, or lies below or beside it.
    fn known(&self, path: &Path) -> Option<String> {
        let way = |root: &Path| within(path.strip_prefix(root).ok()?);
        let below = |(root, public): &(PathBuf, String)| {
            let rest = slashed(&way(root)?);
            Some(if rest.is_empty() { public.clone() } else { format!("{public}/{rest}") })
        };
        let beside = |(folder, before): &(PathBuf, String)| {
            let rest = slashed(&way(folder)?);
            (!rest.is_empty()).then(|| format!("{before}{rest}"))
        };
        let exactly = self.outside.iter().find(|(typed, _)| typed == path);
        exactly
            .map(|(_, public)| public.clone())
            .or_else(|| self.outside.iter().find_map(below))
            .or_else(|| self.folders.iter().find_map(beside))
    }
}

/// A path with `/` between its parts.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|p| p.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn last_part(path: &Path) -> String {
    let last = path.file_name().map(|n| n.to_string_lossy().into_owned());
    last.unwrap_or_else(|| "data".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_leaves_the_folder_is_told_from_what_comes_back() {
        let short = |text: &str| within(Path::new(text)).map(|path| slashed(&path));
        assert_eq!(short("a/./b/../c").as_deref(), Some("a/c"));
        assert_eq!(short("./-").as_deref(), Some("-"));
        for outside in ["..", "a/../..", "/a"] {
            assert_eq!(short(outside), None, "{outside}");
        }
    }

    #[test]
    fn files_beside_a_typed_file_keep_their_way_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "1\n").unwrap();
            path.to_string_lossy().into_owned()
        };
        let (targets, beside, below) = (write("t.toml"), write("d.csv"), write("sub/d.csv"));
        let mut names = Names::default();
        assert_eq!(names.argument(&targets), "t.toml");
        assert_eq!(
            (names.public(&beside), names.public(&below)),
            ("d.csv".into(), "sub/d.csv".into())
        );
        assert_eq!(names.argument(&below), "sub/d.csv");
        let text = format!("{below}: 3 values are missing; see {targets}, row 2");
        assert_eq!(names.told(&text), "sub/d.csv: 3 values are missing; see t.toml, row 2");
    }

    #[test]
    fn names_inside_are_not_given_to_files_outside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "").unwrap();
        let mut names = Names::default();
        names.reserve("new=./a.csv");
        assert_eq!(names.argument(&path.to_string_lossy()), "2/a.csv");
    }

    #[test]
    fn texts_lose_paths_and_nothing_else() {
        let mut names = Names::default();
        names.rename("/srv/x", "x");
        names.rename("/srv/x/run.csv", "run.csv");
        names.rename("./-", "-");
        names.rename("..", "data");
        for (text, want) in [
            ("/srv/x/run.csv: late", "run.csv: late"),
            ("label=/srv/x/a@base", "label=x/a@base"),
            ("./-: sorted", "-: sorted"),
            ("../a.csv and 80..150, x/../y, 3 req/s", "data/a.csv and 80..150, x/../y, 3 req/s"),
            ("é/srv/x", "é/srv/x"),
        ] {
            assert_eq!(names.told(text), want);
        }
    }
}
