//! Examples 16-5, 16-6, 16-7 and 16-10 of the interface, byte for byte.

use rxgate::{
    dict::enums::{FlowStatus, MediaType, ServiceInfoStatus, SipForkingIndication, SubscriptionIdType},
    rx::{AaRequest, CustomAvp, MediaComponentDescription, MediaSubComponent, SubscriptionId},
    template::{FillError, Values},
    wire::{AvpFlags, TimeValue, VendorId},
};

use crate::support::*;

#[test]
fn example_16_5_is_read_with_a_warning_of_its_stray_letter() {
    let compiled = read(EXAMPLE_16_5).unwrap();
    assert_eq!(
        warnings(&compiled),
        [
            "8:5: number 0 is that of AF signalling (TS 29.214 §5.3.17), yet there is a media type; sent as it stands",
            "13:7: sent as it stands, though TS 29.214 §5.3.8 restricts filters more: the protocol is a number \
             from 0 to 255, or ip",
            "19:20: text between the elements of <QoSTemplate>: M; left aside",
            "25:3: this subscriptionId is a default: with a tel: endUserId the one derived from it is sent instead, \
             unless the request sets its parameters",
        ]
    );
    let template = compiled.template;
    assert_eq!((template.id(), template.source()), ("default_template", EXAMPLE_16_5));
    let values = Values::default();
    let filled = template.fill(&values).unwrap();
    assert_eq!((filled.duration, filled.subscription_set), (None, false));
    let flows = vec![MediaSubComponent {
        flow_number: 1,
        flow_description: vec!["permit out 8001 from assigned 34 to 24.2.1.6/18 8000".into()].into(),
        ..Default::default()
    }];
    let components = vec![MediaComponentDescription {
        media_component_number: 0,
        media_sub_component: flows.into(),
        media_type: Some(MediaType::VIDEO),
        flow_status: Some(FlowStatus::ENABLED),
        ..Default::default()
    }];
    let subscription = SubscriptionId {
        subscription_id_type: SubscriptionIdType::END_USER_E164,
        subscription_id_data: "14128771501".into(),
        ..Default::default()
    };
    let expected = AaRequest {
        // The text, not the octets that it might be the hexadecimal digits of.
        af_application_identifier: Some(b"4d6f62696c655456".as_slice().into()),
        media_component_description: components.into(),
        service_info_status: Some(ServiceInfoStatus::PRELIMINARY_SERVICE_INFORMATION),
        af_charging_identifier: Some(b"charging-id-555".as_slice().into()),
        sip_forking_indication: Some(SipForkingIndication::SINGLE_DIALOGUE),
        subscription_id: vec![subscription].into(),
        service_urn: Some(b"sos.police".as_slice().into()),
        ..Default::default()
    };
    assert_eq!(filled.service, expected);
}

#[test]
fn example_16_5_is_refused_strictly() {
    let problems = read_strict(EXAMPLE_16_5).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "14:2: <flowDescription> holds permit out 8001 from assigned 34 to 24.2.1.6/18 8000: accepted is a filter \
         of TS 29.214 §5.3.8: the protocol is a number from 0 to 255, or ip\n\
         19:20: text between the elements of <QoSTemplate>: M"
    );
}

#[test]
fn example_16_10_is_read_with_a_warning_of_its_duplicated_name() {
    let compiled = read(EXAMPLE_16_10).unwrap();
    let starts: Vec<String> =
        warnings(&compiled).iter().map(|warning| warning.chars().take(40).collect()).collect();
    assert_eq!(
        starts,
        [
            "8:5: number 0 is that of AF signalling (",
            "13:7: sent as it stands, though TS 29.21",
            "23:7: not sent: Rx has signallingProtoco",
            "36:30: $MIN_REQ_BAND_UL names 2 elements",
            "55:3: this subscriptionId is a default: ",
            "70:15: <gavp> names grouped_avp, and no ",
            "98:7: sent as it stands, though it is a ",
        ]
    );
    let values = Values::default();
    let filled = compiled.template.fill(&values).unwrap();
    let granted = filled.service.sponsored_connectivity_data.unwrap().granted_service_unit.unwrap();
    assert_eq!(granted.tariff_time_change, Some(TimeValue(1)));
    let money = granted.cc_money.unwrap();
    assert_eq!((money.unit_value.value_digits, money.unit_value.exponent), (628, Some(-2)));
    let feature = filled.service.supported_features.first().unwrap().into_owned();
    assert_eq!(
        (feature.vendor_id, feature.feature_list_id, feature.feature_list),
        (654_321, 654_320, 654_322)
    );
    let grouped = CustomAvp {
        code: 688_788,
        vendor: VendorId(87349),
        flags: AvpFlags::MANDATORY,
        data: b"\0\x01\x7a\x11\0\0\0\x0bxmf\0".as_slice().into(),
    };
    assert_eq!(feature.custom.to_vec(), [grouped]);
    let enumerated = CustomAvp {
        code: 93222,
        vendor: VendorId(111),
        flags: AvpFlags::MANDATORY,
        data: b"\0\0\0\0".as_slice().into(),
    };
    assert_eq!(filled.service.custom.to_vec(), [enumerated]);
    // Empty elements are absent.
    assert_eq!(filled.service.framed_ip_address, None);
    assert_eq!(filled.service.called_station_id, None);
}

#[test]
fn example_16_10_has_a_name_for_nearly_everything() {
    let template = read(EXAMPLE_16_10).unwrap().template;
    let names: Vec<&str> = template.parameters().map(|parameter| parameter.name()).collect();
    assert_eq!(names.len(), 41);
    assert_eq!(names[..3], ["$APP_ID", "$FLOW_NUMBER_0", "$FLOW_DESCRIPTION_0"]);
    let ambiguous: Vec<&str> =
        template.parameters().filter(|it| it.is_ambiguous()).map(|parameter| parameter.name()).collect();
    assert_eq!(ambiguous, ["$MIN_REQ_BAND_UL"]);
    let bandwidth = template.parameters().find(|it| it.name() == "$MAX_REQ_BAND_DL").unwrap();
    let place = &bandwidth.places()[0];
    assert_eq!(&*place.element, "mediaComponentDescription[0].maxRequestedBandwidthDL");
    assert_eq!((&*place.default, &*place.accepted), ("1000", "bits per second, a whole number of 32 bits"));
}

#[test]
fn example_16_8_sets_values_of_example_16_10() {
    let template = read(EXAMPLE_16_10).unwrap().template;
    let values = Values::new([("$CHG_ID", "charging_id_test"), ("$MAX_REQ_BAND_DL", "2048")]).unwrap();
    let filled = template.fill(&values).unwrap();
    assert_eq!(filled.service.af_charging_identifier.as_deref(), Some(&b"charging_id_test"[..]));
    let component = filled.service.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.max_requested_bandwidth_dl, Some(2048));
    assert_eq!(component.max_requested_bandwidth_ul, Some(1000));
    // 16-5 does not have that name.
    let template = read(EXAMPLE_16_5).unwrap().template;
    let error = template.fill(&values).unwrap_err();
    let name = "$MAX_REQ_BAND_DL".to_owned();
    assert_eq!(error, FillError::UnknownParameter { name, near: None });
}

#[test]
fn example_16_13_changes_the_filter_of_a_flow_and_nothing_else() {
    for template in [EXAMPLE_16_5, EXAMPLE_16_10] {
        let template = read(template).unwrap().template;
        let filter = "permit out 8001 from assigned 34 to 24.2.1.6/18 8000";
        let changed = Values::new([("$FLOW_DESCRIPTION_0", filter)]).unwrap();
        let values = Values::default();
        let flow_number = template
            .fill(&values)
            .unwrap()
            .service
            .media_component_description
            .first()
            .unwrap()
            .media_sub_component
            .first()
            .unwrap()
            .flow_number;
        let flow = MediaSubComponent {
            flow_number,
            flow_description: vec![filter.into()].into(),
            ..Default::default()
        };
        let component = MediaComponentDescription {
            media_component_number: 0,
            media_sub_component: vec![flow].into(),
            ..Default::default()
        };
        let expected =
            AaRequest { media_component_description: vec![component].into(), ..Default::default() };
        assert_eq!(template.change(&values, &changed).unwrap().service, expected);
    }
}

#[test]
fn example_16_6_is_read_and_needs_a_value_of_its_type() {
    let compiled = read(&with(EXAMPLE_16_6)).unwrap();
    assert_eq!(
        warnings(&compiled),
        ["6:57: \"My Diameter Value\" cannot be sent, accepted is a value of this type and range: \
          myCustomDiameterParameter is a Integer32; until a request sets a value that can, no request is made"]
    );
    let template = compiled.template;
    let none = Values::default();
    let error = template.fill(&none).unwrap_err();
    assert_eq!(error.part(), "$MY_CUSTOM_DIAMETER_PARAMETER");
    assert_eq!(
        error.to_string(),
        "found \"My Diameter Value\" for avp[0], accepted is a value of this type and range: \
         myCustomDiameterParameter is a Integer32"
    );
    let values = Values::new([("$MY_CUSTOM_DIAMETER_PARAMETER", "-7")]).unwrap();
    let filled = template.fill(&values).unwrap();
    // White space in the vendor's name is one blank; optional is M clear.
    let expected = CustomAvp {
        code: 234_567,
        vendor: VendorId(111),
        flags: AvpFlags::NONE,
        data: (-7i32).to_be_bytes().to_vec().into(),
    };
    assert_eq!(filled.service.custom.to_vec(), [expected]);
}

#[test]
fn example_16_7_is_refused_for_its_typographic_quotes() {
    assert_eq!(
        refused(EXAMPLE_16_7),
        [
            "6:15: not XML: an attribute's value stands in ”, accepted are \" and '",
            "6:29: not XML: an attribute's value stands in ”, accepted are \" and '",
            "7:15: not XML: an attribute's value stands in ”, accepted are \" and '",
            "7:29: not XML: an attribute's value stands in ”, accepted are \" and '",
            "8:25: not XML: an attribute's value stands in ”, accepted are \" and '",
        ]
        .map(|line| format!("{line}; these are typographic quotes, which word processors make"))
        .join("\n")
    );
    // As soon as the quotes are right, it is a template's element.
    let corrected = EXAMPLE_16_7.replace('”', "\"");
    let template = template(&corrected);
    let values = Values::new([("$ENUM_VAL", "enum-2")]).unwrap();
    let data = template.fill(&values).unwrap().service.custom.first().unwrap().data.to_vec();
    assert_eq!(data, [0, 0, 0, 1]);
    // 12-34: a name that the list does not have.
    let values = Values::new([("$ENUM_VAL", "ENUM_3")]).unwrap();
    let error = template.fill(&values).unwrap_err();
    assert!(
        matches!(&error, FillError::BadValue { choices: Some(choices), .. } if choices == "ENUM_1, ENUM_2"),
        "{error}"
    );
}

#[test]
fn an_example_without_a_template_around_it_is_refused() {
    let problem = read(EXAMPLE_16_6).unwrap_err().to_string();
    assert_eq!(
        problem,
        "1:1: <avp> has no namespace, accepted is xmlns=\"http://oracle/ocsg/rest/qos/template\" on the outermost \
         element"
    );
}
