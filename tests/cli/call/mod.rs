//! `cogfed call`: requests to an API behind IAM, and the printed answers.

mod deadlines;
mod output;
mod redirects;
mod requests;
mod services;
mod retries;
