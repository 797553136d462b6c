//! Where connections may go.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rxgate::notify::{AddressGuard, EndpointError, Notification, NotifyConfig};

use crate::world::{APP, status, world, world_with};

/// First and last address of every range that is refused, with the reason.
const REFUSED: &[(&str, &str, &str)] = &[
    ("0.0.0.0", "0.0.0.0", "unspecified"),
    ("0.0.0.1", "0.255.255.255", "this network"),
    ("10.0.0.0", "10.255.255.255", "private"),
    ("100.64.0.0", "100.127.255.255", "shared address space"),
    ("127.0.0.0", "127.255.255.255", "loopback"),
    ("169.254.0.0", "169.254.255.255", "link-local"),
    ("169.254.169.254", "169.254.169.254", "metadata"),
    ("172.16.0.0", "172.31.255.255", "private"),
    ("192.0.0.0", "192.0.0.255", "protocol assignments"),
    ("192.0.2.0", "192.0.2.255", "documentation"),
    ("192.88.99.0", "192.88.99.255", "6to4 relays"),
    ("192.168.0.0", "192.168.255.255", "private"),
    ("198.18.0.0", "198.19.255.255", "benchmarks"),
    ("198.51.100.0", "198.51.100.255", "documentation"),
    ("203.0.113.0", "203.0.113.255", "documentation"),
    ("224.0.0.0", "239.255.255.255", "multicast"),
    ("240.0.0.0", "255.255.255.254", "reserved"),
    ("255.255.255.255", "255.255.255.255", "broadcast"),
    ("::", "::", "unspecified"),
    ("::1", "::1", "loopback"),
    ("::2", "::ffff:ffff", "IPv4-compatible"),
    ("::127.0.0.1", "::93.184.216.34", "IPv4-compatible"),
    ("::ffff:127.0.0.1", "::ffff:127.255.255.255", "loopback"),
    ("::ffff:10.0.0.0", "::ffff:10.255.255.255", "private"),
    ("::ffff:169.254.169.254", "::ffff:169.254.169.254", "metadata"),
    ("::ffff:0:7f00:1", "::ffff:0:a00:1", "not in use"),
    ("64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "NAT64"),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64 of a local network"),
    ("100::", "100::ffff:ffff:ffff:ffff", "not in use"),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
    ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("2002:7f00:1::", "2002:aff:ffff::1", "6to4"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("4000::", "5fff:ffff::", "not in use"),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "unique local"),
    ("fd00:ec2::254", "fd00:ec2::254", "unique local"),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
];

/// Their neighbours, and what carries a public IPv4 address.
const ACCEPTED: &[&str] = &[
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "::ffff:93.184.216.34",
    "64:ff9b::93.184.216.34",
    "2000::1",
    "2001:200::1",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2002:5db8:d822::1",
    // Server 93.184.216.34, client 1.1.1.1 with every bit turned.
    "2001:0:5db8:d822:0:0:fefe:fefe",
    "2606:2800:220:1:248:1893:25c8:1946",
    "3ffe:ffff::1",
    "3fff:1000::1",
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn every_special_range_is_refused_with_its_reason() {
    let guard = AddressGuard::default();
    for (first, last, reason) in REFUSED {
        for text in [first, last] {
            let refused = guard.check(address(text)).expect_err(text);
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}

#[test]
fn their_neighbours_are_not() {
    for text in ACCEPTED {
        assert_eq!(AddressGuard::default().check(address(text)), Ok(()), "{text}");
    }
}

#[test]
fn a_teredo_address_is_refused_for_its_server_and_for_its_client() {
    let guard = AddressGuard::default();
    for text in ["2001:0:a00:1:0:0:fefe:fefe", "2001:0:5db8:d822:0:0:f5ff:fffe"] {
        assert!(guard.check(address(text)).unwrap_err().contains("Teredo"), "{text}");
    }
}

#[test]
fn what_is_allowed_is_open_and_nothing_else() {
    let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00:1::/64".parse().unwrap()]);
    for text in ["127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1", "fd00:1::5"] {
        assert_eq!(guard.check(address(text)), Ok(()), "{text}");
    }
    for text in ["126.0.0.1", "128.0.0.1"] {
        assert_eq!(guard.check(address(text)), Ok(()), "{text} is public");
    }
    let closed =
        ["10.0.0.1", "::1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::", "fd00:1:0:1::5", "::"];
    for text in closed {
        assert!(guard.check(address(text)).is_err(), "{text}");
    }
}

#[test]
fn a_single_address_can_be_allowed() {
    let guard = AddressGuard::new(vec!["::1/128".parse().unwrap(), "10.1.2.3/32".parse().unwrap()]);
    assert_eq!((guard.check(address("::1")), guard.check(address("10.1.2.3"))), (Ok(()), Ok(())));
    assert!(guard.check(address("10.1.2.4")).is_err() && guard.check(address("::2")).is_err());
}

#[tokio::test(start_paused = true)]
async fn an_address_in_the_url_is_refused_at_once() {
    let world = world();
    let refused = world.notifier.endpoint("http://[::ffff:127.0.0.1]:9/").unwrap_err();
    assert!(matches!(refused, EndpointError::Forbidden { .. }));
    let text = refused.to_string();
    assert!(text.contains("127.0.0.1") && text.contains("loopback"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_known_endpoint_whose_address_is_refused_now_is_never_connected_to() {
    let give_up_after = Duration::from_secs(600);
    let world = world_with(NotifyConfig { give_up_after, ..NotifyConfig::default() });
    world.net.server("127.0.0.1:9", vec![], status("200 OK"));
    let endpoint = world.notifier.known_endpoint("http://127.0.0.1:9/").unwrap();
    let notification = Notification { endpoint, ..world.notification("http://93.184.216.34/", "{}") };
    world.notifier.send("one", notification).unwrap();
    world.settled().await;
    assert_eq!(world.net.connected(), Vec::<String>::new());
    assert_eq!(world.count("given_up"), 1);
    assert!(world.notifier.known_endpoint("ftp://app.example/").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_name_of_a_refused_address_is_never_connected_to() {
    let give_up_after = Duration::from_secs(600);
    let world = world_with(NotifyConfig { give_up_after, ..NotifyConfig::default() });
    for (at, (_, last, _)) in REFUSED.iter().enumerate() {
        world.net.name("app.example", &[&[last]]);
        world.send(&at.to_string(), "http://app.example/", "{}").unwrap();
    }
    world.settled().await;
    assert_eq!(world.net.connected(), Vec::<String>::new());
    assert_eq!(world.count("given_up"), REFUSED.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn of_several_addresses_only_those_that_pass_are_tried_in_their_order() {
    let world = world();
    let list: &[&str] = &["127.0.0.1", "93.184.216.40", "10.0.0.1", "::1", "93.184.216.41", APP];
    world.net.name("app.example", &[list]);
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    world.send("one", "http://app.example/", "{}").unwrap();
    world.settled().await;
    assert_eq!(world.net.connected(), ["93.184.216.40:80", "93.184.216.41:80", "93.184.216.34:80"]);
    assert_eq!(world.count("attempts"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_hangs_leaves_time_for_the_next() {
    let world = world();
    world.net.name("app.example", &[&["93.184.216.40", APP]]);
    world.net.server("93.184.216.40:80", vec![], crate::world::Does::Hangs);
    world.net.server("93.184.216.34:80", vec![], status("200 OK"));
    world.send("one", "http://app.example/", "{}").unwrap();
    world.settled().await;
    assert_eq!((world.count("attempts"), world.count("delivered")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_changes_its_address_after_the_check_gains_nothing() {
    // Asked once per attempt: what is connected to is what was checked, and the next answer is checked again.
    let world = world();
    world.net.name("app.example", &[&[APP], &["127.0.0.1"], &["169.254.169.254"], &[APP]]);
    world.net.server("93.184.216.34:80", vec![status("500 Oops")], status("200 OK"));
    for private in ["127.0.0.1:80", "169.254.169.254:80"] {
        world.net.server(private, vec![], status("200 OK"));
    }
    world.send("one", "http://app.example/", "{}").unwrap();
    world.settled().await;
    assert_eq!(world.net.connected(), ["93.184.216.34:80", "93.184.216.34:80"]);
    assert_eq!((world.count("attempts"), world.count("delivered")), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_mapped_address_is_connected_to_as_the_ipv4_address_that_it_is() {
    let world = world_with(NotifyConfig {
        allow_networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..NotifyConfig::default()
    });
    world.net.server("10.0.0.1:80", vec![], status("200 OK"));
    world.send("one", "http://[::ffff:10.0.0.1]/", "{}").unwrap();
    world.settled().await;
    assert_eq!(world.net.connected(), ["10.0.0.1:80"]);
}

#[test]
fn a_listener_of_this_process_is_refused_where_it_is_reached() {
    let cases: [(&str, &[&str], &[&str]); 3] = [
        (
            "127.0.0.1:8002",
            &["127.0.0.1:8002", "127.9.9.9:8002", "[::1]:8002", "[::ffff:127.0.0.1]:8002", "0.0.0.0:8002"],
            &["127.0.0.1:8003", "10.0.0.1:8002", "93.184.216.34:8002"],
        ),
        (
            "10.0.0.1:8002",
            &["10.0.0.1:8002", "[::ffff:10.0.0.1]:8002"],
            &["10.0.0.1:8001", "10.0.0.2:8002", "127.0.0.1:8002"],
        ),
        (
            "[::]:8002",
            &["127.0.0.1:8002", "10.0.0.1:8002", "93.184.216.34:8002"],
            &["127.0.0.1:80", "10.0.0.1:8001"],
        ),
    ];
    let socket = |text: &str| text.parse::<SocketAddr>().unwrap();
    for (own, refused, accepted) in cases {
        let allowed = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
        let guard = AddressGuard::new(allowed.to_vec()).with_own(vec![socket("192.0.2.1:1"), socket(own)]);
        for text in refused {
            assert!(
                guard.check_port(socket(text)).unwrap_err().contains("own HTTP listeners"),
                "{own} {text}"
            );
        }
        for text in accepted {
            assert_eq!(guard.check_port(socket(text)), Ok(()), "{own} {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_not_at_the_gateway_itself() {
    let world = world_with(NotifyConfig {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        own_listeners: vec!["127.0.0.1:8001".parse().unwrap(), "127.0.0.1:8002".parse().unwrap()],
        give_up_after: Duration::from_secs(600),
        ..NotifyConfig::default()
    });
    for port in [8001, 8002] {
        let refused = world.notifier.endpoint(&format!("http://127.0.0.2:{port}/peers")).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "no endpoint may be at 127.0.0.2: one of this gateway's own HTTP listeners is there; accepted: \
             another port"
        );
    }
    world.net.name("app.example", &[&["127.0.0.1"]]);
    for port in [8002, 8003] {
        world.net.server(&format!("127.0.0.1:{port}"), vec![], status("200 OK"));
        world.send(&port.to_string(), &format!("http://app.example:{port}/"), "{}").unwrap();
    }
    world.settled().await;
    assert_eq!(world.net.connected(), ["127.0.0.1:8003"]);
    assert_eq!((world.count("delivered"), world.count("given_up")), (1, 1));
}
