//! The small files without secrets, with any contents: the mark of a refresh, the last failure, the cached keys, a
//! cached discovery document, a lock's holder. The input's first letter chooses the file.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use cogfed::folder::{Folder, Lock, LockError};
use cogfed::http::Http;
use cogfed::oidc::{Expected, Keys, discovery};
use cogfed::profile::{Issuer, ProviderEndpoints};
use cogfed::secret::Secret;
use cogfed::session::record::{TokensRecord, credentials_account, tokens_account};
use cogfed::session::{Ask, last_failure, refresh_mark};
use cogfed::store::{Backend, MemoryStore, Patience, Store, StoreKind};

use crate::given::{CLIENT, ISSUER, assert_presentable, now, plain_profile, profile};

/// A folder for this process only, in memory if the system has such a file system.
static FOLDER: LazyLock<Folder> = LazyLock::new(|| {
    let shared = std::path::Path::new("/dev/shm");
    let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    Folder::at(parent.join(format!("cogfed-fuzz-{}-{:?}", std::process::id(), std::thread::current().id())))
});

/// Checks that invalid contents are ignored.
pub fn run(data: &[u8]) {
    let Some((letter, contents)) = data.split_first() else { return };
    match letter {
        b'm' => interrupted(contents),
        b'f' => renewal_failed(contents),
        b'k' => keys(contents),
        b'd' => discovered(contents),
        _ => holder(contents),
    }
}

fn put(kind: &str, name: &str, contents: &[u8]) {
    let folder = FOLDER.sub(kind).ensured().expect("a folder");
    std::fs::write(folder.join(cogfed::folder::file_name(name)), contents).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(cogfed::folder::file_name(name));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
}

fn interrupted(contents: &[u8]) {
    let profile = profile("");
    let memory = MemoryStore::default();
    let record = include_str!("../../tests/data/released/0.1.0/tokens.json");
    memory.set(&tokens_account(&profile), &Secret::new(record)).expect("room");
    let store = Store::new(StoreKind::Memory(memory), &FOLDER, Patience::new(Duration::from_secs(1)), None);
    let tokens = TokensRecord::read(&store, &Ask::new(profile.clone())).expect("readable").expect("there");
    put("refreshes", &tokens_account(&profile), contents);
    if let Some(at) = refresh_mark::interrupted_at(&FOLDER, &profile, &tokens) {
        let names = String::from_utf8_lossy(contents).contains(&tokens.generation)
            || serde_json::from_slice::<serde_json::Value>(contents)
                .is_ok_and(|it| it["generation"] == *tokens.generation);
        assert!(names, "a mark of other tokens");
        let _ = at.format("%F %T UTC").to_string();
    }
    let earlier = refresh_mark::interrupted_at(&FOLDER, &profile, &tokens);
    let set = refresh_mark::set(&FOLDER, &profile, &tokens, now()).expect("a mark");
    assert_eq!(set, earlier);
    assert_eq!(refresh_mark::interrupted_at(&FOLDER, &profile, &tokens), Some(earlier.unwrap_or_else(now)));
}

fn renewal_failed(contents: &[u8]) {
    let profile = profile("");
    let ask = Ask::new(profile);
    put("failures", &credentials_account(&ask), contents);
    if let Some(last) = last_failure::read(&FOLDER, &ask) {
        let recent = last.is_recent(now());
        let apart = (now() - last.at).abs();
        assert!(!recent || apart <= TimeDelta::minutes(10), "{apart} ago counts as recent");
        let failure = last.failure();
        assert!(matches!(failure.kind.exit_code(), 1..=7), "{failure:?}");
    }
    last_failure::remember(&FOLDER, &ask, &cogfed::error::Failure::new(cogfed::error::Kind::Network, "x"), now());
    assert!(last_failure::read(&FOLDER, &ask).is_some_and(|last| last.is_recent(now())));
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
static HTTP: LazyLock<Http> = LazyLock::new(Http::default);

fn keys(contents: &[u8]) {
    // Not a URL, so keys that are not taken from the file cannot be fetched, and nothing is sent.
    let url = "no server at all";
    put("keys", url, contents);
    let issuers = [ISSUER.to_owned()];
    let expected = Expected {
        issuers: &issuers,
        is_user_pool: true,
        client_id: CLIENT,
        nonce: None,
        access_token: Some(&Secret::new("an access token")),
        now: now(),
        offset: cogfed::clock::Offset::default(),
    };
    let header = "eyJraWQiOiJwb29sIiwiYWxnIjoiUlMyNTYifQ";
    let token = Secret::new(format!("{header}.e30.{}", "A".repeat(342)));
    let outcome = RUNTIME.block_on(Keys::new(&HTTP, &FOLDER, url).verify(&token, &expected));
    assert_presentable(&outcome.expect_err("nobody signed it"));
}

fn discovered(contents: &[u8]) {
    let mut profile = plain_profile("");
    let Issuer::Plain(issuer) = &mut profile.issuer else { panic!("an issuer in the user pool's place") };
    // As with the keys, a document that is not taken from the file cannot be fetched.
    issuer.discovery = "no server at all".to_owned();
    put("discovery", &issuer.discovery, contents);
    let issuer = issuer.clone();
    match RUNTIME.block_on(discovery::endpoints(&profile.issuer, &HTTP, &FOLDER, now())) {
        Ok(endpoints) => {
            // Parts of the file that are not read may be invalid UTF-8.
            let kept = serde_json::from_slice::<serde_json::Value>(contents);
            assert!(kept.is_err() || kept.is_ok_and(|it| it["document"]["issuer"] == *issuer.url), "another issuer's");
            let ProviderEndpoints { authorization, token, revocation, logout, jwks, .. } = endpoints;
            let all = [Some(authorization), Some(token), Some(jwks), revocation, logout];
            assert!(all.iter().flatten().all(|endpoint| issuer.check(endpoint).is_ok()), "{all:?}");
        }
        Err(failure) => assert_presentable(&failure),
    }
}

fn holder(contents: &[u8]) {
    static INPUTS: AtomicU64 = AtomicU64::new(0);
    // The previous input's waiter may still hold its lock for a moment, so each input has another lock.
    let name = &format!("lock {}", INPUTS.fetch_add(1, Ordering::Relaxed));
    let lock = Lock::try_acquire(&FOLDER, name).expect("a lock").expect("nobody has it");
    put("locks", name, contents);
    match Lock::acquire(&FOLDER, name, Duration::ZERO) {
        Err(LockError::Held(held)) => {
            let written = std::str::from_utf8(contents).ok().and_then(|text| text.parse::<u32>().ok());
            assert!(held.pid.is_none() || held.pid == written, "{held:?}");
            assert_presentable(&held.into());
        }
        Err(LockError::Failed(error)) => panic!("{error:#}"),
        Ok(_) => panic!("held by two"),
    }
    drop(lock);
    let path = FOLDER.sub("locks").path().join(cogfed::folder::file_name(name));
    std::fs::remove_file(path).expect("it is there");
}
