//! A template's request beside the same request built field by field, in one run.
//!
//! The template is Example 16-10 of the interface, with ten parameters set: pairs of name and text go in, and
//! the octets of an AA-Request come out. `cargo bench --bench template` prints the table. Compare the ratio and
//! the minima: machines are shared, and medians move. With `-- --count SUBJECT N` the subject runs N times and
//! nothing is measured; with `-- --list` the subjects are named.

mod by_hand;

use std::{
    alloc::System,
    hint::black_box,
    time::{Duration, Instant},
};

use rxgate::{
    dict::Dictionary,
    template::{Settings, Template, Values},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Batches per subject and round; a batch takes about half a millisecond.
const BATCHES: usize = 60;
const ROUNDS: usize = 7;

/// What the ratios are to.
const BY_HAND: &str = "field-by-field";

struct Subject {
    name: &'static str,
    what: &'static str,
    run: Box<dyn FnMut()>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut subjects = subjects();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(&mut subjects),
        ["--list"] => subjects.iter().for_each(|subject| println!("{}", subject.name)),
        ["--count", name, times] => {
            let times = times.parse().expect("N is a number");
            let subject = subjects.iter_mut().find(|subject| subject.name == name).expect("a name of --list");
            (0..times).for_each(|_| (subject.run)());
        }
        _ => {
            eprintln!("error: unknown arguments; accepted: none, --list, --count SUBJECT N");
            std::process::exit(2);
        }
    }
}

fn subjects() -> Vec<Subject> {
    let xml = include_bytes!("../../tests/data/template/example-16-10.xml");
    let compiled = Template::read(xml, Dictionary::builtin(), Settings::default()).expect("Example 16-10");
    let template: &'static Template = Box::leak(Box::new(compiled.template));
    let mut out = vec![0; 4096];
    let length = from_template(template, &mut out);
    let mut other = vec![0; 4096];
    let length_by_hand = by_hand::encode(&mut other);
    assert_eq!(out[..length], other[..length_by_hand], "both ways make the same octets");
    println!("AA-Request of Example 16-10 with 10 parameters: {length} octets");
    let values: &'static Values<'static> =
        Box::leak(Box::new(Values::new(by_hand::PAIRS).expect("each once")));
    let none: &'static Values<'static> = Box::leak(Box::default());
    let filled = by_hand::identify(template.fill(values).expect("right values").service);
    let mut out_defaults = vec![0; 4096];
    let mut out_filled = vec![0; 4096];
    vec![
        Subject {
            name: BY_HAND,
            what: "struct literal of typed values, encoded",
            run: Box::new(move || {
                black_box(by_hand::encode(black_box(&mut other)));
            }),
        },
        Subject {
            name: "template",
            what: "10 names and texts, looked up, parsed, filled in, encoded",
            run: Box::new(move || {
                black_box(from_template(black_box(template), &mut out));
            }),
        },
        Subject {
            name: "template-defaults",
            what: "the same without any parameter",
            run: Box::new(move || {
                let filled = black_box(template).fill(none).expect("right defaults");
                let request = by_hand::identify(filled.service);
                black_box(request.encode_into(&mut out_defaults, by_hand::IDS).expect("room enough"));
            }),
        },
        Subject {
            name: "fill",
            what: "10 parameters filled in, not encoded",
            run: Box::new(move || {
                black_box(black_box(template).fill(black_box(values)).expect("right values"));
            }),
        },
        Subject {
            name: "encode",
            what: "the filled request encoded",
            run: Box::new(move || {
                black_box(
                    black_box(&filled).encode_into(&mut out_filled, by_hand::IDS).expect("room enough"),
                );
            }),
        },
    ]
}

/// From pairs of name and text to the octets of the request.
fn from_template(template: &Template, out: &mut [u8]) -> usize {
    let values = Values::new(black_box(by_hand::PAIRS)).expect("each name once");
    let filled = template.fill(&values).expect("right values");
    by_hand::identify(filled.service).encode_into(out, by_hand::IDS).expect("room enough")
}

fn table(subjects: &mut [Subject]) {
    let mut times: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    let lengths: Vec<usize> = subjects.iter_mut().map(batch_length).collect();
    // Rounds go over all subjects in turn, so that a noisy minute hits every one of them.
    for _ in 0..ROUNDS {
        for ((subject, times), &length) in subjects.iter_mut().zip(&mut times).zip(&lengths) {
            for _ in 0..BATCHES {
                let start = Instant::now();
                (0..length).for_each(|_| (subject.run)());
                times.push(start.elapsed().as_nanos() as f64 / length as f64);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let hand = subjects.iter().position(|subject| subject.name == BY_HAND).expect("it is there");
    let hand = times[hand][0];
    println!("{:<20}{:>9}{:>9}{:>8}{:>18}", "ns per request", "min", "median", "allocs", "x field by field");
    for (subject, times) in subjects.iter_mut().zip(&times) {
        let region = Region::new(ALLOCATOR);
        (0..256).for_each(|_| (subject.run)());
        let change = region.change();
        let allocations = (change.allocations + change.reallocations) as f64 / 256.0;
        let (minimum, median) = (times[0], times[times.len() / 2]);
        let ratio = minimum / hand;
        println!(
            "{:<20}{minimum:>9.1}{median:>9.1}{allocations:>8.0}{ratio:>18.2}  {}",
            subject.name, subject.what
        );
    }
}

/// Turns that take about half a millisecond.
fn batch_length(subject: &mut Subject) -> usize {
    let mut length = 256;
    loop {
        let start = Instant::now();
        (0..length).for_each(|_| (subject.run)());
        if start.elapsed() >= Duration::from_micros(500) {
            return length;
        }
        length *= 2;
    }
}
