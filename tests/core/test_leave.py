"""What leaves, archives and lifecycles."""

from __future__ import annotations

from reconciler.core.change import ARCHIVED
from reconciler.core.diagnostic import Position
from reconciler.core.resource import (
    Address,
    Lifecycle,
    OnRemove,
    RemoteId,
    Visibility,
)
from tests.core.builders import (
    account,
    actions,
    binding,
    configuration,
    live,
    part,
    planned,
    state,
    thing,
)


def test_removed_records_leave_as_was_remembered() -> None:
    """A record that left the YAML is deleted, archived or kept, as the state remembers; its children follow."""
    for on_remove, expected, child in (
        (OnRemove.DELETE, "delete", "delete"),
        (OnRemove.ARCHIVE, "archive", "forget"),
        (OnRemove.KEEP, "forget", "forget"),
    ):
        recorded = state(
            {
                "things.a": binding(1, {"mail": "a@x"}, on_remove=on_remove, source="f.yaml:3"),
                "things.a.parts.p": binding(11, {"mail": "p@x"}, parent=RemoteId(1)),
                "things.z": binding(2, {"mail": "z@x"}),
            }
        )
        seen = account(live(1, mail="a@x", children=(part(11, mail="p@x"),)), live(2, mail="z@x"))
        made = planned([thing("z", mail="z@x")], recorded, seen)
        assert actions(made) == {"things.a": expected, "things.a.parts.p": child}
        assert made.changes[0].removed
        assert all(change.with_parent for change in made.changes if "parts" in change.address)


def test_forgetting_needs_no_call() -> None:
    """What is listed under removed, or deleted outside already, is forgotten and not touched."""
    recorded = state({"things.a": binding(1, {"mail": "a@x"}), "things.b": binding(2, {"mail": "b@x"})})
    seen = account(live(1, mail="a@x"), deleted=[live(2, Visibility.DELETED, mail="b@x")])
    config = configuration(thing("z", mail="z@x"), removed={Address("things.a"): Position(file="f", line=1)})
    made = planned(config, recorded, seen)
    assert actions(made) == {"things.z": "create", "things.a": "forget", "things.b": "forget"}


def test_archived_is_managed_when_mentioned() -> None:
    """`archived` archives and brings back, and is no data field."""
    made = planned(
        [thing("a", mail="a@x", archived=True)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, mail="a@x")),
    )
    assert actions(made) == {"things.a": "archive"}
    assert [(a.name, a.before, a.after) for a in made.changes[0].attributes] == [(ARCHIVED, False, True)]
    made = planned(
        [thing("a", mail="a@x", archived=False)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, Visibility.ARCHIVED, mail="a@x")),
    )
    assert actions(made) == {"things.a": "unarchive"}


def test_lifecycle_is_remembered_without_a_call() -> None:
    """A lifecycle that changed, and a field that is no longer managed, are recorded and said."""
    recorded = state({"things.a": binding(1, {"mail": "a@x", "phone": "1"})})
    made = planned(
        [thing("a", mail="a@x", lifecycle=Lifecycle(prevent_destroy=True))],
        recorded,
        account(live(1, mail="a@x", phone="1")),
    )
    assert actions(made) == {"things.a": "no-op"}
    assert made.changes[0].reason == "no longer managed: phone; prevent_destroy: true"
    assert [note.code for note in made.notes] == ["no-longer-managed"]


def test_ignored_changes_are_sent_at_create_only() -> None:
    """An ignored field goes out with a create and is never compared afterwards."""
    ignoring = Lifecycle(ignore_changes=("phone",))
    made = planned([thing("a", mail="a@x", phone="1", lifecycle=ignoring)])
    assert "phone" in made.changes[0].managed
    made = planned(
        [thing("a", mail="a@x", phone="1", lifecycle=ignoring)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, mail="a@x", phone="2")),
    )
    assert made.empty
