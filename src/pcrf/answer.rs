//! What a PCRF answers to an AAR and an STR (TS 29.214 §4.4.1, §4.4.2, §4.4.4), and what it keeps of them.

use std::{cell::RefCell, collections::hash_map::Entry};

use super::{
    binding::{self, Ue},
    order,
    refusal::Refusal,
    server::Server,
    service,
    sessions::Session,
};
use crate::{
    dict::{
        RX_APPLICATION_ID, avp,
        check::{Strictness, check},
        commands,
        enums::{AuthSessionState, RxRequestType},
        result::{self, tgpp},
    },
    peer::refuse,
    rx::{
        AaAnswer, AaRequest, FeatureList, OcOlr, OcSupportedFeatures, Outcome, ProxyInfo, RxError,
        SponsoredConnectivityData, StAnswer, StRequest, UsedServiceUnit,
    },
    wire::{AvpFlags, Index, Message, MessageBuf, VendorId, WireError},
};

thread_local! {
    static INDEX: RefCell<Index> = RefCell::new(Index::new());
}

/// What a request is answered with when all is well.
enum Granted {
    Aa(Box<AaAnswer<'static>>),
    St(Box<StAnswer<'static>>),
}

impl Server {
    /// Handles a request.
    pub fn answer(&self, request: &MessageBuf) -> MessageBuf {
        self.answered(request, |message| {
            self.grammar(message)?;
            match message.header().command {
                commands::AA => self.authorize(message).map(|answer| Granted::Aa(Box::new(answer))),
                commands::SESSION_TERMINATION => {
                    self.terminate(message).map(|answer| Granted::St(Box::new(answer)))
                }
                command => Err(Refusal::base(
                    result::COMMAND_UNSUPPORTED,
                    format!("command {command} is not served"),
                )),
            }
        })
    }

    /// Answers a request with a result that a rule wants.
    ///
    /// For the AF a session is gone after an STA with 2xxx or 5xxx, so it is here too.
    pub fn forced(&self, request: &MessageBuf, refusal: Refusal) -> MessageBuf {
        self.answered(request, |message| {
            if message.header().command == commands::SESSION_TERMINATION
                && matches!(refusal.outcome.class(), 2 | 5)
            {
                self.sessions.lock().remove(session_id(message).unwrap_or(""));
            }
            Err(refusal)
        })
    }

    /// The users that a request is about; none if that cannot be read.
    pub fn ues(&self, request: &MessageBuf) -> Vec<Ue> {
        let read = self.with_message(request, |message| {
            AaRequest::read(message).map(|request| binding::addresses(&request).unwrap_or_default())
        });
        read.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn with_message<T>(
        &self,
        octets: &MessageBuf,
        call: impl FnOnce(&Message<'_>) -> T,
    ) -> Result<T, WireError> {
        let dictionary = self.config.dictionary;
        INDEX.with_borrow_mut(|index| {
            octets.parse(index, |key| dictionary.is_grouped(key)).map(|message| call(&message))
        })
    }

    /// Encodes what `handle` grants, or why it does not.
    fn answered(
        &self,
        request: &MessageBuf,
        handle: impl FnOnce(&Message<'_>) -> Result<Granted, Refusal>,
    ) -> MessageBuf {
        let encoded = self.with_message(request, |message| {
            let granted = handle(message);
            let header = message.header();
            let ids = (header.hop_by_hop, header.end_to_end);
            match granted {
                Ok(Granted::Aa(answer)) => self.aa(message, *answer).encode(ids),
                Ok(Granted::St(answer)) => self.st(message, *answer).encode(ids),
                Err(refusal) if header.command == commands::AA => {
                    self.aa(message, refused_aa(&refusal)).encode(ids)
                }
                Err(refusal) => self.st(message, refused_st(&refusal)).encode(ids),
            }
        });
        let (code, text) = match encoded {
            Ok(Ok(answer)) => return answer,
            Ok(Err(error)) => (error.result_code(), error.to_string()),
            Err(error) => (error.result_code(), error.to_string()),
        };
        refuse(&self.local(), request, code, &text)
    }

    fn grammar(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let strictness = if self.config.strict { Strictness::Strict } else { Strictness::Lenient };
        check(self.config.dictionary, message, strictness).map_err(|violation| Refusal {
            failed_avp: violation.failed_avp.unwrap_or_default(),
            ..Refusal::base(violation.result_code, violation.reason)
        })
    }

    // ---- AAR

    fn authorize(&self, message: &Message<'_>) -> Result<AaAnswer<'static>, Refusal> {
        let request = AaRequest::read(message).map_err(|error| unreadable(&error, message))?;
        let ues = binding::addresses(&request)?;
        service::check(&request, self.config.strict)?;
        let attached =
            |ue: &Ue| self.config.ues.is_empty() || self.config.ues.iter().any(|held| held.covers(ue));
        if let Some(ue) = ues.iter().find(|ue| !attached(ue)) {
            return Err(not_available(format!("no IP-CAN session has the address {ue}")));
        }
        let stateless = request.auth_session_state == Some(AuthSessionState::NO_STATE_MAINTAINED)
            || request.rx_request_type == Some(RxRequestType::PCSCF_RESTORATION);
        if stateless {
            return Ok(self.granted(&[]));
        }
        let features = match self.sessions.lock().entry(request.session_id.to_string()) {
            Entry::Occupied(mut held) => {
                held.get_mut().update(request.into_owned(), ues);
                Vec::new()
            }
            Entry::Vacant(_) if request.rx_request_type == Some(RxRequestType::UPDATE_REQUEST) => {
                return Err(unknown_session());
            }
            Entry::Vacant(place) => {
                if ues.is_empty() {
                    let text = "neither Framed-IP-Address nor Framed-IPv6-Prefix is there to find an IP-CAN session by";
                    return Err(not_available(text.into()));
                }
                let features = self.common_features(message, &request)?;
                let session = Session::new(&request, message.octets(), ues, features.clone());
                place.insert(
                    session.ok_or_else(|| Refusal::base(result::UNABLE_TO_COMPLY, "cannot be kept"))?,
                );
                features
            }
        };
        Ok(self.granted(&features))
    }

    /// The features that both sides have. One that the AF insists on and that is lacking refuses the request
    /// (TS 29.229 §7.2.1).
    fn common_features(
        &self,
        message: &Message<'_>,
        request: &AaRequest<'_>,
    ) -> Result<Vec<FeatureList>, Refusal> {
        let insisted = message.avps().iter().filter(|avp| avp.key() == avp::SUPPORTED_FEATURES.key());
        let insisted = insisted.map(|avp| avp.flags().contains(AvpFlags::MANDATORY));
        let mut common = Vec::new();
        for (offered, insists) in request.supported_features.iter().zip(insisted) {
            if offered.vendor_id != VendorId::TGPP.0 {
                continue;
            }
            let own = self.config.features.iter().find(|own| own.id == offered.feature_list_id);
            let own = own.map_or(0, |own| own.bits);
            if insists && offered.feature_list & !own != 0 {
                let text =
                    format!("of feature list {} the bits 0x{own:x} are supported", offered.feature_list_id);
                return Err(Refusal::tgpp(tgpp::FEATURE_UNSUPPORTED, text));
            }
            if own != 0 {
                common.push(FeatureList { id: offered.feature_list_id, bits: offered.feature_list & own });
            }
        }
        Ok(common)
    }

    fn granted(&self, features: &[FeatureList]) -> AaAnswer<'static> {
        AaAnswer {
            result_code: Some(result::SUCCESS),
            ip_can_type: Some(self.config.ip_can_type),
            rat_type: Some(self.config.rat_type),
            supported_features: features.iter().map(|list| list.to_avp()).collect(),
            class: self.config.class.iter().cloned().map(Into::into).collect(),
            ..AaAnswer::default()
        }
    }

    /// Adds what every AAA has.
    fn aa<'a>(&self, message: &Message<'a>, answer: AaAnswer<'a>) -> AaAnswer<'a> {
        let local = self.local();
        let (oc_supported_features, oc_olr) = self.overload(message);
        AaAnswer {
            oc_supported_features,
            oc_olr,
            session_id: session_id(message).map(Into::into),
            auth_application_id: Some(RX_APPLICATION_ID),
            origin_host: local.origin_host.clone().into(),
            origin_realm: local.origin_realm.clone().into(),
            origin_state_id: local.origin_state_id,
            proxy_info: proxies(message),
            ..answer
        }
    }

    /// What the answer says about overload: nothing to an AF that does not heed it (RFC 7683 §5.1.2).
    fn overload(
        &self,
        request: &Message<'_>,
    ) -> (Option<OcSupportedFeatures<'static>>, Option<OcOlr<'static>>) {
        match request.avps().find(avp::OC_SUPPORTED_FEATURES.key()) {
            Some(_) => self.report.avps(),
            None => (None, None),
        }
    }

    // ---- STR

    fn terminate(&self, message: &Message<'_>) -> Result<StAnswer<'static>, Refusal> {
        let request = StRequest::read(message).map_err(|error| unreadable(&error, message))?;
        let session = self.sessions.lock().remove(&*request.session_id).ok_or_else(unknown_session)?;
        let sponsored = session.service().sponsored_connectivity_data;
        Ok(StAnswer {
            result_code: Some(result::SUCCESS),
            sponsored_connectivity_data: sponsored.and_then(|data| last_usage(&data)),
            ..StAnswer::default()
        })
    }

    /// Adds what every STA has.
    fn st<'a>(&self, message: &Message<'a>, answer: StAnswer<'a>) -> StAnswer<'a> {
        let local = self.local();
        let (oc_supported_features, oc_olr) = self.overload(message);
        StAnswer {
            oc_supported_features,
            oc_olr,
            session_id: session_id(message).map(Into::into),
            origin_host: local.origin_host.clone().into(),
            origin_realm: local.origin_realm.clone().into(),
            origin_state_id: local.origin_state_id,
            proxy_info: proxies(message),
            ..answer
        }
    }
}

fn refused_aa(refusal: &Refusal) -> AaAnswer<'static> {
    let (result_code, experimental_result) = refusal.result();
    AaAnswer {
        result_code,
        experimental_result,
        acceptable_service_info: refusal.acceptable.as_deref().cloned(),
        retry_interval: refusal.retry_interval,
        error_message: Some(refusal.text.clone().into()),
        custom: refusal.failed().into_iter().collect(),
        ..AaAnswer::default()
    }
}

fn refused_st(refusal: &Refusal) -> StAnswer<'static> {
    let (result_code, experimental_result) = refusal.result();
    StAnswer {
        result_code,
        experimental_result,
        error_message: Some(refusal.text.clone().into()),
        custom: refusal.failed().into_iter().collect(),
        ..StAnswer::default()
    }
}

/// Nothing is measured: half of each threshold counts as used, so that no threshold was reached.
fn last_usage(sponsored: &SponsoredConnectivityData<'_>) -> Option<SponsoredConnectivityData<'static>> {
    let granted = sponsored.granted_service_unit.as_ref()?;
    let half = |octets: Option<u64>| octets.map(|octets| octets / 2);
    Some(order::sponsored(UsedServiceUnit {
        cc_time: granted.cc_time.map(|seconds| seconds / 2),
        cc_total_octets: half(granted.cc_total_octets),
        cc_input_octets: half(granted.cc_input_octets),
        cc_output_octets: half(granted.cc_output_octets),
        ..UsedServiceUnit::default()
    }))
}

fn session_id<'a>(message: &Message<'a>) -> Option<&'a str> {
    message.avps().get(&avp::SESSION_ID).ok().flatten()
}

/// Proxy-Info goes back as it came (RFC 6733 §6.2).
fn proxies<'a>(message: &Message<'a>) -> crate::rx::List<'a, ProxyInfo<'a>> {
    let found = message.avps().iter().filter(|avp| avp.key() == avp::PROXY_INFO.key());
    let read = found.filter_map(|avp| {
        let host = avp.children().get(&avp::PROXY_HOST).ok().flatten()?;
        let state = avp.children().get(&avp::PROXY_STATE).ok().flatten()?;
        Some(ProxyInfo { proxy_host: host.into(), proxy_state: state.into(), ..ProxyInfo::default() })
    });
    read.collect()
}

fn unreadable(error: &RxError, message: &Message<'_>) -> Refusal {
    let failed = match error {
        RxError::Wire(error) => error.failed_avp(message.octets()),
        _ => None,
    };
    Refusal {
        failed_avp: failed.unwrap_or_default(),
        ..Refusal::base(error.result_code(), error.to_string())
    }
}

fn unknown_session() -> Refusal {
    Refusal::base(result::UNKNOWN_SESSION_ID, "no such session is held here")
}

fn not_available(text: String) -> Refusal {
    Refusal::new(Outcome::tgpp(tgpp::IP_CAN_SESSION_NOT_AVAILABLE), text)
}
