//! What an update changes in a session (TS 29.214 §4.4.2): what is not sent keeps its value.

use crate::{
    dict::enums::FlowStatus,
    rx::{AaRequest, MediaComponentDescription, MediaSubComponent},
};

/// Takes over the fields of an update: `opt` and `many` ones that are there, `keep` ones never. Every field has
/// to be named, so that a new one is not forgotten here.
macro_rules! overlay {
    ($held:ident <- $update:ident as $type:ident {
        opt $($opt:ident)*; many $($many:ident)*; keep $($keep:ident)*;
    }) => {
        let $type { $($opt,)* $($many,)* $($keep: _,)* } = $update;
        $(if $opt.is_some() { $held.$opt = $opt; })*
        $(if !$many.is_empty() { $held.$many = $many; })*
    };
}

/// Merges an update into what a session has.
///
/// Specific-Actions stay those of the first request: only that one subscribes (TS 29.214 §4.4.1).
pub(super) fn merge(held: &mut AaRequest<'static>, update: AaRequest<'static>) {
    let mut components = held.media_component_description.to_vec();
    for component in update.media_component_description.iter() {
        merge_component(&mut components, component.into_owned());
    }
    held.media_component_description = components.into();
    overlay!(held <- update as AaRequest {
        opt destination_host drmp ip_domain_id af_application_identifier service_info_status
            af_charging_identifier sip_forking_indication oc_supported_features reservation_priority
            framed_ip_address framed_ipv6_prefix called_station_id service_urn sponsored_connectivity_data
            mps_identifier gcs_identifier mcptt_identifier mcvideo_identifier ims_content_identifier
            ims_content_type callee_information rx_request_type af_requested_data reference_id
            pre_emption_control_info mps_action origin_state_id;
        many subscription_id calling_party_address required_access_info custom;
        keep session_id auth_application_id origin_host origin_realm destination_realm auth_session_state
            media_component_description specific_action supported_features proxy_info route_record;
    });
}

/// The components of a first request, without those that it removes at once.
pub(super) fn first(request: &mut AaRequest<'static>) {
    let sent = std::mem::take(&mut request.media_component_description);
    let mut components = Vec::new();
    for component in sent.iter() {
        merge_component(&mut components, component.into_owned());
    }
    request.media_component_description = components.into();
}

fn merge_component(
    components: &mut Vec<MediaComponentDescription<'static>>,
    update: MediaComponentDescription<'static>,
) {
    let number = update.media_component_number;
    if update.flow_status == Some(FlowStatus::REMOVED) {
        return components.retain(|held| held.media_component_number != number);
    }
    let held = match components.iter_mut().position(|held| held.media_component_number == number) {
        Some(position) => components.get_mut(position),
        None => {
            components
                .push(MediaComponentDescription { media_component_number: number, ..Default::default() });
            components.last_mut()
        }
    };
    let Some(held) = held else { return };
    let mut flows = held.media_sub_component.to_vec();
    for flow in update.media_sub_component.iter() {
        merge_flow(&mut flows, flow.into_owned());
    }
    held.media_sub_component = flows.into();
    overlay!(held <- update as MediaComponentDescription {
        opt af_application_identifier flus_identifier media_type max_requested_bandwidth_ul
            max_requested_bandwidth_dl max_supported_bandwidth_ul max_supported_bandwidth_dl
            min_desired_bandwidth_ul min_desired_bandwidth_dl min_requested_bandwidth_ul
            min_requested_bandwidth_dl extended_max_requested_bw_ul extended_max_requested_bw_dl
            extended_max_supported_bw_ul extended_max_supported_bw_dl extended_min_desired_bw_ul
            extended_min_desired_bw_dl extended_min_requested_bw_ul extended_min_requested_bw_dl flow_status
            priority_sharing_indicator pre_emption_capability pre_emption_vulnerability reservation_priority
            rs_bandwidth rr_bandwidth sharing_key_dl sharing_key_ul content_version max_plr_dl max_plr_ul
            desired_max_latency desired_max_loss;
        many codec_data custom;
        keep media_component_number media_sub_component;
    });
}

/// Filters that are sent replace all earlier ones of the flow.
fn merge_flow(flows: &mut Vec<MediaSubComponent<'static>>, update: MediaSubComponent<'static>) {
    let number = update.flow_number;
    if update.flow_status == Some(FlowStatus::REMOVED) {
        return flows.retain(|held| held.flow_number != number);
    }
    let Some(held) = flows.iter_mut().find(|held| held.flow_number == number) else {
        return flows.push(update);
    };
    overlay!(held <- update as MediaSubComponent {
        opt flow_status flow_usage max_requested_bandwidth_ul max_requested_bandwidth_dl
            extended_max_requested_bw_ul extended_max_requested_bw_dl af_signalling_protocol tos_traffic_class;
        many flow_description custom;
        keep flow_number;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dict::enums::{MediaType, SpecificAction};

    fn flow(number: u32, status: Option<FlowStatus>, filters: &[&'static str]) -> MediaSubComponent<'static> {
        let flow_description = filters.iter().map(|text| (*text).into()).collect();
        MediaSubComponent { flow_number: number, flow_status: status, flow_description, ..Default::default() }
    }

    fn component(number: u32, flows: Vec<MediaSubComponent<'static>>) -> MediaComponentDescription<'static> {
        MediaComponentDescription {
            media_component_number: number,
            media_sub_component: flows.into(),
            ..Default::default()
        }
    }

    fn request(components: Vec<MediaComponentDescription<'static>>) -> AaRequest<'static> {
        AaRequest { media_component_description: components.into(), ..Default::default() }
    }

    #[test]
    fn what_is_not_sent_keeps_its_value() {
        let mut audio =
            component(1, vec![flow(1, Some(FlowStatus::ENABLED), &["a", "b"]), flow(2, None, &["c"])]);
        audio.media_type = Some(MediaType::AUDIO);
        audio.max_requested_bandwidth_ul = Some(64_000);
        let mut held = request(vec![audio, component(2, vec![])]);
        held.framed_ip_address = Some(vec![10, 0, 0, 1].into());
        held.specific_action = vec![SpecificAction::INDICATION_OF_LOSS_OF_BEARER].into();

        let mut changed = component(1, vec![flow(1, None, &["d"]), flow(3, None, &["e"])]);
        changed.max_requested_bandwidth_ul = Some(128_000);
        let mut update = request(vec![changed, component(3, vec![])]);
        update.af_application_identifier = Some(b"app"[..].into());
        update.specific_action = vec![SpecificAction::INDICATION_OF_RELEASE_OF_BEARER].into();
        merge(&mut held, update);

        let components = held.media_component_description.to_vec();
        let numbers: Vec<_> = components.iter().map(|component| component.media_component_number).collect();
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(components[0].media_type, Some(MediaType::AUDIO));
        assert_eq!(components[0].max_requested_bandwidth_ul, Some(128_000));
        let flows = components[0].media_sub_component.to_vec();
        let expected =
            [flow(1, Some(FlowStatus::ENABLED), &["d"]), flow(2, None, &["c"]), flow(3, None, &["e"])];
        assert_eq!(flows, expected);
        assert!(held.framed_ip_address.is_some() && held.af_application_identifier.is_some());
        assert_eq!(held.specific_action.to_vec(), [SpecificAction::INDICATION_OF_LOSS_OF_BEARER]);
    }

    #[test]
    fn only_flow_status_removed_takes_something_away() {
        let flows = || vec![flow(1, None, &["a"]), flow(2, None, &["b"])];
        let mut held = request(vec![component(1, flows()), component(2, flows())]);
        let mut gone = component(2, vec![]);
        gone.flow_status = Some(FlowStatus::REMOVED);
        merge(&mut held, request(vec![component(1, vec![flow(1, Some(FlowStatus::REMOVED), &[])]), gone]));
        assert_eq!(held, request(vec![component(1, vec![flow(2, None, &["b"])])]));
    }

    #[test]
    fn a_first_request_can_remove_nothing_but_its_own() {
        let mut gone = component(2, vec![]);
        gone.flow_status = Some(FlowStatus::REMOVED);
        let mut held = request(vec![component(1, vec![flow(1, None, &["a"])]), gone]);
        first(&mut held);
        assert_eq!(held, request(vec![component(1, vec![flow(1, None, &["a"])])]));
    }
}
