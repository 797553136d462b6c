//! Diameter over a stream of octets, which TCP and TLS are (RFC 6733 §2.1): cutting it into messages.

use std::{io, net::IpAddr};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Link, RecvError, RecvMessage, SendMessage};
use crate::{
    BoxFuture, tls,
    wire::{Header, MAX_MESSAGE, MessageBuf, WireError, frame_length},
};

/// Room made for one read: several messages under load. Octets.
const READ_SIZE: usize = 16 * 1024;

/// Two octets that a TLS record begins with: a handshake or an alert, and the version (RFC 8446 §5.1).
const TLS: [[u8; 2]; 2] = [[0x16, 0x03], [0x15, 0x03]];

/// What a connection without TLS may end of at once.
const RESET: &str = "check whether one end takes TLS there and the other does not (`transport = \"tls\"`), and whether it \
                     knows this gateway";

/// The two directions of a connection as a link.
pub(super) fn link(
    reader: impl AsyncRead + Send + Unpin + 'static,
    writer: impl AsyncWrite + Send + Unpin + 'static,
    local: Vec<IpAddr>,
    certified: Option<Vec<String>>,
) -> Link {
    let plain = certified.is_none();
    let rx = Receiver { stream: reader, buffer: BytesMut::new(), plain, began: false, lost: false };
    let tx = Sender { stream: writer, joined: Vec::new() };
    Link { rx: Box::new(rx), tx: Box::new(tx), local, certified, paths: None }
}

struct Receiver<R> {
    stream: R,
    buffer: BytesMut,
    /// Without TLS.
    plain: bool,
    /// A message has come.
    began: bool,
    /// Out of step: nothing that follows can be understood.
    lost: bool,
}

impl<R: AsyncRead + Send + Unpin> RecvMessage for Receiver<R> {
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>> {
        Box::pin(async move {
            loop {
                if self.lost {
                    self.buffer.clear();
                }
                let before = into.len();
                let error = self.cut(into).err();
                if into.len() > before {
                    self.began = true;
                    // The error, if there is one, comes again with the next call.
                    return Ok(());
                }
                if let Some(error) = error {
                    if !self.began && TLS.iter().any(|tls| self.buffer.starts_with(tls)) {
                        return Err(RecvError::Tls);
                    }
                    self.lost = true;
                    return Err(RecvError::Bad { error, header: Header::parse(&self.buffer).ok() });
                }
                self.buffer.reserve(READ_SIZE);
                match self.stream.read_buf(&mut self.buffer).await {
                    Ok(0) => return Err(RecvError::Ended),
                    Ok(_) => {}
                    // The end without TLS' own goodbye: what is missing then shows in the messages.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return Err(RecvError::Ended);
                    }
                    Err(error)
                        if self.plain && !self.began && error.kind() == io::ErrorKind::ConnectionReset =>
                    {
                        let text = format!("{error}, before any message: {RESET}");
                        return Err(io::Error::new(error.kind(), text).into());
                    }
                    Err(error) => {
                        let why = tls::of_tls(&error).map(tls::reason);
                        return Err(why.map_or(error, io::Error::other).into());
                    }
                }
            }
        })
    }
}

impl<R> Receiver<R> {
    /// Cuts the whole messages off the buffer.
    fn cut(&mut self, into: &mut Vec<MessageBuf>) -> Result<(), WireError> {
        while let Some(length) = frame_length(&self.buffer, MAX_MESSAGE)? {
            if self.buffer.len() < length {
                self.buffer.reserve(length - self.buffer.len());
                break;
            }
            into.push(MessageBuf::from_bytes(self.buffer.split_to(length).freeze())?);
        }
        Ok(())
    }
}

struct Sender<W> {
    stream: W,
    joined: Vec<u8>,
}

impl<W: AsyncWrite + Send + Unpin> SendMessage for Sender<W> {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            if let [message] = messages {
                self.stream.write_all(message).await?;
            } else {
                // One system call for all of them.
                self.joined.clear();
                messages.iter().for_each(|message| self.joined.extend_from_slice(message));
                self.stream.write_all(&self.joined).await?;
            }
            // TLS may still have some of it.
            self.stream.flush().await
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(self.stream.shutdown())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::{ReadBuf, empty};

    use super::*;

    struct Reset;

    impl AsyncRead for Reset {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset")))
        }
    }

    #[tokio::test]
    async fn a_reset_before_any_message_says_that_tls_may_be_missing_where_there_is_none() {
        for (certified, says) in
            [(None, format!("reset, before any message: {RESET}")), (Some(vec![]), "reset".into())]
        {
            let mut link = link(Reset, empty(), vec![], certified);
            let error = link.rx.recv(&mut Vec::new()).await.unwrap_err();
            assert_eq!(error.to_string(), says);
        }
    }
}
