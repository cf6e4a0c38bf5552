//! The sign-in and its credentials over their life: renewal, races, crashes.

pub mod tools;

mod clock;
mod crowd;
mod hot_path;
mod killed;
mod life;
#[cfg(target_os = "linux")]
mod memory;
mod persons;
mod renewal;
mod report;
mod secrets;
#[cfg(unix)]
mod store_failures;
