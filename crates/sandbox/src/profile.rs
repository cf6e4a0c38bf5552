//! The sandbox's profile for cogfed's configuration file.

use crate::options::Rotation;
use crate::partition::Issuer;
use crate::world::World;

/// Quotes `text` as a TOML string. None of the sandbox's texts needs more than JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns the TOML tables of the sandbox's profile: `[profile.NAME]` and its endpoints.
pub fn toml(world: &World, name: &str) -> String {
    let names = &world.names;
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let name = if bare { name.to_owned() } else { quoted(name) };
    let ports: Vec<String> = world.options.redirect_ports.iter().map(ToString::to_string).collect();
    let mut text = format!("[profile.{name}]\n");
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    match world.options.plain_issuer {
        true => line("issuer", quoted(&world.plain_issuer_name())),
        false => line("user_pool_id", quoted(&names.user_pool_id)),
    }
    line("client_id", quoted(&names.client_id));
    line("identity_pool_id", quoted(&names.identity_pool_id));
    if world.options.plain_issuer {
        // Entra ID names the person only if these scopes ask for it. B2C's user flow decides that itself.
        let scopes = match world.options.b2c_issuer {
            true => r#"["openid", "offline_access"]"#,
            false => r#"["openid", "profile", "email", "offline_access"]"#,
        };
        line("scopes", scopes.to_owned());
    } else {
        line("domain", quoted(&names.domain));
        line("identity_provider", quoted("AzureAD"));
    }
    line("region", quoted(world.options.partition.region()));
    line("redirect_ports", format!("[{}]", ports.join(", ")));
    if world.options.redirect_path != "/callback" {
        line("redirect_path", quoted(&world.options.redirect_path));
    }
    if !world.options.plain_issuer {
        // Both other issuers follow from the user pool's id, and cogfed accepts both.
        if world.options.issuer == Issuer::Fips {
            line("issuer", quoted(&world.issuer()));
        }
        of_the_app_client(world, line);
    }
    text.push_str(&format!("\n[profile.{name}.endpoints]\n"));
    let addresses = &world.addresses;
    let user_pool = [("user_pool", addresses.user_pool), ("domain", addresses.domain)];
    let user_pool = user_pool.into_iter().filter(|_| !world.options.plain_issuer);
    for (key, address) in user_pool.chain([("identity_pool", addresses.identity_pool), ("sts", addresses.sts)]) {
        text.push_str(&format!("{key} = {}\n", quoted(&format!("http://{address}"))));
    }
    text
}

/// Writes the profile's settings that only an administrator of the app client knows.
fn of_the_app_client(world: &World, mut line: impl FnMut(&str, String)) {
    // A user pool's refresh tokens live for an hour at least, so a profile cannot say less.
    if world.options.refresh_token_lifetime >= 3600 {
        line("refresh_token_validity", world.options.refresh_token_lifetime.to_string());
    }
    if let Rotation::On { grace } = world.options.rotation {
        line("refresh_grace", grace.to_string());
    }
    line("logout_uri", quoted(&world.logout_uri()));
}
