//! The lab's store as files, many processes at once, and a door before the servers.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::http::Http;
use cogfed::profile::{Choice, Profile};
use cogfed::secret::Secret;
use cogfed::session::record::{credentials_account, tokens_account};
use cogfed::session::{Lease, Session};
use cogfed::store::{MemoryStore, Patience, Store, StoreKind};
use serde_json::Value;

use crate::support::{Lab, Ran, skip, skip_anywhere};

pub const CREDENTIALS: &[&str] = &["credential-process"];

/// The folder of cogfed's own in the lab's home.
pub fn own(lab: &Lab) -> PathBuf {
    lab.folder().path()
}

/// The items of the file store whose accounts begin so.
pub fn items(lab: &Lab, kind: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(own(lab).join("store")) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(kind))
        .collect();
    paths.sort();
    paths
}

/// The one item of that kind.
#[track_caller]
pub fn item(lab: &Lab, kind: &str) -> PathBuf {
    let [path] = items(lab, kind).try_into().expect("one item");
    path
}

/// What an item of the file store holds.
#[track_caller]
pub fn record(lab: &Lab, kind: &str) -> Value {
    serde_json::from_slice(&std::fs::read(item(lab, kind)).unwrap()).unwrap()
}

/// The refresh token in the store, if there is one.
pub fn refresh_token(lab: &Lab) -> Option<String> {
    record(lab, "tokens")["refresh_token"].as_str().map(str::to_owned)
}

/// Rewrites the JSON of a file.
pub fn rewrite(path: &PathBuf, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

/// Lets everything that is stored or remembered be older, as if so much time had passed.
pub fn age(lab: &Lab, by: TimeDelta) {
    let remembered = std::fs::read_dir(own(lab).join("failures")).into_iter().flatten();
    let remembered = remembered.map(|entry| entry.unwrap().path());
    let is_whole = |path: &PathBuf| !path.file_name().unwrap().as_encoded_bytes().starts_with(b".");
    for path in items(lab, "").into_iter().chain(remembered).filter(is_whole) {
        rewrite(&path, |record| {
            for key in ["issued_at", "expires_at", "signed_in_at", "at"] {
                if let Some(time) = record[key].as_str() {
                    let time: DateTime<Utc> = time.parse().unwrap();
                    record[key] = (time - by).to_rfc3339().into();
                }
            }
        });
    }
}

/// Starts that many at once and waits for all.
pub fn together(lab: &Lab, count: usize, words: &[&str]) -> Vec<Ran> {
    let children: Vec<Child> = (0..count).map(|_| lab.command(words).spawn().expect("cogfed runs")).collect();
    ended(children)
}

/// Waits for all of them.
pub fn ended(children: Vec<Child>) -> Vec<Ran> {
    children.into_iter().map(|child| child.wait_with_output().expect("cogfed ends").into()).collect()
}

/// Asserts that all of them ended well with the same document, and returns it.
#[track_caller]
pub fn one_document(ran: &[Ran]) -> Value {
    let first = ran.first().expect("one at least").document();
    for one in ran {
        assert_eq!(one.status, 0, "{one:?}");
        assert_eq!(one.document(), first);
    }
    first
}

/// What a door does with those who come.
#[derive(Clone, Copy, PartialEq)]
pub enum Door {
    /// Lets them through.
    Open = 0,
    /// Closes the connection at once.
    Shut = 1,
    /// Takes the connection and stays silent.
    Silent = 2,
}

/// Doors before the hosted UI's host and the identity pool, which count who comes.
pub struct Doors {
    state: Arc<AtomicU8>,
    count: Arc<AtomicU64>,
}

impl Doors {
    /// Puts doors before the servers of a lab's sandbox, and its profile behind them.
    pub fn before(lab: &Lab) -> Self {
        let doors = Self { state: Arc::default(), count: Arc::default() };
        let mut section = lab.sandbox.profile_toml(crate::support::PROFILE);
        for url in [lab.sandbox.domain_url(), lab.sandbox.identity_pool_url()] {
            section = section.replace(&url, &doors.door(&url));
        }
        lab.configure(&section, "store = 'file'");
        doors
    }

    pub fn set(&self, state: Door) {
        self.state.store(state as u8, Ordering::SeqCst);
    }

    /// How many connections came since the last call.
    pub fn came(&self) -> u64 {
        self.count.swap(0, Ordering::SeqCst)
    }

    fn door(&self, url: &str) -> String {
        let target: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (state, count) = (Arc::clone(&self.state), Arc::clone(&self.count));
        thread::spawn(move || {
            let silent = Mutex::new(Vec::new());
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                match state.load(Ordering::SeqCst) {
                    0 => through(stream, target),
                    1 => drop(stream),
                    _ => silent.lock().unwrap().push(stream),
                }
            }
        });
        format!("http://{address}")
    }
}

fn through(client: TcpStream, target: SocketAddr) {
    let Ok(server) = TcpStream::connect(target) else { return };
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

/// Whether strace is here, without which a test is skipped.
#[track_caller]
pub fn has_strace() -> bool {
    let has = std::process::Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    let has = has.is_ok_and(|status| status.success());
    if !cfg!(target_os = "linux") {
        skip_anywhere("strace is of Linux");
    } else if !has {
        skip("strace is missing, or may not trace");
    }
    has
}

/// A session within this process, on a store in memory that holds what the lab's file store does.
pub struct InMemory<'a> {
    lab: &'a Lab,
    pub profile: Profile,
    pub memory: MemoryStore,
    store: Store,
    http: Http,
}

impl<'a> InMemory<'a> {
    pub fn copied(lab: &'a Lab, memory: MemoryStore) -> Self {
        let config = lab.config().display().to_string();
        let profile =
            Profile::load(&Choice::default(), &|name| (name == "COGFED_CONFIG").then(|| config.clone())).unwrap();
        let patience = Patience::unattended();
        let store = Store::new(StoreKind::Memory(memory.clone()), &lab.folder(), patience, None);
        for (kind, account) in [("tokens", tokens_account(&profile)), ("credentials", credentials_account(&profile))] {
            let text = std::fs::read_to_string(item(lab, kind)).unwrap();
            store.set(&account, &Secret::new(text)).unwrap();
        }
        Self { lab, profile, memory, store, http: Http::new(Arc::new(lab.clock.clone()), None) }
    }

    pub fn credentials(&self) -> anyhow::Result<Lease> {
        let folder = self.lab.folder();
        let session = Session {
            profile: &self.profile,
            store: &self.store,
            folder: &folder,
            clock: &self.lab.clock,
            http: &self.http,
            client_secret: None,
            is_attended: false,
            wait: Box::new(|_| {}),
            warn: Box::new(|_| {}),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(session.credentials())
    }
}
