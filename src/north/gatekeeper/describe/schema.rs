//! Request bodies as types of their own, from which their schemas are made.
//!
//! Nothing has these types: `read` takes bodies apart by hand. It accepts more than stands here, as the
//! interface's texts and examples contradict each other; this is the form of its examples, and the one in which
//! Get QoS Status shows the properties.
#![expect(dead_code, reason = "only their schemas are used")]

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Type,
        schema::{AllOfBuilder, AnyOfBuilder, ObjectBuilder, Schema},
    },
};

use super::names::{
    AfSignallingProtocol, Correlator, Criterion, EndUser, Endpoint, FlowStatus, FlowUsage, MediaType,
    Priority, Seconds, Service, ServiceInfoStatus, SipForkingIndication, SubscriptionIdType, TariffChange,
    TariffChangeUsage, Text, UeAddress, UePrefix, Unsigned32, Unsigned64,
};

/// The body of Apply QoS.
#[derive(ToSchema)]
pub(in crate::north::gatekeeper) struct ApplyRequest {
    #[schema(rename = "qoSFeatureProperties")]
    properties: AddressedProperties,
}

/// The body of Modify QoS.
#[derive(ToSchema)]
pub(in crate::north::gatekeeper) struct ModifyRequest {
    #[schema(rename = "qoSFeatureProperties")]
    properties: ChangedProperties,
}

/// Some properties, one at least.
struct ChangedProperties;

impl PartialSchema for ChangedProperties {
    fn schema() -> RefOr<Schema> {
        let some = ObjectBuilder::new().schema_type(Type::Object).min_properties(Some(1));
        let all = AllOfBuilder::new().item(Ref::from_schema_name(QosFeatureProperties::name())).item(some);
        Schema::from(all.build()).into()
    }
}

impl ToSchema for ChangedProperties {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AddressedProperties::schemas(schemas);
    }
}

/// The body of Apply Template-Based QoS and of Template-Based Modify QoS.
#[derive(ToSchema)]
pub(in crate::north::gatekeeper) struct TemplateRequest {
    #[schema(rename = "templateQoSFeatureProperties")]
    properties: TemplateProperties,
}

/// What a request says beside, or instead of, what its template says.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct TemplateProperties {
    /// How long the QoS is to last, at least 1. Seconds; needed for a new session if the template has none.
    duration: Option<Seconds>,
    /// The service that the session belongs to: a text, or octets as `hex:` and their digits.
    application_identifier: Option<Text>,
    #[schema(rename = "framedIPAddress")]
    framed_ip_address: Option<UeAddress>,
    #[schema(rename = "framedIPv6Prefix")]
    framed_ipv6_prefix: Option<UePrefix>,
    /// The packet data network, needed with a private address.
    called_station_id: Option<Text>,
    /// Parameters of the template, each name once.
    parameter: Option<Vec<TemplateParameter>>,
}

/// A parameter of a template.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateParameter {
    /// Its name, with its `$`.
    #[schema(min_length = 1, max_length = 128)]
    name: Text,
    value: Scalar,
}

/// What a parameter is set to: the text of its element, or what is written like it.
#[derive(ToSchema)]
#[serde(untagged)]
enum Scalar {
    Text(Text),
    Number(f64),
    Flag(bool),
}

/// Properties with an address of the user equipment among them.
struct AddressedProperties;

impl PartialSchema for AddressedProperties {
    fn schema() -> RefOr<Schema> {
        let with = |name: &str| ObjectBuilder::new().schema_type(Type::Object).required(name);
        let all = AllOfBuilder::new()
            .item(Ref::from_schema_name(QosFeatureProperties::name()))
            .item(AnyOfBuilder::new().item(with("framedIPAddress")).item(with("framedIPv6Prefix")))
            .build();
        Schema::from(all).into()
    }
}

impl ToSchema for AddressedProperties {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((QosFeatureProperties::name().into_owned(), QosFeatureProperties::schema()));
        QosFeatureProperties::schemas(schemas);
    }
}

/// The body of Register for QoS Notifications.
#[derive(ToSchema)]
pub(in crate::north::gatekeeper) struct RegisterRequest {
    #[schema(rename = "startQoSNotification")]
    registration: StartQosNotification,
}

/// Where to, whose events, and which.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct StartQosNotification {
    reference: StartReference,
    /// Each once; several forms of one identity are one.
    #[schema(min_items = 1, max_items = 1000)]
    end_user_identities: Vec<EndUser>,
    #[schema(min_items = 1)]
    event_criteria: Vec<Criterion>,
}

/// Where notifications go.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct StartReference {
    endpoint: Endpoint,
    /// Means nothing here.
    #[schema(max_length = 256)]
    interface_name: Option<Text>,
    correlator: Correlator,
}

/// The QoS that is asked for: what flows, how much of it, for whom.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::north::gatekeeper) struct QosFeatureProperties {
    /// How long the QoS is to last; without it, until it is removed. Seconds.
    duration: Option<Seconds>,
    /// The service that the session belongs to: a text, or octets as `hex:` and their digits.
    application_identifier: Option<Text>,
    /// The media components, each with a number of its own.
    media_component_description: Option<Vec<MediaComponentDescription>>,
    /// Whether the description is final; FINAL_SERVICE_INFORMATION if not given.
    service_info_status: Option<ServiceInfoStatus>,
    /// The application's identifier for charging.
    charging_identifier: Option<Text>,
    /// Whether several SIP dialogues belong to the session; SINGLE_DIALOGUE if not given.
    #[schema(rename = "sIPForkingIndication")]
    sip_forking_indication: Option<SipForkingIndication>,
    /// The subscriber; derived from endUserId if not given.
    subscription_id: Option<Vec<SubscriptionId>>,
    /// Features that the application wants of the PCRF.
    supported_features: Option<Vec<SupportedFeatures>>,
    /// How important the flows are compared with others; 0 is the least.
    reservation_priority: Option<Priority>,
    #[schema(rename = "framedIPAddress")]
    framed_ip_address: Option<UeAddress>,
    #[schema(rename = "framedIPv6Prefix")]
    framed_ipv6_prefix: Option<UePrefix>,
    /// The packet data network, needed with a private address.
    called_station_id: Option<Text>,
    /// The service that emergency traffic is for.
    #[schema(rename = "serviceURN")]
    service_urn: Option<Service>,
    /// Who pays for the data, and up to which usage.
    sponsored_connectivity_data: Option<SponsoredConnectivityData>,
    /// The multimedia priority service that the session belongs to.
    #[schema(rename = "mPSIdentifier")]
    mps_identifier: Option<Text>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// A media component: flows that belong together.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MediaComponentDescription {
    /// Ordinal number of the component.
    media_component_number: Unsigned32,
    /// The flows, each with a number of its own.
    media_sub_component: Option<Vec<MediaSubComponent>>,
    /// The service that the component belongs to, if it is not that of the session.
    application_identifier: Option<Text>,
    media_type: Option<MediaType>,
    /// Most that goes up. Bits per second.
    #[schema(rename = "maxRequestedBandwidthUL")]
    max_ul: Option<Unsigned32>,
    /// Most that comes down. Bits per second.
    #[schema(rename = "maxRequestedBandwidthDL")]
    max_dl: Option<Unsigned32>,
    /// Least that is of use upwards, not above the most. Bits per second.
    #[schema(rename = "minRequestedBandwidthUL")]
    min_ul: Option<Unsigned32>,
    /// Least that is of use downwards, not above the most. Bits per second.
    #[schema(rename = "minRequestedBandwidthDL")]
    min_dl: Option<Unsigned32>,
    flow_status: Option<FlowStatus>,
    /// How important the component is compared with others; 0 is the least.
    reservation_priority: Option<Priority>,
    /// Most for RTCP sender reports. Bits per second.
    #[schema(rename = "rSBandwidth")]
    rs_bandwidth: Option<Unsigned32>,
    /// Most for RTCP receiver reports. Bits per second.
    #[schema(rename = "rRBandwidth")]
    rr_bandwidth: Option<Unsigned32>,
    /// What the application knows of the codec (TS 29.214 §5.3.7).
    #[schema(max_items = 2)]
    codec_data: Option<Vec<Text>>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// A flow of a media component.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MediaSubComponent {
    /// Ordinal number of the flow.
    flow_number: Unsigned32,
    /// Packet filters, one for each direction (TS 29.214 §5.3.8).
    #[schema(max_items = 2)]
    flow_description: Option<Vec<Text>>,
    flow_status: Option<FlowStatus>,
    flow_usage: Option<FlowUsage>,
    /// Most that goes up. Bits per second.
    #[schema(rename = "maxRequestedBandwidthUL")]
    max_ul: Option<Unsigned32>,
    /// Most that comes down. Bits per second.
    #[schema(rename = "maxRequestedBandwidthDL")]
    max_dl: Option<Unsigned32>,
    /// The protocol between user equipment and application; sent with the flowUsage AF_SIGNALLING only.
    signalling_protocol: Option<AfSignallingProtocol>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// An identifier of the subscriber.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubscriptionId {
    subscription_id_type: SubscriptionIdType,
    /// The identifier; not another one than the endUserId if both are of one type.
    #[schema(min_length = 1)]
    subscription_id_data: Text,
}

/// A list of features (TS 29.229 §6.3.29).
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SupportedFeatures {
    /// Whose features they are.
    vendor_id: Unsigned32,
    /// Which of the lists it is.
    #[schema(rename = "featureListID")]
    feature_list_id: Unsigned32,
    /// A bit for each feature.
    feature_list: Unsigned32,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// Who pays for the data, and up to which usage.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SponsoredConnectivityData {
    sponsor_identity: Option<Text>,
    application_service_provider_identity: Option<Text>,
    granted_service_unit: Option<GrantedServiceUnit>,
    used_service_unit: Option<UsedServiceUnit>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// Units of service (RFC 8506 §8.17).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantedServiceUnit {
    #[schema(rename = "tariffTimeChange")]
    tariff_time_change: Option<TariffChange>,
    /// Seconds.
    #[schema(rename = "cCTime")]
    time: Option<Unsigned32>,
    #[schema(rename = "cCMoney")]
    money: Option<CcMoney>,
    #[schema(rename = "cCTotalOctets")]
    total_octets: Option<Unsigned64>,
    /// From the end user.
    #[schema(rename = "cCInputOctets")]
    input_octets: Option<Unsigned64>,
    /// To the end user.
    #[schema(rename = "cCOutputOctets")]
    output_octets: Option<Unsigned64>,
    /// Units that the service defines.
    #[schema(rename = "cCServiceSpecificUnits")]
    service_specific_units: Option<Unsigned64>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// Units of service that were used (RFC 8506 §8.19). Read, and not sent: the network tells what was used.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct UsedServiceUnit {
    #[schema(rename = "tariffTimeChange")]
    tariff_time_change: Option<TariffChangeUsage>,
    /// Seconds.
    #[schema(rename = "cCTime")]
    time: Option<Unsigned32>,
    #[schema(rename = "cCMoney")]
    money: Option<CcMoney>,
    #[schema(rename = "cCTotalOctets")]
    total_octets: Option<Unsigned64>,
    /// From the end user.
    #[schema(rename = "cCInputOctets")]
    input_octets: Option<Unsigned64>,
    /// To the end user.
    #[schema(rename = "cCOutputOctets")]
    output_octets: Option<Unsigned64>,
    /// Units that the service defines.
    #[schema(rename = "cCServiceSpecificUnits")]
    service_specific_units: Option<Unsigned64>,
    /// AVPs of the operator's own dictionary.
    parameter: Option<Vec<Parameter>>,
}

/// A sum of money.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CCMoney)]
struct CcMoney {
    /// The amount, an exact decimal.
    #[schema(minimum = 0, maximum = 1e15)]
    unit_value: f64,
    /// The currency by its number (ISO 4217).
    #[schema(minimum = 0, maximum = 999, value_type = Option<u16>)]
    currency_code: Option<u16>,
}

/// An AVP of the operator's own dictionary.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct Parameter {
    /// The name that the dictionary has for the AVP.
    name: String,
    value: ParameterValue,
}

/// As the type of the AVP wants it: a Grouped AVP has the array of its members.
#[derive(ToSchema)]
#[serde(untagged)]
enum ParameterValue {
    Text(Text),
    Number(f64),
    Flag(bool),
    #[schema(no_recursion)]
    Members(Vec<Parameter>),
}
