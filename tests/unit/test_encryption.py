"""A backend for other machines: its certificate, the line that artists paste, and whom the client then trusts."""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dreamface.errors import DreamFaceError
from dreamface.service import encryption
from dreamface_addon.link import Backend, BackendState, Settings
from dreamface_addon.link.address import Address, parse
from dreamface_addon.link.client import Client, Exchange

pytest.importorskip("cryptography", reason="the extra `remote` is not installed")

FINGERPRINT = "0123456789abcdef" * 4


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "Мои лица"


def finish(client: Client, exchange: Exchange) -> Exchange:
    until = time.monotonic() + 20.0
    while not exchange.done:
        assert time.monotonic() < until, "the exchange never ends"
        client.poll()
        time.sleep(0.002)
    return exchange


def test_a_certificate_is_made_once_and_for_the_user_alone(store: Path) -> None:
    first = encryption.own_certificate(store)
    assert first == encryption.own_certificate(store)
    der = ssl.PEM_cert_to_DER_cert(first.file.read_text("ascii"))
    assert first.fingerprint == hashlib.sha256(der).hexdigest()
    if os.name != "nt":
        assert first.key.stat().st_mode & 0o077 == 0
        assert first.key.parent.stat().st_mode & 0o077 == 0
    other = encryption.own_certificate(store.with_name("other"))
    assert other.fingerprint != first.fingerprint


@pytest.mark.parametrize("damage", ["key.pem", "certificate.pem"])
def test_a_damaged_pair_is_a_sentence_and_stays(store: Path, damage: str) -> None:
    encryption.own_certificate(store)
    file = store / encryption.FOLDER / damage
    file.write_text("nothing")
    with pytest.raises(DreamFaceError, match="no certificate and its key: put a pair there, or delete both"):
        encryption.own_certificate(store)
    assert file.read_text() == "nothing"


def test_a_token_is_kept(store: Path) -> None:
    store.mkdir()
    token = encryption.own_token(store)
    assert len(token) >= 24
    assert encryption.own_token(store) == token


@pytest.mark.parametrize(
    ("host", "url"), [("10.1.2.3", "https://10.1.2.3:8765"), ("::1", "https://[::1]:8765"), ("gpu.studio", None)]
)
def test_the_line_is_what_the_extension_reads(store: Path, host: str, url: str | None) -> None:
    store.mkdir()
    certificate = encryption.Certificate(store / "c", store / "k", FINGERPRINT)
    line = encryption.write_line(store, host, 8765, "secret-secret-secret", certificate)
    assert (store / encryption.ADDRESS).read_text() == line + "\n"
    assert parse(line) == Address(url or f"https://{host}:8765", "secret-secret-secret", FINGERPRINT)


def test_a_line_for_the_whole_network_names_an_address_of_this_machine(store: Path) -> None:
    store.mkdir()
    certificate = encryption.Certificate(store / "c", store / "k", FINGERPRINT)
    address = parse(encryption.write_line(store, "0.0.0.0", 8765, "secret-secret-secret", certificate))
    assert address is not None
    assert "0.0.0.0" not in address.url


@pytest.mark.parametrize(
    ("line", "right"),
    [
        (f"h:1#t#{FINGERPRINT}", True),
        (f"  https://h:1/ # t # {FINGERPRINT.upper()}\n", True),
        (f"h:1#t#{':'.join(FINGERPRINT[i : i + 2] for i in range(0, 64, 2))}", True),
        (f"h:1#t#{FINGERPRINT[1:]}", False),
        (f"h:1#{FINGERPRINT}", False),
        (f"h#t#{FINGERPRINT}", False),
        (f":1#t#{FINGERPRINT}", False),
        (f"h:1##{FINGERPRINT}", False),
        ("https://h:1", False),
        (f"http://h:1#t#{FINGERPRINT}", False),
        ("", False),
    ],
)
def test_lines_are_whole_or_none(line: str, right: bool) -> None:
    assert parse(line) == (Address("https://h:1", "t", FINGERPRINT) if right else None)


def test_half_a_line_is_a_sentence() -> None:
    client = Client("10.1.2.3:8765#token", "")
    assert "is not complete: paste all of it" in (finish(client, client.send("GET", "/health")).error or "")


@pytest.mark.parametrize(
    ("url", "certificate", "sentence"),
    [
        ("https://127.0.0.1:1", "AB:CD", "must be 64 hexadecimal digits"),
        ("https://127.0.0.1:1", "“quoted”", "must be 64 hexadecimal digits"),
        ("http://127.0.0.1:1", FINGERPRINT, "must begin with https://"),
        ("https://127.0.0.1:1", ":".join(FINGERPRINT[i : i + 2] for i in range(0, 64, 2)).upper(), "Nothing answers"),
    ],
)
def test_a_certificate_is_sixty_four_digits_and_never_left_aside(url: str, certificate: str, sentence: str) -> None:
    client = Client(url, "secret", certificate)
    assert sentence in (finish(client, client.send("GET", "/health")).error or "")


def test_a_token_that_would_part_the_line_is_refused(store: Path) -> None:
    environment = os.environ | {"DREAMFACE_TOKEN": "secret#secret#secret"}
    command = [sys.executable, "-m", "dreamface", "serve", "--listen", "127.0.0.1:0", "--tls", "--store", str(store)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1 and "the token may have no #" in ran.stderr


@pytest.fixture
def serving(store: Path) -> Iterator[Address]:
    """A real backend that encrypts."""
    command = [sys.executable, "-m", "dreamface", "serve", "--listen", "127.0.0.1:0", "--tls", "--store", str(store)]
    process = subprocess.Popen([*command, "--until-stdin-closes"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin and process.stderr
    try:
        said = b"".join(process.stderr.readline() for _ in range(3)).decode()
        address = parse((store / encryption.ADDRESS).read_text())
        assert address is not None
        assert f"SHA-256 {address.fingerprint}" in said
        assert address.token not in said, "what is no terminal may be a log"
        yield address
    finally:
        process.stdin.close()
        process.wait(20.0)
        process.stderr.close()


def test_a_client_talks_to_the_backend_whose_line_it_has_and_to_no_other(serving: Address, store: Path) -> None:
    def ask(url: str, token: str, fingerprint: str) -> Exchange:
        client = Client(url, token, fingerprint)
        try:
            return finish(client, client.send("GET", "/health"))
        finally:
            client.close()

    known = ask(serving.url, serving.token, serving.fingerprint)
    assert (known.status, known.json()["name"]) == (200, "DreamFace")
    by_name = ask(serving.url.replace("127.0.0.1", "localhost"), serving.token, serving.fingerprint)
    assert by_name.status == 200
    stranger = ask(serving.url, serving.token, FINGERPRINT)
    assert stranger.status is None
    assert f"begins with {serving.fingerprint[:8]}" in (stranger.error or "")
    assert "self-signed" in (ask(serving.url, serving.token, "").error or "")
    assert ask(serving.url, "wrong-wrong-wrong-wrong", serving.fingerprint).status == 401
    # The extension on that machine joins it, and `dreamface jobs` finds it.
    backend = Backend(Settings(python=None, store=store))
    backend.start()
    until = time.monotonic() + 20.0
    while backend.state is BackendState.STARTING and time.monotonic() < until:
        backend.poll()
        time.sleep(0.005)
    assert backend.state is BackendState.READY, backend.problem
    backend.stop()
    listed = subprocess.run(
        [sys.executable, "-m", "dreamface", "jobs", "--json", "--store", str(store)], capture_output=True, check=True
    )
    assert json.loads(listed.stdout)["running"] is True
