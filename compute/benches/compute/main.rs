//! `make bench-compute`: exact aggregates beside plain ones, in turns in one run, because shared
//! machines drift. Each figure is measured by a process of its own, so that its peak memory is its
//! own; the last lines are one figure each, `name value unit (goal …) ok|short`. It never judges:
//! it exits 0.
//!
//! `BENCH_ROWS` sets the rows of the grouped sums (20,000,000), `BENCH_SCALE` TPC-H's scale
//! factor (1), `BENCH_ONLY` names the figures to take (`kernel,tpch,groups,memory,device`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod child;
mod device;
mod duckdb;
mod engines;
#[path = "../../tests/tpch/generate.rs"]
mod generate;
mod groups;
mod kernel;
mod memory;
#[path = "../../tests/tpch/queries.rs"]
mod queries;
mod report;
mod tpch;

use child::Section;

const SECTIONS: [Section; 5] = [
    Section { name: "kernel", measure: kernel::measure },
    Section { name: "tpch", measure: tpch::measure },
    Section { name: "groups", measure: groups::measure },
    Section { name: "memory", measure: memory::measure },
    Section { name: "device", measure: device::measure },
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--section") {
        child::run(&SECTIONS, &arguments[at + 1]);
        return;
    }
    // `cargo test --benches` runs this too; there is nothing to test.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    report::machine();
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |section: &Section| only.is_empty() || only.split(',').any(|o| o == section.name);
    let mut figures = Vec::new();
    for section in SECTIONS.iter().filter(|section| wanted(section)) {
        figures.extend(child::measure(section.name));
    }
    println!();
    figures.iter().for_each(|figure| println!("{figure}"));
}
