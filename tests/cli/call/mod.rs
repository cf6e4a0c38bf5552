//! `cogfed call`: requests to an API behind IAM, and how their answers are printed.

mod output;
mod requests;
