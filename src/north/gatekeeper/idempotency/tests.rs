use super::*;
use crate::store::MemoryStore;

const DAY: Duration = Duration::from_secs(86_400);

fn over(store: &Arc<MemoryStore>, config: AnswersConfig) -> Arc<Answers> {
    let store = Arc::<MemoryStore>::clone(store);
    Answers::new(config, store, Clock::new(SystemTime::now()))
}

/// What is done: a success, which is written as a session's outcome is, or a failure.
async fn ask(answers: &Arc<Answers>, key: &str, body: &str, does: Result<usize, ApiError>) -> (u16, bool) {
    let keyed = answers.keyed(Key(key.into()), &[b"POST", b"/", body.as_bytes()]);
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (me, request, is_done) = (Arc::clone(answers), keyed.clone(), Arc::clone(&done));
    let work = async move {
        is_done.store(true, std::sync::atomic::Ordering::SeqCst);
        let answer = Answer::json(axum::http::StatusCode::CREATED, &"x".repeat(does?));
        let commit = Commit { records: vec![request.record(&answer)], ..Commit::default() };
        me.store.commit(commit).await.map_err(SessionError::from)?;
        Ok(answer)
    };
    let status = match answers.once(keyed, work).await {
        Ok(answer) => answer.status.as_u16(),
        Err(error) => error.into_response().status().as_u16(),
    };
    (status, done.load(std::sync::atomic::Ordering::SeqCst))
}

/// The keys of the answers in the store.
async fn kept(store: &MemoryStore) -> Vec<String> {
    let records = store.records(RecordKind::Answer, None, usize::MAX).await.unwrap();
    records.iter().map(|record| record.key.to_string()).collect()
}

/// Lets the task that removes answers run until it waits.
async fn sweep() {
    tokio::time::sleep(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_for_a_day_and_then_removed() {
    let store = Arc::new(MemoryStore::new());
    let answers = over(&store, AnswersConfig::default());
    assert_eq!(ask(&answers, "a", "x", Ok(1)).await, (201, true));
    tokio::time::advance(DAY - Duration::from_secs(1)).await;
    assert_eq!(ask(&answers, "a", "x", Ok(1)).await, (201, false));
    tokio::time::advance(Duration::from_secs(1)).await;
    // Whether it was removed or not.
    assert_eq!(ask(&answers, "a", "y", Ok(1)).await, (201, true));
    answers.start();
    sweep().await;
    assert_eq!(kept(&store).await, ["a"]);
    tokio::time::advance(DAY).await;
    sweep().await;
    assert_eq!(kept(&store).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_oldest_answers_make_room_those_of_an_earlier_process_too() {
    let config = AnswersConfig::default();
    for config in [
        AnswersConfig { max_answers: 2, ..config },
        AnswersConfig { max_octets: 2 * (index::ENTRY + 1000), ..config },
    ] {
        let store = Arc::new(MemoryStore::new());
        let answers = over(&store, config);
        for key in ["d", "c", "b"] {
            assert_eq!(ask(&answers, key, "x", Ok(800)).await, (201, true));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(kept(&store).await, ["b", "c", "d"]);
        drop(answers);
        let clock = Clock::new(SystemTime::now() + Duration::from_secs(60));
        let answers = Answers::new(config, store.clone(), clock);
        answers.start();
        assert_eq!(ask(&answers, "a", "x", Ok(800)).await, (201, true));
        sweep().await;
        assert_eq!(kept(&store).await, ["a", "b"]);
        assert_eq!(ask(&answers, "b", "x", Ok(800)).await, (201, false));
        assert_eq!(ask(&answers, "c", "x", Ok(800)).await, (201, true));
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_the_most_answers_makes_room_for_the_others() {
    let config = AnswersConfig::default();
    for config in [
        AnswersConfig { max_answers: 4, ..config },
        AnswersConfig { max_octets: 4 * (index::ENTRY + 1000), ..config },
    ] {
        let store = Arc::new(MemoryStore::new());
        let answers = over(&store, config);
        answers.start();
        for key in ["quiet 1", "busy 1", "quiet 2", "busy 2", "busy 3", "busy 4", "busy 5", "busy 6"] {
            assert_eq!(ask(&answers, key, "x", Ok(800)).await, (201, true));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        sweep().await;
        assert_eq!(kept(&store).await, ["busy 5", "busy 6", "quiet 1", "quiet 2"]);
        assert_eq!(ask(&answers, "quiet 1", "x", Ok(800)).await, (201, false));
        assert_eq!(ask(&answers, "busy 4", "x", Ok(800)).await, (201, true));
    }
}

#[tokio::test]
async fn a_failure_and_a_break_free_the_key_and_a_refusal_keeps_it() {
    let store = Arc::new(MemoryStore::new());
    let answers = over(&store, AnswersConfig::default());
    let failure = || Err(ApiError::Session(SessionError::ShuttingDown));
    assert_eq!(ask(&answers, "a", "x", failure()).await, (503, true));
    let keyed = answers.keyed(Key("a".into()), &[b"POST", b"/", b"x"]);
    let broken = answers.once(keyed, async { panic!("on purpose") }).await;
    assert!(matches!(broken, Err(ApiError::Broken)));
    assert_eq!(kept(&store).await, Vec::<String>::new());
    assert_eq!(ask(&answers, "a", "x", Err(ApiError::NoTemplate)).await, (404, true));
    assert_eq!(ask(&answers, "a", "x", Ok(1)).await, (404, false));
    assert_eq!(ask(&over(&store, AnswersConfig::default()), "a", "x", Ok(1)).await, (404, false));
    assert_eq!(ask(&over(&store, AnswersConfig::default()), "a", "y", Ok(1)).await, (422, false));
    assert!(answers.lock().under_way.is_empty());
}

#[tokio::test]
async fn parts_of_a_request_do_not_run_into_each_other() {
    let answers = over(&Arc::default(), AnswersConfig::default());
    let digest = |parts: &[&[u8]]| answers.keyed(Key("a".into()), parts).request;
    assert_eq!(digest(&[b"ab", b"c"]), digest(&[b"ab", b"c"]));
    assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    // It is compared with what earlier versions wrote: whoever changes it changes what is stored.
    assert_eq!(digest(&[b"POST", b"/"])[..4], [102, 204, 248, 2]);
}

#[test]
fn an_answer_is_read_as_it_was_written() {
    let mut answer = Answer::json(axum::http::StatusCode::CREATED, &serde_json::json!({ "a": 1 }));
    answer.headers.append("x-one", "1".parse().unwrap());
    answer.headers.append("x-one", "2".parse().unwrap());
    let at = std::time::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    let keyed = Keyed { key: "k".into(), request: [200; 32], at };
    let record = keyed.record(&answer);
    let value = record.value.unwrap();
    let kept: Kept<'_> = records::read(RecordKind::Answer, &record.key, &value).unwrap();
    assert_eq!((kept.answer(), kept.at(), kept.request), (Some(answer), at, &[200; 32][..]));
    // Octets take one each.
    assert!(value.len() < 200, "{}", value.len());
}
