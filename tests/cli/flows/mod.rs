//! From an ID token to credentials: the enhanced flow for several roles, and the classic flow by STS.

mod classic;
mod elsewhere;
mod populations;
mod refusals;
mod roles;
mod stand_in;
mod sts;
