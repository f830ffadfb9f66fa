use std::fs;

use sysinfo::{CpuRefreshKind, RefreshKind, System};
use tailproof_core::Environment;

/// What is known of the machine this runs on. Unknown facts are left out; nothing that
/// identifies the machine or its user is read.
#[must_use]
pub fn environment() -> Environment {
    let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let cpu = System::new_with_specifics(kind)
        .ok()
        .and_then(|s| Some(s.cpus().first()?.brand().trim().to_owned()))
        .filter(|s| !s.is_empty());
    let read = |path: &str| {
        fs::read_to_string(path).ok().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty())
    };
    let cores = std::thread::available_parallelism().ok();
    let limits =
        [("cpu.max", "/sys/fs/cgroup/cpu.max"), ("memory.max", "/sys/fs/cgroup/memory.max")]
            .into_iter()
            .filter_map(|(name, path)| {
                let value = read(path)?;
                (!value.starts_with("max")).then(|| (name.to_owned(), value))
            })
            .collect();
    Environment {
        cpu,
        cores: cores.and_then(|c| u32::try_from(c.get()).ok()),
        os: System::long_os_version().ok(),
        kernel: System::kernel_version().ok(),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        limits,
    }
}
