//! A bare socket that speaks Diameter as a test wants it to.

use std::net::SocketAddr;

use bytes::BytesMut;
use rxgate::{
    dict::{RX_APPLICATION_ID, avp, commands},
    wire::{CommandFlags, EndToEndId, HopByHopId, MAX_MESSAGE, MessageBuf, frame_length},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::soon;

pub struct Raw {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: BytesMut::new() }
    }

    pub async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = soon(listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: BytesMut::new() }
    }

    /// Connects and exchanges capabilities as `host`.
    pub async fn open(address: SocketAddr, host: &str) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(cer(host).as_bytes()).await;
        let cea = raw.recv().await.expect("a CEA");
        assert_eq!(crate::support::result_code(&cea), 2001);
        raw
    }

    /// Accepts a connection and answers its CER as `host`.
    pub async fn open_accepted(listener: &TcpListener, host: &str) -> Self {
        let mut raw = Self::accept(listener).await;
        let cer = raw.recv().await.expect("a CER");
        raw.send(cea(&cer, host).as_bytes()).await;
        raw
    }

    pub async fn send(&mut self, octets: &[u8]) {
        soon(self.stream.write_all(octets)).await.unwrap();
    }

    /// The next message; `None` at the end of the connection, whichever way it ends.
    pub async fn recv(&mut self) -> Option<MessageBuf> {
        soon(async {
            loop {
                if let Some(length) = frame_length(&self.buffer, MAX_MESSAGE).unwrap()
                    && length <= self.buffer.len()
                {
                    return Some(MessageBuf::from_bytes(self.buffer.split_to(length).freeze()).unwrap());
                }
                if self.stream.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        })
        .await
    }
}

/// A listener whose sockets take next to nothing before they are read.
pub fn narrow_listener() -> TcpListener {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(8).unwrap()
}

pub fn cer(host: &str) -> MessageBuf {
    capabilities(host, CommandFlags::REQUEST, (HopByHopId(1), EndToEndId(1)), None)
}

pub fn cea(cer: &MessageBuf, host: &str) -> MessageBuf {
    let header = cer.header();
    capabilities(host, CommandFlags::NONE, (header.hop_by_hop, header.end_to_end), Some(2001))
}

fn capabilities(
    host: &str,
    flags: CommandFlags,
    ids: (HopByHopId, EndToEndId),
    result_code: Option<u32>,
) -> MessageBuf {
    MessageBuf::build(commands::CAPABILITIES_EXCHANGE, flags, 0, ids, |w| {
        w.put_some(&avp::RESULT_CODE, result_code);
        w.put(&avp::ORIGIN_HOST, host);
        w.put(&avp::ORIGIN_REALM, "rx.test");
        w.put(&avp::HOST_IP_ADDRESS, "127.0.0.1".parse().unwrap());
        w.put(&avp::VENDOR_ID, 0);
        w.put(&avp::PRODUCT_NAME, "raw");
        w.put(&avp::AUTH_APPLICATION_ID, RX_APPLICATION_ID);
    })
    .unwrap()
}

pub fn dwr(id: u32) -> MessageBuf {
    let ids = (HopByHopId(id), EndToEndId(id));
    MessageBuf::build(commands::DEVICE_WATCHDOG, CommandFlags::REQUEST, 0, ids, |w| {
        w.put(&avp::ORIGIN_HOST, "raw.rx.test");
        w.put(&avp::ORIGIN_REALM, "rx.test");
    })
    .unwrap()
}
