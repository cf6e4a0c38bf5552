//! Detection of the environment of a sign-in: the kind of machine, and the program that can open a page. A pure
//! function of the environment and a few system facts, so that a table of tests can try every case.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::browser::Programs;
use crate::profile::BrowserCommand;

/// The Windows program that opens a URL in the default browser without a shell, and its arguments before the URL
/// (<https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/rundll32>).
const WINDOWS_OPENER: (&str, &[&str]) = ("rundll32.exe", &["url.dll,FileProtocolHandler"]);
/// The folder of the Windows program, in case the PATH has no Windows folders (`appendWindowsPath=false` in wsl.conf).
const WINDOWS_PROGRAMS: &str = "/mnt/c/Windows/System32";
/// The environment variable by which programs other than cogfed are told the browser, too.
pub const NAMED_BY: &str = "BROWSER";
/// The default port of ssh.
const SSH_PORT: u16 = 22;

/// The facts about the operating system from which a sign-in's environment is derived.
pub struct SystemFacts<'a> {
    /// The function that reads an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// True on macOS and Windows, which always have a desktop.
    pub has_windows: bool,
    /// The release string of the kernel. It names Microsoft in WSL and in the containers of Docker Desktop on Windows.
    pub kernel: &'a str,
    /// True if a container engine's marker file exists: `/.dockerenv` or `/run/.containerenv`.
    pub is_container: bool,
    /// The host name.
    pub host_name: &'a str,
    /// The function that finds a program by its name or its full path.
    pub find: &'a dyn Fn(&str) -> Option<PathBuf>,
}

/// The kind of machine that this process runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// A desktop machine that the person uses directly.
    Desktop,
    /// The Windows Subsystem for Linux: the person's browser is a Windows program.
    Wsl,
    /// GitHub Codespaces.
    Codespace,
    /// An editor's development container.
    DevContainer,
    /// A VS Code terminal on a remote machine.
    RemoteEditor,
    /// An SSH session. The person is at the other end, with or without X11 forwarding.
    Ssh,
    /// A container without a display.
    Container,
    /// A continuous integration job, which no person watches.
    Ci,
    /// A machine without a display.
    NoDisplay,
}

impl Machine {
    /// Returns a description of the machine for messages, such as "this is WSL".
    pub fn described(self) -> &'static str {
        match self {
            Machine::Desktop => "this is a desktop",
            Machine::Wsl => "this is WSL",
            Machine::Codespace => "this is a codespace",
            Machine::DevContainer => "this is a dev container",
            Machine::RemoteEditor => "this is VS Code's terminal on a remote machine",
            Machine::Ssh => "this is an SSH session",
            Machine::Container => "this is a container",
            Machine::Ci => "this is a CI job",
            Machine::NoDisplay => "this machine has no display",
        }
    }
}

/// The program that opens a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opener {
    /// The system's default browser.
    System,
    /// The commands in `$BROWSER`, separated by `:`. The first one that starts is used.
    Named(String),
    /// The command that the profile sets.
    Command(String),
    /// A program that opens the default browser of Windows, with the arguments before the URL.
    Windows(PathBuf, &'static [&'static str]),
}

/// The environment of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The kind of machine.
    pub machine: Machine,
    /// The program that can open a page here, if there is one.
    pub opener: Option<Opener>,
    /// The host and port of this machine for `ssh`, if the person is logged in over SSH.
    pub ssh: Option<(String, u16)>,
}

impl Surroundings {
    /// Returns the environment of this process's sign-ins. `variable` reads its environment.
    pub fn here(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let programs = Programs::of(&variable("PATH").unwrap_or_default().into(), std::env::current_dir().ok());
        Self::of(&SystemFacts {
            variable,
            has_windows: cfg!(any(windows, target_vendor = "apple")),
            kernel: read("/proc/sys/kernel/osrelease").trim(),
            is_container: ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists()),
            host_name: read("/proc/sys/kernel/hostname").trim(),
            find: &|program| programs.find(program).ok(),
        })
    }

    /// Returns the environment that follows from these facts. `$BROWSER` takes precedence.
    pub fn of(facts: &SystemFacts<'_>) -> Self {
        let machine = machine(facts);
        let opener = match named(facts) {
            Some(browser) => Some(Opener::Named(browser)),
            None => match machine {
                Machine::Desktop => Some(Opener::System),
                Machine::Wsl => windows_opener(facts).or_else(|| has_display(facts).then_some(Opener::System)),
                _ => None,
            },
        };
        Self { machine, opener, ssh: ssh(facts) }
    }

    /// Returns the command of `$BROWSER`, if that opens pages here.
    pub fn command(&self) -> Option<BrowserCommand> {
        match &self.opener {
            Some(Opener::Named(list)) => Some(BrowserCommand { text: list.clone(), variable: Some(NAMED_BY) }),
            _ => None,
        }
    }

    /// Returns whether the person's browser may run on another machine, which cannot reach the loopback addresses of
    /// this machine.
    pub fn is_far_from_browser(&self) -> bool {
        self.machine != Machine::Desktop
    }

    /// Returns the `ssh` command that forwards `port` from the person's machine to this machine, or `None` if the
    /// person is not logged in over SSH.
    pub fn forwarding(&self, port: u16) -> Option<String> {
        let (host, ssh_port) = self.ssh.as_ref()?;
        let at_port = if *ssh_port == SSH_PORT { String::new() } else { format!("-p {ssh_port} ") };
        Some(format!("ssh -N -L {port}:localhost:{port} {at_port}{host}"))
    }
}

fn machine(facts: &SystemFacts<'_>) -> Machine {
    let is_set = |name| value(facts, name).is_some();
    let is_on = |name| value(facts, name).is_some_and(|value| !matches!(value.as_str(), "false" | "0" | "no"));
    let is_wsl = ["WSL_DISTRO_NAME", "WSL_INTEROP"].into_iter().any(is_set);
    let has_wsl_kernel = facts.kernel.to_ascii_lowercase().contains("microsoft");
    let is_container = facts.is_container || is_set("container") || is_set("KUBERNETES_SERVICE_HOST");
    if ["CI", "TF_BUILD", "JENKINS_URL", "CODEBUILD_BUILD_ID", "TEAMCITY_VERSION"].into_iter().any(is_on) {
        Machine::Ci
    } else if is_on("CODESPACES") {
        Machine::Codespace
    } else if is_on("REMOTE_CONTAINERS") {
        Machine::DevContainer
    } else if is_set("VSCODE_IPC_HOOK_CLI") {
        Machine::RemoteEditor
    } else if ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].into_iter().any(is_set) {
        Machine::Ssh
    } else if is_wsl || has_wsl_kernel && !is_container {
        Machine::Wsl
    } else if facts.has_windows || has_display(facts) {
        Machine::Desktop
    } else if is_container {
        Machine::Container
    } else {
        Machine::NoDisplay
    }
}

/// Returns the environment variable `name`, or `None` if it is unset or blank.
fn value(facts: &SystemFacts<'_>, name: &str) -> Option<String> {
    (facts.variable)(name).filter(|value| !value.trim().is_empty())
}

fn has_display(facts: &SystemFacts<'_>) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| value(facts, name).is_some())
}

/// Returns `$BROWSER`; `None` on Windows, whose paths contain colons.
fn named(facts: &SystemFacts<'_>) -> Option<String> {
    value(facts, NAMED_BY).filter(|_| !cfg!(windows))
}

fn windows_opener(facts: &SystemFacts<'_>) -> Option<Opener> {
    let (program, arguments) = WINDOWS_OPENER;
    let view = || (facts.find)("wslview").map(|path| Opener::Windows(path, &[]));
    let own = |program: &str| (facts.find)(program).map(|path| Opener::Windows(path, arguments));
    view().or_else(|| own(program)).or_else(|| own(&format!("{WINDOWS_PROGRAMS}/{program}")))
}

/// Returns the name and port of the SSH server that the person is logged in to. `SSH_CONNECTION` holds the client's
/// address and port, then the server's (ssh(1)). A person will run a command with them, so only names, addresses and
/// numbers are accepted.
fn ssh(facts: &SystemFacts<'_>) -> Option<(String, u16)> {
    let connection = value(facts, "SSH_CONNECTION").or_else(|| value(facts, "SSH_TTY").map(|_| String::new()))?;
    let mut words = connection.split_whitespace().skip(2);
    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
    let port = words.next().and_then(|word| word.parse().ok()).unwrap_or(SSH_PORT);
    let name = Some(facts.host_name).filter(|name| is_host_name(name)).map(str::to_owned);
    Some((name.or_else(|| Some(address?.to_string()))?, port))
}

fn is_host_name(name: &str) -> bool {
    let starts_well = name.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
    starts_well && name != "localhost" && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
}

#[cfg(test)]
mod tests;
