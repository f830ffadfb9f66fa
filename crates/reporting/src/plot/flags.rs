//! Where the names of marks stand, so that they never touch each other or leave the picture.

use super::layout::{HEIGHT, WIDTH};
use super::text;

/// Most rows of names above the picture.
const ROWS: i32 = 5;
/// Between a name and what is beside it.
const GAP: i32 = 10;

/// A vertical mark: its name, and the range of x it covers; a line has a range of no width.
#[derive(Debug)]
pub(crate) struct Upright {
    /// Its name.
    pub name: String,
    /// From and to.
    pub at: (i32, i32),
    /// A band, whose name stands over its middle, or a line, whose name stands beside it.
    pub band: bool,
    /// Whether it can be seen; else only its name is there.
    pub seen: bool,
}

/// Where a name above the picture stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// Counted upwards from the picture.
    pub row: i32,
    /// From and to.
    pub span: (i32, i32),
}

/// A place for each name above the picture; `None` for those that find none.
///
/// Names of lines fly to the right if none then stands on the pole of another, else to the left
/// if that is better. A name stands on a pole only if nothing else is left.
pub(crate) fn raise(marks: &[&Upright]) -> Vec<Option<Flag>> {
    let (right, crossed) = fly(marks, true);
    if crossed == 0 {
        return right;
    }
    let (left, worse) = fly(marks, false);
    if worse < crossed { left } else { right }
}

/// A place for each name, and how many of them stand on a pole.
fn fly(marks: &[&Upright], to_right: bool) -> (Vec<Option<Flag>>, usize) {
    let mut order: Vec<usize> = (0..marks.len()).collect();
    // Against the wind, so that a pole is free of the flags before it; then bands.
    let sign = if to_right { -1 } else { 1 };
    order.sort_by_key(|&i| (marks[i].band, sign * marks[i].at.0));
    let mut flags: Vec<Option<Flag>> = vec![None; marks.len()];
    let mut crossed = 0;
    for i in order {
        let find = |strict: bool| {
            candidates(marks[i], to_right).find(|&flag| {
                flags.iter().zip(marks).all(|(other, mark)| {
                    let Some(other) = *other else { return true };
                    let apart = flag.row != other.row || !touch(flag.span, other.span, 2 * GAP);
                    let free = !on_pole(flag, mark, other) && !on_pole(other, marks[i], flag);
                    apart && (free || !strict)
                })
            })
        };
        let mut found = find(true);
        if found.is_none() {
            crossed += 1;
            found = find(false);
        }
        flags[i] = found;
    }
    (flags, crossed)
}

fn candidates(mark: &Upright, to_right: bool) -> impl Iterator<Item = Flag> + use<> {
    let width = text::width(&mark.name).min(WIDTH);
    let (lo, hi, band) = (mark.at.0, mark.at.1, mark.band);
    (0..ROWS).flat_map(move |row| {
        let middle = (i32::midpoint(lo, hi) - width / 2).clamp(0, WIDTH - width);
        let starts = match (band, to_right) {
            (true, _) => [middle, middle],
            (_, true) => [hi + GAP, lo - GAP - width],
            (_, false) => [lo - GAP - width, hi + GAP],
        };
        let inside = move |start: &i32| (0..=WIDTH - width).contains(start);
        let flag = move |start| Flag { row, span: (start, start + width) };
        starts.into_iter().filter(inside).map(flag)
    })
}

/// Whether `flag` stands on the pole of `mark`, whose name is at `other`.
fn on_pole(flag: Flag, mark: &Upright, other: Flag) -> bool {
    let below = if mark.band { flag.row < other.row } else { flag.row <= other.row };
    mark.seen && below && touch(flag.span, mark.at, GAP / 2)
}

fn touch(a: (i32, i32), b: (i32, i32), gap: i32) -> bool {
    a.0 < b.1 + gap && b.0 < a.1 + gap
}

/// A horizontal mark: its name, and upper and lower end in the picture; equal for a line.
#[derive(Debug)]
pub(crate) struct Level {
    /// Its name.
    pub name: String,
    /// Upper and lower end.
    pub at: (i32, i32),
}

/// Left end and base line of each name inside the picture, where it covers the least of `ink`.
pub(crate) fn lay(
    marks: &[Level],
    across: (i32, i32),
    down: (i32, i32),
    ink: &[(i32, i32)],
) -> Vec<Option<(i32, i32)>> {
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    let lines: Vec<i32> = marks.iter().flat_map(|m| [m.at.0, m.at.1]).collect();
    let place = |mark: &Level| {
        let width = text::width(&mark.name).min(across.1 - across.0);
        let mut best: Option<(usize, (i32, i32))> = None;
        for (far, (x, y)) in seats(mark, width, across, down) {
            let free = taken.iter().all(|&(bx, by, bw)| {
                !touch((x, x + width), (bx, bx + bw), GAP) || (y - by).abs() >= HEIGHT
            });
            if !free || best.is_some_and(|(least, _)| least <= far) {
                continue;
            }
            let (above, below) = (y - text::SIZE, y + GAP);
            let covers = |&&(px, py): &&(i32, i32)| {
                (x..x + width).contains(&px) && (above..below).contains(&py)
            };
            let struck = lines.iter().filter(|l| (above..y).contains(l)).count();
            let cost = ink.iter().filter(covers).count() + 4 * struck + far;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, (x, y)));
            }
        }
        let (_, place) = best?;
        taken.push((place.0, place.1, width));
        Some(place)
    };
    marks.iter().map(place).collect()
}

/// Where a name may stand inside the picture, and what it costs that it is far from its mark.
fn seats(
    mark: &Level,
    width: i32,
    (left, right): (i32, i32),
    (top, bottom): (i32, i32),
) -> impl Iterator<Item = (usize, (i32, i32))> + use<> {
    let (upper, lower) = mark.at;
    let inside = if lower - upper >= HEIGHT { upper + text::SIZE } else { upper - GAP };
    let rows = [inside, upper - GAP, lower + text::SIZE];
    let columns = [right - width, left + GAP, i32::midpoint(left, right) - width / 2];
    let away = if i32::midpoint(upper, lower) > i32::midpoint(top, bottom) { -1 } else { 1 };
    let inside = move |y: &i32| *y - text::SIZE >= top - GAP && *y <= bottom - GAP / 2;
    (0..6).flat_map(move |shift| {
        let rows = rows.into_iter().map(move |y| y + away * shift * HEIGHT).filter(inside);
        rows.flat_map(move |y| columns.map(|x| (8 * shift as usize, (x, y))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x: i32) -> Upright {
        Upright { name: "target <= 150 ms".into(), at: (x, x), band: false, seen: true }
    }

    #[test]
    fn names_stay_inside_and_apart() {
        let marks: Vec<_> = [300, 320, 340, 1_190, 1_195, 600].map(line).into();
        let flags: Vec<Flag> =
            raise(&marks.iter().collect::<Vec<_>>()).into_iter().map(Option::unwrap).collect();
        for (i, a) in flags.iter().enumerate() {
            assert!(a.span.0 >= 0 && a.span.1 <= WIDTH, "{a:?}");
            for b in &flags[..i] {
                assert!(a.row != b.row || !touch(a.span, b.span, 0), "{a:?} {b:?}");
            }
        }
        let pair = [line(600), line(640)];
        let rows = raise(&pair.iter().collect::<Vec<_>>()).into_iter().map(|f| f.unwrap().row);
        assert!(rows.eq([0, 0]), "one name flies to the left, so that no pole crosses the other");
        let crowd: Vec<_> = (0..12).map(|_| line(600)).collect();
        assert_eq!(raise(&crowd.iter().collect::<Vec<_>>()).iter().flatten().count(), 10); // 5 rows on either side
    }

    #[test]
    fn names_inside_avoid_data_and_each_other() {
        let level = |y| Level { name: "limit".into(), at: (y, y) };
        let ink: Vec<_> = (0..40).map(|i| (1_100, 200 + i)).collect();
        let places = lay(&[level(250), level(250)], (100, 1_150), (50, 470), &ink);
        let (a, b) = (places[0].unwrap(), places[1].unwrap());
        assert!(a.0 < 1_000 && (a.0 != b.0 || (a.1 - b.1).abs() >= HEIGHT), "{places:?}");
    }
}
