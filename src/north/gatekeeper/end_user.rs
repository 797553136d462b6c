//! endUserId: whom a request concerns, as the URI in its path names them.

use super::Invalid;
use crate::{dict::enums::SubscriptionIdType, rx::SubscriptionId};

/// Largest endUserId. Octets.
const MAX_OCTETS: usize = 256;

/// Accepted forms, for messages.
const FORMS: &str =
    "accepted are tel:, sip:, sips:, imsi: and nai: URIs, and bare digits of a telephone number";

/// An end user in one of the accepted forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndUser {
    given: String,
    kind: SubscriptionIdType,
    /// The identifier without what may be written in several ways; for `tel:` digits only.
    data: String,
    normalised: String,
}

impl EndUser {
    /// Reads an endUserId whose percent-encoding was taken off, once.
    pub fn parse(given: &str) -> Result<Self, Invalid> {
        let refuse = |why: &str| Err(Invalid::address("endUserId", format!("{why}; {FORMS}")));
        if given.len() > MAX_OCTETS {
            return refuse("it has more than 256 octets");
        }
        if given.chars().any(|one| one == '/' || one.is_control()) {
            return refuse("it has a slash or a control character");
        }
        let Some((scheme, rest)) = given.split_once(':') else {
            return match is_number(given, 1..=20) {
                true => Ok(Self::new(given, SubscriptionIdType::END_USER_E164, "tel", given.to_owned())),
                false => refuse("it has no scheme"),
            };
        };
        let scheme = scheme.to_ascii_lowercase();
        let (kind, data) = match scheme.as_str() {
            "tel" => (SubscriptionIdType::END_USER_E164, telephone(rest)),
            "sip" | "sips" => (SubscriptionIdType::END_USER_SIP_URI, sip(&scheme, rest)),
            "imsi" => {
                let imsi = is_number(rest, 6..=15).then(|| rest.to_owned());
                (SubscriptionIdType::END_USER_IMSI, imsi)
            }
            "nai" => (SubscriptionIdType::END_USER_NAI, is_visible(rest).then(|| rest.to_owned())),
            "acr" => return refuse("an anonymous reference needs a resolver, and none is configured"),
            _ => return refuse("its scheme is not known"),
        };
        match data {
            Some(data) => Ok(Self::new(given, kind, &scheme, data)),
            None => refuse("what stands after its scheme is not of its form"),
        }
    }

    fn new(given: &str, kind: SubscriptionIdType, scheme: &str, data: String) -> Self {
        let normalised = match kind {
            SubscriptionIdType::END_USER_SIP_URI => data.clone(),
            _ => format!("{scheme}:{data}"),
        };
        Self { given: given.to_owned(), kind, data, normalised }
    }

    /// As it came, without percent-encoding.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// One form for everything that means the same.
    pub fn normalised(&self) -> &str {
        &self.normalised
    }

    /// The Subscription-Id that says the same to the PCRF.
    pub fn subscription_id(&self) -> Option<SubscriptionId<'static>> {
        Some(SubscriptionId {
            subscription_id_type: self.kind,
            subscription_id_data: self.data.clone().into(),
            ..SubscriptionId::default()
        })
    }

    /// Whom a Subscription-Id names, if that is somebody who could stand in a path.
    pub fn of(id: &SubscriptionId<'_>) -> Option<Self> {
        let data = &*id.subscription_id_data;
        let text = match id.subscription_id_type {
            SubscriptionIdType::END_USER_E164 => format!("tel:{data}"),
            SubscriptionIdType::END_USER_IMSI => format!("imsi:{data}"),
            SubscriptionIdType::END_USER_SIP_URI => data.to_owned(),
            SubscriptionIdType::END_USER_NAI => format!("nai:{data}"),
            _ => return None,
        };
        Self::parse(&text).ok().filter(|user| user.kind == id.subscription_id_type)
    }

    /// The forms that rights are given by: the normalised one, and a telephone number with its plus sign as well.
    pub fn forms(&self) -> Vec<String> {
        let mut forms = vec![self.normalised.clone()];
        if self.is_telephone() {
            forms.push(format!("tel:+{}", self.data));
        }
        forms
    }

    /// Whether it is a telephone number.
    pub fn is_telephone(&self) -> bool {
        self.kind == SubscriptionIdType::END_USER_E164
    }

    /// Whether a Subscription-Id of the same kind names somebody else.
    pub fn is_contradicted_by(&self, id: &SubscriptionId<'_>) -> bool {
        let data = &*id.subscription_id_data;
        let same = match self.kind {
            SubscriptionIdType::END_USER_E164 => telephone(data).is_some_and(|digits| digits == self.data),
            SubscriptionIdType::END_USER_SIP_URI => {
                let uri =
                    data.split_once(':').and_then(|(scheme, rest)| sip(&scheme.to_ascii_lowercase(), rest));
                uri.is_some_and(|uri| uri == self.data)
            }
            _ => data == self.data,
        };
        id.subscription_id_type == self.kind && !same
    }
}

/// The digits of a telephone number without its plus sign and visual separators (RFC 3966 §3).
fn telephone(text: &str) -> Option<String> {
    let number = text.strip_prefix('+').unwrap_or(text);
    let digits: String = number.chars().filter(|one| !matches!(one, '-' | '.' | '(' | ')' | ' ')).collect();
    is_number(&digits, 1..=20).then_some(digits)
}

/// A SIP URI with its scheme and host in small letters (RFC 3261 §19.1.4).
fn sip(scheme: &str, rest: &str) -> Option<String> {
    if !is_visible(rest) {
        return None;
    }
    Some(match rest.rsplit_once('@') {
        Some((user, host)) if !user.is_empty() && !host.is_empty() => {
            format!("{scheme}:{user}@{}", host.to_ascii_lowercase())
        }
        Some(_) => return None,
        None => format!("{scheme}:{}", rest.to_ascii_lowercase()),
    })
}

fn is_number(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit())
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|one| !one.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_one_normal_form_and_a_subscription_id() {
        for (given, normalised, kind, data) in [
            ("tel:88888888", "tel:88888888", 0, "88888888"),
            ("tel:+1-201-555-0123", "tel:12015550123", 0, "12015550123"),
            ("TEL:+49 (30) 123.456", "tel:4930123456", 0, "4930123456"),
            ("88888888", "tel:88888888", 0, "88888888"),
            ("imsi:001010123456789", "imsi:001010123456789", 1, "001010123456789"),
            ("sip:Alice@Example.COM", "sip:Alice@example.com", 2, "sip:Alice@example.com"),
            ("sips:a@b", "sips:a@b", 2, "sips:a@b"),
            ("nai:user@realm", "nai:user@realm", 3, "user@realm"),
        ] {
            let user = EndUser::parse(given).unwrap();
            assert_eq!((user.given(), user.normalised()), (given, normalised));
            let id = user.subscription_id().unwrap();
            assert_eq!((id.subscription_id_type.0, &*id.subscription_id_data), (kind, data));
            assert!(!user.is_contradicted_by(&id), "{given}");
        }
    }

    #[test]
    fn everything_else_is_refused_as_no_valid_address() {
        let long = format!("sip:{}@b", "a".repeat(256));
        for given in [
            "",
            "qos",
            "tel:",
            "tel:+",
            "tel:abc",
            "tel:1;ext=2",
            "tel%3A88888888",
            "tel:12/34",
            "tel:1\n2",
            "acr:x",
            "imsi:12345",
            "imsi:00101012345678901",
            "sip:",
            "sip:@b",
            "sip:a@",
            "sip:a b@c",
            "nai:",
            "http://x",
            &long,
            "tel:123456789012345678901",
        ] {
            let error = EndUser::parse(given).unwrap_err();
            assert!(
                matches!(&error, Invalid::Address { part, .. } if part == "endUserId"),
                "{given}: {error}"
            );
        }
    }

    #[test]
    fn only_another_identity_of_the_same_kind_contradicts() {
        let user = EndUser::parse("tel:+861013388991111").unwrap();
        let id = |kind, data: &'static str| SubscriptionId {
            subscription_id_type: SubscriptionIdType(kind),
            subscription_id_data: data.into(),
            ..SubscriptionId::default()
        };
        assert!(!user.is_contradicted_by(&id(0, "861013388991111")));
        assert!(!user.is_contradicted_by(&id(0, "+861013388991111")));
        assert!(user.is_contradicted_by(&id(0, "861013388991112")));
        assert!(user.is_contradicted_by(&id(0, "nobody")));
        assert!(!user.is_contradicted_by(&id(1, "001010123456789")));
    }
}
