"""Which comment, issue or pull request is meant: read from GitHub's JSON on stdin, told as one word on stdout.

What strangers write is not looked at: only what AUTHOR wrote counts, and only where a report's marker and, under it,
this action's own line are its very first lines. It asks GitHub nothing itself, and needs nothing but Python.

    comments.py body KEY             the comment: the Markdown on stdin, with our line under its marker
    comments.py sticky KEY AUTHOR    the comment (its id) or issue (its number) that is ours, if there is one
    comments.py plan-id KEY AUTHOR   the plan that our comment shows; nothing where several of ours differ
    comments.py merged SHA BRANCH    the pull request that became this commit of this branch, if one did
    comments.py approvers            how many rules of an environment ask for a person's approval

KEY tells the comments of several roots in one repository apart.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

_MARKER = re.compile(
    r"\A<!-- reconciler:(?:plan|drift)(?P<told>(?: [a-z_]+=[^\s<>]*)*) -->\r?\n(?P<own>[^\r\n]*)\r?(?:\n|\Z)"
)
_PLAN_ID = re.compile(r" plan_id=([0-9a-f]{20})(?= |\Z)")

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


def body(text: str, key: str) -> str:
    """Give the comment: the Markdown of a report, with our line under its marker, which is its first."""
    first, _, rest = text.partition("\n")
    return f"{first}\n{_own(key)}\n{rest}"


def _own(key: str) -> str:
    # Two hyphens would end the comment.
    return f"<!-- for={quote(key, safe='/').replace('-', '%2D')} -->"


def _ours(found: Sequence[Row], key: str, author: str) -> Iterator[tuple[Row, str]]:
    """Give what this author wrote for this key, with what its marker tells."""
    for row in found:
        marker = _MARKER.match(row.get("body") or "")
        if marker is not None and marker["own"] == _own(key) and (row.get("user") or {}).get("login") == author:
            yield row, marker["told"]


def sticky(found: Sequence[Row], key: str, author: str) -> str:
    """Give the id of our comment, or the number of our issue: the oldest, should there be several."""
    ours = [row for row, _ in _ours(found, key, author) if "pull_request" not in row]
    return str(min(row.get("number") or row["id"] for row in ours)) if ours else ""


def plan_id(found: Sequence[Row], key: str, author: str) -> str:
    """Give the one plan id that our comments show."""
    shown = {tuple(_PLAN_ID.findall(told)) for _, told in _ours(found, key, author)}
    ids = shown.pop() if len(shown) == 1 else ()
    return ids[0] if len(ids) == 1 else ""


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


def main(command: str, *words: str) -> None:
    """Answer one question about what stands on stdin."""
    text = sys.stdin.read()
    sys.stdout.write(body(text, *words) if command == "body" else ASKED[command](list(rows(text)), *words))


if __name__ == "__main__":
    main(*sys.argv[1:])
