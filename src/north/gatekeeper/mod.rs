//! The QoS REST interface of Oracle Communications Services Gatekeeper (Application Developer's Guide 6.1,
//! chapter 16): Apply QoS, Get QoS Status and Remove QoS.

mod end_user;
mod invalid;
mod read;

pub use end_user::EndUser;
pub use invalid::Invalid;
pub use read::{Asked, Filter, FilterFault, Profile, ReadSettings, Warning, check_filter, read_apply};
