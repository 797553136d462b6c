//! The AVPs of the base protocol that a peer reads and writes.

use crate::wire::{Address, AvpDef, DiameterIdentity, Grouped, Unsigned32, Utf8String, VendorId};

const fn def<F>(name: &'static str, code: u32, mandatory: bool) -> AvpDef<F> {
    AvpDef::new(name, code, VendorId::NONE, mandatory)
}
pub const HOST_IP_ADDRESS: AvpDef<Address> = def("Host-IP-Address", 257, true);
pub const AUTH_APPLICATION_ID: AvpDef<Unsigned32> = def("Auth-Application-Id", 258, true);
pub const ACCT_APPLICATION_ID: AvpDef<Unsigned32> = def("Acct-Application-Id", 259, true);
pub const VENDOR_SPECIFIC_APPLICATION_ID: AvpDef<Grouped> = def("Vendor-Specific-Application-Id", 260, true);
pub const SESSION_ID: AvpDef<Utf8String> = def("Session-Id", 263, true);
pub const ORIGIN_HOST: AvpDef<DiameterIdentity> = def("Origin-Host", 264, true);
pub const SUPPORTED_VENDOR_ID: AvpDef<Unsigned32> = def("Supported-Vendor-Id", 265, true);
pub const VENDOR_ID: AvpDef<Unsigned32> = def("Vendor-Id", 266, true);
pub const FIRMWARE_REVISION: AvpDef<Unsigned32> = def("Firmware-Revision", 267, false);
pub const RESULT_CODE: AvpDef<Unsigned32> = def("Result-Code", 268, true);
pub const PRODUCT_NAME: AvpDef<Utf8String> = def("Product-Name", 269, false);
pub const DISCONNECT_CAUSE: AvpDef<Unsigned32> = def("Disconnect-Cause", 273, true);
pub const ORIGIN_STATE_ID: AvpDef<Unsigned32> = def("Origin-State-Id", 278, true);
pub const FAILED_AVP: AvpDef<Grouped> = def("Failed-AVP", 279, true);
pub const ERROR_MESSAGE: AvpDef<Utf8String> = def("Error-Message", 281, false);
pub const PROXY_INFO: AvpDef<Grouped> = def("Proxy-Info", 284, true);
pub const ORIGIN_REALM: AvpDef<DiameterIdentity> = def("Origin-Realm", 296, true);
pub const INBAND_SECURITY_ID: AvpDef<Unsigned32> = def("Inband-Security-Id", 299, true);
pub fn is_grouped(key: u64) -> bool {
    matches!(key, 260 | 279 | 284 | 297)
}
