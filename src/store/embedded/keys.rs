//! What the store's keys look like. Numbers are big-endian, so that keys are in the order of what they name.

use std::time::{Duration, SystemTime};

use crate::session::{
    QosSessionId, Session, StoreError,
    ports::{LetterId, RecordKind},
};

/// Stands for the time from one opening of the store to its end: what was written in another run is of a process that
/// is gone.
pub(super) type Run = u64;

/// The parts of the store; each one is ordered by its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Space {
    /// Name of a session → its version, and all of it.
    Session,
    /// Session-Id → name of the session.
    ByRx,
    /// End user, zero, name of the session → nothing.
    ByUser,
    /// When an open session expires, its name → nothing.
    Expiry,
    /// Name of a session of which something is owed to the network → in which run of the store that began.
    Owed,
    /// Name of a letter that waits → the letter.
    Letter,
    /// Name of a letter that was given up → the letter, when and why.
    Dead,
    /// Kind of a record, its name → the record.
    Record,
    /// About the store itself.
    Meta,
}

impl Space {
    /// All of them, in the order of the enumeration.
    pub const ALL: [Self; 9] = [
        Self::Session,
        Self::ByRx,
        Self::ByUser,
        Self::Expiry,
        Self::Owed,
        Self::Letter,
        Self::Dead,
        Self::Record,
        Self::Meta,
    ];

    /// Name on the disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::ByRx => "by_rx",
            Self::ByUser => "by_user",
            Self::Expiry => "expiry",
            Self::Owed => "owed",
            Self::Letter => "letter",
            Self::Dead => "dead",
            Self::Record => "record",
            Self::Meta => "meta",
        }
    }
}

/// The keys that lead to a session beside its name: where, and what stands there if it is written in this run.
pub(super) fn index(session: &Session, run: Run) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
    let name = session.id.as_str().as_bytes();
    let mut keys = vec![
        (Space::ByRx, session.rx_session.as_str().as_bytes().to_vec(), name.to_vec()),
        (Space::ByUser, by_user(&session.end_user, Some(&session.id)), Vec::new()),
    ];
    keys.extend(session.expiry().map(|at| (Space::Expiry, expiry(at, &session.id), Vec::new())));
    keys.extend(session.is_owed().then(|| (Space::Owed, name.to_vec(), run.to_be_bytes().to_vec())));
    keys
}

/// The sessions of a user; without a name what all keys of them begin with.
pub(super) fn by_user(end_user: &str, id: Option<&QosSessionId>) -> Vec<u8> {
    // No end user has a zero octet in it: they come out of URLs and JSON that refuse control characters; and if one
    // had, a name too many would be found, and thrown out by the filter.
    [end_user.as_bytes(), &[0], id.map_or("", QosSessionId::as_str).as_bytes()].concat()
}

/// Length of the time in a key.
const TIME: usize = 12;

/// When a session expires.
pub(super) fn expiry(at: SystemTime, id: &QosSessionId) -> Vec<u8> {
    [&time(at)[..], id.as_str().as_bytes()].concat()
}

/// A time as the beginning of a key. What was before 1970 is 1970.
pub(super) fn time(at: SystemTime) -> [u8; TIME] {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut key = [0; TIME];
    let (seconds, nanos) = key.split_at_mut(8);
    seconds.copy_from_slice(&since.as_secs().to_be_bytes());
    nanos.copy_from_slice(&since.subsec_nanos().to_be_bytes());
    key
}

/// What an expiry key says.
pub(super) fn read_expiry(key: &[u8]) -> Result<(SystemTime, QosSessionId), StoreError> {
    let (time, name) = key.split_at_checked(TIME).ok_or_else(|| damaged(Space::Expiry))?;
    let (seconds, nanos) = time.split_at_checked(8).ok_or_else(|| damaged(Space::Expiry))?;
    let seconds = u64::from_be_bytes(seconds.try_into().map_err(|_| damaged(Space::Expiry))?);
    let nanos = u32::from_be_bytes(nanos.try_into().map_err(|_| damaged(Space::Expiry))?);
    let since = Duration::from_secs(seconds).checked_add(Duration::from_nanos(nanos.into()));
    let at = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    Ok((at.ok_or_else(|| damaged(Space::Expiry))?, name_of(name, Space::Expiry)?))
}

/// A session's name.
pub(super) fn name_of(octets: &[u8], space: Space) -> Result<QosSessionId, StoreError> {
    Ok(str::from_utf8(octets).map_err(|_| damaged(space))?.into())
}

/// Whether what is owed came to be in this run. Earlier versions did not write it down.
pub(super) fn is_of(run: Run, value: &[u8]) -> bool {
    value == run.to_be_bytes()
}

/// A letter.
pub(super) fn letter(id: LetterId) -> Vec<u8> {
    id.0.to_be_bytes().to_vec()
}

/// A record; without a name what all of its kind begin with.
pub(super) fn record(kind: RecordKind, key: &str) -> Vec<u8> {
    let kind = match kind {
        RecordKind::Registration => b'r',
        RecordKind::Template => b't',
        RecordKind::Answer => b'a',
        RecordKind::Gateway => b'g',
    };
    [&[kind], key.as_bytes()].concat()
}

/// Something that this program cannot have written.
pub(super) fn damaged(space: Space) -> StoreError {
    StoreError::Failed { reason: format!("`{}` holds something that is not of this program", space.name()) }
}
