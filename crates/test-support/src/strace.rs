//! Functions that build commands to run the program under strace, or under another program.

use std::process::{Command, Stdio};

use crate::{skip, skip_anywhere};

/// Returns whether strace works here. If not, reports that the calling test is skipped.
#[track_caller]
pub fn has_strace() -> bool {
    let has = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    let has = has.is_ok_and(|status| status.success());
    if !cfg!(target_os = "linux") {
        skip_anywhere("strace exists on Linux only");
    } else if !has {
        skip("strace is missing, or may not trace");
    }
    has
}

/// Returns a command that runs `plain` under another program. The words in `outer` start that program, and the words of
/// `plain` follow them. The new command keeps the folder and the environment of `plain`, and adds this process's PATH.
pub fn under(outer: &[&str], plain: &Command) -> Command {
    let mut command = Command::new(outer[0]);
    command.args(&outer[1..]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(folder) = plain.get_current_dir() {
        command.current_dir(folder);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
