//! `cargo xtask schema`: writes the JSON Schemas of evidence below `docs/schema`.

use std::path::Path;

use anyhow::Context;
use tailproof_reporting::{artifact_schema, schema, write_atomically};

pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    for (name, schema) in [("evidence-2.json", schema()), ("artifact-2.json", artifact_schema())] {
        let path = root.join("docs/schema").join(name);
        let text = serde_json::to_string_pretty(&schema)? + "\n";
        write_atomically(&path, text.as_bytes()).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
