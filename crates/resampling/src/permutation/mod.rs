//! Permutation tests: what the data would look like if labels meant nothing.

mod any;
mod arrangements;
mod centred;
mod counts;
mod groups;
mod lattice;
mod means;
mod p_value;
mod paired;
mod runs;
mod saddlepoint;
mod sequential;
mod settings;
mod stratified;

pub use any::permute_any;
pub use counts::{Counts, Relabelled};
pub use groups::{GroupsPermuted, permute_groups, permute_groups_by};
pub use lattice::{LatticePermuted, permute_lattice};
pub use means::{Permuted, permute_means};
pub use p_value::{Directions, PValue};
pub use paired::{PairsPermuted, permute_pairs};
pub use runs::{RunsPermuted, permute_runs};
pub use saddlepoint::{Saddlepoint, saddlepoint_means};
pub use sequential::{BesagClifford, Bound, CurtailedDecision, besag_clifford, curtailed};
pub use settings::{Permutation, PermutationError};
pub use stratified::{permute_strata, permute_strata_by};
