//! Custom AVPs by name: choices 29 to 36.

use rxgate::{
    dict::Dictionary,
    north::gatekeeper::{EndUser, read_apply},
    wire::{AvpFlags, VendorId},
};
use serde_json::json;

use crate::support::*;

#[test]
fn point_29_custom_avps_stand_in_seven_places() {
    let parameter = json!({ "name": "Own-Text", "value": "x" });
    let avp = own(1, EXAMPLE_VENDOR, AvpFlags::MANDATORY, b"x");
    let asked = ask(json!({
        "parameter": parameter,
        "mediaComponentDescription": {
            "mediaComponentNumber": 1,
            "parameter": parameter,
            "mediaSubComponent": { "flowNumber": 1, "parameter": parameter },
        },
        "supportedFeatures": { "vendorId": 1, "featureListID": 2, "featureList": 3, "parameter": parameter },
        "sponsoredConnectivityData": {
            "parameter": parameter,
            "grantedServiceUnit": { "parameter": parameter },
            "usedServiceUnit": { "parameter": parameter },
        },
    }));
    let service = &asked.service;
    let component = service.media_component_description.first().unwrap().into_owned();
    let data = service.sponsored_connectivity_data.as_ref().unwrap();
    for custom in [
        &service.custom,
        &component.custom,
        &component.media_sub_component.first().unwrap().custom,
        &service.supported_features.first().unwrap().custom,
        &data.custom,
        &data.granted_service_unit.as_ref().unwrap().custom,
    ] {
        assert_eq!(custom.to_vec(), std::slice::from_ref(&avp));
    }
    let shown = &view(&asked)["sponsoredConnectivityData"]["usedServiceUnit"]["parameter"];
    assert_eq!(shown, &json!([parameter]));
    refused(json!({ "subscriptionId": { "subscriptionIdType": "END_USER_PRIVATE", "subscriptionIdData": "x",
        "parameter": parameter } }));
}

#[test]
fn point_31_vendor_by_number_by_name_or_none() {
    assert_eq!(custom("Own-Text", json!("x")).vendor, VendorId(EXAMPLE_VENDOR));
    assert_eq!(custom("Own-Octets", json!("x")).vendor, VendorId(EXAMPLE_VENDOR));
    assert_eq!(custom("Own-Number", json!(1)).vendor, VendorId::NONE);
    assert_eq!(custom("Own-Signed", json!(1)).vendor, VendorId::NONE);
    let oracle = r#"<dictionary><application id="16777236" name="Rx">
        <avp name="X" code="1" vendor-id="Oracle Corporation"><type type-name="Unsigned32"/></avp>
        </application></dictionary>"#;
    let dictionary = Dictionary::with_files([("oracle.xml", oracle)]).unwrap();
    assert_eq!(dictionary.avp_by_name("X").unwrap().vendor, VendorId(111));
    let unknown = r#"<dictionary><application id="16777236" name="Rx"><avp name="X" code="1" vendor-id="Nobody">
        <type type-name="Unsigned32"/></avp></application></dictionary>"#;
    assert!(Dictionary::with_files([("unknown.xml", unknown)]).is_err());
}

#[test]
fn point_32_mandatory_flag_sets_the_m_bit() {
    assert_eq!(custom("Own-Text", json!("x")).flags, AvpFlags::MANDATORY);
    assert_eq!(custom("Own-Octets", json!("x")).flags, AvpFlags::NONE);
    assert_eq!(custom("Own-Number", json!(1)).flags, AvpFlags::NONE);
}

#[test]
fn point_33_a_grouped_custom_avp_holds_its_members() {
    let value = json!([
        { "name": "Own-Text", "value": "abcde" },
        { "name": "Own-Inner", "value": { "name": "Own-Octets", "value": "hex:ff00" } },
        { "name": "Flow-Number", "value": 3 },
    ]);
    let expected = [
        &[0, 0, 0, 1, 0xc0, 0, 0, 17, 0, 1, 0x55, 0x35, b'a', b'b', b'c', b'd', b'e', 0, 0, 0][..],
        &[0, 0, 0, 11, 0x80, 0, 0, 28, 0, 1, 0x55, 0x35],
        &[0, 0, 0, 2, 0x80, 0, 0, 14, 0, 1, 0x55, 0x35, 0xff, 0, 0, 0],
        &[0, 0, 1, 0xfd, 0xc0, 0, 0, 16, 0, 0, 0x28, 0xaf, 0, 0, 0, 3],
    ]
    .concat();
    assert_eq!(custom("Own-Group", value), own(10, EXAMPLE_VENDOR, AvpFlags::MANDATORY, &expected));
    let part = "SVC0002: Invalid input value for message part parameter[0].value";
    assert_starts(&custom_refused("Own-Group", json!("x")), part);
    assert_starts(&custom_refused("Own-Text", json!([])), part);
    let builtin = json!([{ "name": "Session-Id", "value": "x" }]);
    assert_starts(&custom_refused("Own-Group", builtin), &format!("{part}[0].name: "));
    let other = json!([{ "name": "Own-Octets", "value": 1 }]);
    let asked = ask(json!({ "parameter": { "name": "Own-Group", "value": other } }));
    assert_eq!(warned(&asked), ["parameter[0].value[0].name"]);
}

#[test]
fn groups_end_somewhere() {
    let loops = r#"<dictionary><application id="16777236" name="Rx"><avp name="Loop" code="99999">
        <grouped><gavp name="Loop"/></grouped></avp></application></dictionary>"#;
    let dictionary = Dictionary::with_files([("loop.xml", loops)]).unwrap();
    let nested = |depth| (0..depth).fold(json!([]), |inside, _| json!([{ "name": "Loop", "value": inside }]));
    let read = |depth| {
        let body =
            json!({ "qoSFeatureProperties": { "framedIPAddress": "10.0.0.1", "parameter": nested(depth) } });
        let user = EndUser::parse(USER).unwrap();
        read_apply(body.to_string().as_bytes(), &user, COMPATIBLE, &dictionary)
    };
    read(7).unwrap();
    assert_starts(
        &read(9).unwrap_err().to_string(),
        "SVC0002: Invalid input value for message part parameter[0].",
    );
}

#[test]
fn point_34_custom_enumerations_go_by_their_names() {
    assert_eq!(&*custom("Own-Choice", json!("ENUM_2")).data, [0, 0, 0, 7]);
    assert_eq!(&*custom("Own-Choice", json!(0)).data, [0, 0, 0, 0]);
    for wrong in [json!("ENUM_3"), json!(1), json!(true)] {
        assert_starts(
            &custom_refused("Own-Choice", wrong),
            "SVC0003: Invalid input value for message part parameter[0].value, valid values are ENUM_1, ENUM_2: ",
        );
    }
}

#[test]
fn point_35_parameter_is_one_or_an_array_of_known_names() {
    let parameter = json!({ "name": "Own-Number", "value": "7" });
    for given in [parameter.clone(), json!([parameter])] {
        let asked = ask(json!({ "parameter": given }));
        assert_eq!(asked.service.custom.to_vec(), [own(7003, 0, AvpFlags::NONE, &[0, 0, 0, 7])]);
        assert_eq!(view(&asked)["parameter"], json!([parameter]));
    }
    let text = custom_refused("anotherDiameterParameter", json!("My diameter parameter value"));
    assert_starts(&text, "SVC0002: Invalid input value for message part parameter[0].name: ");
    refused(json!({ "parameter": { "value": 1 } }));
    refused(json!({ "parameter": { "name": "Own-Number" } }));
    refused(json!({ "parameter": { "name": "Own-Number", "value": 1, "more": 1 } }));
}

#[test]
fn point_36_built_in_avps_are_no_custom_ones() {
    for name in ["Reservation-Priority", "Session-Id", "Subscription-Id", "MPS-Identifier", "Vendor-Id"] {
        let text = custom_refused(name, json!(1));
        assert_starts(&text, "SVC0002: Invalid input value for message part parameter[0].name: found ");
    }
    let twin = r#"<dictionary><application id="16777236" name="Rx">
        <avp name="Twin" code="458" vendor-id="13019"><type type-name="Unsigned32"/></avp></application></dictionary>"#;
    assert!(Dictionary::with_files([("twin.xml", twin)]).is_err());
}

#[test]
fn custom_values_are_of_the_type_that_the_dictionary_says() {
    for (name, value, data) in [
        ("Own-Text", json!(true), &b"true"[..]),
        ("Own-Text", json!(6.25), b"6.25"),
        ("Own-Octets", json!("hex:00ff"), &[0, 255]),
        ("Own-Number", json!(4_294_967_295u32), &[255; 4]),
        ("Own-Signed", json!("-1"), &[255; 8]),
        ("Own-Address", json!("10.0.0.1"), &[0, 1, 10, 0, 0, 1]),
        ("Own-Time", json!(256), &[0, 0, 1, 0]),
        ("Own-Float", json!(1.5), &[0x3f, 0xc0, 0, 0]),
        ("Own-Host", json!("pcrf.rx.test"), b"pcrf.rx.test"),
    ] {
        assert_eq!(&*custom(name, value).data, data, "{name}");
    }
    for (name, value) in [
        ("Own-Octets", json!("hex:0")),
        ("Own-Number", json!(-1)),
        ("Own-Number", json!(1.5)),
        ("Own-Number", json!(4_294_967_296u64)),
        ("Own-Address", json!("host")),
        ("Own-Float", json!("inf")),
        ("Own-Host", json!("a b")),
        ("Own-Text", json!({})),
    ] {
        let text = custom_refused(name, value);
        assert_starts(&text, "SVC0002: Invalid input value for message part parameter[0].value: found ");
    }
}
