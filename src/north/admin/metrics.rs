//! `/metrics`: every figure of the gateway, for Prometheus.

use std::{
    fs,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::metrics::{Collect, Page};

use super::{Admin, HEALTH};

/// Ticks of the processor clock in a second, as Linux counts them in /proc.
const TICKS: f64 = 100.0;

/// Figures
///
/// In the text format of Prometheus; the README explains every name.
#[utoipa::path(
    get, path = "/metrics", tag = HEALTH,
    security(("application" = ["admin"])),
    responses((status = 200, description = "Every figure.", body = String, content_type = "text/plain")),
)]
pub(super) async fn metrics(State(admin): State<Admin>) -> Response {
    let page = Page::of(admin.figures.iter().map(Arc::as_ref));
    ([(header::CONTENT_TYPE, Page::CONTENT_TYPE)], page.into_text()).into_response()
}

/// Figures about the process, under the names that all programs use.
#[derive(Debug)]
pub struct Process {
    started: SystemTime,
}

impl Process {
    /// A process that started then.
    pub fn new(started: SystemTime) -> Self {
        Self { started }
    }
}

impl Collect for Process {
    /// What the system does not tell is left out.
    fn collect(&self, page: &mut Page) {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        page.gauge("rxgate_build_info", "1, with the version of the program.").sample(&version, 1);
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        page.gauge("process_start_time_seconds", "When it started, in seconds since 1970.")
            .sample(&[], started);
        let mut cpu = page.counter("process_cpu_seconds_total", "Processor time used.");
        if let Some(seconds) = cpu_seconds() {
            cpu.sample(&[], seconds);
        }
        let mut memory = page.gauge("process_resident_memory_bytes", "Memory in use.");
        if let Some(octets) = resident_memory() {
            memory.sample(&[], octets);
        }
        let mut files = page.gauge("process_open_fds", "Open files, sockets among them.");
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            // One of them is this directory.
            files.sample(&[], open.count().saturating_sub(1));
        }
    }
}

/// User and system time (proc(5), /proc/pid/stat).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in parentheses, which may hold anything; utime and stime are the 14th and 15th.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u32>().ok());
    ticks.sum::<Option<u32>>().map(|ticks| f64::from(ticks) / TICKS)
}

/// Octets (proc(5), /proc/pid/status).
fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}
