"""`explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from click.shell_completion import CompletionItem

from reconciler.cli.session import enter
from reconciler.cli.terminal import Terminal
from reconciler.core.explanation import Catalogue, Explanation, close, entries, find, summary_of
from reconciler.errors import UsageError
from reconciler.explanations import catalogue
from reconciler.reports.explanations import explanation_event, render_explanation, render_index
from reconciler.reports.paint import plain


class Name(click.types.StringParamType):
    """A code, an exit code, or a word."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        """Offer what can be explained."""
        # A blank in a name would make two words of it.
        known = (entry for entry in entries(catalogue()) if " " not in entry.name)
        return [CompletionItem(entry.name, help=entry.brief) for entry in known if entry.name.startswith(incomplete)]


@click.command()
@click.argument("names", nargs=-1, type=Name(), metavar="[CODE]...")
@click.pass_context
def explain(context: click.Context, names: tuple[str, ...]) -> None:
    """Explain an error code, an exit code, or a word of a plan.

    CODE is what stands in brackets after an error (`quote-it`), a summary that was printed, a number (`5`), or a word
    such as adopt. Without CODE all of them are listed.
    """
    # Whoever asks may have settings that cannot be read: none are.
    terminal = Terminal.of(enter(context))
    known = catalogue()
    wanted = list(_wanted(known, names))
    if terminal.as_json:
        found = entries(known) if not names else (entry for entry, _ in wanted)
        terminal.emit(map(explanation_event, found))
    elif names:
        told = (render_explanation(entry, known, terminal.rendering, pasted) for entry, pasted in wanted)
        terminal.result("\n\n".join(told))
    else:
        terminal.result(render_index(known, terminal.rendering))
    terminal.check_kept()


Found = tuple[Explanation, str]
"""An entry, and its summary that was pasted, if it was found by one."""


def _wanted(known: Catalogue, names: Sequence[str]) -> Iterator[Found]:
    """Give what is meant, each once; several words that mean nothing one by one may be one summary, unquoted."""
    whole = " ".join(names)
    texts = names if all(find(known, name) for name in names) or not find(known, whole) else (whole,)
    seen = set()
    for text in texts:
        found = find(known, text)
        if not found:
            raise _unknown(known, text)
        for entry in found:
            if entry not in seen:
                seen.add(entry)
                yield entry, _pasted(entry, text)


def _pasted(entry: Explanation, text: str) -> str:
    summary = summary_of(entry, " ".join(text.lower().split()))
    return summary.text if summary is not None else ""


def _unknown(known: Catalogue, text: str) -> UsageError:
    names = close(known, text)
    hint = f"Did you mean {' or '.join(names)}?" if names else "`reconciler explain` lists all codes and words."
    return UsageError("there is nothing of this name to explain", f"{plain(text[:200])}: {hint}")
