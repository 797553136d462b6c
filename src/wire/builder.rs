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
    /// Version and Message Length, known at the end; `None` without a header, or without room for one.
    first_word: Option<&'a mut [u8; 4]>,
    /// What is still free of the buffer. Nothing once something did not fit.
    free: &'a mut [u8],
    /// Octets of the whole buffer.
    room: usize,
    /// Octets that the buffer is too short by.
    missing: usize,
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
        let mut writer = Self::avps_only(out);
        if let Some(header) = writer.take(HEADER_LENGTH)
            && let Some((first_word, rest)) = header.split_first_chunk_mut::<4>()
        {
            let command = u32::from(flags.0) << 24 | command & 0x00ff_ffff;
            let words = [command, application, hop_by_hop.0, end_to_end.0];
            for (field, word) in rest.chunks_exact_mut(4).zip(words) {
                field.copy_from_slice(&word.to_be_bytes());
            }
            writer.first_word = Some(first_word);
        }
        writer
    }

    /// Begins a bare sequence of AVPs without a message header around it.
    #[inline(always)]
    pub fn avps_only(out: &'a mut [u8]) -> Self {
        Self { first_word: None, room: out.len(), free: out, missing: 0 }
    }

    /// Octets written so far, or that would have been.
    pub fn position(&self) -> usize {
        self.room - self.free.len() + self.missing
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
        let header = header_length(def.vendor);
        let slot = self.take(header);
        let before = self.free.len();
        fill(self);
        // Longer than 24 bits can say, or than there is room: `finish` refuses the message.
        let length = header + before - self.free.len();
        if let Some(slot) = slot {
            write_header(slot, def.code, def.vendor, def.flags, length);
        }
    }

    /// Takes over AVPs that are encoded already, padding included.
    #[inline(always)]
    pub fn raw(&mut self, octets: &[u8]) {
        if let Some(out) = self.take(octets.len()) {
            out.copy_from_slice(octets);
        }
    }

    /// Ends the message: fills in its length and returns it.
    #[inline(always)]
    pub fn finish(self) -> Result<usize, WireError> {
        let length = self.position();
        if self.missing > 0 || length >= 1 << 24 {
            return Err(WireError::NoRoom { needed: length, room: self.room });
        }
        if let Some(first_word) = self.first_word {
            *first_word = (1 << 24 | length as u32).to_be_bytes();
        }
        Ok(length)
    }

    /// Ends a sequence begun with [`avps_only`](Self::avps_only): returns its length.
    pub fn finish_avps(self) -> Result<usize, WireError> {
        match self.missing {
            0 => Ok(self.position()),
            _ => Err(WireError::NoRoom { needed: self.position(), room: self.room }),
        }
    }

    /// Writes an AVP's header and padding; returns the place of its data.
    #[inline(always)]
    fn open(&mut self, code: u32, vendor: VendorId, flags: AvpFlags, length: usize) -> Option<&'a mut [u8]> {
        let header = header_length(vendor);
        let slot = self.take(padded(header + length))?;
        // Padding first, header and data over it. That there are eight octets serves the header too.
        slot.last_chunk_mut::<8>()?[4..].fill(0);
        write_header(slot, code, vendor, flags, header + length);
        slot.get_mut(header..)?.get_mut(..length)
    }

    /// The next octets of the buffer; counts them if they are not there.
    #[inline(always)]
    fn take(&mut self, octets: usize) -> Option<&'a mut [u8]> {
        let free = std::mem::take(&mut self.free);
        let left = free.len();
        let Some((taken, free)) = free.split_at_mut_checked(octets) else {
            self.missing += octets - left;
            return None;
        };
        self.free = free;
        Some(taken)
    }
}

/// Octets of an AVP's header.
#[inline(always)]
const fn header_length(vendor: VendorId) -> usize {
    if vendor.0 == 0 { 8 } else { 12 }
}

/// Writes an AVP's header at the start of `slot`. The V bit follows from `vendor`.
#[inline(always)]
fn write_header(slot: &mut [u8], code: u32, vendor: VendorId, flags: AvpFlags, length: usize) {
    let vendor_flag = if vendor == VendorId::NONE { 0 } else { AvpFlags::VENDOR.0 };
    let flags = flags.0 & !AvpFlags::VENDOR.0 | vendor_flag;
    let word = u64::from(code) << 32 | u64::from(flags) << 24 | (length as u64 & 0x00ff_ffff);
    let Some((field, rest)) = slot.split_first_chunk_mut::<8>() else { return };
    *field = word.to_be_bytes();
    if vendor != VendorId::NONE
        && let Some(field) = rest.first_chunk_mut::<4>()
    {
        *field = vendor.0.to_be_bytes();
    }
}
