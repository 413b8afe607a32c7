"""Where the access token comes from. It is never printed, logged, stored or put into an argument list by us.

A login that is kept and renewed is `rotation`'s business.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import msgspec

from reconciler.errors import NotAllowed

_PATIENCE_S = 60.0
_SOON_S = 300.0
"""A command is run again when the token that it printed has less to live than this."""


class Token(Protocol):
    """Gives the access token; may be called from several threads."""

    def value(self) -> str:
        """Give the token to use now; raises `NotAllowed` where there is none."""

    def ready(self) -> bool:
        """Make sure that the token holds for a while; False where that must wait until no create is under way.

        Raises `NotAllowed` where there is none that holds, `LocalDisk`.
        """

    def undisturbed(self) -> AbstractContextManager[None]:
        """Mark a block from a create's intent to its outcome: the token is not renewed in it."""

    def renewed(self, refused: str, *, writing: bool) -> str | None:
        """Give another token after FreshBooks refused this one, or None when there is no other.

        Where the refused call was `writing`, nothing is done for it that could end the login.
        """

    def heard(self, date: str | None) -> None:
        """Take the Date header of an answer: it says what time it is where the token's life is counted."""


class Bearer(httpx.Auth):
    """Puts a token into a request, and into nothing else."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class GivenToken:
    """A token that was given as it is; it cannot be renewed."""

    def __init__(self, value: str, source: str = "FRESHBOOKS_ACCESS_TOKEN") -> None:
        self._value = checked(value, source)

    def value(self) -> str:
        """Give the token."""
        return self._value

    def ready(self) -> bool:
        """Have nothing to do."""
        return True

    def undisturbed(self) -> AbstractContextManager[None]:
        """Have nothing to leave undone."""
        return nullcontext()

    def renewed(self, refused: str, *, writing: bool) -> str | None:  # noqa: ARG002 - the port's signature
        """Give none: there is only the one."""
        return None

    def heard(self, date: str | None) -> None:
        """Have no use for it."""


@dataclass(frozen=True, slots=True)
class _Printed:
    token: str
    expires_at: float | None = None


class CommandToken:
    """A token that a command of the user's own settings prints, such as a password safe's client.

    Its output is the token alone, `{"access_token": ..., "expires_in": ... or "expires_at": ...}`, or what kubectl's
    credential plugins print: `{"status": {"token": ..., "expirationTimestamp": ...}}`.
    """

    def __init__(self, command: Sequence[str], *, clock: Callable[[], float] = time.time) -> None:
        self._command = tuple(command)
        self._clock = clock
        self._lock = threading.Lock()
        self._printed: _Printed | None = None

    def value(self) -> str:
        """Run the command at the first call; keep its answer in memory."""
        with self._lock:
            if self._printed is None:
                self._printed = self._run()
            return self._printed.token

    @property
    def expires_at(self) -> float | None:
        """Give when the token ends that was printed last, in seconds since 1970; None where that is not known."""
        with self._lock:
            return self._printed.expires_at if self._printed is not None else None

    def ready(self) -> bool:
        """Run the command again where it said when its token ends, and that is soon."""
        with self._lock:
            ends = self._printed.expires_at if self._printed is not None else None
            if ends is not None and ends - self._clock() < _SOON_S:
                self._printed = self._run()
        return True

    def undisturbed(self) -> AbstractContextManager[None]:
        """Have nothing to leave undone: what the command does is its own business."""
        return nullcontext()

    def renewed(self, refused: str, *, writing: bool) -> str | None:  # noqa: ARG002 - the port's signature
        """Run the command once more, unless another thread has done so; None when it prints the same again."""
        with self._lock:
            if self._printed is not None and self._printed.token == refused:
                self._printed = self._run()
            return self._printed.token if self._printed is not None and self._printed.token != refused else None

    def heard(self, date: str | None) -> None:
        """Have no use for it: the command counts by this machine's clock."""

    def _run(self) -> _Printed:
        try:
            done = subprocess.run(  # noqa: S603 - the command of the user's own settings file, without a shell
                self._command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = error.strerror if isinstance(error, OSError) else f"it took longer than {_PATIENCE_S:.0f} s"
            raise NotAllowed("the token command failed", f"token_command ({self._command[0]}): {why}.") from error
        if done.returncode:
            raise NotAllowed(
                "the token command failed",
                f"token_command ({self._command[0]}) ended with exit code {done.returncode}. Run it to see why.",
            )
        return _printed(done.stdout.decode("utf-8", "replace"), f"token_command ({self._command[0]})", self._clock())


def _printed(text: str, source: str, now: float) -> _Printed:
    """Read what a command printed: a token, or JSON that holds one."""
    if not text.lstrip().startswith("{"):
        return _Printed(checked(text, source))
    try:
        told = msgspec.json.decode(text)
        inner = told.get("status", told)
        token = inner.get("access_token", inner.get("token"))
    except (msgspec.MsgspecError, RecursionError, AttributeError):
        token, inner = None, {}
    if not isinstance(token, str):
        # Not quoted, and no cause: either could hold a part of the token.
        raise NotAllowed(
            "there is no usable access token",
            f"{source} printed JSON without an `access_token`. It may print the token alone, "
            '{"access_token": "...", "expires_in": 43200}, or {"status": {"token": "..."}}.',
        ) from None
    return _Printed(checked(token, source), _ends(inner, now))


def _ends(told: Any, now: float) -> float | None:  # noqa: ANN401 - JSON of somebody else's
    """Give when a token ends, where that is told in a way that can be read."""
    match told:
        case {"expires_in": int() | float() as seconds}:
            return now + seconds
        case {"expires_at": int() | float() as moment}:
            return float(moment)
        case {"expires_at": str() as written} | {"expirationTimestamp": str() as written}:
            try:
                moment_at = datetime.fromisoformat(written)
            except ValueError:
                return None
            return (moment_at if moment_at.tzinfo else moment_at.replace(tzinfo=UTC)).timestamp()
        case _:
            return None


def checked(token: str, source: str) -> str:
    """Give the token without surrounding blanks; `NotAllowed` where it cannot be one. The token is not quoted."""
    stripped = token.strip()
    if not stripped or not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        what = "is empty" if not stripped else "has characters that no token has"
        raise NotAllowed(
            "there is no usable access token",
            f"{source} {what}. Set FRESHBOOKS_ACCESS_TOKEN to an access token of your FreshBooks app, or try "
            "everything without one: `reconciler demo`, or any command with --sandbox.",
        )
    return stripped
