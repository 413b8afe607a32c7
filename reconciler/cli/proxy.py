"""Which proxy leads to FreshBooks, by HTTPS_PROXY and NO_PROXY as every other program reads them."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

from reconciler.errors import UsageError

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def proxy_of(url: str) -> str | None:
    """Give the proxy for an API's address; None without one, and always for this machine."""
    scheme, host = _parts(url)
    if scheme != "https" or not host or host in _LOOPBACK or urllib.request.proxy_bypass(host):
        return None
    known = urllib.request.getproxies()
    told = known.get("https") or known.get("all") or ""
    if not told:
        return None
    proxy = told if "://" in told else f"http://{told}"
    scheme, host = _parts(proxy)
    if scheme not in {"http", "https"} or not host:
        # Not quoted: it may hold a password.
        raise UsageError("the proxy is not usable", "HTTPS_PROXY must be http://HOST:PORT or https://HOST:PORT.")
    return proxy


def _parts(url: str) -> tuple[str, str]:
    """Give scheme and host; empty where it is no address at all."""
    try:
        parts = urlsplit(url)
        reachable = parts.port != 0
    except ValueError:
        return "", ""
    return (parts.scheme, parts.hostname or "") if reachable else ("", "")
