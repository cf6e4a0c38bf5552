//! Generation of the man pages, from clap_mangen's sections and additional ones.

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::{Files, sections};

/// Returns all man pages, by file name. Every verb and every group of verbs has a page.
pub fn pages() -> Files {
    let mut root = cogfed::cli::command().disable_help_subcommand(true);
    root.build();
    let all = all_of(&root);
    all.iter().map(|command| (format!("{}.1", name_of(command)), page(command, &root))).collect()
}

/// Returns the man page of `command`, a command of the command line `root`.
pub fn page(command: &Command, root: &Command) -> String {
    let version = root.get_version().expect("a version");
    let man = Man::new(command.clone().disable_help_subcommand(true).subcommand_help_heading("VERBS"))
        .title(name_of(command).to_uppercase())
        .date("\"\"") // An empty one, for roff: a date would change without a change.
        .source(format!("cogfed {version}"))
        .manual("cogfed");
    let part = |render: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut bytes = Vec::new();
        render(&mut bytes).expect("a Vec takes everything");
        String::from_utf8(bytes).expect("UTF-8")
    };
    let own = |roff: Roff| part(&|out| roff.to_writer(out));
    let mut parts = vec![
        part(&|out| man.render_title(out)),
        // Host names and commands must not be hyphenated, and lines must not be stretched.
        own(std::mem::take(Roff::new().control("nh", []).control("ad", ["l"]))),
        part(&|out| man.render_name_section(out)),
        own(synopsis(command)),
        own(description(command)),
        part(&|out| man.render_options_section(out)),
    ];
    if command.has_subcommands() {
        parts.push(part(&|out| man.render_subcommands_section(out)));
    }
    let mut rest = Roff::new();
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    sections::render(&sections::read(&text), &mut rest);
    see_also(command, root, &mut rest);
    parts.push(own(rest));
    joined(&parts)
}

fn name_of(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn all_of(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(all_of)).collect()
}

/// Returns the section SYNOPSIS, including the values of options, which clap_mangen omits.
fn synopsis(command: &Command) -> Roff {
    let mut line = vec![bold(command.get_bin_name().unwrap_or_else(|| command.get_name()))];
    for option in command.get_opts().chain(command.get_arguments().filter(|it| is_flag(it))) {
        let names =
            [option.get_short().map(|short| format!("-{short}")), option.get_long().map(|long| format!("--{long}"))];
        line.push(roman(" ["));
        for (index, name) in names.into_iter().flatten().enumerate() {
            line.extend((index > 0).then(|| roman("|")));
            line.push(bold(name));
        }
        if !is_flag(option) {
            let values = option.get_value_names().unwrap_or_default().iter().map(ToString::to_string);
            line.extend(values.flat_map(|value| [roman(" "), italic(value)]));
        }
        line.push(roman("]"));
    }
    for positional in command.get_positionals() {
        let name = positional.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<String>();
        line.extend([roman(" "), italic(name)]);
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("VERB")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text(line);
    roff
}

/// Returns whether an argument is an option that takes no value.
fn is_flag(argument: &Arg) -> bool {
    !argument.is_positional() && !argument.get_action().takes_values()
}

/// Returns the section DESCRIPTION: the long help text without its first line, which the section NAME already contains.
fn description(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let long = long.strip_prefix(&about).unwrap_or(&long).trim();
    roff.control("SH", ["DESCRIPTION"]);
    for paragraph in if long.is_empty() { &about } else { long }.split("\n\n") {
        roff.control("PP", []).text([roman(paragraph)]);
    }
    roff
}

/// Writes the section SEE ALSO, with the pages of the parent, sibling and child commands.
fn see_also(command: &Command, root: &Command, roff: &mut Roff) {
    let all = all_of(root);
    let own = name_of(command);
    let mut names: Vec<&str> = all.iter().map(|other| name_of(other)).filter(|other| *other != own).collect();
    names.retain(|other| is_near(own, other));
    roff.control("SH", ["SEE ALSO"]);
    let mut line = Vec::new();
    for name in names {
        if !line.is_empty() {
            line.push(roman(", "));
        }
        line.extend([bold(name), roman("(1)")]);
    }
    roff.text(line);
}

/// Returns whether two commands are parent and child, or siblings.
fn is_near(one: &str, other: &str) -> bool {
    let below = |parent: &str, child: &str| child.starts_with(&format!("{parent}-"));
    // A verb's name may contain a hyphen. Only `profile` has verbs below it.
    let parent = |name: &str| if below("cogfed-profile", name) { "cogfed-profile" } else { "cogfed" }.to_owned();
    below(one, other) || below(other, one) || parent(one) == parent(other)
}

/// Joins the sections of a man page. Each begins with roff's definition of the apostrophe, of which only the first is
/// kept.
fn joined(parts: &[String]) -> String {
    let definition = Roff::new().render();
    let bodies = parts.iter().map(|part| part.strip_prefix(&definition).expect("the definition comes first"));
    let page = bodies.fold(definition.clone(), |page, body| page + body);
    // roff treats an empty line as a gap, and warns about it. `.sp` is the same gap without a warning.
    page.lines().map(|line| if line.is_empty() { ".sp\n".into() } else { format!("{line}\n") }).collect()
}
