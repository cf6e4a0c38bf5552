//! Tests of the exchange of an ID token for credentials: the enhanced flow with several roles, and the classic flow
//! with STS.

mod classic;
mod elsewhere;
mod populations;
mod refusals;
mod roles;
mod stand_in;
mod sts;
