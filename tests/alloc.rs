//! Counts what the codec allocates: nothing, neither for right messages nor for wrong ones.
//!
//! A program of its own without a test harness, because the allocator counts for all threads together. Each
//! line names what was run over how many messages; a line with an allocation fails it.
#![allow(clippy::unwrap_used)]

#[path = "golden/files.rs"]
mod files;
#[path = "golden/mutate.rs"]
mod mutate;

use std::{alloc::System, hint::black_box, process::ExitCode};

use mutate::{Mutations, Random};
use rxgate::{
    dict::{self, Dictionary, Strictness, Value, avp, dump::Tree},
    rx::*,
    wire::*,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Wrong messages beside the goldens.
const MUTATED: usize = 20_000;

fn main() -> ExitCode {
    let mut report = Report { failed: false };
    let good: Vec<Vec<u8>> = files::good().into_iter().map(|golden| golden.octets).collect();
    let (mutations, mut random) = (Mutations::of_goldens(), Random::new(2));
    let mut wrong: Vec<Vec<u8>> = files::bad().into_iter().map(|golden| golden.octets).collect();
    wrong.extend((0..MUTATED).map(|_| mutations.next(&mut random)));
    // Made before anything is counted, as each is made once in a program.
    Dictionary::builtin();
    for (kind, messages) in [("goldens", &good), ("wrong messages", &wrong)] {
        reading(&mut report, kind, messages);
    }
    writing(&mut report, &good);
    bounded(&mut report, &good, &wrong);
    if report.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Takes a value as if something came of it.
fn ignore<T>(value: T) {
    let _ = black_box(value);
}

struct Report {
    failed: bool,
}

impl Report {
    /// Runs over every message; fails if anything was allocated.
    fn nothing(&mut self, what: &str, kind: &str, messages: &[Vec<u8>], mut run: impl FnMut(&[u8])) {
        let region = Region::new(ALLOCATOR);
        messages.iter().for_each(|message| run(message));
        let change = region.change();
        let verdict = if change.allocations + change.reallocations == 0 { "ok" } else { "FAILED" };
        self.failed |= verdict != "ok";
        println!(
            "{what} of {} {kind}: {} allocations, {} reallocations: {verdict}",
            messages.len(),
            change.allocations,
            change.reallocations,
        );
    }
}

fn reading(report: &mut Report, kind: &str, messages: &[Vec<u8>]) {
    let mut index = Index::new();
    report.nothing("framing and header", kind, messages, |octets| {
        ignore(frame_length(octets, MAX_MESSAGE));
        ignore(Header::parse(octets));
    });
    report.nothing("index", kind, messages, |octets| {
        ignore(index.parse(octets, dict::is_grouped));
    });
    let mut each = |report: &mut Report, what: &str, run: fn(&Message<'_>)| {
        report.nothing(what, kind, messages, |octets| {
            if let Ok(message) = index.parse(octets, dict::is_grouped) {
                run(&message);
            }
        });
    };
    each(report, "lazy reads", |message| {
        let avps = message.avps();
        ignore(avps.get(&avp::SESSION_ID));
        ignore(avps.get(&avp::RESULT_CODE));
        avps.get_all(&avp::HOST_IP_ADDRESS).for_each(ignore);
        for component in avps.get_all(&avp::MEDIA_COMPONENT_DESCRIPTION).flatten() {
            ignore(component.get(&avp::FLOW_STATUS));
            for flow in component.get_all(&avp::MEDIA_SUB_COMPONENT).flatten() {
                flow.get_all(&avp::FLOW_DESCRIPTION).for_each(ignore);
            }
        }
    });
    each(report, "every value", |message| {
        message.every_avp().for_each(|avp| ignore(Value::read(avp)));
    });
    each(report, "walk over every AVP", |message| {
        message.every_avp().for_each(|avp| ignore(walk(avp.data()).count()));
    });
    each(report, "outcome", |message| ignore(Outcome::read(message.avps())));
    // Writing what was read goes over every list and group of the struct.
    each(report, "structs and their lists", |message| {
        let mut out = [0; 8 * 1024];
        let ids = (message.header().hop_by_hop, message.header().end_to_end);
        macro_rules! touch {
            ($($type:ident)*) => {$(
                if let Ok(read) = $type::read(message) {
                    ignore(read.encode_into(&mut out, ids));
                }
            )*};
        }
        touch!(AaRequest AaAnswer RaRequest RaAnswer StRequest StAnswer AsRequest AsAnswer);
    });
}

fn writing(report: &mut Report, messages: &[Vec<u8>]) {
    let (mut index, mut out) = (Index::new(), vec![0; 8 * 1024]);
    report.nothing("writer", "goldens", messages, |octets| {
        let message = index.parse(octets, dict::is_grouped).unwrap();
        let header = message.header();
        let ids = (header.hop_by_hop, header.end_to_end);
        let mut w = Writer::begin(&mut out, header.command, header.flags, header.application, ids);
        w.put_some(&avp::SESSION_ID, message.avps().get(&avp::SESSION_ID).unwrap());
        w.group(&avp::FLOWS, |w| w.put(&avp::FLOW_NUMBER, 1));
        message.avps().iter().for_each(|avp| w.put_raw(avp.code(), avp.vendor(), avp.flags(), avp.data()));
        w.finish().unwrap();
    });
    let template = AnswerTemplate::new(&avp::SESSION_ID, [avp::PROXY_INFO.key()], CommandFlags::NONE, |w| {
        w.put(&avp::RESULT_CODE, 2001);
        w.put(&avp::ORIGIN_HOST, "pcscf01.ims.mnc001.mcc001.3gppnetwork.org");
    });
    let template = template.unwrap();
    report.nothing("template answer", "goldens", messages, |octets| {
        let message = index.parse(octets, dict::is_grouped).unwrap();
        template.answer(&message, &mut out).unwrap();
    });
    // Owned by itself, as a program builds it.
    let owned: Vec<AaRequest<'static>> = messages
        .iter()
        .filter_map(|octets| {
            AaRequest::read(&index.parse(octets, dict::is_grouped).unwrap()).ok().map(AaRequest::into_owned)
        })
        .collect();
    assert!(owned.len() > 5);
    let mut turn = owned.iter().cycle();
    report.nothing("encoding of AA-Requests", "goldens", messages, |_| {
        turn.next().unwrap().encode_into(&mut out, Default::default()).unwrap();
    });
}

/// What makes something of a message allocates in proportion to its octets, never to a length that it claims.
fn bounded(report: &mut Report, good: &[Vec<u8>], wrong: &[Vec<u8>]) {
    let mut index = Index::new();
    let mut most = |what: &str, per_octet: usize, run: &mut dyn FnMut(&[u8])| {
        let mut worst = 0;
        for octets in good.iter().chain(wrong) {
            let region = Region::new(ALLOCATOR);
            run(octets);
            // 4 KiB for what does not grow with the message: texts of errors, the header.
            let taken = region.change().bytes_allocated.saturating_sub(4096);
            worst = worst.max(taken.div_ceil(octets.len().max(1)));
        }
        let verdict = if worst <= per_octet { "ok" } else { "FAILED" };
        report.failed |= verdict != "ok";
        println!("{what}: at most {worst} octets for each octet received, {per_octet} allowed: {verdict}");
    };
    most("error and its Failed-AVP", 1, &mut |octets| {
        if let Err(error) = index.parse(octets, dict::is_grouped) {
            ignore(error.failed_avp(octets));
        }
    });
    most("grammar", 4, &mut |octets| {
        if let Ok(message) = index.parse(octets, dict::is_grouped) {
            ignore(dict::check(Dictionary::builtin(), &message, Strictness::Strict));
        }
    });
    most("dump", 64, &mut |octets| {
        ignore(Tree::from_octets(Dictionary::builtin(), octets));
    });
}
