//! What the service manager is told: `sd_notify(3)`, with the watchdog of `sd_watchdog_enabled(3)`.
//!
//! Without `NOTIFY_SOCKET` in the environment nobody is told anything.

use std::{
    env,
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use tracing::{error, warn};

/// It listens, and has found what an earlier process left.
pub(super) fn ready(status: &str) {
    tell(&format!("READY=1\nSTATUS={status}\n"));
}

/// It reads its files again; [`ready`] follows, whatever came of that.
pub(super) fn reloading() {
    // By it the service manager knows which of its signals this is about.
    let now = clock_gettime(ClockId::Monotonic);
    let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
    tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reading the configuration again\n"));
}

/// It finishes what is under way.
pub(super) fn stopping() {
    tell("STOPPING=1\nSTATUS=finishing what is under way\n");
}

/// Shows that the process is alive for as long as `alive` says so in time. Never ends.
pub(super) async fn watchdog(alive: impl AsyncFn() -> bool) {
    match wanted(|name| env::var(name).ok()) {
        Some(within) => watch(within, alive, || tell("WATCHDOG=1\n")).await,
        None => std::future::pending().await,
    }
}

/// How long the service manager waits for a sign of life of this process; `None`: it wants none.
fn wanted(variable: impl Fn(&str) -> Option<String>) -> Option<Duration> {
    let of_another = |pid: String| pid.parse() != Ok(std::process::id());
    if variable("WATCHDOG_PID").is_some_and(of_another) {
        return None;
    }
    let micros = variable("WATCHDOG_USEC")?.parse().ok().filter(|micros| *micros > 0)?;
    Some(Duration::from_micros(micros))
}

/// `within`: how long the service manager waits for a sign of life.
async fn watch(within: Duration, alive: impl AsyncFn() -> bool, sign: impl Fn()) {
    // Half of it is what sd_watchdog_enabled(3) advises; an answer that takes the other half is too late.
    let every = within / 2;
    loop {
        let next = tokio::time::Instant::now() + every;
        match tokio::time::timeout(every, alive()).await {
            Ok(true) => sign(),
            Ok(false) => error!("no sign of life for the watchdog: nothing is written any more"),
            Err(_) => error!("no sign of life for the watchdog: no progress in {every:?}"),
        }
        tokio::time::sleep_until(next).await;
    }
}

fn tell(what: &str) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, what) {
        warn!(%error, ?socket, "the service manager cannot be told: NOTIFY_SOCKET names no socket of its");
    }
}

/// `socket`: a path, or `@` and an abstract name.
fn send(socket: &OsStr, what: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    // A datagram: all of it or nothing.
    UnixDatagram::unbound()?.send_to_addr(what.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::{Instant, sleep, timeout};

    use super::*;

    /// Signs of life within so many seconds, when the service manager waits 10 s for one.
    async fn signs(seconds: u64, alive: impl AsyncFn() -> bool) -> u32 {
        let count = Cell::new(0);
        let watched = watch(Duration::from_secs(10), alive, || count.set(count.get() + 1));
        assert!(timeout(Duration::from_secs(seconds), watched).await.is_err());
        count.get()
    }

    #[test]
    fn only_the_process_that_is_meant_shows_signs_of_life() {
        let own = std::process::id().to_string();
        for (usec, pid, expected) in [
            (Some("20000000"), None, Some(Duration::from_secs(20))),
            (Some("20000000"), Some(own.as_str()), Some(Duration::from_secs(20))),
            (Some("20000000"), Some("1"), None),
            (Some("20000000"), Some("me"), None),
            (Some("0"), None, None),
            (Some("soon"), None, None),
            (None, Some(own.as_str()), None),
        ] {
            let variable = |name: &str| if name == "WATCHDOG_PID" { pid } else { usec }.map(str::to_owned);
            assert_eq!(wanted(variable), expected, "{usec:?} {pid:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_sign_of_life_twice_in_the_time_for_one() {
        assert_eq!(signs(61, async || true).await, 13);
        // Whoever answers late, but in time, does not make them rarer.
        let slow = async || {
            sleep(Duration::from_secs(4)).await;
            true
        };
        assert_eq!(signs(61, slow).await, 12);
    }

    #[tokio::test(start_paused = true)]
    async fn without_progress_there_is_none() {
        assert_eq!(signs(60, async || false).await, 0);
        assert_eq!(signs(60, async || std::future::pending().await).await, 0);
        let begun = Instant::now();
        let recovers = async || {
            if begun.elapsed() < Duration::from_secs(30) {
                std::future::pending::<()>().await;
            }
            true
        };
        assert_eq!(signs(61, recovers).await, 7);
    }
}
