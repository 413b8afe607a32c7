"""Where a line of a file begins, and the piece of it that is worth showing. It keeps no list of all lines."""

from __future__ import annotations

import re
from bisect import bisect_left

EXCERPT = 160
_BLOCK = 4096
_FAR = 100_000  # arbitrary: nobody looks at that column, and finding it means decoding all before it
_WORD = re.compile(r"[^\s:,\[\]{}]{0,40}")
_BOM = b"\xef\xbb\xbf"


class Lines:
    """Finds the lines of a file by number: line breaks are counted once per block, then one block is searched."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._before: list[int] = []
        """Line breaks before each block, counted at the first question."""

    def excerpt(self, line: int, column: int) -> str:
        """Give the piece of a line that shows this column.

        Where the column lies beyond the first piece, the piece ends with the word that begins there.
        """
        start = self._start(line)
        if start is None or column > _FAR:
            return ""
        end = self._raw.find(b"\n", start)
        # A character has at most four bytes.
        end = min(len(self._raw) if end < 0 else end, start + 4 * (column + EXCERPT))
        text = self._raw[start:end].decode("utf-8", "replace").rstrip("\r")
        if column <= EXCERPT:
            return text[:EXCERPT]
        word = _WORD.match(text, min(column - 1, len(text)))
        shown = word.end() if word is not None else len(text)
        return "..." + text[shown - EXCERPT + 3 : shown]

    def place(self, offset: int) -> tuple[int, int]:
        """Give line and column, both from 1, of a byte."""
        line = self._raw.count(b"\n", 0, offset) + 1
        start = self._raw.rfind(b"\n", 0, offset) + 1 or self._first()
        return line, len(self._raw[start:offset].decode("utf-8", "replace")) + 1

    def offset(self, line: int, column: int) -> int:
        """Give the byte at line and column, or the end."""
        start = self._start(line)
        if start is None:
            return len(self._raw)
        before = self._raw[start : start + 4 * (column - 1)].decode("utf-8", "replace")[: column - 1]
        return start + len(before.encode())

    def _first(self) -> int:
        return len(_BOM) if self._raw.startswith(_BOM) else 0

    def _start(self, line: int) -> int | None:
        if line == 1:
            return self._first()
        if not self._before:
            seen = 0
            for start in range(0, len(self._raw), _BLOCK):
                self._before.append(seen)
                seen += self._raw.count(b"\n", start, start + _BLOCK)
        block = bisect_left(self._before, line - 1) - 1
        if block < 0:
            return None
        at = block * _BLOCK
        for _ in range(line - 1 - self._before[block]):
            at = self._raw.find(b"\n", at) + 1
            if at == 0:
                return None
        return at
