//! The application's side: an endpoint for what happens to its users' sessions.

use std::{io, net::SocketAddr};

use axum::{Router, extract::State, http::StatusCode, routing};
use tokio::{net::TcpListener, sync::mpsc::UnboundedSender, task::JoinHandle};

use super::tap::Seen;

/// Takes notifications until it is dropped.
pub(super) struct Application {
    address: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
}

impl Application {
    /// Listens on a free port and tells of every notification.
    pub async fn start(seen: UnboundedSender<Seen>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/QoSNotification", routing::post(notified)).with_state(seen);
        let serving = tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { address, serving })
    }

    /// Where it wants to be told.
    pub fn endpoint(&self) -> String {
        format!("http://{}/QoSNotification", self.address)
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn notified(State(seen): State<UnboundedSender<Seen>>, body: String) -> StatusCode {
    // Nobody may be listening any more.
    _ = seen.send(Seen::Notification { body });
    StatusCode::NO_CONTENT
}
