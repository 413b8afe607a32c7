"""The pipeline for a repository's CI: which one, and with the program's own origin filled in where that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from reconciler.schema_files import example

_SHORT = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?!//)")
_COMMIT, _NOBODY = re.compile(r"[0-9a-f]{40}"), "0" * 40
_REPOSITORY = re.compile(r"/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")


class Forge(StrEnum):
    """Whose CI it is."""

    GITHUB = "github"
    GITLAB = "gitlab"


FILES = {Forge.GITHUB: ".github/workflows/reconciler.yml", Forge.GITLAB: ".gitlab-ci.yml"}
_EXAMPLES = {Forge.GITHUB: "ci/github.yml", Forge.GITLAB: "ci/gitlab-ci.yml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the program was installed from: a commit of a repository that others can reach, too."""

    url: str
    commit: str

    @property
    def on_github(self) -> str:
        """Give the repository as GitHub's workflows name one; empty where it is elsewhere."""
        parts = urlsplit(self.url)
        found = _REPOSITORY.fullmatch(parts.path)
        return found["name"] if found and parts.hostname == "github.com" else ""


def source_of(url: str, commit: str) -> Source | None:
    """Give an origin that can be written into a pipeline: without whatever secret its address had."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return None
    if (
        parts.scheme != "https"
        or not host
        or not _COMMIT.fullmatch(commit)
        or not re.fullmatch(r"[\w./-]+", parts.path)
    ):
        return None
    return Source(url=f"https://{host}{parts.path}", commit=commit)


def forge_of(remotes: Mapping[str, str]) -> Forge | None:
    """Tell whose CI a repository has, by the host of its remote `origin`, or of its first one; None where it cannot."""
    url = remotes.get("origin") or next(iter(remotes.values()), "")
    parts = _host(url).split(".")
    return next((forge for forge in Forge if forge in parts), None)


def _host(url: str) -> str:
    short = _SHORT.match(url)
    if short is not None:
        return short["host"].lower()
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def pipeline(forge: Forge, source: Source | None) -> str:
    """Give the text of a pipeline, with the program's origin filled in where it is known and within reach."""
    text = example(_EXAMPLES[forge])
    match forge, source:
        case Forge.GITHUB, Source(on_github=name, commit=commit) if name:
            return text.replace(f"OWNER/REPO@{_NOBODY}", f"{name}@{commit}")
        case Forge.GITLAB, Source(url=url, commit=commit):
            return text.replace("https://gitlab.example/OWNER/REPO.git", url).replace(_NOBODY, commit)
        case _:
            return text


def is_to_be_filled(text: str) -> bool:
    """Tell whether a pipeline still has a placeholder for the program's origin."""
    return "OWNER/REPO" in text and _NOBODY in text
