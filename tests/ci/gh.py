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


def answer(hub: dict[str, Any], method: str, path: str, fields: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Carry one request out; give what the hub answers."""
    [number, *_] = [*map(int, re.findall(r"/(\d+)", path)), 0]
    match (method, re.sub(r"\d+", "N", path.partition("?")[0])):
        case "GET", "issues/N/comments":
            return [row for row in hub["comments"] if row["issue"] == number]
        case "POST", "issues/N/comments":
            return kept(hub, "comments", {"issue": number, "id": 9000 + len(hub["comments"]), **fields})
        case "PATCH", "issues/comments/N":
            return next(row for row in hub["comments"] if row["id"] == number).update(fields)
        case "GET", "issues":
            return [row for row in hub["issues"] if row["state"] == "open"]
        case "POST", "issues":
            return kept(hub, "issues", {"number": 500 + len(hub["issues"]), "state": "open", **fields})
        case "PATCH", "issues/N":
            return next(row for row in hub["issues"] if row["number"] == number).update(fields)
        case "GET", _ if path.endswith("/pulls"):
            return hub["pulls"]
        case "GET", _ if path.startswith("environments/"):
            kind = ["required_reviewers"] if path.partition("/")[2] in hub["asking"] else []
            return {"protection_rules": [{"type": name} for name in [*kind, "branch_policy"]]}
        case _:
            return {"sha": head(hub, path.rpartition("/")[2])}


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
    told = parser.parse_args()
    file = Path(os.environ["HUB"])
    hub = json.loads(file.read_text("utf-8"))
    path = told.path.removeprefix(f"{REPOSITORY}/")
    [right] = [need for (method, known), need in NEEDED.items() if method == told.method and re.fullmatch(known, path)]
    if not allowed(os.environ["GH_TOKEN"], right):
        sys.exit(f"gh: Resource not accessible by integration (HTTP 403): {right}")
    fields = dict([field(text, raw=False) for text in told.field] + [field(text, raw=True) for text in told.raw_field])
    found = answer(hub, told.method, path, fields)
    file.write_text(json.dumps(hub), "utf-8")
    if not told.silent:
        # Pages follow one another as arrays of their own, as `gh` prints them.
        pages = [[row] for row in found] if told.paginate and found else [found]
        say("".join(found["sha"] if told.jq else json.dumps(page) for page in pages))


if __name__ == "__main__":
    main(sys.stdout.write)
