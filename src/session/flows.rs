//! The flows of a session, as far as reports speak of them (TS 29.214 §5.3.10, §5.3.11).

use serde::{Deserialize, Serialize};

use crate::{dict::enums::FlowStatus, rx::AaRequest};

/// A flow of a media component, or what stands for flows where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlowId {
    /// Media-Component-Number; `None` stands for a session without media.
    pub component: Option<u32>,
    /// Flow-Number; `None` stands for a component without flows.
    pub flow: Option<u32>,
}

/// The flows after an AAR: what it does not mention stays, what has REMOVED as its Flow-Status goes
/// (TS 29.214 §4.4.2).
pub(super) fn merge(held: &[FlowId], service: &AaRequest<'_>) -> Vec<FlowId> {
    let mut flows: Vec<FlowId> = held.iter().copied().filter(|flow| flow.component.is_some()).collect();
    for component in service.media_component_description.iter() {
        let number = Some(component.media_component_number);
        flows.retain(|flow| flow.component != number || flow.flow.is_some());
        if component.flow_status == Some(FlowStatus::REMOVED) {
            flows.retain(|flow| flow.component != number);
            continue;
        }
        for sub_component in component.media_sub_component.iter() {
            let flow = FlowId { component: number, flow: Some(sub_component.flow_number) };
            flows.retain(|known| *known != flow);
            if sub_component.flow_status != Some(FlowStatus::REMOVED) {
                flows.push(flow);
            }
        }
        if flows.iter().all(|flow| flow.component != number) {
            flows.push(FlowId { component: number, flow: None });
        }
    }
    if flows.is_empty() {
        flows.push(FlowId { component: None, flow: None });
    }
    flows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rx::{MediaComponentDescription, MediaSubComponent};

    type Flows<'a> = &'a [(u32, Option<FlowStatus>)];

    fn service(components: &[(u32, Option<FlowStatus>, Flows<'_>)]) -> AaRequest<'static> {
        let flow = |(flow_number, flow_status): &(u32, Option<FlowStatus>)| MediaSubComponent {
            flow_number: *flow_number,
            flow_status: *flow_status,
            ..Default::default()
        };
        let component =
            |(number, flow_status, flows): &(u32, Option<FlowStatus>, Flows<'_>)| MediaComponentDescription {
                media_component_number: *number,
                flow_status: *flow_status,
                media_sub_component: flows.iter().map(flow).collect(),
                ..Default::default()
            };
        AaRequest {
            media_component_description: components.iter().map(component).collect(),
            ..AaRequest::default()
        }
    }

    fn short(flows: &[FlowId]) -> String {
        let number = |number: Option<u32>| number.map_or("-".into(), |number| number.to_string());
        let mut flows: Vec<_> =
            flows.iter().map(|it| format!("{}.{}", number(it.component), number(it.flow))).collect();
        flows.sort();
        flows.join(" ")
    }

    #[test]
    fn what_is_not_mentioned_stays_and_what_is_removed_goes() {
        const GONE: Option<FlowStatus> = Some(FlowStatus::REMOVED);
        let mut held = Vec::new();
        for (components, expected) in [
            (&[][..], "-.-"),
            (&[(1, None, &[(1, None), (2, None)][..]), (2, None, &[])], "1.1 1.2 2.-"),
            // Changed, added to a component that had none, and a component that had none and still has none.
            (&[(1, None, &[(2, None)]), (2, None, &[(0, None)]), (3, None, &[])], "1.1 1.2 2.0 3.-"),
            (&[(2, None, &[(1, None)]), (3, None, &[])], "1.1 1.2 2.0 2.1 3.-"),
            (&[(1, None, &[(1, GONE)]), (2, GONE, &[])], "1.2 3.-"),
            (&[(1, None, &[(2, GONE), (7, GONE)])], "1.- 3.-"),
            (&[(1, GONE, &[(1, None)]), (3, GONE, &[]), (9, GONE, &[])], "-.-"),
            (&[(0, None, &[])], "0.-"),
        ] {
            held = merge(&held, &service(components));
            assert_eq!(short(&held), expected);
        }
    }
}
