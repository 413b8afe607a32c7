"""What the configuration still wants of that which was taken back: where it says so, and what to write instead.

It reads no file: the configuration and the commits of its files are handed in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.core.change import ARCHIVED, Action, Change
from reconciler.core.diagnostic import Position
from reconciler.core.diff import equal
from reconciler.core.resource import Address, Configuration, Resource, key_of, parent_of
from reconciler.reports.events import Event, result_event
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain
from reconciler.reports.text import shown
from reconciler.reports.words import wrapped

_MOST = 50
_LONGEST = 1000
"""Arbitrary: a block that nothing follows ends with its file, or here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One address whose part of the configuration is to be changed, or the next apply does it all again."""

    address: str
    at: Position | None
    told: str
    """What to write, in which nothing foreign is left that could do harm."""
    names: tuple[str, ...] = ()
    """The fields that are meant, where it is not the whole block."""
    gone: bool = False
    """Whether the block is not there any more, and `at` is where it was."""
    lines: int = 0
    """How many lines the block has, as far as nothing else begins in them."""


UNCOMMITTED = "0" * 40
"""What git calls the commit of a line that is in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit that wrote, or took out, what the configuration wants."""

    id: str
    """Short, as git shows it; `UNCOMMITTED` where it was not committed yet."""
    author: str = ""
    subject: str = ""


def wants(changes: Iterable[Change], configuration: Configuration, options: RenderOptions) -> tuple[Want, ...]:
    """Compare what was taken back with what is wanted; sorted by address."""
    found = (_want(change, configuration, options) for change in changes if not change.with_parent)
    begins = _begins(configuration)
    made = sorted((_measured(want, begins) for want in found if want is not None), key=lambda want: want.address)
    whole = {want.address for want in made if not want.names}
    # With a block go those within it.
    return tuple(want for want in made if parent_of(Address(want.address)) not in whole)


def _begins(configuration: Configuration) -> Mapping[str, Sequence[int]]:
    """Give the lines of each file in which a record begins, sorted."""
    found: dict[str, list[int]] = {}
    for resource in configuration.resources.values():
        for each in (resource, *(resource.children or {}).values()):
            if each.position is not None:
                found.setdefault(each.position.file, []).append(each.position.line)
    return {file: sorted(lines) for file, lines in found.items()}


def _measured(want: Want, begins: Mapping[str, Sequence[int]]) -> Want:
    if want.at is None or want.gone:
        return want
    lines = begins.get(want.at.file, ())
    after = bisect_right(lines, want.at.line)
    return replace(want, lines=(lines[after] if after < len(lines) else want.at.line + _LONGEST) - want.at.line)


def _want(change: Change, configuration: Configuration, options: RenderOptions) -> Want | None:
    resource = _resource(change, configuration)
    if change.removed:
        if resource is None:
            return None
        again = {Action.DELETE: "brings it back", Action.ARCHIVE: "brings it back"}.get(
            change.action, "adopts it again"
        )
        told = f"remove its block, or the next apply {again}"
        return Want(address=change.address, at=resource.position, told=told)
    if resource is None:
        told = "write its block again, or the next apply removes it"
        if change.moved_from is not None:
            told = f"name {key_of(change.moved_from)} so again, or the next apply moves it"
        return Want(address=change.address, at=change.position, told=told, gone=True)
    other = [
        a
        for a in change.attributes
        if _wished(resource, a.name) and not equal({a.name: _value(resource, a.name)}, {a.name: a.after})
    ]
    if not other:
        return None
    rows = ", ".join(f"{plain(a.name)}: {shown(a.name, a.after, options)}" for a in other)
    told = f"write {rows}, or the next apply changes it again"
    return Want(address=change.address, at=resource.position, told=told, names=tuple(a.name for a in other))


def _resource(change: Change, configuration: Configuration) -> Resource | None:
    parent = parent_of(change.address)
    if parent is None:
        return configuration.resources.get(change.address)
    owner = configuration.resources.get(parent)
    return (owner.children or {}).get(key_of(change.address)) if owner is not None else None


def _wished(resource: Resource, name: str) -> bool:
    if name == ARCHIVED:
        return resource.archived is not None
    return name in resource.fields and name not in resource.lifecycle.ignore_changes


def _value(resource: Resource, name: str) -> str | bool | None:
    return resource.archived if name == ARCHIVED else resource.fields[name]


def render_wants(
    found: Sequence[Want], commits: Mapping[str, Commit], files: Mapping[str, str], options: RenderOptions
) -> str:
    """Give what is to be changed in the configuration, and the commits that wrote it so.

    `commits` are by address; `files` are those of whose lines nothing is known, with the commit that changed each last.
    """
    if not found:
        return "The configuration wants nothing of what was taken back."
    lines = wrapped("The configuration still wants what was taken back:", options.width)
    lines += [f"  {plain(want.address)}{_at(want)}: {want.told}" for want in found[:_MOST]]
    if len(found) > _MOST:
        lines.append(f"  ... and {len(found) - _MOST} more; `reconciler plan` shows all.")
    counted_ones = Counter(commits[want.address] for want in found if want.address in commits)
    lines += [f"  {_wrote(commit, count)}" for commit, count in counted_ones.most_common()]
    lines += [f"  {plain(file)} was changed last by commit {plain(commit)}" for file, commit in sorted(files.items())]
    return "\n".join(lines)


def _wrote(commit: Commit, count: int) -> str:
    these = f"{count} of these" if count > 1 else "one of these"
    if commit.id == UNCOMMITTED:
        return f"{these[0].upper()}{these[1:]} {'is' if count == 1 else 'are'} not committed yet: edit the file"
    title = f' "{plain(commit.subject)}"' if commit.subject else ""
    author = f" by {plain(commit.author)}" if commit.author else ""
    return f"commit {plain(commit.id)}{title}{author} wrote {these}: git revert {plain(commit.id)} takes it back whole"


def _at(want: Want) -> str:
    return plain(f" ({want.at.file}:{want.at.line})") if want.at is not None else ""


def wants_events(found: Sequence[Want], commits: Mapping[str, Commit]) -> Iterator[Event]:
    """Give an event for each address that is to be changed."""
    for want in found:
        at, commit = want.at, commits.get(want.address)
        committed = commit is not None and commit.id != UNCOMMITTED
        told: dict[str, object] = {"address": want.address, "told": want.told}
        told["commit"] = commit.id if commit is not None and committed else ""
        if at is not None:
            told |= {"file": at.file, "line": at.line}
        yield result_event(f"{want.address}: {want.told}", "still_wanted", wanted=told)
