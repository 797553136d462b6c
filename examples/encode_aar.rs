//! Builds an AA-Request and encodes it: what an application function sends for one audio stream.
//!
//! ```text
//! cargo run --example encode_aar
//! ```
//!
//! prints the octets in hexadecimal, then the same message as a tree of names, values and units.

use std::error::Error;

use rxgate::{
    dict::{
        Dictionary, RX_APPLICATION_ID,
        dump::Tree,
        enums::{FlowStatus, MediaType, RxRequestType, SpecificAction},
    },
    rx::{AaRequest, MediaComponentDescription, MediaSubComponent},
    wire::{EndToEndId, HopByHopId},
};

fn main() -> Result<(), Box<dyn Error>> {
    let flow = MediaSubComponent {
        flow_number: 1,
        flow_description: vec![
            "permit out 17 from 192.0.2.10 49170 to 10.45.0.17 50010".into(),
            "permit in 17 from 10.45.0.17 50010 to 192.0.2.10 49170".into(),
        ]
        .into(),
        ..MediaSubComponent::default()
    };
    let audio = MediaComponentDescription {
        media_component_number: 1,
        media_sub_component: vec![flow].into(),
        media_type: Some(MediaType::AUDIO),
        max_requested_bandwidth_ul: Some(41_000),
        max_requested_bandwidth_dl: Some(41_000),
        flow_status: Some(FlowStatus::ENABLED),
        ..MediaComponentDescription::default()
    };
    let request = AaRequest {
        session_id: "af.example.org;1763764000;1".into(),
        auth_application_id: RX_APPLICATION_ID,
        origin_host: "af.example.org".into(),
        origin_realm: "example.org".into(),
        destination_realm: "operator.example".into(),
        af_application_identifier: Some(b"voice".into()),
        media_component_description: vec![audio].into(),
        specific_action: vec![
            SpecificAction::INDICATION_OF_LOSS_OF_BEARER,
            SpecificAction::INDICATION_OF_RELEASE_OF_BEARER,
        ]
        .into(),
        framed_ip_address: Some(vec![10, 45, 0, 17].into()),
        rx_request_type: Some(RxRequestType::INITIAL_REQUEST),
        ..AaRequest::default()
    };

    let message = request.encode((HopByHopId(1), EndToEndId(1)))?;
    for row in message.as_bytes().chunks(32) {
        println!("{}", row.iter().map(|octet| format!("{octet:02x}")).collect::<String>());
    }
    print!("\n{}", Tree::from_octets(Dictionary::builtin(), message.as_bytes())?);
    Ok(())
}
