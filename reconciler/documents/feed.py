"""Hands a file's bytes to the parser piece by piece, and stops where they could keep it busy without end.

What the bytes mean is the parser's business; an `Unfit` names the byte at which nothing more is to be read.
"""

from __future__ import annotations

import codecs

LONGEST_VALUE = 1024 * 1024
_CHUNK = 64 * 1024
# The parser compares each directive with all before it; nobody writes more than a few.
_MOST_DIRECTIVES = 100


class Stop(Exception):
    """What has been read is enough to refuse the file: (code, summary, detail, the parser's mark)."""


class Unfit(Exception):
    """The bytes from here on are not read: (offset)."""


class NotUtf8(Unfit):
    """They are not UTF-8."""


class Endless(Unfit):
    """They belong to one value, key or comment that has no bearable end."""


class Directives(Unfit):
    """They are nothing but %TAG directives."""


class Feed:
    """The stream that the parser reads from."""

    def __init__(self, raw: bytes) -> None:
        self.begin = 3 if raw.startswith(codecs.BOM_UTF8) else 0
        """Where the text begins in the file."""
        self.event: object = None
        """The last event that the parser gave, as its user tells."""
        self._raw = raw
        self._at = self.begin
        self._seen: object = None
        self._since = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def read(self, size: int = _CHUNK, /) -> bytes:
        """Give the next bytes."""
        at = self._at
        chunk = self._raw[at : at + min(size, _CHUNK)]
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            # What it was given includes the beginning of a character that the last piece ended with.
            raise NotUtf8(at + len(chunk) - len(error.object) + error.start) from error
        if chunk.count(b"%TAG") > _MOST_DIRECTIVES:
            raise Directives(at + chunk.index(b"%TAG"))
        self._at += len(chunk)
        self._since = len(chunk) + (self._since if self.event is self._seen else 0)
        self._seen = self.event
        if self._since > LONGEST_VALUE + _CHUNK:
            raise Endless(at)
        return chunk
