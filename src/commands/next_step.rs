//! The next command to suggest after a sign-in. It depends on the configuration files of AWS's tools, which cogfed
//! never changes.
//!
//! The files are those of <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::profile::Profile;

/// The maximum number of bytes to read from a configuration file of AWS's tools.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A function that reads an environment variable.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The next step to suggest after a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// An AWS profile already runs cogfed for this cogfed profile. Holds the command that shows that it works.
    Use(String),
    /// No AWS profile runs cogfed for this cogfed profile yet. Holds the lines to add to the file, and the command that
    /// then works.
    Configure {
        /// The AWS configuration file to edit.
        file: String,
        /// The lines to add to the AWS configuration file.
        lines: Vec<String>,
        /// The command that works after the lines are added.
        command: String,
    },
}

impl NextStep {
    /// Returns the next step to suggest after `cogfed` has signed in to `profile`.
    pub fn after(profile: &Profile, cogfed: &Cogfed<'_>, variable: Variable) -> Self {
        let file = place(variable, "AWS_CONFIG_FILE", "config");
        let entries = file.as_deref().map(read).unwrap_or_default();
        let is_ours = |process: &str| runs_cogfed_for(&words(process), &profile.name, cogfed.is_default);
        if let Some((name, _)) = entries.iter().find(|(_, process)| process.as_deref().is_some_and(is_ours)) {
            let region = format!(" --region {}", region_of(profile));
            return NextStep::Use(try_it(profile, name, &region, cogfed, variable));
        }
        let mut taken: BTreeSet<String> = entries.into_iter().map(|(name, _)| name).collect();
        // Keys in this file would take precedence over a profile of the same name.
        let keys = place(variable, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
        taken.extend(keys.as_deref().map(read).unwrap_or_default().into_iter().map(|(name, _)| name));
        let name = free_name(&profile.name, &taken);
        let head = if name == "default" { "[default]".to_owned() } else { format!("[profile {name}]") };
        let process = format!(
            "{}{} credential-process --profile {}",
            quoted(&shown(cogfed.program)),
            cogfed.config(quoted),
            quoted(&profile.name)
        );
        NextStep::Configure {
            // A variable may name any text as a path.
            file: file.map_or_else(|| "~/.aws/config".to_owned(), |path| for_shell(&shown(&path))),
            // The AWS CLI needs a region even for the command below.
            lines: vec![head, format!("region = {}", region_of(profile)), format!("credential_process = {process}")],
            command: try_it(profile, &name, "", cogfed, variable),
        }
    }
}

/// The cogfed program that signed in, with the path and flags that a suggested command needs to run this program again.
#[derive(Debug, Clone, Copy)]
pub struct Cogfed<'a> {
    /// The absolute path of the program.
    pub program: &'a Path,
    /// The configuration file that `--config` names, if the flag is given.
    pub config: Option<&'a Path>,
    /// True if cogfed uses the profile without the flag `--profile`.
    pub is_default: bool,
}

impl Cogfed<'_> {
    /// Returns ` --config PATH` with its leading space, or an empty string if `--config` was not given. `quote` quotes
    /// the path.
    fn config(&self, quote: fn(&str) -> String) -> String {
        let Some(path) = self.config else { return String::new() };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        format!(" --config {}", quote(&shown(&path)))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Returns the profile's own region or, if the profile sets no region, the region of its identity pool.
fn region_of(profile: &Profile) -> &str {
    let of_pool = profile.identity_pool_id.split(':').next().unwrap_or_default();
    profile.region.as_deref().unwrap_or(of_pool)
}

/// Returns a command that shows the identity that owns the credentials of an AWS profile. Without the AWS CLI, cogfed
/// shows it.
fn try_it(profile: &Profile, name: &str, region: &str, cogfed: &Cogfed<'_>, variable: Variable) -> String {
    if !is_installed("aws", variable) {
        let (program, config) = (for_shell(&shown(cogfed.program)), cogfed.config(for_shell));
        return format!("{program}{config} roles --profile {}", for_shell(&profile.name));
    }
    let endpoint = match profile.endpoints.sts_is_aws {
        true => String::new(),
        false => format!(" --endpoint-url {}", for_shell(&profile.endpoints.sts)),
    };
    format!("aws sts get-caller-identity --profile {}{region}{endpoint}", for_shell(name))
}

fn is_installed(name: &str, variable: Variable) -> bool {
    let path = variable("PATH").unwrap_or_default();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.is_absolute() && folder.join(&name).is_file())
}

/// Returns the path of a configuration file of AWS's tools. It is the value of the environment variable `name` or, if
/// that is unset, a path in `~/.aws`.
fn place(variable: Variable, name: &str, file: &str) -> Option<PathBuf> {
    let home = || {
        let home = variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
        Some(PathBuf::from(home)).filter(|home| home.is_absolute())
    };
    match variable(name).filter(|path| !path.is_empty()) {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => Some(home()?.join(rest)),
            None => Some(path.into()),
        },
        None => Some(home()?.join(".aws").join(file)),
    }
}

/// Returns the names of the profiles in a configuration file of AWS's tools, each with the profile's
/// `credential_process`, if any. A file that cannot be read has none, and lines of unknown form are skipped.
fn read(path: &Path) -> Vec<(String, Option<String>)> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut text));
    if let Err(error) = read {
        tracing::debug!(path = %path.display(), %error, "the configuration of AWS's tools is not read");
        return Vec::new();
    }
    profiles(&String::from_utf8_lossy(&text))
}

fn profiles(text: &str) -> Vec<(String, Option<String>)> {
    let mut profiles: Vec<(String, Option<String>)> = Vec::new();
    let mut is_profile = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        if let Some((head, _)) = line.trim().strip_prefix('[').and_then(|head| head.split_once(']')) {
            let words = words(head);
            is_profile = matches!(words.as_slice(), [_] | [_, _]);
            match words.as_slice() {
                // A head of the shared credentials file is the bare name.
                [name] => profiles.push((name.clone(), None)),
                [kind, name] if kind == "profile" => profiles.push((name.clone(), None)),
                _ => is_profile = false,
            }
        } else if let (true, Some((key, value))) = (is_profile, line.split_once('='))
            && key.trim().eq_ignore_ascii_case("credential_process")
            && let Some((_, process)) = profiles.last_mut()
        {
            *process = Some(value.trim().to_owned());
        }
    }
    profiles
}

/// Splits a command into words as AWS's tools do: quotes hold words together, and a backslash escapes the next
/// character.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (c, quote) {
            ('\\', None | Some('"')) if !cfg!(windows) => word.get_or_insert_default().extend(characters.next()),
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Returns whether the command in `words` runs cogfed's `credential-process` for `profile`.
fn runs_cogfed_for(words: &[String], profile: &str, is_default: bool) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    if !name.starts_with("cogfed") || !rest.iter().any(|word| word == "credential-process") {
        return false;
    }
    let named = rest.iter().enumerate().find_map(|(place, word)| match word.as_str() {
        "--profile" | "-p" => rest.get(place + 1).map(String::as_str),
        word => word.strip_prefix("--profile="),
    });
    named.map_or(is_default, |named| named == profile)
}

/// Returns an AWS profile name that is not in `taken`, derived from the name of a cogfed profile.
fn free_name(profile: &str, taken: &BTreeSet<String>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c);
    let plain: String = profile.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let plain = plain.trim_start_matches('-').to_owned();
    let plain = if plain.is_empty() { "cogfed".to_owned() } else { plain };
    let others = (1..).map(|number| match number {
        1 => format!("cogfed-{plain}"),
        number => format!("cogfed-{plain}-{number}"),
    });
    let mut names = std::iter::once(plain.clone()).chain(others);
    names.find(|name| !taken.contains(name)).expect("the numbers do not end")
}

/// Quotes a word of a `credential_process` command. AWS's tools split this command like a shell on Unix, and like a C
/// program on Windows.
fn quoted(word: &str) -> String {
    if is_bare(word) {
        return word.to_owned();
    }
    match cfg!(windows) {
        true => format!("\"{word}\""),
        false => format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Quotes a word for a shell command that the person copies.
pub(super) fn for_shell(word: &str) -> String {
    match (is_bare(word), cfg!(windows)) {
        (true, _) => word.to_owned(),
        (false, true) => format!("\"{word}\""),
        (false, false) => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

fn is_bare(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_-.:@".contains(c) || (cfg!(windows) && c == '\\');
    !word.is_empty() && word.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_aws_tools_are_found_in_files_of_any_form() {
        let text = "\u{feff}# a comment\n[default]\nregion = x\n [profile internal] ; ours\r\n\
                    credential_process = /opt/cogfed credential-process -p internal\r\n\
                    [profile \"two words\"]\nCredential_Process=cogfed credential-process\n\
                    [sso-session x]\ncredential_process = never\n[sso-session]\nbroken\n[profile\nno = thing\n[]\n=\n";
        let found = profiles(text);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["default", "internal", "two words", "sso-session"]);
        assert_eq!(found[1].1.as_deref(), Some("/opt/cogfed credential-process -p internal"));
        assert_eq!(found[2].1.as_deref(), Some("cogfed credential-process"));
    }

    #[test]
    #[cfg(unix)]
    fn command_lines_are_split_and_quoted_for_the_same_reader() {
        for name in ["plain", "two words", "it's", "a\"b", r"back\slash", "$(touch x)", "`x`", "ä", "a;b"] {
            assert_eq!(words(&quoted(name)), [name], "credential_process");
            assert_eq!(words(&for_shell(name)), [name], "shell");
        }
        assert_eq!(words(r#" a  "b c"'d'\ e "" "#), ["a", "b cd e", ""]);
        assert_eq!(words("open 'quote"), ["open", "quote"]);
    }

    #[test]
    fn line_counts_only_for_the_profile_that_it_names() {
        for (line, name, is_default, expected) in [
            ("/usr/bin/cogfed credential-process --profile internal", "internal", false, true),
            ("cogfed credential-process --profile=internal", "internal", false, true),
            ("cogfed credential-process -p internal --role x", "internal", false, true),
            ("cogfed --debug credential-process", "internal", true, true),
            ("cogfed credential-process", "internal", false, false),
            ("cogfed credential-process --profile other", "internal", true, false),
            ("aws-vault credential-process --profile internal", "internal", true, false),
            ("cogfed status", "internal", true, false),
            ("", "internal", true, false),
        ] {
            assert_eq!(runs_cogfed_for(&words(line), name, is_default), expected, "{line}");
        }
    }

    #[test]
    fn suggested_name_is_free_and_needs_no_quotes() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        for (profile, names, expected) in [
            ("internal", taken(&[]), "internal"),
            ("internal", taken(&["internal"]), "cogfed-internal"),
            ("internal", taken(&["internal", "cogfed-internal"]), "cogfed-internal-2"),
            ("--help me!", taken(&[]), "help-me-"),
            ("é", taken(&[]), "cogfed"),
        ] {
            assert_eq!(free_name(profile, &names), expected, "{profile}");
        }
    }
}
