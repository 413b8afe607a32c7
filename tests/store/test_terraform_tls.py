"""A server of states with a certificate of a house's own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.errors import StateUnusable
from reconciler.store.terraform.storage import open_terraform
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME, running


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate that vouches for itself; its key lies in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "states")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_who_vouches_for_the_server_can_be_said(certificate: Path) -> None:
    """A certificate that the system does not know is told as such, and is taken once its authority is named."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    login = {"TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD, "TF_HTTP_RETRY_MAX": "0"}
    with running(GitLab(), tls) as server:
        address = server.url().replace("http:", "https:")
        storage = open_terraform(address, login)
        with pytest.raises(StateUnusable) as refused:
            storage.read("")
        storage.close()
        assert refused.value.code == "store-unreachable"
        assert "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM" in refused.value.detail
        storage = open_terraform(address, {**login, "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM": certificate.read_text()})
        assert storage.read("") is None
        storage.close()
