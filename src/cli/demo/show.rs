//! How the demo looks: headings, HTTP exchanges and Diameter messages, in colour on a terminal.

use std::io::{self, IsTerminal, Write};

use hyper::Method;

use crate::{
    cli::http::Reply,
    dict::{Dictionary, dump::Tree},
    wire::MessageBuf,
};

const BOLD: &str = "\x1b[1m";
const HTTP: &str = "\x1b[36m";
const DIAMETER: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Writes to standard output.
pub(super) struct Show {
    colours: bool,
}

impl Show {
    /// Colours only on a terminal, and not if `NO_COLOR` is set.
    pub fn new() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: io::stdout().is_terminal() && !unwanted }
    }

    pub fn heading(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "\n{}", self.coloured(BOLD, &format!("== {text}")))
    }

    pub fn text(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{text}")
    }

    pub fn request(&self, method: &Method, url: &str, body: &str) -> io::Result<()> {
        self.part(HTTP, &format!("HTTP --> {method} {url}"), &indented(body))
    }

    pub fn reply(&self, reply: &Reply) -> io::Result<()> {
        let mut content = String::new();
        for (name, value) in &reply.headers {
            if name == "location" || name.as_str().starts_with("x-") {
                content += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
            }
        }
        self.part(HTTP, &format!("HTTP <-- {}", reply.status), &indented(&(content + &pretty(&reply.body))))
    }

    /// What the gateway tells the application, which answers 204.
    pub fn notification(&self, endpoint: &str, body: &str) -> io::Result<()> {
        self.part(HTTP, &format!("HTTP to the application: POST {endpoint}"), &indented(&pretty(body)))
    }

    /// The message with its name, as a tree.
    pub fn message(&self, sent: bool, message: &MessageBuf) -> io::Result<()> {
        let arrow = if sent { "gateway --> PCRF" } else { "gateway <-- PCRF" };
        match Tree::from_octets(Dictionary::builtin(), message.as_bytes()) {
            Ok(tree) => {
                let tree = tree.to_string();
                let (first, rest) = tree.split_once('\n').unwrap_or((&tree, ""));
                self.part(DIAMETER, &format!("Diameter {arrow}: {first}"), rest)
            }
            Err(error) => self.part(DIAMETER, &format!("Diameter {arrow}"), &indented(&error.to_string())),
        }
    }

    fn part(&self, colour: &str, title: &str, content: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "\n{}", self.coloured(colour, title))?;
        out.write_all(content.as_bytes())?;
        out.flush()
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        if self.colours { format!("{colour}{text}{PLAIN}") } else { text.to_owned() }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// JSON on several lines; anything else as it is.
fn pretty(body: &str) -> String {
    let json: Result<serde_json::Value, _> = serde_json::from_str(body);
    json.and_then(|json| serde_json::to_string_pretty(&json)).unwrap_or_else(|_| body.to_owned())
}
