//! `cogfed call -o` and `-O`: files are replaced by whole and wanted answers only.

use cogfed_test_support::{Answer, Ran, free_ports};
use std::io::{Read, Write};

use super::stub::Stub;

const OLD: &str = "{\"good\": true}";

fn file(text: &str) -> Vec<(String, String)> {
    vec![("file".to_owned(), text.to_owned())]
}

/// An API whose answer breaks off after eight bytes of a thousand.
fn cut() -> Stub {
    Stub::of_bytes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"half\":")
}

#[test]
fn fail_flag_leaves_the_old_file_and_writes_no_body() {
    let stub = Stub::of(Answer::json(503, "{\"message\": \"Service Unavailable\"}"));
    let old = stub.old(OLD);
    let ran = stub.get_to(&old, &["-f"]).failed_with(22);
    assert_eq!((ran.stdout.as_str(), stub.files()), ("", file(OLD)));
    assert!(ran.stderr.contains("error: the API answered with status 503"), "{}", ran.stderr);
    std::fs::remove_file(&old).expect("removed");
    stub.get_to(&old, &["-f"]).failed_with(22);
    assert_eq!(stub.files(), []);
    assert_eq!(stub.get(&["-f"]).failed_with(22).stdout, "");
    let head = stub.get(&["-f", "-i"]).failed_with(22).stdout;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.ends_with("\n\n"), "as curl: {head}");
}

#[test]
fn fail_with_body_flag_writes_the_error_and_exits_with_22() {
    let stub = Stub::of(Answer::json(404, "{\"no\": 1}"));
    let old = stub.old(OLD);
    assert_eq!(stub.get(&["--fail-with-body"]).failed_with(22).stdout, "{\"no\": 1}");
    stub.get_to(&old, &["--fail-with-body"]).failed_with(22);
    assert_eq!(stub.files(), file("{\"no\": 1}"));
    let ran = stub.get(&["--fail-with-body", "--fail"]).failed_with(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

#[test]
fn error_goes_to_the_file_without_a_fail_flag() {
    let stub = Stub::of(Answer::json(503, "{\"no\": 1}"));
    let old = stub.old(OLD);
    stub.get_to(&old, &[]).good();
    assert_eq!(stub.files(), file("{\"no\": 1}"));
}

#[test]
fn dash_is_standard_output() {
    let stub = Stub::of(Answer::json(200, OLD));
    for name in ["-", "/dev/stdout"] {
        assert_eq!(stub.get(&["-o", name]).good().stdout, OLD);
    }
    assert!(!stub.current.join("-").exists());
}

#[test]
fn unreachable_api_leaves_no_empty_file() {
    let stub = Stub::of(Answer::json(200, OLD));
    let url = format!("http://127.0.0.1:{}/x", free_ports(1)[0]);
    let path = stub.folder.join("file").display().to_string();
    stub.lab.run(&["call", "GET", &url, "-o", &path]).failed_with(5);
    assert_eq!(stub.files(), []);
    stub.old(OLD);
    stub.lab.run(&["call", "GET", &url, "-o", &path]).failed_with(5);
    assert_eq!(stub.files(), file(OLD));
}

#[test]
fn answer_that_breaks_off_leaves_the_old_file() {
    let stub = cut();
    let path = stub.folder.join("file");
    let ran = stub.get_to(&path, &[]).failed_with(5);
    assert!(ran.stderr.contains("broke off"), "{}", ran.stderr);
    assert_eq!(stub.files(), []);
    stub.get_to(&stub.old(OLD), &[]).failed_with(5);
    assert_eq!(stub.files(), file(OLD));
}

#[test]
fn new_answer_replaces_a_longer_file_completely() {
    let stub = Stub::of(Answer::json(200, "{}"));
    stub.get_to(&stub.old(OLD), &["-i"]).good();
    let text = stub.files().remove(0).1;
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("\n\n{}"), "{text}");
    stub.get_to(&stub.folder.join("file"), &[]).good();
    assert_eq!(stub.files(), file("{}"));
}

#[test]
fn target_that_cannot_be_written_is_refused_before_the_request() {
    let stub = Stub::of(Answer::json(200, "{}"));
    let folder = stub.folder.display().to_string();
    let missing = format!("{folder}/missing/file");
    for (flags, words) in [
        (["-o", &folder], "cannot write "),
        (["-o", &missing], "--create-dirs"),
        (["-o", ""], "needs a value"),
        (["-D", &missing], "cannot write "),
        (["--output-dir", &folder], "none is named"),
    ] {
        let ran = stub.get(&flags).failed_with(2);
        assert!(ran.stderr.contains(words), "{flags:?}: {}", ran.stderr);
    }
    let both = format!("{folder}/both");
    stub.get(&["-o", &both, "-D", &both]).failed_with(2);
    let file = stub.current.join("plain");
    std::fs::write(&file, "").expect("a file");
    stub.get(&["-o", "plain/new/file", "--create-dirs"]).failed_with(2);
    assert_eq!((stub.server.connections(), stub.files()), (0, vec![]));
}

#[test]
fn head_and_body_never_share_a_file() {
    let stub = Stub::of(Answer::json(200, OLD));
    let folder = stub.folder.display().to_string();
    let both = format!("{folder}/both");
    let indirect = format!("{folder}/../files/both");
    for flags in [
        &["-o", &both, "-D", &indirect][..],
        &["-o", &both, "-D", "files/both"],
        &["-o", "both", "--output-dir", &folder, "-D", &both],
        &["-O", "--output-dir", "files", "-D", "files/x"],
    ] {
        let ran = stub.get(flags).failed_with(2);
        assert!(ran.one_error_and_hint().contains("would go to the same file"), "{flags:?}: {}", ran.stderr);
    }
    assert_eq!((stub.server.connections(), stub.files()), (0, vec![]));
    stub.get(&["-o", "file", "--output-dir", "files", "-D", "file"]).good();
    assert_eq!(stub.files(), file(OLD));
    #[cfg(unix)]
    stub.get(&["-o", "/dev/null", "-D", "/dev/null"]).good();
}

#[test]
fn remote_name_flag_names_the_file_like_the_url() {
    let stub = Stub::of(Answer::json(200, OLD));
    let folder = stub.folder.display().to_string();
    let get = |path: &str, flags: &[&str]| Ran::from(stub.command(path, flags).output().expect("it runs"));
    get("/prod/file?x=/../y", &["-O", "--output-dir", &folder]).good();
    assert_eq!(stub.files(), file(OLD));
    get("/prod/plain%20name", &["--remote-name"]).good();
    assert!(stub.current.join("plain%20name").exists());
    let before = stub.server.connections();
    for path in ["/prod/", "", "/.bashrc", "/-rf"] {
        let ran = get(path, &["-O"]).failed_with(2);
        assert!(ran.stderr.contains("error: -O ") && ran.stderr.contains("hint: name the file: -o FILE"), "{ran:?}");
    }
    assert_eq!(stub.server.connections(), before);
    let deep = format!("{folder}/a/b");
    get("/c", &["-O", "--output-dir", &deep, "--create-dirs", "-f"]).good();
    assert_eq!(std::fs::read_to_string(format!("{deep}/c")).expect("a file"), OLD);
}

#[test]
fn head_goes_to_its_own_file() {
    let stub = Stub::of(Answer::json(404, "{}"));
    let path = stub.folder.join("head").display().to_string();
    assert_eq!(stub.get(&["-D", &path]).good().stdout, "{}");
    let head = stub.files().remove(0).1;
    assert!(head.starts_with("HTTP/1.1 404 ") && head.contains("\ncontent-type: application/json\n"), "{head}");
    assert!(head.ends_with("\n\n"), "{head}");
    assert_eq!(stub.get(&["-D", "-"]).good().stdout, format!("{head}{{}}"));
    assert_eq!(stub.get(&["-D", "-", "-f"]).failed_with(22).stdout, head, "as curl");
}

#[test]
fn head_request_prints_the_head() {
    let stub = Stub::of_bytes("HTTP/1.1 404 Not Found\r\nx-one: 1\r\ncontent-length: 12\r\n\r\n");
    let url = format!("{}/x", stub.server.url());
    let ran = stub.lab.run(&["call", "HEAD", &url]).good();
    assert_eq!(ran.stdout, "HTTP/1.1 404 Not Found\nx-one: 1\ncontent-length: 12\n\n");
}

#[test]
fn events_appear_as_they_arrive() {
    let (seen, is_seen) = std::sync::mpsc::channel::<()>();
    let is_seen = std::sync::Mutex::new(is_seen);
    let stub = Stub::of_connections(move |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1")?;
        // The rest is sent once the first event has been read, so a client that holds it back never ends.
        let _ = is_seen.lock().expect("a channel").recv();
        stream.write_all(b"\n\ndata: 2\n\n")
    });
    let mut child = stub.command("/x", &[]).spawn().expect("it runs");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut first = [0; 7];
    stdout.read_exact(&mut first).expect("the first event");
    seen.send(()).expect("the API waits");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("the rest");
    assert_eq!((&first, rest.as_str()), (b"data: 1", "\n\ndata: 2\n\n"));
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn reader_that_stops_early_ends_the_transfer() {
    let stub = Stub::of_connections(|mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(&[b'x'; 65536])?;
        }
    });
    let mut child = stub.command("/x", &[]).spawn().expect("it runs");
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0; 10]).expect("the beginning");
    drop(stdout);
    let ran = Ran::from(child.wait_with_output().expect("it ends")).good();
    assert_eq!(ran.stderr, "");
}

#[test]
fn unchanged_or_redirected_answer_leaves_the_old_file() {
    for (status, location) in [(304, None), (302, Some("https://elsewhere.example/")), (307, Some("/x"))] {
        let headers = location.map(|to: &str| ("location".to_owned(), to.to_owned())).into_iter().collect();
        let stub = Stub::of(Answer { status, headers, body: Vec::new() });
        for flags in [&[][..], &["-f"], &["-i"]] {
            stub.get_to(&stub.old("old"), flags).good();
            assert_eq!(stub.files(), [("file".to_owned(), "old".to_owned())], "{status} {flags:?}");
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Stdio;
    use std::time::Duration;

    use cogfed_test_support::{skip_anywhere, under};
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    #[test]
    fn mode_and_link_of_the_file_are_kept() {
        let stub = Stub::of(Answer::json(200, "{}"));
        let old = stub.old(OLD);
        std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o604)).expect("a mode");
        let link = stub.current.join("link");
        symlink(&old, &link).expect("a link");
        stub.get_to(&link, &[]).good();
        assert_eq!(stub.files(), file("{}"));
        assert!(link.symlink_metadata().expect("a link").is_symlink());
        assert_eq!(old.metadata().expect("a file").permissions().mode() & 0o777, 0o604);
        let inner = stub.command("/x", &["-o", "files/new"]);
        let ran = under(&["sh", "-c", "umask 027 && \"$@\"", "sh"], &inner).output().expect("sh runs");
        assert!(ran.status.success(), "{ran:?}");
        let new = stub.folder.join("new").metadata().expect("a file");
        assert_eq!(new.permissions().mode() & 0o777, 0o640, "a new file's mode comes from the umask");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn access_control_list_of_the_file_is_kept() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        const NAME: &str = "system.posix_acl_access";
        const NOBODY: u32 = u32::MAX;
        let stub = Stub::of(Answer::json(200, "{}"));
        let old = stub.old(OLD);
        // As the kernel keeps it: the version 2, then tag, permissions and id of each entry. The owner may read and write,
        // the user 1 may read, and the group may do nothing, though the mode shows the mask in its place.
        let entries: [(u16, u16, u32); 5] =
            [(1, 6, NOBODY), (2, 4, 1), (4, 0, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY)];
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            list.extend(tag.to_le_bytes().into_iter().chain(permissions.to_le_bytes()).chain(id.to_le_bytes()));
        }
        if setxattr(&old, NAME, &list, XattrFlags::empty()).is_err() {
            return skip_anywhere("this file system has no access control lists");
        }
        assert_eq!(old.metadata().expect("a file").permissions().mode() & 0o777, 0o640);
        stub.get_to(&old, &[]).good();
        assert_eq!(stub.files(), file("{}"));
        let mut kept = vec![0; 256];
        let length = getxattr(&old, NAME, &mut kept).expect("an access control list");
        kept.truncate(length);
        assert_eq!(kept, list);
    }

    #[test]
    fn signal_leaves_the_old_file_and_no_rubbish() {
        let (begun, has_begun) = std::sync::mpsc::channel();
        let begun = std::sync::Mutex::new(begun);
        let stub = Stub::of_connections(move |mut stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99000000\r\n\r\n")?;
            // Much more than the buffers of a connection hold, so the client is writing when this has been sent.
            stream.write_all(&vec![b'x'; 32 * 1024 * 1024])?;
            begun.lock().expect("a channel").send(()).expect("the test waits");
            // Ends when the client does.
            stream.read_to_end(&mut Vec::new()).map(drop)
        });
        let path = stub.old(OLD).display().to_string();
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            if signal != Signal::INT && cfg!(not(target_os = "linux")) {
                continue;
            }
            let child = stub.command("/x", &["-o", &path]).spawn().expect("it runs");
            if has_begun.recv_timeout(Duration::from_secs(30)).is_err() {
                panic!("the answer does not begin: {:?}", Ran::from(child.wait_with_output().expect("it ends")));
            }
            kill_process(Pid::from_child(&child), signal).expect("it is sent");
            let ran = Ran::from(child.wait_with_output().expect("it ends"));
            assert_eq!(ran.status, if signal == Signal::INT { 130 } else { -1 });
            assert_eq!(stub.files(), file(OLD), "{signal:?}");
        }
    }

    #[test]
    fn devices_pipes_and_descriptors_are_written_directly() {
        let stub = Stub::of(Answer::json(200, OLD));
        stub.get(&["-o", "/dev/null"]).good();
        let shell = |script: &str| {
            let inner = stub.command("/x", &["-o"]);
            Ran::from(under(&["sh", "-c", script, "sh"], &inner).output().expect("sh runs"))
        };
        assert_eq!(shell("\"$@\" /dev/fd/3 3>&1").good().stdout, OLD);
        let appended = "cd files; echo before > file; \"$@\" /dev/fd/3 3>> file; \"$@\" /dev/stdout >> file; cat file";
        assert_eq!(shell(appended).good().stdout, format!("before\n{OLD}{OLD}"));
        assert_eq!(shell("mkfifo pipe && { cat pipe & } && \"$@\" pipe; wait").good().stdout, OLD);
        assert_eq!(shell("\"$@\" /dev/stderr").good().stderr, OLD);
    }

    #[test]
    fn answer_of_200_mib_takes_bounded_memory() {
        if cfg!(not(target_os = "linux")) {
            return skip_anywhere("only Linux limits a process's memory with ulimit -d");
        }
        const MIB: usize = 1024 * 1024;
        let stub = Stub::of_connections(|mut stream| {
            stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 200 * MIB).as_bytes())?;
            let piece = vec![b'x'; MIB];
            (0..200).try_for_each(|_| stream.write_all(&piece))
        });
        for (flags, script) in [
            (&["-o", "files/file"][..], "ulimit -d 100000; \"$@\" && wc -c < files/file"),
            (&[], "ulimit -d 100000; \"$@\" | wc -c"),
        ] {
            let inner = stub.command("/x", flags);
            let ran = Ran::from(under(&["sh", "-c", script, "sh"], &inner).output().expect("sh runs")).good();
            assert_eq!((ran.stdout.trim(), ran.stderr.as_str()), ("209715200", ""));
        }
    }

    #[test]
    fn full_device_is_named() {
        if !std::path::Path::new("/dev/full").exists() {
            return skip_anywhere("there is no /dev/full here");
        }
        let stub = Stub::of(Answer::json(200, OLD));
        let full = || std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let ran = Ran::from(stub.command("/x", &[]).stdout(Stdio::from(full())).output().expect("it runs"));
        assert!(ran.failed_with(1).stderr.contains("cannot write to standard output: No space left on device"));
        let ran = stub.get(&["-o", "/dev/full"]).failed_with(1);
        assert!(ran.stderr.contains("cannot write /dev/full: No space left on device"), "{}", ran.stderr);
    }

    #[test]
    fn full_disk_leaves_the_old_file() {
        let stub = Stub::of(Answer::new(200, "text/plain", vec![b'x'; 300_000]));
        let inner = stub.command("/x", &["-o", "files/file"]);
        let script = "mount -t tmpfs -o size=128k none files || exit 99; echo old > files/file; \"$@\"; \
                      echo status $?; ls -A files; cat files/file";
        let ran = Ran::from(under(&["unshare", "-rm", "sh", "-c", script, "sh"], &inner).output().expect("sh runs"));
        if ran.status == 99 || ran.stderr.contains("unshare") {
            return skip_anywhere("a mount namespace needs unshare and a kernel that lets us");
        }
        assert_eq!(ran.stdout, "status 1\nfile\nold\n");
        assert!(ran.stderr.contains("cannot write files/file: No space left on device"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: the file is as it was"), "{}", ran.stderr);
    }

    #[test]
    fn file_in_a_folder_that_cannot_be_written_is_replaced() {
        let stub = Stub::of(Answer::json(200, "{\"new\": 1}"));
        stub.old(OLD);
        let inner = stub.command("/x", &["-o", "files/file"]);
        // A file that is a mount point of its own, as in a container, cannot be renamed over even by root.
        let script = "echo old > other && mount --bind other files/file || exit 99; \"$@\"; \
                      echo status $?; ls -A files; cat files/file";
        let ran = Ran::from(under(&["unshare", "-rm", "sh", "-c", script, "sh"], &inner).output().expect("sh runs"));
        if ran.status == 99 || ran.stderr.contains("unshare") {
            return skip_anywhere("a mount namespace needs unshare and a kernel that lets us");
        }
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("status 0\nfile\n{\"new\": 1}", ""));
        // A read-only folder around a writable file: here, through a read-only mount of the folder.
        let script = "mount --bind files files && mount -o remount,bind,ro files && mount --bind other files/file \
                      || exit 99; \"$@\"; echo status $?; ls -A files; cat files/file";
        let ran = Ran::from(under(&["unshare", "-rm", "sh", "-c", script, "sh"], &inner).output().expect("sh runs"));
        if ran.status != 99 {
            assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("status 0\nfile\n{\"new\": 1}", ""));
        }
    }
}
