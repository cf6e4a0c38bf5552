//! The conversion of clap's errors into cogfed's failures, each with a hint that suits the mistake.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::aws_config_line::{comment, is_meant, quoted_together};
use crate::cli::{self, advice_on};
use crate::error::{Failure, Kind, quoted};
use crate::profile::keys::{KEYS, nearest};

/// Words that people type in place of a verb, each with a hint about the verb to use.
const MEANT: &[(&[&str], &str)] = &[
    (
        &["setup", "set-up", "configure", "config", "init", "add", "import"],
        "run 'cogfed login': as long as there is no profile, it shows the lines to write",
    ),
    (&["signin", "sign-in", "sign_in", "auth", "authenticate", "sso", "refresh", "renew"], "run 'cogfed login'"),
    (&["signout", "sign-out", "log-out", "logoff", "revoke"], "run 'cogfed logout'"),
    (&["whoami", "who", "info", "show", "session", "token"], "run 'cogfed status'"),
    (&["doctor", "report", "diagnose", "check"], "run 'cogfed status --report'"),
    (
        &["credentials", "credential", "creds", "export", "env", "exec", "get-credentials", "process"],
        "run 'cogfed credential-process'",
    ),
    (&["curl", "request", "fetch", "invoke", "get", "post", "put", "delete", "patch"], "run 'cogfed call URL'"),
    (&["profiles", "list", "ls"], "run 'cogfed profile list'"),
    (&["assume", "role", "assume-role"], "run 'cogfed roles'"),
    (&["explain", "why"], "run 'cogfed roles --explain'"),
    (&["try", "tour", "example"], "run 'cogfed demo'"),
    (&["version"], "run 'cogfed --version'"),
];

/// Options of other tools, each with advice on what to use in cogfed instead.
const OPTIONS: &[(&str, &str)] = &[
    ("--verbose", "use --debug"),
    ("-v", "use --debug"),
    ("-k", "certificates are always verified: name your company's authority in AWS_CA_BUNDLE"),
    ("--insecure", "certificates are always verified: name your company's authority in AWS_CA_BUNDLE"),
    ("--no-verify-ssl", "certificates are always verified: name your company's authority in AWS_CA_BUNDLE"),
    ("--role-arn", "use --role ARN"),
    ("-y", "nothing has to be confirmed; --no-input prevents every prompt"),
    ("--yes", "nothing has to be confirmed; --no-input prevents every prompt"),
    ("-q", "messages go to standard error: add 2>/dev/null"),
    ("--quiet", "messages go to standard error: add 2>/dev/null"),
];

/// Returns the failure for a command line that clap refused with `error`. `words` begins with the program's name.
pub fn failure(error: &clap::Error, words: &[OsString]) -> Failure {
    let unreadable = words.iter().find(|word| word.to_str().is_none()).map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let (command, path) = named_verb(&words);
    let (message, hint) = match (error.kind(), unreadable) {
        (ErrorKind::InvalidUtf8, Some(word)) => (format!("the argument '{}' is not UTF-8", quoted(&word)), None),
        _ => explained(error, &command, &path),
    };
    let is_stray = matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::MissingSubcommand
    );
    let (message, hint) = match quoted_together(&words, &command).filter(|_| is_stray) {
        Some((message, hint)) => (message, Some(hint)),
        None => (message, comment(&words, &path).filter(|_| is_stray).or(hint)),
    };
    let is_for_tools = is_meant(&words, &path, hint.as_deref());
    let help = || format!("run '{} --help'", path.join(" "));
    let failure = Failure::new(Kind::Usage, message).hint(hint.unwrap_or_else(help));
    if is_for_tools { failure.in_one_line() } else { failure }
}

/// Finds the verb in a command line. Returns the verb's clap command and the words that name the verb, starting with
/// "cogfed".
fn named_verb(words: &[String]) -> (clap::Command, Vec<String>) {
    let (mut command, mut path) = (cli::command(), vec!["cogfed".to_owned()]);
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        let Some(verb) = command.find_subcommand(word).cloned() else { break };
        command = verb;
        path.push(word.clone());
    }
    (command, path)
}

/// Returns the message for clap's error, and a hint. The hint is `None` if the best advice is to read the verb's help.
fn explained(error: &clap::Error, command: &clap::Command, path: &[String]) -> (String, Option<String>) {
    let said = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let (argument, value) = (said(ContextKind::InvalidArg), said(ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = said(ContextKind::InvalidSubcommand);
            (format!("there is no verb '{}'", quoted(&word)), meant_verb(&word, command, path))
        }
        // The flag of a profile counts before the verb, too.
        ErrorKind::UnknownArgument if path.len() == 1 && ["-p", "--profile"].contains(&argument.as_str()) => {
            ("a verb is missing".to_owned(), Some("run 'cogfed help'".to_owned()))
        }
        ErrorKind::MissingSubcommand => ("a verb is missing".to_owned(), Some("run 'cogfed help'".to_owned())),
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let argument = argument.split('=').next().unwrap_or_default();
            let of_curl = || advice_on(argument).filter(|_| path.last().is_some_and(|verb| verb == "call"));
            let hint = of_curl().map(str::to_owned).or_else(|| meant_option(argument, command));
            (format!("there is no option '{}'", quoted(argument)), hint)
        }
        ErrorKind::UnknownArgument => {
            let names_profile = has_option(command, "profile") && is_name(&argument);
            let meant = || format!("did you mean '{} --profile {argument}'?", path.join(" "));
            (format!("unexpected argument '{}'", quoted(&argument)), names_profile.then(meant))
        }
        ErrorKind::MissingRequiredArgument => {
            let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
            let usage = usage.trim().trim_start_matches("Usage:").trim().to_owned();
            (format!("missing: {argument}"), (!usage.is_empty()).then(|| format!("usage: {usage}")))
        }
        ErrorKind::InvalidValue if value.is_empty() => (format!("{argument} needs a value"), None),
        ErrorKind::InvalidValue => {
            let known = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => known.iter().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            let meant = nearest_word(&value, known.iter().copied()).map(|meant| format!("did you mean '{meant}'?"));
            (format!("{argument}: '{}' is not one of its values", quoted(&value)), meant)
        }
        ErrorKind::ValueValidation => {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            (format!("{argument}: '{}' is not valid{cause}", quoted(&value)), None)
        }
        ErrorKind::ArgumentConflict => {
            let other = said(ContextKind::PriorArg);
            match other.is_empty() || other == argument {
                true => (format!("{argument} can be given only once"), None),
                false => (format!("{argument} cannot be used with {other}"), None),
            }
        }
        _ => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
            (if line.is_empty() { "the command line is wrong".to_owned() } else { line }, None)
        }
    }
}

/// Returns the hint for a word that is not a verb of cogfed.
fn meant_verb(word: &str, command: &clap::Command, path: &[String]) -> Option<String> {
    let verbs: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let asked = word.to_ascii_lowercase();
    let known = MEANT.iter().filter(|_| path.len() == 1).find(|(words, _)| words.contains(&asked.as_str()));
    if let Some((_, hint)) = known {
        return Some((*hint).to_owned());
    }
    let meant = nearest_word(&asked, verbs)?;
    Some(format!("did you mean '{} {meant}'?", path.join(" ")))
}

/// Returns the hint for an option that the verb does not have.
fn meant_option(option: &str, command: &clap::Command) -> Option<String> {
    if let Some((_, advice)) = OPTIONS.iter().find(|(known, _)| *known == option) {
        return Some((*advice).to_owned());
    }
    let name = option.trim_start_matches('-');
    let long: Vec<&str> =
        command.get_arguments().filter_map(clap::Arg::get_long).chain(["help", "debug", "no-input"]).collect();
    // curl takes the beginning of a long option, as long as it is the only one with it.
    let mut longer = long.iter().filter(|long| name.len() > 2 && long.starts_with(name) && **long != name);
    if let (Some(meant), None) = (longer.next(), longer.next()) {
        return Some(format!("did you mean '--{meant}'?"));
    }
    if let Some(meant) = nearest_word(name, long) {
        // clap refuses a verb's own option in front of the verb.
        let is_misplaced = meant == name;
        return Some(match is_misplaced {
            true => format!("write '--{meant}' after the verb"),
            false => format!("did you mean '--{meant}'?"),
        });
    }
    let key = KEYS.iter().find(|key| key.name == name.replace('-', "_"))?;
    Some(format!("set '{}' in the profile: it is a key of the configuration file", key.name))
}

/// Returns the known word of which `word` is most likely a misspelling. Words are compared with `_` for `-`.
fn nearest_word<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let words: Vec<(&str, String)> = words.into_iter().map(|word| (word, word.replace('-', "_"))).collect();
    let meant = nearest(word, words.iter().map(|(_, form)| form.as_str()))?;
    words.iter().find(|(_, form)| form == meant).map(|(word, _)| *word)
}

fn has_option(command: &clap::Command, long: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(long))
}

/// Returns whether `text` can be pasted into a command as a profile name.
fn is_name(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
