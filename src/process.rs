//! Process-wide setup: disabled core dumps, the debug log, and handling of Ctrl-C and SIGTERM.

use std::io;

use tokio::runtime::Runtime;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::{Failure, Kind};

/// The stack size, in bytes, of the thread that runs the command. It equals the usual stack size of the main thread.
const STACK: usize = 8 * 1024 * 1024;

/// The interval at which a waiting thread checks whether its work is done. The check is needed if a wake-up was lost.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// Disables core dumps. On Linux, other processes of this user cannot attach either.
pub fn protect() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // If the system refuses, core dumps stay possible; there is no other way to disable them.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// A handler for the signals that end a run. They are caught from the creation of this value on, even before the first
/// wait.
pub struct Signals {
    interrupt: Interrupt,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
type Interrupt = tokio::signal::unix::Signal;
#[cfg(windows)]
type Interrupt = tokio::signal::windows::CtrlC;

impl Signals {
    /// Starts to catch Ctrl-C. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the system installs no handler.
    pub fn interrupt() -> io::Result<Self> {
        #[cfg(unix)]
        let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        #[cfg(windows)]
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Self {
            interrupt,
            #[cfg(unix)]
            terminate: None,
        })
    }

    /// Starts to catch Ctrl-C and, on Unix, SIGTERM. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the system installs no handler.
    pub fn interrupt_or_terminate() -> io::Result<Self> {
        let signals = Self::interrupt()?;
        #[cfg(unix)]
        let signals = {
            let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            Self { terminate: Some(terminate), ..signals }
        };
        Ok(signals)
    }

    /// Waits until one of the caught signals arrives.
    pub async fn received(&mut self) {
        #[cfg(unix)]
        if let Some(terminate) = &mut self.terminate {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        self.interrupt.recv().await;
    }
}

/// Builds a tokio runtime for the current thread.
///
/// # Errors
/// [`Kind::Failed`] if the system cannot start a runtime.
pub fn runtime() -> Result<Runtime, Failure> {
    let built = enough_descriptors().and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    built.map_err(|error| {
        Failure::new(Kind::Failed, format!("cannot start the runtime: {error}"))
            .hint("allow more open files ('ulimit -n'), then try again")
    })
}

/// Checks that enough file descriptors are free for tokio's signal handling. Without enough of them, tokio panics
/// (<https://docs.rs/tokio>, `signal::unix`).
fn enough_descriptors() -> io::Result<()> {
    #[cfg(unix)]
    {
        let pairs = std::array::from_fn::<_, 4, _>(|_| std::os::unix::net::UnixStream::pair());
        pairs.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}

/// Runs `work` on a new thread and returns its result. Returns `None` as soon as Ctrl-C is pressed, without waiting for
/// the work: cogfed must survive being killed at any point.
///
/// # Errors
/// If the system can start no thread or install no signal handler.
pub fn until_interrupted<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Option<T>> {
    let runtime = runtime().map_err(|failure| io::Error::other(failure.message))?;
    runtime.block_on(async {
        let mut interrupt = Signals::interrupt()?;
        let (done, mut is_done) = tokio::sync::oneshot::channel();
        let work = move || drop(done.send(work()));
        std::thread::Builder::new().name("work".into()).stack_size(STACK).spawn(work)?;
        loop {
            tokio::select! {
                outcome = &mut is_done => {
                    return outcome.map(Some).map_err(|_| io::Error::other("the work broke off"));
                }
                () = interrupt.received() => return Ok(None),
                // Looks again, in case the system lost the work's wake-up call.
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    })
}

/// Starts to log cogfed's own steps to standard error, without the messages of its libraries. Libraries' messages are
/// left out, because they contain requests and headers with secrets.
pub fn log_to_stderr() {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).with_target(false);
    let own = Targets::new().with_target("cogfed", LevelFilter::TRACE);
    tracing_subscriber::registry().with(lines).with(own).init();
}
