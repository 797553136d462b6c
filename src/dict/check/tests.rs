//! Each rule of the check, on Rx messages.

use super::*;
use crate::{
    dict::{RX_APPLICATION_ID, avp, commands, enums},
    wire::{AvpDef, EndToEndId, Format, HopByHopId, Index, MessageBuf, WireError, walk},
};

const REQUEST: CommandFlags = CommandFlags(0xc0);
const ANSWER: CommandFlags = CommandFlags(0x40);

fn message(command: u32, flags: CommandFlags, fill: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    let application = if matches!(command, 257 | 280 | 282) { 0 } else { RX_APPLICATION_ID };
    let ids = (HopByHopId(1), EndToEndId(2));
    MessageBuf::build(command, flags, application, ids, fill).unwrap()
}

fn checked_with(
    dictionary: &Dictionary,
    message: &MessageBuf,
    strictness: Strictness,
) -> Result<(), Violation> {
    let mut index = Index::new();
    let message = message.parse(&mut index, |key| dictionary.is_grouped(key)).unwrap();
    check(dictionary, &message, strictness)
}

fn checked(message: &MessageBuf) -> Result<(), Violation> {
    checked_with(Dictionary::builtin(), message, Strictness::Lenient)
}

fn origin(w: &mut Writer<'_>) {
    w.put(&avp::ORIGIN_HOST, "pcrf.rx.test");
    w.put(&avp::ORIGIN_REALM, "rx.test");
}

/// An ASR without its Abort-Cause.
fn asr_start(w: &mut Writer<'_>) {
    w.put(&avp::SESSION_ID, "af.rx.test;1;1");
    w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
    origin(w);
    w.put(&avp::DESTINATION_REALM, "rx.test");
    w.put(&avp::DESTINATION_HOST, "af.rx.test");
}

/// A complete ASR with more in it.
fn asr(more: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    message(commands::ABORT_SESSION, REQUEST, |w| {
        asr_start(w);
        w.put(&avp::ABORT_CAUSE, enums::AbortCause::BEARER_RELEASED);
        more(w);
    })
}

fn aar(more: impl Fn(&mut Writer<'_>)) -> MessageBuf {
    message(commands::AA, REQUEST, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
        origin(w);
        w.put(&avp::DESTINATION_REALM, "rx.test");
        more(w);
    })
}

/// An AVP as bytes, whatever its format.
fn raw<F>(w: &mut Writer<'_>, def: &AvpDef<F>, data: &[u8]) {
    w.put_raw(def.code, def.vendor, def.flags, data);
}

fn refused(message: &MessageBuf) -> (u32, String, Vec<u8>) {
    let violation = checked(message).expect_err("a message that breaks a rule");
    (violation.result_code, violation.reason, violation.failed_avp.unwrap_or_default())
}

/// The only AVP in these octets, read as what it is.
fn only<F: Format>(octets: &[u8], def: &AvpDef<F>) -> Vec<u8> {
    let avps: Vec<_> = walk(octets).collect();
    assert_eq!(avps.len(), 1);
    assert_eq!(avps[0].key, def.key());
    avps[0].data.to_vec()
}

#[test]
fn complete_messages_pass_strictly() {
    let strict = |message: &MessageBuf| checked_with(Dictionary::builtin(), message, Strictness::Strict);
    assert_eq!(strict(&asr(|_| {})), Ok(()));
    assert_eq!(strict(&aar(|_| {})), Ok(()));
    let dwr = message(commands::DEVICE_WATCHDOG, CommandFlags::REQUEST, origin);
    assert_eq!(strict(&dwr), Ok(()));
}

#[test]
fn an_unknown_avp_is_refused_with_the_m_bit_and_ignored_without() {
    let unknown = |flags| asr(move |w| w.put_raw(4711, VendorId::TGPP, flags, &[1, 2, 3]));
    assert_eq!(checked(&unknown(AvpFlags::NONE)), Ok(()));
    let (code, reason, failed) = refused(&unknown(AvpFlags::MANDATORY));
    assert_eq!(code, 5001);
    assert_eq!(reason, "AVP 4711 of vendor 10415 is not known and has the M bit");
    assert_eq!(failed, [0, 0, 0x12, 0x67, 0xc0, 0, 0, 15, 0, 0, 0x28, 0xaf, 1, 2, 3, 0]);
}

#[test]
fn a_nested_unknown_avp_is_quoted_inside_its_groups() {
    let message = message(commands::RE_AUTH, REQUEST, |w| {
        asr_start(w);
        w.put(&avp::SPECIFIC_ACTION, enums::SpecificAction::INDICATION_OF_RELEASE_OF_BEARER);
        w.group(&avp::ACCESS_NETWORK_CHARGING_IDENTIFIER, |w| {
            w.put(&avp::ACCESS_NETWORK_CHARGING_IDENTIFIER_VALUE, &[9]);
            w.group(&avp::FLOWS, |w| {
                w.put(&avp::MEDIA_COMPONENT_NUMBER, 1);
                w.put_raw(4711, VendorId::NONE, AvpFlags::MANDATORY, &[]);
            });
        });
    });
    let (code, _, failed) = refused(&message);
    assert_eq!(code, 5001);
    let flows = only(&failed, &avp::ACCESS_NETWORK_CHARGING_IDENTIFIER);
    let unknown = only(&flows, &avp::FLOWS);
    assert_eq!(unknown, [0, 0, 0x12, 0x67, 0x40, 0, 0, 8]);
}

#[test]
fn a_missing_avp_is_quoted_with_the_least_data() {
    let (code, reason, failed) = refused(&message(commands::ABORT_SESSION, REQUEST, asr_start));
    assert_eq!((code, reason.as_str()), (5005, "Abort-Cause is missing in ASR"));
    assert_eq!(only(&failed, &avp::ABORT_CAUSE), [0; 4]);

    let (code, reason, failed) = refused(&aar(|w| w.group(&avp::MEDIA_COMPONENT_DESCRIPTION, |_| {})));
    assert_eq!(code, 5005);
    assert_eq!(reason, "Media-Component-Number is missing in Media-Component-Description");
    let inner = only(&failed, &avp::MEDIA_COMPONENT_DESCRIPTION);
    assert_eq!(only(&inner, &avp::MEDIA_COMPONENT_NUMBER), [0; 4]);

    let cer = message(commands::CAPABILITIES_EXCHANGE, CommandFlags::REQUEST, |w| {
        origin(w);
        w.put(&avp::VENDOR_ID, 0);
        w.put(&avp::PRODUCT_NAME, "x");
    });
    let (code, _, failed) = refused(&cer);
    assert_eq!((code, only(&failed, &avp::HOST_IP_ADDRESS)), (5005, vec![0; 6]));
}

#[test]
fn session_id_must_be_first() {
    let message = message(commands::SESSION_TERMINATION, ANSWER, |w| {
        origin(w);
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
    });
    let (code, reason, _) = refused(&message);
    assert_eq!((code, reason.as_str()), (5005, "Session-Id must be AVP number 1 of STA"));
}

#[test]
fn the_first_surplus_avp_is_quoted() {
    let message = aar(|w| {
        for priority in [1, 2, 3] {
            w.put(&avp::RESERVATION_PRIORITY, enums::ReservationPriority(priority));
        }
    });
    let (code, reason, failed) = refused(&message);
    assert_eq!((code, reason.as_str()), (5009, "more than 1 Reservation-Priority in AAR"));
    assert_eq!(only(&failed, &avp::RESERVATION_PRIORITY), [0, 0, 0, 2]);

    let three = |w: &mut Writer<'_>| {
        w.put(&avp::MEDIA_COMPONENT_NUMBER, 1);
        (0..3).for_each(|_| w.put(&avp::CODEC_DATA, b"uplink"));
    };
    let (code, reason, _) = refused(&aar(|w| w.group(&avp::MEDIA_COMPONENT_DESCRIPTION, three)));
    assert_eq!((code, reason.as_str()), (5009, "more than 2 Codec-Data in Media-Component-Description"));
}

#[test]
fn a_closed_group_takes_no_other_known_avp() {
    let message = asr(|w| {
        w.group(&avp::PROXY_INFO, |w| {
            w.put(&avp::PROXY_HOST, "relay.rx.test");
            w.put(&avp::PROXY_STATE, &[1]);
            // *[ AVP ] is in its grammar.
            w.put(&avp::ERROR_MESSAGE, "x");
        });
        w.group(&avp::EXPERIMENTAL_RESULT, |w| {
            w.put(&avp::VENDOR_ID, 10415);
            w.put(&avp::EXPERIMENTAL_RESULT_CODE, 5065);
            w.put(&avp::ERROR_MESSAGE, "x");
        });
    });
    let (code, reason, failed) = refused(&message);
    assert_eq!((code, reason.as_str()), (5008, "Error-Message must not be in Experimental-Result"));
    let inner = only(&failed, &avp::EXPERIMENTAL_RESULT);
    assert_eq!(only(&inner, &avp::ERROR_MESSAGE), b"x");
}

#[test]
fn data_of_the_wrong_length_or_value_is_refused() {
    /// Puts the AVP at hand with other data.
    type Put = fn(&mut Writer<'_>, &[u8]);
    let rows: &[(Put, &[u8], u32, &str)] = &[
        (|w, d| raw(w, &avp::RX_REQUEST_TYPE, d), &[0; 3], 5014, "has 3 octets of data, 4 are right"),
        (|w, d| raw(w, &avp::CONTENT_VERSION, d), &[0; 4], 5014, "has 4 octets of data, 8 are right"),
        (|w, d| raw(w, &avp::FRAMED_IP_ADDRESS, d), &[10, 0, 0], 5014, "has 3 octets of data, 4 are right"),
        (
            |w, d| raw(w, &avp::FRAMED_IPV6_PREFIX, d),
            &[0; 19],
            5014,
            "has 19 octets of data, 2 to 18 are right",
        ),
        (
            |w, d| raw(w, &avp::HOST_IP_ADDRESS, d),
            &[0, 1, 10, 0],
            5014,
            "has 4 octets of data, 6 for IPv4 are right",
        ),
        (
            |w, d| raw(w, &avp::HOST_IP_ADDRESS, d),
            &[0, 2, 10],
            5014,
            "has 3 octets of data, 18 for IPv6 are right",
        ),
        (
            |w, d| raw(w, &avp::HOST_IP_ADDRESS, d),
            &[0],
            5014,
            "has 1 octets of data, 6 for IPv4 and 18 for IPv6 are right",
        ),
        (
            |w, d| raw(w, &avp::HOST_IP_ADDRESS, d),
            &[0, 9, 1, 1, 1, 1],
            5004,
            "is of an address family that is not IPv4, IPv6 or E.164",
        ),
        (
            |w, d| raw(w, &avp::FRAMED_IPV6_PREFIX, d),
            &[0, 64, 1],
            5004,
            "has a prefix length that its octets do not have",
        ),
        (
            |w, d| raw(w, &avp::FRAMED_IPV6_PREFIX, d),
            &[0, 129, 1],
            5004,
            "has a prefix length that its octets do not have",
        ),
        (|w, d| raw(w, &avp::CALLED_STATION_ID, d), &[0xff], 5004, "is not UTF-8"),
        (|w, d| raw(w, &avp::ROUTE_RECORD, d), b"", 5004, "is not a host or realm name"),
        (|w, d| raw(w, &avp::ROUTE_RECORD, d), b"a b", 5004, "is not a host or realm name"),
        (|w, d| raw(w, &avp::REDIRECT_HOST, d), b"http://x", 5004, "is not an aaa:// or aaas:// URI"),
    ];
    for (put, data, code, expected) in rows {
        let (found, reason, failed) = refused(&aar(|w| put(w, data)));
        assert_eq!(found, *code, "{reason}");
        assert!(reason.ends_with(expected), "{reason}");
        assert_eq!(walk(&failed).next().map(|avp| avp.data), Some(*data));
    }
    for good in [&[0u8, 64, 1, 2, 3, 4, 5, 6, 7, 8][..], &[0, 0], &[0, 1, 0x80]] {
        assert_eq!(checked(&aar(|w| raw(w, &avp::FRAMED_IPV6_PREFIX, good))), Ok(()));
    }
    assert_eq!(checked(&aar(|w| raw(w, &avp::HOST_IP_ADDRESS, b"\0\x08491234"))), Ok(()));
}

#[test]
fn faults_are_reported_in_the_order_of_their_kind() {
    let mut expected = vec![5004, 5014, 5008, 5009, 5005, 5001];
    for faults in 1..=expected.len() {
        let message = aar(|w| {
            raw(w, &avp::CALLED_STATION_ID, &[0xff]);
            if faults > 1 {
                raw(w, &avp::RX_REQUEST_TYPE, &[0]);
            }
            if faults > 2 {
                w.group(&avp::SUBSCRIPTION_ID, |w| {
                    w.put(&avp::SUBSCRIPTION_ID_TYPE, enums::SubscriptionIdType::END_USER_E164);
                    w.put(&avp::SUBSCRIPTION_ID_DATA, "1");
                    w.put(&avp::CLASS, &[]);
                });
            }
            if faults > 3 {
                (0..2).for_each(|_| w.put(&avp::MPS_IDENTIFIER, b"x"));
            }
            if faults > 4 {
                w.group(&avp::MEDIA_COMPONENT_DESCRIPTION, |_| {});
            }
            if faults > 5 {
                w.put_raw(4711, VendorId::NONE, AvpFlags::MANDATORY, &[]);
            }
        });
        assert_eq!(refused(&message).0, expected.remove(0));
    }
}

#[test]
fn the_m_bit_of_known_avps_and_nameless_values_count_only_strictly() {
    let with = |put: fn(&mut Writer<'_>)| {
        let message = aar(put);
        assert_eq!(checked(&message), Ok(()));
        checked_with(Dictionary::builtin(), &message, Strictness::Strict).unwrap_err()
    };
    let cleared = with(|w| w.put_raw(533, VendorId::TGPP, AvpFlags::MANDATORY, &[0; 4]));
    assert_eq!(cleared.to_string(), "the M bit must not be set in Rx-Request-Type (3009)");
    let set = with(|w| w.put_raw(527, VendorId::TGPP, AvpFlags::NONE, &[0; 4]));
    assert_eq!(set.to_string(), "the M bit must be set in Service-Info-Status (3009)");
    let nameless = with(|w| w.put(&avp::RX_REQUEST_TYPE, enums::RxRequestType(99)));
    assert_eq!(nameless.to_string(), "Rx-Request-Type has a value without a name (5004)");
}

#[test]
fn header_and_command_come_before_the_avps() {
    let code = |command, flags, application| {
        let ids = (HopByHopId(1), EndToEndId(2));
        let message = MessageBuf::build(command, CommandFlags(flags), application, ids, |_| {}).unwrap();
        refused(&message).0
    };
    assert_eq!(code(265, 0xe0, RX_APPLICATION_ID), 3008);
    assert_eq!(code(999, 0xc0, RX_APPLICATION_ID), 3001);
    assert_eq!(code(272, 0xc0, 4), 3007);
    let dwr = message(commands::DEVICE_WATCHDOG, REQUEST, origin);
    assert_eq!(checked(&dwr), Ok(()));
    let strict = checked_with(Dictionary::builtin(), &dwr, Strictness::Strict).unwrap_err();
    assert_eq!(strict.to_string(), "the P bit must not be set in DWR (3008)");
}

#[test]
fn an_answer_with_the_e_bit_follows_the_grammar_of_errors() {
    let flags = CommandFlags(0x60);
    let answer = message(commands::CAPABILITIES_EXCHANGE, flags, |w| {
        origin(w);
        w.put(&avp::RESULT_CODE, 3010);
    });
    assert_eq!(checked(&answer), Ok(()));
    assert_eq!(refused(&message(commands::AA, flags, origin)).0, 5005);
}

#[test]
fn route_record_in_an_answer_is_tolerated_and_failed_avp_is_not_looked_into() {
    let answer = message(commands::RE_AUTH, ANSWER, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        origin(w);
        w.put(&avp::RESULT_CODE, 5001);
        raw(w, &avp::FAILED_AVP, &[0, 0, 0x12, 0x67, 0x40, 0, 0, 3]);
        w.put(&avp::ROUTE_RECORD, "relay.rx.test");
    });
    assert_eq!(checked(&answer), Ok(()));
}

#[test]
fn loaded_groups_are_checked_too() {
    let text = "<vendor vendor-id='A' code='9'>\
        <avp name='A-Group' code='1' vendor-id='A'><grouped><gavp name='A-Number' min='1'/></grouped></avp>\
        <avp name='A-Number' code='2' vendor-id='A'><type type-name='Unsigned32'/></avp></vendor>";
    let dictionary = Dictionary::with_files([("a.xml", text)]).unwrap();
    let message = aar(|w| w.put_raw(1, VendorId(9), AvpFlags::MANDATORY, &[]));
    let violation = checked_with(&dictionary, &message, Strictness::Lenient).unwrap_err();
    assert_eq!(violation.to_string(), "A-Number is missing in A-Group (5005)");
    assert_eq!(refused(&message).0, 5001);
}

#[test]
fn what_the_parser_refuses_never_comes_here() {
    let mut octets = asr(|_| {}).into_bytes().to_vec();
    octets[27] = 7;
    let parsed = Index::new().parse(&octets, super::super::is_grouped).map(|_| ());
    assert!(matches!(parsed, Err(WireError::AvpLength { .. })));
}
