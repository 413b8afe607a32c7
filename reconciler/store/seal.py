"""What leaves this machine sealed: AES-GCM with one key, each content bound to its name. Stores nothing itself.

A sealed content is bytes: a mark with the version, a fingerprint of the key, the nonce, the ciphertext with its tag.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets

from reconciler.errors import StateUnusable, UsageError

VARIABLE = "RECONCILER_TOKEN_KEY"
_MARK = b"reconciler-sealed-1\n"
_KEY, _PRINT, _NONCE, _TAG = 32, 8, 12, 16
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class Key:
    """A key that is never shown; `variable` is where it was given, for people."""

    __slots__ = ("fingerprint", "raw", "variable")

    def __init__(self, raw: bytes, variable: str = VARIABLE) -> None:
        if len(raw) != _KEY:
            raise ValueError(f"a key has {_KEY} bytes")
        self.raw = raw
        self.variable = variable
        # Tells a wrong key from a damaged content; of 32 random bytes it gives nothing away.
        self.fingerprint = hashlib.sha256(b"reconciler key " + raw).digest()[:_PRINT]

    def __repr__(self) -> str:
        return "***"


def read_key(text: str, variable: str = VARIABLE) -> Key:
    """Read a key of 32 bytes, written in hex or in base64 of either alphabet; raises `UsageError`, quoting nothing."""
    written = text.strip()
    try:
        if _HEX.fullmatch(written):
            return Key(bytes.fromhex(written), variable)
        usual = written.rstrip("=").replace("-", "+").replace("_", "/")
        return Key(base64.b64decode(usual + "=" * (-len(usual) % 4), validate=True), variable)
    except (ValueError, binascii.Error):
        # Not `from error`: its text could quote the key.
        raise UsageError(
            f"{variable} is not a key",
            "It must be 32 random bytes in base64 or hex, such as `openssl rand -base64 32` prints.",
            code="bad-key-text",
        ) from None


def is_sealed(content: bytes) -> bool:
    """Tell whether a content has been sealed, by whatever key."""
    return content.startswith(_MARK)


def seal(key: Key, content: bytes, bound_to: str) -> bytes:
    """Encrypt a content; only under the same name can it be read again, so that nobody can swap two of them."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - most runs seal nothing

    nonce = secrets.token_bytes(_NONCE)
    head = _MARK + key.fingerprint
    return head + nonce + AESGCM(key.raw).encrypt(nonce, content, head + bound_to.encode())


def unseal(key: Key, sealed: bytes, bound_to: str, shown: str = "") -> bytes:
    """Decrypt what `seal` gave for this name; `shown` is what people call it, if not so.

    Raises:
        StateUnusable: it is not sealed, sealed with another key or for another name, or altered since.
    """
    shown = shown or bound_to
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as above

    head, rest = sealed[: len(_MARK) + _PRINT], sealed[len(_MARK) + _PRINT :]
    if not is_sealed(sealed) or len(rest) < _NONCE + _TAG:
        raise StateUnusable(
            "what should be encrypted is not",
            f"{shown} was not written with {key.variable}, or is cut off. It was left as it is. Where it was kept "
            "in the clear on purpose until now, move it away and write it anew.",
            code="not-sealed",
        )
    if head != _MARK + key.fingerprint:
        raise StateUnusable(
            "it was encrypted with another key",
            f"{shown} was written with another {key.variable} than the one that is set now. Set that one again.",
            code="sealed-otherwise",
        )
    try:
        return AESGCM(key.raw).decrypt(rest[:_NONCE], rest[_NONCE:], head + bound_to.encode())
    except InvalidTag as error:
        raise StateUnusable(
            "what was encrypted has been altered",
            f"{shown} was written with the {key.variable} that is set now, but under another name, or somebody or "
            "something has changed it since. It was left as it is; bring it back from a copy.",
            code="sealed-altered",
        ) from error
