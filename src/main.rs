//! The program: parse, run, print one failure, return the exit code. Nothing else prints or exits.

use std::process::ExitCode;

use cogfed::cli::Cli;
use cogfed::commands::{self, Env};
use cogfed::error::{Kind, kind_of};

fn main() -> ExitCode {
    cogfed::process::protect();
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        // Help and version, too. A closed output is no failure of theirs.
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(Kind::Usage.into(), ExitCode::from);
        }
    };
    if cli.debug {
        cogfed::process::log_to_stderr();
    }
    let mut env = Env::system();
    match commands::run(cli, &mut env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            env.terminal.fail(&error);
            kind_of(&error).into()
        }
    }
}
