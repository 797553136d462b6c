//! Requests made of templates: every element and every parameter.

use rxgate::{
    dict::{self, avp, enums::*},
    rx::{AaRequest, CustomAvp, List, MediaSubComponent},
    template::{FillError, Filled, Template, Values},
    wire::{AvpFlags, Index, TimeValue, VendorId},
};

use crate::support::*;

/// The request with these values, checked: what is encoded is read back as the same.
pub fn filled(template: &Template, pairs: &[(&str, &str)]) -> Filled<'static> {
    let values = Values::new(pairs.iter().copied()).unwrap();
    let filled = template.fill(&values).unwrap();
    let request = AaRequest { session_id: "s".into(), ..filled.service.borrowed() };
    let octets = request.encode(Default::default()).unwrap();
    let mut index = Index::new();
    let message = octets.parse(&mut index, dict::is_grouped).unwrap();
    let read = AaRequest::read(&message).unwrap();
    // Custom AVPs are read with the V flag, which is sent because of their vendor.
    assert_eq!(read.encode(Default::default()).unwrap().as_bytes(), octets.as_bytes());
    let without = |it: &AaRequest<'_>| AaRequest { custom: List::default(), ..it.clone().into_owned() };
    assert_eq!(without(&read), without(&request));
    filled.into_owned()
}

pub fn error(template: &Template, pairs: &[(&str, &str)]) -> FillError {
    template.fill(&Values::new(pairs.iter().copied()).unwrap()).unwrap_err()
}

/// The complete template with a name at every element, and elements that Example 16-10 leaves empty or out.
pub const FULL: &str = "
<duration parameterName='$DURATION'>3600</duration>
<applicationIdentifier parameterName='$APP'>app</applicationIdentifier>
<mediaComponentDescription>
  <mediaComponentNumber parameterName='$N1'>1</mediaComponentNumber>
  <mediaSubComponent>
    <flowNumber parameterName='$F1'>1</flowNumber>
    <flowDescription parameterName='$OUT'>permit out 17 from any to 10.0.0.1 1000</flowDescription>
    <flowDescription parameterName='$IN'></flowDescription>
    <flowStatus parameterName='$FS'>ENABLED</flowStatus>
    <flowUsage parameterName='$FU'>NO_INFORMATION</flowUsage>
    <maxRequestedBandwidthUL parameterName='$FUL'>1</maxRequestedBandwidthUL>
    <maxRequestedBandwidthDL parameterName='$FDL'>2</maxRequestedBandwidthDL>
    <signallingProtocol parameterName='$SP'>SIP</signallingProtocol>
    <avp name='flow' code='1000001'><type type-name='Unsigned64'/><value parameterName='$FA'>7</value></avp>
  </mediaSubComponent>
  <mediaSubComponent><flowNumber>2</flowNumber></mediaSubComponent>
  <applicationIdentifier parameterName='$CAPP'>hex:00ff</applicationIdentifier>
  <mediaType parameterName='$MT'>AUDIO</mediaType>
  <maxRequestedBandwidthUL parameterName='$MAXUL'>1000</maxRequestedBandwidthUL>
  <maxRequestedBandwidthDL parameterName='$MAXDL'>2000</maxRequestedBandwidthDL>
  <minRequestedBandwidthUL parameterName='$MINUL'>10</minRequestedBandwidthUL>
  <minRequestedBandwidthDL parameterName='$MINDL'>20</minRequestedBandwidthDL>
  <flowStatus parameterName='$CFS'>DISABLED</flowStatus>
  <reservationPriority parameterName='$CRP'>1</reservationPriority>
  <rSBandwidth parameterName='$RS'>3</rSBandwidth>
  <rBBandwidth parameterName='$RR'>4</rBBandwidth>
  <codecData parameterName='$C1'>one</codecData>
  <codecData parameterName='$C2'>two</codecData>
  <avp name='component' code='1000002'><type type-name='Float64'/><value parameterName='$CA'>0.5</value></avp>
</mediaComponentDescription>
<mediaComponentDescription><mediaComponentNumber>2</mediaComponentNumber></mediaComponentDescription>
<serviceInfoStatus parameterName='$SIS'>FINAL_SERVICE_INFORMATION</serviceInfoStatus>
<chargingIdentifier parameterName='$CHG'>charging</chargingIdentifier>
<sipForkingIndication parameterName='$SFI'>SINGLE_DIALOGUE</sipForkingIndication>
<subscriptionID>
  <subscriptionIdType parameterName='$ST'>END_USER_E164</subscriptionIdType>
  <subscriptionIdData parameterName='$SD'>491701</subscriptionIdData>
</subscriptionID>
<supportedFeatures>
  <vendorId parameterName='$FV'>10415</vendorId>
  <featureListID parameterName='$FI'>2</featureListID>
  <featureList parameterName='$FL'>3</featureList>
</supportedFeatures>
<reservationPriority parameterName='$RP'>0</reservationPriority>
<framedIPAddress parameterName='$IP'>10.0.0.1</framedIPAddress>
<framedIPv6Prefix parameterName='$IP6'></framedIPv6Prefix>
<calledStationId parameterName='$APN'/>
<serviceURN parameterName='$URN'>urn:service:sos.fire</serviceURN>
<sponsoredConnectivityData>
  <sponsorIdentity parameterName='$SPONSOR'>sponsor</sponsorIdentity>
  <applicationServiceProviderIdentity parameterName='$ASP'>asp</applicationServiceProviderIdentity>
  <grantedServiceUnit>
    <tariffTimeChange parameterName='$TARIFF'>3900000000</tariffTimeChange>
    <cCTime parameterName='$TIME'>60</cCTime>
    <ccMoney>
      <unitValue parameterName='$UV'>6.28</unitValue>
      <currencyCode parameterName='$CC'>978</currencyCode>
    </ccMoney>
    <cCTotalOctets parameterName='$TOTAL'>1</cCTotalOctets>
    <cCInputOctets parameterName='$INPUT'>2</cCInputOctets>
    <cCOutputOctets parameterName='$OUTPUT'>3</cCOutputOctets>
    <cCServiceSpecificUnits parameterName='$UNITS'>4</cCServiceSpecificUnits>
  </grantedServiceUnit>
  <usedServiceUnit><tariffTimeChange parameterName='$USED'>UNIT_INDETERMINATE</tariffTimeChange></usedServiceUnit>
</sponsoredConnectivityData>
<mPSIdentifier parameterName='$MPS'>mps</mPSIdentifier>
<avp name='group' code='1000003' vendor-id='Oracle Corporation' mandatory-flag='must'>
  <grouped><gavp name='inner'/></grouped>
  <avps name='inner' code='1000004' vendor-id='87349'><type type-name='Enumerated'/>
    <enum name='ON' code='1'/><enum name='OFF' code='-1'/><value parameterName='$SWITCH'>ON</value></avps>
  <avps name='other' code='1000005'><type type-name='Address'/><value parameterName='$ADDRESS'/></avps>
</avp>";

#[test]
fn every_element_reaches_its_avp() {
    let template = template(FULL);
    let Filled { service: it, duration, subscription_set } = filled(&template, &[]);
    assert_eq!((duration, subscription_set), (Some(3600), false));
    assert_eq!(it.af_application_identifier.as_deref(), Some(&b"app"[..]));
    let components = it.media_component_description.to_vec();
    assert_eq!(components.len(), 2);
    let flows = components[0].media_sub_component.to_vec();
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[0].flow_description.to_vec(), ["permit out 17 from any to 10.0.0.1 1000"]);
    assert_eq!(
        (flows[0].flow_status, flows[0].flow_usage),
        (Some(FlowStatus::ENABLED), Some(FlowUsage::NO_INFORMATION))
    );
    assert_eq!(
        (flows[0].max_requested_bandwidth_ul, flows[0].max_requested_bandwidth_dl),
        (Some(1), Some(2))
    );
    // 12-20: only signalling flows have it.
    assert_eq!(flows[0].af_signalling_protocol, None);
    assert_eq!(flows[0].custom.first().unwrap().data[..], 7u64.to_be_bytes());
    let component = &components[0];
    assert_eq!(component.af_application_identifier.as_deref(), Some(&[0, 0xff][..]));
    assert_eq!(
        (component.media_type, component.flow_status),
        (Some(MediaType::AUDIO), Some(FlowStatus::DISABLED))
    );
    assert_eq!(
        (component.max_requested_bandwidth_ul, component.max_requested_bandwidth_dl),
        (Some(1000), Some(2000))
    );
    assert_eq!(
        (component.min_requested_bandwidth_ul, component.min_requested_bandwidth_dl),
        (Some(10), Some(20))
    );
    assert_eq!(component.reservation_priority, Some(ReservationPriority(1)));
    // 12-2: rBBandwidth is rRBandwidth.
    assert_eq!((component.rs_bandwidth, component.rr_bandwidth), (Some(3), Some(4)));
    assert_eq!(component.codec_data.to_vec(), [&b"one"[..], b"two"]);
    assert_eq!(component.custom.first().unwrap().data[..], 0.5f64.to_be_bytes());
    assert_eq!(it.service_info_status, Some(ServiceInfoStatus::FINAL_SERVICE_INFORMATION));
    assert_eq!(it.af_charging_identifier.as_deref(), Some(&b"charging"[..]));
    assert_eq!(it.sip_forking_indication, Some(SipForkingIndication::SINGLE_DIALOGUE));
    let subscription = it.subscription_id.first().unwrap().into_owned();
    assert_eq!(
        (subscription.subscription_id_type, &*subscription.subscription_id_data),
        (SubscriptionIdType::END_USER_E164, "491701")
    );
    let feature = it.supported_features.first().unwrap().into_owned();
    assert_eq!((feature.vendor_id, feature.feature_list_id, feature.feature_list), (10415, 2, 3));
    assert_eq!(it.reservation_priority, Some(ReservationPriority(0)));
    assert_eq!(it.framed_ip_address.as_deref(), Some(&[10, 0, 0, 1][..]));
    assert_eq!((it.framed_ipv6_prefix.as_ref(), it.called_station_id.as_ref()), (None, None));
    // 12-51: the prefix is not part of the service.
    assert_eq!(it.service_urn.as_deref(), Some(&b"sos.fire"[..]));
    let sponsored = it.sponsored_connectivity_data.unwrap();
    assert_eq!(sponsored.sponsor_identity.as_deref(), Some("sponsor"));
    assert_eq!(sponsored.application_service_provider_identity.as_deref(), Some("asp"));
    // 12-11: what was used is the network's to tell.
    assert_eq!(sponsored.used_service_unit, None);
    let granted = sponsored.granted_service_unit.unwrap();
    assert_eq!((granted.tariff_time_change, granted.cc_time), (Some(TimeValue(3_900_000_000)), Some(60)));
    let money = granted.cc_money.unwrap();
    assert_eq!(
        (money.unit_value.value_digits, money.unit_value.exponent, money.currency_code),
        (628, Some(-2), Some(978))
    );
    assert_eq!((granted.cc_total_octets, granted.cc_input_octets), (Some(1), Some(2)));
    assert_eq!((granted.cc_output_octets, granted.cc_service_specific_units), (Some(3), Some(4)));
    assert_eq!(it.mps_identifier.as_deref(), Some(&b"mps"[..]));
    let group = CustomAvp {
        code: 1_000_003,
        vendor: VendorId(111),
        flags: AvpFlags::MANDATORY,
        data: [&1_000_004u32.to_be_bytes()[..], &[0x80, 0, 0, 16], &87349u32.to_be_bytes(), &[0, 0, 0, 1]]
            .concat()
            .into(),
    };
    assert_eq!(it.custom.to_vec(), [group]);
}

#[test]
fn every_parameter_sets_its_element() {
    let template = template(FULL);
    let pairs = [
        ("$DURATION", "60"),
        ("$APP", "b"),
        ("$N1", "7"),
        ("$F1", "8"),
        ("$OUT", "x"),
        ("$IN", "y"),
        ("$FS", "enabled_uplink"),
        ("$FU", "AF_SIGNALLING"),
        ("$FUL", "11"),
        ("$FDL", "12"),
        ("$SP", "SIP"),
        ("$FA", "13"),
        ("$CAPP", "c"),
        ("$MT", "other"),
        ("$MAXUL", "101"),
        ("$MAXDL", "102"),
        ("$MINUL", "101"),
        ("$MINDL", "102"),
        ("$CFS", "REMOVED"),
        ("$CRP", "15"),
        ("$RS", "14"),
        ("$RR", "15"),
        ("$C1", "C1"),
        ("$C2", "C2"),
        ("$CA", "-1.5"),
        ("$SIS", "PRELIMINARY_SERVICE_INFORMATION"),
        ("$CHG", "d"),
        ("$SFI", "SEVERAL_DIALOGUES"),
        ("$ST", "END_USER_IMSI"),
        ("$SD", "262011"),
        ("$FV", "1"),
        ("$FI", "1"),
        ("$FL", "4"),
        ("$RP", "PRIORITY-ONE"),
        ("$IP", "0A987898"),
        ("$APN", "internet"),
        ("$URN", "counseling"),
        ("$SPONSOR", "e"),
        ("$ASP", "f"),
        ("$TARIFF", "4000000000"),
        ("$TIME", "61"),
        ("$UV", "0.05"),
        ("$CC", "80"),
        ("$TOTAL", "18446744073709551615"),
        ("$INPUT", "22"),
        ("$OUTPUT", "23"),
        ("$UNITS", "24"),
        ("$USED", "1"),
        ("$MPS", "g"),
        ("$SWITCH", "off"),
        ("$ADDRESS", "::1"),
    ];
    // All but the address that would be a second one.
    assert_eq!(pairs.len() + 1, template.parameters().len());
    let defaults = filled(&template, &[]);
    let all = filled(&template, &pairs);
    assert_eq!((all.duration, all.subscription_set), (Some(60), true));
    let flow = |it: &Filled<'static>| -> MediaSubComponent<'static> {
        let component = it.service.media_component_description.first().unwrap().into_owned();
        component.media_sub_component.first().unwrap().into_owned()
    };
    assert_eq!(flow(&all).af_signalling_protocol, Some(AfSignallingProtocol::SIP));
    assert_eq!(flow(&all).flow_description.to_vec(), ["x", "y"]);
    assert_eq!(all.service.framed_ip_address.as_deref(), Some(&[10, 152, 120, 152][..]));
    let sent = |it: &Filled<'_>| it.service.encode(Default::default()).unwrap().as_bytes().to_vec();
    for (name, text) in pairs {
        // One by one: each changes the request, and together they are what was made in one go.
        let one = filled(&template, &[(name, text)]);
        if !matches!(name, "$USED" | "$SP" | "$DURATION") {
            assert_ne!(sent(&one), sent(&defaults), "{name}");
        }
        assert_eq!(one.subscription_set, matches!(name, "$ST" | "$SD"), "{name}");
        let default =
            template.parameters().find(|it| it.name() == name).unwrap().places()[0].default.to_string();
        assert_eq!(filled(&template, &[(name, &default)]).service, defaults.service, "{name}");
    }
    let texts: Vec<(&str, &str)> = pairs.to_vec();
    let reversed: Vec<(&str, &str)> = pairs.iter().rev().copied().collect();
    assert_eq!(filled(&template, &texts), filled(&template, &reversed));
}

#[test]
fn an_empty_text_is_no_value() {
    let template = template(FULL);
    let it = filled(
        &template,
        &[
            ("$CHG", ""),
            ("$MT", ""),
            ("$OUT", ""),
            ("$IN", "only"),
            ("$TIME", ""),
            ("$SWITCH", ""),
            ("$DURATION", ""),
        ],
    );
    assert_eq!((it.duration, it.service.af_charging_identifier), (None, None));
    let component = it.service.media_component_description.first().unwrap().into_owned();
    assert_eq!(component.media_type, None);
    assert_eq!(component.media_sub_component.first().unwrap().flow_description.to_vec(), ["only"]);
    assert_eq!(it.service.sponsored_connectivity_data.unwrap().granted_service_unit.unwrap().cc_time, None);
    assert!(it.service.custom.is_empty());
    // Whole groups go with their last value; what is required inside has to be there while anything is.
    let it = filled(&template, &[("$ST", ""), ("$SD", "")]);
    assert!(it.service.subscription_id.is_empty());
    let missing = error(&template, &[("$SD", "")]);
    assert_eq!(missing.to_string(), "subscriptionId[0].subscriptionIdData has no value, and is required");
    assert_eq!(missing.part(), "$SD");
    assert!(matches!(error(&template, &[("$N1", "")]), FillError::Missing { .. }));
}

#[test]
fn an_address_takes_the_place_of_the_default() {
    let template = template("<framedIPAddress parameterName='$IP'>10.0.0.1</framedIPAddress>");
    let it = filled(&template, &[("$IP", "2001:db8::1")]).service;
    assert_eq!(it.framed_ip_address, None);
    let prefix = it.framed_ipv6_prefix.unwrap();
    assert_eq!((prefix.len(), &prefix[..4]), (18, &[0, 128, 0x20, 0x01][..]));
    let both = template_of_both();
    assert!(matches!(
        error(&both, &[("$IP", "2001:db8::1"), ("$IP6", "2001:db8::2")]),
        FillError::Conflict { .. }
    ));
    let it = filled(&both, &[("$IP", ""), ("$IP6", "2001:db8::2")]).service;
    assert!(it.framed_ip_address.is_none() && it.framed_ipv6_prefix.is_some());
}

fn template_of_both() -> Template {
    template(
        "<framedIPAddress parameterName='$IP'>10.0.0.1</framedIPAddress><framedIPv6Prefix parameterName='$IP6'/>",
    )
}

#[test]
fn filters_are_sent_as_they_stand_unless_strict() {
    let flow = "<mediaComponentDescription><mediaComponentNumber>1</mediaComponentNumber><mediaSubComponent>\
        <flowNumber>1</flowNumber><flowDescription parameterName='$A'>permit in 6 from any to any 80</flowDescription>\
        <flowDescription parameterName='$B'/></mediaSubComponent></mediaComponentDescription>";
    let lenient = template(flow);
    let it = filled(
        &lenient,
        &[("$A", "test_flow"), ("$B", "permit out 8001 from assigned 34 to 24.2.1.6/18 8000")],
    );
    let flows = it
        .service
        .media_component_description
        .first()
        .unwrap()
        .media_sub_component
        .first()
        .unwrap()
        .into_owned();
    assert_eq!(flows.flow_description.len(), 2);
    let strict = read_strict(&with(flow)).unwrap().template;
    let wrong = error(&strict, &[("$A", "test_flow")]);
    assert_eq!(
        wrong.to_string(),
        "found test_flow for mediaComponentDescription[0].mediaSubComponent[0].flowDescription[0], accepted is a filter of TS 29.214 §5.3.8: a filter begins with permit"
    );
    let clash = error(&strict, &[("$B", "permit in 17 from any to any 81")]);
    assert_eq!(
        clash.to_string(),
        "mediaComponentDescription[0].mediaSubComponent[0].flowDescription[1]: one flow has at most one filter in each direction, of one IP version"
    );
    filled(&strict, &[("$B", "permit out 17 from any to any 81")]);
}

#[test]
fn point_10_a_name_in_granted_units_is_another_avp() {
    let unit = "<sponsoredConnectivityData><grantedServiceUnit><tariffTimeChange parameterName='$T'>122</tariffTimeChange></grantedServiceUnit></sponsoredConnectivityData>";
    let granted =
        |it: Filled<'static>| it.service.sponsored_connectivity_data.unwrap().granted_service_unit.unwrap();
    let it = granted(filled(&template(unit), &[("$T", "UNIT_AFTER_TARIFF_CHANGE")]));
    assert_eq!(it.tariff_time_change, None);
    let usage = CustomAvp {
        code: avp::TARIFF_CHANGE_USAGE.code,
        vendor: VendorId::NONE,
        flags: AvpFlags::NONE,
        data: vec![0, 0, 0, 1].into(),
    };
    assert_eq!(it.custom, List::from(vec![usage]));
    let strict = read_strict(&with(unit)).unwrap().template;
    assert!(matches!(
        error(&strict, &[("$T", "UNIT_AFTER_TARIFF_CHANGE")]),
        FillError::BadValue { choices: Some(_), .. }
    ));
}

#[test]
fn a_template_may_leave_a_value_to_the_request() {
    let inside =
        "<mediaComponentDescription><mediaComponentNumber parameterName='$N'/></mediaComponentDescription>
<mediaComponentDescription><mediaComponentNumber parameterName='$M'/></mediaComponentDescription>";
    let compiled = read(&with(inside)).unwrap();
    assert_eq!(
        warnings(&compiled)[0],
        "2:28: <mediaComponentNumber> has no default: every request has to set it"
    );
    assert!(
        matches!(error(&compiled.template, &[("$N", "1")]), FillError::Missing { parameter: Some(name), .. } if name == "$M")
    );
    let it = filled(&compiled.template, &[("$N", "1"), ("$M", "2")]).service;
    let numbers: Vec<u32> =
        it.media_component_description.iter().map(|it| it.media_component_number).collect();
    assert_eq!(numbers, [1, 2]);
}
