//! Files: what is accepted, and that everything wrong is reported with its place.

use rxgate::{
    dict::Dictionary,
    template::{MAX_OCTETS, Template, Values},
};

use crate::support::*;

/// The one problem of a template that has this inside.
#[track_caller]
fn problem(inside: &str) -> String {
    let problems = refused(inside);
    assert!(!problems.contains('\n'), "{problems}");
    problems
}

#[test]
fn what_is_no_xml_is_refused_with_its_place() {
    for (file, start) in [
        ("", "1:1: not XML: there is no element in the file"),
        ("hello", "1:1: not XML: text outside of every element: hello"),
        ("<a", "1:1: not XML: "),
        ("<!-- x", "1:1: not XML: "),
        ("<a>", "1:1: <a> has no namespace"),
        ("{\"a\": 1}", "1:1: not XML: text outside of every element: {\"a\": 1}"),
        (
            "\n <a></b>",
            "2:2: <a> has no namespace, accepted is xmlns=\"http://oracle/ocsg/rest/qos/template\" on the outermost element\n2:5: not XML: ill-formed document: expected `</a>`, but `</b>` was found",
        ),
        ("</a>", "1:1: not XML: "),
        ("<p:a/>", "1:1: not XML: the prefix p of <a> is not declared"),
        ("<?xml version=\"1.1\"?><a/>", "1:1: XML 1.1 is not accepted, only 1.0"),
        (
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
            "1:1: encoding ISO-8859-1 is not accepted, only UTF-8",
        ),
        ("<a/><?xml version=\"1.0\"?>", "1:1: <a> has no namespace"),
    ] {
        let problems = read(file).unwrap_err().to_string();
        assert!(problems.starts_with(start), "{file}: {problems}");
    }
    let end =
        read("<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t\">\n<duration>")
            .unwrap_err();
    assert_eq!(end.to_string(), "2:11: not XML: the file ends inside <duration>");
}

#[test]
fn text_and_attributes_are_as_xml_has_them() {
    for (inside, problem) in [
        (
            "<chargingIdentifier>a ]]> b</chargingIdentifier>",
            "2:23: not XML: ]]> stands in a text; write ]]&gt;",
        ),
        (
            "<chargingIdentifier>a &nbsp; b</chargingIdentifier>",
            "2:23: not XML: &nbsp; is not defined, accepted are &amp; &lt; &gt; &quot; &apos; and references to characters",
        ),
        (
            "<chargingIdentifier>a &#0; b</chargingIdentifier>",
            "2:23: not XML: &#0; is not defined, accepted are &amp; &lt; &gt; &quot; &apos; and references to characters",
        ),
        (
            "<chargingIdentifier>a \u{1} b</chargingIdentifier>",
            "2:21: <chargingIdentifier> holds a \u{1} b: accepted is a text without control characters\n2:23: not XML: the character U+0001 is not allowed",
        ),
        (
            "<duration parameterName=$A>1</duration>",
            "2:25: not XML: an attribute's value stands in no quotes, accepted are \" and '",
        ),
        (
            "<duration parameterName='$A'parameterName='$A'>1</duration>",
            "2:29: not XML: white space is missing between two attributes\n2:29: not XML: a second attribute parameterName",
        ),
        (
            "<duration parameterName>1</duration>",
            "2:11: not XML: accepted is name=\"value\", found parameterName",
        ),
        (
            "<duration parameterName=\"$<\">1</duration>",
            "2:25: not XML: < stands in an attribute's value; write &lt;",
        ),
        (
            "<duration parameterName=\"&x;\">1</duration>",
            "2:25: not XML: &x is not defined, accepted are &amp; &lt; &gt; &quot; &apos; and references to characters",
        ),
    ] {
        assert_eq!(refused(inside), problem, "{inside}");
    }
    let template = template(
        "<chargingIdentifier parameterName = '&#36;A&#x42;'>\n a &lt;&#x41;&amp;<!-- c --> <![CDATA[<b> ]]>\n</chargingIdentifier>",
    );
    assert_eq!(template.parameters().next().unwrap().name(), "$AB");
    let values = Values::default();
    let filled = template.fill(&values).unwrap();
    // White space around is dropped, in CDATA it is kept.
    assert_eq!(filled.service.af_charging_identifier.as_deref(), Some(&b"a <A& <b> "[..]));
}

#[test]
fn a_document_type_is_refused_and_expands_nothing() {
    let laughs: String = (1..10)
        .map(|level| {
            let below = format!("&l{};", level - 1).repeat(10);
            format!("<!ENTITY l{level} \"{below}\">\n")
        })
        .collect();
    let file = format!(
        "<!DOCTYPE lolz [<!ENTITY l0 \"ha\">\n{laughs}]>\n{}",
        with("<calledStationId>&l9;</calledStationId>")
    );
    let problems = read(&file).unwrap_err().to_string();
    let mut lines = problems.lines();
    assert_eq!(
        lines.next(),
        Some("1:1: a DOCTYPE is not accepted: a template has no entities and no document type of its own")
    );
    assert!(lines.next().unwrap().contains("&l9; is not defined"), "{problems}");
    assert_eq!(lines.next(), None);
    let external = format!("<!DOCTYPE QoSTemplate SYSTEM \"file:///etc/passwd\">{}", with(""));
    assert!(read(&external).unwrap_err().to_string().starts_with("1:1: a DOCTYPE is not accepted"));
}

#[test]
fn size_depth_and_attributes_are_limited() {
    let largest = |octets: usize| {
        let frame = with("<!---->").len();
        with(&format!("<!--{}-->", " ".repeat(octets - frame)))
    };
    assert!(read(&largest(MAX_OCTETS)).is_ok());
    assert_eq!(
        read(&largest(MAX_OCTETS + 1)).unwrap_err().to_string(),
        "1:1: the file has 1048577 octets, a template has at most 1048576"
    );
    let flows = |count: usize| {
        let flows: String = (0..count).map(|n| format!("<mediaSubComponent><flowNumber parameterName=\"$P{n}\">{n}</flowNumber></mediaSubComponent>")).collect();
        format!(
            "<mediaComponentDescription><mediaComponentNumber>1</mediaComponentNumber>{flows}</mediaComponentDescription>"
        )
    };
    // Two stand on the outermost element.
    assert_eq!(template(&flows(4094)).parameters().len(), 4094);
    let problem = refused(&flows(4095));
    assert!(problem.ends_with("the file has more than 4096 attributes"), "{problem}");
    let nested = |depth: usize| {
        format!("{}{}", "<avps name='a' code='1000000'>".repeat(depth), "</avps>".repeat(depth))
    };
    let hundred = format!("<avp name='a' code='1000000'>{}</avp>", nested(100));
    let problem = refused(&hundred);
    assert!(problem.contains("elements are nested more than 32 deep"), "{problem}");
    let leaf = "<type type-name='Integer32'/><value>1</value>";
    let groups = |depth: usize| {
        format!(
            "<avp name='a' code='1000000'>{}{leaf}{}</avp>",
            "<avps name='a' code='1000000'>".repeat(depth),
            "</avps>".repeat(depth)
        )
    };
    // Seven groups around a value; with eight there is one too many.
    let values = Values::default();
    assert_eq!(
        template(&groups(7)).fill(&values).unwrap().service.custom.first().unwrap().data.len(),
        6 * 8 + 12
    );
    let problem = refused(&groups(9));
    assert!(problem.contains("Grouped AVPs are nested 8 deep at most"), "{problem}");
    // Nothing recurses over what is nested 150,000 deep.
    let deep = "<a>".repeat(150_000);
    assert!(read(&deep).is_err());
}

#[test]
fn only_utf_8_is_accepted() {
    let dictionary = Dictionary::builtin();
    let read = |octets: &[u8]| Template::read(octets, dictionary, LENIENT);
    let marked = [b"\xef\xbb\xbf", with("").as_bytes()].concat();
    assert!(read(&marked).is_ok());
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n{}", with(""));
    assert!(read(declared.as_bytes()).is_ok());
    let wrong = with("<calledStationId>äé\u{1}</calledStationId>").replace('\u{1}', "#");
    let mut wrong = wrong.into_bytes();
    let at = wrong.iter().position(|octet| *octet == b'#').unwrap();
    wrong[at] = 0xff;
    let problem = read(&wrong).unwrap_err().to_string();
    assert_eq!(problem, "2:20: the file is not UTF-8, which is the only encoding accepted");
    let utf16: Vec<u8> = with("").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(
        read(&[&[0xfe, 0xff], &utf16[..]].concat())
            .unwrap_err()
            .to_string()
            .starts_with("1:1: the file is not UTF-8")
    );
}

#[test]
fn templates_have_one_namespace() {
    let prefixed = "<q:QoSTemplate xmlns:q=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t\"><q:duration>60</q:duration></q:QoSTemplate>";
    let template = read(prefixed).unwrap().template;
    assert_eq!(template.fill(&Values::default()).unwrap().duration, Some(60));
    let none = read("<QoSTemplate templateId=\"t\"/>").unwrap_err().to_string();
    assert!(none.starts_with("1:1: <QoSTemplate> has no namespace, accepted is xmlns="), "{none}");
    assert_eq!(
        problem("<x:duration xmlns:x=\"urn:other\"><y/></x:duration>"),
        "2:1: <duration> is of the namespace urn:other, accepted is http://oracle/ocsg/rest/qos/template"
    );
    assert_eq!(
        problem("<duration xmlns:x=\"urn:other\" x:parameterName=\"$A\">1</duration>"),
        "2:31: the attribute x:parameterName is not known: of other namespaces only xsi:schemaLocation is accepted"
    );
    assert_eq!(problem("<duration x:a=\"1\">1</duration>"), "2:11: not XML: the prefix x is not declared");
    let nil = "<duration xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
    assert!(problem(nil).starts_with("2:65: the attribute xsi:nil is not known"), "{}", problem(nil));
}

/// Who writes a template need not know the order of the complete one.
#[test]
fn the_order_of_members_has_no_meaning() {
    let flow =
        "<mediaSubComponent><flowStatus>ENABLED</flowStatus><flowNumber>1</flowNumber></mediaSubComponent>";
    let number = "<mediaComponentNumber>1</mediaComponentNumber>";
    let component =
        |inside: String| format!("<mediaComponentDescription>{inside}</mediaComponentDescription>");
    let service = "<serviceURN>sos</serviceURN>";
    let one = read(&with(&format!("{service}{}", component(format!("{flow}{number}"))))).unwrap();
    let other = read(&with(&format!("{}{service}", component(format!("{number}{flow}"))))).unwrap();
    let none = Values::default();
    assert_eq!(one.template.fill(&none).unwrap().service, other.template.fill(&none).unwrap().service);
    assert!(one.warnings.is_empty(), "{:?}", one.warnings);
}

#[test]
fn elements_stand_where_the_complete_template_has_them() {
    for (inside, problem) in [
        (
            "<flowStatus>ENABLED</flowStatus>",
            "2:1: <flowStatus> is not known in <QoSTemplate>, accepted: duration, applicationIdentifier, mediaComponentDescription, serviceInfoStatus, chargingIdentifier, sIPForkingIndication, subscriptionId, supportedFeatures, reservationPriority, framedIPAddress, framedIPv6Prefix, calledStationId, serviceURN, sponsoredConnectivityData, mPSIdentifier, avp; it belongs into <mediaComponentDescription>",
        ),
        (
            "<serviceUrn>sos</serviceUrn>",
            "2:1: <serviceUrn> is not known in <QoSTemplate>, accepted: duration, applicationIdentifier, mediaComponentDescription, serviceInfoStatus, chargingIdentifier, sIPForkingIndication, subscriptionId, supportedFeatures, reservationPriority, framedIPAddress, framedIPv6Prefix, calledStationId, serviceURN, sponsoredConnectivityData, mPSIdentifier, avp; did you mean <serviceURN>?",
        ),
        (
            "<duration>1</duration>\n<duration>1</duration>",
            "3:1: <duration> stands here 2 times, accepted 1 at most",
        ),
        (
            "<sipForkingIndication>SINGLE_DIALOGUE</sipForkingIndication><sIPForkingIndication>SINGLE_DIALOGUE</sIPForkingIndication>",
            "2:61: <sIPForkingIndication> stands here 2 times, accepted 1 at most",
        ),
        (
            "<mediaComponentDescription>\n</mediaComponentDescription>",
            "2:1: <mediaComponentDescription> has no <mediaComponentNumber>, which is required",
        ),
        (
            "<mediaComponentDescription>\n<mediaComponentNumber/>\n</mediaComponentDescription>",
            "3:1: <mediaComponentNumber> is empty: accepted is a whole number of 32 bits, or a parameterName by which requests set it",
        ),
        ("<duration><a/></duration>", "2:11: <a> stands in <duration>, which holds a text"),
        (
            "<duration parameterNam=\"$A\">1</duration>",
            "2:11: <duration> has no attribute parameterNam, accepted: parameterName; did you mean parameterName?",
        ),
        (
            "<duration parameterName=\"A\">1</duration>",
            "2:11: parameterName=\"A\" is no name: accepted is $ and letters, digits, _ - or . behind it, 128 characters at most",
        ),
        (
            "<sponsoredConnectivityData a=\"1\"/>",
            "2:28: <sponsoredConnectivityData> has no attribute a, it has none",
        ),
    ] {
        assert_eq!(refused(inside), problem, "{inside}");
    }
    let root = "<QosTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t\"/>";
    assert_eq!(
        read(root).unwrap_err().to_string(),
        "1:1: the outermost element is <QosTemplate>, accepted is <QoSTemplate>"
    );
    let nameless = "<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\" \"/>";
    assert_eq!(
        read(nameless).unwrap_err().to_string(),
        "1:59: <QoSTemplate> has no templateId, which names the template"
    );
}

#[test]
fn every_problem_of_a_file_is_reported() {
    let inside = "<duration>0</duration>
stray
<mediaComponentDescription>
  <mediaComponentNumber>x</mediaComponentNumber>
  <mediaSubComponent><flowNumber>1</flowNumber><flowStatus>ENABLED_UPLINC</flowStatus></mediaSubComponent>
  <mediaTyp>AUDIO</mediaTyp>
</mediaComponentDescription>
<serviceURN>sos..x</serviceURN>
<framedIPAddress>0.0.0.0</framedIPAddress>
<avp name=\"a\" code=\"8\"><type type-name=\"Integer23\"/><value>1</value></avp>";
    let lines = [
        "2:11: <duration> holds 0: accepted is 1 second or more",
        "3:1: text between the elements of <QoSTemplate>: stray",
        "5:25: <mediaComponentNumber> holds x: it is not a number, accepted is a whole number from 0 to 4294967295",
        "6:60: <flowStatus> holds ENABLED_UPLINC: accepted are ENABLED-UPLINK, ENABLED-DOWNLINK, ENABLED, DISABLED, \
         REMOVED; did you mean ENABLED-UPLINK?",
        "7:3: <mediaTyp> is not known in <mediaComponentDescription>, accepted: mediaComponentNumber, \
         mediaSubComponent, applicationIdentifier, mediaType, maxRequestedBandwidthUL, maxRequestedBandwidthDL, \
         minRequestedBandwidthUL, minRequestedBandwidthDL, flowStatus, reservationPriority, rSBandwidth, rRBandwidth, \
         codecData, avp; did you mean <mediaType>?",
        "9:13: <serviceURN> holds sos..x: accepted is a service such as sos, sos.fire or counseling.children (RFC 5031 \
         §4.1)",
        "10:18: <framedIPAddress> holds 0.0.0.0: accepted is the unicast address of a UE, not a reserved one",
        "11:15: AVP 8 of vendor 0 is Framed-IP-Address (RFC 7155): a custom AVP has a code of its own",
        "11:30: type Integer23 is not known, accepted: String, OctetString, Integer32, Integer64, Unsigned32, \
         Unsigned64, Float32, Float64, Address, Time, UTF8String, DiameterIdentity, DiameterURI, Enumerated, \
         IPFilterRule, QoSFilterRule; did you mean Integer32?",
    ];
    let strict = read_strict(&with(inside)).unwrap_err().to_string();
    assert_eq!(strict.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_file_full_of_problems_is_cut_off() {
    let inside = "<x/>\n".repeat(1000);
    let problems = read(&with(&inside)).unwrap_err();
    assert_eq!(problems.0.len(), 101);
    assert_eq!(problems.0.last().unwrap().text, "900 more of them are not listed");
}
