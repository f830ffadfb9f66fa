//! Tells Parquet and Arrow files, and refuses them where their reader was not built.

use super::Head;
use crate::builder::Builder;
use crate::error::IngestError;
use crate::input::Opened;

pub(crate) fn is_parquet(head: &Head<'_>) -> bool {
    head.text.starts_with("PAR1")
}

pub(crate) fn is_arrow(head: &Head<'_>) -> bool {
    head.text.starts_with("ARROW1")
}

#[cfg(feature = "parquet")]
pub(crate) fn read_parquet(
    input: &mut Opened,
    builder: &mut Builder<'_>,
) -> Result<(), IngestError> {
    super::parquet::read_parquet(input, builder)
}

#[cfg(feature = "parquet")]
pub(crate) fn read_arrow(input: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    super::parquet::read_arrow(input, builder)
}

#[cfg(not(feature = "parquet"))]
pub(crate) fn read_parquet(_: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    Err(IngestError::NotBuilt { file: builder.file().to_owned(), what: "a Parquet file" })
}

#[cfg(not(feature = "parquet"))]
pub(crate) fn read_arrow(_: &mut Opened, builder: &mut Builder<'_>) -> Result<(), IngestError> {
    Err(IngestError::NotBuilt { file: builder.file().to_owned(), what: "an Arrow file" })
}

#[cfg(all(test, not(feature = "parquet")))]
mod tests {
    use crate::{Input, Options};

    #[test]
    fn files_whose_reader_was_not_built_are_named() {
        for (bytes, what) in [(&b"PAR1\x15\x04"[..], "a Parquet"), (b"ARROW1\0\0", "an Arrow")] {
            let error = crate::read(vec![Input::from_bytes("a", bytes)], &Options::default());
            let text = error.unwrap_err().to_string();
            assert!(text.contains(what) && text.contains("--features parquet"), "{text}");
        }
    }
}
