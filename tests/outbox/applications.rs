//! Applications that take what they are told, or do not.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rxgate::{
    BoxFuture,
    notify::{Connect, Stream},
};
use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    time::sleep,
};

use crate::world::read_request;

/// How an application takes what it is told.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Fine,
    /// Half of it: the rest is answered with 500, not at all, or the connection breaks.
    Half,
    Hangs,
    Down,
}

/// Applications at one address, told apart by the path.
pub struct Applications {
    mood: Mutex<(Mood, u64)>,
    /// Path, event and body of whatever was answered with 2xx.
    took: Mutex<Vec<(String, String, String)>>,
}

pub struct Dialler(pub Arc<Applications>);

impl Applications {
    pub fn new(mood: Mood) -> Arc<Self> {
        Arc::new(Self { mood: Mutex::new((mood, 1)), took: Mutex::default() })
    }

    pub fn set(&self, mood: Mood) {
        self.mood.lock().unwrap().0 = mood;
    }

    pub fn took(&self) -> Vec<(String, String, String)> {
        self.took.lock().unwrap().clone()
    }

    /// What comes next: 0 to 3 are good.
    fn roll(&self) -> u64 {
        let (mood, state) = &mut *self.mood.lock().unwrap();
        match mood {
            Mood::Fine => 0,
            Mood::Hangs => 4,
            Mood::Down => 7,
            Mood::Half => {
                // Knuth's multiplier: any will do.
                *state =
                    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % 8
            }
        }
    }

    async fn serve(self: Arc<Self>, mut stream: DuplexStream) {
        let Some((head, body)) = read_request(&mut stream).await else { return };
        sleep(Duration::from_millis(3)).await;
        let answer = match self.roll() {
            0..=3 => "204 No Content",
            4 => return pending().await,
            5 => return,
            _ => "500 Oops",
        };
        if answer.starts_with('2') {
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let id = head.lines().find_map(|line| line.strip_prefix("x-event-id: ")).unwrap().to_owned();
            self.took.lock().unwrap().push((path, id, body));
        }
        let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    }
}

impl Connect for Dialler {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            if self.0.mood.lock().unwrap().0 == Mood::Down {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (near, far) = duplex(64 * 1024);
            tokio::spawn(Arc::clone(&self.0).serve(far));
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}
