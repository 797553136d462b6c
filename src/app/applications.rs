//! The applications of the file that `[access]` names.

use crate::config::{Access, Applications, Problem};

/// Reads the file. What no application can do is doubtful.
pub(crate) fn read(access: &Access) -> Result<Applications, Vec<Problem>> {
    let mut read = Applications::from_file(&access.applications).map_err(|error| error.problems())?;
    let has = |scope| read.list.iter().any(|terms| terms.active && terms.scopes.has(scope));
    if !has(crate::access::Scope::Admin) {
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
