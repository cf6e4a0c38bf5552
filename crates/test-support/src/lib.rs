//! Support for cogfed's test programs: a home folder, a sandbox, runs of cogfed as a process or inside the test
//! process, and raw HTTP.
//!
//! This code is a crate, so that it is compiled once for all test programs. As a module of each test program, its
//! unused parts would be dead code. `tests/README.md` lists the helpers.

mod browser;
mod doors;
mod home;
pub mod http;
mod in_memory;
mod in_process;
mod lab;
mod login;
mod pages;
mod processes;
mod ran;
mod random;
mod server;
mod skip;
mod stored;
mod strace;
pub mod trace;
mod written;

pub use browser::{NoBrowser, VisitorBrowser};
pub use doors::{Door, Doors};
pub use home::{Home, free_ports, keyring_address, program};
pub use in_memory::InMemory;
pub use in_process::InProcess;
pub use lab::{Lab, LabClock, PROFILE, sandbox_section};
pub use login::{WaitingLogin, come_back, location, target};
pub use pages::Pages;
pub use processes::{ended, one_document, together};
pub use ran::Ran;
pub use random::Random;
pub use server::{Answer, Request, Server, forwarded};
pub use skip::{skip, skip_anywhere};
pub use stored::rewrite;
pub use strace::{has_strace, under};
pub use written::Written;

/// The command-line arguments that run `cogfed credential-process`.
pub const CREDENTIALS: &[&str] = &["credential-process"];
