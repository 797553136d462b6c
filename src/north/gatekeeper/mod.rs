//! The QoS REST interface of Oracle Communications Services Gatekeeper (Application Developer's Guide 6.1,
//! chapter 16).

mod content;
mod describe;
mod end_user;
mod error;
mod granted;
mod headers;
mod idempotency;
mod invalid;
mod notification;
mod qos;
mod read;
mod rights;
mod routes;
mod view;

pub use end_user::EndUser;
pub use error::ApiError;
pub use idempotency::{Answers, AnswersConfig};
pub use invalid::Invalid;
pub use notification::{
    Event, NotificationSettings, Notifications, Registration, RegistrationError, Registrations,
};
pub use read::{
    Asked, AskedRegistration, Parameters, Profile, ReadSettings, Warning, read_apply, read_modify,
    read_registration, read_template_apply, read_template_modify,
};
pub use routes::{Gatekeeper, router};
