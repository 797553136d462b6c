//! Requests with every AVP that an AF can send in them, and a plain connection to send them on.
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};

use rxgate::dict::{self, RX_APPLICATION_ID, avp, commands, enums::*};
use rxgate::rx::*;
use rxgate::wire::{
    CommandFlags, EndToEndId, HopByHopId, Index, MessageBuf, TimeValue, VendorId, frame_length,
};

/// A connection after its capabilities exchange, without a watchdog: for seconds, not for minutes.
pub struct Connection(TcpStream);

impl Connection {
    /// Connects to 127.0.0.1 as `af.rx.test`.
    pub fn open(port: u16) -> Self {
        let mut connection = Connection(TcpStream::connect(("127.0.0.1", port)).unwrap());
        connection.0.set_read_timeout(Some(super::peers::PATIENCE)).unwrap();
        let ids = (HopByHopId(1), EndToEndId(1));
        let cer = MessageBuf::build(commands::CAPABILITIES_EXCHANGE, CommandFlags::REQUEST, 0, ids, |w| {
            w.put(&avp::ORIGIN_HOST, "af.rx.test");
            w.put(&avp::ORIGIN_REALM, "rx.test");
            w.put(&avp::HOST_IP_ADDRESS, IpAddr::V4(Ipv4Addr::LOCALHOST));
            w.put(&avp::VENDOR_ID, 0);
            w.put(&avp::PRODUCT_NAME, "interop");
            w.put(&avp::SUPPORTED_VENDOR_ID, VendorId::TGPP.0);
            w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
        });
        connection.call(cer.unwrap());
        connection
    }

    /// Sends a request and returns the next message.
    pub fn call(&mut self, request: MessageBuf) -> MessageBuf {
        self.0.write_all(request.as_bytes()).unwrap();
        let mut octets = vec![0; 20];
        self.0.read_exact(&mut octets).unwrap();
        let length = frame_length(&octets, 1 << 16).unwrap().unwrap();
        octets.resize(length, 0);
        self.0.read_exact(&mut octets[20..]).unwrap();
        MessageBuf::from_bytes(octets.into()).unwrap()
    }

    /// Sends an AAR and returns its answer.
    pub fn authorize(&mut self, request: &AaRequest<'_>, number: u32) -> AaAnswer<'static> {
        let answer = self.call(request.encode((HopByHopId(number), EndToEndId(number))).unwrap());
        let mut index = Index::new();
        AaAnswer::read(&answer.parse(&mut index, dict::is_grouped).unwrap()).unwrap().into_owned()
    }

    /// Sends an STR and returns its answer.
    pub fn terminate(&mut self, request: &StRequest<'_>, number: u32) -> StAnswer<'static> {
        let answer = self.call(request.encode((HopByHopId(number), EndToEndId(number))).unwrap());
        let mut index = Index::new();
        StAnswer::read(&answer.parse(&mut index, dict::is_grouped).unwrap()).unwrap().into_owned()
    }
}

/// An initial AAR with every AVP of its grammar and of all groups in it.
pub fn authorization(session_id: &'static str) -> AaRequest<'static> {
    AaRequest {
        session_id: session_id.into(),
        auth_application_id: RX_APPLICATION_ID,
        origin_host: "af.rx.test".into(),
        origin_realm: "rx.test".into(),
        destination_realm: "rx.test".into(),
        destination_host: Some("pcrf.rx.test".into()),
        drmp: Some(Drmp(10)),
        auth_session_state: Some(AuthSessionState(0)),
        ip_domain_id: Some(b"domain"[..].into()),
        af_application_identifier: Some(b"application"[..].into()),
        media_component_description: vec![component()].into(),
        service_info_status: Some(ServiceInfoStatus(0)),
        af_charging_identifier: Some(b"icid"[..].into()),
        sip_forking_indication: Some(SipForkingIndication(0)),
        specific_action: vec![SpecificAction(1), SpecificAction(12)].into(),
        subscription_id: vec![SubscriptionId {
            subscription_id_type: SubscriptionIdType(0),
            subscription_id_data: "491511234567".into(),
            ..Default::default()
        }]
        .into(),
        oc_supported_features: Some(overload()),
        supported_features: vec![FeatureList::release_10(true).to_avp()].into(),
        reservation_priority: Some(ReservationPriority(15)),
        framed_ip_address: Some([10, 1, 2, 3][..].into()),
        framed_ipv6_prefix: None,
        called_station_id: Some("ims".into()),
        service_urn: Some(b"sos.police"[..].into()),
        sponsored_connectivity_data: Some(sponsored()),
        mps_identifier: Some(b"mps"[..].into()),
        gcs_identifier: Some(b"gcs"[..].into()),
        mcptt_identifier: Some(b"mcptt"[..].into()),
        mcvideo_identifier: Some(b"mcvideo"[..].into()),
        ims_content_identifier: Some(b"content"[..].into()),
        ims_content_type: Some(ImsContentType(1)),
        calling_party_address: vec!["sip:a@rx.test".into(), "tel:+491".into()].into(),
        callee_information: Some(CalleeInformation {
            called_party_address: Some("sip:b@rx.test".into()),
            requested_party_address: vec!["sip:c@rx.test".into()].into(),
            called_asserted_identity: vec!["sip:d@rx.test".into()].into(),
            ..Default::default()
        }),
        rx_request_type: Some(RxRequestType(0)),
        required_access_info: vec![RequiredAccessInfo(0), RequiredAccessInfo(1)].into(),
        af_requested_data: Some(1),
        reference_id: Some(b"reference"[..].into()),
        pre_emption_control_info: Some(1),
        mps_action: Some(MpsAction(1)),
        origin_state_id: Some(1_700_000_000),
        proxy_info: vec![proxy()].into(),
        route_record: vec!["relay.rx.test".into()].into(),
        custom: Default::default(),
    }
}

fn component() -> MediaComponentDescription<'static> {
    MediaComponentDescription {
        media_component_number: 1,
        media_sub_component: vec![MediaSubComponent {
            flow_number: 1,
            flow_description: vec![
                "permit in 17 from 10.1.2.3 5000 to 192.0.2.9 6000".into(),
                "permit out 17 from 192.0.2.9 6000 to 10.1.2.3 5000".into(),
            ]
            .into(),
            flow_status: Some(FlowStatus(2)),
            flow_usage: Some(FlowUsage(2)),
            max_requested_bandwidth_ul: Some(64_000),
            max_requested_bandwidth_dl: Some(64_000),
            extended_max_requested_bw_ul: Some(5_000_000),
            extended_max_requested_bw_dl: Some(5_000_000),
            af_signalling_protocol: Some(AfSignallingProtocol(1)),
            tos_traffic_class: Some([0xb8, 0xfc][..].into()),
            custom: Default::default(),
        }]
        .into(),
        af_application_identifier: Some(b"component"[..].into()),
        flus_identifier: Some(b"flus"[..].into()),
        media_type: Some(MediaType(0xffff_ffff)),
        max_requested_bandwidth_ul: Some(64_000),
        max_requested_bandwidth_dl: Some(64_000),
        max_supported_bandwidth_ul: Some(128_000),
        max_supported_bandwidth_dl: Some(128_000),
        min_desired_bandwidth_ul: Some(32_000),
        min_desired_bandwidth_dl: Some(32_000),
        min_requested_bandwidth_ul: Some(16_000),
        min_requested_bandwidth_dl: Some(16_000),
        extended_max_requested_bw_ul: Some(5_000_000),
        extended_max_requested_bw_dl: Some(5_000_000),
        extended_max_supported_bw_ul: Some(6_000_000),
        extended_max_supported_bw_dl: Some(6_000_000),
        extended_min_desired_bw_ul: Some(4_900_000),
        extended_min_desired_bw_dl: Some(4_900_000),
        extended_min_requested_bw_ul: Some(4_800_000),
        extended_min_requested_bw_dl: Some(4_800_000),
        flow_status: Some(FlowStatus(2)),
        priority_sharing_indicator: Some(PrioritySharingIndicator(1)),
        pre_emption_capability: Some(PreEmptionCapability(1)),
        pre_emption_vulnerability: Some(PreEmptionVulnerability(0)),
        reservation_priority: Some(ReservationPriority(1)),
        rs_bandwidth: Some(800),
        rr_bandwidth: Some(2400),
        codec_data: vec![b"uplink\noffer\nm=audio\n"[..].into(), b"downlink\nanswer\nm=audio\n"[..].into()]
            .into(),
        sharing_key_dl: Some(1),
        sharing_key_ul: Some(2),
        content_version: Some(1),
        max_plr_dl: Some(10),
        max_plr_ul: Some(10),
        desired_max_latency: Some(20.5),
        desired_max_loss: Some(0.1),
        custom: Default::default(),
    }
}

fn sponsored() -> SponsoredConnectivityData<'static> {
    SponsoredConnectivityData {
        sponsor_identity: Some("sponsor".into()),
        application_service_provider_identity: Some("provider".into()),
        granted_service_unit: Some(GrantedServiceUnit {
            tariff_time_change: Some(TimeValue::from_unix(1_700_000_000)),
            cc_time: Some(600),
            cc_money: Some(CcMoney {
                unit_value: UnitValue { value_digits: 628, exponent: Some(-2), custom: Default::default() },
                currency_code: Some(978),
                custom: Default::default(),
            }),
            cc_total_octets: Some(1 << 40),
            cc_input_octets: Some(1 << 39),
            cc_output_octets: Some(1 << 39),
            cc_service_specific_units: Some(7),
            custom: Default::default(),
        }),
        used_service_unit: None, // only from the PCRF
        sponsoring_action: Some(SponsoringAction(1)),
        custom: Default::default(),
    }
}

fn overload() -> OcSupportedFeatures<'static> {
    OcSupportedFeatures { oc_feature_vector: Some(1), ..Default::default() }
}

fn proxy() -> ProxyInfo<'static> {
    ProxyInfo {
        proxy_host: "proxy.rx.test".into(),
        proxy_state: b"state"[..].into(),
        custom: Default::default(),
    }
}

/// An STR with every AVP of its grammar.
pub fn termination(
    session_id: &'static str,
    class: List<'static, std::borrow::Cow<'static, [u8]>>,
) -> StRequest<'static> {
    StRequest {
        session_id: session_id.into(),
        drmp: Some(Drmp(0)),
        origin_host: "af.rx.test".into(),
        origin_realm: "rx.test".into(),
        destination_realm: "rx.test".into(),
        auth_application_id: RX_APPLICATION_ID,
        termination_cause: TerminationCause(1),
        destination_host: Some("pcrf.rx.test".into()),
        required_access_info: vec![RequiredAccessInfo(0)].into(),
        oc_supported_features: Some(overload()),
        class,
        origin_state_id: Some(1_700_000_000),
        proxy_info: vec![proxy()].into(),
        route_record: vec!["relay.rx.test".into()].into(),
        custom: Default::default(),
    }
}
