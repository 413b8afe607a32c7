"""Where a state is kept over HTTP, in Terraform's own words: its address, its lock's, methods, credentials, patience.

It sends nothing and reads no environment by itself: whoever composes the program hands a mapping over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, urlsplit, urlunsplit

from reconciler.errors import StateUnusable, UsageError
from reconciler.proxies import LOOPBACK, proxy_of

_METHOD = re.compile(r"[A-Z]{1,20}")
# Both are told by their servers' own documentation; both lock with POST and unlock with DELETE at `…/lock`.
_GITLAB = re.compile(r"/api/v4/projects/[^/]+/terraform/state/[^/]+$")
_GITEA = re.compile(r"/api/packages/[^/]+/terraform/state/[^/]+$")
_TRANSFERS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to wait for a server that is busy."""

    tries: int = 3
    least_s: float = 1.0
    longest_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Everything that is needed to reach one document and its lock; its text shows none of it."""

    url: str = field(repr=False)
    lock_url: str = field(repr=False)
    unlock_url: str = field(repr=False)
    update_method: str = "POST"
    lock_method: str = "LOCK"
    unlock_method: str = "UNLOCK"
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    """The certificate (PEM) of whoever vouches for the server, where the system's list has it not."""
    proxy: str = field(default="", repr=False)
    """What leads to the server; it may hold a password."""
    patience: Patience = Patience()

    @property
    def shown(self) -> str:
        """Give the address without its query."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

    @property
    def counts_serials(self) -> bool:
        """Tell whether the server is one that takes no serial twice and nothing from whoever has not its lock."""
        path = urlsplit(self.url).path
        return bool(_GITLAB.search(path) or _GITEA.search(path))

    @property
    def proves_lock(self) -> bool:
        """Tell whether a write with the ID of a lock that is gone is refused even while nobody has it."""
        return bool(_GITLAB.search(urlsplit(self.url).path))

    def beside(self, name: str) -> Address:
        """Give the address of a document beside this one, with a lock of its own; the empty name is this one."""
        if not name:
            return self
        suffix = "-" + name.replace("/", "-")
        return replace(
            self,
            url=_grown(self.url, self.url, suffix),
            lock_url=_grown(self.url, self.lock_url, suffix),
            unlock_url=_grown(self.url, self.unlock_url, suffix),
        )


def read_address(given: str, environment: Mapping[str, str]) -> Address:
    """Give the address from `--state` (else TF_HTTP_ADDRESS) and Terraform's variables; raises `UsageError`."""
    named = environment.get("TF_HTTP_ADDRESS", "")
    parts = _checked(given or named, "--state" if given else "TF_HTTP_ADDRESS")
    if given and named:
        _same_server(parts, _checked(named, "TF_HTTP_ADDRESS"))
    url = urlunsplit(parts)
    # The variables of another document on the same server say where that one is locked, not this one.
    told = {} if given and named and url != named else environment
    lock_url, unlock_url, methods = _locking(parts, told)
    username, password = _credentials(environment)
    address = Address(
        url=url,
        lock_url=lock_url,
        unlock_url=unlock_url,
        update_method=_method(told, "TF_HTTP_UPDATE_METHOD", "POST"),
        lock_method=_method(told, "TF_HTTP_LOCK_METHOD", methods[0]),
        unlock_method=_method(told, "TF_HTTP_UNLOCK_METHOD", methods[1]),
        username=username,
        password=password,
        authority=environment.get("TF_HTTP_CLIENT_CA_CERTIFICATE_PEM", ""),
        proxy=proxy_of(url, environment) or "",
        patience=_patience(environment),
    )
    _check_locking(address)
    return address


def _locking(parts: SplitResult, told: Mapping[str, str]) -> tuple[str, str, tuple[str, str]]:
    """Give the addresses of lock and unlock, and the methods that go with them by default."""
    known = bool(_GITLAB.search(parts.path) or _GITEA.search(parts.path))
    default = urlunsplit(parts._replace(path=parts.path + "/lock") if known else parts)
    lock = told.get("TF_HTTP_LOCK_ADDRESS", "") or default
    unlock = told.get("TF_HTTP_UNLOCK_ADDRESS", "") or lock
    _checked(lock, "TF_HTTP_LOCK_ADDRESS")
    _checked(unlock, "TF_HTTP_UNLOCK_ADDRESS")
    return lock, unlock, ("POST", "DELETE") if known else ("LOCK", "UNLOCK")


def _check_locking(address: Address) -> None:
    """Refuse to lock by what would write, and to unlock by what would delete."""
    pairs = (
        (address.lock_url, address.lock_method, "LOCK"),
        (address.unlock_url, address.unlock_method, "UNLOCK"),
    )
    for url, method, word in pairs:
        if url == address.url and method in {*_TRANSFERS, address.update_method}:
            raise UsageError(
                "the state's lock has no address of its own",
                f"TF_HTTP_{word}_METHOD is {method}, which at the state's own address would not {word.lower()} the "
                f"state, but read or change it. Set TF_HTTP_{word}_ADDRESS too.",
            )


def _checked(url: str, source: str) -> SplitResult:
    """Give the parts of an address: https, or http on this machine; nothing of it is quoted, it may hold a password."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "http" and parts.hostname in LOOPBACK
        sound = bool(parts.hostname) and (parts.scheme == "https" or plain) and (parts.port or 1) > 0
    except ValueError:
        parts, sound = urlsplit(""), False
    if "@" in parts.netloc:
        raise UsageError(
            "the state's address holds a name or a password",
            f"{source} must not hold credentials: addresses end up in logs. Take them out, and set TF_HTTP_USERNAME "
            "and TF_HTTP_PASSWORD.",
        )
    if not sound or parts.fragment or not url.isprintable() or " " in url or not parts.path.strip("/"):
        raise UsageError(
            "the state's address is not usable",
            f"{source} must be https://HOST/PATH, or http://127.0.0.1:PORT/PATH on this machine.",
        )
    return parts._replace(path=parts.path.rstrip("/"))


def _same_server(given: SplitResult, named: SplitResult) -> None:
    """Refuse to send the credentials of one server to another."""
    if (given.scheme, given.hostname, given.port) != (named.scheme, named.hostname, named.port):
        raise UsageError(
            "the state's address is on another server than TF_HTTP_ADDRESS",
            "TF_HTTP_USERNAME and TF_HTTP_PASSWORD belong to the server of TF_HTTP_ADDRESS, and are not sent to "
            "another one. Unset TF_HTTP_ADDRESS, and give the credentials of the state's server.",
        )


def _credentials(environment: Mapping[str, str]) -> tuple[str, str]:
    username, password = environment.get("TF_HTTP_USERNAME", ""), environment.get("TF_HTTP_PASSWORD", "")
    if password and not username:
        raise UsageError(
            "TF_HTTP_USERNAME is missing", "TF_HTTP_PASSWORD is set, and needs the name that goes with it."
        )
    if ":" in username or not (username + password).isprintable():
        raise UsageError(
            "the credentials of the state's server are not usable",
            "TF_HTTP_USERNAME must have no colon, and neither it nor TF_HTTP_PASSWORD a line break.",
        )
    for name in ("TF_HTTP_CLIENT_CERTIFICATE_PEM", "TF_HTTP_CLIENT_PRIVATE_KEY_PEM"):
        if environment.get(name):
            raise UsageError(
                "client certificates are not supported",
                f"{name} is set. Use TF_HTTP_USERNAME and TF_HTTP_PASSWORD, and unset it.",
            )
    return username, password


def _method(told: Mapping[str, str], name: str, default: str) -> str:
    method = told.get(name, "") or default
    if not _METHOD.fullmatch(method):
        raise UsageError("a method is not usable", f"{name} must be a word in capitals, such as {default}.")
    return method


def _patience(environment: Mapping[str, str]) -> Patience:
    return Patience(
        tries=1 + int(_number(environment, "TF_HTTP_RETRY_MAX", 2)),
        least_s=_number(environment, "TF_HTTP_RETRY_WAIT_MIN", 1),
        longest_s=_number(environment, "TF_HTTP_RETRY_WAIT_MAX", 30),
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> float:
    told = environment.get(name, "") or str(default)
    if not (told.isascii() and told.isdigit()) or len(told) > len("3600"):
        raise UsageError("a number is not usable", f"{name} must be a whole number from 0 to 9999.")
    return float(told)


def _grown(base: str, url: str, suffix: str) -> str:
    """Put the suffix behind the document's own part of an address that lies at or below it."""
    own, parts = urlsplit(base), urlsplit(url)
    same = (own.scheme, own.netloc) == (parts.scheme, parts.netloc)
    if not same or not (parts.path == own.path or parts.path.startswith(own.path + "/")):
        raise StateUnusable(
            "nothing can be kept beside this state",
            "TF_HTTP_LOCK_ADDRESS does not lie below TF_HTTP_ADDRESS, so that the lock of a further document has no "
            "address. Keep the login elsewhere.",
            code="store-refused",
        )
    return urlunsplit(parts._replace(path=own.path + suffix + parts.path[len(own.path) :]))
