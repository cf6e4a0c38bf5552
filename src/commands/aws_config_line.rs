//! Wrong command lines that come from a `credential_process` line in ~/.aws/config, or from misplaced quotes.
//!
//! The tools that run cogfed from such a line show at most one line of its error, and split the line in their own way:
//! botocore passes a comment after the command on as arguments.

use super::next_step::for_shell;
use crate::cli::CREDENTIAL_PROCESS;
use crate::error::quoted;

/// Returns whether a wrong command line was meant for `credential-process`. `path` is the verb as far as it was
/// recognised, and `hint` the advice about the error.
pub(super) fn is_meant(words: &[String], path: &[String], hint: Option<&str>) -> bool {
    let names_it = |word: &String| word.to_ascii_lowercase().contains("credential");
    path.iter().any(|word| word == CREDENTIAL_PROCESS)
        || (path.len() == 1 && words.iter().any(names_it))
        || hint.is_some_and(|hint| hint.contains(CREDENTIAL_PROCESS))
}

/// Returns advice if the command seems to be followed by a comment, because one of the words begins or ends with `#` or
/// `;`. Returns `None` otherwise. No profile name and no role holds such a sign.
pub(super) fn comment(words: &[String], path: &[String]) -> Option<String> {
    let is_sign = |word: &String| word.starts_with(['#', ';']) || word.ends_with(['#', ';']);
    let is_there = path.iter().any(|word| word == CREDENTIAL_PROCESS) && words.iter().any(is_sign);
    is_there.then(|| "a comment in ~/.aws/config has to be on a line of its own".to_owned())
}

/// Returns a message and advice if a single argument holds several words of the command line, such as
/// "credential-process --profile x". Returns `None` otherwise.
pub(super) fn quoted_together(words: &[String], command: &clap::Command) -> Option<(String, String)> {
    let root = crate::cli::command();
    let is_verb = |word: &str| root.find_subcommand(word).is_some();
    let is_flag = |word: &str| {
        let names = |argument: &clap::Arg| match word.strip_prefix("--") {
            Some(long) => argument.get_long() == Some(long),
            None => argument.get_short().is_some_and(|short| word == format!("-{short}")),
        };
        command.get_arguments().chain(root.get_arguments()).any(names)
    };
    let holds_several = |word: &&String| {
        let mut parts = word.split_whitespace();
        let first = parts.next().unwrap_or_default();
        let is_profile = ["-p", "--profile"].contains(&first);
        parts.next().is_some() && (is_verb(first) || is_flag(first) || is_profile)
    };
    let together = words.iter().find(holds_several)?;
    let apart = words.iter().flat_map(|word| match word == together {
        true => word.split_whitespace().map(for_shell).collect(),
        false => vec![for_shell(word)],
    });
    let apart: Vec<String> = std::iter::once("cogfed".to_owned()).chain(apart).collect();
    let message = format!("'{}' is one argument: several words were quoted together", quoted(together));
    Some((message, format!("put no quotes around them all: {}", quoted(&apart.join(" ")))))
}
