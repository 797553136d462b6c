//! The scenario, step by step: Figure 16-1 of the REST interface's documentation from the gateway's side, with a
//! template, a change, and what the application is told.

use std::{net::SocketAddr, time::Duration};

use hyper::{Method, StatusCode, header::LOCATION};

use super::{
    application::Application,
    stage::{PATIENCE, Stage, step_failed},
};
use crate::{
    app::App,
    cli::{
        Failure,
        http::{self, Reply},
    },
    dict::{
        commands,
        enums::{IpCanType, RatType, SpecificAction},
    },
    pcrf::{ChargingOrder, Pcrf, RarOrder},
};

pub(super) const USER: &str = "tel:+491701234567";
const JSON: &str = "application/json";

/// What an operator offers to all users.
const TEMPLATE: &str = include_str!("../../../templates/video-streaming.xml");
pub(super) const BETTER_QOS: &str = r#"{
  "templateQoSFeatureProperties": {
    "framedIPAddress": "10.45.0.17",
    "parameter": [{ "name": "$DOWNLINK", "value": 3000000 }]
  }
}"#;
const SHARPER: &str = r#"{
  "templateQoSFeatureProperties": {
    "parameter": [{ "name": "$DOWNLINK", "value": 8000000 }]
  }
}"#;

/// Who plays.
pub(super) struct Demo {
    pub stage: Stage,
    pub app: App,
    pub pcrf: Pcrf,
    pub application: Application,
}

impl Demo {
    /// One session, from the template that it is made from to its end.
    pub async fn scenario(&mut self) -> Result<(), Failure> {
        self.stage.show.heading("The gateway connects to the PCRF")?;
        self.connected().await?;

        self.stage.show.heading(
            "The operator loads a template: a plan for all users, with names for what may be chosen",
        )?;
        let admin = self.app.admin_address();
        let rule = "/qos-templates?matchRule=tel:.*";
        self.exchange(admin, Method::PUT, rule, ("application/xml", TEMPLATE), StatusCode::CREATED).await?;

        self.stage.show.heading("The application wants to be told what happens to this user's sessions")?;
        let registration = format!(
            r#"{{
  "startQoSNotification": {{
    "reference": {{ "endpoint": "{}", "correlator": "demo" }},
    "endUserIdentities": ["{USER}"],
    "eventCriteria": ["1", "2", "4"]
  }}
}}"#,
            self.application.endpoint()
        );
        let path = "/ApplicationQoSNotification/registration";
        self.http(Method::POST, path, &registration, StatusCode::CREATED).await?;

        self.stage
            .show
            .heading("The user plays a video over a slow connection and asks for a better QoS plan")?;
        let path = format!("/ApplicationQoSService/{USER}/qos/templatebased");
        let reply = self.http(Method::POST, &path, BETTER_QOS, StatusCode::CREATED).await?;
        self.stage.expect("the QoS request", commands::AA)?;
        let session = session(&reply)?;

        self.stage.show.heading("The user wants a sharper picture: the plan is modified")?;
        let path = format!("{session}/templatebased");
        self.http(Method::POST, &path, SHARPER, StatusCode::OK).await?;
        self.stage.expect("the change", commands::AA)?;

        self.stage
            .show
            .heading("The network puts the plan into effect, the PCRF says so, the application is told")?;
        self.re_auth().await?;
        self.stage.expect("the PCRF's report", commands::RE_AUTH)?;

        self.stage.show.heading("What the application sees: the plan, and what the network granted")?;
        self.http(Method::GET, &session, "", StatusCode::OK).await?;

        self.stage.show.heading("The video is over: the plan is removed")?;
        self.http(Method::DELETE, &session, "", StatusCode::NO_CONTENT).await?;
        self.stage.expect("the removal", commands::SESSION_TERMINATION)?;
        self.http(Method::GET, &session, "", StatusCode::NOT_FOUND).await?;

        let left = self.pcrf.sessions().len();
        if left > 0 {
            return Err(step_failed(format!("the PCRF still holds {left} sessions")));
        }
        Ok(())
    }

    /// Waits until the gateway can send requests.
    async fn connected(&mut self) -> Result<(), Failure> {
        let Self { stage, app, .. } = self;
        let open = async {
            while !app.peers().iter().any(|peer| peer.open) {
                // Being open follows the CEA, and is not told.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if stage.during(open).await.is_ok() {
            return Ok(());
        }
        let why: Vec<String> = app.peers().into_iter().filter_map(|peer| peer.reason).collect();
        Err(step_failed(format!("no connection to the PCRF: {}", why.join("; "))))
    }

    /// An exchange of the application with the gateway.
    async fn http(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
        expected: StatusCode,
    ) -> Result<Reply, Failure> {
        self.exchange(self.app.http_address(), method, path, (JSON, body), expected).await
    }

    /// One HTTP exchange, with the messages that it causes in between.
    async fn exchange(
        &mut self,
        address: SocketAddr,
        method: Method,
        path: &str,
        (content_type, body): (&str, &str),
        expected: StatusCode,
    ) -> Result<Reply, Failure> {
        self.stage.show.request(&method, &format!("http://{address}{path}"), body)?;
        let address = address.to_string();
        let exchange = http::exchange(&address, None, method, path, content_type, None, body.to_owned());
        let reply = self.stage.during(exchange).await?;
        let reply = reply.map_err(|error| step_failed(format!("the gateway does not answer: {error}")))?;
        self.stage.show.reply(&reply)?;
        match reply.status == expected {
            true => Ok(reply),
            false => {
                Err(step_failed(format!("the gateway answers {}, expected was {expected}", reply.status)))
            }
        }
    }

    /// The PCRF reports that the bearer is there, with its charging identifier, and the application hears it.
    async fn re_auth(&mut self) -> Result<(), Failure> {
        let sessions = self.pcrf.sessions();
        let [session] = sessions.as_slice() else {
            return Err(step_failed(format!("the PCRF holds {} sessions instead of one", sessions.len())));
        };
        let order = RarOrder {
            ip_can_type: Some(IpCanType::TGPP_EPS),
            rat_type: Some(RatType::EUTRAN),
            access_network_charging_identifiers: vec![ChargingOrder {
                value: 0x00c0_ffee_u32.to_be_bytes().to_vec(),
                flows: Vec::new(),
            }],
            ..RarOrder::new([SpecificAction::CHARGING_CORRELATION_EXCHANGE])
        };
        let id = session.session_id.clone();
        let Self { stage, pcrf, .. } = self;
        // The RAA comes first, then the application is told: what comes meanwhile is shown when it does.
        let pushed = tokio::time::timeout(PATIENCE, pcrf.rar(&id, &order)).await;
        let pushed = pushed.map_err(|_| step_failed("no answer to the RAR".into()))?;
        let pushed =
            pushed.map_err(|error| step_failed(format!("the gateway does not answer the RAR: {error}")))?;
        match pushed.outcome {
            Some(outcome) if outcome.is_success() => stage.until_notified().await,
            outcome => Err(step_failed(format!("the gateway refuses the RAR: {outcome:?}"))),
        }
    }
}

/// Path of the session that an answer points to.
fn session(reply: &Reply) -> Result<String, Failure> {
    let location = reply.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let path = location.and_then(|location| location.split_once("/ApplicationQoSService"));
    path.map(|(_, path)| format!("/ApplicationQoSService{path}"))
        .ok_or_else(|| step_failed("the answer to the QoS request has no Location".into()))
}
