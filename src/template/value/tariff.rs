//! tariffTimeChange: its name is that of a time, its text that of an enumeration.

use std::borrow::Cow;

use super::{Decimal, ValueError, choice, whole};
use crate::{
    dict::{avp, enums::TariffChangeUsage},
    rx::CustomAvp,
    wire::{AvpFlags, TimeValue, VendorId},
};

/// What tariffTimeChange of a Granted-Service-Unit can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    /// Tariff-Time-Change (451).
    Change(TimeValue),
    /// Tariff-Change-Usage (452), and the name as its specification prints it.
    Usage(TariffChangeUsage, &'static str),
}

impl Tariff {
    /// Whether a time is one that nobody can mean: before 1968 or after 2036.
    pub fn is_doubtful(time: TimeValue) -> bool {
        time.0 < 1 << 31
    }
}

/// A number is a time; a name belongs into another AVP, and is refused if `strict`.
pub fn tariff_time_change(text: &str, strict: bool) -> Result<Tariff, ValueError> {
    if Decimal::parse(text).is_ok() {
        let seconds = whole(text, u64::from(u32::MAX))?;
        return Ok(Tariff::Change(TimeValue(u32::try_from(seconds).unwrap_or(u32::MAX))));
    }
    if strict {
        return Err(ValueError::Choice("seconds since 1900-01-01 (a name goes into usedServiceUnit)".into()));
    }
    choice(text, TariffChangeUsage::NAMED).map(|(usage, name)| Tariff::Usage(usage, name))
}

/// Tariff-Change-Usage with M clear, for a group that has no place for it: a PCRF that does not expect it
/// there leaves it aside.
pub fn tariff_change_usage(usage: TariffChangeUsage) -> CustomAvp<'static> {
    CustomAvp {
        code: avp::TARIFF_CHANGE_USAGE.code,
        vendor: VendorId::NONE,
        flags: AvpFlags::NONE,
        data: Cow::Owned(usage.0.to_be_bytes().to_vec()),
    }
}
