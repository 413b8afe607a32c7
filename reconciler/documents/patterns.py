"""jsonschema-rs, told to fetch nothing and to give up patterns that would take for ever.

Its engine takes linear time but for patterns that look around or refer back. These get a limited number of steps, each
of which may look at the whole text: that is for our own schemas only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from jsonschema_rs import Draft7Validator, EmailOptions, FancyRegexOptions, RegexOptions

_MOST_STEPS = 100_000  # about a millisecond
_LARGEST = 4 * 1024 * 1024  # bytes of a compiled pattern: `^\p{L}{2,80}$` is among those that fit


def compiled(schema: Mapping[str, object], *, foreign: bool = False) -> Draft7Validator:
    """Compile a schema; raises `ValueError` where it is none, or refers to what it does not hold itself.

    One that is foreign must not have patterns whose time is not linear.
    """
    options = (
        RegexOptions(size_limit=_LARGEST, dfa_size_limit=_LARGEST)
        if foreign
        else FancyRegexOptions(backtrack_limit=_MOST_STEPS)
    )
    # `Ada <ada@acme.example>` is what a letter is addressed to, not an address.
    emails = EmailOptions(allow_display_text=False)
    return Draft7Validator(dict(schema), pattern_options=options, email_options=emails, offline=True)


@lru_cache(maxsize=256)
def _single(keyword: str, value: str) -> Draft7Validator:
    return compiled({keyword: value})


def fits(keyword: str, value: str, text: object) -> bool:
    """Tell whether a text meets a `pattern` or a `format`; whatever is no text does."""
    return bool(_single(keyword, value).is_valid(text)) if isinstance(text, str) else True
