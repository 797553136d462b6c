//! The audit log that the configuration asks for.

use std::sync::Arc;

use tracing::warn;

use crate::{
    audit::{AuditError, AuditLog},
    config,
    north::audit::Audit,
};

/// Opens it. `had_store`: there was a gateway before this one, whose store this one has.
pub(super) fn open(config: &config::Audit, had_store: bool) -> Result<Audit, AuditError> {
    let config::Audit { file, end_user, reads } = config;
    let log = AuditLog::open(file.clone())?;
    if had_store && log.is_new() {
        warn!(
            file = %file.display(),
            "the audit log is empty, and the store is not new: right if there was no [audit] before; otherwise it was \
             deleted, or moved away while the gateway was stopped, and a new chain begins. Look whether `file` of \
             [audit] is right, and for the last hash in the log of the gateway before"
        );
    }
    Ok(Audit { log: Arc::new(log), end_user: *end_user, reads: *reads })
}
