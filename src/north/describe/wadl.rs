//! The interface in the Web Application Description Language (namespace of February 2009).
//!
//! JSON has no types there: a representation names its schema in the OpenAPI document as its profile.

use quick_xml::{
    Writer,
    escape::minimal_escape,
    events::{BytesText, Event},
};
use serde_json::Value;

use super::document::{Document, Operation, entries, referred, text};

const NAMESPACE: &str = "http://wadl.dev.java.net/2009/02";
const TYPES: &str = "http://www.w3.org/2001/XMLSchema";

type Xml = Writer<Vec<u8>>;
type Written = std::io::Result<()>;

/// The whole description. Paths are relative to the server that it came from.
pub(super) fn wadl(document: Document<'_>) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut xml, document).expect("a vector takes everything");
    let body = String::from_utf8(xml.into_inner()).expect("it was made of texts");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n")
}

fn write(xml: &mut Xml, document: Document<'_>) -> Written {
    let info = &document.0["info"];
    let application = xml.create_element("application");
    let application = application.with_attributes([("xmlns", NAMESPACE), ("xmlns:xs", TYPES)]);
    application.write_inner_content(|xml| {
        doc(xml, text(info, "title"), text(info, "description"))?;
        let resources = xml.create_element("resources").with_attribute(("base", "/"));
        resources.write_inner_content(|xml| {
            document.paths().try_for_each(|(path, operations)| resource(xml, document, path, &operations))
        })?;
        Ok(())
    })?;
    Ok(())
}

fn resource(xml: &mut Xml, document: Document<'_>, path: &str, operations: &[Operation<'_>]) -> Written {
    let resource = xml.create_element("resource").with_attribute(("path", path.trim_start_matches('/')));
    resource.write_inner_content(|xml| {
        // Every operation on a path has the same parameters in it.
        if let Some(operation) = operations.first() {
            operation.parameters("path").try_for_each(|parameter| param(xml, "template", parameter))?;
        }
        operations.iter().try_for_each(|operation| method(xml, document, *operation))
    })?;
    Ok(())
}

fn method(xml: &mut Xml, document: Document<'_>, operation: Operation<'_>) -> Written {
    let method = xml.create_element("method");
    let method = method.with_attributes([("name", operation.method), ("id", operation.text("operationId"))]);
    method.write_inner_content(|xml| {
        doc(xml, operation.text("summary"), operation.text("description"))?;
        let parameters: Vec<_> = ["query", "header"]
            .into_iter()
            .flat_map(|place| operation.parameters(place).map(move |parameter| (place, parameter)))
            .collect();
        let body = operation.value.get("requestBody").map(|body| document.resolve(body));
        if body.is_some() || !parameters.is_empty() {
            xml.create_element("request").write_inner_content(|xml| {
                parameters.into_iter().try_for_each(|(place, parameter)| param(xml, place, parameter))?;
                body.into_iter().try_for_each(|body| representations(xml, body))
            })?;
        }
        operation.responses().try_for_each(|(status, response)| {
            let response_element = xml.create_element("response").with_attribute(("status", status));
            let response = document.resolve(response);
            response_element.write_inner_content(|xml| {
                doc(xml, "", text(response, "description"))?;
                for (name, header) in entries(&response["headers"]) {
                    named_param(xml, "header", name, document.resolve(header))?;
                }
                representations(xml, response)
            })?;
            Ok(())
        })
    })?;
    Ok(())
}

/// The forms of a body.
fn representations(xml: &mut Xml, body: &Value) -> Written {
    for (media_type, content) in entries(&body["content"]) {
        let mut representation =
            xml.create_element("representation").with_attribute(("mediaType", media_type));
        if let Some(schema) = referred(&content["schema"]) {
            let profile = format!("openapi.json#/components/schemas/{schema}");
            representation = representation.with_attribute(("profile", &*profile));
        }
        match content.get("example") {
            Some(example) => {
                let example = format!("{example:#}");
                representation.write_inner_content(|xml| doc(xml, "Example", &example))?;
            }
            None => {
                representation.write_empty()?;
            }
        }
    }
    Ok(())
}

fn param(xml: &mut Xml, style: &str, parameter: &Value) -> Written {
    named_param(xml, style, text(parameter, "name"), parameter)
}

fn named_param(xml: &mut Xml, style: &str, name: &str, parameter: &Value) -> Written {
    let schema = &parameter["schema"];
    let mut param = xml.create_element("param");
    param = param.with_attributes([("name", name), ("style", style), ("type", simple_type(schema))]);
    if parameter["required"] == true {
        param = param.with_attribute(("required", "true"));
    }
    if let Some(default) = schema.get("default") {
        param = param.with_attribute(("default", &*plain(default)));
    }
    param.write_inner_content(|xml| {
        doc(xml, "", text(parameter, "description"))?;
        for value in schema["enum"].as_array().into_iter().flatten() {
            xml.create_element("option").with_attribute(("value", &*plain(value))).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn simple_type(schema: &Value) -> &'static str {
    let is = |name: &str| {
        let types = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
        types.iter().any(|one| one == name)
    };
    match () {
        () if is("integer") => "xs:integer",
        () if is("number") => "xs:decimal",
        () if is("boolean") => "xs:boolean",
        () => "xs:string",
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A text for people; nothing if there is nothing to say.
fn doc(xml: &mut Xml, title: &str, about: &str) -> Written {
    if title.is_empty() && about.is_empty() {
        return Ok(());
    }
    let mut doc = xml.create_element("doc");
    if !title.is_empty() {
        doc = doc.with_attribute(("title", title));
    }
    match about.is_empty() {
        true => doc.write_empty()?,
        false => doc.write_inner_content(|xml| {
            xml.write_event(Event::Text(BytesText::from_escaped(minimal_escape(about))))
        })?,
    };
    Ok(())
}
