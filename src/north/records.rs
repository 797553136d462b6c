//! Small things of this layer that outlive the process, in the form in which the store keeps them: MessagePack with
//! the names of the fields, so that a later version can add some.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::trace;

use crate::{
    session::{
        SessionStore, StoreError,
        ports::{RecordKind, RecordWrite},
    },
    template::Problem,
};

/// Records read from the store at a time.
const PAGE: usize = 256;

/// Why what was kept is not there again.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record is there, but not in a form that is understood.
    #[error(
        "a record of the store, {kind:?}, cannot be read: {reason}; start the version that wrote it, or put a backup \
         of the store into its place; RXGATE_LOG=trace names the record"
    )]
    Unreadable {
        /// What kind of thing.
        kind: RecordKind,
        /// What is wrong with it.
        reason: String,
    },
    /// A template in force is refused with the dictionary and the settings of now.
    #[error(
        "version {version} of the templates, which was loaded over the admin interface, is refused now, at {problem}; \
         start with the dictionary and the settings that it was loaded with, and delete or replace it before they \
         change"
    )]
    Template {
        /// Its version.
        version: u64,
        /// What is wrong with it, and where.
        problem: Problem,
    },
}

impl RestoreError {
    /// About a record. Its key may be somebody's secret, and `reason` is nobody's.
    pub(super) fn unreadable(kind: RecordKind, key: &Arc<str>, reason: impl ToString) -> Self {
        trace!(?kind, %key, "this record cannot be read");
        Self::Unreadable { kind, reason: reason.to_string() }
    }
}

/// Puts a value under a name.
pub(super) fn put(kind: RecordKind, key: Arc<str>, value: &impl Serialize) -> RecordWrite {
    let octets = rmp_serde::to_vec_named(value).expect("what is kept here has a form in MessagePack");
    RecordWrite { kind, key, value: Some(octets.into()) }
}

/// Removes what is under a name.
pub(super) fn remove(kind: RecordKind, key: Arc<str>) -> RecordWrite {
    RecordWrite { kind, key, value: None }
}

/// Reads a value.
pub(super) fn read<'a, T: Deserialize<'a>>(
    kind: RecordKind,
    key: &Arc<str>,
    value: &'a [u8],
) -> Result<T, RestoreError> {
    rmp_serde::from_slice(value).map_err(|error| RestoreError::unreadable(kind, key, error))
}

/// Shows every value of a kind, in the order of their names.
pub(super) async fn each(
    store: &dyn SessionStore,
    kind: RecordKind,
    mut show: impl FnMut(&Arc<str>, &[u8]) -> Result<(), RestoreError>,
) -> Result<(), RestoreError> {
    let mut after = None;
    loop {
        let page = store.records(kind, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(Arc::clone(&last.key));
        page.iter().try_for_each(|record| show(&record.key, &record.value))?;
    }
}
