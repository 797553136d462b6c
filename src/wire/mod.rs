//! Octets to views and back: the Diameter header and AVPs of RFC 6733 §3 and §4. Knows no AVP by name.
//!
//! # The parsing contract
//!
//! [`Index::parse`] walks a message once. It checks the version, the message length, and for every AVP,
//! nested ones included, that its length is at least its header (8 octets, 12 with the V bit) and that data
//! and padding fit into what encloses it. After `Ok`
//!
//! - no accessor of [`Message`], [`Avps`] or [`Avp`] panics, and iteration cannot fail;
//! - nothing was copied or allocated: the index lives in storage that its owner reuses;
//! - AVPs that nobody knows are still there: refusing them is a decision of the layers above.
//!
//! Values are read, and text is checked, when somebody asks for them ([`Avps::get`]).
//!
//! Which AVPs are Grouped is the caller's knowledge and comes in as a predicate over [`avp_key`]s. Groups are
//! opened breadth first, without recursion, down to [`MAX_DEPTH`] levels.

mod avp;
mod builder;
mod error;
mod format;
mod frame;
mod header;
mod index;
mod message;
mod template;

pub use avp::{Avp, AvpFlags, RawAvp, VendorId, Walk, avp_key, walk};
pub use builder::Writer;
pub use error::{FormatError, WireError};
pub use format::{
    Address, AvpDef, DiameterIdentity, DiameterUri, Enumerated, Float32, Float64, Format, Grouped, Integer32,
    Integer64, IpFilterRule, OctetString, QosFilterRule, Time, TimeValue, Unsigned32, Unsigned64, Utf8String,
};
pub use frame::{MAX_MESSAGE, frame_length};
pub use header::{CommandFlags, EndToEndId, HEADER_LENGTH, Header, HopByHopId};
pub use index::{Index, MAX_DEPTH};
pub use message::{Avps, Message, MessageBuf};
pub use template::AnswerTemplate;
