//! Many processes at once, stopped and killed processes, and failing file systems.
//!
//! Each part is quick by itself; the variables that [`scale`] names make it as thorough as the gate, or a night,
//! allows.
#![cfg(target_os = "linux")]

mod back_off;
mod faults;
mod kills;
mod mixtures;
mod order;
mod scale;
mod state;
mod stopped;
mod sweep;
