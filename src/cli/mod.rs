//! The command line: arguments in, text and an exit code out.
//!
//! Results go to standard output, everything else to standard error: errors as one line `error: ...` with a
//! line `hint: ...` that says what to do next. Exit codes are those of [`Exit`].

mod applications;
mod audit;
mod check_config;
mod decode;
mod demo;
mod events;
mod gateway;
mod http;
mod log;
mod pcrf;
mod process;
mod serve;
mod supervisor;
mod template;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    access::without_secrets,
    config::{ConfigError, Problem},
};

const AFTER_HELP: &str = "\
Examples:
  rxgate demo                        see a QoS request travel to a PCRF and back
  rxgate serve --config gate.toml    run the gateway
  rxgate pcrf                        simulate a PCRF on loopback, with a control API
  rxgate check-config gate.toml      check a configuration and show every effective setting
  rxgate decode message.hex          show a message as a tree with names and units
  rxgate template check video.xml    check a QoS template
  rxgate events list                 show what applications have not been told
  rxgate audit verify audit.jsonl    check that nobody changed the audit log
  rxgate app list                    show which applications may call

Exit codes: 0 done; 1 failed; 2 wrong arguments or configuration.
Logs go to standard error; RXGATE_LOG chooses them, such as RXGATE_LOG=debug or RXGATE_LOG=rxgate::peer=trace.
Subscriber identities, their addresses and callback URLs appear at trace only.";

/// Diameter Rx application function: REST quality-of-service requests to a PCRF and back.
#[derive(Parser)]
#[command(name = "rxgate", version, about, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Pcrf(pcrf::Arguments),
    Decode(decode::Arguments),
    CheckConfig(check_config::Arguments),
    Template(template::Arguments),
    Events(events::Arguments),
    Audit(audit::Arguments),
    App(applications::Arguments),
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The arguments or the configuration are wrong.
    Usage = 2,
}

/// Why a command did not do what was asked for.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    /// What is wrong, each with what to do about it.
    problems: Vec<(String, String)>,
}

impl Failure {
    fn failed(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, problems: vec![(text.into(), hint.into())] }
    }

    fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failed(text, hint) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let problems = error.problems().into_iter().map(|problem| (problem.to_string(), problem.hint));
        Self { exit: Exit::Usage, problems: problems.collect() }
    }
}

/// Standard output is gone or full.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // Whoever reads, such as `head`, has seen enough.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Done, problems: Vec::new() };
        }
        Self::failed(format!("cannot write the result: {error}"), "look at where standard output goes")
    }
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    let Arguments { command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    let done = match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Pcrf(arguments) => pcrf::run(&arguments),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Template(arguments) => template::run(&arguments),
        Command::Events(arguments) => events::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::App(arguments) => applications::run(&arguments),
    };
    let exit = match done {
        Ok(()) => Exit::Done,
        Err(Failure { exit, problems }) => {
            problems.iter().for_each(|(text, hint)| complain("error", text, hint));
            exit
        }
    };
    ExitCode::from(exit as u8)
}

/// Says what is wrong with the arguments, or shows what they ask for: the help, the version.
fn refused(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let shown = without_secrets(&text);
    if shown == text {
        error.exit();
    }
    // With standard error gone there is nobody left to tell.
    _ = write!(io::stderr().lock(), "{shown}");
    ExitCode::from(Exit::Usage as u8)
}

fn warn(problems: &[Problem]) {
    problems.iter().for_each(|problem| complain("warning", &problem.to_string(), &problem.hint));
}

fn complain(kind: &str, text: &str, hint: &str) {
    let (text, hint) = (without_secrets(text), without_secrets(hint));
    // With standard error gone there is nobody left to tell.
    _ = writeln!(io::stderr().lock(), "{kind}: {text}\nhint: {hint}");
}
