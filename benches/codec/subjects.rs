//! What is measured, each as something that can be run any number of times.

use std::{borrow::Cow, hint::black_box};

use rxgate::{
    dict::{self, Value, avp, enums::*},
    rx::{
        AaAnswer, AaRequest, Element, GrantedServiceUnit, List, MediaComponentDescription, MediaSubComponent,
        RaRequest, SponsoredConnectivityData, StRequest, SubscriptionId, SupportedFeatures,
    },
    wire::{AnswerTemplate, CommandFlags, EndToEndId, HopByHopId, Index, Writer},
};

use crate::{
    messages::{self, VARIANTS},
    reference::Reference,
    walker,
};

/// An SDP offer for Codec-Data (TS 29.214 §5.3.7).
const CODEC: &[u8] = b"uplink\noffer\nm=audio 49170 RTP/AVP 98 97\r\nb=AS:38\r\nb=RS:600\r\nb=RR:2000\r\n\
           a=rtpmap:98 AMR-WB/16000/1\r\na=fmtp:98 mode-change-capability=2;max-red=220\r\n\
           a=rtpmap:97 AMR/8000/1\r\na=ptime:20\r\na=maxptime:240\r\na=sendrecv\r\n";

/// One line of the table.
pub struct Subject {
    pub name: &'static str,
    /// Title above the line.
    pub heading: Option<&'static str>,
    /// The line of the memcpy of the same octets.
    pub memcpy: Option<&'static str>,
    /// The line of the walker over the same messages.
    pub walker: Option<&'static str>,
    /// The line of the crate `diameter` doing the same.
    pub reference: Option<&'static str>,
    pub run: Box<dyn FnMut(usize)>,
}

impl Subject {
    fn new(name: &'static str, run: impl FnMut(usize) + 'static) -> Self {
        Self { name, heading: None, memcpy: None, walker: None, reference: None, run: Box::new(run) }
    }

    fn heading(self, heading: &'static str) -> Self {
        Self { heading: Some(heading), ..self }
    }

    fn against(
        self,
        memcpy: Option<&'static str>,
        walker: Option<&'static str>,
        reference: Option<&'static str>,
    ) -> Self {
        Self { memcpy, walker, reference, ..self }
    }
}

pub fn all() -> Vec<Subject> {
    let mut subjects = decoding("fixed", vec![messages::golden()]);
    subjects.extend(decoding("reordered", messages::reordered()));
    subjects.extend(encoding());
    subjects.extend(smaller());
    subjects
}

/// Names have to live as long as the program; there are two sets of them.
fn names(kind: &str) -> [&'static str; 6] {
    match kind {
        "fixed" => ["memcpy", "walker", "index", "every-value", "struct", "diameter-decode"],
        _ => [
            "memcpy-reordered",
            "walker-reordered",
            "index-reordered",
            "every-value-reordered",
            "struct-reordered",
            "diameter-decode-reordered",
        ],
    }
}

fn decoding(kind: &'static str, messages: Vec<Vec<u8>>) -> Vec<Subject> {
    let [memcpy, walk, index_name, values, typed, decode] = names(kind);
    let title = match kind {
        "fixed" => "decode, one AAR of 1,440 octets and 51 AVPs",
        _ => "decode, 256 orders of it in turn",
    };
    assert!(messages.len() == 1 || messages.len() == VARIANTS);
    let mask = messages.len() - 1;
    let messages: &'static [Vec<u8>] = Vec::leak(messages);
    let pick = move |turn: usize| black_box(&messages[turn & mask][..]);
    let mut copy = vec![0; messages[0].len()];
    let mut index = Index::new();
    let mut value_index = Index::new();
    let mut typed_index = Index::new();
    let reference = Reference::new(&messages::golden());
    vec![
        Subject::new(memcpy, move |turn| {
            copy.copy_from_slice(pick(turn));
            black_box(&copy);
        })
        .heading(title),
        Subject::new(walk, move |turn| {
            black_box(walker::walk(pick(turn)));
        })
        .against(Some(memcpy), None, None),
        Subject::new(index_name, move |turn| {
            let message = index.parse(pick(turn), dict::is_grouped);
            black_box(message.is_ok_and(|message| message.total_avps() == 51));
        })
        .against(Some(memcpy), Some(walk), Some(decode)),
        Subject::new(values, move |turn| {
            let message = value_index.parse(pick(turn), dict::is_grouped).expect("a right message");
            for avp in message.every_avp() {
                black_box(Value::read(avp).expect("a right value"));
            }
        })
        .against(Some(memcpy), Some(walk), Some(decode)),
        Subject::new(typed, move |turn| {
            let message = typed_index.parse(pick(turn), dict::is_grouped).expect("a right message");
            let aar = AaRequest::read(&message).expect("a right message");
            touch_all(&aar);
        })
        .against(Some(memcpy), Some(walk), Some(decode)),
        Subject::new(decode, move |turn| {
            black_box(reference.decode(pick(turn)));
        })
        .against(Some(memcpy), Some(walk), None),
    ]
}

/// Takes every value in hand, those of repeated AVPs and of groups in groups included.
fn touch_all(aar: &AaRequest<'_>) {
    black_box(aar);
    for component in aar.media_component_description.iter() {
        black_box(&*component);
        for flow in component.media_sub_component.iter() {
            black_box(&*flow);
            touch(&flow.flow_description);
        }
        touch(&component.codec_data);
    }
    touch(&aar.specific_action);
    touch(&aar.subscription_id);
    touch(&aar.supported_features);
}

fn touch<'a, T: Element<'a>>(list: &List<'a, T>) {
    for value in list.iter() {
        black_box(&*value);
    }
}

fn encoding() -> Vec<Subject> {
    let golden: &'static [u8] = Vec::leak(messages::golden());
    let mut out = vec![0; 4096];
    let length = encode_aar(&mut out);
    assert_eq!(&out[..length], golden, "the typed request is the golden message");
    let mut written = vec![0; 4096];
    let length = write_aar(&mut written);
    assert_eq!(&written[..length], golden, "what is written AVP by AVP is the golden message");
    let mut answer_out = vec![0; 4096];
    let template = AnswerTemplate::new(&avp::SESSION_ID, [avp::PROXY_INFO.key()], CommandFlags::NONE, |w| {
        w.put(&avp::AUTH_APPLICATION_ID, dict::RX_APPLICATION_ID);
        w.put(&avp::ORIGIN_HOST, "pcrf01.epc.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::ORIGIN_REALM, "epc.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::RESULT_CODE, 2001);
    })
    .expect("a small answer");
    let index: &'static mut Index = Box::leak(Box::default());
    let request = index.parse(golden, dict::is_grouped).expect("the golden message is right");
    let mut reference = Reference::new(golden);
    vec![
        Subject::new("encode", move |_| {
            black_box(encode_aar(black_box(&mut out)));
        })
        .heading("build + encode the same AAR")
        .against(Some("memcpy"), None, Some("diameter-build-encode")),
        Subject::new("write", move |_| {
            black_box(write_aar(black_box(&mut written)));
        })
        .against(Some("memcpy"), None, Some("diameter-build-encode")),
        Subject::new("template-answer", move |_| {
            black_box(template.answer(black_box(&request), &mut answer_out)).expect("room enough");
        })
        .against(Some("memcpy"), None, None),
        Subject::new("diameter-build-encode", move |_| {
            black_box(reference.build_and_encode());
        })
        .against(Some("memcpy"), None, None),
    ]
}

/// Writes the same message AVP by AVP, with no struct in between.
fn write_aar(out: &mut [u8]) -> usize {
    let ids = (HopByHopId(439_041_101), EndToEndId(1_584_361_601));
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    let mut w = Writer::begin(out, dict::commands::AA, flags, dict::RX_APPLICATION_ID, ids);
    w.put(
        &avp::SESSION_ID,
        black_box("pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx-7f31a"),
    );
    w.put(&avp::AUTH_APPLICATION_ID, dict::RX_APPLICATION_ID);
    w.put(&avp::ORIGIN_HOST, black_box("pcscf01.ims.mnc001.mcc001.3gppnetwork.org"));
    w.put(&avp::ORIGIN_REALM, black_box("ims.mnc001.mcc001.3gppnetwork.org"));
    w.put(&avp::DESTINATION_REALM, black_box("epc.mnc001.mcc001.3gppnetwork.org"));
    w.put(&avp::DESTINATION_HOST, black_box("pcrf01.epc.mnc001.mcc001.3gppnetwork.org"));
    w.put(&avp::AF_APPLICATION_IDENTIFIER, black_box(b"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"));
    w.group(&avp::MEDIA_COMPONENT_DESCRIPTION, |w| {
        w.put(&avp::MEDIA_COMPONENT_NUMBER, black_box(1));
        w.group(&avp::MEDIA_SUB_COMPONENT, |w| {
            w.put(&avp::FLOW_NUMBER, black_box(1));
            w.put(
                &avp::FLOW_DESCRIPTION,
                black_box("permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010"),
            );
            w.put(
                &avp::FLOW_DESCRIPTION,
                black_box("permit in 17 from 10.45.0.17 50010 to 10.20.30.40 49170"),
            );
            w.put(&avp::FLOW_STATUS, FlowStatus(black_box(2)));
            w.put(&avp::FLOW_USAGE, FlowUsage(black_box(0)));
            w.put(&avp::MAX_REQUESTED_BANDWIDTH_UL, black_box(38_000));
            w.put(&avp::MAX_REQUESTED_BANDWIDTH_DL, black_box(38_000));
        });
        w.put(&avp::AF_APPLICATION_IDENTIFIER, black_box(b"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"));
        w.put(&avp::MEDIA_TYPE, MediaType(black_box(0)));
        w.put(&avp::MAX_REQUESTED_BANDWIDTH_UL, black_box(41_000));
        w.put(&avp::MAX_REQUESTED_BANDWIDTH_DL, black_box(41_000));
        w.put(&avp::FLOW_STATUS, FlowStatus(black_box(2)));
        w.put(&avp::RESERVATION_PRIORITY, ReservationPriority(black_box(5)));
        w.put(&avp::RS_BANDWIDTH, black_box(600));
        w.put(&avp::RR_BANDWIDTH, black_box(2_000));
        w.put(&avp::CODEC_DATA, black_box(CODEC));
    });
    w.put(&avp::SERVICE_INFO_STATUS, ServiceInfoStatus(black_box(0)));
    w.put(&avp::AF_CHARGING_IDENTIFIER, black_box(b"icid-7d2f4c1a9b8e-pcscf01"));
    w.put(&avp::SIP_FORKING_INDICATION, SipForkingIndication(black_box(0)));
    for action in black_box([1, 2, 6, 8, 12]) {
        w.put(&avp::SPECIFIC_ACTION, SpecificAction(action));
    }
    w.group(&avp::SUBSCRIPTION_ID, |w| {
        w.put(&avp::SUBSCRIPTION_ID_TYPE, SubscriptionIdType(black_box(0)));
        w.put(&avp::SUBSCRIPTION_ID_DATA, black_box("491701234567"));
    });
    w.group(&avp::SUPPORTED_FEATURES, |w| {
        w.put(&avp::VENDOR_ID, black_box(10_415));
        w.put(&avp::FEATURE_LIST_ID, black_box(1));
        w.put(&avp::FEATURE_LIST, black_box(43));
    });
    w.put(&avp::FRAMED_IP_ADDRESS, black_box(&[10, 45, 0, 17]));
    w.put(&avp::CALLED_STATION_ID, black_box("ims.mnc001.mcc001.gprs"));
    w.put(&avp::SERVICE_URN, black_box(b"sos.police"));
    w.group(&avp::SPONSORED_CONNECTIVITY_DATA, |w| {
        w.put(&avp::SPONSOR_IDENTITY, black_box("sponsor.example.com"));
        w.put(&avp::APPLICATION_SERVICE_PROVIDER_IDENTITY, black_box("asp.example.com"));
        w.group(&avp::GRANTED_SERVICE_UNIT, |w| w.put(&avp::CC_TOTAL_OCTETS, black_box(10_485_760)));
    });
    w.put(&avp::RX_REQUEST_TYPE, RxRequestType(black_box(0)));
    w.put(&avp::ORIGIN_STATE_ID, black_box(1_763_764_000));
    w.finish().expect("room enough")
}

/// Builds the typed request out of borrowed values and encodes it.
fn encode_aar(out: &mut [u8]) -> usize {
    let filters = [
        Cow::Borrowed(black_box("permit out 17 from 10.20.30.40 49170 to 10.45.0.17 50010")),
        Cow::Borrowed(black_box("permit in 17 from 10.45.0.17 50010 to 10.20.30.40 49170")),
    ];
    let flows = [MediaSubComponent {
        flow_number: black_box(1),
        flow_description: List::borrowed(&filters),
        flow_status: Some(FlowStatus::ENABLED),
        flow_usage: Some(FlowUsage::NO_INFORMATION),
        max_requested_bandwidth_ul: Some(black_box(38_000)),
        max_requested_bandwidth_dl: Some(black_box(38_000)),
        ..Default::default()
    }];
    let codec = [Cow::Borrowed(black_box(CODEC))];
    let components = [MediaComponentDescription {
        media_component_number: 1,
        media_sub_component: List::borrowed(&flows),
        af_application_identifier: Some(Cow::Borrowed(b"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel")),
        media_type: Some(MediaType::AUDIO),
        max_requested_bandwidth_ul: Some(black_box(41_000)),
        max_requested_bandwidth_dl: Some(black_box(41_000)),
        flow_status: Some(FlowStatus::ENABLED),
        reservation_priority: Some(ReservationPriority(5)),
        rs_bandwidth: Some(600),
        rr_bandwidth: Some(2_000),
        codec_data: List::borrowed(&codec),
        ..Default::default()
    }];
    let actions = [1, 2, 6, 8, 12].map(SpecificAction);
    let subscription = [SubscriptionId {
        subscription_id_type: SubscriptionIdType::END_USER_E164,
        subscription_id_data: Cow::Borrowed(black_box("491701234567")),
        ..Default::default()
    }];
    let features =
        [SupportedFeatures { vendor_id: 10_415, feature_list_id: 1, feature_list: 43, ..Default::default() }];
    let request = AaRequest {
        session_id: Cow::Borrowed(black_box(
            "pcscf01.ims.mnc001.mcc001.3gppnetwork.org;1763764000;481234;rx-7f31a",
        )),
        auth_application_id: dict::RX_APPLICATION_ID,
        origin_host: Cow::Borrowed(black_box("pcscf01.ims.mnc001.mcc001.3gppnetwork.org")),
        origin_realm: Cow::Borrowed(black_box("ims.mnc001.mcc001.3gppnetwork.org")),
        destination_realm: Cow::Borrowed(black_box("epc.mnc001.mcc001.3gppnetwork.org")),
        destination_host: Some(Cow::Borrowed(black_box("pcrf01.epc.mnc001.mcc001.3gppnetwork.org"))),
        af_application_identifier: Some(Cow::Borrowed(b"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel")),
        media_component_description: List::borrowed(&components),
        service_info_status: Some(ServiceInfoStatus(0)),
        af_charging_identifier: Some(Cow::Borrowed(b"icid-7d2f4c1a9b8e-pcscf01")),
        sip_forking_indication: Some(SipForkingIndication(0)),
        specific_action: List::borrowed(&actions),
        subscription_id: List::borrowed(&subscription),
        supported_features: List::borrowed(&features),
        framed_ip_address: Some(Cow::Borrowed(black_box(&[10, 45, 0, 17]))),
        called_station_id: Some(Cow::Borrowed("ims.mnc001.mcc001.gprs")),
        service_urn: Some(Cow::Borrowed(b"sos.police")),
        sponsored_connectivity_data: Some(SponsoredConnectivityData {
            sponsor_identity: Some(Cow::Borrowed("sponsor.example.com")),
            application_service_provider_identity: Some(Cow::Borrowed("asp.example.com")),
            granted_service_unit: Some(GrantedServiceUnit {
                cc_total_octets: Some(black_box(10_485_760)),
                ..Default::default()
            }),
            ..Default::default()
        }),
        rx_request_type: Some(RxRequestType::INITIAL_REQUEST),
        origin_state_id: Some(black_box(1_763_764_000)),
        ..Default::default()
    };
    request.encode_into(out, (HopByHopId(439_041_101), EndToEndId(1_584_361_601))).expect("room enough")
}

macro_rules! small {
    ($subjects:ident, $title:literal, $message:expr, $type:ident, $decode:literal, $encode:literal) => {
        let message = $message;
        let octets = messages::octets(message.encode(messages::ids()));
        let (mut index, mut out) = (Index::new(), vec![0; 4096]);
        $subjects.push(
            Subject::new($decode, move |_| {
                let parsed = index.parse(black_box(&octets), dict::is_grouped).expect("a right message");
                black_box($type::read(&parsed)).expect("a right message");
            })
            .heading($title),
        );
        $subjects.push(Subject::new($encode, move |_| {
            black_box(black_box(&message).encode_into(&mut out, messages::ids())).expect("room enough");
        }));
    };
}

/// AAA, RAR and STR, typed; DWR and its answer from the template.
fn smaller() -> Vec<Subject> {
    let mut subjects = Vec::new();
    small!(subjects, "AA-Answer", messages::aaa(), AaAnswer, "aaa-decode", "aaa-encode");
    small!(subjects, "Re-Auth-Request", messages::rar(), RaRequest, "rar-decode", "rar-encode");
    small!(subjects, "Session-Termination-Request", messages::str(), StRequest, "str-decode", "str-encode");
    let dwr = messages::dwr();
    let (mut index, mut out) = (Index::new(), vec![0; 1024]);
    let template = AnswerTemplate::new(&avp::SESSION_ID, [avp::PROXY_INFO.key()], CommandFlags::NONE, |w| {
        w.put(&avp::RESULT_CODE, 2001);
        w.put(&avp::ORIGIN_HOST, "pcscf01.ims.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::ORIGIN_REALM, "ims.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::ORIGIN_STATE_ID, 1_763_764_000);
    })
    .expect("a small answer");
    subjects.push(
        Subject::new("dwr-decode-answer", move |_| {
            let request = index.parse(black_box(dwr.as_bytes()), dict::is_grouped).expect("a right message");
            black_box(template.answer(&request, &mut out)).expect("room enough");
        })
        .heading("Device-Watchdog-Request, parsed and answered from the template"),
    );
    subjects
}
