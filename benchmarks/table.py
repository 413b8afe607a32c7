"""Figures as an aligned table: each beside its target, with what was measured for comparison below it."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from measure import Run

_HEAD = ["", "wall s", "CPU s", "peak MiB", "requests", "target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure's limit, as the issue says it; it is shown, and nothing fails by it."""

    what: str
    value: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Tell whether the figure keeps to it."""
        return self.value <= self.limit

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.what} {_short(self.value)} of {_short(self.limit)}{unit}{'' if self.met else '  OVER'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured thing."""

    name: str
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mib: float | None = None
    requests: int | None = None
    targets: tuple[Target, ...] = ()

    @classmethod
    def of(cls, name: str, run: Run, targets: Iterable[Target] = ()) -> Row:
        """Make the row of a process."""
        return cls(
            name=name,
            wall_s=run.wall_s,
            cpu_s=run.cpu_s,
            peak_mib=run.peak_mib,
            requests=run.requests,
            targets=tuple(targets),
        )

    def cells(self) -> list[str]:
        """Give the figures as text."""
        return [
            f"  {self.name}",
            _number(self.wall_s, 3),
            _number(self.cpu_s, 3),
            _number(self.peak_mib, 0),
            _number(self.requests, 0),
        ]


@dataclass(slots=True, kw_only=True)
class Section:
    """One scenario at one size: rows, and each stage's CPU."""

    name: str
    title: str
    clients: int = 0
    rows: list[Row] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    """CPU s."""
    peaks: dict[str, float] = field(default_factory=dict)
    """MiB at most until the end of each stage."""
    notes: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, object]:
        """Give it as plain JSON values."""
        told = dataclasses.asdict(self)
        told["rows"] = [
            {**dataclasses.asdict(row), "targets": [{**dataclasses.asdict(t), "met": t.met} for t in row.targets]}
            for row in self.rows
        ]
        return told


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def rendered(section: Section) -> str:
    """Give a section as text."""
    lines = [_HEAD]
    for row in section.rows:
        first, *more = [str(target) for target in row.targets] or [""]
        lines.append([*row.cells(), first])
        lines += [["", "", "", "", "", told] for told in more]
    widths = [max(38, *(len(line[0]) for line in lines)), 9, 9, 9, 9]
    text = [section.title]
    for line in lines:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:5], widths[1:], strict=True)),
        ]
        text.append(("".join(cells) + "   " + line[5]).rstrip())
    text += stage_lines(section.stages)
    if section.peaks:
        text.append("  Peak MiB after: " + ", ".join(f"{name} {peak:.0f}" for name, peak in section.peaks.items()))
    text += [f"  {note}" for note in section.notes]
    return "\n".join(text) + "\n"


def stage_lines(stages: dict[str, float]) -> Sequence[str]:
    """Give each stage's share of the CPU."""
    total = sum(stages.values())
    if not total:
        return []
    told = ", ".join(f"{name} {seconds / total:.0%} ({seconds:.2f} s)" for name, seconds in stages.items())
    return textwrap.wrap(told, 110, initial_indent="  CPU by stage: ", subsequent_indent=" " * 16)
