//! Descriptive statistics of one sample.

use anyhow::ensure;
use tailproof_core::descriptive::{
    Moments, geometric_mean, harmonic_mean, interquartile_range, mad, mad_normal, median, sum,
    trimmed_mean,
};
use tailproof_core::quantile;

use super::catalogue::{Entry, Group, Needs, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

const fn describe(
    name: &'static str,
    parameters: &'static [Flag],
    about: &'static str,
    run: fn(&Input) -> anyhow::Result<Report>,
) -> Entry {
    entry(name, Group::Describe, Needs::One, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    describe("mean", &[], "Arithmetic mean with its standard error", |i| {
        let m = Moments::of(i.one());
        Ok(Report::new().quantity("mean", m.mean()).quantity("standard error", m.standard_error()))
    }),
    describe("sum", &[], "Sum of the observations", |i| {
        Ok(Report::new().quantity("sum", sum(i.one())))
    }),
    describe("sd", &[], "Standard deviation, and its share of the mean", |i| {
        let m = Moments::of(i.one());
        Ok(Report::new()
            .quantity("sd", m.sd(1))
            .quantity("population sd", m.sd(0))
            .number("coefficient of variation", m.coefficient_of_variation(1)))
    }),
    describe("variance", &[], "Variance, in the square of the unit", |i| {
        let m = Moments::of(i.one());
        Ok(Report::new()
            .number("variance", m.variance(1))
            .number("population variance", m.variance(0)))
    }),
    describe("median", &[], "Median", |i| Ok(Report::new().quantity("median", median(i.one())))),
    describe("quantile", &[Flag::P, Flag::Type], "Quantile of any rank, of ten types", |i| {
        let (p, kind) = (i.parameters.rank(), i.parameters.kind());
        Ok(Report::new().quantity("quantile", quantile(i.one(), p, kind)))
    }),
    describe("extremes", &[], "Smallest and largest observation", |i| {
        let (lo, hi) = i.one().range();
        Ok(Report::new().quantity("min", lo).quantity("max", hi))
    }),
    describe("trimmed-mean", &[Flag::Trim], "Mean without a share of each end", trimmed),
    describe("mad", &[], "Median absolute deviation from the median", |i| {
        let sample = i.one();
        Ok(Report::new()
            .quantity("mad", mad(sample))
            .quantity("as sd of a normal law", mad_normal(sample)))
    }),
    describe("iqr", &[], "Interquartile range", |i| {
        Ok(Report::new().quantity("iqr", interquartile_range(i.one())))
    }),
    describe("skewness", &[], "Skewness, with and without correction for bias", |i| {
        let m = Moments::of(i.one());
        Ok(Report::new()
            .number("skewness", m.skewness())
            .number("unbiased skewness", m.skewness_unbiased()))
    }),
    describe("kurtosis", &[], "Excess kurtosis, with and without correction for bias", |i| {
        let m = Moments::of(i.one());
        Ok(Report::new()
            .number("excess kurtosis", m.kurtosis_excess())
            .number("unbiased excess kurtosis", m.kurtosis_excess_unbiased()))
    }),
    describe("geometric-mean", &[], "Geometric mean of data that are not negative", |i| {
        Ok(Report::new().quantity("geometric mean", geometric_mean(i.one())))
    }),
    describe("harmonic-mean", &[], "Harmonic mean of data that are not negative", |i| {
        Ok(Report::new().quantity("harmonic mean", harmonic_mean(i.one())))
    }),
];

fn trimmed(input: &Input) -> anyhow::Result<Report> {
    let cut = input.parameters.trim();
    ensure!(cut.to_f64() < 0.5, "--trim must be below 0.5, got {}", cut.to_f64());
    Ok(Report::new().quantity("trimmed mean", trimmed_mean(input.one(), cut)))
}
