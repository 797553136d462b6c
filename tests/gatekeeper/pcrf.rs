//! The model PCRF: answers AARs by script, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use rxgate::{
    BoxFuture,
    dict::{
        Dictionary,
        enums::{IpCanType, RatType},
    },
    rx::{AaAnswer, AaRequest, AvpText, ExperimentalResult, Outcome, StAnswer, StRequest},
    session::ports::{Exchange, GatewayError, RxGateway},
    wire::{Index, MessageBuf, VendorId},
};
use tokio::sync::oneshot;

/// What the PCRF makes of an AAR.
pub enum Says {
    Answer(Box<AaAnswer<'static>>),
    /// The same, with the name of the AVP in its Failed-AVP.
    Blames(Box<AaAnswer<'static>>, &'static str),
    Fails(GatewayError),
    /// Grants it, but not before it is told to.
    Waits(oneshot::Receiver<()>),
}

#[derive(Default)]
pub struct Pcrf {
    script: Mutex<VecDeque<Says>>,
    aars: Mutex<Vec<AaRequest<'static>>>,
    strs: Mutex<Vec<StRequest<'static>>>,
    pub silent_on_str: Mutex<bool>,
}

/// An AAA as in the interface's examples.
pub fn aaa() -> AaAnswer<'static> {
    AaAnswer {
        session_id: Some("s".into()),
        auth_application_id: Some(rxgate::dict::RX_APPLICATION_ID),
        origin_host: "pcrf.rx.test".into(),
        origin_realm: "rx.test".into(),
        result_code: Some(2001),
        ip_can_type: Some(IpCanType::TGPP_GPRS),
        rat_type: Some(RatType::WLAN),
        ..AaAnswer::default()
    }
}

/// An AAA with another result.
pub fn aaa_with(outcome: Outcome) -> AaAnswer<'static> {
    let answer = AaAnswer { result_code: None, ip_can_type: None, rat_type: None, ..aaa() };
    match outcome.vendor {
        VendorId::NONE => AaAnswer { result_code: Some(outcome.code), ..answer },
        vendor => {
            let result = ExperimentalResult {
                vendor_id: vendor.0,
                experimental_result_code: outcome.code,
                ..ExperimentalResult::default()
            };
            AaAnswer { experimental_result: Some(result), ..answer }
        }
    }
}

impl Pcrf {
    /// The next AAR is answered like this; without a script it is granted.
    pub fn will(&self, says: Says) {
        self.script.lock().unwrap().push_back(says);
    }

    pub fn will_answer(&self, answer: AaAnswer<'static>) {
        self.will(Says::Answer(Box::new(answer)));
    }

    pub fn aars(&self) -> MutexGuard<'_, Vec<AaRequest<'static>>> {
        self.aars.lock().unwrap()
    }

    pub fn strs(&self) -> MutexGuard<'_, Vec<StRequest<'static>>> {
        self.strs.lock().unwrap()
    }
}

/// The answer as it comes from the wire.
fn exchange<A>(message: &MessageBuf, answer: A, failed_avp: Option<&str>) -> Exchange<A> {
    let mut index = Index::new();
    let avps = message.parse(&mut index, rxgate::dict::is_grouped).unwrap().avps();
    Exchange {
        outcome: Outcome::read(avps).0,
        answer: Ok(answer),
        failed_avp: failed_avp.map(Into::into),
        text: AvpText::read(avps, Dictionary::builtin()),
        peer: "pcrf.rx.test".into(),
        sent_to: vec!["pcrf.rx.test".into()],
        in_doubt: false,
    }
}

impl RxGateway for Pcrf {
    fn authorize(
        &self,
        request: AaRequest<'static>,
        _within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<AaAnswer<'static>>, GatewayError>> {
        let session_id = request.session_id.clone();
        self.aars().push(request);
        let says = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            let (answer, blamed) = match says {
                None => (aaa(), None),
                Some(Says::Answer(answer)) => (*answer, None),
                Some(Says::Blames(answer, avp)) => (*answer, Some(avp)),
                Some(Says::Fails(error)) => return Err(error),
                Some(Says::Waits(told)) => {
                    told.await.unwrap();
                    (aaa(), None)
                }
            };
            let answer = AaAnswer { session_id: Some(session_id), ..answer };
            let message = answer.encode(Default::default()).unwrap();
            Ok(exchange(&message, answer, blamed))
        })
    }

    fn terminate(
        &self,
        request: StRequest<'static>,
        _to: Option<Arc<str>>,
        _within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<StAnswer<'static>>, GatewayError>> {
        let session_id = request.session_id.clone();
        self.strs().push(request);
        let silent = *self.silent_on_str.lock().unwrap();
        Box::pin(async move {
            if silent {
                return Err(GatewayError::NoAnswer { reason: "silence".into(), sent_to: Vec::new() });
            }
            let answer = StAnswer {
                session_id: Some(session_id),
                origin_host: "pcrf.rx.test".into(),
                origin_realm: "rx.test".into(),
                result_code: Some(2001),
                ..StAnswer::default()
            };
            let message = answer.encode(Default::default()).unwrap();
            Ok(exchange(&message, answer, None))
        })
    }
}
