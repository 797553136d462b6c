//! Numbers as they were written: exact, never through binary floating point (RFC 8506 §8.8).

use std::fmt;

/// `digits` × 10^`exponent`, negated or not; no zero stands at the end of a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: u64,
    exponent: i32,
}

/// Largest power of ten of an amount, up and down.
const MAX_POWER: i32 = 18;

/// Why a text is not the number that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// Not a number at all.
    Syntax,
    /// More digits than can be sent.
    TooManyDigits,
    /// Below zero.
    Negative,
    /// Not a whole one.
    Fraction,
    /// Larger than can be sent.
    TooLarge,
}

impl Decimal {
    /// Reads a number in the form of JSON; leading zeros are allowed.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => {
                let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
                if !is_digits(digits) {
                    return Err(NotANumber::Syntax);
                }
                (mantissa, power.parse::<i32>().map_err(|_| NotANumber::TooLarge)?)
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(NotANumber::Syntax),
            Some((whole, fraction)) => (whole, fraction),
            None => (mantissa, ""),
        };
        if !is_digits(whole) || !(fraction.is_empty() || is_digits(fraction)) {
            return Err(NotANumber::Syntax);
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .try_fold(0u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
        let digits = digits.ok_or(NotANumber::TooManyDigits)?;
        if digits == 0 {
            return Ok(Self { negative: false, digits, exponent: 0 });
        }
        let shift = i32::try_from(fraction.len()).map_err(|_| NotANumber::TooManyDigits)?;
        let exponent = power.checked_sub(shift).ok_or(NotANumber::TooLarge)?;
        Ok(Self { negative, digits, exponent })
    }

    /// The number as a whole one that is not negative.
    pub fn whole(self) -> Result<u64, NotANumber> {
        if self.negative {
            return Err(NotANumber::Negative);
        }
        let (mut digits, mut exponent) = (self.digits, self.exponent);
        while exponent < 0 && digits % 10 == 0 && digits != 0 {
            (digits, exponent) = (digits / 10, exponent + 1);
        }
        match u32::try_from(exponent) {
            Err(_) => Err(NotANumber::Fraction),
            Ok(exponent) => {
                let power = 10u64.checked_pow(exponent).ok_or(NotANumber::TooLarge)?;
                digits.checked_mul(power).ok_or(NotANumber::TooLarge)
            }
        }
    }

    /// Value-Digits and Exponent (RFC 8506 §8.8); an exponent of 0 is not sent.
    ///
    /// Amounts that common readers of JSON could not take back are refused.
    pub fn unit_value(self) -> Result<(i64, Option<i32>), NotANumber> {
        if self.negative {
            return Err(NotANumber::Negative);
        }
        if self.exponent > MAX_POWER {
            return Err(NotANumber::TooLarge);
        }
        if self.exponent < -MAX_POWER {
            return Err(NotANumber::TooManyDigits);
        }
        let digits = i64::try_from(self.digits).map_err(|_| NotANumber::TooManyDigits)?;
        Ok((digits, (self.exponent != 0).then_some(self.exponent)))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// As JSON writes it; plain where that is short.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.digits.to_string();
        match usize::try_from(-i64::from(self.exponent)) {
            Ok(0) => f.write_str(&digits),
            Ok(places @ 1..=18) => {
                let padded = format!("{digits:0>width$}", width = places + 1);
                let (whole, fraction) = padded.split_at(padded.len() - places);
                write!(f, "{whole}.{fraction}")
            }
            _ => write!(f, "{digits}e{}", self.exponent),
        }
    }
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "is not a number",
            Self::TooManyDigits => "has more digits than can be sent",
            Self::Negative => "is negative",
            Self::Fraction => "is not a whole number",
            Self::TooLarge => "is too large",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_exactly() {
        for (text, digits, exponent, shown) in [
            ("6.28", 628, Some(-2), "6.28"),
            ("1", 1, None, "1"),
            ("1.0", 1, None, "1"),
            ("1.50", 15, Some(-1), "1.5"),
            ("0.05", 5, Some(-2), "0.05"),
            ("100", 100, None, "100"),
            ("12e3", 12, Some(3), "12e3"),
            ("12E-3", 12, Some(-3), "0.012"),
            ("0.000", 0, None, "0"),
            ("9223372036854775807", i64::MAX, None, "9223372036854775807"),
            ("0.123456789012345678", 123_456_789_012_345_678, Some(-18), "0.123456789012345678"),
        ] {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(decimal.unit_value().unwrap(), (digits, exponent), "{text}");
            assert_eq!(decimal.to_string(), shown);
            assert_eq!(Decimal::parse(shown), Ok(decimal));
        }
    }

    #[test]
    fn amounts_have_a_range() {
        let amount = |text| Decimal::parse(text).and_then(Decimal::unit_value);
        assert_eq!(amount("-1"), Err(NotANumber::Negative));
        assert_eq!(amount("1e19"), Err(NotANumber::TooLarge));
        assert_eq!(amount("1e-19"), Err(NotANumber::TooManyDigits));
        assert_eq!(amount("9223372036854775808"), Err(NotANumber::TooManyDigits));
    }

    #[test]
    fn whole_numbers_have_a_range_and_no_fraction() {
        let whole = |text| Decimal::parse(text).and_then(Decimal::whole);
        assert_eq!(whole("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(whole("3600.0"), Ok(3600));
        assert_eq!(whole("36e2"), Ok(3600));
        assert_eq!(whole("3600e-2"), Ok(36));
        assert_eq!(whole("0080"), Ok(80));
        assert_eq!(whole("18446744073709551616"), Err(NotANumber::TooManyDigits));
        assert_eq!(whole("2e19"), Err(NotANumber::TooLarge));
        assert_eq!(whole("1e99999999999"), Err(NotANumber::TooLarge));
        assert_eq!(whole("1.5"), Err(NotANumber::Fraction));
        assert_eq!(whole("-1"), Err(NotANumber::Negative));
        for text in ["", "-", "1.", ".5", "1e", "1e+", "+1", " 1", "1 ", "0x10", "1_000", "NaN", "1e1.5", "١"]
        {
            assert_eq!(whole(text), Err(NotANumber::Syntax), "{text}");
        }
    }
}
