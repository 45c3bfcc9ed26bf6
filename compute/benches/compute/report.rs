//! Figures and their goals, and the machine they hold for.

use std::fmt;
use std::time::Instant;

/// Whether less or more is better.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    Below(f64),
    AtLeast(f64),
    None,
}

/// One figure.
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub goal: Goal,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) -> Self {
        Self { name: name.into(), value, unit, goal }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, goal } = self;
        write!(f, "{name} {value:.3} {unit}")?;
        let verdict = |met: bool| if met { "ok" } else { "short" };
        match *goal {
            Goal::AtMost(limit) => write!(f, " (goal ≤ {limit}) {}", verdict(*value <= limit)),
            Goal::Below(limit) => write!(f, " (goal < {limit}) {}", verdict(*value < limit)),
            Goal::AtLeast(limit) => write!(f, " (goal ≥ {limit}) {}", verdict(*value >= limit)),
            Goal::None => Ok(()),
        }
    }
}

/// A whole number from the environment, or the default.
pub fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|value| value.replace('_', "").parse().ok())
        .unwrap_or(default)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Cores, load and profile: without them no figure means anything.
pub fn machine() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("", |rest| rest.trim_start_matches([':', '\t', ' ']));
    println!("{cores} cores ({model}), load {}, {profile} profile", load.trim());
}
