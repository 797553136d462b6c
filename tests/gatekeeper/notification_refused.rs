//! Registrations that are refused: what the client is told, and that nothing of them is kept.

use axum::{body::Body, http::Request};
use base64ct::{Base64, Encoding};
use rxgate::{
    access::{Scope, SecretHash, Terms},
    north::{gatekeeper::NotificationSettings, limits::Limits},
};
use serde_json::{Value, json};

use crate::{
    notification::{EXAMPLE_16_16, REGISTRATION, correlated, registration, text, with_host},
    support::*,
    world::*,
};

#[tokio::test]
async fn point_44_5_and_other_numbers_without_an_event_are_refused_with_the_valid_ones() {
    let world = World::new();
    let valid = "1 CHARGING_CORRELATION_EXCHANGE, 2 INDICATION_OF_LOSS_OF_BEARER, \
                 3 INDICATION_OF_RECOVERY_OF_BEARER, 4 INDICATION_OF_RELEASE_OF_BEARER, 6 IP-CAN_CHANGE, \
                 7 INDICATION_OF_OUT_OF_CREDIT, 8 INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION, \
                 9 INDICATION_OF_FAILED_RESOURCES_ALLOCATION, 10 INDICATION_OF_LIMITED_PCC_DEPLOYMENT, \
                 11 USAGE_REPORT, 12 QOS_FEATURE_RELEASED";
    for (criterion, found) in [
        (json!("5"), "\"5\""),
        (json!(5), "5"),
        (json!(0), "0"),
        (json!(13), "13"),
        (json!("13"), "\"13\""),
        (json!(112), "112"),
        (json!(-1), "-1"),
        (json!(1.5), "1.5"),
        (json!("x"), "\"x\""),
        (json!(""), "\"\""),
        (json!("ACCESS_NETWORK_INFO_REPORT"), "\"ACCESS_NETWORK_INFO_REPORT\""),
        (json!(true), "true"),
        (json!({ "event": 1 }), "an object"),
        (json!([1]), "an array"),
        (json!(null), "null"),
    ] {
        let reply = world.register(registration(json!({ "eventCriteria": ["1", criterion] }))).await;
        let expected = format!(
            "SVC0003: Invalid input value for message part eventCriteria[1], valid values are {valid}: found {found}"
        );
        assert_eq!((reply.status, reply.message()), (400, expected));
    }
    assert_eq!(text(&world.get(REGISTRATION).await), r#"{"correlators":{"correlator":[]}}"#);
}

#[tokio::test]
async fn point_53_unknown_members_are_left_aside_or_strictly_refused() {
    let body = |place: &str| {
        match place {
        "" => json!({ "startQoSNotification": serde_json::from_str::<Value>(&correlated("top")).unwrap()["startQoSNotification"], "more": 1 }).to_string(),
        "reference" => registration(json!({ "reference": { "correlator": "inside", "more": 1 } })),
        _ => registration(json!({ "more": 1 })),
    }
    };
    let (world, strict) = (World::new(), World::strict());
    for (place, part) in [("", "more"), ("reference", "reference.more"), ("-", "more")] {
        assert_eq!(world.register(body(place)).await.status, 201, "{place}");
        let reply = strict.register(body(place)).await;
        let expected =
            format!("SVC0002: Invalid input value for message part {part}: no such member is known here");
        assert_eq!((reply.status, reply.message()), (400, expected));
    }
    assert_eq!(text(&strict.get(REGISTRATION).await), r#"{"correlators":{"correlator":[]}}"#);
}

#[tokio::test]
async fn point_56_an_endpoint_is_an_absolute_http_url() {
    let world = World::new();
    let part = "SVC0002: Invalid input value for message part reference.endpoint: ";
    assert_starts(&world.register(EXAMPLE_16_16).await.message(), part);
    for endpoint in
        ["", "x", "/jaxrs", "endpt_host/x", "ftp://host/x", "http://", "http://host:0/x", "http:host"]
    {
        let reply = world.register(registration(json!({ "reference": { "endpoint": endpoint } }))).await;
        assert_eq!(reply.status, 400, "{endpoint}");
        assert_starts(&reply.message(), part);
    }
}

#[tokio::test]
async fn what_is_missing_or_of_another_form_is_refused_with_its_place() {
    let world = World::new();
    let long = "x".repeat(257);
    for (members, status, start) in [
        (
            json!({ "reference": null }),
            400,
            "SVC0002: Invalid input value for message part reference: it is missing",
        ),
        (json!({ "reference": "x" }), 400, "SVC0002: Invalid input value for message part reference: found "),
        (
            json!({ "reference": { "endpoint": null } }),
            400,
            "SVC0002: Invalid input value for message part reference.endpoint: it is missing",
        ),
        (
            json!({ "reference": { "endpoint": 7 } }),
            400,
            "SVC0002: Invalid input value for message part reference.endpoint: found 7",
        ),
        (
            json!({ "reference": { "correlator": null } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: it is missing",
        ),
        (
            json!({ "reference": { "correlator": "" } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: it is missing",
        ),
        (
            json!({ "reference": { "correlator": "a\tb" } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: it has control characters",
        ),
        (
            json!({ "reference": { "correlator": " a" } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: it begins or ends with a blank",
        ),
        (
            json!({ "reference": { "correlator": ".." } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: clients take it for ",
        ),
        (
            json!({ "reference": { "correlator": long } }),
            400,
            "SVC0002: Invalid input value for message part reference.correlator: it is too long, accepted are at \
             most 256",
        ),
        (
            json!({ "reference": { "interfaceName": long } }),
            400,
            "SVC0002: Invalid input value for message part reference.interfaceName: it is too long",
        ),
        (
            json!({ "endUserIdentities": null }),
            400,
            "SVC0004: No valid addresses provided in message part endUserIdentities: it is missing",
        ),
        (
            json!({ "endUserIdentities": [] }),
            400,
            "SVC0004: No valid addresses provided in message part endUserIdentities: it is empty",
        ),
        (
            json!({ "endUserIdentities": ["tel:1", "tel:x"] }),
            400,
            "SVC0004: No valid addresses provided in message part endUserIdentities[1]: what stands after",
        ),
        (
            json!({ "endUserIdentities": [7] }),
            400,
            "SVC0002: Invalid input value for message part endUserIdentities[0]: found 7",
        ),
        (
            json!({ "eventCriteria": null }),
            400,
            "SVC0002: Invalid input value for message part eventCriteria: it is missing",
        ),
        (
            json!({ "eventCriteria": [] }),
            400,
            "SVC0002: Invalid input value for message part eventCriteria: it is empty, one event or more",
        ),
        (
            json!({ "reference": { "endpoint": "http://169.254.169.254/latest" } }),
            400,
            "SVC0002: Invalid input value for message part reference.endpoint: no endpoint may be at \
             169.254.169.254: link-local",
        ),
    ] {
        let reply = world.register(registration(members.clone())).await;
        assert_eq!(reply.status, status, "{members}");
        assert_starts(&reply.message(), start);
    }
    for (body, start) in [
        ("", "SVC0002: Invalid input value for message part body: it is not JSON: "),
        ("{", "SVC0002: Invalid input value for message part body: it is not JSON: "),
        ("[]", "SVC0002: Invalid input value for message part body: found an array"),
        ("{}", "SVC0002: Invalid input value for message part startQoSNotification: it is missing"),
        (
            r#"{"startQoSNotification": 1}"#,
            "SVC0002: Invalid input value for message part startQoSNotification: found 1",
        ),
        (
            r#"{"startQoSNotification": []}"#,
            "SVC0002: Invalid input value for message part body: found an array",
        ),
    ] {
        let reply = world.register(body).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_starts(&reply.message(), start);
    }
    assert_eq!(text(&world.get(REGISTRATION).await), r#"{"correlators":{"correlator":[]}}"#);
}

#[tokio::test]
async fn an_endpoint_in_a_network_that_is_not_allowed_is_refused_with_the_key_that_allows_it() {
    let world = World::new();
    for (endpoint, kind) in [
        ("http://10.1.2.3/x", "10.1.2.3: private (RFC 1918)"),
        ("http://[::1]:8080/x", "::1: loopback (RFC 4291 §2.5.3)"),
    ] {
        let reply = world.register(registration(json!({ "reference": { "endpoint": endpoint } }))).await;
        let expected = format!(
            "SVC0002: Invalid input value for message part reference.endpoint: no endpoint may be at {kind}; \
             [notify] allow_networks of the configuration can allow it"
        );
        assert_eq!((reply.status, reply.message()), (400, expected));
    }
    let allowed = json!({ "reference": { "endpoint": "http://127.0.0.1:1/x" } });
    assert_eq!(world.register(registration(allowed)).await.status, 201);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_before_it_is_read() {
    let world = World::new();
    let request = Request::post(REGISTRATION).header("content-type", "application/xml");
    let reply = world.call(request.body(Body::from(with_host(EXAMPLE_16_16))).unwrap()).await;
    assert_eq!(reply.status, 415);
    let put = Request::put(REGISTRATION).body(Body::empty()).unwrap();
    let reply = world.call(put).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST,GET,HEAD"));
    let small = World::with(Limits { max_body: 10, ..Limits::default() });
    assert_eq!(small.register(with_host(EXAMPLE_16_16)).await.status, 413);
    let get = Request::get(REGISTRATION).header("accept", "text/html").body(Body::empty()).unwrap();
    assert_eq!(world.call(get).await.status, 406);
}

#[tokio::test]
async fn there_are_so_many_end_users_and_registrations_and_no_more() {
    let settings =
        NotificationSettings { max_registrations: 2, max_end_users: 3, ..NotificationSettings::default() };
    let world = World::with_settings(Limits::default(), settings);
    let users = json!(["tel:1", "tel:2", "tel:3", "tel:4"]);
    let reply = world.register(registration(json!({ "endUserIdentities": users }))).await;
    assert_eq!((reply.status, reply.json()["error"]["type"].as_str()), (403, Some("PolicyException")));
    assert_starts(
        &reply.message(),
        "POL0003: Too many addresses specified in message part endUserIdentities: found 4, accepted are at most 3",
    );
    for correlator in ["a", "b"] {
        assert_eq!(world.register(correlated(correlator)).await.status, 201);
    }
    let reply = world.register(correlated("c")).await;
    assert_eq!((reply.status, reply.json()["error"]["type"].as_str()), (403, Some("PolicyException")));
    assert_starts(&reply.message(), "POL0005: Too many notifications requested: at most 2 registrations");
    // Who is there already is told so all the same.
    assert_eq!(world.register(correlated("b")).await.status, 409);
    assert_eq!(world.delete(&format!("{REGISTRATION}/a")).await.status, 204);
    assert_eq!(world.register(correlated("c")).await.status, 201);
    assert_eq!(world.get(REGISTRATION).await.json()["correlators"]["correlator"], json!(["b", "c"]));
}

#[tokio::test]
async fn end_users_are_bounded_over_all_registrations_too() {
    let settings = NotificationSettings { max_end_users_in_all: 3, ..NotificationSettings::default() };
    let world = World::with_settings(Limits::default(), settings);
    let of = |correlator: &str, users: Value| {
        let mut body: Value = serde_json::from_str(&correlated(correlator)).unwrap();
        body["startQoSNotification"]["endUserIdentities"] = users;
        body.to_string()
    };
    assert_eq!(world.register(of("a", json!(["tel:1", "tel:2"]))).await.status, 201);
    let reply = world.register(of("b", json!(["tel:1", "tel:3"]))).await;
    assert_eq!(reply.status, 403);
    let text = "POL0005: Too many notifications requested: at most 3 endUserIdentities of all registrations";
    assert_starts(&reply.message(), text);
    assert_eq!(world.register(of("b", json!(["tel:1"]))).await.status, 201);
    assert_eq!(world.delete(&format!("{REGISTRATION}/a")).await.status, 204);
    assert_eq!(world.register(of("c", json!(["tel:1", "tel:3"]))).await.status, 201);
}

#[tokio::test]
async fn one_application_leaves_others_their_part() {
    let of = |correlator: &str, users: Value| {
        let mut body: Value = serde_json::from_str(&correlated(correlator)).unwrap();
        body["startQoSNotification"]["endUserIdentities"] = users;
        body.to_string()
    };
    let application = |id: &str| {
        let secrets = vec![SecretHash::of(&"secret".into()).unwrap()];
        Terms { secrets, ..Terms::new(id, [Scope::Notify]) }
    };
    let settings = NotificationSettings::default();
    for (settings, users, max) in [
        (NotificationSettings { max_registrations: 8, ..settings }, json!(["tel:1"]), "2 registrations"),
        (
            NotificationSettings { max_end_users_in_all: 16, ..settings },
            json!(["tel:1", "tel:2"]),
            "4 endUserIdentities",
        ),
    ] {
        let world = World::with_settings(Limits::default(), settings)
            .with_access(vec![application("video"), application("voice")]);
        let send = async |id: &str, method: &str, path: &str, body: String| {
            let pair = Base64::encode_string(format!("{id}:secret").as_bytes());
            let request = Request::builder().method(method).uri(path).header("host", "gate");
            let request = request.header("authorization", format!("Basic {pair}"));
            let request = request.header("content-type", "application/json").body(Body::from(body));
            world.unjudged(request.unwrap()).await
        };
        let register =
            async |id, correlator| send(id, "POST", REGISTRATION, of(correlator, users.clone())).await;
        for correlator in ["a", "b"] {
            assert_eq!(register("video", correlator).await.status, 201);
        }
        let refused = register("video", "c").await;
        assert_eq!(refused.status, 403);
        let text =
            format!("POL0005: Too many notifications requested: at most {max} of one application are kept");
        assert_starts(&refused.message(), &text);
        assert_eq!(register("voice", "c").await.status, 201);
        assert_eq!(send("video", "DELETE", &format!("{REGISTRATION}/a"), String::new()).await.status, 204);
        assert_eq!(register("video", "c").await.status, 201);
    }
}
