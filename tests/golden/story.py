"""A story: a person edits YAML and clicks in FreshBooks, commands run, and a transcript tells what everybody saw.

The sandbox answers on a real socket. A transcript holds each command with its output, its exit code, and every request
that the account saw.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from reconciler.cli.main import run
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import Sandbox, running

PREFIX = "/accounting/account/Ab12Cd/users/"


class Person:
    """Somebody who works in FreshBooks itself, by its API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._http = httpx.Client(
            base_url=sandbox.url + PREFIX, headers={"Authorization": f"Bearer {sandbox.access_token}"}
        )

    def _ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        answer = self._http.request(method, path, json=body)
        assert answer.status_code in {200, 204}, answer.text
        return answer.json()["response"].get("result") if answer.content else None

    def creates(self, *contacts: Mapping[str, str], **fields: object) -> int:
        """Create a client; give its id."""
        body = {"client": {**fields, **({"contacts": list(contacts)} if contacts else {})}}
        return int(self._ask("POST", "clients", body)["client"]["id"])

    def edits(self, remote_id: int, **fields: object) -> None:
        """Change fields of a client."""
        self._ask("PUT", f"clients/{remote_id}", {"client": fields})

    def deletes(self, remote_id: int) -> None:
        """Delete a client."""
        self.edits(remote_id, vis_state=1)

    def archives(self, remote_id: int) -> None:
        """Archive a client."""
        self.edits(remote_id, vis_state=2)

    def restores(self, remote_id: int) -> None:
        """Bring a client back."""
        self.edits(remote_id, vis_state=0)

    def edits_contact(self, contact_id: int, **fields: str) -> None:
        """Change a contact, with all its other fields as they are."""
        found = self._sandbox.books.contact(contact_id)
        assert found is not None
        self._ask("PUT", f"contacts/{contact_id}", {"contact": {**found[1], **fields}})

    def deletes_contact(self, contact_id: int) -> None:
        """Delete a contact."""
        self._ask("DELETE", f"contacts/{contact_id}")

    def owes(self, remote_id: int, amount: str) -> None:
        """Let a client owe something, as an unpaid invoice would."""
        row = self._sandbox.books.client(remote_id)
        assert row is not None
        self._sandbox.books.put_client(json.loads(row.document), amount)

    def close(self) -> None:
        """Leave."""
        self._http.close()


class Story:
    """One story as it is told."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.person = Person(sandbox)
        self.transcript: list[str] = []
        self.documents: list[Any] = []
        self.default = all(sandbox.options.quirks.on(name, value) for name, value in _DEFAULTS.items())

    # What people do.

    def writes(self, text: str, file: str = "clients.yaml") -> None:
        """Write YAML: `version: 1` and the clients, indented as they stand."""
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(f"version: 1\n{text.strip(chr(10))}\n", encoding="utf-8")
        self._say(f"## {file} is now", "\n".join(f"    {line}" for line in text.strip("\n").splitlines()))

    def settings(self, text: str) -> None:
        """Write reconciler.yaml."""
        Path("reconciler.yaml").write_text(f"version: 1\n{text.strip(chr(10))}\n", encoding="utf-8")
        self._say("## reconciler.yaml is now", f"    {text.strip()}")

    def notes(self, text: str) -> None:
        """Say what happens outside, for the reader of the transcript."""
        self._say(f"## {text}")

    def breaks_after_create(self) -> None:
        """Let the network fail from the moment in which a create was carried out."""

        def watch(moment: str, method: str, path: str) -> None:
            if moment == "received" and method == "POST" and path.endswith("/clients"):
                self.sandbox.wrapper.faults = Faults.parse(["POST * reset-after", "* * reset-before"])

        self.sandbox.wrapper.watch = watch

    def mends(self) -> None:
        """Let the network work again."""
        self.sandbox.wrapper.watch, self.sandbox.wrapper.faults = (lambda *_: None), Faults()

    # What commands do.

    def run(self, *words: str, expect: int = 0, shown: bool = True, told: Sequence[str] = ()) -> str:
        """Run a command; its exit code must be as expected."""
        before = len(self.sandbox.log.entries)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(words), sleep=lambda _: None)
        calls = [_call(entry) for entry in self.sandbox.log.entries[before:]]
        command = " ".join(told or words)
        parts = [f"$ reconciler {command}"]
        if shown:
            parts += [part for part in (out.getvalue().rstrip(), _marked(err.getvalue().rstrip())) if part]
        else:
            parts.append(out.getvalue().rstrip().rpartition("\n\n")[2])
        parts.append(f"[exit {code}]")
        parts += [f"  > {call}" for call in _settled(calls)] if shown else [f"  > {len(calls)} calls"]
        self._say(*parts)
        assert code == expect, "\n".join(["", *self.transcript[-3:], err.getvalue()])
        assert "Traceback" not in err.getvalue()
        return out.getvalue() + err.getvalue()

    def plan(self, *flags: str, expect: int = 0, shown: bool = True) -> str:
        """Run `plan`; its JSON is kept beside the transcript."""
        Path("plan.json").unlink(missing_ok=True)
        formats = ("--format", "text", "--format", "json=plan.json")
        seen = self.run("plan", *flags, *formats, expect=expect, shown=shown, told=("plan", *flags))
        if Path("plan.json").exists():
            document = json.loads(Path("plan.json").read_text(encoding="utf-8"))
            document["reconciler"] = {"plan_id": document["reconciler"]["plan_id"]}
            self.documents.append(document)
        return seen

    def apply(self, *flags: str, expect: int = 0, shown: bool = True) -> str:
        """Run `apply` without asking."""
        quick = ("--auto-approve", "--parallelism", "1", "--settle", "0")
        return self.run("apply", *flags, *quick, expect=expect, shown=shown, told=("apply", *flags))

    def reconciles(self, *flags: str) -> None:
        """Plan, apply, and see that nothing is left."""
        self.plan(*flags)
        self.apply(*flags)
        self.is_settled()

    def is_settled(self, *flags: str) -> None:
        """See that the next plan is empty, bindings included."""
        seen = self.run("plan", "--detailed-exitcode", *flags)
        assert "No changes." in seen

    # What there is to see.

    def writes_seen(self) -> list[dict[str, object]]:
        """Give every request so far that was not a read."""
        return [entry for entry in self.sandbox.log.entries if entry["method"] != "GET"]

    def clients(self) -> dict[int, dict[str, Any]]:
        """Give every client in the account, whatever its state."""
        return {row.id: json.loads(row.document) for row in self.sandbox.books.select("ORDER BY id")}

    def contacts(self, remote_id: int) -> list[dict[str, Any]]:
        """Give the contacts of a client."""
        found = self.sandbox.books.contacts_of([remote_id]).get(remote_id, [])
        return [json.loads(document) for document in found]

    def _say(self, *lines: str) -> None:
        self.transcript.append("\n".join(lines))


_DEFAULTS = {name: Quirks()[name] for name in Quirks()._chosen}


def _marked(text: str) -> str:
    return "\n".join(f"! {line}".rstrip() for line in text.splitlines())


def _call(entry: Mapping[str, Any]) -> str:
    path = str(entry["path"]).replace(PREFIX, "/").replace("/auth/api/v1", "")
    hidden = {"include[]", "per_page"}
    query = "&".join(f"{name}={value}" for name, value in entry["query"] if name not in hidden)
    body = "" if entry["body"] is None else " " + json.dumps(entry["body"], ensure_ascii=False, sort_keys=True)
    return f"{entry['method']} {path}{'?' + query if query else ''}{body} {entry['status']}"


def _settled(calls: Sequence[str]) -> list[str]:
    """Order neighbouring reads, which go out side by side, by their text."""
    ordered: list[str] = []
    block: list[str] = []
    for call in [*calls, ""]:
        if call.startswith("GET"):
            block.append(call)
            continue
        ordered += sorted(block)
        block = []
        ordered += [call] if call else []
    return ordered


@contextlib.contextmanager
def telling(folder: Path, quirks: Mapping[str, str] | None = None, **options: Any) -> Iterator[Story]:  # noqa: ANN401 - the sandbox's options
    """Begin a story in an empty folder, with an account of its own."""
    before, environment = Path.cwd(), dict(os.environ)
    with running(
        account="Ab12Cd", quirks=Quirks(quirks), calls_per_minute=0, creates_per_minute=0, **options
    ) as sandbox:
        story = Story(sandbox)
        for name in [name for name in os.environ if name.startswith(("FRESHBOOKS_", "RECONCILER_"))]:
            del os.environ[name]
        os.environ.update(
            FRESHBOOKS_API_URL=sandbox.url, FRESHBOOKS_ACCESS_TOKEN=sandbox.access_token, COLUMNS="100",
            XDG_CONFIG_HOME=str(folder / "config"),
        )  # fmt: skip
        os.chdir(folder)
        try:
            yield story
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)
            story.person.close()
