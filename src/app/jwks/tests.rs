use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::time::{Instant, advance};

use super::*;

/// A provider that has this to say, one after another, and then the last of it; and when it was asked.
#[derive(Clone, Default)]
struct Provider {
    answers: Arc<Mutex<VecDeque<Option<KeySet>>>>,
    asked: Arc<Mutex<Vec<Instant>>>,
    max_age: Arc<Mutex<Option<Duration>>>,
}

impl Provider {
    fn says(&self, answers: impl IntoIterator<Item = Option<KeySet>>) {
        *self.answers.lock().unwrap() = answers.into_iter().collect();
    }

    /// Seconds between the looks so far.
    fn waits(&self) -> Vec<u64> {
        let times = self.asked.lock().unwrap().clone();
        times.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect()
    }
}

impl Source for Provider {
    async fn look(&self) -> Result<(KeySet, Duration), (NotFound, String)> {
        self.asked.lock().unwrap().push(Instant::now());
        let mut answers = self.answers.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let keys = next.flatten().ok_or((NotFound::Unreachable, "nobody".into()))?;
        Ok((keys, within(*self.max_age.lock().unwrap())))
    }

    fn name(&self) -> String {
        "test".into()
    }
}

fn keys(first: &str) -> KeySet {
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{first}{}"}}]}}"#, "A".repeat(42));
    KeySet::read(set.as_bytes(), &[Algorithm::EdDsa]).unwrap()
}

/// Lets so much time go by, second by second.
async fn pass(seconds: u64) {
    for _ in 0..seconds {
        advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
}

fn begin(provider: &Provider) -> (Arc<Keyring>, tokio::task::JoinHandle<()>) {
    let keyring = Arc::new(Keyring::default());
    let following = tokio::spawn(follow(provider.clone(), Arc::downgrade(&keyring)));
    (keyring, following)
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_away_is_asked_less_and_less_and_its_keys_are_kept_for_a_day() {
    let provider = Provider::default();
    provider.says([None, None, None, Some(keys("A")), None]);
    let (keyring, following) = begin(&provider);
    pass(4).await;
    assert!(keyring.keys().is_none());
    pass(4).await;
    assert_eq!(keyring.keys().as_deref(), Some(&keys("A")));
    pass(300 + 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60).await;
    assert_eq!(provider.waits()[..12], [1, 2, 4, 300, 1, 2, 4, 8, 16, 32, 60, 60]);
    pass(23 * 3600).await;
    assert_eq!(keyring.keys().as_deref(), Some(&keys("A")), "a day is not over");
    pass(3600).await;
    assert!(keyring.keys().is_none());
    provider.says([Some(keys("B"))]);
    pass(60).await;
    assert_eq!(keyring.keys().as_deref(), Some(&keys("B")));
    drop(keyring);
    following.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_answered_at_once() {
    let provider = Provider::default();
    provider.says([Some(keys("A")), Some(keys("B"))]);
    let (keyring, following) = begin(&provider);
    pass(1).await;
    assert_eq!(keyring.keys().as_deref(), Some(&keys("A")));
    keyring.ask();
    pass(1).await;
    assert_eq!(keyring.keys().as_deref(), Some(&keys("B")));
    pass(298).await;
    assert_eq!(provider.waits(), [1]);
    pass(3).await;
    assert_eq!(provider.waits(), [1, 300], "it is looked at later, then");
    drop(keyring);
    following.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_provider_says_how_long_its_keys_hold_within_bounds() {
    let provider = Provider::default();
    provider.says([Some(keys("A"))]);
    *provider.max_age.lock().unwrap() = Some(Duration::from_secs(90));
    let (keyring, following) = begin(&provider);
    pass(91).await;
    *provider.max_age.lock().unwrap() = Some(Duration::ZERO);
    pass(90 + 60).await;
    *provider.max_age.lock().unwrap() = Some(Duration::from_secs(86_400));
    pass(60 + 300).await;
    assert_eq!(provider.waits(), [90, 90, 60, 60, 300]);
    drop(keyring);
    following.await.unwrap();
}
