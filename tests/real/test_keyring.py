"""The tokens in a real gnome-keyring, the credentials' copy in the kernel, and errors without either."""

import time

import pytest

from support import PROFILE, Lab, kernel_description, kernel_keeps_keys


def items(lab):
    """Returns cogfed's items as secret-tool shows them: by account, with label and secret."""
    shown = lab.program("secret-tool", "search", "--all", "--unlock", "service", "cogfed")
    found, item = {}, {}
    for line in (shown.stdout + shown.stderr).splitlines():
        if line.startswith("["):
            item = {}
        name, _, value = line.partition(" = ")
        item[name] = value
        if name == "attribute.username":
            found[value] = item
    # secret-tool writes the attributes to one stream and the rest to the other, both in the order of the items.
    labels = [line.partition(" = ")[2] for line in shown.stdout.splitlines() if line.startswith("label = ")]
    secrets = [line.partition(" = ")[2] for line in shown.stdout.splitlines() if line.startswith("secret = ")]
    assert len(labels) == len(secrets) == len(found), shown
    return found, labels, secrets


def without_secrets(lab):
    """Checks that no file below the home holds a secret, including the keyring's own encrypted file."""
    secrets = [secret.encode() for secret in lab.secrets()]
    files = lab.files()
    assert any(path.suffix == ".keyring" for path in files), files
    for path in files:
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), path


def test_tokens_and_credentials_are_items_that_a_person_can_read(lab):
    lab.login()
    document = lab.run("credential-process").good().json()
    found, labels, secrets = items(lab)
    pool, client = lab.about["user_pool_id"], lab.about["client_id"]
    print(labels, list(found))
    assert len(found) == 2
    tokens = f"tokens/{pool}/{client}/AzureAD"
    credentials = f"credentials/{pool}/{client}/AzureAD/{lab.about['identity_pool_id']}/default"
    assert set(found) == {tokens, credentials}
    assert sorted(label.split()[1] for label in labels) == ["credentials", "tokens"]
    assert all(label.startswith("cogfed ") and "AzureAD" in label for label in labels)
    assert any(document["SecretAccessKey"] in secret for secret in secrets)
    issued = lab.secrets()
    assert any(secret in text for secret in issued for text in secrets), "the tokens are in the keyring"
    without_secrets(lab)


def test_kernel_keyring_has_a_copy_of_the_credentials_only(lab):
    if not kernel_keeps_keys():
        pytest.skip("the kernel keeps no keys here")
    assert lab.kernel_keys() == []

    def has_a_copy():
        document = lab.run("credential-process").good().json()
        (key,) = lab.kernel_keys()
        described = kernel_description(key)
        assert ";cogfed:cache:credentials/" in described, described
        copy = lab.program("keyctl", "print", key).good().stdout
        assert document["SecretAccessKey"] in copy
        assert not any(token in copy for token in lab.secrets() if token.count(".") == 2), "no token is in it"

    lab.login()
    assert len(lab.kernel_keys()) == 1, "the sign-in itself leaves the copy"
    has_a_copy()
    lab.forget_credentials()
    has_a_copy()
    lab.run("logout").good()
    assert lab.kernel_keys() == []


def test_logout_removes_everything_from_the_keyrings(lab):
    lab.login()
    lab.run("credential-process").good()
    lab.run("logout").good()
    assert items(lab)[0] == {}
    assert lab.kernel_keys() == []
    without_secrets(lab)
    lab.run("credential-process").failed_with(3)
    lab.run("status").failed_with(3)


def test_locked_keyring_without_a_prompter_fails_at_once(lab):
    lab.login()
    lab.forget_credentials()
    lab.open_keyring("locked")
    start = time.monotonic()
    ran = lab.run("credential-process").failed_with(4)
    took = time.monotonic() - start
    print(f"{took:.2f} s: {ran.stderr}")
    assert took < 30
    assert ran.stdout == ""
    assert "is locked" in ran.stderr
    assert ran.stderr.count('set store = "') == 1, "one store is recommended"
    lab.run("login", "--no-browser").failed_with(4)
    lab.run("status").failed_with(4)


def test_unanswered_keyring_prompt_ends_in_time(lab):
    lab.login()
    lab.forget_credentials()
    lab.open_keyring("prompt")
    start = time.monotonic()
    ran = lab.run("credential-process").failed_with(4)
    took = time.monotonic() - start
    print(f"{took:.2f} s: {ran.stderr}")
    assert 3 < took < 30
    assert "did not answer within 4 s" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("state", ["absent", "nobus"])
def test_missing_keyring_error_recommends_one_store(state):
    with Lab() as lab:
        lab.open_keyring(state)
        for words in (["login", "--no-browser"], ["credential-process"], ["status"]):
            ran = lab.run(*words).failed_with(4)
            assert "cannot be reached" in ran.stderr
            assert ran.stderr.count('set store = "') == 1, ran
        print(ran.stderr)


@pytest.mark.parametrize("store", ["kernel", "file"])
def test_kernel_and_file_stores_work_without_a_bus(store):
    if store == "kernel" and not kernel_keeps_keys():
        pytest.skip("the kernel keeps no keys here")
    with Lab() as lab:
        lab.open_keyring("nobus")
        chosen = {"COGFED_STORE": store}
        lab.login(**chosen)
        document = lab.run("credential-process", **chosen).good().json()
        assert lab.run("credential-process", **chosen).good().json() == document
        assert "alice@" in lab.run("status", **chosen).good().stdout
        secrets = [secret.encode() for secret in lab.secrets()]
        holding = [path for path in lab.files() if any(secret in path.read_bytes() for secret in secrets)]
        if store == "file":
            assert holding and not lab.kernel_keys()
            assert all(path.stat().st_mode & 0o7777 == 0o600 for path in holding)
            assert all(path.parent.stat().st_mode & 0o7777 == 0o700 for path in holding)
        else:
            assert not holding
            assert all(";cogfed:store:" in kernel_description(key) for key in lab.kernel_keys())
        lab.run("logout", **chosen).good()
        assert not [path for path in lab.files() if any(secret in path.read_bytes() for secret in secrets)]
        assert lab.kernel_keys() == []
        lab.run("status", "--profile", PROFILE, **chosen).failed_with(3)
