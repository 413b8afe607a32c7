"""The live account as a spreadsheet; nothing is bound, and no state is needed."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.importing import HEADERS
from reconciler.cli.planning import check_named
from reconciler.cli.reading import reading
from reconciler.cli.session import Session
from reconciler.cli.showing import tell
from reconciler.core.resource import Account, Configuration, Visibility
from reconciler.export.csvs import written
from reconciler.export.taking import Taking
from reconciler.load import files_of
from reconciler.reports.paint import plain
from reconciler.reports.words import counted
from reconciler.store.durable import write_output


def show_csv(session: Session, taking: Taking, file: Path | None) -> None:
    """Write the account as CSV, to stdout or a file."""
    account = _account(session)
    records = [live for live in account.records.values() if taking.archived or live.visibility is Visibility.ACTIVE]
    hidden = session.shown.sensitive
    text = written(session.reader.kind, HEADERS.without(hidden), records, every_field=taking.every_field, hidden=hidden)
    if hidden:
        session.terminal.talk(f"Not in it, for the settings call them sensitive: {', '.join(sorted(hidden))}.")
    if file is None:
        # At a terminal a stranger's letters could move the cursor; into a pipe they go as they are.
        seen = session.terminal.out.isatty()
        session.terminal.result("\n".join(map(plain, text.splitlines())) if seen else text)
        return
    write_output(file, text.encode())
    told = f"Wrote {counted(len(records), 'client')} to {plain(str(file))}."
    tell(session, told, "exported", files=[str(file)], clients=len(records))


def _account(session: Session) -> Account:
    root = session.settings.root
    known = session.settings.account or not files_of(root)
    configuration = Configuration(root=root) if known else session.load()
    check_named(session, configuration)
    with reading(session.reader, session.settings.account or "", session.terminal) as started:
        return started.result(configuration.account)
