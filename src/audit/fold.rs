//! The same refusal over and over is written twice a second: the first, and how many came after it. Whoever has no
//! access cannot fill the disk by trying.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map},
    net::IpAddr,
    time::{Duration, Instant},
};

use super::entry::{Entry, Operation, Outcome, What};

/// How long refusals are gathered.
const WINDOW: Duration = Duration::from_secs(1);

/// Most kinds of refusals that are told apart in that time; the others are one kind, of no client in particular.
const MAX_KINDS: usize = 256;

/// What makes refusals the same.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind {
    operation: Cow<'static, str>,
    listener: &'static str,
    status: Option<u16>,
    /// `None`: there are too many others.
    from: Option<(Option<String>, Option<IpAddr>)>,
}

/// Refusals of the last second.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// The last of a kind, and how many there were after the first.
    kinds: HashMap<Kind, Option<(Entry, u64)>>,
    /// When the first came.
    began: Option<Instant>,
}

impl Folds {
    /// What is to be written at once: all but a refusal like one before.
    pub fn take(&mut self, entry: Entry, now: Instant) -> Option<Entry> {
        let What::Operation(refused) = &entry.what else { return Some(entry) };
        if !refused.at_the_door && !matches!(refused.outcome, Outcome::Unauthenticated | Outcome::Limited) {
            return Some(entry);
        }
        let mut kind = kind(refused);
        if self.kinds.len() >= MAX_KINDS && !self.kinds.contains_key(&kind) {
            kind.from = None;
        }
        match self.kinds.entry(kind) {
            hash_map::Entry::Vacant(place) => {
                place.insert(None);
                self.began.get_or_insert(now);
                Some(entry)
            }
            hash_map::Entry::Occupied(mut place) => {
                let (entry, count) = match place.insert(None) {
                    Some((before, count)) => (after(&before, entry), count),
                    None => (entry, 0),
                };
                place.insert(Some((entry, count + 1)));
                None
            }
        }
    }

    /// How long from now on they are gathered still. `None`: there are none.
    pub fn due_in(&self, now: Instant) -> Option<Duration> {
        self.began.map(|began| (began + WINDOW).saturating_duration_since(now))
    }

    /// What was gathered, to be written now.
    pub fn end(&mut self) -> impl Iterator<Item = Entry> {
        self.began = None;
        let mut all: Vec<_> = self.kinds.drain().filter_map(|(kind, last)| Some((kind, last?))).collect();
        all.sort_by_key(|(_, (last, _))| last.at);
        all.into_iter().map(|(kind, (mut last, count))| {
            if let What::Operation(refused) = &mut last.what {
                refused.repeated = Some(count);
                if kind.from.is_none() {
                    (refused.application, refused.client, refused.forwarded_for) = (None, None, None);
                    refused.claimed = None;
                }
            }
            last
        })
    }
}

/// A refusal that stands for the one before, too: it says that it is somebody only if both do.
fn after(before: &Entry, mut entry: Entry) -> Entry {
    if let (What::Operation(before), What::Operation(refused)) = (&before.what, &mut entry.what)
        && before.claimed != refused.claimed
    {
        refused.claimed = None;
    }
    entry
}

fn kind(refused: &Operation) -> Kind {
    let Operation { application, client, .. } = refused;
    Kind {
        operation: refused.operation.clone(),
        listener: refused.listener,
        status: refused.status,
        // Neither whom a proxy names nor who it claims to be: the client may say so, another one each time.
        from: Some((application.clone(), *client)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(client: u32, status: u16) -> Entry {
        Entry::now(Operation {
            operation: "DELETE /x".into(),
            listener: "http",
            client: Some(IpAddr::from(client.to_be_bytes())),
            status: Some(status),
            outcome: Outcome::of(status),
            ..Operation::default()
        })
    }

    fn counts(folds: &mut Folds) -> Vec<(Option<IpAddr>, Option<u64>)> {
        let count = |entry: Entry| match entry.what {
            What::Operation(refused) => (refused.client, refused.repeated),
            What::Mark(mark) => panic!("{mark:?}"),
        };
        folds.end().map(count).collect()
    }

    #[test]
    fn the_first_is_written_and_the_others_are_counted() {
        let (mut folds, now) = (Folds::default(), Instant::now());
        assert_eq!(folds.due_in(now), None);
        let written = (0..1000).filter(|_| folds.take(refusal(1, 401), now).is_some()).count();
        assert_eq!(written, 1);
        assert!(folds.take(refusal(2, 401), now).is_some(), "another client");
        assert!(folds.take(refusal(1, 429), now).is_some(), "another reason");
        assert_eq!(folds.due_in(now), Some(WINDOW));
        assert_eq!(folds.due_in(now + 2 * WINDOW), Some(Duration::ZERO));
        assert_eq!(counts(&mut folds), [(Some([0, 0, 0, 1].into()), Some(999))]);
        assert_eq!((counts(&mut folds), folds.due_in(now)), (Vec::new(), None));
        assert!(folds.take(refusal(1, 401), now).is_some(), "a new second");
    }

    #[test]
    fn who_claims_to_be_everybody_is_counted_as_nobody() {
        let claiming = |id: &str| {
            let mut entry = refusal(1, 401);
            let What::Operation(refused) = &mut entry.what else { unreachable!() };
            refused.claimed = Some(id.into());
            entry
        };
        let claimed = |entry: Entry| match entry.what {
            What::Operation(refused) => (refused.claimed, refused.repeated),
            What::Mark(mark) => panic!("{mark:?}"),
        };
        for (ids, expected) in
            [(["a", "b", "b"], Some("b")), (["a", "b", "c"], None), (["a", "a", "b"], None)]
        {
            let (mut folds, now) = (Folds::default(), Instant::now());
            let first = ids.map(|id| folds.take(claiming(id), now)).into_iter().flatten().map(claimed);
            assert_eq!(first.collect::<Vec<_>>(), [(Some("a".into()), None)]);
            let rest: Vec<_> = folds.end().map(claimed).collect();
            assert_eq!(rest, [(expected.map(str::to_owned), Some(2))], "{ids:?}");
        }
    }

    #[test]
    fn what_is_done_or_forbidden_is_always_written() {
        let (mut folds, now) = (Folds::default(), Instant::now());
        for status in [200, 204, 403, 404, 503] {
            assert!((0..3).all(|_| folds.take(refusal(1, status), now).is_some()), "{status}");
        }
        assert_eq!(folds.due_in(now), None);
    }

    #[test]
    fn who_is_turned_away_at_the_door_is_counted_whatever_he_says() {
        let (mut folds, now) = (Folds::default(), Instant::now());
        for status in [400, 403, 413, 503] {
            let written = (0..1000).filter(|number| {
                let mut entry = refusal(1, status);
                if let What::Operation(refused) = &mut entry.what {
                    refused.at_the_door = true;
                    refused.forwarded_for = Some(number.to_string());
                }
                folds.take(entry, now).is_some()
            });
            assert_eq!(written.count(), 1, "{status}");
        }
        assert_eq!(counts(&mut folds).len(), 4);
    }

    #[test]
    fn refusals_of_more_clients_than_are_told_apart_are_one_kind() {
        let (mut folds, now) = (Folds::default(), Instant::now());
        let written = (0..10_000).filter(|client| folds.take(refusal(*client, 401), now).is_some()).count();
        assert_eq!(written, MAX_KINDS + 1);
        let left = 10_000 - u64::try_from(written).unwrap();
        assert_eq!(counts(&mut folds), [(None, Some(left))]);
    }
}
