//! The person's browser: the system's default browser, or the command in the profile or in `$BROWSER`. No shell is
//! involved.

mod environment;
mod programs;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use self::environment::Project;
use super::surroundings::Opener;
use crate::error::quoted;
use crate::folder::user_folders;
pub use programs::Programs;

/// The programs that open a page in a desktop's default browser, each with its arguments before the URL. Each is tried
/// if the ones before it are not there.
#[cfg(all(unix, not(target_vendor = "apple")))]
const DEFAULTS: &[(&str, &[&str])] =
    &[("xdg-open", &[]), ("gio", &["open"]), ("kde-open", &[]), ("exo-open", &[]), ("x-www-browser", &[])];
/// The program that opens a page in the default browser of macOS (open(1)), with the arguments before the URL.
#[cfg(target_vendor = "apple")]
const DEFAULTS: &[(&str, &[&str])] = &[("/usr/bin/open", &[])];
/// The program that opens a page in the default browser of Windows, with the arguments before the URL
/// (<https://learn.microsoft.com/en-us/windows-server/administration/windows-commands/rundll32>).
#[cfg(windows)]
const DEFAULTS: &[(&str, &[&str])] = &[("rundll32.exe", &["url.dll,FileProtocolHandler"])];

/// The time after which an opener that is still running counts as successful.
const SETTLED: Duration = Duration::from_secs(3);

/// A browser that can open a page. It is a trait, so that a test can be the browser or record the page.
pub trait Browser: Send + Sync {
    /// Returns an error with the reason if it is already known that no page can be opened.
    ///
    /// # Errors
    /// That reason.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Opens `url`, or returns the reason why that failed. Some openers return only when the browser is closed.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// A browser that this process starts.
#[derive(Debug)]
pub struct SystemBrowser {
    /// The program or command that opens a page.
    pub opener: Opener,
    /// True if a person asked for the browser. Otherwise openers do not learn of `$BROWSER`, which some of them obey.
    pub is_attended: bool,
}

impl Browser for SystemBrowser {
    fn check(&self) -> Result<(), String> {
        let programs = Programs::here();
        match &self.opener {
            Opener::Command(template) => found(&programs, template, "the profile's 'browser'").map(drop),
            Opener::Named(list) => {
                let mut checked = templates(list).map(|template| found(&programs, template, "$BROWSER").map(drop));
                let first = checked.next().unwrap_or_else(|| Err("$BROWSER is empty".into()));
                first.or_else(|trouble| checked.find(Result::is_ok).unwrap_or(Err(trouble)))
            }
            Opener::Windows(..) => Ok(()),
            Opener::System => default(&programs).map(drop),
        }
    }

    fn open(&self, url: &Url) -> Result<(), String> {
        // An issuer's page is never a file, a script or an option.
        if !matches!(url.scheme(), "https" | "http") {
            return Err("the page's address is neither https nor http".into());
        }
        let programs = Programs::here();
        match &self.opener {
            Opener::Command(template) => self.run_template(&programs, template, url, "the profile's 'browser'"),
            Opener::Named(list) => self.run_first(&programs, list, url),
            Opener::Windows(program, arguments) => {
                if !url.as_str().chars().all(is_plain_to_windows) {
                    return Err("the page's address holds characters that are not handed to Windows".into());
                }
                let words = arguments.iter().map(|&word| word.to_owned()).chain([url.to_string()]);
                self.run(&programs, program, words)
            }
            Opener::System => {
                let (program, arguments) = default(&programs)?;
                let words = arguments.iter().map(|&word| word.to_owned()).chain([url.to_string()]);
                self.run(&programs, &program, words)
            }
        }
    }
}

impl SystemBrowser {
    /// Runs the commands of `list` in turn until one of them starts and does not fail at once.
    fn run_first(&self, programs: &Programs, list: &str, url: &Url) -> Result<(), String> {
        let mut trouble = Err("$BROWSER is empty".into());
        for template in templates(list) {
            trouble = self.run_template(programs, template, url, "$BROWSER");
            if trouble.is_ok() {
                break;
            }
        }
        trouble
    }

    fn run_template(&self, programs: &Programs, template: &str, url: &Url, whose: &str) -> Result<(), String> {
        let (program, words) = found(programs, template, whose)?;
        let mut has_url = false;
        let mut arguments: Vec<String> = words.into_iter().map(|word| filled(word, url, &mut has_url)).collect();
        if !has_url {
            arguments.push(url.to_string());
        }
        self.run(programs, &program, arguments)
    }

    /// Runs a program without access to cogfed's standard streams, so that its output cannot mix with credentials. The
    /// program gets no secret of the environment, no Ctrl-C that is meant for cogfed, and neither programs nor files of
    /// the project.
    fn run(
        &self,
        programs: &Programs,
        program: &Path,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let (folder, home) = (programs.project(), user_folders::account_home());
        let contains = |path: &Path| programs.is_projects(path);
        let project = Project { contains: &contains, folder: folder.as_deref(), home: home.as_deref() };
        for (name, value) in environment::changes(std::env::vars_os(), &project) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if !self.is_attended {
            command.env_remove("BROWSER");
        }
        // Openers are scripts that look for other programs.
        if let Some(path) = programs.path() {
            command.env("PATH", path);
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command.current_dir("/"), 0);
        let child = command.spawn().map_err(|error| format!("cannot run '{}': {error}", program.display()))?;
        // The exit status of a Windows program says nothing: Explorer's is 1 when all went well.
        let is_judged = !program.to_string_lossy().to_ascii_lowercase().ends_with(".exe");
        settled(child)
            .map_or(Ok(()), |fault| if is_judged { Err(format!("'{}' {fault}", program.display())) } else { Ok(()) })
    }
}

/// Returns the program that opens a page in the default browser, and its arguments before the URL.
fn default(programs: &Programs) -> Result<(PathBuf, &'static [&'static str]), String> {
    let found = DEFAULTS.iter().find_map(|(name, arguments)| Some((programs.find(name).ok()?, *arguments)));
    let names = || DEFAULTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("PATH has none of {}", names()))
}

/// Returns whether a character is safe in the command lines of PowerShell, which `wslview` runs, and of other Windows
/// programs. An authorization URL needs no other characters.
fn is_plain_to_windows(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?&=%+*@[]".contains(c)
}

fn templates(list: &str) -> impl Iterator<Item = &str> {
    list.split(':').filter(|template| !template.trim().is_empty())
}

/// Splits the command `template` into the path of its program and its argument words. `whose` names the command in
/// messages.
fn found<'a>(programs: &Programs, template: &'a str, whose: &str) -> Result<(PathBuf, Vec<&'a str>), String> {
    // A path may contain spaces, as many on Windows do.
    let is_one = Path::new(template).is_absolute() && Path::new(template).is_file();
    let mut words = template.split_whitespace();
    let name = if is_one { Some(template) } else { words.next() };
    let name = name.ok_or_else(|| format!("{whose} is empty"))?;
    let program = programs.find(name).map_err(|fault| format!("{whose} names '{}', which {fault}", quoted(name)))?;
    Ok((program, if is_one { Vec::new() } else { words.collect() }))
}

/// Fills in one word of a command: `%s` is the URL, `%c` a colon, `%%` a percent sign. The command is split into words
/// first, and each word is filled in once. So no part of the URL becomes another argument or is filled in again.
fn filled(word: &str, url: &Url, has_url: &mut bool) -> String {
    let mut filled = String::new();
    let mut rest = word.chars();
    while let Some(c) = rest.next() {
        let code = if c == '%' { rest.clone().next() } else { None };
        match code {
            Some('s') => {
                filled.push_str(url.as_str());
                *has_url = true;
            }
            Some('c') => filled.push(':'),
            Some('%') => filled.push('%'),
            _ => {
                filled.push(c);
                continue;
            }
        }
        rest.next();
    }
    filled
}

/// Waits until a program exits, or until it has run long enough to count as an open browser. Returns its fault, if it
/// fails.
fn settled(mut child: Child) -> Option<String> {
    let (ended, end) = mpsc::channel();
    // The thread also reaps a browser that is closed later.
    let waiting = std::thread::Builder::new().name("opener".into()).spawn(move || ended.send(child.wait()));
    let status = waiting.ok().and_then(|_| end.recv_timeout(SETTLED).ok())?.ok()?;
    match status.code() {
        Some(0) => None,
        Some(code) => Some(format!("failed with exit status {code}")),
        None => Some("was killed".into()),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
