//! An application's endpoint: takes notifications, one after the other, and can be away or slow.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::AbortHandle,
    time::timeout,
};

/// Far above what any wait takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it arrived.
#[derive(Debug)]
pub struct Post {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

pub struct Receiver {
    address: SocketAddr,
    posts: mpsc::UnboundedReceiver<Post>,
    seen: mpsc::UnboundedSender<Post>,
    /// Whether requests are answered.
    answering: watch::Sender<bool>,
    serving: AbortHandle,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, posts) = mpsc::unbounded_channel();
        let answering = watch::Sender::new(true);
        let serving = serve(listener, seen.clone(), &answering);
        Self { address, posts, seen, answering, serving }
    }

    /// The endpoint of an application.
    pub fn url(&self) -> String {
        format!("http://{}/jaxrs/QoSNotification", self.address)
    }

    /// The next request; notifications that are repeated come again.
    pub async fn next(&mut self) -> Post {
        timeout(PATIENCE, self.posts.recv()).await.expect("no notification came").unwrap()
    }

    /// The body of the next request.
    pub async fn body(&mut self) -> String {
        self.next().await.body
    }

    /// Requests arrive but have to wait for their answers.
    pub fn answer(&self, answering: bool) {
        self.answering.send_replace(answering);
    }

    /// Nobody listens there any more.
    pub async fn close(&self) {
        self.serving.abort();
        while tokio::net::TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Listens again, at the same address.
    pub async fn reopen(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = serve(listener, self.seen.clone(), &self.answering);
    }
}

fn serve(
    listener: TcpListener,
    seen: mpsc::UnboundedSender<Post>,
    answering: &watch::Sender<bool>,
) -> AbortHandle {
    let answering = answering.subscribe();
    let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let (seen, mut answering) = (seen.clone(), answering.clone());
        async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            // Fails when the test is over.
            _ = seen.send(Post { method, target: uri.to_string(), headers, body });
            _ = answering.wait_for(|answering| *answering).await;
            StatusCode::NO_CONTENT
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle()
}
