//! The `rxgate` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    rxgate::cli::run()
}
