//! Where the names of marks stand, so that they never touch each other or leave the picture.

use super::layout::{HEIGHT, WIDTH};
use super::text;

/// Most rows of names above the picture.
const ROWS: i32 = 7;
/// Between a name and what is beside it.
const GAP: i32 = 10;
/// Between a line and its name beside it.
const BESIDE: i32 = 22;
/// What it costs that a line goes through a name, in places of data that it covers.
const STRUCK: usize = 20;
/// What it costs that a name is a row away from its mark: more than any other reason.
const FAR: usize = 1_000_000;

/// A vertical mark: its name, and the range of x it covers; a line has a range of no width.
#[derive(Debug)]
pub(crate) struct Upright {
    /// Its name.
    pub name: String,
    /// From and to.
    pub at: (i32, i32),
    /// A band, whose name stands over its middle, or a line, whose name begins or ends at it.
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
    /// Whether it is over its mark, not beside it.
    pub over: bool,
}

impl Flag {
    /// From the side of a mark that reaches from `lo` to `hi` to its name beside it.
    pub(crate) fn leader(self, (lo, hi): (i32, i32)) -> Option<(i32, i32)> {
        let right = self.span.0 > hi;
        let (side, name) =
            if right { (hi, self.span.0 - GAP + 2) } else { (lo, self.span.1 + GAP - 2) };
        (!self.over).then_some((side, name))
    }
}

/// A place for each name above the picture; `None` for those that find none.
///
/// Names of lines fly to the right, each a row above those that it would cross, or to the left if
/// fewer names then stand on the pole of another. A name stands on a pole only if nothing else is
/// left, and over its own line only if it is too long for either side; names of bands stand over
/// them, and beside them only if that is better.
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

/// Places in the order of preference.
fn candidates(mark: &Upright, to_right: bool) -> impl Iterator<Item = Flag> + use<> {
    let width = text::width(&mark.name).min(WIDTH);
    let (lo, hi) = mark.at;
    let middle = (i32::midpoint(lo, hi) - width / 2).clamp(0, WIDTH - width);
    let (right, left) = (hi + BESIDE, lo - BESIDE - width);
    let sides = if to_right { [right, left] } else { [left, right] };
    let [one, other] = sides.map(|start| (start, false));
    let over = (middle, true);
    let places = if mark.band { [over, one, other] } else { [one, other, over] };
    let inside = move |&(start, _): &(i32, bool)| (0..=WIDTH - width).contains(&start);
    places.into_iter().filter(inside).flat_map(move |(start, over)| {
        (0..ROWS).map(move |row| Flag { row, span: (start, start + width), over })
    })
}

/// Whether `flag` stands on the pole of `mark`, whose name is at `other`.
fn on_pole(flag: Flag, mark: &Upright, other: Flag) -> bool {
    let below = if other.over { flag.row < other.row } else { flag.row <= other.row };
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

/// Where the name of a horizontal mark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Left end and base line.
    pub at: (i32, i32),
    /// From the name to its mark, where they do not touch.
    pub leader: Option<((i32, i32), (i32, i32))>,
}

/// A seat for each name inside the picture: at its mark, where it covers the least of `ink`;
/// further away, with a leader, only where other names are at its mark.
pub(crate) fn lay(
    marks: &[Level],
    across: (i32, i32),
    down: (i32, i32),
    ink: &[(i32, i32)],
) -> Vec<Option<Seat>> {
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    let lines: Vec<i32> = marks.iter().flat_map(|m| [m.at.0, m.at.1]).collect();
    let place = |mark: &Level| {
        let width = text::width(&mark.name).min(across.1 - across.0);
        let mut best: Option<(usize, Seat)> = None;
        for (far, seat) in seats(mark, width, across, down) {
            let (x, y) = seat.at;
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
            let cost = ink.iter().filter(covers).count() + STRUCK * struck + far;
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, seat));
            }
        }
        let (_, seat) = best?;
        taken.push((seat.at.0, seat.at.1, width));
        Some(seat)
    };
    marks.iter().map(place).collect()
}

/// Where a name may stand inside the picture, and what it costs that it is far from its mark.
fn seats(
    mark: &Level,
    width: i32,
    (left, right): (i32, i32),
    (top, bottom): (i32, i32),
) -> impl Iterator<Item = (usize, Seat)> + use<> {
    const COLUMNS: i32 = 8;
    let (upper, lower) = mark.at;
    let (above, below) = (upper - GAP, lower + HEIGHT - GAP);
    let tall = lower - upper >= HEIGHT;
    let within = tall.then_some([upper + HEIGHT - GAP, lower - GAP]).into_iter().flatten();
    let near = within.chain([above, below]).map(|y| (0, y, None));
    let away = (1..5).flat_map(move |shift| {
        let (up, down) = (above - shift * HEIGHT, below + shift * HEIGHT);
        let leaders = [(up + GAP / 2, upper), (down - text::SIZE, lower)];
        [up, down]
            .into_iter()
            .zip(leaders)
            .map(move |(y, ends)| (shift as usize * FAR, y, Some(ends)))
    });
    let inside = move |y: i32| y - text::SIZE >= top - GAP && y <= bottom - GAP / 2;
    let (first, last) = (right - width, (left + GAP).min(right - width));
    near.chain(away).filter(move |&(_, y, _)| inside(y)).flat_map(move |(far, y, ends)| {
        // The ends first, then what is between them.
        [0, COLUMNS].into_iter().chain(1..COLUMNS).map(move |i| {
            let x = first + (last - first) * i / COLUMNS;
            let leader = ends.map(|(from, to)| ((x + GAP, from), (x + GAP, to)));
            (far, Seat { at: (x, y), leader })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x: i32) -> Upright {
        Upright { name: "target <= 150 ms".into(), at: (x, x), band: false, seen: true }
    }

    fn raised(marks: &[Upright]) -> Vec<Option<Flag>> {
        raise(&marks.iter().collect::<Vec<_>>())
    }

    #[test]
    fn names_stay_inside_and_apart() {
        let flags: Vec<Flag> = raised(&[300, 320, 340, 1_190, 1_195, 600].map(line))
            .into_iter()
            .map(Option::unwrap)
            .collect();
        for (i, a) in flags.iter().enumerate() {
            assert!(a.span.0 >= 0 && a.span.1 <= WIDTH, "{a:?}");
            for b in &flags[..i] {
                assert!(a.row != b.row || !touch(a.span, b.span, 0), "{a:?} {b:?}");
            }
        }
        let crowd: Vec<_> = (0..20).map(|_| line(600)).collect();
        assert_eq!(raised(&crowd).iter().flatten().count(), 14); // 7 rows on either side
    }

    #[test]
    fn close_lines_are_staggered_and_each_name_begins_at_its_own() {
        for lines in [[300, 320, 345], [1_100, 1_120, 1_145]] {
            let marks = lines.map(line);
            let flags: Vec<Flag> = raised(&marks).into_iter().map(Option::unwrap).collect();
            for (i, (flag, mark)) in flags.iter().zip(&marks).enumerate() {
                let x = mark.at.0;
                assert!(flag.span.0 == x + BESIDE || flag.span.1 == x - BESIDE, "{flags:?}");
                assert!(flag.leader(mark.at).is_some_and(|(from, to)| from == x && from != to));
                let others = flags.iter().zip(&marks).enumerate().filter(|(j, _)| *j != i);
                for (_, (other, pole)) in others {
                    assert!(flag.row != other.row && !on_pole(*flag, pole, *other), "{flags:?}");
                }
            }
        }
    }

    #[test]
    fn a_name_too_long_for_either_side_is_over_its_line() {
        let mark = Upright { name: "a long name of more than half".repeat(2), ..line(600) };
        let flag = raised(&[mark])[0].unwrap();
        assert!(
            flag.over
                && flag.span.0 < 600
                && flag.span.1 > 600
                && flag.leader((600, 600)).is_none()
        );
    }

    #[test]
    fn names_inside_avoid_data_and_each_other_and_stay_at_their_line() {
        let level = |y| Level { name: "limit".into(), at: (y, y) };
        let ink: Vec<_> = (0..40).map(|i| (1_100, 200 + i)).collect();
        let places = lay(&[level(250), level(250)], (100, 1_150), (50, 470), &ink);
        let (a, b) = (places[0].unwrap().at, places[1].unwrap().at);
        let width = text::width("limit");
        assert!(!touch((a.0, a.0 + width), (b.0, b.0 + width), 0) || (a.1 - b.1).abs() >= HEIGHT);
        // Everything is covered, and still they are at it.
        let ink: Vec<_> = (0..1_200).flat_map(|x| [(x, 230), (x, 270)]).collect();
        for seat in lay(&[level(250), level(250)], (100, 1_150), (50, 470), &ink) {
            let Seat { at: (_, y), leader } = seat.unwrap();
            assert!(leader.is_none() && (y == 250 - GAP || y == 240 + HEIGHT), "{y}");
        }
    }

    #[test]
    fn a_name_that_finds_no_room_at_its_line_has_a_leader() {
        let level =
            || Level { name: "a name as long as the picture is wide".into(), at: (250, 250) };
        let seats = lay(&[level(), level(), level()], (100, 900), (50, 470), &[]);
        let third = seats[2].unwrap();
        assert_eq!((seats[0].unwrap().leader, seats[1].unwrap().leader), (None, None));
        assert!(third.leader.is_some_and(|(_, (_, y))| y == 250), "{third:?}");
    }
}
