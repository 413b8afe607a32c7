"""Which proxy leads to FreshBooks: the one that HTTPS_PROXY names, and none to this machine."""

from __future__ import annotations

import os

import pytest

from reconciler.errors import UsageError
from reconciler.proxies import proxy_of
from tests.cli.program import ACME, called, writes
from tests.golden.story import Story

API = "https://api.freshbooks.com"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without a proxy."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.example:8080"}, "http://proxy.example:8080"),
        ({"https_proxy": "proxy.example:8080"}, "http://proxy.example:8080"),
        ({"ALL_PROXY": "http://proxy.example"}, "http://proxy.example"),
        ({"HTTP_PROXY": "http://proxy.example"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "other.example,.freshbooks.com"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "*"}, None),
    ],
)
def test_what_the_environment_says(
    variables: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY or ALL_PROXY leads to FreshBooks, unless NO_PROXY names it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_of(API, os.environ) == expected


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://127.0.0.1", "https://localhost:1", "https://[::1]"])
def test_this_machine_is_never_behind_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine is reached as it is."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:8080")
    assert proxy_of(url, os.environ) is None


def test_the_sandbox_beside_a_proxy(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan of the local account works whatever proxy the environment names."""
    for name in NAMES[:3]:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    writes(ACME)
    assert called("plan").code == 0


@pytest.mark.parametrize(
    "proxy", ["socks5://u:secret@proxy.example", "http://", "http://u:secret@h:99999", "http://[::1"]
)
def test_a_proxy_that_cannot_be_one(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no address of a proxy is refused, and its password is not repeated."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError) as refused:
        proxy_of(API, os.environ)
    assert "secret" not in refused.value.summary + refused.value.detail
