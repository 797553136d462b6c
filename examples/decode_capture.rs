//! Shows every Diameter message of a packet capture (pcap or pcapng).
//!
//! ```text
//! cargo run --example decode_capture [FILE]
//! ```
//!
//! Without FILE it reads a capture that it makes itself: a watchdog request and its answer, the answer
//! cut in two segments. For each message prints when, from whom to whom, and its tree.

use std::{env, error::Error, fs};

use rxgate::{
    capture,
    dict::{Dictionary, avp, commands::DEVICE_WATCHDOG, dump::Tree},
    wire::{CommandFlags, EndToEndId, HopByHopId, MessageBuf, WireError},
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = match env::args_os().nth(1) {
        Some(file) => fs::read(file)?,
        None => made_up()?,
    };
    let found = capture::read(&file)?;
    println!("{} packets, {} messages", found.packets, found.messages.len());
    for one in &found.messages {
        println!("\npacket {} at {:.3} s, {} to {}", one.packet, one.at.as_secs_f64(), one.from, one.to);
        print!("{}", Tree::from_octets(Dictionary::builtin(), one.message.as_bytes())?);
    }
    // What a capture lacks is no error: the rest of it is still good.
    for note in &found.notes {
        println!("\n{note}");
    }
    Ok(())
}

/// Three packets, half a second apart.
fn made_up() -> Result<Vec<u8>, WireError> {
    let request = watchdog(CommandFlags::REQUEST, "af.example.org")?;
    let answer = watchdog(CommandFlags::default(), "pcrf.example.org")?;
    let (head, tail) = answer.as_bytes().split_at(30);
    let (af, pcrf) = (([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], capture::DIAMETER_PORT));
    let packets =
        [packet(af, pcrf, 1, request.as_bytes()), packet(pcrf, af, 1, head), packet(pcrf, af, 31, tail)];
    // Magic number, version 2.4, time zone and accuracy, longest packet, link type "raw IP".
    let mut file: Vec<u8> = [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 101].map(u32::to_be_bytes).concat();
    for (number, packet) in (0_u32..).zip(packets) {
        let length = packet.len() as u32;
        file.extend([number / 2, number % 2 * 500_000, length, length].map(u32::to_be_bytes).as_flattened());
        file.extend(packet);
    }
    Ok(file)
}

fn watchdog(flags: CommandFlags, from: &str) -> Result<MessageBuf, WireError> {
    MessageBuf::build(DEVICE_WATCHDOG, flags, 0, (HopByHopId(7), EndToEndId(9)), |w| {
        w.put_some(&avp::RESULT_CODE, (!flags.contains(CommandFlags::REQUEST)).then_some(2001));
        w.put(&avp::ORIGIN_HOST, from);
        w.put(&avp::ORIGIN_REALM, "example.org");
    })
}

/// IPv4 and TCP around data.
fn packet(from: ([u8; 4], u16), to: ([u8; 4], u16), sequence: u32, data: &[u8]) -> Vec<u8> {
    let length = (40 + data.len()) as u16;
    let mut octets = [&[0x45, 0], &length.to_be_bytes()[..], &[0, 0, 0x40, 0, 64, 6, 0, 0]].concat();
    octets.extend([from.0, to.0].as_flattened());
    octets.extend([from.1, to.1].map(u16::to_be_bytes).as_flattened());
    octets.extend([sequence, 0].map(u32::to_be_bytes).as_flattened());
    octets.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    [&octets, data].concat()
}
