"""What a verdict of jsonschema-rs means, in words a person can act on. A value inside the one at hand is not quoted."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reconciler.documents.explain import TYPES, kind_of, shown

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_MOST = 12
"""Arbitrary: of so many choices or reasons the first are told."""
_BRANCHES = 3
_LIMITS = {
    "Minimum": "it must be {} at least",
    "Maximum": "it must be {} at most",
    "ExclusiveMinimum": "it must be more than {}",
    "ExclusiveMaximum": "it must be less than {}",
    "MinLength": "it must have {} characters at least",
    "MaxLength": "it has {size} characters; {} are allowed",
    "MinItems": "it must have {} entries at least",
    "MaxItems": "it has {size} entries; {} are allowed",
    "MinProperties": "it must have {} entries at least",
    "MaxProperties": "it has {size} entries; {} are allowed",
}
_PLAIN = {
    "UniqueItems": "each entry may stand once only",
    "FalseSchema": "it is not allowed here",
    "AdditionalItems": "it has too many entries",
    "OneOfMultipleValid": "more than one of the alternatives holds",
    "Contains": "it has no entry that is as wanted",
    "Not": "it must not be as it is",
}

Reason = Any
"""What a verdict is made of: its class says what."""


def words(error: ValidationError, *, quote: bool = True) -> str:
    """Say why a rule refuses a value, without a full stop; `quote` says whether the value may be shown."""
    reason: Reason = error.kind
    name, got = type(reason).__name__, error.instance
    if name in {"AnyOf", "OneOfNotValid"}:
        return "none of the alternatives holds" + _reasons(error, reason.context)
    if name in _LIMITS:
        size = len(got) if isinstance(got, (str, dict, list)) else ""
        return _LIMITS[name].format(_text(reason.limit), size=size)
    it = shown(got) if quote and not isinstance(got, (dict, list)) else "it"
    return _PLAIN.get(name) or _of_value(name, reason, got, it)


def _of_value(name: str, reason: Reason, got: object, it: str) -> str:
    match name:
        case "Required":
            return f"it needs `{reason.property}`"
        case "Type":
            return f"it must be {_either([TYPES.get(kind, kind) for kind in reason.types])}, not {kind_of(got)}"
        case "Enum":
            return f"{it} is not one of {_either(list(map(_text, reason.options)))}{_meant(got, reason.options)}"
        case "Constant":
            return f"it must be {_text(reason.expected_value)}"
        case "Pattern":
            return f"{it} does not match {reason.pattern}"
        case "Format":
            regex = "regular expression as JavaScript has them"
            return f"{it} is no {regex if reason.format == 'regex' else f'`{reason.format}`'}"
        case "MultipleOf":
            return f"it must be a multiple of {_text(reason.multiple_of)}"
        case _:
            return "it is not as the rule wants it"


def _reasons(error: ValidationError, branches: list[list[ValidationError]]) -> str:
    """Say of the first alternatives why they do not hold."""
    told = []
    for first in (branch[0] for branch in branches if branch):
        below = first.instance_path[len(error.instance_path) :]
        where = ".".join(str(part) for part in below)
        told.append(f"{where}: {words(first, quote=False)}" if where else words(first, quote=False))
    more = "; or else" if len(told) > _BRANCHES else ""
    return f": {'; or '.join(dict.fromkeys(told[:_BRANCHES]))}{more}" if told else ""


def _either(options: list[str]) -> str:
    """List choices; of many the first."""
    more = [f"{len(options) - _MOST} more"] if len(options) > _MOST else []
    told = [*options[:_MOST], *more]
    return f"{', '.join(told[:-1])} or {told[-1]}" if len(told) > 1 else "".join(told)


def _meant(got: object, options: list[object]) -> str:
    close = get_close_matches(str(got), [option for option in options if isinstance(option, str)], n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def sentence(text: str) -> str:
    """End a text as a sentence, where it does not end as one."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
