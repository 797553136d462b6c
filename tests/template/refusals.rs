//! Values that no request is made of, and what whoever sent them is told.

use rxgate::template::{FillError, Values};

use crate::{
    fill::{FULL, error},
    support::*,
};

#[test]
fn a_wrong_value_is_refused_with_what_is_accepted() {
    let template = template(FULL);
    for (pair, part) in [
        (
            ("$MAXDL", "2e9x"),
            "found 2e9x for mediaComponentDescription[0].maxRequestedBandwidthDL, it is not a number, accepted is a whole number from 0 to 4294967295",
        ),
        (
            ("$MAXDL", "4294967296"),
            "found 4294967296 for mediaComponentDescription[0].maxRequestedBandwidthDL, it is too large, accepted is a whole number from 0 to 4294967295",
        ),
        (
            ("$MAXDL", "-1"),
            "found -1 for mediaComponentDescription[0].maxRequestedBandwidthDL, it is negative, accepted is a whole number from 0 to 4294967295",
        ),
        (
            ("$MAXDL", "1.5"),
            "found 1.5 for mediaComponentDescription[0].maxRequestedBandwidthDL, it is not a whole number, accepted is a whole number from 0 to 4294967295",
        ),
        (
            ("$FS", "ON"),
            "found ON for mediaComponentDescription[0].mediaSubComponent[0].flowStatus, accepted are ENABLED-UPLINK, ENABLED-DOWNLINK, ENABLED, DISABLED, REMOVED",
        ),
        (
            ("$RP", "16"),
            "found 16 for reservationPriority, accepted are 0 to 15, DEFAULT, PRIORITY-ONE to PRIORITY-FIFTEEN",
        ),
        (
            ("$URN", "a b"),
            "found a b for serviceURN, accepted is a service such as sos, sos.fire or counseling.children (RFC 5031 §4.1)",
        ),
        (
            ("$IP", "1.2.3"),
            "found 1.2.3 for framedIPAddress, accepted is an IPv4 address (10.152.120.152), its 8 hexadecimal digits (0A987898) or an IPv6 address",
        ),
        (
            ("$UV", "1,5"),
            "found 1,5 for sponsoredConnectivityData.grantedServiceUnit.cCMoney.unitValue, accepted is a decimal; it is not a number",
        ),
        (
            ("$CC", "1000"),
            "found 1000 for sponsoredConnectivityData.grantedServiceUnit.cCMoney.currencyCode, it is too large, accepted is a whole number from 0 to 999",
        ),
        (
            ("$APP", "hex:0"),
            "found hex:0 for applicationIdentifier, accepted is an even number of hexadecimal digits after hex:, or a text without it",
        ),
        (
            ("$CHG", "a\u{7}"),
            "found a\u{7} for chargingIdentifier, accepted is a text without control characters",
        ),
        (("$DURATION", "0"), "found 0 for duration, accepted is 1 second or more"),
        (("$SWITCH", "AUTO"), "found AUTO for avp[0].avps[0], accepted are ON, OFF"),
        (
            ("$FA", "-1"),
            "found -1 for mediaComponentDescription[0].mediaSubComponent[0].avp[0], accepted is a value of this type and range: flow is a Unsigned64",
        ),
        (
            ("$ADDRESS", "x"),
            "found x for avp[0].avps[1], accepted is an IPv4 or IPv6 address: other is a Address",
        ),
        (
            ("$USED", "9"),
            "found 9 for sponsoredConnectivityData.usedServiceUnit.tariffTimeChange, accepted are UNIT_BEFORE_TARIFF_CHANGE, UNIT_AFTER_TARIFF_CHANGE, UNIT_INDETERMINATE",
        ),
    ] {
        let error = error(&template, &[pair]);
        assert_eq!((error.part(), &*error.to_string()), (pair.0, part));
    }
    let long = "x".repeat(100_000);
    assert!(error(&template, &[("$MAXDL", &long)]).to_string().len() < 300);
}

#[test]
fn names_are_known_once_and_unique() {
    let template = read(EXAMPLE_16_10).unwrap().template;
    let unknown = error(&template, &[("$MED_TYP", "AUDIO")]);
    assert_eq!(unknown.to_string(), "the template has no parameter $MED_TYP; did you mean $MED_TYPE?");
    assert_eq!(unknown.part(), "$MED_TYP");
    // Case counts.
    assert!(
        matches!(error(&template, &[("$med_type", "AUDIO")]), FillError::UnknownParameter { near: Some(near), .. } if near == "$MED_TYPE")
    );
    assert!(matches!(error(&template, &[("APP_ID", "x")]), FillError::UnknownParameter { .. }));
    // 12-27: two meanings.
    let ambiguous = error(&template, &[("$MIN_REQ_BAND_UL", "5")]);
    assert_eq!(
        ambiguous.to_string(),
        "the template has $MIN_REQ_BAND_UL at mediaComponentDescription[0].minRequestedBandwidthUL and \
         mediaComponentDescription[0].minRequestedBandwidthDL: what it means is open, so it cannot be set"
    );
    let twice = Values::new([("$A", "1"), ("$B", "1"), ("$A", "1")]).unwrap_err();
    assert_eq!(twice, FillError::Twice { name: "$A".into() });
    let many: Vec<(String, &str)> = (0..10_000).map(|n| (format!("${}", n % 9_999), "x")).collect();
    assert_eq!(Values::new(many).unwrap_err(), FillError::Twice { name: "$0".into() });
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    let template = template(FULL);
    let above = error(&template, &[("$MINUL", "1001")]);
    assert_eq!(
        (above.part(), &*above.to_string()),
        (
            "$MINUL",
            "mediaComponentDescription[0].minRequestedBandwidthUL: found 1001, accepted is at most the 1000 bit/s of the maximum"
        )
    );
    assert!(matches!(error(&template, &[("$MAXDL", "19")]), FillError::Conflict { .. }));
    assert!(matches!(error(&template, &[("$N1", "2")]), FillError::Conflict { .. }));
    let number = error(&template, &[("$F1", "2")]);
    assert_eq!(
        number.to_string(),
        "mediaComponentDescription[0].mediaSubComponent[1].flowNumber: 2 is the number of another one already"
    );
    // The same in the file itself.
    let component = |inside: &str| {
        format!(
            "<mediaComponentDescription><mediaComponentNumber>1</mediaComponentNumber>{inside}</mediaComponentDescription>"
        )
    };
    let bandwidths = "\n<maxRequestedBandwidthUL>1</maxRequestedBandwidthUL>\n<minRequestedBandwidthUL>2</minRequestedBandwidthUL>";
    assert_eq!(
        refused(&component(bandwidths)),
        "4:1: <minRequestedBandwidthUL>: found 2, accepted is at most the 1 bit/s of the maximum"
    );
    assert_eq!(
        refused(&format!("{}\n{}", component(""), component(""))),
        "3:28: <mediaComponentNumber>: 1 is the number of another one already"
    );
}
