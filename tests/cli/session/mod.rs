//! Tests of a sign-in and its credentials over their life: renewal, many processes, crashes.

#[cfg(all(unix, not(target_os = "macos")))]
mod bus;
mod clock;
mod crowd;
#[cfg(target_os = "linux")]
mod folders;
mod hot_path;
#[cfg(target_os = "linux")]
mod killed;
mod life;
#[cfg(target_os = "linux")]
mod memory;
mod persons;
#[cfg(target_os = "linux")]
mod planted;
mod planted_state;
mod provider;
#[cfg(target_os = "linux")]
mod quota;
mod renewal;
mod report;
mod secrets;
mod state;
#[cfg(unix)]
mod store_failures;
mod stores;
mod unattended;
