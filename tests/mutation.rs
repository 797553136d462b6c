//! A million wrong messages: nothing panics, nothing loops, and what is said about them is true.
//!
//! `MUTATIONS=10000000 SEED=7 cargo test --release --test mutation` runs others.
#![allow(clippy::unwrap_used)]

#[path = "golden/files.rs"]
mod files;
#[path = "golden/mutate.rs"]
mod mutate;

use std::{
    cell::Cell,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use mutate::{Mutations, Random};
use rxgate::{
    dict::{
        self, Dictionary, Strictness, Value, avp,
        dump::{self, Tree},
    },
    rx::*,
    wire::*,
};

/// The inputs of one seed; threads take whole portions, so that their number changes nothing.
const PORTION: u64 = 1_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn a_million_mutated_messages_are_survived() {
    let (wanted, seed) = (setting("MUTATIONS", 1_000_000), setting("SEED", 1));
    let portions = wanted.div_ceil(PORTION);
    let mutations = Mutations::of_goldens();
    let next = AtomicU64::new(0);
    let totals = Mutex::new(Totals::default());
    let work = || {
        let mut reader = Reader::new();
        let mut own = Totals::default();
        loop {
            let portion = next.fetch_add(1, Ordering::Relaxed);
            if portion >= portions {
                break;
            }
            let mut random = Random::new(seed.wrapping_mul(portions) + portion);
            for _ in 0..PORTION {
                let octets = mutations.next(&mut random);
                match catch_unwind(AssertUnwindSafe(|| reader.everything(&octets))) {
                    Ok(reached) => own.count(reached),
                    Err(_) => own.panics.push(octets),
                }
            }
        }
        totals.lock().unwrap().add(own);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let totals = totals.into_inner().unwrap();
    // Not by println, which a test that passes keeps to itself.
    writeln!(
        io::stderr(),
        "mutation: {} mutated inputs of seed {seed}, {} panics; {} parsed, {} of them with every value right, {} read \
         as their Rx message, {} within the grammar",
        grouped(totals.inputs),
        totals.panics.len(),
        grouped(totals.parsed),
        grouped(totals.values),
        grouped(totals.typed),
        grouped(totals.grammar),
    )
    .unwrap();
    let hex: Vec<String> = totals.panics.iter().take(5).map(|octets| hexadecimal(octets)).collect();
    assert!(hex.is_empty(), "make these goldens:\n{}", hex.join("\n"));
    // Not a proof of much if hardly anything got past the parser.
    assert_eq!(totals.inputs, portions * PORTION);
    for (reached, layer) in
        [(totals.parsed, "parser"), (totals.typed, "structs"), (totals.grammar, "grammar")]
    {
        assert!(reached > totals.inputs / 50, "only {reached} inputs passed the {layer}");
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let from_end = |at: usize| digits.len() - at;
    let comma = |at: usize| if at > 0 && from_end(at).is_multiple_of(3) { "," } else { "" };
    digits.char_indices().map(|(at, digit)| format!("{}{digit}", comma(at))).collect()
}

/// How far an input came.
#[derive(Clone, Copy, Default)]
struct Reached {
    parsed: bool,
    values: bool,
    typed: bool,
    grammar: bool,
}

#[derive(Default)]
struct Totals {
    inputs: u64,
    parsed: u64,
    values: u64,
    typed: u64,
    grammar: u64,
    panics: Vec<Vec<u8>>,
}

impl Totals {
    fn count(&mut self, reached: Reached) {
        self.inputs += 1;
        self.parsed += u64::from(reached.parsed);
        self.values += u64::from(reached.values);
        self.typed += u64::from(reached.typed);
        self.grammar += u64::from(reached.grammar);
    }

    fn add(&mut self, other: Totals) {
        self.inputs += other.inputs + other.panics.len() as u64;
        self.parsed += other.parsed;
        self.values += other.values;
        self.typed += other.typed;
        self.grammar += other.grammar;
        self.panics.extend(other.panics);
    }
}

/// Everything that reads octets of a peer, with the storage that it reuses.
struct Reader {
    index: Index,
    again: Index,
    template: AnswerTemplate<1>,
}

impl Reader {
    fn new() -> Self {
        let template =
            AnswerTemplate::new(&avp::SESSION_ID, [avp::PROXY_INFO.key()], CommandFlags::NONE, |w| {
                w.put(&avp::RESULT_CODE, 2001);
            });
        Self { index: Index::new(), again: Index::new(), template: template.unwrap() }
    }

    fn everything(&mut self, octets: &[u8]) -> Reached {
        let mut reached = Reached::default();
        // An AVP has eight octets at least, so no loop over AVPs takes more steps than this.
        let most = octets.len() / 8;
        if let Ok(Some(length)) = frame_length(octets, MAX_MESSAGE) {
            assert!((HEADER_LENGTH..=MAX_MESSAGE).contains(&length));
        }
        let tree = Tree::from_octets(Dictionary::builtin(), octets);
        if let Ok(tree) = &tree {
            assert!(nodes(&tree.avps) <= octets.len());
        }
        let rest = octets.get(HEADER_LENGTH..).unwrap_or_default();
        assert!(walk(rest).count() <= most);
        let asked = Cell::new(0);
        let is_grouped = |key| {
            asked.set(asked.get() + 1);
            dict::is_grouped(key)
        };
        let message = match self.index.parse(octets, is_grouped) {
            Ok(message) => message,
            Err(error) => {
                assert!(asked.get() <= most);
                true_error(&error, octets);
                return reached;
            }
        };
        reached.parsed = true;
        assert!(message.total_avps() == asked.get() && asked.get() <= most);
        reached.values = values(&message);
        let text = tree.unwrap().to_string();
        assert!(text.lines().count() > message.avps().len());
        let (outcome, results) = Outcome::read(message.avps());
        assert_eq!(outcome.is_some(), results > 0);
        for strictness in [Strictness::Lenient, Strictness::Strict] {
            match dict::check(Dictionary::builtin(), &message, strictness) {
                Ok(()) => reached.grammar = true,
                // What is quoted came from the message, but for an example of what is missing.
                Err(violation) => {
                    let quoted = violation.failed_avp.map_or(0, |quoted| quoted.len());
                    assert!(quoted <= octets.len() + 12 * MAX_DEPTH + 80);
                }
            }
        }
        if message.header().is_request() {
            let mut out = vec![0; octets.len() + 64];
            let length = self.template.answer(&message, &mut out).unwrap();
            self.again.parse(&out[..length], dict::is_grouped).unwrap();
        }
        reached.typed = self.typed(octets);
        reached
    }

    /// Reads the struct of the message's command, writes it, and reads and writes that once more: the same.
    fn typed(&mut self, octets: &[u8]) -> bool {
        let Self { index, again, .. } = self;
        let message = index.parse(octets, dict::is_grouped).unwrap();
        macro_rules! read {
            ($type:ident) => {
                match $type::read(&message) {
                    Ok(read) => {
                        let ids = (message.header().hop_by_hop, message.header().end_to_end);
                        let (mut one, mut two) = (vec![0; octets.len()], vec![0; octets.len()]);
                        let length = read.encode_into(&mut one, ids).unwrap();
                        let written = again.parse(&one[..length], dict::is_grouped).unwrap();
                        let read = $type::read(&written).unwrap();
                        assert_eq!(read.encode_into(&mut two, ids), Ok(length));
                        assert_eq!(one, two);
                        true
                    }
                    Err(RxError::Wire(error)) => {
                        true_error(&error, octets);
                        false
                    }
                    Err(_) => false,
                }
            };
        }
        match (message.header().command, message.header().is_request()) {
            (dict::commands::AA, true) => read!(AaRequest),
            (dict::commands::AA, false) => read!(AaAnswer),
            (dict::commands::RE_AUTH, true) => read!(RaRequest),
            (dict::commands::RE_AUTH, false) => read!(RaAnswer),
            (dict::commands::SESSION_TERMINATION, true) => read!(StRequest),
            (dict::commands::SESSION_TERMINATION, false) => read!(StAnswer),
            (dict::commands::ABORT_SESSION, true) => read!(AsRequest),
            (dict::commands::ABORT_SESSION, false) => read!(AsAnswer),
            _ => false,
        }
    }
}

/// Goes to every AVP on every way there is; tells whether each has its format.
fn values(message: &Message<'_>) -> bool {
    let (octets, mut right) = (message.octets(), true);
    for avp in message.every_avp() {
        let end = avp.offset() + avp.padded_octets().len();
        assert!(avp.octets().len() >= 8 && end <= octets.len());
        assert!(avp.data().len() <= avp.octets().len() - 8);
        assert!(walk(avp.data()).count() <= avp.data().len() / 8);
        let inside: usize = avp.children().iter().map(|child| child.padded_octets().len()).sum();
        assert!(inside == 0 || inside == avp.data().len());
        if let Err(error) = Value::read(avp) {
            true_error(&error, octets);
            assert!(matches!(error, WireError::Value { offset, .. } if offset as usize == avp.offset()));
            right = false;
        }
    }
    right
}

/// An error tells a place in the message, and quotes no more than the message holds.
fn true_error(error: &WireError, octets: &[u8]) {
    assert!((3000..6000).contains(&error.result_code()));
    if let WireError::AvpLength { offset, .. }
    | WireError::TooDeep { offset }
    | WireError::Value { offset, .. } = error
    {
        assert!((HEADER_LENGTH..octets.len()).contains(&(*offset as usize)), "{error}");
    }
    assert!(error.failed_avp(octets).is_none_or(|quoted| quoted.len() <= octets.len()));
    assert!(!error.to_string().is_empty());
}

fn nodes(level: &[dump::Node]) -> usize {
    let inside = level.iter().map(|node| match &node.value {
        dump::Value::Group(inside) => nodes(inside),
        _ => 0,
    });
    level.len() + inside.sum::<usize>()
}

#[test]
fn a_stream_gives_the_same_messages_however_it_is_cut() {
    let mutations = Mutations::of_goldens();
    let (mut random, mut index) = (Random::new(setting("SEED", 1)), Index::new());
    let (mut frames, mut broken) = (0, 0);
    for _ in 0..2_000 {
        let stream: Vec<u8> = (0..1 + random.below(6)).flat_map(|_| mutations.next(&mut random)).collect();
        let whole = cut(&stream, || usize::MAX);
        assert_eq!(cut(&stream, || 1), whole);
        assert_eq!(cut(&stream, || 1 + random.below(90)), whole);
        for frame in &whole.0 {
            let message = MessageBuf::from_bytes(frame.clone().into()).unwrap();
            let _ = message.parse(&mut index, dict::is_grouped);
        }
        frames += whole.0.len();
        broken += usize::from(whole.1.is_some());
    }
    writeln!(io::stderr(), "mutation: 2,000 streams, {frames} messages, {broken} streams out of step")
        .unwrap();
    assert!(frames > 2_000 && broken > 100);
}

/// Feeds a stream piece by piece; returns the messages, and the error that ended it.
fn cut(stream: &[u8], mut piece: impl FnMut() -> usize) -> (Vec<Vec<u8>>, Option<WireError>) {
    let (mut buffer, mut frames, mut rest) = (Vec::new(), Vec::new(), stream);
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(piece().min(rest.len()));
        buffer.extend_from_slice(head);
        rest = tail;
        loop {
            match frame_length(&buffer, MAX_MESSAGE) {
                Err(error) => return (frames, Some(error)),
                Ok(Some(length)) if length <= buffer.len() => frames.push(buffer.drain(..length).collect()),
                Ok(_) => break,
            }
        }
    }
    (frames, None)
}
