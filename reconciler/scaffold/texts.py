"""The first clients.yaml, reconciler.yaml, .gitignore and settings of VS Code, as they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from reconciler.documents.scalars import resolve
from reconciler.schema_files import Place, settings_place

IGNORED = (".reconciler/", "*.plan", "plan.json", "plan.html")
"""The state, the sandbox and plans; they hold, or lead to, what is confidential."""
_ACCOUNT = (
    "# account: Ab12Cd                # `reconciler whoami` shows yours; a run stops if the login's account is another"
)

_CLIENTS = """{line}
#
# The clients of one FreshBooks account. Field names are FreshBooks' own. What is mentioned is managed, what is absent
# is left alone. As long as nothing here was edited, `reconciler export` puts the clients that the account has already
# in the place of this file.
version: 1
{account}

# defaults:                      # merged under every client of this file
#   currency_code: CAD
#   language: en

clients:
#   acme:                        # the key: it names the client here, and is never sent
#     organization: Acme Ltd.
#     email: billing@acme.example
#     fname: Ada
#     lname: Lovelace
#     p_city: Toronto
#     p_code: "02134"            # quoted: it is a text that looks like a number
#     contacts:
#       jane: {{email: jane@acme.example, fname: Jane, lname: Doe, phone1: 416-555-0101}}
#     lifecycle: {{prevent_destroy: true}}
"""
_UNTOUCHED = re.compile(
    re.escape(_CLIENTS.format(line="\0", account="\1"))
    .replace("\0", r"# yaml-language-server: \$schema=(?:\.\./)*schemas/clients\.schema\.json")
    .replace("\1", rf"(?:{re.escape(_ACCOUNT)}|account: [A-Za-z0-9\"]{{1,34}})")
)
_LONGEST = 2 * len(_CLIENTS)

_SETTINGS = """{line}
#
# How this folder is reconciled. A line that begins with # says what holds without it, or is an example where it says
# so. An option of the command line comes before its variable in the environment, and that before this file.
version: 1

# account: Ab12Cd                # an example: the account to work on
# root: clients.yaml             # the file or folder with the clients
# state: .reconciler/state.json  # or a place that people and CI share, such as s3://bucket/books/state.json
# login: default                 # which login is used, as `reconciler login NAME` called it
# logins: s3://bucket/logins     # an example: where logins are shared, if not beside the state

# defaults:                      # an example: merged under every client of all files
#   currency_code: CAD

# match: [[vat_number], [email]] # an example: what a client that exists is recognised by, instead of email or names

# policy:                        # how much one plan may do
#   max_deletes: 10%             # without it: 10 %, and at least 3
#   max_updates: 30%             # without it: 30 %, and at least 20
#   on_remove: delete            # a client that leaves the YAML: delete, archive, or keep
#   drift: revert                # what was edited in FreshBooks: revert takes it back, report only shows it
#   unmanaged: ignore            # clients that no key claims: ignore counts them, report lists them

# parallelism: 8                 # requests at once
# rate_share: 0.9                # of FreshBooks' rate limit; the rest is left for others
# sensitive: [note]              # an example: fields whose values no output shows
# rules: {{required: [email]}}     # an example: a JSON Schema that every client must meet

# profiles:                      # an example: several accounts, each chosen with --profile
#   acme: {{account: Ab12Cd, root: acme/clients.yaml}}
#   bolt: {{account: Ef34Gh, root: bolt/clients.yaml}}
"""


def clients_text(place: Place, account: str = "") -> str:
    """Give a clients.yaml that is valid and manages nothing yet."""
    told = account if isinstance(resolve(account), str) else f'"{account}"'
    return _CLIENTS.format(line=place.line, account=f"account: {told}" if account else _ACCOUNT)


def is_untouched(found: bytes) -> bool:
    """Tell whether a file is a clients.yaml in which nobody has written anything yet."""
    short = len(found) < _LONGEST
    return short and _UNTOUCHED.fullmatch(found.decode("utf-8", "replace").replace("\r\n", "\n")) is not None


def settings_text() -> str:
    """Give a reconciler.yaml that says nothing but which settings there are."""
    return _SETTINGS.format(line=settings_place().line)


def ignoring(there: str | None) -> str:
    """Give a .gitignore with what it lacks; the rest of it stays to the letter."""
    known = {line.strip().strip("/") for line in (there or "").splitlines()}
    lacking = [line for line in IGNORED if line.strip("/") not in known]
    if not lacking:
        return there or ""
    end = "\r\n" if "\r\n" in (there or "") else "\n"
    before = f"{there}{'' if there.endswith(end) else end}{end}" if there else ""
    told = "# reconciler: its state, and plans, which hold names and addresses"
    return before + "".join(line + end for line in (told, *lacking))


def extensions_text() -> str:
    """Give what VS Code is to recommend."""
    return _json({"recommendations": ["redhat.vscode-yaml"]})


def vscode_text(place: Place, root: str, *, folder: bool) -> str:
    """Give settings of VS Code by which also a file without an editor line is checked."""
    own: Sequence[str] = [f"{root}/**/*.yaml", f"{root}/**/*.yml"] if folder else [root]
    usual = ["clients.yaml", "clients/**/*.yaml", "clients/**/*.yml"]
    files = list(dict.fromkeys([*usual, *own])) if re.fullmatch(r"[\w./-]+", root) else usual
    beside = place.file if place.file.startswith(("/", "../")) else f"./{place.file}"
    schemas = {beside: files, f"./{settings_place().file}": ["reconciler.yaml"]}
    return _json({"yaml.yamlVersion": "1.2", "yaml.schemas": schemas})


def _json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"
