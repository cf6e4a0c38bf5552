//! `cogfed call`: requests to an API behind IAM, and the printed answers.

mod output;
mod requests;
