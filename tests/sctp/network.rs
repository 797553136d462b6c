//! Two network namespaces, the one that tests run in and `pcrf`, joined by two paths: 10.0.1.0/24 and 10.0.2.0/24.

use std::{fs::File, os::fd::AsFd, process::Command, thread, time::Duration};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The namespaces, until it is dropped.
pub struct Network(());

/// Makes both; the addresses of this end are 10.0.1.1 and 10.0.2.1. The other end notices a lost path as soon as it
/// can.
const UP: &str = "
ip netns add pcrf
for path in 1 2; do
    ip link add path$path type veth peer name path$path netns pcrf
    ip addr add 10.0.$path.1/24 dev path$path
    ip -n pcrf addr add 10.0.$path.2/24 dev path$path
    ip link set path$path up
    ip -n pcrf link set path$path up
done
ip -n pcrf link set lo up
ip netns exec pcrf bash -ec '
    cd /proc/sys/net/sctp
    echo none > cookie_hmac_alg
    echo 200 > rto_min
    echo 500 > rto_max
    echo 300 > rto_initial
    echo 500 > hb_interval
    echo 1 > path_max_retrans
'
";

impl Network {
    /// Makes them.
    pub fn up() -> Self {
        run(UP);
        Self(())
    }

    /// Cuts path 1 or 2, at this end.
    pub fn cut(&self, path: u8) {
        run(&format!("ip link set path{path} down"));
    }

    /// Mends it.
    pub fn mend(&self, path: u8) {
        run(&format!("ip link set path{path} up"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The other ends of the paths go with it.
        run("ip netns del pcrf; for path in 1 2; do ip link del path$path 2> /dev/null || true; done");
    }
}

/// Runs a piece of shell, which must succeed.
pub fn run(script: &str) {
    let ended = Command::new("bash").args(["-ec", script]).status().unwrap();
    assert!(ended.success(), "{ended}: {script}");
}

/// Does something in the namespace of the PCRF.
pub fn at_the_pcrf<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let there = scope.spawn(|| {
            let namespace = File::open("/run/netns/pcrf").unwrap();
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            what()
        });
        there.join().unwrap()
    })
}

/// Waits until something is so, which must be soon.
pub fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what}: not so within a minute");
}
