//! The API: what its functions answer, what its authorizer refuses, and both over a socket.

mod answers;
mod refusals;
mod socket;
