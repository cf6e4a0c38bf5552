//! Tests of `cogfed call`: requests to an API behind an IAM authorizer, and the printed answers.

mod client_certificates;
mod compressed;
mod curl_details;
mod deadlines;
mod files;
mod input;
mod messages;
mod output;
#[cfg(unix)]
mod pasted;
mod presentation;
mod redirects;
mod requests;
mod retries;
mod routes;
mod services;
mod stub;
mod write_out;
