//! What the PCRF grants and refuses, and what it keeps.

use rxgate::{
    dict::{
        avp,
        enums::{FlowStatus, IpCanType, RatType, RxRequestType, SpecificAction},
    },
    pcrf::{Pcrf, PcrfConfig, PcrfError},
    rx::{
        CustomAvp, FeatureList, GrantedServiceUnit, MediaSubComponent, Outcome, ProxyInfo,
        SponsoredConnectivityData,
    },
    wire::{AvpFlags, CommandFlags, EndToEndId, HopByHopId, MessageBuf, VendorId, walk},
};

use crate::af::{Af, HOST, aaa, aar, component, outcome_of};

const UE: [u8; 4] = [10, 0, 0, 1];

async fn start(config: PcrfConfig) -> (Pcrf, Af) {
    let pcrf = Pcrf::start(PcrfConfig { control: None, ..config }).await.unwrap();
    let af = Af::connect(&pcrf).await;
    (pcrf, af)
}

#[tokio::test]
async fn a_session_is_granted_updated_and_ended() {
    let (pcrf, af) = start(PcrfConfig {
        class: Some(b"c1".to_vec()),
        origin_state_id: Some(7),
        ..PcrfConfig::on_free_ports()
    })
    .await;
    let mut request = aar("af;1;1", UE);
    request.supported_features =
        vec![FeatureList { id: 1, bits: 0x20_001b }.to_avp(), FeatureList { id: 2, bits: 3 }.to_avp()].into();
    request.specific_action = vec![SpecificAction::INDICATION_OF_LOSS_OF_BEARER].into();
    let proxy = ProxyInfo { proxy_host: "dra".into(), proxy_state: b"s"[..].into(), ..ProxyInfo::default() };
    request.proxy_info = vec![proxy.clone()].into();
    let answer = af.aar(&request).await;
    assert_eq!(answer.result_code, Some(2001));
    assert_eq!((answer.ip_can_type, answer.rat_type), (Some(IpCanType::TGPP_EPS), Some(RatType::EUTRAN)));
    assert_eq!(answer.session_id.as_deref(), Some("af;1;1"));
    assert_eq!((&*answer.origin_host, answer.origin_state_id), ("pcrf.rx.test", Some(7)));
    assert_eq!(answer.class.to_vec(), [&b"c1"[..]]);
    assert_eq!(answer.supported_features.to_vec(), [FeatureList { id: 1, bits: 0x1b }.to_avp()]);
    assert_eq!(answer.proxy_info.to_vec(), [proxy]);

    let mut update = aar("af;1;1", UE);
    update.rx_request_type = Some(RxRequestType::UPDATE_REQUEST);
    let mut gone = component(1);
    gone.flow_status = Some(FlowStatus::REMOVED);
    update.media_component_description = vec![gone, component(2)].into();
    assert_eq!(af.aar(&update).await.result_code, Some(2001));

    let sessions = pcrf.sessions();
    assert_eq!(sessions.len(), 1);
    let held = &sessions[0];
    assert_eq!((held.session_id.as_str(), held.origin_host.as_str(), held.updates), ("af;1;1", HOST, 1));
    assert_eq!((&held.ues[..], held.state), (&["10.0.0.1".to_owned()][..], "open"));
    assert_eq!(held.specific_actions, ["INDICATION_OF_LOSS_OF_BEARER"]);
    let numbers: Vec<u32> = held.media_components.iter().map(|component| component.number).collect();
    assert_eq!(numbers, [2]);

    let answer = af.str("af;1;1").await;
    assert_eq!((answer.result_code, answer.sponsored_connectivity_data), (Some(2001), None));
    assert_eq!(pcrf.sessions(), []);
    assert_eq!(af.str("af;1;1").await.result_code, Some(5002));
}

#[tokio::test]
async fn the_end_of_a_sponsored_session_brings_its_last_usage() {
    let (_pcrf, af) = start(PcrfConfig::on_free_ports()).await;
    let mut request = aar("af;1;1", UE);
    request.sponsored_connectivity_data = Some(SponsoredConnectivityData {
        sponsor_identity: Some("sponsor".into()),
        granted_service_unit: Some(GrantedServiceUnit {
            cc_total_octets: Some(1_000_000),
            cc_time: Some(60),
            ..GrantedServiceUnit::default()
        }),
        ..SponsoredConnectivityData::default()
    });
    assert_eq!(af.aar(&request).await.result_code, Some(2001));
    let answer = af.str("af;1;1").await;
    let used = answer.sponsored_connectivity_data.unwrap().used_service_unit.unwrap();
    assert_eq!((used.cc_total_octets, used.cc_time), (Some(500_000), Some(30)));
}

#[tokio::test]
async fn only_attached_users_get_a_session() {
    let ues = vec!["10.0.0.1".parse().unwrap(), "2001:db8:1::/64".parse().unwrap()];
    let (pcrf, af) = start(PcrfConfig { ues, ..PcrfConfig::on_free_ports() }).await;
    let not_available = Outcome::tgpp(5065);
    let outcome = async |request| outcome_of(&af.aar(&request).await);

    assert_eq!(outcome(aar("a", UE)).await, Outcome::SUCCESS);
    assert_eq!(outcome(aar("b", [10, 0, 0, 2])).await, not_available);
    let mut nobody = aar("c", UE);
    nobody.framed_ip_address = None;
    assert_eq!(outcome(nobody.clone()).await, not_available);
    let address = |net: u8| [&[0, 128, 0x20, 1, 0xd, 0xb8, 0, net][..], &[0; 9], &[5]].concat();
    nobody.framed_ipv6_prefix = Some(address(1).into());
    assert_eq!(outcome(nobody.clone()).await, Outcome::SUCCESS);
    nobody.session_id = "d".into();
    nobody.framed_ipv6_prefix = Some(address(2).into());
    assert_eq!(outcome(nobody).await, not_available);
    // An update that moves to somebody who is not there leaves the session as it was.
    assert_eq!(outcome(aar("a", [10, 0, 0, 2])).await, not_available);
    let held: Vec<_> = pcrf.sessions().into_iter().map(|held| (held.session_id, held.ues)).collect();
    assert_eq!(
        held,
        [("a".to_owned(), vec!["10.0.0.1".to_owned()]), ("c".to_owned(), vec!["2001:db8:1::5".to_owned()])]
    );
}

/// Sends requests that are refused, each with its result.
#[tokio::test]
async fn what_cannot_be_granted_is_refused_with_its_reason() {
    let (pcrf, af) = start(PcrfConfig::on_free_ports()).await;
    let refused = async |request, outcome: Outcome, failed_avp: Option<u32>| {
        let answer = af.aar(&request).await;
        assert_eq!(outcome_of(&answer), outcome);
        assert!(!answer.error_message.unwrap().is_empty());
        let failed = answer.custom.iter().find(|custom| custom.code == 279);
        assert_eq!(
            failed.map(|failed| (walk(&failed.data).next().unwrap().key & 0xffff_ffff) as u32),
            failed_avp
        );
    };
    let mut request = aar("a", UE);
    request.rx_request_type = Some(RxRequestType::UPDATE_REQUEST);
    refused(request, Outcome::base(5002), None).await;

    let mut request = aar("a", UE);
    request.framed_ip_address = Some(vec![255; 4].into());
    refused(request, Outcome::base(5004), Some(8)).await;

    let mut request = aar("a", UE);
    request.media_component_description = vec![component(1), component(1)].into();
    refused(request, Outcome::tgpp(5061), None).await;

    let unknown =
        CustomAvp { code: 9999, flags: AvpFlags::MANDATORY, data: b"x"[..].into(), ..CustomAvp::default() };
    let mut request = aar("a", UE);
    request.custom = vec![unknown.clone()].into();
    refused(request.clone(), Outcome::base(5001), Some(9999)).await;
    request.custom = vec![CustomAvp { flags: AvpFlags::NONE, ..unknown }].into();
    assert_eq!(af.aar(&request).await.result_code, Some(2001));
    af.str("a").await;

    // DIAMETER_ERROR_FEATURE_UNSUPPORTED: the M bit insists on features of list 2.
    let features = avp::SUPPORTED_FEATURES;
    let mut request = aar("a", UE);
    let mut data = Vec::new();
    for (code, vendor, value) in [(266, None, 10415), (629, Some(10415), 2), (630, Some(10415), 1_u32)] {
        let flags: &[u8] = if vendor.is_some() { &[0x80, 0, 0, 16] } else { &[0x40, 0, 0, 12] };
        data.extend_from_slice(&u32::to_be_bytes(code));
        data.extend_from_slice(flags);
        data.extend(vendor.map(u32::to_be_bytes).into_iter().flatten());
        data.extend_from_slice(&value.to_be_bytes());
    }
    let insisting = CustomAvp {
        code: features.code,
        vendor: VendorId::TGPP,
        flags: AvpFlags::MANDATORY,
        data: data.into(),
    };
    request.custom = vec![insisting].into();
    refused(request, Outcome::tgpp(5011), None).await;
    assert_eq!(pcrf.sessions(), []);
}

#[tokio::test]
async fn a_request_without_what_it_must_have_is_refused() {
    let (_pcrf, af) = start(PcrfConfig::on_free_ports()).await;
    let request = MessageBuf::build(
        265,
        CommandFlags::REQUEST | CommandFlags::PROXIABLE,
        16_777_236,
        (HopByHopId(0), EndToEndId(0)),
        |w| {
            w.put(&avp::SESSION_ID, "a");
            w.put(&avp::AUTH_APPLICATION_ID, 16_777_236);
            w.put(&avp::ORIGIN_HOST, HOST);
            w.put(&avp::DESTINATION_REALM, "rx.test");
        },
    )
    .unwrap();
    let answer = aaa(&af.send(request).await);
    assert_eq!(answer.result_code, Some(5005));
    let failed = answer.custom.iter().find(|custom| custom.code == 279).unwrap();
    assert_eq!(walk(&failed.data).next().unwrap().key, avp::ORIGIN_REALM.key());
}

#[tokio::test]
async fn a_strict_pcrf_refuses_free_text_in_filters() {
    let mut request = aar("a", UE);
    let mut media = component(1);
    let flow = MediaSubComponent {
        flow_number: 1,
        flow_description: vec!["permit out ip from any to assigned".into()].into(),
        ..MediaSubComponent::default()
    };
    media.media_sub_component = vec![flow].into();
    request.media_component_description = vec![media].into();
    for (strict, outcome) in [(false, Outcome::SUCCESS), (true, Outcome::tgpp(5062))] {
        let (_pcrf, af) = start(PcrfConfig { strict, ..PcrfConfig::on_free_ports() }).await;
        assert_eq!(outcome_of(&af.aar(&request).await), outcome);
    }
}

#[tokio::test]
async fn a_control_api_that_others_reach_is_refused() {
    let config = PcrfConfig { control: Some("0.0.0.0:0".parse().unwrap()), ..PcrfConfig::on_free_ports() };
    let error = Pcrf::start(config).await.unwrap_err();
    assert!(matches!(error, PcrfError::NotLoopback(_)), "{error}");
    assert!(error.to_string().contains("127.0.0.1"));
}
