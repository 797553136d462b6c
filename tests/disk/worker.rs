//! The process that works over the disk: this same program, started again by the tests.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use rxgate::store::EmbeddedStore;

use crate::{check::config, work};

/// What the process is to do.
pub struct Work<'a> {
    pub directory: &'a Path,
    /// Gets a line for each commit that is acknowledged.
    pub acknowledged: &'a Path,
    pub seed: u64,
    /// How many commits each task has after each opening.
    pub until: &'a [u64],
}

impl Work<'_> {
    /// The process, to be started.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["worker::works", "--exact", "--ignored", "--nocapture"]);
        let until: Vec<_> = self.until.iter().map(u64::to_string).collect();
        command.env("DISK_DIRECTORY", self.directory).env("DISK_ACKNOWLEDGED", self.acknowledged);
        command.env("DISK_WORK_SEED", self.seed.to_string()).env("DISK_UNTIL", until.join(" "));
        command
    }
}

#[ignore = "started by the other tests"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works() {
    let path = |name| PathBuf::from(env::var_os(name).unwrap());
    let (directory, acknowledged) = (path("DISK_DIRECTORY"), path("DISK_ACKNOWLEDGED"));
    let seed = env::var("DISK_WORK_SEED").unwrap().parse().unwrap();
    for until in env::var("DISK_UNTIL").unwrap().split(' ') {
        // Whoever reads the file sees how far it got.
        let Ok((store, _)) = EmbeddedStore::open(&config(&directory)) else { return };
        work::work(store, seed, until.parse().unwrap(), &acknowledged).await;
    }
}
