//! A directory of templates: read as a whole, or refused with every reason.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    sync::atomic::{AtomicU32, Ordering},
};

use rxgate::{
    app::TemplateDirectory,
    config::{self, Problem},
    dict::Dictionary,
    template::{RuleSet, Settings, Templates, Values},
};

/// A directory that goes when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("rxgate-templates-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        let directory = Self(path);
        files.iter().for_each(|(name, text)| directory.write(name, text));
        directory
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self) -> Result<TemplateDirectory, Vec<Problem>> {
        self.read_as(Settings::default())
    }

    fn read_as(&self, settings: Settings) -> Result<TemplateDirectory, Vec<Problem>> {
        let at = config::Templates { directory: self.0.clone(), rules: self.0.join("rules.toml") };
        TemplateDirectory::read(&at, Dictionary::builtin(), settings)
    }

    /// What is wrong: places below the directory, and texts.
    fn problems(&self) -> Vec<String> {
        let problems = self.read().expect_err("it is accepted");
        assert!(problems.iter().all(|problem| !problem.hint.is_empty()));
        let root = format!("{}/", self.0.display());
        problems.iter().map(|problem| problem.to_string().replace(&root, "")).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn template(id: &str) -> String {
    format!(r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}"/>"#)
}

const RULES: &str = "[[rule]]\nmatch = 'tel:\\+?49.*'\ntemplate = \"a.xml\"\n\n[[rule]]\nmatch = '.*'\n\
                     template = \"deep/b.xml\"\n";

/// What is read, put into force.
fn in_force(read: TemplateDirectory) -> Templates {
    let (templates, mut rules) = (Templates::new(), RuleSet::default());
    rules.replace_directory(read.rules);
    templates.put(rules);
    templates
}

#[test]
fn rules_are_read_in_the_order_of_the_file() {
    let directory =
        Directory::new(&[("rules.toml", RULES), ("a.xml", &template("a")), ("deep/b.xml", &template("b"))]);
    let read = directory.read().unwrap();
    let rules: Vec<_> =
        read.rules.iter().map(|(pattern, template)| (pattern.as_str(), template.id())).collect();
    assert_eq!(rules, [(r"tel:\+?49.*", "a"), (".*", "b")]);
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
    let templates = in_force(read);
    assert_eq!(templates.select("tel:1", "tel:1").unwrap().template().id(), "b");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let directory = Directory::new(&[
        (
            "rules.toml",
            "[[rule]]\nmatch = 'tel:(1'\ntemplate = \"a.xml\"\n[[rule]]\nmatch = 'tel:2'\ntemplate = \"none.xml\"\n\
             [[rule]]\nmatch = 'tel:3'\ntemplate = \"a.xml\"\n",
        ),
        (
            "a.xml",
            &template("a")
                .replace("/>", ">\n  <colour>red</colour>\n  <duration>0</duration>\n</QoSTemplate>"),
        ),
    ]);
    let problems = directory.problems();
    assert_eq!(problems.len(), 4, "{problems:#?}");
    let starts = [
        "rules.toml:2:9: a match rule is no regular expression: unclosed group at character 5",
        "a.xml:2:3: <colour> is not known",
        "a.xml:3:13: <duration> holds 0",
        "rules.toml:6:12: `template` is \"none.xml\", which cannot be read: ",
    ];
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
    }
}

#[test]
fn a_file_of_rules_is_checked_before_its_templates() {
    for (rules, expected) in [
        ("[[rule]\n", "rules.toml:1:8: not TOML"),
        ("rule = 1\n", "rules.toml:1:1: `rule` is not a list of rules"),
        ("rule = [1]\n", "rules.toml:1:9: a rule is not a section"),
        ("[rules]\n", "rules.toml:1:2: there is no section [rules] in a file of rules"),
        ("[[rule]]\nmatch = '.*'\n", "rules.toml:1:1: [[rule]] lacks `template`"),
        ("[[rule]]\ntemplate = 'a.xml'\n", "rules.toml:1:1: [[rule]] lacks `match`"),
        ("[[rule]]\nmatch = ''\ntemplate = 'a.xml'\n", "rules.toml:2:9: `match` is ''"),
        ("[[rule]]\nmatch = '.*'\ntemplate = '../a.xml'\n", "rules.toml:3:12: `template` is '../a.xml'"),
        (
            "[[rule]]\nmatch = '.*'\ntemplate = '/etc/passwd'\n",
            "rules.toml:3:12: `template` is '/etc/passwd'",
        ),
        (
            "[[rule]]\nmatch = '.*'\ntemplates = 'a.xml'\ntemplate = 'a.xml'\n",
            "rules.toml:3:1: [[rule]] has no key `templates`",
        ),
        (
            "[[rule]]\nmatch = '.*'\ntemplate = 'a.xml'\n[[rule]]\nmatch = '.*'\ntemplate = 'a.xml'\n",
            "rules.toml:5:9: `match` is '.*', as on line 2",
        ),
    ] {
        let problems = Directory::new(&[("rules.toml", rules), ("a.xml", &template("a"))]).problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(expected), "{}", problems[0]);
    }
}

#[test]
fn a_directory_without_rules_is_told_and_one_with_no_rule_is_empty() {
    let directory = Directory::new(&[]);
    assert!(directory.problems()[0].starts_with("rules.toml: cannot be read: "));
    directory.write("rules.toml", "");
    assert!(directory.read().unwrap().rules.is_empty());
}

#[test]
fn a_file_that_several_rules_name_is_read_once() {
    let rules = "[[rule]]\nmatch = 'a'\ntemplate = 'a.xml'\n[[rule]]\nmatch = 'b'\ntemplate = 'a.xml'\n";
    let stray = template("a").replace("/>", ">stray</QoSTemplate>");
    let directory = Directory::new(&[("rules.toml", rules), ("a.xml", &stray)]);
    let read = directory.read().unwrap();
    let [(_, first), (_, second)] = read.rules.as_slice() else { panic!("{:?}", read.rules) };
    assert!(Arc::ptr_eq(first, second));
    assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
    assert!(read.warnings[0].to_string().contains("a.xml:1:"), "{}", read.warnings[0]);
    // What a strict gateway refuses, it refuses here too.
    let problems = directory.read_as(Settings { strict: true, ..Settings::default() }).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_rule_for_everybody_before_others_is_warned_of() {
    let rule = |pattern: &str| format!("[[rule]]\nmatch = '{pattern}'\ntemplate = \"a.xml\"\n");
    for (patterns, expected) in [
        (&["tel:1", ".*"][..], None),
        (
            &[".*", "tel:1"],
            Some("2:9: `match` is for every endUserId: the rule on line 5 behind it is never tried"),
        ),
        (
            &["tel:1", "(.*)", ".+", "tel:2"],
            Some(
                "5:9: `match` is for every endUserId: the rule on line 8 and 1 more behind it is never tried",
            ),
        ),
    ] {
        let rules: String = patterns.iter().copied().map(rule).collect();
        let directory = Directory::new(&[("rules.toml", &rules), ("a.xml", &template("a"))]);
        let read = directory.read().unwrap();
        assert_eq!(read.rules.len(), patterns.len());
        let place = format!("{}:", directory.0.join("rules.toml").display());
        let warnings: Vec<_> = read.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, expected.map(|text| format!("{place}{text}")).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_duration_that_no_request_gets_is_warned_of() {
    let lasting = |seconds| {
        template("a").replace(
            "/>",
            &format!(">\n  <duration parameterName=\"$D\">{seconds}</duration>\n</QoSTemplate>"),
        )
    };
    let rules = "[[rule]]\nmatch = '.*'\ntemplate = \"a.xml\"\n";
    let directory = Directory::new(&[("rules.toml", rules), ("a.xml", &lasting(600))]);
    let limited = |most| directory.read_as(Settings { max_duration: most, ..Settings::default() }).unwrap();
    for accepted in [None, Some(600)] {
        assert_eq!(limited(accepted).warnings, []);
    }
    let warnings = limited(Some(599)).warnings;
    let place = format!("{}:2:3: ", directory.0.join("a.xml").display());
    let text = "<duration> is 600, accepted are at most 599 seconds: every request that gives none of its own is refused";
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [format!("{place}{text}")]);
    assert!(warnings[0].hint.contains("`max_duration_s`"), "{}", warnings[0].hint);
}

#[test]
fn a_template_that_no_rule_names_is_warned_of() {
    let directory =
        Directory::new(&[("rules.toml", ""), ("a.xml", "no template at all"), ("notes.txt", "x")]);
    let read = directory.read().unwrap();
    assert_eq!(read.warnings.len(), 1);
    assert!(read.warnings[0].to_string().ends_with("a.xml: no rule names this file"));
}

#[test]
fn a_file_of_any_size_is_read_no_further_than_a_template_goes() {
    let large = format!("{}{}", template("a"), " ".repeat(3 << 20));
    let rules = "[[rule]]\nmatch = '.*'\ntemplate = 'a.xml'\n";
    let problems = Directory::new(&[("rules.toml", rules), ("a.xml", &large)]).problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("a.xml:1:1: the file has 1048577 octets"), "{}", problems[0]);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let rules = "[[rule]]\nmatch = '.*'\ntemplate = 'pipe.xml'\n";
    let directory = Directory::new(&[("rules.toml", rules)]);
    let made = std::process::Command::new("mkfifo").arg(directory.0.join("pipe.xml")).status().unwrap();
    assert!(made.success());
    let problems = directory.problems();
    assert!(problems[0].ends_with("cannot be read: it is not an ordinary file"), "{problems:?}");
}

#[test]
fn rules_are_bounded() {
    let rules: String =
        (0..=1000).map(|number| format!("[[rule]]\nmatch = '{number}'\ntemplate = 'a.xml'\n")).collect();
    let problems = Directory::new(&[("rules.toml", &rules), ("a.xml", &template("a"))]).problems();
    assert_eq!(problems, ["rules.toml:3002:9: there are 1001 rules, at most 1000 are accepted"]);
}

/// The templates that come with the project are what an integrator starts from.
#[test]
fn the_templates_of_the_project_load_without_a_warning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let at = config::Templates { rules: root.join("rules.toml"), directory: root };
    for strict in [false, true] {
        let settings = Settings { strict, ..Settings::default() };
        let read = TemplateDirectory::read(&at, Dictionary::builtin(), settings).unwrap();
        assert!(read.warnings.is_empty(), "{:#?}", read.warnings);
        let templates = in_force(read);
        for (user, id) in [
            ("sip:alice@voice.example.com", "voice-call"),
            ("imsi:001010123456789", "complete"),
            ("tel:491701234567", "video-streaming"),
        ] {
            let rule = templates.select(user, user).unwrap();
            assert_eq!(rule.template().id(), id);
            assert!(rule.template().fill(&Values::default()).is_ok(), "{id}");
        }
    }
}

#[test]
fn the_templates_of_the_project_ask_for_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let at = config::Templates { rules: root.join("rules.toml"), directory: root };
    let rules = TemplateDirectory::read(&at, Dictionary::builtin(), Settings::default()).unwrap().rules;
    let template = |id: &str| Arc::clone(&rules.iter().find(|(_, template)| template.id() == id).unwrap().1);
    let video = template("video-streaming");
    let values = Values::new([("$DOWNLINK", "8000000")]).unwrap();
    let filled = video.fill(&values).unwrap();
    let component = filled.service.media_component_description.first().unwrap();
    assert_eq!(component.max_requested_bandwidth_dl, Some(8_000_000));
    assert_eq!(filled.duration, Some(3600));
    let voice = template("voice-call");
    let values = Values::new([("$RTCP_UP", "permit in 17 from 10.0.0.1 5005 to 192.0.2.1 5005")]).unwrap();
    let filled = voice.fill(&values).unwrap();
    let component = filled.service.media_component_description.first().unwrap();
    let filters: Vec<usize> =
        component.media_sub_component.iter().map(|flow| flow.flow_description.len()).collect();
    assert_eq!(filters, [0, 1]);
    // Every element that a template may have is in the complete one, with a parameter.
    assert!(template("complete").parameters().count() > 40);
}
