//! The codec beside what the hardware allows and beside the crate `diameter`, all in one run.
//!
//! `cargo bench --bench codec` prints the table. Compare the ratios and the minima: machines are shared, and
//! medians move. With `-- --count SUBJECT N` the subject runs N times and nothing is measured: this is what
//! `tests/instructions` counts under callgrind. With `-- --list` the subjects are named.

mod messages;
mod reference;
mod subjects;
mod walker;

use std::{
    alloc::System,
    hint::black_box,
    time::{Duration, Instant},
};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Batches per subject and round; a batch takes about half a millisecond.
const BATCHES: usize = 60;
const ROUNDS: usize = 5;

struct Measured {
    minimum: f64,
    median: f64,
    allocations: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut subjects = subjects::all();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(&mut subjects),
        ["--list"] => subjects.iter().for_each(|subject| println!("{}", subject.name)),
        ["--count", name, times] => {
            let times = times.parse().expect("N is a number");
            let subject = subjects.iter_mut().find(|subject| subject.name == name).expect("a name of --list");
            (0..times).for_each(|turn| (subject.run)(turn));
        }
        _ => {
            eprintln!("error: unknown arguments; accepted: none, --list, --count SUBJECT N");
            std::process::exit(2);
        }
    }
}

fn table(subjects: &mut [subjects::Subject]) {
    let mut times: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    let lengths: Vec<usize> = subjects.iter_mut().map(batch_length).collect();
    // Rounds go over all subjects in turn, so that a noisy minute hits every one of them.
    for _ in 0..ROUNDS {
        for ((subject, times), &length) in subjects.iter_mut().zip(&mut times).zip(&lengths) {
            for _ in 0..BATCHES {
                let start = Instant::now();
                (0..length).for_each(|turn| (subject.run)(black_box(turn)));
                times.push(start.elapsed().as_nanos() as f64 / length as f64);
            }
        }
    }
    let measured: Vec<Measured> = subjects
        .iter_mut()
        .zip(&mut times)
        .map(|(subject, times)| {
            times.sort_by(f64::total_cmp);
            let region = Region::new(ALLOCATOR);
            (0..256).for_each(|turn| (subject.run)(turn));
            let change = region.change();
            let allocations = (change.allocations + change.reallocations) as f64 / 256.0;
            Measured { minimum: times[0], median: times[times.len() / 2], allocations }
        })
        .collect();
    println!(
        "{:<38}{:>9}{:>9}{:>8}{:>11}{:>11}{:>13}",
        "ns per message", "min", "median", "allocs", "x memcpy", "x walker", "vs diameter"
    );
    let minimum = |name: &str| {
        let at = subjects.iter().position(|subject| subject.name == name).expect("a subject of this name");
        measured[at].minimum
    };
    for (subject, measured) in subjects.iter().zip(&measured) {
        if let Some(title) = subject.heading {
            println!("\n{title}");
        }
        let to = |name: Option<&str>, faster: bool| match name {
            None => String::from("-"),
            Some(name) if faster => format!("{:.1}x", minimum(name) / measured.minimum),
            Some(name) => format!("{:.2}", measured.minimum / minimum(name)),
        };
        println!(
            "{:<38}{:>9.1}{:>9.1}{:>8.0}{:>11}{:>11}{:>13}",
            subject.name,
            measured.minimum,
            measured.median,
            measured.allocations,
            to(subject.memcpy, false),
            to(subject.walker, false),
            to(subject.reference, true),
        );
    }
}

/// Turns that take about half a millisecond.
fn batch_length(subject: &mut subjects::Subject) -> usize {
    let mut length = 256;
    loop {
        let start = Instant::now();
        (0..length).for_each(|turn| (subject.run)(black_box(turn)));
        if start.elapsed() >= Duration::from_micros(500) {
            return length;
        }
        length *= 2;
    }
}
