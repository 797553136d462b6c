//! What the service manager hears of the gateway, over a real datagram socket.

use std::{
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram},
    },
    path::Path,
    process::Command,
    time::Duration,
};

use crate::process::{Directory, Gateway, config, durable};

/// The service manager's end.
struct Manager(UnixDatagram);

impl Manager {
    fn new(socket: UnixDatagram) -> Self {
        // Only keeps a broken test from hanging.
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(socket)
    }

    /// The next message that is not the watchdog's: its lines.
    fn next(&self) -> Vec<String> {
        loop {
            let lines = self.any();
            if lines != ["WATCHDOG=1"] {
                return lines;
            }
        }
    }

    fn any(&self) -> Vec<String> {
        let mut message = [0; 4096];
        let length = self.0.recv(&mut message).unwrap();
        let text = std::str::from_utf8(&message[..length]).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn text() -> String {
    config("127.0.0.1:3868".parse().unwrap())
}

#[test]
fn it_hears_of_start_reload_and_stop() {
    let path = std::env::temp_dir().join(format!("rxgate-notify-{}", std::process::id()));
    let manager = Manager::new(UnixDatagram::bind(&path).unwrap());
    let mut gateway = Gateway::spawn_with("notify", &text(), &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    let (http, admin) = (gateway.listening("http"), gateway.listening("admin"));
    let status = format!("STATUS=http {http}, admin {admin}");
    assert_eq!(manager.next(), ["READY=1", &status]);

    for (config, outcome) in
        [(text(), "reloaded: 0 changes"), ("[diameter".into(), "not reloaded: 1 problems")]
    {
        gateway.rewrite(&config);
        gateway.signal("-HUP");
        let reloading = manager.next();
        let [first, at, _] = reloading.as_slice() else { panic!("{reloading:?}") };
        assert_eq!(first, "RELOADING=1");
        let at: u64 = at.strip_prefix("MONOTONIC_USEC=").unwrap().parse().unwrap();
        let up: f64 =
            std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((at as f64) / 1e6 <= up + 1.0, "{at} is not on the clock that began with the system: {up}");
        assert_eq!(manager.next(), ["READY=1", &format!("{status}; {outcome}")]);
    }
    gateway.signal("-TERM");
    assert_eq!(manager.next(), ["STOPPING=1", "STATUS=finishing what is under way"]);
    assert_eq!(gateway.end().0, Some(0));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn the_watchdog_sees_signs_of_life() {
    // A name without a file, as some service managers use.
    let name = format!("rxgate-watchdog-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = Manager::new(UnixDatagram::bind_addr(&address).unwrap());
    let environment = [("NOTIFY_SOCKET", format!("@{name}")), ("WATCHDOG_USEC", "400000".into())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    // They come through the store's writer.
    let directory = Directory::new("watchdog");
    let text = durable("127.0.0.1:3868".parse().unwrap(), &directory);
    let mut gateway = Gateway::spawn_with("watchdog", &text, &environment);
    assert_eq!(manager.any()[0], "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.any(), ["WATCHDOG=1"]);
    }
    gateway.signal("-TERM");
    assert_eq!(manager.next()[0], "STOPPING=1");
    assert_eq!(gateway.end().0, Some(0));
}

#[test]
fn systemd_understands_the_unit() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/rxgate.service");
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "systemd-analyze is not installed: apt-get install systemd"
        );
        return eprintln!("skipped: systemd-analyze is not installed");
    };
    let version = String::from_utf8(version.stdout).unwrap();
    let version: u32 = version.split_whitespace().nth(1).unwrap().parse().unwrap();
    let directory = std::env::temp_dir().join(format!("rxgate-unit-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let mut text = std::fs::read_to_string(unit).unwrap();
    // The program is where it was built; what is newer than this systemd is what the unit says to write instead.
    text = text.replace("/usr/bin/rxgate", env!("CARGO_BIN_EXE_rxgate"));
    if version < 253 {
        text = text.replace("\nType=notify-reload\n", "\nType=notify\n");
    }
    let file = directory.join("rxgate.service");
    std::fs::write(&file, &text).unwrap();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    let ours: Vec<_> = complaints.lines().filter(|line| line.contains("rxgate")).collect();
    assert!(output.status.success() && ours.is_empty(), "{complaints}");
    // It does find what is wrong.
    std::fs::write(&file, text.replace("ProtectClock=yes", "ProtectClok=yes")).unwrap();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("ProtectClok"));
    std::fs::remove_dir_all(directory).unwrap();
}
