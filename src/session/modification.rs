//! A change of an open session, and what is kept of it until the network decided (TS 29.214 §4.4.2).

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{Granted, RxSessionId, stored};
use crate::rx::{AaRequest, AvpText};

/// What a caller wants to be different about a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QosChange {
    /// Runs from the PCRF's answer; with `None` the session ends when it would have ended.
    pub duration: Option<Duration>,
    /// What changes, with the numbers of the components and flows around it, and the UE address. What is not
    /// said keeps its value; Flow-Status REMOVED removes. The core fills in the rest.
    #[serde(with = "stored::service")]
    pub service: AaRequest<'static>,
    /// The caller's view of the whole session once this is granted. Never looked into.
    pub view: Arc<str>,
}

/// A session that was modified.
#[derive(Clone, Debug)]
pub struct Updated {
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// What the network said about it, now and before.
    pub granted: Granted,
    /// When it ends by itself.
    pub expires: Option<SystemTime>,
    /// The AAA by names.
    pub answer: Vec<AvpText>,
}

/// A modification that is asked for, and that neither holds nor is off yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Modification {
    /// Which one of its session's it is, from 1.
    pub number: u64,
    /// What is wanted.
    pub change: Arc<QosChange>,
    /// When it was asked for.
    pub since: SystemTime,
    /// How often its AAR was to be sent.
    pub tries: u32,
    /// When the AAR that is under way left. `None`: none is, and nobody knows what became of those before, so
    /// that it is to be sent again.
    pub outstanding: Option<SystemTime>,
    /// What RARs told since: it is not older than what the AAA says.
    #[serde(with = "stored::granted")]
    pub reported: Granted,
}
