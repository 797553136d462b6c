//! `rxgate template check`: everything that is wrong or doubtful in template files.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    app::read_template_file,
    cli::{Failure, check_config},
    dict::Dictionary,
    template::{Compiled, Problem, Problems, Settings, Template},
};

/// Checks QoS templates.
///
/// Every problem is shown as FILE:LINE:COLUMN with what was found and what is accepted; a warning is about
/// something that is accepted, but doubtful.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template check templates/*.xml
  rxgate template check --strict video.xml
  rxgate template check --dictionary my-dictionary video.xml

Exit codes: 0 every template is accepted, perhaps with warnings; 1 one is refused; 2 wrong arguments.")]
pub(super) struct Arguments {
    /// The templates (XML).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// How templates are read.
#[derive(Args)]
pub(super) struct Reading {
    /// Read as a gateway with the profile "strict" does: stray text and filters beyond TS 29.214 are refused.
    #[arg(long)]
    strict: bool,
    /// Further dictionary files (XML), for the vendors of custom AVPs.
    #[arg(long, value_name = "DIR")]
    dictionary: Option<PathBuf>,
}

impl Reading {
    /// The dictionary to read by; `None` for the built-in one.
    pub fn dictionary(&self) -> Result<Option<Dictionary>, Failure> {
        self.dictionary.as_deref().map(check_config::dictionary).transpose()
    }

    /// Reads a file; what cannot be opened is a failure, what is refused is not yet.
    pub fn read(&self, file: &Path, dictionary: &Dictionary) -> Result<Result<Compiled, Problems>, Failure> {
        let xml = open(file)?;
        Ok(Template::read(&xml, dictionary, Settings { strict: self.strict, ..Settings::default() }))
    }
}

/// The octets of a template's file.
pub(super) fn open(file: &Path) -> Result<Vec<u8>, Failure> {
    read_template_file(file).map_err(|error| {
        let text = format!("cannot read {}: {error}", file.display());
        Failure::usage(text, "give the path of a template, an XML file")
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = arguments.reading.dictionary()?;
    let dictionary = loaded.as_ref().unwrap_or_else(|| Dictionary::builtin());
    let mut out = io::stdout().lock();
    let mut refused = 0;
    for file in &arguments.files {
        let (shown, problems) = match arguments.reading.read(file, dictionary)? {
            Ok(Compiled { template, warnings }) => {
                let parameters = template.parameters().count();
                let line =
                    format!("OK {}: {}, {}", file.display(), template.id(), count(parameters, "parameter"));
                (line, said(file, "warning", &warnings))
            }
            Err(Problems(problems)) => {
                refused += 1;
                let line = format!("REFUSED {}: {}", file.display(), count(problems.len(), "problem"));
                (line, said(file, "error", &problems))
            }
        };
        write!(out, "{problems}")?;
        writeln!(out, "{shown}")?;
    }
    out.flush()?;
    match refused {
        0 => Ok(()),
        refused => Err(Failure::failed(
            format!("{refused} of {} refused", count(arguments.files.len(), "template")),
            "correct the places shown; templates/qos-template.xsd lets an editor show them while you write",
        )),
    }
}

/// Problems as lines that editors can jump to.
pub(super) fn said(file: &Path, kind: &str, problems: &[Problem]) -> String {
    let mut said = String::new();
    for Problem { line, column, text, hint } in problems {
        // Writing to a String does not fail.
        _ = write!(said, "{}:{line}:{column}: {kind}: {text}", file.display());
        if let Some(hint) = hint {
            _ = write!(said, "; {hint}");
        }
        said.push('\n');
    }
    said
}

fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
