use super::*;

#[cfg(not(windows))]
const WSL2: &str = "5.15.167.4-microsoft-standard-WSL2";
#[cfg(not(windows))]
const WSL1: &str = "4.4.0-22621-Microsoft";
const LINUX: &str = "6.12.0-amd64";
#[cfg(not(windows))]
const FAR: &str = "/mnt/c/Windows/System32/rundll32.exe";

/// The first columns of a test case: environment, kernel, presence of a container engine's marker file, and installed
/// programs. Then the expected machine and opener: `system`, `named:…`, `windows:PROGRAM` or nothing.
#[cfg(not(windows))]
type Row = (&'static str, &'static str, bool, &'static [&'static str], Machine, &'static str);

use Machine::*;

#[cfg(not(windows))]
const ROWS: &[Row] = &[
    // Desktops.
    ("DISPLAY=:0", LINUX, false, &[], Desktop, "system"),
    ("WAYLAND_DISPLAY=wayland-0", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0 BROWSER=firefox", LINUX, false, &[], Desktop, "named:firefox"),
    ("DISPLAY=:0 BROWSER=", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0 CI=false", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0 CI=0", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0 CODESPACES=false", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0 TERM_PROGRAM=vscode", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0", LINUX, true, &[], Desktop, "system"),
    ("DISPLAY=:0 container=flatpak", LINUX, false, &[], Desktop, "system"),
    ("DISPLAY=:0", LINUX, false, &["wslview", "rundll32.exe"], Desktop, "system"),
    ("DISPLAY=:0", WSL2, true, &[], Desktop, "system"),
    // Linux inside Windows.
    ("WSL_DISTRO_NAME=Debian", WSL2, false, &["wslview", "rundll32.exe"], Wsl, "windows:wslview"),
    ("WSL_DISTRO_NAME=Debian", WSL2, false, &["rundll32.exe", FAR], Wsl, "windows:rundll32.exe"),
    ("WSL_DISTRO_NAME=Debian", WSL2, false, &[FAR], Wsl, "windows:/mnt/c/Windows/System32/rundll32.exe"),
    ("WSL_DISTRO_NAME=Debian", WSL2, false, &[], Wsl, ""),
    ("WSL_DISTRO_NAME=Debian DISPLAY=:0", WSL2, false, &["rundll32.exe"], Wsl, "windows:rundll32.exe"),
    ("WSL_DISTRO_NAME=Debian DISPLAY=:0", WSL2, false, &[], Wsl, "system"),
    ("WSL_DISTRO_NAME=Debian WAYLAND_DISPLAY=w", WSL2, false, &[], Wsl, "system"),
    ("WSL_DISTRO_NAME=Debian BROWSER=wslview", WSL2, false, &["rundll32.exe"], Wsl, "named:wslview"),
    ("WSL_INTEROP=/run/WSL/8_interop", LINUX, false, &["rundll32.exe"], Wsl, "windows:rundll32.exe"),
    ("", WSL2, false, &["rundll32.exe"], Wsl, "windows:rundll32.exe"),
    ("", WSL1, false, &["wslview"], Wsl, "windows:wslview"),
    ("", WSL2, true, &["rundll32.exe"], Container, ""),
    ("WSL_DISTRO_NAME=Debian", WSL2, true, &["rundll32.exe"], Wsl, "windows:rundll32.exe"),
    ("WSL_DISTRO_NAME=D SSH_CONNECTION=a", WSL2, false, &["wslview"], Ssh, ""),
    (
        "WSL_DISTRO_NAME=D VSCODE_IPC_HOOK_CLI=/s BROWSER=/v/b.sh",
        WSL2,
        false,
        &["wslview"],
        RemoteEditor,
        "named:/v/b.sh",
    ),
    // Editors that forward ports and bring a helper.
    ("REMOTE_CONTAINERS=true BROWSER=/v/b.sh", LINUX, true, &[], DevContainer, "named:/v/b.sh"),
    ("REMOTE_CONTAINERS=true", LINUX, true, &[], DevContainer, ""),
    ("REMOTE_CONTAINERS=true DISPLAY=:1", LINUX, true, &[], DevContainer, ""),
    ("REMOTE_CONTAINERS=true VSCODE_IPC_HOOK_CLI=/s", WSL2, true, &[], DevContainer, ""),
    ("CODESPACES=true BROWSER=/v/b.sh", LINUX, true, &[], Codespace, "named:/v/b.sh"),
    ("CODESPACES=true", LINUX, true, &[], Codespace, ""),
    ("CODESPACES=true SSH_CONNECTION=a", LINUX, true, &[], Codespace, ""),
    ("VSCODE_IPC_HOOK_CLI=/s BROWSER=/v/b.sh SSH_CONNECTION=a", LINUX, false, &[], RemoteEditor, "named:/v/b.sh"),
    ("VSCODE_IPC_HOOK_CLI=/s SSH_CONNECTION=a", LINUX, false, &[], RemoteEditor, ""),
    // Far from the person.
    ("SSH_CONNECTION=a", LINUX, false, &[], Ssh, ""),
    ("SSH_TTY=/dev/pts/0", LINUX, false, &[], Ssh, ""),
    ("SSH_CLIENT=a", LINUX, false, &[], Ssh, ""),
    ("SSH_CONNECTION=a DISPLAY=localhost:10.0", LINUX, false, &[], Ssh, ""),
    ("SSH_CONNECTION=a DISPLAY=localhost:10.0 BROWSER=firefox", LINUX, false, &[], Ssh, "named:firefox"),
    ("SSH_CONNECTION=a TMUX=/tmp/t", LINUX, false, &[], Ssh, ""),
    ("SSH_TTY=/dev/pts/0", LINUX, true, &[], Ssh, ""),
    ("SSH_CONNECTION= DISPLAY=:0", LINUX, false, &[], Desktop, "system"),
    // No desktop at all.
    ("", LINUX, false, &[], NoDisplay, ""),
    ("DISPLAY=", LINUX, false, &[], NoDisplay, ""),
    ("TERM=linux", LINUX, false, &["xdg-open"], NoDisplay, ""),
    ("BROWSER=w3m", LINUX, false, &[], NoDisplay, "named:w3m"),
    ("", LINUX, true, &[], Container, ""),
    ("container=podman", LINUX, false, &[], Container, ""),
    ("KUBERNETES_SERVICE_HOST=10.0.0.1", LINUX, false, &[], Container, ""),
    ("CI=true", LINUX, true, &[], Ci, ""),
    ("CI=1 DISPLAY=:99", LINUX, false, &[], Ci, ""),
    ("TF_BUILD=True", LINUX, false, &[], Ci, ""),
    ("JENKINS_URL=https://ci SSH_CONNECTION=a", LINUX, false, &[], Ci, ""),
    ("CI=true BROWSER=/stub", LINUX, true, &[], Ci, "named:/stub"),
];

fn found(environment: &str, kernel: &str, is_container: bool, programs: &[&str], has_windows: bool) -> Surroundings {
    Surroundings::of(&SystemFacts {
        variable: &|name| {
            let pairs = environment.split(' ').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_owned())
        },
        has_windows,
        kernel,
        is_container,
        host_name: "build-7",
        find: &|program| programs.contains(&program).then(|| program.into()),
    })
}

fn told(opener: Option<&Opener>) -> String {
    match opener {
        None => String::new(),
        Some(Opener::System) => "system".into(),
        Some(Opener::Named(list)) => format!("named:{list}"),
        Some(Opener::Command(command)) => format!("command:{command}"),
        Some(Opener::Windows(program, arguments)) => {
            let expected: &[&str] = if program.ends_with("wslview") { &[] } else { &["url.dll,FileProtocolHandler"] };
            assert_eq!(*arguments, expected);
            format!("windows:{}", program.display())
        }
    }
}

#[test]
#[cfg(not(windows))]
fn machines_are_recognised_and_get_the_right_opener() {
    assert!(ROWS.len() >= 40, "{}", ROWS.len());
    for &(environment, kernel, is_container, programs, machine, opener) in ROWS {
        let here = found(environment, kernel, is_container, programs, false);
        assert_eq!((here.machine, told(here.opener.as_ref()).as_str()), (machine, opener), "{environment} on {kernel}");
        assert_eq!(here.is_far_from_browser(), machine != Desktop);
    }
}

#[test]
fn macos_and_windows_have_a_desktop_unless_remote() {
    for (environment, machine, opener) in [
        ("", Desktop, "system"),
        ("SSH_CONNECTION=a", Ssh, ""),
        ("SSH_TTY=/dev/ttys001", Ssh, ""),
        ("CI=true", Ci, ""),
        ("VSCODE_IPC_HOOK_CLI=/s", RemoteEditor, ""),
    ] {
        let here = found(environment, "", false, &[], true);
        assert_eq!((here.machine, told(here.opener.as_ref()).as_str()), (machine, opener), "{environment}");
    }
}

fn forwarding(connection: Option<&str>, host_name: &str) -> Option<String> {
    let here = Surroundings::of(&SystemFacts {
        variable: &|name| connection.filter(|_| name == "SSH_CONNECTION").map(str::to_owned),
        has_windows: false,
        kernel: LINUX,
        is_container: false,
        host_name,
        find: &|_| None,
    });
    here.forwarding(8400)
}

#[test]
fn ssh_forwarding_names_host_and_port() {
    for (connection, name, expected) in [
        ("10.0.0.2 50000 10.0.0.7 22", "build-7", "ssh -N -L 8400:localhost:8400 build-7"),
        (
            "10.0.0.2 50000 10.0.0.7 2222",
            "build-7.corp.example",
            "ssh -N -L 8400:localhost:8400 -p 2222 build-7.corp.example",
        ),
        ("10.0.0.2 50000 10.0.0.7 22", "", "ssh -N -L 8400:localhost:8400 10.0.0.7"),
        ("10.0.0.2 50000 10.0.0.7 22", "localhost", "ssh -N -L 8400:localhost:8400 10.0.0.7"),
        ("fe80::2 50000 2001:db8::7 22", "", "ssh -N -L 8400:localhost:8400 2001:db8::7"),
        ("nonsense", "build-7", "ssh -N -L 8400:localhost:8400 build-7"),
        ("10.0.0.2 50000 10.0.0.7 99999", "build-7", "ssh -N -L 8400:localhost:8400 build-7"),
    ] {
        assert_eq!(forwarding(Some(connection), name).as_deref(), Some(expected));
    }
    assert_eq!(forwarding(None, "build-7"), None, "no SSH session");
}

#[test]
fn ssh_forwarding_accepts_only_names_addresses_and_numbers() {
    for connection in ["a b $(touch${IFS}x) 22", "a b -oProxyCommand=x 22", "a b 10.0.0.7;x 22", "a b ` 22"] {
        assert_eq!(forwarding(Some(connection), ""), None, "{connection}");
    }
    for name in ["-oProxyCommand=x", "a;b", "$(x)", "a b", "é", "a\u{1b}[2J", "a'b", ".x"] {
        assert_eq!(forwarding(Some("a b 10.0.0.7 22;x"), name).unwrap(), "ssh -N -L 8400:localhost:8400 10.0.0.7");
    }
}
