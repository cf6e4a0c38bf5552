//! Tests with many simultaneous processes, with suspended and killed processes, and with failing file systems.
//!
//! By default each part is quick. The variables that [`scale`] names make it more thorough, for the gate or for a night.
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
