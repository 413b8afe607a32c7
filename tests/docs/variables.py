"""Every environment variable that the program reads, taken from its source, its options and its tables of storages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

import click

from reconciler.store.objects.clouds import AZURE, GOOGLE, S3
from tests.docs.codes import source_files

CLOUDS = {"s3": S3, "azure": AZURE, "google": GOOGLE}
NO_VARIABLES = {
    # Words of other things that are spelled the same way, and what is set for git.
    "CERTIFICATE_VERIFY_FAILED", "CLOCK_BOOTTIME", "GIT_OPTIONAL_LOCKS", "O_NOFOLLOW", "O_NONBLOCK", "PLAN_ID",
    "TCP_USER_TIMEOUT",
}  # fmt: skip
# Read through `proxies.named`, which looks for them in lower case.
PROXIES = {"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}

_NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_IN_A_FORM = re.compile(r"\{([A-Z][A-Z0-9_]+)\}")


def variables_read() -> set[str]:
    """Give every variable that is read by its name: not those of options, and not the PG* ones, which libpq lists."""
    written = {name for file in source_files() for name in _names(ast.parse(file.read_text(encoding="utf-8")))}
    clouds = {name for cloud in CLOUDS.values() for name in cloud.variables}
    return (written | clouds | PROXIES) - NO_VARIABLES


def _names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [node.value] if _NAME.fullmatch(node.value) else _IN_A_FORM.findall(node.value)
        # One word, such as TERM, is a variable only where the environment is asked for it.
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("environ.get", "environment.get")):
            yield from (str(value.value) for value in node.args[:1] if isinstance(value, ast.Constant))


def of_options(commands: Mapping[str, click.Command]) -> Iterator[tuple[str, str, list[str]]]:
    """Give variable, option and the commands that have it; those of the program itself hold for every command."""
    found: dict[str, tuple[str, list[str]]] = {}
    for words, command in commands.items():
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                name = max(option.opts, key=len)
                found.setdefault(option.envvar, (name, []))[1].append(words.partition(" ")[2])
    yield from ((variable, name, words) for variable, (name, words) in sorted(found.items()))
