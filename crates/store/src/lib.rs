//! Baselines and accepted changes, plain files that are made to be committed, and a cache.
//!
//! | Question                                         | Item             |
//! | ------------------------------------------------ | ---------------- |
//! | What was measured before?                        | [`Baseline`]     |
//! | Where do baselines lie?                          | [`Store`]        |
//! | Was it the same machine?                         | [`differences`]  |
//! | Which changes has somebody accepted, until when? | [`Accepted`]     |
//! | Was this computed before, in another run?        | [`DiskMemo`]     |
//!
//! ```
//! use tailproof_store::{Baseline, Store};
//! use tailproof_ingest::{Input, Options, read};
//!
//! let folder = tempfile::tempdir()?;
//! let store = Store::new(folder.path().join(".tailproof"));
//! let data = read(vec![Input::from_bytes("a.csv", "latency_ms\n1.5\n2.5\n")], &Options::default())?;
//! store.save(&Baseline::new("main", data.clone()))?;
//! assert_eq!(store.names()?, ["main"]);
//! assert_eq!(store.load("main")?.data.series, data.series);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accepted;
mod baseline;
mod fingerprint;
mod memo;
mod store;

pub use accepted::{Acceptance, Accepted, AcceptedError};
pub use baseline::Baseline;
pub use fingerprint::differences;
pub use memo::DiskMemo;
pub use store::{Store, StoreError};
