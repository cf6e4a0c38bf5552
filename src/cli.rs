//! The command line. Its comments are the help, the man pages and the completions.
//!
//! House rules: the first line of a comment is the short help, without a full stop. What comes after is the long
//! help. Sections that clap does not know are in `cli/sections.rs`.

mod sandbox;
mod sections;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub use self::sandbox::{Demo, Sandbox};
use self::sections::{
    ABOUT, CALL, CREDENTIAL_PROCESS, DEMO, LOGIN, LOGOUT, PROFILE, PROFILE_LIST, PROFILE_SHOW, ROLES, STATUS,
    sandbox_sections,
};

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
    /// Tell on the standard error what is done, without secrets
    #[arg(long, global = true)]
    pub debug: bool,
    /// Ask nobody: no prompt, and four seconds for a keyring that asks something, as where there is no terminal
    #[arg(long, global = true)]
    pub no_input: bool,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// The command line of `credential-process` alone.
#[derive(Parser)]
struct Frequent {
    #[arg(long, global = true)]
    debug: bool,
    #[arg(long, global = true)]
    no_input: bool,
    #[command(subcommand)]
    verb: FrequentVerb,
}

#[derive(Subcommand)]
enum FrequentVerb {
    CredentialProcess(CredentialProcess),
}

impl Cli {
    /// Reads a command line, the program's name included.
    ///
    /// AWS's tools run `credential-process` all the time, and to set up the other verbs takes clap as long as all that
    /// it does. So it is tried alone first; whatever else there is, help and errors included, is for the whole parser.
    ///
    /// # Errors
    /// clap's, which prints help and version, too.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.into_iter().collect();
        if words.get(1).is_some_and(|verb| verb == "credential-process")
            && let Ok(Frequent { debug, no_input, verb: FrequentVerb::CredentialProcess(flags) }) =
                Frequent::try_parse_from(&words)
        {
            return Ok(Self { debug, no_input, verb: Verb::CredentialProcess(flags) });
        }
        Self::try_parse_from(words)
    }
}

/// What cogfed does.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Sign in, in the browser
    ///
    /// Opens the user pool's sign-in page and waits on a loopback port until the browser comes back. The tokens are
    /// verified and kept in the store. If there is a working sign-in already, it is renewed and no browser is opened.
    ///
    /// Over SSH, in a container, in a CI job and without a display no browser is opened. The page's address is shown then,
    /// and copied by the terminal where it can; a browser elsewhere comes back by a forwarded port, or the address that it
    /// ended on is pasted at the prompt.
    #[command(after_long_help = LOGIN)]
    Login(Login),
    /// Print AWS credentials for the AWS CLI and the SDKs
    ///
    /// Prints the JSON document that AWS's tools read from a credential_process: credentials from the store while they
    /// are good for more than 16 minutes, else renewed ones. Never opens a browser unless asked to.
    #[command(after_long_help = CREDENTIAL_PROCESS)]
    CredentialProcess(CredentialProcess),
    /// Call an API behind API Gateway's IAM authorizer
    ///
    /// Signs one request with the profile's credentials (AWS Signature Version 4), sends it as it was signed, and writes
    /// the answer's body to the standard output. Follows no redirect.
    #[command(after_long_help = CALL)]
    Call(Call),
    /// Show who is signed in, and until when
    ///
    /// Asks the store alone, not the network. Ends with status 3 if nobody is signed in.
    #[command(after_long_help = STATUS)]
    Status(Status),
    /// Show which roles a sign-in leads to, and why
    ///
    /// Shows what the directory asserted, the IAM roles that it can lead to, for which of them there are credentials, and
    /// which one was given. Asks the store, and AWS STS whose the credentials are that are at hand; renews nothing.
    ///
    /// With --explain it evaluates the identity pool's role mapping over the claims, rule by rule, and tells the outcome,
    /// how far that is certain, and what about the mapping deserves a second look. With --mapping and --claims that needs
    /// no profile, no sign-in and no network.
    #[command(after_long_help = ROLES)]
    Roles(Roles),
    /// Sign out
    ///
    /// Deletes the tokens and the credentials made from them, revokes the refresh token at the user pool, and says what
    /// lives on.
    #[command(after_long_help = LOGOUT)]
    Logout(Logout),
    /// Show the profiles of the configuration
    ///
    /// A profile says what to sign in to. cogfed reads the configuration file and the environment, and tells what it
    /// makes of them; it changes neither.
    #[command(subcommand, subcommand_value_name = "VERB", subcommand_help_heading = "Verbs", after_long_help = PROFILE)]
    Profile(Profile),
    /// Run a local Cognito with its directories and a protected API
    ///
    /// Starts, on loopback ports, a user pool with its sign-in pages, an identity pool, STS, and an API behind an IAM
    /// authorizer. They answer as AWS does, errors included, and forget everything when they end.
    #[command(after_long_help = sandbox_sections())]
    Sandbox(Sandbox),
    /// See all of it happen on this machine, without any account
    ///
    /// Runs a sandbox, signs in to it, gets credentials, explains their role, makes a call that is allowed and one that is
    /// not, and signs out.
    /// Touches none of your own configuration and nothing in your keyring, and leaves nothing behind.
    #[command(after_long_help = DEMO)]
    Demo(Demo),
}

/// Which profile.
#[derive(Debug, Clone, Default, Args)]
pub struct ProfileFlag {
    /// The profile to use
    ///
    /// Without it, COGFED_PROFILE counts, then default_profile of the configuration, then the only profile there is.
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Which role.
#[derive(Debug, Clone, Default, Args)]
pub struct RoleFlag {
    /// The IAM role to ask for, by its ARN, in place of the profile's
    ///
    /// One sign-in serves any number of roles, and the credentials of each are kept side by side. Which ones may be had
    /// is up to the identity pool's mapping; in the classic flow, to the role's trust policy. The profile's key role_arn
    /// does the same.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
}

/// Flags of `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Go to this identity provider at once, past the chooser
    #[arg(long, value_name = "NAME")]
    pub identity_provider: Option<String>,
    /// Find the profile by your email address, and suggest the address to the identity provider
    ///
    /// It is the profile whose email_domains, or idp_identifier, name the address's domain. In one that names no identity
    /// provider, the user pool finds it by the domain.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "identity_provider")]
    pub email: Option<String>,
    /// Print the URL and wait, without opening a browser
    ///
    /// This is how it goes anyway where no browser can be. The other way round, a browser named by the profile's key
    /// browser, by COGFED_BROWSER or by BROWSER is opened anywhere.
    #[arg(long)]
    pub no_browser: bool,
    /// How long to wait for the sign-in, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Sign in anew, even if there is a working sign-in, and delete the credentials made from the old one
    #[arg(short, long)]
    pub force: bool,
}

/// Flags of `credential-process`.
#[derive(Debug, Args)]
pub struct CredentialProcess {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Which role.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Open the browser if a sign-in is required
    ///
    /// Where no browser can be opened it fails at once, as without this flag: nobody is asked to paste anything here.
    /// Few callers show what is printed meanwhile, and some end their helper after five seconds. The profile's key
    /// sign_in_on_demand does the same.
    #[arg(long)]
    pub sign_in: bool,
}

/// Flags of `call`.
#[derive(Debug, Args)]
pub struct Call {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Which role.
    #[command(flatten)]
    pub role: RoleFlag,
    /// The request's method, such as GET
    pub method: String,
    /// The request's URL
    pub url: String,
    /// Send a header, as in 'Name: value' (may be given more than once)
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// Send this body; @FILE reads a file, - the standard input
    ///
    /// As in curl, line breaks of a file are left out, and several pieces are joined by '&'. No Content-Type is set:
    /// API Gateway then takes the body for JSON.
    #[arg(short, long, value_name = "DATA")]
    pub data: Vec<String>,
    /// As --data, to the byte
    #[arg(long, value_name = "DATA", conflicts_with = "data")]
    pub data_binary: Vec<String>,
    /// Send and ask for JSON: sets Content-Type and Accept unless they are given
    #[arg(long)]
    pub json: bool,
    /// Write the answer's status line and headers before its body
    #[arg(short, long)]
    pub include: bool,
    /// Write the answer to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// End with status 22 if the answer's status is 400 or more
    #[arg(short, long)]
    pub fail: bool,
    /// The region to sign for, where the host does not tell
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Show the signed request, secrets masked, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Tell what is sent and what came back
    #[arg(short, long)]
    pub verbose: bool,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Which role.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Print JSON on the standard output
    #[arg(long)]
    pub json: bool,
    /// Print all that a ticket needs, and no secret
    ///
    /// The configuration in force and where it came from, the store, the sign-in, what failed last, and the environment,
    /// as far as cogfed reads it. Names of people are shortened, passwords of proxies left out. Asks the store, not the
    /// network, and ends with status 0 whatever it finds. What a command does step by step, --debug shows.
    #[arg(long, conflicts_with = "json")]
    pub report: bool,
}

/// Flags of `roles`.
#[derive(Debug, Args)]
pub struct Roles {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Which role.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Print JSON on the standard output
    #[arg(long)]
    pub json: bool,
    /// Evaluate the identity pool's role mapping, and tell why it gives which role
    #[arg(long)]
    pub explain: bool,
    /// Take the role mapping from a file: what 'aws cognito-identity get-identity-pool-roles' prints; - is the standard
    /// input
    ///
    /// Without it, --explain asks the service, signed with an administrator's own AWS credentials: AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Those that an identity pool issues may not ask.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Take the claims from a file, not from the sign-in: a JSON object, or an ID token; - is the standard input
    ///
    /// The signature of a token is not verified. A member scope, as of an access token, tells what its owner may do.
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub claims: Option<PathBuf>,
    /// The entry of RoleMappings to evaluate, where the claims' iss and aud do not tell
    #[arg(long, value_name = "KEY", requires = "explain")]
    pub provider: Option<String>,
    /// End with status 1 unless this role is given, and certainly so
    #[arg(long, value_name = "ARN", requires = "explain")]
    pub expect: Option<String>,
    /// End with status 1 if there are warnings, or the outcome is not certain
    #[arg(long, requires = "explain")]
    pub strict: bool,
}

/// Flags of `logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Sign out of every profile of the configuration
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

/// What to show of the profiles.
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// List the profiles
    ///
    /// Shows each profile's name, and marks the one that is used where none is named.
    #[command(after_long_help = PROFILE_LIST)]
    List(ProfileList),
    /// Show what is in force for a profile, and where each value came from
    ///
    /// A value comes from the environment, from the configuration file, or from cogfed's defaults.
    #[command(after_long_help = PROFILE_SHOW)]
    Show(ProfileShow),
}

/// Flags of `profile list`.
#[derive(Debug, Args)]
pub struct ProfileList {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Flags of `profile show`.
#[derive(Debug, Args)]
pub struct ProfileShow {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The command line as clap knows it, for the man pages and the completions.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn read(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::read([&["cogfed"], words].concat().into_iter().map(OsString::from))
    }

    #[test]
    fn the_command_line_of_the_frequent_verb_is_that_of_the_whole_one() {
        for flags in [
            &[][..],
            &["-p", "a"],
            &["--profile=a", "--sign-in"],
            &["--debug"],
            &["--sign-in", "--debug"],
            &["--role", "arn:b", "-p", "a"],
        ] {
            let words = [&["credential-process"], flags].concat();
            let whole = Cli::try_parse_from([&["cogfed"], &words[..]].concat()).unwrap();
            assert_eq!(format!("{:?}", read(&words).unwrap()), format!("{whole:?}"), "{words:?}");
        }
        assert!(read(&["--debug", "credential-process"]).unwrap().debug);
    }

    #[test]
    fn help_and_errors_are_those_of_the_whole_command_line() {
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
