use super::*;
use crate::{
    dict::Dictionary,
    template::{Settings, Values},
};

fn template_of(xml: &str) -> Arc<Template> {
    let compiled = Template::read(xml.as_bytes(), Dictionary::builtin(), Settings::default());
    Arc::new(compiled.unwrap().template)
}

fn template(id: &str) -> Arc<Template> {
    template_of(&format!(r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}"/>"#))
}

/// Each change in force at once.
impl Templates {
    fn load(&self, pattern: &str, template: Arc<Template>) -> Result<Loaded, RuleError> {
        self.write().load(pattern, template)
    }

    fn remove(&self, pattern: &str) -> Option<Arc<MatchRule>> {
        self.write().remove(pattern)
    }

    fn replace_directory(&self, wanted: Vec<(Pattern, Arc<Template>)>) -> Changes {
        self.write().replace_directory(wanted)
    }
}

/// Patterns, templates and versions in evaluation order.
fn listed(templates: &Templates) -> Vec<(String, String, u64)> {
    let rules = templates.list();
    let shown = rules.iter().map(|rule| (rule.pattern().into(), rule.template().id().into(), rule.version()));
    shown.collect()
}

fn is(pattern: &str, id: &str, version: u64) -> (String, String, u64) {
    (pattern.into(), id.into(), version)
}

fn directory(rules: &[(&str, &str)]) -> Vec<(Pattern, Arc<Template>)> {
    rules.iter().map(|(pattern, id)| (Pattern::new(pattern).unwrap(), template(id))).collect()
}

#[test]
fn rules_keep_the_order_in_which_they_were_loaded() {
    let templates = Templates::new();
    assert_eq!(templates.load("tel:1.*", template("a")), Ok(Loaded::Created { version: 1 }));
    assert_eq!(templates.load("tel:.*", template("b")), Ok(Loaded::Created { version: 2 }));
    assert_eq!(templates.load(".*", template("c")), Ok(Loaded::Created { version: 3 }));
    assert_eq!(templates.load("tel:1.*", template("d")), Ok(Loaded::Replaced { version: 4 }));
    let rules = [is("tel:1.*", "d", 4), is("tel:.*", "b", 2), is(".*", "c", 3)];
    assert_eq!(listed(&templates), rules);
    assert_eq!(templates.get("tel:.*").unwrap().template().id(), "b");
    assert!(templates.get("tel:").is_none());
}

#[test]
fn the_same_xml_keeps_its_version() {
    let templates = Templates::new();
    templates.load(".*", template("a")).unwrap();
    assert_eq!(templates.load(".*", template("a")), Ok(Loaded::Same { version: 1 }));
    assert_eq!(templates.load(".*", template("b")), Ok(Loaded::Replaced { version: 2 }));
    assert_eq!(templates.load(".*", template("a")), Ok(Loaded::Replaced { version: 3 }));
}

#[test]
fn the_first_rule_that_matches_the_whole_end_user_wins() {
    let templates = Templates::new();
    for (pattern, id) in
        [("tel:1", "short"), ("tel:1.*", "one"), ("sip:.*@example\\.com", "sip"), ("tel:.*", "all")]
    {
        templates.load(pattern, template(id)).unwrap();
    }
    let selected = |user: &str| Some(templates.select(user, user)?.template().id().to_owned());
    assert_eq!(selected("tel:1").as_deref(), Some("short"));
    assert_eq!(selected("tel:123").as_deref(), Some("one"));
    assert_eq!(selected("tel:213").as_deref(), Some("all"));
    assert_eq!(selected("sip:a@example.com").as_deref(), Some("sip"));
    assert_eq!(selected("sip:a@example.com.evil"), None);
    assert_eq!(selected("xtel:1"), None);
}

#[test]
fn the_form_that_came_counts_only_if_no_rule_matches_the_normalised_one() {
    let templates = Templates::new();
    templates.load("tel:\\+49.*", template("given")).unwrap();
    let id =
        |normalised, given| templates.select(normalised, given).map(|rule| rule.template().id().to_owned());
    assert_eq!(id("tel:491701", "tel:+491701").as_deref(), Some("given"));
    assert_eq!(id("tel:491701", "tel:491701"), None);
    templates.load("tel:49.*", template("normalised")).unwrap();
    assert_eq!(id("tel:491701", "tel:+491701").as_deref(), Some("normalised"));
}

#[test]
fn superseded_versions_stay_reachable_under_their_rule() {
    let templates = Templates::new();
    templates.load("a", template("one")).unwrap();
    templates.load("b", template("other")).unwrap();
    templates.load("a", template("two")).unwrap();
    let removed = templates.remove("a").unwrap();
    assert_eq!((removed.template().id(), removed.version()), ("two", 3));
    assert!(templates.remove("a").is_none());
    let id =
        |pattern, version| templates.version_of(pattern, version).map(|rule| rule.template().id().to_owned());
    assert_eq!(id("a", 1).as_deref(), Some("one"));
    assert_eq!(id("a", 3).as_deref(), Some("two"));
    assert_eq!(id("b", 2).as_deref(), Some("other"));
    assert_eq!((id("b", 1), id("a", 2), id("a", 4)), (None, None, None));
    // A rule of that name again is a new version of it.
    assert_eq!(templates.load("a", template("two")), Ok(Loaded::Created { version: 4 }));
    assert_eq!(listed(&templates), [is("b", "other", 2), is("a", "two", 4)]);
}

#[test]
fn superseded_versions_are_bounded_by_number() {
    let templates = Templates::new();
    for number in 0..=MAX_SUPERSEDED + 1 {
        templates.load(".*", template(&number.to_string())).unwrap();
    }
    assert!(templates.version_of(".*", 1).is_none());
    assert!(templates.version_of(".*", 2).is_some());
    assert!(templates.version_of(".*", MAX_SUPERSEDED as u64 + 2).is_some());
}

#[test]
fn superseded_versions_are_bounded_by_size() {
    let templates = Templates::new();
    let large = |id: &str| {
        let comment = "x".repeat((1 << 20) - 200);
        template_of(&format!(
            r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}"><!--{comment}--></QoSTemplate>"#
        ))
    };
    let (one, other) = (large("one"), large("other"));
    for _ in 0..10 {
        templates.load(".*", Arc::clone(&one)).unwrap();
        templates.load(".*", Arc::clone(&other)).unwrap();
    }
    let reachable = (1..=20).filter(|version| templates.version_of(".*", *version).is_some()).count();
    // 16 of them, for each is a little smaller than 1 MiB, and the one in force.
    assert_eq!(reachable, 17);
    assert!(templates.version_of(".*", 3).is_none() && templates.version_of(".*", 4).is_some());
}

#[test]
fn rules_are_bounded() {
    let templates = Templates::new();
    let one = template("one");
    for number in 0..MAX_RULES {
        templates.load(&number.to_string(), Arc::clone(&one)).unwrap();
    }
    assert_eq!(templates.load("more", Arc::clone(&one)), Err(RuleError::TooMany));
    assert!(matches!(templates.load("0", template("two")), Ok(Loaded::Replaced { .. })));
    assert!(matches!(templates.load("(", one), Err(RuleError::Pattern(_))));
}

#[test]
fn a_directory_replaces_its_own_rules_at_once() {
    let templates = Templates::new();
    templates.load("admin", template("x")).unwrap();
    let changes = templates.replace_directory(directory(&[("a", "1"), ("b", "2"), ("c", "3")]));
    assert_eq!(changes.added, ["a", "b", "c"]);
    let rules = [is("a", "1", 2), is("b", "2", 3), is("c", "3", 4), is("admin", "x", 1)];
    assert_eq!(listed(&templates), rules);
    let before = templates.list();
    let changes = templates.replace_directory(directory(&[("d", "5"), ("c", "3"), ("a", "4")]));
    assert_eq!((changes.added, changes.replaced), (vec!["d".into()], vec!["a".into()]));
    assert_eq!((&*changes.removed, &*changes.same), (&["b".to_owned()][..], &["c".to_owned()][..]));
    let rules = [is("d", "5", 5), is("c", "3", 4), is("a", "4", 6), is("admin", "x", 1)];
    assert_eq!(listed(&templates), rules);
    assert_eq!(before.len(), 4, "whoever has the rules of before keeps them");
    assert_eq!(templates.version_of("b", 3).unwrap().template().id(), "2");
    assert_eq!(templates.version_of("a", 2).unwrap().template().id(), "1");
}

#[test]
fn the_directory_wins_over_the_admin_interface() {
    let templates = Templates::new();
    templates.load("a", template("admin")).unwrap();
    templates.load("b", template("admin")).unwrap();
    let changes = templates.replace_directory(directory(&[("a", "file")]));
    assert_eq!(changes.to_string(), "0 added, 1 replaced, 0 removed, 0 unchanged");
    assert_eq!(listed(&templates), [is("a", "file", 3), is("b", "admin", 2)]);
    // Put over it, it stands in its place until the next reload.
    templates.load("a", template("by hand")).unwrap();
    assert_eq!(templates.get("a").unwrap().origin(), Origin::Directory);
    templates.replace_directory(directory(&[("a", "file")]));
    assert_eq!(listed(&templates), [is("a", "file", 5), is("b", "admin", 2)]);
    let changes = templates.replace_directory(Vec::new());
    assert_eq!((changes.removed, changes.same.len()), (vec!["a".into()], 0));
    assert_eq!(listed(&templates), [is("b", "admin", 2)]);
}

#[test]
fn of_two_rules_with_one_pattern_the_first_counts() {
    let templates = Templates::new();
    templates.replace_directory(directory(&[("a", "1"), ("a", "2")]));
    assert_eq!(listed(&templates), [is("a", "1", 1)]);
}

/// What a session keeps is enough to make its requests again.
#[test]
fn a_superseded_template_still_works() {
    let templates = Templates::new();
    let xml = r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="t">
        <chargingIdentifier parameterName="$C">old</chargingIdentifier></QoSTemplate>"#;
    templates.load(".*", template_of(xml)).unwrap();
    templates.load(".*", template("new")).unwrap();
    let rule = templates.version_of(".*", 1).unwrap();
    let values = Values::default();
    let filled = rule.template().fill(&values).unwrap();
    assert_eq!(filled.service.af_charging_identifier.as_deref(), Some(&b"old"[..]));
}

#[test]
fn readers_and_writers_meet_without_a_torn_list() {
    let templates = Templates::new();
    templates.replace_directory(directory(&[("a", "1"), ("b", "1")]));
    let sets = [directory(&[("a", "1"), ("b", "1")]), directory(&[("a", "2"), ("b", "2")])];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for turn in 0..200 {
                templates.replace_directory(sets[turn % 2].clone());
            }
        });
        while !writer.is_finished() {
            let rules = templates.list();
            assert_eq!(rules[0].template().id(), rules[1].template().id());
        }
    });
}

#[test]
fn what_is_compiled_again_keeps_its_version_and_its_place() {
    let templates = Templates::new();
    templates.replace_directory(directory(&[("tel:1.*", "a")]));
    templates.load("tel:2.*", template("b")).unwrap();
    templates.load(".*", template("a")).unwrap();
    let before = listed(&templates);
    let again = template("a");
    let mut set = templates.snapshot();
    set.recompile(&[Arc::clone(&again), template("nobody's")]);
    templates.put(set);
    assert_eq!(listed(&templates), before);
    let is_new = |pattern| Arc::ptr_eq(templates.get(pattern).unwrap().template(), &again);
    assert!(is_new("tel:1.*") && is_new(".*") && !is_new("tel:2.*"));
    assert_eq!(templates.get(".*").unwrap().origin(), Origin::Admin);
}
