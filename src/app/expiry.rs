//! Certificates and CRLs in use that do not hold for ever: when they end is a figure, and that they do a warning, in time.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use tokio::time::sleep;
use tracing::warn;

use crate::{
    config::{Position, Problem},
    live::Live,
    metrics::{Collect, Page},
    tls::{Dated, Doubt},
};

/// Between two warnings of the same.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The place of the setting that names a file, or the file.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub file: PathBuf,
    pub at: Option<Position>,
    /// What stands before each text: the key and the file.
    pub before: String,
}

impl Place {
    pub fn problem(&self, text: String, hint: String) -> Problem {
        let Self { file, at, before } = self;
        Problem { file: file.clone(), at: *at, text: format!("{before}{text}"), hint }
    }
}

/// A certificate or CRL, and where it is named.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub section: &'static str,
    pub place: Place,
    pub dated: Dated,
}

/// What is to be said of them at this time; what serves twice is told once.
pub(super) fn doubts(watched: &[Watched], now: SystemTime) -> Vec<Problem> {
    let (mut told, mut problems): (Vec<Doubt>, Vec<Problem>) = Default::default();
    for Watched { place, dated, .. } in watched {
        if let Some(doubt) = dated.doubt(now).filter(|doubt| !told.contains(doubt)) {
            problems.push(place.problem(doubt.text.clone(), doubt.hint.clone()));
            told.push(doubt);
        }
    }
    problems
}

/// Those in use now.
#[derive(Debug)]
pub(super) struct InUse(Live<Arc<[Watched]>>);

impl InUse {
    /// Begins to watch them. What is to be said at once is said by whoever reads them.
    pub fn start(watched: Live<Arc<[Watched]>>) -> Arc<Self> {
        let me = Arc::new(Self(watched));
        let say = |warning: &Problem| warn!(hint = %warning.hint, "{warning}");
        tokio::spawn(Self::watch(Arc::downgrade(&me), SystemTime::now, say));
        me
    }

    /// Says once a day what is to be said then, for as long as they are there.
    async fn watch(me: Weak<Self>, now: impl Fn() -> SystemTime, say: impl Fn(&Problem)) {
        loop {
            sleep(DAY).await;
            let Some(me) = me.upgrade() else { return };
            doubts(&me.0.get(), now()).iter().for_each(&say);
        }
    }
}

impl Collect for InUse {
    fn collect(&self, page: &mut Page) {
        // A chain holds no longer than each of its certificates.
        let mut ends: BTreeMap<(&str, String), i64> = BTreeMap::new();
        let watched = self.0.get();
        for Watched { section, dated, .. } in &*watched {
            if let Some(end) = dated.expiry() {
                let section = section.trim_matches(['[', ']']);
                let first = ends.entry((section, dated.file.display().to_string())).or_insert(end);
                *first = end.min(*first);
            }
        }
        let mut expiry = page.gauge(
            "rxgate_tls_certificate_expiry_timestamp_seconds",
            "End of the certificate that is shown, or of that of its chain which ends first. Seconds since 1970.",
        );
        for ((section, file), end) in ends {
            expiry.sample(&[("section", section), ("file", &file)], end);
        }
    }
}

#[cfg(test)]
mod tests;
