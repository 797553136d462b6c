//! From a file to a compiled template: types, enumerations, AVP codes and flags are resolved here, once.
//!
//! Everything that is wrong is reported, as far as reading can go on behind it.

mod attributes;
mod custom;
mod elements;
mod parameters;
mod xml;

use std::sync::Arc;

use super::{
    Problem, Problems, Template, Values,
    compiled::{Group, Leaf, Node},
    fill::{Filler, filters_clash},
    names::Names,
    problem::Report,
    schema::{Field, Kind, Value},
    value::{Tariff, check_filter},
};
use crate::{
    dict::{
        Dictionary,
        enums::{AfSignallingProtocol, FlowUsage, MediaType},
    },
    wire::TimeValue,
    words::brief,
};

pub use xml::MAX_OCTETS;

/// How a template is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether stray text and packet filters beyond TS 29.214 §5.3.8 are refused; else they are warned of.
    pub strict: bool,
    /// Longest duration that requests get; a template's own above it is warned of. Seconds.
    pub max_duration: Option<u32>,
}

/// A template that can be used, and what is doubtful about it.
#[derive(Debug)]
pub struct Compiled {
    /// The template.
    pub template: Template,
    /// What was accepted though it is doubtful, in the order of the file.
    pub warnings: Vec<Problem>,
}

impl Template {
    /// Reads and compiles a template: XML in UTF-8, at most [`MAX_OCTETS`] long. Its root is `QoSTemplate` of
    /// the namespace `http://oracle/ocsg/rest/qos/template`.
    pub fn read(xml: &[u8], dictionary: &Dictionary, settings: Settings) -> Result<Compiled, Problems> {
        let source = text(xml)?;
        let mut report = Report::new(source);
        let template = match xml::parse(source, &mut report) {
            Some(outermost) => compile(&outermost, source, dictionary, settings, &mut report),
            None => None,
        };
        let warnings = report.finish()?;
        match template {
            Some(template) => Ok(Compiled { template, warnings }),
            None => Err(one_problem(1, 1, "there is no template in the file".into())),
        }
    }
}

fn one_problem(line: usize, column: usize, text: String) -> Problems {
    Problems(vec![Problem { line, column, text, hint: None }])
}

/// The file as text, without the mark that some editors put before it.
fn text(xml: &[u8]) -> Result<&str, Problems> {
    if xml.len() > MAX_OCTETS {
        let text = format!("the file has {} octets, a template has at most {MAX_OCTETS}", xml.len());
        return Err(one_problem(1, 1, text));
    }
    let text = std::str::from_utf8(xml).map_err(|error| {
        let before = xml.get(..error.valid_up_to()).unwrap_or_default();
        let before = std::str::from_utf8(before).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        one_problem(line, column, "the file is not UTF-8, which is the only encoding accepted".into())
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn compile(
    outermost: &xml::Element,
    source: &str,
    dictionary: &Dictionary,
    settings: Settings,
    report: &mut Report<'_>,
) -> Option<Template> {
    if outermost.skipped {
        return None;
    }
    let mut loader = Loader { dictionary, settings, report, parameters: parameters::Drafts::default() };
    if outermost.name != "QoSTemplate" {
        let text =
            format!("the outermost element is <{}>, accepted is <QoSTemplate>", brief(&outermost.name));
        loader.report.error(outermost.at, text);
        return None;
    }
    let id = loader.template_id(outermost);
    let root = loader.group(outermost, Kind::Template, "QoSTemplate", false, "");
    let parameters = loader.parameters.finish(loader.report);
    let id = id.unwrap_or_default().into();
    let mut template = Template {
        id,
        source: Arc::from(source),
        strict: settings.strict,
        root,
        names: Names::new(&parameters),
        parameters,
        base: None,
    };
    if !report.has_errors() {
        together(&template, report);
        doubts(&template.root, report);
        too_long(&template.root, settings.max_duration, report);
        let base = template.fill(&Values::default()).ok().map(|filled| filled.service.into_owned());
        template.base = base.map(Box::new);
    }
    Some(template)
}

/// What every reader of elements needs.
struct Loader<'l, 'r, 's> {
    dictionary: &'l Dictionary,
    settings: Settings,
    report: &'r mut Report<'s>,
    parameters: parameters::Drafts,
}

/// Defaults that do not go together.
fn together(template: &Template, report: &mut Report<'_>) {
    let filler = Filler::of_defaults(template);
    let Ok(filled) = filler.build() else { return };
    for conflict in filler.conflicts(&filled.service) {
        report.error(conflict.leaf.at, format!("<{}>: {}", conflict.leaf.name, conflict.why));
    }
    if filled.service.framed_ip_address.is_some()
        && filled.service.framed_ipv6_prefix.is_some()
        && let Some(leaf) = template.root.leaf(Field::FramedIpv6Prefix)
    {
        report.warn(leaf.at, "both addresses are sent; TS 29.214 §4.4.1 has one");
    }
    for (component, group) in
        filled.service.media_component_description.iter().zip(template.root.groups(Kind::MediaComponent))
    {
        for (flow, group) in component.media_sub_component.iter().zip(group.groups(Kind::MediaSubComponent)) {
            if let Some(why) = filters_clash(&flow)
                && let Some(leaf) = group.leaf(Field::FlowDescription)
            {
                report.warn(leaf.at, why);
            }
        }
    }
}

/// Defaults that are accepted though they are doubtful.
fn doubts(group: &Group, report: &mut Report<'_>) {
    let value = |field| group.leaf(field).and_then(|leaf: &Leaf| leaf.default.as_ref());
    match group.kind {
        Kind::MediaComponent => {
            let media = value(Field::MediaType).is_some_and(
                |value| !matches!(value, Value::Choice(number, _) if *number == MediaType::CONTROL.0),
            );
            if media
                && value(Field::MediaComponentNumber) == Some(&Value::Number(0))
                && let Some(leaf) = group.leaf(Field::MediaComponentNumber)
            {
                let text = "number 0 is that of AF signalling (TS 29.214 §5.3.17), yet there is a media type; sent as it stands";
                report.warn(leaf.at, text);
            }
        }
        Kind::MediaSubComponent => {
            let is = |value: Option<&Value<'_>>, number: u32| matches!(value, Some(Value::Choice(found, _)) if *found == number);
            let protocol = value(Field::SignallingProtocol);
            if protocol.is_some()
                && !is(protocol, AfSignallingProtocol::NO_INFORMATION.0)
                && !is(value(Field::FlowUsage), FlowUsage::AF_SIGNALLING.0)
                && let Some(leaf) = group.leaf(Field::SignallingProtocol)
            {
                let text = "not sent: Rx has signallingProtocol only with flowUsage AF_SIGNALLING (TS 29.214 §5.3.26)";
                report.warn(leaf.at, text);
            }
        }
        Kind::SubscriptionId => {
            let text = "this subscriptionId is a default: with a tel: endUserId the one derived from it is sent instead, \
                        unless the request sets its parameters";
            report.warn(group.at, text);
        }
        Kind::UsedUnit => {
            let text = "not sent: the network tells what was used (TS 29.214 §5.3.27)";
            report.warn(group.at, text);
        }
        _ => {}
    }
    for node in &group.nodes {
        match node {
            Node::Group(group) => doubts(group, report),
            Node::Leaf(leaf) => doubt(leaf, report),
            Node::Custom(_) => {}
        }
    }
}

/// A duration that no request gets.
fn too_long(root: &Group, max: Option<u32>, report: &mut Report<'_>) {
    if let Some(leaf) = root.leaf(Field::Duration)
        && let (Some(Value::Number(seconds)), Some(max)) = (&leaf.default, max)
        && *seconds > max
    {
        let text = format!(
            "<duration> is {seconds}, accepted are at most {max} seconds: every request that gives none of its \
             own is refused"
        );
        report.warn_with(leaf.at, text, "lower it, or raise `max_duration_s` of [gatekeeper]");
    }
}

fn doubt(leaf: &Leaf, report: &mut Report<'_>) {
    match (&leaf.default, leaf.field) {
        (None, _) if leaf.required => {
            report.warn(leaf.at, format!("<{}> has no default: every request has to set it", leaf.name));
        }
        (Some(Value::Text(text)), Field::FlowDescription) => {
            if let Err(fault) = check_filter(text) {
                let text =
                    format!("sent as it stands, though TS 29.214 §5.3.8 restricts filters more: {fault}");
                report.warn(leaf.at, text);
            }
        }
        (Some(Value::Number(seconds)), Field::TariffTimeChange)
            if Tariff::is_doubtful(TimeValue(*seconds)) =>
        {
            let text = "sent as it stands, though it is a time before 1968 or after 2036";
            report.warn(leaf.at, text);
        }
        (Some(Value::TariffUsage(..)), _) => {
            let text = "sent as Tariff-Change-Usage, which Granted-Service-Unit has only as an extra";
            report.warn(leaf.at, text);
        }
        _ => {}
    }
}
