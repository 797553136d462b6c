//! What the store's values look like: MessagePack with names, so that later versions may add members.

use std::{sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::keys::{Run, Space, damaged};
use crate::session::{
    Session, StoreError,
    ports::{DeadLetter, Letter, LetterId},
};

/// A letter's members beside its name, which is the key.
#[derive(Serialize, Deserialize)]
struct LetterRow {
    queue: Arc<str>,
    endpoint: Arc<str>,
    #[serde(with = "octets")]
    body: Arc<[u8]>,
    at: SystemTime,
    rx_session: Arc<str>,
    number: u32,
    /// In which run it came to wait.
    #[serde(default)]
    run: Run,
    /// When it was given up, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead: Option<(SystemTime, Arc<str>)>,
}

/// Octets of the version in front of a session.
const VERSION: usize = 8;

/// A session with its version in front, where it can be compared without reading the rest.
pub(super) fn session(session: &Session, version: u64) -> Result<Vec<u8>, StoreError> {
    let mut row = version.to_be_bytes().to_vec();
    rmp_serde::encode::write_named(&mut row, session).map_err(unwritable)?;
    Ok(row)
}

/// Reads a session.
pub(super) fn read_session(row: &[u8]) -> Result<Session, StoreError> {
    let (_, rest) = row.split_at_checked(VERSION).ok_or_else(|| damaged(Space::Session))?;
    let mut session: Session = read(rest, Space::Session)?;
    session.version = version(row)?;
    Ok(session)
}

/// The version of a stored session.
pub(super) fn version(row: &[u8]) -> Result<u64, StoreError> {
    let version = row.first_chunk::<VERSION>().ok_or_else(|| damaged(Space::Session))?;
    Ok(u64::from_be_bytes(*version))
}

/// A letter that waits.
pub(super) fn letter(letter: &Letter, run: Run) -> Result<Vec<u8>, StoreError> {
    row(letter, run, None)
}

/// A letter that was given up.
pub(super) fn dead(dead: &DeadLetter) -> Result<Vec<u8>, StoreError> {
    row(&dead.letter, 0, Some((dead.at, Arc::clone(&dead.reason))))
}

fn row(letter: &Letter, run: Run, dead: Option<(SystemTime, Arc<str>)>) -> Result<Vec<u8>, StoreError> {
    let row = LetterRow {
        queue: Arc::clone(&letter.queue),
        endpoint: Arc::clone(&letter.endpoint),
        body: Arc::clone(&letter.body),
        at: letter.at,
        rx_session: letter.rx_session.as_str().into(),
        number: letter.number,
        run,
        dead,
    };
    rmp_serde::to_vec_named(&row).map_err(unwritable)
}

/// Reads a letter that waits, and the run in which it came to.
pub(super) fn read_letter(key: &[u8], row: &[u8]) -> Result<(Letter, Run), StoreError> {
    let (letter, run, _) = read_row(key, row, Space::Letter)?;
    Ok((letter, run))
}

/// Reads a letter that was given up.
pub(super) fn read_dead(key: &[u8], row: &[u8]) -> Result<DeadLetter, StoreError> {
    let (letter, _, dead) = read_row(key, row, Space::Dead)?;
    let (at, reason) = dead.ok_or_else(|| damaged(Space::Dead))?;
    Ok(DeadLetter { letter, at, reason })
}

type Dead = Option<(SystemTime, Arc<str>)>;

fn read_row(key: &[u8], row: &[u8], space: Space) -> Result<(Letter, Run, Dead), StoreError> {
    let id = u128::from_be_bytes(key.try_into().map_err(|_| damaged(space))?);
    let LetterRow { queue, endpoint, body, at, rx_session, number, run, dead } = read(row, space)?;
    let rx_session = rx_session.into();
    Ok((Letter { id: LetterId(id), queue, endpoint, body, at, rx_session, number }, run, dead))
}

fn read<T: DeserializeOwned>(octets: &[u8], space: Space) -> Result<T, StoreError> {
    rmp_serde::from_slice(octets).map_err(|error| StoreError::Failed {
        reason: format!("`{}` holds something that cannot be read: {error}", space.name()),
    })
}

fn unwritable(error: rmp_serde::encode::Error) -> StoreError {
    StoreError::Failed { reason: format!("it cannot be written: {error}") }
}

/// Octets as octets, not as a list of numbers.
mod octets {
    use std::{fmt, sync::Arc};

    use serde::{Deserializer, Serializer, de::Visitor};

    pub fn serialize<S: Serializer>(octets: &Arc<[u8]>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(octets)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<[u8]>, D::Error> {
        struct Octets;

        impl Visitor<'_> for Octets {
            type Value = Arc<[u8]>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("octets")
            }

            fn visit_bytes<E>(self, octets: &[u8]) -> Result<Self::Value, E> {
                Ok(octets.into())
            }
        }

        from.deserialize_bytes(Octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rx::AaRequest,
        session::{QosRequest, ports::Sending},
        store::embedded::keys::{self, is_of},
    };

    fn pending() -> Session {
        let request = QosRequest {
            owner: None,
            end_user: "tel:+1".into(),
            duration: None,
            service: AaRequest::default(),
            view: "{}".into(),
        };
        Session::pending("q1".into(), "af;1;1".into(), SystemTime::UNIX_EPOCH, &request)
    }

    #[test]
    fn a_row_from_before_reports_were_known_is_read() {
        let (plain, mut reported) = (pending(), pending());
        for end_to_end in 0..9 {
            reported.rars.add(SystemTime::UNIX_EPOCH, "a.net", Sending { end_to_end, retransmit: false });
        }
        let [old, new] = [&plain, &reported].map(|one| session(one, 0).expect("it can be written"));
        // Without any there is no such member, as in a row of an earlier version.
        let names = |row: &[u8]| row.windows(5).any(|octets| octets == b"\xa4rars");
        assert_eq!((names(&old), names(&new)), (false, true));
        assert_eq!(read_session(&old), Ok(plain));
        assert_eq!(read_session(&new), Ok(reported));
        // There are a million of them.
        assert!(new.len() - old.len() <= 72, "{} octets for four", new.len() - old.len());
    }

    #[test]
    fn what_an_earlier_version_left_is_of_no_run() {
        // As it was written before runs were.
        #[derive(Serialize)]
        struct Before {
            queue: &'static str,
            endpoint: &'static str,
            #[serde(with = "octets")]
            body: Arc<[u8]>,
            at: SystemTime,
            rx_session: &'static str,
            number: u32,
        }
        let (queue, endpoint, rx_session, at) = ("q", "http://[::1]/", "af;1;1", SystemTime::UNIX_EPOCH);
        let row = Before { queue, endpoint, body: Arc::from([1]), at, rx_session, number: 4 };
        let row = rmp_serde::to_vec_named(&row).unwrap();
        let (letter, run) = read_letter(&keys::letter(LetterId(7)), &row).unwrap();
        assert_eq!(
            (letter.id, &*letter.queue, &*letter.body, letter.number, run),
            (LetterId(7), "q", &[1][..], 4, 0)
        );
        assert!(!is_of(7, &[]) && is_of(7, &7_u64.to_be_bytes()) && !is_of(7, &8_u64.to_be_bytes()));
    }
}
