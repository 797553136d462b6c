//! The requests of the AF: what a session's AARs and its STR say (TS 29.214 §4.4.1, §4.4.2, §4.4.4, §5.6.1,
//! §5.6.5).

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{Closing, RxSessionId, Session, priority};
use crate::{
    dict::{
        RX_APPLICATION_ID,
        enums::{Drmp, RxRequestType, SpecificAction},
    },
    rx::{AaRequest, FeatureList, List, OcSupportedFeatures, StRequest, SupportedFeatures},
};

/// What every request says about overload: reports of the loss algorithm are heeded (RFC 7683 §5.1.1, §7.2).
const LOSS_ALGORITHM: OcSupportedFeatures<'static> =
    OcSupportedFeatures { oc_feature_vector: Some(1), custom: List::borrowed(&[]) };

/// What the core is told once.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Origin-Host of this AF.
    pub origin_host: String,
    /// Origin-Realm of this AF.
    pub origin_realm: String,
    /// Realm of the PCRFs.
    pub destination_realm: String,
    /// Origin-State-Id of this process; the same as in its capabilities exchange.
    pub origin_state_id: u32,
    /// The time of day when the core is made: it runs on from there. Session-Ids begin with it.
    pub started: SystemTime,
    /// Peers that an earlier process may have sent an AAR to: of a session that was not granted yet when that ended,
    /// all of them are told that it is over. Default none: one is told.
    pub peers: Vec<Arc<str>>,
    /// Specific-Actions that every session subscribes to.
    pub baseline_events: Vec<SpecificAction>,
    /// One operation's whole time on the network, resends included. Default 10 s.
    pub request_timeout: Duration,
    /// Longest time in which a request is to be done, with all that is under way before it; one that would take
    /// longer is refused. Twice as long with DRMP 0. Default 2 s: with what chance adds to that, an attempt is still
    /// answered in time.
    pub admit_within: Duration,
    /// Wait before an STR without an answer is repeated first; doubled each time. Default 1 s.
    pub retry_initial: Duration,
    /// Longest wait between repetitions of an STR. Default 60 s.
    pub retry_max: Duration,
    /// Age at which an STR is given up. Default 24 h.
    pub give_up_str_after: Duration,
    /// How long after an AAR without an answer, or after its peer came back, "unknown session" may still
    /// mean that the AAR is on its way. Default 20 s.
    pub settle: Duration,
    /// Most STRs owed at a time; more are given up at once. Default 100,000.
    pub max_closing: usize,
    /// Whether the sessions of each owner are counted that earlier processes left: quotas need that, and it reads them
    /// all when it starts. Default no.
    pub count_owners: bool,
    /// Makes the names of sessions the same ones each time, for a simulation; default `None`: nobody can guess them.
    pub seed: Option<u64>,
}

impl SessionConfig {
    /// The defaults for this identity.
    pub fn new(origin_host: &str, origin_realm: &str, destination_realm: &str, started: SystemTime) -> Self {
        let seconds = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            origin_host: origin_host.into(),
            origin_realm: origin_realm.into(),
            destination_realm: destination_realm.into(),
            // Seconds in 32 bits: grows with every start (RFC 6733 §8.16).
            origin_state_id: u32::try_from(seconds & 0xffff_ffff).unwrap_or(u32::MAX),
            started,
            peers: Vec::new(),
            baseline_events: [1, 2, 3, 4, 6, 7, 10].map(SpecificAction).to_vec(),
            request_timeout: Duration::from_secs(10),
            admit_within: Duration::from_secs(2),
            retry_initial: Duration::from_secs(1),
            retry_max: Duration::from_secs(60),
            give_up_str_after: Duration::from_secs(86_400),
            settle: Duration::from_secs(20),
            max_closing: 100_000,
            count_owners: false,
            seed: None,
        }
    }

    /// The AAR that asks for a session; what the caller gave is kept.
    pub fn initial(&self, id: &RxSessionId, service: AaRequest<'static>) -> AaRequest<'static> {
        let sponsored = service.sponsored_connectivity_data.as_ref();
        let threshold = sponsored.is_some_and(|data| data.granted_service_unit.is_some());
        let mut actions = self.baseline_events.clone();
        actions.extend(threshold.then_some(SpecificAction::USAGE_REPORT));
        actions.extend(service.specific_action.iter().map(Cow::into_owned));
        actions.sort();
        actions.dedup();
        AaRequest {
            session_id: id.as_str().to_owned().into(),
            auth_application_id: RX_APPLICATION_ID,
            origin_host: self.origin_host.clone().into(),
            origin_realm: self.origin_realm.clone().into(),
            destination_realm: self.destination_realm.clone().into(),
            rx_request_type: Some(RxRequestType::INITIAL_REQUEST),
            origin_state_id: Some(self.origin_state_id),
            specific_action: actions.into(),
            supported_features: features(sponsored.is_some(), &service.supported_features),
            oc_supported_features: Some(LOSS_ALGORITHM),
            drmp: priority::drmp(&service),
            ..service
        }
    }

    /// The AAR that changes a session, for the server that granted it; what the caller gave is kept.
    ///
    /// Only a session's first AAR subscribes to events. Class is not echoed here: it is not in the grammar of an AAR
    /// (TS 29.214 §5.6.1), and as it has the M bit, strict servers refuse it there with 5001.
    pub fn update_request(&self, session: &Session, service: AaRequest<'static>) -> AaRequest<'static> {
        let pcrf = session.pcrf.as_ref();
        let realm = pcrf.map_or(self.destination_realm.clone(), |pcrf| pcrf.realm.to_string());
        let supported_features = match service.supported_features.is_empty() {
            true => List::default(),
            false => {
                // What rules the session stays beside what the caller adds (TS 29.214 §4.1.3).
                let granted = session.granted.supported_features.iter().cloned();
                let lists = granted.chain(service.supported_features.iter().map(Cow::into_owned)).collect();
                features(service.sponsored_connectivity_data.is_some(), &lists)
            }
        };
        AaRequest {
            supported_features,
            session_id: session.rx_session.as_str().to_owned().into(),
            auth_application_id: RX_APPLICATION_ID,
            origin_host: self.origin_host.clone().into(),
            origin_realm: self.origin_realm.clone().into(),
            destination_realm: realm.into(),
            destination_host: pcrf.map(|pcrf| pcrf.host.to_string().into()),
            rx_request_type: Some(RxRequestType::UPDATE_REQUEST),
            origin_state_id: Some(self.origin_state_id),
            specific_action: List::default(),
            oc_supported_features: Some(LOSS_ALGORITHM),
            drmp: priority::drmp(&service).or(session.drmp.map(Drmp)),
            ..service
        }
    }

    /// The STR that closes a session at one server.
    pub fn termination(&self, id: &RxSessionId, closing: &Closing, drmp: Option<Drmp>) -> StRequest<'static> {
        StRequest {
            session_id: id.as_str().to_owned().into(),
            auth_application_id: RX_APPLICATION_ID,
            origin_host: self.origin_host.clone().into(),
            origin_realm: self.origin_realm.clone().into(),
            destination_realm: self.destination_realm.clone().into(),
            destination_host: closing.host.as_ref().map(|host| host.to_string().into()),
            termination_cause: closing.cause,
            origin_state_id: Some(self.origin_state_id),
            class: closing.class.iter().map(|class| Cow::Owned(class.clone())).collect(),
            oc_supported_features: Some(LOSS_ALGORITHM),
            drmp,
            ..StRequest::default()
        }
    }
}

/// Our features, and beside them what the caller wants: one AVP for each list, and nothing of ours is lost.
fn features(
    sponsored: bool,
    wanted: &List<'static, SupportedFeatures<'static>>,
) -> List<'static, SupportedFeatures<'static>> {
    let mut lists = vec![FeatureList::release_10(sponsored).to_avp()];
    for list in wanted.iter() {
        let same = |known: &&mut SupportedFeatures<'_>| {
            (known.vendor_id, known.feature_list_id) == (list.vendor_id, list.feature_list_id)
        };
        match lists.iter_mut().find(same) {
            Some(known) => known.feature_list |= list.feature_list,
            None => lists.push(list.into_owned()),
        }
    }
    lists.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rx::{GrantedServiceUnit, SponsoredConnectivityData},
        session::QosRequest,
    };

    fn config() -> SessionConfig {
        SessionConfig::new(
            "af.rx.test",
            "rx.test",
            "net.test",
            SystemTime::UNIX_EPOCH + Duration::from_secs(7),
        )
    }

    #[test]
    fn an_initial_request_subscribes_once_and_offers_release_10() {
        let service = AaRequest {
            specific_action: vec![SpecificAction(8), SpecificAction(2)].into(),
            framed_ip_address: Some(vec![10, 0, 0, 1].into()),
            ..AaRequest::default()
        };
        let request = config().initial(&"af;1;1".into(), service);
        let actions: Vec<u32> = request.specific_action.iter().map(|action| action.0).collect();
        assert_eq!(actions, [1, 2, 3, 4, 6, 7, 8, 10]);
        assert_eq!(request.supported_features.to_vec(), [FeatureList { id: 1, bits: 0x13 }.to_avp()]);
        assert_eq!(request.rx_request_type, Some(RxRequestType::INITIAL_REQUEST));
        assert_eq!(request.framed_ip_address.as_deref(), Some(&[10, 0, 0, 1][..]));
        assert_eq!((request.origin_state_id, request.destination_host), (Some(7), None));
    }

    #[test]
    fn every_request_of_a_priority_session_says_so_and_heeds_overload_reports() {
        let now = SystemTime::UNIX_EPOCH;
        let service = || AaRequest { mps_identifier: Some(b"wps"[..].into()), ..AaRequest::default() };
        let request = QosRequest {
            owner: None,
            end_user: String::new(),
            duration: None,
            service: service(),
            view: "".into(),
        };
        let session = Session::pending("q".into(), "af;1;1".into(), now, &request);
        let initial = config().initial(&session.rx_session, service());
        let update = config().update_request(&session, AaRequest::default());
        let raised = AaRequest { service_urn: Some(b"sos"[..].into()), ..AaRequest::default() };
        let raised = config().update_request(&session, raised);
        let closing = closing(now);
        let end = config().termination(&session.rx_session, &closing, session.drmp.map(Drmp));
        let drmp = [initial.drmp, update.drmp, raised.drmp, end.drmp].map(|drmp| drmp.map(|drmp| drmp.0));
        assert_eq!(drmp, [Some(1), Some(1), Some(0), Some(1)]);
        for features in
            [initial.oc_supported_features, update.oc_supported_features, end.oc_supported_features]
        {
            assert_eq!(features.and_then(|features| features.oc_feature_vector), Some(1));
        }
    }

    fn closing(since: SystemTime) -> Closing {
        let cause = crate::dict::enums::TerminationCause::DIAMETER_LOGOUT;
        Closing { host: None, peer: None, cause, since, certain: true, class: Vec::new() }
    }

    #[test]
    fn a_threshold_subscribes_to_usage_reports_and_needs_their_feature() {
        let data = SponsoredConnectivityData {
            granted_service_unit: Some(GrantedServiceUnit::default()),
            ..SponsoredConnectivityData::default()
        };
        let service = AaRequest { sponsored_connectivity_data: Some(data), ..AaRequest::default() };
        let request = config().initial(&"af;1;1".into(), service);
        assert!(request.specific_action.iter().any(|action| *action == SpecificAction::USAGE_REPORT));
        assert_eq!(request.supported_features.first().map(|list| list.feature_list), Some(0x1b));
    }

    #[test]
    fn a_caller_who_modifies_clears_no_features_either() {
        let nothing = QosRequest {
            owner: None,
            end_user: String::new(),
            duration: None,
            service: AaRequest::default(),
            view: "".into(),
        };
        let now = SystemTime::UNIX_EPOCH;
        let mut session = Session::pending("q".into(), "af;1;1".into(), now, &nothing);
        session.granted.supported_features = vec![FeatureList { id: 1, bits: 0x1b }.to_avp()];
        let cleared = FeatureList { id: 1, bits: 0 }.to_avp();
        let service = AaRequest { supported_features: vec![cleared].into(), ..AaRequest::default() };
        let request = config().update_request(&session, service);
        assert_eq!(request.supported_features.to_vec(), [FeatureList { id: 1, bits: 0x1b }.to_avp()]);
        let request = config().update_request(&session, AaRequest::default());
        assert!(request.supported_features.is_empty());
    }

    #[test]
    fn a_caller_adds_features_and_clears_none() {
        let other =
            SupportedFeatures { vendor_id: 1, feature_list_id: 1, feature_list: 2, ..Default::default() };
        let mine = FeatureList { id: 1, bits: 0x40 }.to_avp();
        let service =
            AaRequest { supported_features: vec![other.clone(), mine].into(), ..AaRequest::default() };
        let request = config().initial(&"af;1;1".into(), service);
        assert_eq!(request.supported_features.to_vec(), [FeatureList { id: 1, bits: 0x53 }.to_avp(), other]);
    }
}
