"""Every code and every fixed summary that the source can give a problem, read from its syntax trees.

A code reaches a problem in three ways: `code="..."`, a class's `default_code`, or the argument of a small function that
builds a diagnostic. Those functions are listed here; a new one is noticed, because its `Diagnostic(code=code)` is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "reconciler"

# Where the code stands among the arguments, the summary being the one after it.
BUILDERS = {"problem": 0, "_problem": 0, "_stop": 0, "_Stop": 0, "_note": 0, "_about": 1, "no_file": 1}
# `_problem` and `_said` of settings.py take a path first: there the code is fixed inside.
_PATH_FIRST = {"settings.py": {"_problem"}}
PREFIXES = {"too-many-": ("too-many-deletes", "too-many-updates")}
ERRORS = {
    "ReconcilerError", "UsageError", "ConfigurationInvalid", "ReadIncomplete", "Refused", "Unfinished", "Ambiguous",
    "NotAllowed", "StateUnusable", "PlanUnusable", "Locked", "LocalDisk", "Interrupted", "Moved", "Unanswered",
}  # fmt: skip


def codes() -> set[str]:
    """Give every code that occurs in the source."""
    return {code for file in source_files() for code in _codes(file)}


def summaries() -> set[str]:
    """Give every summary that is written out in the source, so that a person can search the page for it."""
    return {text for file in source_files() for text in _summaries(file)}


def pass_through() -> set[str]:
    """Give the functions, as `file:name`, in which a problem's code is neither written out nor a class's default."""
    return {place for file in source_files() for place in _passing(file)}


def source_files() -> list[Path]:
    """Give the modules of the program without those of the sandbox, which is a program of its own."""
    return sorted(file for file in SOURCE.rglob("*.py") if "sandbox" not in file.relative_to(SOURCE).parts[:1])


def _calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def _codes(file: Path) -> Iterator[str]:
    for name, call in _calls(file):
        for value in _code_values(file, name, call):
            yield from _texts(value)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and getattr(target, "id", "") == "default_code":
            assert isinstance(node.value, ast.Constant)
            yield str(node.value.value)


def _code_values(file: Path, name: str, call: ast.Call) -> Iterator[ast.expr]:
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "code")
    if name in BUILDERS and name not in _PATH_FIRST.get(file.name, ()) and len(call.args) > BUILDERS[name]:
        yield call.args[BUILDERS[name]]


def _texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(prefix)), *_]):
            yield from PREFIXES[prefix]
        case _:
            return


def _summaries(file: Path) -> Iterator[str]:
    for name, call in _calls(file):
        found = [keyword.value for keyword in call.keywords if keyword.arg == "summary"]
        if name in ERRORS and call.args:
            found.append(call.args[0])
        elif name in BUILDERS and name not in _PATH_FIRST.get(file.name, ()) and len(call.args) > BUILDERS[name] + 1:
            found.append(call.args[BUILDERS[name] + 1])
        for value in found:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _passing(file: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "code" and not isinstance(keyword.value, (ast.Constant, ast.JoinedStr)):
                        yield f"{file.relative_to(SOURCE)}:{function.name}"
