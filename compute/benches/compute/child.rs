//! One process per section, so that a peak of memory belongs to what was measured.

use std::process::{Command, Stdio};

use super::report::{Figure, Goal};

/// What one process measures.
pub struct Section {
    pub name: &'static str,
    pub measure: fn() -> Vec<Figure>,
}

/// Marks the lines that are figures among what a section prints while it works.
const MARK: &str = "figure: ";

/// In the child: measures, and adds its own peak.
pub fn run(sections: &[Section], name: &str) {
    let section = sections.iter().find(|section| section.name == name).expect("a known section");
    for figure in (section.measure)() {
        println!("{MARK}{figure}");
    }
    if let Some(peak) = peak_mb() {
        println!("{MARK}{}", Figure::new(format!("{name}_peak_memory"), peak, "MB", Goal::None));
    }
}

/// In the parent: the child's figures; a child that fails is said to have failed.
pub fn measure(name: &str) -> Vec<String> {
    eprintln!("{name} …");
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program)
        .args(["--section", name])
        .stderr(Stdio::inherit())
        .output()
        .expect("a child process");
    let text = String::from_utf8_lossy(&child.stdout);
    let mut figures: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect();
    if !child.status.success() {
        figures.push(format!("{name} failed: {}", child.status));
    }
    figures
}

/// The highest resident memory of this process so far, as Linux tells it.
pub fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
