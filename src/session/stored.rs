//! How parts of a session are stored that are made of Rx values: as the AVPs that they came in, so that neither the
//! store nor the core has another form of them.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

use crate::rx::{AaAnswer, AaRequest};

/// The service part of an AAR.
pub(super) mod service {
    use super::*;

    pub fn serialize<S: Serializer>(service: &AaRequest<'static>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&service.to_octets().map_err(S::Error::custom)?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AaRequest<'static>, D::Error> {
        AaRequest::from_octets(&octets(from)?).map_err(D::Error::custom)
    }
}

/// What an AAA granted: as one.
pub(super) mod granted {
    use super::*;
    use crate::session::{Granted, machine::facts};

    pub fn serialize<S: Serializer>(granted: &Granted, to: S) -> Result<S::Ok, S::Error> {
        let answer = AaAnswer {
            ip_can_type: granted.ip_can_type,
            rat_type: granted.rat_type,
            an_trusted: granted.an_trusted,
            an_gw_address: granted.an_gw_address.clone().into(),
            access_network_charging_identifier: granted.access_network_charging_identifier.clone().into(),
            access_network_charging_address: granted.access_network_charging_address,
            flows: granted.flows.clone().into(),
            subscription_id: granted.subscription_id.clone().into(),
            supported_features: granted.supported_features.clone().into(),
            class: granted.class.iter().map(|class| class.clone().into()).collect(),
            ..AaAnswer::default()
        };
        to.serialize_bytes(&answer.to_octets().map_err(S::Error::custom)?)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Granted, D::Error> {
        Ok(facts(&AaAnswer::from_octets(&octets(from)?).map_err(D::Error::custom)?))
    }
}

/// By its number.
pub(super) mod termination_cause {
    use super::*;
    use crate::dict::enums::TerminationCause;

    pub fn serialize<S: Serializer>(cause: &TerminationCause, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(cause.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TerminationCause, D::Error> {
        u32::deserialize(from).map(TerminationCause)
    }
}

fn octets<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    struct Octets;

    impl serde::de::Visitor<'_> for Octets {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the octets of a message")
        }

        fn visit_bytes<E>(self, octets: &[u8]) -> Result<Vec<u8>, E> {
            Ok(octets.to_vec())
        }

        fn visit_byte_buf<E>(self, octets: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(octets)
        }
    }

    from.deserialize_byte_buf(Octets)
}
