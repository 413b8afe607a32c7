"""What object stores refuse, and what is refused of them: buckets, logins, addresses; no text shows a key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.errors import StateUnusable, UsageError
from reconciler.store.objects.clouds import site_of
from reconciler.store.objects.storage import open_objects
from tests.contracts import azurite, gcs_like, moto_s3
from tests.contracts.test_backend import holder
from tests.contracts.wire import wire_to
from tests.store.test_objects import opened, s3, said

CANARIES = ("AKIACANARY", "canary", azurite.KEY, azurite.KEY[:20], "sig=")


@pytest.mark.parametrize("cloud", ["s3", "az", "gs"])
def test_no_such_bucket(cloud: str) -> None:
    """A bucket that does not exist is refused by name, when reading as when writing; it is not an empty state."""
    storage = {
        "s3": lambda: s3(bucket="no-such-bucket"),
        "az": lambda: opened(f"az://no-such-bucket/s?endpoint={azurite.azurite().url}", azurite.CREDENTIALS),
        "gs": lambda: opened(f"gs://no-such-bucket/s?endpoint={gcs_like.gcs().url}", gcs_like.CREDENTIALS),
    }[cloud]()
    for call in (lambda: storage.read(""), lambda: storage.create("", b"{}"), storage.check):
        with pytest.raises(StateUnusable) as caught:
            call()
        assert caught.value.code == "store-refused"
        assert "no-such-bucket" in caught.value.detail


@pytest.mark.parametrize("answer", ["400 InvalidRequest", "403 AccessDenied", "401 Unauthorised", "405 NotAllowed"])
def test_what_a_storage_refuses(answer: str) -> None:
    """A refusal is told with the storage's own word for it, whether it was to read or to write; nothing is retried."""
    server, storage = moto_s3.moto(), s3()
    for call in (lambda: storage.read(""), lambda: storage.create("", b"{}")):
        server.busy.append(answer)
        with pytest.raises(StateUnusable) as caught:
            call()
        assert caught.value.code == "store-refused"
        assert answer in caught.value.detail


def test_nobody_listens() -> None:
    """Where no connection comes about, nothing was written, and that is what it says."""
    with wire_to("127.0.0.1", 1) as wire:
        closed = wire.own_port
    for call in (lambda: s3(closed).read(""), lambda: s3(closed).create("", b"{}"), lambda: s3(closed).take(holder())):
        with pytest.raises(StateUnusable) as caught:
            call()
        assert caught.value.code == "store-unreachable"


def test_what_is_no_storage_is_not_empty() -> None:
    """A server that says 'not found' to everything, but not as a storage does, is refused."""
    address = f"az://x-container/state.json?endpoint={moto_s3.moto().url}/moto-api/nothing"
    with pytest.raises(StateUnusable) as caught:
        opened(address, azurite.CREDENTIALS).read("")
    assert caught.value.code == "store-refused"


def test_refused_logins_show_no_key() -> None:
    """Keys, tokens and signatures are in no error's words, representation or trace."""
    url, closed = azurite.azurite().url, "http://127.0.0.1:1"
    sas = "sv=2022-11-02&ss=b&srt=o&sp=rw&sig=canary%2Bsignature%3D"
    wrong = {**azurite.CREDENTIALS, "AZURE_STORAGE_ACCOUNT_KEY": "Y2FuYXJ5LXNlY3JldA=="}
    broken = {**azurite.CREDENTIALS, "AZURE_STORAGE_ACCOUNT_KEY": "canary, not base64"}
    signed = {"AZURE_STORAGE_ACCOUNT_NAME": azurite.ACCOUNT, "AZURE_STORAGE_SAS_TOKEN": sas}
    tries = [
        (f"az://{azurite.azurite().container()}/state.json?endpoint={url}", wrong),
        (f"az://some-container/state.json?endpoint={url}", broken),
        (f"az://some-container/state.json?endpoint={url}", signed),
        (f"az://some-container/state.json?endpoint={closed}", signed),
        ("az://some-container/state.json", {"AZURE_STORAGE_SAS_TOKEN": sas}),
        (f"gs://some-bucket/state.json?endpoint={closed}", {"GOOGLE_SERVICE_ACCOUNT_KEY": '{"private_key": "canary"}'}),
        (f"gs://some-bucket/state.json?endpoint={closed}", gcs_like.CREDENTIALS),
        (f"s3://some-bucket/state.json?endpoint={closed}", moto_s3.CREDENTIALS),
        ("s3://some-bucket/state.json", {"AWS_SECRET_ACCESS_KEY": "canary-secret"}),
    ]
    for address, environment in tries:
        with pytest.raises(StateUnusable) as caught:
            opened(address, environment).read("")
        assert [canary for canary in CANARIES if canary in said(caught.value)] == []
        site, _ = site_of(address, environment)
        assert [canary for canary in CANARIES if canary in repr(site)] == []
    assert "canary" not in repr(s3())


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIACANARY:canary@bucket/state.json",
        "s3://AKIACANARY@bucket/state.json",
        "s3://bucket/state.json?secret_access_key=canary",
        "s3://bucket/state.json#canary",
        "az://container/state.json?sas_token=canary",
        "gs://canary@bucket/state.json",
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/canary/../state.json",
        "s3://[canary/state.json",
        "s3://BUCKET/state.json",
        "s3://bucket/state.json?endpoint=http://canary.example",
        "s3://bucket/state.json?endpoint=ftp://canary.example",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    """Credentials, unknown options, odd paths and plain http to others are refused, and not repeated."""
    with pytest.raises(UsageError) as caught:
        open_objects(address, {})
    assert caught.value.code == "store-address"
    assert "canary" not in said(caught.value).lower()


def test_addresses_that_are_understood() -> None:
    """Options win over the environment, of two variables the more exact one does, and abfs names its account."""
    environment = {
        "AWS_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "https://general.example",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
    }
    site, address = site_of("s3://bucket/a/state.json?region=eu-west-1&virtual_hosted=false", environment)
    assert (site.settings["region"], site.settings["virtual_hosted_style_request"]) == ("eu-west-1", "false")
    assert site.settings["endpoint"] == site.settings["aws_endpoint_url_s3"] == "https://s3.example"
    assert (address.shown, address.path, site.plain_http) == ("s3://bucket/a/state.json", "a/state.json", False)
    site, address = site_of("abfss://container@books.dfs.core.windows.net/state.json", {"AZURE_STORAGE_KEY": "k"})
    assert (site.bucket, site.settings) == ("container", {"account_name": "books", "account_key": "k"})


def test_without_the_library(tmp_path: Path) -> None:
    """Without obstore the error names the extra to install."""
    (tmp_path / "obstore.py").write_text("raise ImportError")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from reconciler.store.objects.storage import open_objects\n"
        "try: open_objects('s3://bucket/state.json', {})\n"
        "except Exception as error: print(error.code, error.detail)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("store-not-installed ")
    assert "pip install 'freshbooks-reconciler[objects]'" in told.stdout
