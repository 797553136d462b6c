//! Decodes an AA-Request twice: AVP by AVP where the octets are, and as a struct.
//!
//! ```text
//! cargo run --example decode_aar [FILE]
//! ```
//!
//! FILE holds one message in hexadecimal, comments behind `#`; without it, `tests/golden/aar.hex` is decoded.
//! Prints who asks and the filters of every flow, then user, bandwidths and events.

use std::{env, error::Error, fs};

use rxgate::{
    dict::{avp, is_grouped},
    rx::AaRequest,
    wire::{Index, Message, WireError},
};

fn main() -> Result<(), Box<dyn Error>> {
    let octets = match env::args_os().nth(1) {
        Some(file) => octets(&fs::read_to_string(file)?)?,
        None => octets(include_str!("../tests/golden/aar.hex"))?,
    };
    // One index for every message that this thread will ever decode.
    let mut index = Index::new();
    let message = index.parse(&octets, is_grouped)?;
    by_avp(&message)?;
    by_struct(&AaRequest::read(&message)?);
    Ok(())
}

/// The message was checked as a whole; a value is read when it is asked for, and nothing is copied.
fn by_avp(message: &Message<'_>) -> Result<(), WireError> {
    println!("{} AVPs", message.total_avps());
    println!("Origin-Host: {}", message.avps().get(&avp::ORIGIN_HOST)?.unwrap_or("absent"));
    for media in message.avps().get_all(&avp::MEDIA_COMPONENT_DESCRIPTION) {
        for flow in media?.get_all(&avp::MEDIA_SUB_COMPONENT) {
            for filter in flow?.get_all(&avp::FLOW_DESCRIPTION) {
                println!("Flow-Description: {}", filter?);
            }
        }
    }
    Ok(())
}

/// Every AVP of the grammar has a field; text and lists still borrow from the octets.
fn by_struct(request: &AaRequest<'_>) {
    println!("session {}", request.session_id);
    if let Some(address) = &request.framed_ip_address {
        println!("user at {address:?}");
    }
    for media in request.media_component_description.iter() {
        let [up, down] = [media.max_requested_bandwidth_ul, media.max_requested_bandwidth_dl]
            .map(|rate| rate.map_or("any rate".into(), |rate| format!("{rate} bit/s")));
        println!("component {}: {up} up, {down} down", media.media_component_number);
    }
    for action in request.specific_action.iter() {
        println!("wants to hear of {action}");
    }
}

fn octets(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: String =
        text.lines().filter_map(|line| line.split('#').next()).flat_map(str::split_whitespace).collect();
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Ok(u8::from_str_radix(str::from_utf8(pair)?, 16)?)).collect()
}
