//! What this layer shows of itself: the peers, what goes over their connections, and how long answers take.

use super::{PathStatus, PeerStatus, Pool};
use crate::{
    metrics::{Collect, Page},
    peer::{NodeStatus, PeerCounts},
};

impl Collect for Pool {
    fn collect(&self, page: &mut Page) {
        let known = self.known();
        let shown: Vec<_> = known.iter().map(PeerStatus::from).collect();
        paths(page, &shown);
        let statuses: Vec<NodeStatus> = known.into_iter().map(|known| known.status).collect();
        states(page, &shown);
        page.gauge("rxgate_diameter_requests_pending", "Diameter requests without an outcome.")
            .sample(&[], self.pending.get());
        let mut pending = page
            .gauge("rxgate_peer_requests_pending", "Diameter requests sent to a peer and not answered yet.");
        for NodeStatus { host, counters, .. } in &statuses {
            pending.sample(&[("peer", host)], counters.pending.get());
        }
        for (counted, help) in PeerCounts::NAMES {
            let name = format!("rxgate_peer_{counted}_total");
            let mut family = page.counter(&name, help.trim());
            for NodeStatus { host, counters, .. } in &statuses {
                let value =
                    counters.read().named().find(|(known, _)| known == counted).map_or(0, |(_, value)| value);
                family.sample(&[("peer", host)], value);
            }
        }
        answers(page, &statuses);
    }
}

fn states(page: &mut Page, peers: &[PeerStatus]) {
    let mut open = page.gauge("rxgate_peer_open", "1 if requests can be sent to a peer, else 0.");
    for peer in peers {
        open.sample(&[("peer", &peer.host)], u8::from(peer.open));
    }
    let mut state = page.gauge("rxgate_peer_state", "1, with the state that a peer is in.");
    for peer in peers {
        state.sample(&[("peer", &peer.host), ("state", &peer.state)], 1);
    }
}

/// The paths of peers that are connected over SCTP.
fn paths(page: &mut Page, peers: &[PeerStatus]) {
    let of_peer = |peer: &PeerStatus| {
        let host = peer.host.clone();
        peer.paths.clone().into_iter().map(move |path| (host.clone(), path.address.to_string(), path))
    };
    let paths: Vec<(String, String, PathStatus)> = peers.iter().flat_map(of_peer).collect();
    let mut state = page.gauge("rxgate_peer_path_state", "1, with the state that a path to a peer is in.");
    for (peer, address, path) in &paths {
        state.sample(&[("peer", peer), ("address", address), ("state", path.state)], 1);
    }
    let help = "1 if messages go to this address of a peer while it works, else 0.";
    let mut primary = page.gauge("rxgate_peer_path_primary", help);
    for (peer, address, path) in &paths {
        primary.sample(&[("peer", peer), ("address", address)], u8::from(path.primary));
    }
    let help = "Smoothed round-trip time of a path to a peer.";
    let mut round_trip = page.gauge("rxgate_peer_path_round_trip_seconds", help);
    for (peer, address, path) in &paths {
        round_trip.sample(&[("peer", peer), ("address", address)], path.round_trip.as_secs_f64());
    }
    let mut timeout =
        page.gauge("rxgate_peer_path_rto_seconds", "Retransmission time-out of a path to a peer.");
    for (peer, address, path) in &paths {
        timeout.sample(&[("peer", peer), ("address", address)], path.timeout.as_secs_f64());
    }
}

/// What was answered how, and how soon.
fn answers(page: &mut Page, statuses: &[NodeStatus]) {
    let mut total = page.counter(
        "rxgate_diameter_answers_total",
        "Answers by result code: those of a peer to AAR and STR, ours to its RAR and ASR.",
    );
    for NodeStatus { host, counters, .. } in statuses {
        counters.exchanges.each(|command, results, _| {
            for (code, count) in results {
                let code = code.map_or("none".into(), |code| code.to_string());
                let labels = [("peer", &**host), ("command", command), ("result_code", &code)];
                total.sample(&labels, count);
            }
        });
    }
    let mut seconds = page.histogram(
        "rxgate_diameter_round_trip_seconds",
        "From sending a request to a peer to its answer; each sending counts for itself.",
    );
    for NodeStatus { host, counters, .. } in statuses {
        counters.exchanges.each(|command, _, round_trips| {
            if let Some(round_trips) = round_trips {
                seconds.sample(&[("peer", host), ("command", command)], round_trips);
            }
        });
    }
}
