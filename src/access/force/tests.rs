use tokio::time::advance;

use super::*;
use crate::access::{Scope, Scopes};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Cheap hashes: what is tested is not what they cost. Of `password` and of `another`.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn terms(id: &str) -> Terms {
    let secrets = vec![SecretHash::parse(HASH).unwrap()];
    Terms { secrets, ..Terms::new(id, [Scope::Apply, Scope::Read]) }
}

fn hashed(access: &Access) -> u64 {
    access.counters.hashed.load(std::sync::atomic::Ordering::Relaxed)
}

async fn show(access: &Arc<Access>, id: &str, secret: &str) -> Result<Scopes, Denial> {
    let shown = access.basic(id, secret.into(), HERE).await?;
    access.admit(shown).map(|caller| caller.scopes)
}

#[tokio::test(start_paused = true)]
async fn the_right_secret_lets_in_and_is_hashed_once() {
    let access = Access::new(vec![terms("video")]).unwrap();
    let scopes = terms("video").scopes;
    // Many at once are looked at once.
    let (one, other) = tokio::join!(show(&access, "video", "password"), show(&access, "video", "password"));
    assert_eq!((one, other), (Ok(scopes), Ok(scopes)));
    advance(Duration::from_secs(1_000_000)).await;
    access.put(vec![Terms { rate: Some(1000), ..terms("video") }]);
    assert_eq!(show(&access, "video", "password").await, Ok(scopes));
    assert_eq!(hashed(&access), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_apart_by_nothing() {
    let access = Access::new(vec![terms("video")]).unwrap();
    for (id, secret) in [("video", "wrong"), ("nobody", "password"), ("", ""), ("VIDEO", "password")] {
        assert_eq!(show(&access, id, secret).await, Err(Denial::Unknown), "{id}");
    }
    let before = hashed(&access);
    assert_eq!(show(&access, "video", "wrong").await, Err(Denial::Unknown));
    assert_eq!(hashed(&access), before, "the same again costs nothing");
}

#[tokio::test(start_paused = true)]
async fn guessing_ends_soon_and_does_not_hurt_who_is_in() {
    let access = Access::new(vec![terms("video")]).unwrap();
    show(&access, "video", "password").await.unwrap();
    let mut outcomes = Vec::new();
    for guess in 0..1000 {
        outcomes.push(show(&access, "video", &format!("guess {guess}")).await.unwrap_err());
    }
    let limited = outcomes.iter().filter(|outcome| matches!(outcome, Denial::Attempts { .. })).count();
    assert!(limited > 900, "{limited}");
    assert!(show(&access, "video", "password").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_guesses_leaves_the_first_turn_to_others() {
    let access = Access::new(vec![terms("video")]).unwrap();
    let there = IpAddr::from([192, 0, 2, 2]);
    let mut guesses = tokio::task::JoinSet::new();
    for guess in 0..1000 {
        let access = access.clone();
        guesses.spawn(async move { access.basic("video", format!("guess {guess}").into(), there).await });
    }
    let mut looked_at = 0;
    while looked_at == 0 {
        let denial = guesses.join_next().await.unwrap().unwrap().unwrap_err();
        looked_at += u32::from(denial == Denial::Unknown);
        assert!(matches!(denial, Denial::Unknown | Denial::Attempts { .. }), "{denial}");
    }
    assert!(show(&access, "video", "password").await.is_ok());
    // He has no token left, and neither have those behind the same address, but for who is in.
    let mut more = (1000..).map(|guess| format!("guess {guess}").into());
    while access.basic("video", more.next().unwrap(), there).await.unwrap_err() == Denial::Unknown {}
    assert!(access.basic("video", "password".into(), there).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_changes_holds_at_once() {
    let access = Access::new(vec![terms("video")]).unwrap();
    assert_eq!(show(&access, "voice", "password").await, Err(Denial::Unknown));
    show(&access, "video", "password").await.unwrap();
    access.put(vec![terms("voice"), Terms { secrets: Vec::new(), ..terms("video") }]);
    assert!(show(&access, "voice", "password").await.is_ok(), "what was wrong may be right now");
    assert_eq!(show(&access, "video", "password").await, Err(Denial::Unknown));
    access.put(vec![Terms { active: false, ..terms("voice") }]);
    assert_eq!(show(&access, "voice", "password").await, Err(Denial::Inactive));
    assert_eq!(show(&access, "voice", "wrong").await, Err(Denial::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_is_right_beside_the_old_one() {
    let (old, new) = (Secret::from("password"), Secret::generate().unwrap());
    let both = vec![SecretHash::parse(HASH).unwrap(), SecretHash::of(&new).unwrap()];
    let access = Access::new(vec![Terms { secrets: both.clone(), ..terms("video") }]).unwrap();
    for secret in [&old, &new] {
        assert!(access.basic("video", secret.clone(), HERE).await.is_ok());
    }
    access.put(vec![Terms { secrets: both[1..].to_vec(), ..terms("video") }]);
    assert_eq!(access.basic("video", old, HERE).await.unwrap_err(), Denial::Unknown);
    assert!(access.basic("video", new, HERE).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn requests_beyond_the_rate_are_denied_and_a_change_of_terms_gives_none_back() {
    let limited = || Terms { rate: Some(1), burst: 2, ..terms("video") };
    let access = Access::new(vec![limited(), terms("voice")]).unwrap();
    for _ in 0..2 {
        show(&access, "video", "password").await.unwrap();
    }
    let denied = show(&access, "video", "password").await.unwrap_err();
    assert!(matches!(denied, Denial::Rate { rate: 1, wait } if wait <= Duration::from_secs(1)), "{denied}");
    access.put(vec![limited(), terms("voice")]);
    assert!(matches!(show(&access, "video", "password").await, Err(Denial::Rate { .. })));
    assert!(show(&access, "voice", "password").await.is_ok());
    advance(Duration::from_secs(1)).await;
    assert!(show(&access, "video", "password").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_gives_no_scope_that_the_application_lacks() {
    let access = Access::new(vec![terms("video")]).unwrap();
    let video = access.certified("video").unwrap();
    let shown = Shown { scopes: [Scope::Read, Scope::Admin].into_iter().collect(), ..video };
    let caller = access.admit(shown).unwrap();
    assert_eq!(caller.scopes.to_string(), "read");
    assert_eq!(caller.may(Scope::Apply), Err(Denial::Scope { scope: Scope::Apply, by_token: false }));
    assert_eq!(access.certified("voice").unwrap_err(), Denial::Unknown);
}
