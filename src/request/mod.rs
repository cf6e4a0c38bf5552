//! Requests to APIs that use IAM authorization, on API Gateway or another AWS service. This module builds, signs and
//! sends requests, and explains refusals.
//!
//! [`ApiRequest::build`] turns the input into the exact bytes to send. [`sign`] signs them with Signature Version 4
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>). [`send`] sends them once and checks that
//! nothing changed them. [`explain`] explains a refusal by the gateway or the service.

mod build;
mod curl;
mod data;
mod decompression;
mod dry_run;
mod form;
mod headers;
mod host_name;
mod placeholder;
mod redirect;
mod refusal;
mod send;
mod sign;
mod signature_form;
mod target;

pub use build::{ApiRequest, MAX_BODY, RequestInput};
pub use curl::{CurlLine, curl_line};
pub use data::{Body, Data, Joined, Manner, Reader, Source, read_data, read_source};
pub use dry_run::{MASK, dry_run, masked_head};
pub use form::{Field, multipart, with_boundary};
pub use headers::{GivenHeader, parse_header};
pub use redirect::{Hop, Redirect, Redirects, masked_location};
pub use refusal::{Context, Reason, Refusal, explain};
pub use send::{Answer, Deadline, Lost, Stage, Times, Watch, WriteError, send};
pub use sign::{EXECUTE_API, Scope, SignedRequest, lacks_api_id, sign, sign_host};
pub use target::{Note, file_name_below, with_query};
