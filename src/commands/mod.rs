//! The verbs (subcommands), one file each: a verb reads its flags, makes one call to lower modules, and prints the
//! output. No verb uses another one.

mod aws_config_line;
mod call;
mod context;
mod credential_process;
mod demo;
mod endpoints;
mod env;
mod login;
mod logout;
mod next_step;
mod profile;
mod roles;
mod roots;
mod rows;
mod runtime;
mod sandbox;
mod sign_in;
mod status;
mod usage;
mod variables;

use std::ffi::OsString;

use clap::error::ErrorKind;

use self::context::{Attendance, BrowserAccess, ProfileContext, choice, choice_of_role, configuration, profile_of};
pub use self::env::{Env, Output, ReadVariable};
use self::runtime::block_on;
use crate::cli::{Cli, Verb, help, with_flags_after_the_verb};
use crate::error::{Failure, Kind};
use crate::folder;
use crate::process;
use crate::terminal::Terminal;

/// Runs a command line, in which the first word is the program's name, and returns the exit code. Prints one failure at
/// most.
pub fn exit_code(words: impl IntoIterator<Item = OsString>, env: Env) -> u8 {
    let words = with_flags_after_the_verb(words.into_iter().collect());
    let cli = match Cli::read(words.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => return refused(&error, &words, env),
    };
    if !env.owns_process {
        return act(cli, env);
    }
    if cli.debug {
        process::log_to_stderr();
    }
    warn_of_variables(&cli, &env.terminal);
    match cli.verb {
        // These may wait for a person, a keyring, a lock or a server. Ctrl-C ends them at once in every case.
        Verb::Login(_) | Verb::Call(_) | Verb::Status(_) | Verb::Roles(_) | Verb::Logout(_) => {
            let terminal = env.terminal.clone();
            process::until_interrupted(|| act(cli, env)).map_or_else(
                |error| failed(&Failure::new(Kind::Failed, format!("cannot begin: {error}")), &terminal),
                |code| code.unwrap_or_else(|| interrupted(&terminal)),
            )
        }
        _ => act(cli, env),
    }
}

/// Warns about environment variables that begin with `COGFED_` but are unknown to cogfed, because their names are
/// probably misspelt. The callers of `credential-process` show no warning to anyone, so there it takes `--debug`.
fn warn_of_variables(cli: &Cli, terminal: &Terminal) {
    if cli.debug || !matches!(cli.verb, Verb::CredentialProcess(_)) {
        let lossy = |text: OsString| text.to_string_lossy().into_owned();
        let variables = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
        variables::warnings(variables).iter().for_each(|warning| terminal.warn(warning));
    }
}

/// Prints clap's error in cogfed's format, and returns the exit code. clap also treats `--help`, `--version` and a
/// missing verb as errors; their text is the help. A closed output is no failure.
fn refused(error: &clap::Error, words: &[OsString], mut env: Env) -> u8 {
    let has_colours = env.output.is_terminal && Terminal::shows_colour(&env.variable);
    if let Some(text) = help(words, has_colours) {
        return match env.print(&text) {
            Ok(()) => 0,
            Err(error) => failed(&error.into(), &env.terminal),
        };
    }
    if error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return failed(&usage::failure(error, words), &env.terminal);
    }
    if env.owns_process {
        // clap prints it in colour if the terminal supports that.
        let _ = error.print();
    } else {
        error.render().to_string().lines().for_each(|line| env.terminal.plain(line));
    }
    u8::try_from(error.exit_code()).unwrap_or(Kind::Usage.exit_code())
}

fn act(cli: Cli, mut env: Env) -> u8 {
    match run(cli, &mut env) {
        Ok(()) => 0,
        Err(error) => failed(&error.into(), &env.terminal),
    }
}

/// Extracts the [`Failure`] from an error, together with the context that was added to the error. Any other error
/// becomes a failure of [`Kind::Failed`].
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let message = format!("{error:#}");
        match error.downcast::<Failure>() {
            Ok(failure) => Failure { message, ..failure },
            Err(_) => Failure::new(Kind::Failed, message),
        }
    }
}

fn failed(failure: &Failure, terminal: &Terminal) -> u8 {
    terminal.fail(failure);
    failure.kind.exit_code()
}

fn interrupted(terminal: &Terminal) -> u8 {
    folder::abandon_all();
    terminal.close();
    if terminal.is_attended() {
        // Ends the line on which the terminal printed ^C.
        terminal.plain("");
    }
    failed(&Failure::new(Kind::Interrupted, "interrupted"), terminal)
}

/// Runs the verb (subcommand) of a parsed command line.
///
/// # Errors
/// The failure of the verb.
fn run(cli: Cli, env: &mut Env) -> anyhow::Result<()> {
    if cli.no_input {
        env.terminal.expect_nobody();
    }
    if let Some(path) = cli.config {
        env.config = Some(path);
    }
    match cli.verb {
        Verb::Login(flags) => login::run(&flags, env),
        Verb::CredentialProcess(flags) => credential_process::run(&flags, env),
        Verb::Call(flags) => call::run(*flags, env),
        Verb::Status(flags) => status::run(&flags, env),
        Verb::Roles(flags) => roles::run(&flags, env),
        Verb::Logout(flags) => logout::run(&flags, env),
        Verb::Profile(verb) => profile::run(&verb, env),
        Verb::Sandbox(flags) => sandbox::run(&flags, env),
        Verb::Demo(flags) => demo::run(&flags, env),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;
    use crate::clock::SystemClock;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Runs a command line with `input` as its standard input. Returns its exit code, output and messages.
    fn run_with(input: &'static str, words: &[&str]) -> (u8, String, String) {
        let (output, messages) = (Kept::default(), Kept::default());
        let env = Env {
            clock: Arc::new(SystemClock),
            browser: None,
            folder: None,
            config: None,
            input: Box::new(input.as_bytes()),
            output: Output { to: Box::new(output.clone()), is_terminal: false },
            terminal: Terminal::to(Arc::new(Mutex::new(messages.clone()))),
            variable: Box::new(|_| None),
            owns_process: false,
        };
        let code = exit_code([&["cogfed"], words].concat().into_iter().map(OsString::from), env);
        (code, output.text(), messages.text())
    }

    #[test]
    fn version_goes_to_output_and_usage_errors_to_terminal() {
        let (code, output, messages) = run_with("", &["--version"]);
        assert_eq!(
            (code, output.as_str(), messages.as_str()),
            (0, concat!("cogfed ", env!("CARGO_PKG_VERSION"), "\n"), "")
        );
        let (code, output, messages) = run_with("", &["status", "--no-such-flag"]);
        assert_eq!((code, output.as_str()), (2, ""));
        let expected = "cogfed: error: there is no option '--no-such-flag'\ncogfed: hint: run 'cogfed status --help'\n";
        assert_eq!(messages, expected);
    }

    #[test]
    fn role_mapping_is_read_from_the_given_input() {
        let folder = tempfile::tempdir().unwrap();
        let claims = folder.path().join("claims.json");
        std::fs::write(&claims, "{}").unwrap();
        let claims = claims.display().to_string();
        let role = "arn:aws:iam::123456789012:role/Reader";
        let mapping = r#"{"IdentityPoolId": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
            "Roles": {"authenticated": "arn:aws:iam::123456789012:role/Reader"}}"#;
        let words = ["roles", "--explain", "--mapping", "-", "--claims", &claims, "--expect", role];
        let (code, output, messages) = run_with(mapping, &words);
        assert_eq!(code, 0, "{messages}");
        assert!(output.contains(role), "{output}");
        let (code, _, messages) = run_with("", &words);
        assert_eq!(code, 2);
        assert!(messages.contains("the standard input"), "{messages}");
    }

    #[test]
    fn added_context_keeps_a_failures_kind_and_hint() {
        let locked = Failure::new(Kind::Store, "the keyring is locked").hint("unlock it");
        let added = anyhow::Error::from(locked).context("cannot read the tokens").context("profile 'internal'");
        let said = "profile 'internal': cannot read the tokens: the keyring is locked";
        assert_eq!(Failure::from(added), Failure::new(Kind::Store, said).hint("unlock it"));
        assert_eq!(Failure::from(anyhow::anyhow!("no")), Failure::new(Kind::Failed, "no"));
    }
}
