//! The environment of a browser: the environment of this process, without secrets, and without what would let a cloned
//! repository run a program.
//!
//! A browser passes its environment on to helpers, keeps it for days, and shows it to whatever can read `/proc`. And the
//! desktop's programs look for a browser where variables say, such as in `XDG_DATA_HOME`: an `.envrc` could lead them to
//! the repository's own files.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use url::Url;

/// The lower-case substrings of an environment variable's name that mark the variable as secret.
const SECRET: [&str; 8] =
    ["secret", "token", "password", "passwd", "passphrase", "credential", "api_key", "private_key"];
/// The lower-case suffixes of a variable's name that mark the variable as a path, not a secret, even if [`SECRET`]
/// matches.
const PLACES: [&str; 4] = ["_dir", "_file", "_path", "_sock"];
/// The Wayland activation token, which lets a new window take the focus. It is no secret
/// (<https://wayland.app/protocols/xdg-activation-v1>).
const ACTIVATION: &str = "xdg_activation_token";

/// Variables that hold code or options for the interpreters of scripts, as openers are: for the shell (bash(1)), Perl
/// (perlrun(1)), Python, Ruby, Node.js and Java. The last one makes browsers write the keys of their connections.
const CODE: [&str; 16] = [
    "BASH_ENV",
    "BASHOPTS",
    "ENV",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LESSOPEN",
    "NODE_OPTIONS",
    "PERL5DB",
    "PERL5OPT",
    "PS4",
    "PYTHONBREAKPOINT",
    "PYTHONWARNINGS",
    "RUBYOPT",
    "SHELLOPTS",
    "_JAVA_OPTIONS",
    "SSLKEYLOGFILE",
];
/// The prefix of the variables by which bash hands functions on. Such a function takes the place of a program.
const FUNCTION: &str = "BASH_FUNC_";
/// The suffix of variables with options for Chromium, some of which name programs to run.
const BROWSER_FLAGS: &str = "_FLAGS";
/// Suffixes of the names of variables that hold paths only. A relative one among them is dropped.
const PATHS: [&str; 5] = ["HOME", "PATH", "PATHS", "DIR", "DIRS"];

/// A change to an environment variable: its name, and its new value or `None` to remove the variable.
pub type Change = (OsString, Option<OsString>);

/// The current folder's project, as far as a variable may lead into it.
pub struct Project<'a> {
    /// Returns whether a file or folder belongs to the project.
    pub contains: &'a dyn Fn(&Path) -> bool,
    /// The project's folder.
    pub folder: Option<&'a Path>,
    /// The home in the account database, in place of a `HOME` in the project.
    pub home: Option<&'a Path>,
}

/// Returns the changes that remove the secrets from `variables`, and all that leads into the project or runs code.
pub fn changes(variables: impl IntoIterator<Item = (OsString, OsString)>, project: &Project<'_>) -> Vec<Change> {
    let change = |(name, value): (OsString, OsString)| {
        let (shown, text) = (name.to_string_lossy().to_ascii_lowercase(), value.to_string_lossy().into_owned());
        let is_place = PLACES.iter().any(|end| shown.ends_with(end));
        let is_secret = shown != ACTIVATION && !is_place && SECRET.iter().any(|part| shown.contains(part));
        if is_secret || runs_code(&name.to_string_lossy(), &text) {
            return Some((name, None));
        }
        if let Some(outside) = project.outside(&name.to_string_lossy(), &value) {
            return Some((name, outside));
        }
        match shown.ends_with("proxy") {
            true => without_user(&text).map(|clean| (name, clean.map(OsString::from))),
            false => has_password(&text).then_some((name, None)),
        }
    };
    variables.into_iter().filter_map(change).collect()
}

/// Returns whether a variable makes the programs of a desktop run code, whatever the files of this machine are.
fn runs_code(name: &str, value: &str) -> bool {
    let is_function = name.starts_with(FUNCTION) || value.starts_with("() {");
    let is_flags = name.ends_with(BROWSER_FLAGS) && name.contains("CHROM");
    // D-Bus libraries run the command in an address with `unixexec:`, and speak to any host that one with `tcp:` names.
    let is_address = name.starts_with("DBUS_") && name.ends_with("_ADDRESS");
    let is_socket =
        |address: &str| address.is_empty() || ["unix:", "launchd:"].iter().any(|way| address.starts_with(way));
    is_function || is_flags || CODE.contains(&name) || is_address && !value.split(';').all(is_socket)
}

impl Project<'_> {
    /// Returns the value of a variable without the paths in the project and, in a variable that holds only paths,
    /// without relative ones: `None` if there are none, `Some(None)` if nothing is left.
    fn outside(&self, name: &str, value: &OsStr) -> Option<Option<OsString>> {
        if value.is_empty() {
            return None;
        }
        let holds_paths = PATHS.iter().any(|end| name.ends_with(end));
        let is_relative = |path: &PathBuf| !path.is_absolute() && (holds_paths || is_dotted(path));
        let is_named = |path: &PathBuf| (self.contains)(path) || self.is_named_in(&path.to_string_lossy());
        let is_dropped = |path: &PathBuf| is_relative(path) || path.is_absolute() && is_named(path);
        let paths: Vec<PathBuf> = std::env::split_paths(value).collect();
        if paths.iter().all(|path| path.is_absolute() || is_relative(path) || path.as_os_str().is_empty()) {
            let kept: Vec<&PathBuf> = paths.iter().filter(|path| !is_dropped(path)).collect();
            if kept.len() == paths.len() {
                return None;
            }
            let home = if name == "HOME" { self.home.map(|home| home.as_os_str().to_owned()) } else { None };
            let kept = std::env::join_paths(kept).ok().filter(|kept| !kept.is_empty());
            return Some(home.or(kept));
        }
        self.is_named_in(&value.to_string_lossy()).then_some(None)
    }

    /// Returns whether `text` contains a path in the project. For example, `text` may be an option that names a
    /// library.
    fn is_named_in(&self, text: &str) -> bool {
        let folder = self.folder.map(|folder| folder.to_string_lossy());
        let is_boundary = |c: char| c.is_whitespace() || ":;,='\"|&()<>@".contains(c);
        folder.is_some_and(|folder| text.contains(&*folder))
            || text.split(is_boundary).map(Path::new).any(|path| path.is_absolute() && (self.contains)(path))
    }
}

fn is_dotted(path: &Path) -> bool {
    matches!(path.components().next(), Some(Component::CurDir | Component::ParentDir))
}

/// Returns a proxy's URL without user and password; `None` if the URL has no user, or `Some(None)` if the URL is
/// invalid.
fn without_user(proxy: &str) -> Option<Option<String>> {
    let before_path = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    before_path.contains('@').then(|| {
        let whole = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
        let mut url = Url::parse(&whole).ok().filter(Url::has_host)?;
        url.set_username("").and_then(|()| url.set_password(None)).ok()?;
        Some(url.as_str().trim_end_matches('/').to_owned()).filter(|clean| !clean.contains('@'))
    })
}

/// Returns whether a text contains a URL with a password, such as a database address.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(name: &str, value: &str) -> Option<Option<String>> {
        let is_projects = |path: &Path| path.starts_with("/clone");
        let (clone, home) = (Path::new("/clone"), Path::new("/home/ada"));
        let project = Project { contains: &is_projects, folder: Some(clone), home: Some(home) };
        let changes = changes([(name.into(), value.into())], &project);
        changes.into_iter().next().map(|(_, value)| value.map(|value| value.into_string().unwrap()))
    }

    #[test]
    fn secrets_are_taken_out_of_a_browsers_environment() {
        for name in [
            "COGFED_CLIENT_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "GITHUB_TOKEN",
            "npm_config__authToken",
            "PGPASSWORD",
            "SSH_PASSPHRASE",
            "OPENAI_API_KEY",
            "TLS_PRIVATE_KEY",
        ] {
            assert_eq!(changed(name, "x"), Some(None), "{name}");
        }
        for name in
            ["HOME", "DISPLAY", "XDG_ACTIVATION_TOKEN", "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR", "AWS_ACCESS_KEY_ID"]
        {
            assert_eq!(changed(name, "/x"), None, "{name}");
        }
        assert_eq!(changed("DATABASE_URL", "postgres://app:s3cret@db/orders"), Some(None));
        assert_eq!(changed("HOMEPAGE", "https://docs.example/a:b@c"), None);
    }

    #[test]
    #[cfg(unix)]
    fn paths_in_the_project_are_taken_out_of_every_variable() {
        for (name, value, expected) in [
            ("XDG_DATA_HOME", "/clone", Some(None)),
            ("XDG_DATA_DIRS", "/clone/share:/usr/share:share", Some(Some("/usr/share"))),
            ("XDG_DATA_DIRS", "/usr/local/share:/usr/share", None),
            ("XDG_DATA_DIRS", "", None),
            ("HOME", "/clone/home", Some(Some("/home/ada"))),
            ("HOME", "/home/bob", None),
            ("ANYTHING", "./share", Some(None)),
            ("MAILCAPS", "/clone/mailcap", Some(None)),
            ("LD_PRELOAD", "/usr/lib/x.so /clone/y.so", Some(None)),
            ("ANY_OPTIONS", "--x=/clone/y", Some(None)),
            ("ANY_OPTIONS", "file:///clone/y", Some(None)),
            ("ANY_OPTIONS", "--x=/usr/y", None),
            ("TZ", "Europe/Berlin", None),
            ("LESS", "-R", None),
            ("XDG_CURRENT_DESKTOP", "ubuntu:GNOME", None),
        ] {
            assert_eq!(
                changed(name, value),
                expected.map(|value: Option<&str>| value.map(str::to_owned)),
                "{name}={value}"
            );
        }
    }

    #[test]
    fn variables_that_run_code_are_taken_out() {
        for (name, value, is_gone) in [
            ("BASH_FUNC_xdg-mime%%", "() { x; }", true),
            ("xdg_mime", "() { x; }", true),
            ("PERL5OPT", "-Mx", true),
            ("ENV", "/etc/profile", true),
            ("QTWEBENGINE_CHROMIUM_FLAGS", "--x", true),
            ("CFLAGS", "-O2", false),
            ("DBUS_SESSION_BUS_ADDRESS", "unixexec:path=/bin/sh", true),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1/bus;tcp:host=h,port=1", true),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1/bus,guid=0", false),
        ] {
            assert_eq!(changed(name, value), is_gone.then_some(None), "{name}={value}");
        }
    }

    #[test]
    fn proxy_variables_keep_the_host_without_user_and_password() {
        for (value, expected) in [
            ("http://alice:s3cret@proxy.example:8080", Some(Some("http://proxy.example:8080"))),
            ("http://alice:s3cret@proxy.example:8080/", Some(Some("http://proxy.example:8080"))),
            ("alice:s3cret@proxy.example:8080", Some(Some("http://proxy.example:8080"))),
            ("socks5h://alice:p@ss@proxy.example:1080", Some(Some("socks5h://proxy.example:1080"))),
            ("http://s3cret@proxy.example", Some(Some("http://proxy.example"))),
            ("http://alice:s3%zz@ proxy", Some(None)),
            ("http://proxy.example:8080", None),
            ("proxy.example:8080", None),
            ("", None),
        ] {
            let expected = expected.map(|value| value.map(str::to_owned));
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "npm_config_proxy"] {
                assert_eq!(changed(name, value), expected, "{name}={value}");
            }
        }
    }
}
