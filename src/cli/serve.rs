//! `rxgate serve`: the gateway.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use tracing::{error, info};

use super::{
    Failure,
    process::{self, Hangups, Signals},
    warn,
};
use crate::{
    app::{App, AppError},
    config::{Config, ConfigError, Loaded},
};

/// Runs the gateway: REST requests come in, Diameter Rx goes to the PCRF.
///
/// The addresses that it listens on are printed one a line when everything is there: `listening http ADDR`,
/// `listening admin ADDR`, `listening diameter ADDR`. SIGINT and SIGTERM end it in order: requests under way
/// are answered, sessions are ended at the PCRF, peers get a DPR. A second signal ends it at once.
///
/// SIGHUP reads the templates of [templates] again: all of them are put into force, or, with anything wrong,
/// none, and the log says what and where.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate serve --config gate.toml
  RXGATE_LOG=rxgate=debug rxgate serve --config gate.toml
  curl http://127.0.0.1:8002/ready
  curl http://127.0.0.1:8002/peers
  kill -HUP PID                      read the templates again

Exit codes: 0 ended by SIGINT or SIGTERM; 1 cannot listen; 2 the configuration is refused.")]
pub(super) struct Arguments {
    /// The configuration file (TOML); `rxgate check-config` shows what is in it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Loaded { config, warnings, .. } = Loaded::from_file(&arguments.config)?;
    process::log("info")?;
    warn(&warnings);
    process::run(serve(config))
}

async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let mut hangups = Hangups::new()?;
    let app = App::start(config).await?;
    let mut out = io::stdout();
    writeln!(out, "listening http {}", app.http_address())?;
    writeln!(out, "listening admin {}", app.admin_address())?;
    for address in app.diameter_addresses() {
        writeln!(out, "listening diameter {address}")?;
    }
    out.flush()?;
    loop {
        tokio::select! {
            () = signals.next() => break,
            () = hangups.next() => tokio::select! {
                () = signals.next() => break,
                () = reload(&app) => {}
            },
        }
    }
    signals.or_at_once(app.shut_down()).await;
    Ok(())
}

/// Reads the templates again, and logs what came of it.
async fn reload(app: &App) {
    match app.reload_templates().await {
        Ok(None) => info!("nothing to reload: the configuration has no [templates]"),
        // What changed is logged where it is put into force.
        Ok(Some(_)) => info!("templates reloaded"),
        Err(problems) => {
            for problem in &problems {
                error!(hint = %problem.hint, "{problem}");
            }
            error!(problems = problems.len(), "templates are not reloaded: those in force stay");
        }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let text = error.to_string();
        match error {
            AppError::Templates(problems) => ConfigError::Refused(problems).into(),
            AppError::Dictionary(_) => {
                Self::usage(text, "correct that file, or take it out of the directory")
            }
            AppError::Http { .. } | AppError::Diameter(_) => Self::failed(
                text,
                "`ss -ltnp` shows who listens there; choose another port, or 0 for a free one",
            ),
            AppError::Identity(_) => Self::usage(text, "shorten `origin_host` and `origin_realm`"),
            AppError::Store(_) => Self::failed(text, "look at the store's directory and its disk"),
        }
    }
}
