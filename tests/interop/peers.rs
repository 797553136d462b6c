//! Foreign Diameter peers as child processes: started, spoken to by lines, ended with their test.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a peer may take for anything it is asked, connecting included.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What freeDiameter (for its address) and a capture need, given among the programs.
pub const ROOT: &str = "to run as root";

/// Whether all of these programs are installed. If not, says what is left out; that is a failure where
/// `CI=true` or `RXGATE_REQUIRE_INTEROP` is set.
pub fn installed(test: &str, programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &&&str| match **name {
        ROOT => Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n"),
        name => std::env::split_paths(&path).any(|directory| directory.join(name).is_file()),
    };
    let missing: Vec<_> = programs.iter().filter(|name| !found(name)).copied().collect();
    if missing.is_empty() {
        return true;
    }
    let line = format!("SKIPPED: {test}: needs {} (see tests/run)", missing.join(", "));
    let required = std::env::var_os("CI").is_some_and(|ci| ci == "true")
        || std::env::var_os("RXGATE_REQUIRE_INTEROP").is_some();
    assert!(!required, "{line}");
    say(&line);
    false
}

/// Prints a line where it is seen, although the test passes: the harness keeps what eprintln! prints to itself.
#[expect(clippy::explicit_write)]
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

/// A file of `tests/interop`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// A file of this name that no earlier run has left, to be written by a test.
pub fn scratch_file(name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&file); // there may be none
    file
}

/// A TCP port of 127.0.0.1 that nobody listened on a moment ago.
pub fn free_port() -> u16 {
    local_port(&TcpListener::bind("127.0.0.1:0").unwrap())
}

fn local_port(listener: &TcpListener) -> u16 {
    listener.local_addr().unwrap().port()
}

/// A running program and the lines it prints, standard error among them.
pub struct Peer {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// Everything printed so far, for the message of a failing test.
    seen: Vec<String>,
}

impl Peer {
    /// Starts `program`; `name` is what failures call it.
    pub fn start(name: &str, program: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {} does not start: {error}", program.display()));
        let (sender, lines) = channel();
        forward(child.stdout.take().unwrap(), sender.clone());
        forward(child.stderr.take().unwrap(), sender);
        let input = child.stdin.take();
        Peer { name: name.to_owned(), child, input, lines, seen: Vec::new() }
    }

    /// Sends a command and returns the next line that contains `answer`.
    pub fn ask(&mut self, command: &str, answer: &str) -> String {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
        self.expect(answer)
    }

    /// The next line that contains `text`.
    pub fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(why) => {
                    let why = if why == RecvTimeoutError::Timeout { "in time" } else { "before its end" };
                    panic!("{}: no line with {text:?} {why}; it said\n{}", self.name, self.seen.join("\n"))
                }
            }
        }
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn stop(self) -> bool {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        self.finish()
    }

    /// Waits for its end by itself and says whether it ended well.
    pub fn finish(mut self) -> bool {
        drop(self.input.take());
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.seen.push(line);
        }
        assert!(Instant::now() < deadline, "{} does not end; it said\n{}", self.name, self.seen.join("\n"));
        self.child.wait().unwrap().success()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(stream: impl std::io::Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
}

/// The freeDiameter relay `relay.rx.test` between `af.rx.test` and a PCRF on `pcrf_port`.
pub fn relay(port: u16, pcrf_port: u16) -> Peer {
    let pcrf = format!("pcrf.rx.test@{pcrf_port}");
    let port = port.to_string();
    Peer::start("relay", &script("freediameter"), &["relay.rx.test", "rx.test", &port, "af.rx.test", &pcrf])
}

/// The number after the last blank.
pub fn last_number(line: &str) -> u16 {
    line.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line:?}"))
}

/// A running capture of what passes on some ports.
pub struct Capture {
    tshark: Peer,
    file: PathBuf,
    end: TcpListener,
}

impl Capture {
    /// Begins; everything from the return on is seen.
    pub fn start(file: &Path, ports: &[u16]) -> Self {
        let end = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut arguments = vec![file.to_str().unwrap().to_owned(), local_port(&end).to_string()];
        arguments.extend(ports.iter().map(u16::to_string));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut tshark = Peer::start("capture", &script("capture"), &arguments);
        tshark.expect("Capture started.");
        Capture { tshark, file: file.to_owned(), end }
    }

    /// Ends it once all that was sent before is in the file: tshark drops what it has not written yet, so
    /// a last message goes over a port of its own, and the file is read until it stands in it.
    pub fn stop(self) {
        const LAST: &[u8] = b"the capture ends here";
        TcpStream::connect(self.end.local_addr().unwrap()).unwrap().write_all(LAST).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !std::fs::read(&self.file).unwrap().windows(LAST.len()).any(|octets| octets == LAST) {
            assert!(Instant::now() < deadline, "the capture does not reach its end");
            thread::sleep(Duration::from_millis(20));
        }
        assert!(self.tshark.stop());
    }
}

/// tshark's filter for what is sent to a port.
pub fn to(port: u16) -> String {
    format!("tcp.dstport == {port}")
}

/// What tshark says about the messages of a capture that its filter lets through, and whether it has nothing
/// against them.
pub fn wire_check(file: &Path, ports: &[u16], filter: &str) -> (String, bool) {
    let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    let output =
        Command::new(script("wire-check")).arg(file).args([ports.as_str(), filter]).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.success())
}

/// Waits until the capture, still running, has at least `wanted` messages that fit a display filter of tshark.
pub fn await_messages(file: &Path, ports: &[u16], filter: &str, wanted: usize) {
    let deadline = Instant::now() + PATIENCE;
    let decode: Vec<_> = ports.iter().map(|port| format!("-dtcp.port=={port},diameter")).collect();
    loop {
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(file).args(&decode).args(["-Y", filter, "-T", "fields", "-e", "frame.number"]);
        // Its end status tells only that the file is still being written.
        let seen = tshark.output().unwrap().stdout.iter().filter(|octet| **octet == b'\n').count();
        if seen >= wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{seen} instead of {wanted} messages with {filter}");
        thread::sleep(Duration::from_millis(200));
    }
}
