"""Every code and every summary that the source can give a problem, read from its syntax trees.

A code reaches a problem in three ways: `code="..."`, a class's `default_code`, or the argument of a small function that
builds a diagnostic. Those functions are listed here; a new one is noticed, because its `Diagnostic(code=code)` is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reconciler import errors

SOURCE = Path(__file__).resolve().parents[2] / "reconciler"
ANYTHING = "\0"
"""Stands in a summary for what is filled in at run time."""

# Where the code stands among the arguments, the summary being the one after it.
BUILDERS = {"problem": 0, "_problem": 0, "_stop": 0, "_Stop": 0, "_note": 0, "_about": 1, "no_file": 1}
# `_problem` and `_said` of settings.py take a path first: there the code is fixed inside.
_PATH_FIRST = {"settings.py": {"_problem"}}
# Functions that take the summary first, and the code that they give.
_FIXED = {("store/terraform", "refused"): "store-refused"}
PREFIXES = {"too-many-": ("too-many-deletes", "too-many-updates")}
ERRORS = {
    "ReconcilerError", "UsageError", "ConfigurationInvalid", "ReadIncomplete", "Refused", "Unfinished", "Ambiguous",
    "NotAllowed", "StateUnusable", "PlanUnusable", "Locked", "LocalDisk", "Interrupted", "Moved", "Unanswered",
}  # fmt: skip


@cache
def codes() -> set[str]:
    """Give every code that occurs in the source."""
    return {code for file in source_files() for code in _codes(file)}


@cache
def summaries() -> set[tuple[str, str]]:
    """Give every summary that is written out in the source, under its code; what is filled in is `ANYTHING`."""
    return {(code, text) for file in source_files() for code, text in _summaries(file) if text}


@cache
def exits() -> set[tuple[str, int]]:
    """Give the exit codes of the classes that each code is raised with."""
    found = {(error.default_code, error.exit_code) for error in _classes()}
    for file in source_files():
        for name, call in _calls(file):
            if name in ERRORS:
                number = getattr(errors, name).exit_code
                found |= {(code, number) for value in _code_values(file, name, call) for code in _texts(value)}
    return found


def fits(printed: str, summary: str) -> bool:
    """Tell whether a summary of the catalogue is one of the source, in which something is filled in."""
    pattern = "(?:.+)".join(re.escape(part) for part in summary.split(ANYTHING))
    return re.fullmatch(pattern, printed) is not None


@cache
def pass_through() -> set[str]:
    """Give the functions, as `file:name`, in which a problem's code is neither written out nor a class's default."""
    return {place for file in source_files() for place in _passing(file)}


def _classes() -> list[type[errors.ReconcilerError]]:
    return [getattr(errors, name) for name in sorted(ERRORS)]


def source_files() -> list[Path]:
    """Give the modules of the program without those of the sandbox, which is a program of its own."""
    return sorted(file for file in SOURCE.rglob("*.py") if "sandbox" not in file.relative_to(SOURCE).parts[:1])


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _calls(within: Path | ast.FunctionDef) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(_tree(within) if isinstance(within, Path) else within):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def _codes(file: Path) -> Iterator[str]:
    for name, call in _calls(file):
        for value in _code_values(file, name, call):
            yield from _texts(value)
    for node in ast.walk(_tree(file)):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and getattr(target, "id", "") == "default_code":
            assert isinstance(node.value, ast.Constant)
            yield str(node.value.value)


def _code_values(file: Path, name: str, call: ast.Call) -> Iterator[ast.expr]:
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "code")
    if _builds(file, name) and len(call.args) > BUILDERS[name]:
        yield call.args[BUILDERS[name]]


def _builds(file: Path, name: str) -> bool:
    return name in BUILDERS and name not in _PATH_FIRST.get(file.name, ())


def _texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(prefix)), *_]):
            yield from PREFIXES[prefix]
        case _:
            return


def _summaries(file: Path) -> Iterator[tuple[str, str]]:
    for function in _functions(file):
        named = _named(function)
        for name, call in _calls(function):
            found = list(_codes_of(file, name, call))
            for value in _summary_values(file, name, call):
                yield from ((code, text) for code in found for text in _written(value, named))


def _functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(_tree(file)) if isinstance(node, ast.FunctionDef)]


def _named(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Give what is assigned to a plain name in a function: a summary may be put together before it is used."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _codes_of(file: Path, name: str, call: ast.Call) -> Iterator[str]:
    written = list(_code_values(file, name, call))
    for value in written:
        yield from _texts(value)
    if name in ERRORS and not written:
        yield str(getattr(errors, name).default_code)
    yield from (code for (where, function), code in _FIXED.items() if function == name and where in file.as_posix())


def _summary_values(file: Path, name: str, call: ast.Call) -> Iterator[ast.expr]:
    yield from (keyword.value for keyword in call.keywords if keyword.arg == "summary")
    fixed = any(function == name and where in file.as_posix() for where, function in _FIXED)
    if (name in ERRORS or fixed) and call.args:
        yield call.args[0]
    elif _builds(file, name) and len(call.args) > BUILDERS[name] + 1:
        yield call.args[BUILDERS[name] + 1]


def _written(value: ast.expr, named: dict[str, ast.expr]) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else ANYTHING for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from _written(one, named)
            yield from _written(other, named)
        case ast.Name(id=name) if name in named:
            yield from _written(named[name], {})
        case _:
            return


def _passing(file: Path) -> Iterator[str]:
    for function in _functions(file):
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    if keyword.arg == "code" and not isinstance(keyword.value, (ast.Constant, ast.JoinedStr)):
                        yield f"{file.relative_to(SOURCE)}:{function.name}"
