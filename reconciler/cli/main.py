"""The program's entry: the table of commands, and the one `try` that turns errors into text and exit codes.

It imports nothing heavy: `--help` and `--version` answer at once, and each command imports what it needs.
"""

from __future__ import annotations

import errno
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli import streams
from reconciler.cli.lazy import LazyGroup, completed
from reconciler.cli.options import global_options
from reconciler.errors import Interrupted, LocalDisk, ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.seen import Seen
    from reconciler.cli.terminal import Terminal

COMMANDS = {
    name: (f"reconciler.cli.commands.{place}", told)
    for name, place, told in (
        ("init", "init:init", "Make a folder ready: clients.yaml, settings, CI, editor."),
        ("login", "login:login", "Log in to FreshBooks, and keep the login."),
        ("logout", "login:logout", "Have FreshBooks end a login, and remove it."),
        ("whoami", "login:whoami", "Show whose the token is, and what it reaches."),
        ("validate", "validate:validate", "Check configuration files; offline, without a token."),
        ("plan", "plan:plan", "Show what would change, and change nothing."),
        ("show", "plan:show", "Show a saved plan."),
        ("apply", "apply:apply", "Show the plan, ask, and carry it out."),
        ("drift", "drift:drift", "Show what was changed outside, in FreshBooks."),
        ("history", "history:history", "List the runs, or show what one did."),
        ("undo", "undo:undo", "Take back what a run did."),
        ("export", "export:export", "Write the live account as YAML, and bind it."),
        ("import-csv", "import_csv:import_csv", "Add the rows of a spreadsheet to the YAML."),
        ("import", "bindings:import_", "Bind one address to one record by hand."),
        ("state", "bindings:state", "List, show, rename and forget bindings."),
        ("doctor", "doctor:doctor", "Check what a run stands on, with a remedy for each fault."),
        ("explain", "explain:explain", "Explain an error code, an exit code, or a word of a plan."),
        ("schema", "schema:schema", "Print a JSON Schema, for editors and CI."),
        ("sandbox", "sandbox:sandbox", "Run a FreshBooks account on this machine."),
        ("demo", "demo:demo", "See the main job done, step by step, in a sandbox."),
    )
}

HELP = """Keep the clients of a FreshBooks account in git.

YAML files describe the clients and their contacts; `plan` shows what differs from the live account, and `apply` makes
exactly the calls of that plan. Start with `reconciler demo`.

Every option can also be set in the environment as RECONCILER_<FLAG>, for example RECONCILER_PARALLELISM=4. Where an
option may be given several times, its variable has one value a line.
"""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk says that takes no more."""

EPILOG = """Exit codes: 0 done; 1 error or declined; 2 changes pending (--detailed-exitcode); 3 configuration invalid;
4 account not read completely; 5 refused; 6 partly applied; 7 ambiguous; 8 not logged in or not allowed; 9 state or
plan unusable; 10 locked; 11 local disk; 64 wrong usage; 130/143 interrupted.
"""


def program() -> click.Command:
    """Build the command tree."""
    group = LazyGroup(
        name="reconciler",
        help=HELP,
        epilog=EPILOG,
        table=COMMANDS,
        shared=global_options(),
        params=[*global_options(), _version_option()],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        no_args_is_help=True,
    )
    return completed(group, ())


def _version_option() -> click.Option:
    def show(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it by position
        if value and not context.resilient_parsing:
            click.echo(f"reconciler {__version__}")
            context.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show the version."
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and leave with its exit code."""
    streams.mend()
    streams.leave(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: Sequence[str], *, sleep: Callable[[float], None] = time.sleep) -> int:
    """Run one command line; give its exit code.

    `sleep` is what waits between tries, and for what an interrupted run may have sent.
    """
    context: dict[str, object] = {"sleep": sleep}

    def whole() -> object:
        return program().main(args=list(arguments), prog_name="reconciler", standalone_mode=False, obj=context)

    return attempt(whole, context)


def attempt(work: Callable[[], object], context: dict[str, object]) -> int:
    """Do something to its end, well or not, and give the exit code. Nothing else decides how an error ends.

    `context` has the global options; an error stays in it, for whoever tells of several attempts.
    """
    out, err = sys.stdout, sys.stderr
    try:
        result = work()
    except click.exceptions.NoArgsIsHelpError as error:
        _terminal(context).talk(error.format_message())
        return UsageError.exit_code
    except SystemExit as ended:
        return _ended(ended, context, left=sys.stdout is not out)
    except Exception as error:  # noqa: BLE001 - the one place where everything ends as text
        if isinstance(error, click.UsageError) and error.ctx is not None:
            _stream(error.ctx, context)
        if context.get("debug"):
            import traceback  # noqa: PLC0415 - only for --debug

            _terminal(context).talk(_seen(context).text(traceback.format_exc()))
        return _told(_named(error), context)
    except KeyboardInterrupt:
        return _told(Interrupted("interrupted"), context)
    finally:
        sys.stdout, sys.stderr = out, err
    code = result if isinstance(result, int) else 0
    if "stream" in context:
        _terminal(context).end(code)
    return code


def _stream(where: click.Context, context: dict[str, object]) -> None:
    """Open the stream of a command that could not even be begun."""
    from reconciler.cli.session import open_stream  # noqa: PLC0415 - needed only when something went wrong

    open_stream(where, context)


def _ended(ended: SystemExit, context: dict[str, object], *, left: bool) -> int:
    """Give the exit code of click's own ends: completion, and a reader of `--help` that has gone, which is no error.

    click replaces the streams in the latter case.
    """
    if left and not context.get("begun"):
        return 0
    return ended.code if isinstance(ended.code, int) else 0


def _named(error: Exception) -> ReconcilerError:
    """Give any exception its place in our tree."""
    match error:
        case ReconcilerError():
            return error
        case click.exceptions.Abort():
            return Interrupted("interrupted")
        case click.ClickException():
            where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "reconciler"
            return UsageError(error.format_message(), f"Try '{where} --help'.")
        case OSError() if error.errno in _FULL and not error.filename:
            return LocalDisk("the result could not be written", f"Writing to the output failed: {error.strerror}.")
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            return ReconcilerError("the operating system refused", f"{error.strerror or error}{where}")
        case _:
            return ReconcilerError(
                "an error that should not have happened",
                f"{type(error).__name__}: this is a fault of the program. Run again with --debug and report what it "
                "prints. What was written so far is recorded; `reconciler plan` shows what is left.",
                code="internal",
            )


def _terminal(context: dict[str, object]) -> Terminal:
    from reconciler.cli.terminal import Terminal  # noqa: PLC0415 - needed only when something went wrong

    return Terminal.of(context)


def _seen(context: dict[str, object]) -> Seen:
    """Give what the run has read, which may be nothing."""
    from reconciler.cli.seen import Seen  # noqa: PLC0415 - the same

    found = context.get("seen")
    return found if isinstance(found, Seen) else Seen()


def _told(error: ReconcilerError, context: dict[str, object]) -> int:
    """Print an error where people and scripts look for it; give its exit code."""
    from reconciler.reports.events import exit_code  # noqa: PLC0415 - the same

    context["error"] = error
    _seen(context).hide(error)
    terminal, code = _terminal(context), exit_code(error)
    terminal.tell(error)
    terminal.end(code)
    return code


if __name__ == "__main__":
    main()
