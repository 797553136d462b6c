//! What is left of a session when it is over: who, what, from when to when, and why it ended.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{QosSessionId, RxSessionId, Session, SessionState};
use crate::dict::dump::date;

/// A session from beginning to end. It is made when no server is owed an STR any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its name for the caller.
    pub id: QosSessionId,
    /// Its name in Diameter.
    pub rx_session: RxSessionId,
    /// Who made it; `None`: nobody in particular.
    pub owner: Option<String>,
    /// Whose traffic it was.
    pub end_user: String,
    /// When it was asked for.
    pub asked: SystemTime,
    /// When it was granted, if it was.
    pub granted: Option<SystemTime>,
    /// When it was over for its caller.
    pub ended: SystemTime,
    /// Why.
    pub reason: String,
    /// When the last server that might have had it was told, or was given up.
    pub closed: SystemTime,
    /// Origin-Host of the server that granted it, and the peer that the answer came through.
    pub pcrf: Option<(String, String)>,
    /// Media-Component-Numbers that it had.
    pub media: Vec<u32>,
    /// Modifications that were asked for.
    pub modifications: u64,
    /// IP-CAN-Type and RAT-Type that the network reported last.
    pub access: [Option<String>; 2],
}

/// Takes the records of sessions that are over.
pub trait Ledger: Send + Sync {
    /// Takes one. Never blocks.
    fn completed(&self, record: SessionRecord);
}

impl SessionRecord {
    /// The record of a session that is over. `None`: nobody asked for it; a server had it from before.
    pub(super) fn of(session: &Session) -> Option<Self> {
        let first =
            |states: &[SessionState]| session.history.iter().find(|entry| states.contains(&entry.state));
        first(&[SessionState::Pending])?;
        let ended = first(&[SessionState::Ending, SessionState::Gone])?;
        let mut media: Vec<u32> = session.flows.iter().filter_map(|flow| flow.component).collect();
        media.sort_unstable();
        media.dedup();
        Some(Self {
            id: session.id.clone(),
            rx_session: session.rx_session.clone(),
            owner: session.owner.as_deref().map(String::from),
            end_user: session.end_user.clone(),
            asked: session.created,
            granted: first(&[SessionState::Open]).map(|granted| granted.at),
            ended: ended.at,
            reason: ended.what.clone(),
            closed: session.history.last().map_or(ended.at, |last| last.at),
            pcrf: session.pcrf.as_ref().map(|pcrf| (pcrf.host.to_string(), pcrf.peer.to_string())),
            media,
            modifications: session.revision,
            access: [
                session.granted.ip_can_type.map(|kind| kind.to_string()),
                session.granted.rat_type.map(|kind| kind.to_string()),
            ],
        })
    }

    /// As a JSON object on one line, without the end of the line. `end_user`: with whose traffic it was.
    pub fn to_json(&self, end_user: bool) -> String {
        let seconds = self.granted.and_then(|granted| self.ended.duration_since(granted).ok());
        let (host, peer) = self.pcrf.as_ref().map(|(host, peer)| (host.as_str(), peer.as_str())).unzip();
        let [ip_can_type, rat_type] = &self.access;
        let mut record = json!({
            "request_id": self.id.as_str(),
            "rx_session": self.rx_session.as_str(),
            "asked": shown(self.asked),
            "granted": self.granted.map(shown),
            "ended": shown(self.ended),
            "seconds": seconds.map(|seconds| seconds.as_secs()),
            "reason": self.reason,
            "closed": shown(self.closed),
            "pcrf": host,
            "peer": peer,
            "media": self.media,
            "modifications": self.modifications,
            "ip_can_type": ip_can_type,
            "rat_type": rat_type,
        });
        if let (Some(owner), Value::Object(members)) = (&self.owner, &mut record) {
            members.insert("application".into(), owner.as_str().into());
        }
        if let (true, Value::Object(members)) = (end_user, &mut record) {
            members.insert("end_user".into(), self.end_user.as_str().into());
        }
        record.to_string()
    }
}

/// In UTC with whole seconds (RFC 3339).
fn shown(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    date(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        rx::AaRequest,
        session::{MAX_HISTORY, QosRequest},
    };

    #[test]
    fn beginning_and_end_are_known_however_much_happened_between() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let request = QosRequest {
            owner: None,
            end_user: "tel:+491".into(),
            duration: None,
            service: AaRequest::default(),
            view: "".into(),
        };
        let mut session = Session::pending("id".into(), "rx;1".into(), at(10), &request);
        assert_eq!(SessionRecord::of(&session), None, "it is not over");
        session.state = SessionState::Open;
        session.record(at(11), "granted");
        for second in 0..100 {
            session.record(at(12 + second), "reported");
        }
        session.state = SessionState::Ending;
        session.record(at(200), "removed");
        session.record(at(201), "closed at a server");
        assert_eq!(session.history.len(), MAX_HISTORY);
        let record = SessionRecord::of(&session).unwrap();
        assert_eq!(
            record.to_json(false),
            r#"{"request_id":"id","rx_session":"rx;1","asked":"1970-01-01T00:00:10Z","granted":"1970-01-01T00:00:11Z","ended":"1970-01-01T00:03:20Z","seconds":189,"reason":"removed","closed":"1970-01-01T00:03:21Z","pcrf":null,"peer":null,"media":[],"modifications":0,"ip_can_type":null,"rat_type":null}"#
        );
        assert!(record.to_json(true).ends_with(r#","end_user":"tel:+491"}"#));
        let orphan = Session::orphan("id".into(), "rx;2".into(), at(1));
        assert_eq!(SessionRecord::of(&orphan), None, "nobody asked for it");
    }
}
