//! AVPs as names and text, for callers that are shown what an answer held.

use crate::{
    dict::{DataFormat, Dictionary},
    wire::{
        Address, Avp, Avps, Enumerated, Float32, Float64, Format, Integer32, Integer64, Time, Unsigned32,
        Unsigned64,
    },
};

/// An AVP by its name, with its value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvpText {
    /// Name in the dictionary; `AVP-<vendor>-<code>` if it has none.
    pub name: String,
    /// The value.
    pub value: AvpTextValue,
}

/// What an AVP holds, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AvpTextValue {
    /// Numbers and enumerations in decimal, addresses as usual, octets that are not printable in hexadecimal.
    Text(String),
    /// The AVPs inside, in the order of the wire.
    Group(Vec<AvpText>),
}

impl AvpText {
    /// Every AVP of one level and below, in the order of the wire.
    pub fn read(avps: Avps<'_>, dictionary: &Dictionary) -> Vec<Self> {
        avps.iter().map(|avp| Self::of(avp, dictionary)).collect()
    }

    fn of(avp: Avp<'_>, dictionary: &Dictionary) -> Self {
        let Some(spec) = dictionary.avp_by_key(avp.key()) else {
            let name = format!("AVP-{}-{}", avp.vendor().0, avp.code());
            return Self { name, value: AvpTextValue::Text(octets(avp.data())) };
        };
        let text = match spec.format {
            DataFormat::Grouped => {
                let inside = Self::read(avp.children(), dictionary);
                return Self { name: spec.name.to_string(), value: AvpTextValue::Group(inside) };
            }
            DataFormat::Integer32 => number::<Integer32>(avp),
            DataFormat::Integer64 => number::<Integer64>(avp),
            DataFormat::Unsigned32 => number::<Unsigned32>(avp),
            DataFormat::Unsigned64 => number::<Unsigned64>(avp),
            DataFormat::Float32 => number::<Float32>(avp),
            DataFormat::Float64 => number::<Float64>(avp),
            DataFormat::Enumerated => number::<Enumerated<u32>>(avp),
            DataFormat::Address => number::<Address>(avp),
            DataFormat::Time => avp.read::<Time>().ok().map(|time| time.to_unix().to_string()),
            _ => None,
        };
        // A value of the wrong size is shown as it came.
        let text = text.unwrap_or_else(|| octets(avp.data()));
        Self { name: spec.name.to_string(), value: AvpTextValue::Text(text) }
    }
}

fn number<F: Format>(avp: Avp<'_>) -> Option<String>
where
    for<'a> F::Value<'a>: ToString,
{
    avp.read::<F>().ok().map(|value| value.to_string())
}

/// Printable ASCII as it is, anything else in hexadecimal.
fn octets(data: &[u8]) -> String {
    match std::str::from_utf8(data) {
        Ok(text) if text.bytes().all(|octet| (b' '..=b'~').contains(&octet)) => text.to_owned(),
        _ => data.iter().map(|octet| format!("{octet:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dict::{avp, is_grouped},
        wire::{AvpFlags, CommandFlags, Index, MessageBuf, VendorId},
    };

    #[test]
    fn values_are_text_and_groups_stay_groups() {
        let message = MessageBuf::build(265, CommandFlags::NONE, 1, Default::default(), |w| {
            w.put(&avp::SESSION_ID, "a;1;2");
            w.put(&avp::IP_CAN_TYPE, 5.into());
            w.group(&avp::FLOWS, |w| w.put(&avp::MEDIA_COMPONENT_NUMBER, 7));
            w.put(&avp::CLASS, &[0, 255]);
            w.put_raw(9, VendorId(5), AvpFlags::NONE, b"x");
        });
        let (message, mut index) = (message.unwrap(), Index::new());
        let avps = message.parse(&mut index, is_grouped).unwrap().avps();
        let plain =
            |name: &str, text: &str| AvpText { name: name.into(), value: AvpTextValue::Text(text.into()) };
        let flows = AvpTextValue::Group(vec![plain("Media-Component-Number", "7")]);
        assert_eq!(
            AvpText::read(avps, Dictionary::builtin()),
            [
                plain("Session-Id", "a;1;2"),
                plain("IP-CAN-Type", "5"),
                AvpText { name: "Flows".into(), value: flows },
                plain("Class", "00ff"),
                plain("AVP-5-9", "x"),
            ]
        );
    }
}
