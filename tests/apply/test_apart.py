"""Creates that look alike are not sent side by side; everything else is."""

from __future__ import annotations

from pathlib import Path

from reconciler.apply.apart import apart
from reconciler.apply.steps import Group
from reconciler.core.change import Action, Change
from reconciler.core.resource import Address
from reconciler.providers.freshbooks.wire import CLIENT
from tests.golden.story import telling


def create(key: str, **fields: str) -> Group:
    """Give a group that creates one client."""
    address = Address(f"clients.{key}")
    return Group(
        address=address, own=Change(action=Action.CREATE, address=address, kind="client", managed=dict(fields))
    )


def test_namesakes_share_a_queue() -> None:
    """Records that share an email, an organization or a name are worked off one after the other, also in a chain."""
    groups = [
        create("a", email="books@x", organization="A"),
        create("b", organization="B"),
        create("c", email="books@x", organization="C"),
        create("d", email="other@x", organization="D"),
        create("e", email="books@x", organization="B"),
    ]
    queues = [[group.address.rpartition(".")[2] for group in queue] for queue in apart(groups, CLIENT)]
    assert queues == [["a", "c", "b", "e"], ["d"]]


def test_companies_with_one_bookkeeper_are_created_at_once(tmp_path: Path) -> None:
    """Many companies that share an email are created by one apply, whatever the parallelism."""
    with telling(tmp_path) as s:
        wanted = "\n".join(f"  c{n}: {{organization: Firm {n}, email: books@ledger.example}}" for n in range(12))
        s.writes(f"clients:\n{wanted}")
        s.run("apply", "--auto-approve", "--parallelism", "8", "--settle", "0")
        s.is_settled()
        assert len(s.clients()) == 12
