"""jsonschema, made to go through a document in the order of its file, and no longer than is useful.

Its own keywords go through a mapping in the order of the schema, or of a set; compare each entry of a list with all
others; and search patterns with an engine that some of them keep busy for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT7

from reconciler.documents.patterns import fits

MOST_STEPS = 50_000
"""Arbitrary: some half a second. One record has some hundred keys and entries; a hostile one has thousands."""

Errors = Iterator[ValidationError]
Rule = Any
"""A keyword's value: JSON."""
Validator = Any
"""One of jsonschema's, whose class is made at run time."""

_DRAFT = "http://json-schema.org/draft-07/schema"
_MEMBERS = ("properties", "patternProperties", "additionalProperties", "propertyNames")


class Exhausted(RuntimeError):
    """Going on would take too long."""


class Explainer:
    """One schema, ready to say why it refuses documents."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        own: dict[str, Callable[..., Errors]] = {
            "items": self._items,
            "uniqueItems": _unique,
            "pattern": _fitting("pattern"),
            "format": _fitting("format"),
            **{keyword: self._members_once(keyword) for keyword in _MEMBERS},
        }
        extended: Validator = extend
        # Nothing but the draft itself is looked up, and nothing is fetched.
        known = Registry().with_resource(_DRAFT, DRAFT7.create_resource(Draft7Validator.META_SCHEMA))
        self._validator = extended(Draft7Validator, own)(schema, registry=known)
        self._left = MOST_STEPS

    def errors(self, content: object) -> Errors:
        """Give one error after the other, in the order of the file, lazily.

        Raises:
            Exhausted: there may be more.
            RecursionError: the schema refers to itself without end.
        """
        self._left = MOST_STEPS
        yield from self._validator.iter_errors(content)

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Exhausted

    def _items(self, validator: Validator, rule: Rule, instance: object, _: object) -> Errors:
        if not isinstance(instance, list):
            return
        for index, entry in enumerate(instance):
            self._step()
            if not isinstance(rule, list):
                yield from validator.descend(entry, rule, path=index)
            elif index < len(rule):
                yield from validator.descend(entry, rule[index], path=index)

    def _members_once(self, keyword: str) -> Callable[..., Errors]:
        def check(validator: Validator, _: Rule, instance: object, schema: Mapping[str, Any]) -> Errors:
            # The four keywords speak of one walk through the mapping; the first of them that stands here takes it.
            if isinstance(instance, dict) and keyword == next(name for name in schema if name in _MEMBERS):
                yield from self._members(validator, instance, schema)

        return check

    def _members(self, validator: Validator, instance: dict[str, object], schema: Mapping[str, Any]) -> Errors:
        for key, value in instance.items():
            self._step()
            if "propertyNames" in schema:
                yield from validator.descend(key, schema["propertyNames"], schema_path="propertyNames")
            for keyword, rule in _rules(key, schema):
                if rule is False:
                    yield _forbidden(key, keyword, instance, schema)
                else:
                    yield from validator.descend(value, rule, path=key)


def _rules(key: str, schema: Mapping[str, Any]) -> list[tuple[str, Rule]]:
    known = schema.get("properties", {})
    found = [("properties", known[key])] if key in known else []
    for pattern, rule in schema.get("patternProperties", {}).items():
        if fits("pattern", pattern, key):
            found.append(("patternProperties", rule))
    return found or [("additionalProperties", schema.get("additionalProperties", True))]


def _forbidden(key: str, keyword: str, instance: object, schema: Mapping[str, Any]) -> ValidationError:
    # jsonschema's own error would not say which key is meant.
    return ValidationError(
        "it is not allowed here",
        validator=keyword,
        validator_value=False,
        path=(key,),
        instance=instance,
        schema=schema,
    )


def _unique(_: object, rule: Rule, instance: object, __: object) -> Errors:
    if rule and isinstance(instance, list):
        seen = {json.dumps(entry, sort_keys=True) for entry in instance}
        if len(seen) < len(instance):
            yield ValidationError("an entry stands twice")


def _fitting(keyword: str) -> Callable[..., Errors]:
    def check(_: object, rule: Rule, instance: object, __: object) -> Errors:
        if not fits(keyword, rule, instance):
            yield ValidationError("it has another form")

    return check
