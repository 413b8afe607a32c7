"""The HTTP face: routes, the order of checks, rate headers. Starlette; no socket is opened here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.sandbox.account import Account
from reconciler.sandbox.answers import (
    AccountingError,
    Answer,
    account_not_found,
    insufficient_scope,
    plain,
    refusal,
    unauthenticated,
)
from reconciler.sandbox.fields import Invalid
from reconciler.sandbox.limits import Limits
from reconciler.sandbox.oauth import Grants

Endpoint = Callable[[Account, Request, object], Answer]


@dataclass(slots=True, kw_only=True)
class Service:
    """The accounts behind one login, who may use them, and how much."""

    account: Account
    """The first; its switches are those of what belongs to no account."""
    grants: Grants
    others: Mapping[str, Account] = field(default_factory=dict)
    """By account id; each has books of its own."""
    limits: Limits = field(default_factory=lambda: Limits(600, 250))
    gate: bool = False
    """Whether reads are refused the way a feature gate does it: with errors under HTTP 200."""

    def find(self, account_id: str) -> Account | None:
        """Give the account of an id."""
        return self.account if account_id == self.account.account_id else self.others.get(account_id)


_ENDPOINTS: Mapping[tuple[str, str], tuple[str, Endpoint]] = {
    ("GET", "clients"): (
        "client",
        lambda account, request, _: account.list_clients(
            request.query_params.multi_items(), request.scope.get("lag_s", 0.0)
        ),
    ),
    ("POST", "clients"): (
        "client",
        lambda account, request, body: account.create_client(body, request.query_params.multi_items()),
    ),
    ("GET", "clients/{id}"): (
        "client",
        lambda account, request, _: account.get_client(request.path_params["id"], request.query_params.multi_items()),
    ),
    ("PUT", "clients/{id}"): (
        "client",
        lambda account, request, body: account.update_client(
            request.path_params["id"], body, request.query_params.multi_items()
        ),
    ),
    ("DELETE", "clients/{id}"): (
        "client",
        lambda account, request, _: account.delete_client(request.path_params["id"]),
    ),
    ("GET", "contacts"): (
        "contact",
        lambda account, request, _: account.list_contacts(request.query_params.multi_items()),
    ),
    ("GET", "contacts/{id}"): ("contact", lambda account, request, _: account.get_contact(request.path_params["id"])),
    ("PUT", "contacts/{id}"): (
        "contact",
        lambda account, request, body: account.update_contact(request.path_params["id"], body),
    ),
    ("DELETE", "contacts/{id}"): (
        "contact",
        lambda account, request, _: account.delete_contact(request.path_params["id"]),
    ),
}


def application(service: Service) -> Starlette:
    """Build the web application of one login."""
    base = "/accounting/account/{account}/users/"
    paths = dict.fromkeys(path for _, path in _ENDPOINTS)
    routes = [Route(base + path, _accounting(service, path), methods=list(_METHODS)) for path in paths]
    routes += [
        Route("/auth/api/v1/users/me", _identity(service), methods=["GET"]),
        Route("/oauth/authorize", _authorize(service), methods=["GET"]),
        Route("/oauth/authorize/", _authorize(service), methods=["GET"]),
        Route("/service/auth/oauth/authorize", _authorize(service), methods=["GET"]),
    ]
    for prefix in ("/auth/oauth", "/service/auth/oauth"):
        routes.append(Route(f"{prefix}/token", _posted(service.grants.token), methods=["POST"]))
        routes.append(Route(f"{prefix}/revoke", _posted(service.grants.revoke), methods=["POST"]))
    return Starlette(routes=routes)


_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def _accounting(service: Service, path: str) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        allowed, headers = service.limits.count(request.method)
        if not allowed:
            return _response(plain({"message": "Too many requests."}, 429), headers)
        return _response(_checked(service, path, request, body), headers)

    return endpoint


def _checked(service: Service, path: str, request: Request, body: bytes) -> Answer:
    """Answer one accounting request; FreshBooks looks for the account before it looks at the token."""
    account = service.find(request.path_params["account"])
    if account is None:
        return account_not_found()
    refused = _forbidden(service, request)
    if refused is not None:
        return refused
    found = _ENDPOINTS.get((request.method, path))
    if found is None:
        return plain({"message": "Method Not Allowed"}, 405)
    kind, endpoint = found
    read: object = None
    if request.method in {"POST", "PUT"}:
        try:
            read = json.loads(body)
        except ValueError:
            error = AccountingError(errno=1005, message="The request body could not be parsed.")
            return refusal(422, error, account.quirks)
    try:
        return endpoint(account, request, read)
    except Invalid as invalid:
        return account.invalid(invalid, kind)


def _forbidden(service: Service, request: Request) -> Answer | None:
    quirks = service.account.quirks
    scope = _scope(service, request)
    if scope is None:
        return unauthenticated(quirks)
    reads = request.method == "GET"
    required = f"user:clients:{'read' if reads else 'write'}"
    if required not in scope.split():
        return insufficient_scope(scope, required)
    if service.grants.role == "client" and not reads:
        return refusal(403, AccountingError(errno=1003, message="Permission Denied"), quirks)
    if service.gate and reads:
        return refusal(200, AccountingError(errno=1003, message="Permission Denied"), quirks)
    return None


def _scope(service: Service, request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return service.grants.scope_of(token) if kind.lower() == "bearer" else None


def _identity(service: Service) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        allowed, headers = service.limits.count(request.method)
        if not allowed:
            return _response(plain({"message": "Too many requests."}, 429), headers)
        known = _scope(service, request) is not None
        return _response(service.grants.identity() if known else unauthenticated(service.account.quirks), headers)

    return endpoint


def _authorize(service: Service) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        return _response(service.grants.authorize(request.query_params), {})

    return endpoint


def _posted(answer: Callable[[Mapping[str, str]], Answer]) -> Callable[[Request], object]:
    """Answer a POST whose body is JSON, form-urlencoded or multipart: all three are in real use."""

    async def endpoint(request: Request) -> Response:
        return _response(answer(await _sent(request)), {})

    return endpoint


async def _sent(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        form = await MultiPartParser(request.headers, request.stream()).parse()
        return {name: value for name, value in form.items() if isinstance(value, str)}
    body = await request.body()
    try:
        read = json.loads(body) if "json" in kind else dict(parse_qsl(body.decode()))
    except ValueError:
        return {}
    return {name: str(value) for name, value in read.items()} if isinstance(read, dict) else {}


def _response(answer: Answer, headers: Mapping[str, str]) -> Response:
    return Response(
        answer.body,
        status_code=answer.status,
        media_type=answer.content_type,
        headers={"x-api-version": "2023-02-20", "Access-Control-Allow-Origin": "*", **headers, **answer.headers},
    )
