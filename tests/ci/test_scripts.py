"""The small scripts of the action: whose comment counts, what the outputs are, which packages are installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOT, KEY, ID = "github-actions[bot]", ".//clients", "0123456789abcdef0123"
PLAN = f"<!-- reconciler:plan root=clients account=Ab12Cd plan_id={ID} -->\n\n### FreshBooks: 1 to add\n"


def ran(script: str, *words: str, given: str = "") -> str:
    """Run one of the scripts as the action does."""
    command = [sys.executable, "-P", str(ROOT / "action" / script), *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_module_of_a_stranger_s_is_run(tmp_path: Path) -> None:
    """The program is installed in a checkout that a pull request filled: what lies there is not imported."""
    for name in ("venv", "pip", "tomllib", "runpy", "ensurepip"):
        (tmp_path / f"{name}.py").write_text("open('taken', 'w')\n", "utf-8")
    # No package is to be had, so that it ends once pip has begun.
    there = tmp_path / "bin"
    there.mkdir()
    (there / "python3").symlink_to(sys.executable)
    environment = {"PATH": f"{there}:/usr/bin:/bin", "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    command = ["bash", str(ROOT / "action" / "install.sh"), str(tmp_path / "tool")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert "No matching distribution" in done.stderr
    assert not (tmp_path / "taken").exists()


def body(key: str = KEY, text: str = PLAN) -> str:
    """Give a comment as the action writes it."""
    return ran("comments.py", "body", key, given=text)


def comment(text: str, author: str = BOT, number: int = 7) -> dict[str, object]:
    """Give a comment as GitHub gives it."""
    return {"id": number, "user": {"login": author}, "body": text}


def reviewed(*comments: dict[str, object]) -> str:
    """Give the plan id that counts as reviewed."""
    return ran("comments.py", "plan-id", KEY, BOT, given=json.dumps(comments))


def test_our_comment_names_the_plan() -> None:
    """The id is read from the marker at the top of the bot's comment, whatever others wrote around it."""
    others = [comment("Fine!", "ada", 1), comment("<!-- something else -->", BOT, 2)]
    assert reviewed(*others, comment(body())) == ID
    assert reviewed(comment(body().replace("\n", "\r\n"))) == ID
    assert ran("comments.py", "sticky", KEY, BOT, given=json.dumps([*others, comment(body())])) == "7"


HOSTILE = {
    "a stranger's copy": comment(body(), "mallory"),
    "a stranger with a name like ours": comment(body(), "github-actions"),
    "nobody's": {"id": 7, "user": None, "body": body()},
    "without words": {"id": 7, "user": {"login": BOT}, "body": None},
    "quoted by the bot": comment(f"mallory wrote:\n{body()}"),
    "after a blank": comment(f" {body()}"),
    "after a line": comment(f"\n{body()}"),
    "in a fence": comment(f"```\n{body()}```"),
    "another root's": comment(body(".//other")),
    "without our line": comment(PLAN),
    "an id inside the account": comment(body(text=PLAN.replace("plan_id=", "account=x-plan_id="))),
    "two ids": comment(body(text=PLAN.replace(" -->", f" plan_id={'f' * 20} -->", 1))),
    "a longer id": comment(body(text=PLAN.replace(ID, f"{ID}4"))),
    "capitals": comment(body(text=PLAN.replace(ID, ID.upper()))),
    "a marker that ends early": comment(body(text=PLAN.replace("root=clients", "root=x --> <b>"))),
    "a marker of two lines": comment(body(text=PLAN.replace(" account", "\n account"))),
    "a letter that looks like one": comment(body(text=PLAN.replace("reconciler", "reconcil\u0435r"))),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_nothing_else_names_a_plan(hostile: dict[str, object]) -> None:
    """What is not exactly our comment names none, and takes nothing from ours where that is there too."""
    assert reviewed(hostile) == ""
    assert reviewed() == ""


def test_two_comments_of_ours_that_differ_name_none() -> None:
    """Where ours tell of two plans, nobody can say which was reviewed; the oldest is the one that is kept."""
    other = comment(body(text=PLAN.replace(ID, "f" * 20)), number=8)
    assert reviewed(comment(body()), other) == ""
    assert reviewed(comment(body()), comment(body(), number=8)) == ID
    assert ran("comments.py", "sticky", KEY, BOT, given=json.dumps([other, comment(body())])) == "7"


def test_pages_follow_one_another() -> None:
    """Answers that come in pages are read as one; a comment on the last counts as well."""
    pages = "".join(json.dumps([comment(f"page {number}", "ada", number)]) for number in range(3))
    assert ran("comments.py", "plan-id", KEY, BOT, given=f"{pages}\n{json.dumps([comment(body())])}") == ID


@pytest.mark.parametrize("key", [".//", "a/b/c", "--> <script>", "a--b", "Büro/é\n", ".//<!--"])
def test_a_key_is_one_hidden_line(key: str) -> None:
    """Whatever a folder is called, our line stays one HTML comment, and is found again."""
    text = body(key)
    line = text.splitlines()[1]
    assert re.fullmatch(r"<!-- for=[^<>\s]* -->", line)
    assert "--" not in line[4:-3]
    assert text.splitlines()[0] == PLAN.splitlines()[0]
    assert ran("comments.py", "plan-id", key, BOT, given=json.dumps([comment(text)])) == ID


def test_the_pull_request_that_became_a_commit() -> None:
    """Only a merged one whose merge is this very commit, on this branch; of several none."""
    sha, other = "a" * 40, "b" * 40

    def pull(number: int, commit: str, base: str = "main", at: str | None = "2026-01-01") -> dict[str, object]:
        return {"number": number, "merge_commit_sha": commit, "merged_at": at, "base": {"ref": base}}

    def found(*pulls: dict[str, object]) -> str:
        return ran("comments.py", "merged", sha, "main", given=json.dumps(pulls))

    assert found(pull(1, other), pull(2, sha), pull(3, sha, at=None), pull(4, sha, "release")) == "2"
    assert found(pull(1, other)) == ""
    assert found(pull(1, sha), pull(2, sha)) == ""


def test_outputs_are_an_id_and_numbers() -> None:
    """The outputs are told from the plan's JSON, restores and archives as changes."""
    actions = [["create"], ["create"], ["update"], ["delete"], ["forget"], ["no-op"]]
    document = {
        "reconciler": {"plan_id": ID},
        "resource_changes": [{"change": {"actions": action}} for action in actions],
    }
    told = ran("outputs.py", given=json.dumps(document))
    assert told.splitlines() == [f"plan-id={ID}", "add=2", "change=1", "remove=1"]


def test_what_is_installed_is_what_the_program_needs() -> None:
    """Every package that the project names is among the chosen ones, each with hashes, and no tool of development."""
    chosen = ran("requirements.py", str(ROOT))
    names = {found[1].lower() for found in re.finditer(r"^([A-Za-z0-9._-]+)==", chosen, re.MULTILINE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    needed += [line for extra in ("objects", "postgres") for line in project["project"]["optional-dependencies"][extra]]
    assert {re.split(r"[^\w.-]", line)[0].lower() for line in needed} <= names
    assert names.isdisjoint({"pytest", "moto", "mypy", "ruff", "playwright", "hypothesis"})
    entries = re.split(r"^(?=[A-Za-z0-9])", chosen, flags=re.MULTILINE)[1:]
    assert len(entries) == len(names)
    assert all("--hash=sha256:" in entry for entry in entries)
