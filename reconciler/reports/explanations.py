"""An explanation as text for a terminal, as Markdown, and as an event; and the list of all, a line each.

Its texts are our own; it still prints nothing itself, and width and colour are arguments.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.core.explanation import Catalogue, Example, Explanation, Group, Sort, Summary, leading_to
from reconciler.reports.events import Event, result_event
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint
from reconciler.reports.words import wrapped

VERBATIM = "    "
"""How a line begins that is to be typed or pasted, and so is not wrapped."""


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Give the paragraphs of a text, each as one line, and its verbatim blocks without their indent; True for those."""
    for part in text.split("\n\n"):
        lines = part.split("\n")
        if lines[0].startswith(VERBATIM):
            yield True, "\n".join(line.removeprefix(VERBATIM) for line in lines)
        else:
            yield False, " ".join(lines)


def comes_from(entry: Explanation) -> str:
    """Say where an entry belongs, and the exit code that it ends with."""
    if not entry.exits:
        return entry.group
    codes = " or ".join(map(str, entry.exits))
    return f"{entry.group}, exit code {codes}"


# A terminal.


def render_explanation(entry: Explanation, catalogue: Catalogue, options: RenderOptions, pasted: str = "") -> str:
    """Give one entry whole; of several summaries only the one that was pasted, where one was."""
    chosen = [summary for summary in entry.printed if summary.text == pasted] or entry.printed
    lines = [_bold(line, options) for line in wrapped(_title(entry, chosen), options.width)]
    lines.append(paint(f"({comes_from(entry)})", "dim", colour=options.colour))
    for text in filter(None, (entry.meaning, entry.about)):
        lines += ["", *_prose(text, options)]
    lines += _printed(chosen, options)
    if entry.remedy:
        lines += ["", _bold("What to do", options), *_prose(entry.remedy, options)]
    if entry.example is not None:
        lines += ["", _bold("Example", options), *textwrap.indent(session(entry.example), "  ").split("\n")]
    if entry.script:
        lines += ["", *_prose(f"A script {entry.script}.", options)]
    if entry.sort is Sort.EXIT:
        lines += _leading(leading_to(catalogue, int(entry.name)), options)
    if entry.see:
        lines += ["", paint(f"More: docs/{entry.see}", "dim", colour=options.colour)]
    return "\n".join(lines) + "\n"


def _title(entry: Explanation, chosen: Sequence[Summary]) -> str:
    match entry.sort:
        case Sort.CODE:
            return f"{entry.name}: {chosen[0].text}" if len(chosen) == 1 else entry.name
        case Sort.EXIT:
            return f"exit code {entry.name}: {entry.brief}"
        case Sort.WORD:
            return f"{entry.name}: {entry.brief}"
        case _:
            assert_never(entry.sort)


def _bold(text: str, options: RenderOptions) -> str:
    return paint(text, "bold", colour=options.colour)


def _prose(text: str, options: RenderOptions) -> list[str]:
    lines: list[str] = []
    for verbatim, block in blocks(text):
        shown = [f"{VERBATIM}{line}" for line in block.split("\n")] if verbatim else wrapped(block, options.width - 2)
        lines += ["", *(shown if verbatim else (f"  {line}" for line in shown))]
    return [line.rstrip() for line in lines[1:]]


def _printed(printed: Sequence[Summary], options: RenderOptions) -> list[str]:
    """Give the summaries with what each says in particular; one alone stands in the title."""
    if len(printed) == 1:
        return ["", *_prose(printed[0].told, options)] if printed[0].told else []
    lines = ["", _bold("Printed as", options)] if printed else []
    for summary in printed:
        lines += wrapped(summary.text, options.width - 2, indent="  ")
        if summary.told:
            lines += [paint(line, "dim", colour=options.colour) for line in _indented(summary.told, options)]
    return lines


def _indented(text: str, options: RenderOptions) -> list[str]:
    return wrapped(text, options.width - len(VERBATIM), indent=VERBATIM)


def session(example: Example) -> str:
    """Give an example as it would stand on a terminal: the file, the command, what is printed."""
    lines = [f"$ cat {example.file}", example.content] if example.file else []
    lines += [f"$ {example.command}"] if example.command else []
    return "\n".join([*lines, example.prints])


def _leading(found: Sequence[Explanation], options: RenderOptions) -> list[str]:
    if not found:
        return []
    return ["", _bold("Codes that lead to it", options), *_rows(found, options)]


def render_index(groups: Sequence[Group], options: RenderOptions) -> str:
    """Give the list of all entries, a line each, under the titles of their groups."""
    parts = []
    for group in groups:
        of_all = {entry.exits for entry in group.entries if entry.exits}
        codes = sorted({code for exits in of_all for code in exits}) if group.sort is Sort.CODE else []
        title = f"{group.title} (exit code {', '.join(map(str, codes))})" if codes else group.title
        parts.append("\n".join([_bold(title, options), *_rows(group.entries, options)]))
    parts.append("`reconciler explain NAME...` tells the whole of it; a summary that was printed will do for a name.")
    return "\n\n".join(parts) + "\n"


def _rows(entries: Sequence[Explanation], options: RenderOptions) -> list[str]:
    width = max(len(entry.name) for entry in entries)
    lines = []
    for entry in entries:
        room = options.width - width - 4
        told = entry.brief if len(entry.brief) <= room else f"{entry.brief[: room - 3].rstrip()}..."
        lines.append(f"  {entry.name:<{width}}  {told}")
    return lines


# Markdown, for the documentation and for code scanning.


def markdown(text: str) -> str:
    """Give a text of the catalogue, in which what is to be typed stands in fences."""
    return "\n\n".join(f"```text\n{block}\n```" if verbatim else block for verbatim, block in blocks(text))


def plainly(text: str) -> str:
    """Give a text of the catalogue with a line for each paragraph, for readers who wrap by themselves."""
    return "\n\n".join(textwrap.indent(block, VERBATIM) if verbatim else block for verbatim, block in blocks(text))


# Events.


def explanation_event(entry: Explanation) -> Event:
    """Give one entry for a program."""
    more: dict[str, object] = {
        "name": entry.name,
        "sort": entry.sort.value,
        "group": entry.group,
        "exit_codes": list(entry.exits),
        "summaries": [summary.text for summary in entry.printed],
        "meaning": plainly(entry.meaning),
        "about": entry.about,
        "remedy": plainly(entry.remedy),
    }
    if entry.example is not None:
        example = entry.example
        more["example"] = {
            "file": example.file,
            "content": example.content,
            "command": example.command,
            "prints": example.prints,
        }
    if entry.script:
        more["script"] = entry.script
    if entry.see:
        more["see"] = f"docs/{entry.see}"
    return result_event(f"{entry.name}: {entry.brief}", "explanation", **more)
