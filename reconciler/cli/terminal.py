"""What a person or a log sees: results on stdout, talk on stderr, colour and progress only where they belong.

It lays nothing out itself: texts come from `reports/`. A reader that went away never stops an apply half-way.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO, cast

from reconciler.cli.worker import takes_commands
from reconciler.core.ports import Meter
from reconciler.errors import LocalDisk, ReconcilerError
from reconciler.reports.diagnostics import render_error, render_hint
from reconciler.reports.options import RenderOptions
from reconciler.reports.safe import unheeded

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from reconciler.cli.events import Stream
    from reconciler.reports.events import Event

NARROWEST, WIDEST, ASSUMED = 60, 160, 100
_SHORTEST_S = 0.001


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Where one run writes and asks."""

    out: TextIO
    err: TextIO
    colour: bool
    """Of the result, on stdout."""
    talk_colour: bool
    """Of the talk, on stderr: either may be in a file while the other is read by a person."""
    interactive: bool
    """Whether a person sits there who can be asked."""
    width: int = 80
    as_json: bool = False
    tags: Mapping[str, object] = field(default_factory=dict)
    """The keys that each event has besides its own: which of several accounts it is about."""
    commanded: bool = False
    """Whether a CI runner searches what is written for commands."""
    stream: Stream | None = None
    """The events, where those are wanted."""
    lost: list[str] = field(default_factory=list)
    """Why stdout can no longer be written, if so."""

    @classmethod
    def of(cls, context: Mapping[str, object]) -> Terminal:
        """Look at the streams, the environment and the global options."""
        as_json = bool(context.get("as_json"))
        plain = as_json or bool(context.get("no_color"))
        return cls(
            out=sys.stdout,
            err=sys.stderr,
            colour=not plain and _coloured(sys.stdout),
            talk_colour=not plain and _coloured(sys.stderr),
            interactive=_is_terminal(sys.stdin) and _is_terminal(sys.stderr) and not as_json,
            width=min(max(_columns(), NARROWEST), WIDEST),
            as_json=as_json,
            tags=dict(tags) if isinstance(tags := context.get("tags"), Mapping) else {},
            commanded=takes_commands(os.environ),
            # Where no command has been reached yet, the stream has no more than the error.
            stream=cast("Stream | None", context.get("stream")) or (new_stream() if as_json else None),
        )

    @property
    def rendering(self) -> RenderOptions:
        """Give the options that reports of the result render with."""
        return RenderOptions(width=self.width, colour=self.colour)

    @property
    def talking(self) -> RenderOptions:
        """Give the options that reports beside the result render with."""
        return RenderOptions(width=self.width, colour=self.talk_colour)

    @property
    def apart(self) -> bool:
        """Tell whether result and talk go to different places, so that neither is read beside the other."""
        try:
            return not os.path.sameopenfile(self.out.fileno(), self.err.fileno())
        except (OSError, ValueError):
            return self.out is not self.err

    def result(self, text: str, *, commands: bool = False) -> None:
        """Write a part of the result; a reader that has gone, or a full disk, is remembered and not raised.

        Only with `commands` may a runner find some in it.
        """
        if self.lost:
            return
        try:
            self.out.write(text if commands else self._inert(text))
            self.out.flush()
        except OSError as error:
            self.lost.append(error.strerror or "closed")

    def talk(self, text: str) -> None:
        """Write what accompanies the result."""
        try:
            self.err.write(self._inert(text))
            self.err.flush()
        except OSError:
            # stderr is the last resort: where it cannot be written there is nowhere left to say so.
            return

    def _inert(self, text: str) -> str:
        """Give a text with its end, in which nothing is a command."""
        whole = text if text.endswith("\n") else text + "\n"
        return unheeded(whole) if self.commanded else whole

    def tell(self, error: ReconcilerError) -> None:
        """Write an error, as text or as an event; where the stream of events is lost, as text all the same."""
        if self.stream is not None:
            self.result(self.stream.failed(error, self.tags))
        if self.stream is None or self.lost:
            self.talk(render_error(error, self.talking))
            # Logs are searched, not asked on: the code in brackets is enough there.
            if _is_terminal(self.err) and (hint := render_hint(error, self.talking)):
                self.talk(f"\n{hint}")

    def emit(self, events: Iterable[Event]) -> None:
        """Write events."""
        if self.stream is not None and (text := self.stream.told(events, self.tags)):
            self.result(text)

    def end(self, code: int) -> None:
        """End the stream, if there is one."""
        if self.stream is not None and (text := self.stream.ended(code, self.tags)):
            self.result(text)

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

        named, rate = TextColumn("{task.description}"), TextColumn("{task.fields[rate]}")
        columns = (named, BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
        console = Console(file=self.err, no_color=not self.talk_colour, force_terminal=True)
        with Progress(*columns, console=console, transient=True) as progress:
            yield Bar(progress, progress.add_task(title, total=None, rate=""))


def new_stream(command: str = "") -> Stream:
    """Give the stream of a command, named by its words."""
    from reconciler.cli.events import OPERATIONS, Stream  # noqa: PLC0415 - only with --json

    return Stream(operation=OPERATIONS.get(command, ""))


def _is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person could be at the other end; a closed stream is None, or says so itself."""
    return stream is not None and not stream.closed and stream.isatty()


def _coloured(stream: TextIO | None) -> bool:
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    forced = environment.get("FORCE_COLOR", "") not in {"", "0"}
    return forced or (_is_terminal(stream) and environment.get("TERM") != "dumb")


def _columns() -> int:
    """Give the width that the environment names, or that of the window that one of the streams is."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    for stream in (sys.stdout, sys.stderr):
        if _is_terminal(stream):
            with contextlib.suppress(OSError, ValueError):
                return os.get_terminal_size(stream.fileno()).columns or ASSUMED
    return ASSUMED


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
        task = self._progress.tasks[0]
        rate = (task.completed + count) / max(task.elapsed or 0.0, _SHORTEST_S)
        self._progress.update(self._task, advance=count, rate=f"{rate:.{0 if rate >= 10 else 1}f}/s")  # noqa: PLR2004 - one figure behind the point is enough
