//! The command line of cogfed, with its verbs, flags and help texts. Each verb has a file of its own. Doc comments on
//! verbs and flags become the help, the man pages and the completions.
//!
//! The first line of such a comment is the short help, without a full stop; the rest is the long help. Sections that
//! clap does not know (examples, exit status, environment, files) are constants beside the flags of their verb. They
//! follow the long help, and become sections of the man page. One form suits both:
//!
//! - in capitals: a title;
//! - indented by two: running text, or a term, with its meaning after two spaces or on lines indented by six or more;
//! - indented by four: commands to type or copy.
//!
//! No line is longer than 80 columns, except for lines to copy into ~/.aws/config: several AWS SDKs drop what continues
//! on a second line. Lines to type or copy are not wrapped on a narrow terminal either, see [`help`].

mod about;
mod call;
mod credential_process;
mod demo;
mod login;
mod logout;
mod profile;
mod roles;
mod sandbox;
mod selection;
mod status;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::about::ABOUT;
pub use self::call::{BodyFlag, BodyFlags, Call, ConnectionFlags, OutputFlags, Pretty, RequestFlags, advice_on};
pub use self::credential_process::{CREDENTIAL_PROCESS, CredentialProcess};
pub use self::demo::Demo;
pub use self::login::Login;
pub use self::logout::Logout;
pub use self::profile::{Profile, ProfileList, ProfileShow};
pub use self::roles::Roles;
pub use self::sandbox::Sandbox;
pub use self::selection::{ProfileFlag, RoleFlag};
pub use self::status::Status;

/// One sign-in for AWS behind Cognito federated to Azure AD
///
/// cogfed signs a person in once in the browser, at a Cognito user pool whose identity providers are Azure AD and Azure
/// AD B2C, and keeps the tokens in the keyring of the operating system. From then on the AWS CLI and every SDK get
/// temporary AWS credentials from it, and it calls APIs behind API Gateway's IAM authorizer itself.
#[derive(Debug, Parser)]
#[command(name = "cogfed", version, propagate_version = true, max_term_width = 100, after_long_help = ABOUT)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct Cli {
    /// Log each step to standard error, without secrets
    #[arg(long, global = true)]
    pub debug: bool,
    /// Never prompt, and wait at most 4 s for a locked keyring (the default without a terminal)
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Read this configuration file instead of the usual one
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// The verb
    #[command(subcommand)]
    pub verb: Verb,
}

/// The command line with `credential-process` as its only verb, see [`Cli::read`].
#[derive(Parser)]
struct Frequent {
    #[arg(long, global = true)]
    debug: bool,
    #[arg(long, global = true)]
    no_input: bool,
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: FrequentVerb,
}

#[derive(Subcommand)]
enum FrequentVerb {
    CredentialProcess(CredentialProcess),
}

impl Cli {
    /// Parses a command line, the program's name included.
    ///
    /// AWS's tools run `credential-process` all the time, and setting up the other verbs takes clap as long as the rest
    /// of such a run. So a parser with only this verb comes first. The whole parser handles everything else, including
    /// help and errors. A profile may be named before the verb, see [`with_flags_after_the_verb`].
    ///
    /// # Errors
    /// The parser's error. clap also reports `--help` and `--version` as errors.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let words = with_flags_after_the_verb(words.into_iter().collect());
        if words.get(1).is_some_and(|verb| verb == CREDENTIAL_PROCESS)
            && let Ok(Frequent { debug, no_input, config, verb: FrequentVerb::CredentialProcess(flags) }) =
                Frequent::try_parse_from(&words)
        {
            return Ok(Self { debug, no_input, config, verb: Verb::CredentialProcess(flags) });
        }
        let command = Self::command().mut_subcommand("call", call::as_in_curl);
        let mut matches = command.try_get_matches_from(words)?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut Self::command()))
    }
}

/// Moves the flags `--profile` and `--config` from before the verb to behind it, as in `aws --profile x
/// sts`. The verb decides whether it has the flag.
pub fn with_flags_after_the_verb(words: Vec<OsString>) -> Vec<OsString> {
    let is_verb = |word: &OsString| !word.to_string_lossy().starts_with('-');
    if words.get(1).is_none_or(is_verb) {
        return words;
    }
    let (mut before, mut moved, mut rest) = (Vec::new(), Vec::new(), words.into_iter());
    before.extend(rest.next());
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        if matches!(&*text, "-p" | "--profile" | "--config") {
            moved.push(word);
            moved.extend(rest.next());
        } else if text.starts_with("--profile=")
            || text.starts_with("--config=")
            || (text.starts_with("-p") && text.len() > 2)
        {
            moved.push(word);
        } else {
            let ends = is_verb(&word);
            let has_verbs = text == "profile";
            before.push(word);
            if ends {
                // The verbs of `profile` have the flag.
                before.extend(has_verbs.then(|| rest.next()).flatten());
                break;
            }
        }
    }
    before.into_iter().chain(moved).chain(rest).collect()
}

#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a comment on a variant would take the place of its verb's own, which is its help")]
pub enum Verb {
    Login(Login),
    CredentialProcess(CredentialProcess),
    Call(Box<Call>),
    Status(Status),
    Roles(Roles),
    Logout(Logout),
    #[command(subcommand)]
    Profile(Profile),
    Sandbox(Sandbox),
    Demo(Demo),
}

/// Returns the command line in clap's terms, for the man pages and the completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// A sign for a blank at which clap must not wrap a line: private use, so no help text holds it.
const UNBROKEN: char = '\u{e000}';

/// Returns the help that `words` ask for, the program's name included, or `None` if they ask for none. Only running text
/// is wrapped at the width of the terminal. Lines to type or copy stay whole: a command that is copied from a wrapped
/// line would do something else. With colours, the text has ANSI escape sequences.
pub fn help(words: &[OsString], with_colours: bool) -> Option<String> {
    let error = unbroken(command()).try_get_matches_from(words).err().filter(|error| !error.use_stderr())?;
    let text = error.render();
    let text = if with_colours { text.ansi().to_string() } else { text.to_string() };
    Some(text.replace(UNBROKEN, " "))
}

/// Protects the blanks of all lines to type or copy in the help sections of a command and its verbs.
fn unbroken(command: clap::Command) -> clap::Command {
    let sections = command.get_after_long_help().map(ToString::to_string);
    let mut is_to_copy = false;
    let protected = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        // Deeper lines belong to the lines to copy above them, or else to the meaning of a term.
        is_to_copy = indent == 4 || (is_to_copy && (indent > 4 || line.is_empty()));
        match line.split_at_checked(indent).filter(|_| is_to_copy) {
            Some((blanks, text)) => format!("{blanks}{}\n", text.replace(' ', &UNBROKEN.to_string())),
            None => format!("{line}\n"),
        }
    };
    let command = match sections {
        Some(text) => command.after_long_help(text.lines().map(protected).collect::<String>()),
        None => command,
    };
    command.mut_subcommands(unbroken)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn read(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::read([&["cogfed"], words].concat().into_iter().map(OsString::from))
    }

    #[test]
    fn credential_process_parser_reads_the_same_as_the_whole_parser() {
        for flags in [
            &[][..],
            &["-p", "a"],
            &["--profile=a", "--sign-in"],
            &["--debug"],
            &["--sign-in", "--debug"],
            &["--role", "arn:b", "-p", "a"],
            &["--config", "/a.toml"],
        ] {
            let words = [&["credential-process"], flags].concat();
            let whole = Cli::try_parse_from([&["cogfed"], &words[..]].concat()).unwrap();
            assert_eq!(format!("{:?}", read(&words).unwrap()), format!("{whole:?}"), "{words:?}");
        }
        assert!(read(&["--debug", "credential-process"]).unwrap().debug);
    }

    #[test]
    fn profile_before_the_verb_is_the_verbs_flag() {
        for (words, after) in [
            (&["--profile", "x", "status"][..], &["status", "--profile", "x"][..]),
            (&["-p", "x", "--debug", "login", "--force"], &["--debug", "login", "-p", "x", "--force"]),
            (&["-px", "credential-process"], &["credential-process", "-px"]),
            (&["--profile=x", "profile", "show"], &["profile", "show", "--profile=x"]),
            (&["--config", "f", "sandbox"], &["sandbox", "--config", "f"]),
        ] {
            assert_eq!(format!("{:?}", read(words).unwrap()), format!("{:?}", read(after).unwrap()), "{words:?}");
        }
        for words in
            [&["--profile"][..], &["--profile", "x"], &["--profile", "x", "sandbox"], &["-p", "x", "-p", "y", "status"]]
        {
            assert!(read(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn help_and_errors_come_from_the_whole_parser() {
        for (flag, kind) in [
            ("--help", ErrorKind::DisplayHelp),
            ("--version", ErrorKind::DisplayVersion),
            ("--porfile", ErrorKind::UnknownArgument),
        ] {
            let words = ["credential-process", flag];
            let (error, whole) =
                (read(&words).unwrap_err(), Cli::try_parse_from(["cogfed", words[0], flag]).unwrap_err());
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), whole.to_string());
        }
        assert_eq!(read(&["credential-proces"]).unwrap_err().kind(), ErrorKind::InvalidSubcommand);
    }
}
