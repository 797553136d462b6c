//! The examples of the interface's documentation, each in its own text: what comes in is accepted, or refused with
//! the reason; what goes out has the example's members with its values, in its order.
//!
//! Only what nobody can copy is another: ids that the gateway chooses, and `endpt_host:port`, which is no address.

mod apply;
mod notification;
mod template;

use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write as _, sync::Mutex};

use rxgate::rx::AaRequest;
use serde_json::Value;

use crate::world::*;

pub const EXAMPLE_16_1: &str = include_str!("../../data/gatekeeper/example-16-1.json");
pub const EXAMPLE_16_3: &str = include_str!("../../data/gatekeeper/example-16-3.txt");
pub const EXAMPLE_16_4: &str = include_str!("../../data/gatekeeper/example-16-4.json");
pub const EXAMPLE_16_5: &str = include_str!("../../data/template/example-16-5.xml");
pub const EXAMPLE_16_6: &str = include_str!("../../data/template/example-16-6.xml");
pub const EXAMPLE_16_7: &str = include_str!("../../data/template/example-16-7.xml");
pub const EXAMPLE_16_8: &str = include_str!("../../data/gatekeeper/example-16-8.json");
pub const EXAMPLE_16_9: &str = include_str!("../../data/gatekeeper/example-16-9.json");
pub const EXAMPLE_16_10: &str = include_str!("../../data/template/example-16-10.xml");
pub const EXAMPLE_16_11: &str = include_str!("../../data/gatekeeper/example-16-11.json");
pub const EXAMPLE_16_12: &str = include_str!("../../data/gatekeeper/example-16-12.json");
pub const EXAMPLE_16_13: &str = include_str!("../../data/gatekeeper/example-16-13.json");
pub const EXAMPLE_16_14: &str = include_str!("../../data/gatekeeper/example-16-14.json");
pub const EXAMPLE_16_15: &str = include_str!("../../data/gatekeeper/example-16-15.json");
pub const EXAMPLE_16_17: &str = include_str!("../../data/gatekeeper/example-16-17.json");
pub const EXAMPLE_16_18: &str = include_str!("../../data/gatekeeper/example-16-18.json");
pub const EXAMPLE_16_19: &str = include_str!("../../data/gatekeeper/example-16-19.json");

/// How many examples there are.
const EXAMPLES: usize = 19;

/// The end user of the documentation, in a path.
const END_USER: &str = "tel%3A88888888";

const ACCEPTED: &str = "accepted";
const REFUSED: &str = "refused";
const PRODUCED: &str = "produced";

/// Notes what became of an example. With the last one all are listed, past the capture of the test harness.
fn note(example: u8, result: &'static str, how: impl Into<String>) {
    static RESULTS: Mutex<BTreeMap<u8, (&str, String)>> = Mutex::new(BTreeMap::new());
    let mut results = RESULTS.lock().unwrap();
    results.insert(example, (result, how.into()));
    if results.len() < EXAMPLES {
        return;
    }
    let mut list = String::new();
    for (example, (result, how)) in &*results {
        writeln!(list, "example 16-{example}: {result}, {how}").unwrap();
    }
    let count = |wanted| results.values().filter(|(result, _)| *result == wanted).count();
    let counts = [ACCEPTED, REFUSED, PRODUCED].map(|wanted| format!("{} {wanted}", count(wanted)));
    writeln!(list, "{EXAMPLES} examples: {}", counts.join(", ")).unwrap();
    std::io::stderr().write_all(list.as_bytes()).unwrap();
}

fn last(world: &World) -> AaRequest<'static> {
    world.pcrf.aars().last().unwrap().clone()
}

/// An example of an answer, with the id that the gateway chose.
fn with_id(example: &str, id: &str) -> String {
    let mut answer: Value = serde_json::from_str(example).unwrap();
    let place = &mut answer["applyQoSFeatureResponse"]["requestId"];
    assert!(place.is_string());
    *place = id.into();
    answer.to_string()
}

fn body(reply: &Reply) -> &str {
    assert_eq!(reply.header("content-type"), "application/json");
    std::str::from_utf8(&reply.body).unwrap()
}

#[test]
fn the_description_shows_the_examples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/north/gatekeeper/describe/examples");
    let mut shown = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (name, described) =
            (path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap());
        let own = format!("{}/tests/data/gatekeeper/example-{name}", env!("CARGO_MANIFEST_DIR"));
        let own: Value = serde_json::from_str(&fs::read_to_string(own).unwrap()).unwrap();
        let described = described.replace("application.example:8080", "endpt_host:port");
        let mut described: Value = serde_json::from_str(&described).unwrap();
        if let Some(event) = described.get_mut("notifyQoSEvent").and_then(Value::as_object_mut) {
            // The text requires it, the example has it not.
            event.remove("endUserIdentities");
        }
        assert_eq!(described, own, "{name}");
        shown += 1;
    }
    assert!(shown >= 5, "{shown}");
}
