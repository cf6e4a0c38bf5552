//! One sign-in for AWS behind Cognito federated to Azure AD.

pub mod clock;
pub mod credentials;
pub mod error;
pub mod folder;
pub mod http;
pub mod identity_pool;
pub mod profile;
pub mod request;
pub mod sandbox;
pub mod secret;
pub mod session;
pub mod store;
pub mod user_pool;
