//! What this process does for itself: no core dumps, a log that says nothing secret, an end by Ctrl-C.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The stack of the thread that works, in bytes: as much as the main thread has.
const STACK: usize = 8 * 1024 * 1024;

/// Keeps what is in memory out of core dumps, and other processes of this user from attaching, as far as the system
/// knows how.
pub fn protect() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // A system that refuses leaves things as they were; there is nothing better to be done about it.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Runs `work` on a thread of its own, and returns what it returns, or `None` as soon as Ctrl-C is pressed. The work is
/// not waited for then: whatever it was doing, a killed process must be able to be doing, too.
///
/// # Errors
/// If no thread or no signal handler is to be had.
pub fn until_interrupted<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        // Signals are waited for from the first look at them on.
        tokio::select! {
            biased;
            outcome = &mut interrupted => return outcome.map(|()| None),
            () = std::future::ready(()) => {}
        }
        let (done, is_done) = tokio::sync::oneshot::channel();
        let work = move || drop(done.send(work()));
        std::thread::Builder::new().name("work".into()).stack_size(STACK).spawn(work)?;
        tokio::select! {
            outcome = is_done => outcome.map(Some).map_err(|_| io::Error::other("the work broke off")),
            outcome = interrupted => outcome.map(|()| None),
        }
    })
}

/// Shows what is done, on the standard error. Only cogfed's own words: libraries log requests and headers, and those
/// hold secrets.
pub fn log_to_stderr() {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let own = Targets::new().with_target("cogfed", LevelFilter::TRACE);
    tracing_subscriber::registry().with(lines).with(own).init();
}
