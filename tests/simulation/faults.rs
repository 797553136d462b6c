//! What goes wrong: each world has some of it.

use std::{sync::Arc, time::Duration};

use rxgate::{
    pcrf::{Action, Command, Rule},
    rx::Outcome,
    transport::DisconnectCause,
};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    dice::Dice,
    disk::Health,
    endpoints::Mood,
    network::Weather,
    pcrf::Host,
    trace::note,
    world::{APPLICATIONS, World, endpoint},
};

/// One kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// A PCRF does not read or answer.
    Hang,
    /// A PCRF is gone for a while and forgets its sessions.
    Restart,
    /// A PCRF cannot be reached for a while.
    Outage,
    /// What is on the way waits.
    Stall,
    /// Connections break.
    Break,
    /// A PCRF says goodbye.
    Goodbye,
    /// A PCRF does something else than it should.
    Rule,
    /// The gateway is killed.
    Kill,
    /// The gateway is stopped in order, and started again.
    Stop,
    /// An endpoint does not take what it should.
    Endpoint,
}

const TROUBLES: [Trouble; 10] = [
    Trouble::Hang,
    Trouble::Restart,
    Trouble::Outage,
    Trouble::Stall,
    Trouble::Break,
    Trouble::Goodbye,
    Trouble::Rule,
    Trouble::Kill,
    Trouble::Stop,
    Trouble::Endpoint,
];

/// What goes wrong in one world.
#[derive(Clone, Debug)]
pub struct Profile {
    troubles: Vec<Trouble>,
    weather: Weather,
    health: Health,
    /// Longest pause between two troubles.
    pause: Duration,
    /// Longest pause between two requests of PCRFs.
    pushes: Duration,
    longest_death: Duration,
}

impl Profile {
    pub fn new(dice: &Dice) -> Self {
        let rare = |dice: &Dice, from, to| if dice.one_in(2) { from + dice.below(to - from) } else { 0 };
        let troubles: Vec<_> = TROUBLES.into_iter().filter(|_| dice.one_in(2)).collect();
        let kills = troubles.contains(&Trouble::Kill);
        Self {
            weather: Weather {
                late: rare(dice, 5, 100),
                cut: rare(dice, 50, 1_000),
                kill: if kills { rare(dice, 50, 1_000) } else { 0 },
            },
            health: Health {
                fail: rare(dice, 20, 300),
                slow: rare(dice, 20, 300),
                kill: if kills { rare(dice, 30, 300) } else { 0 },
            },
            pause: dice.millis(1_000, 15_000),
            pushes: dice.millis(500, 10_000),
            longest_death: dice.millis(10, 20_000),
            troubles,
        }
    }
}

/// Everything that goes wrong from now on; to be ended by aborting it.
pub fn begin(world: &Arc<World>, profile: Profile) -> Vec<JoinHandle<()>> {
    world.network.set_weather(profile.weather);
    world.disk.set_health(profile.health);
    *world.longest_death.lock().unwrap() = profile.longest_death;
    let pushing = {
        let (world, dice, pushes) = (world.clone(), world.dice.fork(), profile.pushes);
        async move {
            loop {
                sleep(dice.millis(1, pushes.as_millis() as u64)).await;
                let (world, abort) = (world.clone(), dice.one_in(6));
                let number = dice.below(world.hosts.len() as u64) as usize;
                tokio::spawn(async move { world.push(&world.hosts[number], abort).await });
            }
        }
    };
    let trouble = {
        let (world, dice) = (world.clone(), world.dice.fork());
        async move {
            loop {
                sleep(dice.millis(1, profile.pause.as_millis() as u64)).await;
                let Some(trouble) = dice.pick(&profile.troubles).copied() else { return };
                let (world, dice) = (world.clone(), dice.fork());
                tokio::spawn(async move { befall(&world, &dice, trouble).await });
            }
        }
    };
    vec![tokio::spawn(pushing), tokio::spawn(trouble)]
}

async fn befall(world: &World, dice: &Dice, trouble: Trouble) {
    let Some(host) = dice.pick(&world.hosts) else { return };
    let (network, address) = (&world.network, host.address);
    note!(world.trace, "{trouble:?} {}", host.name);
    match trouble {
        Trouble::Hang => {
            host.pcrf.hang();
            sleep(dice.millis(500, 40_000)).await;
            host.pcrf.wake();
        }
        Trouble::Restart => {
            network.set_down(address, true);
            network.break_server(address, dice.one_in(2));
            host.restart(&world.facts).await;
            sleep(dice.millis(1, 20_000)).await;
            network.break_server(address, false);
            network.set_down(address, false);
        }
        Trouble::Outage => {
            network.set_down(address, true);
            network.break_server(address, dice.one_in(2));
            sleep(dice.millis(1, 60_000)).await;
            network.break_server(address, false);
            network.set_down(address, false);
        }
        Trouble::Stall => {
            network.set_stalled(address, true);
            sleep(dice.millis(100, 20_000)).await;
            network.set_stalled(address, false);
        }
        Trouble::Break => network.break_server(address, false),
        Trouble::Goodbye => {
            let cause = match dice.below(3) {
                0 => DisconnectCause::Busy,
                1 => DisconnectCause::DoNotWantToTalkToYou,
                _ => DisconnectCause::Rebooting,
            };
            host.pcrf.disconnect(cause);
        }
        Trouble::Rule => host.pcrf.add_rule(rule(world, dice)),
        Trouble::Kill => {
            if let Some(gateway) = world.gateway() {
                gateway.process.kill();
            }
        }
        Trouble::Stop => {
            if let Some(gateway) = world.gateway() {
                gateway.stop().await;
            }
        }
        Trouble::Endpoint => {
            let endpoint = endpoint(dice.below(APPLICATIONS as u64) as usize);
            let moods = [Mood::Flaky, Mood::Flaky, Mood::Down, Mood::Hung];
            world.endpoints.set_mood(endpoint, dice.pick(&moods).copied().unwrap_or_default());
            sleep(dice.millis(1_000, 60_000)).await;
            world.endpoints.set_mood(endpoint, Mood::Fine);
        }
    }
}

/// What a PCRF does to some requests from now on.
fn rule(world: &World, dice: &Dice) -> Rule {
    let handled = dice.one_in(2);
    let late = dice.one_in(3);
    let delay = if late { dice.millis(1, Host::LONGEST_DELAY.as_millis() as u64) } else { Duration::ZERO };
    let action = match dice.below(8) {
        0 => Action::BUSY,
        1 => Action::Silence { handled },
        2 => Action::Duplicate,
        3 => Action::DisconnectBefore { handled },
        4 => Action::DisconnectAfter,
        5 => Action::answer(Outcome::tgpp(5063)),
        _ => Action::Accept,
    };
    let times = Some(1 + dice.below(3) as u32);
    let command = if dice.one_in(3) { Command::Str } else { Command::Aar };
    // Two kinds are for the first AAR of whoever comes next. A server that granted a change does not refuse it when it is
    // repeated; and one that lets an AAR lie about does not take a later one of the same session before it.
    let is_refusal = matches!(&action, Action::Answer { outcome, .. } if outcome.class() == 5);
    if is_refusal || late && command == Command::Aar {
        let next = world.ledger.entries().len() as u32 + 1;
        let [_, high, middle, low] = next.to_be_bytes();
        let ue = Some([10, high, middle, low].into());
        return Rule { command: Some(Command::Aar), ue, times: Some(1), delay, action, session: None };
    }
    Rule { command: Some(command), times, delay, action, ..Rule::default() }
}
