//! Reading the AVPs of a CER by the letter: each violation becomes the Result-Code and the Failed-AVP that its
//! sender is told (RFC 6733 §6.11, §7.1.5, §7.5).

use super::base::Fault;
use crate::{
    dict::{avp, result},
    wire::{Avp, AvpDef, Avps, DiameterIdentity, Format, FormatError, Unsigned32, WireError, Writer},
};

/// The Auth-Application-Id of a Vendor-Specific-Application-Id, if it is not for accounting (RFC 6733 §6.11).
pub(super) fn vendor_specific(group: Avp<'_>) -> Result<Option<u32>, Fault> {
    let nested = |fault: Fault| Fault { failed: fault.failed.map(|failed| wrap(&failed)), ..fault };
    let avps = group.children();
    let vendors = avps.iter().filter(|avp| avp.key() == avp::VENDOR_ID.key());
    if vendors.clone().next().is_none() {
        return Err(nested(missing(&avp::VENDOR_ID, 4)));
    }
    for vendor in vendors {
        number(vendor).map_err(nested)?;
    }
    let auth = at_most_one(avps, &avp::AUTH_APPLICATION_ID).map_err(nested)?;
    let acct = at_most_one(avps, &avp::ACCT_APPLICATION_ID).map_err(nested)?;
    match (auth, acct) {
        (Some(auth), None) => number(auth).map(Some).map_err(nested),
        (None, Some(acct)) => number(acct).map(|_| None).map_err(nested),
        (None, None) => {
            let both = [example(&avp::AUTH_APPLICATION_ID, 4), example(&avp::ACCT_APPLICATION_ID, 4)];
            let text = "Vendor-Specific-Application-Id has neither Auth- nor Acct-Application-Id";
            Err(Fault::quoting(result::MISSING_AVP, text, wrap(&both.concat())))
        }
        (Some(auth), Some(acct)) => {
            let both = [auth.padded_octets(), acct.padded_octets()];
            let text = "Vendor-Specific-Application-Id has both Auth- and Acct-Application-Id";
            Err(Fault::quoting(result::AVP_OCCURS_TOO_MANY_TIMES, text, wrap(&both.concat())))
        }
    }
}

/// A Vendor-Specific-Application-Id around AVPs that are encoded already.
fn wrap(avps: &[u8]) -> Vec<u8> {
    encode(8 + avps.len(), |w| w.group(&avp::VENDOR_SPECIFIC_APPLICATION_ID, |w| w.raw(avps)))
}

/// An AVP with zeros for data: what Failed-AVP holds for one that is missing (RFC 6733 §7.5).
fn example<F>(def: &AvpDef<F>, octets: usize) -> Vec<u8> {
    encode(12 + octets, |w| {
        w.put_raw(def.code, def.vendor, def.flags, [0; 8].get(..octets).unwrap_or_default())
    })
}

fn encode(room: usize, fill: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = vec![0; room.next_multiple_of(4)];
    let mut writer = Writer::avps_only(&mut out);
    fill(&mut writer);
    let length = writer.finish_avps().expect("room for one header and its data");
    out.truncate(length);
    out
}

pub(super) fn missing<F>(def: &AvpDef<F>, octets: usize) -> Fault {
    Fault::quoting(result::MISSING_AVP, format!("{} is missing", def.name), example(def, octets))
}

/// The only AVP of this definition; the first surplus one is the fault.
pub(super) fn at_most_one<'a, F>(avps: Avps<'a>, def: &AvpDef<F>) -> Result<Option<Avp<'a>>, Fault> {
    let mut all = avps.iter().filter(|avp| avp.key() == def.key());
    let first = all.next();
    match all.next() {
        None => Ok(first),
        Some(surplus) => Err(Fault::quoting(
            result::AVP_OCCURS_TOO_MANY_TIMES,
            format!("{} occurs {} times", def.name, 2 + all.count()),
            surplus.padded_octets(),
        )),
    }
}

pub(super) fn value<F: Format>(avp: Avp<'_>) -> Result<F::Value<'_>, Fault> {
    avp.read::<F>().map_err(|error| {
        let code = match error {
            // The length may be right for a family that is no IP version: then the value is wrong.
            WireError::Value { error: FormatError::Address { family, .. }, .. }
                if !matches!(family, 0..=2) =>
            {
                result::INVALID_AVP_VALUE
            }
            _ => error.result_code(),
        };
        Fault::quoting(code, error.to_string(), avp.padded_octets())
    })
}

pub(super) fn number(avp: Avp<'_>) -> Result<u32, Fault> {
    value::<Unsigned32>(avp)
}

/// Exactly one Origin-Host or Origin-Realm that can be a name.
pub(super) fn identity(avps: Avps<'_>, def: &AvpDef<DiameterIdentity>) -> Result<String, Fault> {
    let avp = at_most_one(avps, def)?.ok_or_else(|| missing(def, 0))?;
    let name = value::<DiameterIdentity>(avp)?;
    if name.is_empty() || name.len() > 255 || !name.is_ascii() {
        let text = format!("{} is not a name of 1 to 255 ASCII characters", def.name);
        return Err(Fault::quoting(result::INVALID_AVP_VALUE, text, avp.padded_octets()));
    }
    Ok(name.to_owned())
}
