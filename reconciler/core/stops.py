"""The open questions that only a person can answer, each as a diagnostic with the lines to paste.

It decides nothing: `match.py` says when a question is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core.diagnostic import Diagnostic, one_line
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, RemoteId, Resource, Visibility, key_of


def described(kind: Kind, live: LiveResource) -> str:
    """Describe a live record in one line, by what `kind.summary` lets be shown, so that a person recognises it."""
    told = [one_line(str(live.fields[name])) for name in kind.summary if live.fields.get(name)]
    where = "" if live.visibility is Visibility.ACTIVE else f" ({live.visibility})"
    return f"id {live.id}{where}: " + (", ".join(told) or "(nothing to recognise it by)")


def pin_not_found(kind: Kind, resource: Resource) -> Diagnostic:
    """Say that a pinned id is not in this account."""
    return _stop(
        "pin-not-found",
        f"a pinned {kind.name} is not in this account",
        f"{resource.address} is pinned to id {resource.id}, but the account has no such {kind.name}. "
        f"Nothing is created for a pin. Correct the id, or remove the `id:` line to let the {kind.name} be found by "
        "what it is called.",
        resource,
    )


def pin_taken(kind: Kind, resource: Resource, other: Address) -> Diagnostic:
    """Say that two addresses claim one record by `id:`."""
    return _stop(
        "pin-taken",
        f"two addresses are pinned to the same {kind.name}",
        f"{resource.address} and {other} are both pinned to id {resource.id}. Keep the `id:` line of one of them.",
        resource,
    )


def gone(kind: Kind, resource: Resource, remote_id: RemoteId) -> Diagnostic:
    """Say that a bound record no longer exists, not even among the deleted ones."""
    return _stop(
        "record-gone",
        f"a bound {kind.name} no longer exists",
        f"{resource.address} is bound to id {remote_id}, which the account does not have any more, neither active, "
        f"archived nor deleted. If it shall be created anew, run with --recreate. If it was bound wrongly, run "
        f"`reconciler state rm {resource.address}` and plan again.",
        resource,
    )


def several_recovered(kind: Kind, resource: Resource, found: Sequence[LiveResource]) -> Diagnostic:
    """Say that an interrupted create has several possible results."""
    return _stop(
        "several-recovered",
        f"several {kind.collection} may be the one that an interrupted run created",
        f"An interrupted run may have created {resource.address}, and more than one new {kind.name} fits:\n"
        + _listing(kind, found)
        + "\nWrite the line of the right one under it, and delete the others in the account:\n"
        + _pastes(f"id: {live.id}" for live in found),
        resource,
    )


def several_live(kind: Kind, resource: Resource, found: Sequence[LiveResource]) -> Diagnostic:
    """Say that several live records fit one wanted one equally well."""
    return _stop(
        "several-matches",
        f"several {kind.collection} of the account fit one of the configuration",
        f"{resource.address} could be any of these:\n"
        + _listing(kind, found)
        + "\nWrite the line of the right one under it:\n"
        + _pastes(f"id: {live.id}" for live in found),
        resource,
    )


def several_desired(
    kind: Kind, resource: Resource, live: Sequence[LiveResource], rivals: Sequence[Address]
) -> Diagnostic:
    """Say that several wanted records fit one live one equally well."""
    return _stop(
        "several-claims",
        f"several {kind.collection} of the configuration fit one of the account",
        f"{resource.address} and {', '.join(rivals)} could all be:\n"
        + _listing(kind, live)
        + "\nWrite this line under the one that it is, and give the others what tells them apart:\n"
        + _pastes(f"id: {found.id}" for found in live),
        resource,
    )


def near_match(
    kind: Kind, resource: Resource, found: Sequence[tuple[LiveResource, tuple[str, ...], Address | None]]
) -> Diagnostic:
    """Say that a record about to be created looks like some that exist; third is the old address of a bound one."""
    lines = [f"  {described(kind, live)} - same {' and '.join(fields)}" for live, fields, _ in found]
    same = [f"previously: [{key_of(old)}]" if old is not None else f"id: {live.id}" for live, _, old in found]
    other = f"distinct_from: [{', '.join(str(live.id) for live, _, _ in found)}]"
    return _stop(
        "near-match",
        f"a {kind.name} to be created looks like one that exists",
        f"{resource.address} would be created, but the account has:\n"
        + "\n".join(lines)
        + "\nIf it is the same one, write under it:\n"
        + _pastes(same)
        + "\nIf it is another one, write instead:\n"
        + _pastes([other])
        + f"\nor, for this run only, add: --create {resource.address}",
        resource,
    )


def _listing(kind: Kind, found: Sequence[LiveResource]) -> str:
    return "\n".join(f"  {described(kind, live)}" for live in found)


def _pastes(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _stop(code: str, summary: str, detail: str, resource: Resource) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=detail, position=resource.position, address=resource.address)
