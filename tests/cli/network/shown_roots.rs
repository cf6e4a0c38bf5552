//! `cogfed status` names the trust roots in force that neither the system has nor an administrator installed.

use cogfed_test_support::Lab;

use super::company::Company;

#[test]
fn status_and_report_list_extra_trust_roots() {
    let (company, bundle) = Company::new("").signed_in();
    let variables = [("AWS_CA_BUNDLE", bundle.as_str())];
    let root = format!("in {bundle} (AWS_CA_BUNDLE)\n");
    for words in [&["status"][..], &["status", "--report"]] {
        let shown = company.run(words, &variables).good().stdout;
        let line = shown.lines().find(|line| line.starts_with("extra root ")).unwrap_or_else(|| panic!("{shown}"));
        assert!(format!("{line}\n").ends_with(&root) && line.contains(" CN="), "{shown}");
    }
    let status = company.run(&["status", "--json"], &variables).good().document();
    let [listed] = status["extra_roots"].as_array().unwrap().as_slice() else { panic!("{status}") };
    assert_eq!((&listed["named_by"], &listed["file"]), (&"AWS_CA_BUNDLE".into(), &bundle.as_str().into()));
    assert!(listed["subject"].as_str().unwrap().contains("CN="), "{status}");
    assert_eq!(listed["certificate"].as_str().unwrap().split(':').count(), 32, "{status}");

    let missing = [("AWS_CA_BUNDLE", "/no/such.pem")];
    let shown = company.run(&["status"], &missing).good().stdout;
    assert!(shown.contains("extra root    error: AWS_CA_BUNDLE names /no/such.pem, which does not exist"), "{shown}");
    assert!(company.run(&["status", "--json"], &missing).good().document()["extra_roots"].is_null());
}

#[test]
fn status_without_extra_roots_lists_none() {
    let lab = Lab::new().signed_in();
    assert!(!lab.run(&["status"]).good().stdout.contains("extra root"));
    assert!(lab.run(&["status", "--report"]).good().stdout.contains("\nextra root               none\n"));
    assert_eq!(lab.run(&["status", "--json"]).good().document()["extra_roots"], serde_json::json!([]));
}
