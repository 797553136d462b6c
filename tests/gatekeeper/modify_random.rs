//! Changes on top of each other: what is shown afterwards is what an apply of everything together shows.

use rxgate::north::gatekeeper::{EndUser, read_modify};
use serde_json::{Map, Value, json};

use crate::{mutation::Random, support::*};

/// Members of one level; some of them, in any order.
fn some(random: &mut Random, members: &[(&str, &[Value])]) -> Map<String, Value> {
    let mut chosen = Map::new();
    for _ in 0..random.below(4) {
        let (name, values) = &members[random.below(members.len())];
        chosen.insert((*name).into(), values[random.below(values.len())].clone());
    }
    chosen
}

fn parameters(random: &mut Random) -> Option<Value> {
    let name = ["Own-Text", "Own-Octets", "Own-Choice"][random.below(3)];
    let value = ["ENUM_1", "ENUM_2"][random.below(2)];
    (random.below(4) == 0).then(|| json!([{ "name": name, "value": value }]))
}

fn flow(random: &mut Random, number: usize) -> Value {
    let mut flow = some(
        random,
        &[
            ("flowDescription", &[json!(["a"]), json!(["b", "c"])]),
            ("flowStatus", &[json!("ENABLED"), json!("DISABLED"), json!("REMOVED")]),
            ("flowUsage", &[json!("RTCP"), json!("AF_SIGNALLING")]),
            ("maxRequestedBandwidthUL", &[json!(1), json!(2)]),
            ("maxRequestedBandwidthDL", &[json!(3)]),
            ("signallingProtocol", &[json!("SIP"), json!("NO_INFORMATION")]),
        ],
    );
    flow.extend(parameters(random).map(|parameters| ("parameter".into(), parameters)));
    flow.insert("flowNumber".into(), number.into());
    flow.into()
}

fn component(random: &mut Random, number: usize) -> Value {
    let mut component = some(
        random,
        &[
            ("applicationIdentifier", &[json!("x"), json!("y")]),
            ("mediaType", &[json!("AUDIO"), json!("DATA")]),
            ("maxRequestedBandwidthUL", &[json!(100), json!(200)]),
            ("minRequestedBandwidthUL", &[json!(10), json!(20)]),
            ("flowStatus", &[json!("ENABLED"), json!("ENABLED"), json!("REMOVED")]),
            ("reservationPriority", &[json!(1), json!(2)]),
            ("rRBandwidth", &[json!(5)]),
            ("codecData", &[json!(["one"]), json!(["one", "two"])]),
        ],
    );
    component.extend(parameters(random).map(|parameters| ("parameter".into(), parameters)));
    let flows: Vec<Value> = (0..4)
        .filter(|_| random.below(3) == 0)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|number| flow(random, number))
        .collect();
    if !flows.is_empty() {
        component.insert("mediaSubComponent".into(), flows.into());
    }
    component.insert("mediaComponentNumber".into(), number.into());
    component.into()
}

fn change(random: &mut Random) -> Value {
    let mut change = some(
        random,
        &[
            ("duration", &[json!(60), json!(90)]),
            ("applicationIdentifier", &[json!("a"), json!("b")]),
            (
                "serviceInfoStatus",
                &[json!("FINAL_SERVICE_INFORMATION"), json!("PRELIMINARY_SERVICE_INFORMATION")],
            ),
            ("chargingIdentifier", &[json!("c"), json!("d")]),
            ("supportedFeatures", &[json!([{ "vendorId": 1, "featureListID": 2, "featureList": 3 }])]),
            ("reservationPriority", &[json!(7)]),
            ("calledStationId", &[json!("apn")]),
            ("serviceURN", &[json!("sos")]),
            (
                "sponsoredConnectivityData",
                &[json!({ "sponsorIdentity": "s" }), json!({ "grantedServiceUnit": { "cCTime": 4 } })],
            ),
            ("mPSIdentifier", &[json!("m")]),
        ],
    );
    change.extend(parameters(random).map(|parameters| ("parameter".into(), parameters)));
    let numbers: Vec<usize> = (0..4).filter(|_| random.below(3) == 0).collect();
    let components: Vec<Value> = numbers.into_iter().map(|number| component(random, number)).collect();
    if !components.is_empty() {
        change.insert("mediaComponentDescription".into(), components.into());
    }
    change.into()
}

/// TS 29.214 §4.4.2 in as few words as possible.
fn merge(current: &mut Value, change: &Value) {
    let current = current.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        let key = match name.as_str() {
            "mediaComponentDescription" => "mediaComponentNumber",
            "mediaSubComponent" => "flowNumber",
            "parameter" => "name",
            _ => {
                current.insert(name.clone(), value.clone());
                continue;
            }
        };
        let mut items = current.remove(name).map_or_else(Vec::new, |items| items.as_array().unwrap().clone());
        for item in value.as_array().unwrap() {
            let at = items.iter().position(|known| known[key] == item[key]);
            if item["flowStatus"] == "REMOVED" {
                at.map(|at| items.remove(at));
                continue;
            }
            let at = at.unwrap_or_else(|| {
                items.push(json!({}));
                items.len() - 1
            });
            merge(&mut items[at], item);
        }
        if !items.is_empty() {
            current.insert(name.clone(), items.into());
        }
    }
}

#[test]
fn many_changes_show_what_one_apply_of_all_shows() {
    let user = EndUser::parse(USER).unwrap();
    let mut random = Random(0x5eed_0005);
    let (mut made, mut longest) = (0, 0);
    for _ in 0..100 {
        let mut expected = json!({ "framedIPAddress": "10.0.0.1" });
        let mut current = ask(expected.clone()).view;
        for _ in 0..30 {
            let change = change(&mut random);
            let body = json!({ "qoSFeatureProperties": change }).to_string();
            let asked = read_modify(body.as_bytes(), &user, &current, COMPATIBLE, &DICTIONARY);
            if change.as_object().unwrap().is_empty() {
                asked.unwrap_err();
                continue;
            }
            merge(&mut expected, &change);
            current = asked.unwrap().view;
            assert_eq!(current, ask(expected.clone()).view, "{change}");
            (made, longest) = (made + 1, longest.max(current.len()));
        }
    }
    assert!(made > 2000 && longest > 1000, "{made} changes, at most {longest} octets");
}
