//! Templates of the interface's examples, and small ones made of what a test is about.

use rxgate::{
    dict::Dictionary,
    template::{Compiled, Problems, Settings, Template},
};

pub const STRICT: Settings = Settings { strict: true, max_duration: None };
pub const LENIENT: Settings = Settings { strict: false, max_duration: None };

pub const EXAMPLE_16_5: &str = include_str!("../data/template/example-16-5.xml");
pub const EXAMPLE_16_6: &str = include_str!("../data/template/example-16-6.xml");
pub const EXAMPLE_16_7: &str = include_str!("../data/template/example-16-7.xml");
pub const EXAMPLE_16_10: &str = include_str!("../data/template/example-16-10.xml");

pub fn read(xml: &str) -> Result<Compiled, Problems> {
    Template::read(xml.as_bytes(), Dictionary::builtin(), LENIENT)
}

pub fn read_strict(xml: &str) -> Result<Compiled, Problems> {
    Template::read(xml.as_bytes(), Dictionary::builtin(), STRICT)
}

/// A template with this inside, on lines of its own: it begins on line 2.
pub fn with(inside: &str) -> String {
    format!(
        "<QoSTemplate xmlns=\"http://oracle/ocsg/rest/qos/template\" templateId=\"t\">\n{inside}\n</QoSTemplate>"
    )
}

pub fn template(inside: &str) -> Template {
    read(&with(inside)).unwrap().template
}

/// Every warning, one a line.
pub fn warnings(compiled: &Compiled) -> Vec<String> {
    compiled.warnings.iter().map(ToString::to_string).collect()
}

/// Everything that is wrong with a template that has this inside.
pub fn refused(inside: &str) -> String {
    read(&with(inside)).unwrap_err().to_string()
}
