//! Plans for objectives and shares.

use anyhow::bail;
use tailproof_core::binomial::samples_to_pass;
use tailproof_core::{Condition, Level, Objective, Rank, number, percent, qualified};
use tailproof_hypothesis::{
    gate_detectable_share, gate_misses, gate_outcomes, gate_sample_size, samples_to_fail,
};
use tailproof_slo::promised;

use super::section::{Cell, Column, Section, independent};

/// Numbers of misses for which n is listed.
const MISSES: [u64; 4] = [0, 1, 2, 5];
/// Misses for which outcomes are listed, in multiples of those promised.
const MULTIPLES: [f64; 8] = [0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0];
const UNBOUNDED: &str = "no sample of a size that can be counted decides this";

/// One share of observations that is promised to lie within a limit.
#[derive(Debug)]
pub(super) struct Claim {
    name: String,
    /// `None` for what is not counted.
    share: Option<Rank>,
}

/// The percentiles that people promise.
pub(super) fn usual() -> Vec<Claim> {
    ["50%", "90%", "95%", "99%", "99.9%", "99.99%"]
        .into_iter()
        .map(|text| {
            let p: Rank = text.parse().expect("a percentage");
            Claim { name: p.to_string(), share: Some(p) }
        })
        .collect()
}

/// What objectives promise; a range makes two claims.
pub(super) fn claims(objectives: &[Objective]) -> Vec<Claim> {
    let mut all = Vec::new();
    for o in objectives {
        let subject = qualified(o.metric.as_deref().unwrap_or_default(), &o.labels);
        let name =
            if subject.is_empty() { o.claim.clone() } else { format!("{subject}: {}", o.claim) };
        let shares = promised(o);
        if shares.is_empty() {
            all.push(Claim { name: name.clone(), share: None });
        }
        let range = matches!(o.condition, Condition::Range(..));
        for (i, share) in shares.into_iter().enumerate() {
            let end = match (range, i) {
                (false, _) => "",
                (true, 0) => " (lower end)",
                (true, _) => " (upper end)",
            };
            all.push(Claim { name: format!("{name}{end}"), share: Some(share) });
        }
    }
    all
}

/// A plan for objectives.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    pub(super) claims: Vec<Claim>,
    /// Whether they are somebody's objectives, all judged in one run.
    pub(super) asked: bool,
    pub(super) level: Level,
    /// Share of observations expected within the limit.
    pub(super) share: Option<f64>,
    pub(super) power: &'a [f64],
}

impl Gate<'_> {
    /// n with which each claim passes.
    pub(super) fn sizes(&self) -> anyhow::Result<Section> {
        if self.claims.iter().all(|c| c.share.is_none()) {
            let name = self.claims.first().map_or("this", |c| c.name.as_str());
            bail!(
                "{name} is not decided by counting, so no n follows from it: give a percentile or \
                 a rate ('p99 <= 200ms', 'rate(<= 200ms) >= 99.9%'), or plan the change of a mean \
                 with --change 5% --pilot FILE"
            );
        }
        let mut columns = vec![
            Column::new(if self.asked { "objective" } else { "percentile" }, "claim"),
            Column::new("within", "share_promised"),
        ];
        columns.extend(MISSES.map(|m| {
            let s = if m == 1 { "" } else { "es" };
            Column::new(format!("n: {m} miss{s}"), format!("n_with_{m}_misses"))
        }));
        columns.push(Column::new("fails from", "fail_misses_at_n_with_0_misses"));
        columns.push(Column::new("fail needs", "n_to_fail"));
        if self.share.is_some() {
            columns.extend(Column::of_power(self.power, "n: passes ", "n_for_power"));
        }
        let rows = self.claims.iter().map(|c| self.size_row(c)).collect();
        let mut notes = vec![format!(
            "n: the observations with which the objective passes at {} although so many of them \
             miss the limit; with fewer no pass exists. fails from: the misses that show a failure \
             at the n for 0 misses; between the two it stays open. fail needs: fewer observations \
             cannot show a failure even if all miss.",
            self.level,
        )];
        if let Some(share) = self.share {
            notes.push(format!(
                "n: passes {}: when really {} of the observations keep the limit, so many pass \
                 with that probability.",
                percent(self.power.first().copied().unwrap_or(0.8)),
                percent(share),
            ));
        }
        notes.extend(self.family());
        notes.push(independent());
        Ok(Section {
            key: "objectives",
            title: format!("Observations that prove an objective at {}", self.level),
            level: self.level,
            columns,
            words: 1,
            rows,
            notes,
        })
    }

    fn size_row(&self, claim: &Claim) -> Vec<Cell> {
        let mut row = vec![Cell::Text(claim.name.clone())];
        let columns = 3 + MISSES.len() + self.share.map_or(0, |_| self.power.len());
        let Some(p) = claim.share else {
            row.extend(vec![not_counted(); columns]);
            return row;
        };
        let fail = self.fail();
        row.push(Cell::Share(p.to_f64()));
        let sizes = MISSES.map(|m| samples_to_pass(p, self.level, m));
        row.extend(sizes.map(|n| Cell::count(n, UNBOUNDED)));
        let misses = sizes[0].and_then(|n| gate_misses(n, p, self.level, fail).fails);
        row.push(Cell::count(misses, "so few observations cannot fail"));
        row.push(Cell::count(samples_to_fail(p, fail), UNBOUNDED));
        if let Some(share) = self.share {
            row.extend(self.power.iter().map(|&power| {
                Cell::of(gate_sample_size(p, share, self.level, power), Cell::Count)
            }));
        }
        row
    }

    /// What `n` observations decide, and how often.
    pub(super) fn at(&self, n: u64) -> anyhow::Result<Vec<Section>> {
        let mut columns = vec![
            Column::new(if self.asked { "objective" } else { "percentile" }, "claim"),
            Column::new("within", "share_promised"),
            Column::new("passes up to", "pass_misses"),
            Column::new("fails from", "fail_misses"),
        ];
        columns.extend(Column::of_power(self.power, "true share: ", "share_for_power"));
        let fail = self.fail();
        let row = |claim: &Claim| {
            let mut row = vec![Cell::Text(claim.name.clone())];
            let Some(p) = claim.share else {
                row.extend(vec![not_counted(); 3 + self.power.len()]);
                return row;
            };
            let misses = gate_misses(n, p, self.level, fail);
            row.push(Cell::Share(p.to_f64()));
            row.push(Cell::count(misses.passes, "so few observations cannot pass"));
            row.push(Cell::count(misses.fails, "so few observations cannot fail"));
            let share = |&power: &f64| gate_detectable_share(n, p, self.level, power);
            row.extend(self.power.iter().map(|power| Cell::share(share(power))));
            row
        };
        let mut notes = vec![
            "passes up to, fails from: misses of the limit among these observations; between the \
             two the objective stays open. true share: with at least this share really within the \
             limit it passes with that probability."
                .to_owned(),
        ];
        notes.extend(self.family());
        notes.push(independent());
        let mut all = vec![Section {
            key: "objectives_at_n",
            title: format!("What {} observations decide at {}", number(n as f64), self.level),
            level: self.level,
            columns,
            words: 1,
            rows: self.claims.iter().map(row).collect(),
            notes,
        }];
        if self.asked {
            for claim in &self.claims {
                all.extend(self.outcomes(claim, n)?);
            }
        }
        Ok(all)
    }

    /// How often each answer comes, over true shares.
    fn outcomes(&self, claim: &Claim, n: u64) -> anyhow::Result<Option<Section>> {
        let Some(p) = claim.share else { return Ok(None) };
        let allowed = p.complement().to_f64();
        let mut misses: Vec<f64> = MULTIPLES.iter().map(|m| m * allowed).collect();
        misses.extend(self.share.map(|share| 1.0 - share));
        misses.retain(|&m| m <= 1.0);
        misses.sort_by(f64::total_cmp);
        // The share asked for may be one of the multiples, but for rounding.
        misses.dedup_by(|a, b| (*a - *b).abs() <= 1e-9 * *b);
        let mut rows = Vec::new();
        for &m in &misses {
            let o = gate_outcomes(n, p, m, self.level, self.fail())?;
            let mut row = [1.0 - m, m / allowed].map(Cell::Share).to_vec();
            row.extend([o.pass, o.fail, o.open].map(Cell::Probability));
            rows.push(row);
        }
        Ok(Some(Section {
            key: "outcomes_at_n",
            title: format!("{}: answers of {} observations", claim.name, number(n as f64)),
            level: self.level,
            columns: vec![
                Column::new("true share within", "true_share"),
                Column::new("misses of those allowed", "misses_over_allowed"),
                Column::new("passes", "pass"),
                Column::new("fails", "fail"),
                Column::new("stays open", "open"),
            ],
            words: 0,
            rows,
            notes: vec![
                "How often each answer comes when this share is the truth. A share below the one \
                 promised rarely passes, one above it rarely fails: that is what the level says. \
                 Open means more observations, not a failure."
                    .to_owned(),
            ],
        }))
    }

    /// The level of failures, split over the claims of the run.
    fn fail(&self) -> Level {
        if self.asked { self.level.split(self.claims.len()) } else { self.level }
    }

    fn family(&self) -> Option<String> {
        let m = self.claims.len();
        (self.asked && m > 1).then(|| {
            format!(
                "{m} claims are judged in one run: a pass needs no correction, a failure is shown \
                 at {} (Bonferroni), so that a false alarm among all is as rare as the level says. \
                 An objective that matches several series counts once for each.",
                self.fail(),
            )
        })
    }
}

fn not_counted() -> Cell {
    Cell::Missing("not decided by counting; --change plans means".to_owned())
}

/// n that proves shares, by level and misses.
pub(super) fn prove(shares: &[Rank], level: Option<Level>) -> Section {
    let shown = level.unwrap_or(Level::P999);
    let mut levels = vec![Level::P95, "0.99".parse().expect("a level"), Level::P999];
    if !levels.contains(&shown) {
        levels.push(shown);
    }
    levels.sort_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
    let mut rows = Vec::new();
    for &p in shares {
        for &level in &levels {
            let mut row = vec![Cell::Share(p.to_f64()), Cell::Share(level.to_f64())];
            row.extend(MISSES.map(|m| Cell::count(samples_to_pass(p, level, m), UNBOUNDED)));
            rows.push(row);
        }
    }
    let mut columns = vec![Column::new("share", "share"), Column::new("level", "level")];
    columns.extend(MISSES.map(|m| {
        let s = if m == 1 { "" } else { "es" };
        Column::new(format!("{m} miss{s}"), format!("n_with_{m}_misses"))
    }));
    Section {
        key: "prove_share",
        title: "Observations that prove a share".to_owned(),
        level: shown,
        columns,
        words: 0,
        rows,
        notes: vec![
            "So many observations, with at most that many misses among them, prove at the level \
             that more than the share is good. Fewer prove nothing, even without a miss."
                .to_owned(),
            independent(),
        ],
    }
}
