//! Comma-separated values that no spreadsheet takes for formulas.

use crate::common::facts::{Fact, decimal, facts};
use crate::common::text::printable;
use crate::evidence::Evidence;
use tailproof_core::{Class, Finding, Subject, Verdict};

/// A row for every finding, under one line of headings: class, subject, claim, verdict, all
/// numbers in full precision, and where they come from.
///
/// Cells of text that a spreadsheet could take for a formula begin with an apostrophe; numbers
/// are numbers, infinite ones `inf` and `-inf`. Line ends are `\n`, the encoding is UTF-8.
///
/// ```
/// use tailproof_core::{Class, Finding, Subject, Verdict};
/// use tailproof_reporting::{Evidence, csv};
///
/// let subject = Subject { metric: "=1+1".into(), ..Subject::default() };
/// let finding = Finding::new(Class::Slo, subject, "p95 <= 150 ms", Verdict::Pass);
/// let text = csv(&[Evidence::new("checkout", vec![finding])]);
/// assert!(text.starts_with("component,class,benchmark,metric,"));
/// assert!(text.contains("\ncheckout,slo,,'=1+1,,,p95 <= 150 ms,PASS,"));
/// ```
#[must_use]
pub fn csv(parts: &[Evidence]) -> String {
    // The headings stand there when nothing was found, too.
    let nothing = Finding::new(Class::Other, Subject::default(), "", Verdict::Pass);
    let headings = facts(&Evidence::new("", Vec::new()), &nothing);
    let mut lines = vec![headings.iter().map(|(name, _)| (*name).to_owned()).collect()];
    for part in parts {
        for f in &part.findings {
            lines.push(facts(part, f).into_iter().map(|(_, fact)| cell(fact)).collect());
        }
    }
    rows(&lines)
}

fn cell(fact: Option<Fact>) -> String {
    match fact {
        None => String::new(),
        Some(Fact::Text(t)) => text(&t),
        Some(Fact::Number(x)) => decimal(x),
        Some(Fact::Count(n)) => n.to_string(),
    }
}

/// A cell of text that no spreadsheet takes for a formula, behind quotes and blanks either.
pub(crate) fn text(text: &str) -> String {
    const STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let plain = printable(text);
    let within = text.trim_start_matches(['"', '\'', ' ']);
    // Tabs and line ends are � by now, which starts nothing; what follows them could.
    let after = within.trim_start_matches(|c: char| c.is_control() || c.is_whitespace());
    if after.len() < within.len() || after.starts_with(STARTS) {
        return format!("'{plain}");
    }
    plain
}

/// Lines of cells, quoted where they must be.
pub(crate) fn rows(rows: &[Vec<String>]) -> String {
    let quoted = |cell: &String| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text_wherever_they_begin() {
        for bad in ["=1", "+1", "-1", "@a", "\"=1", "\" =1", "'=1", "\t=1", "\ra", "\"\ta", "＝1"]
        {
            assert!(text(bad).starts_with('\''), "{bad:?}");
        }
        for good in ["a=1", "p95 <= 1", "", "<=1", "\"a\"", "é"] {
            assert_eq!(text(good), good);
        }
    }

    #[test]
    fn numbers_stay_numbers_and_rows_stay_whole() {
        let subject = Subject { metric: "a,\"b\"\nc".to_owned(), ..Subject::default() };
        let mut f = Finding::new(Class::Regression, subject, "-0.5", Verdict::Fail);
        (f.estimate, f.target, f.p) = (Some(-0.5), Some(f64::INFINITY), Some(1e-300));
        let out = csv(&[Evidence::new("c", vec![f])]);
        let mut lines = out.lines();
        let headings: Vec<&str> = lines.next().unwrap().split(',').collect();
        let row = lines.next().unwrap();
        assert_eq!(lines.next(), None);
        assert!(
            row.starts_with("c,regression,,\"a,\"\"b\"\"\u{fffd}c\",,,'-0.5,FAIL,,,,,-0.5,,inf,")
        );
        assert!(row.contains(",1e-300,"), "{row}");
        // The quoted cell holds one comma.
        assert_eq!(row.split(',').count(), headings.len() + 1);
        assert_eq!(csv(&[]).lines().count(), 1);
    }
}
