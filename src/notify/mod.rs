//! Notifications to applications: HTTP POSTs, delivered at least once and in order.
//!
//! Every key has a queue of its own, and a task only while there is something in it. The first notification of a
//! queue is sent again until the application answers 2xx or it is too old; those behind it wait, those of other
//! queues do not. What goes out is a `POST` with the body exactly to the endpoint, and
//!
//! | header | |
//! |---|---|
//! | `Content-Type` | `application/json` |
//! | `User-Agent` | `rxgate/VERSION` |
//! | `X-Event-Id` | a UUID, the same in every repetition: an application that saw it already drops the copy |
//!
//! - **Delivered** means that a status line with 2xx came in time. What follows it is read, within limits, and
//!   thrown away: an answer that breaks off there was an answer all the same.
//! - **Everything else is repeated**, 4xx and 410 included: a proxy in front of an application that is being
//!   replaced answers with these too, and it is the application that ends its registration, not the proxy. 3xx
//!   is never followed. `Retry-After` of a 429 or 503 replaces the back-off, within its bounds.
//! - **Addresses are checked** after the name was resolved, and the connection goes to exactly what was checked:
//!   see [`AddressGuard`]. Every attempt resolves and connects anew.
//! - **Queues, connections, answers and ages are bounded**: see [`NotifyConfig`]. When there is no
//!   room the newest notification is refused: what waits already keeps its place. What becomes too old is given
//!   up in its turn, logged and counted.
//! - **An endpoint that is down** holds up its own queue only. Others at the same host and port share its slots.
//!
//! What waits is in memory: who keeps it elsewhere too learns what became of it through [`Outcome`]. Endpoints, bodies
//! and keys are logged at `trace` only.
//!
//! A [`Fetcher`] gets a document of the operator's own over the same HTTP.

mod address;
mod attempt;
mod backoff;
mod config;
mod connect;
mod counters;
mod endpoint;
mod error;
mod fetch;
mod figures;
mod notifier;
mod queues;
mod resolve;
mod slots;
mod worker;

pub use address::AddressGuard;
pub use config::NotifyConfig;
pub use connect::{Connect, Stream, TcpConnector};
pub use counters::Counters;
pub use endpoint::Endpoint;
pub use error::{AttemptError, EndpointError, QueueFull};
pub use fetch::{Document, FetchError, Fetcher};
pub use notifier::{Notification, Notifier, Outcome};
pub use resolve::{Resolve, SystemResolver};
