//! TS 29.214, typed: the eight Rx messages and their groups, both directions.
//!
//! One family of structs serves reading and writing. What [`AaRequest::read`] gives borrows from the octets
//! and allocates nothing; [`AaRequest::into_owned`] makes it independent of them; a value built from
//! `'static` parts or owned ones is encoded by the same [`AaRequest::encode`]. A field is called as its AVP,
//! a bandwidth is in bits per second unless its AVP says kbit/s (TS 29.214 §5.3).
//!
//! Reading is liberal (RFC 6733 §1.2): AVPs in any order, the first of those that may come once, enumeration
//! values without a name, and AVPs that are not in the grammar, which are kept in `custom`. What has to be
//! refused is decided with [`dict::check`](crate::dict::check()).

mod aar;
mod asr;
mod avp_text;
mod error;
mod features;
mod field;
mod list;
mod media;
mod outcome;
mod rar;
mod session_id;
mod sponsored;
mod str;
mod types;

pub use self::str::{StAnswer, StRequest};
pub use aar::{AaAnswer, AaRequest};
pub use asr::{AsAnswer, AsRequest};
pub use avp_text::{AvpText, AvpTextValue};
pub use error::RxError;
pub use features::FeatureList;
pub use list::{Element, List, Values};
pub use media::{AcceptableServiceInfo, Flows, MediaComponentDescription, MediaSubComponent};
pub use outcome::Outcome;
pub use rar::{RaAnswer, RaRequest};
pub use session_id::SessionIds;
pub use sponsored::{CcMoney, GrantedServiceUnit, SponsoredConnectivityData, UnitValue, UsedServiceUnit};
pub use types::{
    AccessNetworkChargingIdentifier, CalleeInformation, CustomAvp, ExperimentalResult,
    FiveGsRanNasReleaseCause, Load, MaInformation, NgapCause, OcOlr, OcSupportedFeatures, ProxyInfo,
    SubscriptionId, SupportedFeatures, UserEquipmentInfo, WirelineUserLocationInfo,
};
