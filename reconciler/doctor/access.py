"""Checks of the way to the account: token, connection, TLS, clock, scopes, and the account itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import assert_never

from reconciler.core.facts import Answered, Certificate, Distrust, Greeting, TokenFacts, Unreached, Untrusted
from reconciler.core.finding import Finding, failed, fine, skipped, warned
from reconciler.core.login import READ_SCOPES, WRITE_SCOPES
from reconciler.core.ports import Identity
from reconciler.core.resource import Account, Visibility
from reconciler.doctor.rounds import of_error, sentence
from reconciler.errors import NotAllowed, ReadIncomplete
from reconciler.reports.words import counted, span

SOON_S = 600.0
"""Arbitrary: a token that nobody renews may end in the middle of a run that takes longer."""
FAIR_AHEAD_S, WORST_AHEAD_S = 30.0, 900.0
"""The first is arbitrary: nobody's clock that is set at all differs by more. Storages (S3, Azure) refuse what is signed
fifteen minutes off: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, RequestTimeTooSkewed."""
LAST_DAYS_S = 7 * 86_400.0
"""Arbitrary: who renews certificates by itself does it weeks before."""
_CLIENT_ROLE = "client"
_SERVER_ERROR = 500


def token(facts: TokenFacts, broken: NotAllowed | None) -> Finding:
    """Judge what is known of a token without asking; `broken` is why a login renews itself no more."""
    ended = facts.left_s is not None and facts.left_s <= 0
    ends = _ending(facts)
    again = f"reconciler login {facts.login}"
    if broken is not None and ended:
        return of_error("token", broken, command=again)
    if broken is not None:
        return warned("token", f"{sentence(broken.summary)} {ends}", "Log in again before that.", command=again)
    if ended and facts.login:
        return warned(
            "token",
            f"{ends} The next run renews it by itself.",
            "This command renews nothing unless it is told to, and so cannot look at the account.",
            command="reconciler doctor --renew",
        )
    if ended:
        return failed(
            "token",
            f"From {facts.source}. {ends}",
            "Get a new one, or use one that renews itself.",
            command="reconciler login",
            exit_code=NotAllowed.exit_code,
        )
    if not facts.login and facts.left_s is not None and facts.left_s < SOON_S:
        told = f"From {facts.source}. {ends}"
        return warned("token", told, "Get a new one before a long run.", command="reconciler login")
    if facts.login:
        return fine("token", f"The login {facts.login} in {facts.source} renews itself. {ends}")
    return fine("token", f"From {facts.source}. {ends}")


def _ending(facts: TokenFacts) -> str:
    if facts.left_s is None:
        return "When it ends is not known."
    if facts.left_s <= 0:
        return f"The access token ended {span(facts.left_s)} ago."
    return f"The access token holds for {span(facts.left_s)}."


def scopes(facts: TokenFacts) -> Finding:
    """Judge what a token may do, as far as it says so."""
    if facts.scopes is None:
        return fine("scopes", "The token does not say what it may do; reading tells, and the first write.")
    has = frozenset(facts.scopes)
    again = f"reconciler login {facts.login}" if facts.login else ""
    told = f"It may {_may(facts.scopes)}."
    if READ_SCOPES[1] not in has:
        remedy = f"Scopes cannot be added to a token: get one with {' '.join(WRITE_SCOPES[1:])}."
        return failed("scopes", f"The token may not read clients. {told}", remedy, command=again, exit_code=8)
    if not has.issuperset(WRITE_SCOPES[1:]):
        remedy = (
            f"Enough for `plan`; `apply` needs {WRITE_SCOPES[-1]}, and scopes cannot be added to a token: get another."
        )
        return warned("scopes", f"The token may read, and not write. {told}", remedy, command=again)
    return fine("scopes", told)


def _may(names: tuple[str, ...]) -> str:
    return " ".join(names) or "do nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a request gets to the API."""

    host: str
    """Scheme, host and port."""
    proxy: str = ""
    """Host and port of the one that is between, without what it is asked with."""
    authorities: str = ""
    """The variable and file of the authorities that are trusted, where they are not the usual ones."""

    @property
    def plain(self) -> bool:
        """Tell whether it is plain http, which only ever leads to this machine."""
        return self.host.startswith("http://")


def connection(way: Way, greeting: Greeting) -> Finding:
    """Judge whether the API is reached."""
    by = f" through the proxy {way.proxy}" if way.proxy else ""
    match greeting:
        case Unreached():
            return failed(
                "connection",
                f"{way.host} is not reached{by}: {greeting.reason}.",
                f"Check the network{', HTTPS_PROXY, NO_PROXY' if way.proxy else ''} and FRESHBOOKS_API_URL.",
                exit_code=ReadIncomplete.exit_code,
            )
        case Untrusted():
            return fine("connection", f"Something answers at {way.host}{by}.")
        case Answered() if greeting.status >= _SERVER_ERROR:
            told = f"{way.host} is reached{by}, and fails (HTTP {greeting.status})."
            return warned("connection", told, "It is not this machine's fault: try again later.")
        case Answered():
            return fine("connection", f"{way.host} is reached{by}.")
        case _:
            assert_never(greeting)


_RENEWAL = "the certificate is to be renewed where it comes from: at the API, or at a proxy that opens connections."
_OPENED = "A proxy opens the connection, or this is not FreshBooks."
_TRUST = {
    Distrust.EXPIRED: (
        "has expired",
        f"If this machine's date is right, {_RENEWAL}",
    ),
    Distrust.NOT_YET: ("is not valid yet", "This machine's clock is behind, most likely: set it."),
    Distrust.SELF_SIGNED: (
        "is signed by itself",
        f"{_OPENED} If the certificate is yours, name its file in SSL_CERT_FILE.",
    ),
    Distrust.UNKNOWN_ISSUER: (
        "is of an unknown issuer",
        f"{_OPENED} Name a file with your organization's authority and the usual ones in SSL_CERT_FILE.",
    ),
    Distrust.OTHER_HOST: (
        "is for another host",
        "Check FRESHBOOKS_API_URL. A network that asks for a login first answers so, too.",
    ),
    Distrust.OTHER: ("is not trusted", "No token is sent there. Check the network, the proxy and FRESHBOOKS_API_URL."),
}


def tls(way: Way, greeting: Greeting) -> Finding:
    """Judge whether it is surely the API that answers."""
    if way.plain:
        return fine("tls", "Plain http, to this machine only: nothing crosses a network.")
    match greeting:
        case Untrusted(why=Distrust.NO_AUTHORITIES):
            told = f"The list of trusted authorities cannot be read ({way.authorities}): {greeting.reason}."
            return failed("tls", told, "Correct or unset the variable.")
        case Untrusted():
            what, remedy = _TRUST[greeting.why]
            told = f"The certificate {what} ({greeting.reason})." if greeting.reason else f"The certificate {what}."
            return failed("tls", told, remedy, exit_code=ReadIncomplete.exit_code)
        case Answered(certificate=Certificate() as shown):
            return _verified(way, shown)
        case Answered():
            return fine("tls", "The certificate is verified.")
        case Unreached():
            return skipped("tls", "Nobody answered.")
        case _:
            assert_never(greeting)


def _verified(way: Way, shown: Certificate) -> Finding:
    by = f", by authorities of {way.authorities}" if way.authorities else ""
    told = f"The certificate is verified{by}; {shown.issuer} issued it, and it is valid for {span(shown.left_s)} more."
    if shown.left_s < LAST_DAYS_S:
        return warned("tls", told, sentence(_RENEWAL))
    return fine("tls", told)


def clock(greeting: Greeting) -> Finding:
    """Judge this machine's clock by the time that the API told."""
    ahead = greeting.ahead_s if isinstance(greeting, Answered) else None
    if ahead is None:
        return skipped("clock", "The API has not told the time.")
    told = f"This machine's clock is {span(ahead)} {'behind' if ahead > 0 else 'ahead'}."
    if abs(ahead) <= FAIR_AHEAD_S:
        return fine("clock", "This machine's clock is right.")
    if abs(ahead) <= WORST_AHEAD_S:
        return warned("clock", told, f"Times in records of runs and notes of locks are off. {_SET_CLOCK}")
    return failed(
        "clock",
        told,
        "Ends of tokens are misjudged, certificates look expired or too new, and storages such as S3 refuse what is "
        f"signed more than 15 minutes off. {_SET_CLOCK}",
    )


_SET_CLOCK = "Have it set by itself: `timedatectl set-ntp true` on most Linux systems, else in the system's settings."


def account(found: Account, identity: Identity) -> Finding:
    """Judge the account that was read."""
    member = next((each for each in identity.memberships if each.account_id == found.account_id), None)
    count = Counter(live.visibility for live in found.records.values())
    business = f" ({member.business})" if member is not None and member.business else ""
    clients = f"{count[Visibility.ACTIVE]} active clients, {count[Visibility.ARCHIVED]} archived"
    told = f"{found.account_id}{business}: {clients}; read to the end."
    if member is not None and member.role == _CLIENT_ROLE:
        return warned(
            "account",
            f"{told} The login is only a client of this business.",
            "Reads succeed, and writes are refused whatever the scopes: log in as somebody who may manage clients.",
        )
    reached = len(identity.memberships)
    others = f" The login reaches {counted(reached - 1, 'other account')}." if reached > 1 else ""
    return fine("account", told + others)
