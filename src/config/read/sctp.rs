//! `listen_sctp`, `[diameter.sctp]`, and what a peer over SCTP needs.

use std::{
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use super::{
    super::{
        Sctp, Transport,
        section::{Found, Number, Section},
    },
    HOUR, PLACES, once_each,
};

const LISTEN: &str = "an IP address and a port such as \"10.0.1.1:3868\", for each address of one endpoint";
const ADDRESS: &str = "an IP address such as \"10.0.1.1\" or \"2001:db8::7\"";
const KERNEL: &str = "as the kernel has it (net.sctp)";

/// `listen_sctp`: the addresses of one endpoint, which has one port.
pub(super) fn listen(section: &mut Section<'_, '_>) -> Vec<SocketAddr> {
    let listen = section.list("listen_sctp", LISTEN, |text| text.parse::<SocketAddr>().ok());
    once_each(section, "listen_sctp", &listen);
    let mut all = listen.iter();
    if let Some(first) = all.next() {
        for other in all {
            if other.value.port() != first.value.port() {
                section.reader.refuse(
                    other.offset,
                    format!("`listen_sctp` has {} beside {}", other.value, first.value),
                    "these are the addresses of one endpoint: give all of them the same port",
                );
            }
        }
        let every = listen.iter().find(|found| found.value.ip().is_unspecified());
        if let Some(every) = every.filter(|_| listen.len() > 1) {
            section.reader.refuse(
                every.offset,
                format!("`listen_sctp` has {}, which is every address, and others", every.value),
                "leave the others out, or this one",
            );
        }
    }
    listen.into_iter().map(|found| found.value).collect()
}

/// `[diameter.sctp]`.
pub(super) fn read(diameter: &mut Section<'_, '_>) -> Option<Sctp> {
    let mut section = diameter.inside("sctp")?;
    let local = section.list("local", ADDRESS, address);
    once_each(&mut section, "local", &local);
    let streams = section.number(Number { key: "streams", unit: "", default: 16, accepted: 1..=65_535 });
    let heartbeat_interval = time(&mut section, "heartbeat_interval_ms", 10..=HOUR);
    let rto_initial = time(&mut section, "rto_initial_ms", 10..=HOUR);
    let rto_min = time(&mut section, "rto_min_ms", 10..=HOUR);
    let rto_max = time(&mut section, "rto_max_ms", 10..=HOUR);
    let path = section.optional_number("path_max_retransmissions", "retransmissions", 1..=1000, KERNEL);
    let all = section.optional_number("association_max_retransmissions", "retransmissions", 1..=1000, KERNEL);
    ascending(&mut section, ("rto_min_ms", &rto_min), ("rto_initial_ms", &rto_initial));
    ascending(&mut section, ("rto_initial_ms", &rto_initial), ("rto_max_ms", &rto_max));
    ascending(&mut section, ("rto_min_ms", &rto_min), ("rto_max_ms", &rto_max));
    section.finish(&PLACES);
    let value = |found: Option<Found<Duration>>| found.map(|found| found.value);
    Some(Sctp {
        local: local.into_iter().map(|found| found.value).collect(),
        streams: streams.value,
        heartbeat_interval: value(heartbeat_interval),
        rto_initial: value(rto_initial),
        rto_min: value(rto_min),
        rto_max: value(rto_max),
        path_max_retransmissions: path.map(|found| found.value),
        association_max_retransmissions: all.map(|found| found.value),
    })
}

/// `more_addresses` of a peer with this transport and address.
pub(super) fn more_addresses(
    section: &mut Section<'_, '_>,
    transport: Transport,
    address: Option<&Found<String>>,
) -> Vec<IpAddr> {
    let more = section.list("more_addresses", ADDRESS, address_of_peer);
    once_each(section, "more_addresses", &more);
    if transport != Transport::Sctp {
        if let Some(first) = more.first() {
            section.reader.refuse(
                first.offset,
                "`more_addresses` is for peers with `transport = \"sctp\"`",
                "only SCTP has several addresses for one connection: set the transport, or leave the addresses out",
            );
        }
        return Vec::new();
    }
    match address.map(|found| (found, found.value.parse::<SocketAddr>())) {
        Some((found, Err(_))) => section.reader.refuse(
            found.offset,
            format!("`address` is {:?}, a name", found.value),
            "a peer over SCTP is known by its IP addresses, for who connects from others is refused: give one of \
             them here, and the others as `more_addresses`",
        ),
        Some((_, Ok(first))) => {
            if let Some(again) = more.iter().find(|found| found.value == first.ip()) {
                let text = format!("`more_addresses` has {}, which `address` has already", again.value);
                section.reader.refuse(again.offset, text, "leave it out there");
            }
        }
        None => {}
    }
    more.into_iter().map(|found| found.value).collect()
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

fn address_of_peer(text: &str) -> Option<IpAddr> {
    address(text).filter(|ip| !ip.is_unspecified())
}

fn time(
    section: &mut Section<'_, '_>,
    key: &'static str,
    accepted: RangeInclusive<u64>,
) -> Option<Found<Duration>> {
    let found = section.optional_number(key, "milliseconds", accepted, KERNEL)?;
    Some(Found { value: Duration::from_millis(found.value), offset: found.offset })
}

fn ascending(
    section: &mut Section<'_, '_>,
    (low_key, low): (&str, &Option<Found<Duration>>),
    (high_key, high): (&str, &Option<Found<Duration>>),
) {
    if let (Some(low), Some(high)) = (low, high)
        && low.value > high.value
    {
        let (low_ms, high_ms) = (low.value.as_millis(), high.value.as_millis());
        section.reader.refuse(
            low.offset,
            format!("`{low_key}` ({low_ms}) is more than `{high_key}` ({high_ms})"),
            "they ascend from rto_min_ms over rto_initial_ms to rto_max_ms",
        );
    }
}
