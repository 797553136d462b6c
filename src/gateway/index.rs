//! Parsing into storage that each thread keeps: no allocation for a message.

use std::cell::RefCell;

use crate::{
    dict::Dictionary,
    wire::{Index, Message, MessageBuf, WireError},
};

thread_local! {
    static INDEX: RefCell<Index> = RefCell::new(Index::new());
}

/// Parses a message and looks at it. `look` must not parse another one.
pub(super) fn with<T>(
    message: &MessageBuf,
    dictionary: &Dictionary,
    look: impl FnOnce(Result<Message<'_>, WireError>) -> T,
) -> T {
    INDEX.with_borrow_mut(|index| look(message.parse(index, |key| dictionary.is_grouped(key))))
}
