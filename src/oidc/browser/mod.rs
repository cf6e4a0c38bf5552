//! The person's browser: the system's default, or the command in the profile or `$BROWSER`. No shell is involved.

use std::path::Path;
use std::process::{Command, Stdio};

use url::Url;

use super::surroundings::Opener;

/// A browser. It is a trait, so that a test can be the browser or record the page.
pub trait Browser: Send + Sync {
    /// Opens `url`, or returns the reason why that failed. Some openers return only when the browser is closed.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// A browser that this process starts.
#[derive(Debug)]
pub struct SystemBrowser {
    /// The program that opens a page.
    pub opener: Opener,
}

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        // An issuer's page is never a file, a script or an option.
        if !matches!(url.scheme(), "https" | "http") {
            return Err("the page's address is neither https nor http".into());
        }
        match &self.opener {
            Opener::Command(template) => run_template(template, url),
            Opener::Named(list) => run_first(list, url),
            Opener::Windows(program, arguments) => {
                if !url.as_str().chars().all(is_plain_to_windows) {
                    return Err("the page's address holds characters that are not handed to Windows".into());
                }
                let words = arguments.iter().map(|&word| word.to_owned()).chain([url.to_string()]);
                run(program, words)
            }
            Opener::System => {
                let mut options = webbrowser::BrowserOptions::new();
                options.with_suppress_output(true);
                webbrowser::open_browser_with_options(webbrowser::Browser::Default, url.as_str(), &options)
                    .map_err(|error| error.to_string())
            }
        }
    }
}

/// Returns whether Windows gives the character no special meaning: `wslview` hands its argument to PowerShell, and
/// every Windows program splits its own command line. An authorization URL needs no other characters.
fn is_plain_to_windows(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?&=%+*@[]".contains(c)
}

/// Runs the first command of `list` that starts.
fn run_first(list: &str, url: &Url) -> Result<(), String> {
    let mut trouble = Err("$BROWSER is empty".into());
    for template in list.split(':').filter(|template| !template.trim().is_empty()) {
        trouble = run_template(template, url);
        if trouble.is_ok() {
            break;
        }
    }
    trouble
}

fn run_template(template: &str, url: &Url) -> Result<(), String> {
    // A path may contain spaces, as many on Windows do.
    if Path::new(template).is_absolute() && Path::new(template).is_file() {
        return run(Path::new(template), [url.to_string()]);
    }
    let mut words = template.split_whitespace();
    let program = words.next().ok_or("the command is empty")?;
    let mut has_url = false;
    let mut arguments: Vec<String> = words.map(|word| filled(word, url, &mut has_url)).collect();
    if !has_url {
        arguments.push(url.to_string());
    }
    run(Path::new(program), arguments)
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

/// Runs a program without cogfed's streams, so that its output cannot end up among credentials. The program gets
/// neither the client secret nor a Ctrl-C that is meant for cogfed.
fn run(program: &Path, arguments: impl IntoIterator<Item = String>) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_remove("COGFED_CLIENT_SECRET")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map(drop).map_err(|error| format!("cannot run '{}': {error}", program.display()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
