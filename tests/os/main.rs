//! What this system provides: its keyring, and locks and files between processes.

#[path = "../support/skip.rs"]
mod skip;

#[cfg(all(unix, not(target_os = "macos")))]
mod keyring;
mod store_processes;
