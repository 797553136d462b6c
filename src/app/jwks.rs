//! Where the keys of the identity provider are, and how the gateway keeps up with them.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Weak,
    time::Duration,
};

use tokio::{task::spawn_blocking, time::sleep};
use tracing::{error, info, warn};

use crate::{
    access::{Algorithm, KeySet, Keyring, NotFound},
    notify::{Document, FetchError, Fetcher},
    whole_file,
};

/// How often a file is read without being asked to.
const FILE_EVERY: Duration = Duration::from_secs(60);

/// How often a URL is fetched at most and at least, within which the provider's max-age decides. A key that it takes
/// back, or replaces under the same kid, is not taken for longer than the second, whatever caches may do.
const URL_EVERY: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(300);

/// Largest file of keys. Octets.
const MAX_FILE: u64 = 1 << 20;

/// First and longest wait after a failure, doubled each time.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Whoever has the keys.
pub(super) trait Source: Send + Sync {
    /// The keys, and after how long to look again without being asked to.
    fn look(&self) -> impl Future<Output = Result<(KeySet, Duration), (NotFound, String)>> + Send;

    /// For the log.
    fn name(&self) -> String;
}

/// Where the keys are, and what tokens may be signed with.
#[derive(Debug)]
pub(super) struct Place {
    pub at: At,
    pub algorithms: Vec<Algorithm>,
}

#[derive(Debug)]
pub(super) enum At {
    File(PathBuf),
    Url(Fetcher),
}

impl Source for Place {
    async fn look(&self) -> Result<(KeySet, Duration), (NotFound, String)> {
        match &self.at {
            At::File(file) => {
                let (file, algorithms) = (file.clone(), self.algorithms.clone());
                let looked = spawn_blocking(move || in_file(&file, &algorithms)).await;
                let looked = looked.unwrap_or_else(|lost| Err((NotFound::Unreachable, lost.to_string())));
                looked.map(|keys| (keys, FILE_EVERY))
            }
            At::Url(fetcher) => {
                let Document { octets, max_age } =
                    fetcher.fetch().await.map_err(|error| (why(&error), error.to_string()))?;
                let keys = KeySet::read(&octets, &self.algorithms);
                keys.map(|keys| (keys, within(max_age))).map_err(|text| (NotFound::Unusable, text))
            }
        }
    }

    fn name(&self) -> String {
        match &self.at {
            At::File(file) => file.display().to_string(),
            At::Url(fetcher) => fetcher.url().to_owned(),
        }
    }
}

/// After how long to fetch again what the provider shows with this max-age.
fn within(max_age: Option<Duration>) -> Duration {
    max_age.unwrap_or(*URL_EVERY.end()).clamp(*URL_EVERY.start(), *URL_EVERY.end())
}

/// The keys of a file.
pub(super) fn in_file(file: &Path, algorithms: &[Algorithm]) -> Result<KeySet, (NotFound, String)> {
    let text =
        whole_file::read(file, MAX_FILE).map_err(|error| (NotFound::Unreachable, error.to_string()))?;
    KeySet::read(text.as_bytes(), algorithms).map_err(|text| (NotFound::Unusable, text))
}

fn why(error: &FetchError) -> NotFound {
    match error {
        FetchError::Attempt(_) => NotFound::Unreachable,
        FetchError::Status(_) | FetchError::TooLarge { .. } => NotFound::Unusable,
    }
}

/// Looks for keys now, from time to time, and when somebody asks, until nobody takes tokens any more. Those in force
/// stay while none can be found, for as long as the keyring has it.
pub(super) async fn follow(source: impl Source, keyring: Weak<Keyring>) {
    let Some(mut asks) = keyring.upgrade().map(|keyring| keyring.asks()) else { return };
    let mut failing: Option<Duration> = None;
    loop {
        let looked = source.look().await;
        let Some(keyring) = keyring.upgrade() else { return };
        let wait = match looked {
            Ok((keys, again)) => {
                found(&source, &keyring, keys, failing.take().is_some());
                again
            }
            Err((why, text)) => {
                not_found(&source, &keyring, why, &text, failing.is_none());
                let wait = failing.map_or(RETRY.0, |before| before.saturating_mul(2).min(RETRY.1));
                *failing.insert(wait)
            }
        };
        drop(keyring);
        tokio::select! {
            () = sleep(wait) => {}
            asked = asks.changed() => if asked.is_err() { return },
        }
    }
}

fn found(source: &impl Source, keyring: &Keyring, keys: KeySet, failed_before: bool) {
    let (number, left_out) = (keys.len(), keys.left_out().to_vec());
    if keyring.found(keys) {
        info!(from = source.name(), keys = number, "the identity provider has other keys now");
        if !left_out.is_empty() {
            warn!(
                from = source.name(),
                "keys of the identity provider are left out: {}",
                left_out.join("; ")
            );
        }
    } else if failed_before {
        info!(from = source.name(), "the keys of the identity provider can be read again");
    }
}

fn not_found(source: &impl Source, keyring: &Keyring, why: NotFound, text: &str, first: bool) {
    const HINT: &str =
        "look at `jwks` and `jwks_ca` of [access.jwt], and at the identity provider; it is tried again";
    let gone = keyring.not_found(why);
    let from = source.name();
    if gone {
        error!(
            from,
            error = text,
            hint = HINT,
            "the identity provider's keys are too old: its tokens are answered 503"
        );
    } else if first && keyring.keys().is_some() {
        warn!(
            from,
            error = text,
            hint = HINT,
            "the identity provider's keys stay as they were, for a day at most"
        );
    } else if first {
        warn!(
            from,
            error = text,
            hint = HINT,
            "no keys of the identity provider yet: its tokens are answered 503"
        );
    }
}

#[cfg(test)]
mod tests;
