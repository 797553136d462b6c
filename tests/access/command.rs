//! `rxgate app`, and the commands that need credentials.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rxgate::{access::Secret, config::Applications};
use serde_json::Value;

use crate::world::{World, by, shown};

fn ran(arguments: &[&str], credentials: Option<&str>) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxgate"));
    command.args(arguments).env_remove("RXGATE_CREDENTIALS");
    if let Some(pair) = credentials {
        command.env("RXGATE_CREDENTIALS", pair);
    }
    let output = command.output().unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A file in a directory of its own; both go with it.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("rxgate-app-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Self(directory.join("applications.toml"))
    }

    fn app(&self, arguments: &[&str]) -> (i32, String, String) {
        ran(&[&["app"], arguments, &["--file", self.0.to_str().unwrap()]].concat(), None)
    }

    /// Which of the application's secrets this one is.
    fn place(&self, id: &str, secret: &str) -> Option<usize> {
        let list = Applications::from_file(&self.0).unwrap().list;
        let terms = list.into_iter().find(|terms| terms.id == id).unwrap();
        terms.secrets.iter().position(|hash| hash.is_of(&Secret::from(secret.trim())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_dir_all(self.0.parent().unwrap()).unwrap();
    }
}

#[test]
fn an_application_is_added_listed_rotated_and_removed() {
    let file = File::new("life");
    let (code, first, errors) = file.app(&[
        "add",
        "video",
        "--scope",
        "apply,read",
        "--end-user",
        r"tel:\+49.*",
        "--ue",
        "10.0.0.0/8",
        "--rate",
        "50",
        "--sessions",
        "1000",
    ]);
    assert_eq!(code, 0, "{errors}");
    assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&file.0).unwrap().contains(first.trim()));
    assert_eq!(file.place("video", &first), Some(0));
    let (code, list, _) = file.app(&["list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(code, 0);
    assert_eq!(
        list,
        serde_json::json!([{
            "id": "video", "active": true, "scopes": ["apply", "read"], "endUsers": [r"tel:\+49.*"],
            "ue": ["10.0.0.0/8"], "rate": 50, "burst": 50, "sessions": 1000, "secrets": 1, "removed": null,
        }])
    );
    let second = file.app(&["rotate", "video"]).1;
    assert_eq!((file.place("video", &first), file.place("video", &second)), (Some(0), Some(1)));
    let third = file.app(&["rotate", "video"]).1;
    assert_eq!((file.place("video", &first), file.place("video", &second)), (None, Some(0)));
    let (code, out, told) = file.app(&["rotate", "video", "--drop-old"]);
    assert!(code == 0 && out.is_empty() && told.contains("until then all is as before"), "{told}");
    assert_eq!((file.place("video", &second), file.place("video", &third)), (None, Some(0)));
    let (code, _, errors) = file.app(&["add", "video", "--scope", "read"]);
    assert!(code == 2 && errors.starts_with("error: there is an application video\nhint: "), "{errors}");
    assert_eq!(file.app(&["remove", "video"]).0, 0);
    for command in ["remove", "rotate"] {
        let (code, _, errors) = file.app(&[command, "voice"]);
        assert!(code == 1 && errors.starts_with("error: there is no application voice\n"), "{errors}");
        let (code, _, errors) = file.app(&[command, "video"]);
        assert!(code == 1 && errors.starts_with("error: the application video was removed 2"), "{errors}");
    }
}

#[test]
fn the_id_of_a_removed_application_is_not_given_again_by_accident() {
    let file = File::new("again");
    let scope = ["--scope", "read"];
    let add = |id: &str, more: &[&str]| file.app(&[&["add", id], &scope[..], more].concat());
    let secret = add("video", &[]).1;
    add("voice", &[]);
    assert_eq!(file.app(&["remove", "video"]).0, 0);
    let kept = fs::read_to_string(&file.0).unwrap();
    let read = Applications::from_file(&file.0).unwrap();
    let since = read.removed("video").unwrap().since.to_string();
    assert!(since.starts_with('2') && since.ends_with('Z'), "{since}");
    assert!(kept.ends_with(&format!("\n[[removed]]\nid = \"video\"\nsince = {since}\n")), "{kept}");
    assert_eq!(kept.matches("$argon2id$").count(), 1, "nothing is left of its secret");

    let (code, out, errors) = add("video", &[]);
    assert!(code == 2 && out.is_empty(), "{out}");
    let inherits =
        format!("error: there was an application video until {since}: this one would have the sessions,");
    assert!(errors.starts_with(&inherits) && errors.contains("add --take-over\n"), "{errors}");
    assert_eq!(fs::read_to_string(&file.0).unwrap(), kept);

    let (_, list, _) = file.app(&["list"]);
    assert!(
        list.starts_with("voice: read\n") && list.ends_with(&format!("\nvideo: removed {since}\n")),
        "{list}"
    );
    let list: Value = serde_json::from_str(&file.app(&["list", "--json"]).1).unwrap();
    assert_eq!(list[1], serde_json::json!({ "id": "video", "active": false, "removed": since }));

    // A change of others keeps it.
    assert_eq!(file.app(&["rotate", "voice"]).0, 0);
    assert!(Applications::from_file(&file.0).unwrap().removed("video").is_some());
    let (code, another, errors) = add("video", &["--take-over"]);
    assert_eq!(code, 0, "{errors}");
    assert_eq!((file.place("video", &another), file.place("video", &secret)), (Some(0), None));
    assert_eq!(Applications::from_file(&file.0).unwrap().removed, []);
    assert_eq!(file.app(&["remove", "video"]).0, 0);
    assert!(Applications::from_file(&file.0).unwrap().removed("video").is_some());
}

#[test]
fn a_removed_application_by_hand_is_checked_like_the_others() {
    let file = File::new("removed");
    let removed = "[[removed]]\nid = \"video\"\nsince = 2026-03-01\n";
    let application = "[[application]]\nid = \"video\"\nscopes = [\"read\"]\n";
    fs::write(&file.0, removed).unwrap();
    assert_eq!(file.app(&["list"]).1, "video: removed 2026-03-01\n");
    let both = "\"video\" is the id of an [[application]] and of a [[removed]]\nhint: ";
    for (text, error) in [
        (application.to_owned() + removed, format!("5:6: {both}")),
        (removed.to_owned() + application, format!("2:6: {both}")),
        (removed.repeat(2), "5:6: `id` is \"video\", as of a [[removed]] before\n".into()),
        (removed.replace("2026-03-01", "\"2026-03-01\""), "3:9: `since` is \"2026-03-01\"\n".into()),
        (removed.replace("2026-03-01", "12:00:00"), "3:9: `since` is 12:00:00\n".into()),
        ("[[removed]]\nid = \"video\"\n".into(), "1:1: [[removed]] lacks `since`\n".into()),
        (removed.replace("video", "a b"), "2:6: `id` is \"a b\"\n".into()),
        (format!("{removed}scopes = []"), "4:1: [[removed]] has no key `scopes`\n".into()),
    ] {
        fs::write(&file.0, &text).unwrap();
        let (code, _, errors) = file.app(&["list"]);
        let expected = format!("{}:{error}", file.0.display());
        assert!(code == 2 && errors.contains(&expected), "{text}\n{errors}");
    }
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let file = File::new("wrong");
    for arguments in [
        &["add", "a b", "--scope", "read"][..],
        &["add", "a"],
        &["add", "a", "--scope", "everything"],
        &["add", "a", "--scope", "admin,read"],
        &["add", "a", "--scope", "read", "--end-user", "("],
        &["add", "a", "--scope", "read", "--ue", "10.0.0.1/8"],
        &["add", "a", "--scope", "read", "--rate", "0"],
        &["add", "a", "--scope", "read", "--burst", "5"],
    ] {
        let (code, out, errors) = file.app(arguments);
        assert!(code == 2 && out.is_empty() && errors.starts_with("error: "), "{arguments:?}: {errors}");
        assert!(!file.0.exists());
    }
    file.app(&["add", "a", "--scope", "read"]);
    let good = fs::read_to_string(&file.0).unwrap();
    let hash = good.split('"').find(|text| text.starts_with("$argon2id$")).unwrap();
    for (from, to, error) in [
        ("[\"read\"]", "[\"reed\"]", "6:11: `scopes` is \"reed\""),
        ("[\"read\"]", "[\"read\", \"admin\"]", "6:19: `scopes` has \"admin\" beside others"),
        (hash, "my secret", "5:12: `secrets` has what is no hash of a secret"),
        ("m=19456", "m=262144", "5:12: `secrets` has a hash with m=262144, which is more than one may cost"),
        ("id = \"a\"", "id = \"a:b\"", "4:6: `id` is \"a:b\""),
        ("scopes", "scope", "6:1: [[application]] has no key `scope`"),
    ] {
        fs::write(&file.0, good.replace(from, to)).unwrap();
        let (code, _, errors) = file.app(&["list"]);
        assert!(code == 2 && errors.contains(&format!("{}:{error}", file.0.display())), "{errors}");
        assert!(errors.contains("\nhint: ") && !errors.contains("my secret"), "{errors}");
    }
    fs::write(&file.0, good.repeat(2)).unwrap();
    assert!(file.app(&["list"]).2.contains("`id` is \"a\", as of an application before"));
    fs::write(&file.0, &good).unwrap();
    let mode = |mode| fs::set_permissions(&file.0, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    let (code, _, errors) = file.app(&["list"]);
    assert!(code == 0 && errors.contains("warning: ") && errors.contains("may read it"), "{errors}");
    mode(0o620);
    let (code, _, errors) = file.app(&["list"]);
    assert!(code == 2 && errors.contains("may write it"), "{errors}");
}

#[test]
fn each_command_says_which_file_it_is_about() {
    let file = File::new("named");
    let at = file.0.display();
    for arguments in [&["list"][..], &["remove", "video"], &["rotate", "video"]] {
        let (code, out, errors) = file.app(arguments);
        assert_eq!((code, out), (2, String::new()), "{arguments:?}");
        assert!(errors.starts_with(&format!("error: there is no file {at}\nhint: ")), "{errors}");
        assert!(errors.contains("--file") && !file.0.exists(), "{errors}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .args(["app", "add", "video", "--scope", "apply, read"])
        .current_dir(file.0.parent().unwrap())
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && errors.starts_with(&format!("new file {at}: ")), "{errors}");
    let (_, _, errors) = file.app(&["add", "voice", "--scope", "read"]);
    assert!(errors.starts_with(&format!("changed {at}: ")), "{errors}");
    for id in ["video", "voice"] {
        assert_eq!(file.app(&["remove", id]).0, 0);
    }
    fs::write(&file.0, "").unwrap();
    assert_eq!(file.app(&["list"]), (0, String::new(), format!("note: {at} has no application\n")));
}

#[test]
fn what_changes_nothing_says_so() {
    let file = File::new("nothing");
    let (code, secret, errors) = file.app(&["add", "video", "--scope", "read", "--take-over"]);
    assert_eq!(code, 0, "{errors}");
    assert!(errors.starts_with("note: there was no application video before: "), "{errors}");
    let kept = fs::read_to_string(&file.0).unwrap();
    assert_eq!(
        file.app(&["rotate", "video", "--drop-old"]),
        (0, String::new(), "note: video has no older secret: nothing is changed\n".into())
    );
    assert_eq!(fs::read_to_string(&file.0).unwrap(), kept);
    assert_eq!(file.place("video", &secret), Some(0));
    assert_eq!(file.app(&["remove", "video"]).0, 0);
    let (code, _, errors) = file.app(&["add", "video", "--scope", "read", "--take-over"]);
    assert!(code == 0 && !errors.contains("note: "), "{errors}");
    let (code, _, errors) = file.app(&["add", "voice", "--scope", "read", "--ue", "10.0.0.1/8"]);
    assert!(code == 2 && errors.contains("the network is 10.0.0.0/8"), "{errors}");
    fs::write(&file.0, "[[application]]\nid = \"video\"\nscopes = [\"reed\"]\n").unwrap();
    let (_, _, errors) = file.app(&["list"]);
    assert_eq!(errors.matches("error: ").count(), 1, "{errors}");
}

#[test]
fn a_secret_in_the_wrong_place_is_not_shown() {
    let file = File::new("misplaced");
    let secret = file.app(&["add", "a", "--scope", "read"]).1;
    let secret = secret.trim();
    let not_shown = |arguments: &[&str], errors: &str| {
        assert!(errors.contains("[a secret]") && !errors.contains(secret), "{arguments:?}: {errors}");
    };
    let good = fs::read_to_string(&file.0).unwrap();
    for arguments in [
        &["add", secret, "--scope", "read"][..],
        &["add", "b", "--scope", secret],
        &["add", "b", "--scope", "read", secret],
        &["rotate", secret],
        &["remove", secret],
        &["list", secret],
        &[secret],
    ] {
        let (code, out, errors) = file.app(arguments);
        assert!(code != 0 && out.is_empty() && errors.starts_with("error: "), "{arguments:?}: {errors}");
        not_shown(arguments, &errors);
    }
    let (code, _, errors) = ran(&["app", "list", "--file", secret], None);
    assert_eq!(code, 2);
    not_shown(&["--file"], &errors);
    for (from, to) in [
        ("[\"read\"]", format!("[\"{secret}\"]")),
        ("id = \"a\"", format!("id = \"a {secret}\"")),
        ("scopes", secret.to_owned()),
        ("[[application]]", format!("[[{secret}]]")),
    ] {
        fs::write(&file.0, good.replace(from, &to)).unwrap();
        let (code, _, errors) = file.app(&["list"]);
        assert_eq!(code, 2, "{errors}");
        not_shown(&[from], &errors);
    }
    fs::write(&file.0, good.replace("id = \"a\"", &format!("id = \"{secret}\""))).unwrap();
    let (code, _, errors) = file.app(&["list"]);
    assert!(code == 0 && errors.contains("4:6: `id` has the form of a secret\nhint: "), "{errors}");
    assert!(!errors.contains(secret));
}

#[test]
fn two_at_a_time_lose_nothing() {
    let file = File::new("two");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || {
                let (code, _, errors) = file.app(&["add", &format!("a{number}"), "--scope", "read"]);
                assert_eq!(code, 0, "{errors}");
            });
        }
    });
    assert_eq!(Applications::from_file(&file.0).unwrap().list.len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_gateway_learns_of_a_change_and_asks_the_operator_who_he_is() {
    let world = World::new("command", &[]).await;
    let path = world.directory.join("applications.toml");
    let add = |path: PathBuf, id: &'static str, scope: &'static str| {
        ran(&["app", "add", id, "--scope", scope, "--file", path.to_str().unwrap()], None).1.trim().to_owned()
    };
    let operator = add(path.clone(), "operator", "admin");
    let video = add(path.clone(), "video", "read");
    let get = "/ApplicationQoSNotification/registration";
    assert_eq!(world.http(&shown("video", &video), "GET", get, "").await.status, 401);
    let changes = world.app.reload().await.unwrap();
    assert_eq!(changes, ["application operator added: scopes admin", "application video added: scopes read"]);
    assert_eq!(world.http(&shown("video", &video), "GET", get, "").await.status, 200);
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before.replace("[\"read\"]", "[\"reed\"]")).unwrap();
    let problems = world.app.reload().await.unwrap_err();
    assert!(problems[0].to_string().contains("applications.toml:"), "{problems:?}");
    assert_eq!(world.http(&shown("video", &video), "GET", get, "").await.status, 200, "nothing changed");

    let admin = format!("http://{}", world.app.admin_address());
    let file = world.directory.join("credentials");
    fs::write(&file, format!("operator:{operator}\n")).unwrap();
    let list = move |credentials: Option<String>, file: Option<&Path>| {
        let mut arguments = vec!["events", "list", "--admin", &admin];
        arguments.extend(file.iter().flat_map(|file| ["--credentials", file.to_str().unwrap()]));
        ran(&arguments, credentials.as_deref())
    };
    let asked = tokio::task::spawn_blocking(move || {
        assert_eq!(list(Some(format!("operator:{operator}")), None).0, 0);
        assert_eq!(list(None, Some(&file)).0, 0);
        let (code, _, errors) = list(None, None);
        assert!(code == 1 && errors.contains(" wants to know who asks\nhint: give ID:SECRET"), "{errors}");
        let (code, _, errors) = list(Some(format!("video:{video}")), None);
        assert!(code == 1 && errors.contains(" does not let this application do it\n"), "{errors}");
        let (code, _, errors) = list(Some("no-colon-secret".into()), None);
        assert!(code == 2 && !errors.contains("no-colon-secret"), "{errors}");
    });
    asked.await.unwrap();
    assert_eq!(world.admin("", "GET", "/live", "").await.status, 200);
    assert_eq!(world.admin(&by("nobody"), "GET", "/metrics", "").await.status, 401);
    world.end().await;
}
