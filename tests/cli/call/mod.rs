//! Tests of `cogfed call`: requests to an API behind an IAM authorizer, and the printed answers.

mod deadlines;
mod files;
mod output;
mod redirects;
mod requests;
mod services;
mod retries;
mod stub;
mod write_out;
