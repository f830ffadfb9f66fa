//! Keys from files, and signatures beside evidence.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tailproof_reporting::{Evidence, PrivateKey, PublicKey, sign};
use zeroize::Zeroizing;

use crate::keygen::beside;
use crate::{output, report};

/// What comes after the name of evidence in the name of its signature.
const SUFFIX: &str = ".intoto.jsonl";
/// Most bytes of a key file.
const LARGEST_KEY: u64 = 16 << 10;

/// The file beside evidence that holds its signature.
pub(crate) fn envelope_path(evidence: &Path) -> PathBuf {
    beside(evidence, SUFFIX)
}

/// Reads a key to sign with, from a file that only its owner may read.
pub(crate) fn private_key(path: &Path) -> anyhow::Result<PrivateKey> {
    let name = path.display();
    let file = report::open(path).with_context(|| name.to_string())?;
    // Opened first and asked then: the file that is read is the file that was looked at.
    let facts = file.metadata().with_context(|| name.to_string())?;
    let text = Zeroizing::new(read_key(file).with_context(|| name.to_string())?);
    if text.contains("BEGIN PUBLIC KEY") {
        let shown = name.to_string();
        let own = shown.strip_suffix(".pub").unwrap_or("the private key that belongs to it");
        bail!("{name}: this is a public key; sign with {own}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = facts.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            bail!(
                "{name}: others may read this private key (mode {mode:04o}); say: chmod 600 {name}"
            );
        }
    }
    #[cfg(not(unix))]
    let _ = facts;
    PrivateKey::from_pem(&text).map_err(|e| anyhow!("{name}: {e}"))
}

/// Reads a key to check signatures with.
pub(crate) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let name = path.display();
    let file = report::open(path).with_context(|| name.to_string())?;
    let text = Zeroizing::new(read_key(file).with_context(|| name.to_string())?);
    PublicKey::from_pem(&text).map_err(|e| anyhow!("{name}: {e}"))
}

/// The text of a key file; an error tells nothing of it.
fn read_key(file: File) -> anyhow::Result<String> {
    // Room for all of it at once, so that no copy is left where the buffer was before it grew.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_KEY as usize + 2));
    file.take(LARGEST_KEY + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_KEY {
        bail!("too large to be a key");
    }
    str::from_utf8(&bytes).map(str::to_owned).map_err(|_| anyhow!("not a key in PEM: not text"))
}

/// Writes the signature of a file of evidence that was just written, beside it.
///
/// `text` is the content of the file, `own` the hash that it carries of itself.
pub(crate) fn write(
    path: &Path,
    text: &str,
    evidence: &Evidence,
    own: Option<&str>,
    key: &PrivateKey,
) -> anyhow::Result<PathBuf> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let line = sign(&name, text.as_bytes(), evidence, own, key);
    let beside = envelope_path(path);
    output::save(&beside, &line)?;
    Ok(beside)
}

/// Takes away the signature of evidence that is written anew without one: it would be of the
/// old bytes.
pub(crate) fn clear(path: &Path) -> anyhow::Result<()> {
    let beside = envelope_path(path);
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("removing the old signature {}", beside.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn keys_that_others_may_read_are_refused() {
        let folder = std::env::temp_dir().join(format!("tailproof-key-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, link) = (folder.join("a.key"), folder.join("link"));
        fs::write(&path, PrivateKey::from_seed(&[3; 32]).to_pem().as_bytes()).unwrap();
        symlink(&path, &link).unwrap();
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            for path in [&path, &link] {
                let read = private_key(path);
                assert_eq!(read.is_ok(), fine, "{mode:o}");
                if let Err(error) = read {
                    assert!(error.to_string().contains("chmod 600"), "{error}");
                }
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        // The other half is called what it is, whoever may read it.
        let public = folder.join("a.key.pub");
        fs::write(&public, PrivateKey::from_seed(&[3; 32]).public().to_pem()).unwrap();
        let error = private_key(&public).unwrap_err().to_string();
        assert!(error.ends_with(&format!("a public key; sign with {}", path.display())), "{error}");
        fs::write(&path, "c2VjcmV0").unwrap();
        let error = format!("{:#}", private_key(&path).unwrap_err());
        assert!(error.contains("Ed25519") && !error.contains("c2VjcmV0"), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
