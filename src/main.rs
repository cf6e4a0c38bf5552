//! The program: parse, run, print one failure, return the exit code. Nothing else prints or exits.

// What can panic, and what prints or exits behind `main`'s back. `expect` is allowed: its text says why it cannot fail.
#![warn(clippy::exit, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::print_stdout)]
#![warn(clippy::string_slice, clippy::unreachable, clippy::unwrap_used)]

use std::io::Write;
use std::process::ExitCode;

use cogfed::cli::{Cli, Verb};
use cogfed::commands::{self, Env};
use cogfed::error::{Failure, Kind, kind_of};
use cogfed::process;
use cogfed::terminal::{Escaping, shown};
use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory as it is freed: what the libraries below (HTTP, JSON, OAuth) copy of a token is not theirs to care
/// for, and [`cogfed::secret::Secret`] wipes only its own.
#[global_allocator]
static WIPED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    process::protect();
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        // Help and version, too. A closed output is no failure of theirs.
        Err(error) => {
            let text = error.render().to_string();
            // The parser repeats what it was given: a script may have had that from elsewhere.
            let _ = match error.use_stderr() && text.split(['\n', '\t']).any(|piece| shown(piece) != piece) {
                true => Escaping::new(std::io::stderr()).write_all(text.as_bytes()),
                false => error.print(),
            };
            return u8::try_from(error.exit_code()).map_or(Kind::Usage.into(), ExitCode::from);
        }
    };
    if cli.debug {
        process::log_to_stderr();
    }
    if !matches!(cli.verb, Verb::Login(_)) {
        return act(cli);
    }
    // Whatever a login waits for, a person, a keyring, a lock or a server, Ctrl-C ends it at once.
    let failure = match process::until_interrupted(|| act(cli)) {
        Ok(Some(code)) => return code,
        Ok(None) => Failure::new(Kind::Interrupted, "interrupted"),
        Err(error) => Failure::new(Kind::Failed, format!("cannot begin: {error}")),
    };
    let (terminal, code) = (Env::system().terminal, failure.kind.into());
    if terminal.is_attended() {
        // The terminal's own ^C stands there.
        terminal.plain("");
    }
    terminal.fail(&failure.into());
    code
}

fn act(cli: Cli) -> ExitCode {
    let mut env = Env::system();
    match commands::run(cli, &mut env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            env.terminal.fail(&error);
            kind_of(&error).into()
        }
    }
}
