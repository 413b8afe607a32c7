"""What a JSON Schema refuses, in words a person can act on: where, what, and what was probably meant.

jsonschema-rs says whether a document is accepted, a hundred times faster; jsonschema explains what is not. A law in the
tests holds both to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.documents.parse import Document

MOST = 200  # arbitrary: nobody reads more, and a file of another kind would have thousands


def accepts(schema: Mapping[str, object], content: object) -> bool:
    """Tell whether a schema accepts a document."""
    import jsonschema_rs  # noqa: PLC0415 - only commands that read YAML need it

    return bool(_validator(schema, jsonschema_rs).is_valid(content))


_validators: dict[int, Any] = {}


def _validator(schema: Mapping[str, object], jsonschema_rs: Any) -> Any:  # noqa: ANN401 - a module and its class
    found = _validators.get(id(schema))
    if found is None:
        found = _validators[id(schema)] = jsonschema_rs.Draft7Validator(schema)
    return found


def explained(schema: Mapping[str, object], document: Document) -> list[Diagnostic]:
    """Give every reason why a schema refuses a document (of the slow pass), in the order of the file."""
    from jsonschema import Draft7Validator  # noqa: PLC0415 - slow to import, and needed only for what is refused

    found: list[Diagnostic] = []
    for error in Draft7Validator(schema).iter_errors(document.content):
        found.extend(_told(error, document))
        if len(found) >= MOST:
            break
    unique = {(d.code, d.position and str(d.position), d.detail): d for d in found}
    return sorted(unique.values(), key=_order)


def _order(diagnostic: Diagnostic) -> tuple[int, int]:
    position = diagnostic.position
    return (position.line, position.column) if position is not None else (0, 0)


def _told(error: Any, document: Document) -> Iterator[Diagnostic]:  # noqa: ANN401 - jsonschema's ValidationError
    path = list(error.absolute_path)
    container, key = _container(document.content, path)
    rule, wanted, got = error.validator, error.validator_value, error.instance
    if rule == "additionalProperties" and wanted is False:
        known = list(error.schema.get("properties", {}))
        for name in got:
            if name not in known:
                yield _unknown(document, got, str(name), known)
        return
    position = document.at(container, key, value=True) or _nearest(document, path)
    spelling = document.spelling(container, key)
    name = _name(path)
    if rule == "type" or (rule == "anyOf" and not isinstance(got, (dict, list))):
        yield _wrong_type(document, position, name, error, spelling)
    elif rule == "enum":
        yield document.problem(
            "not-a-choice", "a value is not one of the choices", _choice(name, got, wanted), position
        )
    elif rule == "required":
        missing = [str(field) for field in wanted if field not in got]
        at = _nearest(document, path) or Position(file=document.file, line=1)
        yield document.problem("missing", "something is missing", f"{name} needs `{'`, `'.join(missing)}`.", at)
    elif rule == "pattern" and list(error.absolute_schema_path)[-2:-1] == ["propertyNames"]:
        where = document.at(_value(document.content, path), got) or position
        yield document.problem("bad-key", "a key cannot be used", _bad_key(str(got)), where)
    elif rule == "pattern":
        yield document.problem(
            "bad-value", "a value has the wrong form", f"{name}: {_shown(got)}. {_hint(error)}", position
        )
    else:
        yield document.problem("bad-value", "a value is not allowed", f"{name}: {_plainly(error)}", position)


def _container(content: object, path: list[object]) -> tuple[object, object]:
    return (_value(content, path[:-1]), path[-1]) if path else (None, None)


def _value(content: Any, path: list[object]) -> Any:  # noqa: ANN401 - any JSON value
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
    hint = f"; did you mean `{close[0]}`?" if close else f". Known here: {', '.join(known)}."
    return document.problem("unknown-key", "a key is not known", f"`{name}`{hint}", document.at(container, name))


_TYPES = {
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
    error: Any,  # noqa: ANN401 - jsonschema's ValidationError
    spelling: str | None,
) -> Diagnostic:
    types = error.validator_value if error.validator == "type" else ["integer", "string"]
    allowed = [types] if isinstance(types, str) else list(types)
    got = error.instance
    if "string" in allowed and isinstance(got, (int, float, bool)) and spelling:
        detail = f'{name} is a text, and `{spelling}` is not one in YAML: quote it, "{spelling}".'
        return document.problem("quote-it", "a text must be quoted", detail, position)
    told = " or ".join(_TYPES[kind] for kind in allowed if kind != "null")
    return document.problem(
        "wrong-type", "a value has the wrong type", f"{name} must be {told}, not {_kind(got)}.", position
    )


def _kind(value: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "empty"}
    return names.get(type(value), "a number")


def _choice(name: str, got: object, wanted: list[object]) -> str:
    told = [str(choice) for choice in wanted]
    close = get_close_matches(str(got), told, n=1)
    hint = f" did you mean `{close[0]}`?" if close else f" Choose from {', '.join(told)}."
    return f"{name}: {_shown(got)} is not known;{hint}" if close else f"{name}: {_shown(got)} is not known.{hint}"


def _bad_key(name: str) -> str:
    return f"{_shown(name)}: a key has up to 63 lower-case letters, digits, `_` or `-`, and begins with a letter."


def _hint(error: Any) -> str:  # noqa: ANN401 - jsonschema's ValidationError
    description = str(error.schema.get("description", ""))
    return description or f"It must match {error.validator_value}."


def _plainly(error: Any) -> str:  # noqa: ANN401 - jsonschema's ValidationError
    match error.validator:
        case "const":
            return f"it must be {error.validator_value!r}, not {_shown(error.instance)}."
        case "uniqueItems":
            return "each entry may stand once only."
        case "minimum" | "exclusiveMinimum":
            return f"{_shown(error.instance)} is too small."
        case "maximum":
            return f"{_shown(error.instance)} is too large."
        case "maxLength":
            return f"it has {len(error.instance)} characters; {error.validator_value} are allowed."
        case _:
            return f"{str(error.message)[:200]}."


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, (bool, type(None))) else str(value)
    return f"`{text[:60]}`" + ("..." if len(text) > 60 else "")  # noqa: PLR2004 - long enough to be recognised


def _name(path: list[object]) -> str:
    return ".".join(str(part) for part in path) or "the file"
