//! Reports of the PCRF about the sessions of some users.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rxgate::{
    dict::enums::SpecificAction,
    pcrf::{Pcrf, RarOrder, SessionView},
    rx::Outcome,
};
use tokio::task::JoinSet;

use crate::{
    client::User,
    clients::Work,
    dice::Dice,
    ledger::{Ledger, Report},
};

/// What is reported.
const EVENTS: [u32; 3] = [2, 3, 6];

/// Reports under way at a time, each about another user.
const AT_A_TIME: usize = 4;

/// Sends them.
pub struct Reporter {
    pub users: Vec<User>,
    pub chance: Dice,
    pub pcrf: Arc<Pcrf>,
    pub ledger: Ledger,
    /// Of the last report of all.
    pub number: Arc<AtomicU32>,
}

impl Work for Reporter {
    /// A gateway acknowledges a report about a session that it is ending, and tells nobody. So none is sent unless
    /// the PCRF has as many sessions of the user as the client: those that are there to stay, for as long as the
    /// client makes and removes none.
    async fn once(&mut self) {
        let from = self.any(self.users.len());
        let users: Vec<_> = self.users.iter().cycle().skip(from).take(AT_A_TIME).cloned().collect();
        let settled: Vec<_> =
            users.iter().filter_map(|user| Some((user, user.kept.clone().try_read_owned().ok()?))).collect();
        let sessions = self.pcrf.sessions();
        let mut reports = JoinSet::new();
        for (user, kept) in settled {
            let is_of = |session: &&SessionView| session.ues.contains(&user.ue);
            let theirs: Vec<_> = sessions.iter().filter(is_of).map(|session| &session.session_id).collect();
            if theirs.is_empty() || theirs.len() != kept.len() {
                continue;
            }
            let rx_session = theirs[self.any(theirs.len())].clone();
            let report = self.report(user.name.clone(), rx_session);
            reports.spawn(async move {
                report.await;
                drop(kept);
            });
        }
        reports.join_all().await;
    }

    fn rest(&mut self) -> Duration {
        Duration::from_millis(self.chance.below(200))
    }
}

impl Reporter {
    fn any(&mut self, bound: usize) -> usize {
        usize::try_from(self.chance.below(bound as u64)).unwrap()
    }

    /// One report, until its answer is there.
    fn report(&mut self, user: String, rx_session: String) -> impl Future<Output = ()> + Send + use<> {
        let event = EVENTS[self.any(EVENTS.len())];
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let order = RarOrder {
            specific_actions: vec![SpecificAction(event)],
            // The event has it, too.
            access_network_charging_address: Some(Ipv4Addr::from(number).into()),
            ..RarOrder::default()
        };
        let (pcrf, ledger) = (self.pcrf.clone(), self.ledger.clone());
        async move {
            let rx = rx_session.clone();
            let report = Report { user, rx_session: rx, event: event.into(), acknowledged: false };
            ledger.told().reports.insert(number, report);
            let pushed = pcrf.rar(&rx_session, &order).await;
            let mut told = ledger.told();
            let report = told.reports.get_mut(&number).unwrap();
            report.acknowledged = pushed.is_ok_and(|pushed| pushed.outcome.is_some_and(Outcome::is_success));
        }
    }
}
