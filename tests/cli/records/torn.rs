//! Tests with records that are split over several items, as on Windows. Each write and delete of a sign-in, a renewal
//! and a sign-out fails, once and permanently.

use chrono::TimeDelta;
use cogfed::error::Failure;
use cogfed::oidc::{Grant, IdTokenClaims, Tokens};
use cogfed::sandbox::options::{Options, Rotation};
use cogfed::secret::Secret;
use cogfed::session::Session;
use cogfed::session::accepted::Accepted;
use cogfed::session::record::TokensRecord;
use cogfed::store::MemoryStore;
use cogfed_test_support::{InMemory, Lab};

/// The maximum size of an item in the test, in bytes. It is so small that records are split.
const LIMIT: usize = 1000;

pub struct Small<'a> {
    lab: &'a Lab,
    items: InMemory,
}

impl<'a> Small<'a> {
    /// Returns a store with a small item size limit and a copy of the lab's items.
    pub fn of(lab: &'a Lab) -> Self {
        let items = InMemory::copied(lab, MemoryStore::with_limit(LIMIT));
        let accounts = items.memory.accounts();
        assert!(accounts.len() > 4, "several parts: {accounts:?}");
        Self { lab, items }
    }

    pub fn session<T>(&self, work: impl FnOnce(&Session) -> T) -> T {
        work(&self.items.session)
    }

    fn credentials(&self) -> Result<String, Failure> {
        self.items.credentials().map(|lease| lease.credentials.access_key_id)
    }

    fn person(&self) -> Option<String> {
        TokensRecord::read(&self.items.session.store, &self.items.session.ask).unwrap().map(|record| record.person)
    }

    fn signed_in_as(&self, subject: &str) -> Result<(), Failure> {
        let now = cogfed::clock::Clock::now(&self.lab.clock);
        let long = |name: &str| Secret::new(name.repeat(700));
        let grant = Grant {
            token_endpoint: self.items.session.profile().issuer.user_pool().unwrap().endpoints.token.clone(),
            id_token: Some(long("i")),
            access_token: Some(long("a")),
            refresh_token: Some(long("r")),
            offset: Default::default(),
        };
        let claims = IdTokenClaims {
            issuer: "https://issuer.example".into(),
            subject: subject.into(),
            issued_at: now,
            expires_at: now + TimeDelta::hours(1),
            person: subject.into(),
            provider: None,
        };
        self.session(|session| session.save_sign_in(&Tokens { grant, claims }, &Accepted::default(), false, &[]))
            .map(drop)
    }
}

/// Runs both steps of a sign-out, without the revocation between them.
fn sign_out(session: &Session) -> Result<(), Failure> {
    match session.begin_sign_out(&[])? {
        Some(signing_out) => session.finish_sign_out(&signing_out),
        None => Ok(()),
    }
}

/// Runs `case` once for each store call, and makes this call fail. In a second round, all later calls fail, too.
/// Returns the number of failing points. All cases share one lab, since each has its own store.
fn sweep(mut case: impl FnMut(&Small<'_>, bool)) -> usize {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.run(&["credential-process"]).good();
    let mut boundaries = 0;
    for for_good in [false, true] {
        for call in 0.. {
            let small = Small::of(&lab);
            small.items.memory.fail(call..if for_good { usize::MAX } else { call + 1 });
            case(&small, for_good);
            if small.items.memory.calls() <= call {
                break;
            }
            small.items.memory.fail(0..0);
            boundaries += 1;
        }
    }
    boundaries
}

#[test]
fn sign_in_failing_at_any_write_never_mixes_two_persons() {
    let boundaries = sweep(|small, _| {
        let saved = small.signed_in_as("bob");
        small.items.memory.fail(usize::MAX..usize::MAX);
        let person = small.person().unwrap();
        assert_eq!(person == "bob", saved.is_ok(), "the header is the last to be written");
        let keys = small.items.session.store.get(&super::account(small.lab, "credentials")).unwrap();
        assert!(person != "bob" || keys.is_none(), "alice's keys beside bob's sign-in");
        small.signed_in_as("carol").unwrap();
        assert_eq!(small.person().as_deref(), Some("carol"));
        assert_eq!(small.items.session.store.get(&super::account(small.lab, "credentials")).unwrap(), None);
    });
    println!("{boundaries} boundaries");
    assert!(boundaries > 20, "{boundaries}");
}

#[test]
fn sign_out_failing_at_any_write_is_finished_later() {
    let boundaries = sweep(|small, _| {
        let out = small.session(sign_out);
        small.items.memory.fail(usize::MAX..usize::MAX);
        if out.is_ok() {
            assert_eq!(small.person(), None);
        }
        small.session(sign_out).unwrap();
        assert_eq!(small.items.memory.accounts(), Vec::<String>::new(), "leftovers");
    });
    println!("{boundaries} boundaries");
    assert!(boundaries > 20, "{boundaries}");
}

#[test]
fn renewal_failing_at_any_write_leaves_a_renewable_sign_in() {
    let options = Options { rotation: Rotation::On { grace: 60 }, ..Options::default() };
    let (lab, clock) = Lab::with_manual_clock(options);
    lab.login_here("alice").good();
    lab.run_here(&["credential-process"], None).good();
    let mut boundaries = 0;
    let small = Small::of(&lab);
    for for_good in [false, true] {
        for call in 0.. {
            clock.advance(TimeDelta::hours(2));
            small.items.memory.fail(call..if for_good { usize::MAX } else { call + 1 });
            let renewed = small.credentials();
            let is_over = small.items.memory.calls() <= call;
            small.items.memory.fail(0..0);
            assert!(!is_over || renewed.is_ok());
            if let Err(error) = renewed {
                assert_eq!(error.kind, cogfed::error::Kind::Store, "call {call}: {error}");
            }
            small.credentials().unwrap_or_else(|error| panic!("call {call}, for good {for_good}: {error}"));
            if is_over {
                break;
            }
            boundaries += 1;
        }
    }
    small.session(sign_out).unwrap();
    assert_eq!(small.items.memory.accounts(), Vec::<String>::new(), "leftovers after {boundaries} torn writes");
    println!("{boundaries} boundaries");
    assert!(boundaries > 40, "{boundaries}");
}
