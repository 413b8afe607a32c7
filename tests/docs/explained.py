"""The catalogue of explanations as parts of docs/: a section for each code, tables of words and exit codes."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import assert_never

from reconciler import errors
from reconciler.core.explanation import Explanation, Group, Sort, leading_to
from reconciler.explanations import catalogue
from reconciler.reports.explanations import blocks, session
from reconciler.reports.safe import fence
from tests.docs.pages import DOCS, titles

WIDTH = 118
_HERE = Path("reference")
"""The folder of the pages that these parts stand on; the table of words alone stands above it, and has no links."""


def explained() -> Mapping[str, str]:
    """Give each part by its name."""
    glossary = [entry for group in catalogue() if group.title in _GLOSSARY for entry in group.entries]
    return {
        **{f"explained {group.title}": _whole(group) for group in catalogue()},
        "words": _table(("word", "what it means"), [(f"*{entry.name}*", entry.brief) for entry in glossary]),
    }


_GLOSSARY = ("Actions of a plan", "Words")


def _classes(number: int) -> str:
    """Give the classes of errors that an exit code is carried by, in the order of the file."""
    found = [
        name
        for name, error in vars(errors).items()
        if isinstance(error, type)
        and issubclass(error, errors.ReconcilerError)
        and error is not errors.DiagnosedError
        and number in ((130, 143) if error is errors.Interrupted else (error.exit_code,))
    ]
    return ", ".join(f"`{name}`" for name in found)


def _whole(group: Group) -> str:
    """Give a table of a group's entries, which leads to a section for each."""
    about = [_wrapped(group.about)] if group.about else []
    return "\n\n".join([*about, _listed(group).rstrip("\n"), *map(_section, group.entries)]) + "\n"


def _listed(group: Group) -> str:
    match group.sort:
        case Sort.CODE:
            return _table(("code", "printed as"), [(_link(entry), entry.brief) for entry in group.entries])
        case Sort.WORD:
            return _table(("word", "what it means"), [(_link(entry), entry.brief) for entry in group.entries])
        case Sort.EXIT:
            rows = [(_link(entry), _classes(int(entry.name)), entry.brief, entry.script) for entry in group.entries]
            return _table(("code", "error", "what it means", "what a script does"), rows)
        case _:
            assert_never(group.sort)


def _link(entry: Explanation) -> str:
    shown = entry.name if entry.sort is Sort.EXIT else f"`{entry.name}`"
    return f"[{shown}](#{_title(entry).lower().replace(' ', '-')})"


def _title(entry: Explanation) -> str:
    return f"Exit code {entry.name}" if entry.sort is Sort.EXIT else entry.name


def _section(entry: Explanation) -> str:
    return "\n\n".join([f"### {_title(entry)}", *_parts(entry)])


def _parts(entry: Explanation) -> Iterator[str]:
    if entry.sort is Sort.CODE and len(entry.printed) == 1:
        yield _wrapped(f"*{entry.brief}*{_exits(entry)}.")
    elif entry.exits:
        yield f"{_exits(entry).removeprefix('; ').capitalize()}."
    yield from _prose(entry.meaning)
    if len(entry.printed) > 1:
        yield _printed(entry)
    if entry.remedy:
        yield from _prose(f"**What to do.** {entry.remedy}" if not entry.remedy.startswith(" ") else entry.remedy)
    if entry.example is not None:
        yield "For example:"
        yield _fenced(session(entry.example))
    if entry.sort is Sort.EXIT and (codes := leading_to(catalogue(), int(entry.name))):
        yield _wrapped(
            f"Codes that lead to it: {', '.join(f'[`{code.name}`](errors.md#{code.name})' for code in codes)}."
        )
    if entry.see:
        page = DOCS / entry.see.partition("#")[0]
        yield f"More: [{titles(page)[0]}]({os.path.relpath(entry.see, _HERE)})."


def _exits(entry: Explanation) -> str:
    codes = " or ".join(map(str, entry.exits))
    return f"; exit code {codes}" if codes else ""


def _printed(entry: Explanation) -> str:
    if not any(summary.told for summary in entry.printed):
        return "\n".join(f"- *{summary.text}*" for summary in entry.printed)
    rows = [(summary.text, summary.told) for summary in entry.printed]
    return _table(("printed as", "which means"), rows).rstrip("\n")


def _prose(text: str) -> Iterator[str]:
    for verbatim, block in blocks(text):
        yield _fenced(block) if verbatim else _wrapped(block)


def _fenced(text: str) -> str:
    return f"{fence(text)}text\n{text}\n{fence(text)}"


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
