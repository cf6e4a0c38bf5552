//! Tests in which processes of four verbs are killed at random times, several at once.

use std::process::Child;
use std::sync::Mutex;
use std::time::Duration;

use chrono::TimeDelta;
use cogfed::sandbox::visitor;
use cogfed_test_support::{CREDENTIALS, Lab, Random, WaitingLogin};

use crate::scale;
use crate::state::{MODES, name, owner, readable, signed_in};

/// The number of processes that are killed before each check of the stored state.
const VOLLEY: usize = 4;
/// The maximum time between the start of a process and its kill, in microseconds. Most processes live for less.
const LONGEST: usize = 60_000;

#[derive(Default, Debug)]
struct Tally {
    killed: usize,
    ended: usize,
    lost_and_named: usize,
}

/// Kills the process after `after` microseconds, unless it has ended by then.
fn shoot(mut child: Child, after: u64, tally: &Mutex<Tally>) {
    std::thread::sleep(Duration::from_micros(after));
    child.kill().expect("a signal is sent");
    let is_killed = child.wait().expect("it ends").code().is_none();
    let mut tally = tally.lock().expect("a lock");
    if is_killed { tally.killed += 1 } else { tally.ended += 1 }
}

/// Starts a `login`, and kills it `after` microseconds after its URL was printed.
fn shoot_at_login(lab: &Lab, person: &str, after: u64, tally: &Mutex<Tally>) {
    let waiting = WaitingLogin::of(lab.command(&["login", "--no-browser", "--force"]).spawn().expect("cogfed runs"));
    let url = waiting.url.clone();
    std::thread::scope(|scope| {
        scope.spawn(|| visitor::sign_in_as(&url, person));
        std::thread::sleep(Duration::from_micros(after));
        waiting.kill();
    });
    tally.lock().expect("a lock").killed += 1;
}

fn volley(lab: &Lab, random: &mut Random, tally: &Mutex<Tally>) {
    let url = format!("{}/orders", lab.sandbox.api_url());
    std::thread::scope(|scope| {
        for _ in 0..VOLLEY {
            let (verb, after) = (random.below(8), random.below(LONGEST) as u64);
            let (url, person) = (url.as_str(), if random.below(2) == 0 { "alice" } else { "bob" });
            scope.spawn(move || match verb {
                0 => shoot_at_login(lab, person, after, tally),
                1 => shoot(lab.command(&["logout"]).spawn().expect("cogfed runs"), after, tally),
                2..=4 => shoot(lab.command(&["call", "GET", url]).spawn().expect("cogfed runs"), after, tally),
                _ => shoot(lab.command(CREDENTIALS).spawn().expect("cogfed runs"), after, tally),
            });
        }
    });
}

#[test]
fn state_stays_usable_after_kills_at_random_times() {
    let mut total = 0;
    for (at, rotation) in MODES.into_iter().enumerate() {
        let lab = signed_in(rotation);
        let mut random = Random(0x9e37_79b9_7f4a_7c15 + at as u64);
        let tally = Mutex::new(Tally::default());
        let (mut signed_out, mut unreadable) = (0, Vec::new());
        for round in 0..scale::kills().div_ceil(MODES.len() * VOLLEY) {
            lab.age(TimeDelta::hours(2));
            volley(&lab, &mut random, &tally);
            let tokens = match readable(&lab) {
                Ok(tokens) => tokens,
                Err(error) => {
                    unreadable.push(format!("round {round}: {error}"));
                    continue;
                }
            };
            lab.age(TimeDelta::hours(2));
            let ran = lab.run(CREDENTIALS);
            assert!(matches!(ran.status, 0 | 3), "{rotation:?}, round {round}: {ran:?}");
            if ran.status == 0 {
                let tokens = tokens.expect("a sign-in");
                assert_eq!(owner(&lab, &ran), name(tokens["person"].as_str().expect("a person")), "round {round}");
                continue;
            }
            if ran.stderr.contains("was cut off before its answer was saved") {
                let may_be = rotation == cogfed::sandbox::options::Rotation::On { grace: 0 };
                assert!(may_be, "{rotation:?}, round {round}: {}", ran.stderr);
                tally.lock().unwrap().lost_and_named += 1;
            } else {
                let words = ["nobody is signed in", "a sign-out of profile"];
                assert!(
                    words.iter().any(|words| ran.stderr.contains(words)),
                    "{rotation:?}, round {round}: {}",
                    ran.stderr
                );
                signed_out += 1;
            }
            lab.login_with(&["--force"], "alice").good();
            lab.run(CREDENTIALS).good();
        }
        assert_eq!(lab.items(".").len(), 0);
        let tally = tally.into_inner().unwrap();
        println!(
            "{rotation:?}: {} killed, {} had ended before; {} unreadable states, {signed_out} signed out, {} refresh tokens lost between answer and save, and named",
            tally.killed,
            tally.ended,
            unreadable.len(),
            tally.lost_and_named
        );
        assert_eq!(unreadable, Vec::<String>::new());
        total += tally.killed + tally.ended;
    }
    println!("{total} processes shot at");
}
