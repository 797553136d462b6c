//! For every AVP of the dictionary: what is written is read again, and what its format does not have is
//! refused. A new AVP needs no test of its own.

#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use rxgate::{
    dict::{AvpSpec, DataFormat, Dictionary, MandatoryRule, dump},
    wire::{
        Address, AvpDef, AvpFlags, CommandFlags, DiameterIdentity, DiameterUri, EndToEndId, Enumerated,
        Float32, Float64, Format, Grouped, HopByHopId, Index, Integer32, Integer64, IpFilterRule, MessageBuf,
        OctetString, QosFilterRule, Time, TimeValue, Unsigned32, Unsigned64, Utf8String, Writer,
    },
};

fn message(fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    let ids = (HopByHopId(0), EndToEndId(0));
    MessageBuf::build(265, CommandFlags::REQUEST, 16_777_236, ids, fill).unwrap()
}

fn definition<F>(spec: &'static AvpSpec) -> AvpDef<F> {
    AvpDef::new(&spec.name, spec.code, spec.vendor, spec.mandatory == MandatoryRule::Must)
}

/// Writes each value between two neighbours and reads it again; then each wrong data. Counts both.
fn check<F: Format>(spec: &'static AvpSpec, values: &[F::Value<'static>], wrong: &[&[u8]]) -> usize
where
    F::Value<'static>: Clone,
    for<'a> F::Value<'a>: Debug,
{
    let (def, mut index) = (definition::<F>(spec), Index::new());
    let neighbour = AvpDef::<OctetString>::new("neighbour", 0xffff_0000, spec.vendor, false);
    for value in values {
        let text = format!("{value:?}");
        let written = message(|w| {
            w.put(&neighbour, &[1]);
            w.put(&def, value.clone());
            w.put(&neighbour, &[2, 3]);
        });
        let parsed = written.parse(&mut index, |_| false).unwrap();
        let read = parsed.avps().get(&def).unwrap().unwrap();
        // Debug also tells -0 and NaN apart, which == does not.
        assert_eq!(format!("{read:?}"), text, "{}", spec.name);
        assert_eq!(parsed.avps().get_all(&neighbour).flatten().collect::<Vec<_>>(), [&[1][..], &[2, 3]]);
        let flags = parsed.avps().find(spec.key()).unwrap().flags();
        assert_eq!(flags.contains(AvpFlags::VENDOR), spec.vendor.0 != 0);
        assert_eq!(flags.contains(AvpFlags::MANDATORY), spec.mandatory == MandatoryRule::Must);
        let tree = dump::Tree::of(Dictionary::builtin(), &parsed);
        assert_eq!(tree.avps.get(1).unwrap().name, &*spec.name);
    }
    for data in wrong {
        let written = message(|w| w.put_raw(spec.code, spec.vendor, AvpFlags::NONE, data));
        let parsed = written.parse(&mut index, |_| false).unwrap();
        let error = parsed.avps().get(&def).map(|_| ()).unwrap_err();
        assert!(matches!(error.result_code(), 5004 | 5014), "{}: {error}", spec.name);
        let tree = dump::Tree::of(Dictionary::builtin(), &parsed);
        assert!(tree.avps.first().unwrap().error.is_some(), "{}: {data:?}", spec.name);
    }
    values.len() + wrong.len()
}

/// Octets of every length that padding tells apart, a fixed length of the specification's aside.
fn octets(spec: &'static AvpSpec) -> usize {
    let all: [&'static [u8]; 6] = [b"", b"1", b"12", b"123", b"1234", &[0xff; 300]];
    check::<OctetString>(spec, &all, &[])
}

fn text<F: for<'a> Format<Value<'a> = &'a str>>(spec: &'static AvpSpec, values: &[&'static str]) -> usize {
    check::<F>(spec, values, &[&[0xff], b"ab\xc3", &[0xed, 0xa0, 0x80]])
}

const NOT_32: [&[u8]; 4] = [&[], &[0; 3], &[0; 5], &[0; 8]];
const NOT_64: [&[u8]; 4] = [&[], &[0; 4], &[0; 7], &[0; 9]];

#[test]
fn every_avp_is_read_as_it_was_written() {
    let mut checks = 0;
    for spec in Dictionary::builtin().avps() {
        checks += match spec.format {
            DataFormat::OctetString => octets(spec),
            DataFormat::Integer32 => check::<Integer32>(spec, &[i32::MIN, -1, 0, 1, i32::MAX], &NOT_32),
            DataFormat::Unsigned32 => check::<Unsigned32>(spec, &[0, 1, 1 << 31, u32::MAX], &NOT_32),
            DataFormat::Enumerated => {
                let named = spec.values.iter().map(|item| item.value);
                let values: Vec<_> = named.chain([0, 77_777, u32::MAX]).collect();
                check::<Enumerated<u32>>(spec, &values, &NOT_32)
            }
            DataFormat::Time => check::<Time>(spec, &[0, 1, u32::MAX].map(TimeValue), &NOT_32),
            DataFormat::Float32 => check::<Float32>(
                spec,
                &[0.0, -0.0, 1.5, f32::MIN, f32::MAX, f32::INFINITY, f32::NAN],
                &NOT_32,
            ),
            DataFormat::Integer64 => check::<Integer64>(spec, &[i64::MIN, -1, 0, i64::MAX], &NOT_64),
            DataFormat::Unsigned64 => check::<Unsigned64>(spec, &[0, 1, u64::MAX], &NOT_64),
            DataFormat::Float64 => check::<Float64>(spec, &[0.0, -0.0, f64::MIN, f64::NAN], &NOT_64),
            DataFormat::Address => {
                let values = ["0.0.0.0", "10.152.120.152", "::", "2001:db8::1", "::ffff:10.0.0.1"];
                let wrong: [&[u8]; 5] =
                    [&[], &[0], &[0, 1, 10, 0, 0], &[0, 2, 1, 2, 3, 4], &[0, 77, 1, 2, 3, 4]];
                check::<Address>(spec, &values.map(|text| text.parse().unwrap()), &wrong)
            }
            DataFormat::Utf8String => text::<Utf8String>(spec, &["", "a", "vidéo", "\u{10ffff}\0"]),
            DataFormat::DiameterIdentity => text::<DiameterIdentity>(spec, &["a", "pcrf.rx.test"]),
            DataFormat::DiameterUri => {
                text::<DiameterUri>(spec, &["aaa://pcrf.rx.test:3868;transport=tcp", "aaas://x"])
            }
            DataFormat::IpFilterRule => {
                text::<IpFilterRule>(spec, &["permit out 17 from 10.4.128.21 30000 to 192.168.101.4 1234"])
            }
            DataFormat::QosFilterRule => text::<QosFilterRule>(spec, &["meter in ip from any to any"]),
            DataFormat::Grouped => group(spec),
        };
    }
    assert!(checks > 1_000, "{checks} values and wrong data");
}

/// A group with its own members in it, each with data of no octets, is read with the same members.
fn group(spec: &'static AvpSpec) -> usize {
    let def = definition::<Grouped>(spec);
    let members: Vec<_> = spec.members.rules.iter().map(|rule| rule.key).collect();
    let written = message(|w| {
        w.group(&def, |w| {
            for member in spec.members.rules.iter() {
                let member = Dictionary::builtin().avp_by_key(member.key).unwrap();
                w.put_raw(member.code, member.vendor, AvpFlags::NONE, &[]);
            }
        });
    });
    let mut index = Index::new();
    let parsed = written.parse(&mut index, |key| key == spec.key()).unwrap();
    let read = parsed.avps().get(&def).unwrap().unwrap();
    assert_eq!(read.iter().map(|avp| avp.key()).collect::<Vec<_>>(), members, "{}", spec.name);
    1 + members.len()
}
