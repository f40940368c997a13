"""A backend that other machines may ask: its own certificate and token, and the one line that artists paste.

The certificate is signed by nobody. Who pastes the line has its fingerprint, and talks to no other backend: that is
what a studio's own authority would be for, without one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dreamface._files import cannot_write, whole_file
from dreamface.errors import DreamFaceError, MissingDependency

FOLDER: Final = "tls"
"""Of a store: where the certificate and its key lie."""

TOKEN: Final = "token"
"""Of a store: the token of a backend that encrypts and was given none."""

ADDRESS: Final = "address"
"""Of a store: the line to paste."""

_YEARS: Final = 20
_YESTERDAY: Final = timedelta(days=1)  # clocks differ
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): which of ours would be used to get there; nothing is sent."""


@dataclass(frozen=True)
class Certificate:
    """What a backend shows to those who ask it.

    Attributes:
        file, key: PEM files.
        fingerprint: SHA-256 of the certificate, 64 small hexadecimal digits.
    """

    file: Path
    key: Path
    fingerprint: str


def own_certificate(store: Path) -> Certificate:
    """Return the certificate of a store's backend, made first where there is none.

    A certificate of the studio's own may lie there instead, with its chain.

    Raises:
        MissingDependency: one has to be made, and the package cryptography is not installed.
        DreamFaceError: the files are damaged or do not belong together, or the disk refused.
    """
    file, key = store / FOLDER / "certificate.pem", store / FOLDER / "key.pem"
    if not file.exists() and not key.exists():
        _make(file, key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key)
        return Certificate(file, key, fingerprint(file.read_text("ascii")))
    except (OSError, ValueError) as error:
        raise DreamFaceError(
            f"{file} and {key.name} are no certificate and its key: put a pair there, or delete both for a new one, "
            "whose line artists have to paste again."
        ) from error


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate in a PEM text, as hexadecimal digits.

    Raises:
        ValueError: there is none in it.
    """
    begin, end = pem.index(ssl.PEM_HEADER), pem.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[begin:end])).hexdigest()


def own_token(store: Path) -> str:
    """Return the token that is kept in a store, made first where there is none.

    Raises:
        DreamFaceError: the disk refused.
    """
    file = store / TOKEN
    try:
        if not file.exists():
            _write(file, secrets.token_urlsafe(24))
        return file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise DreamFaceError(f"{file} can't be read: put a token into it as one line, or delete it.") from error


def write_line(store: Path, host: str, port: int, token: str, certificate: Certificate) -> str:
    """Write the line that artists paste into a store, and return it: `host:port#token#fingerprint`.

    Args:
        store: a backend's.
        host: that it listens on; "0.0.0.0" and "::" stand for the address that this machine has in its network.
        port: that it listens on.
        token: that it wants to see.
        certificate: that it shows.

    Raises:
        DreamFaceError: the disk refused.
    """
    name = _outward(host) if host in ("0.0.0.0", "::") else host
    shown = f"[{name}]" if ":" in name else name
    line = f"{shown}:{port}#{token}#{certificate.fingerprint}"
    try:
        _write(store / ADDRESS, line)
    except OSError as error:
        raise cannot_write(store / ADDRESS, error) from error
    return line


def trusting(url: str, expected: str) -> ssl.SSLContext:
    """Return what talks only to the backend at a URL, whose certificate has the expected fingerprint.

    Raises:
        DreamFaceError: something else answers there.
        OSError: nothing does.
    """
    host, _, port = url.removeprefix("https://").rpartition(":")
    pem = ssl.get_server_certificate((host.strip("[]"), int(port)), timeout=10.0)
    if fingerprint(pem) != expected:
        raise DreamFaceError(f"What answers at {url} is another backend than the one that was started there.")
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False  # the certificate itself is known, whatever the machine is called
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # and whoever has signed it
    return context


def _outward(host: str) -> str:
    """Return the address by which other machines reach this one, as far as it can tell."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind, socket.SOCK_DGRAM) as asker:
        try:
            asker.connect(("2001:db8::1", 9) if kind == socket.AF_INET6 else _ELSEWHERE)
            return str(asker.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _make(file: Path, key: Path) -> None:
    """Write a new key and a certificate that it signs itself."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise MissingDependency(
            "--tls needs the package cryptography: run pip install 'dreamface[remote]', or put certificate.pem and "
            f"key.pem into {file.parent}."
        ) from error
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "DreamFace")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _YESTERDAY)
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("dreamface")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(key, private.decode("ascii"))
        _write(file, certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))
    except OSError as error:
        raise cannot_write(file, error) from error


def _write(file: Path, text: str) -> None:
    """Write a text, whole and for the user alone."""
    with whole_file(file) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text.rstrip("\n") + "\n")
