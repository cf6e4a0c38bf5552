//! Tests that help and man pages name every configuration key, flag and environment variable that the code reads.

use std::collections::BTreeSet;

use clap::Command;
use cogfed::profile::keys::{Entry, Environment, KEYS};

use crate::sections::{Block, Section};
use crate::sources::{Source, program};
use crate::{built, man, sections};

type Names = BTreeSet<String>;

/// Variables, and parts of their names, that are taken out of the environment of programs that open a page.
const KEPT_FROM_OPENERS: &[&str] = &[
    "BASHOPTS",
    "BASH_ENV",
    "CHROM",
    "DIR",
    "DIRS",
    "ENV",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LESSOPEN",
    "NODE_OPTIONS",
    "PATHS",
    "PERL5DB",
    "PERL5OPT",
    "PS4",
    "PYTHONBREAKPOINT",
    "PYTHONWARNINGS",
    "RUBYOPT",
    "SHELLOPTS",
    "SSLKEYLOGFILE",
];

/// The environment variables that other programs set. They describe the environment or the terminal, and users never
/// set these variables for cogfed. The code reads them, and no help names them.
const OF_OTHER_PROGRAMS: &[&str] = &[
    // The home folder on Windows, as for the files of AWS's tools.
    "USERPROFILE",
    // CI services.
    "CI",
    "CODEBUILD_BUILD_ID",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    // Containers and remote machines.
    "CODESPACES",
    "KUBERNETES_SERVICE_HOST",
    "REMOTE_CONTAINERS",
    "SSH_CLIENT",
    "SSH_CONNECTION",
    "SSH_TTY",
    "VSCODE_IPC_HOOK_CLI",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "container",
    // The desktop and the terminal.
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "PATH",
    "STY",
    "TERM",
    "TMUX",
    "WAYLAND_DISPLAY",
];

/// The environment variables that `status --report` prints, but cogfed does not use.
const ONLY_REPORTED: &[&str] = &["AWS_PROFILE"];

/// The environment variables that the library `dirs` reads on behalf of cogfed.
const READ_BY_LIBRARIES: &[&str] = &["APPDATA"];

/// The upper-case literals that are not environment variables, in files that read environment variables.
const NO_VARIABLES: &[&str] = &["CARGO_PKG_VERSION", "DELETE", "GET"];

/// The source file that reads environment variables only to print them.
const REPORT: &str = "status/report.rs";

fn names(names: &[&str]) -> Names {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn help_of(command: &Command) -> String {
    command.clone().render_long_help().to_string()
}

fn sections_of(command: &Command) -> Vec<Section> {
    sections::read(&command.get_after_long_help().map(ToString::to_string).unwrap_or_default())
}

/// Returns a command and all its subcommands at any depth.
fn all(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(all)).collect()
}

/// Returns `text` without the parts in brackets, parentheses and quotation marks.
fn bare(text: &str) -> String {
    let (mut depth, mut is_quoted) = (0_usize, false);
    let is_kept = |c: &char| {
        match c {
            '"' => is_quoted = !is_quoted,
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth -= 1;
                return false;
            }
            _ => return depth == 0 && !is_quoted,
        }
        false
    };
    text.chars().filter(is_kept).collect()
}

/// Returns the names in a list, for example `a`, `b.c` and `b.d` in `a, b.{c,d}`. Only the first word of each entry
/// counts.
fn listed(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let text = match text.split_once('{') {
        Some((before, rest)) => {
            let (inner, after) = rest.split_once('}').expect("a closing brace");
            let (before, prefix) = before.rsplit_once([',', ' ']).unwrap_or(("", before));
            names.extend(inner.split(',').map(|name| format!("{prefix}{name}")));
            format!("{before}{after}")
        }
        None => text.to_owned(),
    };
    let words = text.split(',').filter_map(|item| item.split_whitespace().next());
    names.extend(words.map(str::to_owned));
    names
}

/// Returns the configuration keys that the help explains in examples, lists and terms.
fn explained_keys() -> Names {
    let sections = sections_of(&built());
    let of_profiles = sections.iter().filter(|section| ["PROFILES", "PLAIN ISSUERS"].contains(&section.title.as_str()));
    let mut keys = Names::new();
    for block in of_profiles.flat_map(|section| &section.blocks) {
        match block {
            Block::Verbatim(lines) if lines.iter().any(|line| line.contains(" = ")) => {
                let lines = lines.iter().skip_while(|line| !line.starts_with("[profile."));
                keys.extend(lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned())));
            }
            Block::Verbatim(lines) => keys.extend(listed(&bare(&lines.join(" ")))),
            Block::Term(term, _) => keys.extend(term.split_whitespace().last().map(str::to_owned)),
            Block::Text(_) => {}
        }
    }
    keys
}

/// Returns the terms in the section ENVIRONMENT of `cogfed help`, each with its meaning.
fn terms() -> Vec<(String, String)> {
    let sections = sections_of(&built());
    let section = sections.into_iter().find(|section| section.title == "ENVIRONMENT").expect("ENVIRONMENT");
    let term = |block| match block {
        Block::Term(term, meaning) => Some((term, meaning)),
        _ => None,
    };
    section.blocks.into_iter().filter_map(term).collect()
}

/// Returns the environment variables in help texts: the terms of ENVIRONMENT, and all words that look like variables.
fn documented() -> Names {
    let command = built();
    let mut variables: Names = terms().iter().flat_map(|(term, _)| listed(term)).collect();
    variables.remove("COGFED_<KEY>");
    for command in all(&command) {
        let help = help_of(command);
        let words = help.split(|c: char| !c.is_ascii_alphanumeric() && !"_$%".contains(c));
        let is_marked = |word: &str| word.starts_with('$') || (word.starts_with('%') && word.ends_with('%'));
        let found = words.filter(|word| is_variable(word) && word.contains('_') || is_marked(word));
        variables.extend(found.map(|word| word.trim_matches(['$', '%']).to_owned()).filter(|word| is_variable(word)));
    }
    let of_keys: Names = KEYS.iter().map(Entry::variable).collect();
    &variables - &of_keys
}

fn is_variable(word: &str) -> bool {
    let is_plain = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    word.len() > 1 && is_plain && word.starts_with(|c: char| c.is_ascii_uppercase()) && !word.ends_with('_')
}

/// Returns the environment variables that the source files read. Any literal of a variable's form counts, since some
/// are read through a table. A literal without an underscore counts only in a file that reads variables. A proxy's
/// variable is returned in capitals.
fn read<'a>(sources: impl Iterator<Item = &'a Source>) -> Names {
    let mut variables = Names::new();
    for source in sources {
        let is_one = |literal: &&String| {
            let is_conventional = literal.ends_with("_proxy") || *literal == "container";
            is_conventional || is_variable(literal) && (literal.contains('_') || source.reads_variables())
        };
        variables.extend(source.literals.iter().filter(is_one).map(|name| match name.ends_with("_proxy") {
            true => name.to_ascii_uppercase(),
            false => name.clone(),
        }));
    }
    let of_keys: Names = KEYS.iter().map(Entry::variable).collect();
    &(&variables - &of_keys) - &names(NO_VARIABLES)
}

#[test]
fn help_and_man_page_explain_every_configuration_key() {
    let keys: Names = KEYS.iter().map(|key| key.name.to_owned()).collect();
    assert_eq!(&explained_keys() - &keys, names(&[]), "the help explains what is no key");
    assert_eq!(&keys - &explained_keys(), names(&[]), "the help does not explain every key");
    let page = man::page(&built(), &built());
    for key in KEYS {
        let name = key.name.rsplit_once('.').map_or(key.name, |(_, name)| name);
        assert!(page.contains(name), "{} is not in the man page", key.name);
    }
}

#[test]
fn help_lists_the_keys_that_the_environment_cannot_override() {
    let terms = terms();
    let (_, meaning) = terms.iter().find(|(term, _)| term == "COGFED_<KEY>").expect("COGFED_<KEY>");
    let words: Names = meaning.split([' ', ',', '.', ':', '(', ')']).map(str::to_owned).collect();
    for key in KEYS {
        let name = key.name.split('.').next().expect("a name");
        assert_eq!(words.contains(name), key.environment == Environment::Refused, "{}", key.name);
    }
}

#[test]
fn help_and_man_pages_name_every_flag() {
    let command = built();
    for verb in all(&command) {
        // The sections are left out, since their examples name flags, too.
        let verb = &verb.clone().after_long_help("");
        let (help, page) = (help_of(verb), man::page(verb, &command));
        for flag in verb.get_arguments().filter_map(|argument| argument.get_long()) {
            let roff = format!("\\-\\-{}", flag.replace('-', "\\-"));
            assert!(help.contains(&format!("--{flag}")), "{}: --{flag} is not in the help", verb.get_name());
            assert!(page.contains(&roff), "{}: --{flag} is not in the man page", verb.get_name());
        }
        for argument in verb.get_arguments() {
            assert!(argument.get_help().is_some(), "{}: {} has no help", verb.get_name(), argument.get_id());
        }
    }
}

#[test]
fn help_and_man_pages_name_every_variable_that_is_read() {
    let sources = program();
    let documented = documented();
    let undocumented = &read(sources.iter()) - &documented;
    let known = names(&[OF_OTHER_PROGRAMS, KEPT_FROM_OPENERS, ONLY_REPORTED].concat());
    assert_eq!(&undocumented - &known, names(&[]), "read, but in no help text");
    assert_eq!(&known - &undocumented, names(&[]), "listed here as undocumented, but documented or not read");
    let pages: String = man::pages().into_values().collect();
    for name in &documented {
        assert!(pages.contains(name.as_str()), "{name} is in no man page");
    }
}

#[test]
fn every_documented_variable_is_read() {
    let sources = program();
    let read = read(sources.iter().filter(|source| !source.path.ends_with(REPORT)));
    let unread = &documented() - &read;
    let by_libraries = names(READ_BY_LIBRARIES);
    assert_eq!(&unread - &by_libraries, names(&[]), "in a help text, but read nowhere");
    assert_eq!(&by_libraries - &unread, names(&[]), "listed here as read by libraries only");
}

#[test]
fn key_lists_with_braces_are_expanded() {
    let text = "idp_identifier, browser (a command), scopes [\"openid\"], store \"keyring\" (or \"file\"), fips false";
    assert_eq!(listed(&bare(text)), ["idp_identifier", "browser", "scopes", "store", "fips"]);
    assert_eq!(listed("a, endpoints.{sts,domain}"), ["endpoints.sts", "endpoints.domain", "a"]);
}
