//! How many connections fit the files that this process may have open: each is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

use crate::north::limits::Limits;

/// Files that other things need: the store, the peers, the endpoints of applications.
const RESERVED: u64 = 256;

/// Has the system allow as many files as it may, and lowers `http` to what fits beside `admin`, which the log says.
///
/// Without a descriptor left the store could not write either.
pub(super) fn fit(http: Limits, admin: &Limits) -> Limits {
    let Some(files) = open_files() else { return http };
    let max_connections = fitting(http.max_connections, admin.max_connections, files);
    if max_connections < http.max_connections {
        warn!(
            max_connections,
            configured = http.max_connections,
            "[http] takes fewer connections than configured: this process may have {files} files open, and \
             {RESERVED} are kept for other things; raise that limit (`LimitNOFILE=`, `ulimit -n`), or lower \
             `max_connections`"
        );
    }
    Limits { max_connections, ..http }
}

/// The limit in force, which is raised as far as it may be: it is low for programs that count descriptors in a set of
/// fixed size (select(2)), and this is none. `None`: there is none.
fn open_files() -> Option<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // What is refused leaves the one that there was.
    _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}

fn fitting(http: u32, admin: u32, files: u64) -> u32 {
    let left = files.saturating_sub(RESERVED + u64::from(admin));
    u32::try_from(left).unwrap_or(u32::MAX).clamp(1, http)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_everything_else() {
        for (http, admin, files, fits) in [
            (10_000, 100, 65_536, 10_000),
            (10_000, 100, 1_024, 668),
            (600, 100, 1_024, 600),
            (9, 100, 20, 1),
        ] {
            assert_eq!(fitting(http, admin, files), fits, "{files}");
        }
    }

    #[test]
    fn the_limit_of_the_system_is_raised() {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: current.map(|files| files.min(1_000)), maximum })
            .unwrap();
        assert_eq!(open_files(), maximum);
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
    }
}
