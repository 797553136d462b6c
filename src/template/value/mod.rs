//! From texts to values: what a QoS template's elements and a JSON request's members have in common.
//!
//! Every function takes one text and says what is accepted instead if it is refused; where the text stood is
//! for the caller to say. White space is part of a text.

mod address;
mod custom;
mod decimal;
mod filter;
mod label;
mod tariff;

use std::borrow::Cow;

use thiserror::Error;

pub use address::{UeAddress, ipv6_prefix, ue_address};
pub use custom::{AvpType, MAX_CUSTOM_DEPTH, custom_data};
pub use decimal::{Decimal, NotANumber};
pub use filter::{Filter, FilterFault, check_filter};
pub use label::{application_identifier, octets_of_hex, service_urn};
pub use tariff::{Tariff, tariff_change_usage, tariff_time_change};

use crate::dict::{enums::ReservationPriority, same_name};

/// Why a text is refused: what is accepted in its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    /// The text is of another form or out of range.
    #[error("accepted is {0}")]
    Accepted(Cow<'static, str>),
    /// The text is none of the words that are possible; these.
    #[error("accepted are {0}")]
    Choice(String),
    /// The text is not a whole number of the range from 0 on.
    #[error("it {error}, accepted is a whole number from 0 to {max}")]
    Number {
        /// Why not.
        error: NotANumber,
        /// The largest number accepted.
        max: u64,
    },
}

impl ValueError {
    /// A refusal that says what is accepted.
    pub(crate) fn accepted(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Accepted(what.into())
    }
}

/// A whole number from 0 to `max`.
pub fn whole(text: &str, max: u64) -> Result<u64, ValueError> {
    let digits = text.bytes().all(|octet| octet.is_ascii_digit()) && (1..=18).contains(&text.len());
    let number = match digits {
        // The usual form, which every sum of 18 digits fits into.
        true => Ok(text.bytes().fold(0, |number, digit| 10 * number + u64::from(digit - b'0'))),
        false => Decimal::parse(text).and_then(Decimal::whole),
    };
    let number = number.and_then(|number| if number > max { Err(NotANumber::TooLarge) } else { Ok(number) });
    number.map_err(|error| ValueError::Number { error, max })
}

/// A named value of an enumeration, and the name as its specification prints it.
pub fn choice<T: Copy>(
    text: &str,
    named: &'static [(T, &'static str)],
) -> Result<(T, &'static str), ValueError> {
    let found = named.iter().find(|(_, name)| same_name(name, text));
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = named.iter().map(|(_, name)| *name).collect();
        ValueError::Choice(names.join(", "))
    })
}

/// Reservation-Priority: 0 to 15, or its name.
pub fn reservation_priority(text: &str) -> Result<ReservationPriority, ValueError> {
    let priority = match Decimal::parse(text).and_then(Decimal::whole) {
        Ok(number) => u32::try_from(number).ok().map(ReservationPriority).filter(|it| it.name().is_some()),
        Err(_) => ReservationPriority::from_name(text),
    };
    let valid = "0 to 15, DEFAULT, PRIORITY-ONE to PRIORITY-FIFTEEN";
    priority.ok_or_else(|| ValueError::Choice(valid.into()))
}
