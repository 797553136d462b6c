//! The messages that are measured: the golden AAR, the same with its AVPs in other orders, and smaller ones.

use rxgate::{
    dict::{self, avp, enums::SpecificAction},
    rx::{AaAnswer, Flows, RaRequest, StRequest},
    wire::{Avps, CommandFlags, EndToEndId, HopByHopId, Index, MessageBuf, Writer},
};

/// Orders of the golden message: enough that no branch predictor remembers them all.
pub const VARIANTS: usize = 256;

const IDS: (HopByHopId, EndToEndId) = (HopByHopId(7), EndToEndId(9));

/// The golden AAR: 1,440 octets, 51 AVPs, synthetic values.
pub fn golden() -> Vec<u8> {
    let digits: Vec<u8> =
        include_str!("../../tests/golden/aar.hex").bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

/// The golden AAR with the AVPs of every level in other orders; Session-Id stays first.
pub fn reordered() -> Vec<Vec<u8>> {
    let octets = golden();
    let mut index = Index::new();
    let message = index.parse(&octets, dict::is_grouped).expect("the golden message is right");
    let header = message.header();
    (0..VARIANTS as u64)
        .map(|seed| {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            let mut out = vec![0; octets.len()];
            let ids = (header.hop_by_hop, header.end_to_end);
            let mut writer = Writer::begin(&mut out, header.command, header.flags, header.application, ids);
            shuffled(&mut writer, message.avps(), 1, &mut random);
            assert_eq!(writer.finish(), Ok(octets.len()));
            out
        })
        .collect()
}

fn shuffled(writer: &mut Writer<'_>, avps: Avps<'_>, fixed: usize, random: &mut Random) {
    let mut order: Vec<_> = avps.iter().collect();
    for at in (fixed + 1..order.len()).rev() {
        order.swap(at, fixed + random.below(at + 1 - fixed));
    }
    for avp in order {
        if avp.children().is_empty() {
            writer.put_raw(avp.code(), avp.vendor(), avp.flags(), avp.data());
            continue;
        }
        let mut inside = vec![0; avp.data().len()];
        let mut group = Writer::avps_only(&mut inside);
        shuffled(&mut group, avp.children(), 0, random);
        assert_eq!(group.finish_avps(), Ok(avp.data().len()));
        writer.put_raw(avp.code(), avp.vendor(), avp.flags(), &inside);
    }
}

/// xorshift64: the same orders in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

const SESSION: &str = "af.rx.test;1763764000;481234;a1";

/// A usual answer to an AAR.
pub fn aaa() -> AaAnswer<'static> {
    AaAnswer {
        session_id: Some(SESSION.into()),
        auth_application_id: Some(dict::RX_APPLICATION_ID),
        origin_host: "pcrf01.epc.mnc001.mcc001.3gppnetwork.org".into(),
        origin_realm: "epc.mnc001.mcc001.3gppnetwork.org".into(),
        result_code: Some(2001),
        ip_can_type: Some(5.into()),
        rat_type: Some(1004.into()),
        supported_features: vec![rxgate::rx::FeatureList::release_10(false).to_avp()].into(),
        origin_state_id: Some(1_763_764_000),
        ..Default::default()
    }
}

/// A report about two flows.
pub fn rar() -> RaRequest<'static> {
    RaRequest {
        session_id: SESSION.into(),
        origin_host: "pcrf01.epc.mnc001.mcc001.3gppnetwork.org".into(),
        origin_realm: "epc.mnc001.mcc001.3gppnetwork.org".into(),
        destination_realm: "ims.mnc001.mcc001.3gppnetwork.org".into(),
        destination_host: "pcscf01.ims.mnc001.mcc001.3gppnetwork.org".into(),
        auth_application_id: dict::RX_APPLICATION_ID,
        specific_action: vec![SpecificAction(8)].into(),
        flows: vec![Flows {
            media_component_number: 1,
            flow_number: vec![1, 2].into(),
            ..Default::default()
        }]
        .into(),
        ..Default::default()
    }
}

/// The end of a session.
pub fn str() -> StRequest<'static> {
    StRequest {
        session_id: SESSION.into(),
        origin_host: "pcscf01.ims.mnc001.mcc001.3gppnetwork.org".into(),
        origin_realm: "ims.mnc001.mcc001.3gppnetwork.org".into(),
        destination_realm: "epc.mnc001.mcc001.3gppnetwork.org".into(),
        auth_application_id: dict::RX_APPLICATION_ID,
        termination_cause: 1.into(),
        destination_host: Some("pcrf01.epc.mnc001.mcc001.3gppnetwork.org".into()),
        ..Default::default()
    }
}

/// A watchdog request.
pub fn dwr() -> MessageBuf {
    MessageBuf::build(dict::commands::DEVICE_WATCHDOG, CommandFlags::REQUEST, 0, IDS, |w| {
        w.put(&avp::ORIGIN_HOST, "pcrf01.epc.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::ORIGIN_REALM, "epc.mnc001.mcc001.3gppnetwork.org");
        w.put(&avp::ORIGIN_STATE_ID, 1_763_764_000);
    })
    .expect("a small message")
}

/// Octets of a message, with identifiers that mean nothing.
pub fn octets(encoded: Result<MessageBuf, rxgate::rx::RxError>) -> Vec<u8> {
    encoded.expect("a small message").as_bytes().to_vec()
}

/// Identifiers for what is encoded in a loop.
pub const fn ids() -> (HopByHopId, EndToEndId) {
    IDS
}
