//! qoSFeatureProperties: the whole of an Apply QoS request.

use std::{borrow::Cow, time::Duration};

use super::{
    Context, Invalid, ReadSettings, address, custom,
    json::{Members, Node, Path, quoted},
    media, sponsored,
};
use crate::{
    dict::enums::{ServiceInfoStatus, SipForkingIndication, SubscriptionIdType},
    north::gatekeeper::EndUser,
    rx::{AaRequest, List, SubscriptionId, SupportedFeatures},
    template::value,
};

/// Time of QoS, the AVPs, the view.
type Properties = (Option<Duration>, AaRequest<'static>, String);

const WRAPPER: &str = "qoSFeatureProperties";

/// What the one member of a body is, if the body is about properties.
pub(super) const OBJECT: &str = "an object with the properties";

/// The view of no properties.
pub(super) const NOTHING: &str = "{}";

/// The body: one member with the properties in it.
pub(super) fn body(node: Node<'_, '_>, user: &EndUser, context: &Context<'_>) -> Result<Properties, Invalid> {
    let members = inside(node, &[WRAPPER, "qosFeatureProperties"], OBJECT, context)?;
    let properties = read(members, user)?;
    if context.before.is_some() && properties.2 == NOTHING {
        let why = "there is nothing to change in it: give the properties that are to be others than before";
        return Err(Invalid::value(WRAPPER, why));
    }
    Ok(properties)
}

/// The members of the one member that a body has; `what` says of it what it is.
///
/// They are the root of every path: the interface's texts name them without what is around them.
pub(super) fn inside<'j, 'c>(
    node: Node<'j, '_>,
    names: &[&'static str],
    what: &str,
    context: &'c Context<'c>,
) -> Result<Members<'j, 'static, 'c>, Invalid> {
    let mut members = node.members(context)?;
    let Some((name, raw)) = members.take(names)? else {
        let wanted = names.first().copied().unwrap_or_default();
        return Err(members.missing(wanted, what));
    };
    unknown(&members)?;
    if !members.node(name, raw).is_structured() {
        return Err(members.node(name, raw).refuse("an object"));
    }
    Node::new(raw, Path::Root).members(context)
}

fn read(mut members: Members<'_, '_, '_>, user: &EndUser) -> Result<Properties, Invalid> {
    let context = members.context;
    let duration = duration(&mut members)?;
    let service = AaRequest {
        af_application_identifier: media::application_identifier(&mut members)?,
        media_component_description: media::components(&mut members)?,
        service_info_status: members.choice(&["serviceInfoStatus"], ServiceInfoStatus::NAMED)?,
        af_charging_identifier: members.octets("chargingIdentifier")?,
        sip_forking_indication: members
            .choice(&["sIPForkingIndication", "sipForkingIndication"], SipForkingIndication::NAMED)?,
        subscription_id: subscription_ids(&mut members, user)?,
        supported_features: members
            .many(&["supportedFeatures"], usize::MAX, |node| feature(node, context))?,
        reservation_priority: media::reservation_priority(&mut members)?,
        ..AaRequest::default()
    };
    let address = address::ue_address(&mut members)?;
    if address.is_missing() {
        return Err(address::missing());
    }
    let service = AaRequest {
        framed_ip_address: address.v4,
        framed_ipv6_prefix: address.v6,
        called_station_id: members.text("calledStationId")?,
        service_urn: service_urn(&mut members)?,
        sponsored_connectivity_data: sponsored::sponsored(&mut members)?,
        mps_identifier: members.octets("mPSIdentifier")?,
        custom: custom::parameters(&mut members)?,
        ..service
    };
    unknown(&members)?;
    Ok((duration, service, members.into_view()))
}

/// For how long. What has no end is longer than every limit.
fn duration(members: &mut Members<'_, '_, '_>) -> Result<Option<Duration>, Invalid> {
    let Context { settings, before, .. } = members.context;
    let duration = given_duration(members)?;
    match (duration, settings.max_duration) {
        (None, Some(max)) if before.is_none() => {
            let what = format!("a duration of at most {} seconds", max.as_secs());
            Err(members.missing("duration", &what))
        }
        _ => Ok(duration),
    }
}

/// duration, if it is given.
pub(super) fn given_duration(members: &mut Members<'_, '_, '_>) -> Result<Option<Duration>, Invalid> {
    let Some(seconds) = members.u32("duration")? else { return Ok(None) };
    let part = members.at("duration").to_string();
    check_duration(seconds, &part, members.context.settings).map(Some)
}

/// Whether QoS may last so many seconds.
pub(super) fn check_duration(seconds: u32, part: &str, settings: ReadSettings) -> Result<Duration, Invalid> {
    let duration = Duration::from_secs(u64::from(seconds));
    let most = settings.max_duration.unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
    if duration.is_zero() || duration > most {
        let why = format!("found {seconds}, accepted are 1 to {} seconds", most.as_secs());
        return Err(Invalid::value(part, why));
    }
    Ok(duration)
}

/// Members that nobody knows, at the levels where clients add their own: a warning, or strictly an error.
pub(super) fn unknown(members: &Members<'_, '_, '_>) -> Result<(), Invalid> {
    for name in members.unknown() {
        let path = members.at(name);
        if members.context.is_strict() {
            return Err(Invalid::value(path.to_string(), "no such member is known here"));
        }
        members.context.warn(&path, "left aside: no such member is known here");
    }
    Ok(())
}

/// The subscriber, derived from the endUserId where the body of a new session does not say it. One that is not the endUserId
/// would apply QoS to somebody else than was asked for.
fn subscription_ids(
    members: &mut Members<'_, '_, '_>,
    user: &EndUser,
) -> Result<List<'static, SubscriptionId<'static>>, Invalid> {
    let context = members.context;
    let given = members.many(&["subscriptionId", "subscriptionID"], usize::MAX, |node| {
        let mut members = node.members(context)?;
        let id_type = members.choice(&["subscriptionIdType"], SubscriptionIdType::NAMED)?;
        let data = members.text("subscriptionIdData")?;
        let id = SubscriptionId {
            subscription_id_type: id_type.ok_or_else(|| members.missing("subscriptionIdType", "a type"))?,
            subscription_id_data: data.ok_or_else(|| members.missing("subscriptionIdData", "a text"))?,
            ..SubscriptionId::default()
        };
        if user.is_contradicted_by(&id) {
            let why = "it is another subscriber than the endUserId of the request";
            return Err(Invalid::value(members.at("subscriptionIdData").to_string(), why));
        }
        Ok((id, members.finish()?))
    })?;
    let is_known = context.before.is_some() || !given.is_empty();
    Ok(if is_known { given } else { user.subscription_id().into_iter().collect() })
}

fn feature(
    node: Node<'_, '_>,
    context: &Context<'_>,
) -> Result<(SupportedFeatures<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let feature = SupportedFeatures {
        vendor_id: members.required_u32("vendorId")?,
        feature_list_id: members.required_u32("featureListID")?,
        feature_list: members.required_u32("featureList")?,
        custom: custom::parameters(&mut members)?,
    };
    Ok((feature, members.finish()?))
}

/// Service-URN: what stands after `urn:service:` (RFC 5031 §4.1).
fn service_urn(members: &mut Members<'_, '_, '_>) -> Result<Option<Cow<'static, [u8]>>, Invalid> {
    let Some((name, raw)) = members.take(&["serviceURN"])? else { return Ok(None) };
    let node = members.node(name, raw);
    let text = node.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    let label = value::service_urn(&text).map_err(|error| node.refuse_for(error))?.to_owned();
    members.show(name, &quoted(&label));
    Ok(Some(Cow::Owned(label.into_bytes())))
}
