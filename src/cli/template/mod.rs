//! `rxgate template`: QoS templates, as files and in a running gateway.

mod check;
mod remote;
mod render;

use clap::{Args, Subcommand};

use super::Failure;

/// Checks QoS templates, shows what they send, and manages those of a running gateway.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate template check templates/*.xml
  rxgate template render templates/video-streaming.xml --ip 10.45.0.17 --param '$DOWNLINK=8000000'
  rxgate template load --match-rule 'tel:\\+?4917.*' templates/video-streaming.xml
  rxgate template list
  rxgate template show --end-user tel:+491701234567
  rxgate template delete --match-rule 'tel:\\+?4917.*'

load, list, show and delete are also called loadQoSRequestTemplate, listQoSRequestTemplateMatchRules,
retrieveQoSRequestTemplate and deleteQoSRequestTemplate.

Exit codes: 0 done; 1 a template is refused, or the gateway does not do it; 2 wrong arguments.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Render(render::Arguments),
    #[command(alias = "loadQoSRequestTemplate")]
    Load(remote::LoadArguments),
    #[command(aliases = ["listQoSRequestTemplateMatchRules", "listQoSRequestTemplateMatchRule"])]
    List(remote::ListArguments),
    #[command(alias = "retrieveQoSRequestTemplate")]
    Show(remote::ShowArguments),
    #[command(alias = "deleteQoSRequestTemplate")]
    Delete(remote::DeleteArguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Render(arguments) => render::run(arguments),
        Command::Load(arguments) => remote::load(arguments),
        Command::List(arguments) => remote::list(arguments),
        Command::Show(arguments) => remote::show(arguments),
        Command::Delete(arguments) => remote::delete(arguments),
    }
}
