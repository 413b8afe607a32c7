"""Three servers of Terraform states: one as GitLab is, one as Gitea is, one that only locks.

None authorises by role. What they answer follows GitLab's `lib/api/terraform/state.rb` with its handler, Gitea's
`routers/api/packages/terraform`, and the server of Terraform's own tests: a GitLab tells a second taker that taker's
own `Info`, leaves a locked state alone when asked to delete it and answers as if it had; a Gitea wants every key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from tests.store.statehost import Asked, Record, Said, Server, as_json, as_object

KEYS = ("ID", "Operation", "Info", "Who", "Version", "Created", "Path")


@dataclass(slots=True, kw_only=True)
class GitLab(Server):
    """A GitLab."""

    path: ClassVar[str] = "/api/v4/projects/7/terraform/state/"
    wrong_id_status: int = 409
    """What it says to a write with another ID; the published code lets it become a 500."""
    defers_removal: bool = False

    def read(self, record: Record) -> Said:
        """Give the document, nothing, or 404 where there was never one."""
        if record.latest is not None:
            return Said(status=200, body=record.latest)
        return Said(status=204 if record.lock is not None else 404)

    def write(self, record: Record, asked: Asked) -> Said:
        """Keep a serial that was never there, from whoever has the lock."""
        serial = as_object(asked.body).get("serial")
        if not asked.body:
            return Said(status=204)
        if not isinstance(serial, int):
            return Said(status=422, body=b'{"error":"No serial in payload"}')
        if (record.lock or {}).get("ID") != asked.lock:
            return Said(status=self.wrong_id_status)
        if serial in record.versions:
            return Said(status=422, body=b'{"message":"Version has already been taken"}')
        record.versions[serial] = asked.body
        return Said(status=200)

    def delete(self, record: Record) -> Said:
        """Remove it now or later, unless it is locked."""
        if record.lock is None:
            record.removing = self.defers_removal
            record.versions = {}
        return Said(status=200)

    def lock(self, record: Record, asked: Asked) -> Said:
        """Lock it; who has it is told with what the asker said of itself."""
        told = as_object(asked.body)
        if any(not isinstance(told.get(key), str) for key in KEYS) or not 0 < len(told["ID"]) <= 255:
            return Said(status=400, body=b'{"error":"a key is missing"}')
        taken = record.lock is None or not self.honest
        if taken:
            stamp = datetime.fromtimestamp(self.seconds(), UTC).isoformat(timespec="milliseconds")
            record.lock = {"ID": told["ID"], "Who": "root", "Created": stamp.replace("+00:00", "Z")}
        return as_json(200 if taken else 409, {**told, **(record.lock or {})})

    def unlock(self, record: Record, asked: Asked) -> Said:
        """Unlock it for whoever has it, and for whoever gives no ID at all."""
        told = as_object(asked.body).get("ID", asked.lock)
        if self.careful and told is not None and (record.lock is None or record.lock["ID"] != told):
            return Said(status=409)
        record.lock = None
        return Said(status=200)


@dataclass(slots=True, kw_only=True)
class Gitea(Server):
    """A Gitea."""

    path: ClassVar[str] = "/api/packages/acme/terraform/state/"

    def write(self, record: Record, asked: Asked) -> Said:
        """Keep a whole state with a new serial, unless another has the lock."""
        if record.lock is not None and record.lock["ID"] != asked.lock:
            return as_json(423, record.lock)
        told = as_object(asked.body)
        whole = told.get("version") == 4 and all(told.get(key) for key in ("terraform_version", "lineage", "serial"))
        if not whole or told.get("resources") is None or told.get("outputs") is None:
            return Said(status=400)
        if told["serial"] in record.versions:
            return Said(status=409, body=b"package file already exists")
        record.versions[told["serial"]] = asked.body
        return Said(status=201)

    def delete(self, record: Record) -> Said:
        """Remove it, unless it is locked."""
        if record.lock is not None:
            return Said(status=423, body=b"terraform state is locked")
        record.versions = {}
        return Said(status=200)

    def lock(self, record: Record, asked: Asked) -> Said:
        """Lock it, or say who has."""
        told = as_object(asked.body)
        if not told.get("ID") or not _is_time(told.get("Created")):
            return Said(status=400)
        if record.lock is not None and self.honest:
            return as_json(423, record.lock)
        record.lock = told
        return Said(status=200)

    def unlock(self, record: Record, asked: Asked) -> Said:
        """Unlock it; what is not locked is unlocked by anybody."""
        told = as_object(asked.body)
        if not told.get("ID") or not _is_time(told.get("Created")):
            return Said(status=400)
        if self.careful and record.lock is not None and record.lock["ID"] != told["ID"]:
            return Said(status=423, body=b"lock ID mismatch")
        record.lock = None
        return Said(status=200)


@dataclass(slots=True, kw_only=True)
class Plain(Server):
    """A server that locks, and keeps whatever it is sent."""

    path: ClassVar[str] = "/states/"
    etags: bool = False
    tells_holder: bool = True
    locks: bool = True
    count: int = 0

    def read(self, record: Record) -> Said:
        """Give the document."""
        tag = {"ETag": f'"{self.count}"'} if self.etags else {}
        return Said(status=200, body=record.latest, headers=tag) if record.latest else Said(status=404)

    def write(self, record: Record, asked: Asked) -> Said:
        """Keep whatever comes."""
        return self._put(record, {1: asked.body})

    def delete(self, record: Record) -> Said:
        """Remove it."""
        return self._put(record, {})

    def lock(self, record: Record, asked: Asked) -> Said:
        """Lock it, or say who has."""
        if not self.locks:
            return Said(status=405)
        if record.lock is not None and self.honest:
            return as_json(423, record.lock) if self.tells_holder else Said(status=423, body=b"locked")
        record.lock = as_object(asked.body)
        return Said(status=200)

    def unlock(self, record: Record, asked: Asked) -> Said:
        """Unlock it for whoever has it."""
        if record.lock is None or (self.careful and record.lock["ID"] != as_object(asked.body).get("ID")):
            return Said(status=409)
        record.lock = None
        return Said(status=200)

    def answer(self, asked: Asked) -> Said:
        """Do what is asked, if it may be done to what is there."""
        with self.guard:
            expected = asked.headers.get("if-match")
            if self.etags and expected is not None and expected != f'"{self.count}"':
                return Said(status=412)
            return Server.answer(self, asked)

    def _put(self, record: Record, versions: dict[int, bytes]) -> Said:
        self.count += 1
        record.versions = versions
        return Said(status=200)


def _is_time(told: object) -> bool:
    try:
        return isinstance(told, str) and datetime.fromisoformat(told).tzinfo is not None
    except ValueError:
        return False
