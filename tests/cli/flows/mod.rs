//! From an ID token to credentials: the enhanced flow with several roles, and the classic flow through STS.

mod classic;
mod elsewhere;
mod populations;
mod refusals;
mod roles;
mod stand_in;
mod sts;
