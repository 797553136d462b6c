//! From the configuration to what each layer is told.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::ClientConfig;

use crate::{
    config::{self, Config},
    dict::enums::SpecificAction,
    live::Live,
    north::{
        admin::LocalView,
        gatekeeper::{NotificationSettings, Profile, ReadSettings},
        limits::Limits,
    },
    notify::NotifyConfig,
    peer::{NodePeer, PeerConfig},
    session::SessionConfig,
    template,
    tls::Settings,
    transport::{ListenOn, LocalNode, PeerAddress, PoolConfig, SctpConfig, Transport},
};

pub(super) fn limits(http: &config::Http) -> Limits {
    Limits {
        max_body: http.max_body_bytes,
        header_timeout: http.header_timeout,
        body_timeout: http.body_timeout,
        idle_timeout: http.idle_timeout,
        max_connections: http.max_connections,
        max_connections_per_address: http.max_connections_per_address,
        ..Limits::default()
    }
}

pub(super) fn admin_limits(admin: &config::Admin) -> Limits {
    Limits { max_connections: admin.max_connections, ..Limits::default() }
}

/// `port`: where peers may connect.
pub(super) fn local(diameter: &config::Diameter, port: Option<u16>) -> LocalView {
    LocalView {
        origin_host: diameter.origin_host.clone(),
        origin_realm: diameter.origin_realm.clone(),
        origin_port: port,
        destination_realm: diameter.destination_realm.clone(),
    }
}

/// Templates are read as closely as requests are.
pub(crate) fn template_settings(gatekeeper: &config::Gatekeeper) -> template::Settings {
    template::Settings {
        strict: gatekeeper.profile == config::Profile::Strict,
        max_duration: gatekeeper.max_duration.and_then(|most| u32::try_from(most.as_secs()).ok()),
    }
}

pub(super) fn read_settings(gatekeeper: &config::Gatekeeper) -> ReadSettings {
    ReadSettings {
        profile: match gatekeeper.profile {
            config::Profile::Compatible => Profile::Compatible,
            config::Profile::Strict => Profile::Strict,
        },
        short_ipv6_prefix: gatekeeper.short_ipv6_prefix,
        default_duration: gatekeeper.default_duration,
        max_duration: gatekeeper.max_duration,
    }
}

pub(super) fn session_config(Config { diameter, gatekeeper, access, .. }: &Config) -> SessionConfig {
    SessionConfig {
        baseline_events: gatekeeper.baseline_events.iter().copied().map(SpecificAction).collect(),
        request_timeout: diameter.request_timeout,
        // An attempt that is not answered in time is sent again; DRMP 0 may wait twice as long, and what is granted
        // ends with an STR, which waits behind it.
        admit_within: diameter.attempt_timeout.min(diameter.request_timeout) / 4,
        give_up_str_after: diameter.give_up_str_after,
        count_owners: access.is_some(),
        peers: diameter.peers.iter().map(|peer| Arc::from(&*peer.host)).collect(),
        ..SessionConfig::new(
            &diameter.origin_host,
            &diameter.origin_realm,
            &diameter.destination_realm,
            std::time::SystemTime::now(),
        )
    }
}

/// `own_listeners`: where this process takes HTTP; `tls`: how https endpoints are connected to.
pub(super) fn notify_config(
    notify: &config::Notify,
    own_listeners: Vec<SocketAddr>,
    tls: Live<Option<Settings<ClientConfig>>>,
) -> NotifyConfig {
    NotifyConfig {
        allow_networks: notify.allow_networks.clone(),
        own_listeners,
        tls,
        retry_initial: notify.retry_initial,
        retry_max: notify.retry_max,
        give_up_after: notify.give_up_after,
        attempt_timeout: notify.attempt_timeout,
        max_queue: notify.max_waiting_per_correlator,
        max_total: notify.max_waiting,
        max_octets: notify.max_waiting_octets,
        ..NotifyConfig::default()
    }
}

/// How long the last deliveries may take when the process ends: an attempt under way is not cut off.
pub(super) fn last_deliveries(config: &Config) -> Duration {
    config.diameter.request_timeout.max(config.notify.attempt_timeout)
}

pub(super) fn notification_settings(gatekeeper: &config::Gatekeeper) -> NotificationSettings {
    NotificationSettings {
        abort_also_released: gatekeeper.abort_also_released,
        ..NotificationSettings::default()
    }
}

pub(super) fn pool_config(diameter: &config::Diameter, session: &SessionConfig) -> PoolConfig {
    let local = LocalNode {
        origin_state_id: Some(session.origin_state_id),
        ..LocalNode::rx(&diameter.origin_host, &diameter.origin_realm)
    };
    let mut pool = PoolConfig::new(local.clone());
    let plain = diameter.listen.iter().copied().map(ListenOn::from);
    let over_tls = diameter.listen_tls.iter();
    let over_tls = over_tls.map(|address| ListenOn { transport: Transport::Tls, addresses: vec![*address] });
    let over_sctp = Some(diameter.listen_sctp.clone()).filter(|addresses| !addresses.is_empty());
    let over_sctp = over_sctp.map(|addresses| ListenOn { transport: Transport::Sctp, addresses });
    pool.listen = plain.chain(over_tls).chain(over_sctp).collect();
    pool.node.started = session.started;
    pool.node.attempt_timeout = diameter.attempt_timeout;
    pool.node.redirect_hosts = diameter.redirect_hosts.clone();
    pool.node.each_peer = PeerConfig {
        watchdog_interval: diameter.watchdog_interval,
        reconnect_initial: diameter.reconnect_initial,
        reconnect_max: diameter.reconnect_max,
        reconnect_after_refusal: diameter.reconnect_after_refusal,
        ..PeerConfig::new(local, "")
    };
    pool.node.peers = peers(diameter);
    pool
}

pub(super) fn peers(diameter: &config::Diameter) -> Vec<NodePeer> {
    let peers = diameter.peers.iter().map(|peer| {
        let address = PeerAddress {
            transport: peer.transport,
            at: peer.address.clone(),
            more: peer.more_addresses.clone(),
        };
        NodePeer {
            priority: peer.priority.into(),
            weight: peer.weight.into(),
            ..NodePeer::new(&peer.host, address)
        }
    });
    peers.collect()
}

pub(super) fn sctp(sctp: &config::Sctp) -> SctpConfig {
    SctpConfig {
        local: sctp.local.clone(),
        streams: sctp.streams,
        heartbeat_interval: sctp.heartbeat_interval,
        rto_initial: sctp.rto_initial,
        rto_min: sctp.rto_min,
        rto_max: sctp.rto_max,
        path_max_retransmissions: sctp.path_max_retransmissions,
        association_max_retransmissions: sctp.association_max_retransmissions,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Loaded;

    #[test]
    fn the_last_deliveries_have_time_for_a_whole_attempt() {
        for (request, attempt, expected) in [(800, 5000, 5000), (9000, 5000, 9000)] {
            let text = format!(
                "[diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\n\
                 destination_realm = \"rx.test\"\nrequest_timeout_ms = {request}\nattempt_timeout_ms = 500\n\
                 [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:3868\"\n\
                 [notify]\nattempt_timeout_ms = {attempt}\n"
            );
            let config = Loaded::from_text(Path::new("gate.toml"), &text).unwrap().config;
            assert_eq!(last_deliveries(&config), Duration::from_millis(expected));
        }
    }

    #[test]
    fn templates_are_held_to_the_longest_duration() {
        let text = "[diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\n\
                    destination_realm = \"rx.test\"\n\
                    [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:3868\"\n\
                    [gatekeeper]\nmax_duration_s = 4294967295\n";
        let config = Loaded::from_text(Path::new("gate.toml"), text).unwrap().config;
        assert_eq!(template_settings(&config.gatekeeper).max_duration, Some(u32::MAX));
    }

    #[test]
    fn what_may_wait_is_what_is_configured() {
        let text = "[diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\n\
                    destination_realm = \"rx.test\"\n\
                    [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:3868\"\n\
                    [notify]\nmax_waiting_per_correlator = 5\nmax_waiting = 6\nmax_waiting_octets = 1048577\n";
        let config = Loaded::from_text(Path::new("gate.toml"), text).unwrap().config;
        let notify = notify_config(&config.notify, Vec::new(), None.into());
        assert_eq!((notify.max_queue, notify.max_total, notify.max_octets), (5, 6, 1_048_577));
    }
}
