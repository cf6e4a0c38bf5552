//! What this process does for itself: no core dumps, and a log that says nothing secret.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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

/// Shows what is done, on the standard error. Only cogfed's own words: libraries log requests and headers, and those
/// hold secrets.
pub fn log_to_stderr() {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let own = Targets::new().with_target("cogfed", LevelFilter::TRACE);
    tracing_subscriber::registry().with(lines).with(own).init();
}
