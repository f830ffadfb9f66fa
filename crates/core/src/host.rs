use crate::{Quantity, Unit, number};

/// What the machine has on which this runs, as far as this process may use it. `ingest` fills
/// it; unknown facts are `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Processors that this process may use; a fraction where a container is given one.
    pub cores: Option<f64>,
    /// Processors of the whole machine, which is what `load` is about.
    pub machine_cores: Option<u32>,
    /// Memory in bytes; at most the limit of the container.
    pub memory_total: Option<u64>,
    /// Memory in bytes that can be had without swapping.
    pub memory_available: Option<u64>,
    /// Size in bytes of the disk of the working folder.
    pub disk_total: Option<u64>,
    /// Bytes of it that this process may still write.
    pub disk_available: Option<u64>,
    /// Load averages of the machine over 1, 5 and 15 minutes.
    pub load: Option<[f64; 3]>,
    /// Limits of the container that bind, in words.
    pub limits: Vec<String>,
}

impl Host {
    /// Names of what a host has: `cores` (or `load`, the same seen from its use), `memory` and
    /// `disk`.
    pub const NAMES: [&str; 4] = ["cores", "load", "memory", "disk"];

    /// How much there is of one of [`Host::NAMES`]: bytes, or a plain number of cores.
    #[must_use]
    pub fn capacity(&self, name: &str) -> Option<Quantity> {
        match name {
            "cores" | "load" => self.cores.map(|cores| Quantity::new(cores, None)),
            "memory" => self.memory_total.map(bytes),
            "disk" => self.disk_total.map(bytes),
            _ => None,
        }
    }

    /// How much of it is in use now.
    ///
    /// For cores that is the load average of five minutes, and not known in a container with
    /// fewer cores than the machine: the load is that of the whole machine.
    #[must_use]
    pub fn used(&self, name: &str) -> Option<Quantity> {
        let rest = |total: Option<u64>, available: Option<u64>| {
            Some(bytes(total?.saturating_sub(available?)))
        };
        match name {
            "cores" | "load" => {
                let whole = self.cores? >= f64::from(self.machine_cores?);
                self.load.filter(|_| whole).map(|load| Quantity::new(load[1], None))
            }
            "memory" => rest(self.memory_total, self.memory_available),
            "disk" => rest(self.disk_total, self.disk_available),
            _ => None,
        }
    }

    /// Says so when more waits to run than there are cores: measurements made here and now are
    /// disturbed.
    ///
    /// # Example
    /// ```
    /// use tailproof_core::Host;
    ///
    /// let host = |load| Host { machine_cores: Some(4), load: Some(load), ..Host::default() };
    /// assert_eq!(host([0.5, 9.0, 9.0]).disturbed(), None); // Over by now.
    /// assert!(host([5.2, 1.0, 1.0]).disturbed().is_some());
    /// ```
    #[must_use]
    pub fn disturbed(&self) -> Option<String> {
        let (cores, load) = (self.machine_cores?, self.load?[0]);
        (load > f64::from(cores)).then(|| {
            format!(
                "the load average of the last minute is {} on {cores} cores: measurements on this host are disturbed",
                number(load)
            )
        })
    }
}

fn bytes(n: u64) -> Quantity {
    Quantity::new(n as f64, Unit::known("B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host {
            cores: Some(10.0),
            machine_cores: Some(10),
            memory_total: Some(24_000_000_000),
            memory_available: Some(1_000_000_000),
            load: Some([12.0, 1.3, 1.0]),
            ..Host::default()
        }
    }

    #[test]
    fn a_host_says_what_it_has_and_uses() {
        let gb = Unit::known("GB");
        let host = host();
        assert_eq!(host.capacity("memory").unwrap().in_unit(gb.as_ref()), Ok(24.0));
        assert_eq!(host.used("memory").unwrap().in_unit(gb.as_ref()), Ok(23.0));
        assert_eq!(host.used("cores").unwrap().value(), 1.3);
        assert_eq!((host.capacity("disk"), host.used("disk")), (None, None));
        assert_eq!(host.capacity("gpus"), None);
        assert!(host.disturbed().unwrap().contains("12 on 10 cores"));
    }

    #[test]
    fn the_load_of_a_machine_is_not_that_of_a_container() {
        let container = Host { cores: Some(1.5), ..host() };
        assert_eq!(container.used("cores"), None);
        assert_eq!(container.capacity("load").unwrap().value(), 1.5);
        assert_eq!(Host::default().disturbed(), None);
    }
}
