//! The numbered choices that concern templates.

use rxgate::{
    rx::CustomAvp,
    template::FillError,
    wire::{AvpFlags, VendorId},
};

use crate::{
    fill::{error, filled},
    support::*,
};

/// The one warning of a template that has this inside.
#[track_caller]
fn warning(inside: &str) -> String {
    let compiled = read(&with(inside)).unwrap();
    let [warning] = &warnings(&compiled)[..] else { panic!("{:?}", warnings(&compiled)) };
    warning.clone()
}

/// The custom AVP of a template that has this inside.
fn custom(inside: &str) -> CustomAvp<'static> {
    filled(&template(inside), &[]).service.custom.first().unwrap().into_owned()
}

#[test]
fn point_25_text_between_elements_is_left_aside_or_strictly_refused() {
    let stray = "<!-- Optional: -->M\n<calledStationId>apn</calledStationId>";
    assert_eq!(warning(stray), "2:19: text between the elements of <QoSTemplate>: M; left aside");
    let asked = filled(&template(stray), &[]);
    assert_eq!(asked.service.called_station_id.as_deref(), Some("apn"));
    let problems = read_strict(&with(stray)).unwrap_err().to_string();
    assert_eq!(problems, "2:19: text between the elements of <QoSTemplate>: M");
}

#[test]
fn point_26_typographic_quotes_are_refused_with_place_and_hint() {
    for quote in ['”', '“', '„', '’'] {
        let problem = refused(&format!("<duration parameterName={quote}$D{quote}>60</duration>"));
        let expected =
            format!("2:25: not XML: an attribute's value stands in {quote}, accepted are \" and '");
        assert!(problem.starts_with(&expected), "{problem}");
        assert!(problem.contains("typographic quotes"), "{problem}");
        // In a text they are what they are.
        let text = format!("<chargingIdentifier>{quote}</chargingIdentifier>");
        let asked = filled(&template(&text), &[]);
        assert_eq!(asked.service.af_charging_identifier.as_deref(), Some(quote.to_string().as_bytes()));
    }
}

#[test]
fn point_27_a_name_that_stands_twice_is_warned_of_and_cannot_be_set() {
    let twice = "<chargingIdentifier parameterName=\"$A\">a</chargingIdentifier>\n\
                 <mPSIdentifier parameterName=\"$A\">b</mPSIdentifier>";
    assert!(warning(twice).starts_with("3:16: $A names 2 elements (chargingIdentifier, mPSIdentifier)"));
    let template = template(twice);
    let refused = error(&template, &[("$A", "x")]);
    let elements = ["chargingIdentifier", "mPSIdentifier"].map(Into::into).to_vec();
    assert_eq!(refused, FillError::Ambiguous { name: "$A".into(), elements });
    let service = filled(&template, &[]).service;
    assert_eq!(service.af_charging_identifier.as_deref(), Some(&b"a"[..]));
    assert_eq!(service.mps_identifier.as_deref(), Some(&b"b"[..]));
}

#[test]
fn point_30_the_type_on_the_wire_decides() {
    let avp = |value: &str| {
        format!(
            "<avp name=\"own\" code=\"234567\" vendor-id=\"111\"><type type-name=\"Integer32\"/>\
             <value parameterName=\"$OWN\">{value}</value></avp>"
        )
    };
    // Quotes belong to the value: it is no number with them.
    for text in ["My Diameter Value", "\"7\""] {
        assert!(warning(&avp(text)).contains(&format!("{text} cannot be sent")), "{}", warning(&avp(text)));
        let template = template(&avp(text));
        assert!(matches!(error(&template, &[]), FillError::BadValue { .. }));
        assert!(matches!(error(&template, &[("$OWN", "seven")]), FillError::BadValue { .. }));
        let asked = filled(&template, &[("$OWN", "7")]);
        assert_eq!(*asked.service.custom.first().unwrap().data, [0, 0, 0, 7]);
    }
    assert_eq!(*custom(&avp("7")).data, [0, 0, 0, 7]);
}

#[test]
fn point_31_a_vendor_is_a_number_a_known_name_or_none() {
    let avp = |vendor: &str| {
        custom(&format!(
            "<avp name=\"own\" code=\"93222\"{vendor}><type type-name=\"Integer32\"/><value>1</value></avp>"
        ))
    };
    for (vendor, expected) in [
        (" vendor-id=\"87349\"", VendorId(87349)),
        (" vendor-id=\"Oracle \nCorporation\"", VendorId(111)),
        (" vendor-id=\"0\"", VendorId::NONE),
        ("", VendorId::NONE),
    ] {
        assert_eq!(avp(vendor).vendor, expected, "{vendor}");
    }
}

#[test]
fn point_32_required_sets_the_m_bit_and_optional_clears_it() {
    for (flag, flags) in [
        ("required", AvpFlags::MANDATORY),
        ("must", AvpFlags::MANDATORY),
        ("optional", AvpFlags::NONE),
        ("may", AvpFlags::NONE),
        ("mustnot", AvpFlags::NONE),
    ] {
        let avp = format!(
            "<avp name=\"own\" code=\"93222\" mandatory-flag=\"{flag}\"><type type-name=\"Integer32\"/><value>1</value></avp>"
        );
        assert_eq!(custom(&avp).flags, flags, "{flag}");
    }
}

#[test]
fn point_33_the_children_of_a_group_are_those_that_have_values() {
    let group = |declared: &str| {
        format!(
            "<avp name=\"own\" code=\"93222\"><grouped><gavp name=\"{declared}\"/></grouped>\
             <avps name=\"inner\" code=\"96785\"><type type-name=\"String\"/><value>xmf</value></avps></avp>"
        )
    };
    assert!(warnings(&read(&with(&group("inner"))).unwrap()).is_empty());
    assert!(warning(&group("other")).contains("<gavp> names other, and no <avps> is called so (inner)"));
    for declared in ["inner", "other"] {
        assert_eq!(*custom(&group(declared)).data, *b"\0\x01\x7a\x11\0\0\0\x0bxmf\0");
    }
}
