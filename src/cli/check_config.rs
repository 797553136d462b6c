//! `rxgate check-config`: whether a configuration would be used, and what it means in full.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, serve::about_the_store, warn};
use crate::{
    app::{TemplateDirectory, TlsMaterial, check_tokens, read_applications, reloadable, template_settings},
    config::{ConfigError, KeySource, Loaded, Places, Problem, Store},
    dict::Dictionary,
    store::{EmbeddedConfig, OpenError},
    transport::Sctp,
};

/// Checks a configuration file and prints every effective setting.
///
/// Nothing is started. Dictionary, templates, applications, certificates and the keys of tokens are read as well,
/// and the store's directory is looked for. The settings are printed as a configuration file; those that the file leaves out
/// are marked as default, and at the end stands which take effect on a reload. All problems are told at once,
/// with file, line and column.
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
    if let Err(error) = Sctp::is_here() {
        warn(&no_sctp(&arguments.file, &loaded, &error));
    }
    let config = &loaded.config;
    let dictionary = config.dictionary.as_deref().map(dictionary).transpose()?;
    let dictionary = dictionary.as_ref().unwrap_or_else(|| Dictionary::builtin());
    if let Some(at) = &config.templates {
        let read = TemplateDirectory::read(at, dictionary, template_settings(&config.gatekeeper));
        warn(&read.map_err(ConfigError::Refused)?.warnings);
    }
    let places = Places { file: &arguments.file, settings: &loaded.settings };
    warn(&TlsMaterial::read(config, Some(places)).map_err(ConfigError::Refused)?.warnings);
    if let Some(access) = &config.access {
        warn(&read_applications(access).map_err(ConfigError::Refused)?.warnings);
        warn(&check_tokens(access).map_err(ConfigError::Refused)?);
    }
    if let Store::Embedded { directory, .. } = &config.store {
        EmbeddedConfig::new(directory).place().map_err(|error| no_place(&arguments.file, &loaded, &error))?;
    }
    let mut out = io::stdout().lock();
    writeln!(out, "OK {}\n\n{loaded}\n{}", arguments.file.display(), reloadable())?;
    let jwt = config.access.as_ref().and_then(|access| access.jwt.as_ref());
    if let Some(KeySource::Url(url)) = jwt.map(|jwt| &jwt.keys) {
        writeln!(
            out,
            "# Nothing is fetched here: whether the keys are at {url} only the log of `serve` says."
        )?;
    }
    Ok(out.flush()?)
}

/// What would go over SCTP, which this kernel lacks. The gateway may be meant for another machine.
fn no_sctp(file: &Path, loaded: &Loaded, error: &io::Error) -> Vec<Problem> {
    let over_sctp = loaded.settings.iter().filter(|setting| {
        let value = setting.value.as_deref();
        !setting.default
            && match setting.key {
                "listen_sctp" => value != Some("[]"),
                "transport" => value == Some("\"sctp\""),
                _ => false,
            }
    });
    let problems = over_sctp.map(|setting| Problem {
        file: file.to_owned(),
        at: setting.at,
        text: format!("`{}`: {error}", setting.key),
        hint: "do that if the gateway is to run on this machine; if not, check the file on that one too"
            .into(),
    });
    problems.collect()
}

/// A store that would not be opened, with the place of its `path`.
fn no_place(file: &Path, loaded: &Loaded, error: &OpenError) -> Failure {
    let places = Places { file, settings: &loaded.settings };
    let (at, text) = (places.of("[store]", "path"), format!("[store] {error}"));
    let problem = Problem { file: file.to_owned(), at, text, hint: about_the_store(error).into() };
    ConfigError::Refused(vec![problem]).into()
}

/// The built-in dictionary with the files of a directory.
pub(super) fn dictionary(directory: &std::path::Path) -> Result<Dictionary, Failure> {
    Dictionary::with_directory(directory).map_err(|error| {
        Failure::usage(error.to_string(), "correct that file, or take it out of the directory")
    })
}
