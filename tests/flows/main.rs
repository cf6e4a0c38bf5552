//! How an ID token becomes credentials: the enhanced flow for several roles, the classic flow by STS.

#[path = "../support/mod.rs"]
mod support;
#[path = "../session/tools.rs"]
mod tools;

mod classic;
mod elsewhere;
mod email;
mod populations;
mod refusals;
mod roles;
mod stand_in;
mod sts;
