//! The person's browser: the system's own, or the command that the profile or `$BROWSER` names. Never a shell.

use std::path::Path;
use std::process::{Command, Stdio};

use url::Url;

use super::surroundings::Opener;

/// Opens a page for the person. Passed in, so that a test can be the browser, or notice that one was opened.
pub trait Browser: Send + Sync {
    /// Opens `url`, or says why not. Returns once the browser was started, not when it is closed.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// A browser that is started on this machine, or from it.
#[derive(Debug)]
pub struct SystemBrowser {
    /// What starts it.
    pub opener: Opener,
}

impl Browser for SystemBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        // Whatever else a URL may be (a file, a script, something that looks like an option), it is not the user pool's.
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

/// `wslview` hands its argument to PowerShell, and every Windows program gets one line that it takes apart by itself. So
/// only what means nothing to either gets there; an authorization URL is made of nothing else.
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
    // A path with spaces in it, as Windows is full of.
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

/// One word of a command: `%s` is the URL, `%c` a colon, `%%` a percent sign. It is filled in after splitting and in one
/// pass, so that nothing in the URL can become an argument of its own, or be filled in again.
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

/// The browser gets none of our streams, because what it prints must not end up among credentials; nor our secret; nor
/// the Ctrl-C that is meant for us.
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
