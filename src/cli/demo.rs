//! `rxgate demo`: the QoS call flow of the REST interface's documentation, played over real sockets.

mod show;
mod tap;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use clap::Args;
use hyper::{Method, StatusCode, header::LOCATION};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{
    Failure,
    http::{self, Reply},
    process::{self, Signals},
};
use crate::{
    app::App,
    config::Loaded,
    dict::{
        commands,
        enums::{IpCanType, RatType, SpecificAction},
    },
    pcrf::{ChargingOrder, Pcrf, PcrfConfig, RarOrder},
};
use show::Show;
use tap::{Seen, Tap};

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Plays a QoS request from an HTTP call to a PCRF and back.
///
/// The gateway and a simulated PCRF run in this process on free loopback ports; every HTTP exchange and every
/// Diameter message is printed, as a tree with names and units. Afterwards both stay up, with lines for curl to
/// go on with.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate demo
  rxgate demo --once | less

Exit codes: 0 every step went as it should; 1 one did not; 2 wrong arguments.")]
pub(super) struct Arguments {
    /// End after the scenario.
    #[arg(long)]
    once: bool,
}

const USER: &str = "tel:+491701234567";
const BETTER_QOS: &str = r#"{
  "qoSFeatureProperties": {
    "duration": 3600,
    "applicationIdentifier": "video.example.com",
    "framedIPAddress": "10.45.0.17",
    "mediaComponentDescription": [
      {
        "mediaComponentNumber": 1,
        "mediaType": "VIDEO",
        "maxRequestedBandwidthDL": 5000000,
        "maxRequestedBandwidthUL": 256000,
        "mediaSubComponent": [
          {
            "flowNumber": 1,
            "flowDescription": [
              "permit out 17 from 192.0.2.10 5004 to 10.45.0.17 50010",
              "permit in 17 from 10.45.0.17 50010 to 192.0.2.10 5004"
            ],
            "flowStatus": "ENABLED"
          }
        ]
      }
    ]
  }
}"#;

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    process::log("warn")?;
    process::run(play(arguments.once))
}

async fn play(once: bool) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await?;
    let (seen, messages) = unbounded_channel();
    let config = Loaded::from_text(Path::new("demo"), &configuration(pcrf.address()))?.config;
    let app = App::start_over(config, Arc::new(Tap::new(seen))).await?;
    let mut demo = Demo { show: Show::new(), app, pcrf, messages, passed: Vec::new() };
    let played = tokio::select! {
        played = demo.scenario() => played,
        () = signals.next() => Err(Failure::failed("stopped before the end of the scenario", "let it run to its end")),
    };
    if played.is_ok() && !once {
        demo.stay(&mut signals).await?;
    }
    demo.show.heading("The gateway says goodbye")?;
    let Demo { show, app, pcrf, mut messages, mut passed } = demo;
    let end = async {
        app.shut_down().await;
        pcrf.stop().await;
    };
    signals.or_at_once(async { _ = during(&show, &mut messages, &mut passed, end).await }).await;
    played?;
    let names = passed.iter().filter_map(|(code, is_request)| commands::abbreviation(*code, *is_request));
    Ok(show.heading(&format!("Done: {}", names.collect::<Vec<_>>().join(" ")))?)
}

fn configuration(pcrf: SocketAddr) -> String {
    format!(
        r#"[http]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[diameter]
origin_host = "af.rx.test"
origin_realm = "rx.test"
destination_realm = "rx.test"
[[diameter.peers]]
host = "pcrf.rx.test"
address = "{pcrf}"
"#
    )
}

struct Demo {
    show: Show,
    app: App,
    pcrf: Pcrf,
    messages: UnboundedReceiver<Seen>,
    /// Commands that went over the wire: code, and whether it was the request.
    passed: Vec<(u32, bool)>,
}

impl Demo {
    /// Figure 16-1 of the REST interface's documentation, from the gateway's side, and the end of the session.
    async fn scenario(&mut self) -> Result<(), Failure> {
        self.show.heading("The gateway connects to the PCRF")?;
        self.connected().await?;

        self.show.heading("The user plays a video over a slow connection and asks for a better QoS plan")?;
        let path = format!("/ApplicationQoSService/{USER}/qos");
        let reply = self.http(Method::POST, &path, BETTER_QOS, StatusCode::CREATED).await?;
        self.expect("the QoS request", &[commands::AA])?;
        let location = reply.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let session =
            location.and_then(|location| location.split_once("/ApplicationQoSService")).map(|(_, path)| path);
        let Some(session) = session.map(|path| format!("/ApplicationQoSService{path}")) else {
            return Err(step_failed("the answer to the QoS request has no Location".into()));
        };

        self.show.heading("The network puts the plan into effect, and the PCRF says so")?;
        self.re_auth().await?;
        self.expect("the PCRF's report", &[commands::RE_AUTH])?;

        self.show.heading("What the application sees: the plan, and what the network granted")?;
        self.http(Method::GET, &session, "", StatusCode::OK).await?;

        self.show.heading("The video is over: the plan is removed")?;
        self.http(Method::DELETE, &session, "", StatusCode::NO_CONTENT).await?;
        self.expect("the removal", &[commands::SESSION_TERMINATION])?;
        self.http(Method::GET, &session, "", StatusCode::NOT_FOUND).await?;

        let left = self.pcrf.sessions().len();
        if left > 0 {
            return Err(step_failed(format!("the PCRF still holds {left} sessions")));
        }
        Ok(())
    }

    /// Waits until the gateway can send requests.
    async fn connected(&mut self) -> Result<(), Failure> {
        let Self { show, app, messages, passed, .. } = self;
        let open = async {
            while !app.peers().iter().any(|peer| peer.open) {
                // Being open follows the CEA, and is not told.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if during(show, messages, passed, open).await.is_ok() {
            return Ok(());
        }
        let why: Vec<String> = app.peers().into_iter().filter_map(|peer| peer.reason).collect();
        Err(step_failed(format!("no connection to the PCRF: {}", why.join("; "))))
    }

    /// One HTTP exchange, with the messages that it causes in between.
    async fn http(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
        expected: StatusCode,
    ) -> Result<Reply, Failure> {
        let address = self.app.http_address();
        self.show.request(&method, &format!("http://{address}{path}"), body)?;
        let body = body.to_owned();
        let address = address.to_string();
        let exchange = http::exchange(&address, method, path, "application/json", body);
        let reply = self.during(exchange).await?;
        let reply = reply.map_err(|error| step_failed(format!("the gateway does not answer: {error}")))?;
        self.show.reply(&reply)?;
        match reply.status == expected {
            true => Ok(reply),
            false => {
                Err(step_failed(format!("the gateway answers {}, expected was {expected}", reply.status)))
            }
        }
    }

    /// The PCRF reports that the bearer is there, with its charging identifier.
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
        let Self { show, pcrf, messages, passed, .. } = self;
        let pushed = during(show, messages, passed, pcrf.rar(&id, &order)).await?;
        let pushed =
            pushed.map_err(|error| step_failed(format!("the gateway does not answer the RAR: {error}")))?;
        match pushed.outcome {
            Some(outcome) if outcome.is_success() => Ok(()),
            outcome => Err(step_failed(format!("the gateway refuses the RAR: {outcome:?}"))),
        }
    }

    async fn during<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Failure> {
        during(&self.show, &mut self.messages, &mut self.passed, step).await
    }

    /// Each of these commands went over the wire, and its answer.
    fn expect(&self, what: &str, wanted: &[u32]) -> Result<(), Failure> {
        let missing = wanted.iter().flat_map(|code| [(*code, true), (*code, false)]);
        match missing.into_iter().find(|message| !self.passed.contains(message)) {
            None => Ok(()),
            Some((code, is_request)) => {
                let name = commands::abbreviation(code, is_request).unwrap_or("message");
                Err(step_failed(format!("no {name} for {what}")))
            }
        }
    }

    /// Shows what others cause, until a signal comes.
    async fn stay(&mut self, signals: &mut Signals) -> Result<(), Failure> {
        let (http, admin) = (self.app.http_address(), self.app.admin_address());
        let control = self.pcrf.control_address();
        let one_line: String = BETTER_QOS.split_whitespace().collect::<Vec<_>>().join(" ");
        self.show.heading("Both stay up until Ctrl-C. Go on with:")?;
        self.show.text(&format!(
            "  curl -i http://{http}/ApplicationQoSService/{USER}/qos -H 'Content-Type: application/json' -d '{one_line}'\n  \
             curl http://{http}/ApplicationQoSService/{USER}/qos/REQUEST-ID   # REQUEST-ID: see the answer\n  \
             curl -X DELETE http://{http}/ApplicationQoSService/{USER}/qos/REQUEST-ID\n  \
             curl http://{admin}/sessions\n  \
             curl http://{admin}/peers"
        ))?;
        if let Some(control) = control {
            self.show.text(&format!(
                "  curl http://{control}/sessions\n  \
                 curl 'http://{control}/sessions/SESSION-ID/rar' -d '{{\"specificActions\": [\"INDICATION_OF_LOSS_OF_BEARER\"]}}'\n  \
                 curl 'http://{control}/sessions/SESSION-ID/asr' -d '{{\"abortCause\": \"BEARER_RELEASED\"}}'"
            ))?;
        }
        loop {
            tokio::select! {
                Some(seen) = self.messages.recv() => see(&self.show, &mut self.passed, &seen)?,
                () = signals.next() => return Ok(()),
            }
        }
    }
}

/// Runs a step and shows the messages that go by meanwhile.
async fn during<T>(
    show: &Show,
    messages: &mut UnboundedReceiver<Seen>,
    passed: &mut Vec<(u32, bool)>,
    step: impl Future<Output = T>,
) -> Result<T, Failure> {
    let mut step = std::pin::pin!(tokio::time::timeout(PATIENCE, step));
    let done = loop {
        tokio::select! {
            biased;
            Some(seen) = messages.recv() => see(show, passed, &seen)?,
            done = &mut step => break done,
        }
    };
    while let Ok(seen) = messages.try_recv() {
        see(show, passed, &seen)?;
    }
    done.map_err(|_| step_failed(format!("a step took longer than {} s", PATIENCE.as_secs())))
}

/// Shows a message, except for the watchdog's.
fn see(show: &Show, passed: &mut Vec<(u32, bool)>, seen: &Seen) -> Result<(), Failure> {
    let header = seen.message.header();
    if header.command != commands::DEVICE_WATCHDOG {
        show.message(seen)?;
        passed.push((header.command, header.is_request()));
    }
    Ok(())
}

fn step_failed(text: String) -> Failure {
    Failure::failed(text, "run it again with RXGATE_LOG=debug, which shows what the gateway does")
}
