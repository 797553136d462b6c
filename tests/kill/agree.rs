//! What clients were told, what the gateway shows, what the PCRF has, and what the application heard: whether it is
//! the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rxgate::pcrf::Pcrf;
use tokio::time::sleep;

use crate::{
    endpoint::{Endpoint, Event, Heard},
    http,
    ledger::{Ledger, Told},
    process::Gateway,
};

/// Far above what anything takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most of a kind that are named.
const NAMED: usize = 20;

/// A session as the operator sees it.
struct Shown {
    rx_session: String,
    state: String,
}

/// Waits until everything has settled, and compares.
pub async fn agree(gateway: &Gateway, pcrf: &Pcrf, ledger: &Ledger, endpoint: &Endpoint) {
    let began = Instant::now();
    loop {
        let shown = sessions(gateway.admin()).await;
        let mut found = Differences::default();
        found.sessions(&shown, pcrf, &ledger.told());
        found.events(&ledger.told(), &endpoint.heard());
        if found.0.is_empty() {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{:#?}\n{}", found.0, gateway.log());
        sleep(Duration::from_millis(50)).await;
    }
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn say<T: Debug>(&mut self, what: &str, names: impl IntoIterator<Item = T>) {
        let mut names = names.into_iter();
        let named: Vec<_> = names.by_ref().take(NAMED).collect();
        if !named.is_empty() {
            self.0.push(format!("{what}: {named:?} and {} more", names.count()));
        }
    }

    fn sessions(&mut self, shown: &BTreeMap<String, Shown>, pcrf: &Pcrf, told: &Told) {
        let there: BTreeMap<_, _> = pcrf
            .sessions()
            .into_iter()
            .map(|session| {
                let component = session.media_components.first();
                let bandwidth = component.and_then(|component| component.max_requested_bandwidth_dl);
                (session.session_id, bandwidth.map(u64::from))
            })
            .collect();
        self.say("acknowledged and not there", told.live.keys().filter(|id| !shown.contains_key(*id)));
        self.say("there, and nobody was told", shown.keys().filter(|id| !told.live.contains_key(*id)));
        self.say("removed and still there", told.removed.iter().filter(|id| shown.contains_key(*id)));
        let ours: BTreeSet<_> = shown.values().map(|session| &session.rx_session).collect();
        self.say("not at the PCRF", ours.iter().filter(|rx| !there.contains_key(**rx)));
        self.say("left at the PCRF", there.keys().filter(|rx| !ours.contains(rx)));
        self.say(
            "not open",
            shown.iter().filter(|(_, it)| it.state != "open").map(|(id, it)| (id, &it.state)),
        );
        let other = told.live.iter().filter_map(|(id, bandwidth)| {
            let granted = there.get(&shown.get(id)?.rx_session)?;
            (*granted != Some(*bandwidth)).then_some((id, bandwidth, granted))
        });
        self.say("granted and not what the PCRF has", other);
    }

    fn events(&mut self, told: &Told, heard: &Heard) {
        self.say("wrong", &heard.wrong);
        let unknown = heard.events.keys().filter(|number| !told.reports.contains_key(number));
        self.say("events that nobody reported", unknown);
        let (mut lost, mut doubled, mut other) = (Vec::new(), Vec::new(), Vec::new());
        for (number, report) in &told.reports {
            let events = heard.events.get(number);
            let ids = events.map_or(0, BTreeMap::len);
            if report.acknowledged && ids == 0 {
                lost.push((number, report));
            }
            // Even if the PCRF sent it once more, to the next process.
            if ids > 1 {
                doubled.push((number, report, events));
            }
            let expected = Event { user: report.user.clone(), number: report.event };
            if events.is_some_and(|events| events.values().any(|event| *event != expected)) {
                other.push((number, report, events));
            }
        }
        self.say("acknowledged and never heard of", lost);
        self.say("heard of too often", doubled);
        self.say("heard of as something else", other);
        let mut last = BTreeMap::new();
        let out_of_order = heard.order.iter().filter(|number| {
            let report = told.reports.get(number).filter(|report| report.acknowledged);
            // One after the other is sent about a session, each with a higher number.
            report.is_some_and(|report| last.insert(&report.rx_session, **number) > Some(**number))
        });
        let out_of_order: Vec<_> = out_of_order.collect();
        self.say("heard of in another order", out_of_order);
    }
}

/// Every session that is not over, by its name.
async fn sessions(admin: SocketAddr) -> BTreeMap<String, Shown> {
    let (mut all, mut after) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/sessions?limit=100{after}");
        let (status, page) = http::call(admin, "GET", &path, "").await;
        assert_eq!(status, 200, "{page}");
        let sessions = page.as_array().unwrap();
        for session in sessions {
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            after = format!("&after={}", text("requestId"));
            let shown = Shown { rx_session: text("rxSessionId"), state: text("state") };
            all.insert(text("requestId"), shown);
        }
        if sessions.len() < 100 {
            return all;
        }
    }
}
