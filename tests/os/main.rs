//! Tests with services of the operating system: the keyring, and locks and files that processes share.

#[cfg(all(unix, not(target_os = "macos")))]
mod keyring;
mod store_processes;
