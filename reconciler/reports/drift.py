"""What was changed outside, as text, JSON, Markdown and events; each record with the two ways out.

Which of both is right it does not say: that is for people to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.change import ARCHIVED, AttributeChange, Cause, Change
from reconciler.core.drift import Drift, DriftReport, Outside
from reconciler.reports.diagnostics import render_diagnostics
from reconciler.reports.encode import one_line
from reconciler.reports.events import Event, diagnostic_event, named_change, problem_document, result_event
from reconciler.reports.hiding import hidden_change
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain
from reconciler.reports.safe import fence
from reconciler.reports.terraform import resource_of
from reconciler.reports.text import shown, unmanaged
from reconciler.reports.words import counted, sentence

FORMAT_VERSION = "1.0"
_HEADINGS = {
    Outside.EDITED: "was edited in FreshBooks",
    Outside.DELETED: "was deleted in FreshBooks",
    Outside.GONE: "is gone from FreshBooks for good",
}
_SYMBOLS = {Outside.EDITED: ("~", "yellow"), Outside.DELETED: ("-", "red"), Outside.GONE: ("-", "red")}
_KEEP = "(another value; only its digest is kept)"


def hidden_drift(report: DriftReport, options: RenderOptions) -> DriftReport:
    """Give a report without the values of sensitive fields."""
    records = tuple(replace(each, change=hidden_change(each.change, options)) for each in report.records)
    return replace(report, records=records)


def render_drift(report: DriftReport, options: RenderOptions) -> str:
    """Give the whole report."""
    parts = []
    if report.records:
        parts.append(sentence("Changed outside since the last apply:", options))
        parts += [_block(each, report, options) for each in report.records]
    if report.notes:
        parts.append(render_diagnostics(report.notes, options))
    parts.append("\n".join([sentence(told(report), options), *unmanaged(report.unmanaged)]))
    return "\n\n".join(parts) + "\n"


def told(report: DriftReport) -> str:
    """Say in one line how much has drifted."""
    if not report.compared:
        return "No drift: nothing is bound yet."
    if not report.records:
        return f"No drift: {counted(report.compared, 'bound record')} as the last apply left {_them(report.compared)}."
    fields = sum(len(each.change.attributes) for each in report.records if each.outside is Outside.EDITED)
    gone = sum(each.outside is not Outside.EDITED for each in report.records)
    parts = [counted(fields, "field")] if fields else []
    parts += [f"{counted(gone, 'record')} deleted"] if gone else []
    return f"Drift: {' and '.join(parts)}, in {len(report.records)} of {counted(report.compared, 'bound record')}."


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _block(each: Drift, report: DriftReport, options: RenderOptions) -> str:
    change = each.change
    symbol, style = _SYMBOLS[each.outside]
    lines = [paint(f"  # {plain(f'{change.address} {_heading(each)}')}", "bold", colour=options.colour)]
    where = [f"id {change.id}"] if change.id is not None else []
    where += [f"{change.position.file}:{change.position.line}"] if change.position is not None else []
    if where:
        lines.append(f"  # ({plain('; '.join(where))})")
    if each.outside is Outside.EDITED:
        lines += _rows(change, f"{paint(symbol, style, colour=options.colour)}", options)
    lines += [f"    {name} {plain(way)}" for name, way in _ways(each, report)]
    return "\n".join(lines)


def _heading(each: Drift) -> str:
    only = [a for a in each.change.attributes if a.name == ARCHIVED]
    if each.outside is Outside.EDITED and only and len(each.change.attributes) == 1:
        archived = only[0].before
        return "was archived in FreshBooks" if archived else "was brought back from the archive in FreshBooks"
    return _HEADINGS[each.outside]


def _rows(change: Change, symbol: str, options: RenderOptions) -> Iterator[str]:
    width = max((len(attribute.name) for attribute in change.attributes), default=0)
    arrow = paint("->", "yellow", colour=options.colour)
    for attribute in change.attributes:
        now = shown(attribute.name, attribute.before, options)
        name = f"      {symbol} {plain(attribute.name):<{width}}"
        if attribute.cause is Cause.BOTH:
            wanted = shown(attribute.name, attribute.after, options)
            yield f"{name} = {_KEEP} {arrow} {now}; the configuration now wants {wanted}"
        else:
            yield f"{name} = {shown(attribute.name, attribute.after, options)} {arrow} {now}"


def _ways(each: Drift, report: DriftReport) -> Iterator[tuple[str, str]]:
    """Give the two ways out of one record's drift."""
    address = each.change.address
    back = f"reconciler apply --target {address}"
    if each.outside is Outside.GONE:
        back += " --recreate   (a new record, with a new id)"
    elif not report.reverted:
        back += "   (with `policy: {drift: revert}` in reconciler.yaml; it is `report` now)"
    yield "take it back:", back
    yield "take it in:  ", f"reconciler export --accept {address}"


# Other formats.


def render_drift_markdown(report: DriftReport, options: RenderOptions) -> str:
    """Give the report as a comment or an issue: a heading, and the text in a fence that it cannot close."""
    text = render_drift(report, replace(options, colour=False)).rstrip("\n")
    size = options.max_size - 500
    if len(text) > size:
        text = text[:size].rpartition("\n\n")[0] + "\n\n... and more; `--format text` has all of it."
    fenced = f"{fence(text)}text\n{text}\n{fence(text)}"
    return f"<!-- reconciler:drift -->\n\n### FreshBooks: {told(report).rstrip('.')}\n\n{fenced}\n"


def render_drift_json(report: DriftReport, options: RenderOptions) -> str:
    """Give one document, on one line."""
    document = {
        "format_version": FORMAT_VERSION,
        "account": report.account,
        "compared": report.compared,
        "drift": [_document(each, report) for each in report.records],
        "unmanaged": dict(report.unmanaged),
        "notes": [problem_document(note) for note in report.notes],
        "sensitive": sorted(options.sensitive),
    }
    return one_line(document) + "\n"


def _document(each: Drift, report: DriftReport) -> dict[str, object]:
    change = each.change
    ways = {name.strip(" :").replace(" ", "_"): way.partition("   ")[0] for name, way in _ways(each, report)}
    return {
        "address": change.address,
        "resource": resource_of(change.address, change.kind)["address"],
        "id": change.id,
        "outside": each.outside.value,
        "fields": {attribute.name: _field(attribute) for attribute in change.attributes},
        "ways_out": ways,
        **({"at": f"{change.position.file}:{change.position.line}"} if change.position is not None else {}),
    }


def _field(attribute: AttributeChange) -> dict[str, object]:
    """Give one field: what it is now, and either what the last apply left or what is wanted instead by now."""
    if attribute.cause is Cause.BOTH:
        return {"live": attribute.before, "wanted": attribute.after}
    return {"applied": attribute.after, "live": attribute.before}


def drift_events(report: DriftReport) -> Iterator[Event]:
    """Give an event a record, then the notes, then the sum."""
    for each in report.records:
        message = f"{each.change.address} {_heading(each)}"
        resource = named_change(each.change)
        resource |= {"action": "update" if each.outside is Outside.EDITED else "delete"}
        yield result_event(message, "resource_drift", change=resource, drift=_document(each, report))
    for note in report.notes:
        yield diagnostic_event(note)
    sums = {"records": len(report.records), "compared": report.compared, "unmanaged": dict(report.unmanaged)}
    yield result_event(told(report), "drift_summary", drift=sums)
