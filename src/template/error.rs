//! Why a request cannot be made of a template.

use thiserror::Error;

/// What is wrong with the values of a request. Whoever sent them is told; [`part`](Self::part) names the place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FillError {
    /// One name with two texts.
    #[error("{name} is set twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that the template does not have: leaving it aside would ask for other QoS than was meant.
    #[error("the template has no parameter {name}{}", near.as_ref().map_or_else(String::new, |near| format!("; did you mean {near}?")))]
    UnknownParameter {
        /// The name.
        name: String,
        /// A name of the template that is much like it.
        near: Option<String>,
    },
    /// A name that stands at several elements of the template: it would be open which one is meant.
    #[error("the template has {name} at {}: what it means is open, so it cannot be set", elements.join(" and "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The elements.
        elements: Vec<String>,
    },
    /// A text that the element cannot hold.
    #[error("found {found} for {element}, {why}")]
    BadValue {
        /// The parameter that set it; `None` for what stands in the template itself.
        parameter: Option<String>,
        /// The element.
        element: String,
        /// The text, shortened.
        found: String,
        /// What is accepted.
        why: String,
        /// The words that are possible, if they are few.
        choices: Option<String>,
    },
    /// An element without which the one around it means nothing.
    #[error("{element} has no value, and is required")]
    Missing {
        /// The parameter that would set it.
        parameter: Option<String>,
        /// The element.
        element: String,
    },
    /// Values that are right by themselves, and not together.
    #[error("{element}: {why}")]
    Conflict {
        /// The parameter that sets the element.
        parameter: Option<String>,
        /// The element.
        element: String,
        /// Why not.
        why: String,
    },
    /// An update that would turn a component or flow into another one.
    #[error("{element} is {is} and stays so: the number says which part of the session is meant")]
    Fixed {
        /// The parameter that sets it.
        name: String,
        /// The element.
        element: String,
        /// The number that it has.
        is: u32,
    },
    /// An update that would take a value back, which Rx cannot say (TS 29.214 §4.4.2).
    #[error("{element} has a value, which an update can change and not take back")]
    Unset {
        /// The parameter that sets it.
        name: String,
        /// The element.
        element: String,
    },
}

impl FillError {
    /// What is to be corrected: the parameter's name, or the element's if no parameter set it.
    pub fn part(&self) -> &str {
        match self {
            Self::Twice { name }
            | Self::UnknownParameter { name, .. }
            | Self::Ambiguous { name, .. }
            | Self::Fixed { name, .. }
            | Self::Unset { name, .. } => name,
            Self::BadValue { parameter, element, .. }
            | Self::Missing { parameter, element }
            | Self::Conflict { parameter, element, .. } => parameter.as_deref().unwrap_or(element),
        }
    }
}
