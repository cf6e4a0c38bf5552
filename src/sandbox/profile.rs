//! The sandbox as a profile of cogfed's configuration.

use crate::sandbox::options::{Issuer, Rotation};
use crate::sandbox::world::World;

/// A text as TOML writes it; none of the sandbox's own needs more than JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// `[profile.NAME]` and its endpoints.
pub fn toml(world: &World, name: &str) -> String {
    let names = &world.names;
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let name = if bare { name.to_owned() } else { quoted(name) };
    let ports: Vec<String> = world.options.redirect_ports.iter().map(ToString::to_string).collect();
    let mut text = format!("[profile.{name}]\n");
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    line("user_pool_id", quoted(&names.user_pool_id));
    line("client_id", quoted(&names.client_id));
    line("domain", quoted(&names.domain));
    line("identity_pool_id", quoted(&names.identity_pool_id));
    line("identity_provider", quoted("AzureAD"));
    line("region", quoted(world.options.partition.region()));
    line("redirect_ports", format!("[{}]", ports.join(", ")));
    if world.options.redirect_path != "/callback" {
        line("redirect_path", quoted(&world.options.redirect_path));
    }
    if world.options.issuer != Issuer::Original {
        line("issuer", quoted(&world.issuer()));
    }
    // A user pool gives no refresh token a shorter life than an hour, so a profile cannot say so either.
    if world.options.refresh_token_lifetime >= 3600 {
        line("refresh_token_validity", world.options.refresh_token_lifetime.to_string());
    }
    if let Rotation::On { grace } = world.options.rotation {
        line("refresh_grace", grace.to_string());
    }
    line("logout_uri", quoted(&world.logout_uri()));
    text.push_str(&format!("\n[profile.{name}.endpoints]\n"));
    let addresses = &world.addresses;
    for (key, address) in [
        ("user_pool", addresses.user_pool),
        ("domain", addresses.domain),
        ("identity_pool", addresses.identity_pool),
        ("sts", addresses.sts),
    ] {
        text.push_str(&format!("{key} = {}\n", quoted(&format!("http://{address}"))));
    }
    text
}
