//! Tables of coverage and of rates, with marks, and the advice that follows from them.

use tailproof_core::binomial::tails;

use super::simulate::{Hit, Size};

/// Level of all intervals here.
pub(super) const NOMINAL: f64 = 0.95;
/// One-sided normal probabilities of 3 and of 2 standard errors.
const THREE: f64 = 0.001_35;
const TWO: f64 = 0.022_75;
/// Exact coverage may be this far below nominal before it is marked ✗.
const TOLERATED: f64 = 0.01;

/// Counts of what an interval did.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    samples: u32,
    below: u32,
    above: u32,
    absent: u32,
}

impl Tally {
    /// Counts one interval.
    pub(super) fn add(&mut self, hit: Hit) {
        self.samples += u32::from(hit != Hit::Skipped);
        self.below += u32::from(hit == Hit::Below);
        self.above += u32::from(hit == Hit::Above);
        self.absent += u32::from(hit == Hit::Absent);
    }
}

/// How a share compares with what was promised.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Holds,
    Mild,
    Broken,
}

impl Mark {
    /// By the probability of a result as bad as this if the promise held.
    fn of_chance(p: f64) -> Self {
        if p < THREE {
            Self::Broken
        } else if p < TWO {
            Self::Mild
        } else {
            Self::Holds
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Holds => "",
            Self::Mild => " ⚠",
            Self::Broken => " ✗",
        }
    }
}

/// One cell of a table.
pub(super) struct Cell {
    share: f64,
    text: String,
    /// `None` where nothing is promised.
    mark: Option<Mark>,
}

impl Cell {
    /// Simulated coverage; `None` when nothing was computed. `samples` is what the column has.
    pub(super) fn coverage(tally: Tally, samples: u32) -> Option<Self> {
        let Tally { samples: n, below, above, absent } = tally;
        if n == 0 {
            return None;
        }
        if absent == n {
            return Some(Self { share: 1.0, text: "no interval".to_owned(), mark: None });
        }
        let of = |k: u32| f64::from(k) / f64::from(n);
        let covered = n - below - above;
        let chance = tails(u64::from(covered) + 1, u64::from(n), NOMINAL, 1.0 - NOMINAL).below;
        let mark = Mark::of_chance(chance);
        let share = of(covered);
        let mut text = format!(
            "{:.1} ± {:.1}{} ({:.1} / {:.1}",
            100.0 * share,
            100.0 * (share * (1.0 - share) / f64::from(n)).sqrt(),
            mark.sign(),
            100.0 * of(below),
            100.0 * of(above),
        );
        if absent > 0 {
            text += &format!(", none {:.1}", 100.0 * of(absent));
        }
        text.push(')');
        if n < samples {
            text += &format!(" [{n}]");
        }
        Some(Self { share, text, mark: Some(mark) })
    }

    /// Coverage without simulation error, from the probabilities of a miss on either side.
    pub(super) fn exact(below: f64, above: f64) -> Self {
        let share = 1.0 - below - above;
        let mark = if share < NOMINAL - TOLERATED {
            Mark::Broken
        } else if share < NOMINAL - 1e-9 {
            Mark::Mild
        } else {
            Mark::Holds
        };
        let text = format!(
            "{:.1}{} ({:.1} / {:.1})",
            100.0 * share,
            mark.sign(),
            100.0 * below,
            100.0 * above
        );
        Self { share, text, mark: Some(mark) }
    }

    /// The rate of something that should happen with probability at most `bound`, from 0 and 1;
    /// from shares where nothing is promised. `samples` is what the column has.
    pub(super) fn rate(shares: &[f64], bound: Option<f64>, samples: usize) -> Option<Self> {
        if shares.is_empty() {
            return None;
        }
        let n = shares.len() as f64;
        let total: f64 = shares.iter().sum();
        let share = total / n;
        let variance = shares.iter().map(|x| (x - share).powi(2)).sum::<f64>() / n;
        let mark = bound.map(|b| {
            let chance = tails(total.round() as u64, shares.len() as u64, b, 1.0 - b).at_least;
            Mark::of_chance(chance)
        });
        let mut text = format!(
            "{:.2} ± {:.2}{}",
            100.0 * share,
            100.0 * (variance / n).sqrt(),
            mark.map_or("", Mark::sign)
        );
        if shares.len() < samples {
            text += &format!(" [{}]", shares.len());
        }
        Some(Self { share, text, mark })
    }
}

/// Whether much or little is good.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Coverage,
    Rate,
}

/// Methods on data, in columns of sizes.
pub(super) struct Table {
    kind: Kind,
    what: &'static str,
    axis: &'static str,
    columns: Vec<Size>,
    lines: Vec<Line>,
}

struct Line {
    data: String,
    method: &'static str,
    cells: Vec<Option<Cell>>,
}

impl Table {
    /// An empty table of coverage.
    pub(super) fn coverage(what: &'static str, axis: &'static str, columns: &[Size]) -> Self {
        Self { kind: Kind::Coverage, what, axis, columns: columns.to_vec(), lines: Vec::new() }
    }

    /// An empty table of rates of what should be rare.
    pub(super) fn rates(what: &'static str, axis: &'static str, columns: &[Size]) -> Self {
        Self { kind: Kind::Rate, ..Self::coverage(what, axis, columns) }
    }

    /// Adds the lines of one kind of data: a cell a method in each column.
    pub(super) fn block(
        &mut self,
        data: &str,
        methods: &[&'static str],
        columns: Vec<Vec<Option<Cell>>>,
    ) {
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        for &method in methods {
            let cells: Vec<Option<Cell>> =
                columns.iter_mut().map(|c| c.next().expect("a cell a method")).collect();
            if cells.iter().any(Option::is_some) {
                self.lines.push(Line { data: data.to_owned(), method, cells });
            }
        }
    }

    /// The table in Markdown, and the advice below it.
    pub(super) fn render(&self) -> String {
        let mut out = String::from("| data | method |");
        for Size { at, samples } in &self.columns {
            out += &format!(" {} = {at}", self.axis);
            out += &if *samples > 0 { format!(" ({samples}) |") } else { " |".to_owned() };
        }
        out += "\n| --- | --- |";
        out += &" --- |".repeat(self.columns.len());
        out.push('\n');
        for line in &self.lines {
            out += &format!("| {} | {} |", line.data, line.method);
            for cell in &line.cells {
                out += &format!(" {} |", cell.as_ref().map_or("·", |c| c.text.as_str()));
            }
            out.push('\n');
        }
        out.push('\n');
        out += &self.advice();
        out.push('\n');
        out
    }

    /// What not to use, and what holds.
    fn advice(&self) -> String {
        let mut methods: Vec<&str> = Vec::new();
        for line in &self.lines {
            let promised = line.cells.iter().flatten().any(|c| c.mark.is_some());
            if promised && !methods.contains(&line.method) {
                methods.push(line.method);
            }
        }
        let (mut out, mut held) = (String::new(), Vec::new());
        for method in methods {
            let lines = self.lines.iter().filter(|l| l.method == method);
            let broken: Vec<String> = lines.filter_map(|l| self.broken(l)).collect();
            if broken.is_empty() {
                held.push(method);
                continue;
            }
            let verb = if self.kind == Kind::Coverage { "use" } else { "rely on" };
            out += &format!(
                "- Do not {verb} **{method}** for {}: {}.\n",
                self.what,
                broken.join("; ")
            );
        }
        if !held.is_empty() {
            out += &format!("- Without a ✗ in any cell: {}.\n", held.join(", "));
        }
        out
    }

    /// Where a line is marked ✗, and the worst of it.
    fn broken(&self, line: &Line) -> Option<String> {
        let promised: Vec<(u64, &Cell, Mark)> = self
            .columns
            .iter()
            .zip(&line.cells)
            .filter_map(|(size, cell)| {
                let cell = cell.as_ref()?;
                Some((size.at, cell, cell.mark?))
            })
            .collect();
        let broken: Vec<&(u64, &Cell, Mark)> =
            promised.iter().filter(|c| c.2 == Mark::Broken).collect();
        let last = broken.last()?.0;
        let axis = self.axis;
        let first_ones = promised.iter().take(broken.len()).all(|c| c.2 == Mark::Broken);
        let place = if broken.len() == promised.len() {
            format!("at every {axis} tried")
        } else if first_ones {
            format!("up to {axis} = {last}")
        } else {
            let all: Vec<String> = broken.iter().map(|c| c.0.to_string()).collect();
            format!("at {axis} = {}", all.join(", "))
        };
        let shares = broken.iter().map(|c| 100.0 * c.1.share);
        let worst = match self.kind {
            Kind::Coverage => format!("covers {:.1} %", shares.fold(100.0, f64::min)),
            Kind::Rate => format!("happens in {:.2} %", shares.fold(0.0, f64::max)),
        };
        let at_worst = if broken.len() > 1 { " at worst" } else { "" };
        Some(format!("{} {place} ({worst}{at_worst})", line.data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::simulate::size;

    /// 1 000 samples, of which `inside` intervals contain the truth.
    fn cell(inside: u32) -> Option<Cell> {
        let mut tally = Tally::default();
        for i in 0..1_000 {
            tally.add(if i < inside { Hit::Inside } else { Hit::Below });
        }
        Cell::coverage(tally, 1_000)
    }

    #[test]
    fn cells_say_what_they_hold() {
        assert_eq!(cell(950).unwrap().text, "95.0 ± 0.7 (5.0 / 0.0)");
        assert_eq!(cell(934).unwrap().text, "93.4 ± 0.8 ⚠ (6.6 / 0.0)");
        assert_eq!(cell(900).unwrap().text, "90.0 ± 0.9 ✗ (10.0 / 0.0)");
        assert!(Cell::coverage(Tally::default(), 1_000).is_none());
        let rate = |happened: usize, bound| {
            let shares: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < happened))).collect();
            Cell::rate(&shares, bound, 200).unwrap().text
        };
        assert_eq!(rate(5, Some(0.05)), "5.00 ± 2.18 [100]");
        assert_eq!(rate(20, Some(0.05)), "20.00 ± 4.00 ✗ [100]");
        assert_eq!(rate(20, None), "20.00 ± 4.00 [100]");
        assert_eq!(Cell::exact(0.03, 0.025).text, "94.5 ⚠ (3.0 / 2.5)");
    }

    #[test]
    fn the_advice_follows_the_marks() {
        let sizes = [size(10, 1_000), size(30, 1_000), size(100, 1_000)];
        let mut table = Table::coverage("a mean", "n", &sizes);
        let columns = |all: [[u32; 2]; 3]| -> Vec<Vec<Option<Cell>>> {
            all.iter().map(|column| column.map(cell).into_iter().collect()).collect()
        };
        table.block("even", &["one", "two"], columns([[850, 950], [900, 955], [950, 940]]));
        table.block("long", &["one", "two"], columns([[800, 950], [900, 950], [910, 950]]));
        let page = table.render();
        assert!(page.starts_with("| data | method | n = 10 (1000) | n = 30 (1000) | n = 100"));
        let want = "- Do not use **one** for a mean: even up to n = 30 (covers 85.0 % at worst); \
                    long at every n tried (covers 80.0 % at worst).\n\
                    - Without a ✗ in any cell: two.\n";
        assert!(page.contains(want), "{page}");
    }
}
