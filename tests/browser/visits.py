"""Visits of a page in Chromium, offline and watched: requests, dialogs, messages, errors, breaches of its policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from reconciler.core.change import Plan
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.html import render_html
from reconciler.reports.options import RenderOptions

BREACH = "the page broke its own policy: "
_WATCH = """document.addEventListener("securitypolicyviolation",
  (event) => console.error("BREACH" + event.violatedDirective + " " + event.blockedURI));"""
_SKELETON = """() => JSON.stringify([...document.querySelectorAll("*")].map((element) =>
  [element.tagName, ...[...element.attributes].map((each) => each.name + "=" + each.value)]))"""


class Visits:
    """Pages of one test; `troubles` is what they did besides showing themselves."""

    def __init__(self, chromium: Browser, folder: Path) -> None:
        self.troubles: list[str] = []
        self._chromium = chromium
        self._folder = folder
        self._contexts: list[BrowserContext] = []

    def plan(self, plan: Plan, **how: Any) -> Page:  # noqa: ANN401 - the arguments of `html`
        """Open the page of a plan."""
        return self.html(render_html(plan, RenderOptions(kind=CLIENT)), **how)

    def html(
        self,
        page: str,
        *,
        scheme: Literal["light", "dark"] = "light",
        width: int = 1280,
        scripts: bool = True,
        anchor: str = "",
    ) -> Page:
        """Open a page from a file, as a person would who was sent it."""
        file = self._folder / f"page-{len(self._contexts)}.html"
        file.write_text(page, encoding="utf-8")
        context = self._chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, java_script_enabled=scripts, offline=True
        )
        self._contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        opened.add_init_script(_WATCH.replace("BREACH", BREACH))
        self._watch(opened, file.as_uri())
        opened.goto(file.as_uri() + (f"#{anchor}" if anchor else ""))
        return opened

    def _watch(self, page: Page, own: str) -> None:
        def dismissed(dialog: Dialog) -> None:
            self.troubles.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("dialog", dismissed)
        page.on("console", lambda message: self.troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("popup", lambda popup: self.troubles.append(f"popup: {popup.url}"))
        page.on(
            "request",
            lambda asked: None if asked.url.partition("#")[0] == own else self.troubles.append(f"request: {asked.url}"),
        )

    def close(self) -> None:
        """Leave every page."""
        for context in self._contexts:
            context.close()


def skeleton(page: Page) -> list[list[str]]:
    """Give every element of a page with its attributes, without its text."""
    found: list[list[str]] = json.loads(page.evaluate(_SKELETON))
    return found
