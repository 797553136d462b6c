//! The peer machine from outside: scripted, and two of them on a virtual link. No socket, no clock, no sleep.
#![allow(clippy::unwrap_used)]

mod capabilities;
mod hostile;
mod life;
mod open;
mod pair;
mod solo;
mod transitions;
mod watchdog;
mod world;
