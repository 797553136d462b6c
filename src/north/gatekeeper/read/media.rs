//! mediaComponentDescription and mediaSubComponent: what flows, how much of it, and through which filters.

use std::{borrow::Cow, collections::HashSet};

use super::{
    Context, Invalid,
    before::{ComponentBefore, FlowBefore},
    custom,
    json::{Members, Node, Path, quoted},
};
use crate::{
    dict::enums::{AfSignallingProtocol, FlowStatus, FlowUsage, MediaType, ReservationPriority},
    rx::{List, MediaComponentDescription, MediaSubComponent},
    template::value::{self, Filter, check_filter},
};

/// All components; no two of one number, as it would be open which of them counts.
pub(super) fn components(
    members: &mut Members<'_, '_, '_>,
) -> Result<List<'static, MediaComponentDescription<'static>>, Invalid> {
    let context = members.context;
    let mut numbers = Numbers::default();
    members.many(&["mediaComponentDescription"], usize::MAX, |node| {
        let (component, view) = component(node, context)?;
        numbers.add(component.media_component_number, &node.path, "mediaComponentNumber")?;
        Ok((component, view))
    })
}

fn component(
    node: Node<'_, '_>,
    context: &Context<'_>,
) -> Result<(MediaComponentDescription<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let mut numbers = Numbers::default();
    let media_component_number = members.required_u32("mediaComponentNumber")?;
    let before = context.before.as_ref().and_then(|before| before.component(media_component_number));
    let component = MediaComponentDescription {
        media_component_number,
        media_sub_component: members.many(&["mediaSubComponent"], usize::MAX, |node| {
            let (flow, view) = sub_component(node, before, context)?;
            numbers.add(flow.flow_number, &node.path, "flowNumber")?;
            Ok((flow, view))
        })?,
        af_application_identifier: application_identifier(&mut members)?,
        media_type: members.choice(&["mediaType"], MediaType::NAMED)?,
        max_requested_bandwidth_ul: members.u32("maxRequestedBandwidthUL")?,
        max_requested_bandwidth_dl: members.u32("maxRequestedBandwidthDL")?,
        min_requested_bandwidth_ul: members.u32("minRequestedBandwidthUL")?,
        min_requested_bandwidth_dl: members.u32("minRequestedBandwidthDL")?,
        flow_status: members.choice(&["flowStatus"], FlowStatus::NAMED)?,
        reservation_priority: reservation_priority(&mut members)?,
        rs_bandwidth: members.u32("rSBandwidth")?,
        rr_bandwidth: members.u32_as(&["rRBandwidth", "rBBandwidth"])?,
        codec_data: members.many(&["codecData"], 2, |node| {
            let text = node.text()?;
            let view = quoted(&text);
            Ok((Cow::Owned(text.into_bytes()), view))
        })?,
        custom: custom::parameters(&mut members)?,
        ..MediaComponentDescription::default()
    };
    bandwidths(&component, before, &members)?;
    if component.media_component_number == 0
        && component.media_type.is_some_and(|it| it != MediaType::CONTROL)
    {
        let what = "number 0 is that of AF signalling (TS 29.214 §5.3.17), yet there is a media type";
        context.warn(&members.at("mediaComponentNumber"), what);
    }
    Ok((component, members.finish()?))
}

/// The least bandwidth is not above the most, either of which may have been given before.
fn bandwidths(
    component: &MediaComponentDescription<'_>,
    before: Option<&ComponentBefore>,
    members: &Members<'_, '_, '_>,
) -> Result<(), Invalid> {
    let empty = ComponentBefore::default();
    let before = before.unwrap_or(&empty);
    for (min, max, min_before, max_before, min_name, max_name) in [
        (
            component.min_requested_bandwidth_ul,
            component.max_requested_bandwidth_ul,
            before.min_requested_bandwidth_ul,
            before.max_requested_bandwidth_ul,
            "minRequestedBandwidthUL",
            "maxRequestedBandwidthUL",
        ),
        (
            component.min_requested_bandwidth_dl,
            component.max_requested_bandwidth_dl,
            before.min_requested_bandwidth_dl,
            before.max_requested_bandwidth_dl,
            "minRequestedBandwidthDL",
            "maxRequestedBandwidthDL",
        ),
    ] {
        let (name, why) = match (min, max, min_before, max_before) {
            (Some(min), Some(max), ..) | (Some(min), None, _, Some(max)) if min > max => {
                (min_name, format!("found {min}, accepted is at most the {max} bit/s of the maximum"))
            }
            (None, Some(max), Some(min), _) if min > max => {
                (max_name, format!("found {max}, accepted is at least the {min} bit/s of the minimum"))
            }
            _ => continue,
        };
        return Err(Invalid::value(members.at(name).to_string(), why));
    }
    Ok(())
}

fn sub_component(
    node: Node<'_, '_>,
    component: Option<&ComponentBefore>,
    context: &Context<'_>,
) -> Result<(MediaSubComponent<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let mut flow = MediaSubComponent {
        flow_number: members.required_u32("flowNumber")?,
        flow_description: flow_descriptions(&mut members)?,
        flow_status: members.choice(&["flowStatus"], FlowStatus::NAMED)?,
        flow_usage: members.choice(&["flowUsage"], FlowUsage::NAMED)?,
        max_requested_bandwidth_ul: members.u32("maxRequestedBandwidthUL")?,
        max_requested_bandwidth_dl: members.u32("maxRequestedBandwidthDL")?,
        af_signalling_protocol: members.choice(&["signallingProtocol"], AfSignallingProtocol::NAMED)?,
        custom: custom::parameters(&mut members)?,
        ..MediaSubComponent::default()
    };
    let before = component.and_then(|component| component.flow(flow.flow_number));
    let usage_before = before.and_then(FlowBefore::usage);
    if flow.flow_usage.or(usage_before) == Some(FlowUsage::AF_SIGNALLING) {
        // What was held back as long as it was another usage.
        if usage_before != Some(FlowUsage::AF_SIGNALLING) {
            let held_back = before.and_then(FlowBefore::signalling_protocol);
            flow.af_signalling_protocol = flow.af_signalling_protocol.or(held_back);
        }
    } else if let Some(protocol) = flow.af_signalling_protocol.take()
        && protocol != AfSignallingProtocol::NO_INFORMATION
    {
        let what = "not sent: Rx has it only with flowUsage AF_SIGNALLING (TS 29.214 §5.3.26)";
        context.warn(&members.at("signallingProtocol"), what);
    }
    Ok((flow, members.finish()?))
}

/// Sent as they stand, never rewritten: what a filter means is for the PCRF to say.
fn flow_descriptions(members: &mut Members<'_, '_, '_>) -> Result<List<'static, Cow<'static, str>>, Invalid> {
    let context = members.context;
    let mut seen = Vec::new();
    members.many(&["flowDescription"], 2, |node| {
        let text = node.text()?;
        match check_filter(&text) {
            Err(fault) if context.is_strict() => {
                let why = format!("found {}, but {fault} (TS 29.214 §5.3.8)", quoted(&text));
                return Err(Invalid::value(node.path.to_string(), why));
            }
            Err(_) => {
                context.warn(&node.path, "sent as it stands, though TS 29.214 §5.3.8 restricts filters more")
            }
            Ok(filter) => {
                let clash = seen.iter().any(|other: &Filter| {
                    let versions = filter.version.is_some() && other.version.is_some();
                    other.uplink == filter.uplink || versions && other.version != filter.version
                });
                let what = "one flow has at most one filter in each direction, of one IP version";
                match (clash, context.is_strict()) {
                    (true, true) => return Err(node.refuse(what)),
                    (true, false) => context.warn(&node.path, what),
                    (false, _) => {}
                }
                seen.push(filter);
            }
        }
        let view = quoted(&text);
        Ok((Cow::Owned(text), view))
    })
}

/// AF-Application-Identifier.
pub(super) fn application_identifier(
    members: &mut Members<'_, '_, '_>,
) -> Result<Option<Cow<'static, [u8]>>, Invalid> {
    let Some(text) = members.text("applicationIdentifier")? else { return Ok(None) };
    match value::application_identifier(&text) {
        Ok(octets) => Ok(Some(Cow::Owned(octets.into_owned()))),
        Err(error) => Err(Invalid::value(members.at("applicationIdentifier").to_string(), error.to_string())),
    }
}

/// Reservation-Priority. The view has the number, as the examples have.
pub(super) fn reservation_priority(
    members: &mut Members<'_, '_, '_>,
) -> Result<Option<ReservationPriority>, Invalid> {
    members.read(&["reservationPriority"], |node| {
        // What is neither number nor text is none of the values either.
        let text = node.scalar().unwrap_or_default();
        let priority = value::reservation_priority(&text).map_err(|error| node.refuse_for(error))?;
        Ok((priority, priority.0.to_string()))
    })
}

/// Ordinal numbers, each once.
#[derive(Default)]
struct Numbers(HashSet<u32>);

impl Numbers {
    fn add(&mut self, number: u32, path: &Path<'_>, name: &str) -> Result<(), Invalid> {
        if self.0.insert(number) {
            return Ok(());
        }
        let part = Path::Member(path, name).to_string();
        Err(Invalid::value(part, format!("{number} is the number of another one already")))
    }
}
