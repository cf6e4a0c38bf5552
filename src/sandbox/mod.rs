//! A local Cognito with its Azure directories and an IAM-protected API, for the demo, the tests and other people's CI.
//!
//! It uses no room that it is there to test: its PKCE check, its signatures and its SigV4 verification are its own, so
//! that a bug in cogfed cannot hide behind the same bug here.

pub mod api_gateway;
mod control;
mod handle;
mod iam;
mod identity_pool;
pub mod issued;
mod jwt;
mod keys;
pub mod log;
pub mod misbehaviour;
mod named;
mod open_id_token;
pub mod options;
mod parameters;
pub mod partition;
pub mod people;
mod plain_issuer;
pub mod pool_roles;
mod profile;
mod random;
pub mod refusals;
mod reply;
pub mod roles;
mod server;
pub mod sigv4;
pub mod sts;
pub mod switch;
mod user_pool;
pub mod visitor;
mod web_identity;
mod world;

pub use handle::Sandbox;
pub use misbehaviour::Misbehaviour;
pub use options::{Options, Rotation};
pub use partition::Partition;
pub use people::Person;
pub use pool_roles::PoolRoles;
pub use refusals::Refusal;
pub use switch::Switch;
pub use visitor::Visitor;
