//! The facilities of this system: its keyring, and locks and files between processes.

#[cfg(all(unix, not(target_os = "macos")))]
mod keyring;
mod store_processes;
