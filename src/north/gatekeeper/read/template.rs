//! templateQoSFeatureProperties: what a request says beside, or instead of, what its template says.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use super::{
    Asked, Context, Invalid, ReadSettings,
    address::{self, UeAddress},
    before::Before,
    json::{self, Members, Node},
    media,
    properties::{NOTHING, OBJECT, check_duration, given_duration, inside, unknown},
};
use crate::{
    dict::Dictionary,
    north::gatekeeper::{
        EndUser,
        view::{self, PROPERTIES},
    },
    rx::{AaRequest, SubscriptionId},
    template::{FillError, Filled, Template, Values},
    words::brief,
};

const WRAPPER: &str = "templateQoSFeatureProperties";

/// Longest name of a parameter. Characters.
const MAX_NAME: usize = 128;

/// Texts by the names of a template's parameters.
pub type Parameters = BTreeMap<String, String>;

/// Reads the body of Apply Template-Based QoS, for a template; also returns the parameters that are set.
pub fn read_template_apply(
    body: &[u8],
    user: &EndUser,
    template: &Template,
    settings: ReadSettings,
    dictionary: &Dictionary,
) -> Result<(Asked, Parameters), Invalid> {
    let context = Context::new(settings, dictionary, None);
    let request = Request::read(body, &context)?;
    let values = request.values()?;
    let filled = template.fill(&values).map_err(|error| request.blame(error))?;
    let shown = template.shown(&values, None).map_err(|error| request.blame(error))?;
    let mut view = view::shown(&shown);

    let Filled { service, duration, subscription_set } = filled;
    let mut service = service.into_owned();
    if subscription_set {
        request.check_subscriber(&service, user, template)?;
    } else if let Some(own) = subscriber(&service, user) {
        if !service.subscription_id.is_empty() {
            view = view::merged(&view, &view::subscriber(&own))?;
        }
        service.subscription_id = vec![own].into();
    }
    if !request.address.is_missing() {
        // The address of the request is the one it is for; none of the template's stands beside it.
        view = view::without(&view, &["framedIPAddress", "framedIPv6Prefix"])?;
    }
    let view = view::merged(&view, &request.view)?;
    let duration = match (request.duration, duration) {
        (Some(duration), _) => Some(duration),
        (None, Some(seconds)) => Some(check_duration(seconds, "duration", settings)?),
        (None, None) => settings.default_duration,
    };
    let duration = duration.ok_or_else(|| {
        Invalid::value("duration", "it is missing: neither the request nor the template says for how long")
    })?;
    let view = view::merged(&view, &format!("{{\"duration\":{}}}", duration.as_secs()))?;

    let Request { parameters, address, .. } = request.over(&mut service);
    if !address.is_missing() {
        (service.framed_ip_address, service.framed_ipv6_prefix) = (address.v4, address.v6);
    } else if service.framed_ip_address.is_none() && service.framed_ipv6_prefix.is_none() {
        return Err(address::missing());
    }
    let asked = Asked::new(Some(duration), service, view, context);
    Ok((asked, parameters.into_iter().collect()))
}

/// Reads the body of Template-Based Modify QoS, for a session that was made of this template with parameters,
/// and whose view is `current`; also returns all parameters that are set then.
pub fn read_template_modify(
    body: &[u8],
    user: &EndUser,
    (template, earlier): (&Template, &Parameters),
    current: &str,
    settings: ReadSettings,
    dictionary: &Dictionary,
) -> Result<(Asked, Parameters), Invalid> {
    let before = Before::read(current)?;
    let known = before.address()?;
    let context = Context::new(settings, dictionary, Some(before));
    let request = Request::read(body, &context)?;
    if request.view == NOTHING && request.parameters.is_empty() {
        let why = "there is nothing to change in it: give what is to be another than before";
        return Err(Invalid::value(WRAPPER, why));
    }
    let values = Values::new(earlier.iter().map(|(name, text)| (&**name, &**text)));
    let values = values.map_err(|error| request.blame(error))?;
    let changed = request.values()?;
    let filled = template.change(&values, &changed).map_err(|error| request.blame(error))?;
    let shown = template.shown(&values, Some(&changed)).map_err(|error| request.blame(error))?;

    let Filled { service, duration, .. } = filled;
    let mut service = service.into_owned();
    request.check_subscriber(&service, user, template)?;
    if let Some(gone) = context.before.as_ref().and_then(|before| before.lacks(&service)) {
        let why =
            format!("{gone} was removed from the session: PUT of qoSFeatureProperties can add it again");
        return Err(Invalid::value(request.part_of(template, "mediaComponentDescription"), why));
    }
    let named = UeAddress { v4: service.framed_ip_address.take(), v6: service.framed_ipv6_prefix.take() };
    if named.moves(&known) {
        return Err(Invalid::value(request.part_of(template, "framedIP"), address::MOVED));
    }
    (service.framed_ip_address, service.framed_ipv6_prefix) = (known.v4, known.v6);
    let change = view::without(&view::shown(&shown), &["framedIPAddress", "framedIPv6Prefix"])?;
    let view = view::merged(&view::merged(current, &change)?, &request.view)?;
    if let Some((component, name)) = Before::read(&view)?.contradiction() {
        let why = format!("{name} of component {component} was above its maximum then");
        return Err(Invalid::value("parameter", why));
    }
    let duration = match (request.duration, duration) {
        (None, Some(seconds)) => Some(check_duration(seconds, "duration", settings)?),
        (duration, _) => duration,
    };
    let Request { parameters, .. } = request.over(&mut service);
    let mut all = earlier.clone();
    all.extend(parameters);
    Ok((Asked::new(duration, service, view, context), all))
}

/// The body, read.
struct Request {
    duration: Option<Duration>,
    application_identifier: Option<Cow<'static, [u8]>>,
    called_station_id: Option<Cow<'static, str>>,
    address: UeAddress,
    /// Names and texts in the order of the body.
    parameters: Vec<(String, String)>,
    /// The members but parameter, as they are shown.
    view: String,
}

impl Request {
    fn read(body: &[u8], context: &Context<'_>) -> Result<Self, Invalid> {
        let mut members = inside(json::document(body)?, &[WRAPPER], OBJECT, context)?;
        let request = Self {
            duration: given_duration(&mut members)?,
            application_identifier: media::application_identifier(&mut members)?,
            address: address::ue_address(&mut members)?,
            called_station_id: members.text("calledStationId")?,
            parameters: parameters(&mut members)?,
            view: String::new(),
        };
        if let Some(name) = members.unknown().find(|name| PROPERTIES.contains(name)) {
            let why = "a request with a template sets it through a parameter of the template";
            return Err(Invalid::value(members.at(name).to_string(), why));
        }
        unknown(&members)?;
        Ok(Self { view: members.into_view(), ..request })
    }

    fn values(&self) -> Result<Values<'_>, Invalid> {
        let pairs = self.parameters.iter().map(|(name, text)| (&**name, &**text));
        Values::new(pairs).map_err(|error| self.blame(error))
    }

    /// Puts the members that are not the template's over what it says.
    fn over(mut self, service: &mut AaRequest<'static>) -> Self {
        if let Some(identifier) = self.application_identifier.take() {
            service.af_application_identifier = Some(identifier);
        }
        if let Some(station) = self.called_station_id.take() {
            service.called_station_id = Some(station);
        }
        self
    }

    /// Whether parameters ask for another subscriber than the endUserId.
    fn check_subscriber(
        &self,
        service: &AaRequest<'_>,
        user: &EndUser,
        template: &Template,
    ) -> Result<(), Invalid> {
        if service.subscription_id.iter().any(|id| user.is_contradicted_by(&id)) {
            let why = "subscriptionId: it is another subscriber than the endUserId of the request";
            return Err(Invalid::value(self.part_of(template, "subscriptionId"), why));
        }
        Ok(())
    }

    /// The parameter of the request that sets an element of this name, or an element in it.
    fn part_of(&self, template: &Template, element: &str) -> String {
        let sets = |name: &str| {
            let mut parameters = template.parameters().filter(|parameter| parameter.name() == name);
            parameters.any(|it| it.places().iter().any(|place| place.element.starts_with(element)))
        };
        match self.parameters.iter().position(|(name, _)| sets(name)) {
            Some(index) => format!("parameter[{index}].value"),
            None => "parameter".into(),
        }
    }

    /// Where in the body it is that a template cannot be filled.
    fn blame(&self, error: FillError) -> Invalid {
        let twice = matches!(error, FillError::Twice { .. });
        let mut found = self.parameters.iter().enumerate().filter(|(_, (name, _))| name == error.part());
        let index = if twice { found.next_back() } else { found.next() };
        let Some((index, (name, _))) = index else {
            // The template's own value, which what the request sets does not go with.
            let part = error.part();
            return match error {
                FillError::BadValue { parameter: None, .. }
                | FillError::Missing { parameter: None, .. }
                | FillError::Conflict { parameter: None, .. } => Invalid::value(part, error.to_string()),
                _ => Invalid::value("parameter", format!("{part}: {error}")),
            };
        };
        let name = brief(name);
        match error {
            FillError::Twice { .. } | FillError::UnknownParameter { .. } | FillError::Ambiguous { .. } => {
                Invalid::value(format!("parameter[{index}].name"), error.to_string())
            }
            FillError::BadValue { found, choices: Some(valid), .. } => Invalid::Choice {
                part: format!("parameter[{index}].value"),
                valid,
                found: format!("{found} for {name}"),
            },
            _ => Invalid::value(format!("parameter[{index}].value"), format!("{name}: {error}")),
        }
    }
}

/// Names and texts; the template says what they have to be.
fn parameters(members: &mut Members<'_, '_, '_>) -> Result<Vec<(String, String)>, Invalid> {
    let context = members.context;
    let Some((name, raw)) = members.take(&["parameter"])? else { return Ok(Vec::new()) };
    let array = members.node(name, raw);
    let read = |(index, item): (usize, &str)| {
        let node: Node<'_, '_> = array.item(index, item);
        let mut members = node.members(context)?;
        let name = members.read(&["name"], |node| {
            let name = node.text()?;
            let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME;
            if is_name { Ok((name, String::new())) } else { Err(node.refuse("the name of a parameter")) }
        })?;
        let name = name.ok_or_else(|| members.missing("name", "the name of a parameter of the template"))?;
        let text = members.read(&["value"], |node| Ok((node.scalar()?.into_owned(), String::new())))?;
        let text = text.ok_or_else(|| members.missing("value", "a string, a number or a boolean"))?;
        members.finish()?;
        Ok((name, text))
    };
    array.items()?.into_iter().enumerate().map(read).collect()
}

/// The subscriber to send instead of the template's own, which is a default like everything in it: with a
/// telephone number the one derived from that, else where it would be somebody else.
fn subscriber(service: &AaRequest<'_>, user: &EndUser) -> Option<SubscriptionId<'static>> {
    let ids = &service.subscription_id;
    let other = ids.is_empty() || user.is_telephone() || ids.iter().any(|id| user.is_contradicted_by(&id));
    if other { user.subscription_id() } else { None }
}
