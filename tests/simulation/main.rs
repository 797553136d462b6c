//! A deterministic simulation: gateway, two PCRFs, applications, clients, network and disk under one seed and a
//! virtual clock. When everything that can go wrong has gone wrong, and then stopped, all must agree.
//!
//! A failure names the seed that repeats it; how to run seeds by hand stands in CONTRIBUTING.md.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

mod broken;
mod checks;
mod client;
mod dice;
mod disk;
mod endpoints;
mod faults;
mod gateway;
mod ledger;
mod network;
mod pcrf;
mod process;
mod trace;
mod value;
mod world;

use std::{
    cell::Cell,
    path::PathBuf,
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use broken::Broken;
use world::{Outcome, Tally, World};

/// Seeds of a run, unless another number is asked for: CI does.
const SEEDS: u64 = 30;

/// Of a thread with worlds. Octets.
const STACK: usize = 16 * 1024 * 1024;

/// Seeds within which a broken gateway is found.
const FOUND_WITHIN: u64 = 200;

thread_local! {
    /// Panics in the world of this thread, also in tasks of which nobody waits for the end.
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// Runs the world of a seed on this thread.
fn run(seed: u64, broken: Broken, keep: bool) -> Outcome {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            before(panic);
        }));
    });
    PANICS.set(0);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut outcome = runtime.block_on(World::run(seed, broken, keep));
    drop(runtime);
    if PANICS.get() > 0 {
        outcome.violations.push(format!("{} panics", PANICS.get()));
    }
    outcome
}

/// Runs seeds on every processor, until they are over or `enough` says so.
fn run_all(from: u64, count: u64, broken: Broken, enough: impl Fn(&Outcome) -> bool + Sync) -> Vec<Outcome> {
    let (next, outcomes) = (AtomicU64::new(from), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            // Without optimisation the default is too little.
            let thread = std::thread::Builder::new().stack_size(STACK);
            let worlds = || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        return;
                    }
                    let outcome = run(seed, broken, false);
                    if enough(&outcome) {
                        next.store(u64::MAX / 2, Ordering::Relaxed);
                    }
                    outcomes.lock().unwrap().push(outcome);
                }
            };
            thread.spawn_scoped(scope, worlds).unwrap();
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(|outcome| outcome.seed);
    outcomes
}

/// A number from the environment.
fn asked(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// What a seed did, in a file.
fn story(seed: u64, broken: Broken) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-{seed}.log"));
    std::fs::write(&path, run(seed, broken, true).lines.join("\n")).unwrap();
    path
}

#[test]
fn after_every_schedule_all_sides_agree() {
    let (from, count) = (asked("SIM_FROM", 1), asked("SIM_SEEDS", SEEDS));
    let began = Instant::now();
    let outcomes = run_all(from, count, Broken::No, |_| false);
    let simulated: Duration = outcomes.iter().map(|outcome| outcome.simulated).sum();
    let mut sum = Tally::default();
    for Tally { granted, removed, open, told, lives } in outcomes.iter().map(|outcome| outcome.tally) {
        sum.granted += granted;
        sum.removed += removed;
        sum.open += open;
        sum.told += told;
        sum.lives += lives;
    }
    // Worlds in which nothing happens prove nothing.
    let alive = sum.granted > 5 * count && sum.open > count && sum.told > 2 * count;
    assert!(alive || count < SEEDS, "{sum:?}");
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.violations.is_empty()).collect();
    println!(
        "{count} seeds from {from}, {:.1} simulated hours in {:.1?}: {} with violations; {sum:?}",
        simulated.as_secs_f64() / 3600.0,
        began.elapsed(),
        failed.len(),
    );
    for outcome in failed.iter().take(20) {
        println!("seed {}: {:#?}", outcome.seed, outcome.violations);
    }
    if let Some(first) = failed.first() {
        let story = story(first.seed, Broken::No);
        panic!(
            "{} of {count} seeds; again: SIM_FROM={} SIM_SEEDS=1 cargo test --test simulation after_every; its \
             story: {}",
            failed.len(),
            first.seed,
            story.display()
        );
    }
}

/// Finds out about a gateway that is broken.
fn caught(broken: Broken) {
    let outcomes = run_all(1, FOUND_WITHIN, broken, |outcome| !outcome.violations.is_empty());
    let caught = outcomes.iter().find(|outcome| !outcome.violations.is_empty());
    let caught = caught.unwrap_or_else(|| panic!("{broken:?} is not found in {FOUND_WITHIN} seeds"));
    println!("{broken:?}: seed {}: {}", caught.seed, caught.violations[0]);
}

#[test]
fn a_gateway_that_stores_no_pending_session_is_caught() {
    caught(Broken::NoPending);
}

#[test]
fn a_gateway_that_sends_no_str_after_an_asr_is_caught() {
    caught(Broken::NoStrAfterAsr);
}

#[test]
fn a_gateway_that_writes_events_apart_is_caught() {
    caught(Broken::EventOutside);
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 1..=10 {
        let (first, second) = (run(seed, Broken::No, true), run(seed, Broken::No, true));
        let differ = first.lines.iter().zip(&second.lines).find(|(one, other)| one != other);
        assert_eq!(differ, None, "seed {seed}");
        assert_eq!((first.hash, first.lines.len()), (second.hash, second.lines.len()), "seed {seed}");
        assert!(first.lines.len() > 100, "hardly anything happens: {:?}", first.lines);
    }
}
