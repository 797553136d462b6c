//! What a caller keeps of an outcome, in the same commit as the outcome itself.

use std::{fmt, sync::Arc};

use super::ports::RecordWrite;

/// Writes down an outcome for the caller: the step that stores the outcome stores that, too.
///
/// Called at least once before the outcome is stored; what counts is what was stored. The core looks at nothing
/// of it.
pub struct Receipt<T>(Arc<dyn Fn(&T) -> RecordWrite + Send + Sync>);

impl<T> Receipt<T> {
    /// What is to be kept of an outcome. It must not wait.
    pub fn new(write: impl Fn(&T) -> RecordWrite + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(super) fn write(&self, outcome: &T) -> RecordWrite {
        (self.0)(outcome)
    }
}

impl<T> fmt::Debug for Receipt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").finish_non_exhaustive()
    }
}
