//! t tests, Yuen, equivalence.

use tailproof_core::{Level, Sample};
use tailproof_hypothesis::{
    Equivalence, TTest, TestError, one_sample, paired, student, tost_paired, tost_pooled,
    tost_welch, welch, yuen_welch,
};
use tailproof_tests::reference::Case;

/// The file's differences are `x − y`, ours `y − x`; of one sample both are of its mean.
pub(super) fn ttests(case: &mut Case<'_>) {
    let x = case.sample("x").expect("every case has an x");
    let number = |key: &str| case.input(key).as_f64().expect("an input number");
    let two = || (&x, case.sample("y").expect("every case of two samples has a y"));
    let (test, mu): (Result<TTest, TestError>, Option<f64>) = match case.op() {
        "student" => (student(two().0, &two().1), None),
        "welch" => (welch(two().0, &two().1), None),
        "yuen_welch" => (yuen_welch(two().0, &two().1, number("trim")), None),
        "paired" => (paired(two().0, &two().1), None),
        "one_sample" => (one_sample(&x, number("mu")), Some(number("mu"))),
        other => panic!("unknown op {other}"),
    };
    if case.expects_error() {
        return case.check_error(test.is_err());
    }
    let test = match test {
        Ok(test) => test,
        // Its keys fail as not compared, unless they are listed as skipped.
        Err(error) => return assert_eq!(error, TestError::NoSpread, "{}", case.name()),
    };
    let p = test.p();
    let (lo, hi) = test.interval(Level::P95);
    let (below, above) = (test.lower(Level::P95), test.upper(Level::P95));
    // The file's one-sample intervals are of the mean itself.
    let (sign, [lo, hi], [lower, upper]) = match mu {
        Some(mu) => (1.0, [lo + mu, hi + mu], [below + mu, above + mu]),
        None => (-1.0, [-hi, -lo], [-above, -below]),
    };
    for (key, got) in [
        ("t", sign * test.t()),
        ("df", test.df),
        ("p_two_sided", p.two_sided),
        ("p_less", p.less),
        ("p_greater", p.greater),
        ("mean_difference", sign * test.difference),
        ("ci95_greater_lower", lower),
        ("ci95_less_upper", upper),
    ] {
        case.check(key, got);
    }
    case.check_list("ci95_two_sided", &[lo, hi]);
}

/// The file claims `low < mean(x) − mean(y) < high`: the samples are swapped. Asked the other
/// way round, between `−high` and `−low`, the sides change places.
pub(super) fn equivalence(case: &mut Case<'_>) {
    let (x, y) = (case.sample("x").unwrap(), case.sample("y").unwrap());
    let margin = |key: &str| case.input(key).as_f64().unwrap();
    let (low, high) = (margin("low"), margin("high"));
    let tost: fn(&Sample, &Sample, f64, f64) -> Result<Equivalence, TestError> = match case.op() {
        "tost_welch" => tost_welch,
        "tost_pooled" => tost_pooled,
        "tost_paired" => tost_paired,
        other => panic!("unknown op {other}"),
    };
    let (test, mirror) = match (tost(&y, &x, low, high), tost(&x, &y, -high, -low)) {
        (Ok(test), Ok(mirror)) => (test, mirror),
        // Its keys fail as not compared, unless they are listed as skipped.
        (error, _) => {
            return assert_eq!(error.err(), Some(TestError::NoSpread), "{}", case.name());
        }
    };
    for (key, one, two) in [
        ("t_low", test.t_low, -mirror.t_high),
        ("t_high", test.t_high, -mirror.t_low),
        ("p_low", test.lower, mirror.upper),
        ("p_high", test.upper, mirror.lower),
        ("df", test.df, mirror.df),
        ("p", test.p, mirror.p),
    ] {
        case.check(key, one);
        case.check(key, two);
    }
}
