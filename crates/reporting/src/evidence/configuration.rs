use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tailproof_core::Host;

/// How evidence was made, so that it can be made again: the verb, its arguments, the text of
/// its configuration, and the findings to expect of it.
///
/// In a document it carries the SHA-256 of itself, `configuration.sha256`, in canonical JSON
/// without that member: two runs with the same one asked the same questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Configuration {
    /// What the program was asked to do: `validate`.
    pub verb: String,
    /// The arguments that bear on findings; files go by the names of the inputs.
    pub arguments: Vec<String>,
    /// Text of the configuration files, by the names of the inputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Facts of the host that findings rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostRecord>,
    /// The findings, each as [`expectation`](crate::expectation) says, in their order.
    pub expects: Vec<String>,
}

/// What a host had when something was judged by it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct HostRecord {
    /// Processors that the process could use.
    pub cores: Option<f64>,
    /// Processors of the machine.
    pub machine_cores: Option<u32>,
    /// Bytes of memory.
    pub memory_total: Option<u64>,
    /// Bytes of memory to be had.
    pub memory_available: Option<u64>,
    /// Bytes of the disk.
    pub disk_total: Option<u64>,
    /// Bytes that could still be written.
    pub disk_available: Option<u64>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Limits of the container, in words.
    pub limits: Vec<String>,
}

impl From<&Host> for HostRecord {
    fn from(host: &Host) -> Self {
        Self {
            cores: host.cores,
            machine_cores: host.machine_cores,
            memory_total: host.memory_total,
            memory_available: host.memory_available,
            disk_total: host.disk_total,
            disk_available: host.disk_available,
            load: host.load,
            limits: host.limits.clone(),
        }
    }
}

impl From<&HostRecord> for Host {
    fn from(record: &HostRecord) -> Self {
        Self {
            cores: record.cores,
            machine_cores: record.machine_cores,
            memory_total: record.memory_total,
            memory_available: record.memory_available,
            disk_total: record.disk_total,
            disk_available: record.disk_available,
            load: record.load,
            limits: record.limits.clone(),
        }
    }
}
