"""reconciler.yaml, the user's own settings, environment and flags as one frozen value.

It reads no environment itself and constructs nothing: `cli` hands both in. Flag comes before environment, that before
the file, that before the default. The API's address and the token never come from a file in a repository.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler import profiles, schema_files
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.login import DEFAULT, is_name
from reconciler.core.policy import (
    DEFAULT_MAX_DELETES,
    DEFAULT_MAX_UPDATES,
    DriftPolicy,
    Limit,
    Policy,
    UnmanagedPolicy,
)
from reconciler.core.resource import Address, OnRemove, Value
from reconciler.documents.explain import accepts, explained
from reconciler.documents.parse import Document, parse
from reconciler.errors import ConfigurationInvalid, NotAllowed, UsageError
from reconciler.rules.checking import unusable
from reconciler.rules.sources import Place, Source, all_rules, chosen_rules, defaults_at

FILE = "reconciler.yaml"
API_URL = "https://api.freshbooks.com"
STATE = profiles.state_of(None)
TERRAFORM = ("http", "http://", "https", "https://")
"""Instead of an address: it is in TF_HTTP_ADDRESS, with the other variables of Terraform's HTTP backend."""
ROOTS = ("clients.yaml", "clients")
_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that shapes a run besides the clients themselves."""

    root: str
    state: str
    account: str | None = None
    profile: str | None = None
    undecided: tuple[str, ...] = ()
    """The profiles, where one of them must be chosen and none is."""
    api_url: str = API_URL
    token: str | None = field(default=None, repr=False)
    token_command: tuple[str, ...] = ()
    login: str = DEFAULT
    """The name of the login that is used where neither of the two before is set."""
    logins: str = ""
    """The address of the storage that shared logins are in; empty where they lie beside the state."""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    parallelism: int = 8
    rate_share: float = 0.9
    defaults_at: Mapping[str, Place] = field(default_factory=dict)
    """Where each of the defaults stands."""
    rules: tuple[Source, ...] = ()
    sensitive: frozenset[str] = frozenset()

    @property
    def home(self) -> str:
        """Give the folder where this account's things are kept, but for a state that is named."""
        return profiles.home(self.profile)


def settings(flags: Mapping[str, Any], environment: Mapping[str, str], user_file: Path | None = None) -> Settings:
    """Put one value together; paths are seen from the working folder.

    Raises:
        ConfigurationInvalid: a settings file is wrong.
        UsageError: a flag or variable is wrong, or there is no root.
    """
    profile = flags.get("profile") or None
    document = _repository()
    whole: Mapping[str, Any] = _content(document)
    file = _from_here(profiles.chosen(whole, profile), profile)
    return Settings(
        root=_root(flags, file),
        state=_state(flags, environment, file),
        account=_account(flags, environment, file),
        profile=profile,
        undecided=profiles.undecided(whole, profile),
        api_url=environment.get("FRESHBOOKS_API_URL") or API_URL,
        token=environment.get("FRESHBOOKS_ACCESS_TOKEN") or None,
        token_command=tuple(_user_file(user_file).get("token_command", ())),
        login=_login(flags, environment, file),
        logins=_without_secret(environment.get("RECONCILER_LOGINS") or whole.get("logins") or ""),
        defaults={
            name: value or None if isinstance(value, str) else value for name, value in file.get("defaults", {}).items()
        },
        policy=_policy(flags, file),
        parallelism=int(flags.get("parallelism") or file.get("parallelism") or 8),
        rate_share=float(file.get("rate_share") or 0.9),
        defaults_at=defaults_at(document, profile) if document is not None else {},
        rules=chosen_rules(document, profile) if document is not None else (),
        sensitive=frozenset(file.get("sensitive", ()) if profile else profiles.sensitive(whole)),
    )


def _root(flags: Mapping[str, Any], file: Mapping[str, Any]) -> str:
    given = flags.get("root") or file.get("root")
    if given:
        return _from_working_folder(str(given))
    found = [root for root in ROOTS if Path(root).exists()]
    return found[0] if found else ROOTS[0]


def _from_working_folder(path: str) -> str:
    """Name one root in one way, however it was typed: what lies in the working folder is named from there."""
    here = Path.cwd()
    whole = Path(os.path.normpath(here / path))
    # The working folder's own name has no links in it; what was typed may lead there through some.
    linked = Path(os.path.realpath(whole.parent)) / whole.name
    for seen in (whole, linked):
        if seen.is_relative_to(here):
            return str(seen.relative_to(here))
    return os.path.normpath(path)


def _state(flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any]) -> str:
    state = str(flags.get("state") or file.get("state") or STATE)
    if state not in TERRAFORM:
        return _without_secret(state)
    if not environment.get("TF_HTTP_ADDRESS"):
        raise UsageError(
            "the state's address is missing",
            f"The state `{state}` is at the address in TF_HTTP_ADDRESS, which is not set.",
        )
    # Whoever opens it looks there.
    return "http://"


def _without_secret(address: str) -> str:
    if profiles.has_secret(address):
        raise UsageError(
            "a password does not belong into an address",
            "The address has one, or a key. Give it in the environment, as docs/how-to/shared-state.md says for each "
            "storage, and change it: it may have been seen.",
        )
    return address


def _account(flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any]) -> str | None:
    told, meant = flags.get("account") or environment.get("FRESHBOOKS_ACCOUNT_ID"), file.get("account")
    account = told or meant
    if account and not re.fullmatch(r"[A-Za-z0-9]{1,32}", str(account)):
        raise UsageError("the account id cannot be one", "An account id has letters and digits only, such as Ab12Cd.")
    if flags.get("profile") and told and meant and told != meant:
        # What belongs to one account must not be written to another because a variable was left over.
        raise NotAllowed(
            "two accounts are named",
            f"Profile {flags['profile']} is for account {meant}; the command line or the environment names {told}. "
            "Leave out --account and FRESHBOOKS_ACCOUNT_ID, or choose the profile of that account.",
            code="other-account",
        )
    return str(account) if account else None


def _login(flags: Mapping[str, Any], environment: Mapping[str, str], file: Mapping[str, Any]) -> str:
    name = str(
        flags.get("login")
        or environment.get("RECONCILER_LOGIN")
        or file.get("login")
        or flags.get("profile")
        or DEFAULT
    )
    if not is_name(name):
        told = "A login's name begins with a lower-case letter; digits, `-` and `_` may follow, up to 63 in all."
        raise UsageError("the login cannot be called so", told)
    return name


def _policy(flags: Mapping[str, Any], file: Mapping[str, Any]) -> Policy:
    told = file.get("policy", {})
    return Policy(
        max_deletes=_limit(flags.get("max_deletes"), told.get("max_deletes"), DEFAULT_MAX_DELETES, "--max-deletes"),
        max_updates=_limit(flags.get("max_updates"), told.get("max_updates"), DEFAULT_MAX_UPDATES, "--max-updates"),
        allow_empty=bool(flags.get("allow_empty")),
        allow_balance=frozenset(Address(address) for address in flags.get("allow_balance") or ()),
        on_remove=OnRemove(told.get("on_remove", OnRemove.DELETE)),
        drift=DriftPolicy(told.get("drift", DriftPolicy.REVERT)),
        unmanaged=UnmanagedPolicy(told.get("unmanaged", UnmanagedPolicy.IGNORE)),
        match=tuple(tuple(names) for names in file.get("match", ())),
    )


def _limit(flag: object, told: object, default: Limit, name: str) -> Limit:
    given = flag if flag is not None else told
    if given is None:
        return default
    text = str(given)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return Limit(floor=int(text))
    if re.fullmatch(r"[0-9]{1,3}%", text):
        return Limit(share=int(text[:-1]) / 100)
    raise UsageError(f"{name} is not a limit", f"Write a number of records ({name} 5) or a share ({name} 20%).")


# Files.


def repository_file() -> Mapping[str, Any]:
    """Give what the working folder's reconciler.yaml says, its profiles among it; empty without one.

    Raises:
        ConfigurationInvalid: it is wrong.
    """
    return _content(_repository())


def _content(document: Document | None) -> Mapping[str, Any]:
    content: Any = document.content if document is not None else None
    return dict(content or {})


def _repository() -> Document | None:
    document = _read(Path(FILE), schema_files.schema("settings"))
    if document is None:
        return None
    content: Any = document.content
    problems = [
        problem
        for source in all_rules(document)
        if not isinstance(source.given, str)
        for problem in unusable(source.given, document, source.path)
    ]
    for slip in profiles.slips(content):
        at = document.at(slip.within, slip.key) or Position(file=FILE, line=1)
        problems.append(Diagnostic(code=slip.code, summary=slip.summary, detail=slip.detail, position=at))
    if problems:
        raise _wrong(problems)
    return document


def _from_here(content: Mapping[str, Any], profile: str | None) -> Mapping[str, Any]:
    state = {"state": profiles.state_of(profile)} if profile else {}
    paths = {
        name: os.path.normpath(content[name])
        for name in ("root", "state")
        if name in content and "://" not in content[name]
    }
    return {**state, **content, **paths}


def _user_file(path: Path | None) -> Mapping[str, Any]:
    document = _read(path, schema_files.schema("user")) if path is not None else None
    content: Any = document.content if document is not None else {}
    return content or {}


def _read(path: Path, schema: Mapping[str, object]) -> Document | None:
    """Read one settings file; None where there is none."""
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise _wrong([_problem(path, "this is not a regular file")])
        with path.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
    except OSError as error:
        raise _wrong([_problem(path, f"it cannot be read: {error.strerror}")]) from error
    if len(raw) > _LARGEST:
        raise _wrong([_problem(path, "it is larger than a settings file can be")])
    document = parse(str(path), raw, slow=True)
    if document.problems:
        raise _wrong(document.problems)
    if document.content is None:
        return None
    if not isinstance(document.content, dict) or not accepts(schema, document.content):
        raise _wrong(explained(schema, document) or [_problem(path, "it is not what a settings file is")])
    return document


def _problem(path: Path, detail: str) -> Diagnostic:
    position = Position(file=str(path), line=1)
    return Diagnostic(code="bad-settings", summary="a settings file cannot be used", detail=detail, position=position)


def _wrong(problems: list[Diagnostic]) -> ConfigurationInvalid:
    return ConfigurationInvalid("the settings have a problem", problems)
