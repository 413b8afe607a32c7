"""The pages of a PDF as Chromium writes one, and their text: just enough to see what is on paper."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)> ?Tj|\[([^\]]*)\] ?TJ")


def pages(raw: bytes) -> list[str]:
    """Give the text of each page, without any blanks: a line may be broken anywhere."""
    objects = {int(number): body for number, body in _OBJECT.findall(raw)}
    return [
        _text(body, objects) for _, body in sorted(objects.items()) if re.search(rb"/Type /Page\b", body) is not None
    ]


def _text(page: bytes, objects: dict[int, bytes]) -> str:
    fonts = {
        name.decode(): _letters(objects[int(number)], objects)
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", _whole(page, objects))
    }
    found, letters = [], dict[int, str]()
    for reference in re.findall(rb"/Contents \[?(\d+) 0 R", page):
        for font, single, several in _SHOWN.findall(_inflated(objects[int(reference)])):
            if font:
                letters = fonts.get(font.decode(), {})
            for digits in [single] if single else re.findall(rb"<([0-9A-Fa-f]+)>", several):
                codes = bytes.fromhex(digits.decode())
                found += [letters.get(codes[at] * 256 + codes[at + 1], "") for at in range(0, len(codes) - 1, 2)]
    return re.sub(r"\s", "", "".join(found))


def _whole(page: bytes, objects: dict[int, bytes]) -> bytes:
    """Give a page with its resources, which may stand in an object of their own."""
    elsewhere = re.search(rb"/Resources (\d+) 0 R", page)
    return page + (objects[int(elsewhere[1])] if elsewhere is not None else b"")


def _letters(font: bytes, objects: dict[int, bytes]) -> dict[int, str]:
    """Give what a font's codes stand for."""
    named = re.search(rb"/ToUnicode (\d+) 0 R", font)
    if named is None:
        return {}
    table, letters = _inflated(objects[int(named[1])]), dict[int, str]()
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(rb"<(\w+)> <(\w+)>", block):
            letters[int(code, 16)] = _decoded(text)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                letters[int(first, 16) + step] = chr(ord(_decoded(text)) + step)
    return letters


def _decoded(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")


def _inflated(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    if stream is None:
        return b""
    return zlib.decompress(stream[1]) if b"/FlateDecode" in body else stream[1]
