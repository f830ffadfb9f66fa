/// Why a text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a share that is not negative, such as 5% or 0.05 (from 1 on only as a percentage), got {0:?}"
)]
pub struct ShareError(pub String);

/// Reads a share that is not negative: `5%` or `0.05`.
///
/// A number from 1 on is one only as a percentage: `5` could mean 5 % or 500 %.
///
/// # Errors
/// Anything else.
///
/// # Example
/// ```
/// use tailproof_core::share;
///
/// assert_eq!((share("5%"), share("0.05"), share("150 %")), (Ok(0.05), Ok(0.05), Ok(1.5)));
/// assert!(share("5").is_err() && share("-5%").is_err());
/// ```
pub fn share(text: &str) -> Result<f64, ShareError> {
    let (body, whole, most) = match text.trim().strip_suffix('%') {
        Some(body) => (body, 100.0, f64::INFINITY),
        None => (text, 1.0, 1.0),
    };
    body.trim()
        .parse::<f64>()
        .ok()
        .filter(|x| (0.0..most).contains(x))
        .map(|x| x / whole)
        .ok_or_else(|| ShareError(text.to_owned()))
}
