//! Whether the service information of an AAR makes sense (TS 29.214 §4.4.1, §5.5).

use std::collections::BTreeSet;

use super::{filter, refusal::Refusal};
use crate::{
    dict::{
        avp,
        enums::{FlowUsage, SponsoringAction},
        result::tgpp::{
            FILTER_RESTRICTIONS, INVALID_SERVICE_INFORMATION, UNAUTHORIZED_SPONSORED_DATA_CONNECTIVITY,
        },
    },
    rx::{AaRequest, MediaComponentDescription, MediaSubComponent, SponsoredConnectivityData},
};

/// Refuses what contradicts itself; `strict` also what breaks the rules for filters, signalling flows and
/// sponsors, which many AFs do in practice.
pub(super) fn check(request: &AaRequest<'_>, strict: bool) -> Result<(), Refusal> {
    let mut numbers = BTreeSet::new();
    for component in request.media_component_description.iter() {
        let number = component.media_component_number;
        if !numbers.insert(number) {
            return Err(inconsistent(format!("Media-Component-Number {number} comes twice")));
        }
        check_component(&component, strict)?;
    }
    match &request.sponsored_connectivity_data {
        Some(sponsored) if strict => check_sponsored(sponsored),
        _ => Ok(()),
    }
}

fn check_component(component: &MediaComponentDescription<'_>, strict: bool) -> Result<(), Refusal> {
    let number = component.media_component_number;
    let twice = [
        (
            component.max_requested_bandwidth_ul,
            component.extended_max_requested_bw_ul,
            "Max-Requested-Bandwidth-UL",
        ),
        (
            component.max_requested_bandwidth_dl,
            component.extended_max_requested_bw_dl,
            "Max-Requested-Bandwidth-DL",
        ),
        (
            component.min_requested_bandwidth_ul,
            component.extended_min_requested_bw_ul,
            "Min-Requested-Bandwidth-UL",
        ),
        (
            component.min_requested_bandwidth_dl,
            component.extended_min_requested_bw_dl,
            "Min-Requested-Bandwidth-DL",
        ),
    ];
    if let Some((_, _, name)) =
        twice.iter().find(|(plain, extended, _)| plain.is_some() && extended.is_some())
    {
        return Err(inconsistent(format!("component {number} has {name} and its extended twin")));
    }
    let mut flows = BTreeSet::new();
    for flow in component.media_sub_component.iter() {
        if !flows.insert(flow.flow_number) {
            return Err(inconsistent(format!(
                "component {number} has Flow-Number {} twice",
                flow.flow_number
            )));
        }
        if strict {
            check_flow(number, &flow)?;
        }
    }
    Ok(())
}

fn check_flow(component: u32, flow: &MediaSubComponent<'_>) -> Result<(), Refusal> {
    let number = flow.flow_number;
    if flow.af_signalling_protocol.is_some() && flow.flow_usage != Some(FlowUsage::AF_SIGNALLING) {
        let text = "has AF-Signalling-Protocol without Flow-Usage AF_SIGNALLING";
        return Err(inconsistent(format!("flow {number} of component {component} {text}")));
    }
    let mut seen = Vec::new();
    for text in flow.flow_description.iter() {
        let refuse = |why: &str| {
            let why = format!("Flow-Description of flow {number} in component {component} {why}");
            Refusal::tgpp(FILTER_RESTRICTIONS, why).quoting(&avp::FLOW_DESCRIPTION, &text)
        };
        let direction = filter::check(&text).map_err(|why| refuse(&why))?;
        if seen.contains(&direction) {
            return Err(refuse("is the second one of its direction"));
        }
        seen.push(direction);
    }
    Ok(())
}

/// Both identities are needed, except to switch sponsoring off (TS 29.214 §4.4.1).
fn check_sponsored(sponsored: &SponsoredConnectivityData<'_>) -> Result<(), Refusal> {
    let named =
        sponsored.sponsor_identity.is_some() && sponsored.application_service_provider_identity.is_some();
    if named || sponsored.sponsoring_action == Some(SponsoringAction::DISABLE_SPONSORING) {
        return Ok(());
    }
    let text = "Sponsored-Connectivity-Data needs Sponsor-Identity and Application-Service-Provider-Identity";
    Err(Refusal::tgpp(UNAUTHORIZED_SPONSORED_DATA_CONNECTIVITY, text))
}

fn inconsistent(text: String) -> Refusal {
    Refusal::tgpp(INVALID_SERVICE_INFORMATION, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dict::enums::AfSignallingProtocol, rx::List};

    fn flow(number: u32, filters: &[&'static str]) -> MediaSubComponent<'static> {
        let flow_description = filters.iter().map(|text| (*text).into()).collect();
        MediaSubComponent { flow_number: number, flow_description, ..Default::default() }
    }

    fn component(number: u32, flows: Vec<MediaSubComponent<'static>>) -> MediaComponentDescription<'static> {
        MediaComponentDescription {
            media_component_number: number,
            media_sub_component: flows.into(),
            ..Default::default()
        }
    }

    fn request(components: Vec<MediaComponentDescription<'static>>) -> AaRequest<'static> {
        AaRequest { media_component_description: List::from(components), ..Default::default() }
    }

    fn refused(request: &AaRequest<'_>, strict: bool) -> Option<u32> {
        check(request, strict).err().map(|refusal| refusal.outcome.code)
    }

    const UP: &str = "permit in ip from 10.0.0.1 to 10.0.0.2";
    const DOWN: &str = "permit out ip from 10.0.0.2 to 10.0.0.1";

    #[test]
    fn numbers_that_come_twice_are_inconsistent() {
        let once =
            request(vec![component(1, vec![flow(1, &[]), flow(2, &[])]), component(2, vec![flow(1, &[])])]);
        assert_eq!(refused(&once, true), None);
        assert_eq!(refused(&request(vec![component(1, vec![]), component(1, vec![])]), false), Some(5061));
        assert_eq!(
            refused(&request(vec![component(1, vec![flow(1, &[]), flow(1, &[])])]), false),
            Some(5061)
        );
    }

    #[test]
    fn a_bandwidth_and_its_extended_twin_exclude_each_other() {
        let mut both = component(1, vec![]);
        both.max_requested_bandwidth_dl = Some(1);
        assert_eq!(refused(&request(vec![both.clone()]), false), None);
        both.extended_max_requested_bw_dl = Some(1);
        assert_eq!(refused(&request(vec![both]), false), Some(5061));
    }

    #[test]
    fn filters_are_checked_when_strict() {
        for (filters, strict) in [
            (&[UP, DOWN][..], None),
            (&[UP, UP], Some(5062)),
            (&["free text"], Some(5062)),
            (&["permit out ip from any to assigned"], Some(5062)),
        ] {
            let request = request(vec![component(1, vec![flow(1, filters)])]);
            assert_eq!(refused(&request, true), strict, "{filters:?}");
            assert_eq!(refused(&request, false), None);
        }
        let refusal = check(&request(vec![component(1, vec![flow(1, &["free text"])])]), true).unwrap_err();
        assert!(refusal.failed_avp.windows(9).any(|octets| octets == b"free text"));
    }

    #[test]
    fn signalling_and_sponsors_are_checked_when_strict() {
        let mut signalling = flow(1, &[]);
        signalling.af_signalling_protocol = Some(AfSignallingProtocol::SIP);
        let mut request = request(vec![component(1, vec![signalling])]);
        assert_eq!((refused(&request, false), refused(&request, true)), (None, Some(5061)));

        request.media_component_description = List::default();
        let mut sponsored =
            SponsoredConnectivityData { sponsor_identity: Some("s".into()), ..Default::default() };
        request.sponsored_connectivity_data = Some(sponsored.clone());
        assert_eq!((refused(&request, false), refused(&request, true)), (None, Some(5067)));
        sponsored.sponsoring_action = Some(SponsoringAction::DISABLE_SPONSORING);
        request.sponsored_connectivity_data = Some(sponsored);
        assert_eq!(refused(&request, true), None);
    }
}
