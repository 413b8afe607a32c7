"""What a JSON Schema refuses, in words a person can act on: where, what, and what was probably meant.

jsonschema-rs says whether a document is accepted, a hundred times faster; jsonschema explains what is not. A law in the
tests holds both to the same verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.documents.parse import Document

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

    from reconciler.documents.keywords import Explainer

MOST = 200  # arbitrary: nobody reads more, and a file of another kind would have thousands
_WHOLE = "the file"

Json = Any
Refusal = Any
"""One of jsonschema's errors; its stubs make everything optional that an error of a keyword always has."""

_compiled: dict[tuple[int, bool], tuple[Mapping[str, object], Draft7Validator]] = {}
_explainers: dict[int, tuple[Mapping[str, object], Explainer]] = {}
# Both hold on to their schema, whose id would else be another's one day.


def accepts(schema: Mapping[str, object], content: object) -> bool:
    """Tell whether a schema accepts a document; raises what `validator` raises."""
    return bool(validator(schema).is_valid(content))


def validator(schema: Mapping[str, object], *, foreign: bool = False) -> Draft7Validator:
    """Give the validator of a schema, compiled once; raises what `compiled` raises."""
    found = _compiled.get((id(schema), foreign))
    if found is None:
        found = _compiled[id(schema), foreign] = (schema, passing(schema, foreign=foreign))
    return found[1]


def passing(schema: Mapping[str, object], *, foreign: bool) -> Draft7Validator:
    """Give the validator of a schema that is asked once, and not kept; raises what `compiled` raises."""
    from reconciler.documents.patterns import compiled  # noqa: PLC0415 - only commands that read YAML need it

    return compiled(schema, foreign=foreign)


def explained(schema: Mapping[str, object], document: Document, most: int = MOST) -> list[Diagnostic]:
    """Give the first reasons why a schema refuses a document (of the slow pass), in the order of the file.

    There is always a reason.
    """
    found: list[Diagnostic] = []
    complete = True
    try:
        for error in islice(_explainer(schema).errors(document.content), most):
            found.append(_told(error, document))  # noqa: PERF401 - what was found before an error counts
    except RuntimeError:
        # Too many values to look at each, or a schema that refers to itself without end.
        complete = False
    if not found or not complete:
        at = Position(file=document.file, line=1)
        detail = f"{_WHOLE} is not what its schema describes; it has too many values to say what else is wrong."
        found.append(document.problem("bad-value", "a value is not allowed", detail, at))
    unique = {(d.code, d.position and str(d.position), d.detail): d for d in found}
    return sorted(unique.values(), key=_order)


def _explainer(schema: Mapping[str, object]) -> Explainer:
    found = _explainers.get(id(schema))
    if found is None:
        from reconciler.documents.keywords import Explainer  # noqa: PLC0415 - slow to import, needed only for what is refused

        found = _explainers[id(schema)] = (schema, Explainer(schema))
    return found[1]


def _order(diagnostic: Diagnostic) -> tuple[int, int]:
    position = diagnostic.position
    return (position.line, position.column) if position is not None else (0, 0)


def _told(error: Refusal, document: Document) -> Diagnostic:
    path = list(error.absolute_path)
    container, key = _container(document.content, path)
    rule, wanted, got = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties":
        return _unknown(document, got, str(key), list(error.schema.get("properties", {})))
    position = document.at(container, key, value=True) or _nearest(document, path)
    spelling = document.spelling(container, key)
    name = _name(path)
    if rule == "type" or (rule == "anyOf" and not isinstance(got, (dict, list))):
        return _wrong_type(document, position, name, error, spelling)
    if rule == "enum":
        return document.problem(
            "not-a-choice", "a value is not one of the choices", _choice(name, got, wanted), position
        )
    if rule == "required":
        missing = [str(field) for field in wanted if field not in got]
        at = _nearest(document, path) or Position(file=document.file, line=1)
        return document.problem("missing", "something is missing", f"{name} needs `{'`, `'.join(missing)}`.", at)
    if rule == "pattern" and list(error.absolute_schema_path)[-2:-1] == ["propertyNames"]:
        where = document.at(_value(document.content, path), got) or position
        return document.problem("bad-key", "a key cannot be used", _bad_key(str(got)), where)
    if rule == "pattern":
        return document.problem(
            "bad-value", "a value has the wrong form", f"{name}: {shown(got)}. {_hint(error)}", position
        )
    return document.problem("bad-value", "a value is not allowed", f"{name}: {_plainly(error)}", position)


def _container(content: object, path: list[object]) -> tuple[object, object]:
    return (_value(content, path[:-1]), path[-1]) if path else (None, None)


def _value(content: Json, path: list[object]) -> Json:
    for part in path:
        content = content[part]
    return content


def _nearest(document: Document, path: list[object]) -> Position | None:
    """Give the position of the innermost key of a path that has one."""
    for length in range(len(path), 0, -1):
        container, key = _container(document.content, path[:length])
        found = document.at(container, key)
        if found is not None:
            return found
    return None


def _unknown(document: Document, container: object, name: str, known: list[str]) -> Diagnostic:
    close = get_close_matches(name, known, n=1, cutoff=0.6) or [k for k in known if k.replace("_", "") == name.lower()]
    others = f". Known here: {', '.join(known)}." if known else " is not allowed here."
    hint = f"; did you mean `{close[0]}`?" if close else others
    at = document.at(container, name)
    return document.problem("unknown-key", "a key is not known", f"{shown(name)}{hint}", at)


TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "object": "a mapping",
    "array": "a list",
    "null": "empty",
    "number": "a number",
}


def _wrong_type(
    document: Document,
    position: Position | None,
    name: str,
    error: Refusal,
    spelling: str | None,
) -> Diagnostic:
    types = error.validator_value if error.validator == "type" else ["integer", "string"]
    allowed = [types] if isinstance(types, str) else list(types)
    got = error.instance
    if "string" in allowed and isinstance(got, (int, float, bool)) and spelling:
        detail = f'{name} is a text, and `{spelling}` is not one in YAML: quote it, "{spelling}".'
        return document.problem("quote-it", "a text must be quoted", detail, position)
    told = " or ".join(TYPES[kind] for kind in allowed if kind != "null")
    return document.problem(
        "wrong-type", "a value has the wrong type", f"{name} must be {told}, not {kind_of(got)}.", position
    )


def kind_of(value: object) -> str:
    """Say in a word what sort of value one is."""
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "empty"}
    return names.get(type(value), "a number")


def _choice(name: str, got: object, wanted: list[object]) -> str:
    told = [str(choice) for choice in wanted]
    close = get_close_matches(str(got), told, n=1)
    hint = f" did you mean `{close[0]}`?" if close else f" Choose from {', '.join(told)}."
    return f"{name}: {shown(got)} is not known;{hint}" if close else f"{name}: {shown(got)} is not known.{hint}"


def _bad_key(name: str) -> str:
    return f"{shown(name)}: a key has up to 63 lower-case letters, digits, `_` or `-`, and begins with a letter."


def _hint(error: Refusal) -> str:
    description = str(error.schema.get("description", ""))
    return description or f"It must match {error.validator_value}."


def _plainly(error: Refusal) -> str:
    match error.validator:
        case "const":
            return f"it must be {error.validator_value!r}, not {shown(error.instance)}."
        case "uniqueItems":
            return "each entry may stand once only."
        case "minimum" | "exclusiveMinimum":
            return f"{shown(error.instance)} is too small."
        case "maximum":
            return f"{shown(error.instance)} is too large."
        case "format":
            return f"{shown(error.instance)} is no `{error.validator_value}`."
        case "maxLength":
            return f"it has {len(error.instance)} characters; {error.validator_value} are allowed."
        case _:
            return f"{str(error.message)[:200]}."


def shown(value: object) -> str:
    """Quote a value, or its beginning."""
    text = repr(value) if isinstance(value, (bool, type(None))) else str(value)
    return f"`{text[:60]}`" + ("..." if len(text) > 60 else "")  # noqa: PLR2004 - long enough to be recognised


def _name(path: list[object]) -> str:
    return ".".join(str(part) for part in path) or _WHOLE
