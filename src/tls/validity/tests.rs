use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};

use super::*;

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;

fn midnight(year: i64, month: i64, day: i64) -> Time {
    Time { year, month, day, hour: 0, minute: 0, second: 0 }
}

fn certificate(from: i32, to: i32) -> Vec<u8> {
    let mut params = CertificateParams::new(["af.rx.test".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn list(next: i32) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(1990, 1, 1),
        next_update: date_time_ymd(next, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(&Issuer::new(params, KeyPair::generate().unwrap())).unwrap().der().to_vec()
}

#[test]
fn both_forms_of_time_are_read() {
    // Until 2049 it is a UTCTime.
    for (from, to) in [(1951, 1999), (2000, 2049), (2026, 2050), (2060, 9999)] {
        let validity = Validity::of(&certificate(from, to)).unwrap();
        assert_eq!(validity.not_before, midnight(from.into(), 1, 1));
        assert_eq!(validity.not_after, midnight(to.into(), 1, 1));
        assert_eq!(next_update(&list(to)), Some(midnight(to.into(), 1, 1)));
    }
}

#[test]
fn what_is_cut_is_not_read_and_what_is_changed_never_panics() {
    let (certificate, list) = (certificate(2020, 2060), list(2060));
    for end in 0..certificate.len() {
        assert_eq!(Validity::of(&certificate[..end]), None, "{end}");
    }
    for end in 0..list.len() {
        assert_eq!(next_update(&list[..end]), None, "{end}");
    }
    let good = (Validity::of(&certificate), next_update(&list));
    for octet in [0, 1, 0x17, 0x18, 0x30, 0x39, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff] {
        let changed = |octets: &[u8], at: usize| {
            let mut changed = octets.to_vec();
            changed[at] = octet;
            changed
        };
        for at in 0..certificate.len() {
            let found = Validity::of(&changed(&certificate, at));
            found.and_then(|found| found.doubt(NEW_YEAR));
            // Behind the validity nothing counts.
            assert!(at < 200 || found == good.0, "{at}");
        }
        for at in 0..list.len() {
            unreadable(&changed(&list, at), &webpki::Error::BadDer);
            let found = next_update(&changed(&list, at));
            assert!(at < 200 || found == good.1, "{at}");
        }
    }
}

#[test]
fn times_that_there_are_not_are_not_read() {
    let read = |tag: u8, text: &str| {
        let mut octets = vec![tag, u8::try_from(text.len()).unwrap()];
        octets.extend_from_slice(text.as_bytes());
        Time::read(&octets).map(|(time, _)| time.since_epoch())
    };
    for (tag, text, seconds) in [
        (UTC_TIME, "700101000000Z", Some(0)),
        (UTC_TIME, "691231235959Z", Some(-1)),
        (UTC_TIME, "260101000000Z", Some(NEW_YEAR)),
        (UTC_TIME, "000229000000Z", Some(951_782_400)),
        (GENERALIZED_TIME, "20380119031408Z", Some(1 << 31)),
        (GENERALIZED_TIME, "21000301000000Z", Some(4_107_542_400)),
        (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
        (GENERALIZED_TIME, "00000101000000Z", Some(-62_167_219_200)),
        (GENERALIZED_TIME, "21000229000000Z", None),
        (UTC_TIME, "261301000000Z", None),
        (UTC_TIME, "260001000000Z", None),
        (UTC_TIME, "260100000000Z", None),
        (UTC_TIME, "260431000000Z", None),
        (UTC_TIME, "260101240000Z", None),
        (UTC_TIME, "260101006000Z", None),
        (UTC_TIME, "260101000060Z", None),
        (UTC_TIME, "2601010000Z", None),
        (UTC_TIME, "260101000000+0100", None),
        (UTC_TIME, "260101000000", None),
        (UTC_TIME, "+60101000000Z", None),
        (GENERALIZED_TIME, "20260101000000.5Z", None),
        (0x16, "260101000000Z", None),
    ] {
        assert_eq!(read(tag, text), seconds, "{text}");
    }
}

#[test]
fn a_certificate_is_doubtful_outside_of_its_time_and_in_its_last_thirty_days() {
    let validity = Validity { not_before: midnight(2025, 1, 1), not_after: midnight(2026, 1, 1) };
    let at = |seconds: i64| validity.doubt(NEW_YEAR + seconds).map(|(text, _)| text);
    let told = |text: &str| Some(text.to_owned());
    assert_eq!(at(1), told("expired on 2026-01-01 00:00 UTC"));
    assert_eq!(at(0), told("expires in less than a day, on 2026-01-01 00:00 UTC"));
    assert_eq!(at(-DAY), told("expires in 1 day, on 2026-01-01 00:00 UTC"));
    assert_eq!(at(-30 * DAY), told("expires in 30 days, on 2026-01-01 00:00 UTC"));
    assert_eq!(at(-30 * DAY - 1), None);
    assert_eq!(at(-365 * DAY), None);
    assert_eq!(at(-365 * DAY - 1), told("is not valid before 2025-01-01 00:00 UTC"));
}
