"""Every behaviour of FreshBooks that nobody outside knows for sure, as a named switch with a default.

The first value of each is the default: what evidence there is, or what the SDKs' fixtures show. The tool must work
under every setting, which the golden scenarios run through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """One switch."""

    name: str
    values: tuple[str, ...]
    """The first is the default; `*` stands for any other text."""
    told: str


QUIRKS = {
    quirk.name: quirk
    for quirk in (
        Quirk(
            name="contact-ids",
            values=("stable", "by-email", "reissued"),
            told="what a PUT of the contacts array does to ids: honours contactid, knows them by email, gives new ones",
        ),
        Quirk(
            name="contact-put",
            values=("partial", "replace"),
            told="whether fields absent from a PUT of one contact are kept or emptied",
        ),
        Quirk(
            name="contact-edit-bumps",
            values=("yes", "no"),
            told="whether an edit of a contact changes `updated` of its client",
        ),
        Quirk(
            name="contact-duplicates",
            values=("allowed", "refused"),
            told="whether two contacts of one client may have the same email",
        ),
        Quirk(name="contact-delete", values=("200", "204"), told="what the DELETE of a contact answers"),
        Quirk(
            name="contacts-include",
            values=("present", "absent"),
            told="whether include[]=contacts adds the contacts to a client",
        ),
        Quirk(
            name="contacts-in-writes",
            values=("include", "always", "never"),
            told="whether answers to POST and PUT carry contacts",
        ),
        Quirk(
            name="contacts-list",
            values=("present", "missing"),
            told="whether GET /users/contacts exists",
        ),
        Quirk(
            name="contacts-owner",
            values=("clientid", "none"),
            told="whether rows of /users/contacts name their client",
        ),
        Quirk(
            name="normalise",
            values=("none", "trim", "fold", "phone", "all"),
            told="how texts are cleaned up: trimmed, emails in lower case, phones reformatted",
        ),
        Quirk(
            name="frozen-field",
            values=("none", "*"),
            told="a field that updates silently leave alone, such as currency_code",
        ),
        Quirk(
            name="organization",
            values=("empty", "names", "email"),
            told="what an organization that is not given becomes",
        ),
        Quirk(name="deleted-get", values=("200", "404"), told="what a GET of a deleted client answers"),
        Quirk(name="deleted-put", values=("accept", "refuse"), told="whether a deleted client's data can be changed"),
        Quirk(
            name="list-default",
            values=("with-archived", "active-only"),
            told="what a list without search[vis_state] holds",
        ),
        Quirk(
            name="search-case",
            values=("insensitive", "sensitive"),
            told="whether search[email] minds upper and lower case",
        ),
        Quirk(name="client-delete", values=("405", "delete"), told="what HTTP DELETE of a client does"),
        Quirk(name="errors", values=("list", "object", "rpc"), told="the shape of accounting errors"),
        Quirk(name="unauthenticated", values=("pair", "errors", "message"), told="the body of a 401"),
        Quirk(name="page-echo", values=("capped", "asked"), told="whether page and per_page come back as asked"),
        Quirk(name="ids", values=("number", "text"), told="whether ids are JSON numbers or texts"),
        Quirk(name="balances", values=("text", "number"), told="whether amounts are texts or numbers"),
        Quirk(name="validation", values=("lenient", "strict"), told="whether bad emails and long texts are refused"),
        Quirk(
            name="pkce",
            values=("enforced", "ignored", "refused"),
            told="a code_challenge at login: held to, not looked at, or not known",
        ),
        Quirk(name="revoke", values=("pair", "one"), told="whether revoking one token of a pair ends the other too"),
        Quirk(
            name="created-at",
            values=("new", "original"),
            told="what `created_at` of a renewed token is: now, or the first one's",
        ),
        Quirk(name="clear", values=("as-sent", "null"), told="whether an emptied nullable field becomes null"),
    )
}


class Quirks:
    """One setting of all switches."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._chosen = {name: quirk.values[0] for name, quirk in QUIRKS.items()}
        for name, value in (chosen or {}).items():
            quirk = QUIRKS.get(name)
            if quirk is None:
                raise ValueError(f"there is no quirk {name!r}; there are {', '.join(QUIRKS)}")
            if value not in quirk.values and "*" not in quirk.values:
                raise ValueError(f"quirk {name} is one of {', '.join(quirk.values)}, not {value!r}")
            self._chosen[name] = value

    def __getitem__(self, name: str) -> str:
        return self._chosen[name]

    def on(self, name: str, value: str) -> bool:
        """Tell whether a switch stands at this value."""
        return self._chosen[name] == value


def parse(texts: Iterable[str]) -> Quirks:
    """Read `NAME=VALUE` texts; `ValueError` says what is wrong."""
    chosen = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise ValueError(f"a quirk is written NAME=VALUE, not {text!r}")
        chosen[name] = value
    return Quirks(chosen)
