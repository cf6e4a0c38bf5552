//! The fuzz targets: functions that assert what must hold for any input.
//!
//! The programs in `fuzz_targets/` call them with libFuzzer's inputs; `tests/replay.rs` calls them with the committed
//! corpora. A panic is a finding.

pub mod bundle;
pub mod call_url;
pub mod callback;
pub mod configuration;
pub mod discovery;
pub mod document;
pub mod given;
pub mod id_token;
pub mod pasted;
pub mod records;
pub mod redaction;
pub mod refusals;
pub mod role_mapping;
pub mod signing;
pub mod state_files;
pub mod terminal;
pub mod token_answer;

/// A target: its name in `cargo fuzz run NAME`, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, sorted by name.
pub const TARGETS: &[Target] = &[
    ("bundle", bundle::run),
    ("call_url", call_url::run),
    ("callback", callback::run),
    ("configuration", configuration::run),
    ("discovery", discovery::run),
    ("document", document::run),
    ("id_token", id_token::run),
    ("pasted", pasted::run),
    ("records", records::run),
    ("redaction", redaction::run),
    ("refusals", refusals::run),
    ("role_mapping", role_mapping::run),
    ("signing", signing::run),
    ("state_files", state_files::run),
    ("terminal", terminal::run),
    ("token_answer", token_answer::run),
];
