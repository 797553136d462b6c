//! What a line says.

use std::{borrow::Cow, net::IpAddr, time::SystemTime};

use serde::Serialize;

use super::Hash;

/// Longest text of a member; what is longer is cut. Characters.
const MAX_TEXT: usize = 512;

/// What happened, and when it was over.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: SystemTime,
    /// What.
    pub what: What,
}

/// Something that somebody did, or something about the log itself.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// Somebody did something.
    Operation(Box<Operation>),
    /// About the log.
    Mark(Mark),
}

/// Somebody did something, or was refused to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Method and route of a request, never its path, which names a subscriber; `reload` for a signal; and for each
    /// application that a reload makes another `application added`, `changed` or `removed`.
    pub operation: Cow<'static, str>,
    /// Where it came in: `http`, `admin`, `signal`.
    pub listener: &'static str,
    /// Who it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Who it says that it is, where nobody knows who it was: that is not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<String>,
    /// The address of the client, or of the proxy before us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<IpAddr>,
    /// Whom a proxy names as its client. Anybody can send that header: it counts as much as who could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_for: Option<String>,
    /// The session as applications know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Its Session-Id in Diameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_session: Option<String>,
    /// Whose session it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// What else it was done to: a correlator, a peer, an event, the match rule of a template, an application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What is different in an application: `scopes read -> admin`, `secret added`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The HTTP status that it was answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What that means.
    pub outcome: Outcome,
    /// The policy code of a denial: 1 unknown, 2 inactive, 7 beyond a limit, 0 another right that is lacking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Why it was refused, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
    /// The client's own name for the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x_correlator: Option<String>,
    /// It was turned away before anybody knew who it was, or for being inactive or too fast: whoever sends it can have
    /// as many of these as he likes.
    #[serde(skip)]
    pub at_the_door: bool,
    /// How many more of the same there were within a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeated: Option<u64>,
}

/// How an operation went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is done.
    Done,
    /// Nobody knows who it was (401).
    Unauthenticated,
    /// He may not (403).
    Forbidden,
    /// He may not so often (429).
    Limited,
    /// Something is wrong with the request (any other 4xx).
    Refused,
    /// The gateway or the network could not (5xx).
    Failed,
    /// The client went away before it was answered: it may be done or not.
    #[default]
    Unanswered,
}

impl Outcome {
    /// What an HTTP status means.
    pub fn of(status: u16) -> Self {
        match status {
            ..400 => Self::Done,
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            429 => Self::Limited,
            400..500 => Self::Refused,
            500.. => Self::Failed,
        }
    }
}

/// Something about the log itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Mark {
    /// The gateway started.
    Start {
        /// Its version.
        version: &'static str,
    },
    /// It ended in order: the next line is a start.
    Stop,
    /// The file is a new one; the line before is in the old one.
    Rotate,
    /// The line of the file before this one was cut off when it was written: by a crash, or by a full disk.
    Torn {
        /// How much of it is there.
        octets: u64,
        /// SHA-256 of that.
        sha256: Hash,
    },
    /// What stands between the line before and this one was there when the log was opened, and no crash leaves it: a
    /// line that is whole, and not as it was written.
    Altered {
        /// How much of it is there.
        octets: u64,
        /// SHA-256 of that.
        sha256: Hash,
    },
    /// So many lines are not here, for want of room in memory or on the disk.
    Lost {
        /// How many.
        count: u64,
    },
}

impl Entry {
    /// It happened now.
    pub fn now(what: impl Into<What>) -> Self {
        Self { at: SystemTime::now(), what: what.into() }
    }
}

impl From<Operation> for What {
    fn from(operation: Operation) -> Self {
        Self::Operation(Box::new(operation))
    }
}

impl From<Mark> for What {
    fn from(mark: Mark) -> Self {
        Self::Mark(mark)
    }
}

/// A text of a client, cut if it is long.
pub fn clipped(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}
