//! `rxgate demo`: the QoS call flow of the REST interface's documentation, played over real sockets.

mod application;
mod scenario;
mod show;
mod stage;
mod tap;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Failure, log,
    process::{self, Signals},
};
use crate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
    session::SessionFilter,
};
use application::Application;
use scenario::{BETTER_QOS, Demo, USER};
use stage::Stage;
use tap::Tap;

/// Plays a QoS request from an HTTP call to a PCRF and back.
///
/// The gateway, a simulated PCRF and an application that is told of events run in this process on free loopback
/// ports; every HTTP exchange and every Diameter message is printed, as a tree with names and units. Afterwards
/// they stay up, with lines for curl to go on with.
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

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // Its store is always new.
    log::start(log::Format::Text, "warn,rxgate::app::storage=error")?;
    process::run(play(arguments.once))
}

async fn play(once: bool) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let folder = Folder::new();
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await?;
    let (seen, all_seen) = unbounded_channel();
    let application = Application::start(seen.clone()).await?;
    let config = Loaded::from_text(Path::new("demo"), &configuration(pcrf.address(), &folder.0))?.config;
    let app = App::start_over(config, Arc::new(Tap::new(seen))).await?;
    let stage = Stage::new(application.endpoint(), all_seen);
    let mut demo = Demo { stage, app, pcrf, application };
    let played = tokio::select! {
        played = demo.scenario() => played,
        () = signals.next() => Err(Failure::failed("stopped before the end of the scenario", "let it run to its end")),
    };
    if played.is_ok() && !once {
        stay(&mut demo, &mut signals).await?;
    }
    demo.stage.show.heading("The gateway says goodbye")?;
    let Demo { mut stage, app, pcrf, application: _application } = demo;
    let end = async {
        // The store goes with the demo: nobody would own what is left.
        for session in app.sessions().list(SessionFilter::default()).await.unwrap_or_default() {
            // It may be over by now.
            _ = app.sessions().end(&session.id).await;
        }
        app.shut_down().await;
        pcrf.stop().await;
    };
    signals.or_at_once(async { _ = stage.during(end).await }).await;
    played?;
    Ok(stage.show.heading(&format!("Done: {}", stage.passed()))?)
}

/// The store's directory, which goes with the demo.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("rxgate-demo-{}", uuid::Uuid::now_v7())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it: what is left is in the way of nobody.
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn configuration(pcrf: SocketAddr, store: &Path) -> String {
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
[notify]
allow_networks = ["127.0.0.0/8"]
[store]
path = {store:?}
"#
    )
}

/// Shows what others cause, until a signal comes.
async fn stay(demo: &mut Demo, signals: &mut Signals) -> Result<(), Failure> {
    let (http, admin) = (demo.app.http_address(), demo.app.admin_address());
    let control = demo.pcrf.control_address();
    let one_line: String = BETTER_QOS.split_whitespace().collect::<Vec<_>>().join(" ");
    let show = &demo.stage.show;
    show.heading("All stay up until Ctrl-C. Go on with:")?;
    show.text(&format!(
        "  curl -i http://{http}/ApplicationQoSService/{USER}/qos/templatebased -H 'Content-Type: application/json' -d '{one_line}'\n  \
         curl http://{http}/ApplicationQoSService/{USER}/qos/REQUEST-ID   # REQUEST-ID: see the answer\n  \
         curl -X DELETE http://{http}/ApplicationQoSService/{USER}/qos/REQUEST-ID\n  \
         curl http://{admin}/sessions\n  \
         curl http://{admin}/peers\n  \
         curl http://{admin}/qos-templates"
    ))?;
    if let Some(control) = control {
        show.text(&format!(
            "  curl http://{control}/sessions\n  \
             curl 'http://{control}/sessions/SESSION-ID/rar' -d '{{\"specificActions\": [\"INDICATION_OF_LOSS_OF_BEARER\"]}}'\n  \
             curl 'http://{control}/sessions/SESSION-ID/asr' -d '{{\"abortCause\": \"BEARER_RELEASED\"}}'"
        ))?;
    }
    tokio::select! {
        watched = demo.stage.watch() => watched,
        () = signals.next() => Ok(()),
    }
}
