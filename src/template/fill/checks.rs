//! Values that are right by themselves and not together.

use std::collections::HashSet;

use super::{
    super::{
        compiled::{Group, Leaf},
        schema::{Field, Kind},
        value::{Filter, check_filter},
    },
    Filler,
};
use crate::rx::{AaRequest, MediaComponentDescription, MediaSubComponent};

/// Something that does not go together, and the element that has to change.
pub(in super::super) struct Conflict<'t> {
    pub leaf: &'t Leaf,
    pub why: String,
}

impl<'f> Filler<'f> {
    /// Everything of a whole request that does not go together.
    pub(in super::super) fn conflicts(&self, request: &AaRequest<'_>) -> Vec<Conflict<'f>> {
        let root = &self.template.root;
        let mut found = Vec::new();
        let mut numbers = Numbers::default();
        for (component, group) in
            request.media_component_description.iter().zip(root.groups(Kind::MediaComponent))
        {
            let number = component.media_component_number;
            self.number(number, group, Field::MediaComponentNumber, &mut numbers, &mut found);
            bandwidths(&component, group, &mut found);
            let mut numbers = Numbers::default();
            for (flow, group) in
                component.media_sub_component.iter().zip(group.groups(Kind::MediaSubComponent))
            {
                self.number(flow.flow_number, group, Field::FlowNumber, &mut numbers, &mut found);
                if self.template.strict
                    && let Some(why) = filters_clash(&flow)
                {
                    let filters = group.leaves().filter(|leaf| leaf.field == Field::FlowDescription);
                    found.extend(filters.last().map(|leaf| Conflict { leaf, why: why.to_owned() }));
                }
            }
        }
        self.addresses(request, &mut found);
        found
    }

    /// A number that another component or flow has as well.
    fn number(
        &self,
        number: u32,
        group: &'f Group,
        field: Field,
        numbers: &mut Numbers,
        found: &mut Vec<Conflict<'f>>,
    ) {
        let Some(leaf) = group.leaf(field) else { return };
        let is_given = !self.loading || leaf.default.is_some();
        if is_given && !numbers.add(number) {
            let why = format!("{number} is the number of another one already");
            found.push(Conflict { leaf, why });
        }
    }

    /// A session has one address (TS 29.214 §4.4.1); an IPv6 address may stand in either element.
    fn addresses(&self, request: &AaRequest<'_>, found: &mut Vec<Conflict<'f>>) {
        if request.framed_ipv6_prefix.is_none() {
            return;
        }
        let root = &self.template.root;
        let given = |field| root.leaf(field).filter(|leaf| !matches!(self.value(leaf), Ok(None)));
        let both = given(Field::FramedIpAddress).and(given(Field::FramedIpv6Prefix));
        if let Some(leaf) = both
            && (request.framed_ip_address.is_none() || self.template.strict)
        {
            let why = "a session has one address, IPv4 or IPv6 (TS 29.214 §4.4.1)".to_owned();
            found.push(Conflict { leaf, why });
        }
    }
}

fn bandwidths<'t>(
    component: &MediaComponentDescription<'_>,
    group: &'t Group,
    found: &mut Vec<Conflict<'t>>,
) {
    let directions = [
        (component.min_requested_bandwidth_ul, component.max_requested_bandwidth_ul, Field::MinRequestedUl),
        (component.min_requested_bandwidth_dl, component.max_requested_bandwidth_dl, Field::MinRequestedDl),
    ];
    for (min, max, field) in directions {
        if let (Some(min), Some(max)) = (min, max)
            && min > max
            && let Some(leaf) = group.leaf(field)
        {
            let why = format!("found {min}, accepted is at most the {max} bit/s of the maximum");
            found.push(Conflict { leaf, why });
        }
    }
}

/// Why a flow's two filters do not go together (TS 29.214 §5.3.8).
pub(in super::super) fn filters_clash(flow: &MediaSubComponent<'_>) -> Option<&'static str> {
    let filters: Vec<Filter> =
        flow.flow_description.iter().filter_map(|text| check_filter(&text).ok()).collect();
    let [one, other] = filters[..] else { return None };
    let versions = one.version.is_some() && other.version.is_some() && one.version != other.version;
    (one.uplink == other.uplink || versions)
        .then_some("one flow has at most one filter in each direction, of one IP version")
}

/// Numbers of the components of a request, or of the flows of a component: each once.
#[derive(Default)]
struct Numbers {
    first: Option<u32>,
    /// Empty as long as there was one.
    seen: HashSet<u32>,
}

impl Numbers {
    /// Whether the number is a new one.
    fn add(&mut self, number: u32) -> bool {
        let Some(first) = self.first else {
            self.first = Some(number);
            return true;
        };
        self.seen.insert(first);
        self.seen.insert(number)
    }
}
