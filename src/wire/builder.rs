//! Encoding: AVPs written one after the other into a buffer of the caller, group lengths filled in behind.

use super::{
    AvpDef, AvpFlags, CommandFlags, EndToEndId, Format, Grouped, HEADER_LENGTH, HopByHopId, VendorId,
    WireError, avp::padded,
};

/// Encoder over a caller's buffer; allocates nothing.
///
/// A buffer that is too small is no panic and needs no check at each AVP: the writer goes on counting, and
/// [`finish`](Self::finish) says how much room the message needs.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut [u8],
    /// Octets written, or that would have been.
    at: usize,
}

impl<'a> Writer<'a> {
    /// Begins a message at the start of `out`.
    #[inline(always)]
    pub fn begin(
        out: &'a mut [u8],
        command: u32,
        flags: CommandFlags,
        application: u32,
        (hop_by_hop, end_to_end): (HopByHopId, EndToEndId),
    ) -> Self {
        if let Some(header) = out.first_chunk_mut::<HEADER_LENGTH>() {
            let words = [
                1 << 24,
                u32::from(flags.0) << 24 | command & 0x00ff_ffff,
                application,
                hop_by_hop.0,
                end_to_end.0,
            ];
            for (field, word) in header.chunks_exact_mut(4).zip(words) {
                field.copy_from_slice(&word.to_be_bytes());
            }
        }
        Self { out, at: HEADER_LENGTH }
    }

    /// Begins a bare sequence of AVPs without a message header around it.
    pub fn avps_only(out: &'a mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    /// Octets written so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Writes one AVP.
    #[inline(always)]
    pub fn put<F: Format>(&mut self, def: &AvpDef<F>, value: F::Value<'_>) {
        let length = F::length(&value);
        if let Some(data) = self.open(def.code, def.vendor, def.flags, length) {
            F::write(value, data);
        }
    }

    /// Writes one AVP if there is a value for it.
    #[inline(always)]
    pub fn put_some<F: Format>(&mut self, def: &AvpDef<F>, value: Option<F::Value<'_>>) {
        if let Some(value) = value {
            self.put(def, value);
        }
    }

    /// Writes an AVP that no definition exists for. The V bit follows from `vendor`.
    pub fn put_raw(&mut self, code: u32, vendor: VendorId, flags: AvpFlags, data: &[u8]) {
        if let Some(out) = self.open(code, vendor, flags, data.len()) {
            out.copy_from_slice(data);
        }
    }

    /// Writes a Grouped AVP; `fill` writes what is inside.
    #[inline(always)]
    pub fn group(&mut self, def: &AvpDef<Grouped>, fill: impl FnOnce(&mut Self)) {
        let start = self.at;
        // Length 0 for now; data is no longer than 24 bits can say, or `finish` refuses the message.
        let _ = self.open(def.code, def.vendor, def.flags, 0);
        fill(self);
        let length = (self.at - start) as u32;
        if let Some(field) = self.out.get_mut(start + 4..start + 8) {
            let word = u32::from(def.flags.0) << 24 | length & 0x00ff_ffff;
            field.copy_from_slice(&word.to_be_bytes());
        }
    }

    /// Takes over AVPs that are encoded already, padding included.
    #[inline(always)]
    pub fn raw(&mut self, octets: &[u8]) {
        if let Some(out) = self.out.get_mut(self.at..self.at + octets.len()) {
            out.copy_from_slice(octets);
        }
        self.at += octets.len();
    }

    /// Ends the message: fills in its length and returns it.
    #[inline(always)]
    pub fn finish(self) -> Result<usize, WireError> {
        if self.at > self.out.len() || self.at >= 1 << 24 {
            return Err(WireError::NoRoom { needed: self.at, room: self.out.len() });
        }
        if let Some(field) = self.out.first_chunk_mut::<4>() {
            *field = (1 << 24 | self.at as u32).to_be_bytes();
        }
        Ok(self.at)
    }

    /// Ends a sequence begun with [`avps_only`](Self::avps_only): returns its length.
    pub fn finish_avps(self) -> Result<usize, WireError> {
        match self.at > self.out.len() {
            true => Err(WireError::NoRoom { needed: self.at, room: self.out.len() }),
            false => Ok(self.at),
        }
    }

    /// Writes an AVP's header and padding; returns the place of its data.
    #[inline(always)]
    fn open(&mut self, code: u32, vendor: VendorId, flags: AvpFlags, length: usize) -> Option<&mut [u8]> {
        let header = if vendor == VendorId::NONE { 8 } else { 12 };
        let total = header + length;
        let start = self.at;
        self.at = start + padded(total);
        let slot = self.out.get_mut(start..self.at)?;
        // Padding first, data over it.
        slot.last_chunk_mut::<4>()?.fill(0);
        let vendor_flag = if vendor == VendorId::NONE { 0 } else { AvpFlags::VENDOR.0 };
        let flags = flags.0 & !AvpFlags::VENDOR.0 | vendor_flag;
        let first = u64::from(code) << 32 | u64::from(flags) << 24 | (total as u64 & 0x00ff_ffff);
        slot.first_chunk_mut::<8>()?.copy_from_slice(&first.to_be_bytes());
        if header == 12 {
            slot.get_mut(8..12)?.copy_from_slice(&vendor.0.to_be_bytes());
        }
        slot.get_mut(header..total)
    }
}
