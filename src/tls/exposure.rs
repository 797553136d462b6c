//! Who may read and write the file of a private key.

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::Path};

use super::Doubt;

/// Reading and writing by others, and writing by the group. That the group may read it is how a service gets its key.
const TOO_MUCH: u32 = 0o026;

/// What is to be said of the file of a key with these rights.
pub(super) fn doubt(file: &Path, metadata: &Metadata) -> Option<Doubt> {
    let mode = metadata.mode() & 0o777;
    let what = match (mode & TOO_MUCH, mode & 0o004) {
        (0, _) => return None,
        (_, 0) => "others than its owner may write it",
        _ => "others than its owner and group may read it",
    };
    Some(Doubt {
        file: file.to_owned(),
        text: format!("has the mode {mode:04o}: {what}"),
        hint: format!("`chmod g-w,o= {}`: whoever has the key can pass for this gateway", file.display()),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{File, Permissions},
        os::unix::fs::PermissionsExt,
    };

    use super::*;

    #[test]
    fn owner_and_group_may_read_a_key_and_the_owner_alone_may_write_it() {
        let path = std::env::temp_dir().join(format!("rxgate-exposure-{}.key", std::process::id()));
        let file = File::create(&path).unwrap();
        for (mode, expected) in [
            (0o400, None),
            (0o600, None),
            (0o640, None),
            (0o750, None),
            (0o660, Some("has the mode 0660: others than its owner may write it")),
            (0o602, Some("has the mode 0602: others than its owner may write it")),
            (0o644, Some("has the mode 0644: others than its owner and group may read it")),
            (0o666, Some("has the mode 0666: others than its owner and group may read it")),
        ] {
            file.set_permissions(Permissions::from_mode(mode)).unwrap();
            let doubt = doubt(&path, &file.metadata().unwrap());
            assert_eq!(doubt.as_ref().map(|doubt| &*doubt.text), expected);
            let mends = format!("`chmod g-w,o= {}`: ", path.display());
            assert!(doubt.is_none_or(|doubt| doubt.hint.starts_with(&mends)));
        }
        std::fs::remove_file(path).unwrap();
    }
}
