"""The checks of `doctor`, put together: what each looks at, and what it leaves for those after it.

They only read: no write goes to the account or the state, no lock is taken, no login is renewed unless that is asked
for. What is found is judged in `doctor/`.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from reconciler import __version__, read
from reconciler.cli import git
from reconciler.cli.appraising import appraised
from reconciler.cli.examination import Examination, had
from reconciler.cli.leaks import leaks_in
from reconciler.cli.planning import check_belongs, check_named
from reconciler.cli.reading import reading
from reconciler.cli.runs import known_runs
from reconciler.cli.session import KEPT_DAYS, kept_from, surroundings
from reconciler.cli.tokens import reach, source, user_folder
from reconciler.core.duplicates import duplicates
from reconciler.core.facts import RunFacts
from reconciler.core.finding import Finding, skipped
from reconciler.core.questions import Questions
from reconciler.doctor import access, local, records
from reconciler.doctor.rounds import Check, of_error
from reconciler.errors import ConfigurationInvalid, NotAllowed
from reconciler.load import check, files_of
from reconciler.profiles import home
from reconciler.providers.freshbooks.api import checked_url
from reconciler.providers.freshbooks.connection import greet
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.proxies import proxy_of
from reconciler.settings import FILE
from reconciler.store.looking import disk_of
from reconciler.store.seal import VARIABLE as KEY

_NOT_INSTALLED = "store-not-installed"
_SECRETS = ("FRESHBOOKS_ACCESS_TOKEN", "FRESHBOOKS_CLIENT_SECRET", "FRESHBOOKS_REFRESH_TOKEN", KEY)
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_NO_LOGIN = frozenset({"no-token", "no-login", "login-unreadable", "login-dead", "login-cut-off"})
"""What is wrong with a token where logging in mends it."""


def checks(known: Examination) -> list[Check]:
    """Give every check, in the order in which a run would come to what they look at; then what stops none."""
    shared = ("state",) if known.shared else ()
    table = (
        ("settings", _settings, ()),
        ("program", _program, ()),
        ("token", _token, ("settings",)),
        ("configuration", _configuration, ("settings",)),
        ("state", _state, ("settings",)),
        ("lock", _lock, ("settings", *shared)),
        ("intents", _intents, ("state",)),
        ("connection", _connection, ("settings",)),
        ("tls", _tls, ("connection",)),
        ("clock", _clock, ("connection", "tls")),
        ("scopes", _scopes, ("token",)),
        ("account", _account, ("token", "scopes", "connection", "tls")),
        ("bindings", _bindings, ("state", "account")),
        ("duplicates", _duplicates, ("account",)),
        ("disk", _disk, ()),
        ("runs", _runs, ("settings", *shared)),
        ("git", _git, ()),
        ("secrets", _secrets, ()),
    )
    return [Check(name=name, look=partial(look, known), needs=needs) for name, look, needs in table]


# What is on this machine.


def _settings(known: Examination) -> Finding:
    if known.unbegun is not None:
        raise known.unbegun
    chosen = known.session.settings
    return local.settings(chosen.root, chosen.profile, file=Path(FILE).exists())


def _program(known: Examination) -> Finding:
    lacking = known.begun.lacking.values() if known.begun is not None else ()
    extra = next((error for error in lacking if error.code == _NOT_INSTALLED), None)
    return local.program(__version__, platform.python_version(), extra)


def _configuration(known: Examination) -> Finding:
    session, chosen = known.session, known.session.settings
    found, problems = check([chosen.root], CLIENT, session.loading)
    session.seen.configuration = found
    known.configuration = found if not problems else None
    shown = session.seen.problems(problems)
    there = Path(chosen.root).exists()
    return local.configuration(found, shown, chosen.account, rules=bool(chosen.rules), there=there)


def _disk(known: Examination) -> Finding:
    if known.begun is None or known.shared:
        return local.disk(disk_of(Path(home(None) if known.begun is None else known.begun.settings.home)))
    return local.disk(disk_of(Path(known.session.place.shown).parent))


def _runs(known: Examination) -> Finding:
    place, names = known.session.place, known_runs(known.session)
    kept = known.flags.get("keep")
    facts = RunFacts(
        count=len(names),
        oldest=names[-1] if names else "",
        old=sum(name < kept_from(known.flags) for name in names),
        files=place.run_files() if place.run_files is not None else None,
    )
    return local.runs(facts, KEPT_DAYS if kept is None else kept)


def _git(known: Examination) -> Finding:
    files = []
    if known.begun is not None and not known.shared:
        state = Path(known.session.place.shown)
        files = [state, *(state.with_name(state.name + ending) for ending in (".backup", ".journal"))]
    return local.git(git.facts_of([Path(home(None)), user_folder() / "logins"], files))


def _secrets(known: Examination) -> Finding:
    secrets = {value for name in _SECRETS if (value := os.environ.get(name))}
    secrets.update(known.token.secrets if known.token is not None else ())
    files = [FILE] if Path(FILE).is_file() else []
    if known.begun is not None:
        with suppress(ConfigurationInvalid):
            files += files_of(known.session.settings.root)
    return local.secrets(leaks_in(files, secrets), len(files))


# What is recorded.


def _state(known: Examination) -> Finding:
    session = known.session
    if (lacking := session.lacking.get("state")) is not None:
        if lacking.code == _NOT_INSTALLED:
            return skipped("state", "Not looked at, since program failed.")
        raise lacking
    found = session.store.load()
    check_belongs(found, known.account_id or found.account, surroundings(session).origin, session.place.shown)
    place = session.place
    held = place.holder() if place.holder is not None else None
    known.kept = records.Kept(
        shown=place.shown,
        state=found,
        files=place.files() if place.files is not None else None,
        busy=held is not None and not held.dead,
    )
    return records.state(known.kept, known.configuration)


def _lock(known: Examination) -> Finding:
    holder = known.session.place.holder
    if holder is None:
        told = "This server says who has it only to whoever tries to take it; `reconciler state unlock` tries."
        return skipped("lock", told)
    return records.lock(holder())


def _intents(known: Examination) -> Finding:
    return records.intents(had(known.kept))


# The way to the account.


def _token(known: Examination) -> Finding:
    session, flags = known.session, known.flags
    chosen, lacking = session.settings, session.lacking.get("logins")
    if lacking is not None and chosen.token is None and not chosen.token_command:
        raise lacking
    try:
        found = source(surroundings(session))
        known.token = appraised(found, renew=bool(flags["renew"]), offline=bool(flags["offline"]))
    except NotAllowed as error:
        command = f"reconciler login {chosen.login}" if error.code in _NO_LOGIN else ""
        return of_error("token", error, command=command)
    return access.token(known.token.facts, known.token.broken)


def _connection(known: Examination) -> Finding:
    if known.flags["offline"]:
        return skipped("connection", "Left out: --offline.")
    way, url = _way(known), known.session.settings.api_url
    known.greeting = greet(url, proxy=proxy_of(url, os.environ), trace=known.session.trace)
    return access.connection(way, known.greeting)


def _way(known: Examination) -> access.Way:
    url = known.session.settings.api_url
    proxy = urlsplit(proxy_of(url, os.environ) or "")
    where = f"{proxy.hostname}:{proxy.port}" if proxy.port else proxy.hostname or ""
    named = [f"{name}={os.environ[name]}" for name in _AUTHORITIES if os.environ.get(name)]
    return access.Way(host=checked_url(url), proxy=where, authorities=" ".join(named))


def _tls(known: Examination) -> Finding:
    return access.tls(_way(known), known.greeting)


def _clock(known: Examination) -> Finding:
    return access.clock(known.greeting)


def _scopes(known: Examination) -> Finding:
    return access.scopes(had(known.token).facts)


def _account(known: Examination) -> Finding:
    session, token = known.session, had(known.token).token
    if len(known.named) > 1:
        return skipped("account", "Two accounts are named.")
    if token is None:
        return skipped("account", "The access token has ended.")
    if known.configuration is not None:
        check_named(session, known.configuration)
    configured = known.configuration.account if known.configuration is not None else None
    known.reader = reader = reach(surroundings(session), token)
    known.stack.callback(reader.close)
    try:
        with reading(reader, known.account_id, session.terminal) as started:
            found = started.result(configured)
    except NotAllowed as error:
        if known.configuration is None and error.code == "which-account":
            return skipped("account", "The configuration, which cannot be read, may say which one it is.")
        raise
    known.account = found
    session.heard.account = found.account_id
    if session.settings.sensitive:
        session.seen.account = found
    if known.state is not None:
        check_belongs(known.state, found.account_id, reader.origin, session.place.shown)
    return access.account(found, started.identity.result())


# The records in it.


def _bindings(known: Examination) -> Finding:
    state, found = had(known.state), had(known.account)
    if records.missing(state, found):
        with known.session.terminal.meter("Looking for what is missing") as meter:
            found = read.complete(had(known.reader), found, Questions(deleted=True), meter)
            found = read.complete(had(known.reader), found, Questions(ids=records.missing(state, found)), meter)
    return records.bindings(state, found, known.configuration)


def _duplicates(known: Examination) -> Finding:
    match = known.session.settings.policy.match
    groups = duplicates(CLIENT, had(known.account), match, state=known.state, configuration=known.configuration)
    return records.duplicates(groups)
