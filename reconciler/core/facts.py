"""What can be learned of the surroundings of a run without changing any: values, which others judge.

Whoever stands at an edge (the provider, the stores, the command line) gives them; `doctor/` says what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The way to the vendor.


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a server has shown, and what was verified."""

    issuer: str
    left_s: float
    """For how long it is still valid, by this machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The API was reached, and gave any answer at all."""

    status: int
    ahead_s: float | None = None
    """How far its clock is ahead of this machine's; None where it did not tell the time."""
    certificate: Certificate | None = None
    """None for plain http."""


class Distrust(StrEnum):
    """Why a connection is not trusted."""

    EXPIRED = "expired"
    NOT_YET = "not valid yet"
    SELF_SIGNED = "signed by itself"
    UNKNOWN_ISSUER = "of an unknown issuer"
    OTHER_HOST = "for another host"
    OTHER = "not trusted"
    NO_AUTHORITIES = "no authorities"
    """The list of authorities cannot be read, so that nothing can be verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untrusted:
    """Somebody answers, and is not surely the API."""

    why: Distrust
    reason: str
    """In the words of the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Nobody answered."""

    reason: str


Greeting = Answered | Untrusted | Unreached
"""What came of one request without a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What is known of a token, without itself."""

    source: str
    """Where it comes from, as people know the place."""
    login: str = ""
    """The name of the login, where it is one's: then it renews itself."""
    left_s: float | None = None
    """How long it still holds; None where nobody knows."""
    scopes: tuple[str, ...] | None = None
    """What it may do; None where nobody knows."""


# What is kept.


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Who has the lock of a state, as far as that can be told without touching it."""

    who: str
    """`run 20261125T151505Z-208e on vm (process 714)`."""
    run: str = ""
    """The run alone, where it is known."""
    since: str = ""
    ends: str = ""
    """Until when it holds, as a sentence."""
    dead: bool = False
    """Whether its run has surely ended, so that the next one takes the lock over, or has it already."""
    local: bool = False
    """Whether it is a file's lock, which ends with its process."""
    removal: str = ""
    """The command that removes it, where there is one."""


class Backup(StrEnum):
    """The version of a state before the last."""

    NONE = "none"
    SOUND = "sound"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """The files of a state on this machine."""

    exposed: tuple[str, ...] = ()
    """Those that other users of the machine can get at."""
    backup: Backup = Backup.NONE
    backup_path: str = ""
    edits: int = 0
    """How many edits stand in the journal, not yet part of the state's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """The disk that a folder is on."""

    folder: str
    """The folder itself, or the nearest one above it that is there."""
    free_bytes: int
    free_files: int | None = None
    """How many more files it takes; None where that is not limited or not told."""
    refused: str = ""
    """What the system said to a durable write there; empty where it went well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """The records of runs as files on this machine."""

    folder: str
    bytes: int
    exposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The records of runs."""

    count: int
    oldest: str = ""
    """The name of the oldest, which begins with its time."""
    old: int = 0
    """How many are older than they are kept."""
    files: RunFiles | None = None
    """None in shared storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFacts:
    """What git knows of files that do not belong there."""

    silent: bool = False
    """Whether this is a repository of which git says nothing."""
    tracked: tuple[str, ...] = ()
    """As seen from the working folder."""
    loose: tuple[str, ...] = ()
    """Those, there or still to come, that the next `git add` would take, as seen from the repository's top."""
    top: str = "."
    """The repository's top, as seen from the working folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A place in a file where a secret stands, or what looks like one."""

    file: str
    line: int
    what: str
