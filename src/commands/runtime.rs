//! The asynchronous runtime, built when a command first has to wait.

use crate::error::{Failure, Kind};

/// Runs a future to its end.
///
/// # Errors
/// The future's, or [`Kind::Failed`] if the system has no room for a runtime.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let built = enough_descriptors().and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    let runtime = built.map_err(|error| {
        Failure::new(Kind::Failed, format!("cannot start the runtime: {error}"))
            .hint("allow more open files ('ulimit -n'), then try again")
    })?;
    let outcome = runtime.block_on(future);
    // A name lookup that still runs after the deadline is not waited for.
    runtime.shutdown_background();
    outcome
}

/// Fails if there are too few file descriptors for tokio's signal handling, which panics without them
/// (<https://docs.rs/tokio>, `signal::unix`).
fn enough_descriptors() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let pairs = std::array::from_fn::<_, 4, _>(|_| std::os::unix::net::UnixStream::pair());
        pairs.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn run_ends_while_a_name_is_still_being_looked_up() {
        let (_end, ended) = std::sync::mpsc::channel::<()>();
        let found = Arc::new(AtomicBool::new(false));
        let finding = Arc::clone(&found);
        // Like the system's resolver, which cannot be cancelled.
        let look_up = move || {
            let _ = ended.recv_timeout(Duration::from_secs(10));
            finding.store(true, Ordering::SeqCst);
        };
        block_on(async {
            tokio::task::spawn_blocking(look_up);
            tokio::task::yield_now().await;
            Ok(())
        })
        .unwrap();
        assert!(!found.load(Ordering::SeqCst), "the lookup was waited for");
    }
}
