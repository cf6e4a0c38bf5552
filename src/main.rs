//! The executable: runs one command line and exits with its exit code.

// Nothing may panic, and only `main` may print or exit. `expect` is allowed: its text says why it cannot fail.
#![warn(clippy::exit, clippy::indexing_slicing, clippy::panic, clippy::print_stderr, clippy::print_stdout)]
#![warn(clippy::string_slice, clippy::unreachable, clippy::unwrap_used)]

use std::process::ExitCode;

use cogfed::commands::{self, Env};
use cogfed::process;
use zeroizing_alloc::ZeroAlloc;

/// The global allocator, which wipes all memory that it frees. Libraries (HTTP, JSON, OAuth) copy tokens and do not
/// wipe their copies, and [`cogfed::secret::Secret`] wipes only its own.
#[global_allocator]
static WIPED: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    process::protect();
    commands::exit_code(std::env::args_os(), Env::system()).into()
}
