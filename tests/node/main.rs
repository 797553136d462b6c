//! The node from outside: scripted peers on virtual connections and a virtual clock.
#![allow(clippy::unwrap_used)]

mod chaos;
mod failover;
mod incoming;
mod late;
mod limits;
mod operator;
mod overload;
mod paths;
mod reconfigure;
mod redirect;
mod routing;
mod world;
