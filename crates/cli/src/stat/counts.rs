//! Shares, tables and splits.

use tailproof_hypothesis::{
    ChiSquare, Discordant, TableRatio, binomial_test, chi_square_table, cohens_h,
    difference_agresti_caffo, difference_newcombe, difference_score, difference_wald, fisher_exact,
    goodness_of_fit, mcnemar, odds_ratio, risk_ratio, sample_ratio, two_proportions_z,
};

use super::catalogue::{Entry, Group, Needs, Run, entry};
use super::flag::Flag;
use super::input::Input;
use super::report::Report;

/// Any number of counts, at least two.
const SPLIT: Needs = Needs::Counts(2, usize::MAX);

const fn counted(
    name: &'static str,
    needs: Needs,
    parameters: &'static [Flag],
    about: &'static str,
    run: Run,
) -> Entry {
    entry(name, Group::Counts, needs, parameters, about, run)
}

pub(super) const ENTRIES: &[Entry] = &[
    counted("proportion", Needs::Shares(1), &[Flag::Level], "How sure is a share?", share),
    counted("binomial", Needs::Shares(1), &[Flag::Share], "Is the share --share? Exact", |i| {
        let seen = i.share(0)?;
        let p = binomial_test(seen, i.parameters.share()?)?;
        Ok(Report::new().number("share", seen.share()).p_values_of(p, "p below", "p above"))
    }),
    counted(
        "two-proportions",
        Needs::Shares(2),
        &[Flag::Level],
        "Do two shares differ, and by how much? z test and intervals",
        two_proportions,
    ),
    counted("fisher", Needs::Shares(2), &[], "Do two shares differ? Exact", |i| {
        let (first, second) = i.shares()?;
        let test = fisher_exact(first, second);
        Ok(Report::new().number("odds ratio", test.odds_ratio).p_values(test.p))
    }),
    counted(
        "odds-ratio",
        Needs::Shares(2),
        &[Flag::Level],
        "Odds of the second over the first",
        |i| {
            let ((first, second), level) = (i.shares()?, i.parameters.level());
            Ok(ratio(i, "odds ratio", "Woolf", &odds_ratio(first, second, level)))
        },
    ),
    counted("risk-ratio", Needs::Shares(2), &[Flag::Level], "Second share over the first", |i| {
        let ((first, second), level) = (i.shares()?, i.parameters.level());
        Ok(ratio(i, "risk ratio", "Katz", &risk_ratio(first, second, level)))
    }),
    counted("cohens-h", Needs::Shares(2), &[], "Difference of shares at constant variance", |i| {
        let (first, second) = i.shares()?;
        Ok(Report::new().number("h", cohens_h(first.share(), second.share())?))
    }),
    counted("chi-square", Needs::Table, &[], "Are rows and columns of a table related?", |i| {
        let rows: Vec<&[u64]> = i.rows.iter().map(Vec::as_slice).collect();
        let test = chi_square_table(&rows, false)?;
        let report = chi_square(&test);
        if test.df > 1.0 {
            return Ok(report);
        }
        Ok(report.number("p yates", chi_square_table(&rows, true)?.p))
    }),
    counted("goodness-of-fit", SPLIT, &[Flag::Ratio], "Do counts follow given shares?", |i| {
        let seen = &i.rows[0];
        Ok(chi_square(&goodness_of_fit(seen, &i.parameters.weights(seen.len()), 0)?))
    }),
    counted("sample-ratio", SPLIT, &[Flag::Ratio], "Was traffic split as meant?", |i| {
        let seen = &i.rows[0];
        let test = sample_ratio(seen, &i.parameters.weights(seen.len()))?;
        let mismatch = test.mismatch();
        Ok(chi_square(&test.test)
            .list("residuals", test.residuals)
            .text("mismatch", if mismatch { "yes" } else { "no" })
            .warn_if(mismatch, "the split is not the planned one: trust no comparison of it"))
    }),
    counted(
        "mcnemar",
        Needs::Counts(2, 2),
        &[],
        "Did paired outcomes change? Pairs with only the first, only the second",
        |i| Ok(paired_outcomes(i)),
    ),
];

fn share(input: &Input) -> anyhow::Result<Report> {
    let (seen, level) = (input.share(0)?, input.parameters.level());
    Ok(Report::new()
        .number("share", seen.share())
        .interval("wilson", seen.wilson(level), level, "score")
        .interval("clopper-pearson", seen.clopper_pearson(level), level, "exact")
        .interval("jeffreys", seen.jeffreys(level), level, "Bayesian")
        .interval("agresti-coull", seen.agresti_coull(level), level, "adjusted Wald")
        .interval("wald", seen.wald(level), level, "for comparison with texts only")
        .number("at least", seen.at_least(level))
        .number("at most", seen.at_most(level)))
}

fn two_proportions(input: &Input) -> anyhow::Result<Report> {
    let ((first, second), level) = (input.shares()?, input.parameters.level());
    let test = two_proportions_z(first, second)?;
    let caffo = difference_agresti_caffo(first, second, level);
    Ok(Report::new()
        .number("difference", test.difference)
        .interval("newcombe", difference_newcombe(first, second, level), level, "hybrid score")
        .interval("score", difference_score(first, second, level), level, "Miettinen-Nurminen")
        .interval("agresti-caffo", caffo, level, "adjusted Wald")
        .interval(
            "wald",
            difference_wald(first, second, level),
            level,
            "for comparison with texts only",
        )
        .number("z", test.z)
        .p_values(test.p))
}

fn chi_square(test: &ChiSquare) -> Report {
    Report::new().number("chi square", test.statistic).number("df", test.df).number("p", test.p)
}

fn ratio(input: &Input, name: &str, method: &str, found: &TableRatio) -> Report {
    Report::new()
        .number(name, found.estimate)
        .interval("interval", (found.lo, found.hi), input.parameters.level(), method)
        .warn_if(found.corrected, "½ was added to every cell to form the interval")
}

fn paired_outcomes(input: &Input) -> Report {
    let row = &input.rows[0];
    let test = mcnemar(Discordant { only_first: row[0], only_second: row[1] });
    Report::new()
        .p_values(test.exact)
        .number("mid p two-sided", test.mid.two_sided)
        .number("chi square", test.chi_square.statistic)
        .number("p of chi square", test.chi_square.p)
}
