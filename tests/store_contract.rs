//! What every store must do: one suite, run on each of them.
#![allow(clippy::unwrap_used)]

#[path = "store/claims.rs"]
mod claims;
#[path = "store/folder.rs"]
mod folder;
#[path = "store/letters.rs"]
mod letters;
#[path = "store/sessions.rs"]
mod sessions;

use std::{cell::RefCell, sync::Arc};

use folder::Folder;
use rxgate::{
    session::SessionStore,
    store::{EmbeddedConfig, EmbeddedStore, MemoryStore},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory() {
    suite(|| Arc::new(MemoryStore::new())).await;
    let store = MemoryStore::new();
    claims::suite(|| Arc::new(store.reopened())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded() {
    let folders = RefCell::new(Vec::new());
    let fresh = || -> Arc<dyn SessionStore> {
        let folder = Folder::new();
        let config = EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(folder.path()) };
        folders.borrow_mut().push(folder);
        Arc::new(EmbeddedStore::open(&config).unwrap().0)
    };
    suite(fresh).await;
    assert!(folders.borrow().len() > 10);
    let folder = Folder::new();
    let config = EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(folder.path()) };
    claims::suite(|| Arc::new(EmbeddedStore::open(&config).unwrap().0)).await;
}

/// The whole suite but what is about [claims](claims::suite); `fresh` makes an empty store.
async fn suite(fresh: impl Fn() -> Arc<dyn SessionStore>) {
    sessions::both_names_find_a_session(&*fresh()).await;
    sessions::names_are_taken_once(&*fresh()).await;
    sessions::replacing_is_compare_and_set(&*fresh()).await;
    sessions::removing_needs_the_version(&*fresh()).await;
    sessions::nothing_of_a_session_is_lost(&*fresh()).await;
    sessions::open_sessions_expire_in_order(&*fresh()).await;
    sessions::lists_are_filtered_and_come_in_pages(&*fresh()).await;
    sessions::no_change_is_lost_between_tasks(fresh()).await;
    letters::letters_wait_in_order_until_they_are_removed(&*fresh()).await;
    letters::a_letter_waits_or_is_dead(&*fresh()).await;
    letters::records_are_kept_by_kind_and_name(&*fresh()).await;
    letters::a_commit_is_whole_or_nothing(&*fresh()).await;
}
