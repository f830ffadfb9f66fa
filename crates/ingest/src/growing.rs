//! A series while it is being read.

use tailproof_core::{
    Binned, Ecdf, Labels, Metric, Observations, Raw, Sample, Series, Summary, Unit,
};

/// What the elements of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Raw,
    Events,
    Pairs,
    Summary,
    Binned,
    Atoms,
}

/// A series while it is being read.
pub(crate) struct Growing {
    pub(crate) metric: Metric,
    pub(crate) labels: Labels,
    /// The unit that data, command line or configuration state.
    pub(crate) known: Option<Unit>,
    pub(crate) nonnegative: bool,
    pub(crate) values: Values,
    pub(crate) run: Vec<u32>,
    pub(crate) time: Vec<i64>,
    /// Numbers of the texts that elements are marked with.
    pub(crate) marks: Vec<u32>,
    /// Input of the first element, and whether another one followed.
    pub(crate) input: usize,
    pub(crate) merged: bool,
}

/// Its elements.
pub(crate) enum Values {
    /// Values, and the indices of those that are only lower limits.
    Raw(Vec<f64>, Vec<u32>),
    Events(Vec<(u64, u64)>),
    /// Actual values, each with its prediction.
    Pairs(Vec<(f64, f64)>),
    Summary(Vec<Summary>),
    Binned(Vec<Binned>),
    Atoms(Vec<Ecdf>),
}

impl Values {
    pub(crate) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Raw => Self::Raw(Vec::new(), Vec::new()),
            Kind::Events => Self::Events(Vec::new()),
            Kind::Pairs => Self::Pairs(Vec::new()),
            Kind::Summary => Self::Summary(Vec::new()),
            Kind::Binned => Self::Binned(Vec::new()),
            Kind::Atoms => Self::Atoms(Vec::new()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Raw(..) => Kind::Raw,
            Self::Events(_) => Kind::Events,
            Self::Pairs(_) => Kind::Pairs,
            Self::Summary(_) => Kind::Summary,
            Self::Binned(_) => Kind::Binned,
            Self::Atoms(_) => Kind::Atoms,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Raw(v, _) => v.len(),
            Self::Events(v) => v.len(),
            Self::Pairs(v) => v.len(),
            Self::Summary(v) => v.len(),
            Self::Binned(v) => v.len(),
            Self::Atoms(v) => v.len(),
        }
    }

    /// Brings the elements into an order.
    pub(crate) fn permute(&mut self, order: &[u32]) {
        match self {
            Self::Raw(v, above) => {
                permute(v, order);
                let censored: std::collections::BTreeSet<u32> = above.iter().copied().collect();
                if !censored.is_empty() {
                    let places =
                        (0..order.len() as u32).filter(|&i| censored.contains(&order[i as usize]));
                    *above = places.collect();
                }
            }
            Self::Events(v) => permute(v, order),
            Self::Pairs(v) => permute(v, order),
            Self::Summary(v) => permute(v, order),
            Self::Binned(v) => permute(v, order),
            Self::Atoms(v) => permute(v, order),
        }
    }
}

impl Growing {
    /// The series, given the texts of all marks; it has an element.
    pub(crate) fn finish(self, texts: &[String]) -> Series {
        let Self { metric, labels, mut values, mut run, mut time, mut marks, merged, .. } = self;
        let timed = !time.is_empty();
        if timed && !time.is_sorted() {
            let mut order: Vec<u32> = (0..time.len() as u32).collect();
            order.sort_by_key(|&i| time[i as usize]);
            values.permute(&order);
            permute(&mut time, &order);
            if !marks.is_empty() {
                permute(&mut marks, &order);
            }
            if !run.is_empty() {
                permute(&mut run, &order);
            }
        }
        let observations = match values {
            Values::Events(events) => Observations::Events(events),
            Values::Pairs(pairs) => Observations::Pairs(pairs),
            Values::Summary(v) => Observations::Summary(v),
            Values::Binned(v) => Observations::Binned(v),
            Values::Atoms(v) => Observations::Atoms(v),
            Values::Raw(mut values, above) => {
                values.shrink_to_fit();
                let sample =
                    Sample::new(values).expect("only finite values are pushed, one at least");
                let ordered = timed || !merged;
                let sample = if ordered { sample.in_time_order() } else { sample };
                Observations::Raw(
                    Raw::censored(sample, above, Vec::new())
                        .expect("each index is that of the value just pushed"),
                )
            }
        };
        Series {
            metric,
            labels,
            observations,
            run: (!run.is_empty()).then_some(run),
            time: timed.then_some(time),
            marks: (!marks.is_empty())
                .then(|| marks.into_iter().map(|mark| texts[mark as usize].clone()).collect()),
        }
    }
}

fn permute<T: Clone>(values: &mut [T], order: &[u32]) {
    let old = values.to_vec();
    for (slot, &i) in values.iter_mut().zip(order) {
        *slot = old[i as usize].clone();
    }
}
