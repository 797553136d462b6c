//! The applications of the file that `[access]` names, and what is different in them after a reload.

use std::{collections::BTreeMap, fmt};

use crate::{
    access::{Scope, SecretHash, Terms},
    audit::{Operation, Outcome},
    config::{Access, Applications, Problem},
};

/// Reads the file. What no application can do is doubtful.
pub(crate) fn read(access: &Access) -> Result<Applications, Vec<Problem>> {
    let mut read = Applications::from_file(&access.applications).map_err(|error| error.problems())?;
    let has = |scope| read.list.iter().any(|terms| terms.active && terms.scopes.has(scope));
    if !has(Scope::Admin) {
        read.warnings.push(Problem {
            file: access.applications.clone(),
            at: None,
            text:
                "no active application has the scope admin: the admin listener serves /live and /ready alone"
                    .into(),
            hint: "`rxgate app add operator --scope admin` makes one".into(),
        });
    }
    Ok(read)
}

/// An application that is not as it was.
#[derive(Debug)]
pub(super) struct Change {
    id: String,
    how: How,
    /// In words. No secret is told, no hash of one, and nobody whom it may ask for.
    what: Vec<String>,
}

#[derive(Debug)]
enum How {
    Added,
    Changed,
    Removed,
}

impl Change {
    /// As the audit log has it; `by`: who had it put into force.
    pub fn operation(self, by: Operation) -> Operation {
        let operation = match self.how {
            How::Added => "application added",
            How::Changed => "application changed",
            How::Removed => "application removed",
        };
        Operation {
            operation: operation.into(),
            target: Some(self.id),
            changed: self.what,
            outcome: Outcome::Done,
            ..by
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, what) = (&self.id, self.what.join(", "));
        match self.how {
            How::Added => write!(f, "application {id} added: {what}"),
            How::Changed => write!(f, "application {id}: {what}"),
            How::Removed => write!(f, "application {id} removed"),
        }
    }
}

/// Compares applications, which their ids name. In the order of those.
pub(super) fn changes(old: &[Terms], new: &[Terms]) -> Vec<Change> {
    let mut by_id: BTreeMap<&str, (Option<&Terms>, Option<&Terms>)> = BTreeMap::new();
    old.iter().for_each(|terms| by_id.entry(&terms.id).or_default().0 = Some(terms));
    new.iter().for_each(|terms| by_id.entry(&terms.id).or_default().1 = Some(terms));
    let change = |(id, found): (&str, _)| {
        let (how, what) = match found {
            (Some(before), Some(now)) if before == now => return None,
            (Some(before), Some(now)) => (How::Changed, different(before, now)),
            (None, Some(now)) => (How::Added, vec![format!("scopes {}", now.scopes)]),
            (_, None) => (How::Removed, Vec::new()),
        };
        Some(Change { id: id.to_owned(), how, what })
    };
    by_id.into_iter().filter_map(change).collect()
}

fn different(before: &Terms, now: &Terms) -> Vec<String> {
    let limit = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
    let state = |terms: &Terms| if terms.active { "active" } else { "inactive" }.to_owned();
    let rate = |terms: &Terms| limit(terms.rate.map(u64::from));
    let values = [
        ("scopes", before.scopes.to_string(), now.scopes.to_string()),
        ("rate", rate(before), rate(now)),
        ("burst", before.burst.to_string(), now.burst.to_string()),
        ("sessions", limit(before.sessions), limit(now.sessions)),
        ("state", state(before), state(now)),
    ];
    let different = values.into_iter().filter(|(_, before, now)| before != now);
    let mut what: Vec<_> = different.map(|(name, before, now)| format!("{name} {before} -> {now}")).collect();
    let patterns =
        |terms: &Terms| terms.end_users.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>();
    if patterns(before) != patterns(now) {
        what.push("end users".into());
    }
    if before.ue != now.ue {
        what.push("UE networks".into());
    }
    let without = |these: &[SecretHash], those: &[SecretHash]| {
        these.iter().filter(|hash| !those.contains(hash)).count()
    };
    let (added, dropped) = (without(&now.secrets, &before.secrets), without(&before.secrets, &now.secrets));
    what.extend(vec!["secret added".to_owned(); added]);
    what.extend(vec!["secret dropped".to_owned(); dropped]);
    if what.is_empty() {
        // Nothing else is left that could be.
        what.push("order of secrets".into());
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Pattern;

    fn lines(old: &[Terms], new: &[Terms]) -> Vec<String> {
        changes(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn applications_come_go_and_change() {
        let [a, b] = ["a", "b"].map(|id| Terms::new(id, [Scope::Read]));
        let more = Terms {
            rate: Some(5),
            sessions: Some(9),
            active: false,
            ..Terms::new("a", [Scope::Apply, Scope::Read])
        };
        let old = [b.clone(), a.clone()];
        assert_eq!(
            lines(&old, &[Terms::new("c", [Scope::Admin]), more]),
            [
                "application a: scopes read -> apply read, rate no limit -> 5, sessions no limit -> 9, \
                 state active -> inactive",
                "application b removed",
                "application c added: scopes admin",
            ]
        );
        assert!(lines(&old, &[a, b]).is_empty(), "the order in the file does not count");
    }

    #[test]
    fn secrets_and_end_users_are_told_of_and_not_shown() {
        let hash = |salt: &str| {
            let text =
                format!("$argon2id$v=19$m=256,t=2,p=1${salt}$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
            SecretHash::parse(&text).unwrap()
        };
        let (one, two) = (hash("c29tZXNhbHQ"), hash("c29tZXNhbHU"));
        let with = |secrets: &[&SecretHash]| {
            let secrets = secrets.iter().map(|hash| (*hash).clone()).collect();
            Terms { secrets, ..Terms::new("a", [Scope::Read]) }
        };
        for (before, now, what) in [
            (vec![&one], vec![&one, &two], "secret added"),
            (vec![&one, &two], vec![&two], "secret dropped"),
            (vec![&one], vec![&two], "secret added, secret dropped"),
            (vec![&one, &two], vec![&two, &one], "order of secrets"),
        ] {
            assert_eq!(lines(&[with(&before)], &[with(&now)]), [format!("application a: {what}")]);
        }
        let end_users = vec![Pattern::new("tel:491").unwrap()];
        let ue = vec!["10.0.0.1/32".parse().unwrap()];
        let now = Terms { end_users, ue, ..with(&[]) };
        assert_eq!(lines(&[with(&[])], &[now]), ["application a: end users, UE networks"]);
    }
}
