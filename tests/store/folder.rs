//! A directory that is gone when it is dropped.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// The directory.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("rxgate-store-{}-{number}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Puts a copy of all that is in another directory there.
    #[allow(dead_code)] // Not every test that has folders copies some.
    pub fn fill(&self, from: &Path) {
        fn copy(from: &Path, to: &Path) {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
                match from.is_dir() {
                    true => copy(&from, &to),
                    false => assert!(fs::copy(from, to).is_ok()),
                }
            }
        }
        copy(from, &self.0);
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the way of nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
