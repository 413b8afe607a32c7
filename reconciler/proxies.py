"""Which proxy leads to a server, by HTTPS_PROXY and NO_PROXY as every other program reads them. It opens nothing."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from reconciler.errors import UsageError

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def named(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Give the proxies that an environment names, by scheme; where it names none, those of the system."""
    told = {name.lower(): value for name, value in environment.items() if value}
    found = {key: told[f"{key}_proxy"] for key in ("https", "all", "no") if f"{key}_proxy" in told}
    return found or urllib.request.getproxies()


def proxy_of(url: str, environment: Mapping[str, str]) -> str | None:
    """Give the proxy for an address; None without one, and always for this machine."""
    known = named(environment)
    scheme, host = _parts(url)
    if scheme != "https" or not host or host in LOOPBACK or _spared(host, known):
        return None
    told = known.get("https") or known.get("all") or ""
    if not told:
        return None
    proxy = told if "://" in told else f"http://{told}"
    scheme, host = _parts(proxy)
    if scheme not in {"http", "https"} or not host:
        # Not quoted: it may hold a password.
        raise UsageError("the proxy is not usable", "HTTPS_PROXY must be http://HOST:PORT or https://HOST:PORT.")
    return proxy


def _spared(host: str, known: Mapping[str, str]) -> bool:
    names = [name.strip().lstrip(".").lower() for name in known.get("no", "").split(",")]
    return any(name and (name in {"*", host} or host.endswith(f".{name}")) for name in names)


def _parts(url: str) -> tuple[str, str]:
    """Give scheme and host; empty where it is no address at all."""
    try:
        parts = urlsplit(url)
        reachable = parts.port != 0
    except ValueError:
        return "", ""
    return (parts.scheme, parts.hostname or "") if reachable else ("", "")
