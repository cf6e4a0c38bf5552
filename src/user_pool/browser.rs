//! The person's browser: the system's own, or the command that the profile names. Never a shell.

use std::process::{Command, Stdio};

use url::Url;

/// Opens a page for the person. Passed in, so that a test can be the browser, or notice that one was opened.
pub trait Browser: Send + Sync {
    /// Opens `url`, or says why not. Returns once the browser was started, not when it is closed.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// The browser of this desktop.
#[derive(Debug, Default)]
pub struct SystemBrowser {
    /// A command in place of the system's choice: split at spaces, and the URL put in place of `%s`, or at the end.
    pub command: Option<String>,
}

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        match &self.command {
            Some(command) => run(command, url),
            None if !has_somewhere_to_show_it() => Err("this machine has no display".into()),
            None => {
                let mut options = webbrowser::BrowserOptions::new();
                options.with_suppress_output(true);
                webbrowser::open_browser_with_options(webbrowser::Browser::Default, url.as_str(), &options)
                    .map_err(|error| error.to_string())
            }
        }
    }
}

/// Whether there is a display, or a browser that the person names, or Windows around this Linux. Without any of them
/// some browsers start all the same, and end without a word.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn has_somewhere_to_show_it() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_wsl = || {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        release.to_ascii_lowercase().contains("microsoft")
    };
    ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].into_iter().any(is_set) || is_wsl()
}

/// The desktop is always there.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn has_somewhere_to_show_it() -> bool {
    true
}

/// The URL is put in after splitting, so that nothing in it can become an argument of its own. The browser gets none of
/// our streams: what it prints must not end up among credentials.
fn run(command: &str, url: &Url) -> Result<(), String> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("the command is empty")?;
    let mut arguments: Vec<&str> = words.collect();
    match arguments.iter_mut().find(|argument| **argument == "%s") {
        Some(place) => *place = url.as_str(),
        None => arguments.push(url.as_str()),
    }
    Command::new(program)
        .args(arguments)
        .env_remove("COGFED_CLIENT_SECRET")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
        .map_err(|error| format!("cannot run '{program}': {error}"))
}
