"""The three standard streams before the first and after the last word: closed ones, poor encodings, and the end."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import NoReturn


def mend() -> None:
    """Put something that takes everything where a stream was closed, and let each write any text.

    Python gives None for a closed stream, and the next file or socket that is opened would get its number.
    """
    codecs.register_error("spelled", _spelled)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = getattr(sys, name)
        if stream is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", errors="replace"))
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelled")


def _spelled(error: UnicodeError) -> tuple[str, int]:
    r"""Spell a letter that the encoding lacks as `\u20ac`, which JSON reads back."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), error.end


def leave(code: int) -> NoReturn:
    """End the program, at once where nobody watches it run: taking a large heap apart costs more than a small plan."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Whoever read it has gone, which was told already; Python would complain once more at exit.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    watched = sys.gettrace() is not None or sys.getprofile() is not None or "coverage" in sys.modules
    if not watched or code in {130, 143}:
        # Threads that still wait for an answer would keep the interpreter; everything durable is written.
        os._exit(code)
    sys.exit(code)
