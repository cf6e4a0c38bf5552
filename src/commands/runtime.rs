//! The asynchronous runtime, which is built when a command first has to wait.

use crate::process;

/// Runs a future to completion, and returns its output.
///
/// # Errors
/// The future's error, or a failure of [`Kind::Failed`](crate::error::Kind::Failed) if the system cannot start a
/// runtime.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = process::runtime()?;
    let outcome = runtime.block_on(future);
    // A name lookup that still runs after the deadline is not waited for.
    runtime.shutdown_background();
    outcome
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
        // Blocks like the system's resolver, which cannot be cancelled.
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
