//! The numbered choices, where the interface contradicts itself or Rx: each has a test that is called after its
//! number, or a reason for having none. Here are those that concern several operations.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use crate::{
    examples::{EXAMPLE_16_10, EXAMPLE_16_11, EXAMPLE_16_13},
    notification::{REGISTRATION, registration},
    support::*,
    world::*,
};

/// How many choices there are.
const POINTS: u8 = 57;

/// Choices that nothing the program does can show.
const WITHOUT_A_TEST: [(u8, &str); 1] = [(
    47,
    "which release of TS 29.214 a statement of compliance names: the README's conformance table says it",
)];

/// Numbers of the tests `point_N_...` in a source file.
fn tested(source: &str) -> BTreeSet<u8> {
    let mut numbers = BTreeSet::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim_start) {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(rest) = function.and_then(|name| name.strip_prefix("point_")).filter(|_| is_test) {
            let number = rest.split('_').next().unwrap();
            numbers.insert(number.parse().unwrap_or_else(|_| panic!("no number: {line}")));
        }
        is_test = line == "#[test]" || line.starts_with("#[tokio::test") || is_test && line.starts_with("#[");
    }
    numbers
}

/// The same of every source file below a folder.
fn tested_below(folder: &Path) -> BTreeSet<u8> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: std::path::PathBuf| {
        if path.is_dir() {
            tested_below(&path)
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tested(&fs::read_to_string(path).unwrap())
        } else {
            BTreeSet::new()
        }
    };
    paths.flat_map(of).collect()
}

#[test]
fn every_point_has_a_test_or_a_reason() {
    let tested = tested_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let reasons = BTreeSet::from(WITHOUT_A_TEST.map(|(number, _)| number));
    let both: Vec<_> = tested.intersection(&reasons).collect();
    assert!(both.is_empty(), "{both:?} have a test and a reason for having none");
    let all: BTreeSet<u8> = (1..=POINTS).collect();
    let found: BTreeSet<u8> = tested.union(&reasons).copied().collect();
    assert_eq!(found, all, "neither: {:?}", all.difference(&found));
}

#[test]
fn only_tests_count_as_tests() {
    let source = "#[test]\nfn point_07_a() {}\nfn point_08_b() {}\n#[tokio::test]\nasync fn point_9_c() {\n\
                  // fn point_10_d()\n    fn point_11_e() {}\n}\n#[test]\n#[ignore]\nfn point_012_f() {}\n";
    assert_eq!(tested(source), BTreeSet::from([7, 9, 12]));
}

#[tokio::test]
async fn point_24_the_change_of_the_access_has_two_names() {
    let world = World::new();
    for (correlator, name) in [("a", "IP_CAN_CHANGE"), ("b", "IP-CAN_CHANGE"), ("c", "6")] {
        let members = json!({ "reference": { "correlator": correlator }, "eventCriteria": [name] });
        assert_eq!(world.register(registration(members)).await.status, 201, "{name}");
        let shown = world.get(&format!("{REGISTRATION}/{correlator}")).await.json();
        assert_eq!(shown["startQoSNotification"]["eventCriteria"], json!(["6"]), "{name}");
    }
}

#[tokio::test]
async fn point_38_a_modify_is_answered_with_an_object() {
    let world = World::new();
    let id = world.apply(EXAMPLE).await.request_id();
    let reply = world.send("PUT", &format!("/ApplicationQoSService/qos/{id}"), EXAMPLE_16_11).await.json();
    let members: Vec<&String> = reply.as_object().unwrap().keys().collect();
    assert_eq!(members, ["actualProperties"]);
    assert!(reply["actualProperties"].is_object());
}

#[tokio::test]
async fn point_49_a_modify_with_a_template_is_a_post_or_a_put() {
    let world = World::new();
    world.load(".*", EXAMPLE_16_10);
    let asked = json!({ "templateQoSFeatureProperties": { "duration": 60, "framedIPAddress": "10.0.0.1" } });
    let path = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let id = world.send("POST", &path, asked.to_string()).await.request_id();
    let path = format!("/ApplicationQoSService/qos/{id}/templatebased");
    let mut answers = Vec::<Value>::new();
    for method in ["POST", "PUT"] {
        let reply = world.send(method, &path, EXAMPLE_16_13).await;
        assert_eq!(reply.status, 200, "{method}");
        answers.push(reply.json());
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(world.pcrf.aars().len(), 3);
    // The plain one is a PUT only.
    let plain = world.send("POST", &format!("/ApplicationQoSService/qos/{id}"), EXAMPLE_16_11).await;
    assert_eq!(plain.status, 405);
}
