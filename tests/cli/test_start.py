"""What the program does before any command: completion for shells, and answers that import nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM, called, spawned, writes

HEAVY = {
    "httpx",
    "jsonschema",
    "jsonschema_rs",
    "deepdiff",
    "rich",
    "yaml",
    "msgspec",
    "uvicorn",
    "starlette",
    "tenacity",
}
LISTING = """
import sys
from reconciler.cli.main import run
code = run(sys.argv[1:])
print("\\n".join({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("--version",), ("--no-color", "--help")])
def test_help_and_version_import_nothing_heavy(words: tuple[str, ...], folder: Path) -> None:
    """`--help` and `--version` answer without HTTP, YAML, JSON Schema, a server or a progress bar."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LISTING, *words], capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert loaded & HEAVY == set()
    assert done.stdout


def test_the_version_is_the_distribution_s(folder: Path) -> None:
    """`--version` says name and version, alone on one line."""
    ran = called("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.split()[0] == "reconciler"
    assert ran.out.split()[1][0].isdigit()
    assert ran.out.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, folder: Path) -> None:
    """`_RECONCILER_COMPLETE=SHELL_source` prints the script that the shell loads."""
    ran = spawned(environment={"_RECONCILER_COMPLETE": f"{shell}_source"})
    assert (ran.code, ran.err) == (0, "")
    assert f"_RECONCILER_COMPLETE={shell}_complete" in ran.out
    assert "reconciler" in ran.out


def completions(shell: str, *words: str) -> set[str]:
    """Complete the last word of a command line, as the script of a shell asks for it."""
    variables = {"_RECONCILER_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(words)}
    variables["COMP_CWORD"] = words[-1] if shell == "fish" else str(len(words) - 1)
    ran = spawned(environment=variables)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    match shell:
        case "bash":
            return {line.partition(",")[2] for line in lines}
        case "zsh":
            return set(lines[1::3])
        case _:
            return {line.partition(",")[2].partition("\t")[0] for line in lines}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, folder: Path) -> None:
    """Commands, their options, the global ones and nested commands are completed in every shell."""
    assert "plan" in completions(shell, "reconciler", "pl")
    assert completions(shell, "reconciler", "plan", "--for") == {"--format"}
    assert completions(shell, "reconciler", "apply", "--chd") == {"--chdir"}


def test_completion_of_choices_and_groups(folder: Path) -> None:
    """The values of a choice and the commands of a group are completed too."""
    assert completions("bash", "reconciler", "state", "") >= {"list", "show", "mv", "rm"}
    assert completions("bash", "reconciler", "schema", "cl") == {"clients"}


def test_completion_of_files_and_addresses(folder: Path) -> None:
    """A root and a saved plan are files; targets are the addresses of the configuration, if it can be read."""
    writes("clients:\n  acme: {organization: A, contacts: {jane: {email: j@x.example}}}\n  bolt: {organization: B}\n")
    for command in ("plan", "apply", "show", "validate"):
        asked = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": f"reconciler {command} ", "COMP_CWORD": "2"}
        assert spawned(environment=asked).out.startswith("file,")
    found = completions("bash", "reconciler", "plan", "--target", "clients.a")
    assert found == {"clients.acme", "clients.acme.contacts.jane"}
    assert completions("bash", "reconciler", "apply", "--create", "") >= {"clients.bolt"}
    Path("clients.yaml").write_text("{", encoding="utf-8")
    assert completions("bash", "reconciler", "plan", "--target", "clients.a") <= {""}


def test_bash_takes_the_script(folder: Path) -> None:
    """The script for bash is one that bash can load, and it completes."""
    script = spawned(environment={"_RECONCILER_COMPLETE": "bash_source"}).out
    (folder / "reconciler").write_text("#!/bin/sh\nexec " + " ".join(f"'{word}'" for word in PROGRAM) + ' "$@"\n')
    (folder / "reconciler").chmod(0o700)
    told = f"""
export PATH={folder}:$PATH
{script}
COMP_WORDS=(reconciler pl); COMP_CWORD=1; COMPREPLY=()
_reconciler_completion reconciler
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout.split(), done.returncode) == (["plan"], 0), done.stderr
