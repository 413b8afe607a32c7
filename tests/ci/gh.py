"""The `gh` of the tests' runners: `gh api` on a hub that is a file, with the rights of the job's token.

It knows the requests that the action makes and no others.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOT = {"login": "github-actions[bot]", "type": "Bot"}
REPOSITORY = "repos/books/clients"
NEEDED = {
    ("GET", r"commits/[0-9a-f]{40}/pulls"): "pull-requests: read",
    ("GET", r"commits/\w+"): "contents: read",
    ("GET", r"issues/\d+/comments\?per_page=100"): "pull-requests: read",
    ("POST", r"issues/\d+/comments"): "pull-requests: write",
    ("PATCH", r"issues/comments/\d+"): "pull-requests: write",
    ("GET", r"issues\?state=open&per_page=100"): "issues: read",
    ("POST", r"issues"): "issues: write",
    ("PATCH", r"issues/\d+"): "issues: write",
    ("GET", r"environments/[\w-]+"): "actions: read",
}


def allowed(token: str, right: str) -> bool:
    """Say whether a token, which here lists its rights, has one; to write includes to read."""
    rights = token.split(", ")
    return right in rights or right.replace(": read", ": write") in rights


def told(hub: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - JSON
    """Answer a question."""
    match path.partition("?")[0].split("/"):
        case ["issues", number, "comments"]:
            return [row for row in hub["comments"] if row["issue"] == int(number)]
        case ["issues"]:
            return [row for row in hub["issues"] if row["state"] == "open"]
        case ["environments", name]:
            kinds = ["branch_policy", *(["required_reviewers"] if name in hub["asking"] else [])]
            return {"protection_rules": [{"type": kind} for kind in kinds]}
        case ["commits", branch]:
            return {"sha": head(hub, branch)}
        case _:
            return hub["pulls"]


def done(hub: dict[str, Any], path: str, fields: dict[str, str]) -> dict[str, Any]:
    """Carry a change out; give what is there then."""
    match path.split("/"):
        case ["issues", number, "comments"]:
            return kept(hub, "comments", {"issue": int(number), "id": 9000 + len(hub["comments"]), **fields})
        case ["issues", "comments", number]:
            return changed(hub["comments"], "id", number, fields)
        case ["issues", number]:
            return changed(hub["issues"], "number", number, fields)
        case _:
            return kept(hub, "issues", {"number": 500 + len(hub["issues"]), "state": "open", **fields})


def changed(rows: list[dict[str, Any]], key: str, number: str, fields: dict[str, str]) -> dict[str, Any]:
    """Change the row of this number."""
    [row] = [row for row in rows if row[key] == int(number)]
    row.update(fields)
    return row


def kept(hub: dict[str, Any], kind: str, row: dict[str, Any]) -> dict[str, Any]:
    """Keep a new comment or issue, which is the bot's."""
    hub[kind].append({"user": BOT, **row})
    return row


def head(hub: dict[str, Any], branch: str) -> str:
    """Give the newest commit of a branch."""
    command = ["git", "--git-dir", hub["git"], "rev-parse", f"refs/heads/{branch}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def field(text: str, *, raw: bool) -> tuple[str, str]:
    """Read `NAME=VALUE`, where `NAME=@FILE` stands for a file's content unless it is raw."""
    name, _, value = text.partition("=")
    return name, Path(value[1:]).read_text("utf-8") if value.startswith("@") and not raw else value


def main(say: Callable[[str], object]) -> None:
    """Answer one command line."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("api", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--field", action="append", default=[])
    parser.add_argument("--raw-field", action="append", default=[])
    parser.add_argument("--jq", choices=[".sha"])
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    asked = parser.parse_args()
    file = Path(os.environ["HUB"])
    hub = json.loads(file.read_text("utf-8"))
    path = asked.path.removeprefix(f"{REPOSITORY}/")
    [right] = [need for (method, known), need in NEEDED.items() if method == asked.method and re.fullmatch(known, path)]
    if not allowed(os.environ["GH_TOKEN"], right):
        sys.exit(f"gh: Resource not accessible by integration (HTTP 403): {right}")
    fields = dict(
        [field(text, raw=False) for text in asked.field] + [field(text, raw=True) for text in asked.raw_field]
    )
    found = told(hub, path) if asked.method == "GET" else done(hub, path, fields)
    file.write_text(json.dumps(hub), "utf-8")
    if not asked.silent:
        # Pages follow one another as arrays of their own, as `gh` prints them.
        pages = [[row] for row in found] if asked.paginate and found else [found]
        say("".join(found["sha"] if asked.jq else json.dumps(page) for page in pages))


if __name__ == "__main__":
    main(sys.stdout.write)
