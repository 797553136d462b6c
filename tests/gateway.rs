//! What PCRFs hear when the core is slow, breaks down or is gone: always an answer.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rxgate::{
    BoxFuture,
    dict::{
        Dictionary, RX_APPLICATION_ID, avp, commands,
        enums::{AbortCause, Drmp, SpecificAction},
        is_grouped,
    },
    gateway::{Gateway, GatewayConfig},
    rx::{AsRequest, RaRequest},
    session::ports::{LateGrant, Replied, Reply, RxServer, Sending},
    transport::{LocalNode, PoolConfig, RequestHandler},
    wire::{CommandFlags, EndToEndId, HopByHopId, Index, MessageBuf},
};
use tokio::{sync::Notify, time::timeout};

/// Far above what any wait takes.
const PATIENCE: Duration = Duration::from_secs(60);

enum Mood {
    Ready,
    /// Goes on when it is told to.
    Slow(Arc<Notify>),
    Broken,
}

struct Core {
    mood: Mood,
    /// RARs that came.
    sendings: Mutex<Vec<Sending>>,
    done: Arc<Notify>,
}

impl Core {
    fn asked(&self) -> BoxFuture<'_, Replied> {
        Box::pin(async {
            match &self.mood {
                Mood::Ready => {}
                Mood::Slow(go_on) => go_on.notified().await,
                Mood::Broken => panic!("on purpose"),
            }
            self.done.notify_one();
            Reply::Success.into()
        })
    }
}

impl RxServer for Core {
    fn re_auth(&self, _: RaRequest<'static>, sending: Sending) -> BoxFuture<'_, Replied> {
        self.sendings.lock().unwrap().push(sending);
        self.asked()
    }

    fn abort(&self, _: AsRequest<'static>) -> BoxFuture<'_, Replied> {
        self.asked()
    }

    fn late_grant(&self, _: LateGrant) {}
    fn peer_up(&self, _: &str) {}
    fn origin_state(&self, _: &str, _: u32) {}
}

async fn gateway(server: &Arc<dyn RxServer>) -> Arc<Gateway> {
    let (origin_host, origin_realm) = ("af.rx.test".to_owned(), "rx.test".to_owned());
    let config = GatewayConfig { origin_host, origin_realm, origin_state_id: 7 };
    let gateway = Gateway::new(config, Dictionary::builtin()).unwrap();
    let pool = PoolConfig::new(LocalNode::rx("af.rx.test", "rx.test"));
    gateway.connect(pool, server).await.unwrap();
    gateway
}

fn request(command: u32) -> MessageBuf {
    let flags = CommandFlags::REQUEST | CommandFlags::PROXIABLE;
    let ids = (HopByHopId(3), EndToEndId(4));
    MessageBuf::build(command, flags, RX_APPLICATION_ID, ids, |w| {
        w.put(&avp::SESSION_ID, "af.rx.test;1;1");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
        w.put(&avp::ORIGIN_HOST, "pcrf.rx.test");
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::DESTINATION_REALM, "rx.test");
        w.put(&avp::DESTINATION_HOST, "af.rx.test");
        w.put(&avp::DRMP, Drmp::PRIORITY_3);
        match command {
            commands::ABORT_SESSION => w.put(&avp::ABORT_CAUSE, AbortCause::BEARER_RELEASED),
            _ => w.put(&avp::SPECIFIC_ACTION, SpecificAction::INDICATION_OF_LOSS_OF_BEARER),
        };
    })
    .unwrap()
}

/// The Result-Code of the answer.
async fn asked(gateway: &Gateway, command: u32) -> u32 {
    let answer = timeout(PATIENCE, gateway.handle("pcrf.rx.test".into(), request(command)));
    let answer = answer.await.expect("an answer in time").answer.expect("an answer");
    assert_eq!((answer.header().command, answer.header().is_request()), (command, false));
    let mut index = Index::new();
    let message = answer.parse(&mut index, is_grouped).unwrap();
    assert_eq!(message.avps().get(&avp::SESSION_ID).unwrap(), Some("af.rx.test;1;1"));
    assert_eq!(message.avps().get(&avp::DRMP).unwrap(), Some(Drmp::PRIORITY_3));
    message.avps().get(&avp::RESULT_CODE).unwrap().unwrap()
}

const BOTH: [u32; 2] = [commands::RE_AUTH, commands::ABORT_SESSION];

fn core(mood: Mood) -> (Arc<dyn RxServer>, Arc<Notify>) {
    let done = Arc::new(Notify::new());
    (Arc::new(Core { mood, sendings: Mutex::default(), done: done.clone() }), done)
}

#[tokio::test(start_paused = true)]
async fn the_core_answers() {
    let (server, _) = core(Mood::Ready);
    let gateway = gateway(&server).await;
    for command in BOTH {
        assert_eq!(asked(&gateway, command).await, 2001);
    }
}

#[tokio::test(start_paused = true)]
async fn the_core_is_told_which_request_it_is_and_whether_it_may_have_come_before() {
    let core = Arc::new(Core { mood: Mood::Ready, sendings: Mutex::default(), done: Arc::default() });
    let server: Arc<dyn RxServer> = core.clone();
    let gateway = gateway(&server).await;
    for retransmit in [false, true] {
        let request = request(commands::RE_AUTH).with_hop_by_hop(HopByHopId(3), retransmit);
        assert!(gateway.handle("pcrf.rx.test".into(), request).await.answer.is_some());
    }
    let sendings = [false, true].map(|retransmit| Sending { end_to_end: 4, retransmit });
    assert_eq!(*core.sendings.lock().unwrap(), sendings);
}

#[tokio::test(start_paused = true)]
async fn a_core_that_takes_too_long_is_answered_for_and_goes_on() {
    for command in BOTH {
        let go_on = Arc::new(Notify::new());
        let (server, done) = core(Mood::Slow(go_on.clone()));
        let gateway = gateway(&server).await;
        assert_eq!(asked(&gateway, command).await, 5012);
        go_on.notify_one();
        timeout(PATIENCE, done.notified()).await.expect("what was begun is finished");
    }
}

#[tokio::test(start_paused = true)]
async fn a_core_that_breaks_down_is_answered_for() {
    let (server, _) = core(Mood::Broken);
    let gateway = gateway(&server).await;
    for command in BOTH {
        assert_eq!(asked(&gateway, command).await, 5012);
    }
}

#[tokio::test(start_paused = true)]
async fn a_core_that_is_gone_is_answered_for() {
    let (server, _) = core(Mood::Ready);
    let gateway = gateway(&server).await;
    drop(server);
    for command in BOTH {
        assert_eq!(asked(&gateway, command).await, 5012);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_is_done_even_if_nobody_waits_for_the_answer() {
    let go_on = Arc::new(Notify::new());
    let (server, done) = core(Mood::Slow(go_on.clone()));
    let gateway = gateway(&server).await;
    let asking = gateway.handle("pcrf.rx.test".into(), request(commands::ABORT_SESSION));
    assert!(timeout(Duration::from_millis(1), asking).await.is_err());
    go_on.notify_one();
    timeout(PATIENCE, done.notified()).await.expect("what was begun is finished");
}
