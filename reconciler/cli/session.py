"""What a command works with, put together once: terminal, settings, account, state. The composition root's workshop.

Implementations are chosen here and nowhere else; everything after this sees ports.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.ending import Ending
from reconciler.cli.heard import Heard
from reconciler.cli.lacking import Lacking
from reconciler.cli.options import is_typed
from reconciler.cli.seen import Seen
from reconciler.cli.terminal import Terminal, new_stream
from reconciler.cli.worker import job_link, page_link
from reconciler.core.ports import Lease, Store
from reconciler.errors import ConfigurationInvalid, Interrupted, ReconcilerError, UsageError
from reconciler.load import LoadOptions, load
from reconciler.profiles import undecided_error
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain
from reconciler.settings import STATE, Settings, settings
from reconciler.store.backend import Trace
from reconciler.store.durable import PRIVATE_FOLDER
from reconciler.store.lease import Patience
from reconciler.store.place import Place, Storage, Worker, is_shared, local, opened, shared

if TYPE_CHECKING:
    from types import FrameType

    from reconciler.cli.tokens import Surroundings
    from reconciler.core.resource import Configuration
    from reconciler.providers.freshbooks.provider import FreshBooks

SANDBOX_ACCOUNT = "Sandbx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run's surroundings."""

    terminal: Terminal
    settings: Settings
    place: Place
    logins: Storage | None = None
    """Where shared logins are kept, where that is not beside the state."""
    lease: Lease | None = None
    """The hold of the state's lock, while there is one."""
    account: FreshBooks | None = None
    configuration: Configuration | None = None
    """Loaded already where the account depends on it; else it is loaded while the account is read."""
    shown: RenderOptions = field(default_factory=RenderOptions)
    """What the settings and options let reports show."""
    lacking: Mapping[str, ReconcilerError] = field(default_factory=dict)
    """Why the `state` or the `logins` are somewhere that cannot be reached at all; empty unless that is put up with."""
    seen: Seen = field(default_factory=Seen)
    trace: Trace | None = None
    """Told of every request, with --debug."""
    sleep: Callable[[float], None] = time.sleep
    heard: Heard = field(default_factory=Heard)
    """What becomes of the run, for whoever runs several."""
    ending: Ending = field(default_factory=Ending)
    """What ends a run that was interrupted and cannot end by itself."""

    @property
    def rendering(self) -> RenderOptions:
        """Give the options that reports render with."""
        return replace(self.shown, width=self.terminal.width, colour=self.terminal.colour)

    @property
    def reader(self) -> FreshBooks:
        """Give the account, which the command has asked for."""
        if self.account is None:
            raise TypeError("this session was begun without an account")
        return self.account

    @property
    def store(self) -> Store:
        """Give the store of the state."""
        return self.place.store

    def holding(self, run: str, flags: Mapping[str, Any]) -> AbstractContextManager[Lease]:
        """Hold the state's lock for a run."""
        patience = Patience(
            timeout_s=flags.get("lock_timeout") or 0.0,
            quiet_s=quiet_period_s(flags),
            sleep=self.sleep,
            # Whoever holds a lock names itself.
            tell=lambda text: self.terminal.talk(plain(text)),
        )
        return self.place.hold(run, patience)

    def load(self) -> Configuration:
        """Load the root, once."""
        if self.configuration is not None:
            return self.configuration
        return load(self.settings.root, CLIENT, self.loading)

    @property
    def loading(self) -> LoadOptions:
        """Give what the settings add to the files of a root."""
        chosen = self.settings
        return LoadOptions(defaults=chosen.defaults, defaults_at=chosen.defaults_at, rules=chosen.rules)


QUIET_PERIOD_S = 60.0


def quiet_period_s(flags: Mapping[str, Any]) -> float:
    """Give how long an unanswered create is looked for, and how long a dead run's lock is respected."""
    told = flags.get("settle")
    return QUIET_PERIOD_S if told is None else float(told)


KEPT_DAYS = 90


def kept_from(flags: Mapping[str, Any]) -> str:
    """Give what the names of runs sort after that are not to be removed yet."""
    days = flags.get("keep")
    return f"{datetime.now(UTC) - timedelta(days=KEPT_DAYS if days is None else days):%Y%m%dT%H%M%SZ}"


def enter(context: click.Context) -> Mapping[str, Any]:
    """Go to the folder of --chdir, once; give the global options."""
    shared: dict[str, Any] = context.find_root().ensure_object(dict)
    if shared.get("chdir") and not shared.get("begun"):
        os.chdir(shared["chdir"])
    shared["begun"] = True
    if shared.get("sandbox") and not is_typed(context, "state"):
        # RECONCILER_STATE is the real account's too.
        shared["state"] = None
    open_stream(context, shared)
    return shared


def _own_state(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave the settings' state out with --sandbox: it is the real account's."""
    return {"state": STATE} if given.get("sandbox") and not given.get("state") else {}


def open_stream(context: click.Context, shared: dict[str, Any]) -> None:
    """Open the stream of events, where --json wants it."""
    if shared.get("as_json") and "stream" not in shared:
        shared["stream"] = new_stream(context.command_path.partition(" ")[2])


@contextmanager
def begun(
    context: click.Context,
    flags: Mapping[str, Any] | None = None,
    *,
    account: bool = True,
    decided: bool = True,
    lenient: bool = False,
) -> Iterator[Session]:
    """Begin a command: go to its folder, read the settings, and reach the account if it needs one.

    `decided` says that it works on one root and state, so that one of several profiles must be chosen. With `lenient`
    it begins though the state, the logins, or with --sandbox the configuration cannot be had.
    """
    given = enter(context)
    signal.signal(signal.SIGTERM, _end)
    terminal = Terminal.of(given)
    chosen = settings({**given, **_own_state(given), **(flags or {})}, os.environ, _user_file())
    if decided and chosen.undecided:
        raise undecided_error(chosen.undecided)
    shown = _shown(chosen, flags or {})
    # An error that ends the run is told where nobody knows the session any more.
    seen = context.find_root().ensure_object(dict)["seen"] = Seen(sensitive=shown.sensitive)
    trace, ending = _trace(terminal) if given.get("debug") else None, Ending()
    runs, lacking = Path(chosen.home) / "runs", Lacking(lenient=lenient)
    logins = "" if given.get("sandbox") else chosen.logins
    with ExitStack() as stack:
        stack.callback(ending.over)
        session = Session(
            terminal=terminal,
            settings=replace(chosen, sensitive=shown.sensitive),
            shown=shown,
            seen=seen,
            place=lacking.tried("state", lambda: _place(chosen.state, runs, stack, trace))
            or local(Path(chosen.home) / "state.json", runs),
            logins=lacking.tried("logins", lambda: _logins(logins, stack, trace)),
            lacking=lacking.errors,
            heard=given.get("heard") or Heard(),
            trace=trace,
            ending=ending,
            sleep=given.get("sleep", time.sleep),
        )
        if given.get("sandbox"):
            session = _in_sandbox(session, given, stack, lenient=lenient)
        session.heard.account = session.settings.account
        if account:
            session = replace(session, account=_account(session, stack))
        yield session
    terminal.check_kept()


def _shown(chosen: Settings, flags: Mapping[str, Any]) -> RenderOptions:
    """Say what may be shown: of sensitive fields no value, and with --redact of none."""
    redact = bool(flags.get("redact"))
    every = {*CLIENT.field_names, *(CLIENT.child.field_names if CLIENT.child is not None else ())}
    return RenderOptions(
        sensitive=frozenset(every) if redact else chosen.sensitive,
        redact=redact,
        summary=bool(flags.get("summary")),
        max_size=flags.get("max_size") or RenderOptions().max_size,
        link=page_link(os.environ),
        kind=CLIENT,
    )


def _end(number: int, _: FrameType | None) -> None:
    raise Interrupted("ended by a signal", signal_number=number)


def _trace(terminal: Terminal) -> Trace:
    def told(method: str, where: str, answer: str, seconds: float) -> None:
        terminal.talk(f"{method} {where}: {answer} in {seconds * 1000:.0f} ms")

    return told


def _user_file() -> Path:
    from platformdirs import user_config_path  # noqa: PLC0415 - `--help` does not need it

    return user_config_path("reconciler") / "settings.yaml"


def _place(state: str, runs: Path, stack: ExitStack, trace: Trace | None) -> Place:
    """Give where the state is kept."""
    if not is_shared(state):
        return local(Path(state), runs)
    place = shared(state, os.environ, Worker(host=socket.gethostname(), link=job_link(os.environ)), trace)
    stack.callback(place.close)
    return place


def _logins(address: str, stack: ExitStack, trace: Trace | None) -> Storage | None:
    """Give where shared logins are kept, if that is a place of its own."""
    if not address:
        return None
    storage = opened(address, os.environ, trace)
    stack.callback(storage.close)
    return storage


def _in_sandbox(session: Session, given: Mapping[str, Any], stack: ExitStack, *, lenient: bool) -> Session:
    """Work on a local account that persists, under the account id that the YAML names, with a state of its own."""
    from reconciler.sandbox.server import Options, running  # noqa: PLC0415 - a server is imported only to be run

    configuration = None
    if Path(session.settings.root).exists():
        try:
            configuration = session.load()
        except ConfigurationInvalid:
            if not lenient:
                raise
    named = session.settings.account or (configuration.account if configuration is not None else None)
    account_id = named or SANDBOX_ACCOUNT
    home = Path(session.settings.home) / "sandbox"
    for folder in (*reversed(home.parents[:-1]), home):
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    home.chmod(PRIVATE_FOLDER)
    options = Options(account=account_id, db=str(home / f"{account_id}.db"), calls_per_minute=0, creates_per_minute=0)
    try:
        sandbox = stack.enter_context(running(options))
    except ValueError as error:
        raise UsageError("the sandbox cannot be so", f"{error}. Remove {home}/ to begin anew.") from error
    state = str(given.get("state") or home / f"{account_id}.state.json")
    chosen = replace(
        session.settings,
        api_url=sandbox.url,
        token=sandbox.access_token,
        token_command=(),
        account=account_id,
        state=state,
    )
    place = _place(state, home / "runs", stack, session.trace)
    return replace(session, settings=chosen, place=place, configuration=configuration)


def _account(session: Session, stack: ExitStack) -> FreshBooks:
    from reconciler.cli.tokens import reach, source  # noqa: PLC0415 - httpx is slow to import

    here = surroundings(session)
    account = reach(here, source(here).token)
    stack.callback(account.close)
    return account


def surroundings(session: Session) -> Surroundings:
    """Give what a session's token depends on."""
    from reconciler.cli.tokens import Surroundings  # noqa: PLC0415 - as above

    return Surroundings(
        settings=session.settings,
        tell=session.terminal.talk,
        storage=session.logins if session.logins is not None else session.place.storage,
        trace=session.trace,
        sleep=session.sleep,
    )
