//! What a process did to a directory, in order: its system calls as strace saw them.
//!
//! A call has a beginning and an end, the lines at which the tracer stopped its thread. What had not ended when
//! another call began is not known to be before it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    syscall::{Call, calls},
    tally::skip,
};

/// A file or directory, whatever its name is.
pub type Node = usize;

/// The directory that is looked at.
pub const ROOT: Node = 0;

/// What was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A file or directory gets a name, new or in the place of another one.
    Name {
        directory: Node,
        name: String,
        node: Node,
    },
    /// A name is gone.
    Unname {
        directory: Node,
        name: String,
    },
    /// Another name in the same directory, in one step.
    Rename {
        directory: Node,
        from: String,
        to: String,
        node: Node,
    },
    Write {
        node: Node,
        at: u64,
        octets: Vec<u8>,
    },
    Length {
        node: Node,
        length: u64,
    },
    /// What was done to it before is on the disk.
    Sync {
        node: Node,
    },
    /// Whether it is there nobody knows, and another sync does not try again.
    Unsynced {
        node: Node,
    },
    /// A commit of a task was acknowledged.
    Acknowledged {
        task: usize,
        number: u64,
    },
}

/// A deed, and when: lines of the trace.
#[derive(Clone, Debug)]
pub struct Step {
    pub begin: usize,
    pub end: usize,
    pub deed: Deed,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Record {
    pub steps: Vec<Step>,
    /// Which nodes are directories.
    pub directories: Vec<bool>,
}

impl Record {
    /// Leaves out the syncs of files with such names, from the first commit that is acknowledged on.
    pub fn forget_syncs(&mut self, of: impl Fn(&str) -> bool) {
        let mut forgotten = Vec::new();
        for step in &self.steps {
            match &step.deed {
                Deed::Name { name, node, .. } if of(name) => forgotten.push(*node),
                _ => {}
            }
        }
        let mut works = false;
        self.steps.retain(|step| {
            works |= matches!(step.deed, Deed::Acknowledged { .. });
            !(works && matches!(step.deed, Deed::Sync { node } if forgotten.contains(&node)))
        });
    }
}

/// An open file.
#[derive(Clone)]
struct Open {
    node: Option<Node>,
    at: u64,
    append: bool,
    /// Line of the trace at which it was open.
    since: usize,
}

struct Reader<'a> {
    root: &'a Path,
    acknowledged: &'a Path,
    paths: HashMap<PathBuf, Node>,
    lengths: Vec<u64>,
    files: HashMap<i64, Open>,
    acknowledging: Option<(i64, usize)>,
    record: Record,
}

/// Whether programs can be traced here; if not, `what` is skipped.
pub fn possible(what: &str) -> bool {
    let why = match Command::new("strace").args(["-o", "/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("strace: {error} (Debian package strace)"),
    };
    skip(what, &why);
    false
}

/// Runs a program that works in `root`, and tells each commit to the file `acknowledged`. What is in `root` before
/// is on the disk.
/// `injected`: what strace lets fail, such as `fdatasync:error=EIO:when=7`.
pub fn record(program: &mut Command, root: &Path, acknowledged: &Path, injected: Option<&str>) -> Record {
    let trace = root.with_extension("trace");
    let calls_traced = "trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,\
                        write,pwrite64,writev,pwritev,pwritev2,lseek,truncate,ftruncate,fallocate,fsync,fdatasync,\
                        sync,syncfs,sync_file_range,close,dup,dup2,dup3,fcntl,copy_file_range,sendfile,mmap";
    let mut reader = Reader {
        root,
        acknowledged,
        paths: HashMap::from([(root.to_owned(), ROOT)]),
        lengths: vec![0],
        files: HashMap::new(),
        acknowledging: None,
        record: Record { steps: Vec::new(), directories: vec![true] },
    };
    reader.begin(root, ROOT);
    let mut strace = Command::new("strace");
    strace.args(["-f", "--seccomp-bpf", "-s", "100000000", "-e", calls_traced, "-e", "signal=none"]);
    strace.args(injected.map(|what| format!("--inject={what}")));
    strace.arg("-o");
    strace.arg(&trace).arg(program.get_program()).args(program.get_args());
    strace.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = strace.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read(&trace).unwrap();
    for call in calls(&text) {
        reader.take(call);
    }
    fs::remove_file(trace).unwrap();
    reader.record
}

impl Reader<'_> {
    /// What is there before.
    fn begin(&mut self, directory: &Path, node: Node) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let is_directory = path.is_dir();
            let found = self.name(&path, is_directory, (0, 0));
            if is_directory {
                self.begin(&path, found);
            } else {
                let mut octets = fs::read(&path).unwrap();
                self.lengths[found] = octets.len() as u64;
                self.step((0, 0), Deed::Length { node: found, length: octets.len() as u64 });
                // Zeros at the end are there by the length.
                octets.truncate(octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1));
                self.step((0, 0), Deed::Write { node: found, at: 0, octets });
            }
            self.step((1, 1), Deed::Sync { node: found });
        }
        self.step((1, 1), Deed::Sync { node });
    }

    fn step(&mut self, (begin, end): (usize, usize), deed: Deed) {
        self.record.steps.push(Step { begin, end, deed });
    }

    /// A new file or directory.
    fn name(&mut self, path: &Path, is_directory: bool, when: (usize, usize)) -> Node {
        let node = self.lengths.len();
        self.lengths.push(0);
        self.record.directories.push(is_directory);
        let (directory, name) = self.place(path);
        self.paths.insert(path.to_owned(), node);
        self.step(when, Deed::Name { directory, name, node });
        node
    }

    /// The directory that a path is in, and its name there.
    fn place(&self, path: &Path) -> (Node, String) {
        let directory = self.paths.get(path.parent().unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (*directory.unwrap_or_else(|| panic!("{}: in no known directory", path.display())), name)
    }

    /// The path in an argument, after the directory that it is relative to.
    fn path(&self, directory: &str, text: &str) -> PathBuf {
        let path = PathBuf::from(text);
        let Ok(directory) = directory.parse::<i64>() else { return path };
        let node = self.files.get(&directory).and_then(|open| open.node);
        let found = self.paths.iter().find(|(_, at)| Some(**at) == node);
        found.map_or(path.clone(), |(directory, _)| directory.join(path))
    }

    fn take(&mut self, call: Call) {
        let when = (call.begin + 2, call.end + 2);
        if call.result < 0 {
            let open = self.files.get(&call.number(0)).filter(|_| call.name.ends_with("sync"));
            if let Some(node) = open.and_then(|open| open.node) {
                self.step(when, Deed::Unsynced { node });
            }
            return;
        }
        match call.name {
            "openat" => self.open(&call, when),
            "close" => {
                // Its number may have been given away again before the trace says that it ended.
                let number = call.number(0);
                if self.files.get(&number).is_some_and(|open| open.since < when.0) {
                    self.files.remove(&number);
                }
                self.acknowledging =
                    self.acknowledging.filter(|(it, since)| *it != number || *since >= when.0);
            }
            "fcntl" if call.word(1).starts_with("F_DUPFD") => {
                let open = self.files.get(&call.number(0)).cloned();
                open.map(|open| self.files.insert(call.result, Open { since: when.1, ..open }));
            }
            "fcntl" | "mmap" | "dup2" | "dup" | "dup3" => {}
            "mkdir" | "mkdirat" => {
                let (directory, path) = if call.name == "mkdir" { ("", 0) } else { (call.word(0), 1) };
                let path = self.path(directory, &call.text(path));
                if path.starts_with(self.root) {
                    self.name(&path, true, when);
                }
            }
            "unlink" | "rmdir" => self.unname(&self.path("", &call.text(0)), when),
            "unlinkat" => self.unname(&self.path(call.word(0), &call.text(1)), when),
            "rename" => self.rename(&self.path("", &call.text(0)), &self.path("", &call.text(1)), when),
            "renameat" | "renameat2" => {
                let (from, to) =
                    (self.path(call.word(0), &call.text(1)), self.path(call.word(2), &call.text(3)));
                self.rename(&from, &to, when);
            }
            "lseek" => {
                if let Some(open) = self.files.get_mut(&call.number(0)) {
                    open.at = u64::try_from(call.result).unwrap();
                }
            }
            "write" if self.acknowledging.is_some_and(|(it, _)| it == call.number(0)) => {
                let line = String::from_utf8(call.octets(1)).unwrap();
                let (task, number) = line.trim().split_once(' ').unwrap();
                let deed =
                    Deed::Acknowledged { task: task.parse().unwrap(), number: number.parse().unwrap() };
                self.step(when, deed);
            }
            "write" | "pwrite64" | "ftruncate" | "fsync" | "fdatasync" => self.change(&call, when),
            // Nothing that is looked at uses another way to change a file.
            other => assert!(!self.files.contains_key(&call.number(0)), "{other} is not understood"),
        }
    }

    fn open(&mut self, call: &Call, when: (usize, usize)) {
        let path = self.path(call.word(0), &call.text(1));
        if path == self.acknowledged {
            self.acknowledging = Some((call.result, when.1));
            return;
        }
        if !path.starts_with(self.root) {
            self.files.remove(&call.result);
            return;
        }
        let flags = call.word(2);
        let node = match self.paths.get(&path) {
            Some(node) => {
                if flags.contains("O_TRUNC") {
                    self.lengths[*node] = 0;
                    self.record.steps.push(Step {
                        begin: when.0,
                        end: when.1,
                        deed: Deed::Length { node: *node, length: 0 },
                    });
                }
                *node
            }
            None => self.name(&path, false, when),
        };
        let append = flags.contains("O_APPEND");
        self.files.insert(call.result, Open { node: Some(node), at: 0, append, since: when.1 });
    }

    fn change(&mut self, call: &Call, when: (usize, usize)) {
        let Some(open) = self.files.get_mut(&call.number(0)) else { return };
        let Some(node) = open.node else { return };
        let deed = match call.name {
            "write" | "pwrite64" => {
                let mut octets = call.octets(1);
                octets.truncate(usize::try_from(call.result).unwrap());
                let at = match call.name {
                    "pwrite64" => u64::try_from(call.number(3)).unwrap(),
                    _ if open.append => self.lengths[node],
                    _ => open.at,
                };
                let end = at + octets.len() as u64;
                if call.name == "write" {
                    open.at = end;
                }
                self.lengths[node] = self.lengths[node].max(end);
                Deed::Write { node, at, octets }
            }
            "ftruncate" => {
                let length = u64::try_from(call.number(1)).unwrap();
                self.lengths[node] = length;
                Deed::Length { node, length }
            }
            _ => Deed::Sync { node },
        };
        self.step(when, deed);
    }

    fn unname(&mut self, path: &Path, when: (usize, usize)) {
        if self.paths.remove(path).is_some() {
            let (directory, name) = self.place(path);
            self.step(when, Deed::Unname { directory, name });
        }
    }

    fn rename(&mut self, from: &Path, to: &Path, when: (usize, usize)) {
        if !from.starts_with(self.root) {
            return;
        }
        assert_eq!(from.parent(), to.parent(), "within one directory");
        let ((directory, old), (_, new)) = (self.place(from), self.place(to));
        let below: Vec<_> = self.paths.keys().filter(|path| path.starts_with(from)).cloned().collect();
        let node = self.paths[from];
        for path in below {
            let node = self.paths.remove(&path).unwrap();
            let rest = path.strip_prefix(from).unwrap();
            self.paths.insert(if rest == Path::new("") { to.to_owned() } else { to.join(rest) }, node);
        }
        self.step(when, Deed::Rename { directory, from: old, to: new, node });
    }
}
