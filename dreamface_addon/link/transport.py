"""One TCP or TLS connection that never blocks, and where it leads."""

from __future__ import annotations

import errno
import hashlib
import hmac
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .address import is_fingerprint, is_line, normalised

RECEIVE_SIZE = 65536  # bytes asked for at a time: small enough that one step stays far below a poll's budget

_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where systems keep the authorities they trust; Blender's own Python does not always look there."""

_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, getattr(errno, "WSAEWOULDBLOCK", 0))

INCOMPLETE = (
    "The line of the engine's address is not complete: paste all of it, host:port#token#fingerprint, as the engine "
    "gives it."
)

SocketAddress = tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]


class WatchedTime:
    """Seconds that went by while somebody polled.

    Blender may stand still for minutes, rendering or asleep with the laptop; that is no reason to give anything up.
    """

    LONGEST_STEP = 1.0  # seconds between two polls that count in full

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def tick(self) -> float:
        """Take note that a poll happens now, and return the seconds so far."""
        now = time.monotonic()
        self.seconds += min(now - self._last, self.LONGEST_STEP)
        self._last = now
        return self.seconds


@dataclass(frozen=True)
class Place:
    """Where a URL leads.

    Attributes:
        host: name or address, as in the URL.
        authority: host and port as the Host header gives them.
        path: what goes in front of every request's path.
        addresses: what the host resolved to.
        tls: how to encrypt and whom to trust; None for plain HTTP.
        fingerprint: SHA-256 of the only certificate that is trusted; empty where those that this computer trusts are.
        problem: a sentence where the URL leads nowhere; "" otherwise.
    """

    host: str = ""
    authority: str = ""
    path: str = ""
    addresses: tuple[SocketAddress, ...] = ()
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    problem: str = ""
    fingerprint: str = ""


class WrongCertificate(OSError):
    """Another certificate was shown than the one that was expected. Nothing was sent."""


def locate(url: str, fingerprint: str = "") -> Place:
    """Resolve a URL. Looking up a host's name may block for some seconds; numeric addresses do not.

    Nothing is raised: `problem` says what is wrong.

    Args:
        url: where a backend is.
        fingerprint: SHA-256 of the certificate that it must show; empty: one that this computer trusts.
    """
    fingerprint = normalised(fingerprint)
    if is_line(url):
        return Place(problem=INCOMPLETE)
    if fingerprint and not is_fingerprint(fingerprint):
        return Place(problem="The engine's certificate must be 64 hexadecimal digits: paste the engine's line again.")
    if fingerprint and not url.startswith("https://"):
        return Place(problem="The engine has a certificate: its address must begin with https://.")
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        host = parts.hostname or ""
    except (ValueError, KeyError):
        host = ""
    if not host:
        return Place(problem=f"“{url}” is not the address of an engine: it should look like http://localhost:8000.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Place(problem=f"The computer “{host}” cannot be found: check the engine's address.")
    return Place(
        host=host,
        authority=parts.netloc.rpartition("@")[2],
        path=parts.path.rstrip("/"),
        addresses=tuple((family, address) for family, _, _, _, address in found),
        tls=None if parts.scheme != "https" else _pinned() if fingerprint else _trusted(),
        fingerprint=fingerprint,
    )


def is_this_machine(url: str) -> bool:
    """Whether a URL leads to this machine without a look at the network: also to an SSH tunnel's end."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _pinned() -> ssl.SSLContext:
    """Return what encrypts and trusts anybody: the certificate's fingerprint is looked at afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    for file in _CERTIFICATES:
        if not context.cert_store_stats()["x509_ca"] and Path(file).is_file():
            context.load_verify_locations(cafile=file)
    return context


class Transport:
    """A connection to a place. Every method returns at once, and raises OSError where the connection is no more."""

    def __init__(self, place: Place) -> None:
        """Begin to connect.

        Raises:
            OSError: it failed already.
        """
        self._place = place
        self._addresses = list(place.addresses)
        self._socket: socket.socket
        self._tcp = self._secure = False
        self._error = 0  # with which connecting failed at once
        self._begin()

    def _begin(self) -> None:
        family, address = self._addresses.pop(0)
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        error = self._socket.connect_ex(address)
        self._error = 0 if error in _UNDER_WAY else error

    def connected(self) -> bool:
        """Whether bytes can go through by now; goes one step further towards that."""
        if not self._tcp:
            self._tcp = self._connected_tcp()
            if not self._tcp:
                return False
            if self._place.tls is None:
                self._secure = True
            else:
                self._socket = self._place.tls.wrap_socket(
                    self._socket, server_hostname=self._place.host, do_handshake_on_connect=False
                )
        if not self._secure and isinstance(self._socket, ssl.SSLSocket):
            try:
                self._socket.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            self._check_certificate(self._socket)
            self._secure = True
        return True

    def _check_certificate(self, secure: ssl.SSLSocket) -> None:
        """Raise where another certificate was shown than the one that is trusted."""
        if not self._place.fingerprint:
            return
        shown = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(shown, self._place.fingerprint):
            self.close()
            raise WrongCertificate(shown)

    def _connected_tcp(self) -> bool:
        try:
            self._socket.getpeername()
        except OSError:
            error = self._error or self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not error:
                return False  # still on its way
            self.close()
            if not self._addresses:
                raise OSError(error, "no connection") from None
            self._begin()
            return False
        return True

    def send(self, data: memoryview) -> int:
        """Send what fits; returns how many bytes that were."""
        try:
            return self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def receive(self) -> bytes | None:
        """What has arrived, at most RECEIVE_SIZE bytes; None if nothing has, b"" if the other side closed."""
        try:
            return self._socket.recv(RECEIVE_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:
            return b""

    def close(self) -> None:
        """Drop the connection."""
        self._socket.close()
