"""Every type of event that `--json` can print, read from the source: each is the argument of one of a few functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.codes import SOURCE, source_files

# Where the type stands among the arguments of what makes an event, or passes its type on.
BUILDERS = {"_event": 2, "result_event": 1, "tell": 2, "_tell": 2, "show": 1, "_show_identity": 2}


def event_types() -> set[str]:
    """Give every type that is written out as the argument of a builder."""
    return {text for _, _, kind in _kinds() for text in _texts(kind)}


def unseen() -> set[str]:
    """Give the functions, as `file:name`, that make an event of a type which is neither written out nor passed on."""
    return {
        f"{file.relative_to(SOURCE)}:{function}"
        for file, function, kind in _kinds()
        if function not in BUILDERS and not list(_texts(kind))
    }


def _kinds() -> Iterator[tuple[Path, str, ast.expr]]:
    """Give file, function and argument of every call of a builder."""
    for file in source_files():
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                        if len(node.args) > BUILDERS.get(name, len(node.args)):
                            yield file, function.name, node.args[BUILDERS[name]]


def _texts(kind: ast.expr) -> Iterator[str]:
    match kind:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*_texts(one), *_texts(other))
        case _:
            return
