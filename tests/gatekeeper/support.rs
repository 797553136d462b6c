//! A dictionary with AVPs of its own, and bodies made of what a test is about.

use std::sync::LazyLock;

use rxgate::{
    dict::Dictionary,
    north::gatekeeper::{Asked, EndUser, Invalid, Profile, ReadSettings, read_apply},
    rx::{CustomAvp, GrantedServiceUnit},
    wire::{AvpFlags, VendorId},
};
use serde_json::{Value, json};

pub const COMPATIBLE: ReadSettings = ReadSettings {
    profile: Profile::Compatible,
    short_ipv6_prefix: false,
    default_duration: None,
    max_duration: None,
};
pub const STRICT: ReadSettings = ReadSettings { profile: Profile::Strict, ..COMPATIBLE };
pub const USER: &str = "tel:861013388991111";
pub const EXAMPLE: &[u8] = include_bytes!("../data/gatekeeper/example-16-2.json");

pub const OWN_AVPS: &str = r#"<dictionary>
  <vendor vendor-id="Example" code="87349" name="Example"/>
  <application id="16777236" name="Rx">
    <avp name="myCustomDiameterParameter" code="7010" mandatory="may" vendor-id="Example">
      <type type-name="UTF8String"/>
    </avp>
    <avp name="Own-Text" code="1" mandatory="must" vendor-id="Example"><type type-name="UTF8String"/></avp>
    <avp name="Own-Octets" code="2" mandatory="may" vendor-id="87349"><type type-name="OctetString"/></avp>
    <avp name="Own-Number" code="7003" mandatory="mustnot"><type type-name="Unsigned32"/></avp>
    <avp name="Own-Signed" code="7004" vendor-id="0"><type type-name="Integer64"/></avp>
    <avp name="Own-Choice" code="5" mandatory="must" vendor-id="Example">
      <type type-name="Integer32"/><enum name="ENUM_1" code="0"/><enum name="ENUM_2" code="7"/>
    </avp>
    <avp name="Own-Address" code="6" vendor-id="Example"><type type-name="Address"/></avp>
    <avp name="Own-Time" code="7" vendor-id="Example"><type type-name="Time"/></avp>
    <avp name="Own-Float" code="8" vendor-id="Example"><type type-name="Float32"/></avp>
    <avp name="Own-Host" code="9" vendor-id="Example"><type type-name="DiameterIdentity"/></avp>
    <avp name="Own-Group" code="10" mandatory="must" vendor-id="Example">
      <grouped><gavp name="Own-Text"/><gavp name="Own-Inner"/><gavp name="Flow-Number"/></grouped>
    </avp>
    <avp name="Own-Inner" code="11" vendor-id="Example"><grouped><gavp name="Own-Octets"/></grouped></avp>
  </application>
</dictionary>"#;

pub static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::with_files([("own.xml", OWN_AVPS)]).unwrap());

pub fn read_as(settings: ReadSettings, body: &[u8]) -> Result<Asked, Invalid> {
    let asked = read_apply(body, &EndUser::parse(USER).unwrap(), settings, &DICTIONARY)?;
    let view: Value = serde_json::from_str(&asked.view).unwrap();
    // What is shown can be asked for again, and is shown the same then.
    let again = json!({ "qoSFeatureProperties": view }).to_string();
    let again = read_apply(again.as_bytes(), &EndUser::parse(USER).unwrap(), settings, &DICTIONARY).unwrap();
    assert_eq!((&again.service, &again.view), (&asked.service, &asked.view));
    Ok(asked)
}

/// Properties with an address of the UE beside them.
pub fn ask_as(settings: ReadSettings, properties: Value) -> Result<Asked, Invalid> {
    let mut properties = properties;
    let members = properties.as_object_mut().unwrap();
    if !members.contains_key("framedIPAddress") && !members.contains_key("framedIPv6Prefix") {
        members.insert("framedIPAddress".into(), "10.0.0.1".into());
    }
    read_as(settings, json!({ "qoSFeatureProperties": properties }).to_string().as_bytes())
}

pub fn ask(properties: Value) -> Asked {
    ask_as(COMPATIBLE, properties).unwrap()
}

pub fn view(asked: &Asked) -> Value {
    serde_json::from_str(&asked.view).unwrap()
}

/// What the client is told.
pub fn refused_as(settings: ReadSettings, properties: Value) -> String {
    ask_as(settings, properties).unwrap_err().to_string()
}

pub fn refused(properties: Value) -> String {
    refused_as(COMPATIBLE, properties)
}

pub fn component(members: Value) -> Value {
    let mut component = json!({ "mediaComponentNumber": 1 });
    component.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({ "mediaComponentDescription": [component] })
}

pub fn flow(members: Value) -> Value {
    let mut flow = json!({ "flowNumber": 1 });
    flow.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    component(json!({ "mediaSubComponent": [flow] }))
}

pub fn warned(asked: &Asked) -> Vec<&str> {
    asked.warnings.iter().map(|warning| &*warning.part).collect()
}

#[track_caller]
pub fn assert_starts(text: &str, start: &str) {
    assert!(text.starts_with(start), "{text}");
}

pub fn granted(members: Value) -> Value {
    json!({ "sponsoredConnectivityData": { "grantedServiceUnit": members } })
}

pub fn unit(asked: &Asked) -> GrantedServiceUnit<'static> {
    asked.service.sponsored_connectivity_data.clone().unwrap().granted_service_unit.unwrap()
}

pub fn own(code: u32, vendor: u32, flags: AvpFlags, data: &[u8]) -> CustomAvp<'static> {
    CustomAvp { code, vendor: VendorId(vendor), flags, data: data.to_vec().into() }
}

pub const EXAMPLE_VENDOR: u32 = 87349;

pub fn custom(name: &str, value: Value) -> CustomAvp<'static> {
    let asked = ask(json!({ "parameter": { "name": name, "value": value } }));
    asked.service.custom.first().unwrap().into_owned()
}

pub fn custom_refused(name: &str, value: Value) -> String {
    refused(json!({ "parameter": { "name": name, "value": value } }))
}
