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
    /// The whole request, or what an update sends; `based` puts what is set over `it`.
    pub(super) fn request(
        &self,
        group: &'f Group,
        it: &mut AaRequest<'f>,
        based: bool,
    ) -> Result<(), FillError> {
        // An address of one kind takes the place of the other.
        let is_address = |field| matches!(field, Field::FramedIpAddress | Field::FramedIpv6Prefix);
        let addresses = group.leaves().any(|leaf| is_address(leaf.field) && self.writes(leaf, based));
        if based && addresses {
            (it.framed_ip_address, it.framed_ipv6_prefix) = (None, None);
        }
        for leaf in group.leaves() {
            if !(self.writes(leaf, based) || based && addresses && is_address(leaf.field)) {
                continue;
            }
            let Some(value) = self.value(leaf)? else { continue };
            match leaf.field {
                Field::ApplicationIdentifier => it.af_application_identifier = Some(value.octets()),
                Field::ServiceInfoStatus => it.service_info_status = Some(ServiceInfoStatus(value.number())),
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
        if self.opens_any(group, Kind::MediaComponent, based) {
            let defaults = it.media_component_description.borrowed_slice().filter(|_| based);
            let lend = MediaComponentDescription::borrowed;
            it.media_component_description =
                self.parts(group, Kind::MediaComponent, (defaults, lend), Self::component)?;
        }
        if self.opens_any(group, Kind::SubscriptionId, based) {
            it.subscription_id = self.replaced(group, Kind::SubscriptionId, Self::subscription)?;
        }
        if self.opens_any(group, Kind::SupportedFeatures, based) {
            it.supported_features = self.replaced(group, Kind::SupportedFeatures, Self::features)?;
        }
        if let Some(part) = group.groups(Kind::Sponsored).next()
            && self.opens(&part.slots, based)
            && self.is_there(part)
        {
            it.sponsored_connectivity_data = Some(self.sponsored(part)?);
        }
        if self.opens_custom(group, based) {
            it.custom = self.all_custom(group, false)?;
        }
        Ok(())
    }

    /// The components of a request, or the flows of a component; `defaults` are those of the base, and how
    /// they are lent.
    fn parts<T: Default>(
        &self,
        group: &'f Group,
        kind: Kind,
        (defaults, lend): (Option<&'f [T]>, impl Fn(&'f T) -> T),
        build: impl Fn(&Self, &'f Group, &mut T, bool) -> Result<(), FillError>,
    ) -> Result<List<'f, T>, FillError> {
        let mut parts = Vec::with_capacity(group.groups(kind).count());
        let mut defaults = defaults.unwrap_or_default().iter();
        for part in group.groups(kind) {
            let default = defaults.next();
            if default.is_none() && !self.touches(&part.slots) {
                continue;
            }
            // Written where it stays: these structs are large.
            parts.push(default.map_or_else(T::default, &lend));
            if (default.is_none() || self.sets(&part.slots))
                && let Some(it) = parts.last_mut()
            {
                build(self, part, it, default.is_some())?;
            }
        }
        Ok(parts.into())
    }

    /// Groups that Rx replaces together.
    fn replaced<T>(
        &self,
        group: &'f Group,
        kind: Kind,
        build: impl Fn(&Self, &'f Group) -> Result<T, FillError>,
    ) -> Result<List<'f, T>, FillError> {
        let mut parts = Vec::with_capacity(group.groups(kind).count());
        for part in group.groups(kind).filter(|part| self.is_there(part)) {
            parts.push(build(self, part)?);
        }
        Ok(parts.into())
    }

    /// A component; `based` puts what is set over `it`.
    fn component(
        &self,
        group: &'f Group,
        it: &mut MediaComponentDescription<'f>,
        based: bool,
    ) -> Result<(), FillError> {
        for leaf in group.leaves() {
            let is_number = leaf.field == Field::MediaComponentNumber && !based;
            if !is_number && !self.writes(leaf, based) {
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
                _ => {}
            }
        }
        if self.opens_any(group, Kind::MediaSubComponent, based) {
            let defaults = it.media_sub_component.borrowed_slice().filter(|_| based);
            let lend = MediaSubComponent::borrowed;
            it.media_sub_component =
                self.parts(group, Kind::MediaSubComponent, (defaults, lend), Self::flow)?;
        }
        if self.opens_list(group, Field::CodecData, based) {
            it.codec_data = self.list(group, Field::CodecData, Value::octets)?;
        }
        if self.opens_custom(group, based) {
            it.custom = self.all_custom(group, false)?;
        }
        Ok(())
    }

    /// A flow; `based` puts what is set over `it`.
    fn flow(&self, group: &'f Group, it: &mut MediaSubComponent<'f>, based: bool) -> Result<(), FillError> {
        for leaf in group.leaves() {
            let is_number = leaf.field == Field::FlowNumber && !based;
            if !is_number && !self.writes(leaf, based) {
                continue;
            }
            let Some(value) = self.value(leaf)? else { continue };
            match leaf.field {
                Field::FlowNumber => it.flow_number = value.number(),
                Field::FlowStatus => it.flow_status = Some(FlowStatus(value.number())),
                Field::FlowUsage => it.flow_usage = Some(FlowUsage(value.number())),
                Field::MaxRequestedUl => it.max_requested_bandwidth_ul = Some(value.number()),
                Field::MaxRequestedDl => it.max_requested_bandwidth_dl = Some(value.number()),
                _ => {}
            }
        }
        let signalling = [Field::FlowUsage, Field::SignallingProtocol];
        if signalling.iter().any(|field| self.opens_list(group, *field, based)) {
            // Rx has the protocol only with this usage (TS 29.214 §5.3.26); what was held back before may
            // have its usage now.
            let [usage, protocol] = signalling.map(|field| group.leaf(field));
            let usage = usage.map(|leaf| self.value(leaf)).transpose()?.flatten();
            let protocol = protocol.map(|leaf| self.value(leaf)).transpose()?.flatten();
            let is_signalling = usage.map(Value::number) == Some(FlowUsage::AF_SIGNALLING.0);
            let protocol = protocol.filter(|_| is_signalling);
            it.af_signalling_protocol = protocol.map(|protocol| AfSignallingProtocol(protocol.number()));
        }
        if self.opens_list(group, Field::FlowDescription, based) {
            it.flow_description = self.list(group, Field::FlowDescription, Value::text)?;
        }
        if self.opens_custom(group, based) {
            it.custom = self.all_custom(group, false)?;
        }
        Ok(())
    }

    /// The elements that stand for one list.
    fn list<T>(
        &self,
        group: &'f Group,
        field: Field,
        read: impl Fn(Value<'f>) -> T,
    ) -> Result<List<'f, T>, FillError> {
        let mut values = Vec::with_capacity(2);
        for leaf in group.leaves().filter(|leaf| leaf.field == field) {
            values.extend(self.value(leaf)?.map(&read));
        }
        Ok(values.into())
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
        it.custom = self.all_custom(group, true)?;
        Ok(it)
    }

    fn sponsored(&self, group: &'f Group) -> Result<SponsoredConnectivityData<'f>, FillError> {
        let mut it = SponsoredConnectivityData::default();
        for node in &group.nodes {
            match node {
                Node::Leaf(leaf) => {
                    let value = self.value(leaf)?.map(Value::text);
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
        it.custom = self.all_custom(group, true)?;
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
        it.custom = self.all_custom(group, true)?;
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

    /// The custom AVPs of a group; all of them if it is sent `whole`.
    fn all_custom(&self, group: &'f Group, whole: bool) -> Result<List<'f, CustomAvp<'f>>, FillError> {
        let mut custom = Vec::new();
        for node in &group.nodes {
            if let Node::Custom(avp) = node {
                custom.extend(self.custom(avp, whole)?);
            }
        }
        Ok(custom.into())
    }
}
