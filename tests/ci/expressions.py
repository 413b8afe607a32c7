"""The part of GitHub's expression language that our workflows use: paths, texts, `==`, `!=`, `!`, `&&`, `||`, `format`.

Anything else is an error, so that a workflow cannot quietly come to mean something that these tests do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!(),]))")
_INSERTED = re.compile(r"\$\{\{(?P<inner>.*?)\}\}")
Contexts = Mapping[str, Any]


def rendered(text: str, contexts: Contexts) -> str:
    """Give a text with each `${{ ... }}` in it replaced."""
    return _INSERTED.sub(lambda found: shown(evaluated(found["inner"], contexts)), text)


def shown(value: object) -> str:
    """Write a value as GitHub does."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def evaluated(text: str, contexts: Contexts) -> Any:  # noqa: ANN401 - any JSON value
    """Evaluate one expression."""
    reader = _Reader(text, contexts)
    value = reader.either()
    assert reader.done, f"not understood: {text}"
    return value


class _Reader:
    def __init__(self, text: str, contexts: Contexts) -> None:
        self._contexts = contexts
        self._tokens = list(_TOKEN.finditer(text.strip()))
        assert "".join(found[0] for found in self._tokens) == text.strip(), f"not understood: {text}"

    @property
    def done(self) -> bool:
        return not self._tokens

    def either(self) -> Any:  # noqa: ANN401 - any JSON value
        value = self._both()
        while self._took("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:  # noqa: ANN401 - any JSON value
        value = self._compared()
        while self._took("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:  # noqa: ANN401 - any JSON value
        value = self._one()
        if self._took("=="):
            return shown(value) == shown(self._one())
        if self._took("!="):
            return shown(value) != shown(self._one())
        return value

    def _one(self) -> Any:  # noqa: ANN401 - any JSON value
        if self._took("!"):
            return not self._one()
        if self._took("("):
            value = self.either()
            assert self._took(")")
            return value
        token = self._tokens.pop(0)
        if token["text"]:
            return token["text"][1:-1].replace("''", "'")
        if self._took("("):
            return self._called(token["word"])
        return self._found(token["word"])

    def _called(self, name: str) -> str:
        assert name == "format", name
        values = [self.either()]
        while self._took(","):
            values.append(self.either())
        assert self._took(")")
        return str(values[0]).format(*map(shown, values[1:]))

    def _found(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        context, *names = path.split(".")
        value: Any = self._contexts[context]
        for name in names:
            value = (value or {}).get(name)
        return value

    def _took(self, sign: str) -> bool:
        if self._tokens and self._tokens[0]["sign"] == sign:
            self._tokens.pop(0)
            return True
        return False
