//! Bodies that are almost right: whatever comes, the client gets an answer that blames it, or a session.

use rxgate::{
    dict::Dictionary,
    north::gatekeeper::{EndUser, read_apply, read_registration},
};

use crate::{
    notification::{EXAMPLE_16_16, with_host},
    support::*,
    template::{SMALL, apply as apply_template},
    world::World,
};

/// xorshift64*: the same bodies in every run.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.next() % end.max(1)
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-",
    "-1",
    "1e999",
    "1e-999999999",
    "18446744073709551616",
    "0.1",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\\",
    "\u{0}",
    "é",
    "4294967296",
    "{}",
    "[]",
    "[[[[",
    "\"hex:\"",
    "\"parameter\":[{\"name\":\"Own-Group\",\"value\":[{\"name\":\"Own-Text\",\"value\":1}]}],",
    "\"framedIPv6Prefix\":\"2001:db8::1/\",",
    "\"::1\"",
    "\"FFFFFFFF\"",
    "\"REMOVED\"",
    "\"usedServiceUnit\":{},",
];

fn mutated(random: &mut Random, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(body.len());
        match random.below(6) {
            0 => body[at] ^= 1 << random.below(8),
            1 => body.truncate(at),
            2 => drop(body.splice(at..at, random.one_of(WORDS).bytes())),
            3 => {
                let end = (at + random.below(40)).min(body.len());
                drop(body.splice(at..end, random.one_of(WORDS).bytes()));
            }
            // A value between a colon and the end of its line.
            4 => {
                if let Some(colon) =
                    body[at..].iter().position(|octet| *octet == b':').map(|found| at + found + 1)
                {
                    let end = body[colon..].iter().position(|octet| b",\n".contains(octet));
                    let end = end.map_or(body.len(), |found| colon + found);
                    drop(body.splice(colon..end, random.one_of(WORDS).bytes()));
                }
            }
            _ => {
                let piece = body[at..(at + random.below(200)).min(body.len())].to_vec();
                let to = random.below(body.len());
                drop(body.splice(to..to, piece));
            }
        }
        if body.is_empty() {
            break;
        }
    }
    body
}

#[test]
fn no_body_makes_the_reader_panic() {
    let dictionary = Dictionary::with_files([("own.xml", OWN_AVPS)]).unwrap();
    let user = EndUser::parse(USER).unwrap();
    let mut random = Random(0x5eed_0001);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..20_000 {
        let body = mutated(&mut random, EXAMPLE);
        let settings = if round % 2 == 0 { COMPATIBLE } else { STRICT };
        match read_apply(&body, &user, settings, &dictionary) {
            Ok(asked) => {
                accepted += 1;
                serde_json::from_str::<serde_json::Value>(&asked.view).unwrap();
                asked.service.encode(Default::default()).unwrap();
            }
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert!(text.starts_with("SVC000") && !error.part().is_empty(), "{text}");
                assert!(text.len() < 1000, "{text}");
            }
        }
    }
    assert!(accepted > 200 && refused > 2000, "{accepted} accepted, {refused} refused");
}

#[test]
fn no_registration_makes_the_reader_panic() {
    let mut random = Random(0x5eed_0003);
    let example = with_host(EXAMPLE_16_16);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..20_000 {
        let body = mutated(&mut random, example.as_bytes());
        let settings = if round % 2 == 0 { COMPATIBLE } else { STRICT };
        match read_registration(&body, settings, Dictionary::builtin()) {
            Ok(asked) => {
                accepted += 1;
                assert!(!asked.end_users.is_empty() && (1..=11).contains(&asked.criteria.len()));
                assert!((1..=256).contains(&asked.correlator.len()));
            }
            Err(error) => {
                refused += 1;
                let text = error.to_string();
                assert!(text.starts_with("SVC000") && !error.part().is_empty(), "{text}");
                assert!(text.len() < 1000, "{text}");
            }
        }
    }
    assert!(accepted > 200 && refused > 2000, "{accepted} accepted, {refused} refused");
}

#[tokio::test]
async fn no_body_is_the_gateways_fault() {
    let world = World::new();
    let mut random = Random(0x5eed_0002);
    for _ in 0..2000 {
        let body = mutated(&mut random, EXAMPLE);
        let reply = world.apply(body.clone()).await;
        let text = String::from_utf8_lossy(&body);
        match reply.status {
            201 => drop(reply.request_id()),
            400 => assert!(reply.message().starts_with("SVC000"), "{text}"),
            other => panic!("{other} for {text}"),
        }
    }
}

const TEMPLATE_BODY: &[u8] = br#"{
  "templateQoSFeatureProperties": {
    "duration": 3600,
    "applicationIdentifier": "app_id",
    "framedIPAddress": "10.0.0.1",
    "calledStationId": "called_station_id",
    "parameter": [
      { "name": "$UP", "value": "a filter" },
      { "name": "$MAX_UL", "value": 2048 },
      { "name": "$TYPE", "value": "AUDIO" }
    ]
  }
}"#;

#[tokio::test]
async fn no_body_of_a_change_or_with_a_template_is_the_gateways_fault() {
    let world = World::new();
    world.load(".*", SMALL);
    let plain = world.apply(EXAMPLE).await.request_id();
    let made = apply_template(&world, USER, TEMPLATE_BODY).await.request_id();
    let created = format!("/ApplicationQoSService/{USER}/qos/templatebased");
    let mut random = Random(0x5eed_0003);
    let mut granted = [0; 3];
    for round in 0..300 {
        let (method, path, example) = match round % 3 {
            0 => ("PUT", format!("/ApplicationQoSService/qos/{plain}"), EXAMPLE),
            1 => ("POST", created.clone(), TEMPLATE_BODY),
            _ => ("POST", format!("/ApplicationQoSService/qos/{made}/templatebased"), TEMPLATE_BODY),
        };
        let body = mutated(&mut random, example);
        let before = [world.view(&plain).await, world.view(&made).await];
        let reply = world.send(method, &path, body.clone()).await;
        let text = String::from_utf8_lossy(&body);
        match reply.status {
            200 | 201 => granted[round % 3] += 1,
            400 => {
                assert!(reply.message().starts_with("SVC000"), "{text}");
                assert_eq!([world.view(&plain).await, world.view(&made).await], before, "{text}");
            }
            other => panic!("{other} for {text}"),
        }
    }
    assert!(granted.iter().all(|count| *count > 2), "{granted:?}");
}
