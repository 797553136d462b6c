//! QoS templates: values with names, and the requests that they make.

pub mod value;
