"""Plans whose every text is a stranger's, and the two runners that read logs, as their sources have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from reconciler.core.change import Change, Plan
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import Address, Value
from tests.reports.samples import attribute, change, full_plan, one_of_each, outcome, plan_of

PIECES = (
    "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r", "\x08\x08", "\x00", "\u202e", "\u2066", "\u200b", "\u2028",
    "\ufeff", "\U000e0041", "\ue000", "\U0010ffff", "\u034f", "\ufe0f", "\u3164", "\xa0", "\u3000", "\x85", "e\u0301",
    "漢字", "\U0001f6b2", "`", "``", "```", "````\n", "\n```\n", "~~~", "\n~~~\n", "``` `` `", " `", "` ",
    "<script>alert(1)</script>", "</details>", "</summary>", "<details>", "<img src=x onerror=alert(1)>",
    "</code></pre>", "<!--", "-->", "--!>", "<![CDATA[", "]]>", "<?php", "<!DOCTYPE x>", "<b>", "<a href=x>", "&lt;",
    "&#64;octocat", "&#x60;", "![x](http://evil.example/x.png)", "[x](http://evil.example)",
    "[x]: http://evil.example", "<http://evil.example>", "http://evil.example", "www.evil.example",
    "mail@evil.example", "@octocat", "@org/team", "#123", "GH-1", ":tada:", "\n# heading\n", "\n> [!WARNING]\n",
    "\n- [x] done\n", "\n| a | b |\n|---|---|\n", "**bold**", "~~gone~~", "$x$", "\\", "\\`", "::error::forged",
    "\n::error::forged", "\n   ::set-output name=a::b", "::stop-commands::x", "\n::add-mask::a", "::debug::",
    "##[error]forged", "\n##[group]x", "##[set-env name=a]b", "##vso[task.setvariable variable=a]b",
    "##VSO[task.complete]", "##", "#\u200b#[error]x", "\u034f::error::x", "##\ufe0f[error]x", "::err\xador::x",
    "##vso\u2060[task.debug]x", "##[", "]", "::", "\nPlan: 9 to add, 9 to change, 9 to destroy.\n",
    "\n  # clients.evil will be created\n", "\nNo changes.\n", "\nEOT\n", '"', "\nError: forged\n", "=1+1", "+1",
    "-1", "@SUM(1)", "\t=1", " ", "    ", "\n", "\n\n", "%0A", "%25", ",", ":", ";", "word", "long " * 30,
)  # fmt: skip
FIELDS = ("email", "fname", "note", "organization", "p_city", "p_street", "phone")


def text(chance: Random) -> str:
    """Give a text that means no good: pieces that do something somewhere, and letters from anywhere."""
    pieces = [chance.choice(PIECES) for _ in range(chance.randint(1, 5))]
    if chance.random() < 0.3:
        pieces.insert(chance.randrange(len(pieces) + 1), "".join(map(chr, (letter(chance) for _ in range(5)))))
    return "".join(pieces)


def letter(chance: Random) -> int:
    """Give a code point that is not half of another."""
    found = chance.randrange(0x110000 - 0x800)
    return found if found < 0xD800 else found + 0x800


def fuzzed_change(each: Change, said: Callable[[], str]) -> Change:
    """Give a change with a stranger's words wherever there are any."""
    rows = tuple(
        replace(row, before=_fuzzed(row.before, said), after=_fuzzed(row.after, said)) for row in each.attributes
    )
    return replace(
        each,
        attributes=rows,
        managed={name: _fuzzed(value, said) for name, value in each.managed.items()},
        reason=said(),
        balance=said() if each.balance else "",
        position=None if each.position is None else replace(each.position, file=said()),
    )


def _fuzzed(value: Value, said: Callable[[], str]) -> Value:
    return said() if isinstance(value, str) and value else value


def fuzzed_problem(said: Callable[[], str], severity: Severity = Severity.NOTE) -> Diagnostic:
    """Give a problem that quotes a stranger in every part."""
    place = Position(file=said(), line=3, column=2)
    return Diagnostic(
        code="bad",
        summary=said(),
        detail=said(),
        severity=severity,
        position=place,
        excerpt=said(),
        address="clients.a",
    )


def fuzzed_plan(chance: Random, said: Callable[[], str] | None = None) -> Plan:
    """Give a plan of a few changes of any action; `said` is what gives each text, a stranger's unless told."""
    words = Random(chance.getrandbits(32))
    speak = said or (lambda: text(words))
    some = chance.sample(one_of_each(), chance.randint(0, 5))
    more = [
        attribute(name, *chance.choice(((None, "x"), ("x", None), ("x", "y")))) for name in chance.sample(FIELDS, 2)
    ]
    some.append(change(chance.choice(list({each.action for each in one_of_each() if each.attributes})), *more))
    notes = tuple(fuzzed_problem(speak) for _ in range(chance.randint(0, 3)))
    refusals = tuple(fuzzed_problem(speak, Severity.ERROR) for _ in range(chance.randint(0, 2)))
    drift = tuple(fuzzed_change(each, speak) for each in full_plan().drift) if chance.random() < 0.3 else ()
    made = plan_of(*(fuzzed_change(each, speak) for each in some), notes=notes, refusals=refusals, drift=drift)
    return replace(made, unmanaged={"client": chance.randint(0, 2)}, account=speak())


def strangers_plan(chance: Random) -> Plan:
    """Give a plan of which not even the addresses are ours: a saved plan can come from anywhere."""
    plan = fuzzed_plan(chance)
    changes = tuple(replace(each, address=Address(text(chance)), kind=text(chance)) for each in plan.changes)
    moved = tuple(replace(each, moved_from=Address(text(chance))) if each.moved_from else each for each in changes)
    return replace(plan, changes=moved, unmanaged={text(chance): 2}, plan_id=text(chance))


def fuzzed_outcomes(chance: Random) -> list[Outcome]:
    """Give outcomes with a stranger's reasons."""
    return [outcome(fuzzed_change(change(), lambda: text(chance)), result, text(chance)) for result in Result]


# The runners. GitHub's: ActionCommand.TryParseV2 and TryParse of actions/runner (src/Runner.Common/ActionCommand.cs);
# Azure's: Command.TryParse of microsoft/azure-pipelines-agent (src/Microsoft.VisualStudio.Services.Agent/Command.cs).
# Which names are registered is not asked here: any name counts, so that these find more than the runners would.

_LINE_ENDS = re.compile("\r\n|\r|\n")
# `StartsWith` and `IndexOf` compare by a culture unless told otherwise, which skips what is ignorable.
_IGNORABLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)


def lines_read(log: str) -> list[str]:
    """Give the lines that a runner reads, as they are and as a comparison by culture sees them."""
    found = _LINE_ENDS.split(log)
    return [*found, *(_IGNORABLE.sub("", line) for line in found)]


def github_command(line: str) -> str | None:
    """Give the command that GitHub's runner finds in a line."""
    return _second_form(line) or _first_form(line)


def _second_form(line: str) -> str | None:
    message = line.lstrip()
    if not message.startswith("::"):
        return None
    end = message.find("::", 2)
    return message[2:end].partition(" ")[0] or " " if end >= 0 else None


def _first_form(line: str) -> str | None:
    start = line.find("##[")
    if start < 0:
        return None
    end = line.find("]", start)
    return line[start + 3 : end].partition(" ")[0] or " " if end >= 0 else None


def azure_command(line: str) -> str | None:
    """Give the command that Azure's agent finds in a line."""
    start = line.lower().find("##vso[")
    if start < 0:
        return None
    end = line.find("]", start)
    if end < 0:
        return None
    parts = [part for part in line[start + 6 : end].partition(" ")[0].split(".") if part]
    return ".".join(parts) if len(parts) == 2 else None


def commands_in(log: str) -> list[str]:
    """Give every command that either runner finds in a log."""
    found = [command(line) for line in lines_read(log) for command in (github_command, azure_command)]
    return [name for name in found if name is not None]
