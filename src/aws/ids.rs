//! Checks of AWS identifiers: region names, ids of user pools, app clients and identity pools, and role ARNs.
//!
//! Each function checks a text as written. The caller adds the key's name to the error.

use crate::error::quoted;

/// The maximum number of characters in region names. The longest existing ones have 14.
const LONGEST_REGION: usize = 32;

/// Checks the name of a region, such as `eu-west-1` or `us-gov-west-1`.
pub fn region(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let letters = |part: Option<&str>| part.is_some_and(|part| part.chars().all(|c| c.is_ascii_lowercase()));
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let count = text.split('-').count();
    let last = text.rsplit('-').next().unwrap_or_default();
    match text.len() <= LONGEST_REGION
        && (3..=4).contains(&count)
        && parts.by_ref().take(count - 1).all(|part| letters(Some(part)) && !part.is_empty())
        && number(last)
    {
        true => Ok(text.to_owned()),
        false => Err(format!("'{}' is not a region, as in eu-west-1", quoted(text))),
    }
}

/// Returns the error message for a text that is not a valid id. If the id is at the end of the text, as in an ARN or a
/// URL, or the text is an id of another kind, the fault says so.
fn not_an_id(text: &str, usual: String, good: fn(&str) -> bool) -> String {
    let what = if text.starts_with("arn:") {
        "an ARN"
    } else if text.contains("://") {
        "a URL"
    } else if is_user_pool_id(text) {
        return format!("{usual}; this is a user pool id");
    } else if is_identity_pool_id(text) {
        return format!("{usual}; this is an identity pool id");
    } else {
        return usual;
    };
    let mut parts = text.split(['/', '?', '&', '=']).rev();
    match parts.find(|part| good(part)) {
        Some(id) if id.len() < text.len() && !id.starts_with("arn:") => {
            format!("'{}' is {what}; give the id alone: '{id}'", quoted(text))
        }
        _ => format!("{usual}; this is {what}"),
    }
}

fn is_user_pool_id(text: &str) -> bool {
    let Some((prefix, id)) = text.split_once('_') else { return false };
    let good = region(prefix).is_ok() && !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
    good && text.len() <= 55
}

fn is_client_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
}

fn is_identity_pool_id(text: &str) -> bool {
    let Some((prefix, id)) = text.split_once(':') else { return false };
    let good = region(prefix).is_ok() && !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    good && text.len() <= 55
}

/// Checks a user pool's id, `REGION_ALPHANUMERICS`
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolType.html>).
pub fn user_pool_id(text: &str) -> Result<String, String> {
    if is_user_pool_id(text) {
        return Ok(text.to_owned());
    }
    let usual = format!("'{}' is not a user pool id, as in eu-west-1_AbC123xyz", quoted(text));
    Err(not_an_id(text, usual, is_user_pool_id))
}

/// Checks an app client's id.
pub fn client_id(text: &str) -> Result<String, String> {
    if is_client_id(text) && !is_user_pool_id(text) {
        return Ok(text.to_owned());
    }
    let usual = format!("'{}' is not an app client id: letters and digits only", quoted(text));
    // AWS's own client ids have 26 characters. Shorter words of an ARN or a URL are names of other things.
    Err(not_an_id(text, usual, |part| part.len() >= 20 && is_client_id(part)))
}

/// Checks an identity pool's id, `REGION:UUID`
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>).
pub fn identity_pool_id(text: &str) -> Result<String, String> {
    if is_identity_pool_id(text) {
        return Ok(text.to_owned());
    }
    let example = "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE";
    let usual = format!("'{}' is not an identity pool id, as in {example}", quoted(text));
    Err(not_an_id(text, usual, is_identity_pool_id))
}

/// Checks the name of an identity provider in an identity pool
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>, `Logins`).
pub fn logins_key(text: &str) -> Result<String, String> {
    let good = (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic()) && !text.contains("://");
    match good {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "'{}' is not a provider's name in an identity pool: an issuer without 'https://', or a name of at most 128 characters",
            quoted(text)
        )),
    }
}

/// Checks the ARN of an IAM role
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>).
pub fn role_arn(text: &str) -> Result<String, String> {
    let fault =
        || format!("'{}' is not the ARN of an IAM role, as in arn:aws:iam::123456789012:role/Orders", quoted(text));
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts.as_slice() else { return Err(fault()) };
    let good = *arn == "arn"
        && partition.starts_with("aws")
        && *service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        && text.len() <= 2048
        && text.chars().all(|c| c.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err(fault()) }
}

/// Returns the role name and the account id in the ARN of a role or role session, such as
/// `arn:aws:sts::123456789012:assumed-role/Orders/alice`, or `None` for other texts. A session's ARN leaves out the
/// role's path.
pub fn role_and_account(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, account, resource] = parts.as_slice() else { return None };
    let name = match *service {
        "iam" => resource.strip_prefix("role/")?.rsplit('/').next()?,
        "sts" => resource.strip_prefix("assumed-role/")?.split('/').next()?,
        _ => return None,
    };
    (!name.is_empty() && !account.is_empty()).then_some((name, *account))
}

/// Returns the name by which identity pools know an issuer: the issuer's URL without the scheme
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>). It is the key of `Logins` and of
/// `RoleMappings`.
pub fn provider_name(issuer: &str) -> &str {
    issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_arns_are_checked() {
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-12", "eusc-de-east-1"] {
            assert!(region(good).is_ok(), "{good}");
        }
        for bad in ["", "eu", "eu-west", "eu-west-", "EU-west-1", "eu-west-1a", "-west-1", "eu--1", "a-b-c-d-1"] {
            assert!(region(bad).is_err(), "{bad}");
        }
        assert!(user_pool_id("eu-west-1_AbC123xyz").is_ok());
        for bad in ["eu-west-1", "eu-west-1_", "AbC_eu-west-1", "eu-west-1_a b", "eu-west-1_a\n", "eu-west-1:1cf6"] {
            assert!(user_pool_id(bad).is_err(), "{bad}");
        }
        assert!(identity_pool_id("eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE").is_ok());
        for bad in ["eu-west-1_AbC123xyz", "eu-west-1:", "1cf667a2", "eu-west-1:a/b"] {
            assert!(identity_pool_id(bad).is_err(), "{bad}");
        }
        assert!(client_id("3n4b5urk1ft4fl3mg5e62d9ado").is_ok());
        for bad in ["", "a b", "a/b", "a&b", "é"] {
            assert!(client_id(bad).is_err(), "{bad}");
        }
        assert!(role_arn("arn:aws:iam::123456789012:role/path/Orders").is_ok());
        assert!(role_arn("arn:aws-us-gov:iam::123456789012:role/Orders").is_ok());
        for bad in [
            "Orders",
            "arn:aws:iam::123456789012:user/Orders",
            "arn:aws:iam::12345678901:role/Orders",
            "arn:aws:iam:eu-west-1:123456789012:role/Orders",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/a b",
            "arn:aws:sts::123456789012:assumed-role/Orders/x",
        ] {
            assert!(role_arn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn role_and_account_are_found_in_both_kinds_of_arn() {
        for (arn, expected) in [
            ("arn:aws:iam::123456789012:role/Orders", Some(("Orders", "123456789012"))),
            ("arn:aws:iam::123456789012:role/a/path/Orders", Some(("Orders", "123456789012"))),
            ("arn:aws-cn:sts::123456789012:assumed-role/Orders/a:b/c", Some(("Orders", "123456789012"))),
            ("arn:aws:sts::123456789012:federated-user/x", None),
            ("arn:aws:iam::123456789012:user/x", None),
            ("arn:aws:iam::123456789012:role/", None),
            ("Orders", None),
        ] {
            assert_eq!(role_and_account(arn), expected, "{arn}");
        }
    }

    #[test]
    fn arn_url_or_other_id_in_place_of_an_id_is_named() {
        let pool = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC123xyz";
        let client = "3n4b5urk1ft4fl3mg5e62d9ado";
        let identity = "arn:aws:cognito-identity:eu-west-1:123456789012:identitypool/eu-west-1:1cf667a2-49a6";
        for (fault, said) in [
            (user_pool_id(pool), "is an ARN; give the id alone: 'eu-west-1_AbC123xyz'"),
            (user_pool_id(&format!("{pool}/client/{client}")), "give the id alone: 'eu-west-1_AbC123xyz'"),
            (
                user_pool_id("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"),
                "is a URL; give the id alone: 'eu-west-1_AbC'",
            ),
            (
                user_pool_id("eu-west-1:1cf667a2-49a6"),
                "is not a user pool id, as in eu-west-1_AbC123xyz; this is an identity pool id",
            ),
            (
                user_pool_id("arn:aws:iam::123456789012:role/A"),
                "is not a user pool id, as in eu-west-1_AbC123xyz; this is an ARN",
            ),
            (client_id(&format!("{pool}/client/{client}")), "give the id alone: '3n4b5urk1ft4fl3mg5e62d9ado'"),
            (client_id(pool), "is not an app client id: letters and digits only; this is an ARN"),
            (client_id("eu-west-1_AbC123xyz"), "letters and digits only; this is a user pool id"),
            (identity_pool_id(identity), "is an ARN; give the id alone: 'eu-west-1:1cf667a2-49a6'"),
            (identity_pool_id("eu-west-1_AbC123xyz"), "23199EXAMPLE; this is a user pool id"),
        ] {
            let fault = fault.unwrap_err();
            assert!(fault.ends_with(said), "{said}: {fault}");
        }
    }

    #[test]
    fn long_id_is_refused_with_a_short_message() {
        let long = "x".repeat(100_000);
        let region_of_length = |length: usize| format!("{}-west-1", "a".repeat(length - 7));
        assert!(region(&region_of_length(LONGEST_REGION)).is_ok());
        for fault in [
            region(&region_of_length(LONGEST_REGION + 1)).unwrap_err(),
            user_pool_id(&long).unwrap_err(),
            client_id(&long).unwrap_err(),
            identity_pool_id(&long).unwrap_err(),
            logins_key(&long).unwrap_err(),
            role_arn(&long).unwrap_err(),
        ] {
            assert!(fault.chars().count() <= 300, "{} characters: {fault}", fault.len());
        }
    }
}
