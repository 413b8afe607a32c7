"""What is said of what cannot be prepared for real: a disk that is nearly full, a shared lock of the dead, a proxy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.facts import Answered, Certificate, DiskFacts, Distrust, GitFacts, Held, Unreached, Untrusted
from reconciler.core.finding import Verdict
from reconciler.doctor import access, local, records

DISK = DiskFacts(folder="my books", free_bytes=2 * 1024**3, free_files=5_000)
HELD = Held(who="run one on vm", ends="It expired 900 s ago.", dead=True, removal="reconciler state unlock 7f")
WAY = access.Way(host="https://api.example", proxy="proxy.example:8080")


@pytest.mark.parametrize(
    ("facts", "told", "command"),
    [
        (replace(DISK, free_bytes=90 * 1024**2), "The disk of my books takes only 0.1 GiB more.", "df -h 'my books'"),
        (replace(DISK, free_files=7), "The disk of my books takes only 7 files more.", "df -i 'my books'"),
    ],
)
def test_a_disk_that_is_nearly_full(facts: DiskFacts, told: str, command: str) -> None:
    """Little space, or few files left, is a warning with the command that shows it; no limit of files is none."""
    finding = local.disk(facts)
    assert (finding.verdict, finding.told, finding.command) == (Verdict.WARN, told, command)
    assert local.disk(replace(facts, refused="No space left on device")).command == command
    assert local.disk(replace(DISK, free_files=None)).verdict is Verdict.OK


def test_a_disk_that_refuses_for_another_reason() -> None:
    """Where there is space, no command that shows the space is named as what mends it."""
    finding = local.disk(replace(DISK, refused="Permission denied"))
    assert (finding.exit_code, finding.command) == (11, "")
    assert "my books: Permission denied." in finding.remedy


def test_a_shared_lock() -> None:
    """The lock of a dead run is removed by the command; that of another may be, once its run has ended for certain."""
    dead, alive = records.lock(HELD), records.lock(replace(HELD, dead=False))
    assert (dead.verdict, alive.verdict) == (Verdict.WARN, Verdict.WARN)
    assert dead.command == alive.command == HELD.removal
    assert "That run is dead" in dead.remedy
    assert "has ended for certain" in alive.remedy


def test_the_way_is_named() -> None:
    """A proxy that is in between, and authorities that are not the usual ones, are named."""
    certificate = Certificate(issuer="Our Authority", left_s=90 * 86_400.0)
    answered = Answered(status=401, certificate=certificate)
    assert access.connection(WAY, answered).told.endswith("is reached through the proxy proxy.example:8080.")
    unreached = access.connection(WAY, Unreached(reason="no answer in time"))
    assert "HTTPS_PROXY, NO_PROXY and FRESHBOOKS_API_URL" in unreached.remedy
    told = access.tls(replace(WAY, authorities="SSL_CERT_FILE=our.pem"), answered).told
    assert "by authorities of SSL_CERT_FILE=our.pem; Our Authority issued it" in told


@pytest.mark.parametrize("why", list(Distrust))
def test_every_distrust_has_its_remedy(why: Distrust) -> None:
    """Whatever is wrong with a certificate fails, and says what to do."""
    finding = access.tls(WAY, Untrusted(why=why, reason="words of OpenSSL"))
    assert (finding.verdict, bool(finding.remedy)) == (Verdict.FAIL, True)
    assert "words of OpenSSL" in finding.told


def test_a_clock_that_nobody_tells() -> None:
    """Without a time from the other side, nothing is said of the clock."""
    assert access.clock(Answered(status=200)).verdict is Verdict.SKIPPED


def test_a_name_of_a_file_is_no_pattern() -> None:
    """A line for .gitignore is about that file alone, and is quoted for a shell."""
    finding = local.git(GitFacts(loose=("it's [a] *.plan", "sub/!x#"), top="../.."))
    assert finding.command == r"""printf '%s\n' '' '/it'"'"'s\ \[a]\ \*.plan' '/sub/!x#' >> ../../.gitignore"""
