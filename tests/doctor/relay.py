"""A server between the program and the sandbox: it speaks TLS, or has another idea of what time it is."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DATE = re.compile(rb"^date: [^\r\n]*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A certificate with its key, in one file."""

    file: Path
    authority: Path
    """The certificate of whoever signed it."""


def certificate(
    folder: Path, *, days: float = 90, since_days: float = -1, host: str = "localhost", signed_by_itself: bool = False
) -> Shown:
    """Make a certificate that is valid from and to so many days from now, and the authority that signed it."""
    now = datetime.now(UTC)
    valid = (now + timedelta(days=since_days), now + timedelta(days=days))
    key, above = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name, issuer = _name(host), _name("Prepared Authority")
    root = _built(issuer, issuer, above, above, (now - timedelta(days=9), now + timedelta(days=900)), authority=True)
    leaf = _built(name, name, key, key, valid, host=host) if signed_by_itself else _built(
        name, issuer, key, above, valid, host=host
    )  # fmt: skip
    file, authority = folder / "server.pem", folder / "authority.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return Shown(file=file, authority=authority)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def _built(
    name: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
    *,
    host: str = "",
    authority: bool = False,
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(valid[0]).not_valid_after(valid[1])
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(above, critical=False)
    if authority:
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


@contextlib.contextmanager
def relaying(target: str, *, shown: Shown | None = None, ahead_s: float = 0.0) -> Iterator[str]:
    """Relay to the server at this address for as long as the block lasts; gives the address to use instead."""
    host, port = target.rpartition("/")[2].split(":")
    listening = socket.create_server(("127.0.0.1", 0))
    context = None
    if shown is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(shown.file)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                client, _ = listening.accept()
                threading.Thread(target=_carry, args=(client, context, (host, int(port)), ahead_s), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    own = listening.getsockname()[1]
    try:
        yield f"https://localhost:{own}" if shown is not None else f"http://127.0.0.1:{own}"
    finally:
        over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", own)).close()
        thread.join(5)
        listening.close()


def _carry(client: socket.socket, context: ssl.SSLContext | None, target: tuple[str, int], ahead_s: float) -> None:
    """Carry one connection both ways; a handshake that the client breaks off ends it."""
    try:
        near = context.wrap_socket(client, server_side=True) if context is not None else client
    except (ssl.SSLError, OSError):
        client.close()
        return
    with near, socket.create_connection(target) as far:
        back = threading.Thread(target=_pour, args=(far, near, ahead_s), daemon=True)
        back.start()
        _pour(near, far, 0.0)
        with contextlib.suppress(OSError):
            far.shutdown(socket.SHUT_WR)
        back.join(10)


def _pour(source: socket.socket, target: socket.socket, ahead_s: float) -> None:
    with contextlib.suppress(OSError):
        while got := source.recv(65536):
            target.sendall(_DATE.sub(_shifted(ahead_s), got) if ahead_s else got)


def _shifted(ahead_s: float) -> bytes:
    moment = datetime.now(UTC) + timedelta(seconds=ahead_s)
    return b"date: " + format_datetime(moment, usegmt=True).encode()
