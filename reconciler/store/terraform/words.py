"""What is said over the Terraform HTTP protocol: the document around a content, and the lock with its holder.

Bytes from values and back; nothing is sent. Two facts shape it. Terraform must refuse our document rather than take it
for an empty state and overwrite it, which the one resource of an unheard-of mode makes it do. And GitLab answers a
second taker with that taker's own `Info`, so that the holder's particulars travel in the lock's ID as well.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import msgspec

from reconciler import __version__
from reconciler.errors import StateUnusable
from reconciler.store.backend import Holder

MOMENT = "momentary"
"""The run of a lock that is held for one write or one look only."""
_LONGEST_ID = 255  # GitLab's column
_LONGEST_HOST = 63
_OPERATION = "reconciler"
_MODE = "a state of freshbooks-reconciler, not of Terraform"
_KEPT = "/:?&=#@+~._-"


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a lock counts: from when, by the server's clock, and whose."""

    id: str
    renewed: float


class _Resource(msgspec.Struct, frozen=True, kw_only=True):
    mode: str = _MODE
    type: str = "freshbooks_client"
    name: str = "all"
    provider: str = 'provider["terraform.io/builtin/terraform"]'
    instances: tuple[str, ...] = ()


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The document: what GitLab and Gitea ask of one first, the content last."""

    version: int = 4
    terraform_version: str = "1.9.0"
    serial: int
    lineage: str
    outputs: dict[str, str] = {}
    resources: tuple[_Resource, ...] = (_Resource(),)
    edition: str
    lease: Lease | None = None
    encoding: str = "text"
    reconciler: str | None = None


class _Got(msgspec.Struct, frozen=True, kw_only=True):
    serial: int
    lineage: str
    edition: str
    encoding: str
    reconciler: str | None
    lease: Lease | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document as it is at one moment; one that is not there has serial 0."""

    serial: int = 0
    lineage: str = ""
    edition: str = ""
    """The version: unlike any before, kept by renewals of the lease; empty while there is no content."""
    content: bytes | None = None
    lease: Lease | None = None
    etag: str = ""

    def same(self, other: Page) -> bool:
        """Tell whether two are one and the same write."""
        mine, theirs = ((page.serial, page.lineage, page.edition, page.lease) for page in (self, other))
        return mine == theirs


def page_bytes(page: Page) -> bytes:
    """Give the document on the wire. A text stays a text, so that a server may store JSON as it likes."""
    encoding, text = "text", None
    if page.content is not None:
        try:
            text = page.content.decode("utf-8")
        except UnicodeDecodeError:
            encoding, text = "base64", base64.b64encode(page.content).decode("ascii")
    return msgspec.json.encode(
        _Sent(
            serial=page.serial,
            lineage=page.lineage,
            edition=page.edition,
            lease=page.lease,
            encoding=encoding,
            reconciler=text,
        )
    )


def read_page(raw: bytes, etag: str, shown: str) -> Page:
    """Read a document; `StateUnusable` where it is damaged, or not one of ours."""
    try:
        got = msgspec.json.decode(raw, type=_Got)
        content = None if got.reconciler is None else _content(got.reconciler, got.encoding)
    except (msgspec.ValidationError, binascii.Error) as error:
        raise StateUnusable(
            "what is kept at the state's address is not a state of ours",
            f"{shown} holds another program's document, perhaps a state of Terraform. It is left as it is. Give "
            "another address.",
            code="state-foreign",
        ) from error
    except msgspec.DecodeError as error:
        raise StateUnusable(
            "the state cannot be read",
            f"{shown} holds no whole document. The server may have earlier versions of it.",
            code="state-torn",
        ) from error
    return Page(
        serial=got.serial, lineage=got.lineage, edition=got.edition, content=content, lease=got.lease, etag=etag
    )


def _content(text: str, encoding: str) -> bytes:
    return text.encode("utf-8") if encoding == "text" else base64.b64decode(text, validate=True)


# The lock.


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A lock as the server told of it."""

    id: str = ""
    """As it is on the wire; empty where the server did not say."""
    holder: Holder
    created_s: float | None = None
    """By the server's clock, as well as its holder knew it; None where the lock never expires for us."""

    @property
    def momentary(self) -> bool:
        """Tell whether it is held for one write only."""
        return self.holder.run == MOMENT and self.created_s is not None


def lock_id(holder: Holder) -> str:
    """Give the ID on the wire: unlike any other's, and telling who it is; Terraform shows it to those it refuses."""
    parts = {"ttl": f"{holder.ttl_s:g}", "run": holder.run, "host": holder.host[:_LONGEST_HOST], "link": holder.link}
    told = _quoted(holder.id) + "".join(f",{name}={_quoted(value)}" for name, value in parts.items() if value)
    return told if len(told) <= _LONGEST_ID else told.partition(",link=")[0][:_LONGEST_ID]


def lock_bytes(holder: Holder, created_s: float, wire: str) -> bytes:
    """Give the lock with this ID, with all the keys that GitLab asks for."""
    told = {
        "reconciler": 1,
        "id": holder.id,
        "run": holder.run,
        "host": holder.host,
        "link": holder.link,
        "since": holder.since,
        "ttl": holder.ttl_s,
    }
    return json.dumps(
        {
            "ID": wire,
            "Operation": _OPERATION,
            "Info": json.dumps(told, separators=(",", ":")),
            "Who": holder.host,
            "Version": __version__,
            "Created": datetime.fromtimestamp(created_s, UTC).isoformat().replace("+00:00", "Z"),
            "Path": "",
        }
    ).encode()


def read_lock(raw: bytes) -> Seen:
    """Read the lock that a server tells of; whatever it says, the answer is a holder."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        told = None
    told = told if isinstance(told, dict) else {}
    wire, created = _text(told, "ID"), _seconds(_text(told, "Created"))
    ours = _from_id(wire)
    if ours is None:
        return Seen(id=wire, holder=_foreign(wire, told))
    return Seen(id=wire, holder=_completed(ours, told), created_s=created)


def _foreign(wire: str, told: dict[str, object]) -> Holder:
    """Give whoever is no run of ours: a lock of theirs never expires for us, a person must remove it."""
    operation = _text(told, "Operation")
    run = f"Terraform ({operation})" if operation.startswith("OperationType") else "another program"
    return Holder(
        id=wire,
        run=run,
        host=_text(told, "Who") or "an unknown machine",
        since=_text(told, "Created"),
        ttl_s=math.inf,
        expires_at_s=math.inf,
    )


def _from_id(wire: str) -> Holder | None:
    """Read the holder from an ID of ours."""
    first, *rest = wire.split(",")
    told = {name: unquote(value) for name, _, value in (part.partition("=") for part in rest)}
    try:
        ttl_s = float(told["ttl"])
        return Holder(
            id=unquote(first), run=told["run"], host=told.get("host", ""), link=told.get("link", ""), ttl_s=ttl_s
        )
    except (KeyError, ValueError):
        return None


def _completed(ours: Holder, told: dict[str, object]) -> Holder:
    """Add what `Info` says and an ID has no room for, if it is of the same holder."""
    try:
        more = json.loads(_text(told, "Info"))
    except (ValueError, RecursionError):
        more = None
    if not isinstance(more, dict) or more.get("id") != ours.id:
        return replace(ours, since=_text(told, "Created"))
    return replace(
        ours,
        host=_text(more, "host") or ours.host,
        link=_text(more, "link") or ours.link,
        since=_text(more, "since") or _text(told, "Created"),
    )


def _text(told: dict[str, object], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _seconds(told: str) -> float | None:
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else moment.replace(tzinfo=UTC).timestamp()


def _quoted(text: str) -> str:
    return quote(text, safe=_KEPT, errors="replace")
