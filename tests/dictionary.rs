//! The built-in dictionary against the standard's table, the generated sources against the dictionary, and
//! what a file must not say.

#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use rxgate::{
    dict::{
        self, DataFormat, DictError, Dictionary, MandatoryRule, avp, commands, enums, generate, is_grouped,
        result,
    },
    wire::{AvpFlags, VendorId, avp_key},
};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn generated_sources_are_current() {
    for source in generate::sources(Dictionary::builtin()) {
        let committed = fs::read_to_string(package().join(source.path)).unwrap();
        assert!(committed == source.text, "{}: run `cargo run --example gen_avp`", source.path);
    }
}

#[test]
fn every_file_of_the_directory_is_embedded() {
    // Loaded again from the directory, every declaration is a repetition; a file that is not embedded would
    // bring a new one.
    let again = Dictionary::with_directory(package().join("avp-dictionary"));
    // Commands are declared once: the first file that has some is refused, after its AVPs were accepted.
    let error = again.unwrap_err().to_string();
    assert!(error.contains("has a grammar already"), "{error}");
    for entry in fs::read_dir(package().join("avp-dictionary")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        if text.contains("<request") {
            continue;
        }
        let dictionary = Dictionary::with_files([("again.xml", text.as_str())]).unwrap();
        assert_eq!(dictionary.avps().len(), Dictionary::builtin().avps().len(), "{}", path.display());
    }
}

#[test]
fn every_row_of_the_standards_table_is_in_the_dictionary() {
    let table = include_str!("data/rx-avps.csv");
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let [name, code, vendor, format, mandatory] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("bad row {row}")
        };
        let (code, vendor): (u32, u32) = (code.parse().unwrap(), vendor.parse().unwrap());
        let spec = Dictionary::builtin().avp(VendorId(vendor), code).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(&*spec.name, name);
        assert_eq!(spec.format, DataFormat::from_name(format).unwrap(), "{name}");
        let rule = match spec.mandatory {
            MandatoryRule::Must => "must",
            MandatoryRule::May => "may",
            MandatoryRule::MustNot => "mustnot",
        };
        assert_eq!(rule, mandatory, "{name}");
        assert_eq!(Dictionary::builtin().avp_by_name(name).unwrap().key(), spec.key());
        rows += 1;
    }
    assert_eq!(rows, 179);
}

#[test]
fn code_458_means_two_things() {
    let dictionary = Dictionary::builtin();
    assert_eq!(&*dictionary.avp(VendorId::NONE, 458).unwrap().name, "User-Equipment-Info");
    assert_eq!(&*dictionary.avp(VendorId::ETSI, 458).unwrap().name, "Reservation-Priority");
    assert!(is_grouped(avp::USER_EQUIPMENT_INFO.key()));
    assert!(!is_grouped(avp::RESERVATION_PRIORITY.key()));
}

#[test]
fn the_generated_predicate_is_true_for_groups_alone() {
    let mut groups = 0;
    for spec in Dictionary::builtin().avps() {
        let grouped = spec.format == DataFormat::Grouped && !spec.quoted;
        assert_eq!(is_grouped(spec.key()), grouped, "{}", spec.name);
        groups += usize::from(grouped);
    }
    let mut found = 0;
    for vendor in [0, 1, 10415, 13019, u32::MAX] {
        for code in (0..10_000).chain([u32::MAX]) {
            found += usize::from(is_grouped(avp_key(VendorId(vendor), code)));
        }
    }
    assert_eq!(found, groups);
}

#[test]
fn failed_avp_is_not_opened_because_it_quotes_what_was_wrong() {
    assert!(!is_grouped(avp::FAILED_AVP.key()));
}

#[test]
fn constants_carry_the_flags_of_the_specification() {
    assert_eq!(avp::SESSION_ID.flags, AvpFlags::MANDATORY);
    assert_eq!(avp::ERROR_MESSAGE.flags, AvpFlags::NONE);
    assert_eq!(avp::MEDIA_TYPE.flags, AvpFlags::MANDATORY.with(AvpFlags::VENDOR));
    assert_eq!(avp::RESERVATION_PRIORITY.flags, AvpFlags::VENDOR);
    assert_eq!(avp::TGPP_SGSN_MCC_MNC.name, "3GPP-SGSN-MCC-MNC");
    assert_eq!(avp::FIVEGMM_CAUSE.code, 573);
}

#[test]
fn enumerations_are_open_and_know_their_names() {
    assert_eq!(enums::MediaType::OTHER.0, 0xffff_ffff);
    assert_eq!(enums::FlowStatus(0).name(), Some("ENABLED-UPLINK"));
    assert_eq!(enums::FlowStatus::from_name("enabled_uplink"), Some(enums::FlowStatus::ENABLED_UPLINK));
    assert_eq!(enums::FlowStatus::from_name("enabledxuplink"), None);
    assert_eq!(enums::IpCanType::from_name("3gpp-eps"), Some(enums::IpCanType::TGPP_EPS));
    assert_eq!(enums::SpecificAction(99).name(), None);
    assert_eq!(enums::SpecificAction(99).to_string(), "99");
    assert_eq!(enums::SpecificAction::IP_CAN_CHANGE.to_string(), "IP-CAN_CHANGE");
    assert_eq!(enums::ReservationPriority::NAMED.len(), 16);
    assert_eq!(enums::RatType::EUTRAN_LEO.0, 1011);
}

#[test]
fn command_constants_are_those_of_the_dictionary() {
    let dictionary = Dictionary::builtin();
    let known = [
        (0, commands::CAPABILITIES_EXCHANGE),
        (0, commands::DEVICE_WATCHDOG),
        (0, commands::DISCONNECT_PEER),
        (dict::RX_APPLICATION_ID, commands::AA),
        (dict::RX_APPLICATION_ID, commands::RE_AUTH),
        (dict::RX_APPLICATION_ID, commands::SESSION_TERMINATION),
        (dict::RX_APPLICATION_ID, commands::ABORT_SESSION),
    ];
    assert_eq!(dictionary.commands().len(), known.len());
    for (application, code) in known {
        let spec = dictionary.command(application, code).unwrap();
        for (is_request, suffix) in [(true, "Request"), (false, "Answer")] {
            let name = format!("{}-{suffix}", spec.name);
            assert_eq!(dict::command_name(code, is_request), Some(name.as_str()));
            let abbreviation = &*spec.message(is_request).abbreviation;
            assert_eq!(commands::abbreviation(code, is_request), Some(abbreviation));
        }
        assert_eq!(spec.request.proxiable, application != 0);
    }
    assert_eq!(dict::command_name(999, true), None);
    assert_eq!(dictionary.application_name(dict::RX_APPLICATION_ID), Some("3GPP Rx"));
}

#[test]
fn result_codes_are_kept_apart_by_vendor() {
    assert_eq!(result::name(5011), Some("DIAMETER_UNSUPPORTED_VERSION"));
    let feature = result::experimental_name(VendorId::TGPP, 5011);
    assert_eq!(feature, Some("DIAMETER_ERROR_FEATURE_UNSUPPORTED"));
    assert_eq!(result::experimental_name(VendorId::ETSI, 5065), None);
    assert_eq!(result::name(result::tgpp::IP_CAN_SESSION_NOT_AVAILABLE), None);
}

/// Loads one file beside the built-in ones.
fn load(text: &str) -> Result<Dictionary, DictError> {
    Dictionary::with_files([("ops.xml", text)])
}

/// An application with these lines in it; the first of them is line 3.
fn application(lines: &str) -> String {
    format!("<dictionary>\n<application id=\"16777236\" name=\"x\">\n{lines}\n</application>\n</dictionary>")
}

#[test]
fn custom_avps_are_found_by_key_and_by_name() {
    let dictionary = load(&application(
        r#"<vendor vendor-id="Acme" code="99999" name="Acme"/>
        <avp name="Acme-Tier" code="1" vendor-id="Acme" mandatory="may" may-encrypt="no" protected="may" description="x">
          <type type-name="Enumerated"/><enum name="GOLD" code="1"/><enum name="ANY" code="-1"/>
        </avp>
        <avp name="Acme-Group" code="2" vendor-id="99999"><grouped><gavp name="Acme-Tier"/><gavp name="AVP"/></grouped></avp>
        <typedefn type-name="Millis" type-parent="Unsigned32" description="x"/>
        <avp name="Acme-Delay" code="3" vendor-id="Acme"><type type-name="Millis"/></avp>"#,
    ))
    .unwrap();
    let tier = dictionary.avp(VendorId(99_999), 1).unwrap();
    assert_eq!((&*tier.name, tier.value_of("gold")), ("Acme-Tier", Some(1)));
    assert_eq!(tier.value_name(u32::MAX), Some("ANY"));
    let group = dictionary.avp_by_name("Acme-Group").unwrap();
    assert!(dictionary.is_grouped(group.key()) && !is_grouped(group.key()));
    assert!(dictionary.is_grouped(avp::FLOWS.key()) && !dictionary.is_grouped(tier.key()));
    assert_eq!(dictionary.avp_by_name("Acme-Delay").unwrap().format, DataFormat::Unsigned32);
    assert!(!group.built_in && group.place.to_string() == "ops.xml:7");
}

#[test]
fn parts_of_a_dictionary_are_a_file() {
    let text = r#"<vendor vendor-id="Acme" code="99999"><avp name="Acme-A" code="7"><type type-name="Time"/></avp></vendor>
        <application id="1"><avp name="Acme-B" code="8" vendor-id="Acme"><type type-name="AppId"/></avp></application>"#;
    let dictionary = load(text).unwrap();
    assert!(dictionary.avp(VendorId(99_999), 7).is_some() && dictionary.avp(VendorId(99_999), 8).is_some());
}

#[test]
fn a_repeated_declaration_of_a_built_in_avp_is_accepted() {
    let dictionary = load(&application(
        r#"<avp name="AF-Application-Identifier" code="504" vendor-id="TGPP"><type type-name="OctetStringOrUTF8"/></avp>
           <avp name="Framed-IP-Address" code="8"><type type-name="IPAddress"/></avp>"#,
    ))
    .unwrap();
    assert_eq!(dictionary.avp(VendorId::TGPP, 504).unwrap().format, DataFormat::OctetString);
    assert_eq!(dictionary.avps().len(), Dictionary::builtin().avps().len());
}

#[test]
fn what_contradicts_is_refused_with_file_line_and_remedy() {
    let rows: &[(&str, &str)] = &[
        (
            "<vendor vendor-id='TGPP' code='1'/>",
            "ops.xml:3: vendor TGPP is 10415 already (vendors.xml:10): give this one another vendor-id than TGPP",
        ),
        (
            "<avp name='Mine' code='504' vendor-id='TGPP'><type type-name='OctetString'/></avp>",
            "ops.xml:3: AVP 504 of vendor 10415 is AF-Application-Identifier of type OctetString already \
             (ts29214-rx.xml:@AF-Application-Identifier), not Mine of type OctetString: give this AVP a code of \
             its own, or repeat that name and type",
        ),
        (
            "\n<avp name='AF-Application-Identifier' code='504' vendor-id='TGPP'><type type-name='Unsigned32'/></avp>",
            "ops.xml:4: AVP 504 of vendor 10415 is AF-Application-Identifier of type OctetString already \
             (ts29214-rx.xml:@AF-Application-Identifier), not AF-Application-Identifier of type Unsigned32: give \
             this AVP a code of its own, or repeat that name and type",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'><type type-name='Time'/></avp>\n\
             <avp name='Mine' code='2' vendor-id='7'><type type-name='Time'/></avp>",
            "ops.xml:4: Mine is AVP 1 of vendor 7 already (ops.xml:3): give AVP 2 of vendor 7 a name of its own",
        ),
        (
            "<avp name='One' code='1' vendor-id='7'><type type-name='Time'/></avp>\n\
             <avp name='Two' code='1' vendor-id='7'><type type-name='Time'/></avp>",
            "ops.xml:4: AVP 1 of vendor 7 is One of type Time already (ops.xml:3), not Two of type Time: give \
             this AVP a code of its own, or repeat that name and type",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'>\n<type type-name='Unsigned33'/></avp>",
            "ops.xml:4: AVP Mine has the unknown type Unsigned33: accepted are OctetString, Integer32, Integer64, \
             Unsigned32, Unsigned64, Float32, Float64, Grouped, Address, Time, UTF8String, DiameterIdentity, \
             DiameterURI, Enumerated, IPFilterRule, QoSFilterRule, or a <typedefn> above it",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'/>",
            "ops.xml:3: AVP Mine has no <type> and no <grouped>: one of them says what its data is",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'><type type-name='Time'/>\n<grouped/></avp>",
            "ops.xml:4: AVP Mine has <grouped> members and the type Time: make it Grouped or remove the members",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='Nobody'><type type-name='Time'/></avp>",
            "ops.xml:3: vendor Nobody is not declared: add <vendor vendor-id=\"Nobody\" code=\"...\"/> or give its \
             number",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'><grouped>\n\n<gavp name='Yours'/></grouped></avp>",
            "ops.xml:5: Mine names Yours, which no AVP is called: declare it or correct the name",
        ),
        (
            "<avp name='Mine' code='-1' vendor-id='7'><type type-name='Time'/></avp>",
            "ops.xml:3: code=\"-1\" is not a number from 0 to 4294967295",
        ),
        (
            "<avp name='Mine' code='4294967296' vendor-id='7'><type type-name='Time'/></avp>",
            "ops.xml:3: code=\"4294967296\" is not a number from 0 to 4294967295",
        ),
        ("<avp code='1'><type type-name='Time'/></avp>", "ops.xml:3: <avp> has no name attribute"),
        (
            "<avp name='Mine' code='1' vendor-id='7' mandatory='perhaps'><type type-name='Time'/></avp>",
            "ops.xml:3: mandatory=\"perhaps\" is not known: accepted are must, may, shouldnot, mustnot",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'><grouped><gavp name='Flows' min='2' max='1'/></grouped></avp>",
            "ops.xml:3: min=\"2\" is more than max=\"1\"",
        ),
        (
            "<avp name='Mine' code='1' vendor-id='7'><grouped><required name='Flows'/></grouped></avp>",
            "ops.xml:3: <required> stands inside <grouped>: it belongs into <request> or <answer>",
        ),
        (
            "<command name='AA' code='265'><request/><answer/></command>",
            "ops.xml:3: command 265 of application 16777236 has a grammar already (ts29214-rx.xml:5): remove one",
        ),
        (
            "<command name='Mine' code='300'><request><required name='Yours'/></request><answer/></command>",
            "ops.xml:3: Mine-Request names Yours, which no AVP is called: declare it or correct the name",
        ),
        ("<avp name='A' code='1'>", "ops.xml:4: not XML: ill-formed document: "),
        ("<avp name='&boom;' code='1'/>", "ops.xml:3: at 1..5: unrecognized entity `boom`; only &amp; &lt;"),
        (
            "&boom;",
            "ops.xml:3: &boom; is not defined; only &amp; &lt; &gt; &quot; &apos; and character references",
        ),
    ];
    for (lines, expected) in rows {
        let error = load(&application(lines)).expect_err(lines).to_string();
        let mut expected = (*expected).to_owned();
        if let Some((before, rest)) = expected.split_once('@') {
            let (name, after) = rest.split_once(')').unwrap();
            let line = Dictionary::builtin().avp_by_name(name).unwrap().place.line;
            expected = format!("{before}{line}){after}");
        }
        assert!(error.starts_with(&expected), "{lines}\n expected: {expected}\n got:      {error}");
    }
}

#[test]
fn what_is_no_dictionary_is_refused() {
    let bomb =
        "<?xml version=\"1.0\"?>\n<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<dictionary/>";
    let deep = "<dictionary>".repeat(40);
    for (text, expected) in [
        (
            bomb,
            "ops.xml:2: a DOCTYPE is not accepted; remove it and put what its entities include into files",
        ),
        ("", "ops.xml:1: not XML: there is no element in it"),
        ("\n\nname = 1", "ops.xml:3: not XML: text outside of every element"),
        ("<dictionary>\n<base>", "ops.xml:2: not XML: "),
        (&deep, "ops.xml:1: not XML: elements nested deeper"),
        (
            "<html/>",
            "ops.xml:1: <html> is no dictionary: accepted are <dictionary>, <base>, <application> and <vendor>",
        ),
        (
            "<dictionary>\n<avp/></dictionary>",
            "ops.xml:2: <avp> stands inside <dictionary>: it belongs into <base>, <application> or <vendor>",
        ),
    ] {
        let error = load(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}\n expected: {expected}\n got:      {error}");
    }
}

#[test]
fn a_directory_is_read_in_the_order_of_names() {
    let directory = std::env::temp_dir().join(format!("rxgate-dictionary-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, text: &[u8]| fs::write(directory.join(name), text).unwrap();
    let avp = |name| {
        format!("<base><avp name='{name}' code='1' vendor-id='7'><type type-name='Time'/></avp></base>")
    };
    file("notes.txt", b"not read");
    file("b.xml", avp("Second").as_bytes());
    assert!(Dictionary::with_directory(&directory).unwrap().avp_by_name("Second").is_some());

    file("a.XML", avp("First").as_bytes());
    let error = Dictionary::with_directory(&directory).unwrap_err().to_string();
    let first = directory.join("a.XML");
    assert!(error.contains(&format!("is First of type Time already ({}:1)", first.display())), "{error}");

    file("a.XML", b"<base>\n\xff</base>");
    let error = Dictionary::with_directory(&directory).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:2: not XML: invalid utf-8", first.display())), "{error}");

    file("a.XML", &vec![b' '; (4 << 20) + 1]);
    let error = Dictionary::with_directory(&directory).unwrap_err().to_string();
    let expected = "the file has 4194305 octets, a dictionary file has at most 4194304";
    assert!(error.ends_with(expected), "{error}");

    fs::remove_dir_all(&directory).unwrap();
    let error = Dictionary::with_directory(&directory).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be read: ", directory.display())), "{error}");
}
