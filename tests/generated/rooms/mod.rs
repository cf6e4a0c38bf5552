//! A test of the dependencies between the top-level modules of `src`, called rooms, against the table in this file.
//!
//! A room is a module of `src/lib.rs` with everything below it, or `main`. An arrow is a path in one room's production
//! code that leads into another room: in a `use`, an expression or a macro. Arrows point down. `--nocapture` prints the
//! graph.

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use reader::Code;

/// A top-level module, and the other top-level modules that it may use. The sandbox is not included.
type Room = (&'static str, &'static str);

/// The top-level modules in layers, called floors, with the lowest floor first. The modules of a floor may use only
/// lower floors. Each room lists every room that it uses. An arrow that is missing here fails the test, and so does one
/// that is missing in the code.
const FLOORS: &[&[Room]] = &[
    &[("clock", ""), ("error", ""), ("json", ""), ("loopback", ""), ("network", ""), ("secret", ""), ("text", "")],
    &[("aws", "error secret"), ("folder", "error"), ("process", "error")],
    &[
        ("http", "clock error folder network secret"),
        ("refusals", "error"),
        ("role_mapping", "aws error json secret"),
        ("store", "error folder secret"),
        ("terminal", "error process secret"),
    ],
    &[("profile", "aws error folder http network store")],
    &[
        ("identity_pool", "aws error http profile refusals role_mapping secret"),
        ("oidc", "clock error folder http json loopback network profile refusals secret"),
        ("request", "aws clock error http network refusals secret"),
    ],
    &[("session", "aws clock error folder http identity_pool network oidc process profile secret store")],
    &[("cli", "")],
    &[(
        "commands",
        "aws cli clock error folder http identity_pool oidc process profile request role_mapping secret session store \
         terminal text",
    )],
    &[("main", "commands process")],
];

/// The top-level modules that may use `cogfed-sandbox`.
const MAY_USE_THE_SANDBOX: &[&str] = &["cli", "commands"];
const SANDBOX: &str = "sandbox";

/// The dependencies of each top-level module.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(code: &Code) -> Graph {
    let mut graph: Graph = code.rooms().map(|room| (room.to_owned(), BTreeSet::new())).collect();
    for (from, to) in code.uses() {
        let (from, to) = (room_of(from), room_of(to));
        if from != to && from != "lib" {
            graph.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
    }
    graph
}

fn room_of(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

fn floor(floors: &[&[Room]], room: &str) -> Option<usize> {
    floors.iter().position(|rooms| rooms.iter().any(|(name, _)| *name == room))
}

/// Returns the faults of the dependency graph, one line each.
fn faults(graph: &Graph, floors: &[&[Room]]) -> Vec<String> {
    let mut faults = Vec::new();
    for (room, used) in graph.iter().filter(|(room, _)| *room != SANDBOX) {
        let Some(own) = floor(floors, room) else {
            faults.push(format!("{room} is on no floor"));
            continue;
        };
        for to in used {
            if to == SANDBOX {
                if !MAY_USE_THE_SANDBOX.contains(&room.as_str()) {
                    faults.push(format!("{room} uses the sandbox"));
                }
            } else if floor(floors, to).is_some_and(|below| below >= own) {
                faults.push(format!("{room} -> {to} points up"));
            } else if !allowed(floors, room).any(|allowed| allowed == to) {
                faults.push(format!("{room} -> {to} is not in the table"));
            }
        }
    }
    for (room, allowed) in floors.iter().copied().flatten() {
        let used = graph.get(*room);
        if used.is_none() {
            faults.push(format!("{room} is in the table and not in the code"));
        }
        let missing = allowed.split_whitespace().filter(|to| used.is_some_and(|used| !used.contains(*to)));
        faults.extend(missing.map(|to| format!("{room} -> {to} is in the table and not in the code")));
    }
    faults.extend(circles(graph).into_iter().map(|circle| format!("a circle of rooms: {circle}")));
    faults
}

fn allowed(floors: &[&[Room]], room: &str) -> impl Iterator<Item = &'static str> {
    let found = floors.iter().copied().flatten().find(|(name, _)| *name == room);
    found.map_or("", |(_, allowed)| *allowed).split_whitespace()
}

/// Returns the shortest dependency cycle through each module, as text and without duplicates.
fn circles(graph: &Graph) -> BTreeSet<String> {
    graph.keys().filter_map(|room| circle(graph, room)).collect()
}

/// Returns the shortest dependency cycle through `room`, written from its alphabetically first module on.
fn circle(graph: &Graph, room: &str) -> Option<String> {
    let mut ways = vec![vec![room]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in &ways {
            for to in graph.get(*way.last()?).into_iter().flatten() {
                if to == room {
                    let first = way.iter().enumerate().min_by_key(|(_, name)| **name)?.0;
                    let mut turned: Vec<&str> = way.iter().cycle().skip(first).take(way.len()).copied().collect();
                    turned.push(turned[0]);
                    return Some(turned.join(" -> "));
                }
                if seen.insert(to) {
                    longer.push(way.iter().copied().chain([to.as_str()]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

/// Formats the dependency graph, with the highest layer first.
fn drawn(graph: &Graph, floors: &[&[Room]]) -> String {
    let mut text = String::new();
    for (floor, rooms) in floors.iter().enumerate().rev() {
        for (room, _) in *rooms {
            let used: Vec<&str> = graph.get(*room).into_iter().flatten().map(String::as_str).collect();
            text += &format!("{floor:>2}  {room:<14} {}\n", if used.is_empty() { "-".into() } else { used.join(" ") });
        }
    }
    text
}

/// Returns the submodules of `commands` that implement a verb of the command line.
fn verbs() -> Vec<String> {
    let command = super::built();
    command.get_subcommands().map(|verb| format!("commands::{}", verb.get_name().replace('-', "_"))).collect()
}

/// Returns the dependencies between submodules of `commands` that implement verbs, one line each.
fn between_verbs(code: &Code, verbs: &[String]) -> Vec<String> {
    let verb_of = |module: &str| {
        let is_in = |verb: &&String| module == verb.as_str() || module.starts_with(&format!("{verb}::"));
        verbs.iter().find(is_in)
    };
    let arrows = code.uses().filter_map(|(from, to)| Some((verb_of(from)?, verb_of(to)?)));
    arrows.filter(|(from, to)| from != to).map(|(from, to)| format!("{from} -> {to}")).collect()
}

#[test]
fn arrows_between_rooms_point_down_and_are_in_the_table() {
    let graph = graph(&Code::of(&super::root().join("src")));
    println!("{}", drawn(&graph, FLOORS));
    let faults = faults(&graph, FLOORS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Returns the top-level modules in the table of docs/ARCHITECTURE.md, each with its layer.
fn documented(text: &str) -> BTreeMap<&str, usize> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some((cells.next()?.parse().ok()?, cells.next()?))
    });
    rows.flat_map(|(floor, rooms)| rooms.split('`').skip(1).step_by(2).map(move |room| (room, floor))).collect()
}

#[test]
fn architecture_lists_each_room_on_its_floor() {
    let path = super::root().join("docs/ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).expect("a document");
    let expected =
        FLOORS.iter().enumerate().flat_map(|(floor, rooms)| rooms.iter().map(move |(room, _)| (*room, floor)));
    assert_eq!(documented(&text), expected.collect());
    assert_eq!(documented("| 2 | `a`, `b` | `c` |\n|---|---|\n| x | `d` |"), [("a", 2), ("b", 2)].into());
}

#[test]
fn no_verb_uses_another_verb() {
    let code = Code::of(&super::root().join("src"));
    let verbs = verbs();
    let in_code = verbs.iter().filter(|verb| code.has(verb)).count();
    assert!(in_code >= 8, "only {in_code} of {verbs:?} are in the code");
    let arrows = between_verbs(&code, &verbs);
    assert!(arrows.is_empty(), "{}", arrows.join("\n"));
}

fn of(arrows: &[(&str, &[&str])]) -> Graph {
    arrows.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect())).collect()
}

#[test]
fn each_fault_of_the_room_graph_is_found() {
    let floors: &[&[Room]] = &[&[("low", ""), ("side", "")], &[("high", "low")]];
    let good = [("low", &[] as &[&str]), ("side", &[]), ("high", &["low"])];
    assert_eq!(faults(&of(&good), floors), [""; 0]);
    for (changed, expected) in [
        (("low", &["high"] as &[&str]), vec!["low -> high points up", "a circle of rooms: high -> low -> high"]),
        (("low", &["side"]), vec!["low -> side points up"]),
        (("high", &["low", "side"]), vec!["high -> side is not in the table"]),
        (("high", &[]), vec!["high -> low is in the table and not in the code"]),
        (("attic", &[]), vec!["attic is on no floor"]),
        (("side", &[SANDBOX]), vec!["side uses the sandbox"]),
        (("side", &["side"]), vec!["side -> side points up", "a circle of rooms: side -> side"]),
    ] {
        let mut graph = of(&good);
        graph.extend(of(&[changed]));
        assert_eq!(faults(&graph, floors), expected, "{changed:?}");
    }
    let without = of(&[("low", &[]), ("high", &["low"])]);
    assert_eq!(faults(&without, floors), ["side is in the table and not in the code"]);
}

#[test]
fn arrow_between_two_verbs_is_found() {
    let mut code = Code::default();
    code.read("commands::login", "use super::status::{self, until};\nuse super::rows;");
    code.read("commands::status::text", "use super::super::rows;\nuse crate::commands::status;");
    let verbs = ["commands::login", "commands::status"].map(str::to_owned);
    assert_eq!(between_verbs(&code, &verbs), ["commands::login -> commands::status"; 2]);
}
