use std::fs;
use std::path::Path;

use sysinfo::{CpuRefreshKind, DiskRefreshKind, Disks, MemoryRefreshKind, RefreshKind, System};
use tailproof_core::{Environment, Host, number};

/// What is known of the machine this runs on. Unknown facts are left out; nothing that
/// identifies the machine or its user is read.
#[must_use]
pub fn environment() -> Environment {
    let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let cpu = System::new_with_specifics(kind)
        .ok()
        .and_then(|s| Some(s.cpus().first()?.brand().trim().to_owned()))
        .filter(|s| !s.is_empty());
    let cores = std::thread::available_parallelism().ok();
    let limits = [("cpu.max", CPU_MAX), ("memory.max", MEMORY_MAX)]
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

/// What this process may use of the machine it runs on: the machine's, or the container's where
/// that is less. The disk is the one of the working folder; a network disk is not looked at.
#[must_use]
pub fn host() -> Host {
    let kind = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let mut host = Host::default();
    if let Ok(system) = System::new_with_specifics(kind) {
        host.machine_cores = u32::try_from(system.cpus().len()).ok().filter(|&n| n > 0);
        host.memory_total = Some(system.total_memory()).filter(|&n| n > 0);
        host.memory_available = host.memory_total.map(|_| system.available_memory());
    }
    // Windows has no load average, and says 0.
    host.load = System::load_average()
        .ok()
        .map(|load| [load.one, load.five, load.fifteen])
        .filter(|_| !cfg!(windows));
    limit_cores(&mut host);
    limit_memory(&mut host);
    if let Some((total, available)) = disk() {
        host.disk_total = Some(total);
        host.disk_available = Some(available);
    }
    host
}

const CPU_MAX: &str = "/sys/fs/cgroup/cpu.max";
const MEMORY_MAX: &str = "/sys/fs/cgroup/memory.max";

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty())
}

/// Cores by affinity and by the quota of the container, which may be a fraction.
fn limit_cores(host: &mut Host) {
    let allowed = std::thread::available_parallelism().map_or(0.0, |n| n.get() as f64);
    let quota = read(CPU_MAX).and_then(|text| quota(&text)).or_else(|| {
        let part = |name: &str| read(&format!("/sys/fs/cgroup/cpu/cpu.cfs_{name}_us"));
        quota(&format!("{} {}", part("quota")?, part("period")?))
    });
    let machine = host.machine_cores.map(f64::from);
    host.cores = cores(allowed, machine, quota);
    if let (Some(cores), Some(machine)) = (host.cores, machine)
        && cores < machine
    {
        let what = format!("{} of {} cores may be used", number(cores), number(machine));
        host.limits.push(what);
    }
}

/// `cpu.max`: microseconds of a period, or `max`.
fn quota(text: &str) -> Option<f64> {
    let (quota, period) = text.split_once(char::is_whitespace)?;
    let (quota, period) = (quota.parse::<f64>().ok()?, period.trim().parse::<f64>().ok()?);
    // Version 1 says -1 for no limit.
    (quota > 0.0 && period > 0.0).then(|| quota / period).filter(|q| q.is_finite())
}

/// `allowed` is the quota rounded down, at least 1, or the affinity, whichever is less; of the
/// quota itself the fraction is wanted too.
fn cores(allowed: f64, machine: Option<f64>, quota: Option<f64>) -> Option<f64> {
    let binding = quota.filter(|&q| q < allowed + 1.0);
    let cores = binding.map_or(allowed, |q| machine.map_or(q, |m| q.min(m)));
    Some(cores).filter(|&c| c > 0.0).or(machine)
}

/// Memory by the limit of the container. Its page cache counts as used there, though what is
/// inactive of it can be had.
fn limit_memory(host: &mut Host) {
    let of = |max: &str, used: &str, stat: &str, key: &str| {
        let limit = read(max)?.parse::<u64>().ok()?;
        let used = read(used).and_then(|text| text.parse::<u64>().ok());
        let cache = read(stat).and_then(|text| field(&text, key)).unwrap_or(0);
        Some((limit, used.map(|used| used.saturating_sub(cache))))
    };
    let folder = "/sys/fs/cgroup";
    let current = format!("{folder}/memory.current");
    let version_2 = of(MEMORY_MAX, &current, &format!("{folder}/memory.stat"), "inactive_file");
    let limit = version_2.or_else(|| {
        let file = |name: &str| format!("{folder}/memory/memory.{name}");
        let (max, used) = (file("limit_in_bytes"), file("usage_in_bytes"));
        of(&max, &used, &file("stat"), "total_inactive_file")
    });
    if let Some((limit, used)) = limit {
        bind(host, limit, used);
    }
}

/// Applies a limit in bytes, when it is below what the machine has.
fn bind(host: &mut Host, limit: u64, used: Option<u64>) {
    if host.memory_total.is_some_and(|total| limit >= total) {
        return; // Version 1 writes a huge number for no limit.
    }
    host.memory_total = Some(limit);
    let left = used.map(|used| limit.saturating_sub(used));
    host.memory_available = match (host.memory_available, left) {
        (Some(machine), Some(left)) => Some(machine.min(left)),
        (machine, left) => machine.filter(|&m| left.is_none() && m <= limit).or(left),
    };
    let gib = limit as f64 / f64::from(1_u32 << 30);
    host.limits.push(format!("memory is limited to {} GiB", number(gib)));
}

/// The value of `key` in lines of `key value`.
fn field(text: &str, key: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok();
    text.lines().find_map(value)
}

/// Size and free bytes of the disk of the working folder.
fn disk() -> Option<(u64, u64)> {
    let folder = std::env::current_dir().ok()?;
    let folder = fs::canonicalize(&folder).unwrap_or(folder);
    let kind = DiskRefreshKind::nothing().with_storage();
    let disks = Disks::new_with_refreshed_list_specifics(kind).ok()?;
    // The last of equals is mounted over the ones before.
    disks
        .iter()
        .filter(|disk| folder.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().components().count())
        .filter(|disk| disk.total_space() > 0 && is_on(&folder, disk.id()))
        .map(|disk| (disk.total_space(), disk.available_space()))
}

/// Whether a folder is on the device; a network or memory disk that is not listed is mounted in
/// between where it is not.
#[cfg(unix)]
fn is_on(folder: &Path, device: Option<u64>) -> bool {
    use std::os::unix::fs::MetadataExt;

    device.is_none_or(|id| fs::metadata(folder).is_ok_and(|m| m.dev() == id))
}

#[cfg(not(unix))]
fn is_on(_folder: &Path, _device: Option<u64>) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_containers_are_read() {
        for (text, want) in [
            ("150000 100000", Some(1.5)),
            ("max 100000", None),
            ("-1 100000", None),
            ("100000 0", None),
            ("100000", None),
        ] {
            assert_eq!(quota(text), want, "{text}");
        }
        // A quota of 1.5 cores of 8, rounded down to 1; affinity to 2 of 8; no limit; no answer.
        assert_eq!(cores(1.0, Some(8.0), Some(1.5)), Some(1.5));
        assert_eq!(cores(1.0, Some(8.0), Some(0.5)), Some(0.5));
        assert_eq!(cores(2.0, Some(8.0), Some(4.0)), Some(2.0));
        assert_eq!(cores(8.0, Some(8.0), Some(8.5)), Some(8.0));
        assert_eq!(cores(8.0, Some(8.0), None), Some(8.0));
        assert_eq!(cores(0.0, None, None), None);
        assert_eq!(field("active_file 1\ninactive_file 42\n", "inactive_file"), Some(42));
        assert_eq!(field("inactive_file_x 42\n", "inactive_file"), None);
    }

    #[test]
    fn the_smaller_of_machine_and_container_counts() {
        let machine =
            || Host { memory_total: Some(100), memory_available: Some(60), ..Host::default() };
        for (limit, used, want) in [
            (1_000, Some(1), (100, Some(60))),
            (50, Some(20), (50, Some(30))),
            (80, Some(10), (80, Some(60))),
            (50, Some(70), (50, Some(0))),
            (50, None, (50, None)),
            (80, None, (80, Some(60))),
        ] {
            let mut host = machine();
            bind(&mut host, limit, used);
            assert_eq!((host.memory_total.unwrap(), host.memory_available), want, "{limit}");
        }
    }

    #[test]
    fn this_host_is_sane() {
        let host = host();
        assert!(host.cores.is_some_and(|c| c > 0.0));
        assert!(host.memory_available <= host.memory_total);
        assert!(host.disk_available <= host.disk_total);
    }
}
