"""Which pipeline a repository gets, and what stands in it of where the program came from."""

from __future__ import annotations

import pytest

from reconciler.scaffold.pipelines import Forge, Source, forge_of, is_to_be_filled, pipeline, source_of

COMMIT = "3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.mark.parametrize(
    ("url", "forge"),
    [
        ("git@github.com:ada/books.git", Forge.GITHUB),
        ("https://github.com/ada/books", Forge.GITHUB),
        ("https://ada:ghp_secret@github.com/ada/books", Forge.GITHUB),
        ("ssh://git@github.acme.example:2222/ada/books.git", Forge.GITHUB),
        ("https://GitLab.com/ada/books.git", Forge.GITLAB),
        ("gitlab.acme.example:ada/books.git", Forge.GITLAB),
        ("https://bitbucket.org/ada/github.git", None),
        ("https://notgithub.example/ada/books", None),
        ("/srv/git/github.com/books.git", None),
        ("https://[half", None),
    ],
)
def test_the_remote_s_host_decides(url: str, forge: Forge | None) -> None:
    """Of several remotes `origin` counts, and of its address the host alone, in every way that git spells one."""
    assert forge_of({"backup": "https://gitlab.com/ada/books.git", "origin": url}) is forge


def test_without_origin_the_first_remote_decides() -> None:
    """A repository whose remote is called otherwise is understood, and one without any is not guessed at."""
    assert forge_of({"upstream": "git@gitlab.com:a/b.git", "other": "git@github.com:a/b.git"}) is Forge.GITLAB
    assert forge_of({}) is None


def test_where_the_program_came_from_is_filled_in() -> None:
    """A program that was installed from a commit of a repository puts both where they belong."""
    source = source_of("https://github.com/acme/reconciler.git", COMMIT)
    told = pipeline(Forge.GITHUB, source)
    assert told.count(f"uses: acme/reconciler@{COMMIT} #") == 4
    assert not is_to_be_filled(told)
    told = pipeline(Forge.GITLAB, source)
    assert "SOURCE: https://github.com/acme/reconciler.git\n" in told
    assert f'COMMIT: "{COMMIT}"' in told
    assert not is_to_be_filled(told)


@pytest.mark.parametrize("forge", list(Forge))
def test_without_an_origin_the_placeholders_stay(forge: Forge) -> None:
    """What cannot be known is left to be filled in, and known as such; so is what a forge cannot reach."""
    assert is_to_be_filled(pipeline(forge, None))
    elsewhere = source_of("https://git.acme.example/acme/reconciler.git", COMMIT)
    assert is_to_be_filled(pipeline(forge, elsewhere)) is (forge is Forge.GITHUB)


@pytest.mark.parametrize(
    ("url", "commit", "source"),
    [
        ("https://ada:secret@git.example/a/b.git", COMMIT, Source(url="https://git.example/a/b.git", commit=COMMIT)),
        ("https://git.example:8443/a/b", COMMIT, Source(url="https://git.example:8443/a/b", commit=COMMIT)),
        ("file:///srv/reconciler", COMMIT, None),
        ("https://git.example/a/b", "main", None),
        ("https://git.example/a/$(b)", COMMIT, None),
        ("https://git.example/a b", COMMIT, None),
        ("https://[half", COMMIT, None),
        ("https://git.example:port/a/b", COMMIT, None),
        ("", "", None),
    ],
)
def test_no_secret_and_no_command_comes_along(url: str, commit: str, source: Source | None) -> None:
    """Of an address only its public part is taken, and none that a shell or YAML could take for something else."""
    assert source_of(url, commit) == source
