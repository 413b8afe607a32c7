"""What is said over the Terraform HTTP protocol: documents and locks come back as they were, and others' are told."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import StateUnusable
from reconciler.store.backend import Holder
from reconciler.store.terraform.words import Lease, Page, lock_bytes, lock_id, page_bytes, read_lock, read_page

HOLDER = Holder(
    id="00000000-0000-4000-8000-000000000001",
    run="20260101T000000Z-000001",
    host="runner-7",
    link="https://ci.example/group/books/-/jobs/123456789",
    since="2026-01-01T00:00:00Z",
)
TERRAFORM = {
    "ID": "15d73f0e-ffa1-83d6-27b7-69e0963b5b49",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "ada@laptop",
    "Version": "1.11.4",
    "Created": "2026-11-25T18:01:08.723290178Z",
    "Path": "",
}


@given(content=st.binary(max_size=200), renewed=st.floats(0, 4e9))
def test_a_document_comes_back_byte_for_byte(content: bytes, renewed: float) -> None:
    """Whatever the content is, text or not."""
    page = Page(serial=3, lineage="l", edition="e", content=content, lease=Lease(id="a", renewed=renewed))
    assert read_page(page_bytes(page), "", "") == page


def test_a_document_has_what_servers_ask_of_a_state() -> None:
    """GitLab wants a serial, Gitea all the rest."""
    told = json.loads(page_bytes(Page(serial=3, lineage="l", edition="e", content=b"{}")))
    assert (told["version"], told["serial"], told["lineage"], told["outputs"]) == (4, 3, "l", {})
    assert told["terraform_version"]
    assert told["resources"]


def test_twenty_megabytes_are_quick() -> None:
    """A large content is written and read in well under a second each (a budget, not a measurement)."""
    content = json.dumps([{"name": f"clients.{number}", "id": number} for number in range(500_000)]).encode()
    began = time.monotonic()
    assert read_page(page_bytes(Page(serial=1, edition="e", content=content)), "", "").content == content
    assert len(content) > 18_000_000
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize(
    "raw",
    [
        b'{"version":4,"terraform_version":"1.9.0","serial":3,"lineage":"l","outputs":{},"resources":[]}',
        b"[]",
        b'{"serial":3,"lineage":"l","edition":"e","encoding":"text","reconciler":{}}',
        b'{"serial":3,"lineage":"l","edition":"e","encoding":"base64","reconciler":"*"}',
    ],
)
def test_another_programs_document_is_foreign(raw: bytes) -> None:
    """What is whole, and not ours, is somebody's."""
    with pytest.raises(StateUnusable) as caught:
        read_page(raw, "", "https://host/books")
    assert caught.value.code == "state-foreign"


@pytest.mark.parametrize("raw", [b"<html>", page_bytes(Page(serial=1, content=b"{}"))[:-9]])
def test_half_a_document_is_torn(raw: bytes) -> None:
    """What is not whole is never taken for another program's, or for nothing."""
    with pytest.raises(StateUnusable) as caught:
        read_page(raw, "", "https://host/books")
    assert caught.value.code == "state-torn"


def test_a_lock_has_all_seven_keys() -> None:
    """GitLab refuses a lock that lacks one, or has an ID of more than 255 characters."""
    told = json.loads(lock_bytes(HOLDER, 1_700_000_000.5, lock_id(HOLDER)))
    assert sorted(told) == ["Created", "ID", "Info", "Operation", "Path", "Version", "Who"]
    assert told["Created"] == "2023-11-14T22:13:20.500000Z"
    assert told["ID"] == (
        "00000000-0000-4000-8000-000000000001,ttl=60,run=20260101T000000Z-000001,host=runner-7,"
        "link=https://ci.example/group/books/-/jobs/123456789"
    )


@given(
    host=st.text(min_size=1, max_size=20),
    link=st.text(max_size=20),
    run=st.text(min_size=1, max_size=10),
    ttl_s=st.integers(1, 3600).map(float),
)
def test_a_holder_comes_back(host: str, link: str, run: str, ttl_s: float) -> None:
    """Whatever is in a name."""
    holder = Holder(id="i", run=run, host=host, link=link, since="s", ttl_s=ttl_s)
    seen = read_lock(lock_bytes(holder, 1_700_000_000.5, lock_id(holder)))
    assert seen.holder == holder
    assert seen.created_s == 1_700_000_000.5
    assert len(seen.id) <= 255


def test_a_gitlab_tells_of_the_holder_through_its_id() -> None:
    """What a GitLab gives as Info is the asker's own: the holder is read from the ID alone."""
    asker = json.loads(lock_bytes(Holder(id="asker", run="other", host="elsewhere"), 0.0, "asker"))
    seen = read_lock(json.dumps({**asker, "ID": lock_id(HOLDER), "Created": "2026-01-01T00:00:05.123Z"}).encode())
    assert (seen.holder.run, seen.holder.host, seen.holder.link) == (HOLDER.run, HOLDER.host, HOLDER.link)
    assert seen.holder.since == "2026-01-01T00:00:05.123Z"


def test_a_long_link_is_left_out_of_the_id() -> None:
    """Info has room for what an ID has not."""
    holder = Holder(id="i", run="r", host="h" * 100, link="https://ci.example/" + "x" * 300, since="s")
    assert lock_id(holder) == f"i,ttl=60,run=r,host={'h' * 63}"
    assert read_lock(lock_bytes(holder, 1.0, lock_id(holder))).holder == holder


def test_a_lock_of_terraform_never_expires() -> None:
    """A lock that is not of a run of ours is removed by a person only."""
    seen = read_lock(json.dumps(TERRAFORM).encode())
    assert seen.created_s is None
    assert (seen.holder.id, seen.holder.run, seen.holder.host) == (
        TERRAFORM["ID"],
        "Terraform (OperationTypeApply)",
        "ada@laptop",
    )
    assert (seen.holder.ttl_s, seen.holder.expires_at_s) == (math.inf, math.inf)


@pytest.mark.parametrize("raw", [b"", b"locked", b"[]", b'{"ID": 7}', b"[" * 100_000])
def test_a_server_that_does_not_say_who_is_believed(raw: bytes) -> None:
    """Somebody has it, for as long as they like."""
    seen = read_lock(raw)
    assert (seen.id, seen.holder.run, seen.holder.expires_at_s) == ("", "another program", math.inf)
