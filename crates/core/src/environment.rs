/// Where a measurement or a judgement was made. `ingest` fills it; unknown facts are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Model name of the processor.
    pub cpu: Option<String>,
    /// Processors this process may use.
    pub cores: Option<u32>,
    /// Operating system and its version.
    pub os: Option<String>,
    /// Kernel release.
    pub kernel: Option<String>,
    /// Frequency governor of the first core.
    pub governor: Option<String>,
    /// Limits of the container, such as `cpu.max` and `memory.max`.
    pub limits: Vec<(String, String)>,
}
