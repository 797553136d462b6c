//! `rxgate template render`: the AAR that a template makes.

use std::{
    fmt::Write as _,
    io::{self, Write},
    path::PathBuf,
    time::SystemTime,
};

use clap::Args;

use super::check::{Reading, said};
use crate::{
    cli::{Failure, complain},
    dict::{Dictionary, dump::Tree},
    north::gatekeeper::EndUser,
    rx::AaRequest,
    session::SessionConfig,
    template::{
        Compiled, Filled, Problems, Template, Values,
        value::{UeAddress, ipv6_prefix, ue_address},
    },
};

/// Shows the AAR that a template makes, as a tree and in hexadecimal.
///
/// The template's defaults and the parameters given here become the message that a template-based request
/// would send to the PCRF; the identities of the gateway in it are examples.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template render templates/video-streaming.xml --ip 10.45.0.17
  rxgate template render video.xml --ip 2001:db8::17 --end-user tel:+491701234567 --param '$DOWNLINK=8000000'
  rxgate template render video.xml --ip 10.45.0.17 --hex | rxgate decode

Exit codes: 0 shown; 1 the template or a value is refused; 2 wrong arguments.")]
pub(super) struct Arguments {
    /// The template (XML).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A parameter of the template and its value; may be given several times.
    #[arg(long = "param", value_name = "$NAME=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    /// The UE's address, IPv4 or IPv6, in place of the template's.
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Whom it is for: gives the Subscription-Id, as an endUserId in a request does.
    #[arg(long, value_name = "ID")]
    end_user: Option<String>,
    /// Only hexadecimal digits, for other tools.
    #[arg(long)]
    hex: bool,
    #[command(flatten)]
    reading: Reading,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("accepted is $NAME=VALUE, in single quotes so that the shell leaves $NAME alone".into()),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = arguments.reading.dictionary()?;
    let dictionary = loaded.as_ref().unwrap_or_else(|| Dictionary::builtin());
    let template = match arguments.reading.read(&arguments.file, dictionary)? {
        Ok(Compiled { template, warnings }) => {
            eprint(&said(&arguments.file, "warning", &warnings));
            template
        }
        Err(Problems(problems)) => {
            eprint(&said(&arguments.file, "error", &problems));
            let text = format!("{} is refused", arguments.file.display());
            return Err(Failure::failed(text, "correct the places shown above"));
        }
    };
    let request = request(arguments, &template)?;
    let message = request
        .encode(Default::default())
        .map_err(|error| Failure::failed(error.to_string(), "make the template's values smaller"))?;
    let hex = hexadecimal(message.as_bytes());
    let mut out = io::stdout().lock();
    if !arguments.hex {
        let tree = Tree::from_octets(dictionary, message.as_bytes()).map_err(|error| {
            Failure::failed(error.to_string(), "this is a fault of rxgate: please report it")
        })?;
        writeln!(out, "{tree}")?;
    }
    write!(out, "{hex}")?;
    Ok(out.flush()?)
}

/// The whole AAR, as the first one of a session.
fn request(arguments: &Arguments, template: &Template) -> Result<AaRequest<'static>, Failure> {
    let values = Values::new(arguments.parameters.iter().map(|(name, text)| (&**name, &**text)));
    let filled = values.and_then(|values| Ok(template.fill(&values)?.into_owned()));
    let Filled { mut service, subscription_set, .. } = filled.map_err(|error| {
        let text = format!("{}: {error}", error.part());
        Failure::failed(text, format!("the template has these parameters:\n{}", table(template)))
    })?;
    if let Some(ip) = &arguments.ip {
        let address = ue_address(ip).or_else(|_| ipv6_prefix(ip, false).map(UeAddress::V6));
        (service.framed_ip_address, service.framed_ipv6_prefix) = match address {
            Ok(UeAddress::V4(octets)) => (Some(octets.to_vec().into()), None),
            Ok(UeAddress::V6(octets)) => (None, Some(octets.into())),
            Err(error) => return Err(Failure::usage(format!("--ip {ip}: {error}"), "give the UE's address")),
        };
    }
    if service.framed_ip_address.is_none() && service.framed_ipv6_prefix.is_none() {
        complain(
            "warning",
            "the AAR has no address of the UE, and a PCRF would not know whom it concerns",
            "give one with --ip, as a request does with framedIPAddress",
        );
    }
    if let Some(given) = &arguments.end_user {
        let user = EndUser::parse(given)
            .map_err(|error| Failure::usage(error.to_string(), "such as --end-user tel:+491701234567"))?;
        if !subscription_set {
            service.subscription_id = user.subscription_id().into_iter().collect();
        }
    }
    let config =
        SessionConfig::new("rxgate.example.net", "example.net", "example.net", SystemTime::UNIX_EPOCH);
    Ok(config.initial(&"rxgate.example.net;1;1".into(), service))
}

/// The parameters of a template, one a line.
fn table(template: &Template) -> String {
    let width = template.parameters().map(|parameter| parameter.name().len()).max().unwrap_or_default();
    let mut table = String::new();
    for parameter in template.parameters() {
        let places = parameter.places();
        let elements: Vec<&str> = places.iter().map(|place| &*place.element).collect();
        let default = places.first().map_or("", |place| &place.default);
        // Writing to a String does not fail.
        _ = writeln!(table, "  {:width$}  {} (default {default})", parameter.name(), elements.join(", "));
    }
    table
}

/// Sixteen octets a line, as `rxgate decode` reads them.
fn hexadecimal(octets: &[u8]) -> String {
    let mut text = String::new();
    for line in octets.chunks(16) {
        let pairs: Vec<String> = line.iter().map(|octet| format!("{octet:02x}")).collect();
        text.push_str(&pairs.join(" "));
        text.push('\n');
    }
    text
}

fn eprint(text: &str) {
    // With standard error gone there is nobody left to tell.
    _ = io::stderr().lock().write_all(text.as_bytes());
}
