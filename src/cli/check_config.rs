//! `rxgate check-config`: whether a configuration would be used, and what it means in full.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;

use super::{Failure, warn};
use crate::{
    app::{TemplateDirectory, template_settings},
    config::{ConfigError, Loaded},
    dict::Dictionary,
};

/// Checks a configuration file and prints every effective setting.
///
/// Nothing is started. Dictionary and templates are read as well. The settings are printed as a configuration file; those that the file leaves out are
/// marked as default. All problems are told at once, with file, line and column.
#[derive(Args)]
#[command(after_help = "\
Example:
  rxgate check-config gate.toml

Exit codes: 0 the file is good; 2 it is refused or cannot be read.")]
pub(super) struct Arguments {
    /// The configuration file (TOML).
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = Loaded::from_file(&arguments.file)?;
    warn(&loaded.warnings);
    let config = &loaded.config;
    let dictionary = config.dictionary.as_deref().map(dictionary).transpose()?;
    let dictionary = dictionary.as_ref().unwrap_or_else(|| Dictionary::builtin());
    if let Some(at) = &config.templates {
        let read = TemplateDirectory::read(at, dictionary, template_settings(&config.gatekeeper));
        warn(&read.map_err(ConfigError::Refused)?.warnings);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "OK {}\n\n{loaded}", arguments.file.display())?;
    Ok(out.flush()?)
}

/// The built-in dictionary with the files of a directory.
pub(super) fn dictionary(directory: &std::path::Path) -> Result<Dictionary, Failure> {
    Dictionary::with_directory(directory).map_err(|error| {
        Failure::usage(error.to_string(), "correct that file, or take it out of the directory")
    })
}
