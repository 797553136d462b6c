//! Who may call: applications, their secrets and rights, and how they show who they are.
//!
//! [`Access`] holds the applications in force, finds which one an id and a secret or a token [show](Shown), and turns
//! that into a [`Caller`], which every operation is asked on behalf of: it has the rights, and says no with a [`Denial`]. Knows neither HTTP nor any interface to
//! the north: what is in a request is read there, and what a denial looks like is decided there.

mod attempts;
mod bearers;
mod caller;
mod clients;
mod denial;
mod figures;
mod force;
mod jwt;
mod keyring;
mod pace;
mod scope;
mod secret;
mod tag;
mod terms;
mod token;
mod verified;

pub use caller::{Caller, Shown};
pub use denial::Denial;
pub use force::{Access, Application};
pub use jwt::{Algorithm, KeySet, Provider, TokenError};
pub use keyring::{Keyring, NotFound};
pub use scope::{Scope, Scopes};
pub use secret::{ChanceError, HashError, Secret, SecretHash, without_secrets};
pub use terms::{ID, MAX_SECRETS, Terms, is_id};
pub use token::{Granted, Issuer, KeyError, NotIssued, Tokens};
