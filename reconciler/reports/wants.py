"""What the configuration still wants of that which was taken back: where it says so, and what to write instead.

It reads no file: the configuration and the commits of its files are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.change import ARCHIVED, Action, Change
from reconciler.core.diagnostic import Position
from reconciler.core.diff import equal
from reconciler.core.resource import Configuration, Resource, key_of, parent_of
from reconciler.reports.events import Event, result_event
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain
from reconciler.reports.text import shown
from reconciler.reports.words import wrapped

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """One address whose part of the configuration is to be changed, or the next apply does it all again."""

    address: str
    at: Position | None
    told: str
    """What to write, in which nothing foreign is left that could do harm."""


def wants(changes: Iterable[Change], configuration: Configuration, options: RenderOptions) -> tuple[Want, ...]:
    """Compare what was taken back with what is wanted; sorted by address."""
    found = (_want(change, configuration, options) for change in changes if not change.with_parent)
    return tuple(sorted((want for want in found if want is not None), key=lambda want: want.address))


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
        return Want(address=change.address, at=change.position, told=told)
    rows = [
        f"{plain(a.name)}: {shown(a.name, a.after, options)}"
        for a in change.attributes
        if _wished(resource, a.name) and not equal({a.name: _value(resource, a.name)}, {a.name: a.after})
    ]
    if not rows:
        return None
    told = f"write {', '.join(rows)}, or the next apply changes it again"
    return Want(address=change.address, at=resource.position, told=told)


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


def render_wants(found: Sequence[Want], commits: Mapping[str, str], options: RenderOptions) -> str:
    """Give what is to be changed in the configuration, and the commits that changed its files last."""
    if not found:
        return "The configuration wants nothing of what was taken back."
    lines = wrapped("The configuration still wants what was taken back:", options.width)
    lines += [f"  {plain(want.address)}{_at(want)}: {want.told}" for want in found[:_MOST]]
    if len(found) > _MOST:
        lines.append(f"  ... and {len(found) - _MOST} more; `reconciler plan` shows all.")
    lines += [f"  {plain(file)} was changed last by commit {plain(commit)}" for file, commit in sorted(commits.items())]
    return "\n".join(lines)


def _at(want: Want) -> str:
    return plain(f" ({want.at.file}:{want.at.line})") if want.at is not None else ""


def wants_events(found: Sequence[Want], commits: Mapping[str, str]) -> Iterator[Event]:
    """Give an event for each address that is to be changed."""
    for want in found:
        at = want.at
        commit = commits.get(at.file, "") if at is not None else ""
        told: dict[str, object] = {"address": want.address, "told": want.told, "commit": commit}
        if at is not None:
            told |= {"file": at.file, "line": at.line}
        yield result_event(f"{want.address}: {want.told}", "still_wanted", wanted=told)
