"""From an address and the environment to a site: which variables and options each cloud has.

It opens nothing. obstore would look into the process's environment by itself; here all of it is named, so that a test
or a program with an environment of its own gets what it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import UsageError
from reconciler.store.addresses import StateAddress, parse_address, require_safe_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a bucket is, and how to be let in."""

    scheme: str
    """`s3`, `az` or `gs`."""
    bucket: str
    settings: Mapping[str, str]
    """Keys among them, which is why a site has a text of its own."""
    plain_http: bool
    remedy: str
    """What to set where the login is refused."""

    def __repr__(self) -> str:
        return f"Site({self.shown})"

    @property
    def shown(self) -> str:
        """Give it as people know it."""
        return f"{'container' if self.scheme == 'az' else 'bucket'} {self.bucket}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A kind of object storage."""

    scheme: str
    variables: Mapping[str, str]
    """By name, the setting of the library that it gives; of several for one setting the first that is set counts."""
    options: Mapping[str, str]
    """The same for what may stand in an address."""
    endpoint: str
    """The setting that is an address."""
    always: Mapping[str, str] = field(default_factory=dict)
    remedy: str


def _named(prefix: str, *names: str) -> dict[str, str]:
    return {f"{prefix}_{name.upper()}": name for name in names}


S3 = Cloud(
    scheme="s3",
    variables=_named(
        "AWS", "access_key_id", "secret_access_key", "session_token", "region", "role_arn", "role_session_name",
        "web_identity_token_file", "container_credentials_relative_uri", "container_credentials_full_uri",
        "container_authorization_token_file", "metadata_endpoint", "imdsv1_fallback", "skip_signature",
        "virtual_hosted_style_request", "server_side_encryption", "sse_kms_key_id", "sse_bucket_key_enabled",
        "request_payer", "checksum_algorithm", "unsigned_payload",
    ) | {
        "AWS_DEFAULT_REGION": "region", "AWS_ENDPOINT_URL_S3": "endpoint", "AWS_ENDPOINT_URL": "endpoint",
        "AWS_ENDPOINT": "endpoint",
    },
    options={"region": "region", "endpoint": "endpoint", "virtual_hosted": "virtual_hosted_style_request"},
    endpoint="endpoint",
    always={"conditional_put": "etag"},
    remedy="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, AWS_REGION), or give the machine a "
    "role. Profiles are not read; `aws configure export-credentials --format env` prints one as variables.",
)  # fmt: skip
AZURE = Cloud(
    scheme="az",
    variables={
        "AZURE_STORAGE_ACCOUNT_NAME": "account_name", "AZURE_STORAGE_ACCOUNT": "account_name",
        "AZURE_STORAGE_ACCOUNT_KEY": "account_key", "AZURE_STORAGE_ACCESS_KEY": "account_key",
        "AZURE_STORAGE_KEY": "account_key",
        "AZURE_STORAGE_CLIENT_ID": "client_id", "AZURE_CLIENT_ID": "client_id",
        "AZURE_STORAGE_CLIENT_SECRET": "client_secret", "AZURE_CLIENT_SECRET": "client_secret",
        "AZURE_STORAGE_TENANT_ID": "tenant_id", "AZURE_TENANT_ID": "tenant_id",
        "AZURE_STORAGE_AUTHORITY_HOST": "authority_host", "AZURE_AUTHORITY_HOST": "authority_host",
        "AZURE_STORAGE_SAS_TOKEN": "sas_token", "AZURE_STORAGE_SAS_KEY": "sas_token",
        "AZURE_STORAGE_TOKEN": "token",
        "AZURE_STORAGE_ENDPOINT": "endpoint", "AZURE_ENDPOINT": "endpoint",
        "AZURE_MSI_ENDPOINT": "msi_endpoint", "AZURE_IDENTITY_ENDPOINT": "msi_endpoint",
        "AZURE_FEDERATED_TOKEN_FILE": "federated_token_file", "AZURE_USE_AZURE_CLI": "use_azure_cli",
        "AZURE_OBJECT_ID": "object_id", "AZURE_MSI_RESOURCE_ID": "msi_resource_id",
        "AZURE_CREDENTIAL_TYPE": "credential_type",
    },
    options={"account": "account_name", "endpoint": "endpoint"},
    endpoint="endpoint",
    remedy="Set AZURE_STORAGE_ACCOUNT_NAME and one of AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, "
    "AZURE_CLIENT_ID with AZURE_TENANT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, or "
    "AZURE_USE_AZURE_CLI=true.",
)  # fmt: skip
GOOGLE = Cloud(
    scheme="gs",
    variables={
        "GOOGLE_SERVICE_ACCOUNT": "service_account", "GOOGLE_SERVICE_ACCOUNT_PATH": "service_account",
        "GOOGLE_SERVICE_ACCOUNT_KEY": "service_account_key",
        "GOOGLE_APPLICATION_CREDENTIALS": "application_credentials",
        "GOOGLE_BASE_URL": "base_url", "GOOGLE_BEARER_TOKEN": "bearer_token",
        "GOOGLE_SKIP_SIGNATURE": "skip_signature",
    },
    options={"endpoint": "base_url"},
    endpoint="base_url",
    remedy="Set GOOGLE_APPLICATION_CREDENTIALS to a credentials file, or GOOGLE_SERVICE_ACCOUNT_KEY to its content, or "
    "give the machine a service account.",
)  # fmt: skip

_CLOUDS = {"s3": S3, "az": AZURE, "abfs": AZURE, "abfss": AZURE, "gs": GOOGLE}
SCHEMES = tuple(_CLOUDS)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,221}")


def site_of(text: str, environment: Mapping[str, str]) -> tuple[Site, StateAddress]:
    """Give the site that an address names, and the address.

    Raises:
        UsageError: it is malformed, holds credentials, or leads over plain http to another machine.
    """
    cloud = _CLOUDS.get(text.partition("://")[0], S3)
    address = parse_address(text, schemes=SCHEMES, options=cloud.options, secrets_by=cloud.remedy)
    bucket, account = _bucket(cloud, address)
    settings = dict(cloud.always)
    for variable, setting in reversed(list(cloud.variables.items())):
        if environment.get(variable):
            settings[setting] = environment[variable]
    settings |= account | {cloud.options[name]: value for name, value in address.options.items()}
    endpoint = settings.get(cloud.endpoint, "")
    plain = bool(endpoint) and require_safe_endpoint(endpoint)
    if cloud is S3 and endpoint:
        # The library prefers this one, which it would otherwise look up by itself, to an endpoint that it is given.
        settings["aws_endpoint_url_s3"] = endpoint
    return (
        Site(scheme=cloud.scheme, bucket=bucket, settings=settings, plain_http=plain, remedy=cloud.remedy),
        address,
    )


def _bucket(cloud: Cloud, address: StateAddress) -> tuple[str, dict[str, str]]:
    """Take `container@account.dfs.core.windows.net` apart; anything else is a bucket and no user."""
    bucket, account = address.host, {}
    if cloud is AZURE and address.user and address.scheme in {"abfs", "abfss"}:
        bucket, account = address.user, {"account_name": address.host.partition(".")[0]}
    elif address.user:
        raise _bad(f"It has a login in it. Take it out: addresses end up in logs and histories. {cloud.remedy}")
    key = address.path
    if not _BUCKET.fullmatch(bucket):
        raise _bad("What follows the scheme is no name of a bucket.")
    if not key or key.endswith("/") or "//" in key or any(part in {".", ".."} for part in key.split("/")):
        raise _bad("After the bucket there must be the path of an object, such as team/state.json.")
    return bucket, account


def _bad(why: str) -> UsageError:
    return UsageError("the address of the state cannot be used", why, code="store-address")
