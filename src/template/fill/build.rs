//! The AVPs of each group of a template.

use std::borrow::Cow;

use super::{
    super::{
        FillError,
        compiled::{Group, Node},
        schema::{Field, Kind, Value},
        value::tariff_change_usage,
    },
    Filler,
};
use crate::{
    dict::enums::{
        AfSignallingProtocol, FlowStatus, FlowUsage, MediaType, ReservationPriority, ServiceInfoStatus,
        SipForkingIndication, SubscriptionIdType,
    },
    rx::{
        AaRequest, CcMoney, CustomAvp, GrantedServiceUnit, List, MediaComponentDescription,
        MediaSubComponent, SponsoredConnectivityData, SubscriptionId, SupportedFeatures, UnitValue,
    },
    wire::TimeValue,
};

type Text<'f> = Option<Cow<'f, str>>;

impl<'f> Value<'f> {
    fn number(self) -> u32 {
        match self {
            Self::Number(number) | Self::Choice(number, _) => number,
            _ => 0,
        }
    }

    fn long(self) -> u64 {
        match self {
            Self::Long(number) => number,
            _ => 0,
        }
    }

    fn octets(self) -> Cow<'f, [u8]> {
        match self {
            Self::Octets(octets) | Self::Prefix(octets) => octets,
            Self::Text(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
            Self::Text(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
            _ => Cow::Borrowed(&[]),
        }
    }

    fn text(self) -> Cow<'f, str> {
        match self {
            Self::Text(text) => text,
            _ => Cow::Borrowed(""),
        }
    }
}

impl<'f> Filler<'f> {
    pub(super) fn request(&self, group: &'f Group) -> Result<AaRequest<'f>, FillError> {
        let mut it = AaRequest::default();
        let mut components = Vec::new();
        let mut subscriptions = Vec::new();
        let mut features = Vec::new();
        let mut custom = Vec::new();
        let subscriptions_sent = self.touches_any(group, Kind::SubscriptionId);
        let features_sent = self.touches_any(group, Kind::SupportedFeatures);
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    if !self.sends(leaf) {
                        continue;
                    }
                    let Some(value) = self.value(leaf)? else { continue };
                    match leaf.field {
                        Field::ApplicationIdentifier => it.af_application_identifier = Some(value.octets()),
                        Field::ServiceInfoStatus => {
                            it.service_info_status = Some(ServiceInfoStatus(value.number()));
                        }
                        Field::ChargingIdentifier => it.af_charging_identifier = Some(value.octets()),
                        Field::SipForkingIndication => {
                            it.sip_forking_indication = Some(SipForkingIndication(value.number()));
                        }
                        Field::ReservationPriority => {
                            it.reservation_priority = Some(ReservationPriority(value.number()));
                        }
                        Field::FramedIpAddress | Field::FramedIpv6Prefix => match value {
                            Value::Prefix(octets) => it.framed_ipv6_prefix = Some(octets),
                            value => it.framed_ip_address = Some(value.octets()),
                        },
                        Field::CalledStationId => it.called_station_id = Some(value.text()),
                        Field::ServiceUrn => it.service_urn = Some(value.octets()),
                        Field::MpsIdentifier => it.mps_identifier = Some(value.octets()),
                        _ => {}
                    }
                }
                Node::Group(part) => match part.kind {
                    Kind::MediaComponent if self.touches(part) => components.push(self.component(part)?),
                    Kind::SubscriptionId if subscriptions_sent && self.is_there(part) => {
                        subscriptions.push(self.subscription(part)?);
                    }
                    Kind::SupportedFeatures if features_sent && self.is_there(part) => {
                        features.push(self.features(part)?);
                    }
                    Kind::Sponsored if self.touches(part) && self.is_there(part) => {
                        it.sponsored_connectivity_data = Some(self.sponsored(part)?);
                    }
                    _ => {}
                },
                Node::Custom(avp) => custom.extend(self.custom(avp, false)?),
            }
        }
        it.media_component_description = components.into();
        it.subscription_id = subscriptions.into();
        it.supported_features = features.into();
        it.custom = custom.into();
        Ok(it)
    }

    fn component(&self, group: &'f Group) -> Result<MediaComponentDescription<'f>, FillError> {
        let mut it = MediaComponentDescription::default();
        let mut flows = Vec::new();
        let mut codecs = Vec::new();
        let mut custom = Vec::new();
        let codecs_sent = self.touches_list(group, Field::CodecData);
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let sent = match leaf.field {
                        Field::MediaComponentNumber => true,
                        Field::CodecData => codecs_sent,
                        _ => self.sends(leaf),
                    };
                    if !sent {
                        continue;
                    }
                    let Some(value) = self.value(leaf)? else { continue };
                    match leaf.field {
                        Field::MediaComponentNumber => it.media_component_number = value.number(),
                        Field::ApplicationIdentifier => it.af_application_identifier = Some(value.octets()),
                        Field::MediaType => it.media_type = Some(MediaType(value.number())),
                        Field::MaxRequestedUl => it.max_requested_bandwidth_ul = Some(value.number()),
                        Field::MaxRequestedDl => it.max_requested_bandwidth_dl = Some(value.number()),
                        Field::MinRequestedUl => it.min_requested_bandwidth_ul = Some(value.number()),
                        Field::MinRequestedDl => it.min_requested_bandwidth_dl = Some(value.number()),
                        Field::FlowStatus => it.flow_status = Some(FlowStatus(value.number())),
                        Field::ReservationPriority => {
                            it.reservation_priority = Some(ReservationPriority(value.number()));
                        }
                        Field::RsBandwidth => it.rs_bandwidth = Some(value.number()),
                        Field::RrBandwidth => it.rr_bandwidth = Some(value.number()),
                        Field::CodecData => codecs.push(value.octets()),
                        _ => {}
                    }
                }
                Node::Group(part) if self.touches(part) => flows.push(self.flow(part)?),
                Node::Group(_) => {}
                Node::Custom(avp) => custom.extend(self.custom(avp, false)?),
            }
        }
        it.media_sub_component = flows.into();
        it.codec_data = codecs.into();
        it.custom = custom.into();
        Ok(it)
    }

    fn flow(&self, group: &'f Group) -> Result<MediaSubComponent<'f>, FillError> {
        let mut it = MediaSubComponent::default();
        let mut filters = Vec::new();
        let mut custom = Vec::new();
        let filters_sent = self.touches_list(group, Field::FlowDescription);
        let usage = group.leaf(Field::FlowUsage);
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let sent = match leaf.field {
                        Field::FlowNumber => true,
                        Field::FlowDescription => filters_sent,
                        // What was held back before may have its flow usage now.
                        Field::SignallingProtocol => {
                            self.sends(leaf) || usage.is_some_and(|usage| self.sends(usage))
                        }
                        _ => self.sends(leaf),
                    };
                    if !sent {
                        continue;
                    }
                    let Some(value) = self.value(leaf)? else { continue };
                    match leaf.field {
                        Field::FlowNumber => it.flow_number = value.number(),
                        Field::FlowDescription => filters.push(value.text()),
                        Field::FlowStatus => it.flow_status = Some(FlowStatus(value.number())),
                        Field::FlowUsage => it.flow_usage = Some(FlowUsage(value.number())),
                        Field::MaxRequestedUl => it.max_requested_bandwidth_ul = Some(value.number()),
                        Field::MaxRequestedDl => it.max_requested_bandwidth_dl = Some(value.number()),
                        Field::SignallingProtocol => {
                            let usage = usage.map(|usage| self.value(usage)).transpose()?.flatten();
                            // Rx has it only with this usage (TS 29.214 §5.3.26).
                            if usage.map(Value::number) == Some(FlowUsage::AF_SIGNALLING.0) {
                                it.af_signalling_protocol = Some(AfSignallingProtocol(value.number()));
                            }
                        }
                        _ => {}
                    }
                }
                Node::Group(_) => {}
                Node::Custom(avp) => custom.extend(self.custom(avp, false)?),
            }
        }
        it.flow_description = filters.into();
        it.custom = custom.into();
        Ok(it)
    }

    fn subscription(&self, group: &'f Group) -> Result<SubscriptionId<'f>, FillError> {
        let mut it = SubscriptionId::default();
        for leaf in group.leaves() {
            let Some(value) = self.value(leaf)? else { continue };
            match leaf.field {
                Field::SubscriptionIdType => it.subscription_id_type = SubscriptionIdType(value.number()),
                Field::SubscriptionIdData => it.subscription_id_data = value.text(),
                _ => {}
            }
        }
        Ok(it)
    }

    fn features(&self, group: &'f Group) -> Result<SupportedFeatures<'f>, FillError> {
        let mut it = SupportedFeatures::default();
        for leaf in group.leaves() {
            let Some(value) = self.value(leaf)? else { continue };
            match leaf.field {
                Field::VendorId => it.vendor_id = value.number(),
                Field::FeatureListId => it.feature_list_id = value.number(),
                Field::FeatureList => it.feature_list = value.number(),
                _ => {}
            }
        }
        it.custom = self.all_custom(group)?;
        Ok(it)
    }

    fn sponsored(&self, group: &'f Group) -> Result<SponsoredConnectivityData<'f>, FillError> {
        let mut it = SponsoredConnectivityData::default();
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let value: Text<'f> = self.value(leaf)?.map(Value::text);
                    match leaf.field {
                        Field::SponsorIdentity => it.sponsor_identity = value,
                        Field::ProviderIdentity => it.application_service_provider_identity = value,
                        _ => {}
                    }
                }
                Node::Group(part) if !self.is_there(part) => {}
                Node::Group(part) => {
                    // Both are read, so that a wrong value is refused; what was used is the network's to tell
                    // (TS 29.214 §5.3.27).
                    let unit = self.unit(part)?;
                    if part.kind == Kind::GrantedUnit {
                        it.granted_service_unit = Some(unit);
                    }
                }
                Node::Custom(_) => {}
            }
        }
        it.custom = self.all_custom(group)?;
        Ok(it)
    }

    fn unit(&self, group: &'f Group) -> Result<GrantedServiceUnit<'f>, FillError> {
        let mut it = GrantedServiceUnit::default();
        let mut usage = None;
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let Some(value) = self.value(leaf)? else { continue };
                    match (leaf.field, value) {
                        (Field::TariffTimeChange, Value::TariffUsage(found, _)) => {
                            usage = Some(tariff_change_usage(found));
                        }
                        (Field::TariffTimeChange, value) => {
                            it.tariff_time_change = Some(TimeValue(value.number()));
                        }
                        (Field::CcTime, value) => it.cc_time = Some(value.number()),
                        (Field::TotalOctets, value) => it.cc_total_octets = Some(value.long()),
                        (Field::InputOctets, value) => it.cc_input_octets = Some(value.long()),
                        (Field::OutputOctets, value) => it.cc_output_octets = Some(value.long()),
                        (Field::ServiceSpecificUnits, value) => {
                            it.cc_service_specific_units = Some(value.long());
                        }
                        _ => {}
                    }
                }
                Node::Group(part) if self.is_there(part) => it.cc_money = Some(self.money(part)?),
                Node::Group(_) | Node::Custom(_) => {}
            }
        }
        it.custom = self.all_custom(group)?;
        if let Some(usage) = usage {
            it.custom.push(usage);
        }
        Ok(it)
    }

    fn money(&self, group: &'f Group) -> Result<CcMoney<'f>, FillError> {
        let mut it = CcMoney::default();
        for leaf in group.leaves() {
            match (leaf.field, self.value(leaf)?) {
                (Field::CurrencyCode, code) => it.currency_code = code.map(Value::number),
                (_, Some(Value::Amount(amount))) => {
                    // It was checked when it was read.
                    let (value_digits, exponent) = amount.unit_value().unwrap_or_default();
                    it.unit_value = UnitValue { value_digits, exponent, ..UnitValue::default() };
                }
                _ => {}
            }
        }
        Ok(it)
    }

    /// Every custom AVP of a group that is sent whole.
    fn all_custom(&self, group: &'f Group) -> Result<List<'f, CustomAvp<'f>>, FillError> {
        let mut custom = Vec::new();
        for node in &group.nodes {
            if let Node::Custom(avp) = node {
                custom.extend(self.custom(avp, true)?);
            }
        }
        Ok(custom.into())
    }
}
