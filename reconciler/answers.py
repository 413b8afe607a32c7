"""What every server's answer has: a body, read to its end, and how long to wait. It opens no connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime


def whole(parts: Iterable[bytes], most: int) -> bytes | None:
    """Put a body together; None where it has more than `most` bytes, of which the rest is not read."""
    read, size = [], 0
    for part in parts:
        read.append(part)
        size += len(part)
        if size > most:
            return None
    return b"".join(read)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds of Retry-After, whether it is a number or a date; None where there is none."""
    said = headers.get("retry-after")
    if said is None:
        return None
    if (seconds := whole_number(said)) is not None:
        return float(seconds)
    try:
        return max(0.0, (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))).total_seconds())
    except (ValueError, TypeError):
        return None


def whole_number(text: str | None) -> int | None:
    """Give the number that a header holds; None where it holds none."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None  # noqa: PLR2004 - no time or limit is longer
