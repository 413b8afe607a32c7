"""Rules that cannot be used: each mistake with its reason and its place, nothing fetched, and no work without end."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.documents.parse import parse
from reconciler.rules.checking import DRAFT, unusable
from reconciler.rules.sources import inline
from tests.rules.house import checked, in_file, of_acme, told


def refused(rules: str) -> list[tuple[str, str]]:
    """Say where and why rules, written as YAML, cannot be used."""
    document = parse("rules.yaml", rules.encode(), slow=True)
    assert not document.problems
    content: Any = document.content
    problems = unusable(content, document)
    assert {problem.code for problem in problems} <= {"bad-rules"}
    return [(str(problem.position).partition(":")[2], problem.detail) for problem in problems]


@pytest.mark.parametrize(
    "rules",
    [
        "{required: [email]}",
        "{properties: {note: {$ref: '#/definitions/n'}}, definitions: {n: {maxLength: 3}}}",
        "{properties: {note: {$ref: '#/definitions/n/allOf/0'}}, definitions: {n: {allOf: [{maxLength: 3}]}}}",
        "{properties: {contacts: {additionalProperties: {$ref: '#'}}}}",
        "{properties: {note: {pattern: '(a+)+$'}, fax: {not: {pattern: '^0'}}}}",
        "{$schema: 'http://json-schema.org/draft-07/schema#', $id: 'https://a.example/r.json', required: [email]}",
        "{$schema: 'https://json-schema.org/draft-07/schema', x-owner: {required: 1}, $comment: c, owner: me}",
        "{properties: {a: {$ref: '#/$defs/x', title: t, errorMessage: m}}, $defs: {x: {format: date}}}",
        "{}",
    ],
)
def test_usable_rules(rules: str) -> None:
    """A schema of draft-07 that refers to itself alone can be used; so can what says more than draft-07 knows."""
    assert refused(rules) == []


@pytest.mark.parametrize(
    ("rules", "at", "why"),
    [
        ("$ref: '#/nope'", "1:7", "$ref: there is no schema at `#/nope`."),
        ("properties: {n: {$ref: '#/required'}}\nrequired: []", "1:24", "no schema at `#/required`"),
        ("$ref: 'http://rules.example/x.json'", "1:7", "nothing is fetched"),
        ("$ref: 'file:///etc/passwd'", "1:7", "nothing is fetched"),
        ("$ref: 'other.json'", "1:7", "nothing is fetched"),
        ("$ref: 3", "1:7", "it must be a text"),
        ("allOf: [{$ref: '#'}]", "1:16", "it refers to itself without end."),
        ("not: {$ref: '#/definitions/a'}\ndefinitions:\n  a: {anyOf: [{$ref: '#'}]}", "1:13", "without end"),
        ("$schema: https://json-schema.org/draft/2020-12/schema", "1:10", f"write {DRAFT}#"),
        ("properties: {a: {$id: b}}", "1:23", "an `$id` stands at the top only."),
        ("type: strin", "1:7", "(did you mean string?)"),
        ("properties: {n: 3}", "1:17", "properties.n: it must be true or false or a mapping, not a number."),
        ("patternProperties: 3", "1:20", "patternProperties: it must be a mapping, not a number."),
        ("required: email", "1:11", "required: it must be a list, not a text."),
        ("properties: {n: {pattern: '('}}", "1:27", "`(` is no regular expression as JavaScript has them."),
        ("properties: {n: {pattern: '((x{1000}){1000}){1000}'}}", "1:27", "very large"),
        ("properties: {n: {pattern: '^(?!0)'}}", "1:27", "`^(?!0)` looks ahead or back"),
        ("patternProperties: {'(?<=a)b': {}}", "1:21", "`(?<=a)b` looks ahead or back"),
        (r"not: {pattern: '(a)\1'}", "1:16", "refers back"),
        ("maxProperties: -1", "1:16", "it must be 0 at least"),
        ("requierd: [email]", "1:1", "it is no keyword; did you mean `required`?"),
        ("properties:\n  note: {maxlength: 3}", "2:10", "did you mean `maxLength`?"),
        ("email: {pattern: x}", "1:1", "a field stands under `properties`."),
        ("dependentRequired: {a: [b]}", "1:1", "it has `dependencies`."),
        ("properties: {a: {format: emial}}", "1:26", "`emial` is no format of draft-07"),
        ("properties: {a: {$ref: '#', pattern: x}}", "1:38", "put both into an `allOf`."),
        ("errorMessage: 3", "1:15", "a message is a text, or texts by keyword."),
        ("errorMessage: {required: m}", "1:26", "there is no `required` beside `errorMessage`"),
        ("required: [a]\nerrorMessage: {required: {a: 1}}", "2:16", "a message is a text"),
        ("enum: [1]\nerrorMessage: {enum: [m]}", "2:16", "a message is a text"),
        ("pattern: x\npatternErrorMessage: [m]", "2:1", "a message is a text."),
    ],
)
def test_unusable_rules(rules: str, at: str, why: str) -> None:
    """What is no schema, refers to what is not in it, or would be passed over, is refused with its reason and place."""
    [(where, detail)] = refused(rules)
    assert (where, why in detail) == (at, True), detail


def test_all_mistakes_are_told_at_once() -> None:
    """Several mistakes are told together."""
    assert len(refused("type: x\nrequierd: []\nproperties: {a: 3, b: {$ref: x}}")) == 4


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
        assert refused(f"$ref: 'http://127.0.0.1:{server.getsockname()[1]}/x.json'")
        listener.join()
        assert not came.is_set()


# Time.


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|aa)+$", "(x+x+)+y", "^(a?){500}a{500}c$", "(.*)*(.*)*c"])
def test_no_pattern_hangs(pattern: str, tmp_path: Path) -> None:
    """A pattern that keeps other engines busy for ever is decided soon, by acceptance and explanation alike."""
    began = time.monotonic()
    assert len(of_acme(tmp_path, {"properties": {"note": {"pattern": pattern}}}, f"fname: A, note: {'a' * 9000}b")) == 1
    assert time.monotonic() - began < 20, "a hang, whatever the machine"


def doubling(times: int, keyword: str) -> dict[str, Any]:
    """Give a schema of which each part refers twice to the next."""
    each: dict[str, Any] = {f"d{n}": {keyword: [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(times)}
    return {"$ref": "#/definitions/d0", "definitions": {**each, f"d{times}": {"required": ["fax"]}}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_work_that_doubles_is_refused(keyword: str, tmp_path: Path) -> None:
    """A small schema that would be looked at 2^60 times is refused, and one of 2^8 is not."""
    began = time.monotonic()
    [problem] = checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, doubling(60, keyword)))
    assert "it is too much to hold a client against" in problem.detail
    assert time.monotonic() - began < 20, "a hang, whatever the machine"
    [problem] = checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, doubling(8, keyword)))
    assert problem.code == "house-rule"


def test_patterns_are_counted(tmp_path: Path) -> None:
    """So many patterns that they would take all memory are refused, before they are compiled."""
    many = {"allOf": [{"pattern": f"(x{{500}}){{100}}{number}"} for number in range(1000)]}
    [problem] = checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, many))
    assert "there are 1,000 patterns; 200 can be held" in problem.detail


def test_doubling_by_depth_is_counted(tmp_path: Path) -> None:
    """Work that doubles with each level of a client is counted as deep as clients are."""
    much = {"additionalProperties": {"allOf": [{"$ref": "#"}] * 20}}
    [problem] = checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, much))
    assert "too much" in problem.detail
    inside = {"properties": {"contacts": {"additionalProperties": {"$ref": "#"}}}, "maxProperties": 1}
    text = "  acme: {contacts: {jane: {fname: J, lname: K}}, id: 1}\n"
    assert len(checked(tmp_path, text, in_file(tmp_path, inside))) == 2


def test_long_chains_are_refused_or_held(tmp_path: Path) -> None:
    """A chain of thousands of references does not use up the stack, however it is begun."""
    links = {f"d{n}": {"$ref": f"#/definitions/d{n + 1}"} for n in range(9000)}
    whole = {"definitions": {**links, "d9000": {"required": ["fax"]}}}
    begun = [{"$ref": f"#/definitions/d{n}"} for n in range(8950, -1, -90)]
    for rules in ({"$ref": "#/definitions/d0", **whole}, {"allOf": begun, **whole}):
        [problem] = checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, rules))
        assert "too much" in problem.detail
    some = {"allOf": begun[:5], **whole}
    assert [p.code for p in checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, some))] == ["house-rule"]


def test_many_contacts_are_held_in_time(tmp_path: Path) -> None:
    """A client with very many contacts that all break a rule is told within bounds."""
    contacts = ", ".join(f"c{number}: {{fname: C{number}}}" for number in range(5000))
    rules = {"properties": {"contacts": {"additionalProperties": {"required": ["email"]}}}}
    began = time.monotonic()
    problems = told(tmp_path, rules, f"  acme: {{fname: A, contacts: {{{contacts}}}}}\n")
    assert 100 < len(problems) < 300
    assert time.monotonic() - began < 20, "a hang, whatever the machine"


def test_formats_are_held(tmp_path: Path) -> None:
    """Formats are not only remarks: what is none breaks the rule."""
    for name, good, bad in (
        ("email", "ada@acme.example", "Ada <ada@acme.example>"),
        ("date", "2024-02-29", "2023-02-29"),
        ("uri", "https://acme.example/", "acme"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
    ):
        rules = {"properties": {"note": {"format": name}}}
        assert of_acme(tmp_path, rules, f"fname: A, note: '{good}'") == []
        assert of_acme(tmp_path, rules, f"fname: A, note: '{bad}'") == [f"clients.acme.note: `{bad}` is no `{name}`."]


def test_rules_without_a_file_are_compiled_once(tmp_path: Path) -> None:
    """Schemas that are made and dropped do not answer for each other."""
    for number in range(1, 30):
        problems = checked(
            tmp_path, "  acme: {fname: 'xxxxxxxxxx'}\n", inline({"properties": {"fname": {"maxLength": number}}})
        )
        assert (problems == []) == (number >= 10)
