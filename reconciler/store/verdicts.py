"""What a bucket's answer means, told by the kind of error and the code that the cloud gave.

It sends nothing. Only codes and status numbers pass through: the library's texts quote addresses, signatures and all.

    answer                                    means
    404 NoSuchKey, BlobNotFound               there is none
    404 anything else                         store-refused: no such bucket, or no such storage at all
    412, 409 BlobAlreadyExists                Moved
    409 ConditionalRequestConflict, 429, 5xx  not known whether it was written: Unanswered
    401, 403, other 4xx, no credentials       store-refused
    no connection                             store-unreachable: nothing was sent
    no answer, a cut one                      Unanswered
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.errors import Moved, StateUnusable
from reconciler.store.settling import unanswered

_ABSENT = {"NoSuchKey", "BlobNotFound"}
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound"}
_CONTENDED = {"ConditionalRequestConflict", "OperationAborted"}
_TRANSIENT, _SERVER_ERROR = {408, 425, 429}, 500
_METADATA = ("169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata/identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An error of obstore, reduced to what is safe to show."""

    kind: str
    """The name of its class."""
    status: int
    """The HTTP status; 0 where there was none."""
    word: str
    """The cloud's word for it, letters only; empty where there was none."""
    unsent: bool
    """No connection came about."""
    keyless: bool
    """It failed while the library looked for credentials."""

    @property
    def told(self) -> str:
        """Give status and word, else the kind."""
        return " ".join(filter(None, (str(self.status or ""), self.word))) or self.kind


def answer(error: Exception) -> Answer:
    """Reduce an error."""
    text = str(error)
    status = re.search(r"status code: (\d{3})\b", text)
    word = re.search(r"<Code>([A-Za-z]{1,60})</Code>", text)
    return Answer(
        kind=type(error).__name__,
        status=int(status[1]) if status else 0,
        word=word[1] if word else "",
        unsent="kind: Connect" in text,
        keyless=any(host in text for host in _METADATA),
    )


def verdict(said: Answer, *, bucket: str, remedy: str) -> StateUnusable | None:
    """Give what an answer means for a bucket, as people know it; None where the object is not there."""
    if said.keyless:
        return _refused(f"No credentials were found for {bucket}. {remedy}")
    if said.unsent:
        return StateUnusable(
            "shared storage cannot be reached",
            f"No connection to {bucket} came about, so nothing was written. The endpoint is wrong, there is no "
            "network, or its certificate is not trusted.",
            code="store-unreachable",
        )
    if said.word in _CONTENDED or said.status in _TRANSIENT or said.status >= _SERVER_ERROR:
        return unanswered()
    if said.word in _NO_BUCKET:
        return _refused(f"There is no {bucket} for this login. Create it, or correct its name, region and endpoint.")
    return _by_kind(said, bucket, remedy)


def _by_kind(said: Answer, bucket: str, remedy: str) -> StateUnusable | None:
    match said.kind:
        case "FileNotFoundError" if said.word in _ABSENT:
            return None
        case "FileNotFoundError":
            # An absent state would be taken for an empty one, so it must be the storage itself that says so.
            return _refused(f"What answers for {bucket} says 'not found' without saying what. Is the endpoint right?")
        case "AlreadyExistsError" | "PreconditionError" | "NotModifiedError":
            return moved()
        case "PermissionDeniedError" | "UnauthenticatedError":
            return _refused(
                f"{bucket} does not allow this to the login that was used ({said.told}). {remedy} It must be allowed "
                "to read, write and list objects: S3 answers 403 for a missing object to whoever may not list."
            )
        case "NotSupportedError" | "NotImplementedError":
            return no_conditions("It does not know conditional writes.")
        case _ if said.status:
            return _refused(f"{bucket} refused the request ({said.told}). Check its region and endpoint. {remedy}")
        case _:
            return unanswered()


def moved() -> Moved:
    """Give the error for a version that is no longer there."""
    return Moved("another run has written the state", "It was written in between. Nothing was overwritten. Plan again.")


def no_conditions(what: str) -> StateUnusable:
    """Give the error for a storage on which two runs would overwrite each other."""
    return StateUnusable(
        "this storage does not honour conditional writes",
        f"{what} So two runs could overwrite each other's state without a word. The state was not touched. Use a "
        "storage that honours If-Match and If-None-Match on PUT, or a newer version of this one; PostgreSQL and the "
        "HTTP protocol are the other ways to share a state.",
        code="store-no-conditions",
    )


def silent(bucket: str) -> StateUnusable:
    """Give the error for a read that was tried often enough."""
    return StateUnusable(
        "shared storage cannot be reached",
        f"{bucket} was asked several times and gave no complete answer. Nothing was written. Try again later.",
        code="store-unreachable",
    )


def misfit(bucket: str, remedy: str) -> StateUnusable:
    """Give the error for settings that the library does not take; which of them, it says with their values."""
    return _refused(f"The settings for {bucket} do not fit together, or one of them is missing or malformed. {remedy}")


def _refused(why: str) -> StateUnusable:
    return StateUnusable("shared storage refused the request", why, code="store-refused")
