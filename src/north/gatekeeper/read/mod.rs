//! From a JSON body to an AA-Request: the parameter model of Apply QoS and Modify QoS.
//!
//! One walk over the body makes both the AVPs and the view: the client's own properties in the form of the
//! interface's examples, which Get QoS Status gives back. What any example or text of the interface shows is
//! accepted; where two readings would mean different QoS or another subscriber, the request is refused.

mod address;
mod before;
mod custom;
mod json;
mod media;
mod properties;
mod registration;
mod sponsored;
mod template;

use std::{cell::RefCell, fmt, sync::Arc, time::Duration};

use crate::{dict::Dictionary, rx::AaRequest};

pub use self::template::{Parameters, read_template_apply, read_template_modify};

use self::before::Before;
use super::{EndUser, Invalid, view};

pub use registration::{AskedRegistration, read_registration};

/// How closely requests must follow the Rx specification where the interface is looser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What the interface's own examples show is accepted, with a warning in the log.
    #[default]
    Compatible,
    /// Packet filters must keep TS 29.214 §5.3.8, unknown members are refused.
    Strict,
}

/// What requests are read by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadSettings {
    /// How closely requests must follow the Rx specification.
    pub profile: Profile,
    /// Whether framedIPv6Prefix may be shorter than 128 bits. TS 29.214 §4.4.1 wants the full address.
    pub short_ipv6_prefix: bool,
    /// Duration of a session from a template if neither the request nor the template has one. Default: refused.
    pub default_duration: Option<Duration>,
    /// Longest duration that is accepted; with one, every session needs a duration. Default: no limit.
    pub max_duration: Option<Duration>,
}

/// A request body, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// How long the QoS is to last, from the answer on; if not given without end, or until when it was to before.
    pub duration: Option<Duration>,
    /// The AVPs that the body asks for, or changes. Identities, Specific-Actions and own features are not in it.
    pub service: AaRequest<'static>,
    /// qosFeatureProperties as Get QoS Status shows them. JSON text.
    pub view: Arc<str>,
    /// What was accepted though it is doubtful.
    pub warnings: Vec<Warning>,
}

impl Asked {
    fn new(
        duration: Option<Duration>,
        service: AaRequest<'static>,
        view: String,
        context: Context<'_>,
    ) -> Self {
        Self { duration, service, view: view.into(), warnings: context.warnings.into_inner() }
    }
}

/// Something accepted though it is doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// JSON path.
    pub part: String,
    /// What is doubtful; holds no value of the client.
    pub what: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.what)
    }
}

/// Reads the body of Apply QoS.
pub fn read_apply(
    body: &[u8],
    user: &EndUser,
    settings: ReadSettings,
    dictionary: &Dictionary,
) -> Result<Asked, Invalid> {
    let context = Context::new(settings, dictionary, None);
    let (duration, service, view) = properties::body(json::document(body)?, user, &context)?;
    Ok(Asked::new(duration, service, view, context))
}

/// Reads the body of Modify QoS: only what changes, in a session whose view is `current`.
///
/// `service` has what changes and the UE address of the session, `view` everything that holds afterwards. The
/// address itself cannot change: the PCRF bound the session to it (TS 29.214 §4.4.1).
pub fn read_modify(
    body: &[u8],
    user: &EndUser,
    current: &str,
    settings: ReadSettings,
    dictionary: &Dictionary,
) -> Result<Asked, Invalid> {
    let context = Context::new(settings, dictionary, Some(Before::read(current)?));
    let (duration, service, change) = properties::body(json::document(body)?, user, &context)?;
    let view = view::merged(current, &change)?;
    Ok(Asked::new(duration, service, view, context))
}

/// What every reader needs: the settings, the custom AVPs, and a place for warnings.
struct Context<'c> {
    settings: ReadSettings,
    dictionary: &'c Dictionary,
    /// The session that is to change; `None` for a new one.
    before: Option<Before>,
    warnings: RefCell<Vec<Warning>>,
}

impl<'c> Context<'c> {
    /// Warnings kept of one request; a body can hold thousands of doubtful values.
    const MAX_WARNINGS: usize = 16;

    fn new(settings: ReadSettings, dictionary: &'c Dictionary, before: Option<Before>) -> Self {
        Self { settings, dictionary, before, warnings: RefCell::default() }
    }

    fn is_strict(&self) -> bool {
        self.settings.profile == Profile::Strict
    }

    fn warn(&self, part: &json::Path<'_>, what: &'static str) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.len() < Self::MAX_WARNINGS {
            warnings.push(Warning { part: part.to_string(), what });
        }
    }
}
