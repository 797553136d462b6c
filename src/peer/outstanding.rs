//! The requests on one connection that wait for their answer, by Hop-by-Hop Identifier (RFC 6733 §6.2).

use std::collections::HashMap;

use super::RequestId;
use crate::wire::{EndToEndId, Header, HopByHopId};

#[derive(Debug)]
pub(super) struct Outstanding {
    next: u32,
    /// How many were ever inserted: gives their order.
    count: u64,
    waiting: HashMap<u32, Waiting>,
    by_id: HashMap<RequestId, u32>,
}

#[derive(Debug)]
struct Waiting {
    id: RequestId,
    order: u64,
    end_to_end: EndToEndId,
    command: u32,
}

impl Outstanding {
    /// `first` is where the identifiers begin.
    pub fn new(first: u32) -> Self {
        Self { next: first, count: 0, waiting: HashMap::new(), by_id: HashMap::new() }
    }

    /// A Hop-by-Hop Identifier that nothing waits for.
    pub fn fresh(&mut self) -> HopByHopId {
        loop {
            self.next = self.next.wrapping_add(1);
            if !self.waiting.contains_key(&self.next) {
                return HopByHopId(self.next);
            }
        }
    }

    /// Gives the request an identifier and waits for it; `None` if it waits already.
    pub fn insert(&mut self, id: RequestId, header: &Header) -> Option<HopByHopId> {
        if self.by_id.contains_key(&id) {
            return None;
        }
        let hop_by_hop = self.fresh();
        self.count += 1;
        let waiting =
            Waiting { id, order: self.count, end_to_end: header.end_to_end, command: header.command };
        self.waiting.insert(hop_by_hop.0, waiting);
        self.by_id.insert(id, hop_by_hop.0);
        Some(hop_by_hop)
    }

    /// The request that this is the answer to; it does not wait any more.
    ///
    /// The End-to-End Identifier and the command must fit too: the answer to a request of an earlier
    /// connection, or of an earlier owner of the identifier, is no answer to this one.
    pub fn take(&mut self, answer: &Header) -> Option<RequestId> {
        let waiting = self.waiting.get(&answer.hop_by_hop.0)?;
        if waiting.end_to_end != answer.end_to_end || waiting.command != answer.command {
            return None;
        }
        let id = waiting.id;
        self.remove(id);
        Some(id)
    }

    pub fn remove(&mut self, id: RequestId) {
        if let Some(hop_by_hop) = self.by_id.remove(&id) {
            self.waiting.remove(&hop_by_hop);
        }
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
        self.by_id.clear();
    }

    /// In the order of sending.
    pub fn ids(&self) -> Vec<RequestId> {
        let mut waiting: Vec<_> = self.waiting.values().map(|waiting| (waiting.order, waiting.id)).collect();
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, id)| id).collect()
    }
}
