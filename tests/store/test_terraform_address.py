"""Where a state is kept over HTTP: Terraform's variables, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.errors import StateUnusable, UsageError
from reconciler.store.terraform.address import Address, Patience, read_address

GITLAB = "https://gitlab.example/api/v4/projects/7/terraform/state/books"
GITEA = "https://gitea.example/api/packages/acme/terraform/state/books"
OTHER = "https://states.example/books"


def locking(address: Address) -> tuple[str, str, str, str]:
    """Give where and how it locks and unlocks."""
    return address.lock_method, address.lock_url, address.unlock_method, address.unlock_url


@pytest.mark.parametrize("url", [GITLAB, GITEA, "https://host/gitlab/api/v4/projects/a%2Fb/terraform/state/x.y"])
def test_known_servers_need_an_address_only(url: str) -> None:
    """A GitLab and a Gitea are known by their addresses, and are locked as they document it."""
    address = read_address(url, {})
    assert locking(address) == ("POST", f"{url}/lock", "DELETE", f"{url}/lock")
    assert address.counts_serials
    assert address.proves_lock is (url != GITEA)


def test_others_are_locked_at_their_own_address() -> None:
    """Where no address of a lock is given, LOCK and UNLOCK go to the state's own."""
    address = read_address(f"{OTHER}/?project=7", {})
    assert locking(address) == ("LOCK", f"{OTHER}?project=7", "UNLOCK", f"{OTHER}?project=7")
    assert not address.counts_serials
    assert address.shown == OTHER


def test_terraforms_variables_say_it_all() -> None:
    """What Terraform reads from the environment is read here too."""
    address = read_address(
        "",
        {
            "TF_HTTP_ADDRESS": OTHER,
            "TF_HTTP_LOCK_ADDRESS": f"{OTHER}/l",
            "TF_HTTP_UNLOCK_ADDRESS": f"{OTHER}/u",
            "TF_HTTP_LOCK_METHOD": "PUT",
            "TF_HTTP_UNLOCK_METHOD": "DELETE",
            "TF_HTTP_UPDATE_METHOD": "PUT",
            "TF_HTTP_USERNAME": "ada",
            "TF_HTTP_PASSWORD": "secret",
            "TF_HTTP_RETRY_MAX": "5",
            "TF_HTTP_RETRY_WAIT_MIN": "2",
            "TF_HTTP_RETRY_WAIT_MAX": "9",
        },
    )
    assert locking(address) == ("PUT", f"{OTHER}/l", "DELETE", f"{OTHER}/u")
    assert (address.url, address.update_method) == (OTHER, "PUT")
    assert (address.username, address.password) == ("ada", "secret")
    assert address.patience == Patience(tries=6, least_s=2.0, longest_s=9.0)


def test_an_unlock_address_is_the_locks_unless_given() -> None:
    """Where only the lock has an address, it is unlocked there."""
    assert locking(read_address(OTHER, {"TF_HTTP_LOCK_ADDRESS": f"{OTHER}/l"}))[3] == f"{OTHER}/l"


def test_the_lock_of_another_document_is_not_taken_for_this_one() -> None:
    """With `--state` at another document of the same server, the variables for the lock are not this one's."""
    environment = {
        "TF_HTTP_ADDRESS": OTHER,
        "TF_HTTP_LOCK_ADDRESS": f"{OTHER}/l",
        "TF_HTTP_LOCK_METHOD": "PUT",
        "TF_HTTP_USERNAME": "ada",
    }
    address = read_address(f"{OTHER}-2", environment)
    assert locking(address) == ("LOCK", f"{OTHER}-2", "UNLOCK", f"{OTHER}-2")
    assert address.username == "ada"


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ("http://states.example/books", {}),
        ("https://ada:canary@states.example/books", {}),
        ("https://states.example", {}),
        ("https://states.example/a#b", {}),
        ("https://states.example/a\nb", {}),
        ("https://[::1/a", {}),
        ("ftp://states.example/a", {}),
        ("", {}),
        (OTHER, {"TF_HTTP_ADDRESS": "https://elsewhere.example/books"}),
        (OTHER, {"TF_HTTP_LOCK_ADDRESS": "https://ada:canary@states.example/l"}),
        (OTHER, {"TF_HTTP_LOCK_ADDRESS": "http://states.example/l"}),
        (OTHER, {"TF_HTTP_LOCK_METHOD": "POST"}),
        (OTHER, {"TF_HTTP_UNLOCK_METHOD": "DELETE"}),
        (OTHER, {"TF_HTTP_LOCK_METHOD": "lock"}),
        (OTHER, {"TF_HTTP_PASSWORD": "canary"}),
        (OTHER, {"TF_HTTP_USERNAME": "a:b"}),
        (OTHER, {"TF_HTTP_USERNAME": "ada", "TF_HTTP_PASSWORD": "canary\n"}),
        (OTHER, {"TF_HTTP_RETRY_MAX": "-1"}),
        (OTHER, {"HTTPS_PROXY": "socks5://ada:canary@proxy.example:1080"}),
        (OTHER, {"TF_HTTP_CLIENT_CERTIFICATE_PEM": "canary"}),
    ],
)
def test_what_is_not_usable_is_refused(given: str, environment: Mapping[str, str]) -> None:
    """An address in the clear, with credentials, of another server, or that would write where it locks, is refused."""
    with pytest.raises(UsageError) as caught:
        read_address(given, environment)
    assert "canary" not in caught.value.summary + caught.value.detail


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_this_machine_needs_no_tls(host: str) -> None:
    """On loopback nothing crosses a network."""
    assert read_address(f"http://{host}/books", {}).url == f"http://{host}/books"


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"ALL_PROXY": "http://proxy.example:3128", "NO_PROXY": "elsewhere.example"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "other.example,.states.example"}, ""),
        ({"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "*"}, ""),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, ""),
    ],
)
def test_a_proxy_leads_there(environment: Mapping[str, str], proxy: str) -> None:
    """HTTPS_PROXY counts, NO_PROXY excepts, and this machine needs none."""
    assert read_address("https://a.states.example/books", environment).proxy == proxy
    assert read_address("http://127.0.0.1:1/books", environment).proxy == ""


def test_nothing_of_it_is_printed() -> None:
    """The text of an address has neither credentials nor a query."""
    environment = dict.fromkeys(("TF_HTTP_USERNAME", "TF_HTTP_PASSWORD", "HTTPS_PROXY"), "canary")
    address = read_address(f"{OTHER}?token=canary", environment)
    assert "canary" not in repr(address) + str(address) + address.shown


@pytest.mark.parametrize(
    ("url", "lock"),
    [(GITLAB, f"{GITLAB}-login-work.json/lock"), (OTHER, f"{OTHER}-login-work.json")],
)
def test_a_document_beside_it_has_its_own_lock(url: str, lock: str) -> None:
    """A further document lies at an address of its own, and so does its lock."""
    beside = read_address(url, {}).beside("login/work.json")
    assert (beside.url, beside.lock_url, beside.unlock_url) == (f"{url}-login-work.json", lock, lock)


def test_a_query_stays_behind() -> None:
    """The name goes into the path, not behind the query."""
    assert read_address(f"{OTHER}?a=b", {}).beside("x").url == f"{OTHER}-x?a=b"


def test_a_lock_elsewhere_has_none_beside_it() -> None:
    """Where the lock's address tells nothing of the document's, no further document is kept."""
    address = read_address(OTHER, {"TF_HTTP_LOCK_ADDRESS": "https://locks.example/l"})
    assert address.beside("") == address
    with pytest.raises(StateUnusable) as caught:
        address.beside("login")
    assert caught.value.code == "store-refused"
