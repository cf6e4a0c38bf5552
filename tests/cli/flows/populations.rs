//! Tests with a person who is both an employee and a customer, and who has one profile as an employee and one as a
//! customer.

use std::collections::BTreeSet;
use std::thread;

use chrono::TimeDelta;
use cogfed_test_support::Lab;

/// For each profile: its name, the person in the sandbox who signs in, and the user name of that person in the user
/// pool.
const BOTH: [(&str, &str, &str); 2] =
    [("work", "heidi", "AzureAD_heidi@corp.example"), ("shop", "heidi-b2c", "AzureB2C_")];
const ASKING: usize = 8;

fn lab() -> Lab {
    Lab::new().with_profiles(&[("work", ""), ("shop", "identity_provider = 'AzureB2C'")])
}

/// Returns the user name and the role for which the sandbox issued a profile's credentials.
fn whose(lab: &Lab, profile: &str) -> (String, String) {
    let document = lab.run(&["credential-process", "--profile", profile]).good().document();
    let issued = lab.issued(&document);
    (issued.username, issued.role_arn)
}

#[test]
fn employee_and_customer_profiles_never_exchange_credentials() {
    let lab = lab();
    for (profile, person, _) in BOTH {
        lab.login_with(&["--profile", profile], person).good();
    }
    assert_eq!((lab.items("tokens").len(), lab.sandbox.count("revoke")), (2, 0), "one does not end the other");
    for round in 0..2 {
        let asked: Vec<(usize, (String, String))> = thread::scope(|scope| {
            let one = |at: usize| (at % 2, whose(&lab, BOTH[at % 2].0));
            let asking: Vec<_> = (0..2 * ASKING).map(|at| scope.spawn(move || one(at))).collect();
            asking.into_iter().map(|asking| asking.join().expect("credentials")).collect()
        });
        for (at, (user, _)) in &asked {
            assert!(user.starts_with(BOTH[*at].2), "{} was handed {user}'s", BOTH[*at].0);
        }
        let users: BTreeSet<_> = asked.iter().map(|(_, (user, role))| (user, role)).collect();
        let roles: BTreeSet<_> = asked.iter().map(|(_, (_, role))| role).collect();
        assert_eq!((users.len(), roles.len()), (2, 2), "{users:?} in round {round}");
        // The second round renews both.
        lab.age(TimeDelta::hours(2));
    }
    lab.run(&["logout", "--profile", "shop"]).good();
    lab.run(&["credential-process", "--profile", "shop"]).failed_with(3);
    assert!(whose(&lab, "work").0.starts_with(BOTH[0].2));
}
