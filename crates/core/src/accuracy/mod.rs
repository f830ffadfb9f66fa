//! How far predictions are from what happened, over pairs `(actual, predicted)`.
//!
//! | Question                                       | Item                           |
//! | ---------------------------------------------- | ------------------------------ |
//! | How large are the errors, in the unit?         | [`mae`], [`rmse`], [`median_absolute_error`] |
//! | Do they go one way?                            | [`bias`]                       |
//! | How large are they beside the actual values?   | [`mape`], [`smape`], [`wape`]  |
//! | … beside those of a naive forecast?            | [`mase`], [`naive_error`]      |
//! | How much of the variation is explained?        | [`r_squared`]                  |
//! | How good is a predicted quantile?              | [`pinball`]                    |
//! | How good are predicted labels?                 | [`Confusion`]                  |
//!
//! Shares are fractions: 0.15 is 15 %. A formula that does not exist for the pairs answers
//! `None`, never 0 and never a number that a small constant made up.

mod forecast;
mod labels;

pub use forecast::{
    bias, mae, mape, mase, median_absolute_error, naive_error, pinball, r_squared, rmse, smape,
    symmetric_error, wape,
};
pub use labels::Confusion;
