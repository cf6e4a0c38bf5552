//! The operating system's facilities: its keyring, and locks and files shared by processes.

#[cfg(all(unix, not(target_os = "macos")))]
mod keyring;
mod store_processes;
