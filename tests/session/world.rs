//! A core, a store and a network of model PCRFs.

#[path = "events.rs"]
mod events;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rxgate::{
    rx::AaRequest,
    session::{
        EventKind, QosChange, QosEvent, QosRequest, QosSessionId, SessionConfig, SessionError, SessionFilter,
        SessionState, SessionStore, Sessions, Updated,
    },
    store::MemoryStore,
};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::net::{Attempt, Net, Port, at};

pub struct World {
    pub net: Arc<Net>,
    pub store: Arc<MemoryStore>,
    pub sessions: Arc<Sessions>,
    pub events: UnboundedReceiver<Arc<QosEvent>>,
}

pub fn config() -> SessionConfig {
    SessionConfig::new("af.test", "test", "net", SystemTime::now())
}

pub async fn world(hosts: &[&'static str]) -> World {
    let store = Arc::new(MemoryStore::new());
    world_over(hosts, store.clone(), store, config()).await
}

pub async fn world_over(
    hosts: &[&'static str],
    port: Arc<dyn SessionStore>,
    store: Arc<MemoryStore>,
    config: SessionConfig,
) -> World {
    let net = Net::new(hosts);
    let sessions = Sessions::new(config, Arc::new(Port(net.clone())), port);
    let server: Arc<dyn rxgate::session::ports::RxServer> = sessions.clone();
    net.serve(Arc::downgrade(&server));
    sessions.start().await.unwrap();
    let events = events::listen(&sessions);
    World { net, store, sessions, events }
}

pub fn request() -> QosRequest {
    QosRequest {
        owner: None,
        end_user: "tel:+1".into(),
        duration: None,
        service: AaRequest { framed_ip_address: Some(vec![10, 0, 0, 1].into()), ..AaRequest::default() },
        view: "{}".into(),
    }
}

/// A change to this; it is the view too.
pub fn change(to: &str) -> QosChange {
    QosChange {
        duration: None,
        service: AaRequest {
            framed_ip_address: Some(vec![10, 0, 0, 1].into()),
            af_application_identifier: Some(to.as_bytes().to_vec().into()),
            ..AaRequest::default()
        },
        view: to.into(),
    }
}

pub fn lasting(seconds: u64) -> QosRequest {
    QosRequest { duration: Some(Duration::from_secs(seconds)), ..request() }
}

impl World {
    /// Nothing is under way, nothing is owed, and both sides have the same sessions.
    pub async fn balanced(&self) {
        self.sessions.settled().await;
        let listed = self.sessions.list(SessionFilter::default()).await.unwrap();
        let owned = listed
            .iter()
            .map(|session| (session.pcrf.as_ref().unwrap().host.to_string(), session.rx_session.to_string()))
            .collect();
        assert_eq!(self.net.held(), owned);
        let all = [SessionState::Pending, SessionState::Ending, SessionState::Gone];
        for state in all {
            let filter = SessionFilter { state: Some(state), ..SessionFilter::default() };
            assert!(self.sessions.list(filter).await.unwrap().is_empty(), "{state} sessions are left");
        }
        assert_eq!(self.sessions.closings(), 0);
    }

    /// Modifies a session as soon as it can be.
    pub async fn modify(&self, id: &QosSessionId, change: QosChange) -> Result<Updated, SessionError> {
        self.sessions.update(id).await?.apply(change).await
    }

    /// What a caller sees of a session, and what its PCRF made of the AARs.
    pub async fn views(&self, id: &QosSessionId) -> (String, String) {
        let session = self.sessions.status(id).await.unwrap();
        let hosts = self.net.hosts();
        let host = &hosts[&*session.pcrf.unwrap().host];
        (session.view.to_string(), host.service.get(session.rx_session.as_str()).cloned().unwrap_or_default())
    }

    pub fn causes(&self) -> Vec<u32> {
        self.net.strs.lock().unwrap().iter().map(|request| request.termination_cause.0).collect()
    }

    pub fn kinds(&mut self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok()).map(|event| event.kind).collect()
    }

    pub fn counted(&self, name: &str) -> u64 {
        self.sessions.counters().read().find(|(known, _)| *known == name).unwrap().1
    }
}

pub fn lost_answer(host: &'static str) -> Attempt {
    Attempt { returns: None, ..at(host) }
}

pub fn late(host: &'static str, seconds: u64) -> Attempt {
    Attempt { returns: Some(Duration::from_secs(seconds)), ..at(host) }
}
