"""The body of an answer, read to its end and no further than any answer can go. It opens no connection."""

from __future__ import annotations

from collections.abc import Iterable


def whole(parts: Iterable[bytes], most: int) -> bytes | None:
    """Put a body together; None where it has more than `most` bytes, of which the rest is not read."""
    read, size = [], 0
    for part in parts:
        read.append(part)
        size += len(part)
        if size > most:
            return None
    return b"".join(read)
