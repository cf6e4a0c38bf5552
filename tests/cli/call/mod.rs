//! `cogfed call`: requests to an API behind IAM, and the printed answers.

mod deadlines;
mod output;
mod requests;
mod services;
