//! What applications are told of what happens to sessions, octet for octet.

use rxgate::{
    dict::enums::{
        AbortCause, FinalUnitAction, IpCanType, RatType, SpecificAction, SubscriptionIdType,
        TariffChangeUsage,
    },
    north::{gatekeeper::NotificationSettings, limits::Limits},
    rx::{
        AaAnswer, AccessNetworkChargingIdentifier, AsRequest, CcMoney, Flows, RaRequest,
        SponsoredConnectivityData, SubscriptionId, UnitValue, UsedServiceUnit,
    },
    session::{
        QosSessionId,
        ports::{Replied, Reply, RxServer, Sending},
    },
};
use serde_json::{Value, json};

use crate::{receiver::Receiver, support::USER, world::*};

/// A world with a session, and an application that wants these events of its end user.
pub struct Told {
    world: World,
    pub receiver: Receiver,
    request_id: String,
    rx_session: String,
}

pub async fn told(criteria: Value) -> Told {
    told_by(World::new(), criteria).await
}

async fn told_by(world: World, criteria: Value) -> Told {
    let receiver = Receiver::start().await;
    register(&world, &receiver, "987654321", json!(["tel:1", USER]), criteria).await;
    let (request_id, rx_session) = apply(&world).await;
    Told { world, receiver, request_id, rx_session }
}

async fn register(world: &World, receiver: &Receiver, correlator: &str, users: Value, criteria: Value) {
    let body = json!({ "startQoSNotification": {
        "reference": { "endpoint": receiver.url(), "correlator": correlator },
        "endUserIdentities": users,
        "eventCriteria": criteria,
    } });
    assert_eq!(world.register(body.to_string()).await.status, 201);
}

async fn apply(world: &World) -> (String, String) {
    let body = json!({ "qoSFeatureProperties": { "framedIPAddress": "10.0.0.1" } });
    let request_id = world.apply(body.to_string()).await.request_id();
    let rx_session = world.pcrf.aars().last().unwrap().session_id.to_string();
    (request_id, rx_session)
}

impl Told {
    /// A RAR whose RAA leaves at once.
    pub async fn rar(&self, request: RaRequest<'static>) {
        assert_eq!(self.rar_held(request).await.reply, Reply::Success);
    }

    async fn rar_held(&self, request: RaRequest<'static>) -> Replied {
        let session_id = self.rx_session.clone().into();
        let request = RaRequest { session_id, origin_host: "pcrf.rx.test".into(), ..request };
        self.world.sessions.re_auth(request, Sending { end_to_end: 1, retransmit: false }).await
    }

    async fn asr(&self, abort_cause: AbortCause) {
        let session_id = self.rx_session.clone().into();
        let request =
            AsRequest { session_id, origin_host: "pcrf.rx.test".into(), abort_cause, ..AsRequest::default() };
        assert_eq!(self.world.sessions.abort(request).await.reply, Reply::Success);
    }

    /// The next body, which must be what everybody is told and then this.
    #[track_caller]
    fn is_told(&mut self, event: u32, more: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let expected = body(event, more);
        async move { assert_eq!(self.receiver.body().await, expected, "{place}") }
    }
}

fn counted(world: &World, name: &str) -> u64 {
    world.notifier.counters().read().find(|(known, _)| *known == name).unwrap().1
}

fn body(event: u32, more: &str) -> String {
    format!(
        r#"{{"notifyQoSEvent":{{"correlator":"987654321","endUserIdentities":["{USER}"],"eventType":{event}{more}}}}}"#
    )
}

pub fn reports(actions: &[u32]) -> RaRequest<'static> {
    let specific_action = actions.iter().copied().map(SpecificAction).collect();
    RaRequest { specific_action, ..RaRequest::default() }
}

#[tokio::test]
async fn point_40_the_end_user_is_named_in_the_form_of_the_registration() {
    let world = World::new();
    let mut receiver = Receiver::start().await;
    let written = "tel:+86-10-1338-8991111";
    register(&world, &receiver, "written", json!(["sip:a@b", written]), json!([2])).await;
    let (request_id, rx_session) = apply(&world).await;
    let told = Told { world, receiver: Receiver::start().await, request_id, rx_session };
    told.rar(reports(&[2])).await;
    let expected = format!(
        r#"{{"notifyQoSEvent":{{"correlator":"written","endUserIdentities":["{written}"],"eventType":2}}}}"#
    );
    assert_eq!(receiver.body().await, expected);
}

#[tokio::test]
async fn every_member_that_the_network_supplies_is_told() {
    let mut told = told(json!([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12])).await;
    let id = |kind, data: &'static str| SubscriptionId {
        subscription_id_type: kind,
        subscription_id_data: data.into(),
        ..SubscriptionId::default()
    };
    let flows = |component, numbers: &[u32], action| Flows {
        media_component_number: component,
        flow_number: numbers.iter().copied().collect(),
        final_unit_action: action,
        ..Flows::default()
    };
    let identifier = |octets: &'static [u8], flows: Vec<Flows<'static>>| AccessNetworkChargingIdentifier {
        access_network_charging_identifier_value: octets.into(),
        flows: flows.into(),
        ..AccessNetworkChargingIdentifier::default()
    };
    let used = UsedServiceUnit {
        tariff_change_usage: Some(TariffChangeUsage::UNIT_BEFORE_TARIFF_CHANGE),
        cc_time: Some(60),
        cc_money: Some(CcMoney {
            unit_value: UnitValue { value_digits: 1205, exponent: Some(-2), ..UnitValue::default() },
            currency_code: Some(978),
            ..CcMoney::default()
        }),
        cc_total_octets: Some(u64::MAX),
        cc_input_octets: Some(1),
        cc_output_octets: Some(2),
        cc_service_specific_units: Some(3),
        ..UsedServiceUnit::default()
    };
    let sponsored = |used| SponsoredConnectivityData {
        sponsor_identity: Some("sponsor".into()),
        application_service_provider_identity: Some("provider".into()),
        used_service_unit: used,
        ..SponsoredConnectivityData::default()
    };
    for (action, request, more) in [
        (2, RaRequest::default(), ""),
        (
            1,
            RaRequest {
                subscription_id: vec![
                    id(SubscriptionIdType::END_USER_E164, "861013388991111"),
                    id(SubscriptionIdType(9), "\"x\""),
                ]
                .into(),
                ..RaRequest::default()
            },
            r#","subscriptionId":[{"subscriptionIdType":"END_USER_E164","subscriptionIdData":"861013388991111"},{"subscriptionIdType":"9","subscriptionIdData":"\"x\""}]"#,
        ),
        (
            1,
            RaRequest {
                access_network_charging_identifier: vec![
                    identifier(&[0x0a, 0xff], vec![flows(1, &[1, 2], None)]),
                    identifier(b"x", vec![]),
                ]
                .into(),
                access_network_charging_address: Some("2001:db8::1".parse().unwrap()),
                ..RaRequest::default()
            },
            r#","accessNetworkChargingIdentifier":[{"accessNetworkChargingIdentifierValue":"0AFF","flows":[{"mediaComponentNumber":1,"flowNumber":[1,2]}]},{"accessNetworkChargingIdentifierValue":"78"}],"accessNetworkChargingAddress":"2001:db8::1""#,
        ),
        (
            6,
            RaRequest {
                ip_can_type: Some(IpCanType::TGPP_EPS),
                rat_type: Some(RatType::EUTRAN),
                ..RaRequest::default()
            },
            r#","iPCANType":"_3GPP-EPS","rATType":"EUTRAN""#,
        ),
        (
            6,
            RaRequest {
                ip_can_type: Some(IpCanType(99)),
                rat_type: Some(RatType(4711)),
                ..RaRequest::default()
            },
            r#","iPCANType":"99","rATType":"4711""#,
        ),
        (
            7,
            RaRequest {
                flows: vec![
                    flows(1, &[1], Some(FinalUnitAction::TERMINATE)),
                    flows(2, &[], Some(FinalUnitAction(8))),
                ]
                .into(),
                ..RaRequest::default()
            },
            r#","flows":[{"mediaComponentNumber":1,"flowNumber":[1],"finalUnitAction":"TERMINATE"},{"mediaComponentNumber":2,"finalUnitAction":"8"}]"#,
        ),
        (
            4,
            RaRequest { abort_cause: Some(AbortCause::PS_TO_CS_HANDOVER), ..RaRequest::default() },
            r#","abortCause":"PS_TO_CS_HANDOVER""#,
        ),
        (
            11,
            RaRequest { sponsored_connectivity_data: Some(sponsored(Some(used))), ..RaRequest::default() },
            r#","sponsoredConnectivityData":{"sponsorIdentity":"sponsor","applicationServiceProviderIdentity":"provider","usedServiceUnit":{"tariffTimeChange":"UNIT_BEFORE_TARIFF_CHANGE","cCTime":60,"cCMoney":{"unitValue":12.05,"currencyCode":978},"cCTotalOctets":18446744073709551615,"cCInputOctets":1,"cCOutputOctets":2,"cCServiceSpecificUnits":3}}"#,
        ),
        (
            11,
            RaRequest { sponsored_connectivity_data: Some(sponsored(None)), ..RaRequest::default() },
            r#","sponsoredConnectivityData":{"sponsorIdentity":"sponsor","applicationServiceProviderIdentity":"provider"}"#,
        ),
    ] {
        told.rar(RaRequest { specific_action: reports(&[action]).specific_action, ..request }).await;
        told.is_told(action, more).await;
    }
}

#[tokio::test]
async fn each_action_of_a_report_is_told_with_all_of_it_and_what_nobody_wants_is_not() {
    let mut told = told(json!([3, 1, 12])).await;
    let request = RaRequest { rat_type: Some(RatType::NR), ..reports(&[2, 3, 12, 13, 5, 99, 1]) };
    told.rar(request).await;
    told.is_told(3, r#","rATType":"NR""#).await;
    // The Specific-Action 12 is another thing than the event of that number.
    told.is_told(1, r#","rATType":"NR""#).await;
    told.rar(reports(&[1])).await;
    told.is_told(1, "").await;
}

#[tokio::test]
async fn an_abort_is_a_release_of_the_bearer_and_on_request_the_end_of_the_session_too() {
    let mut plain = told(json!([4, 12])).await;
    plain.asr(AbortCause::PCEF_FAILURE).await;
    plain.is_told(4, r#","abortCause":"PCEF_FAILURE""#).await;
    let settings = NotificationSettings { abort_also_released: true, ..NotificationSettings::default() };
    let both = || World::with_settings(Limits::default(), settings);
    let mut told = told_by(both(), json!([12, 4])).await;
    // A bearer that goes is not the end of the session.
    told.rar(reports(&[4])).await;
    told.is_told(4, "").await;
    told.asr(AbortCause::BEARER_RELEASED).await;
    told.is_told(4, r#","abortCause":"BEARER_RELEASED""#).await;
    told.is_told(12, "").await;
    let mut ends = told_by(both(), json!([12])).await;
    ends.asr(AbortCause::BEARER_RELEASED).await;
    ends.is_told(12, "").await;
    // Without the setting there is no 12: the next thing told is of the next session.
    let (_, rx_session) = apply(&plain.world).await;
    plain.rx_session = rx_session;
    plain.rar(reports(&[4])).await;
    plain.is_told(4, "").await;
}

#[tokio::test]
async fn a_removed_session_tells_nothing_and_one_that_the_operator_ends_is_released() {
    let mut told = told(json!([12, 4])).await;
    let path = format!("/ApplicationQoSService/qos/{}", told.request_id);
    assert_eq!(told.world.delete(&path).await.status, 204);
    let (request_id, _) = apply(&told.world).await;
    told.world.sessions.end(&QosSessionId::from(request_id)).await.unwrap();
    told.is_told(12, "").await;
    assert_eq!(counted(&told.world, "queued"), 1);
}

#[tokio::test]
async fn a_session_that_runs_out_is_released() {
    let world = World::new();
    world.sessions.start().await.unwrap();
    let mut told = told_by(world, json!(["QOS_FEATURE_RELEASED"])).await;
    let body = json!({ "qoSFeatureProperties": { "framedIPAddress": "10.0.0.2", "duration": 1 } });
    told.world.apply(body.to_string()).await.request_id();
    told.is_told(12, "").await;
}

#[tokio::test]
async fn registrations_of_one_user_are_told_each_for_itself_and_others_nothing() {
    let world = World::new();
    let mut receiver = Receiver::start().await;
    register(&world, &receiver, "a", json!(["tel:1", "tel:2"]), json!([2, 3])).await;
    register(&world, &receiver, "b", json!([USER]), json!([2])).await;
    register(&world, &receiver, "c", json!([USER, "tel:1"]), json!([2, 3])).await;
    register(&world, &receiver, "d", json!([USER]), json!([4])).await;
    let (request_id, rx_session) = apply(&world).await;
    let told = Told { world, receiver: Receiver::start().await, request_id, rx_session };
    told.rar(reports(&[2, 3])).await;
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let body: Value = serde_json::from_str(&receiver.body().await).unwrap();
        let event = &body["notifyQoSEvent"];
        bodies.push((event["correlator"].as_str().unwrap().to_owned(), event["eventType"].as_u64().unwrap()));
    }
    // In order for one correlator; different ones do not wait for each other.
    bodies.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(bodies, [("b".into(), 2), ("c".into(), 2), ("c".into(), 3)]);
    assert_eq!(counted(&told.world, "queued"), 3);
}

#[tokio::test]
async fn nothing_is_told_before_the_answer_to_the_network_has_left() {
    let mut told = told(json!([1, 2, 3])).await;
    let replied = told.rar_held(reports(&[1, 2])).await;
    // One that nobody holds back has to wait behind them.
    told.rar(reports(&[3])).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!((told.world.notifier.waiting(), counted(&told.world, "attempts")), (3, 0));
    drop(replied.held);
    for event in 1..=3 {
        told.is_told(event, "").await;
    }
}

#[tokio::test]
async fn what_waits_is_dropped_when_the_application_unregisters() {
    let mut told = told(json!([1, 2])).await;
    told.receiver.close().await;
    told.rar(reports(&[1, 2])).await;
    assert_eq!(told.world.notifier.waiting(), 2);
    let path = "/ApplicationQoSNotification/registration/987654321";
    assert_eq!(told.world.delete(path).await.status, 204);
    assert_eq!(told.world.notifier.waiting(), 0);
    told.rar(reports(&[1])).await;
    told.receiver.reopen().await;
    register(&told.world, &told.receiver, "987654321", json!([USER]), json!([2])).await;
    told.rar(reports(&[1, 2])).await;
    told.is_told(2, "").await;
}

#[tokio::test]
async fn a_session_of_nobody_who_is_registered_tells_nobody() {
    let world = World::new();
    let receiver = Receiver::start().await;
    register(&world, &receiver, "other", json!(["tel:1"]), json!([2])).await;
    world.pcrf.will_answer(AaAnswer { result_code: Some(2001), ..aaa() });
    let (request_id, rx_session) = apply(&world).await;
    let told = Told { world, receiver, request_id, rx_session };
    told.rar(reports(&[2])).await;
    assert_eq!(counted(&told.world, "queued"), 0);
}
