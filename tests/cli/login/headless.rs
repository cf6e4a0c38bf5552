//! Tests of sign-ins without a browser on this machine. The tests that need a terminal are in
//! tests/real/test_headless.py.
#![cfg(unix)]

use cogfed_test_support::http::{connect, listens};
use cogfed_test_support::{Lab, Ran, WaitingLogin, target};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cogfed::sandbox::{Misbehaviour, visitor};

const SSH: &[(&str, &str)] = &[("SSH_CONNECTION", "10.0.0.2 50000 10.0.0.7 2222"), ("SSH_TTY", "/dev/pts/0")];

/// Starts `login` with these environment variables and flags.
fn login(lab: &Lab, variables: &[(&str, &str)], flags: &[&str]) -> WaitingLogin {
    let mut command = lab.command(&[&["login"], flags].concat());
    WaitingLogin::of(command.envs(variables.iter().copied()).spawn().expect("it runs"))
}

/// Creates stub programs with these names in a new folder, for use in `PATH`. Each one appends lines to a file: its
/// name, each argument, and an end mark.
fn stubs(lab: &Lab, names: &[&str]) -> (String, PathBuf) {
    let (folder, notes) = (lab.home().join("stubs"), lab.home().join("opened"));
    std::fs::create_dir(&folder).expect("a folder");
    for name in names {
        let script = format!(
            "#!/bin/sh\necho on stdout; echo on stderr >&2\nprintf '%s\\n' {name} \"$@\" end >>'{}'\n",
            notes.display()
        );
        std::fs::write(folder.join(name), script).expect("a script");
        std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o755)).expect("a mode");
    }
    (folder.display().to_string(), notes)
}

fn noted(notes: &PathBuf) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(notes).unwrap_or_default();
        if text.ends_with("end\n") {
            return text.lines().map(str::to_owned).collect();
        }
        assert!(Instant::now() < deadline, "nothing was opened: {text}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn ssh_session_opens_no_browser_and_prints_the_tunnel() {
    let lab = Lab::new();
    let (path, notes) = stubs(&lab, &["xdg-open", "x-www-browser", "firefox", "wslview"]);
    let variables = [SSH, &[("DISPLAY", "localhost:10.0"), ("PATH", &path), ("XDG_CURRENT_DESKTOP", "GNOME")]].concat();
    let waiting = login(&lab, &variables, &[]);
    let port = waiting.port();
    let ran = lab.complete(waiting);
    let said: Vec<&str> = ran.stderr.lines().collect();
    let reason = "no browser here: this is an SSH session; to sign in to profile 'lab', open this in a browser:";
    assert_eq!(said[0], format!("cogfed: {reason}"));
    assert!(said[1].starts_with(&format!("http://localhost:{port}/")), "{said:?}");
    assert_eq!(said[2], "cogfed: on the computer with the browser, first run this, so that it can reach this machine:");
    assert!(said[3].starts_with(&format!("ssh -N -L {port}:localhost:{port} -p 2222 ")), "{said:?}");
    assert_eq!(said[4], "cogfed: or, for a browser that cannot reach this machine, open the full address:");
    assert!(said[5].starts_with(&format!("{}/oauth2/authorize?", lab.sandbox.domain_url())), "{said:?}");
    assert_eq!(said[6], "cogfed: waiting up to 300 s for you to sign in");
    assert!(said[7].starts_with("cogfed: signed in as alice@"), "no prompt where there is no terminal: {said:?}");
    assert!(!ran.stderr.contains("paste"), "{said:?}");
    assert!(!notes.exists(), "a browser was opened");
}

#[test]
fn missing_browser_is_explained_by_the_surroundings() {
    let lab = Lab::new();
    for (variables, place) in [
        (&[("CI", "true"), ("DISPLAY", ":99")][..], "this is a CI job"),
        (&[("CODESPACES", "true")], "this is a codespace"),
        (&[("REMOTE_CONTAINERS", "true")], "this is a dev container"),
        (&[("VSCODE_IPC_HOOK_CLI", "/tmp/x.sock")], "this is VS Code's terminal on a remote machine"),
        (&[("WSL_DISTRO_NAME", "Debian"), ("PATH", "/nowhere")], "this is WSL"),
        (&[("container", "podman")], "this is a container"),
    ] {
        let waiting = login(&lab, variables, &["--force"]);
        visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
        let ran = waiting.end().good();
        assert!(ran.stderr.starts_with(&format!("cogfed: no browser here: {place}; to sign in")), "{}", ran.stderr);
        assert!(!ran.stderr.contains("ssh ") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    }
}

#[test]
fn named_browser_wins_over_detection() {
    let lab = Lab::new();
    let (path, notes) = stubs(&lab, &["mine", "other"]);
    let (mine, other) = (format!("{path}/mine --x=%s"), format!("{path}/other"));
    for variables in [[("BROWSER", mine.as_str()), ("CI", "1")], [("BROWSER", &other), ("COGFED_BROWSER", &mine)]] {
        let waiting = login(&lab, &[SSH, &variables].concat(), &["--force"]);
        assert_eq!(noted(&notes), ["mine", &format!("--x={}", waiting.short), "end"]);
        std::fs::remove_file(&notes).expect("a file");
        let ran = lab.complete(waiting);
        assert!(ran.stderr.starts_with("cogfed: opening your browser to sign in"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("on std") && ran.stdout.is_empty(), "{ran:?}");
    }
    let waiting = login(&lab, &[("BROWSER", &mine)], &["--force", "--no-browser"]);
    lab.complete(waiting);
    assert!(!notes.exists(), "--no-browser wins over both");
}

#[test]
fn wsl_passes_the_url_to_windows_as_one_argument() {
    for (programs, expected) in [
        (&["wslview", "rundll32.exe", "cmd.exe", "powershell.exe", "xdg-open"][..], &["wslview"][..]),
        (&["rundll32.exe", "cmd.exe", "powershell.exe", "xdg-open"], &["rundll32.exe", "url.dll,FileProtocolHandler"]),
    ] {
        let lab = Lab::new();
        lab.configure_with("login_hint = 'a b\"$(touch pwned)`y`;touch pwned|&^%USERNAME%'");
        let (path, notes) = stubs(&lab, programs);
        let waiting = login(&lab, &[("WSL_DISTRO_NAME", "Debian"), ("PATH", &path), ("DISPLAY", ":0")], &[]);
        let url = waiting.short.clone();
        let words = [expected, &[url.as_str(), "end"]].concat();
        assert_eq!(noted(&notes), words);
        let ran = lab.complete(waiting);
        let first = "cogfed: this is WSL: opening the browser of Windows to sign in to profile 'lab'; if it does not open, visit:";
        assert!(ran.stderr.starts_with(first), "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains("\ncogfed: or, for a browser that cannot reach this machine, open the full address:\nhttp")
        );
        assert_eq!(noted(&notes), words, "no second browser");
        assert!(!lab.home().join("pwned").exists());
    }
}

#[test]
fn standard_input_is_not_read_without_a_terminal() {
    let lab = Lab::new();
    let mut command = lab.command(&["login", "--no-browser"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let waiting = WaitingLogin::of(child);
    // This answer has the right state. It would end the sign-in if it were read.
    writeln!(stdin, "{}?error=access_denied&state={}", waiting.redirect_uri(), waiting.state()).expect("it is taken");
    let ran = lab.complete(waiting);
    assert!(!ran.stderr.contains("paste"), "{}", ran.stderr);
}

#[test]
fn login_works_with_a_closed_standard_input() {
    let lab = Lab::new();
    let mut command = Command::new("/bin/sh");
    let own = lab.command(&[]);
    command.args(["-c", "exec \"$0\" login --no-browser <&-"]).arg(own.get_program()).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    lab.complete(WaitingLogin::of(child));
}

#[test]
fn credential_process_fails_at_once_without_a_browser() {
    let lab = Lab::new();
    for (lines, words) in
        [("", &["credential-process", "--sign-in"][..]), ("sign_in_on_demand = true", &["credential-process"])]
    {
        lab.configure_with(lines);
        let mut command = lab.command(words);
        let ran: Ran = command.envs(SSH.iter().copied()).output().expect("it runs").into();
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{ran:?}");
        let line = "nobody is signed in to profile 'lab', and no browser can be opened: this is an SSH session; \
                    run 'cogfed login --profile lab'";
        assert_eq!(ran.stderr, format!("cogfed: error: {line}\n"));
        assert_eq!(lab.sandbox.count("authorize"), 0);
    }
}

#[test]
fn credential_process_fails_at_once_when_no_browser_starts() {
    let lab = Lab::new();
    lab.configure_with("browser = '/nowhere/at/all'");
    let ran = lab.run(&["credential-process", "--sign-in"]).failed_with(3);
    assert!(ran.stderr.contains("no browser can be opened") && ran.stderr.contains("/nowhere/at/all"), "{ran:?}");
    assert!(ran.stderr.ends_with("; run 'cogfed login --profile lab'\n"), "{ran:?}");
}

#[test]
fn ctrl_c_exits_login_with_130_and_frees_the_port() {
    let lab = Lab::new();
    lab.login("alice").good();
    let before = lab.run(&["status", "--json"]).good().document();
    let waiting = lab.begin_login(&["--force"]);
    let port = waiting.port();
    let pid = waiting.pid().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
    assert!(sent.success());
    let ran = waiting.end().failed_with(130);
    assert!(ran.stderr.ends_with("cogfed: error: interrupted\n"), "{}", ran.stderr);
    assert!(!listens(port));
    assert_eq!(lab.run(&["status", "--json"]).good().document(), before, "the old sign-in is as it was");
    // The sign-in's lock is free, too.
    lab.complete(lab.begin_login(&["--force"]));
}

#[test]
fn ctrl_c_exits_login_during_the_code_exchange() {
    let lab = Lab::new();
    lab.sandbox.misbehave(Misbehaviour::TokenSilent, None);
    let waiting = lab.begin_login(&[]);
    let address = waiting.callback("alice");
    let mut browser = connect(waiting.port());
    write!(browser, "GET {} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", target(&address), waiting.port()).expect("sent");
    let deadline = Instant::now() + Duration::from_secs(20);
    while lab.sandbox.count("token.code") == 0 {
        assert!(Instant::now() < deadline, "the code was never exchanged");
        std::thread::sleep(Duration::from_millis(2));
    }
    let port = waiting.port();
    let sent = Command::new("kill").args(["-INT", &waiting.pid().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    waiting.end().failed_with(130);
    assert!(!listens(port));
    lab.run(&["status"]).failed_with(3);
}

#[test]
fn ctrl_c_exits_login_that_waits_for_a_lock() {
    let lab = Lab::new();
    let first = lab.begin_login(&[]);
    let mut child = lab.command(&["login", "--no-browser"]).spawn().expect("it runs");
    let mut line = String::new();
    let stderr = child.stderr.as_mut().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stderr), &mut line).expect("a line");
    assert!(line.contains("another cogfed is signing in"), "{line}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    lab.complete(first);
}
