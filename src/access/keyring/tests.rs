use tokio::time::sleep;

use super::*;
use crate::access::Algorithm;

fn keys(x: &str) -> KeySet {
    let x = format!("{x}{}", "A".repeat(42));
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    KeySet::read(set.as_bytes(), &[Algorithm::EdDsa]).unwrap()
}

/// Whether a token asked since this was asked the last time.
fn was_asked(asks: &mut watch::Receiver<()>) -> bool {
    let asked = asks.has_changed().unwrap();
    asks.mark_unchanged();
    asked
}

#[tokio::test(start_paused = true)]
async fn keys_are_kept_for_a_day_without_news() {
    let keyring = Keyring::default();
    assert!(!keyring.not_found(NotFound::Unreachable) && keyring.keys().is_none());
    assert!(keyring.found(keys("A")));
    assert!(!keyring.found(keys("A")), "the same");
    sleep(KEPT - Duration::from_secs(1)).await;
    assert!(!keyring.not_found(NotFound::Unreachable));
    assert_eq!(keyring.keys().as_deref(), Some(&keys("A")));
    assert!(!keyring.found(keys("A")), "seen again");
    sleep(KEPT - Duration::from_secs(1)).await;
    assert!(!keyring.not_found(NotFound::Unusable));
    sleep(Duration::from_secs(1)).await;
    assert!(keyring.not_found(NotFound::Unusable));
    assert!(keyring.keys().is_none());
    assert!(!keyring.not_found(NotFound::Unusable), "told once");
    assert!(keyring.found(keys("A")), "and back");
}

#[tokio::test(start_paused = true)]
async fn many_unknown_keys_ask_once_in_ten_seconds() {
    let keyring = Keyring::default();
    keyring.found(keys("A"));
    let mut asks = keyring.asks();
    for _ in 0..3 {
        assert!(!keyring.renewed().await, "nobody looks: the wait ends by itself");
        assert!(was_asked(&mut asks));
        keyring.not_found(NotFound::Unreachable);
        for _ in 0..1000 {
            assert!(!keyring.renewed().await);
        }
        assert!(!was_asked(&mut asks));
        sleep(ASKED_EVERY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_somebody_looks_waits_for_the_same() {
    let keyring = Arc::new(Keyring::default());
    let mut asks = keyring.asks();
    let wait = || {
        let keyring = keyring.clone();
        tokio::spawn(async move { keyring.renewed().await })
    };
    let first = [wait(), wait()];
    tokio::task::yield_now().await;
    assert!(!was_asked(&mut asks), "the first look needs no asking");
    keyring.found(keys("A"));
    for waiting in first {
        assert!(waiting.await.unwrap());
    }
    let next = [wait(), wait(), wait()];
    tokio::task::yield_now().await;
    assert!(was_asked(&mut asks));
    keyring.found(keys("B"));
    for waiting in next {
        assert!(waiting.await.unwrap());
    }
    assert!(!was_asked(&mut asks));
}
