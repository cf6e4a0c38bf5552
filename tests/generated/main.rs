//! Tests of the files that are generated from `src/cli`: `completions/`, `man/`, and the table of verbs in README.md.
//! They must be up to date; `BLESS=1 cargo test --test generated` writes them again. Rules for all sources are checked
//! here, too.

mod docs;
mod documented;
mod examples;
mod forgotten;
mod heads;
mod man;
mod readme;
mod rooms;
mod sections;
mod sources;
mod verification;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;

/// The contents of files, by file name.
type Files = BTreeMap<String, String>;

const VERBS_BEGIN: &str = "<!-- verbs -->\n";
const VERBS_END: &str = "<!-- /verbs -->";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Returns cogfed's command line, with the arguments that clap adds.
fn built() -> Command {
    let mut command = cogfed::cli::command();
    command.build();
    command
}

/// Returns each verb that has no subcommands, with its full name, such as `profile list`.
fn verbs(command: &Command, prefix: &str) -> Vec<(String, Command)> {
    let own = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    own.flat_map(|verb| {
        let name = format!("{prefix}{}", verb.get_name());
        match verbs(verb, &format!("{name} ")) {
            below if below.is_empty() => vec![(name, verb.clone())],
            below => below,
        }
    })
    .collect()
}

fn committed(folder: &Path) -> Files {
    let Ok(entries) = fs::read_dir(folder) else { return Files::new() };
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = fs::read_to_string(entry.path()).expect("a text file");
            (entry.file_name().into_string().expect("a name"), text)
        })
        .collect()
}

fn write(folder: &Path, files: &Files) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).expect("the folder is made");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the file is written");
    }
}

/// Returns the differences between committed and generated files, one line each.
fn differences(folder: &str, is: &Files, ought: &Files) -> Vec<String> {
    let names: BTreeSet<&String> = is.keys().chain(ought.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| match (is.get(name), ought.get(name)) {
            (None, Some(_)) => Some(format!("{folder}/{name} is missing")),
            (Some(_), None) => Some(format!("{folder}/{name} is left over")),
            (is, ought) => (is != ought).then(|| format!("{folder}/{name} is not in step with src/cli")),
        })
        .collect()
}

#[track_caller]
fn compare(folder: &str, ought: &Files) {
    let path = root().join(folder);
    if is_blessing() {
        write(&path, ought);
    }
    let differences = differences(folder, &committed(&path), ought);
    assert!(differences.is_empty(), "{differences:#?}\nBLESS=1 cargo test --test generated writes them again");
}

fn completions() -> Files {
    let shells = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish];
    shells
        .into_iter()
        .map(|shell| {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut cogfed::cli::command(), "cogfed", &mut text);
            let name = clap_complete::Generator::file_name(&shell, "cogfed");
            (name, String::from_utf8(text).expect("UTF-8"))
        })
        .collect()
}

#[test]
fn completions_are_up_to_date() {
    compare("completions", &completions());
}

#[test]
fn man_pages_are_up_to_date() {
    compare("man", &man::pages());
}

#[test]
fn readme_lists_the_verbs() {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (before, rest) = readme.split_once(VERBS_BEGIN).expect("README.md has the line <!-- verbs -->");
    let (_, after) = rest.split_once(VERBS_END).expect("README.md has <!-- /verbs --> after it");
    let rows: String = verbs(&built(), "")
        .iter()
        .map(|(name, verb)| format!("| `cogfed {name}` | {} |\n", verb.get_about().expect("a first line")))
        .collect();
    let ought = format!("{before}{VERBS_BEGIN}| verb | what it does |\n|---|---|\n{rows}{VERBS_END}{after}");
    if is_blessing() {
        fs::write(&path, &ought).expect("README.md is written");
    } else {
        assert!(readme == ought, "README.md does not list the verbs as src/cli has them; bless it:\n{rows}");
    }
}

#[test]
fn missing_changed_and_left_over_files_are_distinguished() {
    let files = |names: &[(&str, &str)]| names.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    let is: Files = files(&[("same", "1"), ("changed", "1"), ("old", "1")]);
    let ought: Files = files(&[("same", "1"), ("changed", "2"), ("new", "1")]);
    let told = differences("man", &is, &ought);
    assert_eq!(told, ["man/changed is not in step with src/cli", "man/new is missing", "man/old is left over"]);
}

#[test]
fn every_verb_has_examples_and_short_lines() {
    for (name, verb) in verbs(&built(), "") {
        let text = verb.get_after_long_help().unwrap_or_else(|| panic!("{name} has no sections")).to_string();
        assert!(text.starts_with("EXAMPLES\n"), "{name}");
        // A line to copy into ~/.aws/config must not be continued, however long it is.
        for line in text.lines().filter(|line| !line.starts_with("    credential_process = ")) {
            assert!(line.chars().count() <= 80, "{name}: longer than 80 columns: {line}");
        }
    }
}

#[test]
fn every_misbehaviour_is_in_help_and_man_page() {
    let command = built();
    let sandbox = command.find_subcommand("sandbox").expect("the verb");
    let help = sandbox.clone().render_long_help().to_string();
    let page = man::page(sandbox, &command);
    for misbehaviour in cogfed::sandbox::Misbehaviour::ALL {
        assert!(help.contains(&format!("  {}\n", misbehaviour.name())), "{}", misbehaviour.name());
        assert!(help.contains(misbehaviour.description()), "{}", misbehaviour.name());
        let roff = misbehaviour.name().replace('-', "\\-");
        assert!(page.contains(&format!("\\fB{roff}\\fR\n")), "{roff} is not in the man page");
    }
}

/// The test lets groff check the pages. CI installs it; elsewhere it may be missing.
#[test]
fn man_pages_format_without_warnings() {
    for name in man::pages().keys() {
        let page = root().join("man").join(name);
        let mut groff = std::process::Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-rLL=78n", "-z"].map(OsStr::new)).arg(&page);
        match groff.output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return cogfed_test_support::skip("there is no groff here");
            }
            output => {
                let output = output.expect("groff runs");
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && said.is_empty(), "{name}: {said}");
            }
        }
    }
}
