//! The AF sessions that the PCRF holds (TS 29.214 §4.4).

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::Serialize;

use super::{binding::Ue, merge};
use crate::{
    dict,
    rx::{AaRequest, FeatureList, MediaComponentDescription, MediaSubComponent},
    wire::{Index, MessageBuf},
};

/// One AF session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// Origin-Host of the AF: where RAR and ASR go.
    pub af_host: String,
    /// Origin-Realm of the AF.
    pub af_realm: String,
    /// The users that it is bound to.
    pub ues: Vec<Ue>,
    /// The features that both sides have.
    pub features: Vec<FeatureList>,
    /// When it was opened.
    pub created: SystemTime,
    /// Whether an ASR was answered and the STR is awaited.
    pub aborting: bool,
    /// Updates since.
    pub updates: u32,
    /// The first AAR: read again when somebody wants to know.
    first: MessageBuf,
    /// What the AARs up to the last update ask for together.
    merged: Option<Box<AaRequest<'static>>>,
}

impl Session {
    /// Opens a session with its first AAR, whose octets are copied.
    pub fn new(
        request: &AaRequest<'_>,
        octets: &[u8],
        ues: Vec<Ue>,
        features: Vec<FeatureList>,
    ) -> Option<Self> {
        Some(Self {
            af_host: request.origin_host.to_string(),
            af_realm: request.origin_realm.to_string(),
            ues,
            features,
            created: SystemTime::now(),
            aborting: false,
            updates: 0,
            first: MessageBuf::from_bytes(Bytes::copy_from_slice(octets)).ok()?,
            merged: None,
        })
    }

    /// What the AF asks for, all updates merged.
    pub fn service(&self) -> AaRequest<'static> {
        if let Some(merged) = &self.merged {
            return (**merged).clone();
        }
        let mut index = Index::new();
        let read = self
            .first
            .parse(&mut index, dict::is_grouped)
            .map(|message| AaRequest::read(&message).map(AaRequest::into_owned).unwrap_or_default());
        let mut service = read.unwrap_or_default();
        merge::first(&mut service);
        service
    }

    /// Takes over an update; RAR and ASR go to who sent it.
    pub fn update(&mut self, request: AaRequest<'static>, ues: Vec<Ue>) {
        self.af_host = request.origin_host.to_string();
        self.af_realm = request.origin_realm.to_string();
        if !ues.is_empty() {
            self.ues = ues;
        }
        let mut service = self.service();
        merge::merge(&mut service, request);
        self.merged = Some(Box::new(service));
        self.updates += 1;
    }
}

/// All sessions by Session-Id.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// The table. Never held across an await point.
    pub fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every session, in the order of the Session-Ids, after one of them if given.
    pub fn views(&self, after: Option<&str>, limit: usize) -> Vec<SessionView> {
        let table = self.lock();
        let mut ids: Vec<&String> =
            table.keys().filter(|id| after.is_none_or(|after| id.as_str() > after)).collect();
        ids.sort_unstable();
        let found =
            ids.into_iter().take(limit).filter_map(|id| table.get(id).map(|held| (id.clone(), held.clone())));
        let found: Vec<_> = found.collect();
        drop(table);
        found.iter().map(|(id, session)| SessionView::new(id, session)).collect()
    }
}

/// A session, for people and tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Session-Id.
    pub session_id: String,
    /// Origin-Host of the AF.
    pub origin_host: String,
    /// Origin-Realm of the AF.
    pub origin_realm: String,
    /// Addresses of the user, IPv6 ones as the prefix that was given.
    pub ues: Vec<String>,
    /// `open`, or `aborting` between the answer to an ASR and the STR.
    pub state: &'static str,
    /// When it was opened. Seconds since 1970.
    pub created: u64,
    /// Updates since.
    pub updates: u32,
    /// AF-Application-Identifier, as text.
    pub af_application_identifier: Option<String>,
    /// Specific-Actions subscribed to.
    pub specific_actions: Vec<String>,
    /// Common features: one number per list.
    pub supported_features: Vec<FeatureView>,
    /// Whether there is Sponsored-Connectivity-Data.
    pub sponsored: bool,
    /// Media components, all updates merged.
    pub media_components: Vec<ComponentView>,
}

/// One list of common features.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureView {
    /// Feature-List-ID.
    pub list: u32,
    /// Feature-List, one bit per feature.
    pub bits: u32,
}

/// A media component of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentView {
    /// Media-Component-Number.
    pub number: u32,
    /// Media-Type.
    pub media_type: Option<String>,
    /// Flow-Status.
    pub flow_status: Option<String>,
    /// Max-Requested-Bandwidth-UL. Bits per second.
    pub max_requested_bandwidth_ul: Option<u32>,
    /// Max-Requested-Bandwidth-DL. Bits per second.
    pub max_requested_bandwidth_dl: Option<u32>,
    /// Its flows.
    pub flows: Vec<FlowView>,
}

/// A flow of a media component.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowView {
    /// Flow-Number.
    pub number: u32,
    /// Flow-Status; absent: that of the component.
    pub flow_status: Option<String>,
    /// Flow-Descriptions.
    pub descriptions: Vec<String>,
}

impl SessionView {
    pub(super) fn new(session_id: &str, session: &Session) -> Self {
        let service = session.service();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Self {
            session_id: session_id.to_owned(),
            origin_host: session.af_host.clone(),
            origin_realm: session.af_realm.clone(),
            ues: session.ues.iter().map(Ue::to_string).collect(),
            state: if session.aborting { "aborting" } else { "open" },
            created: session.created.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            updates: session.updates,
            af_application_identifier: service.af_application_identifier.as_deref().map(text),
            specific_actions: service.specific_action.iter().map(|action| action.to_string()).collect(),
            supported_features: session
                .features
                .iter()
                .map(|list| FeatureView { list: list.id, bits: list.bits })
                .collect(),
            sponsored: service.sponsored_connectivity_data.is_some(),
            media_components: service.media_component_description.iter().map(|one| component(&one)).collect(),
        }
    }
}

fn component(component: &MediaComponentDescription<'_>) -> ComponentView {
    ComponentView {
        number: component.media_component_number,
        media_type: component.media_type.map(|kind| kind.to_string()),
        flow_status: component.flow_status.map(|status| status.to_string()),
        max_requested_bandwidth_ul: component.max_requested_bandwidth_ul,
        max_requested_bandwidth_dl: component.max_requested_bandwidth_dl,
        flows: component.media_sub_component.iter().map(|one| flow(&one)).collect(),
    }
}

fn flow(flow: &MediaSubComponent<'_>) -> FlowView {
    FlowView {
        number: flow.flow_number,
        flow_status: flow.flow_status.map(|status| status.to_string()),
        descriptions: flow.flow_description.iter().map(|text| text.to_string()).collect(),
    }
}
