"""Sealed contents: read again with the same key under the same name, and in no other way."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import StateUnusable, UsageError
from reconciler.store.seal import Key, is_sealed, read_key, seal, unseal

RAW = bytes(range(220, 252))
KEY = Key(RAW)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_sealed_is_read_again(content: bytes, name: str) -> None:
    """Sealing and unsealing under one name gives the content, and no part of it shows in between."""
    sealed = seal(KEY, content, name)
    assert unseal(KEY, sealed, name) == content
    assert is_sealed(sealed)
    assert len(content) < 4 or content not in sealed.removeprefix(b"reconciler-sealed-1\n")


def test_two_seals_differ() -> None:
    """The same content sealed twice looks different each time."""
    assert seal(KEY, b"same", "a") != seal(KEY, b"same", "a")


@pytest.mark.parametrize(
    "text",
    [
        RAW.hex(),
        RAW.hex().upper(),
        base64.b64encode(RAW).decode(),
        base64.urlsafe_b64encode(RAW).decode(),
        base64.b64encode(RAW).decode().rstrip("=") + "\n",
    ],
)
def test_a_key_is_read_in_every_usual_form(text: str) -> None:
    """Hex, and base64 of both alphabets, with and without its padding."""
    assert read_key(text).raw == RAW


@pytest.mark.parametrize("text", ["", "secret-word", RAW.hex()[:-2], base64.b64encode(RAW + b"x").decode(), "ä" * 43])
def test_what_is_no_key_is_refused_unquoted(text: str) -> None:
    """Anything else is wrong usage; the text itself is never repeated."""
    with pytest.raises(UsageError) as caught:
        read_key(text)
    assert caught.value.code == "bad-key-text"
    assert caught.value.__cause__ is None
    assert not text or text not in caught.value.summary + caught.value.detail


def test_another_key_is_told_from_damage() -> None:
    """A wrong key, another name, a changed byte and a missing end each end in an error of their own kind."""
    sealed = seal(KEY, b"content", "logins/default")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for given_key, content, name, code in (
        (Key(bytes(32)), sealed, "logins/default", "sealed-otherwise"),
        (KEY, sealed, "logins/other", "sealed-altered"),
        (KEY, changed, "logins/default", "sealed-altered"),
        (KEY, sealed[:30], "logins/default", "not-sealed"),
        (KEY, b"{}", "logins/default", "not-sealed"),
    ):
        with pytest.raises(StateUnusable) as caught:
            unseal(given_key, content, name)
        assert caught.value.code == code


def test_every_byte_counts() -> None:
    """Whichever byte is changed, the content is not accepted."""
    sealed = seal(KEY, b"content", "a")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 0x10
        with pytest.raises(StateUnusable):
            unseal(KEY, bytes(changed), "a")


def test_a_key_is_never_shown() -> None:
    """A key's representation says nothing of it."""
    assert repr(KEY) == str(KEY) == "***"
