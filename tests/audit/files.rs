//! The file goes on: over restarts, crashes, rotation and full disks.

use std::{fs, io::Write, sync::Arc, thread};

use rxgate::{
    audit::{AuditError, AuditLog, Operation, Outcome},
    metrics::{Collect, Page},
};

use crate::support::{Directory, about, check_files, done, lines, read, told, write};

fn metric(log: &AuditLog, name: &str) -> u64 {
    let page = Page::of([log as &dyn Collect]).into_text();
    let sample = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    sample.parse().unwrap()
}

#[test]
fn a_log_goes_on_over_restarts() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1"]);
    write(&file, &["2", "3"]);
    assert_eq!(about(&file), ["start", "1", "stop", "start", "2", "3", "stop"]);
    let report = check_files(&[&file]);
    assert!(report.is_whole() && report.remarks.is_empty(), "{report:?}");
    assert_eq!(report.last.unwrap().seq, 7);
}

#[test]
fn wherever_a_crash_cut_it_off_the_log_goes_on_and_says_so() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2"]);
    let before = fs::read(&file).unwrap();
    let last = lines(&file).pop().unwrap().len();
    for cut in (before.len() - last - 1..before.len()).step_by(7).chain([1, before.len() - 1]) {
        fs::write(&file, &before[..cut]).unwrap();
        write(&file, &["3"]);
        let after = fs::read(&file).unwrap();
        assert_eq!(after[..cut], before[..cut], "nothing is taken away");
        let report = check_files(&[&file]);
        assert_eq!(told(&report), Vec::<String>::new(), "{cut}");
        let is_torn = String::from_utf8_lossy(&after).contains("\"operation\":\"torn\"");
        let was_whole = before[cut - 1] == b'\n' || before[cut] == b'\n';
        assert_eq!(is_torn, !was_whole, "{cut}");
        let remarked = report.remarks.iter().any(|remark| remark.contains("was cut off after"));
        assert_eq!(remarked, is_torn, "{cut}: {:?}", report.remarks);
    }
}

#[test]
fn a_crash_within_the_line_that_tells_of_a_crash_is_told_of_too() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1"]);
    let append =
        |text: &str| fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(text.as_bytes());
    append("{\"seq\":4,\"ti").unwrap();
    append("\n{\"seq\":4,\"time\"").unwrap();
    write(&file, &["2"]);
    let report = check_files(&[&file]);
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!(report.last.unwrap().seq, 7);
    // And what was cut off is part of the chain from then on.
    let text = fs::read_to_string(&file).unwrap().replace("\n{\"seq\":4,\"ti\n", "\n{\"seq\":4,\"tu\n");
    fs::write(&file, text).unwrap();
    assert!(!check_files(&[&file]).is_whole());
}

#[test]
fn a_last_line_that_was_changed_is_told_from_one_that_was_cut_off() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1", "2"]);
    let log = lines(&file);
    let (last, before) = log.split_last().unwrap();
    let changed = String::from_utf8(last.clone()).unwrap().replace("\"stop\"", "\"start\"");
    for changed in [changed.as_str(), changed.trim_end()] {
        fs::write(&file, [&before.concat(), changed.as_bytes()].concat()).unwrap();
        let problem = ["file0:4: changed: this line has another hash than its text"];
        assert_eq!(told(&check_files(&[&file])), problem, "before the gateway starts again");
        write(&file, &["3"]);
        assert_eq!(about(&file), ["start", "1", "2", "start", "altered", "start", "3", "stop"]);
        let report = check_files(&[&file]);
        assert_eq!(told(&report), problem);
        let found = "file0:5: the gateway found what was changed before this line when it started";
        assert!(report.remarks.iter().any(|remark| remark == found), "{report:?}");
        // It is a part of the chain from then on.
        let all = lines(&file);
        let without = [&all[..3], &all[4..]].concat().concat();
        let problem = "file0:4: changed: this line tells of octets before it that are not there";
        assert_eq!(told(&crate::support::check(&[without])), [problem]);
    }
}

#[test]
fn a_killed_gateway_is_remarked() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    write(&file, &["1"]);
    let kept: Vec<_> = lines(&file)[..2].concat();
    fs::write(&file, kept).unwrap();
    write(&file, &["2"]);
    let report = check_files(&[&file]);
    assert!(report.is_whole());
    assert!(report.remarks[0].contains(":3: the gateway started without having stopped"), "{report:?}");
}

#[test]
fn what_is_no_audit_log_is_not_written_to() {
    let directory = Directory::new();
    let file = directory.file("records.jsonl");
    let before = "{\"request_id\":\"1\"}\n";
    fs::write(&file, before).unwrap();
    let error = AuditLog::open(file.clone()).unwrap_err();
    assert!(matches!(error, AuditError::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let error = AuditLog::open("/proc/audit".into()).unwrap_err().to_string();
    assert!(error.starts_with("cannot append to /proc/audit: "), "{error}");
}

#[test]
fn a_log_has_one_writer() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    let log = AuditLog::open(file.clone()).unwrap();
    let error = AuditLog::open(file.clone()).unwrap_err();
    assert!(matches!(error, AuditError::Locked { .. }), "{error}");
    log.close();
    write(&file, &["1"]);
    assert_eq!(about(&file), ["start", "stop", "start", "1", "stop"]);
}

#[test]
fn a_new_file_begins_where_the_old_one_ended() {
    let directory = Directory::new();
    let (file, moved) = (directory.file("audit.jsonl"), directory.file("audit.jsonl.1"));
    write(&file, &["1"]);
    let log = AuditLog::open(file.clone()).unwrap();
    fs::rename(&file, &moved).unwrap();
    log.reopen();
    log.note(done("2"));
    // There is nothing new under its name.
    log.reopen();
    log.note(done("3"));
    log.close();
    let (old, new) = (about(&moved), about(&file));
    assert_eq!(old[..3], ["start", "1", "stop"]);
    // The thread may have started before or after the file was moved.
    let seam: Vec<_> = old[3..].iter().chain(&new).map(String::as_str).filter(|it| *it != "start").collect();
    assert_eq!(seam, ["rotate", "2", "3", "stop"]);
    assert_eq!(read(&file)[0]["previous"], read(&moved).last().unwrap()["hash"]);
    let report = check_files(&[&file, &moved]);
    assert!(report.is_whole() && report.remarks.is_empty(), "{report:?}");
}

#[test]
fn a_deleted_file_is_not_written_to_for_long() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    let log = AuditLog::open(file.clone()).unwrap();
    fs::remove_file(&file).unwrap();
    // What is written goes to a file without a name until the next sync.
    while !file.exists() {
        log.note(done("1"));
        thread::yield_now();
    }
    log.close();
    let report = check_files(&[&file]);
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(about(&file)[0], "rotate");
}

#[test]
fn nothing_is_lost_or_mixed_up_between_threads() {
    const THREADS: usize = 8;
    const EACH: usize = 1000;
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    let log = Arc::new(AuditLog::open(file.clone()).unwrap());
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let log = log.clone();
            thread::spawn(move || (0..EACH).for_each(|number| log.note(done(&format!("{thread} {number}")))))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    log.close();
    assert_eq!(metric(&log, "rxgate_audit_lost_total"), 0);
    let about = about(&file);
    assert_eq!(about.len(), THREADS * EACH + 2);
    for thread in 0..THREADS {
        let of_it = about.iter().filter(|it| it.starts_with(&format!("{thread} ")));
        assert!(of_it.eq((0..EACH).map(|number| format!("{thread} {number}")).collect::<Vec<_>>().iter()));
    }
    assert!(check_files(&[&file]).is_whole());
}

#[test]
fn what_a_full_disk_does_not_take_is_counted() {
    let log = AuditLog::open("/dev/full".into()).unwrap();
    log.note(done("1"));
    log.note(done("2"));
    log.close();
    log.note(done("too late"));
    let figures = ["written_total", "lost_total", "failing", "last_line"];
    assert_eq!(figures.map(|name| metric(&log, &format!("rxgate_audit_{name}"))), [0, 3, 1, 0]);
}

#[test]
fn a_log_that_falls_behind_says_how_much_it_lost() {
    let directory = Directory::new();
    let pipe = directory.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Nobody reads: the writer stands still when the pipe is full, and then the queue is full.
    let log = AuditLog::open(pipe.clone()).unwrap();
    let mut noted = 0;
    while metric(&log, "rxgate_audit_lost_total") < 5 {
        log.note(done(&noted.to_string()));
        noted += 1;
    }
    let reader = thread::spawn(move || {
        use std::io::{BufRead, BufReader};
        let lines = BufReader::new(fs::File::open(pipe).unwrap()).lines().map(Result::unwrap);
        let mut read = Vec::new();
        for line in lines {
            let is_last = line.contains("\"operation\":\"stop\"");
            read.push(line);
            if is_last {
                break;
            }
        }
        read
    });
    log.close();
    let lines = reader.join().unwrap();
    let read = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    let lost: u64 = read.filter_map(|line: serde_json::Value| line["count"].as_u64()).sum();
    let written = lines.iter().filter(|line| line.contains("DELETE /x")).count();
    assert_eq!((lost, written + 5), (5, noted));
    let report = crate::support::check(&[(lines.join("\n") + "\n").into_bytes()]);
    assert!(report.is_whole());
    assert!(report.remarks[0].ends_with(" lines were never written, for want of room"), "{report:?}");
}

#[test]
fn who_has_no_access_cannot_fill_the_disk() {
    let directory = Directory::new();
    let file = directory.file("audit.jsonl");
    let log = AuditLog::open(file.clone()).unwrap();
    for _ in 0..5000 {
        let outcome = Outcome::Unauthenticated;
        log.note(Operation { status: Some(401), outcome, target: None, ..done("") });
    }
    log.close();
    let refused: Vec<_> = read(&file).into_iter().filter(|line| line["status"] == 401).collect();
    let counted: u64 = refused.iter().map(|line| line["repeated"].as_u64().unwrap_or(1)).sum();
    assert_eq!(counted, 5000);
    // Two in a second: on a slow machine it may take some.
    assert!(refused.len() < 200, "{}", refused.len());
    assert!(check_files(&[&file]).is_whole());
}
