//! Updates: what is sent, and what cannot be asked for.

use rxgate::{
    dict::enums::{AfSignallingProtocol, FlowUsage},
    rx::{AaRequest, MediaComponentDescription, MediaSubComponent},
    template::{FillError, Shown, Values},
};

use crate::support::*;

const TEMPLATE: &str = "
<duration parameterName='$DURATION'>60</duration>
<mediaComponentDescription>
  <mediaComponentNumber parameterName='$N'>3</mediaComponentNumber>
  <mediaSubComponent>
    <flowNumber parameterName='$F'>1</flowNumber>
    <flowDescription parameterName='$OUT'>out</flowDescription>
    <flowDescription parameterName='$IN'>in</flowDescription>
    <flowUsage parameterName='$USAGE'>NO_INFORMATION</flowUsage>
    <signallingProtocol>SIP</signallingProtocol>
  </mediaSubComponent>
  <mediaSubComponent><flowNumber>2</flowNumber><flowStatus parameterName='$S2'/></mediaSubComponent>
  <maxRequestedBandwidthUL parameterName='$MAX'>1000</maxRequestedBandwidthUL>
  <minRequestedBandwidthUL parameterName='$MIN'>10</minRequestedBandwidthUL>
  <codecData parameterName='$C1'>one</codecData>
  <codecData>two</codecData>
</mediaComponentDescription>
<mediaComponentDescription><mediaComponentNumber>4</mediaComponentNumber></mediaComponentDescription>
<chargingIdentifier parameterName='$CHG'>charging</chargingIdentifier>
<subscriptionId><subscriptionIdType>END_USER_E164</subscriptionIdType><subscriptionIdData>1</subscriptionIdData></subscriptionId>
<subscriptionId><subscriptionIdType>END_USER_IMSI</subscriptionIdType><subscriptionIdData parameterName='$IMSI'>2</subscriptionIdData></subscriptionId>
<sponsoredConnectivityData>
  <sponsorIdentity>sponsor</sponsorIdentity>
  <grantedServiceUnit><cCTotalOctets parameterName='$TOTAL'>5</cCTotalOctets></grantedServiceUnit>
</sponsoredConnectivityData>
<avp name='a' code='1000001'><type type-name='Unsigned32'/><value parameterName='$A'>1</value></avp>
<avp name='b' code='1000002'><type type-name='Unsigned32'/><value parameterName='$B'>1</value></avp>";

fn changed(before: &[(&str, &str)], pairs: &[(&str, &str)]) -> Result<AaRequest<'static>, FillError> {
    let (before, changed) = (Values::new(before.iter().copied())?, Values::new(pairs.iter().copied())?);
    let template = template(TEMPLATE);
    template.change(&before, &changed).map(|filled| filled.into_owned().service)
}

fn component(inside: MediaComponentDescription<'static>) -> AaRequest<'static> {
    let inside = MediaComponentDescription { media_component_number: 3, ..inside };
    AaRequest { media_component_description: vec![inside].into(), ..Default::default() }
}

fn flow(inside: MediaSubComponent<'static>) -> AaRequest<'static> {
    component(MediaComponentDescription { media_sub_component: vec![inside].into(), ..Default::default() })
}

#[test]
fn nothing_changed_is_nothing_sent() {
    assert_eq!(changed(&[("$MAX", "5000")], &[]).unwrap(), AaRequest::default());
}

#[test]
fn a_change_goes_with_the_numbers_around_it() {
    let max = |max| {
        component(MediaComponentDescription { max_requested_bandwidth_ul: Some(max), ..Default::default() })
    };
    assert_eq!(changed(&[], &[("$MAX", "2000")]).unwrap(), max(2000));
    // Even if it is what it was: it was asked for.
    assert_eq!(changed(&[("$MAX", "2000")], &[("$MAX", "2000")]).unwrap(), max(2000));
    let status = MediaSubComponent { flow_number: 2, flow_status: Some(2.into()), ..Default::default() };
    assert_eq!(changed(&[], &[("$S2", "ENABLED")]).unwrap(), flow(status));
    let charging = AaRequest { af_charging_identifier: Some(b"x".as_slice().into()), ..Default::default() };
    assert_eq!(changed(&[("$MAX", "2000")], &[("$CHG", "x")]).unwrap(), charging);
}

#[test]
fn filters_and_codec_data_go_together() {
    let filters = |out: &'static str, into: &'static str| {
        flow(MediaSubComponent {
            flow_number: 1,
            flow_description: vec![out.into(), into.into()].into(),
            ..Default::default()
        })
    };
    assert_eq!(changed(&[], &[("$OUT", "x")]).unwrap(), filters("x", "in"));
    assert_eq!(changed(&[("$OUT", "x")], &[("$IN", "y")]).unwrap(), filters("x", "y"));
    let codecs = vec![b"x".as_slice().into(), b"two".as_slice().into()];
    let codecs = component(MediaComponentDescription { codec_data: codecs.into(), ..Default::default() });
    assert_eq!(changed(&[], &[("$C1", "x")]).unwrap(), codecs);
}

#[test]
fn groups_that_rx_replaces_go_whole() {
    let request = changed(&[("$TOTAL", "6")], &[("$IMSI", "3")]).unwrap();
    let data: Vec<String> =
        request.subscription_id.iter().map(|it| it.subscription_id_data.to_string()).collect();
    assert_eq!(data, ["1", "3"]);
    assert_eq!(request.sponsored_connectivity_data, None);
    let request = changed(&[], &[("$TOTAL", "6")]).unwrap();
    let sponsored = request.sponsored_connectivity_data.unwrap();
    assert_eq!(sponsored.sponsor_identity.as_deref(), Some("sponsor"));
    assert_eq!(sponsored.granted_service_unit.unwrap().cc_total_octets, Some(6));
    let request = changed(&[], &[("$B", "7")]).unwrap();
    let codes: Vec<u32> = request.custom.iter().map(|it| it.code).collect();
    assert_eq!(codes, [1_000_002]);
}

#[test]
fn a_protocol_that_was_held_back_comes_with_its_usage() {
    let signalling = MediaSubComponent {
        flow_number: 1,
        flow_usage: Some(FlowUsage::AF_SIGNALLING),
        af_signalling_protocol: Some(AfSignallingProtocol::SIP),
        ..Default::default()
    };
    assert_eq!(changed(&[], &[("$USAGE", "AF_SIGNALLING")]).unwrap(), flow(signalling));
}

#[test]
fn the_duration_is_changed_only_when_it_is_set() {
    let template = template(TEMPLATE);
    let (none, some) = (Values::default(), Values::new([("$DURATION", "90")]).unwrap());
    assert_eq!(template.change(&none, &none).unwrap().duration, None);
    assert_eq!(template.change(&none, &some).unwrap().duration, Some(90));
}

#[test]
fn what_an_update_cannot_say_is_refused() {
    let fixed = changed(&[], &[("$N", "5")]).unwrap_err();
    assert_eq!(
        (fixed.part(), &*fixed.to_string()),
        (
            "$N",
            "mediaComponentDescription[0].mediaComponentNumber is 3 and stays so: the number says which part of \
                the session is meant"
        )
    );
    assert!(matches!(changed(&[("$F", "7")], &[("$F", "1")]), Err(FillError::Fixed { is: 7, .. })));
    // The number that it has is no change.
    let number = component(MediaComponentDescription::default());
    assert_eq!(changed(&[("$N", "3")], &[("$N", "3")]).unwrap(), number);
    let unset = changed(&[], &[("$MAX", "")]).unwrap_err();
    assert_eq!(
        unset,
        FillError::Unset {
            name: "$MAX".into(),
            element: "mediaComponentDescription[0].maxRequestedBandwidthUL".into()
        }
    );
    // One filter less is a list that replaces the other.
    let filters = MediaSubComponent {
        flow_number: 1,
        flow_description: vec!["out".into()].into(),
        ..Default::default()
    };
    assert_eq!(changed(&[], &[("$IN", "")]).unwrap(), flow(filters));
    let none = changed(&[], &[("$IN", ""), ("$OUT", "")]).unwrap_err();
    assert_eq!(none.part(), "$OUT");
    // Checked together with what is in force.
    assert!(changed(&[("$MAX", "50")], &[("$MIN", "60")]).is_err());
    assert!(changed(&[("$MAX", "70")], &[("$MIN", "60")]).is_ok());
    assert!(matches!(changed(&[], &[("$X", "1")]), Err(FillError::UnknownParameter { .. })));
}

#[test]
fn what_is_sent_is_shown() {
    let template = template(TEMPLATE);
    let (none, some) = (Values::default(), Values::new([("$MAX", "02e3"), ("$A", "9")]).unwrap());
    let number =
        |name, text: &'static str| Shown::Value { name, text: text.into(), number: true, repeated: false };
    let members = vec![number("mediaComponentNumber", "3"), number("maxRequestedBandwidthUL", "2000")];
    let component = Shown::Group { name: "mediaComponentDescription", repeated: true, members };
    assert_eq!(
        template.shown(&none, Some(&some)).unwrap(),
        [component, Shown::Custom { name: "a", text: "9" }]
    );
    let all = template.shown(&some, None).unwrap();
    assert_eq!(all.len(), 9);
    assert_eq!(all[0], number("duration", "60"));
    assert!(all.contains(&Shown::Custom { name: "b", text: "1" }));
    let text =
        Shown::Value { name: "chargingIdentifier", text: "charging".into(), number: false, repeated: false };
    assert!(all.contains(&text));
}
