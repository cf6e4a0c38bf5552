//! Time limits for calls to a keyring. A locked keyring whose prompt nobody answers never returns, and no run may wait
//! for it forever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

/// The duration of a call after which the person gets a message.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// A callback that runs when a keyring makes the person wait, probably because the keyring shows a prompt.
pub type OnWait = Arc<dyn Fn() + Send + Sync>;

/// The total time limit for all keyring calls of one run. Clones share it. Time between calls does not count.
#[derive(Debug, Clone)]
pub struct Patience {
    total: Duration,
    left: Arc<Mutex<Duration>>,
}

impl Patience {
    /// Creates a limit of `total` for the time of all calls together.
    pub fn new(total: Duration) -> Self {
        Self { total, left: Arc::new(Mutex::new(total)) }
    }

    /// Creates a limit of 4 seconds, for runs in which nobody could answer a prompt. The AWS SDK for Rust gives the
    /// whole `credential_process` 5 seconds.
    pub fn unattended() -> Self {
        Self::new(Duration::from_secs(4))
    }

    /// Creates a limit of 60 seconds, for runs with a person at the terminal.
    pub fn attended() -> Self {
        Self::new(Duration::from_secs(60))
    }

    fn left(&self) -> Duration {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self, spent: Duration) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(spent);
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A backend whose calls have a time limit. They run on one separate thread, which starts with the first call. A call
/// that hangs is abandoned, and ends with the process.
pub struct Bounded {
    inner: Arc<dyn Backend>,
    patience: Patience,
    on_wait: Option<OnWait>,
    told: AtomicBool,
    worker: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Bounded {
    /// Creates a backend that passes calls to `inner` and limits their total time to `patience`. `on_wait` is called at
    /// most once, when a call takes more than a second.
    pub fn new(inner: Arc<dyn Backend>, patience: Patience, on_wait: Option<OnWait>) -> Self {
        Self { inner, patience, on_wait, told: AtomicBool::new(false), worker: Mutex::new(None) }
    }

    fn bounded<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Backend) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let left = self.patience.left();
        if left.is_zero() {
            return Err(self.no_answer());
        }
        let (sender, receiver) = mpsc::sync_channel(1);
        let inner = Arc::clone(&self.inner);
        self.start(Box::new(move || {
            let _ = sender.send(call(&*inner));
        }))?;
        let mut answer = receiver.recv_timeout(left.min(NOTICEABLE));
        if matches!(answer, Err(RecvTimeoutError::Timeout)) && left > NOTICEABLE {
            if let Some(on_wait) = &self.on_wait
                && !self.told.swap(true, Ordering::Relaxed)
            {
                on_wait();
            }
            answer = receiver.recv_timeout(left.saturating_sub(start.elapsed()));
        }
        self.patience.spend(start.elapsed());
        match answer {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.patience.spend(self.patience.total);
                Err(self.no_answer())
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.broken("its thread ended in the middle of a call")),
        }
    }

    fn start(&self, job: Job) -> Result<(), StoreError> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            let (sender, jobs) = mpsc::channel::<Job>();
            let run = move || jobs.into_iter().for_each(|job| job());
            let thread = thread::Builder::new().name("store".into()).spawn(run);
            thread.map_err(|error| self.broken(&format!("cannot start a thread: {error}")))?;
            *worker = Some(sender);
        }
        match worker.as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.broken("its thread has ended")),
        }
    }

    fn no_answer(&self) -> StoreError {
        StoreError::NoAnswer { store: self.inner.describe(), patience: self.patience.total }
    }

    fn broken(&self, detail: &str) -> StoreError {
        StoreError::Other { store: self.inner.describe(), detail: detail.into(), hint: None }
    }
}

impl Backend for Bounded {
    fn describe(&self) -> &'static str {
        self.inner.describe()
    }

    fn item_limit(&self) -> Option<usize> {
        self.inner.item_limit()
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let account = account.to_owned();
        self.bounded(move |inner| inner.get(&account))
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        let (account, value) = (account.to_owned(), value.clone());
        self.bounded(move |inner| inner.set(&account, &value))
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        let account = account.to_owned();
        self.bounded(move |inner| inner.delete(&account))
    }

    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        let account = account.to_owned();
        self.bounded(move |inner| inner.contains(&account))
    }

    fn list(&self) -> Result<Listing, StoreError> {
        self.bounded(|inner| inner.list())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::store::MemoryStore;

    /// A store in memory in which reading the item "hang" waits until the test stops it.
    struct Hanging(MemoryStore, Mutex<mpsc::Receiver<()>>);

    impl Backend for Hanging {
        fn describe(&self) -> &'static str {
            "the hanging store"
        }
        fn item_limit(&self) -> Option<usize> {
            None
        }
        fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
            if account == "hang" {
                let _ = self.1.lock().unwrap().recv();
            }
            self.0.get(account)
        }
        fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
            self.0.set(account, value)
        }
        fn delete(&self, account: &str) -> Result<(), StoreError> {
            self.0.delete(account)
        }
        fn list(&self) -> Result<Listing, StoreError> {
            self.0.list()
        }
    }

    fn hanging() -> (mpsc::Sender<()>, Arc<Hanging>) {
        let (let_go, held) = mpsc::channel();
        (let_go, Arc::new(Hanging(MemoryStore::default(), Mutex::new(held))))
    }

    #[test]
    fn silent_store_uses_up_the_shared_patience() {
        let (_let_go, inner) = hanging();
        let patience = Patience::new(Duration::from_millis(500));
        let store = Bounded::new(inner.clone(), patience.clone(), None);
        assert_eq!(store.describe(), "the hanging store");
        store.set("a", &Secret::new("{}")).unwrap();
        assert_eq!(store.get("a").unwrap(), Some(Secret::new("{}")));
        assert_eq!(store.list().unwrap(), Listing { accounts: ["a".to_owned()].into(), unnamed: 0 });
        let error = store.get("hang").unwrap_err();
        assert_eq!(error, StoreError::NoAnswer { store: "the hanging store", patience: Duration::from_millis(500) });
        assert!(matches!(store.get("a"), Err(StoreError::NoAnswer { .. })), "nothing is begun behind it");
        assert!(matches!(store.list(), Err(StoreError::NoAnswer { .. })));
        let other = Bounded::new(inner.clone(), patience, None);
        assert!(matches!(other.get("a"), Err(StoreError::NoAnswer { .. })), "the patience is shared");
        assert_eq!(inner.0.calls(), 3);
    }

    #[test]
    fn person_waiting_for_a_keyring_gets_one_message() {
        let told = Arc::new(AtomicUsize::new(0));
        let (let_go, inner) = hanging();
        let on_wait: OnWait = {
            let told = told.clone();
            // This call ends the wait. Without it, the test would use up its patience.
            Arc::new(move || {
                told.fetch_add(1, Ordering::SeqCst);
                let _ = let_go.send(());
            })
        };
        let store = Bounded::new(inner, Patience::attended(), Some(on_wait));
        assert_eq!(store.get("a").unwrap(), None);
        assert_eq!(told.load(Ordering::SeqCst), 0);
        assert_eq!(store.get("hang").unwrap(), None);
        assert_eq!(told.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn person_gets_no_message_after_a_keyring_wait() {
        let told = Arc::new(AtomicUsize::new(0));
        let (_let_go, inner) = hanging();
        let on_wait: OnWait = {
            let told = told.clone();
            Arc::new(move || _ = told.fetch_add(1, Ordering::SeqCst))
        };
        let store = Bounded::new(inner, Patience::new(NOTICEABLE), Some(on_wait));
        assert!(matches!(store.get("hang"), Err(StoreError::NoAnswer { .. })));
        assert_eq!(told.load(Ordering::SeqCst), 0, "the wait is over by then");
    }

    #[test]
    fn store_starts_no_thread_before_the_first_call() {
        let (_let_go, inner) = hanging();
        let store = Bounded::new(inner.clone(), Patience::unattended(), None);
        assert!(store.worker.lock().unwrap().is_none());
        assert_eq!(Arc::strong_count(&inner), 2);
    }
}
