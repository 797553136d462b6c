//! Custom AVPs: what their elements may say.

use rxgate::{
    dict::Dictionary,
    template::{Template, Values},
    wire::{AvpFlags, VendorId},
};

use crate::support::*;

fn avp(attributes: &str, inside: &str) -> String {
    format!("<avp name='a' {attributes}>{inside}</avp>")
}

const NUMBER: &str = "<type type-name='Unsigned32'/><value>1</value>";

#[test]
fn what_is_no_custom_avp_is_refused() {
    for (inside, problem) in [
        (
            avp("code='1000001' vendor-id='Oracel'", NUMBER),
            "2:30: vendor-id=\"Oracel\" is not known, accepted: a number, 3GPP, 3GPP2, ETSI, Ericsson, Huawei, IETF, Nokia, None, Oracle, Oracle Corporation, TGPP, TGPP2, Vodafone; did you mean Oracle?",
        ),
        (
            avp("code='1000001' vendor-id='4294967296'", NUMBER),
            "2:30: vendor-id=\"4294967296\" is larger than 4294967295",
        ),
        // 12-36: priority of another name.
        (
            avp("code='458' vendor-id='ETSI'", NUMBER),
            "2:15: AVP 458 of vendor 13019 is Reservation-Priority (ETSI TS 183 017): a custom AVP has a code of its own",
        ),
        (avp("code='+8'", NUMBER), "2:15: code=\"+8\", accepted is a whole number from 1 to 4294967295"),
        (avp("code='0'", NUMBER), "2:15: code=\"0\", accepted is a whole number from 1 to 4294967295"),
        (avp("", NUMBER), "2:1: <avp> has no attribute code, which is required"),
        (
            avp("code='1000001' mandatory-flag='yes'", NUMBER),
            "2:30: mandatory-flag=\"yes\", accepted: required, optional, must, may, mustnot",
        ),
        (
            avp("code='1000001' constrained='no'", NUMBER),
            "2:30: constrained=\"no\", accepted is true or false",
        ),
        (avp("code='1000001'", "<value>1</value>"), "2:1: <avp> has no <type>, which says what its value is"),
        (
            avp("code='1000001'", "<type type-name='Unsigned32'/>"),
            "2:1: <avp> has neither <value> nor <avps>",
        ),
        (
            avp("code='1000001'", "<type type-name='Grouped'/><value>1</value>"),
            "2:36: type Grouped, and no <avps> in it: accepted are one or more",
        ),
        (
            avp("code='1000001'", "<value>1</value><type type-name='Unsigned32'/>"),
            "2:46: <type> stands too late, the order is: type, enum, value",
        ),
        (
            avp("code='1000001'", "<type type-name='Unsigned32'/><value/>"),
            "2:60: <value> is empty and has no parameterName: it would never be sent",
        ),
        (
            avp("code='1000001'", "<type type-name='Unsigned32'/><value>1</value><value>2</value>"),
            "2:76: a second <value>, accepted is one",
        ),
        (
            avp(
                "code='1000001'",
                "<type type-name='Integer32'/><enum name='A' code='1'/><enum name='a' code='2'/><value>A</value>",
            ),
            "2:84: a or its code is there already",
        ),
        (
            avp("code='1000001'", "<type type-name='Integer64'/><enum name='A' code='1'/><value>A</value>"),
            "2:1: an enumeration has the type Integer32, Unsigned32 or Enumerated",
        ),
        (
            avp(
                "code='1000001'",
                "<type type-name='Integer32'/><enum name='ENUM_1' code='1'/><value>ENUM_2</value>",
            ),
            "2:96: <value> holds ENUM_2: accepted are ENUM_1; did you mean ENUM_1?",
        ),
        (
            avp("code='1000001'", "<grouped/>"),
            "2:1: a Grouped AVP without <avps>: accepted are one or more\n2:30: <grouped> without <gavp>: accepted are one or more",
        ),
        (
            avp(
                "code='1000001'",
                "<avps name='b' code='8'><type type-name='Address'/><value>10.0.0.1</value></avps>",
            ),
            "2:45: AVP 8 of vendor 0 is Framed-IP-Address (RFC 7155): a custom AVP has a code of its own",
        ),
        (
            avp(
                "code='1000001'",
                "<type type-name='Unsigned32'/><value>1</value><avps name='b' code='1000002'><type type-name='Unsigned32'/><value>1</value></avps>",
            ),
            "2:36: type Unsigned32, and there are AVPs in it: it is Grouped\n2:60: <value> is not known in this <avp>, accepted: type, grouped, avps",
        ),
    ] {
        assert_eq!(refused(&inside), problem, "{inside}");
    }
}

#[test]
fn vendors_are_numbers_or_names_of_the_dictionary() {
    for (vendor, number) in
        [("", 0), ("0", 0), ("87349", 87349), ("oracle  corporation", 111), ("3GPP", 10415), ("TGPP", 10415)]
    {
        let template =
            template(&avp(&format!("code='1000001' vendor-id='{vendor}' mandatory-flag='required'"), NUMBER));
        let values = Values::default();
        let custom = template.fill(&values).unwrap().service.custom.first().unwrap().into_owned();
        assert_eq!((custom.vendor, custom.flags), (VendorId(number), AvpFlags::MANDATORY), "{vendor}");
    }
    // An operator's dictionary may add some; its AVPs are no built-in ones.
    let own = "<dictionary><vendor vendor-id=\"Example\" code=\"87349\" name=\"Example Inc\"/><base>\
        <avp name=\"Own\" code=\"7\" vendor-id=\"Example\"><type type-name=\"Unsigned32\"/></avp></base></dictionary>";
    let dictionary = Dictionary::with_files([("own.xml", own)]).unwrap();
    let xml = with(&avp("code='7' vendor-id='Example Inc'", NUMBER));
    let template = Template::read(xml.as_bytes(), &dictionary, LENIENT).unwrap().template;
    let values = Values::default();
    assert_eq!(template.fill(&values).unwrap().service.custom.first().unwrap().vendor, VendorId(87349));
}

#[test]
fn values_have_every_type() {
    for (kind, text, octets) in [
        ("String", "äx", "äx".as_bytes()),
        ("UTF8String", "x", b"x"),
        ("OctetString", "hex:00fF", &[0, 255]),
        ("Integer32", "-1", &[255, 255, 255, 255]),
        ("Integer64", "-2", &[255, 255, 255, 255, 255, 255, 255, 254]),
        ("Unsigned32", "4294967295", &[255, 255, 255, 255]),
        ("Unsigned64", "1", &[0, 0, 0, 0, 0, 0, 0, 1]),
        ("Float32", "1", &[0x3f, 0x80, 0, 0]),
        ("Float64", "1", &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ("Address", "10.0.0.1", &[0, 1, 10, 0, 0, 1]),
        ("Time", "1", &[0, 0, 0, 1]),
        ("DiameterIdentity", "a.b", b"a.b"),
        ("DiameterURI", "aaa://a.b", b"aaa://a.b"),
        ("Enumerated", "3", &[0, 0, 0, 3]),
        ("IPFilterRule", "permit in ip from any to any", b"permit in ip from any to any"),
    ] {
        let inside = format!("<type type-name='{kind}'/><value parameterName='$V'>{text}</value>");
        let template = template(&avp("code='1000001' may-encrypt='1' description='d'", &inside));
        let values = Values::default();
        let filled = template.fill(&values).unwrap();
        assert_eq!(filled.service.custom.first().unwrap().data, octets, "{kind}");
        assert_eq!(template.parameters().next().unwrap().places()[0].default.as_ref(), text);
    }
}

#[test]
fn custom_avps_stand_in_seven_elements() {
    let custom = avp("code='1000001'", NUMBER);
    let unit = |name: &str| format!("<{name}>{custom}</{name}>");
    let inside = format!(
        "<mediaComponentDescription><mediaComponentNumber>1</mediaComponentNumber>\
         <mediaSubComponent><flowNumber>1</flowNumber>{custom}</mediaSubComponent>{custom}</mediaComponentDescription>\
         <supportedFeatures><vendorId>1</vendorId><featureListID>1</featureListID><featureList>1</featureList>{custom}\
         </supportedFeatures><sponsoredConnectivityData>{}{}{custom}</sponsoredConnectivityData>{custom}{custom}",
        unit("grantedServiceUnit"),
        unit("usedServiceUnit"),
    );
    let template = template(&inside);
    let values = Values::default();
    let it = template.fill(&values).unwrap().service;
    let component = it.media_component_description.first().unwrap().into_owned();
    let sponsored = it.sponsored_connectivity_data.unwrap();
    let counts = [
        it.custom.len(),
        component.custom.len(),
        component.media_sub_component.first().unwrap().custom.len(),
        it.supported_features.first().unwrap().custom.len(),
        sponsored.custom.len(),
        sponsored.granted_service_unit.unwrap().custom.len(),
    ];
    assert_eq!(counts, [2, 1, 1, 1, 1, 1]);
    let outside = "<subscriptionId><subscriptionIdType>END_USER_E164</subscriptionIdType>\n<subscriptionIdData>1</subscriptionIdData>";
    let problem = refused(&format!("{outside}\n{custom}</subscriptionId>"));
    assert!(problem.starts_with("4:1: <avp> is not known in <subscriptionId>"), "{problem}");
}
