//! The examples of the interface's own documentation, by their numbers there.
//!
//! Changed in two places: an endpoint is a URL (the placeholder there is none), and a notification names the end user.

use serde_json::Value;

macro_rules! examples {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {$(
        $(#[$doc])*
        pub(in crate::north::gatekeeper) fn $name() -> Value {
            serde_json::from_str(include_str!(concat!("examples/", $file))).expect("the file is JSON")
        }
    )*};
}

examples! {
    /// Apply QoS.
    apply = "16-2.json";
    /// What answers it.
    applied = "16-4.json";
    /// Modify QoS.
    modify = "16-11.json";
    /// What answers it.
    modified = "16-12.json";
    /// Apply Template-Based QoS.
    apply_template = "16-8.json";
    /// What answers it.
    applied_template = "16-9.json";
    /// Template-Based Modify QoS.
    modify_template = "16-13.json";
    /// What answers it.
    modified_template = "16-14.json";
    /// Get QoS Status.
    status = "16-15.json";
    /// Register for QoS Notifications.
    register = "16-16.json";
    /// QoS Event Notification.
    notification = "16-17.json";
    /// List QoS Event Notifications without a correlator.
    correlators = "16-18.json";
    /// List QoS Event Notifications with one.
    registration = "16-19.json";
}
