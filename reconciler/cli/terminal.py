"""What a person or a log sees: results on stdout, talk on stderr, colour and progress only where they belong.

It lays nothing out itself: texts come from `reports/`. A reader that went away never stops an apply half-way.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from reconciler.core.ports import Meter
from reconciler.errors import LocalDisk, ReconcilerError
from reconciler.reports.diagnostics import render_error
from reconciler.reports.options import RenderOptions

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

NARROWEST, WIDEST = 60, 160


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Where one run writes and asks."""

    out: TextIO
    err: TextIO
    colour: bool
    interactive: bool
    """Whether a person sits there who can be asked."""
    width: int = 80
    as_json: bool = False
    lost: list[str] = field(default_factory=list)
    """Why stdout can no longer be written, if so."""

    @classmethod
    def of(cls, context: Mapping[str, object]) -> Terminal:
        """Look at the streams, the environment and the global options."""
        environment = os.environ
        tty = sys.stdout.isatty() and environment.get("TERM") != "dumb"
        wanted = environment.get("FORCE_COLOR", "") not in {"", "0"} or tty
        refused = bool(environment.get("NO_COLOR")) or bool(context.get("no_color"))
        columns = shutil.get_terminal_size((100, 24)).columns
        return cls(
            out=sys.stdout,
            err=sys.stderr,
            colour=wanted and not refused and not context.get("as_json"),
            interactive=sys.stdin.isatty() and sys.stderr.isatty() and not context.get("as_json"),
            width=min(max(columns, NARROWEST), WIDEST),
            as_json=bool(context.get("as_json")),
        )

    @property
    def rendering(self) -> RenderOptions:
        """Give the options that reports render with."""
        return RenderOptions(width=self.width, colour=self.colour)

    def result(self, text: str) -> None:
        """Write a part of the result; a reader that has gone, or a full disk, is remembered and not raised."""
        if self.lost:
            return
        try:
            self.out.write(text if text.endswith("\n") else text + "\n")
            self.out.flush()
        except OSError as error:
            self.lost.append(error.strerror or "closed")

    def talk(self, text: str) -> None:
        """Write what accompanies the result."""
        try:
            self.err.write(text if text.endswith("\n") else text + "\n")
            self.err.flush()
        except OSError:
            # stderr is the last resort: where it cannot be written there is nowhere left to say so.
            return

    def tell(self, error: ReconcilerError) -> None:
        """Write an error, as text or as an event."""
        if self.as_json:
            from reconciler.cli.showing import now  # noqa: PLC0415 - only with --json
            from reconciler.reports.events import error_events, lines  # noqa: PLC0415 - the same

            self.result(lines(error_events(error), now()))
        else:
            self.talk(render_error(error, self.rendering))

    def ask(self, question: str, wanted: str) -> bool:
        """Ask for one exact word; anything else declines."""
        self.talk(question)
        try:
            self.err.write("  Enter a value: ")
            self.err.flush()
            answer = sys.stdin.readline()
        except OSError:
            return False
        self.talk("")
        return answer.strip() == wanted

    def check_kept(self) -> None:
        """Raise when a part of the result could not be written, other than because the reader left."""
        if self.lost and self.lost[0] != os.strerror(32):
            raise LocalDisk("the result could not be written", f"Writing to the output failed: {self.lost[0]}.")

    @contextmanager
    def meter(self, title: str) -> Iterator[Meter]:
        """Show progress with rate and time left on a terminal; elsewhere nothing, for logs are made of lines."""
        if not (self.interactive and self.err.isatty()) or self.as_json:
            yield Silent()
            return
        from rich.console import Console  # noqa: PLC0415 - rich costs tens of milliseconds and logs do not need it
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - the same

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(file=self.err, no_color=not self.colour, force_terminal=True)
        with Progress(*columns, console=console, transient=True) as progress:
            yield Bar(progress, progress.add_task(title, total=None))


class Silent:
    """A meter that shows nothing."""

    def total(self, count: int) -> None:
        """Hear of more to do."""

    def advance(self, count: int = 1) -> None:
        """Hear of something done."""


class Bar:
    """A meter that moves a bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._expected = 0

    def total(self, count: int) -> None:
        """Lengthen the bar."""
        self._expected += count
        self._progress.update(self._task, total=self._expected)

    def advance(self, count: int = 1) -> None:
        """Fill a part of the bar."""
        self._progress.advance(self._task, count)
