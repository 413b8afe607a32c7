"""House rules: a user's own schema is refused where it cannot work, fetches nothing, and takes no time without end."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from reconciler.documents.explain import accepts, bad_rules, explained
from reconciler.documents.parse import parse
from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT


def refused(rules: str) -> list[str]:
    """Say why rules cannot be used."""
    document = parse("reconciler.yaml", f"version: 1\nrules: {rules}\n".encode(), slow=True)
    assert not document.problems
    problems = bad_rules(document)
    assert [(p.code, str(p.position)) for p in problems] == [("bad-rules", "reconciler.yaml:2:1")] * len(problems)
    return [p.detail for p in problems]


@pytest.mark.parametrize(
    "rules",
    [
        "{required: [email]}",
        "{properties: {note: {$ref: '#/definitions/n'}}, definitions: {n: {maxLength: 3}}}",
        "{properties: {note: {pattern: '(a+)+$'}, fax: {pattern: '^(?!0)'}}}",
        "{$schema: 'http://json-schema.org/draft-07/schema#', required: [email]}",
    ],
)
def test_usable_rules(rules: str) -> None:
    """A schema of draft-07 that refers to itself alone can be used."""
    assert refused(rules) == []


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("{$ref: '#/nope'}", "/nope"),
        ("{properties: {note: {$ref: '#/definitions/n'}}}", "/definitions/n"),
        ("{type: strin}", "strin"),
        ("{properties: {note: {pattern: '('}}}", "regex"),
        ("{properties: {note: {pattern: '((x{1000}){1000}){1000}'}}}", "regex"),
        ("{$ref: 'http://rules.example/x.json'}", "rules.example"),
        ("{$ref: 'file:///etc/passwd'}", "passwd"),
        ("{$ref: 'other.json'}", "other.json"),
    ],
)
def test_unusable_rules(rules: str, why: str) -> None:
    """What is no schema, or refers to what is not in it, is refused with its reason and its place."""
    [detail] = refused(rules)
    assert why in detail


def test_nothing_is_fetched() -> None:
    """A schema of another server is never asked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        came = threading.Event()

        def listen() -> None:
            try:
                server.accept()[0].close()
            except TimeoutError:
                return
            came.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert refused(f"{{$ref: 'http://127.0.0.1:{server.getsockname()[1]}/x.json'}}")
        listener.join()
        assert not came.is_set()


def details(folder: Path, rules: dict[str, object], entry: str) -> list[str]:
    """Hold one client against rules."""
    file = folder / "clients.yaml"
    file.write_text(f"version: 1\nclients:\n  acme: {entry}\n")
    return [problem.detail for problem in check([str(file)], CLIENT, LoadOptions(rules=rules))[1]]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"required": ["p_country"]}, "clients.acme needs `p_country`."),
        ({"required": ["fax", "note"]}, "clients.acme needs `fax`, `note`."),
        ({"properties": {"fname": {"maxLength": 2}}}, "clients.acme: fname: it has 3 characters; 2 are allowed."),
        ({"properties": {"fname": {"format": "email"}}}, "clients.acme: fname: `Ada` is no `email`."),
        ({"properties": {"fname": {"pattern": "^B"}}}, "clients.acme: fname: `Ada`. It must match ^B."),
        ({"properties": {"fname": False}}, "clients.acme: fname: it is not allowed here."),
        ({"additionalProperties": False}, "clients.acme: `fname` is not allowed here."),
        (
            {"properties": {"contacts": {"additionalProperties": {"required": ["email"]}}}},
            "clients.acme: contacts.jane needs `email`.",
        ),
        ({"patternProperties": {"^f": {"maxLength": 2}}}, "clients.acme: fname: it has 3 characters; 2 are allowed."),
    ],
)
def test_broken_rules_are_told(rules: dict[str, object], told: str, tmp_path: Path) -> None:
    """A broken rule names the client, the field and what is wanted."""
    assert told in details(tmp_path, rules, "{fname: Ada, contacts: {jane: {fname: Jane}}}")


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|aa)+$", r"^(a|aa)+\1c$", "^(?=a)(a|aa)+c$"])
def test_no_pattern_hangs(pattern: str, tmp_path: Path) -> None:
    """A pattern that keeps other engines busy for ever is decided soon, by acceptance and explanation alike."""
    rules: dict[str, object] = {"properties": {"note": {"pattern": pattern}}}
    began = time.monotonic()
    assert len(details(tmp_path, rules, f"{{fname: Ada, note: {'a' * 9000}b}}")) == 1
    assert time.monotonic() - began < 20, "a hang, whatever the machine"


def test_rules_without_end_end() -> None:
    """A schema that refers to itself without end refuses with a reason."""
    rules = {"allOf": [{"$ref": "#"}], "required": ["fax"]}
    document = parse("f", b"fname: Ada", slow=True)
    assert not accepts(rules, document.content)
    assert explained(rules, document)


def test_each_schema_has_its_own_verdict() -> None:
    """A schema that is made and dropped leaves nothing behind for the next one at its place in memory."""
    for number in range(50):
        rules = {"maxLength": number}
        assert accepts(rules, "x" * number)
        assert not accepts(rules, "x" * (number + 1))
        del rules
