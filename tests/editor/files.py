"""Where the texts of these tests would stand, and what a person sees of an offer. It asks nothing of the server."""

from __future__ import annotations

from lsprotocol import types as lsp

from tests.editor.conftest import ROOT

CLIENTS = ROOT / "examples" / "clients.yaml"
SETTINGS = ROOT / "examples" / "reconciler.yaml"
_LINES = {
    CLIENTS: "# yaml-language-server: $schema=../schemas/clients.schema.json\nversion: 1\n",
    SETTINGS: "# yaml-language-server: $schema=../schemas/settings.schema.json\nversion: 1\n",
}
HEAD = 2
"""So many lines stand above what a test writes."""


def clients(text: str) -> str:
    """Give a whole file of clients."""
    return _LINES[CLIENTS] + text


def settings(text: str) -> str:
    """Give a whole reconciler.yaml."""
    return _LINES[SETTINGS] + text


def documented(item: lsp.CompletionItem) -> str:
    """Give what stands beside an offer."""
    told = item.documentation
    return told.value if isinstance(told, lsp.MarkupContent) else told or ""


def inserted(item: lsp.CompletionItem) -> str:
    """Give what choosing an offer writes, with the places to be filled in."""
    edit = item.text_edit
    return edit.new_text if edit is not None else item.insert_text or item.label
