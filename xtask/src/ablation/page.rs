//! `docs/ablation.md`: the text around the numbers follows from the numbers.

use anyhow::Context;
use tailproof_compare::scaling::amdahl;
use tailproof_compare::speedup::{
    Digits, PublishedFactor, SpeedUp, SpeedUpSettings, combination, factor, speed_up,
};
use tailproof_core::descriptive::mean;
use tailproof_core::{Environment, Observations, Sample, Series, number, percent};
use tailproof_scorecard::tree::Metrics;

use super::measure::{CONFIGURATIONS, DISTINCT, Measured, Size};
use super::parallel;

pub(super) const LEAVES: usize = 60;
/// Places in [`CONFIGURATIONS`].
const BASE: usize = 0;
const PARALLEL: usize = 1;
const VECTORISED: usize = 2;
const CACHE: usize = 3;
const ALL: usize = 4;
const DEFAULT: usize = 5;
/// Document 4's times in milliseconds, and what it prints beside them, in the order of
/// [`CONFIGURATIONS`].
const PUBLISHED: [(&str, &str); 5] =
    [("50.00", "1.0x"), ("10.00", "5.0x"), ("8.50", "5.9x"), ("20.00", "2.5x"), ("1.25", "40.0x")];

/// The whole document.
pub(super) fn render(machine: &Environment, measured: &Measured) -> anyhow::Result<String> {
    let sizes = &measured.sizes;
    let settings = SpeedUpSettings::default();
    let mut judged = Vec::new();
    for size in sizes {
        let base = &size.times[BASE];
        let ups: Result<Vec<SpeedUp>, _> =
            size.times.iter().map(|s| speed_up(base, s, &settings)).collect();
        judged.push(ups?);
    }
    Ok([
        introduction(machine, sizes),
        times(sizes, &judged),
        calls(&measured.calls, measured.metered),
        product(sizes, &settings)?,
        parallel::threads(&measured.threads)?,
        parallel::threshold(&measured.around, &settings)?,
        claims(sizes, &judged)?,
        defaults(sizes, &judged),
    ]
    .join("\n"))
}

fn introduction(machine: &Environment, sizes: &[Size]) -> String {
    let known = |fact: Option<&String>| fact.map_or("unknown", String::as_str).to_owned();
    let rounds: Vec<String> =
        sizes.iter().map(|s| format!("{} for {}", s.rounds, number(s.batches as f64))).collect();
    format!(
        "# Ablation of the aggregation

Written by `cargo xtask ablation` and by nothing else: what each switch of
`tailproof_scorecard::tree::Modes` does to the time of sixty scores to ten areas and a total
(document 4's work), alone and together. Every configuration gives the same bits as the plain
form; that is checked before anything is timed.

- Machine: {cpu}, {cores} cores, {os}, kernel {kernel}. Other machines have other numbers.
- A time is all of a call: validation of every score, the result allocated, aggregation. Calls of
  few batches are timed in several at once.
- Rounds, each of all configurations in an order of its own: {rounds} batches. Intervals are at
  95 %: Fieller's of a ratio of means (`tailproof_compare::speedup`), base over configuration, so
  that above ×1 is faster.
- *baseline*: one batch after the other over flat arrays. *parallel*: blocks of batches on all
  cores. *vectorised*: eight batches side by side. *cache*: rows are looked up by SHA-256 of
  their content, and every row is there (at most {distinct} rows differ), the best that a cache
  can meet. *all*: these three. *default*: what `Modes::default()` does. *plain form*:
  `Tree::aggregate` for each batch, the definition.
",
        cpu = known(machine.cpu.as_ref()),
        cores = machine.cores.map_or_else(|| "unknown".to_owned(), |c| c.to_string()),
        os = known(machine.os.as_ref()),
        kernel = known(machine.kernel.as_ref()),
        rounds = rounds.join(", "),
        distinct = number(DISTINCT as f64),
    )
}

/// Mean of a series of raw times.
pub(super) fn mean_time(series: &Series) -> f64 {
    let Observations::Raw(raw) = &series.observations else { return f64::NAN };
    let sample: &Sample = &raw.sample;
    mean(sample)
}

/// A factor with its interval.
pub(super) fn shown(up: &SpeedUp) -> String {
    let (lo, hi) = up.interval;
    format!("{} [{}, {}]", factor(up.factor), factor(lo), factor(hi))
}

/// A table whose columns are numbers of batches.
fn table(head: &str, sizes: &[Size], line: impl Fn(usize) -> Vec<String>) -> String {
    let columns: Vec<String> =
        sizes.iter().map(|s| format!("{} batches", number(s.batches as f64))).collect();
    let mut out = format!("| {head} | {} |\n", columns.join(" | "));
    out += &format!("| --- |{}\n", " ---: |".repeat(sizes.len()));
    for (index, (name, _)) in CONFIGURATIONS.iter().enumerate() {
        out += &format!("| {name} | {} |\n", line(index).join(" | "));
    }
    out
}

fn times(sizes: &[Size], judged: &[Vec<SpeedUp>]) -> String {
    let nanoseconds = |index: usize| {
        sizes.iter().map(|s| format!("{} ns", number(mean_time(&s.times[index])))).collect()
    };
    let factors = |index: usize| {
        let cell = |ups: &Vec<SpeedUp>| {
            if index == BASE { "×1".to_owned() } else { shown(&ups[index]) }
        };
        judged.iter().map(cell).collect()
    };
    format!(
        "## Times\n\nA batch takes\n\n{}\nand is so many times as fast as in the baseline\n\n{}",
        table("configuration", sizes, nanoseconds),
        table("speed-up", sizes, factors),
    )
}

/// What `Metrics` says of a call, configuration by configuration.
fn calls(calls: &[(&'static str, Metrics)], (batches, of): (usize, usize)) -> String {
    let mut out = format!(
        "## What a call consists of\n\n\
         `Plan::batch_measured` on {} batches: of {} calls the one with the median total. The two\n\
         ratios are measured after the call, on its first 100 000 batches; a cache has no part in\n\
         them. Efficiency 1 would be all threads used to the full. What is neither validation nor\n\
         aggregation is the layout, nothing here. Bytes are those of the results and of what\n\
         threads keep, without scores and cache.\n\n\
         | configuration | total | validation | aggregation | parallel efficiency | side by side \
         over row by row | cache hits | buffers |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        number(batches as f64),
        number(of as f64),
    );
    let ratio = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), number);
    let time = |t: u64| format!("{} ns", number(t as f64 / batches as f64));
    for (name, metrics) in calls {
        out += &format!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} MB |\n",
            time(metrics.total),
            time(metrics.validation),
            time(metrics.aggregation),
            ratio(metrics.parallel_efficiency),
            ratio(metrics.vectorisation_speedup),
            metrics.hit_rate().map_or_else(|| "–".to_owned(), percent),
            number(metrics.peak_buffer_bytes as f64 / 1e6),
        );
    }
    out
}

fn product(sizes: &[Size], settings: &SpeedUpSettings) -> anyhow::Result<String> {
    let mut out = format!(
        "## Do the speed-ups multiply?\n\n\
         The claim is that all three together bring the product of the three alone. It holds when\n\
         the whole interval of one over the other lies within {margin} of ×1, and fails when none\n\
         of it does.\n\n\
         | batches | product | measured together | together over product | the product holds \
         (within {margin}) |\n\
         | ---: | ---: | ---: | ---: | --- |\n",
        margin = percent(settings.margin),
    );
    for size in sizes {
        let single = [PARALLEL, VECTORISED, CACHE].map(|i| &size.times[i]);
        let found = combination(&size.times[BASE], &single, &size.times[ALL], settings)?;
        out += &format!(
            "| {} | {} | {} | {} [{}, {}] | {} |\n",
            number(size.batches as f64),
            factor(found.product),
            factor(found.combined),
            factor(found.interaction),
            factor(found.interval.0),
            factor(found.interval.1),
            found.finding.verdict.word(),
        );
    }
    Ok(out)
}

fn claims(sizes: &[Size], judged: &[Vec<SpeedUp>]) -> anyhow::Result<String> {
    let last = sizes.last().zip(judged.last()).context("no sizes")?;
    let mut out = format!(
        "## What document 4 says\n\nIts table, beside {} batches here. Its own digits are kept.\n\n\
         | configuration | its time | its speed-up | time here | speed-up here |\n\
         | --- | ---: | ---: | ---: | ---: |\n",
        number(last.0.batches as f64)
    );
    let digits = |text: &str| Digits::read(text).context("a published number");
    let base = digits(PUBLISHED[BASE].0)?;
    let mut factors = Vec::new();
    for (index, (time, printed)) in PUBLISHED.iter().enumerate() {
        let own = PublishedFactor::of_quotient(*time, base, digits(time)?);
        out += &format!(
            "| {} | {time} ms | {} (printed {printed}) | {} ns | {} |\n",
            CONFIGURATIONS[index].0,
            factor(own.at),
            number(mean_time(&last.0.times[index])),
            if index == BASE { "×1".to_owned() } else { shown(&last.1[index]) },
        );
        factors.push(printed.parse::<PublishedFactor>().context("a published factor")?);
    }
    let alone = PublishedFactor::product(&factors[PARALLEL..=CACHE]);
    let n = LEAVES as f64;
    // Nanoseconds a batch are milliseconds a million.
    let million = |index: usize| number(mean_time(&last.0.times[index]) / 1e3);
    out += &format!(
        "
- Its single speed-ups multiply to {}; it measured {} with all of them, and advertises 100 to
  1500.
- Ten times by ten concurrent tasks contradicts its own Amdahl: with α = 0.90 ten workers give
  {}, and no number of them more than ×10. Its tasks are coroutines of one thread, which share
  one core.
- V = n/log₂ n = {} for {LEAVES} scores is no law: nothing about vector registers is in it. Side by
  side brings {} here.
- 10⁶ batches: 20.8 minutes in its best configuration; {} s here by default, {} s with
  everything switched on.
",
        factor(alone.at),
        factor(factors[ALL].at),
        factor(amdahl(0.9, 10.0)),
        number(n / n.log2()),
        shown(&last.1[VECTORISED]),
        million(DEFAULT),
        million(ALL),
    );
    Ok(out)
}

/// `faster` or `slower` at 95 %, or neither.
fn word(up: &SpeedUp) -> &'static str {
    if up.interval.0 > 1.0 {
        "faster"
    } else if up.interval.1 < 1.0 {
        "slower"
    } else {
        "neither"
    }
}

/// `10, 100 batches`, or `no number of batches`.
fn where_it_is(wanted: &str, index: usize, sizes: &[Size], judged: &[Vec<SpeedUp>]) -> String {
    let at = sizes.iter().zip(judged).filter(|(_, ups)| word(&ups[index]) == wanted);
    let names: Vec<String> = at.map(|(s, _)| number(s.batches as f64)).collect();
    if names.is_empty() {
        "no number of batches measured".to_owned()
    } else {
        format!("{} batches", names.join(", "))
    }
}

fn defaults(sizes: &[Size], judged: &[Vec<SpeedUp>]) -> String {
    let mut out = String::from("## What is on by default\n\n");
    for (name, index, default) in [
        ("Parallel", PARALLEL, "on from a threshold"),
        ("Vectorised", VECTORISED, "on"),
        ("Cache", CACHE, "off"),
    ] {
        out += &format!(
            "- {name}: {default}. Alone it is faster at {}, slower at {}.\n",
            where_it_is("faster", index, sizes, judged),
            where_it_is("slower", index, sizes, judged),
        );
    }
    out += "
*Parallel* here is held against the baseline; where the default form gains by several threads is
the table around the threshold. The cache is off because hashing a row and looking it up costs
what the speed-ups above say, even when every row is found; it is for what takes milliseconds,
such as bootstraps.
";
    out
}

#[cfg(test)]
mod tests {
    use super::super::measure;
    use super::*;

    /// Times of several rounds around a mean.
    fn around(mean: f64) -> Sample {
        Sample::new((-2..=2).map(|i| mean + f64::from(i)).collect()).unwrap()
    }

    #[test]
    fn the_document_holds_every_section() {
        let measured = Measured {
            sizes: vec![measure::size(10, 3).unwrap(), measure::size(40, 3).unwrap()],
            around: vec![measure::crossing(10, 3).unwrap()],
            threads: measure::threads(10, 3).unwrap(),
            calls: measure::calls(50, 3).unwrap(),
            metered: (50, 3),
        };
        let text = render(&Environment::default(), &measured).unwrap();
        for part in [
            "## Times",
            "## What a call consists of",
            "## Do the speed-ups multiply?",
            "the product holds (within 10 %)",
            "## Threads",
            "## From where on several threads",
            "×73.8; it measured ×40",
            "×5.26",
            "= 10.16 for 60 scores",
            "- Cache: off. Alone it is",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert_eq!(text.matches("| cache only | ").count(), 4, "{text}");
    }

    #[test]
    fn what_was_looked_up_and_kept_is_told() {
        let metrics = Metrics {
            total: 30_000,
            validation: 10_000,
            aggregation: 20_000,
            parallel_efficiency: Some(0.87),
            vectorisation_speedup: None,
            cache_hits: 3,
            cache_misses: 1,
            batches_per_second: None,
            peak_buffer_bytes: 2_000_000,
        };
        let text = calls(&[("cache only", metrics)], (100, 5));
        let row = "| cache only | 300 ns | 100 ns | 200 ns | 0.87 | – | 75 % | 2 MB |";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn a_mean_is_that_of_the_rounds() {
        let observations = Observations::Raw(tailproof_core::Raw::complete(around(100.0)));
        let metric = tailproof_core::Metric::new("time", None);
        assert_eq!(mean_time(&Series::new(metric, observations)), 100.0);
    }
}
