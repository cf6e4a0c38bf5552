//! Tests of the explanations for the refusals of every service. Each refusal of the sandbox is provoked, and each row
//! of the table is used. The messages are in tests/data/refusals for people to read; `BLESS=1` writes them again.

mod behind_iam;
mod direct;
mod likely;
mod renewal;
mod table;
mod told;
