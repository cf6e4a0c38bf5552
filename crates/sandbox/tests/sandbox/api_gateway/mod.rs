//! The API: answers of its functions, refusals of its authorizer, and both over a socket.

mod answers;
mod refusals;
mod socket;
