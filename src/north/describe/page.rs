//! The interface for people: one page of HTML that loads nothing but its own style sheet, and has no script.

use std::fmt::Write;

use serde_json::Value;

use super::document::{Document, Operation, entries, referred, text};

/// Where the style sheet is.
pub(super) const STYLE_PATH: &str = "/docs.css";

/// The style sheet.
pub(super) const STYLE: &str = include_str!("page.css");

/// Heading of the webhooks.
const SENT: &str = "Sent by the gateway";

/// The whole page.
pub(super) fn page(document: Document<'_>) -> String {
    let mut page = Page { html: String::new(), document };
    page.write();
    page.html
}

struct Page<'d> {
    html: String,
    document: Document<'d>,
}

impl Page<'_> {
    fn write(&mut self) {
        let info = &self.document.0["info"];
        let title = escaped(text(info, "title"));
        self.put(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"stylesheet\" href=\"{STYLE_PATH}\">\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
             <p class=\"version\">version {} · <a href=\"/openapi.json\">OpenAPI {}</a> · \
             <a href=\"/application.wadl\">WADL</a></p>\n{}</header>\n",
            escaped(text(info, "version")),
            escaped(text(self.document.0, "openapi")),
            paragraphs(text(info, "description")),
        ));
        let tags = self.tags();
        self.contents(&tags);
        self.put("<main>\n");
        for (tag, about) in &tags {
            self.put(&format!("<h2>{}</h2>\n{}", escaped(tag), paragraphs(about)));
            for (path, operations) in self.document.paths() {
                operations.iter().filter(|it| has_tag(it, tag)).for_each(|it| self.operation(path, *it));
            }
        }
        for (index, (name, operations)) in self.document.webhooks().enumerate() {
            if index == 0 {
                self.put(&format!("<h2>{SENT}</h2>\n"));
            }
            operations.into_iter().for_each(|operation| self.operation(name, operation));
        }
        self.put("<h2>Types</h2>\n");
        for (name, schema) in entries(&self.document.0["components"]["schemas"]) {
            self.schema(name, schema);
        }
        self.put("</main>\n</body>\n</html>\n");
    }

    fn put(&mut self, html: &str) {
        self.html.push_str(html);
    }

    /// The tags in the order in which operations bring them up, with what is said about them.
    fn tags(&self) -> Vec<(String, String)> {
        let mut tags: Vec<(String, String)> = Vec::new();
        for operation in self.document.paths().flat_map(|(_, operations)| operations) {
            for tag in operation.value["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if tags.iter().all(|(known, _)| known != tag) {
                    let mut all = self.document.0["tags"].as_array().into_iter().flatten();
                    let about = all.find(|it| it["name"] == tag).map_or("", |it| text(it, "description"));
                    tags.push((tag.to_owned(), about.to_owned()));
                }
            }
        }
        tags
    }

    fn contents(&mut self, tags: &[(String, String)]) {
        self.put("<nav aria-label=\"Contents\">\n");
        let document = self.document;
        for (tag, _) in tags {
            self.put(&format!("<h2>{}</h2>\n<ul>\n", escaped(tag)));
            for (path, operations) in document.paths() {
                operations.iter().filter(|it| has_tag(it, tag)).for_each(|it| self.entry(path, *it));
            }
            self.put("</ul>\n");
        }
        let mut sent = document.webhooks().peekable();
        if sent.peek().is_some() {
            self.put(&format!("<h2>{SENT}</h2>\n<ul>\n"));
            sent.for_each(|(name, operations)| operations.into_iter().for_each(|it| self.entry(name, it)));
            self.put("</ul>\n");
        }
        self.put("</nav>\n");
    }

    /// A line of the contents.
    fn entry(&mut self, path: &str, operation: Operation<'_>) {
        self.put(&format!(
            "<li><a href=\"#{}\">{} <span class=\"path\">{} {}</span></a></li>\n",
            escaped(operation.text("operationId")),
            escaped(operation.text("summary")),
            operation.method,
            breakable(path),
        ));
    }

    fn operation(&mut self, path: &str, operation: Operation<'_>) {
        self.put(&format!(
            "<section id=\"{}\">\n<h3>{}</h3>\n<p class=\"call\"><b class=\"{}\">{}</b> <code>{}</code></p>\n{}",
            escaped(operation.text("operationId")),
            escaped(operation.text("summary")),
            operation.method.to_ascii_lowercase(),
            operation.method,
            breakable(path),
            paragraphs(operation.text("description")),
        ));
        let mut parameters =
            ["path", "query", "header"].into_iter().flat_map(|it| operation.parameters(it)).peekable();
        if parameters.peek().is_some() {
            self.put("<h4>Parameters</h4>\n<dl>\n");
            for parameter in parameters {
                let place = text(parameter, "in");
                let required = if parameter["required"] == true { "" } else { ", optional" };
                let about = format!("{}{}", text(parameter, "description"), sample(parameter));
                self.term(
                    text(parameter, "name"),
                    &format!("{place}{required}"),
                    &parameter["schema"],
                    &about,
                );
            }
            self.put("</dl>\n");
        }
        if let Some(body) = operation.value.get("requestBody") {
            self.put("<h4>Body</h4>\n");
            self.put(&paragraphs(text(body, "description")));
            self.contents_of(body);
        }
        self.put("<h4>Answers</h4>\n<dl>\n");
        for (status, response) in operation.responses() {
            let response = self.document.resolve(response);
            let headers: Vec<_> = entries(&response["headers"]).map(|(name, _)| escaped(name)).collect();
            let headers =
                if headers.is_empty() { String::new() } else { format!("; {}", headers.join(", ")) };
            let kind = response["content"].as_object().and_then(|content| content.values().next());
            let kind = kind.map_or_else(String::new, |content| {
                let kind = self.kind(&content["schema"]);
                if kind.is_empty() { kind } else { format!(" {kind}") }
            });
            self.put(&format!("<dt><b>{status}</b>{kind}<small>{headers}</small></dt>\n<dd>"));
            let about = inline(text(response, "description"));
            self.put(&about);
            self.put("</dd>\n");
        }
        self.put("</dl>\n");
        for (status, response) in operation.responses() {
            let example = &self.document.resolve(response)["content"]["application/json"]["example"];
            self.example(&format!("Example of {status}"), example);
        }
        self.put("</section>\n");
    }

    fn contents_of(&mut self, body: &Value) {
        for (media_type, content) in entries(&body["content"]) {
            let kind = self.kind(&content["schema"]);
            self.put(&format!("<p><code>{}</code> {kind}</p>\n", escaped(media_type)));
            self.example("Example", &content["example"]);
        }
    }

    fn example(&mut self, title: &str, example: &Value) {
        if !example.is_null() {
            let shown = example.as_str().map_or_else(|| format!("{example:#}"), ToOwned::to_owned);
            self.put(&format!(
                "<figure><figcaption>{title}</figcaption><pre>{}</pre></figure>\n",
                escaped(&shown)
            ));
        }
    }

    fn schema(&mut self, name: &str, schema: &Value) {
        self.put(&format!("<section id=\"type-{0}\">\n<h3>{0}</h3>\n", escaped(name)));
        self.put(&paragraphs(text(schema, "description")));
        let members: Vec<_> = entries(&schema["properties"]).collect();
        if members.is_empty() {
            let kind = self.kind(schema);
            self.put(&format!("<p>{kind}</p>\n"));
        } else {
            self.put("<dl>\n");
            for (member, value) in members {
                let mut required = schema["required"].as_array().into_iter().flatten();
                let optional = if required.any(|it| it == member) { "" } else { "optional" };
                self.term(member, optional, value, text(value, "description"));
            }
            self.put("</dl>\n");
        }
        self.put("</section>\n");
    }

    /// A parameter or a member.
    fn term(&mut self, name: &str, place: &str, schema: &Value, about: &str) {
        let kind = self.kind(schema);
        let place = if place.is_empty() { String::new() } else { format!(" <small>{place}</small>") };
        let html =
            format!("<dt><code>{}</code> {kind}{place}</dt>\n<dd>{}</dd>\n", escaped(name), inline(about));
        self.put(&html);
    }

    /// A schema in a few words.
    fn kind(&self, schema: &Value) -> String {
        if let Some(name) = referred(schema) {
            return format!("<a href=\"#type-{0}\">{0}</a>", escaped(name));
        }
        for (part, word) in [("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")] {
            if let Some(parts) = schema[part].as_array() {
                return parts.iter().map(|part| self.kind(part)).collect::<Vec<_>>().join(word);
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            let values = values.iter().map(|value| format!("<code>{}</code>", escaped(&plain(value))));
            return values.collect::<Vec<_>>().join(", ");
        }
        let types = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
        let mut kind = types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ");
        if schema["items"].is_object() {
            _ = write!(kind, " of {}", self.kind(&schema["items"]));
        }
        match (&schema["minimum"], &schema["maximum"]) {
            (Value::Null, Value::Null) => {}
            (least, Value::Null) => _ = write!(kind, " from {least}"),
            (Value::Null, most) => _ = write!(kind, " up to {most}"),
            (least, most) => _ = write!(kind, " from {least} to {most}"),
        }
        if let Some(most) = schema["maxItems"].as_u64() {
            _ = write!(kind, ", at most {most}");
        }
        if let Some(names) = schema["required"].as_array().filter(|_| schema["properties"].is_null()) {
            let names = names.iter().map(|name| format!("<code>{}</code>", escaped(&plain(name))));
            _ = write!(kind, " with {}", names.collect::<Vec<_>>().join(", "));
        }
        for word in [text(schema, "format"), text(schema, "pattern")] {
            if !word.is_empty() {
                _ = write!(kind, " <code>{}</code>", escaped(word));
            }
        }
        kind
    }
}

fn has_tag(operation: &Operation<'_>, tag: &str) -> bool {
    operation.value["tags"].as_array().is_some_and(|tags| tags.iter().any(|it| it == tag))
}

fn sample(parameter: &Value) -> String {
    match &parameter["example"] {
        Value::Null => String::new(),
        example => format!(" Example: `{}`.", plain(example)),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A path that may be broken before each slash.
fn breakable(path: &str) -> String {
    escaped(path).replace('/', "<wbr>/")
}

/// Paragraphs, which an empty line separates.
fn paragraphs(about: &str) -> String {
    let paragraphs = about.split("\n\n").filter(|one| !one.trim().is_empty());
    paragraphs.map(|one| format!("<p>{}</p>\n", inline(one))).collect()
}

/// A text in which what stands between backticks is code.
fn inline(about: &str) -> String {
    let mut html = String::new();
    for (index, part) in about.split('`').enumerate() {
        let part = escaped(part);
        html.push_str(&if index % 2 == 1 { format!("<code>{part}</code>") } else { part });
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
