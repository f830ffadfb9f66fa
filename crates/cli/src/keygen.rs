use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use tailproof_reporting::PrivateKey;
use zeroize::Zeroizing;

use crate::exit;
use crate::output::print;

/// Make a key to sign evidence with
///
/// Writes the private key to FILE, readable by its owner only, and the public key to FILE.pub.
/// Neither may be there already.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tailproof keygen release.key\n  \
                  tailproof validate latency.csv -o 'p95 <= 150ms' --artifacts out --sign release.key\n  \
                  tailproof verify out/*.json latency.csv --key release.key.pub")]
pub(crate) struct Keygen {
    /// Where the private key goes; the public key goes to FILE.pub
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Keygen {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let public_file = beside(&self.file, ".pub");
        if let Some(there) =
            [&self.file, &public_file].into_iter().find(|p| p.symlink_metadata().is_ok())
        {
            return Err(anyhow!(
                "{} is there already; a key is never overwritten",
                there.display()
            ));
        }
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())
            .map_err(|e| anyhow!("the operating system gives no randomness: {e}"))?;
        let key = PrivateKey::from_seed(&seed);
        let public = key.public();
        create(&self.file, key.to_pem().as_bytes(), true)?;
        create(&public_file, public.to_pem().as_bytes(), false)?;
        let (private, public_name) = (self.file.display(), public_file.display());
        print(&format!(
            "key {}\n\
             {private}: the private key; keep it secret, and out of version control\n\
             {public_name}: the public key; give it to those who verify\n\
             sign:   tailproof validate DATA … --artifacts DIR --sign {private}\n\
             verify: tailproof verify EVIDENCE DATA… --key {public_name}\n",
            public.id(),
        ))?;
        Ok(ExitCode::from(exit::PASSED))
    }
}

/// The name of a file with something after it.
pub(crate) fn beside(path: &Path, after: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(after);
    PathBuf::from(name)
}

/// Writes a file that was not there; a private one is its owner's from its first instant.
fn create(path: &Path, content: &[u8], private: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if private { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = options.open(path).with_context(|| format!("making {}", path.display()))?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.with_context(|| format!("writing {}", path.display()))
}
