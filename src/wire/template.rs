//! Answers that are the same every time but for a few fields: encoded once, patched per request.

use bytes::BytesMut;

use super::{AvpDef, CommandFlags, Format, Message, MessageBuf, WireError, Writer};

/// An answer encoded beforehand (RFC 6733 §6.2).
///
/// What comes from the request: command, application, both identifiers and the P bit, its leading AVP
/// (Session-Id, where the command has one) and every AVP that is to be echoed (Proxy-Info), in order.
#[derive(Clone, Debug)]
pub struct AnswerTemplate<const ECHOED: usize> {
    flags: CommandFlags,
    leading: u64,
    echoed: [u64; ECHOED],
    tail: Box<[u8]>,
}

impl<const ECHOED: usize> AnswerTemplate<ECHOED> {
    /// Encodes what is the same in every answer. `leading` is copied when it is the request's first AVP,
    /// every AVP with an `echoed` key is appended. `flags` are set beside P: E for protocol errors, else none.
    pub fn new<L: Format>(
        leading: &AvpDef<L>,
        echoed: [u64; ECHOED],
        flags: CommandFlags,
        fill: impl Fn(&mut Writer<'_>),
    ) -> Result<Self, WireError> {
        let mut tail = vec![0; 256];
        loop {
            let mut writer = Writer::avps_only(&mut tail);
            fill(&mut writer);
            match writer.finish_avps() {
                Ok(length) => {
                    tail.truncate(length);
                    let tail = tail.into_boxed_slice();
                    return Ok(Self { flags, leading: leading.key(), echoed, tail });
                }
                Err(WireError::NoRoom { needed, .. }) => tail.resize(needed, 0),
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes the answer to `request` at the start of `out`; returns its length.
    #[inline]
    pub fn answer(&self, request: &Message<'_>, out: &mut [u8]) -> Result<usize, WireError> {
        let header = request.header();
        let flags = CommandFlags(header.flags.0 & CommandFlags::PROXIABLE.0 | self.flags.0);
        let ids = (header.hop_by_hop, header.end_to_end);
        let mut writer = Writer::begin(out, header.command, flags, header.application, ids);
        if let Some(first) = request.avps().iter().next()
            && first.key() == self.leading
        {
            writer.raw(first.padded_octets());
        }
        writer.raw(&self.tail);
        for avp in request.avps().iter().filter(|avp| self.echoed.contains(&avp.key())) {
            writer.raw(avp.padded_octets());
        }
        writer.finish()
    }

    /// The answer to `request` in a buffer of its own.
    pub fn message(&self, request: &Message<'_>) -> Result<MessageBuf, WireError> {
        // What is taken over from the request, header included, is not longer than the request.
        let mut out = BytesMut::zeroed(request.octets().len() + self.tail.len());
        let length = self.answer(request, &mut out)?;
        out.truncate(length);
        MessageBuf::from_bytes(out.freeze())
    }
}
