"""Law: whatever stands in a file, reading it gives a document or a problem with its place, by either pass."""

from __future__ import annotations

from collections import Counter

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.documents.parse import Document, parse
from reconciler.providers.freshbooks.wire import CLIENT
from tests.laws.strategies import documents, law

WORDS = r"""
a b version clients key: value: - -- --- ... ? : , [ ] { } & &a *a * | > |- >+ ! !!str !t % %YAML %TAG # ' " \ \x \ud800
<< <<: ~ null true no 0 02134 1_0 0x1F 0o17 1e9 .nan .inf -.5 12:30 2026-01-01 @ `
"""
SPACES = [" ", "  ", "\n", "\n  ", "\n- ", "\n\n", "\t", "\r", "\r\n", "\0", "\x85", "\u2028", "\ufeff", "\u00e9"]
TOKENS = st.sampled_from(WORDS.split()) | st.sampled_from(SPACES)
SOUP = st.lists(TOKENS, max_size=30).map("".join)
WELL_FORMED = documents(CLIENT).map(lambda content: yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
SPACED = st.lists(TOKENS, max_size=20).map(" ".join)


def both(raw: bytes) -> tuple[Document, Document]:
    """Read by both passes; see that each problem has a place in the file, and that they agree where there is none."""
    fast, slow = parse("f.yaml", raw), parse("f.yaml", raw, slow=True)
    for problem in (*fast.problems, *slow.problems):
        assert problem.position is not None
        assert problem.position.line >= 1
        assert problem.position.column >= 1
        assert problem.code
        assert problem.summary
    assert bool(fast.problems) == bool(slow.problems)
    if not fast.problems:
        # Text, not values: true is not 1, and a number keeps its type.
        assert repr(fast.content) == repr(slow.content)
    return fast, slow


@law(300)
@given(st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b"a: &a [*a]")
@example(b"? {a: b}\n: c")
@example(b'"\\ud800": 1')
@example(b"[" * 100)
@example(b"a: b: c")
@example(b"- " * 40)
def test_any_bytes_are_read(raw: bytes) -> None:
    """Arbitrary bytes never raise."""
    both(raw)


@law(200)
@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    """Arbitrary text never raises, whatever its encoding makes of it."""
    both(text.encode("utf-8", "surrogatepass"))


def test_any_tokens_are_read() -> None:
    """Arbitrary pieces of YAML never raise; a good part of them is YAML, and then both passes agree."""
    seen: Counter[bool] = Counter()

    @law(500)
    @given(SOUP | SPACED)
    def holds(text: str) -> None:
        fast, _ = both(text.encode("utf-8", "surrogatepass"))
        seen[bool(fast.problems)] += 1

    holds()
    assert min(seen.values()) > 50, seen


@law(100)
@given(WELL_FORMED, st.data())
def test_any_cut_is_read(text: str, data: st.DataObject) -> None:
    """A configuration is read by both passes alike, and cut off anywhere it still never raises."""
    raw = text.encode()
    fast, slow = both(raw)
    assert fast.problems == []
    assert fast.content == slow.content == yaml.load(text, yaml.CSafeLoader)
    both(raw[: data.draw(st.integers(0, len(raw)))])


@law(100)
@given(WELL_FORMED)
def test_every_place_is_known(text: str) -> None:
    """The slow pass knows the place of every key, and the fast one that of every mapping's."""
    fast, slow = both(text.encode())
    assert isinstance(fast.content, dict)
    for document in (fast, slow):
        entries = document.content["clients"] if isinstance(document.content, dict) else {}
        for key in entries:
            position = document.at(entries, key)
            assert position is not None
            assert document.excerpt(position).strip().startswith(key)
