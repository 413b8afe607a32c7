"""No credential of the state's server is in any text, whatever fails."""

from __future__ import annotations

import logging
import traceback
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.errors import ReconcilerError
from reconciler.store.terraform.address import Patience, read_address
from reconciler.store.terraform.storage import TerraformStorage
from tests.store.connecting import KINDS, always, holder, place
from tests.store.statehost import PASSWORD, USERNAME, Fault, Server

SECRETS = (USERNAME, PASSWORD, b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode(), "canary-query")
ACTIONS: tuple[Callable[[TerraformStorage], object], ...] = (
    lambda storage: storage.read(""),
    lambda storage: storage.create("", b"x"),
    lambda storage: storage.replace("", b"x", "old"),
    lambda storage: storage.delete("", "old"),
    lambda storage: storage.take(holder()),
    lambda storage: storage.renew(holder()),
    lambda storage: storage.release(holder()),
    lambda storage: storage.peek(),
    lambda storage: storage.check(),
    lambda storage: storage.now_s(),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
def test_no_failure_tells_a_secret(kind: type[Server], fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """Every action under every fault: not in the error, its traceback, the log, the trace, or an address."""
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    def trace(*parts: object) -> None:
        told.append(" ".join(map(str, parts)))

    with place(kind()) as there:
        environment = {"TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD}
        address = replace(
            read_address(f"{there.server.url()}?token=canary-query", environment), patience=Patience(tries=2)
        )
        for verb in ("read", "write", "lock", "unlock", "delete"):
            there.server.fault = always(verb, fault)
            storage = TerraformStorage(address, sleep=there.clock.sleep, trace=trace)
            told.append(repr(storage) + storage.shown + repr(address))
            for action in ACTIONS:
                try:
                    action(storage)
                except ReconcilerError as error:
                    told += [error.summary, error.detail, repr(error), traceback.format_exc()]
            storage.close()
        targets = [asked.target for asked in there.server.asked]
    text = "\n".join(told)
    assert not [secret for secret in SECRETS if secret in text]
    assert not [
        secret for secret in SECRETS[:3] if secret in caplog.text or any(secret in target for target in targets)
    ]


def test_a_login_that_is_wrong_is_not_told() -> None:
    """A server that does not know the name leaves no trace of it."""
    with place(KINDS[0]()) as there:
        storage = there.open({"TF_HTTP_USERNAME": "canary-other", "TF_HTTP_PASSWORD": "canary-other"})
        with pytest.raises(ReconcilerError) as caught:
            storage.read("")
        assert "canary" not in caught.value.summary + caught.value.detail
        assert "TF_HTTP_USERNAME" in caught.value.detail
