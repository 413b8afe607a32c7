"""Checks of what is on this machine: the program, the configuration, the disk, and files that others should not see."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import normpath
from shlex import join, quote

from reconciler.core.diagnostic import Diagnostic, listed
from reconciler.core.facts import DiskFacts, GitFacts, Leak, RunFacts
from reconciler.core.finding import Finding, fine, skipped, warned
from reconciler.core.resource import Configuration
from reconciler.doctor.rounds import of_error
from reconciler.errors import ConfigurationInvalid, LocalDisk, NotAllowed, ReconcilerError
from reconciler.reports.words import counted

LITTLE_BYTES = 100 * 1024 * 1024
"""Arbitrary: the records of some hundred large runs."""
_FEW_FILES = 100
_SHOWN = 3


def program(version: str, python: str, extra: ReconcilerError | None) -> Finding:
    """Judge the program; `extra` is the library that the settings need and that is not installed."""
    if extra is not None:
        return of_error("program", extra, command=extra.detail.partition("package: ")[2].rstrip("."))
    return fine("program", f"reconciler {version} on Python {python}; what the settings need is installed.")


def settings(root: str, profile: str | None, *, file: bool) -> Finding:
    """Tell which settings hold; those that cannot be read have raised already."""
    told = "reconciler.yaml is valid" if file else "There is no reconciler.yaml; defaults hold"
    return fine("settings", f"{told}{f', profile {profile}' if profile else ''}. The root is {root}.")


def configuration(
    found: Configuration, problems: Sequence[Diagnostic], account: str | None, *, rules: bool, there: bool
) -> Finding:
    """Judge the YAML; `account` is the one that flags, environment or settings name."""
    if not there:
        # The name of the root is foreign, and every other problem would be that it is not there.
        missing = ConfigurationInvalid(
            f"there is no {found.root}", (), "Write it, or begin with the clients that are there:"
        )
        return of_error("configuration", missing, command="reconciler export")
    if problems:
        return of_error("configuration", ConfigurationInvalid("", problems), command="reconciler validate")
    if account and found.account and account != found.account:
        error = NotAllowed(
            "two accounts are named",
            f"The YAML says account {found.account}; the command line, environment or settings say {account}. Keep the "
            "right one.",
            code="other-account",
        )
        return of_error("configuration", error)
    contacts = sum(len(resource.children or ()) for resource in found.resources.values())
    told = f"{found.root}: {counted(len(found.resources), 'client')}, {counted(contacts, 'contact')}"
    held = "; the house rules hold" if rules else ""
    named = account or found.account
    return fine("configuration", f"{told}{held}; {f'account {named}' if named else 'no account is named'}.")


def secrets(leaks: Sequence[Leak], files: int) -> Finding:
    """Judge what was found in files that end up in git."""
    if leaks:
        places = listed([f"{leak.file}:{leak.line} ({leak.what})" for leak in leaks], _SHOWN)
        return warned(
            "secrets",
            f"A secret stands in {counted(len(leaks), 'place')}: {places}.",
            "Take it out, and end it, for whoever read the file or its history has it: `reconciler logout` ends a "
            "login, and the app's page gives a new client secret.",
        )
    return fine("secrets", f"No token stands in {counted(files, 'file')} of configuration and settings.")


def git(facts: GitFacts | None) -> Finding:
    """Judge what of the state, plans and logins git has or would take."""
    if facts is None:
        return fine("git", "This is no git repository.")
    if facts.silent:
        return skipped("git", "This is a repository, but git does not answer; `git status` may say why.")
    if facts.tracked:
        return warned(
            "git",
            f"Git tracks what does not belong there: {listed(facts.tracked, _SHOWN)}.",
            "Plans and the records of runs hold values, and a merge of two states is none. Take them out; what was "
            "pushed has been seen.",
            command=f"git rm -r --cached -- {join(facts.tracked[:_SHOWN])}",
        )
    if facts.loose:
        return warned(
            "git",
            f"Git does not ignore {listed(facts.loose, _SHOWN)}.",
            "The next `git add .` would take it.",
            # It begins with an empty line, for the last one of the file may have no end.
            command=f"printf '%s\\n' '' {join(map(_ignoring, facts.loose))} >> {quote(_gitignore(facts.top))}",
        )
    return fine("git", "State, plans and logins are neither tracked nor about to be.")


def _ignoring(name: str) -> str:
    """Give the line of a .gitignore that is about this file or folder and no other."""
    escaped = "".join(f"\\{letter}" if letter in "\\*?[ " else letter for letter in name)
    return f"/{escaped}"


def _gitignore(top: str) -> str:
    return normpath(f"{top}/.gitignore")


def disk(facts: DiskFacts) -> Finding:
    """Judge whether a state can be written."""
    free = _gib(facts.free_bytes)
    little, shows = _scarce(facts)
    if facts.refused:
        error = LocalDisk(
            "a durable write failed",
            f"{facts.folder}: {facts.refused}. Free space (there is {free}), or make the folder writable; `apply` "
            "stops before it sends anything.",
        )
        return of_error("disk", error, command=shows)
    if little:
        told = f"The disk of {facts.folder} takes only {little} more."
        return warned("disk", told, "A full disk stops an apply in its middle. Free space.", command=shows)
    return fine("disk", f"{facts.folder} takes durable writes; {free} are free.")


def _scarce(facts: DiskFacts) -> tuple[str, str]:
    """Give what there is little of, and the command that shows it; nothing where there is enough."""
    if facts.free_bytes < LITTLE_BYTES:
        return _gib(facts.free_bytes), f"df -h {quote(facts.folder)}"
    if facts.free_files is not None and facts.free_files < _FEW_FILES:
        return counted(facts.free_files, "file"), f"df -i {quote(facts.folder)}"
    return "", ""


def _gib(count: int) -> str:
    return f"{count / 1024**3:.1f} GiB"


def runs(facts: RunFacts, kept_days: int) -> Finding:
    """Judge the records of runs, which hold values."""
    files = facts.files
    if files is not None and files.exposed:
        return warned(
            "runs",
            f"Other users of this machine can get at {counted(len(files.exposed), 'record')} of runs.",
            "They hold names, emails and notes of clients.",
            command=f"chmod 600 {quote(files.folder)}/*.json",
        )
    if facts.old:
        return warned(
            "runs",
            f"{counted(facts.old, 'record')} of runs {'is' if facts.old == 1 else 'are'} older than {kept_days} days.",
            "The next apply removes what is older; this does it at once.",
            command=f"reconciler history --keep {kept_days}d",
        )
    if not facts.count:
        return fine("runs", "No run is recorded yet.")
    size = f", {files.bytes / 1024:.0f} KiB, private" if files is not None else ""
    return fine("runs", f"{counted(facts.count, 'record')} of runs{size}; the oldest is of {_day(facts.oldest)}.")


def _day(run: str) -> str:
    """Give the day of a run, by its name."""
    return f"{run[:4]}-{run[4:6]}-{run[6:8]}"
