"""Two populations in one configuration, and several roles of one sign-in. Each is a separate AWS profile."""

import concurrent.futures
import json
import sys

import pytest
from selenium.webdriver.common.by import By

from support import COGFED, HERE, PROFILE, Lab, by_cli, configure_aws, role_of
from test_keyring import items

CUSTOMER = "customer"
# Heidi is an employee and a customer: one person with one address, but two users of the pool.
EMPLOYEE_ROLE, CUSTOMER_ROLE = "OrdersReader", "SandboxAuthenticated"
PEOPLE = {PROFILE: "heidi", CUSTOMER: "heidi-b2c"}
ROLES = ["OrdersAdmin", "OrdersReader", "ReportsReader"]


class Populations(Lab):
    """A lab with two profiles that differ only in the identity provider, and the addresses of each."""

    def __init__(self, *flags, chooser=False):
        super().__init__(*flags, store="file")
        text = self.config.read_text()
        named = 'identity_provider = "AzureAD"\n'
        assert named in text
        domains = 'email_domains = ["corp.example"]\n'
        employee = text.replace(named, domains if chooser else named + domains)
        customer = text.replace(f"[profile.{PROFILE}", f"[profile.{CUSTOMER}")
        customer = customer.replace(named, 'identity_provider = "AzureB2C"\nemail_domains = ["customers.example"]\n')
        self.config.write_text(employee + customer)

    def sign_in_all(self):
        """Signs Heidi in to both profiles, one after the other."""
        for profile, person in PEOPLE.items():
            self.login(person, COGFED_PROFILE=profile)

    def sign_in(self, profile):
        """Signs in to a profile, and returns what `status` reports."""
        return self.run("status", "--json", "--profile", profile).good().json()["sign_in"]

    def records(self):
        """Returns the unchanged tokens records in the store."""
        paths = sorted(path for path in self.files() if path.parent.name == "store")
        return {path.name: path.read_bytes() for path in paths if b"id_token" in path.read_bytes()}


def by_boto3(lab, renewals, profiles):
    """Returns STS's answers to boto3 in each profile, as sets of keys, ARNs and user ids."""
    ran = lab.program(sys.executable, HERE / "ask_side_by_side.py", lab.hosts["sts"], renewals, *profiles)
    answers = [json.loads(line) for line in ran.good().stdout.splitlines()]
    said = {}
    for name in profiles:
        own = [answer for answer in answers if answer["profile"] == name]
        said[name] = {part: {answer[part] for answer in own} for part in ("key", "Arn", "UserId")}
        print(name, len(own), "answers:", said[name])
    return said


def test_one_person_uses_both_populations_at_the_same_time():
    """While boto3 uses both profiles, their credentials of 8 s are renewed, and `call` is used in both."""
    with Populations("--credentials-lifetime", "8") as lab:
        configure_aws(lab, {name: f"--profile {name}" for name in PEOPLE})
        lab.sign_in_all()

        def identity(profile):
            ran = lab.run("call", "--fail", "--profile", profile, "GET", f"{lab.api}/echo/who")
            return ran.good().json()["requestContext"]["identity"]

        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            asking = pool.submit(by_boto3, lab, 2, list(PEOPLE))
            seen = {profile: [] for profile in PEOPLE}
            while not asking.done():
                for profile, found in zip(PEOPLE, pool.map(identity, PEOPLE)):
                    seen[profile].append(found)
        said = asking.result()
        for profile, role in ((PROFILE, EMPLOYEE_ROLE), (CUSTOMER, CUSTOMER_ROLE)):
            assert {role_of(arn) for arn in said[profile]["Arn"]} == {role}, said
            assert len(said[profile]["key"]) >= 3, "they were renewed twice meanwhile"
            assert {role_of(found["userArn"]) for found in seen[profile]} == {role}
        identities = [{found["cognitoIdentityId"] for found in seen[profile]} for profile in PEOPLE]
        assert [len(ids) for ids in identities] == [1, 1] and identities[0] != identities[1], identities
        for part in ("key", "Arn", "UserId"):
            assert not said[PROFILE][part] & said[CUSTOMER][part], part
        employee, customer = map(lab.sign_in, PEOPLE)
        assert employee["person"] == customer["person"] == "heidi@corp.example"
        for part in ("subject", "identity_id", "identity_provider"):
            assert employee[part] != customer[part], "one address, and two people to AWS"
        assert [{employee["identity_id"]}, {customer["identity_id"]}] == identities


def by_page(chromium, lab, person, *flags, provider=None):
    """Signs in as this person in Chromium, through the chooser if there is one."""
    login = lab.begin_login(*flags)
    # As high as the longest page.
    chromium.driver.set_window_size(900, 1100)
    chromium.open(login.url)
    if provider:
        chromium.screenshot("populations-1-chooser")
        chromium.click(f"idp-{provider}")
    chromium.wait(lambda driver: driver.find_elements(By.ID, f"person-{person}"))
    if provider:
        chromium.screenshot(f"populations-2-{provider}")
    chromium.click(f"person-{person}")
    assert "You are signed in" in chromium.wait_for_end()
    if provider:
        chromium.screenshot(f"populations-3-done-{provider}")
    return login, login.end().good()


@pytest.mark.parametrize(("provider", "person"), [("AzureAD", "heidi"), ("AzureB2C", "heidi-b2c")])
def test_chooser_leads_to_the_page_of_either_population(chromium, provider, person):
    with Populations(chooser=True) as lab:
        _, ran = by_page(chromium, lab, person, "--profile", PROFILE, provider=provider)
        assert f"signed in as heidi@corp.example via {provider}" in ran.stderr, ran


def test_profile_and_email_address_lead_to_the_right_page(chromium):
    with Populations() as lab:
        login, ran = by_page(chromium, lab, "heidi-b2c", "--profile", CUSTOMER)
        assert login.parameter("identity_provider") == "AzureB2C" and "via AzureB2C" in ran.stderr
        (customers,) = lab.records().items()
        # Nobody has signed in to the hosted UI with AzureAD yet, so her page is shown.
        login, ran = by_page(chromium, lab, "heidi", "--email", "heidi@corp.example")
        assert login.parameter("identity_provider") == "AzureAD"
        assert login.parameter("login_hint") == "heidi@corp.example"
        assert "signed in as heidi@corp.example via AzureAD" in ran.stderr and PROFILE in chromium.text()
        both = lab.records()
        assert len(both) == 2 and both[customers[0]] == customers[1], "the other sign-in is what it was"
        assert [lab.sign_in(profile)["identity_provider"] for profile in PEOPLE] == ["AzureAD", "AzureB2C"]
        lab.run("login", "--email", "heidi@elsewhere.example").failed_with(2)
        # One sign-in ends, and the other remains.
        lab.run("logout", "--profile", PROFILE).good()
        assert dict([customers]) == lab.records()
        lab.run("credential-process", "--profile", CUSTOMER).good()


@pytest.fixture(params=["file", "keyring"])
def grace(request):
    """Returns a lab in which Grace is signed in, who may assume three roles, and AWS profiles for each role."""
    with Lab(store=request.param) as lab:
        if request.param == "keyring":
            lab.open_keyring("open")
        lab.stored = (lambda: items(lab)[0]) if request.param == "keyring" else lambda: in_files(lab)
        arn = "arn:aws:iam::000000000000:role"
        configure_aws(lab, {role: f"--profile {PROFILE} --role {arn}/{role}" for role in ROLES})
        yield lab


def in_files(lab):
    return {path.name for path in lab.files() if path.parent.name == "store"}


def test_one_browser_sign_in_gives_three_roles(grace, chromium):
    by_page(chromium, grace, "grace")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asking = pool.submit(by_boto3, grace, 0, ROLES)
        cli = list(pool.map(lambda role: by_cli(grace, role), ROLES))
    for role, answer in zip(ROLES, cli):
        said = asking.result()[role]
        assert {role_of(arn) for arn in said["Arn"] | {answer["Arn"]}} == {role}
        assert len(said["key"]) == 1, "boto3 and the AWS CLI share what is stored"
    listed = grace.run("roles", "--json").good().json()
    assert listed["asserted"]["roles"]["custom:roles"] == ["Orders.Admin", "Orders.Read", "Reports.Read"]
    with_credentials = [role["role_arn"] for role in listed["can_lead_to"] if role["credentials"]]
    # The sign-in itself has asked for credentials without naming a role.
    assert with_credentials.count(None) == 1, listed
    assert [arn.split("/")[1] for arn in with_credentials if arn] == ROLES
    assert all(role["credentials"]["valid"] for role in listed["can_lead_to"] if role["credentials"])
    counts = grace.control("requests")["counts"]
    # cogfed itself asks the hosted UI once, before the browser does.
    assert (counts["authorize"], counts["directory"], counts["token.code"]) == (2, 1, 1), counts
    assert counts["identity.get_credentials"] == 4, counts
    assert len(grace.stored()) == 5, "the sign-in with its own credentials, and three roles"
    grace.run("logout").good()
    assert not grace.stored() and not grace.kernel_keys()
    for role in ROLES:
        grace.program(COGFED, "credential-process", "--role", f"arn:aws:iam::000000000000:role/{role}").failed_with(3)
