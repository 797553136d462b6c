//! `parameter`: AVPs of the operator's own dictionary, by name.

use std::borrow::Cow;

use super::{
    Context, Invalid,
    json::{Members, Node, quoted},
};
use crate::{
    dict::{AvpSpec, DataFormat, Grammar, MandatoryRule},
    rx::{CustomAvp, List},
    template::value::{MAX_CUSTOM_DEPTH, custom_data},
    wire::{AvpFlags, Writer},
};

/// The custom AVPs of one object.
pub(super) fn parameters(
    members: &mut Members<'_, '_, '_>,
) -> Result<List<'static, CustomAvp<'static>>, Invalid> {
    let context = members.context;
    members.many(&["parameter"], usize::MAX, |node| {
        parameter(node, context, None, 1).map(|(_, avp, view)| (avp, view))
    })
}

/// One name with its value; `group` is the Grouped AVP that it stands in.
fn parameter<'c>(
    node: Node<'_, '_>,
    context: &'c Context<'c>,
    group: Option<&AvpSpec>,
    depth: usize,
) -> Result<(&'c AvpSpec, CustomAvp<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let spec = members.read(&["name"], |node| {
        let name = node.text()?;
        let spec = context.dictionary.avp_by_name(&name);
        let spec =
            spec.ok_or_else(|| node.refuse("the name of an AVP in a file of the [dictionary] directory"))?;
        let is_member = group.is_some_and(|group| rule(&group.members, spec).is_some());
        if spec.built_in && !is_member {
            return Err(node.refuse("an AVP of your own: this one has a meaning that parameter must not set"));
        }
        match group {
            Some(group) if !is_member && !group.members.others => {
                return Err(node.refuse(format_args!("a member of {}", group.name)));
            }
            Some(_) if !is_member => {
                context.warn(&node.path, "sent, though the dictionary has it not in that group")
            }
            _ => {}
        }
        Ok((spec, quoted(&name)))
    })?;
    let spec = spec.ok_or_else(|| members.missing("name", "the name of an AVP"))?;
    let data = members.read(&["value"], |node| match spec.format {
        DataFormat::Grouped if depth == MAX_CUSTOM_DEPTH => {
            Err(node.refuse("groups that are nested less deeply"))
        }
        DataFormat::Grouped => grouped(node, context, spec, depth),
        _ => {
            let text = node.scalar()?;
            let data = custom_data(&text, spec.into()).map_err(|error| node.refuse_for(error))?;
            let shown = if node.is_string() { quoted(&text) } else { text.into_owned() };
            Ok((data, shown))
        }
    })?;
    let data = data.ok_or_else(|| members.missing("value", "a value"))?;
    let avp = CustomAvp { code: spec.code, vendor: spec.vendor, flags: flags(spec), data: Cow::Owned(data) };
    Ok((spec, avp, members.finish()?))
}

/// The encoded members of a group.
fn grouped(
    node: Node<'_, '_>,
    context: &Context<'_>,
    spec: &AvpSpec,
    depth: usize,
) -> Result<(Vec<u8>, String), Invalid> {
    let mut found = Vec::new();
    let mut data = Vec::new();
    let mut view = String::from("[");
    if !node.is_structured() {
        return Err(node.refuse("the members of the group: an array of objects with name and value"));
    }
    for (index, item) in node.items()?.into_iter().enumerate() {
        let (member, avp, shown) = parameter(node.item(index, item), context, Some(spec), depth + 1)?;
        found.push(member.key());
        let start = data.len();
        data.resize(start + 12 + avp.data.len().next_multiple_of(4), 0);
        let mut writer = Writer::avps_only(data.get_mut(start..).unwrap_or_default());
        writer.put_raw(avp.code, avp.vendor, avp.flags, &avp.data);
        let end = start + writer.position();
        data.truncate(end);
        if index > 0 {
            view.push(',');
        }
        view.push_str(&shown);
    }
    view.push(']');
    for rule in &spec.members.rules {
        let count = found.iter().filter(|key| **key == rule.key).count();
        let at_most = rule.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        if count < usize::try_from(rule.min).unwrap_or(usize::MAX) || count > at_most {
            let name = context
                .dictionary
                .avp_by_key(rule.key)
                .map_or_else(String::new, |spec| spec.name.to_string());
            let most = rule.max.map_or_else(|| "any number".into(), |max| max.to_string());
            let why = format!("{name} is there {count} times, accepted is {} to {most}", rule.min);
            return Err(Invalid::value(node.path.to_string(), why));
        }
    }
    Ok((data, view))
}

fn rule<'g>(grammar: &'g Grammar, spec: &AvpSpec) -> Option<&'g crate::dict::Rule> {
    grammar.rules.iter().find(|rule| rule.key == spec.key())
}

fn flags(spec: &AvpSpec) -> AvpFlags {
    match spec.mandatory {
        MandatoryRule::Must => AvpFlags::MANDATORY,
        MandatoryRule::May | MandatoryRule::MustNot => AvpFlags::NONE,
    }
}
