"""A file of somebody's, read whole: regular, and of a bearable size. What is in it is not looked at."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reconciler.core.diagnostic import Diagnostic, Position, one_line

LARGEST_FILE = 128 * 1024 * 1024
_MIB = 1024 * 1024


def read_regular(
    file: str, problems: list[Diagnostic], most: int = LARGEST_FILE, wanted: str = "a YAML file"
) -> bytes | None:
    """Read a regular file of a bearable size; a FIFO or device would block or never end."""
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - paths stay as the user typed them, which Path would normalise
            problems.append(no_file(file, "not-a-file", "this is not a regular file", f"Expected {wanted}."))
            return None
        # A name that is not UTF-8 could be neither shown nor kept in the state.
        file.encode()
        with Path(file).open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if size > most:
                detail = f"It has {-(-size // _MIB)} MiB, more than {most // _MIB}."
                problems.append(no_file(file, "file-too-large", "the file is too large", detail))
                return None
            return opened.read(most + 1)
    except OSError as error:
        summary = "a file is missing" if isinstance(error, FileNotFoundError) else "a file cannot be read"
        problems.append(no_file(file, "unreadable", summary, f"{file}: {error.strerror}."))
    except ValueError:
        problems.append(no_file(file, "unreadable", "a file cannot be read", "Its name is not UTF-8 text."))
    return None


def leads_out(file: str, folder: str) -> bool:
    """Tell whether a link takes a file of a folder out of it; a name that no file can have leads nowhere."""
    try:
        inside, there = os.path.realpath(folder), os.path.realpath(file)
    except ValueError:
        return False
    return os.path.commonpath([inside, there]) != inside


def no_file(file: str, code: str, summary: str, detail: str) -> Diagnostic:
    """Give the problem of a file in which no place can be named."""
    return Diagnostic(code=code, summary=summary, detail=one_line(detail), position=Position(file=file, line=1))
