//! Tests of the API: responses of its Lambda functions, refusals of its IAM authorizer, and requests over a socket.

mod answers;
mod refusals;
mod socket;
