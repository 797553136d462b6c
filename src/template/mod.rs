//! QoS templates: requests with defaults and with names for what a caller may set.
//!
//! A template is an XML file (Gatekeeper Application Developer's Guide 6.1, Examples 16-5 to 16-10). It is read
//! and compiled once ([`Template::read`]): types, enumerations, AVP codes, vendors and defaults are resolved
//! then, and every problem of the file is reported with its line and column. A request is made of it without
//! parsing text again but that of the values ([`Template::fill`]); what an update sends is
//! [`Template::change`].
//!
//! [`Templates`] has the match rules: which template is whose, in an order, with versions.
//!
//! [`value`] has the parsers from text to values, which JSON requests share.

mod compiled;
mod error;
mod fill;
mod load;
mod names;
mod pattern;
mod problem;
mod rules;
mod schema;
mod shown;
pub mod value;
mod values;

pub use compiled::{Parameter, Place, Template};
pub use error::FillError;
pub use fill::Filled;
pub use load::{Compiled, MAX_OCTETS, Settings};
pub use pattern::{MAX_PATTERN, Pattern, PatternError};
pub use problem::{Problem, Problems};
pub use rules::{
    Changes, Loaded, MAX_RULES, MAX_SUPERSEDED, MAX_SUPERSEDED_SOURCE, MatchRule, Origin, RuleError, RuleSet,
    Templates,
};
pub use shown::Shown;
pub use values::Values;
