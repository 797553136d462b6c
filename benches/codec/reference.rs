//! The crate `diameter` on the same message, with a dictionary that has the message's AVPs.

use std::{io::Cursor, sync::Arc};

use diameter::{
    ApplicationId, CommandCode, DiameterMessage,
    avp::{
        Avp, AvpType, AvpValue, Enumerated, Grouped, Identity, OctetString, UTF8String, Unsigned32,
        Unsigned64,
    },
    dictionary::{AvpDefinition, DEFAULT_DICT_XML, Dictionary},
};
use rxgate::{
    dict::{self, DataFormat},
    wire::{Avps, Index, VendorId},
};

/// An AVP as a program would have it in hand before it builds a message.
struct Model {
    code: u32,
    vendor: Option<u32>,
    flags: u8,
    value: ModelValue,
}

enum ModelValue {
    Enumerated(i32),
    Unsigned32(u32),
    Unsigned64(u64),
    Identity(String),
    Text(String),
    Octets(Vec<u8>),
    Group(Vec<Model>),
}

/// The other crate's dictionary, and the golden message as values.
pub struct Reference {
    dictionary: Arc<Dictionary>,
    model: Vec<Model>,
    out: Vec<u8>,
}

impl Reference {
    pub fn new(golden: &[u8]) -> Self {
        let mut dictionary = Dictionary::new(&[&DEFAULT_DICT_XML]);
        let mut index = Index::new();
        let message = index.parse(golden, dict::is_grouped).expect("the golden message is right");
        let model = model(message.avps(), &mut dictionary);
        let mut this = Self { dictionary: Arc::new(dictionary), model, out: Vec::with_capacity(4096) };
        this.build_and_encode();
        assert_eq!(this.out, golden, "both encode the same octets");
        this
    }

    pub fn decode(&self, octets: &[u8]) -> DiameterMessage {
        DiameterMessage::decode_from(&mut Cursor::new(octets), Arc::clone(&self.dictionary))
            .expect("its own AVPs")
    }

    pub fn build_and_encode(&mut self) -> &[u8] {
        let (code, application) = (CommandCode::AA, ApplicationId::Rx);
        let dictionary = Arc::clone(&self.dictionary);
        let mut message = DiameterMessage::new(
            code,
            application,
            0xc0,
            439_041_101,
            1_584_361_601,
            Arc::clone(&dictionary),
        );
        for avp in &self.model {
            message.add(build(avp, &dictionary));
        }
        self.out.clear();
        message.encode_to(&mut self.out).expect("a vector takes everything");
        &self.out
    }
}

fn build(model: &Model, dictionary: &Arc<Dictionary>) -> Avp {
    let value = match &model.value {
        ModelValue::Enumerated(value) => AvpValue::Enumerated(Enumerated::new(*value)),
        ModelValue::Unsigned32(value) => AvpValue::Unsigned32(Unsigned32::new(*value)),
        ModelValue::Unsigned64(value) => AvpValue::Unsigned64(Unsigned64::new(*value)),
        ModelValue::Identity(value) => AvpValue::Identity(Identity::new(value)),
        ModelValue::Text(value) => AvpValue::UTF8String(UTF8String::new(value)),
        ModelValue::Octets(value) => AvpValue::OctetString(OctetString::new(value.clone())),
        ModelValue::Group(inside) => {
            let avps = inside.iter().map(|avp| build(avp, dictionary)).collect();
            AvpValue::Grouped(Grouped::new(avps, Arc::clone(dictionary)))
        }
    };
    Avp::new(model.code, model.vendor, model.flags, value, Arc::clone(dictionary))
}

/// Takes the values of our view, and puts the AVPs into the other dictionary under the same types.
fn model(avps: Avps<'_>, dictionary: &mut Dictionary) -> Vec<Model> {
    avps.iter()
        .map(|avp| {
            let spec = dict::Dictionary::builtin().avp_by_key(avp.key()).expect("a known AVP");
            let text = || String::from_utf8(avp.data().to_vec()).expect("synthetic text");
            let number = || u32::from_be_bytes(avp.data().try_into().expect("four octets"));
            let (avp_type, value) = match spec.format {
                DataFormat::Enumerated => (AvpType::Enumerated, ModelValue::Enumerated(number() as i32)),
                DataFormat::Unsigned32 => (AvpType::Unsigned32, ModelValue::Unsigned32(number())),
                DataFormat::Unsigned64 => {
                    let value = u64::from_be_bytes(avp.data().try_into().expect("eight octets"));
                    (AvpType::Unsigned64, ModelValue::Unsigned64(value))
                }
                DataFormat::DiameterIdentity => (AvpType::Identity, ModelValue::Identity(text())),
                DataFormat::Utf8String | DataFormat::IpFilterRule => {
                    (AvpType::UTF8String, ModelValue::Text(text()))
                }
                DataFormat::Grouped => {
                    (AvpType::Grouped, ModelValue::Group(model(avp.children(), dictionary)))
                }
                _ => (AvpType::OctetString, ModelValue::Octets(avp.data().to_vec())),
            };
            let vendor = (avp.vendor() != VendorId::NONE).then_some(avp.vendor().0);
            let name = spec.name.to_string();
            dictionary.add_avp(AvpDefinition {
                code: avp.code(),
                vendor_id: vendor,
                name,
                avp_type,
                m_flag: true,
            });
            Model { code: avp.code(), vendor, flags: avp.flags().0 & 0x7f, value }
        })
        .collect()
}
