"""What differs between a wanted and a live record, and who made it so (step 5).

Equality comes first and is cheap; only records that are known to differ are compared attribute by attribute, by
deepdiff. A field that is wanted as it was sent last, and answered as it was answered last, has not changed, however
the vendor writes it: so a server that trims or reformats never causes a perpetual change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.core.change import AttributeChange, Cause
from reconciler.core.resource import Value
from reconciler.core.state import Binding, digest, parse_digests


def equal(fields: Mapping[str, Value], live: Mapping[str, Value]) -> bool:
    """Tell whether every wanted field is live; null and empty text are equal."""
    for name, value in fields.items():
        seen = live.get(name)
        if value != seen and ((value is not None and value != "") or (seen is not None and seen != "")):
            return False
    return True


def diff(
    fields: Mapping[str, Value],
    live: Mapping[str, Value],
    binding: Binding | None = None,
    *,
    salt: str = "",
    ignored: Collection[str] = (),
) -> tuple[AttributeChange, ...]:
    """Give the attributes that differ, sorted by name; `ignored` ones never do."""
    if equal(fields, live):
        return ()
    recorded = _Recorded.of(binding)
    return tuple(
        AttributeChange(name=name, before=before, after=after, cause=cause)
        for name, before, after in _differences(fields, live, ignored)
        if (cause := recorded.cause(salt, name, before, after)) is not None
    )


def _differences(
    fields: Mapping[str, Value], live: Mapping[str, Value], ignored: Collection[str]
) -> list[tuple[str, Value, Value]]:
    """Give (name, before, after) sorted by name, for fields of which deepdiff says that they differ."""
    # deepdiff takes tens of milliseconds to import, and a plan without a difference does not need it.
    from deepdiff import DeepDiff  # noqa: PLC0415 - see above

    compared = [name for name in fields if name not in ignored]
    before = {name: live[name] for name in compared if live.get(name) not in {None, ""}}
    after = {name: fields[name] for name in compared if fields[name] not in {None, ""}}
    # The threshold makes it compare by key however few keys both sides share; the root as a whole is no attribute.
    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    names = {level.path(output_format="list")[0] for levels in found.values() for level in levels}
    return [(name, before.get(name), after.get(name)) for name in sorted(names)]


class _Recorded:
    """The digests of one binding, opened."""

    __slots__ = ("answered", "sent")

    def __init__(self, sent: dict[str, str], answered: dict[str, str]) -> None:
        self.sent = sent
        self.answered = answered

    @classmethod
    def of(cls, binding: Binding | None) -> _Recorded:
        if binding is None:
            return cls({}, {})
        sent = parse_digests(binding.sent)
        return cls(sent, parse_digests(binding.answered) or sent)

    def cause(self, salt: str, name: str, before: Value, after: Value) -> Cause | None:
        """Say who made a field differ; None when nobody did and only the vendor writes it in its own way."""
        if name not in self.sent:
            return Cause.INTENT
        wished_anew = digest(salt, name, after) != self.sent[name]
        edited_outside = digest(salt, name, before) != self.answered.get(name, self.sent[name])
        if wished_anew:
            return Cause.BOTH if edited_outside else Cause.INTENT
        return Cause.DRIFT if edited_outside else None
