"""Which comment, issue or pull request is meant: read from GitHub's JSON on stdin, told as one word on stdout.

What strangers write is not looked at: only what AUTHOR wrote counts, only where a marker is its very first line, and
where two of them name different plans, none was reviewed. It asks GitHub nothing itself, and needs nothing but Python.

    comments.py sticky AUTHOR        the comment (its id) or issue (its number) that is ours, if there is one
    comments.py plan-id AUTHOR       the plan that our comment shows, if it shows one
    comments.py merged SHA BRANCH    the pull request that became this commit of this branch, if one did
    comments.py approvers            how many rules of an environment ask for a person's approval
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

MARKER = re.compile(r"\A<!-- reconciler:plan(?P<told> [^<>\r\n]*)? -->\r?(?:\n|\Z)")
_ID = re.compile(r"\b[0-9a-f]{20}\b")

Row = Mapping[str, Any]


def rows(text: str) -> Iterator[Row]:
    """Give the objects of one or more JSON arrays or objects that follow one another, as pages do."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found, at = decoder.raw_decode(text, at)
        yield from found if isinstance(found, list) else [found]


def marked(row: Row, author: str) -> re.Match[str] | None:
    """Give the marker at the top of what this author wrote."""
    user = row.get("user") or {}
    return MARKER.match(row.get("body") or "") if user.get("login") == author else None


def sticky(found: Sequence[Row], author: str) -> str:
    """Give the id of our comment, or the number of our issue: the oldest, should there be several."""
    ours = [row for row in found if marked(row, author) and "pull_request" not in row]
    return str(min(row.get("number") or row["id"] for row in ours)) if ours else ""


def plan_id(found: Sequence[Row], author: str) -> str:
    """Give the one plan id that our comments show."""
    ours = [marker for row in found if (marker := marked(row, author)) is not None]
    shown = {tuple(_ID.findall(marker["told"] or "")) for marker in ours}
    return "".join(shown.pop()) if len(shown) == 1 and all(len(ids) == 1 for ids in shown) else ""


def merged(found: Sequence[Row], sha: str, branch: str) -> str:
    """Give the number of the pull request whose merge made this commit of this branch."""
    numbers = [
        row["number"]
        for row in found
        if row.get("merged_at") and row.get("merge_commit_sha") == sha and row["base"]["ref"] == branch
    ]
    return str(numbers[0]) if len(numbers) == 1 else ""


def approvers(found: Sequence[Row]) -> str:
    """Give how many rules of these environments ask for a person's approval."""
    rules = [rule for row in found for rule in row.get("protection_rules") or ()]
    return str(sum(rule.get("type") == "required_reviewers" for rule in rules))


ASKED: Mapping[str, Callable[..., str]] = {
    "sticky": sticky,
    "plan-id": plan_id,
    "merged": merged,
    "approvers": approvers,
}

if __name__ == "__main__":
    sys.stdout.write(ASKED[sys.argv[1]](list(rows(sys.stdin.read())), *sys.argv[2:]))
