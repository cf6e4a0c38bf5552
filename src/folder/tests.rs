use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::*;
use crate::error::Failure;

fn at_temp() -> (tempfile::TempDir, Folder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("state").join("cogfed"));
    (temp, folder)
}

#[test]
fn private_file_is_written_read_replaced_and_removed() {
    let (_temp, folder) = at_temp();
    let store = folder.sub("store");
    assert!(store.read("tokens/a", 100).unwrap().is_none());
    store.remove("tokens/a").unwrap();
    assert!(!folder.path().exists(), "reading and removing make nothing");
    for text in ["first", "a second, longer one", ""] {
        store.replace("tokens/a", text.as_bytes()).unwrap();
        assert_eq!(store.read("tokens/a", 100).unwrap().unwrap().as_slice(), text.as_bytes());
    }
    assert!(store.path().join("tokens%2Fa").is_file());
    store.remove("tokens/a").unwrap();
    assert!(store.read("tokens/a", 100).unwrap().is_none());
}

#[test]
fn file_larger_than_the_limit_is_refused() {
    let (_temp, folder) = at_temp();
    folder.replace("file", &[b'x'; 11]).unwrap();
    assert_eq!(folder.read("file", 11).unwrap().unwrap().len(), 11);
    let error = folder.read("file", 10).unwrap_err();
    assert!(error.to_string().contains("larger than 10 bytes"), "{error}");
}

#[test]
fn only_files_of_killed_writers_are_swept() {
    let (_temp, folder) = at_temp();
    let path = folder.ensured().unwrap();
    let living = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&path).unwrap();
    living.as_file().lock().unwrap();
    std::fs::write(path.join(".new-dead"), "secret").unwrap();
    folder.remove("anything").unwrap();
    assert!(!path.join(".new-dead").exists());
    assert!(living.path().exists());
    folder.replace("file", b"x").unwrap();
    assert!(living.path().exists());
}

#[test]
fn failure_to_remove_a_file_is_reported() {
    let (_temp, folder) = at_temp();
    std::fs::create_dir(folder.ensured().unwrap().join("file")).unwrap();
    let error = folder.remove("file").unwrap_err();
    assert!(error.to_string().starts_with("cannot remove "), "{error}");
}

#[test]
fn file_is_opened_as_often_as_asked_or_never() {
    let (_temp, folder) = at_temp();
    assert!(folder.opened("a/b", 1).unwrap_err().to_string().starts_with("cannot open "));
    folder.replace("a/b", b"kept").unwrap();
    let files = folder.opened("a/b", 3).unwrap();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(io::read_to_string(file).unwrap(), "kept");
    }
}

#[test]
fn only_replacing_a_swept_file_is_repeated() {
    let outcome = |mut answers: Vec<Result<(), ErrorKind>>| {
        let mut calls = 0;
        let result = repeated(|| {
            calls += 1;
            answers.remove(0).map_err(io::Error::from)
        });
        (result.map_err(|error| error.kind()), calls)
    };
    let swept = Err(ErrorKind::NotFound);
    assert_eq!(outcome(vec![Ok(())]), (Ok(()), 1));
    assert_eq!(outcome(vec![swept, Ok(())]), (Ok(()), 2));
    assert_eq!(outcome(vec![swept, swept, Ok(())]), (Ok(()), 3));
    assert_eq!(outcome(vec![swept, swept, swept, Ok(())]), (swept, 3), "not for ever");
    let full = Err(ErrorKind::StorageFull);
    assert_eq!(outcome(vec![full, Ok(())]), (full, 1));
    assert_eq!(outcome(vec![swept, full, Ok(())]), (full, 2));
}

#[test]
fn lock_excludes_others_until_it_is_dropped() {
    let (_temp, folder) = at_temp();
    let lock = Lock::try_acquire(&folder, "tokens/a").unwrap().unwrap();
    assert!(Lock::try_acquire(&folder, "tokens/a").unwrap().is_none());
    assert!(Lock::try_acquire(&folder, "tokens/b").unwrap().is_some(), "another name is another lock");
    let Err(LockError::Held(held)) = Lock::acquire(&folder, "tokens/a", Duration::from_millis(1)) else {
        panic!("the lock was had twice")
    };
    assert_eq!(held.pid, Some(std::process::id()));
    let error = Failure::from(LockError::Held(held));
    assert_eq!(error.kind, Kind::Busy);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(lock);
    let again = Lock::acquire(&folder, "tokens/a", Duration::from_secs(60)).unwrap();
    drop(again);
    assert!(folder.sub("locks").path().join("tokens%2Fa").is_file(), "a lock file is never deleted");
}

#[test]
fn waiting_threads_get_the_lock_one_by_one() {
    let (_temp, folder) = at_temp();
    let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let start = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (folder, inside, start) = (folder.clone(), inside.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                for _ in 0..20 {
                    let lock = Lock::acquire(&folder, "x", Duration::from_secs(60)).map_err(Failure::from).unwrap();
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    drop(lock);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn new_and_widened_files_are_private() {
        let (temp, folder) = at_temp();
        folder.sub("store").replace("file", b"x").unwrap();
        let file = folder.sub("store").path().join("file");
        assert_eq!(mode(&file), 0o600);
        for path in [folder.sub("store").path(), folder.path(), temp.path().join("state")] {
            assert_eq!(mode(&path), 0o700, "{}", path.display());
        }
        chmod(&folder.path(), 0o755);
        chmod(&file, 0o644);
        folder.sub("store").read("file", 10).unwrap();
        assert_eq!((mode(&folder.path()), mode(&file)), (0o700, 0o600));
        let _lock = Lock::try_acquire(&folder, "a").unwrap().unwrap();
        assert_eq!(mode(&folder.sub("locks").path().join("a")), 0o600);
    }

    #[test]
    fn unsupported_sync_is_accepted_but_a_failed_one_is_not() {
        written_through(Ok(())).unwrap();
        for kind in [ErrorKind::InvalidInput, ErrorKind::Unsupported] {
            written_through(Err(kind.into())).unwrap();
        }
        for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
            assert_eq!(written_through(Err(kind.into())).unwrap_err().kind(), kind);
        }
    }

    #[test]
    fn symbolic_link_is_refused_and_its_target_untouched() {
        let (temp, folder) = at_temp();
        let victim = temp.path().join("victim");
        std::fs::write(&victim, "untouched").unwrap();
        let locks = folder.sub("locks");
        symlink(&victim, folder.ensured().unwrap().join("link")).unwrap();
        symlink(&victim, locks.ensured().unwrap().join("link")).unwrap();
        let error = folder.read("link", 100).unwrap_err();
        assert!(error.to_string().contains("it is a symbolic link"), "{error}");
        assert!(Lock::try_acquire(&folder, "link").unwrap_err().to_string().contains("it is a symbolic link"));
        folder.replace("link", b"new").unwrap();
        assert_eq!(folder.read("link", 100).unwrap().unwrap().as_slice(), b"new", "the link itself is replaced");

        let elsewhere = temp.path().join("elsewhere");
        symlink(folder.path(), &elsewhere).unwrap();
        let linked = Folder::at(&elsewhere);
        for error in
            [linked.ensured().unwrap_err(), linked.replace("a", b"x").unwrap_err(), linked.read("a", 9).unwrap_err()]
        {
            assert!(error.to_string().contains(&format!("{}: it is a symbolic link", elsewhere.display())), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
    }

    #[test]
    fn irregular_files_and_hard_links_are_refused() {
        let (temp, folder) = at_temp();
        let path = folder.ensured().unwrap();
        std::fs::create_dir(path.join("folder")).unwrap();
        assert!(folder.read("folder", 10).unwrap_err().to_string().contains("not a plain file"));
        let victim = temp.path().join("victim");
        std::fs::write(&victim, "untouched").unwrap();
        std::fs::hard_link(&victim, folder.sub("locks").ensured().unwrap().join("hard")).unwrap();
        let error = Lock::try_acquire(&folder, "hard").unwrap_err();
        assert!(error.to_string().contains("second name"), "{error}");
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
        let fifo = path.join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert!(folder.read("fifo", 10).unwrap_err().to_string().contains("not a plain file"), "and it does not wait");
        std::fs::write(path.join("plain"), "").unwrap();
        assert!(Folder::at(path.join("plain")).ensured().unwrap_err().to_string().contains("not a folder"));
    }

    #[test]
    fn folder_below_a_world_writable_one_is_refused() {
        let (temp, folder) = at_temp();
        let open = temp.path().join("state");
        std::fs::create_dir(&open).unwrap();
        chmod(&open, 0o777);
        let error = folder.ensured().unwrap_err();
        assert!(error.to_string().contains(&format!("every user can rename what is in {}", open.display())), "{error}");
        chmod(&open, 0o1777);
        folder.ensured().unwrap();
    }
}
