"""Any order of edits, applies, kills, faults, human edits, lost states and second runners keeps the guarantees.

A kill is played in this process: from a moment of the k-th write on, the disk refuses every step and the network every
request, so that nothing of the process has any effect any more.
"""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from reconciler.sandbox.faults import Faults
from tests.faults.disk import watched
from tests.faults.test_network import rules
from tests.faults.world import (
    ACCOUNT,
    DELETED,
    LIMITS,
    STATE,
    WRITES,
    Ended,
    World,
    client,
    contact,
    converges,
    traceless,
    twice,
    untouched,
    world,
)

KEYS = st.integers(0, 5)
PEOPLE = st.integers(0, 2)
MOMENTS = st.sampled_from(["received", "processed", "answered"])
# One worker, so that the same choices give the same story.
FLAGS = (*LIMITS, "--parallelism", "1")


def broken(code: int) -> Callable[[int, str, str], None]:
    """Give a disk that refuses every step."""

    def refuse(_: int, __: str, name: str) -> None:
        raise OSError(code, "the process is dead", name)

    return refuse


class Machine(RuleBasedStateMachine):
    """A configuration, an account and everybody who works on them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.wish: dict[str, dict[str, Any]] = {}
        self.leavings = False
        """Whether a state was lost or another one used, so that removals may have been forgotten."""

    @initialize()
    def begin(self) -> None:
        """Begin with a few clients that are wanted and do not exist yet."""
        for number in range(3):
            name = f"k{number}"
            people = {f"p{person}": contact(f"{name}p{person}") for person in range(number)}
            self.wish[name] = client(name, p_city="Oslo", contacts=people)
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.here: World = self.stack.enter_context(world(folder / "one", applied={}))
        self.other = World(folder=folder / "two", sandbox=self.here.sandbox)
        self.other.folder.mkdir()

    def teardown(self) -> None:
        """See that everything comes to rest, once nothing fails any more."""
        try:
            if hasattr(self, "here"):
                self.here.wish(self.wish)
                problems = converges(self.here, self.wish)
                # Another state's forgotten removals stay behind, and its contacts with them: that is documented.
                lenient = ("is not in the state", "should be gone", "has the contacts") if self.leavings else ()
                left = [told for told in problems if not any(mark in told for mark in lenient)]
                assert not left, "\n".join(left)
        finally:
            self.stack.close()

    def ended(self, ended: Ended) -> Ended:
        """Take note of how a command ended."""
        assert traceless(ended) == []
        return ended

    # The configuration is edited.

    @rule(key=KEYS, city=st.sampled_from(["Oslo", "Rome", ""]))
    def edit(self, key: int, city: str) -> None:
        """Add a client, or change a field of one."""
        name = f"k{key}"
        self.wish[name] = {**self.wish.get(name, client(name)), "p_city": city}

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        """Take a client out."""
        self.wish.pop(f"k{key}", None)

    @rule(key=KEYS, archived=st.booleans())
    def archive(self, key: int, archived: bool) -> None:  # noqa: FBT001 - hypothesis calls by name
        """Say whether a client is archived."""
        if f"k{key}" in self.wish:
            self.wish[f"k{key}"]["archived"] = archived

    @rule(key=KEYS, person=PEOPLE, phone=st.sampled_from(["", "416-555-0101", "gone"]))
    def people(self, key: int, person: int, phone: str) -> None:
        """Add, change or remove a contact."""
        name = f"k{key}"
        if name not in self.wish:
            return
        contacts = dict(self.wish[name].get("contacts", {}))
        contacts[f"p{person}"] = contact(f"{name}p{person}", phone1=phone)
        if phone == "gone":
            del contacts[f"p{person}"]
        self.wish[name] = {**self.wish[name], "contacts": contacts}

    # Commands run.

    def apply_in(self, place: World, *flags: str) -> Ended:
        """Apply in a folder."""
        place.wish(self.wish)
        return self.ended(place.here("apply", "--auto-approve", "--settle", "0.02", *FLAGS, *flags))

    @rule()
    def plan(self) -> None:
        """Plan, which writes nothing."""
        self.here.wish(self.wish)
        before = len(self.here.writes())
        self.ended(self.here.plan())
        assert len(self.here.writes()) == before

    @rule()
    def apply(self) -> None:
        """Apply without faults."""
        assert self.apply_in(self.here).code == 0
        assert self.here.plan().code == 0, "exit 0 means that all is as wanted"

    @rule(seed=st.integers(0, 10**6))
    def apply_in_a_storm(self, seed: int) -> None:
        """Apply while three in ten requests fail."""
        self.here.sandbox.wrapper.faults = Faults.parse([r for r in rules(0.3) if " 429" not in r], seed=seed)
        try:
            ended = self.apply_in(self.here)
        finally:
            self.here.sandbox.wrapper.faults = Faults()
        if ended.code == 0:
            assert self.here.plan().code == 0, "exit 0 means that all is as wanted"

    @rule(moment=MOMENTS, number=st.integers(1, 6))
    def apply_killed(self, moment: str, number: int) -> None:
        """Apply, and be killed at a moment of the k-th write."""
        wrapper, left = self.here.sandbox.wrapper, [number]
        with watched(self.here.folder / STATE.parent) as disk:

            def watch(seen: str, method: str, path: str) -> None:
                if seen == moment and method in WRITES and "/users/" in path:
                    left[0] -= 1
                    if left[0] == 0:
                        disk.before = broken(errno.EIO)
                        wrapper.faults = Faults.parse(["* * reset-before"])

            wrapper.watch = watch
            try:
                self.apply_in(self.here)
            finally:
                wrapper.watch, wrapper.faults = (lambda *_: None), Faults()

    @rule()
    def apply_elsewhere(self) -> None:
        """A second runner applies with a state of its own."""
        self.leavings = True
        self.apply_in(self.other)

    # People and accidents.

    @rule(key=KEYS, what=st.sampled_from(["note", "city", "archive", "delete", "create", "contact"]))
    def human(self, key: int, what: str) -> None:
        """Somebody works in the account itself."""
        books = self.here.sandbox.books
        if what == "create":
            number = books.next_client_id()
            row = books.select("ORDER BY id LIMIT 1")[0]
            fresh = {
                "id": number,
                "userid": number,
                "email": f"{number}@else.example",
                "organization": f"Else {number}",
            }
            books.put_client({**json.loads(row.document), **fresh, "vis_state": 0})
            self.here.others[number] = self._told(number)
            return
        for number, seen in self.here.clients().items():
            # Who brings a deleted client back by hand has made it their own; that is told elsewhere.
            if seen["email"] == f"k{key}@ours.example" and seen["vis_state"] != DELETED:
                plain = {name: value for name, value in seen.items() if name != "contacts"}
                changes: dict[str, dict[str, Any]] = {
                    "note": {"note": "by hand"},
                    "city": {"p_city": "by hand"},
                    "archive": {"vis_state": 2},
                    "delete": {"vis_state": DELETED},
                }
                books.put_client({**plain, **changes.get(what, {})})
                if what == "contact":
                    added = {"contactid": books.next_contact_id(), "email": "", "fname": "Else", "lname": f"{number}"}
                    books.put_contacts(number, [*seen["contacts"], {**added, "phone1": "", "phone2": ""}])

    def _told(self, number: int) -> str:
        seen = World(folder=self.here.folder, sandbox=self.here.sandbox)
        seen.remember_others()
        return seen.others[number]

    @rule()
    def lose_state(self) -> None:
        """The folder with the state is deleted."""
        self.leavings = True
        shutil.rmtree(self.here.folder / STATE.parent, ignore_errors=True)

    @rule()
    def restore_backup(self) -> None:
        """Somebody puts the state before the last back."""
        state = self.here.folder / STATE
        backup = state.with_name("state.json.backup")
        if backup.exists() and not state.with_name("state.json.journal").exists():
            self.leavings = True
            state.write_bytes(backup.read_bytes())

    # What holds at all times.

    @invariant()
    def nothing_is_there_twice(self) -> None:
        """At most one record of ours was ever made per email, alive or not; no contact is there twice."""
        if not hasattr(self, "here"):
            return
        ever = Counter(seen["email"] for seen in self.here.clients().values() if "@ours" in seen["email"])
        assert [email for email, count in ever.items() if count > 1] == []
        assert twice(self.here) == []

    @invariant()
    def nothing_of_others_changes(self) -> None:
        """What is not ours stays as it is, whoever does what."""
        if hasattr(self, "here"):
            assert untouched(self.here) == []
            assert self.here.sandbox.account_id == ACCOUNT


def test_everything_at_once(request: pytest.FixtureRequest) -> None:
    """Hypothesis tries to find an order of things that breaks a guarantee."""
    full = request.config.getoption("--full")
    chosen = settings(
        max_examples=2000 if full else 100,
        stateful_step_count=40 if full else 20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        # Shrinking a story takes minutes; the story itself tells enough.
        phases=[Phase.explicit, Phase.generate],
        print_blob=True,
    )
    run_state_machine_as_test(Machine, settings=chosen)
