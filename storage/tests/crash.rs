//! Power losses at every step of a history of publishing, and what must hold after each.
//!
//! A seed that fails is printed with the step; both reproduce it.

mod forgetful;
mod history;

use std::collections::BTreeMap;

use forgetful::Forgetful;
use history::{Acknowledged, check, recover, run};
use veritrail_storage::disk::{Crash, Disk, DiskPath, MemoryDisk};

/// The least number of crashes that this file must try.
const CRASHES_MIN: u64 = 20_000;

/// The history up to its operation `count`, then the power is off.
fn cut_short(count: u64) -> (MemoryDisk, Acknowledged) {
    let disk = MemoryDisk::new();
    disk.power_off_after(count);
    let mut acknowledged = Acknowledged::default();
    // It fails where the power goes off; what counts is what it was told before.
    let _ = run(&disk, &mut acknowledged);
    (disk, acknowledged)
}

fn operations_of_whole_history() -> u64 {
    let (disk, acknowledged) = cut_short(u64::MAX);
    assert!(acknowledged.finished(), "the history runs through while the power is on");
    disk.operations()
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_half_written_is_served() {
    let operations = operations_of_whole_history();
    let seeds = CRASHES_MIN.div_ceil(operations) + 1;
    let mut crashes = 0;
    for count in 0..=operations {
        let (disk, acknowledged) = cut_short(count);
        for n in 0..seeds {
            let crash = Crash::nth(n.wrapping_add(if n < 3 { 0 } else { count << 20 }));
            if let Err(broken) = check(&disk.crash(crash), &acknowledged) {
                panic!("power off after operation {count}, {crash:?}: {broken}");
            }
            crashes += 1;
        }
    }
    println!("{crashes} crashes at {operations} operations");
    assert!(crashes >= CRASHES_MIN);
}

/// A crash while the last crash is being repaired.
#[test]
fn recovery_can_be_interrupted_anywhere() {
    let operations = operations_of_whole_history();
    let mut crashes = 0;
    for count in (0..=operations).step_by(3) {
        let (disk, acknowledged) = cut_short(count);
        for first in [Crash::LoseAll, Crash::KeepNames, Crash::KeepBytes, Crash::Random(count)] {
            for repaired in (0..).step_by(2) {
                let again = disk.crash(first);
                again.power_off_after(repaired);
                let _ = recover(&again);
                let ran_through = again.list(&DiskPath::ROOT).is_ok();
                let crash = Crash::Random(count << 20 | repaired);
                if let Err(broken) = check(&again.crash(crash), &acknowledged) {
                    panic!(
                        "operation {count}, {first:?}, {repaired} repaired, {crash:?}: {broken}"
                    );
                }
                crashes += 1;
                if ran_through {
                    break;
                }
            }
        }
    }
    println!("{crashes} crashes");
    assert!(crashes > operations);
}

/// kill -9, a new process that goes on with what it finds, and only then a power loss: what the
/// new process acknowledged holds, though the dead one never synced it.
#[test]
fn a_new_process_syncs_what_a_killed_one_did_not() {
    let operations = operations_of_whole_history();
    let mut checked = 0;
    for count in 0..=operations {
        let (disk, mut acknowledged) = cut_short(count);
        let survivor = disk.kill();
        let Ok(size) = recover(&survivor) else { continue };
        acknowledged.see(size);
        if let Some(blobs) = acknowledged.next_blobs() {
            history::put(&survivor, &blobs).unwrap();
            acknowledged.blobs.extend(blobs);
        }
        for n in 0..12 {
            let crash = Crash::nth(n);
            if let Err(broken) = check(&survivor.crash(crash), &acknowledged) {
                panic!("killed after operation {count}, then {crash:?}: {broken}");
            }
            checked += 1;
        }
    }
    assert!(checked > operations, "only {checked}");
}

/// Removes each sync of the history in turn: the model must notice every one.
#[test]
fn every_single_sync_is_needed() {
    let counting = Forgetful::new(MemoryDisk::new(), None);
    run(&counting, &mut Acknowledged::default()).unwrap();
    let syncs = counting.syncs();
    assert!(syncs.len() > 30, "only {} syncs", syncs.len());
    let mut unnoticed = Vec::new();
    let mut kinds = BTreeMap::new();
    for (n, sync) in syncs.iter().enumerate() {
        *kinds.entry(sync.split(' ').next().unwrap().to_owned()).or_insert(0) += 1;
        if !is_noticed(n as u64) {
            unnoticed.push(format!("{n}: {sync}"));
        }
    }
    println!("{} syncs, by kind {kinds:?}", syncs.len());
    assert!(unnoticed.is_empty(), "not needed, or not noticed:\n{}", unnoticed.join("\n"));
}

/// The same for what a new process syncs after another was killed: each sync that recovery makes
/// anywhere in the history must be needed somewhere in it.
#[test]
fn every_kind_of_sync_in_recovery_is_needed() {
    let mut needed = BTreeMap::new();
    for count in 0..=operations_of_whole_history() {
        let (disk, acknowledged) = cut_short(count);
        let whole = Forgetful::new(disk.kill(), None);
        if recover(&whole).is_err() {
            continue;
        }
        for (n, sync) in whole.syncs().iter().enumerate() {
            if needed.get(sync) != Some(&true) {
                let noticed = recovery_needs(&disk, &acknowledged, n as u64);
                needed.insert(sync.clone(), noticed);
            }
        }
    }
    let not: Vec<_> = needed.iter().filter(|(_, needed)| !**needed).collect();
    assert!(needed.len() > 10, "only {} kinds", needed.len());
    assert!(not.is_empty(), "not needed, or not noticed: {not:?}");
}

/// True if a crash after a recovery without its sync `n` breaks what the new process was told.
fn recovery_needs(disk: &MemoryDisk, acknowledged: &Acknowledged, n: u64) -> bool {
    let survivor = disk.kill();
    let Ok(size) = recover(&Forgetful::new(survivor.clone(), Some(n))) else { return false };
    let mut told = acknowledged.clone();
    told.see(size);
    (0..6).any(|seed| check(&survivor.crash(Crash::nth(seed)), &told).is_err())
}

/// True if some crash of the history without its sync `n` breaks a promise.
fn is_noticed(n: u64) -> bool {
    let disk = MemoryDisk::new();
    let whole = Forgetful::new(disk.clone(), Some(n));
    run(&whole, &mut Acknowledged::default()).unwrap();
    let (first, last) = (whole.skipped_at().unwrap(), disk.operations());
    for seeds in [0..3, 3..40] {
        for count in first..=last {
            let disk = MemoryDisk::new();
            disk.power_off_after(count);
            let mut acknowledged = Acknowledged::default();
            let _ = run(&Forgetful::new(disk.clone(), Some(n)), &mut acknowledged);
            if seeds
                .clone()
                .any(|seed| check(&disk.crash(Crash::nth(seed)), &acknowledged).is_err())
            {
                return true;
            }
        }
    }
    false
}
