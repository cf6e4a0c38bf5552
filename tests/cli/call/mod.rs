//! `cogfed call`: requests to an API behind IAM, and how its answers are printed.

mod output;
mod requests;
