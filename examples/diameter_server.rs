//! A Diameter server: answers every AA-Request with success.
//!
//! ```text
//! cargo run --example diameter_server [ADDRESS]
//! ```
//!
//! Serves at ADDRESS until Ctrl-C. Without one it sends itself an AAR over loopback and prints the AAA.

use std::{env, error::Error, net::SocketAddr, sync::Arc, time::Duration};

use rxgate::{
    BoxFuture,
    dict::{Dictionary, RX_APPLICATION_ID, commands, dump::Tree, is_grouped},
    rx::{AaAnswer, AaRequest},
    transport::{Handled, LocalNode, NodePeer, OutgoingRequest, PeerEvent, Pool, PoolConfig, RequestHandler},
    wire::{Index, MessageBuf},
};

/// Grants everything; what is no AAR gets no answer.
fn answer(peer: &str, request: &MessageBuf) -> Option<MessageBuf> {
    let mut index = Index::new();
    let request = AaRequest::read(&request.parse(&mut index, is_grouped).ok()?).ok()?;
    println!("{peer} asks for session {}", request.session_id);
    let answer = AaAnswer {
        session_id: Some(request.session_id),
        auth_application_id: Some(RX_APPLICATION_ID),
        origin_host: "server.example.org".into(),
        origin_realm: "example.org".into(),
        result_code: Some(2001),
        ..AaAnswer::default()
    };
    // The pool fills in the identifiers.
    answer.encode(Default::default()).ok()
}

/// For both ends: answers requests, and is notified of a peer that can be used.
#[derive(Default)]
struct Handler(tokio::sync::Notify);

impl RequestHandler for Handler {
    fn handle(&self, peer: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        Box::pin(async move { answer(&peer, &request).into() })
    }

    fn late_answer(&self, _: Arc<str>, _: MessageBuf) {}
    fn peer_event(&self, event: PeerEvent) {
        if matches!(event, PeerEvent::Up { .. }) {
            self.0.notify_one();
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1);
    let mut config = PoolConfig::new(LocalNode::rx("server.example.org", "example.org"));
    config.listen = vec![address.as_deref().unwrap_or("127.0.0.1:0").parse::<SocketAddr>()?.into()];
    config.node.accept_any_peer = true;
    config.node.commands = vec![commands::AA];
    let server = Pool::start(config, Arc::new(Handler::default())).await?;
    if address.is_some() {
        return Ok(tokio::signal::ctrl_c().await?);
    }
    let mut config = PoolConfig::new(LocalNode::rx("client.example.org", "example.org"));
    config.node.peers = vec![NodePeer::new("server.example.org", server.local_addresses()[0].to_string())];
    let handler = Arc::new(Handler::default());
    let client = Pool::start(config, handler.clone()).await?;
    handler.0.notified().await;
    let request = AaRequest {
        session_id: "client.example.org;1763764000;1".into(),
        auth_application_id: RX_APPLICATION_ID,
        origin_host: "client.example.org".into(),
        origin_realm: "example.org".into(),
        destination_realm: "example.org".into(),
        ..AaRequest::default()
    };
    let (message, within) = (request.encode(Default::default())?, Duration::from_secs(5));
    let answered =
        client.request(OutgoingRequest { message, destination_host: None, within, sheddable: false }).await?;
    let tree = Tree::from_octets(Dictionary::builtin(), answered.message.as_bytes())?;
    print!("{} answers {tree}", answered.peer);
    Ok(())
}
