use super::*;

fn replaced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut replacement = Replacement::of(path)?;
    replacement.write_all(bytes)?;
    replacement.keep()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn file_is_as_it_was_until_the_replacement_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::write(&old, "good").unwrap();
    for path in [&old, &new] {
        let mut replacement = Replacement::of(path).unwrap();
        replacement.write_all(b"half").unwrap();
        drop(replacement);
    }
    assert_eq!((names(folder.path()), fs::read(&old).unwrap()), (vec!["old".to_owned()], b"good".to_vec()));
    replaced(&old, b"better").unwrap();
    replaced(&new, b"first").unwrap();
    assert_eq!(names(folder.path()), ["new", "old"]);
    assert_eq!((fs::read(&old).unwrap(), fs::read(&new).unwrap()), (b"better".to_vec(), b"first".to_vec()));
}

#[test]
fn file_with_a_temporary_name_is_renamed_or_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "good").unwrap();
    let begin = || {
        let mut named = named(folder.path());
        named.file().write_all(b"new").unwrap();
        named
    };
    drop(begin());
    assert_eq!(names(folder.path()), ["file"]);
    let mut unfinished = begin();
    assert_eq!(names(folder.path()).len(), 2);
    unfinished.rename(&path).unwrap();
    assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["file".to_owned()], b"new".to_vec()));
}

/// Returns a spool as on a system without files that have no name.
fn named(folder: &Path) -> Spool {
    Spool::named_beside(folder, true).unwrap()
}

#[test]
fn folders_and_files_in_missing_folders_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: PathBuf| Replacement::of(&path).err().unwrap_or_else(|| panic!("{path:?}")).kind();
    assert_eq!(refused(folder.path().to_path_buf()), ErrorKind::IsADirectory);
    assert_eq!(refused(folder.path().join("missing/")), ErrorKind::IsADirectory);
    assert_eq!(refused(folder.path().join("missing/file")), ErrorKind::NotFound);
    assert_ne!(refused(PathBuf::new()), ErrorKind::Other);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn mode_links_and_other_names_of_a_file_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "good").unwrap();
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", at("link")).unwrap();
        symlink("link", at("second")).unwrap();
        replaced(&at("second"), b"new").unwrap();
        assert!(fs::symlink_metadata(at("second")).unwrap().is_symlink());
        assert_eq!(fs::read(at("file")).unwrap(), b"new");
        assert_eq!(fs::metadata(at("file")).unwrap().mode() & 0o7777, 0o640);
        fs::hard_link(at("file"), at("other")).unwrap();
        replaced(&at("file"), b"x").unwrap();
        assert_eq!((fs::read(at("file")).unwrap(), fs::read(at("other")).unwrap()), (b"x".to_vec(), b"x".to_vec()));
        symlink("nowhere", at("dangling")).unwrap();
        replaced(&at("dangling"), b"made").unwrap();
        assert_eq!(fs::read(at("nowhere")).unwrap(), b"made");
        symlink("loop", at("loop")).unwrap();
        assert!(Replacement::of(&at("loop")).is_err());
    }
}
