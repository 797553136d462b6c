use std::{fs, time::UNIX_EPOCH};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::sync::mpsc;

use super::*;
use crate::tls::Identity;

/// 2026-01-01T00:00:00Z. Seconds since 1970.
const NEW_YEAR: u64 = 1_767_225_600;

/// A chain of two certificates that end with these years, named by `certificate` of two sections.
fn in_use(name: &str, ends: [i32; 2]) -> (Arc<InUse>, PathBuf) {
    let directory = std::env::temp_dir().join(format!("rxgate-expiry-{}-{name}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let key = KeyPair::generate().unwrap();
    let chain = ends.map(|end| {
        let mut params = CertificateParams::new(["af.rx.test".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(end, 1, 1));
        params.self_signed(&key).unwrap().pem()
    });
    let (certificate, key_file) = (directory.join("af.pem"), directory.join("af.key"));
    fs::write(&certificate, chain.concat()).unwrap();
    fs::write(&key_file, key.serialize_pem()).unwrap();
    let identity = Identity::read(&certificate, &key_file).unwrap();
    fs::remove_dir_all(&directory).unwrap();
    let place = Place { file: "gate.toml".into(), at: None, before: "`certificate`: ".into() };
    let watched = ["[http]", "[diameter.tls]"].into_iter().flat_map(|section| {
        let place = place.clone();
        identity.dated().into_iter().map(move |dated| Watched { section, place: place.clone(), dated })
    });
    let watched: Vec<Watched> = watched.collect();
    (Arc::new(InUse(Live::from(Arc::from(watched)))), certificate)
}

#[test]
fn the_first_end_of_a_chain_is_shown_for_each_section() {
    let (in_use, file) = in_use("shown", [2027, 2026]);
    let page = Page::of([&*in_use as &dyn Collect]).into_text();
    let samples: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let sample = |section: &str| {
        let file = file.display();
        format!(
            "rxgate_tls_certificate_expiry_timestamp_seconds{{section=\"{section}\",file=\"{file}\"}} {NEW_YEAR}"
        )
    };
    assert_eq!(samples, [sample("diameter.tls"), sample("http")]);
}

/// The clock of the runtime is moved, not waited for.
#[tokio::test(start_paused = true)]
async fn what_ends_within_30_days_is_told_once_a_day_until_nobody_wants_to_know() {
    let (in_use, _) = in_use("told", [2026, 2027]);
    let (say, mut said) = mpsc::unbounded_channel();
    let started = tokio::time::Instant::now();
    // 31 days before the first end, when the day begins.
    let begins = UNIX_EPOCH + Duration::from_secs(NEW_YEAR) - 31 * DAY;
    let watching = tokio::spawn(InUse::watch(
        Arc::downgrade(&in_use),
        move || begins + started.elapsed(),
        move |problem: &Problem| say.send(problem.to_string()).unwrap(),
    ));
    for left in [30, 29, 28] {
        let told = said.recv().await.unwrap();
        assert_eq!(
            told,
            format!(
                "gate.toml: `certificate`: its first certificate expires in {left} days, on 2026-01-01 00:00 UTC"
            )
        );
        assert_eq!(started.elapsed().as_secs() / DAY.as_secs(), 31 - left);
    }
    drop(in_use);
    watching.await.unwrap();
    assert!(said.recv().await.is_none());
}
