//! Tests of two independent samples, and of one against a number.

use tailproof_core::Level;
use tailproof_hypothesis::{
    TTest, brunner_munzel, cramer_von_mises, kolmogorov_smirnov, mann_whitney, one_sample, student,
    welch, yuen_welch,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::report::Report;

const fn two(
    name: &'static str,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Two, Needs::Two, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    two("welch", &[Flag::Level], "Do the means differ? t test, variances apart", |i| {
        let (x, y) = i.two();
        let test = welch(x, y)?;
        Ok(t_test(&test, i.parameters.level(), "Welch").p_values(test.p()))
    }),
    two("student", &[Flag::Level], "Do the means differ? t test, one variance", |i| {
        let (x, y) = i.two();
        let test = student(x, y)?;
        Ok(t_test(&test, i.parameters.level(), "Student").p_values(test.p()))
    }),
    two("yuen", &[Flag::Trim, Flag::Level], "Do the trimmed means differ?", |i| {
        let (x, y) = i.two();
        let test = yuen_welch(x, y, i.parameters.trim().to_f64())?;
        Ok(t_test(&test, i.parameters.level(), "Yuen-Welch").p_values(test.p()))
    }),
    two("mann-whitney", &[], "Does one tend to exceed the other? Rank sums", |i| {
        let (x, y) = i.two();
        let test = mann_whitney(x, y);
        Ok(Report::new().number("u", test.u).p_values(test.p).method(test.method))
    }),
    two("brunner-munzel", &[], "Does one tend to exceed the other, whatever the shapes?", |i| {
        let (x, y) = i.two();
        let test = brunner_munzel(x, y)?;
        Ok(Report::new()
            .number("effect", test.effect)
            .number("t", test.statistic)
            .number("df", test.df)
            .p_values(test.p))
    }),
    two("kolmogorov-smirnov", &[], "Do the distributions differ anywhere?", |i| {
        let (x, y) = i.two();
        let test = kolmogorov_smirnov(x, y);
        Ok(Report::new()
            .number("d", test.d)
            .number("d first smaller", test.d_less)
            .number("d first larger", test.d_greater)
            .p_values(test.p)
            .text("method", exact(test.exact.is_some())))
    }),
    two("cramer-von-mises", &[], "Do the distributions differ on the whole?", |i| {
        let (x, y) = i.two();
        let test = cramer_von_mises(x, y)?;
        Ok(Report::new()
            .number("t", test.t)
            .number("p", test.p)
            .text("method", exact(test.exact.is_some())))
    }),
    entry(
        "one-sample-t",
        Group::Two,
        Needs::One,
        &[Flag::Mu, Flag::Level],
        "Is the mean this value? (one sample)",
        |i| {
            let test = one_sample(i.one(), i.parameters.mu())?;
            Ok(t_test(&test, i.parameters.level(), "Student").p_values_of(
                test.p(),
                "p below",
                "p above",
            ))
        },
    ),
];

/// Estimate, statistic and interval of a t test, without p-values.
pub(super) fn t_test(test: &TTest, level: Level, method: &str) -> Report {
    Report::new()
        .quantity("difference", test.difference)
        .range("interval", test.interval(level), level, method)
        .quantity("standard error", test.error)
        .number("t", test.t())
        .number("df", test.df)
}

const fn exact(is: bool) -> &'static str {
    if is { "exact" } else { "limit law" }
}
