//! How an ID token becomes credentials: the enhanced flow for several roles, the classic flow by STS.

mod classic;
mod elsewhere;
mod populations;
mod refusals;
mod roles;
mod stand_in;
mod sts;
