//! A file that is there whole or not at all, whenever the process or the power fails; and one that is read whole or not.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, Permissions, hard_link, remove_file, rename},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

/// The text of a file that has so many octets at most.
pub(crate) fn read(file: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    // One octet more tells a file that is too large from one that is just not.
    File::open(file)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= most => Ok(text),
        _ => Err(io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {most} octets"))),
    }
}

/// Puts these octets into a file instead of what is there; whoever reads it meanwhile finds the one or the other. Owner,
/// group and their rights stay what they were; a new file is for its owner alone, and nobody else than these gets any right.
pub(crate) fn replace(file: &Path, octets: &[u8]) -> io::Result<()> {
    // What a link leads to is replaced, and not the link.
    let file = if file.exists() { file.canonicalize()? } else { file.to_owned() };
    beside(&file, octets, |new| {
        if let Ok(before) = file.metadata() {
            let opened = File::open(new)?;
            fchown(&opened, Some(before.uid()), Some(before.gid()))?;
            opened.set_permissions(Permissions::from_mode(before.mode() & 0o640))?;
        }
        rename(new, &file)
    })
}

/// Makes a file that only its owner may read. `false`: there is one, which stays.
pub(crate) fn make(file: &Path, octets: &[u8]) -> io::Result<bool> {
    let mut made = true;
    beside(file, octets, |new| match hard_link(new, file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            made = false;
            Ok(())
        }
        linked => linked,
    })?;
    Ok(made)
}

/// Writes a file of another name, and has it become the one that is meant.
fn beside(file: &Path, octets: &[u8], become_it: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let new = directory.join(name);
    let written = (|| {
        let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        out.write_all(octets)?;
        out.sync_all()?;
        become_it(&new)?;
        File::open(&directory)?.sync_all()
    })();
    // It may have become the file, or never have been there.
    _ = remove_file(&new);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_once_and_replaced_as_often_as_wanted() {
        let directory = std::env::temp_dir().join(format!("rxgate-whole-file-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("key");
        assert!(make(&file, b"one").unwrap());
        assert!(!make(&file, b"two").unwrap());
        assert_eq!(std::fs::read(&file).unwrap(), b"one");
        replace(&file, b"three").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"three");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        // What others may do is not kept.
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        replace(&file, b"four").unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
        assert_eq!(read(&file, 4).unwrap(), "four");
        assert_eq!(read(&file, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        // Nothing is left beside it.
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
        assert!(make(&directory.join("none/key"), b"").is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
