"""Where the access token comes from. It is never printed, logged, stored or put into an argument list by us."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from typing import Protocol

from reconciler.errors import NotAllowed

_PATIENCE_S = 60.0


class Token(Protocol):
    """Gives the access token; may be called from several threads."""

    def value(self) -> str:
        """Give the token to use now; raises `NotAllowed` where there is none."""

    def renewed(self, refused: str) -> str | None:
        """Give another token after FreshBooks refused this one, or None when there is no other."""


class GivenToken:
    """A token that was given as it is; it cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._value = checked(value, "FRESHBOOKS_ACCESS_TOKEN")

    def value(self) -> str:
        """Give the token."""
        return self._value

    def renewed(self, refused: str) -> str | None:  # noqa: ARG002 - the port's signature
        """Give none: there is only the one."""
        return None


class CommandToken:
    """A token that a command of the user's own settings prints, such as a password safe's client."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._value: str | None = None

    def value(self) -> str:
        """Run the command at the first call; keep its answer in memory."""
        with self._lock:
            if self._value is None:
                self._value = self._run()
            return self._value

    def renewed(self, refused: str) -> str | None:
        """Run the command once more, unless another thread has done so; None when it prints the same again."""
        with self._lock:
            if self._value == refused:
                self._value = self._run()
            return self._value if self._value != refused else None

    def _run(self) -> str:
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
        return checked(done.stdout.decode("utf-8", "replace"), f"token_command ({self._command[0]})")


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
