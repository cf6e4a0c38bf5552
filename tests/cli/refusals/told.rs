//! Helpers that provoke a refusal and collect cogfed's message about it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use cogfed::sandbox::options::ORDERS_ADMIN;
use cogfed::sandbox::people::Directory;
use cogfed::sandbox::refusals::{Place, Refusal};
use cogfed::sandbox::{Misbehaviour, Options, Person, Switch};
use cogfed_test_support::{Lab, PROFILE, Ran, VisitorBrowser};

/// A message of cogfed, without the parts that differ between sandboxes.
#[derive(Debug)]
pub struct Told {
    pub status: i32,
    /// The error message, or the warning about an API's answer.
    pub error: String,
    pub hint: String,
}

impl Told {
    /// Returns the error message and the hint that a run printed.
    #[track_caller]
    pub fn of(lab: &Lab, ran: &Ran) -> Self {
        let lines = |name: &str| -> Vec<String> {
            let start = format!("cogfed: {name}: ");
            ran.stderr.lines().filter_map(|line| line.strip_prefix(&start)).map(|line| masked(lab, line)).collect()
        };
        // The hint belongs to the last warning. Earlier ones are about the clock.
        let errors = [lines("warning"), lines("error")].concat();
        let (Some(error), [hint]) = (errors.last(), &lines("hint")[..]) else { panic!("one error, one hint: {ran:?}") };
        Self { status: ran.status, error: error.clone(), hint: hint.clone() }
    }
}

fn masked(lab: &Lab, line: &str) -> String {
    let api = lab.sandbox.api_url();
    let host = api.trim_start_matches("http://").split('/').next().unwrap_or_default();
    line.replace(lab.sandbox.identity_pool_id(), "eu-west-1:POOL")
        .replace(host, "API")
        .replace(&format!("--profile {PROFILE}"), "--profile PROFILE")
        .replace(&format!("'{PROFILE}'"), "'PROFILE'")
}

/// Returns Alice, who has a role, and Frank, whose claims do not explain a refusal.
pub fn people() -> Vec<Person> {
    let mut frank = Person::new("frank", "Frank", Directory::AzureAd);
    frank.iam_roles = vec![ORDERS_ADMIN.into()];
    vec![Person::new("alice", "Alice Admin", Directory::AzureAd).with_roles(&["Orders.Admin"]), frank]
}

/// Provokes this refusal, and returns the message that cogfed prints for Alice or Frank.
#[track_caller]
pub fn provoked(refusal: &Refusal) -> Told {
    let mut options = Options { people: people(), ..Options::default() };
    let is_classic = matches!(refusal.place, Place::GetOpenIdToken | Place::Sts);
    if is_classic {
        Switch::ClassicFlow.apply(&mut options);
    }
    let (lab, _) = Lab::with_manual_clock(options);
    if is_classic {
        lab.configure_with(&format!("flow = 'classic'\nrole_arn = '{ORDERS_ADMIN}'"));
    }
    let signs_in = matches!(refusal.place, Place::Authorize | Place::Token);
    if !signs_in {
        lab.only_sign_in(if refusal.place == Place::Api || is_classic { "alice" } else { "frank" });
    }
    if refusal.name == "api-clock" {
        lab.sandbox.misbehave(Misbehaviour::ClockBehind, None);
    }
    lab.sandbox.refuse(refusal.name, None).expect("a refusal");
    let ran = match signs_in {
        true => lab.run_here(&["login"], Some(Arc::new(VisitorBrowser("alice")))),
        false => lab.run_here(&["call", "GET", &format!("{}/orders", lab.sandbox.api_url())], None),
    };
    Told::of(&lab, &ran)
}

/// A page that lists messages, to be reviewed by a person.
#[derive(Default)]
pub struct Page(String);

impl Page {
    /// Adds a refusal and cogfed's message about it to the page.
    pub fn add(&mut self, name: &str, said: &str, told: &Told) {
        let blank = if self.0.is_empty() { "" } else { "\n" };
        let Told { status, error, hint } = told;
        write!(self.0, "{blank}{name}\n  said   {said}\n  exit   {status}\n  error  {error}\n  hint   {hint}\n")
            .expect("a text takes everything");
    }

    /// Compares this page with the committed page `name`, or overwrites the committed page if `BLESS` is set.
    #[track_caller]
    pub fn compare(self, name: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/refusals").join(format!("{name}.txt"));
        if std::env::var_os("BLESS").is_some() {
            return std::fs::write(&path, self.0).expect("the page is written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        for (committed, new) in committed.split("\n\n").zip(self.0.split("\n\n")) {
            assert_eq!(committed.trim_end(), new.trim_end(), "{} (BLESS=1 writes it again)", path.display());
        }
        assert_eq!(committed, self.0, "{} (BLESS=1 writes it again)", path.display());
    }
}
