//! Tests of the user pool: its sign-in pages, its OAuth endpoints and its people.

mod blocked;
mod people;
mod sign_in;
mod sign_out;
mod tokens;
