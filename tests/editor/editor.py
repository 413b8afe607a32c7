"""An editor without a window: it opens files in the language server and asks what a person would be shown."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

Told = TypeVar("Told")
PATIENCE_S = 30.0
CURSOR = "|"
_MARKDOWN = [lsp.MarkupKind.Markdown]
_ABLE = lsp.ClientCapabilities(
    text_document=lsp.TextDocumentClientCapabilities(
        completion=lsp.CompletionClientCapabilities(
            completion_item=lsp.ClientCompletionItemOptions(snippet_support=True, documentation_format=_MARKDOWN)
        ),
        hover=lsp.HoverClientCapabilities(content_format=_MARKDOWN),
        publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(),
    ),
    workspace=lsp.WorkspaceClientCapabilities(configuration=True, workspace_folders=True),
)
_OFFLINE = {"schemaStore": {"enable": False}, "kubernetesCRDStore": {"enable": False}}


class Editor:
    """One window on a folder: the server, and what it says about files below it."""

    def __init__(self, command: Sequence[str], folder: Path, settings: Mapping[str, Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = LanguageClient("tests", "1")
        own = {name.removeprefix("yaml."): value for name, value in settings.items() if name.startswith("yaml.")}
        self._settings = {"yaml": {**own, **_OFFLINE, "validate": True, "hover": True, "completion": True}}
        self._numbers = itertools.count(1)
        self._said: dict[str, asyncio.Future[Sequence[lsp.Diagnostic]]] = {}
        self._listen()
        try:
            self._wait(self._start(command, folder.resolve().as_uri()))
        except BaseException:
            self._loop.close()
            raise

    def close(self) -> None:
        """End the server."""
        self._wait(self._end())
        self._loop.close()

    def problems(self, file: Path, text: str | None = None) -> list[lsp.Diagnostic]:
        """Give what is marked in a file, or in a text as it would stand there, in the order of the lines."""
        uri = self._open(file, file.read_text(encoding="utf-8") if text is None else text)
        found = self._wait(self._listened(uri))
        self._close(uri)
        return sorted(found, key=lambda problem: (problem.range.start.line, problem.range.start.character))

    def completions(self, file: Path, text: str) -> list[lsp.CompletionItem]:
        """Give what is offered where the cursor, a `|`, stands in the text."""
        uri, where = self._at(file, text)
        asked = lsp.CompletionParams(text_document=lsp.TextDocumentIdentifier(uri), position=where)
        answer = self._wait(self._client.text_document_completion_async(asked))
        self._close(uri)
        return list(answer.items if isinstance(answer, lsp.CompletionList) else answer or ())

    def hover(self, file: Path, text: str) -> str:
        """Give what is told of the place where the cursor, a `|`, stands in the text."""
        uri, where = self._at(file, text)
        asked = lsp.HoverParams(text_document=lsp.TextDocumentIdentifier(uri), position=where)
        answer = self._wait(self._client.text_document_hover_async(asked))
        self._close(uri)
        if answer is None:
            return ""
        assert isinstance(answer.contents, lsp.MarkupContent)
        return answer.contents.value

    # Speaking.

    def _listen(self) -> None:
        heard: dict[str, Callable[[Any], object]] = {
            lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: self._marked,
            lsp.WORKSPACE_CONFIGURATION: self._configured,
            lsp.CLIENT_REGISTER_CAPABILITY: lambda _: None,
        }
        hear: Any = self._client.feature
        for name, answer in heard.items():
            # A partial, for pygls leaves a note on what it calls.
            hear(name)(partial(answer))

    def _marked(self, told: lsp.PublishDiagnosticsParams) -> None:
        found = self._said.get(told.uri)
        if found is not None and not found.done():
            found.set_result(told.diagnostics)

    def _configured(self, wanted: lsp.ConfigurationParams) -> list[object]:
        return [self._settings.get(item.section or "") for item in wanted.items]

    async def _start(self, command: Sequence[str], folder: str) -> None:
        await self._client.start_io(*command)
        here = lsp.WorkspaceFolder(uri=folder, name=folder.rpartition("/")[2])
        begun = lsp.InitializeParams(
            capabilities=_ABLE, process_id=None, root_uri=here.uri, root_path=None, workspace_folders=[here]
        )
        await self._client.initialize_async(begun)
        self._client.initialized(lsp.InitializedParams())
        changed = lsp.DidChangeConfigurationParams(settings=self._settings)
        self._client.workspace_did_change_configuration(changed)

    async def _end(self) -> None:
        await self._client.shutdown_async(None)
        self._client.exit(None)
        stop: Any = self._client.stop
        await stop()

    async def _listened(self, uri: str) -> Sequence[lsp.Diagnostic]:
        return await self._said[uri]

    def _open(self, file: Path, text: str) -> str:
        # What the server knows of a name it keeps over a close, and what it says of it may come late. So each opening
        # has a name of its own, from the second on one beside that of the file.
        number = next(self._numbers)
        uri = file.resolve().as_uri()
        if uri in self._said:
            uri = file.resolve().with_name(f"{number}-{file.name}").as_uri()
        self._said[uri] = self._loop.create_future()
        opened = lsp.TextDocumentItem(uri=uri, language_id="yaml", version=number, text=text)
        self._client.text_document_did_open(lsp.DidOpenTextDocumentParams(opened))
        return uri

    def _at(self, file: Path, text: str) -> tuple[str, lsp.Position]:
        before, _, after = text.partition(CURSOR)
        line = before.rpartition("\n")[2]
        return self._open(file, before + after), lsp.Position(before.count("\n"), len(line))

    def _close(self, uri: str) -> None:
        identifier = lsp.TextDocumentIdentifier(uri)
        self._client.text_document_did_close(lsp.DidCloseTextDocumentParams(identifier))

    def _wait(self, work: Coroutine[Any, Any, Told]) -> Told:
        return self._loop.run_until_complete(asyncio.wait_for(work, PATIENCE_S))
