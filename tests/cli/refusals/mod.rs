//! What each service may refuse, and what a person reads then: every refusal that the sandbox has, provoked, and every row of
//! the table told by one of them. The messages are in tests/data/refusals, for people to read; `BLESS=1` writes them anew.

mod likely;
mod renewal;
mod table;
mod told;
