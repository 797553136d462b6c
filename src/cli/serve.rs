//! `rxgate serve`: the gateway.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::{
    Failure,
    log::{self, LogArguments},
    process::{self, Hangups, Signals},
    supervisor, warn,
};
use crate::{
    app::{App, AppError},
    audit::AuditError,
    config::{ConfigError, Loaded},
    north::server::BindError,
    store::OpenError,
};

/// Runs the gateway: REST requests come in, Diameter Rx goes to the PCRF.
///
/// The addresses that it listens on are printed one a line when everything is there: `listening http ADDR`,
/// `listening admin ADDR`, `listening diameter ADDR`. SIGINT and SIGTERM end it in order: requests under way
/// are answered, new ones get 503 with Retry-After and /ready says 503, sessions that are kept in memory are ended
/// at the PCRF, peers get a DPR (REBOOTING). A second signal ends it at once.
///
/// SIGHUP, or POST /reload on the admin listener, reads the configuration file again, with the dictionary and
/// the templates that it names: all of it takes effect, or, with anything wrong, nothing, and the log says what
/// changed, or what is wrong and where. Peers, [dictionary], [templates], [notify] allow_networks, the
/// applications of [access] and all of [gatekeeper] but baseline_events can change in a running gateway;
/// anything else that is different in the file is refused, as it takes a restart. Certificates, keys and CRLs
/// are read again: new connections take them. Open sessions stay. The files of [records] and [audit] are opened
/// anew.
///
/// A service manager is told over NOTIFY_SOCKET (sd_notify): READY, RELOADING, STOPPING, and WATCHDOG for as long
/// as the store writes and the peers' connections are served. packaging/rxgate.service is a unit for systemd.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate serve --config gate.toml
  RXGATE_LOG=rxgate=debug rxgate serve --config gate.toml --log-format json
  curl http://127.0.0.1:8002/ready
  curl http://127.0.0.1:8002/peers
  kill -HUP PID                      read the configuration again

Exit codes: 0 ended by SIGINT or SIGTERM; 1 cannot listen, or the store is refused; 2 the configuration is refused.")]
pub(super) struct Arguments {
    /// The configuration file (TOML); `rxgate check-config` shows what is in it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Start although the store has lost something that was confirmed, or is damaged: PCRFs are told to end all
    /// sessions of this host, and every session that is left in the store is ended.
    #[arg(long)]
    accept_store_loss: bool,
    #[command(flatten)]
    log: LogArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = Loaded::from_file(&arguments.config)?;
    log::start(arguments.log.log_format, "info")?;
    warn(&loaded.warnings);
    process::run(serve(arguments, loaded))
}

async fn serve(arguments: &Arguments, loaded: Loaded) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let mut hangups = Hangups::new()?;
    let app = App::start_file(&arguments.config, loaded, arguments.accept_store_loss).await?;
    let mut out = io::stdout();
    writeln!(out, "listening http {}", app.http_address())?;
    writeln!(out, "listening admin {}", app.admin_address())?;
    for address in app.diameter_addresses() {
        writeln!(out, "listening diameter {address}")?;
    }
    out.flush()?;
    let serving = format!("http {}, admin {}", app.http_address(), app.admin_address());
    supervisor::ready(&serving);
    let reloads = async {
        loop {
            hangups.next().await;
            supervisor::reloading();
            // What it is about is in the log.
            supervisor::ready(&match app.reload().await {
                Ok(changes) => format!("{serving}; reloaded: {} changes", changes.len()),
                Err(problems) => format!("{serving}; not reloaded: {} problems", problems.len()),
            });
        }
    };
    tokio::select! {
        () = signals.next() => {}
        () = reloads => {}
        () = supervisor::watchdog(async || app.is_alive().await) => {}
    }
    supervisor::stopping();
    signals.or_at_once(app.shut_down()).await;
    Ok(())
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let text = error.to_string();
        match error {
            AppError::Templates(problems) | AppError::Tls(problems) | AppError::Applications(problems) => {
                ConfigError::Refused(problems).into()
            }
            AppError::Dictionary(_) => {
                Self::usage(text, "correct that file, or take it out of the directory")
            }
            AppError::Http { error: BindError::Io { error, .. }, .. } | AppError::Diameter(error) => {
                let busy = "`ss -ltnp` shows who listens there, and `ss -lnp --sctp` over SCTP; choose another port, or \
                            0 for a free one";
                Self::failed(text, process::about_an_address(&error, "`listen`", busy))
            }
            AppError::Http { error: BindError::NotLoopback(_), .. } => {
                Self::failed(text, "listen on a loopback address, or name `applications` in [access]")
            }
            AppError::Chance(_) => Self::failed(text, "look at /dev/urandom and at what the service may use"),
            AppError::Identity(_) => Self::usage(text, "shorten `origin_host` and `origin_realm`"),
            AppError::Open(error) => Self::failed(text, about_the_store(&error)),
            AppError::RecordFile { .. } => {
                Self::failed(text, "look at its directory, its owner and its disk")
            }
            AppError::TokenKeys(problem) => ConfigError::Refused(vec![problem]).into(),
            AppError::Audit(AuditError::Foreign { .. }) => Self::failed(
                text,
                "`rxgate audit verify FILE` says what is wrong with it; moved away, it is followed by a new chain",
            ),
            AppError::Audit(AuditError::Locked { .. }) => {
                Self::failed(text, "end the other gateway, or give each a `file` of its own in [audit]")
            }
            AppError::Audit(AuditError::Io { .. }) => {
                Self::failed(text, "look at its directory, its owner and its disk")
            }
            AppError::Store(_) => Self::failed(text, "look at the store's directory and its disk"),
            AppError::Records(_) => Self::failed(text, "nothing was changed: what is stored stays as it is"),
        }
    }
}

/// What to do about a store that cannot be opened.
pub(super) fn about_the_store(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoPlace { .. } => {
            "correct `path` of [store], or look whether the disk that it is on is mounted; on a first start make the \
             directory above it"
        }
        OpenError::Io { .. } => "`path` of [store] must be a directory that this user may write",
        OpenError::Locked { .. } => "end the other gateway, or give each a `path` of its own in [store]",
        OpenError::Later { .. } => "start the version that wrote it, or a later one",
        OpenError::Damaged { .. } | OpenError::Lost { .. } => {
            "look at the disk and its log; put back a copy of the directory that was made after the last stop, if there is \
             one (an older one knows nothing of what was confirmed since); if not, start with --accept-store-loss: it \
             ends every session, and what else is lost, of templates of the admin interface and registrations, has to be \
             made again"
        }
    }
}
